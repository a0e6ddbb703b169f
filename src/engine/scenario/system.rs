//! The validated scenario: arrivals, lengths, cluster, window.

use std::fmt::Write;

use super::distribution::TokenDistribution;
use super::tokens::TokenLengths;
use super::trace::TraceView;
use crate::spec::{Mode, Observe, Warmup};

/// One system under study. All numbers are finite and in range.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Horizon: end of the window, seconds, > `warmup_seconds`.
    pub sim_seconds: f64,
    /// Start of the window, seconds, >= 0.
    pub warmup_seconds: f64,
    /// Master seed.
    pub random_seed: u64,
    /// Which requests the results describe.
    pub observe: Observe,
    /// Service-level objective: a time to first token that requests should not exceed, seconds, > 0.
    pub slo_ttft_s: Option<f64>,
    /// When requests arrive.
    pub arrivals: Arrivals,
    /// Prompt lengths. Of a trace: the recorded column with its bounds.
    pub prompt_tokens: TokenLengths,
    /// Output lengths. Of a trace: the recorded column with its bounds.
    pub output_tokens: TokenLengths,
    /// What serves them.
    pub cluster: Cluster,
}

/// The arrival process.
#[derive(Clone, Debug, PartialEq)]
pub enum Arrivals {
    /// Poisson process.
    Poisson {
        /// Requests per second, > 0.
        rate_per_s: f64,
    },
    /// Constant gaps; the first arrival is one gap after 0.
    Deterministic {
        /// Requests per second, > 0.
        rate_per_s: f64,
    },
    /// Recorded requests.
    Trace(TraceReplay),
}

/// How a trace is replayed.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceReplay {
    /// The requests.
    pub view: TraceView,
    /// Rate that the clock is stretched to, requests per second; `None` leaves it as recorded.
    pub rate_per_s: Option<f64>,
    /// Whether the trace starts over past its end.
    pub repeat: bool,
    /// Block length of the bootstrap that makes further replications, 1 to the trace's length.
    pub block_requests: usize,
}

/// The cluster.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cluster {
    /// One pool.
    Mono(MonoCluster),
    /// Prefill pool, then decode pool.
    Disagg(DisaggCluster),
}

/// A pool whose GPUs do prefill and decode.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MonoCluster {
    /// GPUs, >= 1.
    pub num_gpus: u32,
    /// Prefill speed of one GPU, tokens per second, > 0.
    pub prefill_tokens_per_s: f64,
    /// Decode speed of one GPU, tokens per second, > 0.
    pub decode_tokens_per_s: f64,
}

/// A prefill pool and a decode pool.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DisaggCluster {
    /// GPUs of the prefill pool, >= 1.
    pub prefill_gpus: u32,
    /// GPUs of the decode pool, >= 1.
    pub decode_gpus: u32,
    /// Prefill speed of one GPU, tokens per second, > 0.
    pub prefill_tokens_per_s: f64,
    /// Decode speed of one GPU, tokens per second, > 0.
    pub decode_tokens_per_s: f64,
}

impl Scenario {
    /// Length of the window, seconds.
    pub fn window_s(&self) -> f64 {
        self.sim_seconds - self.warmup_seconds
    }

    /// Requests to expect before the horizon; 0 for a trace without a rate.
    pub(crate) fn mean_arrivals(&self) -> f64 {
        self.arrivals.rate_per_s().unwrap_or(0.0) * self.sim_seconds
    }

    /// What names the system itself, in a fixed spelling: everything but window,
    /// objective and seed.
    pub fn canonical(&self) -> String {
        let mut text = self.cluster.canonical();
        // Writing to a String cannot fail.
        let _ = match &self.arrivals {
            Arrivals::Poisson { rate_per_s } => write!(text, " poisson {rate_per_s:?}"),
            Arrivals::Deterministic { rate_per_s } => write!(text, " deterministic {rate_per_s:?}"),
            Arrivals::Trace(replay) => write!(
                text,
                " trace {} {:?} {} {}",
                replay.view.identity(),
                replay.rate_per_s,
                replay.repeat,
                replay.block_requests
            ),
        };
        for lengths in [&self.prompt_tokens, &self.output_tokens] {
            text.push_str(&lengths.canonical());
        }
        text
    }

