//! Tables of a run from its parts: one after the other, whoever wrote them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use polars::prelude::PolarsError;

use crate::failure::Failure;
use crate::frame::TableWriter;
use crate::io::TableFormat;
use crate::part::{Part, broken, read_label, read_metadata};
use crate::provenance::{PartLabel, PartOrigin, table_metadata};
use crate::signals::Interrupt;
use crate::store::{PartialFile, RunFolder};

/// The names of the tables.
const TABLES: [&str; 2] = ["jobs", "cells"];

/// The files of both tables.
pub(super) fn table_names(format: TableFormat) -> Vec<String> {
    TABLES.iter().map(|table| format.file_name(table)).collect()
}

/// An error if a job failed. A shard has no tables, and no format.
pub(super) fn check_jobs(
    failed: u64,
    jobs: u64,
    folder: &Path,
    format: Option<TableFormat>,
) -> Result<(), Failure> {
    if failed == 0 {
        return Ok(());
    }
    let table = match format {
        Some(format) => folder.join(format.file_name("jobs")).display().to_string(),
        None => "the merged run".to_owned(),
    };
    Err(Failure::Jobs { failed, jobs, table })
}

/// What parts of a run are of, by the metadata of their files.
///
/// # Errors
/// One is unreadable or belongs to another run. None is trusted, or done again, in silence.
pub(super) fn read_labels(
    parts: &BTreeMap<u32, PathBuf>,
    origin: &PartOrigin,
) -> Result<BTreeMap<u32, PartLabel>, Failure> {
    let label = |(&chunk, path): (&u32, &PathBuf)| {
        let label = read_label(path)?;
        if label.origin == *origin && label.chunk == chunk {
            Ok((chunk, label))
        } else {
            let problem = "it belongs to another run: move it elsewhere, and what it should have \
                           been is computed again";
            Err(Failure::Part { path: path.clone(), problem: problem.to_owned() })
        }
    };
    parts.iter().map(label).collect()
}

/// Writes both tables into the folder of a run; they appear when both are whole. Parts that are in memory are
/// not read again.
///
/// # Errors
/// A part is unreadable, the disk is full, or a signal came.
pub(super) fn write_tables(
    run: &RunFolder,
    parts: &BTreeMap<u32, PathBuf>,
    chunks: u32,
    mut in_memory: BTreeMap<u32, Part>,
    format: TableFormat,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    if !parts.keys().copied().eq(0..chunks) {
        return Err(Failure::Part {
            path: run.path().to_owned(),
            problem: format!(
                "{} of {chunks} parts are there: some were removed; run it again",
                parts.len()
            ),
        });
    }
    let names = table_names(format);
    let mut files =
        names.iter().map(|name| run.begin_table(name)).collect::<Result<Vec<_>, Failure>>()?;
    let written = fill_tables(run, parts, &mut in_memory, &mut files, format, interrupt);
    // An encoder does not always tell why its file could not be written.
    written
        .map_err(|failure| files.iter_mut().fold(failure, |failure, file| file.explain(failure)))?;
    files.iter_mut().try_for_each(PartialFile::sync)?;
    files.into_iter().try_for_each(PartialFile::commit)
}

/// Pushes the rows of all parts through to the files of both tables.
fn fill_tables(
    run: &RunFolder,
    parts: &BTreeMap<u32, PathBuf>,
    in_memory: &mut BTreeMap<u32, Part>,
    files: &mut [PartialFile],
    format: TableFormat,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    let metadata = match parts.values().next() {
        Some(path) => read_metadata(path)?,
        None => Vec::new(),
    };
    let mut writers: Vec<TableWriter<_>> = files
        .iter_mut()
        .zip(TABLES)
        .map(|(file, table)| match format {
            TableFormat::Parquet => {
                TableWriter::parquet(table_metadata(&metadata, table), file.writer())
            }
            TableFormat::Csv => TableWriter::csv(file.writer()),
        })
        .collect();
    let unwritten = |error: PolarsError| {
        Failure::encoding(format!("the tables in {}", run.path().display()), error)
    };
    for (chunk, path) in parts {
        interrupt.check()?;
        let part = in_memory.remove(chunk).map_or_else(|| Part::read(path), Ok)?;
        let tables = [part.jobs(), part.cells()];
        for (writer, rows) in writers.iter_mut().zip(tables) {
            writer.push(rows.map_err(|error| broken(path, &error))?).map_err(unwritten)?;
        }
    }
    writers.into_iter().try_for_each(|writer| writer.finish().map_err(unwritten))
}
