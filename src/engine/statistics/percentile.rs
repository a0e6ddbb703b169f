//! Exact percentiles of a sample.

use crate::math;

/// Exact percentiles of a sample, each by linear interpolation between order statistics
/// (Hyndman & Fan 1996, type 7: numpy's default).
///
/// `probabilities` must rise and lie in [0, 1]. Reorders `sample` (partial selection, no full
/// sort). Returns `None` for an empty sample.
pub fn percentiles<const N: usize>(
    sample: &mut [f64],
    probabilities: [f64; N],
) -> Option<[f64; N]> {
    if sample.is_empty() {
        return None;
    }
    debug_assert!(probabilities.is_sorted(), "probabilities must rise");
    // Everything before `settled` is in place and not larger than the rest.
    let mut settled = 0;
    Some(probabilities.map(|probability| {
        let (low, fraction) = type7_position(sample.len(), probability);
        let (_, &mut below, above) =
            sample[settled..].select_nth_unstable_by(low - settled, f64::total_cmp);
        let next = above.iter().copied().min_by(f64::total_cmp).unwrap_or(below);
        settled = low;
        below + fraction * (next - below)
    }))
}

/// Index of the lower order statistic (from 0) and the weight of the upper one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a position inside the sample"
)]
fn type7_position(len: usize, probability: f64) -> (usize, f64) {
    let position = math::count(len as u64 - 1) * probability;
    let low = math::floor_non_negative(position);
    (low as usize, position - low)
}
