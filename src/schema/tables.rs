//! The columns of `jobs` and `cells` beside the results.

use std::borrow::Cow;

use sweep_engine::plan::{Cell, Plan};
use sweep_engine::scenario::{Cluster, DisaggCluster};
use sweep_engine::spec::{Key, Kind, Mode};

use super::column::{Column, Field, column};
use super::rows::{CellRow, JobRow};
use crate::runner::JobFailure;

/// Columns that describe a cell; both tables have them after their identity.
pub(crate) static CELL_COLUMNS: [Column<Cell>; 16] = [
    column(
        "mode",
        "",
        "architecture: mono (one pool) or disagg (prefill pool, then decode pool)",
        "",
        Field::Text(|cell| Some(Cow::Borrowed(mode_name(cell.scenario.cluster.mode())))),
    ),
    column(
        "rate_per_s",
        "requests/s",
        "arrival rate; of a trace that keeps its clock, its own mean rate",
        "",
        Field::F64(|cell| cell.scenario.arrivals.rate_per_s()),
    ),
    column(
        "prefill_tokens_per_s",
        "tokens/s",
        "prefill speed of one GPU, r_p",
        "",
        Field::F64(|cell| Some(cell.scenario.cluster.prefill_tokens_per_s())),
    ),
    column(
        "decode_tokens_per_s",
        "tokens/s",
        "decode speed of one GPU, r_d",
        "",
        Field::F64(|cell| Some(cell.scenario.cluster.decode_tokens_per_s())),
    ),
    column(
        "prefill_gpus",
        "GPUs",
        "GPUs of the prefill pool, G_p; null in mono",
        "",
        Field::U32(|cell| disagg(cell).map(|pools| pools.prefill_gpus)),
    ),
    column(
        "decode_gpus",
        "GPUs",
        "GPUs of the decode pool, G_d; null in mono",
        "",
        Field::U32(|cell| disagg(cell).map(|pools| pools.decode_gpus)),
    ),
    column(
        "num_gpus",
        "GPUs",
        "GPUs of the one pool, G; null in disagg",
        "",
        Field::U32(|cell| match cell.scenario.cluster {
            Cluster::Mono(mono) => Some(mono.num_gpus),
            Cluster::Disagg(_) => None,
        }),
    ),
    column(
        "sim_seconds",
        "s",
        "horizon: end of the window; longer than stated where a wanted precision took longer runs",
        "",
        Field::F64(|cell| Some(cell.scenario.sim_seconds)),
    ),
    column(
        "warmup_seconds",
        "s",
        "start of the window",
        "",
        Field::F64(|cell| Some(cell.scenario.warmup_seconds)),
    ),
    column(
        "slo_ttft_s",
        "s",
        "service-level objective: the time to first token that a request should not exceed",
        "",
        Field::F64(|cell| cell.scenario.slo_ttft_s),
    ),
    column(
        "offered_load_prefill",
        "",
        "offered load of the prefill pool; null in mono",
        "rate_per_s E[P] / (G_p r_p)",
        Field::F64(|cell| cell.load.prefill),
    ),
    column(
        "offered_load_decode",
        "",
        "offered load of the decode pool; null in mono",
        "rate_per_s E[max(O, 1)] / (G_d r_d)",
        Field::F64(|cell| cell.load.decode),
    ),
    column(
        "offered_load_gpu",
        "",
        "offered load of the one pool; null in disagg",
        "rate_per_s (E[P] / r_p + E[max(O, 1)] / r_d) / G",
        Field::F64(|cell| cell.load.gpu),
    ),
    column(
        "bottleneck",
        "",
        "the pool with the larger offered load: prefill, decode, or gpu (mono)",
        "",
        Field::Text(|cell| Some(Cow::Borrowed(cell.load.bottleneck.name()))),
    ),
    column(
        "saturated",
        "",
        "whether queues grow without bound, so that no steady state exists",
        "offered load of the bottleneck >= 1",
        Field::Bool(|cell| Some(cell.load.is_saturated())),
    ),
    column(
        "relaxation_s",
        "s",
        "time in which the slowest pool forgets its state, roughly; null where saturated and for traces",
        "2 (c_a^2 + c_s^2) E[S] / (GPUs (1 - offered load)^2)",
        Field::F64(|cell| cell.load.relaxation_s),
    ),
];

/// Number of [`CELL_COLUMNS`] that name factors; the load columns follow them.
pub(crate) const FACTOR_COLUMNS: usize = 10;

