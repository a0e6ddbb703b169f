//! Statistics of results: what samples, runs and replications say, and how sure that is.

mod confidence;
mod percentile;

pub use confidence::{Confidence, Estimate};
pub use percentile::percentiles;
