//! Accounting: what of a simulated request falls into the window `[start_s, end_s)`.

use super::summary::{Sample, Summary};
use crate::math;
use crate::scenario::{Cluster, Scenario};
use crate::spec::Observe;
use crate::statistics::RunSample;

/// One request, from arrival to end. Times on the clock of the simulation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Served {
    pub(super) number: u64,
    pub(super) arrival_s: f64,
    pub(super) wait_prefill_s: f64,
    pub(super) service_prefill_s: f64,
    pub(super) wait_decode_s: f64,
    pub(super) service_decode_s: f64,
    pub(super) ttft_s: f64,
    pub(super) first_token_s: f64,
    pub(super) end_s: f64,
}

/// The observation window, half open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    start_s: f64,
    pub(super) end_s: f64,
    observe: Observe,
}

impl Window {
    pub(super) fn of(scenario: &Scenario) -> Self {
        Self {
            start_s: scenario.warmup_seconds,
            end_s: scenario.sim_seconds,
            observe: scenario.observe,
        }
    }

    pub(super) fn between(start_s: f64, end_s: f64, observe: Observe) -> Self {
        Self { start_s, end_s, observe }
    }

    #[inline]
    pub(super) fn contains(&self, at_s: f64) -> bool {
        self.start_s <= at_s && at_s < self.end_s
    }

    /// Whether a request arrives and ends inside.
    #[inline]
    pub(super) fn encloses(&self, request: &Served) -> bool {
        self.start_s <= request.arrival_s
            && request.end_s < self.end_s
            && request.first_token_s < self.end_s
    }

    /// Whether a request belongs to the sample set.
    #[inline]
    fn samples(&self, arrival_s: f64, first_token_s: f64) -> bool {
        self.contains(match self.observe {
            Observe::Events => first_token_s,
            Observe::Arrivals => arrival_s,
        })
    }

    /// Length of the part of `[from_s, to_s)` that lies in the window.
    #[inline]
    fn overlap_s(&self, from_s: f64, to_s: f64) -> f64 {
        (to_s.min(self.end_s) - from_s.max(self.start_s)).max(0.0)
    }

    fn length_s(&self) -> f64 {
        self.end_s - self.start_s
    }
}

/// Time spent waiting for a pool and being served by it, clipped to the window.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PoolTally {
    pub(super) waiting_s: f64,
    pub(super) busy_s: f64,
}

impl PoolTally {
    #[inline]
    pub(super) fn add(&mut self, window: &Window, joined_s: f64, start_s: f64, end_s: f64) {
        self.waiting_s += window.overlap_s(joined_s, start_s);
        self.busy_s += window.overlap_s(start_s, end_s);
    }

    fn mean_queue_length(&self, window: &Window) -> f64 {
        self.waiting_s / window.length_s()
    }

    /// Never above 1, also where the sum of many clipped times rounds up.
    fn utilization(&self, window: &Window, gpus: u32) -> f64 {
        (self.busy_s / (f64::from(gpus) * window.length_s())).min(1.0)
    }
}

/// Counts and sums over requests. Sums run in the order in which requests are recorded.
#[derive(Debug)]
pub(super) struct Tally<'a> {
    window: Window,
    ttft_s: &'a mut RunSample,
    slo_ttft_s: Option<f64>,
    counts: Counts,
    sums: Sums,
}

/// Numbers of requests.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) simulated: u64,
    pub(super) in_system_start: u64,
    pub(super) arrivals: u64,
    pub(super) completed: u64,
    pub(super) unfinished: u64,
    pub(super) late_first_tokens: u64,
    pub(super) within_slo: u64,
}

/// Sums over the sample set, seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    pub(super) ttft: f64,
    pub(super) wait_prefill: f64,
    pub(super) service_prefill: f64,
    pub(super) wait_decode: f64,
    pub(super) service_decode: f64,
    pub(super) e2e: f64,
}

impl<'a> Tally<'a> {
    /// Starts at nothing; `ttft_s` is cleared and collects the samples.
    pub(super) fn new(window: Window, slo_ttft_s: Option<f64>, ttft_s: &'a mut RunSample) -> Self {
        ttft_s.clear();
        let (counts, sums) = (Counts::default(), Sums::default());
        Self { window, ttft_s, slo_ttft_s, counts, sums }
    }

