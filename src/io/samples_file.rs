//! Samples of one simulation, as `sweep simulate --dump-ttft` writes them.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use serde::Deserialize;
use sweep_engine::spec::Kind;

use super::run_reader::RunError;
use super::run_table::RunTable;
use super::sweep_file::TableFormat;

const COLUMN: &str = "ttft_s";

/// A sample of a JSON dump; its other fields do not matter here.
#[derive(Deserialize)]
struct Record {
    ttft_s: f64,
}

/// Times to first token, seconds, in the order of the file; its ending names the format.
///
/// # Errors
/// Unreadable, of another content, or with a time that is no positive number.
pub(crate) fn read_samples(path: &Path) -> Result<Vec<f64>, RunError> {
    let ending = path.extension().and_then(|ending| ending.to_str());
    let samples = match ending {
        Some("json") => from_json(path)?,
        Some("csv") => from_table(path, TableFormat::Csv)?,
        _ => from_table(path, TableFormat::Parquet)?,
    };
    match samples.iter().find(|ttft_s| !ttft_s.is_finite() || **ttft_s <= 0.0) {
        Some(ttft_s) => Err(bad_samples(path, format!("it has {ttft_s} as a time to first token"))),
        None => Ok(samples),
    }
}

fn from_json(path: &Path) -> Result<Vec<f64>, RunError> {
    let file = File::open(path)
        .map_err(|source| RunError::Unreadable { path: path.to_owned(), source })?;
    let records: Vec<Record> = serde_json::from_reader(BufReader::new(file))
        .map_err(|error| bad_samples(path, error.to_string()))?;
    Ok(records.into_iter().map(|record| record.ttft_s).collect())
}

fn from_table(path: &Path, format: TableFormat) -> Result<Vec<f64>, RunError> {
    let explained = |error| match error {
        RunError::MissingColumn { column, .. } => {
            bad_samples(path, format!("it has no column `{column}`"))
        }
        RunError::BadTable { problem, .. } => bad_samples(path, problem),
        error => error,
    };
    let table = RunTable::read(path.to_owned(), format, &[(COLUMN, Kind::Number)]);
    let samples = table.map_err(explained)?.numbers(COLUMN)?;
    let complete: Option<Vec<f64>> = samples.into_iter().collect();
    complete.ok_or_else(|| bad_samples(path, "it has a row without a time".to_owned()))
}

fn bad_samples(path: &Path, problem: String) -> RunError {
    RunError::BadSamples { path: path.to_owned(), problem }
}
