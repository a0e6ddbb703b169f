//! Lowering: from what is written to what is meant. Defaults, then checks, once.

use std::fmt::Display;

use thiserror::Error;

use super::system::{Arrivals, Cluster, DisaggCluster, MonoCluster, Scenario, TraceReplay};
use super::tokens::{
    EmpiricalLengths, LengthColumn, MAX_TOKENS, TokenDistribution, TokenLengths, Z_90,
};
use super::trace::{TraceView, Traces};
use crate::math;
use crate::spec::{ArrivalKind, ArrivalSpec, Key, Mode, ScenarioSpec, TokenMode, TokenSpec, Value};

/// Longest horizon, seconds: 30,000 years.
const MAX_SECONDS: f64 = 1e12;

/// Rates that make sense, requests per second.
const RATES_PER_S: (f64, f64) = (1e-9, 1e9);

/// Speeds of one GPU that make sense, tokens per second; the upper end serves as "at once".
const SPEEDS_TOKENS_PER_S: (f64, f64) = (1e-6, 1e15);

/// Most GPUs that one pool may have.
pub const MAX_GPUS: u32 = 65_536;

/// Why a scenario makes no sense. Fit for "failed to …: ".
#[derive(Clone, Debug, Error, PartialEq)]
#[expect(missing_docs, reason = "the fields say what the message says")]
pub enum SpecError {
    #[error("`{path}` is {value}: {remedy}")]
    Invalid { path: String, value: String, remedy: String },
    #[error("`{path}` is missing: {remedy}")]
    Missing { path: String, remedy: String },
    #[error("`{path}` has no meaning with `{name}: {value}`: remove it, or set {name} to {others}")]
    Foreign { path: &'static str, name: String, value: &'static str, others: String },
}

/// Defaults in which a sweep and a single simulation differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Defaults {
    /// Whether a trace starts over past its end.
    pub repeat: bool,
}

impl Defaults {
    /// A sweep repeats a trace, so that every horizon is filled.
    pub const SWEEP: Self = Self { repeat: true };
    /// A single simulation stops where the trace does.
    pub const SIMULATE: Self = Self { repeat: false };
}

/// The scenario with every default that has a meaning in it written out.
pub fn with_defaults(spec: &ScenarioSpec, defaults: Defaults) -> ScenarioSpec {
    let mut full = spec.clone();
    full.mode.get_or_insert(Mode::Disagg);
    full.sim_seconds.get_or_insert(600.0);
    full.warmup_seconds.get_or_insert(60.0);
    full.random_seed.get_or_insert(42);
    full.observe.get_or_insert_default();
    match *full.arrival.kind.get_or_insert_default() {
        ArrivalKind::Trace => {
            full.arrival.repeat.get_or_insert(defaults.repeat);
            full.arrival.window.start_s.get_or_insert(0.0);
        }
        ArrivalKind::Poisson | ArrivalKind::Deterministic => {
            full.arrival.rate_per_s.get_or_insert(2.0);
            fill_lengths(&mut full.prompt_tokens, 8.0);
            fill_lengths(&mut full.output_tokens, 16.0);
        }
    }
    match full.mode() {
        Mode::Mono => {
            full.cluster_mono.num_gpus.get_or_insert(4);
            full.cluster_mono.prefill_tokens_per_s.get_or_insert(8000.0);
            full.cluster_mono.decode_tokens_per_s.get_or_insert(2000.0);
        }
        Mode::Disagg => {
            full.cluster_disagg.prefill_gpus.get_or_insert(2);
            full.cluster_disagg.decode_gpus.get_or_insert(2);
            full.cluster_disagg.prefill_tokens_per_s.get_or_insert(8000.0);
            full.cluster_disagg.decode_tokens_per_s.get_or_insert(2000.0);
        }
    }
    full
}

fn fill_lengths(tokens: &mut TokenSpec, lognormal_min_value: f64) {
    let mode = *tokens.mode.get_or_insert_default();
    let is_lognormal = matches!(mode, TokenMode::Log | TokenMode::RealMeanStd | TokenMode::P50P90);
    if mode == TokenMode::Log {
        tokens.mean.get_or_insert(6.0);
        tokens.sigma.get_or_insert(1.0);
    }
    tokens.min_value.get_or_insert(if is_lognormal { lognormal_min_value } else { 1.0 });
    tokens.integer.get_or_insert(true);
}

