//! The key table: one row per scenario key, and how a key is found by its name.

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as WordError, StrDeserializer};

use super::keys::{Key, Rank};
use super::scenario::{ArrivalKind, Mode, Observe, ScenarioSpec, TokenMode};
use super::value::{Kind, Value};
use super::warmup::Warmup;

/// A Rust type that a key's value is stored in.
trait Field: Sized {
    fn to_value(&self) -> Value;
    fn from_value(value: &Value) -> Option<Self>;
}

macro_rules! plain_field {
    ($($field:ty => $variant:ident),*) => {$(
        impl Field for $field {
            fn to_value(&self) -> Value {
                Value::$variant(self.clone())
            }
            fn from_value(value: &Value) -> Option<Self> {
                match value {
                    Value::$variant(inner) => Some(inner.clone()),
                    _ => None,
                }
            }
        }
    )*};
}
plain_field!(f64 => Number, u32 => Count, u64 => Seed, bool => Flag, String => Word);

macro_rules! word_field {
    ($($field:ty),*) => {$(
        impl Field for $field {
            fn to_value(&self) -> Value {
                let word = serde_json::to_value(self).ok();
                Value::Word(word.and_then(|w| w.as_str().map(str::to_owned)).unwrap_or_default())
            }
            fn from_value(value: &Value) -> Option<Self> {
                let Value::Word(word) = value else { return None };
                let deserializer: StrDeserializer<'_, WordError> = word.as_str().into_deserializer();
                Self::deserialize(deserializer).ok()
            }
        }
    )*};
}
word_field!(Mode, Observe, ArrivalKind, TokenMode);

impl Field for Warmup {
    fn to_value(&self) -> Value {
        match self {
            Self::Seconds(seconds) => Value::Number(*seconds),
            Self::Auto => Value::Word(Self::AUTO.to_owned()),
        }
    }
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Number(seconds) => Some(Self::Seconds(*seconds)),
            Value::Word(word) if word == Self::AUTO => Some(Self::Auto),
            _ => None,
        }
    }
}

const MODES: Kind = Kind::Word(&["mono", "disagg"]);
const OBSERVATIONS: Kind = Kind::Word(&["events", "arrivals"]);
const ARRIVAL_KINDS: Kind = Kind::Word(&["poisson", "deterministic", "trace"]);
const TOKEN_MODES: Kind = Kind::Word(&[
    "log",
    "real_mean_std",
    "p50_p90",
    "fixed",
    "uniform",
    "exponential",
    "empirical",
]);

/// A row of the table whose value lives in one field of the scenario.
macro_rules! key {
    ($path:expr, $column:expr, $kind:expr, $unit:literal, $applies:expr, $($field:ident).+, $meaning:expr) => {
        Key {
            path: $path,
            aliases: &[],
            column: $column,
            kind: $kind,
            unit: $unit,
            meaning: $meaning,
            rank: Rank::Value,
            applies: $applies,
            get: |spec| spec.$($field).+.as_ref().map(Field::to_value),
            set: |spec, value| spec.$($field).+ = Field::from_value(value),
        }
    };
}

/// A row that sets the same key of both clusters, and thereby that of the cell's own mode.
macro_rules! own_mode_key {
    ($field:ident, $aliases:expr, $meaning:literal) => {
        Key {
            path: stringify!($field),
            aliases: $aliases,
            column: stringify!($field),
            kind: Kind::Number,
            unit: "tokens/s",
            meaning: $meaning,
            rank: Rank::Value,
            applies: always,
            get: |_| None,
            set: |spec, value| {
                spec.cluster_mono.$field = Field::from_value(value);
                spec.cluster_disagg.$field = Field::from_value(value);
            },
        }
    };
}

fn always(_: &ScenarioSpec) -> bool {
    true
}

fn is_mono(spec: &ScenarioSpec) -> bool {
    spec.mode() == Mode::Mono
}

fn is_disagg(spec: &ScenarioSpec) -> bool {
    spec.mode() == Mode::Disagg
}

fn is_trace(spec: &ScenarioSpec) -> bool {
    spec.arrival.kind == Some(ArrivalKind::Trace)
}

fn draws_lengths(spec: &ScenarioSpec) -> bool {
    !is_trace(spec)
}

