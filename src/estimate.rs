//! How long a sweep will take on this machine: a short calibration, then arithmetic.

use std::ops::Range;
use std::time::{Duration, Instant};

use sweep_engine::model::{
    BundleScratch, Job, Scratch, SimError, Summary, VectorWidth, simulate_bundle,
    simulate_in_batches, simulate_observed,
};
use sweep_engine::plan::{Cell, JobId, Plan, stream_key};
use sweep_engine::progress::Silent;
use sweep_engine::scenario::Scenario;
use sweep_engine::statistics::{Keep, RunSample};

use crate::failure::Failure;
use crate::frame::{jobs_frame, write_parquet};
use crate::runner::JobResult;
use crate::schema::JobRow;

/// Time that the calibration may take.
const BUDGET: Duration = Duration::from_millis(300);

/// Requests of one probed job: long horizons are cut to it.
const PROBE_REQUESTS: f64 = 20_000.0;

/// Slices that are probed, spread evenly over the plan, and jobs of one.
const PROBED_SLICES: usize = 8;
const PROBED_JOBS: usize = 256;

/// An estimate of the run time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Estimate {
    /// Wall time of the run, seconds.
    pub(crate) wall_s: f64,
    /// Threads that it assumes.
    pub(crate) threads: usize,
}

/// Measures a sample of the plan's jobs and its tables.
pub(crate) fn estimate(plan: &Plan, threads: Option<usize>) -> Result<Estimate, Failure> {
    let threads = threads.unwrap_or_else(available_threads);
    let (seconds_per_request, rows) = probe_jobs(plan);
    let simulation_s = plan.expected_requests() * seconds_per_request;
    let parallel_s = spread_s(simulation_s, threads, plan.num_slices());
    // The pilots of one cell run one after the other.
    let pilots: Vec<f64> = plan.cells.iter().map(Cell::expected_pilot_requests).collect();
    let piloted = pilots.iter().filter(|&&requests| requests > 0.0).count() as u64;
    let pilots_s = spread_s(pilots.iter().sum::<f64>() * probe_pilots(plan), threads, piloted);
    Ok(Estimate { wall_s: pilots_s + parallel_s + probe_tables(plan, &rows)?, threads })
}

/// Seconds that the threads take together for work that comes in `parts`.
#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn spread_s(work_s: f64, threads: usize, parts: u64) -> f64 {
    work_s / (threads as f64).min(parts as f64).max(1.0)
}

/// Threads that a run takes when nothing is said.
pub(crate) fn available_threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get)
}

/// Seconds per expected request, and the rows that the probes gave.
fn probe_jobs(plan: &Plan) -> (f64, Vec<JobRow>) {
    let waves = plan.waves();
    let stride = waves.len().div_ceil(PROBED_SLICES);
    let mut memory = BundleScratch::default();
    let mut rows = Vec::new();
    let (mut spent, mut expected) = (Duration::ZERO, 0.0_f64);
    let start = Instant::now();
    // Two rounds: the first warms caches and frequency.
    for round in 0..2 {
        (spent, expected) = (Duration::ZERO, 0.0);
        for wave in waves.iter().step_by(stride) {
            let ids = first_slice(plan, wave);
            let scenarios: Vec<Scenario> = ids.iter().map(|id| shortened(plan.cell(*id))).collect();
            let jobs: Vec<Job> = ids
                .iter()
                .zip(&scenarios)
                .map(|(id, scenario)| Job { scenario, ..plan.job(*id) })
                .collect();
            let before = Instant::now();
            let results = simulate(plan, &jobs, &ids, &mut memory);
            spent += before.elapsed();
            for (id, scenario) in ids.iter().zip(&scenarios) {
                expected += plan.cell(*id).load.expected_requests(scenario);
            }
            if round == 0 {
                let row = |result: JobResult| JobRow {
                    seed: plan.cell(result.id).scenario.random_seed,
                    result,
                    rerun: None,
                };
                rows.extend(results.into_iter().map(row));
            }
            if start.elapsed() > BUDGET {
                break;
            }
        }
    }
    (spent.as_secs_f64() / expected.max(1.0), rows)
}