/// Checks a scenario.
///
/// # Errors
/// Names the key, its value and what would be right.
pub fn lower(
    spec: &ScenarioSpec,
    defaults: Defaults,
    traces: &Traces,
) -> Result<Scenario, SpecError> {
    check_all_stated_apply(spec)?;
    let full = with_defaults(spec, defaults);
    let sim_seconds = within("sim_seconds", full.sim_seconds, (0.0, MAX_SECONDS))?;
    let warmup_seconds = not_negative("warmup_seconds", full.warmup_seconds)?;
    if warmup_seconds >= sim_seconds {
        let remedy = format!("it must be below sim_seconds ({sim_seconds})");
        return Err(invalid("warmup_seconds", warmup_seconds, &remedy));
    }
    let arrivals = lower_arrivals(&full.arrival, traces)?;
    let lengths = |name: &'static str, tokens: &TokenSpec, column: LengthColumn| match &arrivals {
        Arrivals::Trace(replay) => lower_recorded(name, tokens, &replay.view, column),
        _ => lower_lengths(name, tokens, traces, column),
    };
    Ok(Scenario {
        sim_seconds,
        warmup_seconds,
        random_seed: full.random_seed.unwrap_or_default(),
        observe: full.observe.unwrap_or_default(),
        prompt_tokens: lengths("prompt_tokens", &full.prompt_tokens, LengthColumn::Prompt)?,
        output_tokens: lengths("output_tokens", &full.output_tokens, LengthColumn::Output)?,
        cluster: lower_cluster(&full)?,
        arrivals,
    })
}

/// A key without a meaning is a mistake, not a leftover: `p50: 300` without `mode: p50_p90`, or the
/// path of a trace without `kind: trace`, would silently mean the default. Only the keys of the
/// other cluster may stand, so that one base serves both modes.
fn check_all_stated_apply(spec: &ScenarioSpec) -> Result<(), SpecError> {
    let is_foreign = |key: &&Key| {
        !key.path.starts_with("cluster_") && (key.get)(spec).is_some() && !(key.applies)(spec)
    };
    let Some(key) = Key::all().find(is_foreign) else { return Ok(()) };
    let kind = spec.arrival.kind.unwrap_or_default();
    let (group, parameter) = key.path.split_once('.').unwrap_or((key.path, ""));
    let (name, value, others) = if group == "arrival" {
        ("arrival.kind".to_owned(), kind.name(), "trace".to_owned())
    } else if kind == ArrivalKind::Trace {
        ("arrival.kind".to_owned(), kind.name(), "poisson or deterministic".to_owned())
    } else {
        let tokens =
            if group == "prompt_tokens" { &spec.prompt_tokens } else { &spec.output_tokens };
        let modes = TokenMode::ALL.iter().filter(|mode| mode.parameters().contains(&parameter));
        let modes: Vec<&str> = modes.map(|mode| mode.name()).collect();
        (format!("{group}.mode"), tokens.mode().name(), modes.join(" or "))
    };
    Err(SpecError::Foreign { path: key.path, name, value, others })
}

fn lower_arrivals(arrival: &ArrivalSpec, traces: &Traces) -> Result<Arrivals, SpecError> {
    let rate_per_s = arrival
        .rate_per_s
        .map(|rate_per_s| within("arrival.rate_per_s", Some(rate_per_s), RATES_PER_S))
        .transpose()?;
    let stated_rate = || stated("arrival.rate_per_s", rate_per_s);
    match arrival.kind.unwrap_or_default() {
        ArrivalKind::Poisson => Ok(Arrivals::Poisson { rate_per_s: stated_rate()? }),
        ArrivalKind::Deterministic => Ok(Arrivals::Deterministic { rate_per_s: stated_rate()? }),
        ArrivalKind::Trace => lower_replay(arrival, rate_per_s, traces).map(Arrivals::Trace),
    }
}

fn lower_replay(
    arrival: &ArrivalSpec,
    rate_per_s: Option<f64>,
    traces: &Traces,
) -> Result<TraceReplay, SpecError> {
    let start_s = not_negative("arrival.window.start_s", arrival.window.start_s)?;
    let end_s = match arrival.window.end_s {
        Some(end_s) if end_s.is_nan() || end_s <= start_s => {
            let remedy = format!("it must be above arrival.window.start_s ({start_s})");
            return Err(invalid("arrival.window.end_s", end_s, &remedy));
        }
        end_s => end_s.unwrap_or(f64::INFINITY),
    };
    let view = trace_view("arrival.path", arrival.path.as_deref(), traces, start_s, end_s)?;
    if (rate_per_s.is_some() || arrival.repeat == Some(true)) && view.mean_gap_s().is_none() {
        return Err(invalid(
            "arrival.path",
            arrival.path.as_deref().unwrap_or_default(),
            "to be repeated or rescaled it needs two requests at different times; \
             set arrival.repeat: false and no rate, or choose a longer part",
        ));
    }
    let requests = view.len();
    let block_requests = match arrival.block_requests {
        None => root_rounded_up(requests),
        Some(block) if block > 0 && block as usize <= requests => block as usize,
        Some(block) => {
            let remedy = format!("it must lie between 1 and the {requests} requests of the trace");
            return Err(invalid("arrival.block_requests", block, &remedy));
        }
    };
    let repeat = arrival.repeat.unwrap_or_default();
    Ok(TraceReplay { view, rate_per_s, repeat, block_requests })
}

