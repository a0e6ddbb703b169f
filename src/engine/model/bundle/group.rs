//! A group: as many jobs as a vector has lanes, with pools of the same sizes, simulated side by side.
//!
//! Every lane sees the same number of requests. A lane whose last request has come goes on with those
//! that follow, which changes none of its results: they come after its window and cannot overtake what
//! is still observed. When all lanes are done, requests that never arrive push out what is left.
#![expect(clippy::inline_always, reason = "vector instructions are inlined where they exist only")]

use pulp::{NullaryFnOnce, Simd};

use super::pools::{Line, lanes, lanes_mut};
use super::stations::{
    BlockInputs, BlockWork, DecodeRows, LastState, MonoRows, PrefillState, Rows, prefill, serve,
};
use super::tally::{BlockSamples, LanePoolTally, LaneSample, LaneTally, LaneWindow};
use crate::math;
use crate::model::requests::BLOCK_REQUESTS;
use crate::model::tally::{PoolTally, Tallied};
use crate::scenario::{Cluster, Scenario};
use crate::spec::Observe;

/// Jobs of one class can share a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Class {
    /// Of prefill; of the one pool in mono.
    first_gpus: u32,
    /// `None` in mono.
    decode_gpus: Option<u32>,
    follows_arrivals: bool,
}

impl Class {
    pub(super) fn of(scenario: &Scenario) -> Self {
        let (first_gpus, decode_gpus) = match scenario.cluster {
            Cluster::Mono(mono) => (mono.num_gpus, None),
            Cluster::Disagg(disagg) => (disagg.prefill_gpus, Some(disagg.decode_gpus)),
        };
        Self { first_gpus, decode_gpus, follows_arrivals: scenario.observe == Observe::Arrivals }
    }

    /// Whether it is a large prefill pool with more GPUs than requests: to empty it would take more than
    /// to fill it.
    pub(super) fn is_mostly_idle(self, requests: f64) -> bool {
        const LARGE: u32 = 64;
        let gpus = self.first_gpus;
        self.decode_gpus.is_some() && gpus > LARGE && f64::from(gpus) > requests
    }
}

/// A group under way.
pub(super) struct Group<S: Simd> {
    class: Class,
    window: LaneWindow<S>,
    /// Time of one decode step, seconds.
    first_token_s: S::f64s,
    first: FirstStation<S>,
    decode: Option<LastState<S>>,
    tally: LaneTally<S>,
    arriving: Arriving<S>,
    /// Requests that have entered the first pool.
    entered: usize,
}

/// Who of the lanes still has requests to come.
#[derive(Clone, Copy)]
pub(super) struct Arriving<S: Simd> {
    /// 1 where requests are still to come, else 0.
    is_open: S::f64s,
    /// Requests that came.
    simulated: S::f64s,
    /// Until when arrivals can still overtake a sampled request on its way to decode.
    last_needed_s: S::f64s,
}

/// The pool where requests arrive.
enum FirstStation<S: Simd> {
    Mono(LastState<S>),
    Prefill { pool: PrefillState<S>, tally: LanePoolTally<S> },
}

impl<S: Simd> Group<S> {
    /// Of one scenario per lane, all of one class.
    pub(super) fn new(simd: S, scenarios: &[&Scenario]) -> Self {
        let class = Class::of(scenarios[0]);
        let per_lane = |value: &dyn Fn(&Scenario) -> f64| {
            let mut vector = simd.splat_f64s(0.0);
            for (lane, scenario) in lanes_mut(&mut vector).iter_mut().zip(scenarios) {
                *lane = value(scenario);
            }
            vector
        };
        let end_s = per_lane(&|scenario| scenario.sim_seconds);
        let first = match class.decode_gpus {
            None => FirstStation::Mono(LastState::new(simd, class.first_gpus)),
            Some(_) => FirstStation::Prefill {
                pool: PrefillState::new(simd, class.first_gpus),
                tally: LanePoolTally::new(simd),
            },
        };
        Self {
            class,
            window: LaneWindow {
                start_s: per_lane(&|scenario| scenario.warmup_seconds),
                end_s,
                observe: scenarios[0].observe,
            },
            first_token_s: per_lane(&|scenario| 1.0 / scenario.cluster.decode_tokens_per_s()),
            first,
            decode: class.decode_gpus.map(|gpus| LastState::new(simd, gpus)),
            tally: LaneTally::new(simd),
            arriving: Arriving {
                is_open: simd.splat_f64s(1.0),
                simulated: simd.splat_f64s(0.0),
                last_needed_s: end_s,
            },
            entered: 0,
        }
    }

    /// Whether requests are still to come in some lane.
    pub(super) fn is_open(&self) -> bool {
        lanes(&self.arriving.is_open).iter().any(|&is_open| is_open > 0.0)
    }

