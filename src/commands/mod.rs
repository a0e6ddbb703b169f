//! One verb, one file: load, pure call, store.

mod columns;
mod compare;
mod completions;
mod execute;
mod plan;
mod run;
mod simulate;
mod theory;
mod trace;

pub(crate) use execute::execute;
