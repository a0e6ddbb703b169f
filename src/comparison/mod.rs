//! Comparison of cells: which with which, over which replications, and what comes of it. Pure.

mod axis;
mod compare;
mod matching;
mod plans;
mod sharing;

pub(crate) use axis::{AxisChoice, choose_axis, choose_metrics, find_axis};
pub(crate) use compare::{Comparisons, compare_along, compare_runs, factor_column};
pub(crate) use plans::check_same_plan;
pub(crate) use sharing::Sharing;
