//! A job to run, and what comes of it.

use sweep_engine::model::{Batch, SimError, Summary};
use sweep_engine::plan::JobId;
use sweep_engine::statistics::{Keep, KeptSample, RunSample};

/// A job to run, and what to bring back of it beside its summary.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Task<'a> {
    pub(crate) id: JobId,
    /// What to keep of its sample.
    pub(crate) keep: Keep<'a>,
    /// Whether to cut the run into batches.
    pub(crate) in_batches: bool,
}

/// One job and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct JobResult {
    pub(crate) id: JobId,
    pub(crate) outcome: Result<Summary, JobFailure>,
}

/// A result with what is forgotten once its cell is complete.
#[derive(Clone, Debug)]
pub(crate) struct JobOutput {
    pub(crate) result: JobResult,
    /// Nothing if the job failed.
    pub(crate) ttft_s: Option<KeptSample>,
    /// Empty unless asked for.
    pub(crate) batches: Vec<Batch>,
}

/// Why a job has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum JobFailure {
    Failed(String),
    Panicked(String),
}

impl Task<'_> {
    pub(super) fn output(
        self,
        outcome: &Result<Summary, SimError>,
        sample: &mut RunSample,
    ) -> JobOutput {
        match outcome {
            Ok(summary) => JobOutput {
                result: JobResult { id: self.id, outcome: Ok(*summary) },
                ttft_s: Some(sample.keep(self.keep)),
                batches: Vec::new(),
            },
            Err(error) => self.failed(JobFailure::Failed(error.to_string())),
        }
    }

    pub(super) fn failed(self, failure: JobFailure) -> JobOutput {
        let result = JobResult { id: self.id, outcome: Err(failure) };
        JobOutput { result, ttft_s: None, batches: Vec::new() }
    }
}
