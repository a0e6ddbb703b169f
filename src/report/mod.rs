//! Text for people, and what goes to standard output. The only place that prints.

mod cells;
mod compare;
mod grid;
mod health;
mod memory;
mod output;
mod plan;
mod pools;
mod records;
mod selection;
mod state;
mod style;
mod summary;
mod tables;
mod theory;
mod trace;
mod warmup;
mod window;
mod written;

pub(crate) use compare::{
    note_comparisons, print_comparisons, print_comparisons_json, print_comparisons_markdown,
    warn_of_comparisons, warn_of_lengths,
};
pub(crate) use health::{Health, health_text};
pub(crate) use memory::{excess_text, need_text};
pub(crate) use output::{error, note, print, print_json, warning};
pub(crate) use plan::print_plan;
pub(crate) use records::print_csv;
pub(crate) use selection::{print_selection, with_intervals};
pub(crate) use state::{
    Status, goes_on, merged, nothing_to_do, reuses, shard_finished, status_text,
};
pub(crate) use style::{PLAIN, curve_style, cut, painted, width};
pub(crate) use summary::{Findings, Work, run_finished, summary};
pub(crate) use tables::print_text_table;
pub(crate) use theory::{print_theory, theory_records};
pub(crate) use trace::print_trace_profile;
pub(crate) use warmup::warn_of_warmup;
pub(crate) use window::{Letters, Window};
pub(crate) use written::{man_pages_written, sweep_file_written};
