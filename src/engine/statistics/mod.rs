//! Statistics of results: what samples, runs and replications say, and how sure that is.

mod confidence;
mod paired;
mod percentile;

pub use confidence::{Confidence, Estimate};
pub use paired::{Comparison, Pair};
pub use percentile::percentiles;
