//! Tests of the command, end to end: one binary, a module for each subject.
