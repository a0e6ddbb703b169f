//! The results of a job, and their half widths over replications.

use sweep_engine::model::Summary;

use super::column::{Column, Field, column};
use crate::failure::Failure;
use crate::suggestion::nearest_or_all;

const CLIPPED_WAITING: &str = "waiting time clipped to the window / window";
const CLIPPED_BUSY: &str = "busy GPU-seconds clipped to the window / (GPUs x window)";
const TYPE_7: &str = "linear between order statistics (Hyndman-Fan type 7)";

/// The results of a job. In `cells` each is a mean over replications, with a half width beside it
/// where the job's value is a floating-point number.
pub(crate) static METRICS: [Column<Summary>; 27] = [
    column(
        "num_in_system_start",
        "requests",
        "requests that arrived before the window and had not ended at its start",
        "",
        Field::U64(|s| Some(s.num_in_system_start)),
    ),
    column(
        "num_arrivals",
        "requests",
        "requests that arrived in the window",
        "",
        Field::U64(|s| Some(s.num_arrivals)),
    ),
    column(
        "num_samples",
        "requests",
        "requests that the time figures describe: first token (observe: events) or arrival (observe: arrivals) in the window",
        "",
        Field::U64(|s| Some(s.num_samples)),
    ),
    column(
        "num_completed",
        "requests",
        "requests that ended in the window",
        "",
        Field::U64(|s| Some(s.num_completed)),
    ),
    column(
        "num_unfinished",
        "requests",
        "requests that arrived before the horizon and had not ended at it",
        "num_in_system_start + num_arrivals - num_completed",
        Field::U64(|s| Some(s.num_unfinished)),
    ),
    column(
        "censored",
        "",
        "share of the window's arrivals without a first token at the horizon",
        "",
        Field::F64(|s| s.censored),
    ),
    column(
        "mean_ttft_s",
        "s",
        "mean time to first token",
        "mean(W_p + P/r_p + W_d + 1/r_d), in mono mean(W + P/r_p + 1/r_d)",
        Field::F64(|s| s.mean_ttft_s),
    ),
    column("p50_ttft_s", "s", "median time to first token", TYPE_7, Field::F64(|s| s.p50_ttft_s)),
    column(
        "p90_ttft_s",
        "s",
        "90th percentile of the time to first token",
        TYPE_7,
        Field::F64(|s| s.p90_ttft_s),
    ),
    column(
        "p99_ttft_s",
        "s",
        "99th percentile of the time to first token; null with fewer than 100 samples",
        TYPE_7,
        Field::F64(|s| s.p99_ttft_s),
    ),
    column(
        "mean_wait_prefill_s",
        "s",
        "mean wait for a prefill GPU (mono: for a GPU)",
        "",
        Field::F64(|s| s.mean_wait_prefill_s),
    ),
    column(
        "mean_service_prefill_s",
        "s",
        "mean prefill time",
        "mean(P/r_p)",
        Field::F64(|s| s.mean_service_prefill_s),
    ),
    column(
        "mean_wait_decode_s",
        "s",
        "mean wait for a decode GPU; null in mono",
        "",
        Field::F64(|s| s.mean_wait_decode_s),
    ),
    column(
        "mean_service_decode_s",
        "s",
        "mean decode time",
        "mean(max(O, 1)/r_d)",
        Field::F64(|s| s.mean_service_decode_s),
    ),
    column(
        "mean_queue_length_prefill",
        "requests",
        "time average of requests waiting for prefill (mono: for a GPU)",
        CLIPPED_WAITING,
        Field::F64(|s| Some(s.mean_queue_length_prefill)),
    ),
    column(
        "mean_queue_length_decode",
        "requests",
        "time average of requests waiting for decode; null in mono",
        CLIPPED_WAITING,
        Field::F64(|s| s.mean_queue_length_decode),
    ),
    column(
        "utilization_prefill",
        "",
        "busy share of the prefill pool; null in mono",
        CLIPPED_BUSY,
        Field::F64(|s| s.utilization_prefill),
    ),
    column(
        "utilization_decode",
        "",
        "busy share of the decode pool; null in mono",
        CLIPPED_BUSY,
        Field::F64(|s| s.utilization_decode),
    ),
    column(
        "utilization_gpu",
        "",
        "busy share of the one pool; null in disagg",
        CLIPPED_BUSY,
        Field::F64(|s| s.utilization_gpu),
    ),
    column(
        "throughput_rps",
        "requests/s",
        "requests that ended in the window, per second",
        "num_completed / window",
        Field::F64(|s| Some(s.throughput_rps)),
    ),
    column(
        "mean_e2e_s",
        "s",
        "mean time from arrival to the last token",
        "",
        Field::F64(|s| s.mean_e2e_s),
    ),
    column(
        "std_ttft_s",
        "s",
        "standard deviation of the time to first token between the requests of a run",
        "",
        Field::F64(|s| s.std_ttft_s),
    ),
    column(
        "trend_ttft_s",
        "s",
        "mean time to first token of the later half of a run's samples minus that of the earlier half",
        "",
        Field::F64(|s| s.trend_ttft_s),
    ),
    column(
        "onset_ttft_s",
        "s",
        "mean time to first token of the first tenth of a run's samples minus that of the rest",
        "",
        Field::F64(|s| s.onset_ttft_s),
    ),
    column(
        "slo_attainment",
        "",
        "share of samples with a time to first token of at most slo_ttft_s; null without one",
        "",
        Field::F64(|s| s.slo_attainment),
    ),
    column(
        "goodput_rps",
        "requests/s",
        "throughput within the objective; null without one",
        "throughput_rps slo_attainment",
        Field::F64(|s| s.goodput_rps),
    ),
    column(
        "little_residual",
        "",
        "what Little's law leaves unexplained, from three independent averages; far from 0: the window is short for the time that requests spend",
        "1 - lambda W / L: lambda = num_arrivals / window, W = mean_e2e_s, L = queue lengths + busy GPUs",
        Field::F64(|s| s.little_residual),
    ),
];

