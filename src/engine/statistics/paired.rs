//! Comparison of two systems by replications that both have.
//!
//! Under common random numbers both results of a replication come from the same arrivals and
//! lengths, so what they share cancels in their difference (Law, Simulation Modeling and Analysis,
//! sections 10.2.1 and 11.2). Every sum runs in the order of the pairs.

use super::confidence::{Confidence, Estimate, student_t_quantile};
use crate::math;

/// One replication's result in both systems; both numbers are finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// In the system that is compared with.
    pub baseline: f64,
    /// In the system that is compared.
    pub value: f64,
}

/// Half widths of differences below this share of the results come from rounding.
const ROUNDING: f64 = 1e-12;

/// How one system differs from a baseline, with half widths of two-sided confidence intervals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// Replications that both systems have.
    pub pairs: u32,
    /// Mean of the baseline over them.
    pub baseline_mean: f64,
    /// Mean of the other system over them.
    pub mean: f64,
    /// Mean of value - baseline.
    pub difference: Estimate,
    /// mean / baseline mean; `None` if the baseline's mean is 0. Without a half width where the
    /// baseline itself cannot be told from 0, since no bounded interval exists there.
    pub ratio: Option<Estimate>,
    /// Half width that the difference would have from independent samples of the same variances;
    /// `None` for fewer than two pairs.
    pub unpaired_half_width: Option<f64>,
    /// How many times narrower the paired interval is: unpaired / paired half width. `None` for
    /// fewer than two pairs, for a difference that varies by rounding alone, and without pairing.
    pub narrowing: Option<f64>,
    /// Pearson correlation of the two results, in [-1, 1]; `None` for fewer than two pairs and
    /// where one of them never varies.
    pub correlation: Option<f64>,
}

impl Confidence {
    /// Compares by the differences within pairs: the paired t interval.
    ///
    /// The ratio of the means has the interval of the classical ratio estimator (Cochran, Sampling
    /// Techniques, section 6.3): its variance is that of the residuals value - ratio x baseline,
    /// divided by the squared baseline mean. So it gains from pairing as the difference does, and it
    /// is symmetric, a half width like all others. Fieller's exact interval is neither symmetric nor
    /// always bounded; the two agree where the baseline is known to a few per cent.
    ///
    /// At most as many pairs as were announced. Returns `None` without pairs.
    pub fn compare_paired(&self, pairs: &[Pair]) -> Option<Comparison> {
        let moments = Moments::of(pairs)?;
        let difference = self.estimate(&differences(pairs))?;
        let unpaired_half_width =
            moments.variances.map(|spread| self.welch(moments.n, spread.baseline, spread.value));
        let rounding = ROUNDING * (moments.baseline_mean.abs() + moments.value_mean.abs());
        let narrowing = match (unpaired_half_width, difference.half_width) {
            (Some(unpaired), Some(paired)) if paired > rounding => Some(unpaired / paired),
            _ => None,
        };
        let ratio = self.ratio(&moments, |ratio| {
            let squares = pairs.iter().map(|pair| {
                let residual = pair.value - ratio * pair.baseline;
                residual * residual
            });
            let n = moments.n;
            let t = self.t(pairs.len()).unwrap_or(f64::NAN);
            t * (squares.sum::<f64>() / (n - 1.0) / n).sqrt()
        });
        Some(moments.comparison(difference, ratio, unpaired_half_width, narrowing))
    }

    /// Compares as if the two systems were sampled independently: Welch's interval.
    ///
    /// For results that share no random numbers. At most as many pairs as were announced. Returns
    /// `None` without pairs.
    pub fn compare_independent(&self, pairs: &[Pair]) -> Option<Comparison> {
        let moments = Moments::of(pairs)?;
        let half_width =
            moments.variances.map(|spread| self.welch(moments.n, spread.baseline, spread.value));
        let difference =
            Estimate { mean: moments.value_mean - moments.baseline_mean, half_width, std: None };
        let ratio = self.ratio(&moments, |ratio| {
            moments.variances.map_or(f64::NAN, |spread| {
                self.welch(moments.n, ratio * ratio * spread.baseline, spread.value)
            })
        });
        Some(moments.comparison(difference, ratio, half_width, None))
    }

