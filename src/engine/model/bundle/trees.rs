//! Pools as trees of losers (Knuth, The Art of Computer Programming 3, 5.4.1), one per lane, over the times
//! at which GPUs become free: a request takes as many steps as its GPU has ancestors, none of them a
//! branch, so the walks of the lanes overlap.
#![expect(clippy::inline_always, reason = "vector instructions are inlined where they exist only")]

use std::ops::Range;

use pulp::Simd;
use pulp::bytemuck::Pod;

use super::pools::{Line, lanes, lanes_mut};
use super::stations::{BlockInputs, Departure, Rows};

/// Trees of losers, one per lane.
pub(super) struct Trees {
    lanes: usize,
    /// GPUs, rounded up to a power of two; what is too many never becomes free.
    leaves: usize,
    /// Per lane the winner, then the losers at nodes 1 to `leaves` - 1.
    nodes: Vec<Contender>,
}

/// A GPU with the time at which it becomes free and the entry of the request on it, which decides ties:
/// in that order from the highest bits down, so that the earliest is the least. Times are at least 0,
/// so their bits are in their order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Contender(u128);

/// Bits of a GPU's number, and of an entry.
const GPU_BITS: u32 = 24;

impl Contender {
    #[inline(always)]
    fn new(free_s: f64, entry: u64, gpu: usize) -> Self {
        let low = (entry << GPU_BITS) | gpu as u64;
        Self((u128::from(free_s.to_bits()) << u64::BITS) | u128::from(low))
    }

    #[inline(always)]
    fn free_s(self) -> f64 {
        f64::from_bits((self.0 >> u64::BITS) as u64)
    }

    #[inline(always)]
    fn gpu(self) -> usize {
        self.0 as usize & ((1 << GPU_BITS) - 1)
    }

    /// The earlier and the later of two.
    #[inline(always)]
    fn ranked(self, other: Self) -> (Self, Self) {
        let swap = u128::from(other < self).wrapping_neg() & (self.0 ^ other.0);
        (Self(self.0 ^ swap), Self(other.0 ^ swap))
    }
}

impl Trees {
    /// All GPUs free since time 0.
    pub(super) fn new(gpus: usize, lanes: usize) -> Self {
        let leaves = gpus.next_power_of_two();
        let free_s = |gpu| if gpu < gpus { 0.0 } else { f64::INFINITY };
        // Winners of the subtrees, from the leaves up.
        let mut winners: Vec<Contender> =
            (0..leaves).map(|gpu| Contender::new(free_s(gpu), 0, gpu)).collect();
        let mut nodes = winners.clone();
        let mut level = leaves;
        while level > 1 {
            level /= 2;
            for node in 0..level {
                let (winner, loser) = winners[2 * node].ranked(winners[2 * node + 1]);
                winners[node] = winner;
                nodes[level + node] = loser;
            }
        }
        nodes[0] = winners[0];
        Self { lanes, leaves, nodes: nodes.repeat(lanes) }
    }

    /// When the next GPU of a lane becomes free.
    #[inline(always)]
    fn earliest_s(&self, lane: usize) -> f64 {
        self.nodes[lane * self.leaves].free_s()
    }

    /// Puts a request on that GPU; returns which one it is. Entries count from 1.
    #[inline(always)]
    fn replace(&mut self, lane: usize, end_s: f64, entry: u64) -> usize {
        let nodes = &mut self.nodes[lane * self.leaves..][..self.leaves];
        let gpu = nodes[0].gpu();
        let mut winner = Contender::new(end_s, entry, gpu);
        let mut node = self.leaves.midpoint(gpu);
        while node > 0 {
            (winner, nodes[node]) = winner.ranked(nodes[node]);
            node /= 2;
        }
        nodes[0] = winner;
        gpu
    }
}

impl Trees {
    /// Serves a block of requests, of which `joining` holds arrival and service time; each arrival becomes
    /// the start of the service. Nothing goes on from here, so of two that end together either may go
    /// first.
    pub(super) fn admit<V: Pod>(&mut self, joining: &mut [[Line<V>; 2]]) {
        for lanes in lanes_abreast(self.lanes) {
            for [start_s, service_s] in &mut *joining {
                for lane in lanes.clone() {
                    let start_s = &mut lanes_mut(&mut start_s.0)[lane];
                    *start_s = start_s.max(self.earliest_s(lane));
                    self.replace(lane, *start_s + self::lanes(&service_s.0)[lane], 1);
                }
            }
        }
    }
}

/// Trees of losers, with what the requests carry.
pub(super) struct PrefillTrees {
    trees: Trees,
    /// Per lane and GPU.
    carried: Vec<Carried>,
    /// Requests that have entered.
    entries: u64,
}

#[derive(Clone, Copy)]
#[repr(align(32))]
#[expect(clippy::struct_field_names, reason = "every field is a time, with its unit")]
struct Carried {
    arrival_s: f64,
    wait_s: f64,
    prefill_s: f64,
    decode_s: f64,
}

impl PrefillTrees {
    pub(super) fn new(gpus: usize, lanes: usize) -> Self {
        let trees = Trees::new(gpus, lanes);
        // Of no request: one that never arrives.
        let nobody =
            Carried { arrival_s: f64::INFINITY, wait_s: 0.0, prefill_s: 0.0, decode_s: 0.0 };
        let carried = vec![nobody; trees.leaves * lanes];
        Self { trees, carried, entries: 0 }
    }

    /// Serves a block of requests; tells when each starts, and which one leaves the GPU that it takes.
    pub(super) fn admit<S: Simd>(
        &mut self,
        inputs: BlockInputs<S>,
        starts_s: &mut Rows<S>,
        departures: &mut [Departure<S>],
    ) {
        let Self { trees, carried, entries } = self;
        for lanes in lanes_abreast(trees.lanes) {
            for (row, departure) in departures.iter_mut().enumerate() {
                for lane in lanes.clone() {
                    let [arrival_s, prefill_s, decode_s] =
                        [inputs.arrival_s, inputs.prefill_s, inputs.decode_s]
                            .map(|rows| self::lanes(&rows[row].0)[lane]);
                    let earliest_s = trees.earliest_s(lane);
                    let start_s = arrival_s.max(earliest_s);
                    let entry = *entries + row as u64 + 1;
                    let gpu = trees.replace(lane, start_s + prefill_s, entry);
                    let wait_s = start_s - arrival_s;
                    let entering = Carried { arrival_s, wait_s, prefill_s, decode_s };
                    let place = &mut carried[lane * trees.leaves + gpu];
                    let leaving = std::mem::replace(place, entering);
                    lanes_mut(&mut starts_s[row].0)[lane] = start_s;
                    let values = [
                        earliest_s,
                        leaving.arrival_s,
                        leaving.wait_s,
                        leaving.prefill_s,
                        leaving.decode_s,
                    ];
                    for (line, value) in departure.iter_mut().zip(values) {
                        lanes_mut(&mut line.0)[lane] = value;
                    }
                }
            }
        }
        *entries += departures.len() as u64;
    }
}

/// Lanes whose walks overlap while their trees share the nearest cache.
fn lanes_abreast(lanes: usize) -> impl Iterator<Item = Range<usize>> {
    const ABREAST: usize = 4;
    (0..lanes).step_by(ABREAST).map(move |first| first..lanes.min(first + ABREAST))
}
