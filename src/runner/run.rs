//! Runs slices of jobs on every core.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use rayon::ThreadPool;
use rayon::iter::{IntoParallelIterator, IntoParallelRefMutIterator, ParallelIterator};
use rayon::slice::ParallelSlice;
use sweep_engine::model::{
    Batch, BundleScratch, Job, Scratch, SimError, Summary, VectorWidth, simulate_bundle,
    simulate_in_batches, simulate_observed,
};
use sweep_engine::plan::Plan;
use sweep_engine::progress::Progress;
use sweep_engine::statistics::RunSample;

use super::deadline::Deadline;
use super::task::{JobFailure, JobOutput, Task};
use crate::failure::Failure;

/// Summary and batches of a job.
type Simulated = Result<(Summary, Vec<Batch>), SimError>;

/// How a job is simulated; tests put a failing one in its place.
type Simulate = fn(&Job, Task, &mut Scratch, &dyn Progress) -> Simulated;

/// How jobs are simulated side by side. Tells of each by its position.
type SimulateBundle = fn(
    &[Job],
    &mut BundleScratch,
    &dyn Progress,
    &mut dyn FnMut(usize, Result<Summary, SimError>, &mut RunSample),
) -> Result<(), SimError>;

/// Ways to simulate.
#[derive(Clone, Copy)]
struct Paths {
    one: Simulate,
    bundle: SimulateBundle,
}

impl Paths {
    const REAL: Self = Self {
        one: |job, task, scratch, progress| {
            if task.in_batches {
                simulate_in_batches(job, scratch, progress, |_| ())
            } else {
                simulate_observed(job, scratch, progress, |_| ())
                    .map(|summary| (summary, Vec::new()))
            }
        },
        bundle: |jobs, scratch, progress, on_done| {
            simulate_bundle(VectorWidth::widest(), jobs, scratch, progress, on_done)
        },
    };
}

/// The threads of a run.
pub(crate) struct Runner<'a> {
    threads: ThreadPool,
    progress: &'a dyn Progress,
    /// Wall time of a job.
    max_job_seconds: Option<f64>,
    paths: Paths,
    /// Memory of slices that are done, for the next ones: fresh memory costs a tenth of a slice's time.
    idle: Mutex<Vec<Memory>>,
}

/// What the jobs of a slice use one after the other.
#[derive(Debug, Default)]
struct Memory {
    one: Scratch,
    bundle: BundleScratch,
}

impl<'a> Runner<'a> {
    /// All cores unless `threads` says otherwise.
    ///
    /// # Errors
    /// The threads could not be started.
    pub(crate) fn new(threads: Option<usize>, progress: &'a dyn Progress) -> Result<Self, Failure> {
        Self::with(threads, progress, Paths::REAL)
    }

    fn with(
        threads: Option<usize>,
        progress: &'a dyn Progress,
        paths: Paths,
    ) -> Result<Self, Failure> {
        let threads = rayon::ThreadPoolBuilder::new()
            .num_threads(threads.unwrap_or(0))
            .build()
            .map_err(|error| Failure::usage(format!("--threads: {error}")))?;
        Ok(Self { threads, progress, max_job_seconds: None, paths, idle: Mutex::default() })
    }

    /// The same, with jobs that fail when they take longer.
    pub(crate) fn limited_to(self, max_job_seconds: Option<f64>) -> Self {
        Self { max_job_seconds, ..self }
    }

    /// Runs jobs of a plan; outputs come in the order of the tasks, whatever the threads.
    ///
    /// # Errors
    /// Interrupted.
    pub(crate) fn run(
        &self,
        plan: &Plan,
        tasks: &[Task],
    ) -> Result<impl Iterator<Item = JobOutput> + use<>, Failure> {
        let slice_size = usize::try_from(plan.slice_size).unwrap_or(usize::MAX);
        let slices: Result<Vec<Vec<JobOutput>>, Failure> = self.threads.install(|| {
            tasks.par_chunks(slice_size).map(|slice| self.run_slice(plan, slice)).collect()
        });
        Ok(slices?.into_iter().flatten())
    }

    /// Computes something for every item on the same threads; results come in order.
    pub(crate) fn map<T: Send, R: Send>(
        &self,
        items: Vec<T>,
        compute: impl Fn(T) -> R + Send + Sync,
    ) -> Vec<R> {
        self.threads.install(|| items.into_par_iter().map(compute).collect())
    }

    /// Changes every item on the same threads.
    pub(crate) fn for_each<T: Send>(&self, items: &mut [T], change: impl Fn(&mut T) + Send + Sync) {
        self.threads.install(|| items.par_iter_mut().for_each(change));
    }