    /// Lets a block of requests arrive.
    pub(super) fn admit_block(
        &mut self,
        simd: S,
        inputs: BlockInputs<S>,
        work: &mut BlockWork<S>,
        samples: &mut [LaneSample],
    ) {
        let Self { class, window, first_token_s, first, decode, tally, arriving, entered } = self;
        let follows = class.follows_arrivals && class.decode_gpus.is_some();
        if !follows {
            simd.vectorize(CountArrivals { simd, window, arriving, arrival_s: inputs.arrival_s });
        }
        match first {
            FirstStation::Mono(pool) => {
                let rows = MonoRows { inputs, first_token_s: *first_token_s };
                serve(simd, pool, rows, window, tally, work);
            }
            FirstStation::Prefill { pool, tally: pool_tally } => {
                let follow = follows.then_some(arriving);
                prefill(simd, pool, inputs, window, pool_tally, follow, work);
                let gpus = class.first_gpus as usize;
                // The first requests take GPUs that nobody leaves.
                let from = gpus.saturating_sub(*entered).min(BLOCK_REQUESTS);
                if let Some(pool) = decode {
                    let departures = std::mem::take(&mut work.departures);
                    let rows = DecodeRows {
                        departures: &departures[from..],
                        first_token_s: *first_token_s,
                    };
                    serve(simd, pool, rows, window, tally, work);
                    work.departures = departures;
                }
            }
        }
        *entered += BLOCK_REQUESTS;
        simd.vectorize(HandOver { samples, block: &mut work.samples });
    }

    /// Lets all requests end that are still in the first pool.
    pub(super) fn drain(&mut self, simd: S, work: &mut BlockWork<S>, samples: &mut [LaneSample]) {
        if self.class.decode_gpus.is_none() {
            return;
        }
        let never = [Line(simd.splat_f64s(f64::INFINITY)); BLOCK_REQUESTS];
        let nothing = [Line(simd.splat_f64s(0.0)); BLOCK_REQUESTS];
        let inputs = BlockInputs { arrival_s: &never, prefill_s: &nothing, decode_s: &nothing };
        let gpus = self.class.first_gpus as usize;
        let until = self.entered.max(gpus) + gpus;
        while self.entered < until {
            self.admit_block(simd, inputs, work, samples);
        }
    }

    /// What one lane counted and added up.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count, exact in a float"
    )]
    pub(super) fn of_lane(&self, lane: usize, sample: &LaneSample) -> Tallied {
        let simulated = lanes(&self.arriving.simulated)[lane] as u64;
        let last = self.tally.last.of_lane(lane);
        let (first, decode) = match &self.first {
            FirstStation::Mono(_) => (last, PoolTally::default()),
            FirstStation::Prefill { tally, .. } => (tally.of_lane(lane), last),
        };
        Tallied {
            counts: self.tally.counts_of_lane(lane, simulated, sample.within_slo),
            sums: self.tally.sums_of_lane(lane),
            first,
            decode,
            has_slo: sample.slo_ttft_s.is_some(),
        }
    }
}

/// Counts requests that arrive before the horizon.
struct CountArrivals<'b, S: Simd> {
    simd: S,
    window: &'b LaneWindow<S>,
    arriving: &'b mut Arriving<S>,
    arrival_s: &'b Rows<S>,
}

impl<S: Simd> NullaryFnOnce for CountArrivals<'_, S> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { simd, window, arriving, arrival_s } = self;
        let (zero, one) = (simd.splat_f64s(0.0), simd.splat_f64s(1.0));
        let comes = |row: &Line<S::f64s>| simd.less_than_f64s(row.0, window.end_s);
        let count = |mask| simd.select_f64s(mask, one, zero);
        arriving.is_open = count(comes(&arrival_s[BLOCK_REQUESTS - 1]));
        arriving.simulated = if lanes(&arriving.is_open).iter().all(|&is_open| is_open > 0.0) {
            simd.add_f64s(arriving.simulated, simd.splat_f64s(math::count(BLOCK_REQUESTS as u64)))
        } else {
            arrival_s
                .iter()
                .fold(arriving.simulated, |sum, row| simd.add_f64s(sum, count(comes(row))))
        };
    }
}

/// Hands samples over to the lanes.
struct HandOver<'b, S: Simd> {
    samples: &'b mut [LaneSample],
    block: &'b mut BlockSamples<S>,
}

impl<S: Simd> NullaryFnOnce for HandOver<'_, S> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.block.drain_to(self.samples);
    }
}

impl<S: Simd> Arriving<S> {
    /// A lane is done with the first request past the horizon that cannot overtake a sampled one.
    #[inline(always)]
    pub(super) fn follow(
        &mut self,
        simd: S,
        window: &LaneWindow<S>,
        arrival_s: S::f64s,
        end_s: S::f64s,
    ) {
        let (zero, one) = (simd.splat_f64s(0.0), simd.splat_f64s(1.0));
        let is_past = simd.greater_than_or_equal_f64s(arrival_s, window.end_s);
        let is_unneeded = simd.greater_than_f64s(arrival_s, self.last_needed_s);
        let is_last = simd.and_m64s(is_past, is_unneeded);
        self.is_open = simd.select_f64s(is_last, zero, self.is_open);
        self.simulated = simd.add_f64s(self.simulated, self.is_open);
        let is_sample =
            simd.and_m64s(window.contains(simd, arrival_s), simd.equal_f64s(self.is_open, one));
        let needed_s = simd.max_f64s(self.last_needed_s, end_s);
        self.last_needed_s = simd.select_f64s(is_sample, needed_s, self.last_needed_s);
    }
}
