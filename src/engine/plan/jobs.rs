//! Jobs, waves and slices: how cells and replications are numbered and cut.
//!
//! Cells are simulated wave by wave. A slice is a contiguous range of the jobs of a wave, the unit of
//! scheduling. (Chunks are what is kept on disk: `chunks`.)
//!
//! Jobs are numbered replication-major (job = replication x cells + cell), so that neighbours are
//! cells of one replication, which share random streams.

use std::ops::Range;

use super::design::{Cell, Plan, WarmupOrigin};
use crate::math;
use crate::model::Job;
use crate::random::{Seeding, StreamKey};
use crate::scenario::Scenario;
use crate::statistics::batches_may_suffice;

/// A job by its coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobId {
    /// Cell number.
    pub cell: u32,
    /// Replication number.
    pub replication: u32,
}

/// Most slices of a plan.
const MAX_SLICES: u64 = 10_000;

/// Samples of a cell, of its first 32 replications at most, up to which its pooled percentiles are exact
/// (128 MiB).
const POOLED_SAMPLES: f64 = 16_777_216.0;

/// Replications after which the samples of a cell can be narrowed to what its percentiles need.
const NARROWED_REPLICATIONS: u32 = 32;

/// Samples of a run up to which its histogram saves nothing: it has 512 buckets per doubling, and times
/// to first token span eight doublings and more.
const BINNED_SAMPLES: f64 = 4096.0;

/// Simulated requests of a slice that is worth scheduling (half a millisecond), and of a large one.
const SLICE_REQUESTS: (f64, f64) = (65_536.0, 262_144.0);

/// Jobs that a large slice has however long they are, so that they fill vectors.
const SLICE_JOBS: u64 = 64;

/// Fewest slices of a wave with enough work: its cores wait for each other at the end.
const MIN_SLICES: u64 = 4;

/// Numbers that a worker holds in memory for a bundle (64 MiB): samples, and the state of pools.
pub const BUNDLED_NUMBERS: f64 = 8_388_608.0;

/// Of those, what one job has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeldNumbers {
    /// Its sample.
    pub sample: f64,
    /// The state of its pools, and its draws.
    pub state: f64,
}

/// Those of a job whose draws nobody shares, at most: a block of each input, drawn and side by side.
const NUMBERS_PER_JOB: f64 = 2_048.0;

/// Those of a GPU, at most: six for each lane of the widest vectors, and as many where their number is
/// rounded up.
const NUMBERS_PER_GPU: f64 = 96.0;

impl Plan {
    /// Number of jobs.
    pub fn num_jobs(&self) -> u64 {
        self.cells.len() as u64 * u64::from(self.replications)
    }

    /// Coordinates of a job, 0 <= `number` < number of jobs.
    #[expect(clippy::cast_possible_truncation, reason = "cells and replications fit 32 bits")]
    pub fn job_id(&self, number: u64) -> JobId {
        let cells = self.cells.len() as u64;
        JobId { cell: (number % cells) as u32, replication: (number / cells) as u32 }
    }

    /// The cell of a job.
    pub fn cell(&self, id: JobId) -> &Cell {
        &self.cells[id.cell as usize]
    }

