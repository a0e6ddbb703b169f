//! Token lengths: distributions, how one value is drawn, and exact moments after flooring.
//!
//! A token count is `min(max_value, max(min_value, floor(X)))`; the floor can be switched off.
//! Offered load needs the moments of that count, not of X, so they are computed exactly here.
#![expect(clippy::inline_always, reason = "counts are computed on the vectors of their caller")]

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

/// What is drawn before a length is computed of it: cells whose distributions differ in parameters only
/// share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Variate {
    /// Nothing.
    Nothing,
    /// A standard normal.
    Normal,
    /// An exponential of mean 1.
    Exponential,
    /// Uniform on [0, 1).
    Uniform,
    /// The number of a row of a trace with this many.
    Row {
        /// Number of rows.
        rows: usize,
    },
}

impl Variate {
    /// Fills `values` with independent draws.
    pub(crate) fn fill(self, generator: &mut impl Rng, values: &mut [f64]) {
        match self {
            Self::Nothing => {}
            Self::Normal => values.fill_with(|| generator.sample(StandardNormal)),
            Self::Exponential => values.fill_with(|| generator.sample(Exp1)),
            Self::Uniform => values.fill_with(|| generator.random()),
            Self::Row { rows } => {
                values.fill_with(|| math::count(index_below(generator, rows) as u64));
            }
        }
    }
}

/// [`TokenLengths::replace_variates`], to run on vectors.
struct ReplaceVariates<'a> {
    lengths: &'a TokenLengths,
    values: &'a mut [f64],
}

impl pulp::NullaryFnOnce for ReplaceVariates<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.lengths.replace_variates(self.values);
    }
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
    #[inline(always)]
    pub fn count(&self, x: f64) -> f64 {
        let x = if self.integer { math::floor_non_negative(x) } else { x };
        let x = if x > self.min_value { x } else { self.min_value };
        let max_value = self.max_value.unwrap_or(f64::INFINITY);
        if x < max_value { x } else { max_value }
    }

    /// Fills `counts` with independent draws from `generator`.
    pub(crate) fn fill(&self, generator: &mut impl Rng, counts: &mut [f64]) {
        self.variate().fill(generator, counts);
        // With the widest vectors there are. Their width changes no bit.
        pulp::Arch::new().dispatch(ReplaceVariates { lengths: self, values: counts });
    }

    /// What is drawn for a length.
    pub(crate) fn variate(&self) -> Variate {
        match &self.distribution {
            TokenDistribution::Lognormal { .. } => Variate::Normal,
            TokenDistribution::Fixed { .. } => Variate::Nothing,
            TokenDistribution::Uniform { .. } => Variate::Uniform,
            TokenDistribution::Exponential { .. } => Variate::Exponential,
            TokenDistribution::Empirical { lengths } => {
                Variate::Row { rows: lengths.values().len() }
            }
        }
    }

    /// Replaces each [`Variate`] of the kind that this distribution draws by the count it stands for.
    #[inline(always)]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a row number, exact in a float"
    )]
    pub(crate) fn replace_variates(&self, values: &mut [f64]) {
        match &self.distribution {
            TokenDistribution::Lognormal { mu, sigma } => {
                for value in values {
                    *value = self.count(math::exp(mu + sigma * *value));
                }
            }
            TokenDistribution::Fixed { value } => values.fill(self.count(*value)),
            TokenDistribution::Uniform { low, high } => {
                for value in values {
                    *value = self.count(low + (high - low) * *value);
                }
            }
            TokenDistribution::Exponential { mean } => {
                for value in values {
                    *value = self.count(mean * *value);
                }
            }
            TokenDistribution::Empirical { lengths } => {
                let recorded = lengths.values();
                for value in values {
                    *value = self.count(recorded[*value as usize]);
                }
            }
        }
    }

    /// Equal for equal lengths, different for others; cheap, but of this process only.
    pub(crate) fn key(&self) -> [u64; 7] {
        let [kind, first, second, third] = match &self.distribution {
            TokenDistribution::Lognormal { mu, sigma } => [0, mu.to_bits(), sigma.to_bits(), 0],
            TokenDistribution::Fixed { value } => [1, value.to_bits(), 0, 0],
            TokenDistribution::Uniform { low, high } => [2, low.to_bits(), high.to_bits(), 0],
            TokenDistribution::Exponential { mean } => [3, mean.to_bits(), 0, 0],
            TokenDistribution::Empirical { lengths } => {
                let [trace, start, end] = lengths.view.key();
                [4 + lengths.column as u64, trace, start, end]
            }
        };
        let max_value = self.max_value.unwrap_or(f64::INFINITY);
        let bounds = [self.min_value.to_bits(), max_value.to_bits(), u64::from(self.integer)];
        [kind, first, second, third, bounds[0], bounds[1], bounds[2]]
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