    /// Who listens.
    pub(crate) fn progress(&self) -> &dyn Progress {
        self.progress
    }

    /// Tells the listener that more jobs are coming than were planned.
    pub(crate) fn expect_more(&self, jobs: u64) {
        self.progress.jobs_added(jobs);
    }

    /// The jobs of one slice, bundle by bundle.
    fn run_slice(&self, plan: &Plan, tasks: &[Task]) -> Result<Vec<JobOutput>, Failure> {
        let mut memory = self.idle.lock().ok().and_then(|mut idle| idle.pop()).unwrap_or_default();
        let mut outputs = Vec::with_capacity(tasks.len());
        let mut rest = tasks;
        while !rest.is_empty() {
            let (bundle, others) = rest.split_at(bundled(plan, rest));
            outputs.extend(self.run_bundle(plan, bundle, &mut memory)?);
            rest = others;
        }
        if let Ok(mut idle) = self.idle.lock() {
            idle.push(memory);
        }
        Ok(outputs)
    }

    /// Jobs side by side; one by one what cannot be, or what a panic left over.
    fn run_bundle(
        &self,
        plan: &Plan,
        tasks: &[Task],
        memory: &mut Memory,
    ) -> Result<Vec<JobOutput>, Failure> {
        let mut outputs: Vec<Option<JobOutput>> = vec![None; tasks.len()];
        let (places, jobs): (Vec<usize>, Vec<Job>) = tasks
            .iter()
            .enumerate()
            .filter(|(_, task)| !task.in_batches)
            .map(|(place, task)| (place, plan.job(task.id)))
            .unzip();
        let mut on_done = |lane: usize, outcome, sample: &mut RunSample| {
            let output = tasks[places[lane]].output(&outcome, sample);
            self.report(&output);
            outputs[places[lane]] = Some(output);
        };
        let deadline = Deadline::new(self.progress, self.max_job_seconds, jobs.len());
        let simulate = || (self.paths.bundle)(&jobs, &mut memory.bundle, &deadline, &mut on_done);
        match catch_unwind(AssertUnwindSafe(simulate)) {
            Ok(Err(_)) if self.progress.interrupted() => return Err(Failure::Interrupted),
            Ok(Ok(())) => {}
            // What was left behind is not to be trusted. Whose panic it was, or whose time that was up, shows
            // one by one.
            Ok(Err(_)) | Err(_) => memory.bundle = BundleScratch::default(),
        }
        let one = |task: &Task, memory: &mut Memory| {
            self.run_job(&plan.job(task.id), *task, &mut memory.one).inspect(|o| self.report(o))
        };
        outputs
            .into_iter()
            .zip(tasks)
            .map(|(output, task)| output.map_or_else(|| one(task, memory), Ok))
            .collect()
    }

    fn report(&self, output: &JobOutput) {
        let outcome = &output.result.outcome;
        self.progress.job_finished(outcome.as_ref().map_or(0, |summary| summary.num_simulated));
    }

    fn run_job(&self, job: &Job, task: Task, scratch: &mut Scratch) -> Result<JobOutput, Failure> {
        if self.progress.interrupted() {
            return Err(Failure::Interrupted);
        }
        let deadline = Deadline::new(self.progress, self.max_job_seconds, 1);
        let simulate = || (self.paths.one)(job, task, scratch, &deadline);
        match catch_unwind(AssertUnwindSafe(simulate)) {
            Ok(Ok((summary, batches))) => {
                Ok(JobOutput { batches, ..task.output(&Ok(summary), scratch.ttft_s()) })
            }
            Ok(Err(SimError::Interrupted)) => match self.max_job_seconds {
                Some(seconds) if !self.progress.interrupted() => Ok(task.failed(late(seconds))),
                _ => Err(Failure::Interrupted),
            },
            Ok(Err(error)) => Ok(task.output(&Err(error), scratch.ttft_s())),
            Err(panic) => {
                *scratch = Scratch::default();
                Ok(task.failed(JobFailure::Panicked(message_of(panic.as_ref()))))
            }
        }
    }
}

fn late(seconds: f64) -> JobFailure {
    JobFailure::Failed(format!(
        "took more than {seconds} s of wall time: raise --max-job-seconds, or shorten the run"
    ))
}

