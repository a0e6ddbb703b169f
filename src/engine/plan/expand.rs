//! Expansion: from a sweep as written to its cells.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};
use thiserror::Error;

use super::axis::{Axis, dimensions, lower_axes};
use super::exclude::Exclusion;
use super::jobs::chunk_size;
use crate::random::{STREAM_VERSION, Seeding};
use crate::scenario::{Defaults, MomentsCache, OfferedLoad, Scenario, SpecError, Traces, lower};
use crate::spec::Rank;
use crate::spec::{ConditionError, ListError, ScenarioSpec, SweepSpec, Value};

/// What a plan may grow to. Far above a sweep of a million jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Jobs of a plan.
    pub jobs: u64,
    /// Requests that one job may simulate (8 bytes of memory each).
    pub requests_per_job: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { jobs: 10_000_000, requests_per_job: 100_000_000 }
    }
}

/// A sweep, ready to run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Axes in declared order.
    pub axes: Vec<Axis>,
    /// Cells in row-major order of the axes, the last one fastest.
    pub cells: Vec<Cell>,
    /// Replications per cell, >= 1.
    pub replications: u32,
    /// How cells share randomness.
    pub seeding: Seeding,
    /// What the jobs may grow to.
    pub limits: Limits,
    /// Jobs per chunk.
    pub chunk_size: u64,
    /// SHA-256 over everything that decides the values of a row, as hexadecimal digits. Not over
    /// replications, limits, names or threads: more replications extend a run.
    pub hash: String,
    base: ScenarioSpec,
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
}

impl Cell {
    /// Requests to expect from one job of this cell.
    pub fn expected_requests(&self) -> f64 {
        self.scenario.expected_requests(&self.load)
    }
}

/// Why a sweep makes no plan.
#[derive(Clone, Debug, Error, PartialEq)]
#[expect(missing_docs, reason = "the fields say what the message says")]
pub enum PlanError {
    #[error("unknown key `{name}`: {hint}")]
    UnknownAxis { name: String, hint: String },
    #[error("bad values of axis `{axis}`")]
    BadAxis { axis: String, source: ListError },
    #[error("the axes `{first}` and `{second}` set the same parameter: keep one")]
    SameParameter { first: &'static str, second: &'static str },
    #[error("zip names `{name}`, which is no axis of this sweep: add it to axes")]
    ZipWithoutAxis { name: String },
    #[error("axis `{axis}` stands twice in zip: name it once")]
    ZippedTwice { axis: &'static str },
    #[error("zipped axes need equally many values: {lengths}")]
    ZipLengths { lengths: String },
    #[error(transparent)]
    BadCondition(#[from] ConditionError),
    #[error("bad exclude condition `{text}`: {problem}")]
    BadExclusion { text: String, problem: String },
    #[error("replications is 0: it must be at least 1")]
    NoReplications,
    #[error(
        "the grid has {cells} cells, with {replications} replications {jobs} jobs; the limit is \
         {limit}: drop values or replications, or raise --max-jobs"
    )]
    TooManyJobs { cells: u128, replications: u32, jobs: u128, limit: u64 },
    #[error("no cell is left: the exclude conditions rule out all {points} points of the grid")]
    NothingLeft { points: u64 },
    #[error("axis `{axis}` means nothing in any cell: {hint}")]
    IdleAxis { axis: &'static str, hint: String },
    #[error("bad cell {cell}")]
    BadCell { cell: String, source: SpecError },
    #[error(transparent)]
    BadBase(#[from] SpecError),
    #[error(
        "the cell {cell} would simulate about {requests:.3e} requests per job, the limit is \
         {limit}: shorten sim_seconds, lower the rate, or raise --max-requests"
    )]
    TooManyRequests { cell: String, requests: f64, limit: u64 },
}