    /// The window, how it is observed and what it is held against, in a fixed spelling.
    ///
    /// `is_auto` says that the start is yet to be found, or was: what names the cell is then the
    /// word, not the number.
    pub(crate) fn canonical_window(&self, is_auto: bool) -> String {
        let start =
            if is_auto { Warmup::AUTO.to_owned() } else { format!("{:?}", self.warmup_seconds) };
        let slo = self.slo_ttft_s.map_or_else(String::new, |slo_s| format!(" slo {slo_s:?}"));
        format!("{start} {:?} {:?}{slo}", self.sim_seconds, self.observe)
    }
}

impl Arrivals {
    /// Long-run rate, requests per second; `None` for a trace too short to have one.
    pub fn rate_per_s(&self) -> Option<f64> {
        match self {
            Self::Poisson { rate_per_s } | Self::Deterministic { rate_per_s } => Some(*rate_per_s),
            Self::Trace(replay) => replay.rate_per_s.or_else(|| replay.view.mean_rate_per_s()),
        }
    }
}

impl TraceReplay {
    /// A recorded time on the clock of the simulation: unchanged, or stretched to the stated rate.
    #[inline]
    pub(crate) fn stretched_s(&self, recorded_s: f64) -> f64 {
        match (self.rate_per_s, self.view.mean_rate_per_s()) {
            (Some(rate_per_s), Some(own_rate_per_s)) => recorded_s * own_rate_per_s / rate_per_s,
            _ => recorded_s,
        }
    }

    /// When its last request arrives on the clock of the simulation, seconds.
    pub fn end_s(&self) -> f64 {
        self.stretched_s(self.view.span_s())
    }
}

impl Cluster {
    /// Its mode.
    pub fn mode(&self) -> Mode {
        match self {
            Self::Mono(_) => Mode::Mono,
            Self::Disagg(_) => Mode::Disagg,
        }
    }

    /// GPUs of all pools.
    pub fn gpus(&self) -> u32 {
        match self {
            Self::Mono(mono) => mono.num_gpus,
            Self::Disagg(disagg) => disagg.prefill_gpus + disagg.decode_gpus,
        }
    }

    /// Prefill speed of one GPU, tokens per second.
    pub fn prefill_tokens_per_s(&self) -> f64 {
        match self {
            Self::Mono(mono) => mono.prefill_tokens_per_s,
            Self::Disagg(disagg) => disagg.prefill_tokens_per_s,
        }
    }

    /// Decode speed of one GPU, tokens per second.
    pub fn decode_tokens_per_s(&self) -> f64 {
        match self {
            Self::Mono(mono) => mono.decode_tokens_per_s,
            Self::Disagg(disagg) => disagg.decode_tokens_per_s,
        }
    }

    fn canonical(&self) -> String {
        let speeds = (self.prefill_tokens_per_s(), self.decode_tokens_per_s());
        match self {
            Self::Mono(mono) => format!("mono {} {speeds:?}", mono.num_gpus),
            Self::Disagg(disagg) => {
                format!("disagg {}+{} {speeds:?}", disagg.prefill_gpus, disagg.decode_gpus)
            }
        }
    }
}

impl TokenLengths {
    fn canonical(&self) -> String {
        let distribution = match &self.distribution {
            TokenDistribution::Lognormal { mu, sigma } => format!("lognormal {mu:?} {sigma:?}"),
            TokenDistribution::Fixed { value } => format!("fixed {value:?}"),
            TokenDistribution::Uniform { low, high } => format!("uniform {low:?} {high:?}"),
            TokenDistribution::Exponential { mean } => format!("exponential {mean:?}"),
            TokenDistribution::Empirical { lengths } => {
                format!("empirical {} {:?}", lengths.view.identity(), lengths.column)
            }
        };
        format!(" {distribution} {:?} {:?} {}", self.min_value, self.max_value, self.integer)
    }
}
