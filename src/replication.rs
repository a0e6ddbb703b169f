//! How often each cell is replicated: a fixed number, or as often as a wanted precision takes.
//!
//! Cells go wave by wave, so that samples of few cells are in memory at a time. Within a wave there
//! are looks: cells that need replications get them, then each is judged on its own. A later look has
//! more samples, and takes as many cells as fit into memory together; the others wait for their turn.
//! Which jobs run depends on results, but never on threads.

use std::ops::Range;

use sweep_engine::plan::{JobId, Plan, fitting};
use sweep_engine::statistics::KeptSample;

use crate::aggregate::{cell_row, job_row};
use crate::assemble::TraceFolders;
use crate::failure::Failure;
use crate::intervals::Levels;
use crate::precision::{StopReason, Verdict, judge};
use crate::runner::{JobOutput, Runner, Task};
use crate::schema::{CellRow, JobRow};

/// Rows of both tables.
#[derive(Debug, Default)]
pub(crate) struct Results {
    /// By replication, then by cell.
    pub(crate) jobs: Vec<JobRow>,
    /// By cell.
    pub(crate) cells: Vec<CellRow>,
}

/// A cell under way.
struct CellUnderWay {
    cell: u32,
    outputs: Vec<JobOutput>,
    /// Replications of the current look.
    wanted: u32,
    row: Option<CellRow>,
}

/// Runs all jobs of a plan. Cells whose runs had to be lengthened have their new horizon in the
/// plan afterwards.
///
/// # Errors
/// Interrupted.
pub(crate) fn replicate(
    plan: &mut Plan,
    folders: &TraceFolders,
    runner: &Runner,
) -> Result<Results, Failure> {
    let mut results = Results::default();
    let most = plan.precision.as_ref().map_or(plan.replications, |rule| rule.max_replications);
    let levels = Levels::new(plan.confidence, most);
    for wave in plan.waves() {
        for (row, outputs) in run_wave(plan, wave, &levels, runner)? {
            results.cells.push(row);
            results.jobs.extend(outputs.into_iter().map(|output| job_row(plan, folders, output)));
        }
    }
    results.jobs.sort_by_key(|row| (row.result.id.replication, row.result.id.cell));
    Ok(results)
}

fn run_wave(
    plan: &mut Plan,
    wave: Range<usize>,
    levels: &Levels,
    runner: &Runner,
) -> Result<Vec<(CellRow, Vec<JobOutput>)>, Failure> {
    let begin =
        |cell| CellUnderWay { cell, outputs: Vec::new(), wanted: plan.replications, row: None };
    let numbers = wave.map(|cell| u32::try_from(cell).unwrap_or(u32::MAX));
    let mut cells: Vec<CellUnderWay> = numbers.map(begin).collect();
    while cells.iter().any(|cell| cell.row.is_none()) {
        let waiting = cells.split_off(in_turn(plan, &cells));
        look(plan, &mut cells, runner)?;
        let frozen = &*plan;
        let judged = runner.map(cells, |mut cell| {
            let verdict = cell.row.is_none().then(|| cell.judge(frozen, levels));
            (cell, verdict)
        });
        cells = Vec::with_capacity(judged.len() + waiting.len());
        for (mut cell, verdict) in judged {
            cell.follow(plan, verdict, runner);
            cells.push(cell);
        }
        cells.extend(waiting);
    }
    Ok(cells.into_iter().filter_map(|cell| Some((cell.row?, cell.outputs))).collect())
}

/// How many cells, from the first, have their turn. The samples of a look fit into memory; those that
/// wait are of earlier looks, so there is one such amount for each look at most.
fn in_turn(plan: &Plan, cells: &[CellUnderWay]) -> usize {
    fitting(cells.iter().map(|progress| {
        let needed = if progress.row.is_none() { progress.wanted } else { 0 };
        (&plan.cells[progress.cell as usize], needed)
    }))
}

/// Runs the replications that cells still lack, neighbouring cells of a replication together.
fn look(plan: &Plan, cells: &mut [CellUnderWay], runner: &Runner) -> Result<(), Failure> {
    let open = || cells.iter().filter(|cell| cell.row.is_none());
    let done = |cell: &CellUnderWay| u32::try_from(cell.outputs.len()).unwrap_or(u32::MAX);
    let last = open().map(|cell| cell.wanted).max().unwrap_or_default();
    let in_batches = plan.replications == 1 && plan.precision.is_none();
    let tasks: Vec<Task> = (0..last)
        .flat_map(|replication| {
            open()
                .filter(move |cell| (done(cell)..cell.wanted).contains(&replication))
                .map(move |cell| (cell, replication))
        })
        .map(|(cell, replication)| Task {
            id: JobId { cell: cell.cell, replication },
            keep_exact: plan.keeps_samples(cell.cell, cell.wanted),
            in_batches,
        })
        .collect();
    let first = cells.first().map_or(0, |cell| cell.cell);
    for output in runner.run(plan, &tasks)? {
        cells[(output.result.id.cell - first) as usize].outputs.push(output);
    }
    Ok(())
}

impl CellUnderWay {
    /// The row of the cell as far as it is known, and what to do next.
    fn judge(&mut self, plan: &Plan, levels: &Levels) -> (CellRow, Verdict) {
        if !plan.keeps_samples(self.cell, self.wanted) {
            for output in &mut self.outputs {
                output.ttft_s = output.ttft_s.take().map(KeptSample::binned);
            }
        }
        let row = cell_row(plan, levels, self.cell, &self.outputs);
        let verdict = judge(plan, &plan.cells[self.cell as usize], &row);
        (row, verdict)
    }

    fn follow(&mut self, plan: &mut Plan, verdict: Option<(CellRow, Verdict)>, runner: &Runner) {
        match verdict {
            None => {}
            Some((row, Verdict::Stop(reason))) => self.close(row, reason),
            Some((_, Verdict::Replicate(wanted))) => {
                runner.expect_more(u64::from(wanted - self.wanted));
                self.wanted = wanted;
            }
            Some((_, Verdict::Lengthen)) => {
                plan.cells[self.cell as usize].lengthen();
                self.outputs.clear();
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
