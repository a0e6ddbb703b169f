//! Single files: checked before work is done for them, and written so that a broken one never has the name.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// Checks, before anything is computed for it, that a file can be written: its folder exists, and it
/// is no table or record of a run, which nothing else ever replaces.
///
/// # Errors
/// Names the flag, the path and the remedy.
pub(crate) fn check_output(flag: &str, path: &Path) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let refused = |text: String| Err(Failure::usage(format!("{flag} {}: {text}", path.display())));
    if path.is_dir() || path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return refused("it is a folder; name a file".to_owned());
    }
    if !folder.as_os_str().is_empty() && !folder.is_dir() {
        let folder = folder.display();
        return refused(format!("the folder {folder} does not exist; create it first"));
    }
    if path.exists() && !path.is_file() {
        return refused("it is no regular file; name one".to_owned());
    }
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_own =
        ["run.json", "jobs.parquet", "cells.parquet", "jobs.csv", "cells.csv"].contains(&name);
    if is_own && folder.join("run.json").is_file() {
        return refused(format!("it belongs to the run {}; choose another file", folder.display()));
    }
    Ok(())
}

/// Checks, before anything is computed for it, that a folder is there or can be made.
///
/// # Errors
/// Names the flag, the path and the remedy.
pub(crate) fn check_folder(flag: &str, folder: &Path) -> Result<(), Failure> {
    let refused =
        |text: String| Err(Failure::usage(format!("{flag} {}: {text}", folder.display())));
    check_way(flag, folder)?;
    let parent = folder.parent().unwrap_or(Path::new(""));
    if !parent.as_os_str().is_empty() && !parent.is_dir() {
        return refused(format!("the folder {} does not exist; create it first", parent.display()));
    }
    Ok(())
}

/// Checks that no file stands where a folder, or one above it, is to be.
///
/// # Errors
/// Names the flag, the path and the remedy.
pub(crate) fn check_way(flag: &str, folder: &Path) -> Result<(), Failure> {
    match folder.ancestors().find(|above| above.exists()) {
        Some(file) if !file.is_dir() => {
            let file = if file == folder { "it".to_owned() } else { file.display().to_string() };
            let folder = folder.display();
            Err(Failure::usage(format!("{flag} {folder}: {file} is a file; name a folder")))
        }
        _ => Ok(()),
    }
}

/// Makes a folder in a folder that is there, unless it is there already.
///
/// # Errors
/// Those of the disk.
pub(crate) fn prepare_folder(folder: &Path) -> Result<(), Failure> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    fs::create_dir(folder).map_err(|source| Failure::Io {
        action: "create",
        path: folder.to_owned(),
        source,
    })
}

/// Puts a file in its place as a whole.
///
/// # Errors
/// Those of `content`, and of the disk. Then what was there stays.
pub(crate) fn replace_file(
    path: &Path,
    content: impl FnOnce(&mut Writer) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut file = PartialFile::create(path)?;
    content(file.writer()).map_err(|failure| file.explain(failure))?;
    file.commit()
}

/// Writes a file that is not there yet.
///
/// # Errors
/// It is there, or cannot be written. Then nothing has changed.
pub(crate) fn create_file(path: &Path, content: &str) -> Result<(), Failure> {
    let mut file = File::create_new(path).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => Failure::usage(format!(
            "{} is already there, and stays as it is: give another name, or remove it first",
            path.display()
        )),
        _ => failed(path, source),
    })?;
    let written = file.write_all(content.as_bytes()).and_then(|()| file.sync_all());
    written.map_err(|source| {
        // The first error is the one to report.
        let _ = fs::remove_file(path);
        failed(path, source)
    })
}

/// Where the content of a file goes.
pub(crate) type Writer = BufWriter<Watched>;

/// A file that remembers why it could not be written: encoders do not always tell.
#[derive(Debug)]
pub(crate) struct Watched {
    file: File,
    error: Option<io::Error>,
}

impl Write for Watched {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes).inspect_err(|error| self.error = copy(error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// An error of the system; others do not come from files.
fn copy(error: &io::Error) -> Option<io::Error> {
    error.raw_os_error().map(io::Error::from_raw_os_error)
}

/// A file that is being written: beside its place, under a hidden name. It vanishes unless committed.
#[derive(Debug)]
pub(crate) struct PartialFile {
    path: PathBuf,
    partial: PathBuf,
    writer: Writer,
    is_committed: bool,
}

impl PartialFile {
    /// Begins the file that is to be called `path`.
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        // Where a link leads is written, not the link.
        let target = if path.is_symlink() { fs::canonicalize(path).ok() } else { None };
        let path = target.as_deref().unwrap_or(path);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let partial = path.with_file_name(format!(".{name}.partial"));
        let file = File::create(&partial).map_err(|source| failed(path, source))?;
        let writer = BufWriter::new(Watched { file, error: None });
        Ok(Self { path: path.to_owned(), partial, writer, is_committed: false })
    }

    /// Where the content goes.
    pub(crate) fn writer(&mut self) -> &mut Writer {
        &mut self.writer
    }

    /// What is behind a failure of an encoder, if it is the file.
    pub(crate) fn explain(&mut self, failure: Failure) -> Failure {
        match self.writer.get_mut().error.take() {
            Some(source) => failed(&self.path, source),
            None => failure,
        }
    }

    /// Makes sure that the content is on disk.
    pub(crate) fn sync(&mut self) -> Result<(), Failure> {
        let synced = self.writer.flush().and_then(|()| self.writer.get_ref().file.sync_all());
        synced.map_err(|source| failed(&self.path, source))
    }

    /// Gives the file its name, once its content is on disk.
    pub(crate) fn commit(mut self) -> Result<(), Failure> {
        self.sync()?;
        fs::rename(&self.partial, &self.path).map_err(|source| failed(&self.path, source))?;
        self.is_committed = true;
        Ok(())
    }
}

impl Drop for PartialFile {
    fn drop(&mut self) {
        if !self.is_committed {
            // The first error is the one to report.
            let _ = fs::remove_file(&self.partial);
        }
    }
}

fn failed(path: &Path, source: io::Error) -> Failure {
    Failure::Io { action: "write", path: path.to_owned(), source }
}
