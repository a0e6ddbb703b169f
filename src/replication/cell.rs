//! A cell on its way: what it has, what it lacks, and what of its samples is kept.

use std::ops::Range;

use sweep_engine::plan::{Cell, JobId, Plan};
use sweep_engine::statistics::{Keep, KeptSample, ValueRange, batches_suffice, ranges_around};

use super::waves::DoneCell;
use crate::aggregate::{cell_row, job_row};
use crate::assemble::TraceFolders;
use crate::intervals::Levels;
use crate::kept_samples::{self, NUMBERS_PER_SAMPLE};
use crate::part::Look;
use crate::precision::{StopReason, Verdict, judge};
use crate::runner::{JobOutput, Runner};
use crate::schema::{CellRow, PROBABILITIES};
use crate::stock::StockedCell;

/// Standard errors to both sides of a percentile within which samples are kept. Of 500 cells whose
/// percentiles wander, next to none needs more (a test counts them).
const REACH: f64 = 6.0;

/// The same when that was too few.
const WIDER: f64 = 24.0;

/// Numbers of all samples of a run that are kept for sweeps that grow (128 MB); each cell has its share.
const KEPT_NUMBERS: usize = 16_000_000;

/// A cell under way.
pub(super) struct CellUnderWay {
    pub(super) cell: u32,
    /// In the order of replications.
    pub(super) outputs: Vec<JobOutput>,
    /// Those of them that were taken from an earlier run.
    pub(super) reused: u32,
    /// What an earlier run had of it.
    stock: Option<StockedCell>,
    /// What earlier looks showed.
    looks: Vec<Look>,
    /// What is kept of its samples once it is done, as bytes.
    samples: Vec<u8>,
    /// Replications of the current look.
    pub(super) wanted: u32,
    /// Where the percentiles are likely to lie: of further samples only what is near is kept. Empty as
    /// long as nobody knows.
    pub(super) windows: Vec<ValueRange>,
    /// Standard errors to both sides that count as near.
    pub(super) reach: f64,
    pub(super) row: Option<CellRow>,
}

impl CellUnderWay {
    /// With what there is of it already.
    pub(super) fn begin(
        plan: &mut Plan,
        cell: u32,
        stock: Option<StockedCell>,
        runner: &Runner,
    ) -> Self {
        let mut begun = Self {
            cell,
            outputs: Vec::new(),
            reused: 0,
            stock,
            looks: Vec::new(),
            samples: Vec::new(),
            wanted: plan.replications,
            windows: Vec::new(),
            reach: REACH,
            row: None,
        };
        begun.follow_earlier_looks(plan, runner);
        begun.stock = begun.stock.take().filter(|stock| stock.fits(plan, cell));
        begun.windows = begun.stocked_windows(plan);
        begun
    }

    /// Goes the way of an earlier run, as far as what it found tells where to go.
    fn follow_earlier_looks(&mut self, plan: &mut Plan, runner: &Runner) {
        while let Some(stock) = self.stock.as_ref().filter(|_| self.row.is_none()) {
            let cell = &plan.cells[self.cell as usize];
            let Some(row) = stock.look(plan, cell, self.wanted) else { return };
            let row = CellRow { cell: self.cell, ..row };
            match judge(plan, cell, &row) {
                Verdict::Stop(reason) => {
                    let Some(outputs) = stock.outputs(plan, self.cell, self.wanted) else { return };
                    self.windows = stock.windows();
                    self.outputs = outputs;
                    self.reused = self.wanted;
                    (0..self.wanted).for_each(|_| runner.progress().job_finished(0));
                    self.keep_what_fits(plan);
                    self.close(row, reason);
                }
                verdict => self.follow(plan, row, verdict, runner),
            }
        }
    }

    /// The ranges to which samples of the earlier run are narrowed, if its runs have this length.
    fn stocked_windows(&self, plan: &Plan) -> Vec<ValueRange> {
        let stretch = plan.cells[self.cell as usize].stretch;
        let stock = self.stock.as_ref().filter(|stock| stock.record.stretch == stretch);
        stock.map(StockedCell::windows).unwrap_or_default()
    }

    /// Its rows, and what a later sweep needs of it; nothing if it is not done.
    pub(super) fn finish(self, plan: &Plan, folders: &TraceFolders) -> Option<DoneCell> {
        let Self { outputs, looks, samples, .. } = self;
        let jobs = outputs.into_iter().map(|output| job_row(plan, folders, output)).collect();
        let reused_jobs = self.reused.into();
        Some(DoneCell { row: self.row?, jobs, samples, looks, reused_jobs })
    }

