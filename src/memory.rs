//! How much memory a run will take at most, from its plan. Pure.
//!
//! What is held at the same time is added up, each part as large as it may become: `scripts/bench/memory.py` holds
//! the sum against real runs, and measured what a cell, a job and a request of a trace take.
#![expect(clippy::cast_precision_loss, reason = "an estimate")]

use std::ops::Range;

use sweep_engine::plan::{BUNDLED_NUMBERS, Cell, Chunk, Plan};
use sweep_engine::scenario::Traces;
use sweep_engine::statistics::EXACT_VALUES;

use crate::bytes::Bytes;

/// The program, its allocator and the encoders of tables.
const PROGRAM: f64 = 48e6;

/// A thread before it has done anything.
const THREAD: f64 = 2e6;

/// A request of a trace: its line, and three numbers, while the file is read.
const TRACED_REQUEST: f64 = 120.0;

/// A cell in the plan, in the summary, and in a run that is taken over.
const PLANNED_CELL: f64 = 4_000.0;

/// A cell of the chunk at hand: its row, and as much once more in its part; the same for each earlier look.
const CELL: f64 = 4_500.0;

/// A job of the chunk at hand: its result, its row, and its share of the part.
const JOB: f64 = 2_200.0;

/// Jobs whose rows wait in memory until the tables are written, and what each takes.
pub(crate) const WAITING_JOBS: u64 = 200_000;
const WAITING_JOB: f64 = 1_000.0;

/// Samples that are kept for sweeps that grow, of a whole run.
const KEPT: f64 = 128e6;

/// A number, with its share of the ends of buckets.
const POOLED_NUMBER: f64 = 10.0;

/// A number of a sample that is being described: itself, in a buffer that grew, and sorted.
const OWN_NUMBER: f64 = 24.0;

const NUMBER: f64 = 8.0;

/// What stays of a run that is kept as a histogram.
const HISTOGRAM: f64 = 131_072.0;

/// Requests of a chunk below which chunks are not worth their files.
const LEAST_CHUNK: u64 = 1_000_000;

/// What memory is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// Rows of the largest chunk, and those that wait for the tables.
    Rows,
    /// Samples of the cells under way.
    Samples,
    /// What so many threads have at hand.
    Threads(usize),
    /// Cells of the plan.
    Cells,
    Traces,
    Program,
}

/// What a run takes at most.
#[derive(Clone, Debug)]
pub(crate) struct MemoryNeed {
    /// In bytes, the largest first.
    uses: Vec<(Use, f64)>,
}

/// What a run may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MemoryLimit {
    Stated(Bytes),
    /// A share of what the machine has available.
    Available(Bytes),
}

impl MemoryLimit {
    /// As stated, or else four fifths of what is available.
    pub(crate) fn new(stated: Option<Bytes>, available_bytes: Option<u64>) -> Option<Self> {
        let share = |bytes: u64| Self::Available(Bytes(bytes / 5 * 4));
        stated.map(Self::Stated).or(available_bytes.map(share))
    }

    /// Whether it is kept.
    pub(crate) fn holds(self, need: &MemoryNeed) -> bool {
        need.total() <= self.bytes()
    }

    pub(crate) fn bytes(self) -> Bytes {
        match self {
            Self::Stated(bytes) | Self::Available(bytes) => bytes,
        }
    }
}

/// What makes a run fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Remedy {
    /// For `--threads`, if fewer are needed.
    pub(crate) threads: Option<usize>,
    /// For `--chunk-requests`, if less is needed.
    pub(crate) chunk_requests: Option<u64>,
    /// What it takes then.
    pub(crate) total: Bytes,
}

impl MemoryNeed {
    /// Of a plan with its traces on some threads.
    pub(crate) fn of(plan: &Plan, traces: &Traces, threads: usize) -> Self {
        let traced = traces.iter().map(|(_, trace)| TRACED_REQUEST * real(trace.len()));
        let mut uses = vec![
            (Use::Rows, rows(plan)),
            (Use::Samples, samples(plan)),
            (Use::Threads(threads), busy_threads(plan, threads)),
            (Use::Cells, PLANNED_CELL * real(plan.cells.len())),
            (Use::Traces, traced.sum()),
            (Use::Program, PROGRAM),
        ];
        uses.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        Self { uses }
    }