static SYSTEM_KEYS: [Key; 22] = [
    Key {
        aliases: &["modes"],
        rank: Rank::System,
        ..key!(
            "mode",
            "mode",
            MODES,
            "",
            always,
            mode,
            "mono (one pool) or disagg (prefill pool, then decode pool); default disagg, a sweep takes both"
        )
    },
    key!(
        "sim_seconds",
        "sim_seconds",
        Kind::Number,
        "s",
        always,
        sim_seconds,
        "horizon: end of the window (default 600)"
    ),
    key!(
        "warmup_seconds",
        "warmup_seconds",
        Kind::NumberOr(&[Warmup::AUTO]),
        "s",
        always,
        warmup_seconds,
        "start of the window, below sim_seconds, or auto: found per cell by pilot replications (default 60)"
    ),
    Key {
        aliases: &["seed"],
        ..key!(
            "random_seed",
            "random_seed",
            Kind::Seed,
            "",
            always,
            random_seed,
            "master seed of all random streams (default 42)"
        )
    },
    key!(
        "observe",
        "observe",
        OBSERVATIONS,
        "",
        always,
        observe,
        "events: requests whose first token falls in the window (default); arrivals: requests that arrive in it"
    ),
    Key {
        aliases: &["slo_ttft_s"],
        ..key!(
            "slo.ttft_s",
            "slo_ttft_s",
            Kind::Number,
            "s",
            always,
            slo.ttft_s,
            "service-level objective: the TTFT that a request should not exceed (default: none)"
        )
    },
    Key {
        rank: Rank::System,
        set: |spec, value| {
            if let Some(kind) = Field::from_value(value) {
                spec.switch_arrivals(kind);
            }
        },
        ..key!(
            "arrival.kind",
            "arrival.kind",
            ARRIVAL_KINDS,
            "",
            always,
            arrival.kind,
            "poisson (default), deterministic (constant gaps) or trace (recorded requests)"
        )
    },
    Key {
        aliases: &["rates", "rate_per_s"],
        ..key!(
            "arrival.rate_per_s",
            "rate_per_s",
            Kind::Number,
            "requests/s",
            always,
            arrival.rate_per_s,
            "arrival rate (default 2; a trace keeps its own clock unless this is stated)"
        )
    },
    key!(
        "arrival.path",
        "arrival.path",
        Kind::Path,
        "",
        is_trace,
        arrival.path,
        "trace: the CSV file that is replayed"
    ),
    key!(
        "arrival.repeat",
        "arrival.repeat",
        Kind::Flag,
        "",
        is_trace,
        arrival.repeat,
        "trace: start over past its end, after one mean gap (default true in a sweep, false in simulate)"
    ),
    key!(
        "arrival.block_requests",
        "arrival.block_requests",
        Kind::Count,
        "requests",
        is_trace,
        arrival.block_requests,
        "trace: block length of the bootstrap that makes replications 1, 2, ... (default: a tenth of the requests, at least their square root)"
    ),
    key!(
        "arrival.window.start_s",
        "arrival.window.start_s",
        Kind::Number,
        "s",
        is_trace,
        arrival.window.start_s,
        "trace: use requests from this time of its clock on (default 0)"
    ),
    key!(
        "arrival.window.end_s",
        "arrival.window.end_s",
        Kind::Number,
        "s",
        is_trace,
        arrival.window.end_s,
        "trace: use requests before this time of its clock (default: all)"
    ),
    Key {
        aliases: &["num_gpus"],
        ..key!(
            "cluster_mono.num_gpus",
            "num_gpus",
            Kind::Count,
            "GPUs",
            is_mono,
            cluster_mono.num_gpus,
            "mono: GPUs of the one pool (default 4)"
        )
    },
    key!(
        "cluster_mono.prefill_tokens_per_s",
        "prefill_tokens_per_s",
        Kind::Number,
        "tokens/s",
        is_mono,
        cluster_mono.prefill_tokens_per_s,
        "mono: prefill speed of one GPU (default 8000)"
    ),
    key!(
        "cluster_mono.decode_tokens_per_s",
        "decode_tokens_per_s",
        Kind::Number,
        "tokens/s",
        is_mono,
        cluster_mono.decode_tokens_per_s,
        "mono: decode speed of one GPU (default 2000)"
    ),
    Key {
        aliases: &["prefill_gpus"],
        ..key!(
            "cluster_disagg.prefill_gpus",
            "prefill_gpus",
            Kind::Count,
            "GPUs",
            is_disagg,
            cluster_disagg.prefill_gpus,
            "disagg: GPUs of the prefill pool (default 2)"
        )
    },
    Key {
        aliases: &["decode_gpus"],
        ..key!(
            "cluster_disagg.decode_gpus",
            "decode_gpus",
            Kind::Count,
            "GPUs",
            is_disagg,
            cluster_disagg.decode_gpus,
            "disagg: GPUs of the decode pool (default 2)"
        )
    },
    key!(
        "cluster_disagg.prefill_tokens_per_s",
        "prefill_tokens_per_s",
        Kind::Number,
        "tokens/s",
        is_disagg,
        cluster_disagg.prefill_tokens_per_s,
        "disagg: prefill speed of one GPU (default 8000)"
    ),
    key!(
        "cluster_disagg.decode_tokens_per_s",
        "decode_tokens_per_s",
        Kind::Number,
        "tokens/s",
        is_disagg,
        cluster_disagg.decode_tokens_per_s,
        "disagg: decode speed of one GPU (default 2000)"
    ),
    own_mode_key!(
        prefill_tokens_per_s,
        &["prefill"],
        "prefill speed of one GPU in the cell's own mode"
    ),
    own_mode_key!(
        decode_tokens_per_s,
        &["decode"],
        "decode speed of one GPU in the cell's own mode"
    ),
];