    /// A job, ready to simulate.
    pub fn job(&self, id: JobId) -> Job<'_> {
        let Cell { scenario, warmup, .. } = self.cell(id);
        debug_assert_ne!(*warmup, WarmupOrigin::Open, "its warm-up is to be found first");
        Job {
            scenario,
            key: stream_key(scenario, self.seeding),
            replication: id.replication,
            max_requests: self.limits.requests_per_job,
        }
    }

    /// Whether each cell has a single run, whose intervals come from its batches if these are long enough.
    pub fn has_single_runs(&self) -> bool {
        self.replications == 1 && self.precision.is_none()
    }

    /// Whether the run of a cell is cut into batches: it is the only one, and they are likely to be long
    /// enough. Batches are counted one job at a time; other jobs go side by side.
    pub fn cuts_into_batches(&self, cell: &Cell) -> bool {
        let Cell { scenario, load, .. } = cell;
        let rate_per_s = scenario.arrivals.rate_per_s().unwrap_or_default();
        self.has_single_runs()
            && batches_may_suffice(rate_per_s * scenario.window_s(), load.relaxations(scenario))
    }

    /// Number of slices.
    pub fn num_slices(&self) -> u64 {
        let jobs_of = |wave: Range<usize>| wave.len() as u64 * u64::from(self.replications);
        self.waves().into_iter().map(|wave| jobs_of(wave).div_ceil(self.slice_size)).sum()
    }

    /// Cells in ranges whose samples fit into memory together, and which are no more work than a chunk
    /// should be: all replications of a range are simulated before the next one, so that samples can be
    /// pooled and forgotten.
    ///
    /// At least one cell each; a function of the plan alone.
    pub fn waves(&self) -> Vec<Range<usize>> {
        let mut waves = Vec::new();
        let mut start = 0;
        let most_requests = self.requests_per_chunk();
        while start < self.cells.len() {
            let rest = self.cells[start..].iter().map(|cell| (cell, self.replications));
            let requests = rest.clone().map(|(cell, times)| expected_samples(cell, times));
            let quick = fitting_within(most_requests, requests);
            let end = start + self.fitting(rest.take(quick));
            waves.push(start..end);
            start = end;
        }
        waves
    }

    /// Whether the samples of a cell are kept one by one to be pooled: expected to fit into memory, or
    /// of runs so short that histograms would take more of it.
    pub fn keeps_samples(&self, cell: u32, replications: u32) -> bool {
        keeps_samples(&self.cells[cell as usize], replications)
    }

    /// Whether the samples of a cell may be narrowed to what its percentiles need: not those that may
    /// have to become a histogram.
    pub fn narrows(&self, cell: &Cell) -> bool {
        keeps_samples(cell, self.most_replications())
    }

    /// Replications of a cell at most.
    pub fn most_replications(&self) -> u32 {
        self.precision.as_ref().map_or(self.replications, |rule| rule.max_replications)
    }

    /// Of that many replications of a cell, those whose samples are in memory before they are narrowed.
    pub fn kept_whole(&self, cell: &Cell, replications: u32) -> u32 {
        replications.min(if self.narrows(cell) { NARROWED_REPLICATIONS } else { u32::MAX })
    }

    /// How many cells, counted from the first, have samples that fit into memory together when each is
    /// replicated as often as said. At least one, if there is one.
    pub fn fitting<'a>(&self, cells: impl IntoIterator<Item = (&'a Cell, u32)>) -> usize {
        let kept = |(cell, replications): (&'a Cell, u32)| {
            expected_samples(cell, self.kept_whole(cell, replications))
        };
        fitting_within(math::count(self.limits.samples_at_once), cells.into_iter().map(kept))
    }

    /// How many replications are to be done before samples are narrowed again, when `done` are: 32, then
    /// twice as many each time.
    pub fn next_narrowing(done: u32) -> u32 {
        let doublings = (done / NARROWED_REPLICATIONS).checked_ilog2().map_or(0, |log| log + 1);
        2_u32
            .checked_pow(doublings)
            .and_then(|times| times.checked_mul(NARROWED_REPLICATIONS))
            .unwrap_or(u32::MAX)
    }

    /// How many of these jobs, given by their cells, make a bundle: from the first on, as many as have
    /// samples and pools that fit into memory. At least one, if there is one; a function of the plan alone.
    pub fn bundled(&self, cells: impl IntoIterator<Item = u32>) -> usize {
        let held = |cell: u32| {
            let HeldNumbers { sample, state } = self.cells[cell as usize].held_numbers();
            sample + state
        };
        fitting_within(BUNDLED_NUMBERS, cells.into_iter().map(held))
    }

    /// Requests to expect from all jobs.
    pub fn expected_requests(&self) -> f64 {
        let per_replication: f64 = self.cells.iter().map(Cell::expected_requests).sum();
        per_replication * f64::from(self.replications)
    }
}

/// How many amounts, counted from the first, stay below a bound together; at least one.
fn fitting_within(most: f64, amounts: impl IntoIterator<Item = f64>) -> usize {
    let mut sum = 0.0;
    let fits = |amount: &f64| {
        let is_first = sum == 0.0;
        sum += amount;
        is_first || sum <= most
    };
    amounts.into_iter().take_while(fits).count()
}

impl Cell {
    /// Numbers that a worker holds for one of its jobs.
    pub fn held_numbers(&self) -> HeldNumbers {
        let gpus = f64::from(self.scenario.cluster.gpus());
        let state = NUMBERS_PER_JOB + NUMBERS_PER_GPU * gpus;
        HeldNumbers { sample: expected_samples(self, 1), state }
    }
}

fn keeps_samples(cell: &Cell, replications: u32) -> bool {
    cell.expected_requests() <= BINNED_SAMPLES
        || expected_samples(cell, replications.min(NARROWED_REPLICATIONS)) <= POOLED_SAMPLES
}

fn expected_samples(cell: &Cell, replications: u32) -> f64 {
    cell.expected_requests() * f64::from(replications)
}

/// The key of a scenario's streams. Common random numbers keep the cell out of it.
pub fn stream_key(scenario: &Scenario, seeding: Seeding) -> StreamKey {
    match seeding {
        Seeding::Common => StreamKey::common(scenario.random_seed),
        Seeding::Independent => StreamKey::independent(scenario.random_seed, &scenario.canonical()),
    }
}

/// Jobs per slice: a function of the plan alone, never of the machine. Whole replications of the cells
/// of a wave, or equal parts of one: cells of a replication share draws.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a rough size; any positive number is right"
)]
pub(super) fn slice_size(jobs: u64, cells: u64, waves: u64, expected_requests: f64) -> u64 {
    let requests_per_job = (expected_requests / jobs as f64).max(1.0);
    let worthwhile = |requests: f64| (requests / requests_per_job).ceil() as u64;
    let of_wave = jobs.div_ceil(waves.max(1));
    let balanced = of_wave.div_ceil(MIN_SLICES).max(worthwhile(SLICE_REQUESTS.0));
    let wanted = balanced.min(worthwhile(SLICE_REQUESTS.1).max(SLICE_JOBS));
    let replication = cells.div_ceil(waves).max(1);
    let size = if wanted >= replication {
        wanted - wanted % replication
    } else {
        let parts = ((replication as f64 / wanted as f64).round() as u64).max(1);
        replication.div_ceil(parts)
    };
    // The last slice of a wave may be a small one.
    let most = MAX_SLICES.saturating_sub(waves).max(1);
    size.min(jobs).max(jobs.div_ceil(most)).max(1)
}
