//! Intervals from a single run: batch means and sectioning.
//!
//! The run is cut into batches of equal length in time, which serve as replications that are nearly
//! independent if each is long against the memory of the system (Schmeiser 1982; Asmussen & Glynn
//! 2007, section IV.5). The estimate stays that of the whole run; batches give its spread.

use super::confidence::{Confidence, Estimate, difference};
use crate::math;

/// Batches that a single run is cut into.
pub const BATCHES: usize = 20;

/// Fewest values of a run that is cut into batches.
const MIN_VALUES: u64 = 2_000;

/// Correlation between neighbours among [`PARTS`](super::sample::PARTS) parts of a run, five to a batch, from which on
/// batches count as dependent. Parts are correlated before batches are, and many show it better
/// than few.
const MAX_CORRELATION: f64 = 0.3;

/// Relaxation times of the system in a batch at least. To judge by the correlation alone would let
/// pass the runs that happen to look calm.
const MIN_RELAXATIONS: f64 = 10.0;

/// Whether the batches of a run are long enough to be taken for independent: it has enough values,
/// and forgets within a fraction of a batch. `relaxations` is the length of the run in relaxation
/// times of the system, `None` if these are unknown; `correlation` that of its [`PARTS`](super::sample::PARTS).
pub fn batches_suffice(values: u64, relaxations: Option<f64>, correlation: Option<f64>) -> bool {
    values >= MIN_VALUES
        && are_long(relaxations)
        && correlation.is_some_and(|correlation| correlation <= MAX_CORRELATION)
}

/// Whether [`batches_suffice`] is to be expected of a run that is not simulated yet, from the number of
/// its values on average.
pub fn batches_may_suffice(values: f64, relaxations: Option<f64>) -> bool {
    values >= math::count(MIN_VALUES) && are_long(relaxations)
}

fn are_long(relaxations: Option<f64>) -> bool {
    let fewest = MIN_RELAXATIONS * math::count(BATCHES as u64);
    relaxations.is_none_or(|relaxations| relaxations >= fewest)
}

/// Interval around `whole`, a figure of a whole run, from the same figure of its batches. The half
/// width is `None` if a batch has none.
pub fn sectioned(whole: f64, batches: &[Option<f64>], confidence: &Confidence) -> Estimate {
    let half_width = batches.iter().copied().collect::<Option<Vec<f64>>>().and_then(|batches| {
        let n = math::count(batches.len() as u64);
        let squares: f64 = batches.iter().map(|batch| (batch - whole) * (batch - whole)).sum();
        Some(confidence.t(batches.len())? * (squares / (n - 1.0) / n).sqrt())
    });
    Estimate { mean: whole, half_width, std: None }
}

/// Mean of the first `split` batches minus mean of the others, with a two-sample Student t interval
/// (equal variances). `None` if a batch has no value, or a part has fewer than two.
pub fn difference_of_parts(
    batches: &[Option<f64>],
    split: usize,
    confidence: &Confidence,
) -> Option<Estimate> {
    let values = batches.iter().copied().collect::<Option<Vec<f64>>>()?;
    let (first, rest) = values.split_at_checked(split)?;
    if first.len() < 2 || rest.len() < 2 {
        return None;
    }
    let [(first_mean, first_squares), (rest_mean, rest_squares)] = [first, rest].map(deviations);
    let [n, m] = [first, rest].map(|part| math::count(part.len() as u64));
    let variance = (first_squares + rest_squares) / (n + m - 2.0) * (1.0 / n + 1.0 / m);
    // One mean more than usual is estimated: one degree of freedom less.
    let half_width = confidence.t(values.len() - 1).map(|t| t * variance.sqrt());
    Some(Estimate { mean: difference(first_mean, rest_mean), half_width, std: None })
}

/// Mean, and sum of squared deviations from it.
fn deviations(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / math::count(values.len() as u64);
    (mean, values.iter().map(|value| (value - mean) * (value - mean)).sum())
}

/// Correlation of neighbours; 0 for a constant sequence.
pub(super) fn lag_1_correlation(values: &[f64]) -> f64 {
    let (mean, squares) = deviations(values);
    let products: f64 = values.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
    if squares > 0.0 { products / squares } else { 0.0 }
}
