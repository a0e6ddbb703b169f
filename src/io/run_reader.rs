//! Finished runs, found by name or path and read back.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use sweep_engine::plan::Axis;
use sweep_engine::random::Seeding;
use sweep_engine::spec::{Key, Kind, Mode, Observe, ScenarioSpec, Value, Warmup};
use sweep_engine::warmup::Finding;
use thiserror::Error;

use super::run_record::{RunRecord, read_record};
use super::run_table::RunTable;
use super::sweep_file::TableFormat;
use crate::provenance::FORMAT_VERSION;
use crate::suggestion::nearest_or_all;

/// Why a run cannot be used.
#[derive(Debug, Error)]
pub(crate) enum RunError {
    #[error("no run `{name}` in {}: {hint}", runs.display())]
    NoSuchRun { name: String, runs: PathBuf, hint: String },
    #[error("{} is no finished run (it has no {missing}): name a run, or run its sweep to its end", folder.display())]
    Incomplete { folder: PathBuf, missing: String },
    #[error("failed to read {}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("bad run record {}: {problem}; run its sweep again with --force", path.display())]
    BadRecord { path: PathBuf, problem: String },
    #[error(
        "{} has format version {format_version}, this program reads {FORMAT_VERSION}: use the version of \
         sweep that wrote it",
        path.display()
    )]
    OtherLayout { path: PathBuf, format_version: u32 },
    #[error("bad run record {}: {problem}; use the version of sweep that wrote it", path.display())]
    BadSweep { path: PathBuf, problem: String },
    #[error("bad table {}: {problem}; run its sweep again with --force", path.display())]
    BadTable { path: PathBuf, problem: String },
    #[error(
        "the table {} has no column `{column}`: run its sweep again with this version of sweep and --force",
        path.display()
    )]
    MissingColumn { path: PathBuf, column: String },
    #[error("bad samples {}: {problem}; write them with sweep simulate --dump-ttft", path.display())]
    BadSamples { path: PathBuf, problem: String },
}

/// A run that lies complete in its folder.
#[derive(Debug)]
pub(crate) struct FinishedRun {
    /// Name of its folder, also if it was asked for as `latest`.
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    /// Axes in declared order.
    pub(crate) axes: Vec<Axis>,
    /// Axes that advance together, as indices; only groups of several.
    pub(crate) zip: Vec<Vec<usize>>,
    pub(crate) seeding: Seeding,
    /// Master seed, unless an axis sets it.
    pub(crate) seed: u64,
    pub(crate) stream_version: u32,
    pub(crate) draw_fingerprint: String,
    pub(crate) format: TableFormat,
    /// Confidence level of the intervals in its tables.
    pub(crate) level: f64,
    num_cells: u64,
    num_jobs: u64,
    /// Which requests its results describe, unless an axis sets it.
    pub(crate) observe: Observe,
    /// The question that it answers.
    pub(crate) why: Option<String>,
    /// What to mind about its traces.
    pub(crate) warnings: Vec<String>,
    /// Cells of which no warm-up was found.
    pub(crate) lost_warmups: usize,
    /// Cells of which the warm-up was found, not stated.
    pub(super) auto_warmups: BTreeSet<u32>,
}

/// Cells of a run with some of their results.
#[derive(Debug)]
pub(crate) struct RunResults {
    /// In the order of their numbers.
    pub(crate) cells: Vec<RunCell>,
    /// The results that were asked for, in that order; each has a value or null per row of `jobs`.
    pub(crate) columns: Vec<Vec<Option<f64>>>,
}

/// One cell of a run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RunCell {
    /// Per axis the index of its value; `None` where the axis means nothing in this cell.
    pub(crate) factors: Vec<Option<u32>>,
    pub(crate) is_saturated: bool,
    /// Its jobs, by rising replication.
    pub(crate) jobs: Vec<JobPlace>,
}

/// Where a replication stands in `jobs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct JobPlace {
    pub(crate) replication: u32,
    pub(crate) row: usize,
}