/// The smallest n with n^2 >= requests.
fn root_rounded_up(requests: usize) -> usize {
    let root = requests.isqrt();
    if root * root < requests { root + 1 } else { root }
}

fn trace_view(
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

/// Lengths as recorded, within bounds that are stated.
fn lower_recorded(
    name: &'static str,
    tokens: &TokenSpec,
    view: &TraceView,
    column: LengthColumn,
) -> Result<TokenLengths, SpecError> {
    let lengths = EmpiricalLengths { view: view.clone(), column };
    let bounds = TokenSpec { min_value: Some(tokens.min_value.unwrap_or(0.0)), ..tokens.clone() };
    bounded(name, &bounds, TokenDistribution::Empirical { lengths }, false)
}

fn lower_lengths(
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
            let mu = finite(&key("mean"), tokens.mean)?;
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

fn lower_cluster(spec: &ScenarioSpec) -> Result<Cluster, SpecError> {
    match spec.mode() {
        Mode::Mono => {
            let mono = &spec.cluster_mono;
            Ok(Cluster::Mono(MonoCluster {
                num_gpus: gpus("cluster_mono.num_gpus", mono.num_gpus)?,
                prefill_tokens_per_s: within(
                    "cluster_mono.prefill_tokens_per_s",
                    mono.prefill_tokens_per_s,
                    SPEEDS_TOKENS_PER_S,
                )?,
                decode_tokens_per_s: within(
                    "cluster_mono.decode_tokens_per_s",
                    mono.decode_tokens_per_s,
                    SPEEDS_TOKENS_PER_S,
                )?,
            }))
        }
        Mode::Disagg => {
            let disagg = &spec.cluster_disagg;
            Ok(Cluster::Disagg(DisaggCluster {
                prefill_gpus: gpus("cluster_disagg.prefill_gpus", disagg.prefill_gpus)?,
                decode_gpus: gpus("cluster_disagg.decode_gpus", disagg.decode_gpus)?,
                prefill_tokens_per_s: within(
                    "cluster_disagg.prefill_tokens_per_s",
                    disagg.prefill_tokens_per_s,
                    SPEEDS_TOKENS_PER_S,
                )?,
                decode_tokens_per_s: within(
                    "cluster_disagg.decode_tokens_per_s",
                    disagg.decode_tokens_per_s,
                    SPEEDS_TOKENS_PER_S,
                )?,
            }))
        }
    }
}

fn gpus(key: &str, count: Option<u32>) -> Result<u32, SpecError> {
    let count = stated(key, count)?;
    if (1..=MAX_GPUS).contains(&count) {
        Ok(count)
    } else {
        Err(invalid(key, count, &format!("it must lie between 1 and {MAX_GPUS}")))
    }
}

fn positive(key: &str, number: Option<f64>) -> Result<f64, SpecError> {
    let number = finite(key, number)?;
    if number > 0.0 { Ok(number) } else { Err(invalid(key, number, "it must be above 0")) }
}

/// Above the lower end (if that is 0) or from it on, up to the upper end.
fn within(key: &str, number: Option<f64>, (low, high): (f64, f64)) -> Result<f64, SpecError> {
    let number = positive(key, number)?;
    if (low..=high).contains(&number) {
        Ok(number)
    } else {
        Err(invalid(
            key,
            Value::Number(number),
            &format!("it must lie between {} and {}", Value::Number(low), Value::Number(high)),
        ))
    }
}

fn not_negative(key: &str, number: Option<f64>) -> Result<f64, SpecError> {
    let number = finite(key, number)?;
    if number >= 0.0 { Ok(number) } else { Err(invalid(key, number, "it must not be negative")) }
}

fn token_count(key: &str, number: Option<f64>) -> Result<f64, SpecError> {
    let number = not_negative(key, number)?;
    if number <= MAX_TOKENS {
        Ok(number)
    } else {
        Err(invalid(key, number, &format!("the limit is {MAX_TOKENS:e} tokens")))
    }
}

fn finite(key: &str, number: Option<f64>) -> Result<f64, SpecError> {
    let number = stated(key, number)?;
    if number.is_finite() {
        Ok(number)
    } else {
        Err(invalid(key, number, "it must be a finite number"))
    }
}

fn stated<T>(key: &str, value: Option<T>) -> Result<T, SpecError> {
    value.ok_or_else(|| missing(key, "this mode needs it"))
}

fn missing(key: &str, remedy: &str) -> SpecError {
    SpecError::Missing { path: key.to_owned(), remedy: remedy.to_owned() }
}

fn invalid(key: &str, value: impl Display, remedy: &str) -> SpecError {
    SpecError::Invalid { path: key.to_owned(), value: value.to_string(), remedy: remedy.to_owned() }
}
