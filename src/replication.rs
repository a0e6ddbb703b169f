//! How often each cell is replicated: a fixed number, or as often as a wanted precision takes.
//!
//! Cells go wave by wave, so that samples of few cells are in memory at a time. Within a wave there
//! are looks: cells that need replications get them, then each is judged on its own. A later look has
//! more samples, and takes as many cells as fit into memory together; the others wait for their turn.
//! Many replications come in blocks of 32, 32, 64, 128, ..., after each of which the samples are narrowed to
//! what pooled percentiles may need. Which jobs run depends on results, but never on threads.

use std::ops::Range;

use sweep_engine::plan::{Cell, JobId, Plan};
use sweep_engine::statistics::{Keep, KeptSample, ValueRange, batches_suffice, ranges_around};

use crate::aggregate::{cell_row, job_row};
use crate::assemble::TraceFolders;
use crate::failure::Failure;
use crate::intervals::Levels;
use crate::precision::{StopReason, Verdict, judge};
use crate::runner::{JobOutput, Runner, Task};
use crate::schema::{CellRow, JobRow, PROBABILITIES};

/// Standard errors to both sides of a percentile within which samples are kept. Of 500 cells whose
/// percentiles wander, next to none needs more (a test counts them).
const REACH: f64 = 6.0;

/// The same when that was too few.
const WIDER: f64 = 24.0;

/// Rows of both tables, of some cells.
#[derive(Debug, Default)]
pub(crate) struct Results {
    /// By cell, then by replication.
    pub(crate) jobs: Vec<Vec<JobRow>>,
    /// By cell.
    pub(crate) cells: Vec<CellRow>,
}

impl Results {
    pub(crate) fn num_jobs(&self) -> u64 {
        self.jobs.iter().map(|rows| rows.len() as u64).sum()
    }

    pub(crate) fn failed_jobs(&self) -> u64 {
        self.cells.iter().map(|cell| u64::from(cell.failed)).sum()
    }

    pub(crate) fn simulated_requests(&self) -> u64 {
        let summaries =
            self.jobs.iter().flatten().filter_map(|row| row.result.outcome.as_ref().ok());
        summaries.map(|summary| summary.num_simulated).sum()
    }
}

/// A cell under way.
struct CellUnderWay {
    cell: u32,
    outputs: Vec<JobOutput>,
    /// Replications of the current look.
    wanted: u32,
    /// Where the percentiles are likely to lie: of further samples only what is near is kept. Empty as
    /// long as nobody knows.
    windows: Vec<ValueRange>,
    /// Standard errors to both sides that count as near.
    reach: f64,
    row: Option<CellRow>,
}

/// Runs all jobs of some waves of a plan. Cells whose runs had to be lengthened have their new horizon in
/// the plan afterwards.
///
/// # Errors
/// Interrupted.
pub(crate) fn replicate(
    plan: &mut Plan,
    waves: &[Range<usize>],
    levels: &Levels,
    folders: &TraceFolders,
    runner: &Runner,
) -> Result<Results, Failure> {
    let mut results = Results::default();
    for wave in waves {
        for (row, outputs) in run_wave(plan, wave.clone(), levels, runner)? {
            results.cells.push(row);
            let rows = outputs.into_iter().map(|output| job_row(plan, folders, output));
            results.jobs.push(rows.collect());
        }
    }
    Ok(results)
}

fn run_wave(
    plan: &mut Plan,
    wave: Range<usize>,
    levels: &Levels,
    runner: &Runner,
) -> Result<Vec<(CellRow, Vec<JobOutput>)>, Failure> {
    let begin = |cell| CellUnderWay {
        cell,
        outputs: Vec::new(),
        wanted: plan.replications,
        windows: Vec::new(),
        reach: REACH,
        row: None,
    };
    let numbers = wave.map(|cell| u32::try_from(cell).unwrap_or(u32::MAX));
    let mut cells: Vec<CellUnderWay> = numbers.map(begin).collect();
    while cells.iter().any(|cell| cell.row.is_none()) {
        let waiting = cells.split_off(in_turn(plan, &cells));
        look(plan, &mut cells, runner)?;
        let frozen = &*plan;
        let judged = runner.map(cells, |mut cell| {
            let judged = cell.row.is_none().then(|| cell.judge(frozen, levels));
            (cell, judged)
        });
        cells = Vec::with_capacity(judged.len() + waiting.len());
        for (mut cell, judged) in judged {
            match judged {
                None => {}
                Some(None) => cell.start_over(runner),
                Some(Some((row, verdict))) => cell.follow(plan, row, verdict, runner),
            }
            cells.push(cell);
        }
        cells.extend(waiting);
    }
    Ok(cells.into_iter().filter_map(|cell| Some((cell.row?, cell.outputs))).collect())
}

/// How many cells, from the first, have their turn: their first 32 replications fit into memory, and of more
/// only what is near percentiles is kept. Those that wait are of earlier looks.
fn in_turn(plan: &Plan, cells: &[CellUnderWay]) -> usize {
    plan.fitting(cells.iter().map(|progress| {
        let needed = if progress.row.is_none() { progress.wanted } else { 0 };
        (&plan.cells[progress.cell as usize], needed)
    }))
}

