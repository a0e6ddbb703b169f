//! How busy the busiest pool of a cell is, as a bar.

use sweep_engine::statistics::Estimate;

use super::window::Letters;
use crate::schema::CellRow;

/// The pool whose GPUs are busiest, and their busy share.
pub(super) fn busiest(row: &CellRow) -> Option<(&'static str, f64)> {
    let pools = ["gpu", "prefill", "decode"].into_iter().zip([
        "utilization_gpu",
        "utilization_prefill",
        "utilization_decode",
    ]);
    let busy = pools
        .filter_map(|(pool, name)| row.estimate(name).map(|Estimate { mean, .. }| (pool, mean)));
    busy.max_by(|a, b| a.1.total_cmp(&b.1))
}

/// `prefill ██████▌    0.66`.
pub(super) fn pool_text(row: &CellRow, bar: usize, name_width: usize, letters: Letters) -> String {
    let Some((name, share)) = busiest(row) else { return "-".to_owned() };
    let bar =
        if bar == 0 { String::new() } else { format!("{:bar$} ", bar_text(share, bar, letters)) };
    format!("{name:name_width$} {bar}{share:.2}")
}

/// A bar of so many letters for a share of 1, in eighths of a letter where there are such.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share between 0 and 1 of a few letters"
)]
fn bar_text(share: f64, full: usize, letters: Letters) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let share = share.clamp(0.0, 1.0);
    match letters {
        Letters::Ascii => "#".repeat((share * full as f64).round() as usize),
        Letters::Unicode => {
            let eighths = (share * 8.0 * full as f64).round() as usize;
            "█".repeat(eighths / 8) + EIGHTHS[eighths % 8]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_share() {
        let cases = [
            (0.0, "", ""),
            (0.01, "▏", ""),
            (0.5, "█████", "#####"),
            (0.66, "██████▋", "#######"),
            (1.0, "██████████", "##########"),
            (1.7, "██████████", "##########"),
        ];
        for (share, unicode, ascii) in cases {
            assert_eq!(bar_text(share, 10, Letters::Unicode), unicode);
            assert_eq!(bar_text(share, 10, Letters::Ascii), ascii);
        }
    }
}