/// The rows of one token-length distribution.
macro_rules! token_keys {
    ($field:ident, $name:literal, $least:literal) => {
        [
            Key {
                rank: Rank::Spelling,
                set: |spec, value| {
                    if let Some(mode) = Field::from_value(value) {
                        spec.$field.switch_to(mode);
                    }
                },
                ..key!(concat!($name, ".mode"), concat!($name, ".mode"), TOKEN_MODES, "", draws_lengths, $field.mode,
                    "how the length distribution is spelled (default log)")
            },
            token_keys!(@ $field, $name, ".mean", mean, Kind::Number, "tokens",
                "log: mean of the logarithm (default 6); real_mean_std, exponential: the mean"),
            token_keys!(@ $field, $name, ".sigma", sigma, Kind::Number, "",
                "log: standard deviation of the logarithm, > 0 (default 1)"),
            token_keys!(@ $field, $name, ".std", std, Kind::Number, "tokens",
                "real_mean_std: standard deviation, > 0"),
            token_keys!(@ $field, $name, ".p50", p50, Kind::Number, "tokens", "p50_p90: median, > 0"),
            token_keys!(@ $field, $name, ".p90", p90, Kind::Number, "tokens",
                "p50_p90: 90th percentile, above p50"),
            token_keys!(@ $field, $name, ".value", value, Kind::Number, "tokens", "fixed: the length"),
            token_keys!(@ $field, $name, ".low", low, Kind::Number, "tokens", "uniform: lower end, included"),
            token_keys!(@ $field, $name, ".high", high, Kind::Number, "tokens", "uniform: upper end, excluded"),
            token_keys!(@ $field, $name, ".path", path, Kind::Path, "",
                "empirical: the trace whose lengths are resampled"),
            key!(concat!($name, ".min_value"), concat!($name, ".min_value"), Kind::Number, "tokens", always,
                $field.min_value, $least),
            key!(concat!($name, ".max_value"), concat!($name, ".max_value"), Kind::Number, "tokens", always,
                $field.max_value, "largest length; longer ones are cut to it (default none)"),
            key!(concat!($name, ".integer"), concat!($name, ".integer"), Kind::Flag, "", draws_lengths,
                $field.integer, "whether lengths are floored to whole tokens (default true)"),
        ]
    };
    // A parameter that only some spellings have.
    (@ $field:ident, $name:literal, $suffix:literal, $param:ident, $kind:expr, $unit:literal, $meaning:literal) => {
        key!(concat!($name, $suffix), concat!($name, $suffix), $kind, $unit,
            |spec| draws_lengths(spec) && spec.$field.mode().parameters().contains(&stringify!($param)),
            $field.$param, $meaning)
    };
}

static PROMPT_KEYS: [Key; 13] = token_keys!(
    prompt_tokens,
    "prompt_tokens",
    "smallest length; shorter ones are raised to it (default 8 for lognormals, else 1; a trace only if stated)"
);
static OUTPUT_KEYS: [Key; 13] = token_keys!(
    output_tokens,
    "output_tokens",
    "smallest length; shorter ones are raised to it (default 16 for lognormals, else 1; a trace only if stated)"
);

impl Key {
    /// All keys, in the order in which references list them.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        SYSTEM_KEYS.iter().chain(&PROMPT_KEYS).chain(&OUTPUT_KEYS)
    }

    /// The key of this path or alias.
    pub fn find(name: &str) -> Option<&'static Self> {
        Self::all().find(|key| key.path == name || key.aliases.contains(&name))
    }

    /// The known name nearest to a misspelt one, if any is near.
    pub fn nearest(name: &str) -> Option<&'static str> {
        let names = Self::all().flat_map(|key| std::iter::once(&key.path).chain(key.aliases));
        // A bare last part (`p50`) should find the key that ends in it.
        let distance = |known: &str| {
            let last = known.rsplit('.').next().unwrap_or(known);
            strsim::damerau_levenshtein(known, name)
                .min(strsim::damerau_levenshtein(last, name) + 1)
        };
        let tolerance = name.len().div_ceil(3);
        names
            // The distance is at least the difference in length, and takes the product of both to find.
            .filter(|known| name.len() <= known.len() + tolerance)
            .map(|known| (distance(known), *known))
            .filter(|&(distance, _)| distance <= tolerance)
            .min_by_key(|&(distance, _)| distance)
            .map(|(_, known)| known)
    }
}
