//! One directory per run. It appears under its name only when it is complete.
//!
//! Everything is written into a hidden folder beside it, synced, and renamed. An interrupted or
//! failed run leaves the folder of runs as it was.

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
    if !folder.as_os_str().is_empty() && !folder.is_dir() {
        let folder = folder.display();
        return refused(format!("the folder {folder} does not exist; create it first"));
    }
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_own =
        ["run.json", "jobs.parquet", "cells.parquet", "jobs.csv", "cells.csv"].contains(&name);
    if is_own && folder.join("run.json").is_file() {
        return refused(format!("it belongs to the run {}; choose another file", folder.display()));
    }
    Ok(())
}

/// Puts a file in its place: written beside it, synced and renamed, so that a broken file never has
/// the name.
pub(crate) fn replace_file(
    path: &Path,
    content: impl FnOnce(&mut BufWriter<File>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let failed = |source| Failure::Io { action: "write", path: path.to_owned(), source };
    let mut partial = path.to_owned().into_os_string();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let mut file = BufWriter::new(File::create(&partial).map_err(failed)?);
    let written = content(&mut file)
        .and_then(|()| file.flush().and_then(|()| file.get_ref().sync_all()).map_err(failed))
        .and_then(|()| fs::rename(&partial, path).map_err(failed));
    if written.is_err() {
        // The first error is the one to report.
        let _ = fs::remove_file(&partial);
    }
    written
}

/// A run under way: a hidden folder that becomes the run, or vanishes.
#[derive(Debug)]
pub(crate) struct StagedRun {
    runs: PathBuf,
    name: String,
    staging: PathBuf,
    force: bool,
    is_committed: bool,
}

/// `latest` must be free to become the link to the newest run.
fn check_link(latest: &Path) -> Result<(), Failure> {
    match fs::symlink_metadata(latest) {
        Ok(metadata) if !metadata.is_symlink() => Err(Failure::usage(format!(
            "{} is in the way of the link to the newest run: move it, or choose another --out",
            latest.display()
        ))),
        _ => Ok(()),
    }
}

impl StagedRun {
    /// Prepares a run called `name` in the folder `runs`, which is created if needed.
    ///
    /// # Errors
    /// A run of that name exists and `force` is off, or nothing can be written there.
    pub(crate) fn begin(runs: &Path, name: &str, force: bool) -> Result<Self, Failure> {
        check_free(&runs.join(name), force)?;
        check_link(&runs.join("latest"))?;
        let staging = runs.join(format!(".{name}.{}.partial", std::process::id()));
        fs::create_dir_all(runs).and_then(|()| fs::create_dir(&staging)).map_err(|error| {
            Failure::usage(format!(
                "nothing can be written to {}: {error}; choose another folder with --out",
                runs.display()
            ))
        })?;
        Ok(Self {
            runs: runs.to_owned(),
            name: name.to_owned(),
            staging,
            force,
            is_committed: false,
        })
    }

    /// Writes one file of the run.
    pub(crate) fn write(
        &self,
        file_name: &Path,
        content: impl FnOnce(&mut BufWriter<File>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let path = self.staging.join(file_name);
        let failed = |source| Failure::Io { action: "write", path: path.clone(), source };
        let mut writer = BufWriter::new(File::create(&path).map_err(failed)?);
        content(&mut writer)?;
        writer.flush().and_then(|()| writer.get_ref().sync_all()).map_err(failed)
    }

    /// Gives the run its name and points `latest` to it. Returns its folder.
    pub(crate) fn commit(mut self) -> Result<PathBuf, Failure> {
        let target = self.runs.join(&self.name);
        // Another run may have taken the name in the meantime.
        check_free(&target, self.force)?;
        let failed = |source| Failure::Io { action: "complete", path: target.clone(), source };
        let aside = self.staging.with_extension("replaced");
        let replaces = fs::symlink_metadata(&target).is_ok();
        if replaces {
            fs::rename(&target, &aside).map_err(failed)?;
        }
        if let Err(source) = fs::rename(&self.staging, &target) {
            if replaces {
                // Best effort to leave what was there; the first error is the one to report.
                let _ = fs::rename(&aside, &target);
            }
            return Err(failed(source));
        }
        self.is_committed = true;
        if replaces {
            fs::remove_dir_all(&aside).map_err(failed)?;
        }
        self.point_latest().map_err(failed)?;
        File::open(&self.runs).and_then(|folder| folder.sync_all()).map_err(failed)?;
        Ok(target)
    }

    /// Replaces the link `latest` in one step.
    #[cfg(unix)]
    fn point_latest(&self) -> io::Result<()> {
        let link = self.runs.join(format!(".latest.{}.partial", std::process::id()));
        std::os::unix::fs::symlink(&self.name, &link)?;
        fs::rename(&link, self.runs.join("latest"))
    }

    /// Links need special rights elsewhere; runs are found by name.
    #[cfg(not(unix))]
    fn point_latest(&self) -> io::Result<()> {
        Ok(())
    }
}

/// A name is free, or that of a run which `force` gives up. Other people's folders are never given up.
fn check_free(target: &Path, force: bool) -> Result<(), Failure> {
    if fs::symlink_metadata(target).is_err() {
        return Ok(());
    }
    if !target.join("run.json").is_file() {
        return Err(Failure::usage(format!(
            "{} exists and is no run (it has no run.json): choose another --name",
            target.display()
        )));
    }
    if !force {
        return Err(Failure::usage(format!(
            "the run {} exists: choose another --name, or replace it with --force",
            target.display()
        )));
    }
    Ok(())
}

impl Drop for StagedRun {
    fn drop(&mut self) {
        if !self.is_committed {
            // Nobody is left to tell; a hidden folder is the worst that stays.
            let _ = fs::remove_dir_all(&self.staging);
        }
    }
}
