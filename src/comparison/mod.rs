//! Comparison of cells: which with which, over which replications, and what comes of it. Pure.

mod axis;
mod compare;
mod matching;
mod plans;
mod sharing;

pub(crate) use axis::{choose_axis, choose_metrics};
pub(crate) use compare::{Comparisons, compare_along, compare_runs};
pub(crate) use plans::check_same_plan;
pub(crate) use sharing::Sharing;
