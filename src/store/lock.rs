//! Who is at work on a run: one process at a time. The lock dies with its holder.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::run_folder::PARTS;
use crate::failure::Failure;

/// It lies beside the parts, and is empty.
fn lock_of(folder: &Path) -> PathBuf {
    folder.join(PARTS).join(".lock")
}

/// Makes sure that no other process has the run open.
pub(super) fn lock(folder: &Path) -> Result<File, Failure> {
    let (parts, path) = (folder.join(PARTS), lock_of(folder));
    let failed = |source| Failure::Io { action: "lock", path: path.clone(), source };
    if !parts.is_dir() {
        fs::create_dir(&parts).map_err(failed)?;
    }
    let file =
        File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    match patient_lock(&file) {
        // Another process may have moved the folder away in between.
        Ok(()) if is_locked_at(&file, folder).map_err(failed)? => Ok(file),
        Ok(()) | Err(TryLockError::WouldBlock) => Err(busy(folder)),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// Somebody else is at it.
pub(super) fn busy(folder: &Path) -> Failure {
    Failure::usage(format!(
        "another process is at work on the run {}: wait for it, or choose another --name",
        folder.display()
    ))
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

/// Whether a lock is that of the run in a folder.
#[cfg(unix)]
pub(super) fn is_locked_at(lock: &File, folder: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let own = lock.metadata()?;
    match fs::metadata(lock_of(folder)) {
        Ok(other) => Ok((own.dev(), own.ino()) == (other.dev(), other.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Elsewhere open files cannot be moved away.
#[cfg(not(unix))]
pub(super) fn is_locked_at(_: &File, folder: &Path) -> io::Result<bool> {
    lock_of(folder).try_exists()
}

/// Whether a process has the run open.
pub(crate) fn is_open(folder: &Path) -> Result<bool, Failure> {
    let path = lock_of(folder);
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