impl FinishedRun {
    /// Opens a run by its name in the folder `runs` (also `latest`), or by the path of its folder.
    ///
    /// # Errors
    /// No such run, or one that is incomplete or of another layout.
    pub(crate) fn open(name: &str, runs: &Path) -> Result<Self, RunError> {
        let folder = find(name, runs)?;
        let path = folder.join("run.json");
        let record = read_record(&path)?;
        let axes = axes_of(&path, &record)?;
        let zip = zip_of(&path, &record, &axes)?;
        let warmups = &record.warmup.cells;
        let lost = warmups.iter().filter(|cell| cell.finding == Finding::NotFound).count();
        let run = Self {
            name: name_of(&folder),
            axes,
            zip,
            seeding: record.sweep.seeding,
            why: record.sweep.why,
            observe: record.resolved_base.observe,
            warnings: record.warnings,
            lost_warmups: lost,
            seed: record.resolved_base.random_seed,
            stream_version: record.stream_version,
            draw_fingerprint: record.draw_fingerprint,
            format: record.tables,
            level: record.confidence,
            num_cells: record.cells,
            num_jobs: record.jobs,
            auto_warmups: record.warmup.cells.iter().map(|cell| cell.cell).collect(),
            folder,
        };
        let table = run.table("jobs");
        if !table.is_file() {
            let missing = name_of(&table);
            return Err(RunError::Incomplete { folder: run.folder, missing });
        }
        Ok(run)
    }

    /// Some columns of `jobs`, by name.
    ///
    /// # Errors
    /// A table that is unreadable or cut short, a column that is missing or of another type.
    pub(crate) fn jobs(&self, wanted: &[(&str, Kind)]) -> Result<RunTable, RunError> {
        self.read("jobs", wanted)
    }

    /// Some columns of a table (`jobs` or `cells`), by name.
    ///
    /// # Errors
    /// Those of [`Self::jobs`].
    pub(crate) fn read(&self, name: &str, wanted: &[(&str, Kind)]) -> Result<RunTable, RunError> {
        let table = RunTable::read(self.table(name), self.format, wanted)?;
        let rows = if name == "jobs" { self.num_jobs } else { self.num_cells };
        if table.height() as u64 != rows {
            let problem = format!("it has {} rows, the run has {rows} {name}", table.height());
            return Err(RunError::BadTable { path: table.path().to_owned(), problem });
        }
        Ok(table)
    }

    /// Cells, with factors as indices into the values of `axes`, and the named results.
    ///
    /// The axes are those of this run, or of another with the same keys and values.
    ///
    /// # Errors
    /// Those of [`Self::jobs`], and a factor that is no value of its axis.
    pub(crate) fn results(&self, axes: &[Axis], metrics: &[&str]) -> Result<RunResults, RunError> {
        let table =
            self.jobs(&metrics.iter().map(|name| (*name, Kind::Number)).collect::<Vec<_>>())?;
        let columns = metrics.iter().map(|name| table.numbers(name)).collect::<Result<_, _>>()?;
        Ok(RunResults { cells: self.cells(axes)?, columns })
    }

    fn cells(&self, axes: &[Axis]) -> Result<Vec<RunCell>, RunError> {
        let mode = Kind::Word(&[]);
        let mut wanted = vec![
            ("cell", Kind::Count),
            ("replication", Kind::Count),
            ("saturated", Kind::Flag),
            ("mode", mode),
        ];
        for axis in axes {
            // Two axes may share a column: one for each cluster.
            if !wanted.iter().any(|(name, _)| *name == axis.key.column) {
                wanted.push((axis.key.column, axis.key.kind));
            }
        }
        let table = self.jobs(&wanted)?;
        let mut places: BTreeMap<u32, Vec<JobPlace>> = BTreeMap::new();
        let numbers = table.counts("cell")?;
        let jobs = numbers.iter().zip(table.counts("replication")?);
        for (row, (&cell, replication)) in jobs.enumerate() {
            places.entry(cell).or_default().push(JobPlace { replication, row });
        }
        let modes = table.values("mode", mode)?;
        let autos: Vec<bool> =
            numbers.iter().map(|cell| self.auto_warmups.contains(cell)).collect();
        let saturated = table.values("saturated", Kind::Flag)?;
        let factors = axes
            .iter()
            .map(|axis| factor_column(&table, axis, &modes, &autos))
            .collect::<Result<Vec<_>, _>>()?;
        let cells = places.into_values().map(|mut jobs| {
            jobs.sort_unstable();
            let row = jobs[0].row;
            RunCell {
                factors: factors.iter().map(|column| column[row]).collect(),
                is_saturated: saturated[row] == Some(Value::Flag(true)),
                jobs,
            }
        });
        Ok(cells.collect())
    }