    /// Takes of these replications what an earlier run has. Returns how many.
    pub(super) fn take_over(&mut self, plan: &Plan, replications: Range<u32>) -> u32 {
        let before = self.reused;
        let Some(stock) = self.stock.take().filter(|_| self.row.is_none()) else { return 0 };
        for replication in replications {
            let id = JobId { cell: self.cell, replication };
            let output = stock.output(plan, id, &self.windows).filter(|_| self.lacks(replication));
            if let Some(output) = output {
                self.add(output);
                self.reused += 1;
            }
        }
        self.stock = Some(stock);
        self.reused - before
    }

    /// Adds the result of a replication to those of others.
    pub(super) fn add(&mut self, output: JobOutput) {
        let replication = output.result.id.replication;
        let place = self.outputs.partition_point(|other| other.result.id.replication < replication);
        self.outputs.insert(place, output);
    }

    /// Whether a replication is wanted and not done.
    pub(super) fn lacks(&self, replication: u32) -> bool {
        let number = |output: &JobOutput| output.result.id.replication;
        self.row.is_none()
            && replication < self.wanted
            && self.outputs.binary_search_by_key(&replication, number).is_err()
    }

    /// Replications that are done.
    pub(super) fn done(&self) -> u32 {
        u32::try_from(self.outputs.len()).unwrap_or(u32::MAX)
    }

    /// Whether it has a single run that was not cut into batches, but should have been.
    pub(super) fn lacks_batches(&self, plan: &Plan) -> bool {
        let Cell { scenario, load, .. } = &plan.cells[self.cell as usize];
        let [JobOutput { result, batches, .. }] = self.outputs.as_slice() else { return false };
        self.row.is_none()
            && batches.is_empty()
            && result.outcome.as_ref().is_ok_and(|summary| {
                let relaxations = load.relaxations(scenario);
                batches_suffice(summary.num_samples, relaxations, summary.part_correlation)
            })
    }

    /// What to keep of further samples.
    pub(super) fn keep(&self, plan: &Plan) -> Keep<'_> {
        if !plan.keeps_samples(self.cell, self.wanted) {
            Keep::Histogram
        } else if self.windows.is_empty() {
            Keep::All
        } else {
            Keep::Near(&self.windows)
        }
    }

    /// Keeps of the samples what pooled percentiles may need.
    pub(super) fn narrow(&mut self, plan: &Plan) {
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
    pub(super) fn judge(&mut self, plan: &Plan, levels: &Levels) -> Option<(CellRow, Verdict)> {
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
    pub(super) fn start_over(&mut self, runner: &Runner) {
        self.outputs.clear();
        self.windows.clear();
        self.stock = None;
        self.reused = 0;
        self.reach = if self.reach > REACH { f64::INFINITY } else { WIDER };
        runner.expect_more(u64::from(self.wanted));
    }

    pub(super) fn follow(
        &mut self,
        plan: &mut Plan,
        row: CellRow,
        verdict: Verdict,
        runner: &Runner,
    ) {
        let look = Look { stretch: plan.cells[self.cell as usize].stretch, row };
        match verdict {
            Verdict::Stop(reason) => self.close(look.row, reason),
            Verdict::Replicate(wanted) => {
                self.looks.push(look);
                runner.expect_more(u64::from(wanted - self.wanted));
                self.wanted = wanted;
            }
            Verdict::Lengthen => {
                self.looks.push(look);
                plan.cells[self.cell as usize].lengthen();
                self.outputs.clear();
                self.windows = self.stocked_windows(plan);
                self.reused = 0;
                self.wanted = plan.replications;
                runner.expect_more(u64::from(self.wanted));
            }
        }
    }

    fn close(&mut self, row: CellRow, reason: StopReason) {
        self.row = Some(CellRow { stop_reason: reason, ..row });
        for output in &mut self.outputs {
            output.batches = Vec::new();
        }
    }

    /// Keeps of the samples what further replications would be pooled with, if that is not too much, and
    /// forgets the rest.
    pub(super) fn keep_what_fits(&mut self, plan: &Plan) {
        self.reach = self.reach.min(REACH);
        self.narrow(plan);
        let samples = self.outputs.iter().filter_map(|output| output.ttft_s.as_ref());
        let numbers = samples.map(|sample| sample.num_kept() + NUMBERS_PER_SAMPLE);
        if numbers.sum::<usize>() > KEPT_NUMBERS / plan.cells.len() {
            for output in &mut self.outputs {
                output.ttft_s = None;
            }
        }
        self.samples = kept_samples::encode(&mut self.outputs);
    }
}