/// Runs the replications that cells still lack, block by block, neighbouring cells of a replication
/// together.
fn look(plan: &Plan, cells: &mut [CellUnderWay], runner: &Runner) -> Result<(), Failure> {
    let open = || cells.iter().filter(|cell| cell.row.is_none());
    let last = open().map(|cell| cell.wanted).max().unwrap_or_default();
    let mut start = open().map(CellUnderWay::done).min().unwrap_or_default();
    let piece = replications_at_once(plan, open().count());
    for cell in cells.iter_mut() {
        let lacking = cell.wanted.saturating_sub(cell.done());
        cell.outputs.reserve_exact(usize::try_from(lacking).unwrap_or_default());
    }
    while start < last {
        let narrowing = Plan::next_narrowing(start);
        let end = narrowing.min(last).min(start.saturating_add(piece));
        run_block(plan, cells, start..end, runner)?;
        start = end;
        if start == narrowing {
            runner.for_each(cells, |cell| cell.narrow(plan));
        }
    }
    cut_into_batches(plan, cells, runner)
}

/// Replications whose results come back together: enough slices for many threads, few enough that results
/// on their way take little memory.
fn replications_at_once(plan: &Plan, cells: usize) -> u32 {
    const SLICES: u64 = 64;
    let jobs = SLICES.saturating_mul(plan.slice_size);
    u32::try_from(jobs.div_ceil(cells.max(1) as u64)).unwrap_or(u32::MAX)
}

fn run_block(
    plan: &Plan,
    cells: &mut [CellUnderWay],
    replications: Range<u32>,
    runner: &Runner,
) -> Result<(), Failure> {
    let open: Vec<(&CellUnderWay, Range<u32>)> = cells
        .iter()
        .filter(|cell| cell.row.is_none())
        .map(|cell| (cell, cell.done()..cell.wanted))
        .collect();
    let tasks: Vec<Task> = replications
        .flat_map(|replication| {
            open.iter()
                .filter(move |(_, lacking)| lacking.contains(&replication))
                .map(move |(cell, _)| (cell, replication))
        })
        .map(|(cell, replication)| Task {
            id: JobId { cell: cell.cell, replication },
            keep: cell.keep(plan),
            in_batches: plan.cuts_into_batches(&plan.cells[cell.cell as usize]),
        })
        .collect();
    let outputs = runner.run(plan, &tasks)?;
    let first = cells.first().map_or(0, |cell| cell.cell);
    for output in outputs {
        cells[(output.result.id.cell - first) as usize].outputs.push(output);
    }
    Ok(())
}

/// Simulates single runs once more that turned out long enough for batches when nobody expected it.
fn cut_into_batches(
    plan: &Plan,
    cells: &mut [CellUnderWay],
    runner: &Runner,
) -> Result<(), Failure> {
    if !plan.has_single_runs() {
        return Ok(());
    }
    let mut again: Vec<&mut CellUnderWay> =
        cells.iter_mut().filter(|cell| cell.lacks_batches(plan)).collect();
    let tasks: Vec<Task> = again
        .iter()
        .map(|cell| Task {
            id: JobId { cell: cell.cell, replication: 0 },
            keep: cell.keep(plan),
            in_batches: true,
        })
        .collect();
    runner.expect_more(tasks.len() as u64);
    let outputs = runner.run(plan, &tasks)?;
    for (cell, output) in again.iter_mut().zip(outputs) {
        cell.outputs = vec![output];
    }
    Ok(())
}

impl CellUnderWay {
    /// Replications that are done.
    fn done(&self) -> u32 {
        u32::try_from(self.outputs.len()).unwrap_or(u32::MAX)
    }

    /// Whether it has a single run that was not cut into batches, but should have been.
    fn lacks_batches(&self, plan: &Plan) -> bool {
        let Cell { scenario, load, .. } = &plan.cells[self.cell as usize];
        let [JobOutput { result, batches, .. }] = self.outputs.as_slice() else { return false };
        batches.is_empty()
            && result.outcome.as_ref().is_ok_and(|summary| {
                let relaxations = load.relaxations(scenario);
                batches_suffice(summary.num_samples, relaxations, summary.part_correlation)
            })
    }

