//! Jobs of earlier runs: what a sweep that has grown takes over as it is. Results of a cell depend on nothing but the
//! cell, so they are found by its identity.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::path::{Path, PathBuf};

use sweep_engine::model::Summary;
use sweep_engine::plan::{Cell, JobId, Plan};
use sweep_engine::statistics::{KeptSample, ValueRange};

use crate::failure::Failure;
use crate::kept_samples;
use crate::part::{CellRecord, read_cell_records, read_label, read_summaries};
use crate::provenance::{PartLabel, PartOrigin, settings_of};
use crate::runner::{JobOutput, JobResult};
use crate::schema::CellRow;
use crate::store::{parts_of, samples_path};

/// Where the jobs of earlier runs are.
#[derive(Debug, Default)]
pub(crate) struct Stock {
    parts: Vec<PathBuf>,
    /// By the identity of a cell.
    cells: HashMap<String, Place>,
    /// The cells of the part that was read last: chunks that follow each other need the same ones.
    last: Option<(usize, Vec<StockedCell>)>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    part: usize,
    /// Which of the cells of the part.
    cell: usize,
    /// How much it is worth: without failures, with many replications, with samples.
    worth: (bool, u32, bool),
}

/// What there is of a cell.
#[derive(Clone, Debug)]
pub(crate) struct StockedCell {
    pub(crate) record: CellRecord,
    /// By which its row was found.
    settings: String,
    /// Limit of requests of its jobs.
    requests_per_job: u64,
    /// By replication; nothing where a job failed.
    jobs: Vec<Option<StockedJob>>,
}

/// A job that can be taken over as it is.
#[derive(Clone, Debug)]
struct StockedJob {
    summary: Summary,
    /// What further replications of its cell are pooled with, if it was kept.
    ttft_s: Option<KeptSample>,
}

/// How samples were kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Exact,
    Windowed,
    Binned,
}

impl Stock {
    /// Of runs in these folders, complete or not, for a plan with parts like `origin`. Of several that have a cell
    /// the one that has most of it counts.
    ///
    /// # Errors
    /// A part is unreadable, or comes from a program that may have other results.
    pub(crate) fn of(folders: &[PathBuf], origin: &PartOrigin) -> Result<Self, Failure> {
        let mut stock = Self::default();
        for folder in folders {
            let parts = parts_of(folder)?;
            if parts.is_empty() {
                return Err(Failure::usage(format!(
                    "nothing can be reused of the run {}: its parts were removed",
                    folder.display()
                )));
            }
            for path in parts.into_values() {
                if !read_label(&path)?.origin.has_results_like(origin) {
                    return Err(other_program(folder));
                }
                stock.add(path)?;
            }
        }
        Ok(stock)
    }

    fn add(&mut self, path: PathBuf) -> Result<(), Failure> {
        let part = self.parts.len();
        for (cell, record) in read_cell_records(&path)?.into_iter().enumerate() {
            let CellRecord { row, samples, identity, .. } = record;
            let worth = (row.failed == 0, row.replications, samples.is_some());
            let place = self.cells.entry(identity).or_insert(Place { part, cell, worth });
            if worth > place.worth {
                *place = Place { part, cell, worth };
            }
        }
        self.parts.push(path);
        Ok(())
    }

    /// Whether it has nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Number of cells.
    pub(crate) fn num_cells(&self) -> usize {
        self.cells.len()
    }

    /// Cells of a plan that it has, by identity.
    pub(crate) fn shared_with(&self, plan: &Plan) -> usize {
        let identities: BTreeSet<String> =
            plan.cells.iter().map(|cell| plan.cell_identity(cell)).collect();
        identities.iter().filter(|identity| self.cells.contains_key(*identity)).count()
    }

    /// What there is of some cells of a plan, by their numbers.
    ///
    /// # Errors
    /// A part is unreadable.
    pub(crate) fn of_cells(
        &mut self,
        plan: &Plan,
        cells: Range<usize>,
    ) -> Result<BTreeMap<u32, StockedCell>, Failure> {
        let mut wanted: BTreeMap<usize, Vec<(u32, usize)>> = BTreeMap::new();
        for number in cells {
            let identity = plan.cell_identity(&plan.cells[number]);
            if let Some(Place { part, cell, .. }) = self.cells.get(&identity).copied() {
                let number = u32::try_from(number).unwrap_or(u32::MAX);
                wanted.entry(part).or_default().push((number, cell));
            }
        }
        let mut found = BTreeMap::new();
        for (part, cells) in wanted {
            let stocked = match self.last.take() {
                Some((last, stocked)) if last == part => stocked,
                _ => read_stocked(&self.parts[part])?,
            };
            found.extend(cells.iter().map(|(number, cell)| (*number, stocked[*cell].clone())));
            self.last = Some((part, stocked));
        }
        Ok(found)
    }
}

