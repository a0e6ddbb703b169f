//! Runs jobs on every core, side by side where they can be. A job that fails, panics or takes too long becomes a result
//! that says so.

mod deadline;
mod run;
mod task;

pub(crate) use run::Runner;
pub(crate) use task::{JobFailure, JobOutput, JobResult, Task};
