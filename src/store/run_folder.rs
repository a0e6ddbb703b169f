//! One folder per run: its record, finished chunks in `parts/`, and, when all is done, its tables.
//!
//! What is done is what lies there. A run is complete when its record has an outcome, which is written last.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde_json::Value;

use super::aside::{AnotherRun, aside_of, discard, restore_aside, set_aside};
use super::lock::{busy, is_locked_at, lock};
use super::output::{PartialFile, replace_file};
use super::parts::{chunk_path, parts_of, samples_path};
use crate::failure::Failure;
use crate::resume::{asks_for_less, differences};

const RECORD: &str = "run.json";

/// In the record of a run that takes jobs over from the one that it replaces.
pub(super) const SUCCEEDS: &str = "succeeds_run_aside";

pub(super) const PARTS: &str = "parts";

/// Of its record, what makes a run the same run.
const IDENTITY: [&str; 9] = [
    "plan_hash",
    "replications",
    "confidence",
    "precision",
    "draw_fingerprint",
    "versions",
    "chunk_requests",
    "max_requests",
    "shard",
];

/// Of its record, what tells people in which way runs differ.
const DESCRIPTION: [&str; 9] = [
    "sweep",
    "traces",
    "confidence",
    "precision",
    "stream_version",
    "versions",
    "chunk_requests",
    "max_requests",
    "shard",
];

/// A run that may go on, alone: nobody else has it open.
#[derive(Debug)]
pub(crate) struct RunFolder {
    runs: PathBuf,
    folder: PathBuf,
    /// Whether this process began it.
    is_new: bool,
    /// Held as long as it is open; the system lets go of it when the process ends, in whatever way.
    lock: File,
}

/// What there is under the name of a run.
#[derive(Debug)]
pub(crate) enum Opened {
    /// There is something to do.
    Open(RunFolder),
    /// The very same run, all done: its folder, and what its record says came of it.
    Complete { folder: PathBuf, outcome: Value },
    /// Another run.
    Another(AnotherRun),
}

/// A run as it is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a, R> {
    pub(crate) name: &'a str,
    pub(crate) record: &'a R,
    /// File names of its tables; none of a shard.
    pub(crate) tables: &'a [String],
    /// Numbers of the chunks that it is to have.
    pub(crate) chunks: &'a [u32],
    pub(crate) existing: Existing,
}

/// What is to become of a run that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    /// The same run goes on.
    GoesOn,
    /// It is complete; if jobs of it failed, it counts as another one.
    Retried,
    /// It is replaced, whatever it is.
    Replaced,
}

impl<R: Serialize> Wanted<'_, R> {
    /// Whether this very run is there, and nothing is left to simulate. Changes nothing.
    pub(crate) fn is_complete_in(&self, runs: &Path) -> bool {
        let earlier = read_record(&runs.join(self.name)).unwrap_or_default();
        let record = serde_json::to_value(self.record).unwrap_or_default();
        let is_same = part(&earlier, &IDENTITY) == part(&record, &IDENTITY);
        is_same && earlier.get("outcome").is_some() && self.existing == Existing::GoesOn
    }
}

