//! The two stations of a system, for the lanes of a group: a block of requests through one pool.
#![expect(clippy::inline_always, reason = "vector instructions are inlined where they exist only")]
#![expect(clippy::struct_field_names, reason = "every field is a time, with its unit")]

use pulp::{NullaryFnOnce, Simd};

use super::group::Arriving;
use super::pools::{Admitted, LastPool, Line, Prefilled, lanes_mut};
use super::sorted::{Sorted, SortedLines, SortedPrefill};
use super::tally::{BlockSamples, LanePoolTally, LaneServed, LaneTally, LaneWindow};
use super::trees::{PrefillTrees, Trees};
use crate::model::requests::BLOCK_REQUESTS;

/// GPUs up to which a last pool is kept sorted; larger ones are trees.
const SORTED_GPUS: u32 = 128;

/// The same for a prefill pool, whose requests carry more.
const SORTED_PREFILL_GPUS: u32 = 8;

/// Inputs of the lanes, request by request.
pub(super) type Rows<S> = [Line<<S as Simd>::f64s>; BLOCK_REQUESTS];

/// Arrival times, prefill times and decode times of a block of requests, seconds.
#[derive(Clone, Copy)]
pub(super) struct BlockInputs<'b, S: Simd> {
    pub(super) arrival_s: &'b Rows<S>,
    pub(super) prefill_s: &'b Rows<S>,
    pub(super) decode_s: &'b Rows<S>,
}

/// A last pool between two blocks.
pub(super) enum LastState<S: Simd> {
    Sorted(Vec<Line<S::f64s>>),
    Trees(Trees),
}

/// A prefill pool between two blocks.
pub(super) enum PrefillState<S: Simd> {
    Sorted(Vec<Line<S::f64s>>),
    Trees(PrefillTrees),
}

impl<S: Simd> LastState<S> {
    pub(super) fn new(simd: S, gpus: u32) -> Self {
        if gpus <= SORTED_GPUS {
            Self::Sorted(vec![Line(simd.splat_f64s(0.0)); gpus as usize])
        } else {
            Self::Trees(Trees::new(gpus as usize, S::F64_LANES))
        }
    }
}

impl<S: Simd> PrefillState<S> {
    pub(super) fn new(simd: S, gpus: u32) -> Self {
        if gpus <= SORTED_PREFILL_GPUS {
            Self::Sorted(vec![Line(simd.splat_f64s(0.0)); 5 * gpus as usize])
        } else {
            Self::Trees(PrefillTrees::new(gpus as usize, S::F64_LANES))
        }
    }
}

/// Memory of a block, used by one group after the other.
pub(super) struct BlockWork<S: Simd> {
    /// What leaves the prefill pool.
    pub(super) departures: Vec<Departure<S>>,
    pub(super) samples: BlockSamples<S>,
    /// Of trees: when prefill starts.
    starts_s: Box<Rows<S>>,
    /// Of trees: when requests join, then start; and their service times.
    joining: Vec<[Line<S::f64s>; 2]>,
}

/// A request that leaves the prefill pool: end of prefill, arrival, wait, prefill time and decode time.
pub(super) type Departure<S> = [Line<<S as Simd>::f64s>; 5];

impl<S: Simd> BlockWork<S> {
    pub(super) fn new(simd: S) -> Self {
        let zero = Line(simd.splat_f64s(0.0));
        Self {
            departures: vec![[zero; 5]; BLOCK_REQUESTS],
            samples: BlockSamples::new(simd),
            starts_s: Box::new([zero; BLOCK_REQUESTS]),
            joining: vec![[zero; 2]; BLOCK_REQUESTS],
        }
    }
}

/// Requests as they join the last pool.
pub(super) trait JoiningRows<S: Simd>: Copy {
    fn len(&self) -> usize;

    /// When a request joins, and how long its service takes, seconds.
    fn joining(&self, simd: S, row: usize) -> (S::f64s, S::f64s);

    /// The request once it is served.
    fn served(&self, simd: S, row: usize, admitted: Admitted<S::f64s>) -> LaneServed<S>;
}

/// One pool for prefill and decode.
#[derive(Clone, Copy)]
pub(super) struct MonoRows<'b, S: Simd> {
    pub(super) inputs: BlockInputs<'b, S>,
    pub(super) first_token_s: S::f64s,
}

