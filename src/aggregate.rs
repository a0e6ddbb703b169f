//! From job results to rows: replications of a cell taken together, reruns spelled out.

use sweep_engine::model::Summary;
use sweep_engine::plan::{JobId, Plan};
use sweep_engine::random::Seeding;
use sweep_engine::scenario::MomentsCache;
use sweep_engine::spec::{Key, Kind, ScenarioSpec};
use sweep_engine::statistics::Confidence;
use sweep_engine::theory::Prediction;

use crate::assemble::TraceFolders;
use crate::runner::JobResult;
use crate::schema::{CONFIDENCE, CellRow, JobRow, METRICS};

/// Rows of `jobs`, in the order of the results.
pub(crate) fn job_rows(
    plan: &Plan,
    folders: &TraceFolders,
    results: Vec<JobResult>,
) -> Vec<JobRow> {
    results
        .into_iter()
        .map(|result| JobRow {
            seed: plan.cell(result.id).scenario.random_seed,
            rerun: result.outcome.is_err().then(|| rerun_command(plan, folders, result.id)),
            result,
        })
        .collect()
}

/// Rows of `cells`: means over the replications that have a result, and what theory says.
///
/// `jobs` must hold all jobs of the plan in the order of their numbers, replication-major.
pub(crate) fn cell_rows(plan: &Plan, jobs: &[JobRow]) -> Vec<CellRow> {
    let confidence = Confidence::new(CONFIDENCE, plan.replications);
    let cells = plan.cells.len();
    let mut moments = MomentsCache::default();
    let mut values = Vec::with_capacity(plan.replications as usize);
    (0..cells)
        .map(|cell| {
            let summaries: Vec<&Summary> = jobs[cell..]
                .iter()
                .step_by(cells)
                .filter_map(|row| row.result.outcome.as_ref().ok())
                .collect();
            let estimates = METRICS.iter().map(|metric| {
                values.clear();
                values.extend(summaries.iter().filter_map(|summary| metric.number(summary)));
                confidence.estimate(&values)
            });
            let estimates = estimates.collect();
            let replications = u32::try_from(summaries.len()).unwrap_or(u32::MAX);
            CellRow {
                cell: u32::try_from(cell).unwrap_or(u32::MAX),
                replications,
                failed: plan.replications - replications,
                estimates,
                prediction: Prediction::of(&plan.cells[cell].scenario, &mut moments),
            }
        })
        .collect()
}

/// The command that simulates one job alone, with every stated key that matters in its cell.
fn rerun_command(plan: &Plan, folders: &TraceFolders, id: JobId) -> String {
    let cell = plan.cell(id);
    let mut spec = plan.cell_spec(cell);
    if spec.arrival.kind == Some(sweep_engine::spec::ArrivalKind::Trace) {
        // The defaults of a sweep and of a single simulation differ here.
        spec.arrival.repeat.get_or_insert(true);
    }
    let mut words = vec!["sweep".to_owned(), "simulate".to_owned()];
    for (key, mut value) in stated_keys(&spec) {
        if key.kind == Kind::Path {
            value = folders.file_of(&value).display().to_string();
        }
        match key.path {
            "mode" => words.extend(["--mode".to_owned(), value]),
            "random_seed" => words.extend(["--seed".to_owned(), value]),
            path => words.extend(["--set".to_owned(), format!("{path}={value}")]),
        }
    }
    if plan.seeding == Seeding::Independent {
        words.extend(["--seeding".to_owned(), "independent".to_owned()]);
    }
    words.extend(["--replication".to_owned(), id.replication.to_string()]);
    words.extend(["--max-requests".to_owned(), plan.limits.requests_per_job.to_string()]);
    // Quoting fails only for a NUL byte, which no value of a key can contain.
    shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| words.join(" "))
}

/// Keys that are stated and mean something, with their values as text.
fn stated_keys(spec: &ScenarioSpec) -> impl Iterator<Item = (&'static Key, String)> {
    Key::all()
        .filter(|key| (key.applies)(spec))
        .filter_map(|key| (key.get)(spec).map(|value| (key, value.to_string())))
}
