//! What to mind about a finished run: the same sentences as after its simulation, from its tables.

use sweep_engine::spec::{Kind, Observe, Value};

use crate::io::RunError;
use crate::numbers::grouped;
use crate::precision::StopReason;
use crate::problems::{CellFacts, sentences, warmup_sentence};
use crate::view::RunView;

const WORD: Kind = Kind::Word(&[]);

/// Columns of `cells` by which problems are seen.
pub(crate) const WARNING_COLUMNS: [(&str, Kind); 15] = [
    ("replications", Kind::Count),
    ("failed", Kind::Count),
    ("ci_method", WORD),
    ("stop_reason", WORD),
    ("steady", Kind::Flag),
    ("low_samples", Kind::Flag),
    ("low_slo_samples", Kind::Flag),
    ("short_runs", Kind::Flag),
    ("short_warmup", Kind::Flag),
    ("mean_ttft_s", Kind::Number),
    ("censored", Kind::Number),
    ("little_residual", Kind::Number),
    ("sim_seconds", Kind::Number),
    ("warmup_seconds", Kind::Number),
    ("relaxation_s", Kind::Number),
];

/// One sentence per problem of a run, by the facts of its cells, with the numbers of these.
pub(crate) fn warnings(view: &RunView, facts: &[CellFacts]) -> Vec<(String, Vec<usize>)> {
    let run = view.run;
    let of_run = warmup_sentence(run.lost_warmups).into_iter().chain(run.warnings.iter().cloned());
    let of_run = of_run.map(|text| (text, Vec::new()));
    failure_sentence(facts).into_iter().chain(sentences(facts)).chain(of_run).collect()
}

/// What is missing because of failed jobs.
fn failure_sentence(facts: &[CellFacts]) -> Option<(String, Vec<usize>)> {
    let jobs: u64 = facts.iter().map(|cell| u64::from(cell.failed)).sum();
    let cells: Vec<usize> = (0..facts.len()).filter(|&cell| facts[cell].failed > 0).collect();
    let counted = |count: u64, one: &str| {
        format!("{} {one}{}", grouped(count), if count == 1 { "" } else { "s" })
    };
    (jobs > 0).then(|| {
        let text = format!(
            "{} of {} failed, and no result has them in it: the command given again with --retry-failed runs them \
             once more",
            counted(jobs, "job"),
            counted(cells.len() as u64, "cell")
        );
        (text, cells)
    })
}

/// What problems are seen by, cell by cell.
///
/// # Errors
/// One of [`WARNING_COLUMNS`] was not read.
pub(crate) fn facts(view: &RunView) -> Result<Vec<CellFacts>, RunError> {
    let table = &view.cells.table;
    let flags = |name: &str| -> Result<Vec<Option<bool>>, RunError> {
        let flag = |value| matches!(value, Some(Value::Flag(true)));
        let values = table.values(name, Kind::Flag)?.into_iter();
        Ok(values.map(|value| value.is_some().then(|| flag(value))).collect())
    };
    let (replications, failed) = (table.counts("replications")?, table.counts("failed")?);
    let methods = table.values("ci_method", WORD)?;
    let reasons = table.values("stop_reason", WORD)?;
    let missed = Value::Word(StopReason::MaxReplications.name().to_owned());
    let (steady, low_samples) = (flags("steady")?, flags("low_samples")?);
    let (low_slo_samples, short_runs) = (flags("low_slo_samples")?, flags("short_runs")?);
    let short_warmup = flags("short_warmup")?;
    let (means, censored) = (table.numbers("mean_ttft_s")?, table.numbers("censored")?);
    let residuals = table.numbers("little_residual")?;
    let (ends, starts) = (table.numbers("sim_seconds")?, table.numbers("warmup_seconds")?);
    let relaxations = table.numbers("relaxation_s")?;
    let fact = |cell: usize| CellFacts {
        is_saturated: view.is_saturated(cell),
        observe: observe(view, cell),
        replications: replications[cell],
        failed: failed[cell],
        has_samples: means[cell].is_some(),
        has_intervals: methods[cell].is_some(),
        censored: censored[cell],
        relaxations: ends[cell]
            .zip(starts[cell])
            .zip(relaxations[cell])
            .map(|((end_s, start_s), relaxation_s)| (end_s - start_s) / relaxation_s),
        little_residual: residuals[cell],
        missed_precision: reasons[cell].as_ref() == Some(&missed),
        steady: steady[cell],
        low_samples: low_samples[cell],
        low_slo_samples: low_slo_samples[cell],
        short_runs: short_runs[cell],
        short_warmup: short_warmup[cell],
    };
    Ok((0..view.num_cells()).map(fact).collect())
}

/// Which requests the results of a cell describe.
fn observe(view: &RunView, cell: usize) -> Observe {
    let axes = &view.run.axes;
    let axis = axes.iter().position(|axis| axis.key.path == "observe");
    let word = axis.and_then(|axis| Some(&axes[axis].values[view.factor(axis, cell)? as usize]));
    match word {
        Some(Value::Word(word)) if word == "arrivals" => Observe::Arrivals,
        Some(_) => Observe::Events,
        None => view.run.observe,
    }
}