impl<S: Simd> JoiningRows<S> for MonoRows<'_, S> {
    #[inline(always)]
    fn len(&self) -> usize {
        BLOCK_REQUESTS
    }

    #[inline(always)]
    fn joining(&self, simd: S, row: usize) -> (S::f64s, S::f64s) {
        let BlockInputs { arrival_s, prefill_s, decode_s } = self.inputs;
        (arrival_s[row].0, simd.add_f64s(prefill_s[row].0, decode_s[row].0))
    }

    #[inline(always)]
    fn served(&self, simd: S, row: usize, admitted: Admitted<S::f64s>) -> LaneServed<S> {
        let arrival_s = self.inputs.arrival_s[row].0;
        let service_prefill_s = self.inputs.prefill_s[row].0;
        let wait_s = simd.sub_f64s(admitted.start_s, arrival_s);
        let to_first_token_s = simd.add_f64s(service_prefill_s, self.first_token_s);
        LaneServed {
            arrival_s,
            wait_prefill_s: wait_s,
            service_prefill_s,
            wait_decode_s: simd.splat_f64s(0.0),
            service_decode_s: self.inputs.decode_s[row].0,
            ttft_s: simd.add_f64s(wait_s, to_first_token_s),
            first_token_s: simd.add_f64s(admitted.start_s, to_first_token_s),
            joined_s: arrival_s,
            start_s: admitted.start_s,
            end_s: admitted.end_s,
        }
    }
}

/// Departures of prefill.
#[derive(Clone, Copy)]
pub(super) struct DecodeRows<'b, S: Simd> {
    pub(super) departures: &'b [Departure<S>],
    pub(super) first_token_s: S::f64s,
}

impl<S: Simd> JoiningRows<S> for DecodeRows<'_, S> {
    #[inline(always)]
    fn len(&self) -> usize {
        self.departures.len()
    }

    #[inline(always)]
    fn joining(&self, _: S, row: usize) -> (S::f64s, S::f64s) {
        let [joined_s, _, _, _, decode_s] = self.departures[row].map(|line| line.0);
        (joined_s, decode_s)
    }

    #[inline(always)]
    fn served(&self, simd: S, row: usize, admitted: Admitted<S::f64s>) -> LaneServed<S> {
        let [joined_s, arrival_s, wait_prefill_s, service_prefill_s, service_decode_s] =
            self.departures[row].map(|line| line.0);
        let wait_decode_s = simd.sub_f64s(admitted.start_s, joined_s);
        let to_decode_s = simd.add_f64s(wait_prefill_s, service_prefill_s);
        let ttft_s = simd.add_f64s(simd.add_f64s(to_decode_s, wait_decode_s), self.first_token_s);
        LaneServed {
            arrival_s,
            wait_prefill_s,
            service_prefill_s,
            wait_decode_s,
            service_decode_s,
            ttft_s,
            first_token_s: simd.add_f64s(admitted.start_s, self.first_token_s),
            joined_s,
            start_s: admitted.start_s,
            end_s: admitted.end_s,
        }
    }
}

/// Serves a block of requests in the last pool, and counts them.
struct ServeBlock<'b, S: Simd, P, R> {
    simd: S,
    pool: P,
    rows: R,
    window: &'b LaneWindow<S>,
    tally: &'b mut LaneTally<S>,
    samples: &'b mut BlockSamples<S>,
}

impl<S: Simd, P: LastPool<S>, R: JoiningRows<S>> NullaryFnOnce for ServeBlock<'_, S, P, R> {
    type Output = P;

    #[inline(always)]
    fn call(self) -> P {
        let Self { simd, mut pool, rows, window, tally, samples } = self;
        let window = *window;
        let mut sums = *tally;
        for row in 0..rows.len() {
            let (joined_s, service_s) = rows.joining(simd, row);
            let admitted = pool.admit(simd, joined_s, service_s);
            sums.record(simd, &window, &rows.served(simd, row, admitted), samples);
        }
        *tally = sums;
        pool
    }
}

/// Lets requests join a last pool.
pub(super) fn serve<S: Simd, R: JoiningRows<S>>(
    simd: S,
    pool: &mut LastState<S>,
    rows: R,
    window: &LaneWindow<S>,
    tally: &mut LaneTally<S>,
    work: &mut BlockWork<S>,
) {
    let samples = &mut work.samples;
    macro_rules! sorted {
        ($state:expr, $($gpus:literal)*) => {
            match $state.len() {
                $($gpus => {
                    let pool = Sorted::<S, $gpus>::load($state);
                    let block = ServeBlock { simd, pool, rows, window, tally, samples };
                    simd.vectorize(block).store($state);
                })*
                _ => {
                    let pool = SortedLines::<S> { free_s: $state };
                    simd.vectorize(ServeBlock { simd, pool, rows, window, tally, samples });
                }
            }
        };
    }
    match pool {
        LastState::Sorted(state) => sorted!(state, 1 2 3 4 5 6 7 8),
        LastState::Trees(trees) => {
            let joining = &mut work.joining[..rows.len()];
            for (row, line) in joining.iter_mut().enumerate() {
                let (joined_s, service_s) = rows.joining(simd, row);
                *line = [Line(joined_s), Line(service_s)];
            }
            trees.admit(joining);
            let pool = Started { joining: joining.iter() };
            simd.vectorize(ServeBlock { simd, pool, rows, window, tally, samples });
        }
    }
}

/// A pool that said already when each request starts.
struct Started<'s, S: Simd> {
    joining: std::slice::Iter<'s, [Line<S::f64s>; 2]>,
}

