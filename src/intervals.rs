//! Where the intervals of a cell come from: its replications, or the batches of its only run.

use sweep_engine::model::Summary;
use sweep_engine::statistics::{
    BATCHES, Confidence, Estimate, PooledSample, batches_suffice, difference_of_parts, sectioned,
};

use crate::schema::{METRICS, POOLED};

/// Level of the tests behind flags: one cell in a hundred is flagged by chance.
const FLAG_CONFIDENCE: f64 = 0.99;

/// Batches that make up the first tenth of a run.
const FIRST_TENTH: usize = BATCHES / 10;

/// A result that too short a run does not have. To average it over the runs that happened to be
/// long enough would favour busy ones.
const ALL_OR_NONE: &str = "p99_ttft_s";

/// Differences between parts of a run: a batch's own say nothing about the run's.
const WITHIN_RUN: [&str; 2] = ["trend_ttft_s", "onset_ttft_s"];

/// Quantiles for all cells of a run.
pub(crate) struct Levels {
    /// Of the intervals in tables.
    stated: Confidence,
    /// Of the tests behind flags.
    flags: Confidence,
}

impl Levels {
    /// For intervals at `level` in (0, 1) from up to `replications` runs.
    pub(crate) fn new(level: f64, replications: u32) -> Self {
        let most = u32::try_from(BATCHES).map_or(replications, |batches| batches.max(replications));
        Self { stated: Confidence::new(level, most), flags: Confidence::new(FLAG_CONFIDENCE, most) }
    }
}

/// The results of a cell's replications, and what their spread is judged by.
pub(crate) struct Intervals<'a> {
    levels: &'a Levels,
    summaries: &'a [&'a Summary],
    /// Batches of the only run, if they are long enough to be independent.
    batches: Option<&'a [Summary]>,
}

impl<'a> Intervals<'a> {
    /// Of runs with a summary each; `batches` are those of the only one, else empty.
    pub(crate) fn new(
        levels: &'a Levels,
        summaries: &'a [&'a Summary],
        batches: &'a [Summary],
    ) -> Self {
        let counts: Vec<u64> = batches.iter().map(|batch| batch.num_samples).collect();
        let means: Vec<Option<f64>> = batches.iter().map(|batch| batch.mean_ttft_s).collect();
        let batches = batches_suffice(&counts, &means).then_some(batches);
        Self { levels, summaries, batches }
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
        METRICS
            .iter()
            .map(|metric| self.of(metric.name, |summary| metric.number(summary)))
            .collect()
    }

    /// Percentiles of all samples together, in the order of [`POOLED`].
    pub(crate) fn of_pooled(&self, pooled: &mut PooledSample) -> Vec<Option<Estimate>> {
        let ranks = POOLED.each_ref().map(|percentile| percentile.probability);
        let estimates = pooled.percentiles(ranks, &self.levels.stated);
        let Some(batches) = self.batches else { return estimates.to_vec() };
        POOLED
            .iter()
            .zip(estimates)
            .map(|(percentile, estimate)| {
                let of_batches: Vec<Option<f64>> = batches.iter().map(percentile.of_run).collect();
                Some(sectioned(estimate?.mean, &of_batches, &self.levels.stated))
            })
            .collect()
    }

    /// What is left of a trend between the halves of the window.
    pub(crate) fn trend(&self) -> Option<Estimate> {
        self.difference(BATCHES / 2, |summary| summary.trend_ttft_s)
    }

    /// Mean of the first tenth minus that of the rest.
    pub(crate) fn onset(&self) -> Option<Estimate> {
        self.difference(FIRST_TENTH, |summary| summary.onset_ttft_s)
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
                let of_batches: Vec<Option<f64>> = batches.iter().map(number).collect();
                sectioned(over_runs.mean, &of_batches, &self.levels.stated)
            }
            _ => over_runs,
        })
    }

    /// Over replications, each run's own difference; in a single run, one between its batches.
    fn difference(
        &self,
        split: usize,
        of_run: impl Fn(&Summary) -> Option<f64>,
    ) -> Option<Estimate> {
        if let Some(batches) = self.batches {
            let means: Vec<Option<f64>> = batches.iter().map(|batch| batch.mean_ttft_s).collect();
            return difference_of_parts(&means, split, &self.levels.flags);
        }
        let values: Option<Vec<f64>> =
            self.summaries.iter().map(|summary| of_run(summary)).collect();
        self.levels.flags.estimate(&values?)
    }
}