    /// The file of one of its tables.
    pub(super) fn table(&self, name: &str) -> PathBuf {
        self.folder.join(self.format.file_name(name))
    }
}

/// Per row the index of the axis' value; `None` where the axis means nothing.
pub(super) fn factor_column(
    table: &RunTable,
    axis: &Axis,
    modes: &[Option<Value>],
    autos: &[bool],
) -> Result<Vec<Option<u32>>, RunError> {
    let indices: BTreeMap<String, u32> =
        axis.values.iter().map(ToString::to_string).zip(0..).collect();
    let mut values = table.values(axis.key.column, axis.key.kind)?;
    if axis.key.path == "warmup_seconds" {
        for (value, _) in values.iter_mut().zip(autos).filter(|(_, is_auto)| **is_auto) {
            *value = Some(Value::Word(Warmup::AUTO.to_owned()));
        }
    }
    let index = |(value, mode): (Option<Value>, &Option<Value>)| {
        let Some(value) = value.filter(|_| applies(axis.key, mode.as_ref())) else {
            return Ok(None);
        };
        indices.get(&value.to_string()).copied().map(Some).ok_or_else(|| RunError::BadTable {
            path: table.path().to_owned(),
            problem: format!("`{value}` of {} is no value of that axis", axis.key.column),
        })
    };
    values.into_iter().zip(modes).map(index).collect()
}

/// Whether a key whose column has a value means something in a mode: the column of a speed also
/// shows the other cluster's.
fn applies(key: &Key, mode: Option<&Value>) -> bool {
    let mode = match mode {
        Some(Value::Word(word)) if word == "mono" => Mode::Mono,
        _ => Mode::Disagg,
    };
    key.column == key.path
        || (key.applies)(&ScenarioSpec { mode: Some(mode), ..ScenarioSpec::default() })
}

pub(super) fn find(name: &str, runs: &Path) -> Result<PathBuf, RunError> {
    let candidates = [runs.join(name), PathBuf::from(name)];
    if let Some(folder) = candidates.iter().find(|folder| folder.join("run.json").is_file()) {
        return Ok(folder.clone());
    }
    if let Some(folder) = candidates.into_iter().find(|folder| !name.is_empty() && folder.is_dir())
    {
        return Err(RunError::Incomplete { folder, missing: "run.json".to_owned() });
    }
    let known = names_in(runs);
    let hint = if known.is_empty() {
        "there is none yet; --out names another folder of runs".to_owned()
    } else {
        nearest_or_all(name, known.iter().map(String::as_str))
    };
    Err(RunError::NoSuchRun { name: name.to_owned(), runs: runs.to_owned(), hint })
}

/// Names of the runs in a folder, sorted.
fn names_in(runs: &Path) -> Vec<String> {
    let entries = fs::read_dir(runs).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().join("run.json").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    names
}

/// Name of what a path leads to, past links.
fn name_of(path: &Path) -> String {
    let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    real.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn axes_of(path: &Path, record: &RunRecord) -> Result<Vec<Axis>, RunError> {
    let axes = record.sweep.axes.iter().map(|axis| {
        let key = find_key(path, &axis.name)?;
        let values = axis.values.parse(key.kind).map_err(|error| RunError::BadSweep {
            path: path.to_owned(),
            problem: format!("axis `{}`: {error}", axis.name),
        })?;
        Ok(Axis { key, values })
    });
    axes.collect()
}

fn zip_of(path: &Path, record: &RunRecord, axes: &[Axis]) -> Result<Vec<Vec<usize>>, RunError> {
    let group = |names: &Vec<String>| -> Result<Vec<usize>, RunError> {
        let mut members = Vec::with_capacity(names.len());
        for name in names {
            let key = find_key(path, name)?;
            members.extend(axes.iter().position(|axis| axis.key.path == key.path));
        }
        Ok(members)
    };
    record.sweep.zip.iter().map(group).collect()
}

fn find_key(path: &Path, name: &str) -> Result<&'static Key, RunError> {
    Key::find(name).ok_or_else(|| RunError::BadSweep {
        path: path.to_owned(),
        problem: format!("the axis `{name}` is unknown to this version"),
    })
}
