//! From job outputs to rows: the replications of a cell taken together.

use std::borrow::Cow;

use sweep_engine::model::Summary;
use sweep_engine::plan::{Cell, JobId, Plan, WarmupOrigin};
use sweep_engine::scenario::MomentsCache;
use sweep_engine::statistics::{KeptSample, PooledPercentile, PooledSample};
use sweep_engine::theory::Prediction;

use crate::assemble::TraceFolders;
use crate::intervals::{Intervals, Levels};
use crate::precision::StopReason;
use crate::rerun::rerun_command;
use crate::runner::JobOutput;
use crate::schema::{CellRow, JobRow, POOLED};

/// Samples of a run from which on its 99th percentile is more than a guess.
const MIN_SAMPLES: u64 = 1000;

/// Samples on the rarer side of an objective from which on its share has an interval worth the name:
/// with fewer, most runs have none of them and look alike.
const MIN_RARER: f64 = 30.0;

/// The row of a job.
pub(crate) fn job_row(plan: &Plan, folders: &TraceFolders, output: JobOutput) -> JobRow {
    let result = output.result;
    let rerun = |id: JobId| rerun_command(plan, folders, id);
    JobRow {
        seed: plan.cell(result.id).scenario.random_seed,
        rerun: result.outcome.is_err().then(|| rerun(result.id)),
        result,
    }
}

/// The row of a cell: means over the replications that have a result, pooled percentiles, flags. `None` if
/// what was kept of the samples does not show the percentiles.
///
/// `outputs` come in the order of replications.
pub(crate) fn cell_row(
    plan: &Plan,
    levels: &Levels,
    cell: u32,
    outputs: &[JobOutput],
) -> Option<CellRow> {
    let summaries: Vec<&Summary> =
        outputs.iter().filter_map(|output| output.result.outcome.as_ref().ok()).collect();
    let samples: Vec<&KeptSample> =
        outputs.iter().filter_map(|output| output.ttft_s.as_ref()).collect();
    let batches = match outputs {
        [only] => only.batches.as_slice(),
        _ => &[],
    };
    let described = &plan.cells[cell as usize];
    let Cell { scenario, load, .. } = described;
    let intervals = Intervals::new(levels, &summaries, batches, load.relaxations(scenario));
    let mut pooled = PooledSample::new(samples);
    let is_exact = pooled.is_exact() && summaries.iter().all(|summary| summary.is_exact);
    let percentiles = intervals.of_pooled(&mut pooled);
    if pooled.has_missed() {
        return None;
    }
    let count = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
    let row = CellRow {
        cell,
        replications: count(summaries.len()),
        failed: count(outputs.len() - summaries.len()),
        estimates: intervals.of_metrics(),
        low_samples: has_low_samples(&summaries, &percentiles),
        low_slo_samples: has_low_slo_samples(&summaries),
        pooled: percentiles,
        ci_method: intervals.method().map(Cow::Borrowed),
        quantile_method: (!pooled.is_empty()).then_some(Cow::Borrowed(quantile_method(is_exact))),
        stop_reason: StopReason::Fixed,
        steady: intervals.trend().and_then(|trend| trend.contains(0.0)),
        short_runs: None,
        short_warmup: None,
    };
    Some(CellRow {
        // Where there is no steady state, there is no long run, and no warm-up is long enough.
        short_runs: has_short_runs(&row)
            .filter(|_| !load.is_saturated() && intervals.method() == Some("replications")),
        short_warmup: has_short_warmup(described, &intervals).filter(|_| !load.is_saturated()),
        ..row
    })
}

/// What queueing theory says of cells.
pub(crate) fn predictions(cells: &[&Cell]) -> Vec<Prediction> {
    let mut moments = MomentsCache::default();
    cells.iter().map(|cell| Prediction::of(&cell.scenario, &mut moments)).collect()
}

/// The word in tables.
pub(crate) fn quantile_method(is_exact: bool) -> &'static str {
    if is_exact { "exact" } else { "histogram" }
}

/// Whether a run has too few samples for a 99th percentile, or all of them together too few for the
/// interval of one.
fn has_low_samples(
    summaries: &[&Summary],
    percentiles: &[Option<PooledPercentile>],
) -> Option<bool> {
    let runs = u64::try_from(summaries.len()).ok().filter(|&runs| runs > 0)?;
    let samples: u64 = summaries.iter().map(|summary| summary.num_samples).sum();
    let ends_within = |percentile: &PooledPercentile| percentile.is_within;
    Some(samples < MIN_SAMPLES * runs || !percentiles.iter().flatten().all(ends_within))
}

/// Whether next to no sample lies within the objective, or next to none beyond it; nothing without one.
#[expect(clippy::cast_precision_loss, reason = "compared with a small number")]
fn has_low_slo_samples(summaries: &[&Summary]) -> Option<bool> {
    let counts = summaries.iter().filter_map(|summary| {
        let within = summary.slo_attainment? * summary.num_samples as f64;
        Some((within, summary.num_samples as f64 - within))
    });
    let (within, beyond) = counts.reduce(|(a, b), (c, d)| (a + c, b + d))?;
    Some(within.min(beyond) < MIN_RARER)
}

/// Whether a percentile of all samples together lies outside the interval of the mean percentile of
/// single runs: then runs are too short to show it.
fn has_short_runs(row: &CellRow) -> Option<bool> {
    let verdicts = POOLED.iter().zip(&row.pooled).filter_map(|(percentile, pooled)| {
        row.estimate(percentile.of_runs)?.contains(pooled.as_ref()?.estimate.mean)
    });
    verdicts.map(|is_inside| !is_inside).reduce(|one, other| one || other)
}

/// Whether the window begins too early: with a stated warm-up of less than one relaxation time, or
/// with a first tenth of the samples below the rest. The latter alone sees too little: of cells at load
/// 0.83 without any warm-up it found 2 in 100 from ten replications.
fn has_short_warmup(cell: &Cell, intervals: &Intervals) -> Option<bool> {
    let is_stated = cell.warmup == WarmupOrigin::Stated;
    let is_hasty = cell.load.relaxation_s.is_some_and(|s| cell.scenario.warmup_seconds < s);
    let starts_low = intervals
        .onset()
        .and_then(|onset| onset.contains(0.0).map(|is_level| !is_level && onset.mean < 0.0));
    if is_stated && is_hasty { Some(true) } else { starts_low }
}
