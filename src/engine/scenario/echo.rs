//! The scenario as understood, for people and for JSON: distributions in both spaces.

use serde::Serialize;

use super::distribution::{TokenDistribution, Z_90};
use super::system::{Arrivals, Scenario};
use super::tokens::{Moments, TokenLengths};
use crate::math;

/// What a command understood a scenario to be, beyond the keys themselves.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScenarioEcho {
    /// Arrivals.
    pub arrival: ArrivalEcho,
    /// Prompt lengths.
    pub prompt_tokens: TokenEcho,
    /// Output lengths.
    pub output_tokens: TokenEcho,
}

/// Arrivals as understood.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ArrivalEcho {
    /// Long-run rate, requests per second.
    pub rate_per_s: Option<f64>,
    /// Requests of the trace that are used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_requests: Option<usize>,
    /// The trace's own mean rate, requests per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_rate_per_s: Option<f64>,
    /// Block length of the bootstrap, requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_requests: Option<usize>,
}

/// A token-length distribution as understood.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TokenEcho {
    /// Family of X, before flooring and clamping.
    pub distribution: &'static str,
    /// A lognormal in the space of its logarithm and of X.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lognormal: Option<TokenSpaces>,
    /// Exact mean of the token count, after flooring and clamping.
    pub count_mean: f64,
    /// Exact standard deviation of the token count.
    pub count_std: f64,
}

/// Both spellings of a lognormal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TokenSpaces {
    /// Mean of ln X.
    pub log_mean: f64,
    /// Standard deviation of ln X.
    pub log_sigma: f64,
    /// Mean of X.
    pub real_mean: f64,
    /// Standard deviation of X.
    pub real_std: f64,
    /// Median of X.
    pub p50: f64,
    /// 90th percentile of X.
    pub p90: f64,
}

impl ScenarioEcho {
    /// Describes a scenario.
    pub fn of(scenario: &Scenario) -> Self {
        let replay = match &scenario.arrivals {
            Arrivals::Trace(replay) => Some(replay),
            _ => None,
        };
        Self {
            arrival: ArrivalEcho {
                rate_per_s: scenario.arrivals.rate_per_s(),
                trace_requests: replay.map(|replay| replay.view.len()),
                trace_rate_per_s: replay.and_then(|replay| replay.view.mean_rate_per_s()),
                block_requests: replay.map(|replay| replay.block_requests),
            },
            prompt_tokens: TokenEcho::of(&scenario.prompt_tokens, replay.is_some()),
            output_tokens: TokenEcho::of(&scenario.output_tokens, replay.is_some()),
        }
    }
}

impl TokenEcho {
    fn of(lengths: &TokenLengths, is_replayed: bool) -> Self {
        let Moments { mean, std } = lengths.moments();
        Self {
            distribution: match &lengths.distribution {
                TokenDistribution::Lognormal { .. } => "lognormal",
                TokenDistribution::Fixed { .. } => "fixed",
                TokenDistribution::Uniform { .. } => "uniform",
                TokenDistribution::Exponential { .. } => "exponential",
                TokenDistribution::Empirical { .. } if is_replayed => "as recorded",
                TokenDistribution::Empirical { .. } => "empirical",
            },
            lognormal: TokenSpaces::of(&lengths.distribution),
            count_mean: mean,
            count_std: std,
        }
    }
}

impl TokenSpaces {
    fn of(distribution: &TokenDistribution) -> Option<Self> {
        let TokenDistribution::Lognormal { mu, sigma } = *distribution else { return None };
        let real_mean = math::exp(mu + sigma * sigma / 2.0);
        Some(Self {
            log_mean: mu,
            log_sigma: sigma,
            real_mean,
            real_std: real_mean * libm::expm1(sigma * sigma).sqrt(),
            p50: math::exp(mu),
            p90: math::exp(mu + Z_90 * sigma),
        })
    }
}
