//! Where the intervals of a cell come from: its replications, or the batches of its only run.

use sweep_engine::model::{Batch, Summary};
use sweep_engine::plan::Plan;
use sweep_engine::statistics::{
    BATCHES, Confidence, Estimate, PooledPercentile, PooledSample, batches_suffice,
    difference_of_parts, sectioned,
};

use crate::schema::{METRICS, POOLED, PROBABILITIES};

/// Level of the test for a trend: one steady cell in a hundred is flagged by chance.
const TREND_CONFIDENCE: f64 = 0.99;

/// Level of the test for a low onset. The first tenth of a run is skewed: mostly below the rest, now
/// and then far above. At a level of 0.99 three to seven in a hundred were flagged by chance.
const ONSET_CONFIDENCE: f64 = 0.999;

/// Batches that make up the first tenth of a run.
const FIRST_TENTH: usize = BATCHES / 10;

/// A result that too short a run does not have. To average it over the runs that happened to be
/// long enough would favour busy ones.
const ALL_OR_NONE: &str = "p99_ttft_s";

/// Results that depend on where a run begins or ends: a batch's own say nothing about the run's.
const WITHIN_RUN: [&str; 5] =
    ["trend_ttft_s", "onset_ttft_s", "censored", "little_residual", "std_ttft_s"];

/// Quantiles for all cells of a run.
pub(crate) struct Levels {
    /// Of the intervals in tables.
    stated: Confidence,
    trend: Confidence,
    onset: Confidence,
}

impl Levels {
    /// For the cells of a plan.
    pub(crate) fn of(plan: &Plan) -> Self {
        let most = plan.precision.as_ref().map_or(plan.replications, |rule| rule.max_replications);
        Self::new(plan.confidence, most)
    }

    /// For intervals at `level` in (0, 1) from up to `replications` runs.
    pub(crate) fn new(level: f64, replications: u32) -> Self {
        let most = u32::try_from(BATCHES).map_or(replications, |batches| batches.max(replications));
        Self {
            stated: Confidence::new(level, most),
            trend: Confidence::new(TREND_CONFIDENCE, most),
            onset: Confidence::new(ONSET_CONFIDENCE, most),
        }
    }
}

/// The results of a cell's replications, and what their spread is judged by.
pub(crate) struct Intervals<'a> {
    levels: &'a Levels,
    summaries: &'a [&'a Summary],
    /// Batches of the only run, if they are long enough to be independent.
    batches: Option<&'a [Batch]>,
    /// Percentiles of the only run, with the interval that its batches give.
    percentiles: Option<[Option<PooledPercentile>; 3]>,
}

impl<'a> Intervals<'a> {
    /// Of runs with a summary each; `batches` are those of the only one, else empty, and
    /// `relaxations` its length in relaxation times.
    pub(crate) fn new(
        levels: &'a Levels,
        summaries: &'a [&'a Summary],
        batches: &'a [Batch],
        relaxations: Option<f64>,
    ) -> Self {
        let suffice = match summaries {
            [only] if !batches.is_empty() => {
                batches_suffice(only.num_samples, relaxations, only.part_correlation)
            }
            _ => false,
        };
        let percentiles = suffice.then(|| {
            PooledSample::new(batches.iter().map(|batch| &batch.ttft_s).collect())
                .percentiles(PROBABILITIES, &levels.stated)
        });
        Self { levels, summaries, batches: suffice.then_some(batches), percentiles }
    }

    /// The word in tables; nothing where there is no interval.
    pub(crate) fn method(&self) -> Option<&'static str> {
        match self.batches {
            Some(_) => Some("batch_means"),
            None => (self.summaries.len() > 1).then_some("replications"),
        }
    }

    /// Mean and interval of every result, in the order of [`METRICS`].
    pub(crate) fn of_metrics(&self) -> Vec<Option<Estimate>> {
        let mut estimates: Vec<Option<Estimate>> = METRICS
            .iter()
            .map(|metric| self.of(metric.name, |summary| metric.number(summary)))
            .collect();
        for (percentile, of_batches) in POOLED.iter().zip(self.percentiles.into_iter().flatten()) {
            let of_runs = METRICS.iter().position(|metric| metric.name == percentile.of_runs);
            if let (Some(index), Some(of_batches)) = (of_runs, of_batches) {
                estimates[index] = Some(of_batches.estimate);
            }
        }
        estimates
    }

    /// Percentiles of all samples together, in the order of [`POOLED`].
    pub(crate) fn of_pooled(&self, pooled: &mut PooledSample) -> [Option<PooledPercentile>; 3] {
        self.percentiles.unwrap_or_else(|| pooled.percentiles(PROBABILITIES, &self.levels.stated))
    }

    /// What is left of a trend between the halves of the window.
    pub(crate) fn trend(&self) -> Option<Estimate> {
        self.difference(&self.levels.trend, BATCHES / 2, |summary| summary.trend_ttft_s)
    }

    /// Mean of the first tenth minus that of the rest.
    pub(crate) fn onset(&self) -> Option<Estimate> {
        self.difference(&self.levels.onset, FIRST_TENTH, |summary| summary.onset_ttft_s)
    }

    fn of(&self, name: &str, number: impl Fn(&Summary) -> Option<f64>) -> Option<Estimate> {
        let values: Vec<f64> =
            self.summaries.iter().filter_map(|summary| number(summary)).collect();
        if name == ALL_OR_NONE && values.len() < self.summaries.len() {
            return None;
        }
        let over_runs = self.levels.stated.estimate(&values)?;
        Some(match self.batches {
            Some(batches) if !WITHIN_RUN.contains(&name) => {
                let of_batches: Vec<Option<f64>> =
                    batches.iter().map(|batch| number(&batch.summary)).collect();
                sectioned(over_runs.mean, &of_batches, &self.levels.stated)
            }
            _ => over_runs,
        })
    }

    /// Over replications, each run's own difference; in a single run, one between its batches.
    fn difference(
        &self,
        confidence: &Confidence,
        split: usize,
        of_run: impl Fn(&Summary) -> Option<f64>,
    ) -> Option<Estimate> {
        if let Some(batches) = self.batches {
            let means: Vec<Option<f64>> =
                batches.iter().map(|batch| batch.summary.mean_ttft_s).collect();
            return difference_of_parts(&means, split, confidence);
        }
        let values: Option<Vec<f64>> =
            self.summaries.iter().map(|summary| of_run(summary)).collect();
        confidence.estimate(&values?)
    }
}
