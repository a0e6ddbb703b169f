//! Numbers with no more digits than they deserve.

use sweep_engine::statistics::Estimate;

/// `0.1336 ± 0.0009`: the half width with one significant digit (two if it begins with 1), the mean
/// to the same place. Without a half width `~0.13`: who knows.
pub(crate) fn estimate(estimate: Option<Estimate>) -> String {
    let Some(Estimate { mean, half_width, .. }) = estimate else { return "-".to_owned() };
    match half_width {
        Some(half_width) if is_noticeable(mean, half_width) => {
            let place = place_of(half_width);
            format!("{} ± {}", to_place(mean, place), to_place(half_width, place))
        }
        Some(_) => significant(mean),
        None => format!("~{}", significant_two(mean)),
    }
}

/// An estimate that always shows its sign: `+0.031 ± 0.004`.
pub(crate) fn signed(number: Estimate) -> String {
    let text = estimate(Some(number));
    if number.mean > 0.0 { format!("+{text}") } else { text }
}

/// The mean alone, to the place that its half width supports.
pub(crate) fn mean(estimate: Option<Estimate>) -> String {
    match estimate {
        Some(Estimate { mean, half_width: Some(half_width), .. })
            if is_noticeable(mean, half_width) =>
        {
            to_place(mean, place_of(half_width))
        }
        Some(Estimate { mean, half_width: Some(_), .. }) => significant(mean),
        Some(Estimate { mean, .. }) => format!("~{}", significant_two(mean)),
        None => "-".to_owned(),
    }
}

/// Less than a billionth of the mean is rounding, not uncertainty.
pub(crate) fn is_noticeable(mean: f64, half_width: f64) -> bool {
    half_width > 1e-9 * mean.abs()
}

/// Four significant digits, without trailing zeros.
pub(crate) fn significant(number: f64) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    let rounded: f64 = format!("{number:.3e}").parse().unwrap_or(number);
    if (1e-5..1e9).contains(&rounded.abs()) { format!("{rounded}") } else { format!("{rounded:e}") }
}

/// `2 requests/s`, `1 GPU`, `0.5 s`.
pub(crate) fn with_unit(number: &str, unit: &str) -> String {
    let (name, per) = unit.split_once('/').map_or((unit, ""), |(name, per)| (name, per));
    let name = if number == "1" && name.len() > 1 { name.trim_end_matches('s') } else { name };
    let slash = if per.is_empty() { "" } else { "/" };
    format!("{number} {name}{slash}{per}").trim_end().to_owned()
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

/// Two significant digits, without trailing zeros.
pub(crate) fn significant_two(number: f64) -> String {
    let rounded: f64 = format!("{number:.1e}").parse().unwrap_or(number);
    format!("{rounded}")
}

/// Decimal places that show one significant digit of a half width, or two if it begins with 1; below
/// 0 where even tens are not known.
fn place_of(half_width: f64) -> i32 {
    let scientific = format!("{half_width:.1e}");
    let exponent: i32 = scientific.rsplit('e').next().and_then(|e| e.parse().ok()).unwrap_or(0);
    i32::from(scientific.starts_with('1')) - exponent
}

/// A number rounded to a decimal place; a negative one that rounds to 0 has no sign.
fn to_place(number: f64, place: i32) -> String {
    let rounded = if place < 0 {
        let unit = 10_f64.powi(-place);
        (number / unit).round() * unit
    } else {
        number
    };
    let text = format!("{rounded:.*}", usize::try_from(place).unwrap_or(0));
    let is_zero = text.chars().all(|c| "-0.".contains(c));
    if is_zero { text.trim_start_matches('-').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_is_shown_to_the_place_of_its_half_width() {
        let cases = [
            (0.133_58, 0.000_87, "0.1336 ± 0.0009", "0.1336"),
            (0.087_4, 0.015_2, "0.087 ± 0.015", "0.087"),
            (0.5, 0.099_6, "0.50 ± 0.10", "0.50"),
            (0.5, 0.2, "0.5 ± 0.2", "0.5"),
            (12.345, 1.94, "12.3 ± 1.9", "12.3"),
            (12.345, 9.96, "12 ± 10", "12"),
            (1234.5, 321.0, "1200 ± 300", "1200"),
            (1234.5, 152.0, "1230 ± 150", "1230"),
            (123_456.0, 9_870.0, "123000 ± 10000", "123000"),
            (-0.02, 0.3, "0.0 ± 0.3", "0.0"),
            (-0.12, 0.3, "-0.1 ± 0.3", "-0.1"),
            (0.123_456, 0.0, "0.1235", "0.1235"),
        ];
        for (value, half_width, expected, expected_mean) in cases {
            let text = Some(Estimate { mean: value, half_width: Some(half_width), std: None });
            assert_eq!(estimate(text), expected);
            assert_eq!(mean(text), expected_mean);
        }
    }

    #[test]
    fn a_mean_without_half_width_is_rough_and_no_mean_is_a_dash() {
        let single = Some(Estimate { mean: 0.123_456, half_width: None, std: None });
        assert_eq!((estimate(single), mean(single)), ("~0.12".into(), "~0.12".into()));
        assert_eq!((estimate(None), mean(None)), ("-".into(), "-".into()));
    }

    #[test]
    fn four_digits_without_trailing_zeros() {
        let cases = [
            (0.0, "0"),
            (2.0, "2"),
            (0.1, "0.1"),
            (0.123_449, "0.1234"),
            (-1.000_04, "-1"),
            (99_999.0, "100000"),
            (123_456.0, "123500"),
            (0.000_012_346, "0.00001235"),
            (0.000_001_234, "1.234e-6"),
            (2_500_000_000.0, "2.5e9"),
        ];
        for (number, expected) in cases {
            assert_eq!(significant(number), expected);
        }
    }

    #[test]
    fn one_of_something_is_singular() {
        let cases = [
            ("2", "requests/s", "2 requests/s"),
            ("1", "requests/s", "1 request/s"),
            ("1", "GPUs", "1 GPU"),
            ("1", "s", "1 s"),
            ("1", "", "1"),
            ("mono", "", "mono"),
        ];
        for (number, unit, expected) in cases {
            assert_eq!(with_unit(number, unit), expected);
        }
    }

    #[test]
    fn counts_are_grouped_by_thousands() {
        let cases = [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
            (u64::MAX, "18,446,744,073,709,551,615"),
        ];
        for (count, expected) in cases {
            assert_eq!(grouped(count), expected);
        }
    }

    #[test]
    fn durations_have_two_units_at_most() {
        let cases = [
            (0.0, "0 s"),
            (0.012_34, "0.012 s"),
            (0.84, "0.84 s"),
            (9.4, "9.4 s"),
            (9.6, "10 s"),
            (119.4, "119 s"),
            (125.0, "2 min 5 s"),
            (7_199.6, "2 h 0 min"),
            (12_000.0, "3 h 20 min"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(duration(seconds), expected);
        }
    }
}
