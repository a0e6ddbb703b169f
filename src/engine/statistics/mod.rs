//! Statistics of results: what samples, runs and replications say, and how sure that is.

mod confidence;
mod mser;
mod percentile;

pub use confidence::{Confidence, Estimate};
pub use mser::mser;
pub use percentile::percentiles;
