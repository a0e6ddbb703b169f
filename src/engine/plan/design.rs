//! The plan itself: cells with their factors, and what names them.

use sha2::{Digest, Sha256};

use super::axis::Axis;
use super::precision::Precision;
use crate::random::{STREAM_VERSION, Seeding};
use crate::scenario::{OfferedLoad, Scenario};
use crate::spec::{Rank, ScenarioSpec, Value, Warmup};
use crate::warmup::{self, DeletionPoint, Finding};

/// What a plan may grow to. Far above a sweep of a million jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Jobs of a plan.
    pub jobs: u64,
    /// Requests that one job may simulate (8 bytes of memory each).
    pub requests_per_job: u64,
    /// Samples that are kept in memory, all cells under way together (8 bytes each); more than that
    /// where a cell or a few replications have more.
    pub samples_at_once: u64,
    /// Simulated requests of a chunk, more or less: what is lost when a run is stopped, and what shards
    /// share out. One cell may have more.
    pub requests_per_chunk: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            jobs: 10_000_000,
            requests_per_job: 100_000_000,
            samples_at_once: 16_777_216,
            // Four seconds of one core.
            requests_per_chunk: 400_000_000,
        }
    }
}

/// A sweep, ready to run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Axes in declared order.
    pub axes: Vec<Axis>,
    /// Cells in row-major order of the axes, the last one fastest.
    pub cells: Vec<Cell>,
    /// Replications per cell, >= 1; with a wanted precision, those of the first look.
    pub replications: u32,
    /// Confidence level of intervals, in (0, 1).
    pub confidence: f64,
    /// Precision that decides over further replications.
    pub precision: Option<Precision>,
    /// How cells share randomness.
    pub seeding: Seeding,
    /// What the jobs may grow to.
    pub limits: Limits,
    /// Jobs per slice.
    pub slice_size: u64,
    /// SHA-256 over everything that decides the values of a row, as hexadecimal digits. Not over
    /// replications, confidence, precision, limits, names or threads: more replications extend a run.
    pub hash: String,
    /// What all cells have in common, as written.
    pub(super) base: ScenarioSpec,
}

/// One point of the design.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Per axis the index of its value; `None` where the axis means nothing in this cell.
    pub factors: Vec<Option<u32>>,
    /// The system.
    pub scenario: Scenario,
    /// Its offered load.
    pub load: OfferedLoad,
    /// Where the start of its window comes from.
    pub warmup: WarmupOrigin,
    /// How many times longer than stated its horizon has become.
    pub stretch: u32,
}

/// Where the start of a cell's window comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarmupOrigin {
    /// It was stated, or is the default.
    Stated,
    /// It is `auto` and still to be found: the cell is not ready to run.
    Open,
    /// It is `auto` and frozen.
    Frozen(Finding),
}

impl Cell {
    /// Requests to expect from one job of this cell.
    pub fn expected_requests(&self) -> f64 {
        self.load.expected_requests(&self.scenario)
    }

    /// Doubles its horizon: single runs were too short for a wanted precision.
    pub fn lengthen(&mut self) {
        self.scenario.sim_seconds *= 2.0;
        self.stretch *= 2;
    }

    /// Whether its warm-up is `auto`, found or not.
    pub fn has_auto_warmup(&self) -> bool {
        self.warmup != WarmupOrigin::Stated
    }

    /// Requests to expect from the pilots that find its warm-up.
    pub fn expected_pilot_requests(&self) -> f64 {
        if self.has_auto_warmup() {
            warmup::expected_requests(&self.scenario, &self.load)
        } else {
            0.0
        }
    }

    /// What names it: system, window and seed, in a fixed spelling.
    fn description(&self) -> [String; 3] {
        let Self { scenario, .. } = self;
        [
            scenario.canonical(),
            scenario.canonical_window(self.has_auto_warmup()),
            scenario.random_seed.to_string(),
        ]
    }