/// What is known of a job beside its results. In no table, but it goes with a job that is taken over.
pub(crate) static UNLISTED: [Column<Summary>; 3] = [
    column(
        "num_simulated",
        "requests",
        "requests that were simulated, inside the window or not",
        "",
        Field::U64(|s| Some(s.num_simulated)),
    ),
    column(
        "part_correlation",
        "",
        "correlation of neighbours among mean times to first token of 100 parts of the samples",
        "",
        Field::F64(|s| s.part_correlation),
    ),
    column("is_exact", "", "whether percentiles are exact", "", Field::Bool(|s| Some(s.is_exact))),
];

/// Results whose spread between runs is a figure of its own: how much one run, or one day, differs
/// from the next.
pub(crate) const SPREAD_OF: [&str; 7] = [
    "mean_ttft_s",
    "p50_ttft_s",
    "p90_ttft_s",
    "p99_ttft_s",
    "slo_attainment",
    "goodput_rps",
    "throughput_rps",
];

/// A percentile of all replications' samples together.
pub(crate) struct Pooled {
    pub(crate) name: &'static str,
    /// The same percentile of single runs, in [`METRICS`].
    pub(crate) of_runs: &'static str,
    pub(super) meaning: &'static str,
}

/// Probabilities of [`POOLED`].
pub(crate) const PROBABILITIES: [f64; 3] = [0.5, 0.9, 0.99];

/// The percentiles that `cells` has of pooled samples.
pub(crate) static POOLED: [Pooled; 3] = [
    Pooled {
        name: "pooled_p50_ttft_s",
        of_runs: "p50_ttft_s",
        meaning: "median TTFT of all replications' samples together: the long run",
    },
    Pooled {
        name: "pooled_p90_ttft_s",
        of_runs: "p90_ttft_s",
        meaning: "90th percentile of TTFT of all replications' samples together: the long run",
    },
    Pooled {
        name: "pooled_p99_ttft_s",
        of_runs: "p99_ttft_s",
        meaning: "99th percentile of TTFT of all replications' samples together: the long run; null below 100 samples",
    },
];

/// Results that are 0 where all is well.
pub(crate) const AROUND_ZERO: [&str; 4] =
    ["censored", "trend_ttft_s", "onset_ttft_s", "little_residual"];

/// Results that are null without an objective.
pub(crate) const OF_OBJECTIVE: [&str; 2] = ["slo_attainment", "goodput_rps"];

/// Names of the results that `cells` has intervals of.
pub(crate) fn names_with_intervals() -> impl Iterator<Item = &'static str> {
    let metrics = METRICS.iter().filter(|metric| metric.has_half_width());
    POOLED.iter().map(|percentile| percentile.name).chain(metrics.map(|metric| metric.name))
}

impl Column<Summary> {
    /// The job's value as a number.
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts stay below 2^53 by the limits of a plan"
    )]
    pub(crate) fn number(&self, summary: &Summary) -> Option<f64> {
        match self.field {
            Field::F64(value) => value(summary),
            Field::U64(value) => value(summary).map(|count| count as f64),
            Field::U32(_) | Field::Bool(_) | Field::Text(_) => None,
        }
    }

    /// Whether `cells` has a half width of it.
    pub(crate) fn has_half_width(&self) -> bool {
        matches!(self.field, Field::F64(_))
    }
}

/// The error for a result that does not exist, or that has no interval.
pub(crate) fn unknown_result(name: &str) -> Failure {
    let hint = nearest_or_all(name, names_with_intervals());
    Failure::usage(format!("--of {name}: it is no result with an interval; {hint}"))
}

/// Name of the half-width column of a result: `_ci95`, `_ci99.5`.
pub(crate) fn half_width_name(result: &str, level: f64) -> String {
    format!("{result}_ci{}", percent(level))
}

/// Whether a column is that of the half widths of a result, at whatever level.
pub(crate) fn is_half_width(column: &str, result: &str) -> bool {
    let level = column.strip_prefix(result).and_then(|rest| rest.strip_prefix("_ci"));
    level.is_some_and(|level| level.starts_with(|c: char| c.is_ascii_digit()))
}

/// Name of the column with the spread of a result between runs.
pub(crate) fn spread_name(result: &str) -> String {
    format!("{result}_std")
}

/// A level in percent, rounded so that 0.07 is 7.
pub(crate) fn percent(level: f64) -> String {
    format!("{}", (level * 1e12).round() / 1e10)
}
