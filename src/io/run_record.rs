//! `run.json` as it is read back: the parts that later commands need. Other fields may come and go.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use sweep_engine::random::Seeding;
use sweep_engine::spec::{AxisSpec, Observe, axes_in_order};
use sweep_engine::warmup::Finding;

use super::run_reader::RunError;
use super::sweep_file::TableFormat;
use crate::provenance::FORMAT_VERSION;

/// Largest `run.json`, bytes: room for axes of a million values.
const MAX_RECORD_BYTES: u64 = 256 << 20;

/// What a run was, by its own account.
#[derive(Debug, Deserialize)]
pub(super) struct RunRecord {
    pub(super) sweep: RecordedSweep,
    pub(super) resolved_base: RecordedBase,
    #[serde(default)]
    pub(super) warmup: RecordedWarmup,
    /// What to mind about traces.
    #[serde(default)]
    pub(super) warnings: Vec<String>,
    pub(super) stream_version: u32,
    pub(super) draw_fingerprint: String,
    pub(super) cells: u64,
    pub(super) jobs: u64,
    pub(super) confidence: f64,
    pub(super) tables: TableFormat,
}

#[derive(Debug, Deserialize)]
pub(super) struct RecordedSweep {
    #[serde(default)]
    pub(super) why: Option<String>,
    #[serde(deserialize_with = "axes_in_order")]
    pub(super) axes: Vec<AxisSpec>,
    #[serde(default)]
    pub(super) zip: Vec<Vec<String>>,
    pub(super) seeding: Seeding,
}

#[derive(Debug, Deserialize)]
pub(super) struct RecordedBase {
    pub(super) random_seed: u64,
    pub(super) observe: Observe,
}

/// Cells of which the warm-up was `auto`: tables show the number that it came to.
#[derive(Debug, Default, Deserialize)]
pub(super) struct RecordedWarmup {
    pub(super) cells: Vec<RecordedCell>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RecordedCell {
    pub(super) cell: u32,
    pub(super) finding: Finding,
}

/// Asked for first: another layout might lack everything else.
#[derive(Deserialize)]
struct Layout {
    format_version: u32,
}

/// Reads the record of a run.
///
/// # Errors
/// Unreadable, no JSON, of another layout, or without a part that is needed.
pub(super) fn read_record(path: &Path) -> Result<RunRecord, RunError> {
    let unreadable = |source| RunError::Unreadable { path: path.to_owned(), source };
    let mut text = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_RECORD_BYTES).read_to_end(&mut text))
        .map_err(unreadable)?;
    let Layout { format_version } = parse(path, &text)?;
    if format_version != FORMAT_VERSION {
        return Err(RunError::OtherLayout { path: path.to_owned(), format_version });
    }
    parse(path, &text)
}

fn parse<T: DeserializeOwned>(path: &Path, text: &[u8]) -> Result<T, RunError> {
    serde_json::from_slice(text)
        .map_err(|error| RunError::BadRecord { path: path.to_owned(), problem: error.to_string() })
}
