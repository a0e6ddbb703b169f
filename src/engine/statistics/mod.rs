//! Statistics of results: what samples, runs and replications say, and how sure that is.
//!
//! `sample` describes one run, `pooled` all replications of a cell together, `confidence` their
//! means, `batches` a single run that has no replication beside it.

mod batches;
mod buckets;
mod confidence;
mod histogram;
mod mser;
mod paired;
mod percentile;
mod pooled;
mod sample;
mod windows;

pub use batches::{BATCHES, batches_may_suffice, batches_suffice, difference_of_parts, sectioned};
pub use buckets::Buckets;
pub use confidence::{Confidence, Estimate};
pub use histogram::Histogram;
pub use mser::mser;
pub use paired::{Comparison, Pair};
pub use percentile::percentiles;
pub use pooled::{PooledPercentile, PooledSample, ranges_around};
pub use sample::{
    Description, EXACT_VALUES, Keep, KeptSample, MIN_VALUES_OF_P99, PARTS, RunSample,
};
pub use windows::{ValueRange, Windows};