    /// All together.
    pub(crate) fn total(&self) -> Bytes {
        Bytes::rounded(self.uses.iter().map(|(_, bytes)| bytes).sum())
    }

    /// What matters, the largest first; at least one.
    pub(crate) fn largest(&self) -> impl Iterator<Item = (Use, Bytes)> {
        const SHARE: f64 = 0.05;
        let least = SHARE * self.uses.iter().map(|(_, bytes)| bytes).sum::<f64>();
        let matter = self.uses.iter().filter(move |(_, bytes)| *bytes >= least);
        matter.map(|(what, bytes)| (*what, Bytes::rounded(*bytes)))
    }
}

/// Smaller chunks, or else fewer threads, or both, with which a run takes no more than `limit`. Changes the chunks of
/// the plan.
///
/// # Errors
/// There are none: what it takes at least.
pub(crate) fn remedy(
    plan: &mut Plan,
    traces: &Traces,
    threads: usize,
    limit: Bytes,
) -> Result<Remedy, MemoryNeed> {
    let stated = plan.limits.requests_per_chunk;
    let mut fewer = threads;
    loop {
        for chunk_requests in [stated].into_iter().chain(round_below(stated)) {
            plan.rechunk(chunk_requests);
            let total = MemoryNeed::of(plan, traces, fewer).total();
            if total <= limit {
                return Ok(Remedy {
                    threads: (fewer < threads).then_some(fewer),
                    chunk_requests: (chunk_requests < stated).then_some(chunk_requests),
                    total,
                });
            }
        }
        if fewer == 1 {
            return Err(MemoryNeed::of(plan, traces, 1));
        }
        fewer /= 2;
    }
}

/// 200, 100, 50, 20, ... million requests, as far as that is less.
fn round_below(stated: u64) -> impl Iterator<Item = u64> {
    let tens = (0..4).rev().map(|exponent| LEAST_CHUNK * 10_u64.pow(exponent));
    tens.flat_map(|ten| [5, 2, 1].map(|times| times * ten)).filter(move |round| *round < stated)
}

/// Rows of the largest chunk, with the samples that are kept of it, and of what waits for the tables.
fn rows(plan: &Plan) -> f64 {
    let numbers = |cell: &Cell| cell.expected_requests() * f64::from(most_jobs(plan, cell));
    let of_chunk = |chunk: &Chunk| {
        let cells = &plan.cells[chunk.cells()];
        let share = real(cells.len()) / real(plan.cells.len());
        let kept = (NUMBER * cells.iter().map(numbers).sum::<f64>()).min(KEPT * share);
        let of_cells = CELL * most_looks(plan) * real(cells.len());
        JOB * all_jobs(plan, chunk.cells()) + of_cells + kept
    };
    let largest = plan.chunks().iter().map(of_chunk).fold(0.0, f64::max);
    let waiting = all_jobs(plan, 0..plan.cells.len()).min(WAITING_JOBS as f64);
    largest + WAITING_JOB * waiting
}

/// Replications that a cell may get; one that is saturated gets no more than it must.
fn most_jobs(plan: &Plan, cell: &Cell) -> u32 {
    if cell.load.is_saturated() { plan.replications } else { plan.most_replications() }
}

/// The same of several cells.
fn all_jobs(plan: &Plan, cells: Range<usize>) -> f64 {
    plan.cells[cells].iter().map(|cell| f64::from(most_jobs(plan, cell))).sum()
}

/// Looks at a cell: replications double from look to look, and so may the length of its runs.
fn most_looks(plan: &Plan) -> f64 {
    const LENGTHENED: f64 = 6.0;
    if plan.precision.is_none() {
        return 1.0;
    }
    let growth = f64::from(plan.most_replications()) / f64::from(plan.replications);
    1.0 + LENGTHENED + growth.log2().ceil()
}

