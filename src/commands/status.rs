//! `sweep status`: how far a run is, by what lies in its folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::failure::Failure;
use crate::io::RunState;
use crate::part::read_label;
use crate::provenance::PartLabel;
use crate::report::{self, Status};
use crate::resume::{Shard, missing};
use crate::store::{is_open, parts_of};

pub(super) fn status(run: &str, out: Option<&Path>, json: bool) -> Result<(), Failure> {
    let state = RunState::read(run, out.unwrap_or(Path::new("results")))?;
    let parts = parts_of(&state.folder)?;
    let labels = parts.values().map(|path| read_label(path)).collect::<Result<Vec<_>, _>>()?;
    let shard: Option<Shard> = state.shard.as_ref().and_then(|shard| shard.parse().ok());
    let there = parts.keys().copied().collect();
    let own = missing(state.chunks, shard, &[].into()).len();
    let left = missing(state.chunks, shard, &there).len();
    let sum = |count: fn(&PartLabel) -> u64| labels.iter().map(count).sum::<u64>();
    let jobs_done = sum(|label| label.jobs);
    let recorded = |name: &str| state.record.get("outcome")?.get(name)?.as_u64();
    let failed = recorded("failed_jobs").unwrap_or_else(|| sum(|label| label.failed_jobs));
    // The parts of a complete run may have been removed; a shard is nothing without them.
    let left = if state.is_complete && shard.is_none() { 0 } else { left };
    let status = Status {
        folder: state.folder.display().to_string(),
        command: state
            .record
            .get("command")
            .and_then(|command| command.as_str())
            .map(str::to_owned),
        is_complete: state.is_complete,
        is_running: is_open(&state.folder)?,
        shard: state.shard,
        chunks: own as u64,
        chunks_done: (own - left) as u64,
        jobs_done: recorded("jobs").unwrap_or(jobs_done),
        jobs_failed: failed,
        jobs_missing: jobs_missing(state.jobs, state.chunks, own, left, jobs_done),
        seconds_left: if left == 0 { None } else { seconds_left(&parts, left) },
    };
    if json { report::print_json(&status) } else { report::print(&report::status_text(&status)) }
}

/// Those of the plan that are not done; of a shard, its share of them.
fn jobs_missing(planned: u64, chunks: u32, own: usize, left: usize, done: u64) -> u64 {
    if left == 0 {
        0
    } else if own as u64 == u64::from(chunks) {
        planned.saturating_sub(done)
    } else {
        planned * left as u64 / u64::from(chunks.max(1))
    }
}

/// At the pace at which the latest parts came; clocks that were set back say nothing.
#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn seconds_left(parts: &BTreeMap<u32, PathBuf>, left: usize) -> Option<f64> {
    const LATEST: usize = 20;
    let modified = |path: &PathBuf| fs::metadata(path).and_then(|file| file.modified()).ok();
    let mut times: Vec<SystemTime> = parts.values().filter_map(modified).collect();
    times.sort_unstable();
    let latest = &times[times.len().saturating_sub(LATEST)..];
    let gap_s = |pair: &[SystemTime]| Some(pair[1].duration_since(pair[0]).ok()?.as_secs_f64());
    let mut gaps_s: Vec<f64> = latest.windows(2).filter_map(gap_s).collect();
    // A pause of the run is one gap among many.
    gaps_s.sort_unstable_by(f64::total_cmp);
    gaps_s.get(gaps_s.len() / 2).map(|gap_s| gap_s * left as f64)
}
