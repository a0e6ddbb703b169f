//! The plan: cells, jobs and chunks of a sweep. Nothing random, nothing run.

mod axis;
mod chunks;
mod design;
mod error;
mod exclude;
mod expand;
mod jobs;
mod precision;

pub use axis::Axis;
pub use chunks::Chunk;
pub use design::{Cell, Limits, Plan, WarmupOrigin};
pub use error::PlanError;
pub use expand::plan;
pub use jobs::{BUNDLED_NUMBERS, HeldNumbers, JobId, stream_key};
pub use precision::{Precision, confidence};
