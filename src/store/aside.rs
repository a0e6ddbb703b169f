//! Where a run stays while the one that replaces it is not complete.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::run_folder::{RunFolder, SUCCEEDS};
use crate::failure::Failure;

/// A run that has the name of the one that is wanted. Nobody else has it open.
#[derive(Debug)]
pub(crate) struct AnotherRun {
    pub(super) runs: PathBuf,
    pub(super) folder: PathBuf,
    /// Of the run that is wanted.
    pub(super) record: Value,
    pub(super) is_complete: bool,
    pub(super) asks_for_less: bool,
    pub(super) differences: Vec<String>,
    pub(super) lock: File,
}

impl AnotherRun {
    pub(crate) fn path(&self) -> &Path {
        &self.folder
    }

    /// Whether the run that is wanted has fewer replications, less precision, or intervals at another level.
    pub(crate) fn asks_for_less(&self) -> bool {
        self.asks_for_less
    }

    /// Why it cannot go on, with what else may be done beside choosing another name.
    pub(crate) fn refusal(&self, remedy: &str) -> Failure {
        let found = self.differences.join("; ");
        Failure::usage(format!(
            "the run {} exists and is another one ({}): choose another --name, or {remedy}",
            self.folder.display(),
            if found.is_empty() { "jobs of it failed" } else { &found },
        ))
    }

    /// Sets it aside for the run that is wanted, which begins. Until that is complete, it is there for its jobs.
    ///
    /// # Errors
    /// It replaces a run itself, and is not complete; or nothing can be written.
    pub(crate) fn succeed(self) -> Result<RunFolder, Failure> {
        let Self { runs, folder, mut record, is_complete, lock, .. } = self;
        if !is_complete && aside_of(&folder).exists() {
            return Err(Failure::usage(format!(
                "the run {} is itself one that has grown, and not complete: finish it first, by the command that \
                 began it (`sweep status` shows it; the earlier run is in {}), \
                 or choose another --name with --reuse {}",
                folder.display(),
                aside_of(&folder).display(),
                folder.display()
            )));
        }
        record[SUCCEEDS] = Value::Bool(true);
        set_aside(&folder, is_complete)?;
        drop(lock);
        RunFolder::begin(runs, folder, &record)
    }
}

/// Where a run stays until the one that replaces it is complete.
pub(super) fn aside_of(folder: &Path) -> PathBuf {
    hidden(folder, "replaced")
}

/// A hidden name beside a run.
fn hidden(folder: &Path, what: &str) -> PathBuf {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    folder.with_file_name(format!(".{name}.{what}"))
}

/// Puts a run back that is aside while nothing has its name.
pub(super) fn restore_aside(folder: &Path) -> Result<(), Failure> {
    let aside = aside_of(folder);
    if fs::symlink_metadata(folder).is_ok() || !aside.exists() {
        return Ok(());
    }
    fs::rename(&aside, folder).map_err(|source| Failure::Io {
        action: "put back",
        path: folder.to_owned(),
        source,
    })
}

/// Moves a run out of the way. One that never ended gives way to an earlier one that is aside already.
pub(super) fn set_aside(folder: &Path, is_complete: bool) -> Result<(), Failure> {
    let aside = aside_of(folder);
    let failed = |source| Failure::Io { action: "set aside", path: folder.to_owned(), source };
    if aside.exists() {
        let given_up = if is_complete { &aside } else { folder };
        discard(folder, given_up).map_err(failed)?;
        if !is_complete {
            return Ok(());
        }
    }
    fs::rename(folder, &aside).map_err(failed)
}

/// Removes a run, or the one aside: under another name, since a process or a disk may fail in the middle of it, and
/// what is left is no run. The next time removes that, too.
pub(super) fn discard(folder: &Path, given_up: &Path) -> io::Result<()> {
    let removed = hidden(folder, "removed");
    if removed.exists() {
        fs::remove_dir_all(&removed)?;
    }
    if given_up.exists() {
        fs::rename(given_up, &removed)?;
        fs::remove_dir_all(&removed)?;
    }
    Ok(())
}
