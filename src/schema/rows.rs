//! Rows of the tables, before they meet polars.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use sweep_engine::statistics::{Estimate, PooledPercentile};

use super::metrics::{METRICS, POOLED};
use crate::precision::StopReason;
use crate::runner::JobResult;

/// A row of `jobs`.
#[derive(Clone, Debug)]
pub(crate) struct JobRow {
    /// Master seed.
    pub(crate) seed: u64,
    pub(crate) result: JobResult,
    /// Command that reruns it alone; only for jobs without a result.
    pub(crate) rerun: Option<String>,
}

/// A row of `cells`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct CellRow {
    /// Its number.
    pub(crate) cell: u32,
    /// Replications with a result.
    pub(crate) replications: u32,
    /// Replications without one.
    pub(crate) failed: u32,
    /// Per metric, in the order of [`METRICS`].
    pub(crate) estimates: Vec<Option<Estimate>>,
    /// Per percentile, in the order of [`POOLED`].
    pub(crate) pooled: [Option<PooledPercentile>; 3],
    pub(crate) ci_method: Option<Cow<'static, str>>,
    pub(crate) quantile_method: Option<Cow<'static, str>>,
    pub(crate) stop_reason: StopReason,
    pub(crate) steady: Option<bool>,
    pub(crate) low_samples: Option<bool>,
    pub(crate) low_slo_samples: Option<bool>,
    pub(crate) short_runs: Option<bool>,
    pub(crate) short_warmup: Option<bool>,
}

impl CellRow {
    /// The estimate of a result by its name in [`METRICS`] or [`POOLED`].
    pub(crate) fn estimate(&self, name: &str) -> Option<Estimate> {
        let metric = METRICS.iter().position(|metric| metric.name == name);
        let pooled = || POOLED.iter().position(|percentile| percentile.name == name);
        match metric {
            Some(index) => self.estimates[index],
            None => self.pooled[pooled()?].map(|percentile| percentile.estimate),
        }
    }

    /// Whether the interval of a result ends within the sample; that of a mean always does.
    pub(crate) fn is_within_sample(&self, name: &str) -> bool {
        let pooled = POOLED.iter().position(|percentile| percentile.name == name);
        pooled.and_then(|index| self.pooled[index]).is_none_or(|percentile| percentile.is_within)
    }
}
