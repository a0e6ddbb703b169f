//! Lowering of token lengths.

use super::check::{SpecError, invalid, missing, positive, stated, token_count};
use super::distribution::{EmpiricalLengths, LengthColumn, TokenDistribution, Z_90};
use super::tokens::TokenLengths;
use super::trace::{MAX_TOKENS, TraceView, Traces};
use crate::math;
use crate::spec::{TokenMode, TokenSpec};

/// Lengths as recorded, within bounds that are stated.
pub(super) fn lower_recorded(
    name: &'static str,
    tokens: &TokenSpec,
    view: &TraceView,
    column: LengthColumn,
) -> Result<TokenLengths, SpecError> {
    let lengths = EmpiricalLengths { view: view.clone(), column };
    let bounds = TokenSpec { min_value: Some(tokens.min_value.unwrap_or(0.0)), ..tokens.clone() };
    bounded(name, &bounds, TokenDistribution::Empirical { lengths }, false)
}

/// Lengths drawn from a distribution.
pub(super) fn lower_lengths(
    name: &'static str,
    tokens: &TokenSpec,
    traces: &Traces,
    column: LengthColumn,
) -> Result<TokenLengths, SpecError> {
    let integer = tokens.integer.unwrap_or(true);
    let distribution = lower_distribution(name, tokens, traces, column)?;
    bounded(name, tokens, distribution, integer)
}

fn lower_distribution(
    name: &'static str,
    tokens: &TokenSpec,
    traces: &Traces,
    column: LengthColumn,
) -> Result<TokenDistribution, SpecError> {
    let key = |parameter: &str| format!("{name}.{parameter}");
    match tokens.mode() {
        TokenMode::Log => {
            let mu = stated(&key("mean"), tokens.mean)?;
            lognormal(&key("mean"), mu, positive(&key("sigma"), tokens.sigma)?)
        }
        TokenMode::RealMeanStd => {
            let mean = positive(&key("mean"), tokens.mean)?;
            let ratio = positive(&key("std"), tokens.std)? / mean;
            let sigma = libm::log1p(ratio * ratio).sqrt();
            lognormal(&key("mean"), math::ln(mean) - sigma * sigma / 2.0, sigma)
        }
        TokenMode::P50P90 => {
            let p50 = positive(&key("p50"), tokens.p50)?;
            let p90 = positive(&key("p90"), tokens.p90)?;
            if p90 <= p50 {
                return Err(invalid(&key("p90"), p90, &format!("it must be above p50 ({p50})")));
            }
            lognormal(&key("p90"), math::ln(p50), (math::ln(p90) - math::ln(p50)) / Z_90)
        }
        TokenMode::Fixed => {
            Ok(TokenDistribution::Fixed { value: token_count(&key("value"), tokens.value)? })
        }
        TokenMode::Uniform => {
            let low = token_count(&key("low"), tokens.low)?;
            let high = token_count(&key("high"), tokens.high)?;
            if high <= low {
                return Err(invalid(&key("high"), high, &format!("it must be above low ({low})")));
            }
            Ok(TokenDistribution::Uniform { low, high })
        }
        TokenMode::Exponential => {
            let mean = positive(&key("mean"), tokens.mean)?;
            Ok(TokenDistribution::Exponential { mean: token_count(&key("mean"), Some(mean))? })
        }
        TokenMode::Empirical => {
            let path = tokens.path.as_deref();
            let view = trace_view(&key("path"), path, traces, 0.0, f64::INFINITY)?;
            Ok(TokenDistribution::Empirical { lengths: EmpiricalLengths { view, column } })
        }
    }
}

fn lognormal(key: &str, mu: f64, sigma: f64) -> Result<TokenDistribution, SpecError> {
    if sigma <= 0.0 {
        return Err(invalid(
            key,
            format_args!("too close to the other parameter (sigma {sigma})"),
            "use `mode: fixed`",
        ));
    }
    let mean = math::exp(mu + sigma * sigma / 2.0);
    if mean > MAX_TOKENS {
        let remedy = format!(
            "the lognormal would have a mean of {mean:.3e} tokens, the limit is {MAX_TOKENS:e}; \
             `mode: log` takes the mean of the logarithm, `real_mean_std` that of the tokens"
        );
        return Err(invalid(key, format_args!("too large (mu {mu}, sigma {sigma})"), &remedy));
    }
    Ok(TokenDistribution::Lognormal { mu, sigma })
}

/// Adds bounds to a distribution.
fn bounded(
    name: &'static str,
    tokens: &TokenSpec,
    distribution: TokenDistribution,
    integer: bool,
) -> Result<TokenLengths, SpecError> {
    let key = format!("{name}.min_value");
    let min_value = token_count(&key, tokens.min_value)?;
    if integer && min_value < 1.0 {
        let remedy = "it must be at least 1; `integer: false` allows 0";
        return Err(invalid(&key, min_value, remedy));
    }
    if integer && min_value.fract() > 0.0 {
        return Err(invalid(&key, min_value, "it must be a whole number of tokens"));
    }
    let max_value = match tokens.max_value {
        None => None,
        Some(max_value) => {
            let key = format!("{name}.max_value");
            let max_value = token_count(&key, Some(max_value))?;
            if max_value < min_value {
                let remedy = format!("it must be at least min_value ({min_value})");
                return Err(invalid(&key, max_value, &remedy));
            }
            if integer && max_value.fract() > 0.0 {
                return Err(invalid(&key, max_value, "it must be a whole number of tokens"));
            }
            Some(max_value)
        }
    };
    Ok(TokenLengths { distribution, min_value, max_value, integer })
}

/// The part of a trace that a key names.
pub(super) fn trace_view(
    key: &str,
    path: Option<&str>,
    traces: &Traces,
    start_s: f64,
    end_s: f64,
) -> Result<TraceView, SpecError> {
    let path = path.ok_or_else(|| missing(key, "give the path of a trace"))?;
    let trace =
        traces.get(path).ok_or_else(|| invalid(key, path, "there is no such trace file"))?;
    TraceView::new(trace.clone(), start_s, end_s).ok_or_else(|| {
        let end = if end_s.is_finite() { format!("{end_s} s") } else { "its end".to_owned() };
        let remedy = format!("none of its requests lies in arrival.window ({start_s} s to {end})");
        invalid(key, path, &remedy)
    })
}
