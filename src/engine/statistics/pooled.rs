//! Percentiles of all replications' samples together, with an interval over the replications.
//!
//! The interval inverts one of the distribution function: at the pooled percentile the share of
//! smaller values is a ratio of two sums over replications, whose standard error is known (Cochran
//! 1977, section 6.4); its limits p - h and p + h are read as percentiles again (Woodruff 1952).
//! That interval is asymmetric: a tail has more above a percentile than below. The half width is half
//! its length where it is known well, and its longer side where it reaches to the end of the sample.
//! Measured on queues with exact answers (`scripts/experiments/pooled_intervals.rs`): half the length
//! alone covers too little in runs that are short for their load, the longer side alone too much in
//! long ones, sectioning and jackknife less than both in short ones.

use serde::{Deserialize, Serialize};

use super::buckets::{Buckets, Ranked};
use super::confidence::{Confidence, Estimate};
use super::histogram::Histogram;
use super::sample::{KeptSample, MIN_VALUES_OF_P99};
use super::windows::{MIN_REPLICATIONS, ValueRange, WindowedRuns, Windows};
use crate::math;

/// The samples of all replications of a cell.
#[derive(Debug)]
pub struct PooledSample<'a> {
    replications: Vec<&'a KeptSample>,
    all: All<'a>,
}

/// A percentile of pooled samples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PooledPercentile {
    /// The percentile, with the half width of its interval.
    pub estimate: Estimate,
    /// Whether the interval ends within the sample. If not, it is too short: the sample has nothing
    /// that far out.
    pub is_within: bool,
}

/// All values together.
#[derive(Debug)]
enum All<'a> {
    Exact(Ranked<'a>),
    Windowed(WindowedRuns),
    Binned(Histogram),
}

impl<'a> PooledSample<'a> {
    /// Takes the samples of independent replications together. Exact if all of them are; all have
    /// windows, or none.
    pub fn new(replications: Vec<&'a KeptSample>) -> Self {
        let all = if let Some(samples) = all_of(&replications, KeptSample::as_exact) {
            All::Exact(Ranked::new(samples))
        } else if let Some(samples) = all_of(&replications, KeptSample::as_windowed) {
            All::Windowed(WindowedRuns::new(&samples))
        } else {
            All::Binned(merged(&replications))
        };
        Self { replications, all }
    }

    /// Whether percentiles are exact; else they have a relative error of at most 0.1 %.
    pub fn is_exact(&self) -> bool {
        !matches!(self.all, All::Binned(_))
    }

    /// Whether a percentile or an interval was asked for that lies outside the windows: then what was
    /// returned means nothing.
    pub fn has_missed(&self) -> bool {
        match &self.all {
            All::Exact(_) => false,
            All::Windowed(runs) => runs.has_missed,
            // Of a run that became far longer than the others.
            All::Binned(_) => self.replications.iter().any(|run| run.as_windowed().is_some()),
        }
    }

