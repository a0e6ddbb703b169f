//! Bundles: jobs simulated side by side, as lanes of vectors, on draws that they share.
//!
//! `lockstep` leads all groups of a bundle through the same blocks of requests, of which `shared` computes
//! what jobs have in common. A `group` is a vector of jobs; `stations` take it through its pools
//! (`pools`: `sorted` or `trees`), `tally` accounts for it. Nothing here defines the model: every result has
//! the bits of `simulate`.

mod group;
mod lockstep;
mod pools;
mod shared;
mod sorted;
mod stations;
mod tally;
mod trees;

pub use lockstep::{BundleScratch, VectorWidth, simulate_bundle};
