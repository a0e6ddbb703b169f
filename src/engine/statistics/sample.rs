//! The sample of one run: collected in order, described once, kept for pooling if need be.

use super::histogram::Histogram;
use super::percentile::percentiles;
use crate::math;

/// Values that are kept one by one (128 MiB). Past it a sample is binned.
pub const EXACT_VALUES: usize = 1 << 24;

/// Values whose mean and spread stay known of a binned sample, to see trends in it.
const BLOCK: usize = 1 << 16;

/// Fewest values of a 99th percentile.
pub const MIN_VALUES_OF_P99: u64 = 100;

/// Values >= 0 in the order in which a run gives them. Memory to reuse from run to run.
#[derive(Clone, Debug, Default)]
pub struct RunSample {
    /// All values, or those since the last that were binned.
    values: Vec<f64>,
    binned: Option<Binned>,
}

/// What stays of values that were too many.
#[derive(Clone, Debug, Default)]
struct Binned {
    histogram: Histogram,
    blocks: Vec<Block>,
}

/// Consecutive values.
#[derive(Clone, Copy, Debug)]
struct Block {
    count: u64,
    sum: f64,
    /// Sum of squared deviations from the block's own mean.
    squares: f64,
}

/// What a run's sample says. Means are `None` where there is no value to take them of.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Description {
    /// Standard deviation (divisor n - 1); `None` for fewer than two values.
    pub std: Option<f64>,
    /// Median.
    pub p50: Option<f64>,
    /// 90th percentile.
    pub p90: Option<f64>,
    /// 99th percentile; `None` for fewer than [`MIN_VALUES_OF_P99`] values.
    pub p99: Option<f64>,
    /// Mean of the later half minus mean of the earlier one.
    pub trend: Option<f64>,
    /// Mean of the first tenth minus mean of the rest.
    pub onset: Option<f64>,
}

/// What is kept of a run's sample, to be pooled with that of others.
#[derive(Clone, Debug, PartialEq)]
pub enum KeptSample {
    /// All values, in any order.
    Exact(Box<[f64]>),
    /// Their histogram.
    Binned(Histogram),
}

impl RunSample {
    /// Forgets all values, but not the memory.
    pub fn clear(&mut self) {
        self.values.clear();
        self.binned = None;
    }

    /// Adds a value.
    #[inline]
    pub fn push(&mut self, value: f64) {
        self.values.push(value);
        if self.values.len() == EXACT_VALUES {
            self.bin();
        }
    }

    /// Number of values.
    pub fn len(&self) -> u64 {
        let binned = self.binned.as_ref().map_or(0, |binned| binned.histogram.len());
        binned + self.values.len() as u64
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether every value was kept, so that percentiles are exact.
    pub fn is_exact(&self) -> bool {
        self.binned.is_none()
    }

    /// Spread, percentiles and trends. Reorders the values.
    pub fn describe(&mut self) -> Description {
        if self.binned.is_some() {
            self.bin();
        }
        let description = Description {
            std: self.std(),
            trend: self.difference_of_means(0.5).map(|(early, late)| late - early),
            onset: self.difference_of_means(0.1).map(|(first, rest)| first - rest),
            ..Description::default()
        };
        let ranks = [0.5, 0.9, 0.99];
        let [p50, p90, p99] = match &self.binned {
            Some(binned) => ranks.map(|p| binned.histogram.percentile(p)),
            None => percentiles(&mut self.values, ranks).map_or([None; 3], |p| p.map(Some)),
        };
        let p99 = p99.filter(|_| self.len() >= MIN_VALUES_OF_P99);
        Description { p50, p90, p99, ..description }
    }

    /// A copy to pool: the values themselves if `exact` and if they are all there.
    pub fn keep(&self, exact: bool) -> KeptSample {
        match &self.binned {
            None if exact => KeptSample::Exact(self.values.as_slice().into()),
            None => KeptSample::Binned(Histogram::of(&self.values)),
            Some(binned) => {
                let mut histogram = binned.histogram.clone();
                histogram.record_all(&self.values);
                KeptSample::Binned(histogram)
            }
        }
    }

    /// Moves the values to the histogram.
    fn bin(&mut self) {
        let binned = self.binned.get_or_insert_default();
        binned.blocks.extend(self.values.chunks(BLOCK).map(Block::of));
        binned.histogram.record_all(&self.values);
        self.values.clear();
    }

    fn std(&self) -> Option<f64> {
        let n = self.len();
        let degrees_of_freedom = math::count(n.checked_sub(2)? + 1);
        let blocks: &[Block] = match &self.binned {
            Some(binned) => &binned.blocks,
            None => &[Block::of(&self.values)],
        };
        let mean = blocks.iter().map(|block| block.sum).sum::<f64>() / math::count(n);
        let squares: f64 = blocks
            .iter()
            .map(|block| {
                let count = math::count(block.count);
                let offset = block.sum / count - mean;
                block.squares + count * offset * offset
            })
            .sum();
        Some((squares / degrees_of_freedom).sqrt())
    }

    /// Means of the first `share` of the values and of the rest; to whole blocks if binned.
    fn difference_of_means(&self, share: f64) -> Option<(f64, f64)> {
        let split = |len: usize| position(len, share);
        if let Some(binned) = &self.binned {
            let (first, rest) = binned.blocks.split_at(split(binned.blocks.len()));
            Some((mean_of_blocks(first)?, mean_of_blocks(rest)?))
        } else {
            let (first, rest) = self.values.split_at(split(self.values.len()));
            Some((mean_of_blocks(&[Block::of(first)])?, mean_of_blocks(&[Block::of(rest)])?))
        }
    }
}

impl Block {
    fn of(values: &[f64]) -> Self {
        let total = sum(values, |value| value);
        let mean = total / math::count(values.len() as u64);
        let squares = sum(values, |value| (value - mean) * (value - mean));
        Self { count: values.len() as u64, sum: total, squares }
    }
}

/// Sum of `term` over the values in four interleaved parts, which a processor adds up side by side.
/// One fixed order.
fn sum(values: &[f64], term: impl Fn(f64) -> f64) -> f64 {
    let mut parts = [0.0; 4];
    let quadruples = values.chunks_exact(4);
    let rest = quadruples.remainder();
    for quadruple in quadruples {
        for (part, &value) in parts.iter_mut().zip(quadruple) {
            *part += term(value);
        }
    }
    for (part, &value) in parts.iter_mut().zip(rest) {
        *part += term(value);
    }
    (parts[0] + parts[1]) + (parts[2] + parts[3])
}

fn mean_of_blocks(blocks: &[Block]) -> Option<f64> {
    let count: u64 = blocks.iter().map(|block| block.count).sum();
    (count > 0).then(|| blocks.iter().map(|block| block.sum).sum::<f64>() / math::count(count))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a position inside the sample"
)]
fn position(len: usize, share: f64) -> usize {
    (math::count(len as u64) * share) as usize
}