/// Seconds per expected request of the pilots that find a warm-up, which go one at a time.
fn probe_pilots(plan: &Plan) -> f64 {
    let mut scratch = Scratch::default();
    let (mut spent, mut expected) = (Duration::ZERO, 0.0_f64);
    let piloted = plan.cells.iter().filter(|cell| cell.has_auto_warmup());
    for cell in piloted.take(PROBED_SLICES) {
        let scenario = shortened(cell);
        let key = stream_key(&scenario, plan.seeding);
        let max_requests = plan.limits.requests_per_job;
        let job = Job { scenario: &scenario, key, replication: 0, max_requests };
        let before = Instant::now();
        if simulate_observed(&job, &mut scratch, &Silent, |_| ()).is_ok() {
            spent += before.elapsed();
            expected += cell.load.expected_requests(&scenario);
        }
    }
    spent.as_secs_f64() / expected.max(1.0)
}

/// The jobs of the first slice of a wave: cells of a replication, as they go side by side.
fn first_slice(plan: &Plan, wave: &Range<usize>) -> Vec<JobId> {
    let cells = wave.clone().map(|cell| u32::try_from(cell).unwrap_or(u32::MAX));
    let jobs = (0..plan.replications)
        .flat_map(|replication| cells.clone().map(move |cell| JobId { cell, replication }));
    let slice: Vec<JobId> = jobs
        .take(usize::try_from(plan.slice_size).unwrap_or(usize::MAX).min(PROBED_JOBS))
        .collect();
    let bundled = plan.bundled(slice.iter().map(|id| id.cell));
    slice[..bundled].to_vec()
}

/// Simulates jobs on the path that a run takes; those that fail have no result.
fn simulate(
    plan: &Plan,
    jobs: &[Job],
    ids: &[JobId],
    memory: &mut BundleScratch,
) -> Vec<JobResult> {
    let mut results = Vec::new();
    let mut keep = |place: usize, summary: Summary| {
        results.push(JobResult { id: ids[place], outcome: Ok(summary) });
    };
    let (alone, bundled): (Vec<usize>, Vec<usize>) =
        (0..jobs.len()).partition(|&place| plan.cuts_into_batches(plan.cell(ids[place])));
    let mut scratch = Scratch::default();
    for place in alone {
        let simulated = simulate_in_batches(&jobs[place], &mut scratch, &Silent, |_| ());
        if let Ok((summary, _)) = simulated {
            keep(place, summary);
        }
    }
    let lanes: Vec<Job> = bundled.iter().map(|&place| jobs[place]).collect();
    let on_done = |lane: usize, outcome: Result<Summary, SimError>, sample: &mut RunSample| {
        if let Ok(summary) = outcome {
            std::hint::black_box(sample.keep(Keep::All));
            keep(bundled[lane], summary);
        }
    };
    // Nobody interrupts it.
    let _ = simulate_bundle(VectorWidth::widest(), &lanes, memory, &Silent, on_done);
    results
}

/// The cell's scenario with its horizon cut to the size of a probe.
fn shortened(cell: &Cell) -> Scenario {
    let ratio = (PROBE_REQUESTS / cell.expected_requests().max(1.0)).min(1.0);
    let mut probe = cell.scenario.clone();
    probe.sim_seconds *= ratio;
    probe.warmup_seconds *= ratio;
    probe
}

/// Seconds to build and encode the tables, from a table of the probes' rows.
#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn probe_tables(plan: &Plan, rows: &[JobRow]) -> Result<f64, Failure> {
    const TABLE_ROWS: usize = 4_000;
    if rows.is_empty() {
        return Ok(0.0);
    }
    let table: Vec<&JobRow> = rows.iter().cycle().take(TABLE_ROWS).collect();
    let time = |rows: &[&JobRow]| -> Result<f64, Failure> {
        let before = Instant::now();
        let mut table = jobs_frame(plan, rows).map_err(|e| Failure::encoding("a table", e))?;
        write_parquet(&mut table, Vec::new(), std::io::sink())
            .map_err(|e| Failure::encoding("a table", e))?;
        Ok(before.elapsed().as_secs_f64())
    };
    let fixed_s = time(&table[..1])?;
    let per_row_s = (time(&table)? - fixed_s).max(0.0) / table.len() as f64;
    Ok(fixed_s + per_row_s * plan.num_jobs() as f64)
}
