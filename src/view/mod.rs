//! A finished run as readers see it: what axes and results are called on paper, and the cells with their results.

mod quantity;
mod run_view;

pub(crate) use quantity::{Quantity, named, quantities};
pub(crate) use run_view::{Measured, RunView, companions, leader, numbers, order, swept, typical};