impl RunFolder {
    /// Opens a run in the folder `runs`: begins it, or goes on with it if its record is that of the same run. One
    /// that it replaces is kept aside until this one is complete.
    ///
    /// # Errors
    /// Another process has it open, or nothing can be written there; or nothing is there to be retried.
    pub(crate) fn open<R: Serialize>(runs: &Path, wanted: &Wanted<R>) -> Result<Opened, Failure> {
        let Wanted { name, existing, .. } = *wanted;
        let record = serde_json::to_value(wanted.record)
            .map_err(|error| Failure::encoding(RECORD, error))?;
        check_link(&runs.join("latest"))?;
        let (runs, folder) = (runs.to_owned(), runs.join(name));
        restore_aside(&folder)?;
        let exists = fs::symlink_metadata(&folder).is_ok();
        if exists {
            read_record(&folder)?;
            let lock = lock(&folder)?;
            // Now nobody else changes it.
            let earlier = read_record(&folder)?;
            let outcome = earlier.get("outcome");
            let is_complete = outcome.is_some();
            let has_failed = outcome.is_some_and(|outcome| outcome["failed_jobs"] != 0);
            let is_same = part(&earlier, &IDENTITY) == part(&record, &IDENTITY);
            if existing == Existing::Retried && !is_complete && earlier.get(SUCCEEDS).is_none() {
                return Err(Failure::usage(format!(
                    "--retry-failed: the run {} is not complete: finish it first, without this flag",
                    folder.display()
                )));
            }
            if existing == Existing::Replaced {
                set_aside(&folder, is_complete)?;
            } else if is_same && !(existing == Existing::Retried && has_failed) {
                let run = Self { runs, folder, is_new: false, lock };
                return run.find_out(&earlier, wanted);
            } else {
                let differences = differences(&described(&earlier), &described(&record));
                let asks_for_less = asks_for_less(&earlier, &record);
                return Ok(Opened::Another(AnotherRun {
                    runs,
                    folder,
                    record,
                    is_complete,
                    asks_for_less,
                    differences,
                    lock,
                }));
            }
        } else if existing == Existing::Retried {
            return Err(Failure::usage(format!(
                "--retry-failed: there is no run {}: choose another --name or --out",
                folder.display()
            )));
        }
        Self::begin(runs, folder, &record).map(Opened::Open)
    }

    /// Begins a run, or puts back what was set aside for it.
    pub(super) fn begin(runs: PathBuf, folder: PathBuf, record: &Value) -> Result<Self, Failure> {
        match begin(&runs, &folder, record) {
            Ok(lock) => Ok(Self { runs, folder, is_new: true, lock }),
            Err(failure) => {
                restore_aside(&folder)?;
                Err(failure)
            }
        }
    }

    /// The run that it succeeds, as long as it is not complete.
    ///
    /// # Errors
    /// Its record is unreadable.
    pub(crate) fn predecessor(&self) -> Result<Option<PathBuf>, Failure> {
        let succeeds = read_record(&self.folder)?.get(SUCCEEDS).is_some();
        Ok(succeeds.then(|| aside_of(&self.folder)))
    }

    /// Whether there is something to do.
    fn find_out<R>(self, record: &Value, wanted: &Wanted<R>) -> Result<Opened, Failure> {
        let tables = wanted.tables;
        remove_partial_files(&self.folder);
        let Some(outcome) = record.get("outcome") else { return Ok(Opened::Open(self)) };
        let has_tables = tables.iter().all(|table| self.folder.join(table).is_file());
        let parts = parts_of(&self.folder)?;
        // A shard is of no use without its parts.
        if has_tables && (!tables.is_empty() || wanted.chunks.iter().all(|c| parts.contains_key(c)))
        {
            // The process that completed it may have been killed right then.
            self.announce(record)?;
            return Ok(Opened::Complete { folder: self.folder, outcome: outcome.clone() });
        }
        if parts.is_empty() && !tables.is_empty() {
            return Err(Failure::usage(format!(
                "the run {} is complete, but its parts were removed, of which {} would be made: choose \
                 another --name, or run it again with --force",
                self.folder.display(),
                tables.join(" and ")
            )));
        }
        Ok(Opened::Open(self))
    }

    /// Its folder.
    pub(crate) fn path(&self) -> &Path {
        &self.folder
    }

    /// Keeps a finished chunk.
    pub(crate) fn write_part(&self, chunk: u32, content: &[u8]) -> Result<(), Failure> {
        self.check_place()?;
        write_all(&chunk_path(&self.folder, chunk), &[content])?;
        sync(&self.folder.join(PARTS))
    }

