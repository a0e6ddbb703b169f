//! Rows of the tables, before they meet polars.

use sweep_engine::statistics::Estimate;
use sweep_engine::theory::Prediction;

use super::metrics::METRICS;
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
#[derive(Clone, Debug)]
pub(crate) struct CellRow {
    /// Its number.
    pub(crate) cell: u32,
    /// Replications with a result.
    pub(crate) replications: u32,
    /// Replications without one.
    pub(crate) failed: u32,
    /// Per metric, in the order of [`METRICS`].
    pub(crate) estimates: Vec<Option<Estimate>>,
    /// What queueing theory says.
    pub(crate) prediction: Prediction,
}

impl CellRow {
    /// The estimate of a metric by its name in [`METRICS`].
    pub(crate) fn estimate(&self, name: &str) -> Option<Estimate> {
        let index = METRICS.iter().position(|metric| metric.name == name)?;
        self.estimates[index]
    }
}
