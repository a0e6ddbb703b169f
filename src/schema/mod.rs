//! The column table: name, type, unit, meaning, formula and value of every column.
//!
//! It feeds the tables, their metadata, `sweep columns`, results/README.md and tests. A name never
//! changes its meaning; new columns may be added.

mod column;
mod comparisons;
mod docs;
mod metrics;
mod rows;
mod tables;
mod theory;

pub(crate) use column::{Column, Field};
pub(crate) use comparisons::{
    COMPARISON_COLUMNS, ComparisonRow, FactorColumn, comparison_documentation, name_at_level,
};
pub(crate) use docs::{ColumnDoc, documentation};
pub(crate) use metrics::{
    AROUND_ZERO, METRICS, OF_OBJECTIVE, POOLED, PROBABILITIES, SPREAD_OF, UNLISTED,
    half_width_name, is_half_width, names_with_intervals, percent, spread_name, unknown_result,
};
pub(crate) use rows::{CellRow, JobRow};
pub(crate) use tables::{
    AGGREGATE_COLUMNS, CELL_COLUMNS, FACTOR_COLUMNS, JOB_COLUMNS, extra_axes, words_of,
};
pub(crate) use theory::THEORY_COLUMNS;
