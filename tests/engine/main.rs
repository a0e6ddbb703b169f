//! Tests of the engine: one binary, a module for each subject.

mod theory;
