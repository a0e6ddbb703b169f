//! Lowering: from what is written to what is meant. Defaults, then checks, once.

use super::check::{SpecError, all_finite, invalid, not_negative, stated, within};
use super::distribution::LengthColumn;
use super::lengths::{lower_lengths, lower_recorded, trace_view};
use super::system::{Arrivals, Cluster, DisaggCluster, MonoCluster, Scenario, TraceReplay};
use super::trace::Traces;
use crate::spec::{
    ArrivalKind, ArrivalSpec, Key, Mode, ScenarioSpec, TokenMode, TokenSpec, Warmup,
};

/// Longest horizon, seconds: 30,000 years.
const MAX_SECONDS: f64 = 1e12;

/// Start of the window when nothing is said, seconds.
const DEFAULT_WARMUP_S: f64 = 60.0;

/// Rates that make sense, requests per second.
const RATES_PER_S: (f64, f64) = (1e-9, 1e9);

/// Speeds of one GPU that make sense, tokens per second; the upper end serves as "at once".
const SPEEDS_TOKENS_PER_S: (f64, f64) = (1e-6, 1e15);

/// Most GPUs that one pool may have.
pub const MAX_GPUS: u32 = 65_536;

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
    full.warmup_seconds.get_or_insert(Warmup::Seconds(DEFAULT_WARMUP_S));
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
    all_finite(spec)?;
    check_all_stated_apply(spec)?;
    let full = with_defaults(spec, defaults);
    let sim_seconds = within("sim_seconds", full.sim_seconds, (0.0, MAX_SECONDS))?;
    let warmup_seconds = lower_warmup(full.warmup_seconds, sim_seconds)?;
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
        slo_ttft_s: full
            .slo
            .ttft_s
            .map(|slo_s| within("slo.ttft_s", Some(slo_s), (0.0, MAX_SECONDS)))
            .transpose()?,
        cluster: lower_cluster(&full)?,
        arrivals,
    })
}

/// Until its pilots have run, a scenario with `auto` has the warm-up that needs none.
fn lower_warmup(warmup: Option<Warmup>, sim_seconds: f64) -> Result<f64, SpecError> {
    let stated_s = match warmup {
        Some(Warmup::Auto) => return Ok(fallback_warmup_s(sim_seconds)),
        Some(Warmup::Seconds(seconds)) => Some(seconds),
        None => None,
    };
    let warmup_seconds = not_negative("warmup_seconds", stated_s)?;
    if warmup_seconds >= sim_seconds {
        let remedy = format!("it must be below sim_seconds ({sim_seconds})");
        return Err(invalid("warmup_seconds", warmup_seconds, &remedy));
    }
    Ok(warmup_seconds)
}

/// The start of the window where `auto` has nothing to go by, seconds: the default, or half the
/// horizon if that is shorter.
pub fn fallback_warmup_s(sim_seconds: f64) -> f64 {
    DEFAULT_WARMUP_S.min(sim_seconds / 2.0)
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
        Some(end_s) if end_s <= start_s => {
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
        None => default_block(requests),
        Some(block) if block > 0 && block as usize <= requests => block as usize,
        Some(block) => {
            let remedy = format!("it must lie between 1 and the {requests} requests of the trace");
            return Err(invalid("arrival.block_requests", block, &remedy));
        }
    };
    let repeat = arrival.repeat.unwrap_or_default();
    Ok(TraceReplay { view, rate_per_s, repeat, block_requests })
}

/// A tenth of the trace, or its square root where that is more. Seams between blocks tear bursts
/// apart: on a trace with a coefficient of variation of 13, blocks of the square root understated the
/// mean TTFT by 24 %, tenths by 7 %.
fn default_block(requests: usize) -> usize {
    let root = requests.isqrt();
    let root_rounded_up = if root * root < requests { root + 1 } else { root };
    requests.div_ceil(10).max(root_rounded_up)
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