/// The cells of a part with their jobs.
fn read_stocked(path: &Path) -> Result<Vec<StockedCell>, Failure> {
    let PartLabel { origin, .. } = read_label(path)?;
    let requests_per_job = origin.requests_per_job();
    let mut summaries = read_summaries(path)?.into_iter();
    let stocked = |record: CellRecord| {
        let count = (record.row.replications + record.row.failed) as usize;
        let samples = match record.samples {
            Some(place) => kept_samples::read(&samples_path(path), place)?,
            None => None,
        };
        let samples = samples.unwrap_or_default().into_iter().chain(std::iter::repeat(None));
        let job = |(summary, ttft_s): (Option<Summary>, Option<KeptSample>)| {
            summary.map(|summary| StockedJob { summary, ttft_s })
        };
        let jobs = summaries.by_ref().take(count).zip(samples).map(job).collect();
        Ok(StockedCell { record, settings: origin.settings.clone(), requests_per_job, jobs })
    };
    read_cell_records(path)?.into_iter().map(stocked).collect()
}

fn other_program(folder: &Path) -> Failure {
    Failure::usage(format!(
        "nothing can be reused of the run {}: another version of sweep made it, whose results may differ",
        folder.display()
    ))
}

impl StockedCell {
    /// What it showed after so many replications of a cell, if that is what the plan would find.
    pub(crate) fn look(&self, plan: &Plan, cell: &Cell, replications: u32) -> Option<CellRow> {
        // The row of a single run may come from batches.
        let is_comparable = if replications == 1 {
            self.settings == settings_of(plan)
        } else {
            self.record.confidence.to_bits() == plan.confidence.to_bits()
        };
        // Jobs of a look that were forgotten since may have had more requests than the plan allows.
        let is_comparable = is_comparable && self.requests_per_job <= plan.limits.requests_per_job;
        let all = self.record.looks.iter().map(|look| (look.stretch, &look.row));
        let mut all = all.chain([(self.record.stretch, &self.record.row)]);
        let (_, row) = all.find(|(stretch, row)| {
            (*stretch, row.replications, row.failed) == (cell.stretch, replications, 0)
        })?;
        is_comparable.then(|| row.clone())
    }

    /// Its first replications, as those of the cell called `number`; nothing if some are missing or too long for
    /// the plan, or runs have another length.
    pub(crate) fn outputs(
        &self,
        plan: &Plan,
        number: u32,
        replications: u32,
    ) -> Option<Vec<JobOutput>> {
        let ids = (0..replications).map(|replication| JobId { cell: number, replication });
        ids.map(|id| Some(output(id, self.job(plan, id)?.clone()))).collect()
    }

    fn job(&self, plan: &Plan, id: JobId) -> Option<&StockedJob> {
        let job = self.jobs.get(id.replication as usize)?.as_ref()?;
        let is_usable = self.record.stretch == plan.cell(id).stretch
            && job.summary.num_simulated <= plan.limits.requests_per_job;
        is_usable.then_some(job)
    }

    /// Whether its samples go together with those that the plan keeps of a cell.
    pub(crate) fn fits(&self, plan: &Plan, cell: u32) -> bool {
        let kinds: Vec<Kind> = self.jobs.iter().flatten().filter_map(StockedJob::kind).collect();
        let Some(&kind) = kinds.first() else { return false };
        let keeps_samples = plan.keeps_samples(cell, plan.replications);
        kinds.iter().all(|other| *other == kind)
            && match kind {
                Kind::Exact => true,
                Kind::Windowed => keeps_samples && plan.narrows(&plan.cells[cell as usize]),
                Kind::Binned => !keeps_samples,
            }
    }

    /// The ranges to which its samples are narrowed; none if they are whole.
    pub(crate) fn windows(&self) -> Vec<ValueRange> {
        let narrowed = self.jobs.iter().flatten().find_map(|job| match &job.ttft_s {
            Some(KeptSample::Windowed(windows)) => Some(windows.ranges()),
            _ => None,
        });
        narrowed.unwrap_or_default()
    }

    /// A job with its sample narrowed to `windows`; nothing if it must be simulated.
    pub(crate) fn output(
        &self,
        plan: &Plan,
        id: JobId,
        windows: &[ValueRange],
    ) -> Option<JobOutput> {
        let mut job = self.job(plan, id).filter(|job| job.ttft_s.is_some())?.clone();
        if !windows.is_empty() {
            job.ttft_s.as_mut().into_iter().for_each(|sample| sample.narrow_to(windows));
        }
        Some(output(id, job))
    }
}

impl StockedJob {
    fn kind(&self) -> Option<Kind> {
        self.ttft_s.as_ref().map(|sample| match sample {
            KeptSample::Exact(_) => Kind::Exact,
            KeptSample::Windowed(_) => Kind::Windowed,
            KeptSample::Binned(_) => Kind::Binned,
        })
    }
}

fn output(id: JobId, job: StockedJob) -> JobOutput {
    let result = JobResult { id, outcome: Ok(job.summary) };
    JobOutput { result, ttft_s: job.ttft_s, batches: Vec::new() }
}
