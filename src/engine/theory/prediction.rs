//! What queueing theory says of a scenario, beside what a simulation finds.

use super::station::{Law, ServiceTime, Station, Stream, Waiting};
use super::{DeterministicTandem, Method};
use crate::scenario::{Arrivals, Cluster, MomentsCache, Scenario, TokenDistribution, TokenLengths};

/// Share of a mean below which a difference counts as nothing.
const NEGLIGIBLE: f64 = 1e-9;

/// Steady-state waits and time to first token of a scenario.
///
/// A part is `None` where nothing honest can be said: the pool is saturated, or what feeds it is,
/// or the arrivals are a trace, whose bursts no formula here describes. The window plays no role.
///
/// A number is exact if the assumptions of its formula hold to a share of 1e-9 of the mean service:
///
/// - A service is constant if the lengths that it depends on are fixed, or bounded to one value.
/// - It is exponential if the length is exponential, not floored and without `max_value`, and the
///   lower bound (1 for outputs, since a decode takes a step at least) is so far below the mean
///   that it moves it by less than that share: means of 22,361 tokens and more per token of bound.
/// - In mono both parts of the service count, unless the root mean square of one of them is below
///   that share of the mean of both.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Prediction {
    /// The wait for a prefill GPU; in mono for a GPU.
    pub prefill: Option<Waiting>,
    /// The wait for a decode GPU; `None` in mono, which has no such pool.
    pub decode: Option<Waiting>,
    /// Mean time to first token, seconds: mean waits, mean prefill and one decode step.
    pub mean_ttft_s: Option<f64>,
}

impl Prediction {
    /// Predicts a scenario. `cache` holds the moments of token lengths that cells have in common.
    pub fn of(scenario: &Scenario, cache: &mut MomentsCache) -> Self {
        let (rate_per_s, stream) = match scenario.arrivals {
            Arrivals::Poisson { rate_per_s } => (rate_per_s, Stream::Poisson),
            Arrivals::Deterministic { rate_per_s } => (rate_per_s, Stream::EvenlySpaced),
            Arrivals::Trace(_) => return Self::default(),
        };
        let cluster = &scenario.cluster;
        let prefill_speed = cluster.prefill_tokens_per_s();
        let decode_speed = cluster.decode_tokens_per_s();
        let prefill = Part::of(&scenario.prompt_tokens, 0.0, prefill_speed, cache);
        let decode = Part::of(&scenario.output_tokens, 1.0, decode_speed, cache);
        let unloaded_s = prefill.mean_s + 1.0 / decode_speed;
        match *cluster {
            Cluster::Mono(mono) => {
                let tokens =
                    cache.covariance(&scenario.prompt_tokens, &scenario.output_tokens, 1.0);
                let service = prefill.followed_by(&decode, tokens / prefill_speed / decode_speed);
                let pool = Station { rate_per_s, stream, service, servers: mono.num_gpus };
                Self::of_pools(&pool, None, unloaded_s)
            }
            Cluster::Disagg(pools) => {
                let (service, servers) = (prefill.alone(), pools.prefill_gpus);
                let pool = Station { rate_per_s, stream, service, servers };
                Self::of_pools(&pool, Some((decode.alone(), pools.decode_gpus)), unloaded_s)
            }
        }
    }

    /// The waits in the first pool and, in disagg, in the decode pool behind it, whose service and
    /// GPUs are given; `unloaded_s` is the mean time to first token where nobody waits.
    fn of_pools(first: &Station, second: Option<(ServiceTime, u32)>, unloaded_s: f64) -> Self {
        let prefill = first.waiting();
        let decode = second.and_then(|(service, servers)| decode_waiting(first, service, servers));
        let prefill_s = prefill.map(|waiting| waiting.mean_s);
        let decode_s = match second {
            Some(_) => decode.map(|waiting| waiting.mean_s),
            None => Some(0.0),
        };
        let mean_ttft_s =
            prefill_s.zip(decode_s).map(|(first, second)| first + second + unloaded_s);
        Self { prefill, decode, mean_ttft_s }
    }

