//! Student t intervals of a mean from independent observations.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::math;

/// Most values whose quantile is at hand. Beyond, it is worth nothing against what the values took.
const AT_HAND: u32 = 256;

/// Relative difference that sums in another order may have: far above it, and far below what anybody
/// would call a difference.
const ROUNDING: f64 = 1e-9;

/// A confidence level with its Student t quantiles, computed once for all cells of a run.
#[derive(Clone, Debug)]
pub struct Confidence {
    level: f64,
    /// Most values of an estimate.
    max_values: u32,
    /// Two-sided quantile by number of values, from two up to [`AT_HAND`].
    quantiles: Vec<f64>,
}

impl Confidence {
    /// Two-sided intervals at `level` in (0, 1), for up to `max_values` values each.
    pub fn new(level: f64, max_values: u32) -> Self {
        let at_hand = 2..=max_values.min(AT_HAND);
        let quantiles = at_hand.map(|values| two_sided_quantile(level, values)).collect();
        Self { level, max_values, quantiles }
    }

    /// The level, in (0, 1).
    pub fn level(&self) -> f64 {
        self.level
    }

    /// Quantile of Student's t for an interval from this many independent values: n - 1 degrees of
    /// freedom. `None` for fewer than two, or more than were announced.
    pub fn t(&self, values: usize) -> Option<f64> {
        let at_hand = self.quantiles.get(values.checked_sub(2)?).copied();
        at_hand.or_else(|| {
            let values = u32::try_from(values).ok().filter(|values| *values <= self.max_values)?;
            Some(two_sided_quantile(self.level, values))
        })
    }

    /// Estimates the expectation of which `values` are independent observations.
    ///
    /// At most as many values as were announced. Returns `None` without values. The sum runs in
    /// the order given.
    pub fn estimate(&self, values: &[f64]) -> Option<Estimate> {
        if values.is_empty() {
            return None;
        }
        let n = math::count(values.len() as u64);
        let mean = values.iter().sum::<f64>() / n;
        let std = (values.len() > 1).then(|| {
            let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
            (squares / (n - 1.0)).sqrt()
        });
        let half_width = std.and_then(|std| Some(self.t(values.len())? * std / n.sqrt()));
        Some(Estimate { mean, half_width, std })
    }
}

/// An estimate from independent replications, with the half width of its two-sided confidence
/// interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Arithmetic mean, or another point estimate that an interval was made for.
    pub mean: f64,
    /// Half width of the interval (Student t); `None` where nothing honest is known, as for fewer
    /// than two values.
    pub half_width: Option<f64>,
    /// Standard deviation of one value (divisor n - 1); `None` for fewer than two values.
    pub std: Option<f64>,
}

impl Estimate {
    /// Whether the interval contains a value, up to rounding; `None` without an interval.
    pub fn contains(&self, value: f64) -> Option<bool> {
        Some((self.mean - value).abs() <= self.half_width? + ROUNDING * value.abs())
    }
}

/// Difference of two means; 0 if rounding is all there is, as in a system without randomness.
pub(super) fn difference(one: f64, other: f64) -> f64 {
    let difference = one - other;
    if difference.abs() <= ROUNDING * other.abs() { 0.0 } else { difference }
}

/// Quantile of Student's t for an interval at `level` from at least two values.
fn two_sided_quantile(level: f64, values: u32) -> f64 {
    student_t_quantile(0.5 + level / 2.0, f64::from(values - 1))
}

/// The `probability` quantile of Student's t distribution.
pub(super) fn student_t_quantile(probability: f64, degrees_of_freedom: f64) -> f64 {
    StudentsT::new(0.0, 1.0, degrees_of_freedom)
        .map_or(f64::NAN, |distribution| distribution.inverse_cdf(probability))
}
