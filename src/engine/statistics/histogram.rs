//! A mergeable histogram: what stays of samples that are too many to keep.
//!
//! Buckets are equal parts of a power of two, so a bucket is the leading bits of a float, and
//! neither recording nor merging rounds anything: histograms merge in any order, to the same bits.

use serde::{Deserialize, Serialize};

use super::percentile::type7_position;

/// Buckets per power of two, as a number of bits: a value lies within 2^-10 (0.1 %) of the middle
/// of its bucket.
const BUCKET_BITS: u32 = 9;

/// Bits of a float's mantissa that do not decide over its bucket.
const SHIFT: u32 = 52 - BUCKET_BITS;

/// Smallest and largest value with a bucket of its own; others count as the nearest. Thirty
/// thousand years, and far below a decode step.
const RANGE: (f64, f64) = (1e-18, 1e12);

/// Counts of non-negative values by bucket. Order statistics have a relative error of at most
/// 0.1 %.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram {
    /// Number of the first bucket in `counts`.
    first: u64,
    counts: Vec<u64>,
    /// Values of 0, which have no leading bits.
    zeros: u64,
    total: u64,
}

impl Histogram {
    /// A histogram of these values.
    pub fn of(values: &[f64]) -> Self {
        let mut histogram = Self::default();
        histogram.record_all(values);
        histogram
    }

    /// Buckets from the first to the last with a value.
    pub(super) fn num_buckets(&self) -> usize {
        self.counts.len()
    }

    /// Counts values >= 0.
    pub fn record_all(&mut self, values: &[f64]) {
        for &value in values {
            self.record(value);
        }
    }

    /// Counts a value >= 0.
    pub fn record(&mut self, value: f64) {
        if value <= 0.0 {
            self.zeros += 1;
            self.total += 1;
        } else {
            self.add_to_bucket(bucket_of(value), 1);
        }
    }

    /// Adds the counts of another histogram.
    pub fn merge(&mut self, other: &Self) {
        self.zeros += other.zeros;
        self.total += other.zeros;
        for (bucket, &count) in (other.first..).zip(&other.counts) {
            if count > 0 {
                self.add_to_bucket(bucket, count);
            }
        }
    }

    /// Number of values.
    pub fn len(&self) -> u64 {
        self.total
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// How many values lie in buckets up to that of `value`.
    pub fn count_at_most(&self, value: f64) -> u64 {
        if value <= 0.0 {
            return self.zeros;
        }
        let buckets = (bucket_of(value) + 1).saturating_sub(self.first);
        let buckets = usize::try_from(buckets).unwrap_or(usize::MAX).min(self.counts.len());
        self.zeros + self.counts[..buckets].iter().sum::<u64>()
    }

    /// A percentile as of exact values (type 7), each order statistic replaced by the middle of its
    /// bucket. `None` if nothing was counted.
    pub fn percentile(&self, probability: f64) -> Option<f64> {
        let (low, fraction) = type7_position(self.total, probability)?;
        let below = self.order_statistic(low);
        let next = self.order_statistic((low + 1).min(self.total - 1));
        Some(below + fraction * (next - below))
    }

    fn add_to_bucket(&mut self, bucket: u64, count: u64) {
        if self.counts.is_empty() {
            self.first = bucket;
        }
        if bucket < self.first {
            let new = usize::try_from(self.first - bucket).unwrap_or_default();
            self.counts.splice(0..0, std::iter::repeat_n(0, new));
            self.first = bucket;
        }
        let index = usize::try_from(bucket - self.first).unwrap_or_default();
        if index >= self.counts.len() {
            self.counts.resize(index + 1, 0);
        }
        self.counts[index] += count;
        self.total += count;
    }

    /// The middle of the bucket that holds the order statistic of this rank, from 0.
    fn order_statistic(&self, rank: u64) -> f64 {
        let mut before = self.zeros;
        if rank < before {
            return 0.0;
        }
        for (bucket, &count) in (self.first..).zip(&self.counts) {
            before += count;
            if rank < before {
                return middle_of(bucket);
            }
        }
        f64::NAN
    }
}

fn bucket_of(value: f64) -> u64 {
    value.clamp(RANGE.0, RANGE.1).to_bits() >> SHIFT
}

fn middle_of(bucket: u64) -> f64 {
    let lower = f64::from_bits(bucket << SHIFT);
    let upper = f64::from_bits((bucket + 1) << SHIFT);
    lower.midpoint(upper)
}