    /// Number of values.
    pub fn len(&self) -> u64 {
        match &self.all {
            All::Exact(ranked) => ranked.len() as u64,
            All::Windowed(runs) => runs.len(),
            All::Binned(histogram) => histogram.len(),
        }
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Percentiles of all values, each with the half width of its interval. `None` without values,
    /// and for a probability of 0.99 and more with fewer than [`MIN_VALUES_OF_P99`].
    ///
    /// The half width is `None` for fewer than two replications.
    pub fn percentiles<const N: usize>(
        &mut self,
        probabilities: [f64; N],
        confidence: &Confidence,
    ) -> [Option<PooledPercentile>; N] {
        let len = self.len();
        probabilities.map(|probability| {
            if probability >= 0.99 && len < MIN_VALUES_OF_P99 {
                return None;
            }
            let mean = self.all.percentile(probability)?;
            let reach = share_half_width(&self.replications, mean, confidence);
            let half_width = reach.and_then(|reach| {
                let above = self.all.percentile(probability + reach)? - mean;
                let below = mean - self.all.percentile(probability - reach)?;
                let unknown_tail = (reach / (1.0 - probability)).min(1.0);
                let (half, longer) = (below.midpoint(above), below.max(above));
                Some(half + unknown_tail * (longer - half))
            });
            let estimate = Estimate { mean, half_width, std: None };
            let is_within = reach.is_none_or(|reach| probability + reach <= 1.0);
            Some(PooledPercentile { estimate, is_within })
        })
    }
}

/// Half width of the interval of the share of values up to `limit`.
fn share_half_width(
    replications: &[&KeptSample],
    limit: f64,
    confidence: &Confidence,
) -> Option<f64> {
    let t = confidence.t(replications.len())?;
    Some(t * share_standard_error(replications, limit))
}

/// Standard error of the share of values up to `limit`: of a ratio of two sums over replications.
fn share_standard_error(replications: &[&KeptSample], limit: f64) -> f64 {
    let counts: Vec<(f64, f64)> = replications
        .iter()
        .map(|sample| (math::count(sample.count_at_most(limit)), math::count(sample.len())))
        .collect();
    let total: f64 = counts.iter().map(|(_, values)| values).sum();
    let share = counts.iter().map(|(smaller, _)| smaller).sum::<f64>() / total;
    let squares: f64 = counts
        .iter()
        .map(|(smaller, values)| {
            let residual = smaller - share * values;
            residual * residual
        })
        .sum();
    let n = math::count(replications.len() as u64);
    (squares * n / (n - 1.0)).sqrt() / total
}

/// Fewest values to both sides of a percentile.
const MIN_REACH: f64 = 16.0;

/// Ranges around percentiles, of `reach` standard errors of the share of smaller values to both sides: an
/// interval needs two or three, and what further replications add may move it by as many. `None` with too
/// few replications, or if some are histograms.
pub fn ranges_around<const N: usize>(
    samples: Vec<&KeptSample>,
    probabilities: [f64; N],
    reach: f64,
) -> Option<Vec<ValueRange>> {
    let mut pooled = PooledSample::new(samples);
    if pooled.replications.len() < MIN_REPLICATIONS || !pooled.is_exact() {
        return None;
    }
    let range = |probability: f64| {
        let middle = pooled.all.percentile(probability)?;
        // Some values at least, where replications are all alike.
        let some = MIN_REACH / math::count(pooled.len());
        let reach = some.max(reach * share_standard_error(&pooled.replications, middle));
        let mut edge = |probability: f64| match probability {
            ..=0.0 => Some(0.0),
            1.0.. => Some(f64::INFINITY),
            _ => pooled.all.percentile(probability),
        };
        Some(ValueRange { low: edge(probability - reach)?, high: edge(probability + reach)? })
    };
    let ranges: Option<Vec<ValueRange>> = probabilities.into_iter().map(range).collect();
    ranges.filter(|_| !pooled.has_missed())
}

/// What every sample holds, if all are of one kind.
fn all_of<'a, T>(
    samples: &[&'a KeptSample],
    part: impl Fn(&'a KeptSample) -> Option<&'a T>,
) -> Option<Vec<&'a T>> {
    samples.iter().map(|sample| part(sample)).collect()
}

impl All<'_> {
    fn percentile(&mut self, probability: f64) -> Option<f64> {
        match self {
            Self::Exact(ranked) => ranked.percentile(probability),
            Self::Windowed(runs) => runs.percentile(probability),
            Self::Binned(histogram) => histogram.percentile(probability),
        }
    }
}

fn merged(replications: &[&KeptSample]) -> Histogram {
    let mut all = Histogram::default();
    for sample in replications {
        match sample {
            KeptSample::Exact(buckets) => all.merge(&Histogram::of(buckets.values())),
            KeptSample::Windowed(_) => {}
            KeptSample::Binned(histogram) => all.merge(histogram),
        }
    }
    all
}

impl KeptSample {
    /// A sample of these values >= 0, in any order.
    pub fn exact(values: &[f64]) -> Self {
        Self::Exact(Buckets::of(values))
    }

    fn as_exact(&self) -> Option<&Buckets> {
        match self {
            Self::Exact(buckets) => Some(buckets),
            _ => None,
        }
    }

    fn as_windowed(&self) -> Option<&Windows> {
        match self {
            Self::Windowed(windows) => Some(windows),
            _ => None,
        }
    }

    /// Keeps what lies in ranges, which lie inside those of before. A histogram stays one.
    pub fn narrow_to(&mut self, ranges: &[ValueRange]) {
        match self {
            Self::Exact(buckets) => *self = Self::Windowed(Windows::of(buckets, ranges)),
            Self::Windowed(windows) => *self = Self::Windowed(windows.narrowed(ranges)),
            Self::Binned(_) => {}
        }
    }

    /// Number of values.
    pub fn len(&self) -> u64 {
        match self {
            Self::Exact(values) => values.len() as u64,
            Self::Windowed(windows) => windows.len(),
            Self::Binned(histogram) => histogram.len(),
        }
    }

    /// Numbers that it takes to keep it: values, or counts.
    pub fn num_kept(&self) -> usize {
        match self {
            Self::Exact(values) => values.len(),
            Self::Windowed(windows) => windows.num_kept(),
            Self::Binned(histogram) => histogram.num_buckets(),
        }
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The histogram alone, which takes less memory.
    #[must_use]
    pub fn binned(self) -> Self {
        match self {
            Self::Exact(buckets) => Self::Binned(Histogram::of(buckets.values())),
            Self::Binned(_) | Self::Windowed(_) => self,
        }
    }

    fn count_at_most(&self, limit: f64) -> u64 {
        match self {
            Self::Exact(buckets) => buckets.count_at_most(limit) as u64,
            Self::Windowed(windows) => windows.count_at_most(limit),
            Self::Binned(histogram) => histogram.count_at_most(limit),
        }
    }
}
