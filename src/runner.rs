//! Runs the jobs of a plan on every core. A job that fails or panics becomes a result that says so.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::iter::{IntoParallelIterator, IntoParallelRefMutIterator, ParallelIterator};
use sweep_engine::model::{Job, Scratch, SimError, Summary, simulate_observed};
use sweep_engine::plan::{Cell, JobId, Plan, WarmupOrigin, stream_key};
use sweep_engine::progress::Progress;
use sweep_engine::warmup::detect;

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
    let chunks: Result<Vec<Vec<JobResult>>, Failure> = thread_pool(threads)?.install(|| {
        (0..plan.num_chunks())
            .into_par_iter()
            .map(|chunk| run_chunk(plan, chunk, progress, simulate))
            .collect()
    });
    Ok(chunks?.into_iter().flatten().collect())
}

fn thread_pool(threads: Option<usize>) -> Result<rayon::ThreadPool, Failure> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads.unwrap_or(0))
        .build()
        .map_err(|error| Failure::usage(format!("--threads: {error}")))
}

/// Finds the warm-up of every cell that leaves it open. Each cell depends on its own pilots alone, so
/// the threads do not matter.
///
/// # Errors
/// Interrupted, or the threads could not be started.
pub(crate) fn freeze_warmups(
    plan: &mut Plan,
    threads: Option<usize>,
    progress: &dyn Progress,
) -> Result<(), Failure> {
    if plan.cells.iter().all(|cell| cell.warmup != WarmupOrigin::Open) {
        return Ok(());
    }
    let seeding = plan.seeding;
    thread_pool(threads)?.install(|| {
        plan.cells.par_iter_mut().filter(|cell| cell.warmup == WarmupOrigin::Open).try_for_each(
            |cell| {
                let Cell { scenario, load, .. } = &*cell;
                let key = stream_key(scenario, seeding);
                let point = detect(scenario, load, &key, &mut Scratch::default(), progress)
                    .map_err(|_| Failure::Interrupted)?;
                cell.freeze_warmup(point);
                progress.job_finished(expected_pilot_requests(cell));
                Ok(())
            },
        )
    })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "for a display")]
fn expected_pilot_requests(cell: &Cell) -> u64 {
    cell.expected_pilot_requests() as u64
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use sweep_engine::plan::{Limits, plan};
    use sweep_engine::progress::Silent;
    use sweep_engine::scenario::Traces;
    use sweep_engine::spec::{AxisSpec, AxisValues, ScenarioSpec, SweepSpec, Warmup};

    use super::*;

    fn plan_of(rates: &str, replications: u32) -> Plan {
        let rates = AxisSpec { name: "rates".into(), values: AxisValues::Text(rates.to_owned()) };
        let base = ScenarioSpec {
            sim_seconds: Some(5.0),
            warmup_seconds: Some(Warmup::Seconds(1.0)),
            ..ScenarioSpec::default()
        };
        let spec = SweepSpec { base, axes: vec![rates], replications, ..SweepSpec::default() };
        plan(&spec, &Traces::default(), Limits::default()).unwrap()
    }

    fn really(job: &Job, scratch: &mut Scratch) -> Result<Summary, SimError> {
        simulate_observed(job, scratch, &Silent, |_| ())
    }

    /// Job 1 of every three panics after some work, job 2 fails if it sees what that left behind.
    fn panicking(job: &Job, scratch: &mut Scratch, _: &dyn Progress) -> Result<Summary, SimError> {
        let is_new = format!("{scratch:?}") == format!("{:?}", Scratch::default());
        match job.replication % 3 {
            1 => {
                assert!(!is_new, "the memory of job 0 is reused");
                really(job, scratch)?;
                panic!("no luck in {}", job.replication)
            }
            2 if !is_new => Err(SimError::TooManyRequests { limit: 0 }),
            _ => really(job, scratch),
        }
    }

    #[test]
    fn a_panic_becomes_a_row_renews_the_memory_and_leaves_other_jobs_alone() {
        let plan = plan_of("2", 600);
        assert_eq!(plan.chunk_size, 3, "the jobs of one chunk share memory");
        let results = run_with(&plan, Some(2), &Silent, panicking).unwrap();
        let expected = run(&plan, Some(1), &Silent).unwrap();
        assert_eq!(results.len(), expected.len());
        for (number, (result, expected)) in results.iter().zip(&expected).enumerate() {
            assert_eq!(result.id, plan.job_id(number as u64), "results come in order");
            if number % 3 == 1 {
                let panicked = JobFailure::Panicked(format!("no luck in {number}"));
                assert_eq!(result.outcome, Err(panicked));
            } else {
                assert_eq!(result.outcome, expected.outcome, "job {number}");
            }
        }
    }

    #[test]
    fn a_failure_becomes_a_row_with_its_text() {
        let plan = plan_of("1,2,3", 4);
        let results = run_with(&plan, None, &Silent, |job, scratch, _| match job.replication {
            2 => Err(SimError::TooManyRequests { limit: 7 }),
            _ => really(job, scratch),
        })
        .unwrap();
        for result in &results {
            assert_eq!(result.outcome.is_err(), result.id.replication == 2);
            if let Err(failure) = &result.outcome {
                let text = SimError::TooManyRequests { limit: 7 }.to_string();
                assert_eq!(*failure, JobFailure::Failed(text));
            }
        }
    }

    #[test]
    fn results_are_the_same_whatever_the_threads() {
        let plan = plan_of("0.5:4:0.5", 50);
        let outcomes = |threads| -> Vec<_> {
            let results = run(&plan, Some(threads), &Silent).unwrap();
            results.into_iter().map(|result| (result.id, result.outcome)).collect()
        };
        assert_eq!(outcomes(1), outcomes(5));
    }

    /// Counts jobs; the user stops after some.
    struct StopAfter {
        jobs: u64,
        finished: AtomicU64,
    }

    impl Progress for StopAfter {
        fn job_finished(&self, _: u64) {
            self.finished.fetch_add(1, Ordering::Relaxed);
        }

        fn interrupted(&self) -> bool {
            self.finished.load(Ordering::Relaxed) >= self.jobs
        }
    }

    #[test]
    fn an_interrupt_ends_the_run_between_jobs() {
        let plan = plan_of("1", 100);
        let progress = StopAfter { jobs: 10, finished: AtomicU64::new(0) };
        let outcome = run(&plan, Some(1), &progress);
        assert!(matches!(outcome, Err(Failure::Interrupted)));
        assert_eq!(progress.finished.into_inner(), 10);
    }

    #[test]
    fn every_job_is_reported_once() {
        let plan = plan_of("1,2", 30);
        let progress = StopAfter { jobs: u64::MAX, finished: AtomicU64::new(0) };
        run(&plan, Some(2), &progress).unwrap();
        assert_eq!(progress.finished.into_inner(), plan.num_jobs());
    }

    #[test]
    fn a_panic_without_a_text_says_so() {
        assert_eq!(message_of(&"a text"), "a text");
        assert_eq!(message_of(&"a string".to_owned()), "a string");
        assert_eq!(message_of(&7), "panicked without a message");
    }
}
