//! Offered load from exact means: how busy each pool would be, were it never to overflow; and how
//! long it would remember.

use super::system::{Arrivals, Cluster, Scenario};
use super::tokens::{Moments, TokenLengths};
use crate::math;
use crate::spec::Observe;

/// Offered load per pool (Erlangs per GPU). `None` where the mode has no such pool, or where a
/// trace is too short to have a rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OfferedLoad {
    /// Prefill pool: `lambda E[P] / (G_p r_p)`.
    pub prefill: Option<f64>,
    /// Decode pool: `lambda E[max(O, 1)] / (G_d r_d)`.
    pub decode: Option<f64>,
    /// The one pool of mono: `lambda (E[P] / r_p + E[max(O, 1)] / r_d) / G`.
    pub gpu: Option<f64>,
    /// The pool with the larger load.
    pub bottleneck: Bottleneck,
    /// Time in which the system forgets its state, seconds: the longest relaxation time of a pool,
    /// `2 (c_a^2 + c_s^2) E[S] / (G (1 - rho)^2)` (W. Whitt, "Planning queueing simulations",
    /// Management Science 35 (1989): reflected Brownian motion), arrivals at decode taken for Poisson.
    /// `None` where a pool is saturated, and for traces.
    pub relaxation_s: Option<f64>,
}

/// The pool that limits throughput.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Bottleneck {
    Gpu,
    Prefill,
    Decode,
}

impl Bottleneck {
    /// The word in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gpu => "gpu",
            Self::Prefill => "prefill",
            Self::Decode => "decode",
        }
    }
}

impl OfferedLoad {
    /// Computes the load of a scenario.
    pub fn of(scenario: &Scenario, cache: &mut MomentsCache) -> Self {
        let rate_per_s = scenario.arrivals.rate_per_s();
        let arrival_scv = match scenario.arrivals {
            Arrivals::Poisson { .. } => Some(1.0),
            Arrivals::Deterministic { .. } => Some(0.0),
            Arrivals::Trace(_) => None,
        };
        let prompt = cache.moments_at_least(&scenario.prompt_tokens, 0.0);
        let output = cache.moments_at_least(&scenario.output_tokens, 1.0);
        let prefill = Service::of(prompt, scenario.cluster.prefill_tokens_per_s());
        let decode = Service::of(output, scenario.cluster.decode_tokens_per_s());
        let load = |service: &Service, gpus: u32| {
            rate_per_s.map(|rate_per_s| rate_per_s * service.mean_s / f64::from(gpus))
        };
        match scenario.cluster {
            Cluster::Mono(mono) => {
                let service = prefill.followed_by(&decode);
                let gpu = load(&service, mono.num_gpus);
                Self {
                    prefill: None,
                    decode: None,
                    gpu,
                    bottleneck: Bottleneck::Gpu,
                    relaxation_s: relaxation_s(arrival_scv, &service, gpu, mono.num_gpus),
                }
            }
            Cluster::Disagg(pools) => {
                let prefill_load = load(&prefill, pools.prefill_gpus);
                let decode_load = load(&decode, pools.decode_gpus);
                let decode_arrival_scv = arrival_scv.map(|_| 1.0);
                let is_decode_larger = decode_load > prefill_load;
                Self {
                    prefill: prefill_load,
                    decode: decode_load,
                    gpu: None,
                    bottleneck: if is_decode_larger {
                        Bottleneck::Decode
                    } else {
                        Bottleneck::Prefill
                    },
                    relaxation_s: relaxation_s(
                        arrival_scv,
                        &prefill,
                        prefill_load,
                        pools.prefill_gpus,
                    )
                    .zip(relaxation_s(decode_arrival_scv, &decode, decode_load, pools.decode_gpus))
                    .map(|(first_s, second_s)| first_s.max(second_s)),
                }
            }
        }
    }

    /// The load of the bottleneck.
    pub fn largest(&self) -> Option<f64> {
        match self.bottleneck {
            Bottleneck::Gpu => self.gpu,
            Bottleneck::Prefill => self.prefill,
            Bottleneck::Decode => self.decode,
        }
    }

