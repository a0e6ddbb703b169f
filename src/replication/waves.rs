//! Which replications run when: wave by wave, look by look, block by block.
//!
//! Cells go wave by wave, so that samples of few cells are in memory at a time. Within a wave there
//! are looks: cells that need replications get them, then each is judged on its own. A later look has
//! more samples, and takes as many cells as fit into memory together; the others wait for their turn.
//! Many replications come in blocks of 32, 32, 64, 128, ..., after each of which the samples are narrowed to
//! what pooled percentiles may need. Which jobs run depends on results, but never on threads.

use std::collections::BTreeMap;
use std::ops::Range;

use sweep_engine::plan::{JobId, Plan};

use super::cell::CellUnderWay;
use crate::assemble::TraceFolders;
use crate::failure::Failure;
use crate::intervals::Levels;
use crate::part::Look;
use crate::precision::Verdict;
use crate::runner::{Runner, Task};
use crate::schema::{CellRow, JobRow};
use crate::stock::StockedCell;

/// What came of some cells, in order.
#[derive(Debug, Default)]
pub(crate) struct Results {
    pub(crate) cells: Vec<DoneCell>,
}

/// Rows of both tables, and what a later sweep needs to take the cell over.
#[derive(Debug)]
pub(crate) struct DoneCell {
    pub(crate) row: CellRow,
    /// In the order of replications.
    pub(crate) jobs: Vec<JobRow>,
    /// Samples of its jobs, as bytes; none if they were too much to keep.
    pub(crate) samples: Vec<u8>,
    /// What earlier looks showed.
    pub(crate) looks: Vec<Look>,
    /// Jobs that were taken from earlier runs.
    pub(crate) reused_jobs: u64,
}

impl Results {
    pub(crate) fn jobs(&self) -> impl Iterator<Item = &JobRow> {
        self.cells.iter().flat_map(|cell| &cell.jobs)
    }

    pub(crate) fn failed_jobs(&self) -> u64 {
        self.cells.iter().map(|cell| u64::from(cell.row.failed)).sum()
    }

    pub(crate) fn reused_jobs(&self) -> u64 {
        self.cells.iter().map(|cell| cell.reused_jobs).sum()
    }

    pub(crate) fn simulated_requests(&self) -> u64 {
        let summaries = self.jobs().filter_map(|row| row.result.outcome.as_ref().ok());
        summaries.map(|summary| summary.num_simulated).sum()
    }
}

/// Runs all jobs of some waves of a plan that are not in stock. Cells whose runs had to be lengthened have their new
/// horizon in the plan afterwards.
///
/// # Errors
/// Interrupted.
pub(crate) fn replicate(
    plan: &mut Plan,
    waves: &[Range<usize>],
    levels: &Levels,
    folders: &TraceFolders,
    runner: &Runner,
    mut stock: BTreeMap<u32, StockedCell>,
) -> Result<Results, Failure> {
    let mut results = Results::default();
    for wave in waves {
        let numbers = wave.clone().map(|cell| u32::try_from(cell).unwrap_or(u32::MAX));
        let cells =
            numbers.map(|cell| CellUnderWay::begin(plan, cell, stock.remove(&cell), runner));
        let cells = cells.collect();
        let done = run_wave(plan, cells, levels, runner)?;
        results.cells.extend(done.into_iter().filter_map(|cell| cell.finish(plan, folders)));
    }
    Ok(results)
}

fn run_wave(
    plan: &mut Plan,
    mut cells: Vec<CellUnderWay>,
    levels: &Levels,
    runner: &Runner,
) -> Result<Vec<CellUnderWay>, Failure> {
    while cells.iter().any(|cell| cell.row.is_none()) {
        let waiting = cells.split_off(in_turn(plan, &cells));
        look(plan, &mut cells, runner)?;
        let frozen = &*plan;
        let judged = runner.map(cells, |mut cell| {
            let judged = cell.row.is_none().then(|| cell.judge(frozen, levels));
            if let Some(Some((_, Verdict::Stop(_)))) = judged {
                cell.keep_what_fits(frozen);
            }
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
    Ok(cells)
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
    for cell in cells.iter_mut() {
        let reused = cell.take_over(plan, replications.clone());
        (0..reused).for_each(|_| runner.progress().job_finished(0));
    }
    let open: Vec<&CellUnderWay> = cells.iter().filter(|cell| cell.row.is_none()).collect();
    let tasks: Vec<Task> = replications
        .flat_map(|replication| {
            let lacking = open.iter().filter(move |cell| cell.lacks(replication));
            lacking.map(move |cell| (cell, replication))
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
        cells[(output.result.id.cell - first) as usize].add(output);
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
        cell.reused = 0;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use sweep_engine::plan::{Limits, plan};
    use sweep_engine::progress::Silent;
    use sweep_engine::scenario::Traces;
    use sweep_engine::spec::{AxisSpec, AxisValues, SweepSpec};
    use sweep_engine::statistics::ValueRange;

    use super::*;
    use crate::schema::PROBABILITIES;

    fn plan_of(replications: u32) -> Plan {
        let rates = AxisSpec { name: "rates".into(), values: AxisValues::Text("1,2".into()) };
        let spec = SweepSpec { axes: vec![rates], replications, ..SweepSpec::default() };
        plan(&spec, &Traces::default(), Limits::default()).unwrap()
    }

    fn begun(
        plan: &mut Plan,
        cell: u32,
        windows: Vec<ValueRange>,
        runner: &Runner,
    ) -> CellUnderWay {
        let mut begun = CellUnderWay::begin(plan, cell, None, runner);
        begun.windows = windows;
        begun
    }

    #[test]
    fn windows_only_shrink() {
        let mut plan = plan_of(40);
        let runner = Runner::new(Some(2), &Silent).unwrap();
        let mut cells = vec![begun(&mut plan, 0, Vec::new(), &runner)];
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
        let mut plan = plan_of(40);
        let runner = Runner::new(Some(2), &Silent).unwrap();
        let levels = Levels::new(plan.confidence, 40);
        let nowhere = vec![ValueRange { low: 1e6, high: 2e6 }; PROBABILITIES.len()];
        let mut cells =
            vec![begun(&mut plan, 0, nowhere, &runner), begun(&mut plan, 1, Vec::new(), &runner)];
        look(&plan, &mut cells, &runner).unwrap();
        assert!(cells[0].judge(&plan, &levels).is_none(), "no percentile lies there");
        let (narrowed, _) = cells[1].judge(&plan, &levels).unwrap();

        cells[0].start_over(&runner);
        look(&plan, &mut cells, &runner).unwrap();
        assert!(cells[0].windows.iter().all(|window| window.low < 1e6), "where they lie");
        let (row, _) = cells[0].judge(&plan, &levels).unwrap();
        let mut usual = vec![begun(&mut plan, 0, Vec::new(), &runner)];
        look(&plan, &mut usual, &runner).unwrap();
        assert!(!usual[0].windows.is_empty(), "after 32 replications");
        let (expected, _) = usual[0].judge(&plan, &levels).unwrap();
        assert_eq!(format!("{row:?}"), format!("{expected:?}"));
        assert_ne!(row.pooled, narrowed.pooled);
    }
}
