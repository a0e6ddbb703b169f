//! A sample in buckets by size: what an order statistic needs of a full sort, for a fraction of its price.
//!
//! The bits of non-negative floats are in the order of their values, so the leading ones make a bucket.
//! A counting sort by bucket (two passes) leaves each order statistic in a bucket of a few values, and the
//! buckets of several runs add up to those of all of them.

use serde::{Deserialize, Serialize};

use super::sample::extremes;

/// Smallest value with a bucket of its own, far below a decode step: zeros must not widen the range.
const LEAST: f64 = 1e-18;

/// Most buckets: their ends stay in the cache nearest to the processor.
const MAX_BUCKETS: usize = 4096;

/// Values of a run, grouped by bucket, in no particular order within one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<f64>", into = "Vec<f64>")]
pub struct Buckets {
    values: Vec<f64>,
    scale: Scale,
    /// Where each bucket ends in `values`.
    ends: Vec<u32>,
}

/// Which bucket a value belongs to: its bits without the last `shift`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Scale {
    shift: u32,
    /// Name of the first bucket.
    first: u64,
    buckets: usize,
}

impl Scale {
    /// About one bucket for every four to eight of `len` values from `least` to `greatest`.
    fn new(len: usize, least: f64, greatest: f64) -> Self {
        let (least, greatest) = (least.max(LEAST).to_bits(), greatest.max(LEAST).to_bits());
        let shift = shift_for(len, least, greatest);
        let first = least >> shift;
        let buckets = (greatest >> shift) - first + 1;
        Self { shift, first, buckets: usize::try_from(buckets).unwrap_or(usize::MAX) }
    }

    /// Of a value up to the greatest. Signed, since a negative value has the highest bit and belongs to
    /// the first bucket.
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
        reason = "at most a few thousand buckets, of names without the sign"
    )]
    fn bucket_of(&self, value: f64) -> usize {
        (((value.to_bits() as i64) >> self.shift).max(self.first as i64) - self.first as i64)
            as usize
    }
}

/// Bits to leave out, so that there are few buckets for `len` values with bits from `least` to `greatest`.
fn shift_for(len: usize, least: u64, greatest: u64) -> u32 {
    let most = (len / 4).clamp(1, MAX_BUCKETS) as u64;
    u64::BITS - ((greatest - least) / most).leading_zeros()
}

impl TryFrom<Vec<f64>> for Buckets {
    type Error = &'static str;

    /// Of values in a file, which may be no numbers: those have no bucket.
    fn try_from(values: Vec<f64>) -> Result<Self, Self::Error> {
        let all_finite = values.iter().all(|value| value.is_finite());
        if all_finite { Ok(Self::of(&values)) } else { Err("a value is not finite") }
    }
}

impl From<Buckets> for Vec<f64> {
    fn from(buckets: Buckets) -> Self {
        buckets.values
    }
}

impl Buckets {
    /// A sample of these values.
    pub(super) fn of(sample: &[f64]) -> Self {
        let mut buckets = Self::default();
        buckets.refill(sample, extremes(sample));
        buckets
    }

