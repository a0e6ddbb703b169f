//! Runs the jobs of a plan on every core. A job that fails or panics becomes a result that says so.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use sweep_engine::model::{Job, Scratch, SimError, Summary, simulate_observed};
use sweep_engine::plan::{JobId, Plan};
use sweep_engine::progress::Progress;

use crate::failure::Failure;

/// One job and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct JobResult {
    pub(crate) id: JobId,
    pub(crate) outcome: Result<Summary, JobFailure>,
}

/// Why a job has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum JobFailure {
    Failed(String),
    Panicked(String),
}

/// How a job is simulated; tests put a failing one in its place.
type Simulate = fn(&Job, &mut Scratch, &dyn Progress) -> Result<Summary, SimError>;

/// Runs all jobs; results come in the order of job numbers, whatever the threads.
///
/// # Errors
/// Interrupted, or the threads could not be started.
pub(crate) fn run(
    plan: &Plan,
    threads: Option<usize>,
    progress: &dyn Progress,
) -> Result<Vec<JobResult>, Failure> {
    run_with(plan, threads, progress, |job, scratch, progress| {
        simulate_observed(job, scratch, progress, |_| ())
    })
}

fn run_with(
    plan: &Plan,
    threads: Option<usize>,
    progress: &dyn Progress,
    simulate: Simulate,
) -> Result<Vec<JobResult>, Failure> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads.unwrap_or(0))
        .build()
        .map_err(|error| Failure::usage(format!("--threads: {error}")))?;
    let chunks: Result<Vec<Vec<JobResult>>, Failure> = pool.install(|| {
        (0..plan.num_chunks())
            .into_par_iter()
            .map(|chunk| run_chunk(plan, chunk, progress, simulate))
            .collect()
    });
    Ok(chunks?.into_iter().flatten().collect())
}

/// The jobs of one chunk, one after the other, with memory in common.
fn run_chunk(
    plan: &Plan,
    chunk: u64,
    progress: &dyn Progress,
    simulate: Simulate,
) -> Result<Vec<JobResult>, Failure> {
    let mut scratch = Scratch::default();
    let mut results = Vec::new();
    for number in plan.chunk(chunk) {
        let id = plan.job_id(number);
        let outcome = run_job(&plan.job(id), &mut scratch, progress, simulate)?;
        progress.job_finished(outcome.as_ref().map_or(0, |summary| summary.num_simulated));
        results.push(JobResult { id, outcome });
    }
    Ok(results)
}

fn run_job(
    job: &Job,
    scratch: &mut Scratch,
    progress: &dyn Progress,
    simulate: Simulate,
) -> Result<Result<Summary, JobFailure>, Failure> {
    if progress.interrupted() {
        return Err(Failure::Interrupted);
    }
    match catch_unwind(AssertUnwindSafe(|| simulate(job, scratch, progress))) {
        Ok(Ok(summary)) => Ok(Ok(summary)),
        Ok(Err(SimError::Interrupted)) => Err(Failure::Interrupted),
        Ok(Err(error)) => Ok(Err(JobFailure::Failed(error.to_string()))),
        Err(panic) => {
            // What the panic left behind is not to be trusted.
            *scratch = Scratch::default();
            Ok(Err(JobFailure::Panicked(message_of(panic.as_ref()))))
        }
    }
}

fn message_of(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panicked without a message".to_owned())
}