/// Columns that only `jobs` has, after `cell`.
pub(crate) static JOB_COLUMNS: [Column<JobRow>; 5] = [
    column(
        "replication",
        "",
        "replication, from 0",
        "",
        Field::U32(|row| Some(row.result.id.replication)),
    ),
    column("seed", "", "master seed of the random streams", "", Field::U64(|row| Some(row.seed))),
    column(
        "status",
        "",
        "ok, failed, or panicked",
        "",
        Field::Text(|row| {
            Some(Cow::Borrowed(match row.result.outcome {
                Ok(_) => "ok",
                Err(JobFailure::Failed(_)) => "failed",
                Err(JobFailure::Panicked(_)) => "panicked",
            }))
        }),
    ),
    column(
        "error",
        "",
        "why the job has no result; null when it has one",
        "",
        Field::Text(|row| match &row.result.outcome {
            Ok(_) => None,
            Err(JobFailure::Failed(text) | JobFailure::Panicked(text)) => Some(Cow::Borrowed(text)),
        }),
    ),
    column(
        "rerun",
        "",
        "command that reruns the job alone; null when it has a result",
        "",
        Field::Text(|row| row.rerun.as_deref().map(Cow::Borrowed)),
    ),
];

/// Columns that only `cells` has, before the results.
pub(crate) static AGGREGATE_COLUMNS: [Column<CellRow>; 10] = [
    column(
        "replications",
        "",
        "replications that the means are taken over",
        "",
        Field::U32(|row| Some(row.replications)),
    ),
    column("failed", "", "replications without a result", "", Field::U32(|row| Some(row.failed))),
    column(
        "stop_reason",
        "",
        "why there are no more replications: fixed (their number was given), precision (reached), max_replications, saturated, failed",
        "",
        Field::Text(|row| Some(Cow::Borrowed(row.stop_reason.name()))),
    ),
    column(
        "ci_method",
        "",
        "what intervals come from: replications, batch_means (a single run, cut into 20 batches), or null (no intervals)",
        "",
        Field::Text(|row| row.ci_method.as_deref().map(Cow::Borrowed)),
    ),
    column(
        "quantile_method",
        "",
        "exact, or histogram (percentiles with a relative error of at most 0.1 %)",
        "",
        Field::Text(|row| row.quantile_method.as_deref().map(Cow::Borrowed)),
    ),
    column(
        "steady",
        "",
        "whether no trend is left between the halves of the window",
        "0 within the 99 % interval of trend_ttft_s",
        Field::Bool(|row| row.steady),
    ),
    column(
        "low_samples",
        "",
        "whether there are too few samples for a p99: in a run, or in all of them for its interval",
        "num_samples < 1000, or an interval of a pooled percentile beyond the sample",
        Field::Bool(|row| row.low_samples),
    ),
    column(
        "low_slo_samples",
        "",
        "whether the interval of slo_attainment rests on next to nothing; null without an objective",
        "fewer than 30 samples within slo_ttft_s, or beyond it",
        Field::Bool(|row| row.low_slo_samples),
    ),
    column(
        "short_runs",
        "",
        "whether runs are too short to show the percentiles of the long run; null where saturated and for a single run",
        "a pooled percentile outside the interval of its mean over runs",
        Field::Bool(|row| row.short_runs),
    ),
    column(
        "short_warmup",
        "",
        "whether the window begins before the system has filled up; null where saturated",
        "stated warmup_seconds < relaxation_s, or 99.9 % interval of onset_ttft_s below 0",
        Field::Bool(|row| row.short_warmup),
    ),
];

/// The words that a column may have, where they are few and known; else none.
pub(crate) fn words_of(column: &str) -> &'static [&'static str] {
    match column {
        "bottleneck" => &["prefill", "decode", "gpu"],
        "status" => &["ok", "failed", "panicked"],
        "stop_reason" => &["fixed", "precision", "max_replications", "saturated", "failed"],
        "ci_method" => &["replications", "batch_means"],
        "quantile_method" => &["exact", "histogram"],
        _ => match Key::all().find(|key| key.column == column).map(|key| key.kind) {
            Some(Kind::Word(words)) => words,
            _ => &[],
        },
    }
}

/// The axes that get a column of their own, named by their dotted path: those without a contracted
/// column. Indices into the axes of the plan.
pub(crate) fn extra_axes(plan: &Plan) -> Vec<usize> {
    let has_contracted = |key: &Key| CELL_COLUMNS.iter().any(|column| column.name == key.column);
    (0..plan.axes.len()).filter(|&axis| !has_contracted(plan.axes[axis].key)).collect()
}

fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Mono => "mono",
        Mode::Disagg => "disagg",
    }
}

fn disagg(cell: &Cell) -> Option<&DisaggCluster> {
    match &cell.scenario.cluster {
        Cluster::Mono(_) => None,
        Cluster::Disagg(disagg) => Some(disagg),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::documentation;

    #[test]
    fn the_words_of_a_column_stand_in_its_meaning() {
        let docs = documentation(None);
        let with_words = docs.iter().filter(|doc| !words_of(&doc.name).is_empty());
        let names: Vec<&str> = with_words.clone().map(|doc| doc.name.as_str()).collect();
        let known = ["status", "mode", "bottleneck", "stop_reason", "ci_method", "quantile_method"];
        assert_eq!(names, known);
        for doc in with_words {
            for word in words_of(&doc.name) {
                let mut words = doc.meaning.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                assert!(words.any(|known| known == *word), "{}: {word}", doc.name);
            }
        }
    }
}
