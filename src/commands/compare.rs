//! `sweep compare`: differences between cells of a run, or between two runs, with paired intervals.

use std::io::Write;
use std::path::{Path, PathBuf};

use sweep_engine::plan::confidence;
use sweep_engine::spec::Kind;

use crate::cli::{CompareArgs, TidyFormat};
use crate::comparison::{
    Comparisons, check_same_plan, choose_axis, choose_metrics, compare_along, compare_runs,
};
use crate::failure::Failure;
use crate::frame::{comparisons_frame, write_csv, write_parquet};
use crate::io::{FinishedRun, TableFormat};
use crate::provenance::comparison_metadata;
use crate::report;
use crate::schema::comparison_documentation;
use crate::store::{check_output, replace_file};

/// A comparison, and what it is called.
struct Named {
    comparisons: Comparisons,
    /// `mode=mono of the run a`.
    baseline: String,
    /// What its file is called, without the ending.
    stem: String,
    /// The second run, if there is one.
    other: Option<FinishedRun>,
}

pub(super) fn compare(args: &CompareArgs) -> Result<(), Failure> {
    confidence(Some(args.confidence))?;
    let metrics = choose_metrics("--of", &args.of)?;
    let stated = args.output.as_deref().map(Target::stated).transpose()?;
    let runs = args.out.as_deref().unwrap_or(Path::new("results"));
    let run = FinishedRun::open(&args.run, runs)?;
    let named = match (&args.other, &args.by) {
        (None, Some(by)) => along(&run, by, args.baseline.as_deref(), &metrics, args.confidence)?,
        (Some(other), None) => {
            if let Some(baseline) = &args.baseline {
                return Err(Failure::usage(format!(
                    "--baseline {baseline}: the baseline of two runs is the first of them; leave --baseline out"
                )));
            }
            between(&run, FinishedRun::open(other, runs)?, &metrics, args.confidence)?
        }
        (None, None) => {
            let columns: Vec<&str> = run.axes.iter().map(|axis| axis.key.column).collect();
            return Err(Failure::usage(format!(
                "nothing to compare `{}` with: give --by and one of its axes ({}), or a second run",
                run.name,
                columns.join(", ")
            )));
        }
        (Some(other), Some(by)) => {
            return Err(Failure::usage(format!(
                "both a second run ({other}) and --by {by}: give one of them"
            )));
        }
    };
    let target = stated.unwrap_or_else(|| Target {
        path: run.folder.join(run.format.file_name(&named.stem)),
        format: run.format,
    });
    if let Some((shortest_s, longest_s)) = lengths_s(&run, named.other.as_ref())? {
        report::warn_of_lengths(shortest_s, longest_s);
    }
    target.write(&named.comparisons)?;
    print(&named, args.format)?;
    report::note(&format!("written to {}", target.path.display()));
    Ok(())
}

/// The shortest and the longest horizon, seconds, where jobs differ in it though it was not swept: a
/// wanted precision took longer runs in some cells.
fn lengths_s(
    run: &FinishedRun,
    other: Option<&FinishedRun>,
) -> Result<Option<(f64, f64)>, Failure> {
    if run.axes.iter().any(|axis| axis.key.path == "sim_seconds") {
        return Ok(None);
    }
    let mut lengths_s = Vec::new();
    for run in [Some(run), other].into_iter().flatten() {
        let jobs = run.jobs(&[("sim_seconds", Kind::Number)])?;
        lengths_s.extend(jobs.numbers("sim_seconds")?.into_iter().flatten());
    }
    let shortest_s = lengths_s.iter().copied().fold(f64::INFINITY, f64::min);
    let longest_s = lengths_s.iter().copied().fold(0.0, f64::max);
    Ok((shortest_s < longest_s).then_some((shortest_s, longest_s)))
}

fn along(
    run: &FinishedRun,
    by: &str,
    baseline: Option<&str>,
    metrics: &[&'static str],
    level: f64,
) -> Result<Named, Failure> {
    let choice = choose_axis(run, by, baseline)?;
    let results = run.results(&run.axes, metrics)?;
    let comparisons = compare_along(run, &results, choice, metrics, level)?;
    let column = comparisons.factors.last().map(|factor| factor.name.clone()).unwrap_or_default();
    Ok(Named {
        baseline: format!("{column}={} of the run {}", comparisons.baseline, run.name),
        stem: format!("compare-{column}"),
        other: None,
        comparisons,
    })
}

fn between(
    run: &FinishedRun,
    other: FinishedRun,
    metrics: &[&'static str],
    level: f64,
) -> Result<Named, Failure> {
    check_same_plan(run, &other)?;
    // Factors of both are counted by the axes of the first.
    let results = run.results(&run.axes, metrics)?;
    let other_results = other.results(&run.axes, metrics)?;
    Ok(Named {
        comparisons: compare_runs(run, &other, [&results, &other_results], metrics, level)?,
        baseline: format!("the run {}", run.name),
        stem: format!("compare-run-{}", other.name),
        other: Some(other),
    })
}

fn print(named: &Named, format: TidyFormat) -> Result<(), Failure> {
    let Named { comparisons, baseline, .. } = named;
    match format {
        TidyFormat::Table => report::print_comparisons(comparisons, baseline)?,
        TidyFormat::Markdown => report::print_comparisons_markdown(comparisons)?,
        TidyFormat::Json => report::print_comparisons_json(comparisons)?,
        TidyFormat::Csv => {
            let mut text = Vec::new();
            encode(comparisons, TableFormat::Csv, &mut text)?;
            report::print(String::from_utf8_lossy(&text).trim_end())?;
        }
    }
    if format != TidyFormat::Table {
        report::note_comparisons(comparisons, baseline);
    }
    report::warn_of_comparisons(comparisons);
    Ok(())
}

fn encode(
    comparisons: &Comparisons,
    format: TableFormat,
    file: &mut impl Write,
) -> Result<(), Failure> {
    let failed = |error| Failure::encoding("the table of the comparison", error);
    let mut table = comparisons_frame(comparisons).map_err(failed)?;
    match format {
        TableFormat::Csv => write_csv(&mut table, file).map_err(failed),
        TableFormat::Parquet => {
            let docs = comparison_documentation(&comparisons.factors, comparisons.level);
            let metadata = comparison_metadata(&docs, comparisons.level)
                .map_err(|error| Failure::encoding("the metadata of a table", error))?;
            write_parquet(&mut table, metadata, file).map_err(failed)
        }
    }
}

/// Where the table goes.
struct Target {
    path: PathBuf,
    format: TableFormat,
}

impl Target {
    /// A file of which the ending names the format.
    fn stated(path: &Path) -> Result<Self, Failure> {
        let format = match path.extension().and_then(|ending| ending.to_str()) {
            Some("parquet") => TableFormat::Parquet,
            Some("csv") => TableFormat::Csv,
            _ => {
                return Err(Failure::usage(format!(
                    "--output {}: the file must end in .csv or .parquet",
                    path.display()
                )));
            }
        };
        check_output("--output", path)?;
        Ok(Self { path: path.to_owned(), format })
    }

    fn write(&self, comparisons: &Comparisons) -> Result<(), Failure> {
        replace_file(&self.path, |file| encode(comparisons, self.format, file))
    }
}
