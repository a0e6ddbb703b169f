//! Commands to give again: the one that reruns a job alone, and this one.

use sweep_engine::plan::{JobId, Plan};
use sweep_engine::random::Seeding;
use sweep_engine::spec::{ArrivalKind, Key, Kind, ScenarioSpec};

use crate::assemble::TraceFolders;

/// The command that simulates one job alone, with every stated key that matters in its cell.
pub(crate) fn rerun_command(plan: &Plan, folders: &TraceFolders, id: JobId) -> String {
    let cell = plan.cell(id);
    let mut spec = plan.cell_spec(cell);
    if spec.arrival.kind == Some(ArrivalKind::Trace) {
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

/// The command that goes on with what this process does: as it was given, without what would start it over.
pub(crate) fn this_command() -> String {
    let words = std::env::args().skip(1).filter(|word| word != "--force");
    let words: Vec<String> = std::iter::once("sweep".to_owned()).chain(words).collect();
    shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| words.join(" "))
}

/// Keys that are stated and mean something, with their values as text.
fn stated_keys(spec: &ScenarioSpec) -> impl Iterator<Item = (&'static Key, String)> {
    Key::all()
        .filter(|key| (key.applies)(spec))
        .filter_map(|key| (key.get)(spec).map(|value| (key, value.to_string())))
}