    /// Keeps samples of a chunk, before its part.
    pub(crate) fn write_samples(&self, chunk: u32, cells: &[&[u8]]) -> Result<(), Failure> {
        if cells.iter().all(|samples| samples.is_empty()) {
            return Ok(());
        }
        self.check_place()?;
        write_all(&samples_path(&chunk_path(&self.folder, chunk)), cells)
    }

    /// Keeps a part of another folder of the same plan, with its samples.
    pub(crate) fn copy_part(&self, chunk: u32, from: &Path, content: &[u8]) -> Result<(), Failure> {
        let samples = samples_path(from);
        if samples.exists() {
            copy(&samples, &samples_path(&chunk_path(&self.folder, chunk)))?;
        }
        self.write_part(chunk, content)
    }

    /// Makes sure that the folder is still the one that is locked: people move and remove folders, and others may
    /// have begun anew under the name.
    fn check_place(&self) -> Result<(), Failure> {
        let failed = |source| Failure::Io { action: "write to", path: self.folder.clone(), source };
        if is_locked_at(&self.lock, &self.folder).map_err(failed)? {
            return Ok(());
        }
        let text = "the folder was moved, removed or replaced while the run was at work";
        Err(failed(io::Error::new(io::ErrorKind::NotFound, text)))
    }

    /// Begins one of its tables.
    pub(crate) fn begin_table(&self, file_name: &str) -> Result<PartialFile, Failure> {
        self.check_place()?;
        PartialFile::create(&self.folder.join(file_name))
    }

    /// Says in its record what came of the run, points `latest` to it, and forgets the run that it replaces.
    /// Returns its folder.
    pub(crate) fn complete(self, record: &impl Serialize) -> Result<PathBuf, Failure> {
        let record =
            serde_json::to_value(record).map_err(|error| Failure::encoding(RECORD, error))?;
        self.check_place()?;
        write_record(&self.folder, &record)?;
        sync(&self.folder)?;
        self.announce(&record)?;
        Ok(self.folder)
    }

    /// Points `latest` to a run that is complete and no shard, and forgets the run that it replaces.
    fn announce(&self, record: &Value) -> Result<(), Failure> {
        let failed = |source| Failure::Io { action: "complete", path: self.folder.clone(), source };
        if record.get("shard").is_none() {
            self.point_latest().map_err(failed)?;
            sync(&self.runs)?;
        }
        discard(&self.folder, &aside_of(&self.folder)).map_err(failed)
    }

    /// Removes a run that this process began, whatever it has, and puts the one that it was to replace back into
    /// its place.
    pub(crate) fn abandon(self) {
        if self.is_new && self.check_place().is_ok() && discard(&self.folder, &self.folder).is_ok()
        {
            let _ = restore_aside(&self.folder);
        }
    }

    /// Removes a run that this process began and that has nothing, and puts the one that it was to replace back
    /// into its place.
    pub(crate) fn give_up(self) {
        let is_own = self.is_new && self.check_place().is_ok();
        if is_own && parts_of(&self.folder).is_ok_and(|parts| parts.is_empty()) {
            // What cannot be removed is found, and used, the next time.
            let _ = discard(&self.folder, &self.folder);
            let _ = restore_aside(&self.folder);
        }
    }

    /// Replaces the link `latest` in one step.
    #[cfg(unix)]
    fn point_latest(&self) -> io::Result<()> {
        let link = self.runs.join(format!(".latest.{}.partial", unique()));
        std::os::unix::fs::symlink(self.folder.file_name().unwrap_or_default(), &link)?;
        fs::rename(&link, self.runs.join("latest"))
    }

    /// Links need special rights elsewhere; runs are found by name.
    #[cfg(not(unix))]
    fn point_latest(&self) -> io::Result<()> {
        Ok(())
    }
}

