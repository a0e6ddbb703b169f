//! MSER: how many leading values of a series to delete, so that its mean forgets the start.

use crate::math;

/// Differences below this share of the largest value are rounding, not a transient.
const ROUNDING: f64 = 1e-9;

/// How many leading values to delete, at most half of them.
///
/// The marginal standard error rule (MSER; White 1997, *Simulation* 69(6); on averages over
/// replications: Franklin & White 2008, *Proc. Winter Simulation Conference*): the d that minimizes
///
/// ```text
/// sum over i > d of (y_i - mean of y_d+1 ... y_n)^2 / (n - d)^2
/// ```
///
/// the squared standard error that the mean of the rest would have, were its values independent.
/// Deleting a value that is unlike the rest lowers the sum, deleting one that is not only lowers n - d.
/// Of equal minima the smallest d counts, and a series that is constant up to rounding keeps all.
/// Linear time. Returns 0 for an empty series.
pub fn mser(series: &[f64]) -> usize {
    let (low, high) = series
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &y| (low.min(y), high.max(y)));
    if series.is_empty() || high - low <= ROUNDING * low.abs().max(high.abs()) {
        return 0;
    }
    let most = series.len() / 2;
    let (mut mean, mut squares) = (0.0, 0.0);
    let mut best = (f64::INFINITY, most);
    // From the end, one value after the other (Welford 1962): numerically stable.
    for (deleted, &y) in series.iter().enumerate().rev() {
        let kept = math::count((series.len() - deleted) as u64);
        let deviation = y - mean;
        mean += deviation / kept;
        squares += deviation * (y - mean);
        let criterion = squares / (kept * kept);
        if deleted <= most && criterion <= best.0 {
            best = (criterion, deleted);
        }
    }
    best.1
}
