//! Token lengths: distributions, how one value is drawn, and exact moments after flooring.
//!
//! A token count is `min(max_value, max(min_value, floor(X)))`; the floor can be switched off.
//! Offered load needs the moments of that count, not of X, so they are computed exactly here.

use rand::{Rng, RngExt};
use rand_distr::{Exp1, StandardNormal};

use super::distribution::TokenDistribution;
use crate::math;

/// A token-length distribution with its rounding and bounds: what a request's length is drawn from.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenLengths {
    /// The distribution of X.
    pub distribution: TokenDistribution,
    /// Smallest count, >= 0.
    pub min_value: f64,
    /// Largest count, >= `min_value`.
    pub max_value: Option<f64>,
    /// Whether X is floored to a whole number.
    pub integer: bool,
}

/// Mean and standard deviation. The latter comes from a difference of squares: it loses its digits
/// where it is below a millionth of the mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub std: f64,
}

impl TokenLengths {
    /// Real-valued lengths whose logarithm is a standard normal.
    pub(crate) const UNIT_LOGNORMAL: Self =
        Self::unrounded(TokenDistribution::Lognormal { mu: 0.0, sigma: 1.0 });

    /// Real-valued exponential lengths of mean 1.
    pub(crate) const UNIT_EXPONENTIAL: Self =
        Self::unrounded(TokenDistribution::Exponential { mean: 1.0 });

    const fn unrounded(distribution: TokenDistribution) -> Self {
        Self { distribution, min_value: 0.0, max_value: None, integer: false }
    }

    /// Turns a value of X into a token count.
    #[inline]
    pub fn count(&self, x: f64) -> f64 {
        let x = if self.integer { math::floor_non_negative(x) } else { x };
        let x = if x > self.min_value { x } else { self.min_value };
        let max_value = self.max_value.unwrap_or(f64::INFINITY);
        if x < max_value { x } else { max_value }
    }

    /// Fills `counts` with independent draws from `generator`.
    pub(crate) fn fill(&self, generator: &mut impl Rng, counts: &mut [f64]) {
        match &self.distribution {
            TokenDistribution::Lognormal { mu, sigma } => {
                counts.fill_with(|| generator.sample(StandardNormal));
                // A loop of its own, so that it runs on vectors.
                for count in counts {
                    *count = self.count(math::exp(mu + sigma * *count));
                }
            }
            TokenDistribution::Fixed { value } => counts.fill(self.count(*value)),
            TokenDistribution::Uniform { low, high } => counts.fill_with(|| {
                let u: f64 = generator.random();
                self.count(low + (high - low) * u)
            }),
            TokenDistribution::Exponential { mean } => counts.fill_with(|| {
                let e: f64 = generator.sample(Exp1);
                self.count(mean * e)
            }),
            TokenDistribution::Empirical { lengths } => {
                let values = lengths.values();
                counts.fill_with(|| self.count(values[index_below(generator, values.len())]));
            }
        }
    }

    /// Exact moments of the token count.
    pub fn moments(&self) -> Moments {
        self.moments_at_least(0.0)
    }

    /// Exact moments of max(count, `floor`), for a whole number `floor`.
    ///
    /// A decode of fewer than one token still takes one step, so decode load needs `floor` = 1.
    pub fn moments_at_least(&self, floor: f64) -> Moments {
        let low = self.min_value.max(floor);
        let high = self.max_value.unwrap_or(f64::INFINITY).max(low);
        if let TokenDistribution::Empirical { lengths } = &self.distribution {
            return sample_moments(lengths.values().iter().map(|&x| self.count(x).max(floor)));
        }
        let (mean, square) = if self.integer {
            super::moments::floored(&self.distribution, low, high)
        } else {
            super::moments::continuous(&self.distribution, low, high)
        };
        Moments { mean, std: (square - mean * mean).max(0.0).sqrt() }
    }

    /// Exact covariance of this count with max(`output`, `output_floor`) in one request: 0 unless
    /// both are drawn as pairs from the rows of one trace.
    pub fn covariance(&self, output: &Self, output_floor: f64) -> f64 {
        let Some(rows) = self.rows_shared_with(output) else { return 0.0 };
        let pairs = (0..rows)
            .filter_map(|row| Some((self.recorded(row)?, output.recorded(row)?.max(output_floor))));
        let n = math::count(rows as u64);
        let sums = pairs.clone().fold((0.0, 0.0), |sum, pair| (sum.0 + pair.0, sum.1 + pair.1));
        let (prompt_mean, output_mean) = (sums.0 / n, sums.1 / n);
        pairs.map(|(prompt, output)| (prompt - prompt_mean) * (output - output_mean)).sum::<f64>()
            / n
    }

    /// The number of rows, if both lengths of a request come from the same rows.
    pub(crate) fn rows_shared_with(&self, output: &Self) -> Option<usize> {
        match (&self.distribution, &output.distribution) {
            (
                TokenDistribution::Empirical { lengths: prompt },
                TokenDistribution::Empirical { lengths: output },
            ) if prompt.view == output.view => Some(prompt.view.len()),
            _ => None,
        }
    }

    /// The recorded value of row `index`, as a count. Only for empirical distributions.
    #[inline]
    pub(crate) fn recorded(&self, index: usize) -> Option<f64> {
        match &self.distribution {
            TokenDistribution::Empirical { lengths } => Some(self.count(lengths.values()[index])),
            _ => None,
        }
    }
}

/// Moments of a finite population (divisor n).
pub(super) fn sample_moments(values: impl Iterator<Item = f64> + Clone) -> Moments {
    let n = math::count(values.clone().count() as u64);
    let mean = values.clone().sum::<f64>() / n;
    let variance = values.map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
    Moments { mean, std: variance.sqrt() }
}

/// A uniform index below `len`: the high half of a 64 x 64 bit product (Lemire 2019, without
/// rejection; the bias is below len / 2^64).
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the result is below len")]
pub(crate) fn index_below(generator: &mut impl Rng, len: usize) -> usize {
    ((u128::from(generator.next_u64()) * len as u128) >> 64) as usize
}
