//! Tests of the command, end to end: one binary, a module for each subject.

mod bad_input;
mod compare;
mod docs;
mod durability;
mod error_bars;
mod failures;
mod growth;
mod habits;
mod invariance;
mod memory;
mod pictures;
mod plot;
mod report;
mod show;
mod store;
mod support;
mod svg;
mod tables;
mod terminal;
mod text;
mod theory;
mod tidy;
mod verbs;
mod warmup;
mod waves;
