//! The sample of one run: collected in order, described once, kept for pooling if need be.
#![expect(clippy::inline_always, reason = "loops run on the vectors of their caller")]

use serde::{Deserialize, Serialize};

use super::batches::lag_1_correlation;
use super::buckets::Buckets;
use super::confidence::difference;
use super::histogram::Histogram;
use super::windows::{ValueRange, Windows};
use crate::math;

/// Values that are kept one by one (64 MiB, and as much again to sort them). Past it a sample is binned.
pub const EXACT_VALUES: usize = 1 << 23;

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
    /// All values once they are described; else memory.
    buckets: Buckets,
    is_described: bool,
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

/// What to keep of a run's sample.
#[derive(Clone, Copy, Debug)]
pub enum Keep<'a> {
    /// All values.
    All,
    /// Those near percentiles.
    Near(&'a [ValueRange]),
    /// A histogram.
    Histogram,
}

/// What is kept of a run's sample, to be pooled with that of others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum KeptSample {
    /// All values.
    Exact(Buckets),
    /// Those near the percentiles of all replications, and how many lie below.
    Windowed(Windows),
    /// Their histogram.
    Binned(Histogram),
}

impl RunSample {
    /// A sample that keeps up to `limit` >= 1 values one by one.
    pub fn limited_to(limit: usize) -> Self {
        Self {
            limit,
            values: Vec::new(),
            binned: None,
            buckets: Buckets::default(),
            is_described: false,
        }
    }

    /// Forgets all values, but not the memory.
    pub fn clear(&mut self) {
        self.values.clear();
        self.binned = None;
        self.is_described = false;
    }

    /// Adds a value.
    #[inline]
    pub fn push(&mut self, value: f64) {
        if self.values.len() == self.limit {
            self.bin();
        }
        self.values.push(value);
    }

    /// Adds values in order.
    #[inline(always)]
    pub fn extend(&mut self, values: impl ExactSizeIterator<Item = f64>) {
        if values.len() <= self.limit - self.values.len() {
            self.values.extend(values);
        } else {
            values.for_each(|value| self.push(value));
        }
    }

    /// Number of values.
    pub fn len(&self) -> u64 {
        let binned = self.binned.as_ref().map_or(0, |binned| binned.histogram.len());
        let values = if self.is_described { self.buckets.len() } else { self.values.len() };
        binned + values as u64
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether every value was kept, so that percentiles are exact.
    pub fn is_exact(&self) -> bool {
        self.binned.is_none()
    }

    /// Spread, percentiles and trends. No value may be added afterwards.
    pub fn describe(&mut self) -> Description {
        if self.binned.is_some() {
            self.bin();
        }
        let ranks = [0.5, 0.9, 0.99];
        let (description, [p50, p90, p99]) = if let Some(binned) = &self.binned {
            let blocks = &binned.blocks;
            let parts = std::array::from_fn(|part| Block::joined(part_of(blocks, part)));
            let description = Description { std: std_of(blocks), ..describe_parts(&parts) };
            (description, ranks.map(|p| binned.histogram.percentile(p)))
        } else {
            // With the widest vectors there are. Their width changes no bit.
            let Self { values, buckets, .. } = self;
            let description = pulp::Arch::new().dispatch(DescribeExact { values, buckets });
            self.is_described = true;
            (description, ranks.map(|p| self.buckets.percentile(p)))
        };
        let p99 = p99.filter(|_| self.len() >= MIN_VALUES_OF_P99);
        Description { p50, p90, p99, ..description }
    }

    /// What is to be pooled, to be taken once; a histogram in any case if not all values are there.
    pub fn keep(&mut self, keep: Keep) -> KeptSample {
        if let Some(binned) = &self.binned {
            let mut histogram = binned.histogram.clone();
            histogram.record_all(&self.values);
            return KeptSample::Binned(histogram);
        }
        if !self.is_described {
            self.buckets.refill(&self.values, extremes(&self.values));
        }
        match keep {
            Keep::All => {
                self.is_described = false;
                KeptSample::Exact(std::mem::take(&mut self.buckets))
            }
            Keep::Near(ranges) => KeptSample::Windowed(Windows::of(&self.buckets, ranges)),
            Keep::Histogram => KeptSample::Binned(Histogram::of(self.buckets.values())),
        }
    }

    /// Moves the values to the histogram.
    fn bin(&mut self) {
        let binned = self.binned.get_or_insert_default();
        binned.blocks.extend(self.values.chunks(BLOCK).map(Block::of));
        binned.histogram.record_all(&self.values);
        self.values.clear();
    }
}

/// Describes a sample whose values are all there.
struct DescribeExact<'a> {
    values: &'a [f64],
    buckets: &'a mut Buckets,
}

