//! The results of a job, and their half widths over replications.

use serde::ser::{Serialize, SerializeMap, Serializer};
use sweep_engine::model::Summary;

use super::column::{Column, Field, column};

/// Suffix of half-width columns: the level is that of [`CONFIDENCE`].
const HALF_WIDTH_SUFFIX: &str = "_ci95";

/// Confidence level of the half widths in `cells`.
pub(crate) const CONFIDENCE: f64 = 0.95;

const CLIPPED_WAITING: &str = "waiting time clipped to the window / window";
const CLIPPED_BUSY: &str = "busy GPU-seconds clipped to the window / (GPUs x window)";
const TYPE_7: &str = "linear between order statistics (Hyndman-Fan type 7)";

/// The results of a job. In `cells` each is a mean over replications, with a half width beside it
/// where the job's value is a floating-point number.
pub(crate) static METRICS: [Column<Summary>; 21] = [
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
        "99th percentile of the time to first token",
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
];

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

/// The results of one job as an object, in table order; null where nothing is known.
pub(crate) struct NamedResults(pub(crate) Summary);

impl Serialize for NamedResults {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(METRICS.len()))?;
        for metric in &METRICS {
            match metric.field {
                Field::U64(count) => map.serialize_entry(metric.name, &count(&self.0))?,
                _ => map.serialize_entry(metric.name, &metric.number(&self.0))?,
            }
        }
        map.end()
    }
}

/// Name of the half-width column of a result.
pub(crate) fn half_width_name(metric: &str) -> String {
    format!("{metric}{HALF_WIDTH_SUFFIX}")
}
