//! Distributions of token lengths, before flooring and clamping.

use super::trace::TraceView;

/// z with P(Z <= z) = 0.9 for a standard normal Z.
pub const Z_90: f64 = 1.281_551_565_544_600_4;

/// The distribution of X, before flooring and clamping. Units: tokens.
#[derive(Clone, Debug, PartialEq)]
pub enum TokenDistribution {
    /// ln X is normal with this mean and standard deviation.
    Lognormal {
        /// Mean of ln X.
        mu: f64,
        /// Standard deviation of ln X, > 0.
        sigma: f64,
    },
    /// Always the same value.
    Fixed {
        /// The value, >= 0.
        value: f64,
    },
    /// Uniform on [low, high).
    Uniform {
        /// Lower end, >= 0.
        low: f64,
        /// Upper end, > low.
        high: f64,
    },
    /// Exponential.
    Exponential {
        /// Mean, > 0.
        mean: f64,
    },
    /// Rows of a trace drawn at random with replacement.
    Empirical {
        /// The recorded lengths of one column, at least one.
        lengths: EmpiricalLengths,
    },
}

/// One column of a trace, to resample from.
#[derive(Clone, Debug, PartialEq)]
pub struct EmpiricalLengths {
    /// The part of the trace that is resampled.
    pub view: TraceView,
    /// Which of its columns.
    pub column: LengthColumn,
}

/// The two length columns of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LengthColumn {
    /// Prompt tokens.
    Prompt,
    /// Output tokens.
    Output,
}

impl EmpiricalLengths {
    /// The values, at least one.
    pub(super) fn values(&self) -> &[f64] {
        match self.column {
            LengthColumn::Prompt => self.view.prompt_tokens(),
            LengthColumn::Output => self.view.output_tokens(),
        }
    }
}
