//! The model: what one job does, request by request.
//!
//! `requests` makes arrivals and lengths, `pool` serves them, `tally` counts what falls into the
//! window (`batches` into parts of it), `simulate` connects the three for each mode. This scalar
//! path is the definition: any faster path must equal it bit for bit.

mod batches;
mod bundle;
mod pool;
mod requests;
mod simulate;
mod summary;
mod tally;

pub use bundle::{BundleScratch, VectorWidth, simulate_bundle};
pub use pool::{Admission, Departure, FifoPool};
pub use requests::{BLOCK_REQUESTS, Block, RequestStream};
pub use simulate::{Job, Scratch, SimError, simulate, simulate_in_batches, simulate_observed};
pub use summary::{Batch, Sample, Summary};
