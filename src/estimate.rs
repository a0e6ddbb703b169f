//! How long a sweep will take on this machine: a short calibration, then arithmetic.

use std::time::{Duration, Instant};

use sweep_engine::model::{Job, Scratch, simulate_observed};
use sweep_engine::plan::{Cell, Plan};
use sweep_engine::progress::Silent;
use sweep_engine::scenario::Scenario;

use crate::failure::Failure;
use crate::frame::{jobs_frame, write_parquet};
use crate::runner::JobResult;
use crate::schema::JobRow;

/// Time that the calibration may take.
const BUDGET: Duration = Duration::from_millis(300);

/// Requests of one probe: long horizons are cut to it.
const PROBE_REQUESTS: f64 = 20_000.0;

/// Cells that are probed, spread evenly over the plan.
const PROBED_CELLS: usize = 64;

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
    let parallel_s = spread_s(simulation_s, threads, plan.num_chunks());
    // The pilots of one cell run one after the other.
    let pilots: Vec<f64> = plan.cells.iter().map(Cell::expected_pilot_requests).collect();
    let piloted = pilots.iter().filter(|&&requests| requests > 0.0).count() as u64;
    let pilots_s = spread_s(pilots.iter().sum::<f64>() * seconds_per_request, threads, piloted);
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
    let mut scratch = Scratch::default();
    let mut rows = Vec::new();
    let (mut spent, mut expected) = (Duration::ZERO, 0.0);
    let start = Instant::now();
    let stride = plan.cells.len().div_ceil(PROBED_CELLS);
    // Two rounds: the first warms caches and frequency.
    for round in 0..2 {
        (spent, expected) = (Duration::ZERO, 0.0);
        for number in (0..plan.cells.len() as u64).step_by(stride) {
            let id = plan.job_id(number);
            let job = plan.job(id);
            let cell = plan.cell(id);
            let scenario = shortened(cell);
            let job = Job { scenario: &scenario, ..job };
            let before = Instant::now();
            let outcome = simulate_observed(&job, &mut scratch, &Silent, |_| ());
            spent += before.elapsed();
            expected += cell.load.expected_requests(&scenario);
            if let (0, Ok(summary)) = (round, outcome) {
                let result = JobResult { id, outcome: Ok(summary) };
                rows.push(JobRow { seed: scenario.random_seed, result, rerun: None });
            }
            if start.elapsed() > BUDGET {
                break;
            }
        }
    }
    (spent.as_secs_f64() / expected.max(1.0), rows)
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
    let table: Vec<JobRow> = rows.iter().cycle().take(TABLE_ROWS).cloned().collect();
    let time = |rows: &[JobRow]| -> Result<f64, Failure> {
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
