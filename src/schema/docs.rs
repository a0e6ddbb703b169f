//! Documentation of the columns, for people, metadata and tests.

use sweep_engine::plan::Plan;
use sweep_engine::spec::{DEFAULT_CONFIDENCE, Key, Kind};

use super::column::Column;
use super::metrics::{METRICS, POOLED, SPREAD_OF, half_width_name, percent, spread_name};
use super::tables::{AGGREGATE_COLUMNS, CELL_COLUMNS, FACTOR_COLUMNS, JOB_COLUMNS, extra_axes};
use super::theory::THEORY_COLUMNS;

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

    pub(super) fn of<R>(column: &Column<R>, tables: &'static str) -> Self {
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
        Self::of_kind(key.column, "jobs, cells", key.kind, key.unit, key.meaning)
    }

    /// A column of values of a key.
    pub(super) fn of_kind(
        name: &str,
        tables: &'static str,
        kind: Kind,
        unit: &str,
        meaning: &str,
    ) -> Self {
        Self {
            name: name.to_owned(),
            tables,
            dtype: match kind {
                Kind::Number => "f64",
                Kind::Count => "u32",
                Kind::Seed => "u64",
                Kind::Flag => "bool",
                Kind::NumberOr(_) | Kind::Word(_) | Kind::Path => "str",
            },
            unit: unit.to_owned(),
            meaning: meaning.to_owned(),
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
    let level = plan.map_or(DEFAULT_CONFIDENCE, |plan| plan.confidence);
    for metric in &METRICS {
        if metric.has_half_width() {
            docs.push(ColumnDoc::of(metric, "jobs, cells"));
            docs.push(half_width(metric.name, metric.unit, STUDENT_T, level));
        } else {
            // A mean of counts is no count.
            docs.push(ColumnDoc::of(metric, "jobs"));
            let meaning = format!("mean of {} over replications", metric.name);
            docs.push(ColumnDoc { dtype: "f64", meaning, ..ColumnDoc::of(metric, "cells") });
        }
    }
    for percentile in &POOLED {
        let meaning = percentile.meaning.to_owned();
        docs.push(in_cells(percentile.name.to_owned(), "s", meaning, POOLED_TYPE_7));
        docs.push(half_width(percentile.name, "s", RATIO, level));
    }
    for metric in METRICS.iter().filter(|metric| SPREAD_OF.contains(&metric.name)) {
        let meaning = format!("standard deviation of {} between replications", metric.name);
        docs.push(in_cells(spread_name(metric.name), metric.unit, meaning, SPREAD));
    }
    docs.extend(THEORY_COLUMNS.iter().map(|column| ColumnDoc::of(column, "cells")));
    docs
}

const STUDENT_T: &str = "Student t over replications; ci_method";
const POOLED_TYPE_7: &str = "type 7 of all samples; quantile_method";
const RATIO: &str =
    "from the interval that inverts the ratio estimate of the distribution function";
const SPREAD: &str = "divisor replications - 1; null until there are two";

fn half_width(result: &str, unit: &str, formula: &str, level: f64) -> ColumnDoc {
    let meaning = format!("half width of the {} % confidence interval of {result}", percent(level));
    in_cells(half_width_name(result, level), unit, meaning, formula)
}

/// A floating-point column that only `cells` has.
fn in_cells(name: String, unit: &str, meaning: String, formula: &str) -> ColumnDoc {
    ColumnDoc {
        name,
        tables: "cells",
        dtype: "f64",
        unit: unit.to_owned(),
        meaning,
        formula: formula.to_owned(),
    }
}
