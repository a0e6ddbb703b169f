//! How often each cell is replicated: a fixed number, or as often as a wanted precision takes.

mod cell;
mod waves;

pub(crate) use waves::{DoneCell, Results, replicate};
