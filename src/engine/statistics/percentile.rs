//! Exact percentiles of a sample.

use crate::math;

/// Exact percentiles of a sample, each by linear interpolation between order statistics
/// (Hyndman & Fan 1996, type 7: numpy's default).
///
/// Probabilities lie in [0, 1]. Reorders `sample` (partial selection, no full sort). Returns
/// `None` for an empty sample.
pub fn percentiles<const N: usize>(
    sample: &mut [f64],
    probabilities: [f64; N],
) -> Option<[f64; N]> {
    let mut ranked = Ranked::new(sample);
    let values = probabilities.map(|probability| ranked.percentile(probability));
    values.iter().all(Option::is_some).then(|| values.map(Option::unwrap_or_default))
}

/// A sample that is sorted no further than was asked: ranks that were asked for are in place, and
/// split the rest.
#[derive(Debug)]
pub(super) struct Ranked<'a> {
    sample: &'a mut [f64],
    /// Ranks in place, rising.
    settled: Vec<usize>,
}

impl<'a> Ranked<'a> {
    pub(super) fn new(sample: &'a mut [f64]) -> Self {
        Self { sample, settled: Vec::new() }
    }

    /// A percentile, type 7; `None` for an empty sample.
    pub(super) fn percentile(&mut self, probability: f64) -> Option<f64> {
        let (low, fraction) = type7_position(self.sample.len() as u64, probability)?;
        let low = usize::try_from(low).ok()?;
        let below = self.order_statistic(low);
        let next = if fraction > 0.0 { self.order_statistic(low + 1) } else { below };
        Some(below + fraction * (next - below))
    }

    /// The value of this rank, from 0: selected among its neighbours that are not in place.
    fn order_statistic(&mut self, rank: usize) -> f64 {
        if let Err(place) = self.settled.binary_search(&rank) {
            let from = place.checked_sub(1).map_or(0, |before| self.settled[before] + 1);
            let to = self.settled.get(place).copied().unwrap_or(self.sample.len());
            self.sample[from..to].select_nth_unstable_by(rank - from, f64::total_cmp);
            self.settled.insert(place, rank);
        }
        self.sample[rank]
    }
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
