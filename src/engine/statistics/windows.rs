//! What is left of a sample once it is known where its percentiles lie: the values near them, and how
//! many lie below. Percentiles that fall into a window are exact.
//!
//! A sweep with many replications would need memory for all their samples until they are pooled. Instead
//! the first replications tell where the percentiles are likely to lie, and of all others, then, only
//! values near them are kept: within a few standard errors to both sides.

use serde::{Deserialize, Serialize};

use super::buckets::Buckets;
use super::percentile::interpolated;

/// Fewest replications whose spread says where percentiles lie.
pub(super) const MIN_REPLICATIONS: usize = 10;

/// Values of one run near the percentiles of all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Windows {
    /// Number of values of the run.
    len: u64,
    /// Rising, in the same ranges for all runs of a cell; they may overlap.
    windows: Vec<Window>,
}

/// All values of a run in a range.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Window {
    range: ValueRange,
    /// How many lie below the range.
    below: u64,
    values: Vec<f64>,
}

/// From `low` to `high`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueRange {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

impl ValueRange {
    fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

impl Windows {
    /// Of a whole sample.
    pub(super) fn of(sample: &Buckets, ranges: &[ValueRange]) -> Self {
        let window = |&range: &ValueRange| {
            let (below, values) = sample.around(range.low, range.high);
            Window { range, below: below as u64, values }
        };
        Self { len: sample.len() as u64, windows: ranges.iter().map(window).collect() }
    }

    /// The same windows, narrowed to what of these ranges lies inside theirs.
    pub(super) fn narrowed(&self, ranges: &[ValueRange]) -> Self {
        let narrowed = |(window, wanted): (&Window, &ValueRange)| {
            let range = ValueRange {
                low: wanted.low.max(window.range.low),
                high: wanted.high.min(window.range.high),
            };
            let values = window.values.iter().copied();
            let below = values.clone().filter(|value| *value < range.low).count() as u64;
            Window {
                range,
                below: window.below + below,
                values: values.filter(|value| range.contains(*value)).collect(),
            }
        };
        Self { len: self.len, windows: self.windows.iter().zip(ranges).map(narrowed).collect() }
    }

    /// The ranges of its windows.
    pub fn ranges(&self) -> Vec<ValueRange> {
        self.windows.iter().map(|window| window.range).collect()
    }

    /// Values that were kept.
    pub(super) fn num_kept(&self) -> usize {
        self.windows.iter().map(|window| window.values.len()).sum()
    }

    /// Number of values of the run, kept or not.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// How many values are at most `limit`, which lies in a window; else a rough number.
    pub(super) fn count_at_most(&self, limit: f64) -> u64 {
        let inside = self.windows.iter().find(|window| window.range.contains(limit));
        inside.map_or(0, |window| {
            let values = window.values.iter();
            window.below + values.filter(|value| **value <= limit).count() as u64
        })
    }
}

/// Order statistics of several runs together, as far as their windows show them.
#[derive(Debug)]
pub(super) struct WindowedRuns {
    len: u64,
    /// Ranks of the first value, and the values of all runs.
    windows: Vec<(u64, Buckets)>,
    /// Whether something was asked for that no window shows.
    pub(super) has_missed: bool,
}

impl WindowedRuns {
    /// Of runs with windows in the same ranges.
    pub(super) fn new(runs: &[&Windows]) -> Self {
        let number = runs.first().map_or(0, |run| run.windows.len());
        let window = |number: usize| {
            let of_runs = || runs.iter().map(|run| &run.windows[number]);
            let values: Vec<&[f64]> = of_runs().map(|window| window.values.as_slice()).collect();
            (of_runs().map(|window| window.below).sum(), Buckets::of(&values.concat()))
        };
        Self {
            len: runs.iter().map(|run| run.len).sum(),
            windows: (0..number).map(window).collect(),
            has_missed: false,
        }
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// A percentile, type 7; `None` without values.
    pub(super) fn percentile(&mut self, probability: f64) -> Option<f64> {
        let len = usize::try_from(self.len).ok()?;
        interpolated(len, probability, |rank| self.order_statistic(rank as u64))
    }

    fn order_statistic(&mut self, rank: u64) -> f64 {
        for (below, values) in &mut self.windows {
            let place = rank.checked_sub(*below).and_then(|place| usize::try_from(place).ok());
            if let Some(place) = place.filter(|place| *place < values.len()) {
                return values.order_statistic(place);
            }
        }
        self.has_missed = true;
        0.0
    }
}