impl pulp::NullaryFnOnce for DescribeExact<'_> {
    type Output = Description;

    #[inline(always)]
    fn call(self) -> Self::Output {
        let Self { values, buckets } = self;
        let parts = sums_of_parts(values);
        let whole = Block::joined(&parts).with_squares(values);
        let description = Description { std: std_of(&[whole]), ..describe_parts(&parts) };
        let range = extremes(values);
        buckets.refill(values, range);
        description
    }
}

/// Least and greatest value; an empty range for no value.
#[inline(always)]
pub(super) fn extremes(values: &[f64]) -> (f64, f64) {
    let least = |a: f64, b: f64| if b < a { b } else { a };
    let greatest = |a: f64, b: f64| if b > a { b } else { a };
    let first = values.first().copied().unwrap_or_default();
    let lows = folded(values, [first; WIDTH], least);
    let highs = folded(values, [first; WIDTH], greatest);
    (lows.into_iter().fold(first, least), highs.into_iter().fold(first, greatest))
}

/// Sums of the parts, each in order; several side by side, since each addition waits for the one before.
#[inline(always)]
fn sums_of_parts(values: &[f64]) -> [Block; PARTS] {
    const ABREAST: usize = 10;
    // Parts have this many values, or one more.
    let common = values.len() / PARTS;
    let mut blocks = [Block { count: 0, sum: 0.0, squares: 0.0 }; PARTS];
    for (group, blocks) in blocks.as_chunks_mut::<ABREAST>().0.iter_mut().enumerate() {
        let parts: [&[f64]; ABREAST] =
            std::array::from_fn(|part| part_of(values, group * ABREAST + part));
        let wholes = parts.map(|part| &part[..common]);
        let mut sums = [0.0; ABREAST];
        for row in 0..common {
            for (sum, whole) in sums.iter_mut().zip(wholes) {
                *sum += whole[row];
            }
        }
        for ((block, part), sum) in blocks.iter_mut().zip(parts).zip(sums) {
            let sum = part[common..].iter().fold(sum, |sum, value| sum + value);
            *block = Block { count: part.len() as u64, sum, squares: 0.0 };
        }
    }
    blocks
}

fn std_of(blocks: &[Block]) -> Option<f64> {
    let Block { count: n, sum, .. } = Block::joined(blocks);
    let degrees_of_freedom = math::count(n.checked_sub(2)? + 1);
    let mean = sum / math::count(n);
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

/// What the order of the parts shows.
fn describe_parts(parts: &[Block; PARTS]) -> Description {
    let mean = |range: std::ops::Range<usize>| Block::joined(&parts[range]).mean();
    let difference = |first, rest| Some(difference(mean(first)?, mean(rest)?));
    let mut means = [0.0; PARTS];
    let mut is_complete = true;
    for (mean, part) in means.iter_mut().zip(parts) {
        is_complete &= part.count > 0;
        *mean = part.mean().unwrap_or_default();
    }
    Description {
        trend: difference(PARTS / 2..PARTS, 0..PARTS / 2),
        onset: difference(0..PARTS / 10, PARTS / 10..PARTS),
        correlation: is_complete.then(|| lag_1_correlation(&means)),
        ..Description::default()
    }
}

/// One of [`PARTS`] consecutive parts whose sizes differ by one at most.
fn part_of<T>(values: &[T], part: usize) -> &[T] {
    &values[values.len() * part / PARTS..values.len() * (part + 1) / PARTS]
}

impl Block {
    fn of(values: &[f64]) -> Self {
        Self::sum_of(values).with_squares(values)
    }

    /// Without the squares.
    #[inline(always)]
    fn sum_of(values: &[f64]) -> Self {
        Self { count: values.len() as u64, sum: sum(values, |value| value), squares: 0.0 }
    }

    /// With those of the block's values.
    #[inline(always)]
    fn with_squares(self, values: &[f64]) -> Self {
        let Some(mean) = self.mean() else { return self };
        Self { squares: sum(values, |value| (value - mean) * (value - mean)), ..self }
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

/// Interleaved parts of a sum, which a processor adds up side by side.
const WIDTH: usize = 8;

/// Sum of `term` over the values in interleaved parts. One fixed order, whatever the vectors.
#[inline(always)]
fn sum(values: &[f64], term: impl Fn(f64) -> f64) -> f64 {
    let parts = folded(values, [0.0; WIDTH], |sum, value| sum + term(value));
    let pair = |i: usize| parts[2 * i] + parts[2 * i + 1];
    (pair(0) + pair(1)) + (pair(2) + pair(3))
}

/// Takes every [`WIDTH`]-th value together, in order.
#[inline(always)]
fn folded(values: &[f64], mut parts: [f64; WIDTH], take: impl Fn(f64, f64) -> f64) -> [f64; WIDTH] {
    let (whole, rest) = values.as_chunks::<WIDTH>();
    for chunk in whole {
        for (part, &value) in parts.iter_mut().zip(chunk) {
            *part = take(*part, value);
        }
    }
    for (part, &value) in parts.iter_mut().zip(rest) {
        *part = take(*part, value);
    }
    parts
}