    /// Counts a request; returns it as a sample if it is one.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "part of the loop: calls cost 9 of 54 ns per request")]
    pub(super) fn record(&mut self, request: &Served) -> Option<Sample> {
        let Window { start_s, end_s, .. } = self.window;
        let arrives = self.window.contains(request.arrival_s);
        let counts = &mut self.counts;
        counts.simulated += 1;
        counts.arrivals += u64::from(arrives);
        counts.in_system_start +=
            u64::from(request.arrival_s < start_s && request.end_s >= start_s);
        counts.completed += u64::from(self.window.contains(request.end_s));
        counts.unfinished += u64::from(request.arrival_s < end_s && request.end_s >= end_s);
        counts.late_first_tokens += u64::from(arrives && request.first_token_s >= end_s);
        if !self.window.samples(request.arrival_s, request.first_token_s) {
            return None;
        }
        self.sums.ttft += request.ttft_s;
        self.sums.wait_prefill += request.wait_prefill_s;
        self.sums.service_prefill += request.service_prefill_s;
        self.sums.wait_decode += request.wait_decode_s;
        self.sums.service_decode += request.service_decode_s;
        self.sums.e2e += request.end_s - request.arrival_s;
        counts.within_slo +=
            u64::from(self.slo_ttft_s.is_some_and(|slo_s| request.ttft_s <= slo_s));
        self.ttft_s.push(request.ttft_s);
        Some(Sample {
            request: request.number,
            arrival_s: request.arrival_s,
            ttft_s: request.ttft_s,
        })
    }

    /// The result of the job. In mono, `first` is the one pool and `decode` stays empty.
    pub(super) fn summary(self, cluster: &Cluster, first: PoolTally, decode: PoolTally) -> Summary {
        let Self { window, ttft_s, slo_ttft_s, counts, sums } = self;
        let tallied = Tallied { counts, sums, first, decode, has_slo: slo_ttft_s.is_some() };
        tallied.summary(cluster, &window, ttft_s)
    }
}

/// All that a job counted and added up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tallied {
    pub(super) counts: Counts,
    pub(super) sums: Sums,
    /// In mono the one pool.
    pub(super) first: PoolTally,
    /// Empty in mono.
    pub(super) decode: PoolTally,
    pub(super) has_slo: bool,
}

impl Tallied {
    /// The result of the job that gave these samples.
    pub(super) fn summary(
        self,
        cluster: &Cluster,
        window: &Window,
        sample: &mut RunSample,
    ) -> Summary {
        let Self { counts, sums, first, decode, has_slo } = self;
        let samples = sample.len();
        let ttft_s = sample.describe();
        let mean = |sum: f64| (samples > 0).then(|| sum / math::count(samples));
        let mono = match cluster {
            Cluster::Mono(mono) => Some(mono),
            Cluster::Disagg(_) => None,
        };
        let disagg = match cluster {
            Cluster::Disagg(disagg) => Some(disagg),
            Cluster::Mono(_) => None,
        };
        let throughput_rps = math::count(counts.completed) / window.length_s();
        let slo_attainment = if has_slo { mean(math::count(counts.within_slo)) } else { None };
        let in_system_s = first.waiting_s + first.busy_s + decode.waiting_s + decode.busy_s;
        Summary {
            num_simulated: counts.simulated,
            num_in_system_start: counts.in_system_start,
            num_arrivals: counts.arrivals,
            num_samples: samples,
            num_completed: counts.completed,
            num_unfinished: counts.unfinished,
            censored: (counts.arrivals > 0)
                .then(|| math::count(counts.late_first_tokens) / math::count(counts.arrivals)),
            mean_ttft_s: mean(sums.ttft),
            p50_ttft_s: ttft_s.p50,
            p90_ttft_s: ttft_s.p90,
            p99_ttft_s: ttft_s.p99,
            std_ttft_s: ttft_s.std,
            trend_ttft_s: ttft_s.trend,
            onset_ttft_s: ttft_s.onset,
            part_correlation: ttft_s.correlation,
            slo_attainment,
            goodput_rps: has_slo.then(|| throughput_rps * slo_attainment.unwrap_or(0.0)),
            mean_wait_prefill_s: mean(sums.wait_prefill),
            mean_service_prefill_s: mean(sums.service_prefill),
            mean_wait_decode_s: disagg.and_then(|_| mean(sums.wait_decode)),
            mean_service_decode_s: mean(sums.service_decode),
            mean_queue_length_prefill: first.mean_queue_length(window),
            mean_queue_length_decode: disagg.map(|_| decode.mean_queue_length(window)),
            utilization_prefill: disagg.map(|pools| first.utilization(window, pools.prefill_gpus)),
            utilization_decode: disagg.map(|pools| decode.utilization(window, pools.decode_gpus)),
            utilization_gpu: mono.map(|pool| first.utilization(window, pool.num_gpus)),
            throughput_rps,
            mean_e2e_s: mean(sums.e2e),
            little_residual: mean(sums.e2e)
                .filter(|_| in_system_s > 0.0)
                .map(|e2e_s| 1.0 - math::count(counts.arrivals) * e2e_s / in_system_s),
            is_exact: sample.is_exact(),
        }
    }
}
