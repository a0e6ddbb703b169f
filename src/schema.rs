//! The column table: name, type, unit, meaning, formula and value of every column.
//!
//! It feeds the tables, their metadata, `sweep columns`, results/README.md and tests. A name never
//! changes its meaning; new columns may be added.

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap, Serializer};
use sweep_engine::model::Summary;
use sweep_engine::plan::{Cell, Plan};
use sweep_engine::scenario::{Cluster, DisaggCluster};
use sweep_engine::spec::{Key, Kind, Mode};

use crate::rows::{CellRow, JobRow};
use crate::runner::JobFailure;

/// Suffix of half-width columns; `rows` computes them at this level.
const HALF_WIDTH_SUFFIX: &str = "_ci95";

/// A column: what it says, and how its values come from rows of type `R`.
pub(crate) struct Column<R: 'static> {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) meaning: &'static str,
    /// Empty where the meaning says it all.
    pub(crate) formula: &'static str,
    pub(crate) field: Field<R>,
}

/// Typed access to a value; null where nothing is known.
pub(crate) enum Field<R: 'static> {
    U32(fn(&R) -> Option<u32>),
    U64(fn(&R) -> Option<u64>),
    F64(fn(&R) -> Option<f64>),
    Bool(fn(&R) -> Option<bool>),
    Text(for<'a> fn(&'a R) -> Option<Cow<'a, str>>),
}

impl<R> Field<R> {
    fn dtype(&self) -> &'static str {
        match self {
            Self::U32(_) => "u32",
            Self::U64(_) => "u64",
            Self::F64(_) => "f64",
            Self::Bool(_) => "bool",
            Self::Text(_) => "str",
        }
    }
}

const fn column<R>(
    name: &'static str,
    unit: &'static str,
    meaning: &'static str,
    formula: &'static str,
    field: Field<R>,
) -> Column<R> {
    Column { name, unit, meaning, formula, field }
}

/// Columns that describe a cell; both tables have them after their identity.
pub(crate) static CELL_COLUMNS: [Column<Cell>; 12] = [
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
];

/// Number of [`CELL_COLUMNS`] that name factors; the load columns follow them.
pub(crate) const FACTOR_COLUMNS: usize = 7;

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
pub(crate) static AGGREGATE_COLUMNS: [Column<CellRow>; 2] = [
    column(
        "replications",
        "",
        "replications that the means are taken over",
        "",
        Field::U32(|row| Some(row.replications)),
    ),
    column("failed", "", "replications without a result", "", Field::U32(|row| Some(row.failed))),
];

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

/// The axes that get a column of their own, named by their dotted path: those without a contracted
/// column. Indices into the axes of the plan.
pub(crate) fn extra_axes(plan: &Plan) -> Vec<usize> {
    let has_contracted = |key: &Key| CELL_COLUMNS.iter().any(|column| column.name == key.column);
    (0..plan.axes.len()).filter(|&axis| !has_contracted(plan.axes[axis].key)).collect()
}

/// One line of the documentation of a table.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct ColumnDoc {
    pub(crate) name: String,
    /// Tables that have it: `jobs`, `cells`, or both.
    pub(crate) tables: &'static str,
    pub(crate) dtype: &'static str,
    pub(crate) unit: String,
    pub(crate) meaning: String,
    pub(crate) formula: String,
}

impl ColumnDoc {
    /// Whether a table (`jobs` or `cells`) has it.
    pub(crate) fn is_in(&self, table: &str) -> bool {
        self.tables.split(", ").any(|name| name == table)
    }

    fn of<R>(column: &Column<R>, tables: &'static str) -> Self {
        Self {
            name: column.name.to_owned(),
            tables,
            dtype: column.field.dtype(),
            unit: column.unit.to_owned(),
            meaning: column.meaning.to_owned(),
            formula: column.formula.to_owned(),
        }
    }

    fn of_axis(key: &Key) -> Self {
        Self {
            name: key.column.to_owned(),
            tables: "jobs, cells",
            dtype: match key.kind {
                Kind::Number => "f64",
                Kind::Count => "u32",
                Kind::Seed => "u64",
                Kind::Flag => "bool",
                Kind::Word(_) | Kind::Path => "str",
            },
            unit: key.unit.to_owned(),
            meaning: key.meaning.to_owned(),
            formula: String::new(),
        }
    }
}

/// Documentation of all columns, in table order; with a plan also of its own axes.
pub(crate) fn documentation(plan: Option<&Plan>) -> Vec<ColumnDoc> {
    let mut docs = vec![ColumnDoc {
        name: "cell".to_owned(),
        tables: "jobs, cells",
        dtype: "u32",
        unit: String::new(),
        meaning: "cell number, from 0; changes when the grid does".to_owned(),
        formula: String::new(),
    }];
    docs.extend(JOB_COLUMNS.iter().map(|column| ColumnDoc::of(column, "jobs")));
    let (factors, loads) = CELL_COLUMNS.split_at(FACTOR_COLUMNS);
    docs.extend(factors.iter().map(|column| ColumnDoc::of(column, "jobs, cells")));
    if let Some(plan) = plan {
        let axes = extra_axes(plan).into_iter();
        docs.extend(axes.map(|axis| ColumnDoc::of_axis(plan.axes[axis].key)));
    }
    docs.extend(loads.iter().map(|column| ColumnDoc::of(column, "jobs, cells")));
    docs.extend(AGGREGATE_COLUMNS.iter().map(|column| ColumnDoc::of(column, "cells")));
    for metric in &METRICS {
        if metric.has_half_width() {
            docs.push(ColumnDoc::of(metric, "jobs, cells"));
            docs.push(ColumnDoc {
                name: half_width_name(metric.name),
                tables: "cells",
                dtype: "f64",
                unit: metric.unit.to_owned(),
                meaning: format!("half width of the 95 % confidence interval of {}", metric.name),
                formula: "Student t over replications; null until there are two".to_owned(),
            });
        } else {
            // A mean of counts is no count.
            docs.push(ColumnDoc::of(metric, "jobs"));
            let meaning = format!("mean of {} over replications", metric.name);
            docs.push(ColumnDoc { dtype: "f64", meaning, ..ColumnDoc::of(metric, "cells") });
        }
    }
    docs
}
