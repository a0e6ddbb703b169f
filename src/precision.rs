//! The rule of a wanted precision: what a cell needs after a look. Pure.
//!
//! Looks at fixed numbers of replications (R, 2R, 4R, ...) keep the bias of stopping when an interval
//! happens to be narrow small; docs/error-bars.md shows what is left of it.

use serde::{Deserialize, Serialize};
use sweep_engine::plan::{Cell, Plan, Precision};
use sweep_engine::scenario::{Arrivals, Cluster};
use sweep_engine::statistics::Estimate;

use crate::schema::CellRow;

/// Runs are lengthened up to this many times.
const MAX_STRETCH: u32 = 64;

/// What a cell needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Stop(StopReason),
    /// This many replications.
    Replicate(u32),
    /// Runs of twice the length, from the first replication on.
    Lengthen,
}

/// Why a cell got no further replication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum StopReason {
    /// The number of replications was given.
    Fixed,
    Precision,
    MaxReplications,
    /// No steady state to be precise about.
    Saturated,
    /// A job failed.
    Failed,
}

impl StopReason {
    /// The word in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Precision => "precision",
            Self::MaxReplications => "max_replications",
            Self::Saturated => "saturated",
            Self::Failed => "failed",
        }
    }
}

/// Judges a cell by its row.
pub(crate) fn judge(plan: &Plan, cell: &Cell, row: &CellRow) -> Verdict {
    let Some(precision) = &plan.precision else { return Verdict::Stop(StopReason::Fixed) };
    if cell.load.is_saturated() {
        return Verdict::Stop(StopReason::Saturated);
    }
    if row.failed > 0 {
        return Verdict::Stop(StopReason::Failed);
    }
    if is_biased(precision, row) && can_lengthen(plan, cell) {
        return Verdict::Lengthen;
    }
    if precision.of.iter().all(|name| is_precise(precision, cell, row, name)) {
        return Verdict::Stop(StopReason::Precision);
    }
    precision
        .next_look(row.replications)
        .map_or(Verdict::Stop(StopReason::MaxReplications), Verdict::Replicate)
}

fn is_precise(precision: &Precision, cell: &Cell, row: &CellRow, name: &str) -> bool {
    match row.estimate(name) {
        Some(Estimate { mean, half_width: Some(half_width), .. }) => {
            half_width <= precision.relative * mean.abs() && row.is_within_sample(name)
        }
        Some(_) => false,
        None => has_no_such_thing(cell, name),
    }
}

/// A pool that the mode does not have, or a missing objective, needs no precision.
fn has_no_such_thing(cell: &Cell, name: &str) -> bool {
    let is_mono = matches!(cell.scenario.cluster, Cluster::Mono(_));
    match name {
        "slo_attainment" | "goodput_rps" => cell.scenario.slo_ttft_s.is_none(),
        "utilization_gpu" => !is_mono,
        "utilization_prefill"
        | "utilization_decode"
        | "mean_wait_decode_s"
        | "mean_queue_length_decode" => is_mono,
        _ => false,
    }
}

/// Whether a percentile of the long run is asked for that single runs are too short to show: their own
/// is significantly off, and by more than the wanted precision, or has too few samples to exist.
fn is_biased(precision: &Precision, row: &CellRow) -> bool {
    let wanted = precision.of.iter().filter_map(|name| Some((name, name.strip_prefix("pooled_")?)));
    wanted.into_iter().any(|(pooled, of_runs)| {
        match (row.estimate(pooled), row.estimate(of_runs)) {
            (Some(pooled), Some(of_runs)) => {
                let gap = (pooled.mean - of_runs.mean).abs();
                of_runs.contains(pooled.mean) == Some(false)
                    && gap > precision.relative * pooled.mean.abs()
            }
            _ => true,
        }
    })
}

/// A swept horizon is a question of its own, and a recording ends where it ends.
fn can_lengthen(plan: &Plan, cell: &Cell) -> bool {
    let is_swept = plan.axes.iter().any(|axis| axis.key.path == "sim_seconds");
    let is_recorded = matches!(cell.scenario.arrivals, Arrivals::Trace(_));
    #[expect(clippy::cast_precision_loss, reason = "compared with an expectation")]
    let is_within_limit = 2.0 * cell.expected_requests() <= plan.limits.requests_per_job as f64;
    cell.stretch < MAX_STRETCH && !is_swept && !is_recorded && is_within_limit
}
