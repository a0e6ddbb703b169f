//! Expansion: from a sweep as written to its cells.

use std::collections::BTreeSet;

use super::axis::{Axis, dimensions, lower_axes};
use super::design::{Cell, Limits, Plan, WarmupOrigin, apply, describe};
use super::error::PlanError;
use super::exclude::Exclusion;
use super::precision::{Precision, confidence};
use crate::scenario::{Defaults, MomentsCache, OfferedLoad, Traces, lower};
use crate::spec::{ScenarioSpec, SweepSpec, Warmup};

/// Expands a sweep into cells and jobs.
///
/// # Errors
/// Names the axis, the value and the remedy.
pub fn plan(spec: &SweepSpec, traces: &Traces, limits: Limits) -> Result<Plan, PlanError> {
    let axes = lower_axes(spec)?;
    let dimensions = dimensions(spec, &axes)?;
    let exclusions = spec
        .exclude
        .iter()
        .map(|text| Exclusion::lower(text, &axes, &spec.base))
        .collect::<Result<Vec<_>, _>>()?;
    if spec.replications == 0 {
        return Err(PlanError::NoReplications);
    }
    let confidence = confidence(spec.confidence)?;
    let precision = Precision::lower(spec)?;
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
        confidence,
        precision,
        seeding: spec.seeding,
        limits,
        slice_size: 1,
        hash: String::new(),
        base: spec.base.clone(),
    };
    check_cap(&plan)?;
    plan.rechunk(limits.requests_per_chunk);
    plan.hash = plan.content_hash();
    Ok(plan)
}

/// No look may lead past the limit of jobs.
fn check_cap(plan: &Plan) -> Result<(), PlanError> {
    let Some(Precision { max_replications, .. }) = plan.precision else { return Ok(()) };
    let (cells, limit) = (plan.cells.len(), plan.limits.jobs);
    let jobs = u64::from(max_replications).saturating_mul(cells as u64);
    if jobs <= limit {
        Ok(())
    } else {
        Err(PlanError::TooManyReplications { max_replications, cells, jobs, limit })
    }
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
        let requests = load.expected_requests(&scenario);
        if requests > crate::math::count(limits.requests_per_job) {
            let limit = limits.requests_per_job;
            return Err(PlanError::TooManyRequests { cell: name(), requests, limit });
        }
        let warmup = match cell_spec.warmup_seconds {
            Some(Warmup::Auto) => WarmupOrigin::Open,
            _ => WarmupOrigin::Stated,
        };
        Ok(Cell { factors, scenario, load, warmup, stretch: 1 })
    }
}
