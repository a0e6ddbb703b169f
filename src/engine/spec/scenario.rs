//! The scenario as written: every key optional, nothing checked beyond its type.
//!
//! Lowering ([`crate::scenario::lower`]) fills in defaults and checks values. A key added here
//! needs a row in the key table ([`super::Key`]); a test compares the two.

use serde::{Deserialize, Serialize};

use super::warmup::Warmup;

/// Architecture of the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// One pool: a request holds its GPU for prefill and decode.
    Mono,
    /// A prefill pool that feeds a decode pool.
    Disagg,
}

/// Which requests the result columns describe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Observe {
    /// Requests whose first token falls in the window.
    #[default]
    Events,
    /// Requests that arrive in the window, each followed to its end.
    Arrivals,
}

/// Where arrivals come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ArrivalKind {
    /// Poisson process.
    #[default]
    Poisson,
    /// Constant gaps.
    Deterministic,
    /// Recorded arrivals and lengths.
    Trace,
}

/// How a token-length distribution is spelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenMode {
    /// Lognormal by mean and standard deviation of the logarithm.
    #[default]
    Log,
    /// Lognormal by its mean and standard deviation.
    RealMeanStd,
    /// Lognormal by its median and 90th percentile.
    P50P90,
    /// A constant.
    Fixed,
    /// Uniform on [low, high).
    Uniform,
    /// Exponential.
    Exponential,
    /// Resampled from a trace.
    Empirical,
}

/// One system under study, as written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the key table says what each key means")]
pub struct ScenarioSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sim_seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warmup_seconds: Option<Warmup>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub random_seed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observe: Option<Observe>,
    #[serde(skip_serializing_if = "is_default")]
    pub slo: SloSpec,
    #[serde(skip_serializing_if = "is_default")]
    pub arrival: ArrivalSpec,
    #[serde(skip_serializing_if = "is_default")]
    pub prompt_tokens: TokenSpec,
    #[serde(skip_serializing_if = "is_default")]
    pub output_tokens: TokenSpec,
    #[serde(skip_serializing_if = "is_default")]
    pub cluster_mono: MonoSpec,
    #[serde(skip_serializing_if = "is_default")]
    pub cluster_disagg: DisaggSpec,
}

/// `slo` of a scenario: what its users are promised.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SloSpec {
    /// Time to first token that a request should not exceed, seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttft_s: Option<f64>,
}

/// `arrival` of a scenario.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the key table says what each key means")]
pub struct ArrivalSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<ArrivalKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_per_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_requests: Option<u32>,
    #[serde(skip_serializing_if = "is_default")]
    pub window: WindowSpec,
}

/// `arrival.window`: the part of a trace that is used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the key table says what each key means")]
pub struct WindowSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_s: Option<f64>,
}

/// `prompt_tokens` and `output_tokens` of a scenario.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the key table says what each key means")]
pub struct TokenSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<TokenMode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sigma: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub std: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p90: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integer: Option<bool>,
}

/// `cluster_mono` of a scenario.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the key table says what each key means")]
pub struct MonoSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_gpus: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefill_tokens_per_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decode_tokens_per_s: Option<f64>,
}

/// `cluster_disagg` of a scenario.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the key table says what each key means")]
pub struct DisaggSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefill_gpus: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decode_gpus: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefill_tokens_per_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decode_tokens_per_s: Option<f64>,
}

impl ScenarioSpec {
    /// Paths of the traces that this scenario names, whether or not its mode uses them.
    pub fn trace_paths(&self) -> impl Iterator<Item = &str> {
        [&self.arrival.path, &self.prompt_tokens.path, &self.output_tokens.path]
            .into_iter()
            .filter_map(Option::as_deref)
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
