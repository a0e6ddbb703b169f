//! Pools as sorted arrays: the times at which GPUs become free, one vector per GPU, moved by
//! compare-exchange. The cheapest for few GPUs, since there is nothing to predict.
#![expect(clippy::inline_always, reason = "vector instructions are inlined where they exist only")]

use pulp::Simd;

use super::pools::{Admitted, LastPool, Line, Prefilled};

/// Times at which GPUs become free, rising.
pub(super) struct Sorted<S: Simd, const GPUS: usize> {
    free_s: [S::f64s; GPUS],
}

impl<S: Simd, const GPUS: usize> Sorted<S, GPUS> {
    #[inline(always)]
    pub(super) fn load(state: &[Line<S::f64s>]) -> Self {
        Self { free_s: std::array::from_fn(|gpu| state[gpu].0) }
    }

    #[inline(always)]
    pub(super) fn store(&self, state: &mut [Line<S::f64s>]) {
        for (line, free_s) in state.iter_mut().zip(self.free_s) {
            line.0 = free_s;
        }
    }
}

impl<S: Simd, const GPUS: usize> LastPool<S> for Sorted<S, GPUS> {
    #[inline(always)]
    fn admit(&mut self, simd: S, joined_s: S::f64s, service_s: S::f64s) -> Admitted<S::f64s> {
        let start_s = simd.max_f64s(joined_s, self.free_s[0]);
        let end_s = simd.add_f64s(start_s, service_s);
        let mut moving_s = end_s;
        for gpu in 1..GPUS {
            let other_s = self.free_s[gpu];
            self.free_s[gpu - 1] = simd.min_f64s(moving_s, other_s);
            moving_s = simd.max_f64s(moving_s, other_s);
        }
        self.free_s[GPUS - 1] = moving_s;
        Admitted { start_s, end_s }
    }
}

/// Requests in prefill in the order in which it ends, ties by order of entry.
pub(super) struct SortedPrefill<S: Simd, const GPUS: usize> {
    busy: [Prefilled<S::f64s>; GPUS],
}

impl<S: Simd, const GPUS: usize> SortedPrefill<S, GPUS> {
    #[inline(always)]
    pub(super) fn load(state: &[Line<S::f64s>]) -> Self {
        Self {
            busy: std::array::from_fn(|gpu| {
                let [end_s, arrival_s, wait_s, prefill_s, decode_s] =
                    std::array::from_fn(|field| state[5 * gpu + field].0);
                Prefilled { end_s, arrival_s, wait_s, prefill_s, decode_s }
            }),
        }
    }

    #[inline(always)]
    pub(super) fn store(&self, state: &mut [Line<S::f64s>]) {
        for (lines, request) in state.chunks_exact_mut(5).zip(&self.busy) {
            let Prefilled { end_s, arrival_s, wait_s, prefill_s, decode_s } = *request;
            for (line, value) in
                lines.iter_mut().zip([end_s, arrival_s, wait_s, prefill_s, decode_s])
            {
                line.0 = value;
            }
        }
    }
}

impl<S: Simd, const GPUS: usize> SortedPrefill<S, GPUS> {
    /// When the next GPU of every lane becomes free.
    #[inline(always)]
    pub(super) fn earliest_s(&self) -> S::f64s {
        self.busy[0].end_s
    }

    /// Puts a request of every lane on that GPU; returns the one that leaves it. A GPU that served
    /// nobody yet gives any values.
    #[inline(always)]
    pub(super) fn replace(&mut self, simd: S, entering: Prefilled<S::f64s>) -> Prefilled<S::f64s> {
        let leaving = self.busy[0];
        let mut moving = entering;
        for gpu in 1..GPUS {
            let other = self.busy[gpu];
            // Of requests that end together the one that entered first goes first.
            let is_first = simd.less_than_f64s(entering.end_s, other.end_s);
            let choose = |yes, no| simd.select_f64s(is_first, yes, no);
            self.busy[gpu - 1] = Prefilled {
                end_s: choose(moving.end_s, other.end_s),
                arrival_s: choose(moving.arrival_s, other.arrival_s),
                wait_s: choose(moving.wait_s, other.wait_s),
                prefill_s: choose(moving.prefill_s, other.prefill_s),
                decode_s: choose(moving.decode_s, other.decode_s),
            };
            moving = Prefilled {
                end_s: choose(other.end_s, moving.end_s),
                arrival_s: choose(other.arrival_s, moving.arrival_s),
                wait_s: choose(other.wait_s, moving.wait_s),
                prefill_s: choose(other.prefill_s, moving.prefill_s),
                decode_s: choose(other.decode_s, moving.decode_s),
            };
        }
        self.busy[GPUS - 1] = moving;
        leaving
    }
}

/// As [`Sorted`], of any size, in memory.
pub(super) struct SortedLines<'s, S: Simd> {
    pub(super) free_s: &'s mut [Line<S::f64s>],
}

impl<S: Simd> LastPool<S> for SortedLines<'_, S> {
    #[inline(always)]
    fn admit(&mut self, simd: S, joined_s: S::f64s, service_s: S::f64s) -> Admitted<S::f64s> {
        let start_s = simd.max_f64s(joined_s, self.free_s[0].0);
        let end_s = simd.add_f64s(start_s, service_s);
        let mut moving_s = end_s;
        let last = self.free_s.len() - 1;
        for gpu in 0..last {
            let other_s = self.free_s[gpu + 1].0;
            self.free_s[gpu].0 = simd.min_f64s(moving_s, other_s);
            moving_s = simd.max_f64s(moving_s, other_s);
        }
        self.free_s[last].0 = moving_s;
        Admitted { start_s, end_s }
    }
}
