//! One verb, one file: load, pure call, store.

mod assembly;
mod chart;
mod columns;
mod compare;
mod completions;
mod doctor;
mod execute;
mod init;
mod man;
mod memory;
mod merge;
mod pictures;
mod plan;
mod plot;
mod report;
mod run;
mod show;
mod simulate;
mod status;
mod theory;
mod trace;

pub(crate) use execute::execute;
