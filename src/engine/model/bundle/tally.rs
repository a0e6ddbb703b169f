//! Accounting for many lanes: the same counts and sums as `tally`, in the same order within a lane.
//!
//! Most requests lie wholly inside the window, or wholly outside, in all lanes at once: then there is
//! nothing to compare and nothing to mask.
#![expect(clippy::inline_always, reason = "vector instructions are inlined where they exist only")]

use pulp::Simd;

use super::pools::{Line, lanes};
use crate::model::requests::BLOCK_REQUESTS;
use crate::model::tally::{Counts, PoolTally, Sums};
use crate::spec::Observe;
use crate::statistics::RunSample;

/// The windows of the lanes, half open.
#[derive(Clone, Copy)]
pub(super) struct LaneWindow<S: Simd> {
    pub(super) start_s: S::f64s,
    pub(super) end_s: S::f64s,
    pub(super) observe: Observe,
}

impl<S: Simd> LaneWindow<S> {
    #[inline(always)]
    pub(super) fn contains(&self, simd: S, at_s: S::f64s) -> S::m64s {
        simd.and_m64s(
            simd.greater_than_or_equal_f64s(at_s, self.start_s),
            simd.less_than_f64s(at_s, self.end_s),
        )
    }

    /// Whether a request is in the system inside the window only, in every lane.
    #[inline(always)]
    fn encloses(&self, simd: S, from_s: S::f64s, to_s: S::f64s) -> bool {
        let starts_before = simd.less_than_f64s(from_s, self.start_s);
        let ends_after = simd.greater_than_or_equal_f64s(to_s, self.end_s);
        is_nowhere(simd, simd.or_m64s(starts_before, ends_after))
    }

    /// Whether a request is gone before the window, or comes after it, in every lane.
    #[inline(always)]
    fn misses(&self, simd: S, from_s: S::f64s, to_s: S::f64s) -> bool {
        let ends_inside = simd.greater_than_or_equal_f64s(to_s, self.start_s);
        let starts_inside = simd.less_than_f64s(from_s, self.end_s);
        is_nowhere(simd, simd.and_m64s(ends_inside, starts_inside))
    }

    #[inline(always)]
    fn overlap_s(&self, simd: S, from_s: S::f64s, to_s: S::f64s) -> S::f64s {
        let length_s =
            simd.sub_f64s(simd.min_f64s(to_s, self.end_s), simd.max_f64s(from_s, self.start_s));
        simd.max_f64s(length_s, simd.splat_f64s(0.0))
    }
}

#[inline(always)]
fn is_nowhere<S: Simd>(simd: S, mask: S::m64s) -> bool {
    simd.first_true_m64s(mask) == S::F64_LANES
}

/// Waiting and service in a pool, clipped to the window, seconds.
#[derive(Clone, Copy)]
pub(super) struct LanePoolTally<S: Simd> {
    waiting_s: S::f64s,
    busy_s: S::f64s,
}

impl<S: Simd> LanePoolTally<S> {
    pub(super) fn new(simd: S) -> Self {
        Self { waiting_s: simd.splat_f64s(0.0), busy_s: simd.splat_f64s(0.0) }
    }

    /// Counts a request that was in the pool inside the window only.
    #[inline(always)]
    fn add_whole(&mut self, simd: S, joined_s: S::f64s, start_s: S::f64s, end_s: S::f64s) {
        self.waiting_s = simd.add_f64s(self.waiting_s, simd.sub_f64s(start_s, joined_s));
        self.busy_s = simd.add_f64s(self.busy_s, simd.sub_f64s(end_s, start_s));
    }

    #[inline(always)]
    fn add_clipped(
        &mut self,
        simd: S,
        window: &LaneWindow<S>,
        [joined_s, start_s, end_s]: [S::f64s; 3],
    ) {
        self.waiting_s = simd.add_f64s(self.waiting_s, window.overlap_s(simd, joined_s, start_s));
        self.busy_s = simd.add_f64s(self.busy_s, window.overlap_s(simd, start_s, end_s));
    }

    #[inline(always)]
    pub(super) fn add(
        &mut self,
        simd: S,
        window: &LaneWindow<S>,
        [joined_s, start_s, end_s]: [S::f64s; 3],
    ) {
        if window.encloses(simd, joined_s, end_s) {
            self.add_whole(simd, joined_s, start_s, end_s);
        } else if !window.misses(simd, joined_s, end_s) {
            self.add_clipped(simd, window, [joined_s, start_s, end_s]);
        }
    }