/// How many of the tasks, from the first, go side by side.
fn bundled(plan: &Plan, tasks: &[Task]) -> usize {
    plan.bundled(tasks.iter().map(|task| task.id.cell))
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

    use sweep_engine::statistics::Keep;

    use super::super::task::JobResult;
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

    fn really(job: &Job, scratch: &mut Scratch) -> Simulated {
        simulate_observed(job, scratch, &Silent, |_| ()).map(|summary| (summary, Vec::new()))
    }

    /// Every job of a plan.
    fn run(threads: Option<usize>, progress: &dyn Progress, plan: &Plan) -> Vec<JobResult> {
        run_on(threads, progress, plan, Paths::REAL).unwrap()
    }

    /// One by one, after a bundle that panics at once.
    fn run_with(
        threads: Option<usize>,
        progress: &dyn Progress,
        plan: &Plan,
        one: Simulate,
    ) -> Result<Vec<JobResult>, Failure> {
        let bundle: SimulateBundle = |_, _, _, _| panic!("no bundles today");
        run_on(threads, progress, plan, Paths { one, bundle })
    }

    fn run_on(
        threads: Option<usize>,
        progress: &dyn Progress,
        plan: &Plan,
        paths: Paths,
    ) -> Result<Vec<JobResult>, Failure> {
        let task = |number| Task { id: plan.job_id(number), keep: Keep::All, in_batches: false };
        let tasks: Vec<Task> = (0..plan.num_jobs()).map(task).collect();
        let outputs = Runner::with(threads, progress, paths)?.run(plan, &tasks)?;
        Ok(outputs.map(|output| output.result).collect())
    }

    /// Job 1 of every three panics after some work, job 2 fails if it sees what that left behind.
    fn panicking(job: &Job, _: Task, scratch: &mut Scratch, _: &dyn Progress) -> Simulated {
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
        assert!(plan.slice_size.is_multiple_of(3), "the jobs of one slice share memory");
        let results = run_with(Some(2), &Silent, &plan, panicking).unwrap();
        let expected = run(Some(1), &Silent, &plan);
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
    fn what_a_bundle_left_undone_when_it_panicked_is_done_one_by_one() {
        let plan = plan_of("1,2,3", 8);
        let bundle: SimulateBundle = |jobs, scratch, progress, on_done| {
            let some = &jobs[..jobs.len() / 2];
            simulate_bundle(VectorWidth::widest(), some, scratch, progress, on_done)?;
            panic!("half of them are done")
        };
        let results = run_on(Some(2), &Silent, &plan, Paths { bundle, ..Paths::REAL }).unwrap();
        for (result, expected) in results.iter().zip(run(Some(1), &Silent, &plan)) {
            assert_eq!(result.id, expected.id);
            assert_eq!(result.outcome, expected.outcome);
        }
    }

    #[test]
    fn a_failure_becomes_a_row_with_its_text() {
        let plan = plan_of("1,2,3", 4);
        let results = run_with(None, &Silent, &plan, |job, _, scratch, _| match job.replication {
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
            let results = run(Some(threads), &Silent, &plan);
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
        let outcome =
            run_with(Some(1), &progress, &plan, |job, _, scratch, _| really(job, scratch));
        assert!(matches!(outcome, Err(Failure::Interrupted)));
        assert_eq!(progress.finished.into_inner(), 10);
    }

    #[test]
    fn a_job_that_takes_too_long_fails_and_others_do_not() {
        let plan = plan_of("1", 4);
        let paths = Paths {
            one: |job, _, scratch, progress| match job.replication {
                2 => loop {
                    if progress.interrupted() {
                        return Err(SimError::Interrupted);
                    }
                },
                _ => really(job, scratch),
            },
            bundle: |_, _, progress, _| loop {
                if progress.interrupted() {
                    return Err(SimError::Interrupted);
                }
            },
        };
        let task = |number| Task { id: plan.job_id(number), keep: Keep::All, in_batches: false };
        let tasks: Vec<Task> = (0..plan.num_jobs()).map(task).collect();
        let runner = Runner::with(Some(1), &Silent, paths).unwrap().limited_to(Some(0.3));
        for output in runner.run(&plan, &tasks).unwrap() {
            match output.result.outcome {
                Ok(_) => assert_ne!(output.result.id.replication, 2),
                Err(failure) => {
                    assert_eq!(output.result.id.replication, 2);
                    assert_eq!(failure, late(0.3));
                }
            }
        }
    }

    #[test]
    fn every_job_is_reported_once() {
        let plan = plan_of("1,2", 30);
        let progress = StopAfter { jobs: u64::MAX, finished: AtomicU64::new(0) };
        run(Some(2), &progress, &plan);
        assert_eq!(progress.finished.into_inner(), plan.num_jobs());
    }

    #[test]
    fn a_panic_without_a_text_says_so() {
        assert_eq!(message_of(&"a text"), "a text");
        assert_eq!(message_of(&"a string".to_owned()), "a string");
        assert_eq!(message_of(&7), "panicked without a message");
    }
}
