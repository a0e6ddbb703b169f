//! Whether a folder is one for runs: a hidden file is made, locked and removed again.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// What came of it.
#[derive(Debug)]
pub(crate) struct Probed {
    /// Where it was tried: the folder, or the nearest one above it that is there.
    pub(crate) folder: PathBuf,
    /// Whether files can be written there.
    pub(crate) writes: io::Result<()>,
    /// Whether a lock keeps others out; nothing known where files cannot be written.
    pub(crate) locks: io::Result<bool>,
}

/// Tries it, and leaves nothing behind.
pub(crate) fn probe(folder: &Path) -> Probed {
    let above = folder.ancestors().find(|folder| folder.exists());
    let folder = above.unwrap_or(Path::new(".")).to_owned();
    let path = folder.join(format!(".doctor-{}", std::process::id()));
    let file = match File::create_new(&path) {
        Ok(file) => file,
        Err(error) => return Probed { folder, writes: Err(error), locks: Ok(false) },
    };
    let locks = keeps_others_out(&file, &path);
    drop(file);
    let writes = fs::remove_file(&path);
    Probed { folder, writes, locks }
}

/// Some file systems grant a lock to everybody who asks.
fn keeps_others_out(file: &File, path: &Path) -> io::Result<bool> {
    file.try_lock()?;
    match File::open(path)?.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
