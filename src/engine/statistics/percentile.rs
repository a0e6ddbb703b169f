//! Exact percentiles of a sample.

use super::buckets::{Buckets, Ranked};
use crate::math;

/// Exact percentiles of a sample, each by linear interpolation between order statistics
/// (Hyndman & Fan 1996, type 7: numpy's default).
///
/// Probabilities lie in [0, 1]. Returns `None` for an empty sample.
pub fn percentiles<const N: usize>(sample: &[f64], probabilities: [f64; N]) -> Option<[f64; N]> {
    let mut buckets = Buckets::of(sample);
    let values = probabilities.map(|probability| buckets.percentile(probability));
    values.iter().all(Option::is_some).then(|| values.map(Option::unwrap_or_default))
}

impl Buckets {
    /// A percentile of one run; `None` for an empty sample.
    pub(super) fn percentile(&mut self, probability: f64) -> Option<f64> {
        interpolated(self.len(), probability, |rank| self.order_statistic(rank))
    }
}

impl Ranked<'_> {
    /// A percentile of runs together; `None` for an empty sample.
    pub(super) fn percentile(&mut self, probability: f64) -> Option<f64> {
        interpolated(self.len(), probability, |rank| self.order_statistic(rank))
    }
}

/// A percentile, type 7, of `len` values whose order statistics are asked for.
pub(super) fn interpolated(
    len: usize,
    probability: f64,
    mut order_statistic: impl FnMut(usize) -> f64,
) -> Option<f64> {
    let (low, fraction) = type7_position(len as u64, probability)?;
    let low = usize::try_from(low).ok()?;
    let below = order_statistic(low);
    let next = if fraction > 0.0 { order_statistic(low + 1) } else { below };
    Some(below + fraction * (next - below))
}

/// Rank of the lower order statistic (from 0) and weight of the upper one; `None` without values.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a position inside the sample"
)]
pub(super) fn type7_position(len: u64, probability: f64) -> Option<(u64, f64)> {
    let position = math::count(len.checked_sub(1)?) * probability.clamp(0.0, 1.0);
    let low = math::floor_non_negative(position);
    Some((low as u64, position - low))
}