    /// Takes the values of a sample, which lie between `least` and `greatest`, in place of those that are
    /// here.
    #[inline]
    pub(super) fn refill(&mut self, sample: &[f64], (least, greatest): (f64, f64)) {
        let Self { values, scale, ends } = self;
        *scale = Scale::new(sample.len(), least, greatest);
        ends.clear();
        ends.resize(scale.buckets, 0);
        for &value in sample {
            ends[scale.bucket_of(value)] += 1;
        }
        // Starts, which the sort moves on to the ends.
        let mut start = 0;
        for count in &mut *ends {
            start += std::mem::replace(count, start);
        }
        values.resize(sample.len(), 0.0);
        for &value in sample {
            let place = &mut ends[scale.bucket_of(value)];
            values[*place as usize] = value;
            *place += 1;
        }
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The values, in no particular order.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// How many values are at most `limit`.
    pub(super) fn count_at_most(&self, limit: f64) -> usize {
        let bucket = self.scale.bucket_of(limit);
        if bucket >= self.ends.len() {
            return self.values.len();
        }
        let start = self.start_of(bucket);
        let inside = &self.values[start..self.ends[bucket] as usize];
        start + inside.iter().filter(|value| **value <= limit).count()
    }

    /// The value of this rank, from 0; not a number past the end.
    pub(super) fn order_statistic(&mut self, rank: usize) -> f64 {
        let bucket = self.ends.partition_point(|&end| end as usize <= rank);
        let Some(&end) = self.ends.get(bucket) else { return f64::NAN };
        let start = self.start_of(bucket);
        let inside = &mut self.values[start..end as usize];
        *inside.select_nth_unstable_by(rank - start, f64::total_cmp).1
    }

    /// How many values lie below `low`, and those from there to `high`.
    pub(super) fn around(&self, low: f64, high: f64) -> (usize, Vec<f64>) {
        let bucket = |value| self.scale.bucket_of(value).min(self.ends.len());
        let (first, end) = (self.start_of(bucket(low)), self.start_of(bucket(high) + 1));
        let candidates = &self.values[first..end.max(first)];
        let below = candidates.iter().filter(|value| **value < low).count();
        let mut values = Vec::with_capacity(candidates.len());
        values.extend(candidates.iter().filter(|value| low <= **value && **value <= high));
        (first + below, values)
    }

    fn start_of(&self, bucket: usize) -> usize {
        let before = bucket.min(self.ends.len()).checked_sub(1);
        before.map_or(0, |before| self.ends[before] as usize)
    }

    /// The values whose bits begin like `name` when cut by `shift`, which is not finer than here.
    fn named(&self, name: u64, shift: u32) -> &[f64] {
        let finer = shift - self.scale.shift;
        let bucket = |name: u64| {
            let buckets = (name << finer).saturating_sub(self.scale.first);
            usize::try_from(buckets).unwrap_or(usize::MAX).min(self.ends.len())
        };
        &self.values[self.start_of(bucket(name))..self.start_of(bucket(name + 1))]
    }
}

/// Order statistics of the samples of several runs together.
#[derive(Debug)]
pub(super) struct Ranked<'a> {
    runs: Vec<&'a Buckets>,
    /// The coarsest scale among the runs.
    shift: u32,
    /// Name of the first bucket.
    first: u64,
    /// Values up to the end of each bucket.
    ends: Vec<usize>,
    /// The bucket that was looked into last, and its values.
    opened: (usize, Vec<f64>),
}

impl<'a> Ranked<'a> {
    pub(super) fn new(mut runs: Vec<&'a Buckets>) -> Self {
        runs.retain(|run| !run.is_empty());
        // Runs of few values are finely divided; far apart, they would have too many buckets together.
        let own = runs.iter().map(|run| run.scale.shift).max().unwrap_or_default();
        let bits = |run: &&Buckets| {
            let Scale { shift, first, buckets } = run.scale;
            (first << shift, (first + buckets as u64 - 1) << shift)
        };
        let least = runs.iter().map(|run| bits(run).0).min().unwrap_or_default();
        let greatest = runs.iter().map(|run| bits(run).1).max().unwrap_or_default();
        let len = runs.iter().map(|run| run.len()).sum();
        let shift = own.max(shift_for(len, least, greatest));
        let names = |run: &&Buckets| {
            let Scale { shift: own, first, buckets } = run.scale;
            (first >> (shift - own), (first + buckets as u64 - 1) >> (shift - own))
        };
        let first = runs.iter().map(|run| names(run).0).min().unwrap_or_default();
        let last = runs.iter().map(|run| names(run).1).max().unwrap_or_default();
        let bucket = |name: u64| usize::try_from(name - first).unwrap_or_default();
        let mut ends = vec![0; bucket(last) + 1];
        for run in &runs {
            let mut start = 0;
            for (name, &end) in (run.scale.first..).zip(&run.ends) {
                ends[bucket(name >> (shift - run.scale.shift))] += (end - start) as usize;
                start = end;
            }
        }
        let mut total = 0;
        for end in &mut ends {
            total += *end;
            *end = total;
        }
        Self { runs, shift, first, ends, opened: (usize::MAX, Vec::new()) }
    }

    /// Number of values.
    pub(super) fn len(&self) -> usize {
        self.ends.last().copied().unwrap_or_default()
    }

    /// The value of this rank, from 0; not a number past the end.
    pub(super) fn order_statistic(&mut self, rank: usize) -> f64 {
        let bucket = self.ends.partition_point(|&end| end <= rank);
        if bucket >= self.ends.len() {
            return f64::NAN;
        }
        let (opened, values) = &mut self.opened;
        if *opened != bucket {
            values.clear();
            let name = self.first + bucket as u64;
            for run in &self.runs {
                values.extend_from_slice(run.named(name, self.shift));
            }
            *opened = bucket;
        }
        let start = bucket.checked_sub(1).map_or(0, |before| self.ends[before]);
        *values.select_nth_unstable_by(rank - start, f64::total_cmp).1
    }
}