impl<S: Simd> LastPool<S> for Started<'_, S> {
    #[inline(always)]
    fn admit(&mut self, simd: S, joined_s: S::f64s, service_s: S::f64s) -> Admitted<S::f64s> {
        let start_s = self.joining.next().map_or(joined_s, |[start_s, _]| start_s.0);
        Admitted { start_s, end_s: simd.add_f64s(start_s, service_s) }
    }
}

/// Accounts for the prefill pool.
struct PrefillCount<'b, S: Simd> {
    simd: S,
    window: &'b LaneWindow<S>,
    tally: LanePoolTally<S>,
    /// Where arrivals are followed past the horizon.
    follow: Option<&'b mut Arriving<S>>,
}

impl<S: Simd> PrefillCount<'_, S> {
    #[inline(always)]
    fn add(&mut self, arrival_s: S::f64s, start_s: S::f64s, end_s: S::f64s) {
        self.tally.add(self.simd, self.window, [arrival_s, start_s, end_s]);
        if let Some(arriving) = &mut self.follow {
            arriving.follow(self.simd, self.window, arrival_s, end_s);
        }
    }
}

/// Serves a block of requests in a prefill pool, and counts them.
struct PrefillBlock<'b, S: Simd, const GPUS: usize> {
    pool: SortedPrefill<S, GPUS>,
    inputs: BlockInputs<'b, S>,
    count: PrefillCount<'b, S>,
    departures: &'b mut [Departure<S>],
}

impl<S: Simd, const GPUS: usize> NullaryFnOnce for PrefillBlock<'_, S, GPUS> {
    type Output = (SortedPrefill<S, GPUS>, LanePoolTally<S>);

    #[inline(always)]
    fn call(self) -> Self::Output {
        let Self { mut pool, inputs, mut count, departures } = self;
        let simd = count.simd;
        for (row, departure) in departures.iter_mut().enumerate() {
            let arrival_s = inputs.arrival_s[row].0;
            let prefill_s = inputs.prefill_s[row].0;
            let start_s = simd.max_f64s(arrival_s, pool.earliest_s());
            let end_s = simd.add_f64s(start_s, prefill_s);
            let entering = Prefilled {
                end_s,
                arrival_s,
                wait_s: simd.sub_f64s(start_s, arrival_s),
                prefill_s,
                decode_s: inputs.decode_s[row].0,
            };
            let leaving = pool.replace(simd, entering);
            *departure = [
                Line(leaving.end_s),
                Line(leaving.arrival_s),
                Line(leaving.wait_s),
                Line(leaving.prefill_s),
                Line(leaving.decode_s),
            ];
            count.add(arrival_s, start_s, end_s);
        }
        (pool, count.tally)
    }
}

/// Counts requests that a prefill pool has served.
struct CountPrefills<'b, S: Simd> {
    inputs: BlockInputs<'b, S>,
    starts_s: &'b Rows<S>,
    count: PrefillCount<'b, S>,
}

impl<S: Simd> NullaryFnOnce for CountPrefills<'_, S> {
    type Output = LanePoolTally<S>;

    #[inline(always)]
    fn call(self) -> Self::Output {
        let Self { inputs, starts_s, mut count } = self;
        for (row, start_s) in starts_s.iter().enumerate() {
            let end_s = count.simd.add_f64s(start_s.0, inputs.prefill_s[row].0);
            count.add(inputs.arrival_s[row].0, start_s.0, end_s);
        }
        count.tally
    }
}

/// Lets requests enter a prefill pool.
pub(super) fn prefill<S: Simd>(
    simd: S,
    pool: &mut PrefillState<S>,
    inputs: BlockInputs<S>,
    window: &LaneWindow<S>,
    tally: &mut LanePoolTally<S>,
    follow: Option<&mut Arriving<S>>,
    work: &mut BlockWork<S>,
) {
    let count = PrefillCount { simd, window, tally: *tally, follow };
    let departures = &mut work.departures[..];
    macro_rules! sorted {
        ($state:expr, $($gpus:literal)*) => {
            match $state.len() / 5 {
                $($gpus => {
                    let pool = SortedPrefill::<S, $gpus>::load($state);
                    let block = PrefillBlock { pool, inputs, count, departures };
                    let (pool, counted) = simd.vectorize(block);
                    pool.store($state);
                    *tally = counted;
                })*
                gpus => debug_assert!(false, "a sorted pool of {gpus} GPUs"),
            }
        };
    }
    match pool {
        PrefillState::Sorted(state) => sorted!(state, 1 2 3 4 5 6 7 8),
        PrefillState::Trees(trees) => {
            trees.admit(inputs, &mut work.starts_s, departures);
            *tally = simd.vectorize(CountPrefills { inputs, starts_s: &work.starts_s, count });
        }
    }
}

/// Puts values of one source per lane side by side.
pub(super) fn interleave<S: Simd>(rows: &mut Rows<S>, sources: &[&[f64; BLOCK_REQUESTS]]) {
    for (row, line) in rows.iter_mut().enumerate() {
        for (value, source) in lanes_mut(&mut line.0).iter_mut().zip(sources) {
            *value = source[row];
        }
    }
}
