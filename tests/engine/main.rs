//! Tests of the engine: one binary, a module for each subject.

mod queueing;
mod tandem;
mod theory;
