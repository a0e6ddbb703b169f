//! The plan: cells, jobs and chunks of a sweep. Nothing random, nothing run.

mod axis;
mod exclude;
mod expand;
mod jobs;

pub use axis::Axis;
pub use expand::{Cell, Limits, Plan, PlanError, plan};
pub use jobs::{JobId, stream_key};
