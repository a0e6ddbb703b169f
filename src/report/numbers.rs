//! Numbers with no more digits than they deserve.

use sweep_engine::statistics::Estimate;

/// `0.1336 ± 0.0009`: the half width with one significant digit (two if it begins with 1), the mean
/// to the same place. Without a half width, four significant digits.
pub(crate) fn estimate(estimate: Option<Estimate>) -> String {
    let Some(Estimate { mean, half_width }) = estimate else { return "-".to_owned() };
    match half_width {
        Some(half_width) if half_width > 0.0 => {
            let decimals = decimals_of(half_width);
            format!("{mean:.decimals$} ± {half_width:.decimals$}")
        }
        _ => significant(mean),
    }
}

/// The mean alone, to the place that its half width supports.
pub(crate) fn mean(estimate: Option<Estimate>) -> String {
    match estimate {
        Some(Estimate { mean, half_width: Some(half_width) }) if half_width > 0.0 => {
            format!("{mean:.*}", decimals_of(half_width))
        }
        Some(Estimate { mean, .. }) => significant(mean),
        None => "-".to_owned(),
    }
}

/// Four significant digits, without trailing zeros.
pub(crate) fn significant(number: f64) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    let rounded: f64 = format!("{number:.3e}").parse().unwrap_or(number);
    if (1e-5..1e9).contains(&rounded.abs()) { format!("{rounded}") } else { format!("{rounded:e}") }
}

/// `1,234,567`.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).unwrap_or_default())
        .collect();
    groups.join(",")
}

/// `0.8 s`, `2 min 5 s`, `3 h 20 min`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "seconds of a run, rounded"
)]
pub(crate) fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        0..10 => format!("{} s", significant_two(seconds)),
        10..120 => format!("{whole} s"),
        120..7200 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

fn significant_two(number: f64) -> String {
    let rounded: f64 = format!("{number:.1e}").parse().unwrap_or(number);
    format!("{rounded}")
}

/// Decimal places that show one significant digit of a half width, or two if it begins with 1.
#[expect(clippy::cast_sign_loss, reason = "not negative")]
fn decimals_of(half_width: f64) -> usize {
    let scientific = format!("{half_width:.1e}");
    let exponent: i32 = scientific.rsplit('e').next().and_then(|e| e.parse().ok()).unwrap_or(0);
    let digits = i32::from(scientific.starts_with('1'));
    (digits - exponent).max(0) as usize
}