    /// Half width of a difference of two independent means of `n` values each, from their sample
    /// variances (Welch 1947, with Satterthwaite's degrees of freedom).
    fn welch(&self, n: f64, baseline_variance: f64, variance: f64) -> f64 {
        let (a, b) = (baseline_variance / n, variance / n);
        if a + b == 0.0 {
            return 0.0;
        }
        // Shares instead of squares of variances, which might underflow.
        let (a_share, b_share) = (a / (a + b), b / (a + b));
        let degrees_of_freedom = (n - 1.0) / (a_share * a_share + b_share * b_share);
        student_t_quantile(0.5 + self.level() / 2.0, degrees_of_freedom) * (a + b).sqrt()
    }

    /// The ratio of means; `numerator` is the half width of mean - ratio x baseline mean.
    fn ratio(&self, moments: &Moments, numerator: impl Fn(f64) -> f64) -> Option<Estimate> {
        let scale = moments.baseline_mean.abs();
        if scale == 0.0 {
            return None;
        }
        let ratio = moments.value_mean / moments.baseline_mean;
        let half_width = moments.variances.and_then(|spread| {
            let baseline = self.t(moments.pairs)? * (spread.baseline / moments.n).sqrt();
            // Fieller's condition for a bounded interval.
            (baseline < scale).then(|| numerator(ratio) / scale)
        });
        Some(Estimate { mean: ratio, half_width, std: None })
    }
}

fn differences(pairs: &[Pair]) -> Vec<f64> {
    pairs.iter().map(|pair| pair.value - pair.baseline).collect()
}

/// Means, and what is known of variances from two pairs on.
struct Moments {
    pairs: usize,
    /// The same as a number.
    n: f64,
    baseline_mean: f64,
    value_mean: f64,
    variances: Option<Variances>,
}

/// Sample variances (divisor n - 1) and covariance.
#[derive(Clone, Copy)]
struct Variances {
    baseline: f64,
    value: f64,
    covariance: f64,
}

impl Moments {
    fn of(pairs: &[Pair]) -> Option<Self> {
        if pairs.is_empty() {
            return None;
        }
        let n = math::count(pairs.len() as u64);
        let baseline_mean = pairs.iter().map(|pair| pair.baseline).sum::<f64>() / n;
        let value_mean = pairs.iter().map(|pair| pair.value).sum::<f64>() / n;
        let sum = |product: fn(f64, f64) -> f64| {
            let deviations =
                pairs.iter().map(|pair| (pair.baseline - baseline_mean, pair.value - value_mean));
            deviations.map(|(baseline, value)| product(baseline, value)).sum::<f64>() / (n - 1.0)
        };
        let variances = (pairs.len() > 1).then(|| Variances {
            baseline: sum(|baseline, _| baseline * baseline),
            value: sum(|_, value| value * value),
            covariance: sum(|baseline, value| baseline * value),
        });
        Some(Self { pairs: pairs.len(), n, baseline_mean, value_mean, variances })
    }

    fn comparison(
        &self,
        difference: Estimate,
        ratio: Option<Estimate>,
        unpaired_half_width: Option<f64>,
        narrowing: Option<f64>,
    ) -> Comparison {
        Comparison {
            pairs: u32::try_from(self.pairs).unwrap_or(u32::MAX),
            baseline_mean: self.baseline_mean,
            mean: self.value_mean,
            difference,
            ratio,
            unpaired_half_width,
            narrowing,
            correlation: self.variances.and_then(Variances::correlation),
        }
    }
}

impl Variances {
    fn correlation(self) -> Option<f64> {
        let scale = self.baseline.sqrt() * self.value.sqrt();
        // Rounding may carry a perfect correlation past 1.
        (scale > 0.0).then(|| (self.covariance / scale).clamp(-1.0, 1.0))
    }
}