    pub(super) fn of_lane(&self, lane: usize) -> PoolTally {
        PoolTally { waiting_s: lanes(&self.waiting_s)[lane], busy_s: lanes(&self.busy_s)[lane] }
    }
}

/// One request of every lane. Times in seconds.
#[derive(Clone, Copy)]
#[expect(clippy::struct_field_names, reason = "every field is a time, with its unit")]
pub(super) struct LaneServed<S: Simd> {
    pub(super) arrival_s: S::f64s,
    pub(super) wait_prefill_s: S::f64s,
    pub(super) service_prefill_s: S::f64s,
    pub(super) wait_decode_s: S::f64s,
    pub(super) service_decode_s: S::f64s,
    pub(super) ttft_s: S::f64s,
    pub(super) first_token_s: S::f64s,
    /// When it joined the last pool, and began and ended its service there.
    pub(super) joined_s: S::f64s,
    pub(super) start_s: S::f64s,
    pub(super) end_s: S::f64s,
}

/// Counts, as floats (exact below 2^53), and sums over the sample sets.
#[derive(Clone, Copy)]
pub(super) struct LaneTally<S: Simd> {
    /// Requests that were inside the window only, in every lane.
    enclosed: u64,
    in_system_start: S::f64s,
    arrivals: S::f64s,
    completed: S::f64s,
    unfinished: S::f64s,
    late_first_tokens: S::f64s,
    ttft: S::f64s,
    wait_prefill: S::f64s,
    service_prefill: S::f64s,
    wait_decode: S::f64s,
    service_decode: S::f64s,
    e2e: S::f64s,
    /// Of the last pool.
    pub(super) last: LanePoolTally<S>,
}

/// Times to first token of a block, per lane in order; not a number where a lane has none.
pub(super) struct BlockSamples<S: Simd> {
    rows: [Line<S::f64s>; BLOCK_REQUESTS],
    len: usize,
    /// Whether some lane has none in some row.
    is_sparse: bool,
}

impl<S: Simd> BlockSamples<S> {
    pub(super) fn new(simd: S) -> Self {
        let rows = [Line(simd.splat_f64s(0.0)); BLOCK_REQUESTS];
        Self { rows, len: 0, is_sparse: false }
    }

    #[inline(always)]
    fn push(&mut self, ttft_s: S::f64s) {
        self.rows[self.len].0 = ttft_s;
        self.len += 1;
    }

    /// Hands the block's samples over to the lanes.
    #[inline(always)]
    pub(super) fn drain_to(&mut self, samples: &mut [LaneSample]) {
        let rows = &self.rows[..self.len];
        for (lane, lane_sample) in samples.iter_mut().enumerate() {
            let LaneSample { ttft_s, slo_ttft_s, within_slo } = lane_sample;
            let values = rows.iter().map(|row| lanes(&row.0)[lane]);
            if let Some(slo_s) = *slo_ttft_s {
                *within_slo += values.clone().filter(|value| *value <= slo_s).count() as u64;
            }
            if self.is_sparse {
                values.filter(|value| !value.is_nan()).for_each(|value| ttft_s.push(value));
            } else {
                ttft_s.extend(values);
            }
        }
        self.len = 0;
        self.is_sparse = false;
    }
}

/// The samples of one lane.
#[derive(Debug, Default)]
pub(super) struct LaneSample {
    pub(super) ttft_s: RunSample,
    pub(super) slo_ttft_s: Option<f64>,
    /// How many lie within the objective.
    pub(super) within_slo: u64,
}

impl LaneSample {
    /// Forgets the samples of another job.
    pub(super) fn begin(&mut self, slo_ttft_s: Option<f64>) {
        self.ttft_s.clear();
        self.slo_ttft_s = slo_ttft_s;
        self.within_slo = 0;
    }
}

impl<S: Simd> LaneTally<S> {
    pub(super) fn new(simd: S) -> Self {
        let zero = simd.splat_f64s(0.0);
        Self {
            enclosed: 0,
            in_system_start: zero,
            arrivals: zero,
            completed: zero,
            unfinished: zero,
            late_first_tokens: zero,
            ttft: zero,
            wait_prefill: zero,
            service_prefill: zero,
            wait_decode: zero,
            service_decode: zero,
            e2e: zero,
            last: LanePoolTally::new(simd),
        }
    }

