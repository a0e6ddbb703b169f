//! Documentation of the columns, for people, metadata and tests.

use sweep_engine::plan::Plan;
use sweep_engine::spec::{Key, Kind};

use super::column::Column;
use super::metrics::{METRICS, half_width_name};
use super::tables::{AGGREGATE_COLUMNS, CELL_COLUMNS, FACTOR_COLUMNS, JOB_COLUMNS, extra_axes};

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
                Kind::NumberOr(_) | Kind::Word(_) | Kind::Path => "str",
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
