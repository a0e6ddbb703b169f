//! How far a run is, in words.

use std::path::Path;

use serde::Serialize;

use super::output::note;
use super::summary::{Work, work_line};
use crate::numbers::{grouped, significant};
use crate::resume::Shard;

/// How far a run is.
#[derive(Debug, Serialize)]
pub(crate) struct Status {
    pub(crate) folder: String,
    /// That goes on with it.
    pub(crate) command: Option<String>,
    pub(crate) is_complete: bool,
    /// Whether a process is at work on it.
    pub(crate) is_running: bool,
    /// `2/5`, if it is one.
    pub(crate) shard: Option<String>,
    /// Chunks that it is to do.
    pub(crate) chunks: u64,
    pub(crate) chunks_done: u64,
    pub(crate) jobs_done: u64,
    pub(crate) jobs_failed: u64,
    /// Expected of the chunks that are missing.
    pub(crate) jobs_missing: u64,
    /// At the pace of the chunks that are there; nothing where there are too few.
    pub(crate) seconds_left: Option<f64>,
}

/// As a few lines of text.
pub(crate) fn status_text(status: &Status) -> String {
    let state = match (status.is_complete, status.is_running) {
        (true, _) => "complete",
        (false, true) => "running",
        (false, false) => "stopped",
    };
    let shard = status.shard.as_ref().map_or_else(String::new, |shard| format!(", shard {shard}"));
    let mut lines = vec![
        format!("{}{shard}: {state}", status.folder),
        format!("chunks: {} of {}", grouped(status.chunks_done), grouped(status.chunks)),
        format!(
            "jobs: {} done, {} of them failed, {} missing",
            grouped(status.jobs_done),
            grouped(status.jobs_failed),
            grouped(status.jobs_missing)
        ),
    ];
    if let Some(seconds) = status.seconds_left {
        lines.push(format!("time left: about {} s", significant(seconds)));
    }
    if let Some(command) = &status.command {
        let is_merge = command.starts_with("sweep merge");
        if !status.is_complete && !status.is_running {
            lines.push(format!("goes on with: {command}"));
        } else if status.is_complete && status.jobs_failed > 0 && !is_merge {
            lines.push(format!("runs failed jobs again: {command} --retry-failed"));
        }
    }
    lines.join("\n")
}

/// A run that is complete already.
pub(crate) fn nothing_to_do(folder: &Path, quiet: bool) {
    if !quiet {
        note(&format!(
            "the run {} is complete: nothing to do (--force runs it again)",
            folder.display()
        ));
    }
}

/// Jobs of earlier runs are there to be taken over.
pub(crate) fn reuses(shared: usize, cells: usize, quiet: bool) {
    if !quiet {
        note(&format!(
            "{} of {} cells of earlier runs are part of this one: their jobs are taken over where they can be",
            grouped(shared as u64),
            grouped(cells as u64)
        ));
    }
}

/// Some chunks are there already.
pub(crate) fn goes_on(done: usize, chunks: usize, quiet: bool) {
    if !quiet {
        note(&format!("going on: {done} of {chunks} chunks are done already"));
    }
}

/// A shard is done.
pub(crate) fn shard_finished(
    name: &str,
    shard: Shard,
    chunks: usize,
    work: &Work,
    folder: &Path,
    quiet: bool,
) {
    if !quiet {
        note(&work_line(work));
        if chunks == 0 {
            note(
                "nothing to do for this shard: there are more shards than chunks; a smaller --chunk-requests, for \
                 all shards, makes more of them",
            );
        }
        note(&format!(
            "{chunks} {} written to {}; when all shards are done: sweep merge {} --name {name}",
            if chunks == 1 { "chunk" } else { "chunks" },
            folder.display(),
            folder.with_file_name(format!("{name}.shard-*-of-{}", shard.count())).display(),
        ));
    }
}

/// Shards are put together.
pub(crate) fn merged(shards: usize, chunks: u32, jobs: u64, folder: &Path, quiet: bool) {
    if !quiet {
        note(&format!(
            "{} jobs in {} {} of {shards} {} written to {}",
            grouped(jobs),
            grouped(chunks.into()),
            if chunks == 1 { "chunk" } else { "chunks" },
            if shards == 1 { "folder" } else { "folders" },
            folder.display()
        ));
    }
}