    /// Requests to expect from one job of the scenario that this load is of; an upper bound for a
    /// trace that stops.
    ///
    /// When arrivals are observed in disagg, they keep coming until the last sampled request has
    /// left prefill: past the horizon by the backlog of an overloaded prefill pool.
    pub fn expected_requests(&self, scenario: &Scenario) -> f64 {
        let until_s = match (scenario.observe, self.prefill) {
            (Observe::Arrivals, Some(load)) => scenario.sim_seconds * load.max(1.0),
            _ => scenario.sim_seconds,
        };
        match &scenario.arrivals {
            Arrivals::Trace(replay) if !replay.repeat => math::count(replay.view.len() as u64),
            arrivals => arrivals.rate_per_s().unwrap_or(0.0) * until_s,
        }
    }

    /// Length of the window of the scenario that this load is of, in relaxation times: 0 where the
    /// system is saturated and never relaxes, `None` where they are unknown.
    pub fn relaxations(&self, scenario: &Scenario) -> Option<f64> {
        if self.is_saturated() {
            return Some(0.0);
        }
        self.relaxation_s.map(|relaxation_s| scenario.window_s() / relaxation_s)
    }

    /// Whether queues grow without bound: the bottleneck's load is 1 or more.
    pub fn is_saturated(&self) -> bool {
        self.largest().is_some_and(|load| load >= 1.0)
    }
}

/// Time at one station, by its first two moments.
struct Service {
    mean_s: f64,
    variance_s2: f64,
}

impl Service {
    fn of(tokens: Moments, tokens_per_s: f64) -> Self {
        let std_s = tokens.std / tokens_per_s;
        Self { mean_s: tokens.mean / tokens_per_s, variance_s2: std_s * std_s }
    }

    /// Both parts at one station; lengths that are drawn as pairs are treated as independent here.
    fn followed_by(&self, next: &Self) -> Self {
        Self { mean_s: self.mean_s + next.mean_s, variance_s2: self.variance_s2 + next.variance_s2 }
    }
}

fn relaxation_s(
    arrival_scv: Option<f64>,
    service: &Service,
    load: Option<f64>,
    gpus: u32,
) -> Option<f64> {
    let idle = 1.0 - load.filter(|load| *load < 1.0)?;
    if service.mean_s <= 0.0 {
        return Some(0.0);
    }
    let service_scv = service.variance_s2 / (service.mean_s * service.mean_s);
    let scv = arrival_scv? + service_scv;
    Some(2.0 * scv * service.mean_s / (f64::from(gpus) * idle * idle))
}

/// Moments that were computed before. A plan has many cells and few distributions.
#[derive(Debug, Default)]
pub struct MomentsCache {
    moments: Vec<(TokenLengths, f64, Moments)>,
    covariances: Vec<(TokenLengths, TokenLengths, f64, f64)>,
}

impl MomentsCache {
    /// Past this many distributions the search costs more than it saves.
    const CAPACITY: usize = 64;

    /// See [`TokenLengths::moments_at_least`].
    pub fn moments_at_least(&mut self, lengths: &TokenLengths, floor: f64) -> Moments {
        let known = self.moments.iter().find(|(known, known_floor, _)| {
            known == lengths && known_floor.total_cmp(&floor).is_eq()
        });
        if let Some(&(_, _, moments)) = known {
            return moments;
        }
        let moments = lengths.moments_at_least(floor);
        if self.moments.len() == Self::CAPACITY {
            self.moments.clear();
        }
        self.moments.push((lengths.clone(), floor, moments));
        moments
    }

    /// See [`TokenLengths::covariance`].
    pub fn covariance(
        &mut self,
        prompt: &TokenLengths,
        output: &TokenLengths,
        output_floor: f64,
    ) -> f64 {
        if prompt.rows_shared_with(output).is_none() {
            return 0.0;
        }
        let known = self.covariances.iter().find(|(known_prompt, known_output, known_floor, _)| {
            known_prompt == prompt
                && known_output == output
                && known_floor.total_cmp(&output_floor).is_eq()
        });
        if let Some(&(_, _, _, covariance)) = known {
            return covariance;
        }
        let covariance = prompt.covariance(output, output_floor);
        if self.covariances.len() == Self::CAPACITY {
            self.covariances.clear();
        }
        self.covariances.push((prompt.clone(), output.clone(), output_floor, covariance));
        covariance
    }
}