    /// Starts its window where the pilots say.
    pub fn freeze_warmup(&mut self, point: DeletionPoint) {
        self.scenario.warmup_seconds = point.warmup_seconds;
        self.warmup = WarmupOrigin::Frozen(point.finding);
    }
}

impl Plan {
    /// The value of an axis in a cell; `None` where it means nothing there.
    pub fn factor(&self, cell: &Cell, axis: usize) -> Option<&Value> {
        cell.factors[axis].map(|i| &self.axes[axis].values[i as usize])
    }

    /// `rate_per_s=2, mode=mono`.
    pub fn cell_name(&self, cell: &Cell) -> String {
        describe(&self.axes, &cell.factors)
    }

    /// The scenario of a cell as one would write it, with what was found out since: a frozen warm-up, a
    /// longer horizon.
    pub fn cell_spec(&self, cell: &Cell) -> ScenarioSpec {
        let indices: Vec<u32> = cell.factors.iter().map(|factor| factor.unwrap_or(0)).collect();
        let mut spec = apply(&self.axes, &self.base, &indices).1;
        if cell.stretch > 1 {
            spec.sim_seconds = Some(cell.scenario.sim_seconds);
        }
        if let WarmupOrigin::Frozen(_) = cell.warmup {
            spec.warmup_seconds = Some(Warmup::Seconds(cell.scenario.warmup_seconds));
        }
        spec
    }

    pub(super) fn content_hash(&self) -> String {
        let mut hash = Sha256::new();
        let mut line = |text: String| {
            hash.update(text.as_bytes());
            hash.update(b"\n");
        };
        line(format!("sweep {} streams {STREAM_VERSION}", env!("CARGO_PKG_VERSION")));
        line(format!("{:?}", self.seeding));
        for axis in &self.axes {
            line(axis.key.column.to_owned());
        }
        for cell in &self.cells {
            line(self.cell_name(cell));
            cell.description().into_iter().for_each(&mut line);
        }
        crate::hex(&hash.finalize())
    }

    /// SHA-256 over everything that decides the results of a cell's replications, as hexadecimal digits: the
    /// same in whatever sweep it is. That its horizon was lengthened, or its warm-up found, changes nothing.
    pub fn cell_identity(&self, cell: &Cell) -> String {
        let mut hash = Sha256::new();
        let program = format!("sweep {} streams {STREAM_VERSION}", env!("CARGO_PKG_VERSION"));
        let mut stated = cell.clone();
        stated.scenario.sim_seconds /= f64::from(cell.stretch);
        let of_cell = stated.description();
        for line in [program, format!("{:?}", self.seeding)].into_iter().chain(of_cell) {
            hash.update(line.as_bytes());
            hash.update(b"\n");
        }
        crate::hex(&hash.finalize())
    }
}

/// Sets every axis that has a meaning in the resulting scenario. Keys that decide over the meaning
/// of others go first.
pub(super) fn apply(
    axes: &[Axis],
    base: &ScenarioSpec,
    indices: &[u32],
) -> (Vec<Option<u32>>, ScenarioSpec) {
    let mut spec = base.clone();
    let mut factors = vec![None; axes.len()];
    for rank in Rank::ALL {
        for (i, axis) in axes.iter().enumerate() {
            if axis.key.rank == rank && (axis.key.applies)(&spec) {
                (axis.key.set)(&mut spec, &axis.values[indices[i] as usize]);
                factors[i] = Some(indices[i]);
            }
        }
    }
    (factors, spec)
}

/// `rate_per_s=2, mode=mono`.
pub(super) fn describe(axes: &[Axis], factors: &[Option<u32>]) -> String {
    let pairs = axes.iter().zip(factors).filter_map(|(axis, factor)| {
        factor.map(|i| format!("{}={}", axis.key.column, axis.values[i as usize]))
    });
    let name = pairs.collect::<Vec<_>>().join(", ");
    if name.is_empty() { "without axes".to_owned() } else { name }
}