fn write_all(path: &Path, pieces: &[&[u8]]) -> Result<(), Failure> {
    replace_file(path, |file| {
        let written = pieces.iter().try_for_each(|piece| file.write_all(piece));
        written.map_err(|source| Failure::Io { action: "write", path: path.to_owned(), source })
    })
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    let failed = |source| Failure::Io { action: "copy", path: from.to_owned(), source };
    let mut source = File::open(from).map_err(failed)?;
    replace_file(to, |file| io::copy(&mut source, file).map(|_| ()).map_err(failed))
}

/// The record of a folder.
///
/// # Errors
/// There is none, so the folder is not ours; or it is unreadable.
fn read_record(folder: &Path) -> Result<Value, Failure> {
    let path = folder.join(RECORD);
    let none = [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory];
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if none.contains(&error.kind()) => {
            return Err(Failure::usage(format!(
                "{} exists and is no run (it has no run.json): choose another --name",
                folder.display()
            )));
        }
        Err(source) => return Err(Failure::Io { action: "read", path, source }),
    };
    serde_json::from_slice(&text).map_err(|error| {
        Failure::usage(format!(
            "{} is unreadable ({error}): choose another --name, or move the folder away",
            path.display()
        ))
    })
}

/// What tells people how runs differ, each thing once.
fn described(record: &Value) -> Value {
    let mut described = part(record, &DESCRIPTION);
    if let Some(sweep) = described["sweep"].as_object_mut() {
        sweep.retain(|key, _| key != "confidence" && key != "precision");
    }
    described
}

/// Some keys of a record.
fn part(record: &Value, keys: &[&str]) -> Value {
    let value = |key: &&str| record.get(*key).cloned().unwrap_or_default();
    keys.iter().map(|key| ((*key).to_owned(), value(key))).collect()
}

/// Creates a run with its record, all at once. Nobody else has it open.
fn begin(runs: &Path, folder: &Path, record: &Value) -> Result<File, Failure> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let staging = runs.join(format!(".{name}.{}.partial", unique()));
    let unwritable = |error: io::Error| {
        Failure::usage(format!(
            "nothing can be written to {}: {error}; choose another folder with --out",
            runs.display()
        ))
    };
    if fs::symlink_metadata(runs).is_ok() && !runs.is_dir() {
        return Err(unwritable(io::Error::other("it is no folder, or a link that leads nowhere")));
    }
    fs::create_dir_all(runs).and_then(|()| fs::create_dir(&staging)).map_err(unwritable)?;
    let begun = lock(&staging).and_then(|lock| {
        write_record(&staging, record)?;
        sync(&staging)?;
        fs::rename(&staging, folder).map_err(|error| match error.kind() {
            io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists => busy(folder),
            _ => unwritable(error),
        })?;
        sync(runs)?;
        Ok(lock)
    });
    if begun.is_err() {
        // The first error is the one to report.
        let _ = fs::remove_dir_all(&staging);
    }
    begun
}

/// Part of the name of what lies beside its place for a moment. Numbers of processes alone are the same in many
/// containers.
fn unique() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{}-{}", std::process::id(), now.as_nanos())
}

fn write_record(folder: &Path, record: &impl Serialize) -> Result<(), Failure> {
    replace_file(&folder.join(RECORD), |file| {
        serde_json::to_writer_pretty(file, record).map_err(|error| Failure::encoding(RECORD, error))
    })
}

/// What a process that was killed left half-written.
fn remove_partial_files(folder: &Path) {
    for place in [folder.to_owned(), folder.join(PARTS)] {
        for entry in fs::read_dir(place).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') && name.ends_with(".partial") {
                // One that stays does no harm.
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// Makes renames in a folder durable.
#[cfg(unix)]
fn sync(folder: &Path) -> Result<(), Failure> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|source| Failure::Io {
        action: "write to",
        path: folder.to_owned(),
        source,
    })
}

/// Folders cannot be opened elsewhere.
#[cfg(not(unix))]
fn sync(_: &Path) -> Result<(), Failure> {
    Ok(())
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
