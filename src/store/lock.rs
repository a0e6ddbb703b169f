//! Who is at work on a run: one process at a time. The lock dies with its holder.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::run_folder::PARTS;
use crate::failure::Failure;

/// Makes sure that no other process has the run open.
pub(super) fn lock(folder: &Path) -> Result<File, Failure> {
    let parts = folder.join(PARTS);
    let path = parts.join(".lock");
    let failed = |source| Failure::Io { action: "lock", path: path.clone(), source };
    if !parts.is_dir() {
        fs::create_dir(&parts).map_err(failed)?;
    }
    let file =
        File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    let busy = || {
        Failure::usage(format!(
            "another process is at work on the run {}: wait for it, or choose another --name",
            folder.display()
        ))
    };
    match patient_lock(&file) {
        // Another process may have moved the folder away in between.
        Ok(()) if is_at(&file, &path) => Ok(file),
        Ok(()) | Err(TryLockError::WouldBlock) => Err(busy()),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// Locks a file. Somebody who only asks for the state of a run holds it for a moment.
fn patient_lock(file: &File) -> Result<(), TryLockError> {
    const ATTEMPTS: u32 = 10;
    for _ in 1..ATTEMPTS {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(20)),
            result => return result,
        }
    }
    file.try_lock()
}

/// Whether an open file is the one that a path leads to.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), fs::metadata(path)) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => false,
    }
}

/// Elsewhere open files cannot be moved away.
#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.is_file()
}

/// Whether a process has the run open.
pub(crate) fn is_open(folder: &Path) -> Result<bool, Failure> {
    let path = folder.join(PARTS).join(".lock");
    match File::open(&path).and_then(|file| match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(source)) => Err(source),
    }) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(Failure::Io { action: "look at", path, source }),
        Ok(is_open) => Ok(is_open),
    }
}
