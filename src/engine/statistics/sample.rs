//! The sample of one run: collected in order, described once, kept for pooling if need be.

use std::ops::Range;

use super::batches::lag_1_correlation;
use super::confidence::difference;
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
#[derive(Clone, Debug)]
pub struct RunSample {
    /// Values that are kept one by one at most.
    limit: usize,
    /// All values, or those since the last that were binned.
    values: Vec<f64>,
    binned: Option<Binned>,
}

impl Default for RunSample {
    fn default() -> Self {
        Self::limited_to(EXACT_VALUES)
    }
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
    /// Correlation of neighbours among the means of [`PARTS`] consecutive parts of equal size: what
    /// is left of the run's memory at this scale. `None` for fewer values than parts.
    pub correlation: Option<f64>,
}

/// Parts that a run is cut into to judge its memory.
pub const PARTS: usize = 100;

/// What is kept of a run's sample, to be pooled with that of others.
#[derive(Clone, Debug, PartialEq)]
pub enum KeptSample {
    /// All values, in any order.
    Exact(Box<[f64]>),
    /// Their histogram.
    Binned(Histogram),
}

impl RunSample {
    /// A sample that keeps up to `limit` >= 1 values one by one.
    pub fn limited_to(limit: usize) -> Self {
        Self { limit, values: Vec::new(), binned: None }
    }

    /// Forgets all values, but not the memory.
    pub fn clear(&mut self) {
        self.values.clear();
        self.binned = None;
    }

    /// Adds a value.
    #[inline]
    pub fn push(&mut self, value: f64) {
        if self.values.len() == self.limit {
            self.bin();
        }
        self.values.push(value);
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
        let description = Description { std: self.std(), ..self.describe_parts() };
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

    /// What the order of the values shows; to whole blocks if binned.
    fn describe_parts(&self) -> Description {
        let parts: [Block; PARTS] = std::array::from_fn(|part| match &self.binned {
            Some(binned) => Block::joined(part_of(&binned.blocks, part)),
            None => Block::sum_of(part_of(&self.values, part)),
        });
        let mean = |range: Range<usize>| Block::joined(&parts[range]).mean();
        let difference = |first, rest| Some(difference(mean(first)?, mean(rest)?));
        let means: Option<Vec<f64>> = parts.iter().map(Block::mean).collect();
        Description {
            trend: difference(PARTS / 2..PARTS, 0..PARTS / 2),
            onset: difference(0..PARTS / 10, PARTS / 10..PARTS),
            correlation: means.map(|means| lag_1_correlation(&means)),
            ..Description::default()
        }
    }
}

/// One of [`PARTS`] consecutive parts whose sizes differ by one at most.
fn part_of<T>(values: &[T], part: usize) -> &[T] {
    &values[values.len() * part / PARTS..values.len() * (part + 1) / PARTS]
}

impl Block {
    fn of(values: &[f64]) -> Self {
        let block = Self::sum_of(values);
        let Some(mean) = block.mean() else { return block };
        Self { squares: sum(values, |value| (value - mean) * (value - mean)), ..block }
    }

    /// Without the squares.
    fn sum_of(values: &[f64]) -> Self {
        Self { count: values.len() as u64, sum: sum(values, |value| value), squares: 0.0 }
    }

    /// Blocks taken together, without the squares.
    fn joined(blocks: &[Self]) -> Self {
        let count = blocks.iter().map(|block| block.count).sum();
        Self { count, sum: blocks.iter().map(|block| block.sum).sum(), squares: 0.0 }
    }

    fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / math::count(self.count))
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
