//! Text for people, and what goes to standard output. The only place that prints.

mod numbers;
mod output;
mod plan;
mod summary;
mod tables;
mod trace;
mod warmup;

pub(crate) use output::{error, note, print, print_json};
pub(crate) use plan::print_plan;
pub(crate) use summary::{Work, run_finished};
pub(crate) use tables::print_text_table;
pub(crate) use trace::print_trace_profile;
pub(crate) use warmup::warn_of_warmup;