/// Samples of the cells that are under way together.
fn samples(plan: &Plan) -> f64 {
    let of_cell = |cell: &Cell| {
        let runs = f64::from(plan.kept_whole(cell, most_jobs(plan, cell)));
        runs * if plan.narrows(cell) { POOLED_NUMBER * values(cell) } else { HISTOGRAM }
    };
    let of_wave = |wave: Range<usize>| plan.cells[wave].iter().map(of_cell).sum();
    let largest = plan.waves().into_iter().map(of_wave).fold(0.0, f64::max);
    if plan.precision.is_some() {
        // Later looks and longer runs may have as much as there is room for.
        largest.max(POOLED_NUMBER * plan.limits.samples_at_once as f64)
    } else {
        largest
    }
}

/// What threads have at hand while they simulate.
fn busy_threads(plan: &Plan, threads: usize) -> f64 {
    let bundled = |of_job: f64| (plan.slice_size as f64 * of_job).min(BUNDLED_NUMBERS).max(of_job);
    // A single run is there once more as batches.
    let copies = if plan.has_single_runs() { 2.0 } else { 1.0 };
    let of_thread = |cell: &Cell| {
        let state = cell.held_numbers().state;
        copies * OWN_NUMBER * bundled(values(cell)) + NUMBER * bundled(state)
    };
    let largest = plan.cells.iter().map(of_thread).fold(0.0, f64::max);
    // Runs that were lengthened fill a bundle.
    let lengthened = if plan.precision.is_some() { OWN_NUMBER * BUNDLED_NUMBERS } else { 0.0 };
    let slices = |wave| (all_jobs(plan, wave) / plan.slice_size as f64).ceil();
    let most_slices = plan.waves().into_iter().map(slices).fold(1.0, f64::max);
    THREAD * real(threads) + largest.max(lengthened) * real(threads).min(most_slices)
}

/// Values of a run that are kept one by one.
fn values(cell: &Cell) -> f64 {
    cell.expected_requests().min(real(EXACT_VALUES))
}