/// Expands a sweep into cells, jobs and chunks.
///
/// # Errors
/// Names the axis, the value and the remedy.
pub fn plan(spec: &SweepSpec, traces: &Traces, limits: Limits) -> Result<Plan, PlanError> {
    let axes = lower_axes(spec)?;
    let dimensions = dimensions(spec, &axes)?;
    let exclusions = spec
        .exclude
        .iter()
        .map(|text| Exclusion::lower(text, &axes))
        .collect::<Result<Vec<_>, _>>()?;
    if spec.replications == 0 {
        return Err(PlanError::NoReplications);
    }
    let points = grid_size(&axes, &dimensions, spec.replications, limits)?;
    let mut expansion = Expansion { spec, traces, axes: &axes, moments: MomentsCache::default() };
    let mut seen = BTreeSet::new();
    let mut cells = Vec::new();
    let mut is_idle = vec![true; axes.len()];
    for point in 0..points {
        let (factors, cell_spec) = expansion.at(&dimensions, point);
        for (is_idle, factor) in is_idle.iter_mut().zip(&factors) {
            *is_idle &= factor.is_none();
        }
        let is_excluded = exclusions.iter().any(|condition| condition.excludes(&axes, &factors));
        // Cells that differ only in axes without meaning are one cell.
        if !is_excluded && seen.insert(factors.clone()) {
            cells.push(expansion.cell(factors, &cell_spec, limits)?);
        }
    }
    if cells.is_empty() {
        return Err(PlanError::NothingLeft { points });
    }
    if let Some(idle) = is_idle.iter().position(|is_idle| *is_idle) {
        let key = axes[idle].key;
        return Err(PlanError::IdleAxis { axis: key.path, hint: key.meaning.to_owned() });
    }
    let mut plan = Plan {
        axes,
        cells,
        replications: spec.replications,
        seeding: spec.seeding,
        limits,
        chunk_size: 1,
        hash: String::new(),
        base: spec.base.clone(),
    };
    plan.chunk_size = chunk_size(plan.num_jobs(), plan.expected_requests());
    plan.hash = plan.content_hash();
    Ok(plan)
}

/// Points of the full grid, checked against the limit before anything is expanded.
fn grid_size(
    axes: &[Axis],
    dimensions: &[Vec<usize>],
    replications: u32,
    limits: Limits,
) -> Result<u64, PlanError> {
    let lengths = dimensions.iter().map(|members| axes[members[0]].values.len() as u128);
    let cells = lengths.fold(1_u128, u128::saturating_mul);
    let jobs = cells.saturating_mul(u128::from(replications));
    match u64::try_from(cells) {
        Ok(points) if jobs <= u128::from(limits.jobs) && u32::try_from(points).is_ok() => {
            Ok(points)
        }
        _ => Err(PlanError::TooManyJobs { cells, replications, jobs, limit: limits.jobs }),
    }
}

/// The expansion of one sweep, under way.
struct Expansion<'a> {
    spec: &'a SweepSpec,
    traces: &'a Traces,
    axes: &'a [Axis],
    moments: MomentsCache,
}

impl Expansion<'_> {
    /// Factors and scenario of a point of the grid.
    fn at(&self, dimensions: &[Vec<usize>], point: u64) -> (Vec<Option<u32>>, ScenarioSpec) {
        let mut indices = vec![0; self.axes.len()];
        let mut rest = point;
        for members in dimensions.iter().rev() {
            let length = self.axes[members[0]].values.len() as u64;
            let index = u32::try_from(rest % length).unwrap_or(u32::MAX);
            rest /= length;
            for &member in members {
                indices[member] = index;
            }
        }
        apply(self.axes, &self.spec.base, &indices)
    }

    fn cell(
        &mut self,
        factors: Vec<Option<u32>>,
        cell_spec: &ScenarioSpec,
        limits: Limits,
    ) -> Result<Cell, PlanError> {
        let name = || describe(self.axes, &factors);
        let scenario = lower(cell_spec, Defaults::SWEEP, self.traces).map_err(|source| {
            if self.axes.is_empty() {
                PlanError::BadBase(source)
            } else {
                PlanError::BadCell { cell: name(), source }
            }
        })?;
        let load = OfferedLoad::of(&scenario, &mut self.moments);
        let requests = scenario.expected_requests(&load);
        if requests > crate::math::count(limits.requests_per_job) {
            let limit = limits.requests_per_job;
            return Err(PlanError::TooManyRequests { cell: name(), requests, limit });
        }
        Ok(Cell { factors, scenario, load })
    }
}

/// Sets every axis that has a meaning in the resulting scenario. Keys that decide over the meaning
/// of others go first.
fn apply(axes: &[Axis], base: &ScenarioSpec, indices: &[u32]) -> (Vec<Option<u32>>, ScenarioSpec) {
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
fn describe(axes: &[Axis], factors: &[Option<u32>]) -> String {
    let pairs = axes.iter().zip(factors).filter_map(|(axis, factor)| {
        factor.map(|i| format!("{}={}", axis.key.column, axis.values[i as usize]))
    });
    let name = pairs.collect::<Vec<_>>().join(", ");
    if name.is_empty() { "without axes".to_owned() } else { name }
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

    /// The scenario of a cell as one would write it.
    pub fn cell_spec(&self, cell: &Cell) -> ScenarioSpec {
        let indices: Vec<u32> = cell.factors.iter().map(|factor| factor.unwrap_or(0)).collect();
        apply(&self.axes, &self.base, &indices).1
    }

    fn content_hash(&self) -> String {
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
            line(cell.scenario.canonical());
            line(cell.scenario.canonical_window());
            line(cell.scenario.random_seed.to_string());
        }
        crate::hex(&hash.finalize())
    }
}