    /// What to keep of further samples.
    fn keep(&self, plan: &Plan) -> Keep<'_> {
        if !plan.keeps_samples(self.cell, self.wanted) {
            Keep::Histogram
        } else if self.windows.is_empty() {
            Keep::All
        } else {
            Keep::Near(&self.windows)
        }
    }

    /// Keeps of the samples what pooled percentiles may need.
    fn narrow(&mut self, plan: &Plan) {
        if self.row.is_some()
            || !self.reach.is_finite()
            || !plan.narrows(&plan.cells[self.cell as usize])
        {
            return;
        }
        let samples = self.outputs.iter().filter_map(|output| output.ttft_s.as_ref());
        if let Some(mut windows) = ranges_around(samples.collect(), PROBABILITIES, self.reach) {
            // What was dropped once is not to be missed later: windows only shrink.
            for (window, old) in windows.iter_mut().zip(&self.windows) {
                window.low = window.low.max(old.low);
                window.high = window.high.min(old.high);
            }
            for sample in self.outputs.iter_mut().filter_map(|output| output.ttft_s.as_mut()) {
                sample.narrow_to(&windows);
            }
            self.windows = windows;
        }
    }

    /// The row of the cell as far as it is known, and what to do next; nothing if its samples were
    /// narrowed too far.
    fn judge(&mut self, plan: &Plan, levels: &Levels) -> Option<(CellRow, Verdict)> {
        if !plan.keeps_samples(self.cell, self.wanted) {
            for output in &mut self.outputs {
                output.ttft_s = output.ttft_s.take().map(KeptSample::binned);
            }
        }
        let row = cell_row(plan, levels, self.cell, &self.outputs)?;
        let verdict = judge(plan, &plan.cells[self.cell as usize], &row);
        Some((row, verdict))
    }

    /// Runs all replications once more, and keeps more of their samples: the second time, all.
    fn start_over(&mut self, runner: &Runner) {
        self.outputs.clear();
        self.windows.clear();
        self.reach = if self.reach > REACH { f64::INFINITY } else { WIDER };
        runner.expect_more(u64::from(self.wanted));
    }

    fn follow(&mut self, plan: &mut Plan, row: CellRow, verdict: Verdict, runner: &Runner) {
        match verdict {
            Verdict::Stop(reason) => self.close(row, reason),
            Verdict::Replicate(wanted) => {
                runner.expect_more(u64::from(wanted - self.wanted));
                self.wanted = wanted;
            }
            Verdict::Lengthen => {
                plan.cells[self.cell as usize].lengthen();
                self.outputs.clear();
                self.windows.clear();
                self.wanted = plan.replications;
                runner.expect_more(u64::from(self.wanted));
            }
        }
    }

    /// Keeps what the tables need and forgets the samples.
    fn close(&mut self, row: CellRow, reason: StopReason) {
        self.row = Some(CellRow { stop_reason: reason, ..row });
        for output in &mut self.outputs {
            output.ttft_s = None;
            output.batches = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use sweep_engine::plan::{Limits, plan};
    use sweep_engine::progress::Silent;
    use sweep_engine::scenario::Traces;
    use sweep_engine::spec::{AxisSpec, AxisValues, SweepSpec};

    use super::*;

    fn plan_of(replications: u32) -> Plan {
        let rates = AxisSpec { name: "rates".into(), values: AxisValues::Text("1,2".into()) };
        let spec = SweepSpec { axes: vec![rates], replications, ..SweepSpec::default() };
        plan(&spec, &Traces::default(), Limits::default()).unwrap()
    }

    fn begun(cell: u32, windows: Vec<ValueRange>) -> CellUnderWay {
        CellUnderWay { cell, outputs: Vec::new(), wanted: 40, windows, reach: REACH, row: None }
    }

    #[test]
    fn windows_only_shrink() {
        let plan = plan_of(40);
        let runner = Runner::new(Some(2), &Silent).unwrap();
        let mut cells = vec![begun(0, Vec::new())];
        look(&plan, &mut cells, &runner).unwrap();
        let cell = &mut cells[0];
        let before = cell.windows.clone();
        assert_eq!(before.len(), PROBABILITIES.len());
        // Wider than any sample.
        cell.reach = 1e6;
        cell.narrow(&plan);
        assert_eq!(cell.windows, before);
    }

    #[test]
    fn a_cell_whose_samples_were_narrowed_too_far_starts_over_and_has_the_same_row() {
        let plan = plan_of(40);
        let runner = Runner::new(Some(2), &Silent).unwrap();
        let levels = Levels::new(plan.confidence, 40);
        let nowhere = vec![ValueRange { low: 1e6, high: 2e6 }; PROBABILITIES.len()];
        let mut cells = vec![begun(0, nowhere), begun(1, Vec::new())];
        look(&plan, &mut cells, &runner).unwrap();
        assert!(cells[0].judge(&plan, &levels).is_none(), "no percentile lies there");
        let (narrowed, _) = cells[1].judge(&plan, &levels).unwrap();

        cells[0].start_over(&runner);
        look(&plan, &mut cells, &runner).unwrap();
        assert!(cells[0].windows.iter().all(|window| window.low < 1e6), "where they lie");
        let (row, _) = cells[0].judge(&plan, &levels).unwrap();
        let mut usual = vec![begun(0, Vec::new())];
        look(&plan, &mut usual, &runner).unwrap();
        assert!(!usual[0].windows.is_empty(), "after 32 replications");
        let (expected, _) = usual[0].judge(&plan, &levels).unwrap();
        assert_eq!(format!("{row:?}"), format!("{expected:?}"));
        assert_ne!(row.pooled, narrowed.pooled);
    }
}
