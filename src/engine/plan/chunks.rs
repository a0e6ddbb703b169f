//! Chunks: what a run keeps when it stops, and what machines share out.
//!
//! A chunk is a contiguous range of cells with all their replications, in whole waves: about a second of
//! work of four cores, if cells are small. Its rows depend on nothing outside of it, so chunks can be done in
//! any order, at any time and anywhere.

use std::ops::Range;

use super::design::{Cell, Plan};
use super::jobs::slice_size;
use crate::math;

/// Most chunks of a plan.
const MAX_CHUNKS: usize = 10_000;

/// One chunk of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Its number, from 0.
    pub number: u32,
    /// Its cells, cut into those that are simulated together. At least one wave.
    pub waves: Vec<Range<usize>>,
}

impl Chunk {
    /// Its cells.
    pub fn cells(&self) -> Range<usize> {
        let first = self.waves.first().map_or(0, |wave| wave.start);
        first..self.waves.last().map_or(first, |wave| wave.end)
    }
}

impl Plan {
    /// Requests that a chunk may have: all chunks have about as many.
    pub(super) fn requests_per_chunk(&self) -> f64 {
        let (all, most) = (self.expected_requests(), math::count(self.limits.requests_per_chunk));
        // A little more, so that rounding does not make one chunk more.
        1.001 * all / (all / most).ceil().max(1.0)
    }

    /// The same plan in chunks of this many requests.
    pub fn rechunk(&mut self, requests_per_chunk: u64) {
        self.limits.requests_per_chunk = requests_per_chunk;
        let (jobs, cells, waves) = (self.num_jobs(), self.cells.len(), self.waves().len());
        self.slice_size = slice_size(jobs, cells as u64, waves as u64, self.expected_requests());
    }

    /// The chunks, which share out all cells in order. A function of the plan alone, as long as no cell was
    /// lengthened.
    pub fn chunks(&self) -> Vec<Chunk> {
        let waves = self.waves();
        let cost = |wave: &Range<usize>| -> f64 {
            let per_replication: f64 =
                self.cells[wave.clone()].iter().map(Cell::expected_requests).sum();
            per_replication * f64::from(self.replications)
        };
        let fewest_waves = waves.len().div_ceil(MAX_CHUNKS);
        let mut chunks: Vec<Vec<Range<usize>>> = Vec::new();
        let mut requests = 0.0;
        let most = self.requests_per_chunk();
        for wave in waves {
            let more = cost(&wave);
            match chunks.last_mut() {
                Some(chunk) if requests + more <= most || chunk.len() < fewest_waves => {
                    chunk.push(wave);
                    requests += more;
                }
                _ => {
                    chunks.push(vec![wave]);
                    requests = more;
                }
            }
        }
        (0..).zip(chunks).map(|(number, waves)| Chunk { number, waves }).collect()
    }
}