    /// Counts a request of every lane.
    #[inline(always)]
    pub(super) fn record(
        &mut self,
        simd: S,
        window: &LaneWindow<S>,
        request: &LaneServed<S>,
        samples: &mut BlockSamples<S>,
    ) {
        let LaneServed { arrival_s, joined_s, start_s, end_s, .. } = *request;
        if window.encloses(simd, arrival_s, end_s) {
            self.enclosed += 1;
            self.last.add_whole(simd, joined_s, start_s, end_s);
            self.add_to_sums(simd, request, |value| value);
            samples.push(request.ttft_s);
        } else if !window.misses(simd, arrival_s, end_s) {
            self.record_clipped(simd, window, request, samples);
        }
    }

    /// Counts a request that some lane has only in part inside its window.
    #[inline(always)]
    fn record_clipped(
        &mut self,
        simd: S,
        window: &LaneWindow<S>,
        request: &LaneServed<S>,
        samples: &mut BlockSamples<S>,
    ) {
        let LaneServed { arrival_s, joined_s, start_s, end_s, first_token_s, .. } = *request;
        let (zero, one) = (simd.splat_f64s(0.0), simd.splat_f64s(1.0));
        let count = |sum, mask| simd.add_f64s(sum, simd.select_f64s(mask, one, zero));
        let arrives = window.contains(simd, arrival_s);
        self.arrivals = count(self.arrivals, arrives);
        let was_there = simd.and_m64s(
            simd.less_than_f64s(arrival_s, window.start_s),
            simd.greater_than_or_equal_f64s(end_s, window.start_s),
        );
        self.in_system_start = count(self.in_system_start, was_there);
        self.completed = count(self.completed, window.contains(simd, end_s));
        let stays = simd.and_m64s(
            simd.less_than_f64s(arrival_s, window.end_s),
            simd.greater_than_or_equal_f64s(end_s, window.end_s),
        );
        self.unfinished = count(self.unfinished, stays);
        let is_late =
            simd.and_m64s(arrives, simd.greater_than_or_equal_f64s(first_token_s, window.end_s));
        self.late_first_tokens = count(self.late_first_tokens, is_late);
        self.last.add_clipped(simd, window, [joined_s, start_s, end_s]);
        let is_sample = match window.observe {
            Observe::Arrivals => arrives,
            Observe::Events => window.contains(simd, first_token_s),
        };
        self.add_to_sums(simd, request, |value| simd.select_f64s(is_sample, value, zero));
        samples.push(simd.select_f64s(is_sample, request.ttft_s, simd.splat_f64s(f64::NAN)));
        samples.is_sparse = true;
    }

    #[inline(always)]
    fn add_to_sums(
        &mut self,
        simd: S,
        request: &LaneServed<S>,
        masked: impl Fn(S::f64s) -> S::f64s,
    ) {
        let add = |sum, value| simd.add_f64s(sum, masked(value));
        self.ttft = add(self.ttft, request.ttft_s);
        self.wait_prefill = add(self.wait_prefill, request.wait_prefill_s);
        self.service_prefill = add(self.service_prefill, request.service_prefill_s);
        self.wait_decode = add(self.wait_decode, request.wait_decode_s);
        self.service_decode = add(self.service_decode, request.service_decode_s);
        self.e2e = add(self.e2e, simd.sub_f64s(request.end_s, request.arrival_s));
    }

    /// What one lane counted; `simulated` requests entered its system.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts, exact in floats"
    )]
    pub(super) fn counts_of_lane(&self, lane: usize, simulated: u64, within_slo: u64) -> Counts {
        let count = |counts: &S::f64s| lanes(counts)[lane] as u64;
        Counts {
            simulated,
            in_system_start: count(&self.in_system_start),
            arrivals: count(&self.arrivals) + self.enclosed,
            completed: count(&self.completed) + self.enclosed,
            unfinished: count(&self.unfinished),
            late_first_tokens: count(&self.late_first_tokens),
            within_slo,
        }
    }

    pub(super) fn sums_of_lane(&self, lane: usize) -> Sums {
        let sum = |sums: &S::f64s| lanes(sums)[lane];
        Sums {
            ttft: sum(&self.ttft),
            wait_prefill: sum(&self.wait_prefill),
            service_prefill: sum(&self.service_prefill),
            wait_decode: sum(&self.wait_decode),
            service_decode: sum(&self.service_decode),
            e2e: sum(&self.e2e),
        }
    }
}