    /// Whether the mean time to first token is exact; `None` if there is none.
    pub fn is_exact(&self) -> Option<bool> {
        let is_exact = |waiting: Option<Waiting>| waiting.is_none_or(|w| w.method.is_exact());
        self.mean_ttft_s.map(|_| is_exact(self.prefill) && is_exact(self.decode))
    }
}

/// The wait of what leaves the prefill pool.
fn decode_waiting(prefill: &Station, service: ServiceTime, servers: u32) -> Option<Waiting> {
    let stream = prefill.departures()?;
    let decode = Station { rate_per_s: prefill.rate_per_s, stream, service, servers };
    constant_tandem(prefill, &decode).or_else(|| decode.waiting())
}

/// One constant server behind another, fed by a Poisson process.
fn constant_tandem(prefill: &Station, decode: &Station) -> Option<Waiting> {
    let is_constant =
        |station: &Station| station.service.law == Law::Constant && station.servers == 1;
    if prefill.stream != Stream::Poisson || !is_constant(prefill) || !is_constant(decode) {
        return None;
    }
    let tandem =
        DeterministicTandem::new(prefill.rate_per_s, prefill.service.mean_s, decode.service.mean_s);
    tandem.ok().map(|tandem| Waiting {
        method: Method::Md1Tandem,
        mean_s: tandem.mean_wait_second_s(),
        probability: None,
        p99_s: None,
    })
}

/// Prefill or decode of a request: a token count over a speed.
#[derive(Clone, Copy, Debug)]
struct Part {
    mean_s: f64,
    std_s: f64,
    law: Law,
}

impl Part {
    fn of(lengths: &TokenLengths, least: f64, tokens_per_s: f64, cache: &mut MomentsCache) -> Self {
        let moments = cache.moments_at_least(lengths, least);
        Self {
            mean_s: moments.mean / tokens_per_s,
            std_s: moments.std / tokens_per_s,
            law: law_of(lengths, least),
        }
    }

    fn alone(&self) -> ServiceTime {
        service_time(self.mean_s, self.std_s * self.std_s, self.law)
    }

    /// The service that consists of both parts.
    fn followed_by(&self, next: &Self, covariance_s2: f64) -> ServiceTime {
        let mean_s = self.mean_s + next.mean_s;
        let is_negligible = |part: &Self| {
            part.mean_s * part.mean_s + part.std_s * part.std_s
                < (NEGLIGIBLE * mean_s) * (NEGLIGIBLE * mean_s)
        };
        let law = if is_negligible(self) {
            next.law
        } else if is_negligible(next) {
            self.law
        } else if self.law == Law::Constant && next.law == Law::Constant {
            Law::Constant
        } else {
            Law::General
        };
        let variance_s2 = self.std_s * self.std_s + next.std_s * next.std_s + 2.0 * covariance_s2;
        service_time(mean_s, variance_s2, law)
    }
}

fn service_time(mean_s: f64, variance_s2: f64, law: Law) -> ServiceTime {
    let scv = match law {
        Law::Constant => 0.0,
        Law::Exponential => 1.0,
        Law::General => variance_s2.max(0.0) / (mean_s * mean_s),
    };
    ServiceTime { mean_s, scv, law }
}

/// The family of max(count, `least`).
fn law_of(lengths: &TokenLengths, least: f64) -> Law {
    let low = lengths.min_value.max(least);
    if lengths.max_value.is_some_and(|max_value| max_value <= low) {
        return Law::Constant;
    }
    match lengths.distribution {
        TokenDistribution::Fixed { .. } => Law::Constant,
        // A lower bound adds about low^2 / (2 mean) to the mean.
        TokenDistribution::Exponential { mean }
            if !lengths.integer
                && lengths.max_value.is_none()
                && low * low < 2.0 * NEGLIGIBLE * mean * mean =>
        {
            Law::Exponential
        }
        _ => Law::General,
    }
}