fn real(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sweep_engine::plan::{Limits, plan};
    use sweep_engine::scenario::{RecordedRequest, Trace};
    use sweep_engine::spec::{AxisSpec, AxisValues, PrecisionSpec, ScenarioSpec, SweepSpec};

    use super::*;

    const MB: u64 = 1_000_000;

    fn plan_of(cells: usize, replications: u32, sim_seconds: f64, precise: Option<u32>) -> Plan {
        let rates = AxisValues::Text(format!("lin:1:2:{}", cells.max(2)));
        let base = ScenarioSpec {
            mode: Some(sweep_engine::spec::Mode::Mono),
            sim_seconds: Some(sim_seconds),
            ..ScenarioSpec::default()
        };
        let precision = precise.map(|most| PrecisionSpec {
            relative: Some(0.1),
            max_replications: Some(most),
            ..PrecisionSpec::default()
        });
        let axes = vec![AxisSpec { name: "rates".into(), values: rates }];
        let spec = SweepSpec { base, axes, replications, precision, ..SweepSpec::default() };
        plan(&spec, &Traces::default(), Limits::default()).unwrap()
    }

    fn need(plan: &Plan, threads: usize) -> u64 {
        MemoryNeed::of(plan, &Traces::default(), threads).total().0
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// With what is proposed, a run is not refused any more; and nothing is proposed that is not needed.
        #[test]
        fn a_remedy_is_one(
            cells in 2_usize..300,
            replications in 1_u32..2_000,
            sim_seconds in 100.0..5_000.0,
            threads in 1_usize..65,
            limit in 60_u64..2_000,
        ) {
            let mut plan = plan_of(cells, replications, sim_seconds, None);
            let before = need(&plan, threads);
            match remedy(&mut plan.clone(), &Traces::default(), threads, Bytes(limit * MB)) {
                Ok(remedy) => {
                    if let Some(requests) = remedy.chunk_requests {
                        prop_assert!(requests < plan.limits.requests_per_chunk);
                        plan.rechunk(requests);
                    }
                    let after = need(&plan, remedy.threads.unwrap_or(threads));
                    prop_assert_eq!(after, remedy.total.0);
                    prop_assert!(after <= limit * MB);
                    let is_needed = remedy.threads.is_some() || remedy.chunk_requests.is_some();
                    prop_assert_eq!(is_needed, before > limit * MB);
                }
                Err(least) => {
                    prop_assert!(before > limit * MB);
                    prop_assert!(least.total().0 > limit * MB);
                }
            }
        }

        #[test]
        fn more_threads_never_take_less(
            cells in 2_usize..100,
            replications in 1_u32..200,
            sim_seconds in 100.0..100_000.0,
            threads in 1_usize..64,
        ) {
            let plan = plan_of(cells, replications, sim_seconds, None);
            prop_assert!(need(&plan, threads) <= need(&plan, threads + 1));
        }
    }

    #[test]
    fn more_of_anything_takes_more() {
        let few = need(&plan_of(20, 10, 600.0, None), 2);
        assert!(few > 48 * MB);
        for (more, plan) in [
            ("cells", plan_of(2_000, 10, 600.0, None)),
            ("replications", plan_of(20, 1_000, 600.0, None)),
            ("seconds", plan_of(20, 10, 60_000.0, None)),
            ("precision", plan_of(20, 10, 600.0, Some(1_000))),
        ] {
            assert!(need(&plan, 2) > few + 5 * MB, "{more}: {} after {few}", need(&plan, 2));
        }
        let most = |replications| need(&plan_of(20, 10, 600.0, Some(replications)), 2);
        assert!(most(100_000) > most(1_000) + 1_000 * MB);
    }

    #[test]
    fn what_is_not_held_together_takes_no_more() {
        // Rows go chunk by chunk, and samples wave by wave.
        let mut plan = plan_of(5_000, 100, 600.0, None);
        let large = need(&plan, 1);
        plan.rechunk(10 * MB);
        assert!(need(&plan, 1) < large / 2, "{} after {large}", need(&plan, 1));
        // Of longer runs there are histograms.
        let run = |seconds| need(&plan_of(2, 10, seconds, None), 1);
        assert!(run(5e7) < 2 * run(5e6), "{} after {}", run(5e7), run(5e6));
    }

    #[test]
    fn a_trace_counts() {
        let request = |second| RecordedRequest {
            arrival_s: f64::from(second),
            prompt_tokens: 1.0,
            output_tokens: 1.0,
        };
        let records: Vec<RecordedRequest> = (0..100_000).map(request).collect();
        let mut traces = Traces::default();
        traces.insert("trace.csv", Trace::new(&records).unwrap());
        let plan = plan_of(2, 10, 600.0, None);
        let with = MemoryNeed::of(&plan, &traces, 1);
        assert_eq!(with.total().0, need(&plan, 1) + 12 * MB);
        assert_eq!(with.largest().next().map(|(what, _)| what), Some(Use::Program));
        assert!(with.largest().any(|(what, _)| what == Use::Traces));
    }

    #[test]
    fn a_limit_is_stated_or_a_share_of_what_is_available() {
        let gb = 1_000 * MB;
        let stated = MemoryLimit::new(Some(Bytes(gb)), Some(2 * gb));
        assert_eq!(stated, Some(MemoryLimit::Stated(Bytes(gb))));
        let share = MemoryLimit::new(None, Some(10 * gb));
        assert_eq!(share, Some(MemoryLimit::Available(Bytes(8 * gb))));
        assert_eq!(MemoryLimit::new(None, None), None);
        let need = MemoryNeed::of(&plan_of(2, 10, 600.0, None), &Traces::default(), 1);
        let total = need.total().0;
        assert!(MemoryLimit::Stated(Bytes(total)).holds(&need));
        assert!(!MemoryLimit::Stated(Bytes(total - 1)).holds(&need));
    }
}
