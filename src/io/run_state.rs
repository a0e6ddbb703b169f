//! How far a run is by its own account, whether it is complete or not.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::run_reader::{RunError, find};

/// A run, complete or not.
#[derive(Debug)]
pub(crate) struct RunState {
    pub(crate) folder: PathBuf,
    /// Its record, as it lies on disk.
    pub(crate) record: Value,
    pub(crate) chunks: u32,
    /// Planned jobs, or those of a complete run; with a wanted precision there may be more.
    pub(crate) jobs: u64,
    pub(crate) shard: Option<String>,
    pub(crate) is_complete: bool,
}

#[derive(Deserialize)]
struct RecordedState {
    chunks: u32,
    jobs: u64,
    shard: Option<String>,
}

impl RunState {
    /// Looks a run up in the folder `runs`, or as a path.
    ///
    /// # Errors
    /// There is none, or its record is unreadable.
    pub(crate) fn read(name: &str, runs: &Path) -> Result<Self, RunError> {
        let folder = find(name, runs)?;
        let path = folder.join("run.json");
        let text = fs::read(&path)
            .map_err(|source| RunError::Unreadable { path: path.clone(), source })?;
        let bad = |error: serde_json::Error| RunError::BadRecord {
            path: path.clone(),
            problem: error.to_string(),
        };
        let record: Value = serde_json::from_slice(&text).map_err(bad)?;
        let RecordedState { chunks, jobs, shard } =
            RecordedState::deserialize(&record).map_err(bad)?;
        let is_complete = record.get("outcome").is_some();
        Ok(Self { folder, record, chunks, jobs, shard, is_complete })
    }
}
