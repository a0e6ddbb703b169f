//! A finished chunk as one table: what is kept of it on disk.
//!
//! Its rows of `jobs`, its rows of `cells` (a Parquet file in the first row of a column), and what no table says: per
//! cell (in the first rows of others). All in final form: tables of a run are its parts, one after the
//! other, whoever wrote them.

use std::fs;
use std::io::{self, Cursor, Write};
use std::path::Path;

use polars::io::parquet::write::KeyValueMetadata;
use polars::prelude::{
    AnyValue, Column as Series, DataFrame, ParquetCompression, ParquetReader, ParquetWriter,
    PolarsError, SerReader,
};
use serde::de::value::{Error as ValueError, MapDeserializer};
use serde::de::{Error as _, IntoDeserializer, Visitor};
use serde::{Deserialize, Deserializer, Serialize, forward_to_deserialize_any};
use sweep_engine::model::Summary;
use sweep_engine::plan::{Cell, Plan, WarmupOrigin};
use sweep_engine::warmup::DeletionPoint;

use crate::aggregate::predictions;
use crate::decoding;
use crate::failure::Failure;
use crate::frame::{binary_series, cells_frame, jobs_frame, optional_field_series};
use crate::kept_samples::{Place, places};
use crate::parquet_pages::check_pages;
use crate::provenance::{PartLabel, label_of};
use crate::replication::{DoneCell, Results};
use crate::schema::{CellRow, METRICS, UNLISTED};
use crate::seal;

/// The column of the rows of `cells`.
const CELLS: &str = "cells";

/// What became of a file that is not as it was written.
const ALTERED: &str = "its bytes were altered";

/// The key of its checksum in the metadata.
const CHECKSUM: &str = "sweep.part.checksum";

/// The column of [`CellRecord`]s.
const RECORD: &str = "cell_record";

/// What a later look at the run needs to know of a cell that is done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct CellRecord {
    /// What it is, in whatever sweep.
    pub(crate) identity: String,
    pub(crate) row: CellRow,
    /// Level of the intervals in its rows.
    pub(crate) confidence: f64,
    /// What it showed with fewer replications, or shorter ones.
    pub(crate) looks: Vec<Look>,
    /// How many times longer than stated its runs became.
    pub(crate) stretch: u32,
    /// Where its samples are, unless they were too much to keep.
    pub(crate) samples: Option<Place>,
    /// Where `warmup_seconds: auto` put the start of its window.
    warmup: Option<DeletionPoint>,
}

impl CellRecord {
    fn of(plan: &Plan, done: &DoneCell, samples: Option<Place>) -> Self {
        let DoneCell { row, looks, .. } = done;
        let cell = &plan.cells[row.cell as usize];
        let Cell { scenario, warmup, stretch, .. } = cell;
        let warmup_seconds = scenario.warmup_seconds;
        let warmup = match *warmup {
            WarmupOrigin::Frozen(finding) => Some(DeletionPoint { warmup_seconds, finding }),
            WarmupOrigin::Stated | WarmupOrigin::Open => None,
        };
        let identity = plan.cell_identity(cell);
        Self {
            identity,
            row: row.clone(),
            confidence: plan.confidence,
            looks: looks.clone(),
            stretch: *stretch,
            samples,
            warmup,
        }
    }

    /// Makes a cell what it was when it was done.
    pub(crate) fn restore(&self, cell: &mut Cell) {
        self.restore_warmup(cell);
        while cell.stretch < self.stretch {
            cell.lengthen();
        }
    }

    /// Starts the window of a cell where it was found that it should.
    pub(crate) fn restore_warmup(&self, cell: &mut Cell) {
        if let Some(point) = self.warmup {
            cell.freeze_warmup(point);
        }
    }
}

/// What was known of a cell when it was not done yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Look {
    /// How many times longer than stated its runs were.
    pub(crate) stretch: u32,
    pub(crate) row: CellRow,
}

/// The rows of a chunk.
#[derive(Clone, Debug)]
pub(crate) struct Part(DataFrame);

impl Part {
    /// Of the results of a chunk of a plan.
    pub(crate) fn new(plan: &Plan, results: &Results) -> Result<Self, PolarsError> {
        let jobs = jobs_frame(plan, &results.jobs().collect::<Vec<_>>())?;
        let of_cells: Vec<&Cell> =
            results.cells.iter().map(|done| &plan.cells[done.row.cell as usize]).collect();
        let rows: Vec<CellRow> = results.cells.iter().map(|done| done.row.clone()).collect();
        let mut cells = cells_frame(plan, &rows, &predictions(&of_cells))?;
        let mut encoded = Vec::new();
        write_fast(&mut cells, Vec::new(), &mut encoded)?;
        let places = places(results.cells.iter().map(|done| done.samples.as_slice()));
        let records = results.cells.iter().zip(places).map(|(done, samples)| {
            let record = postcard::to_stdvec(&CellRecord::of(plan, done, samples));
            record.map(Some).map_err(|error| unusable(&error))
        });
        let records = binary_series(RECORD, records.collect::<Result<_, _>>()?);
        let height = jobs.height();
        let mut columns = jobs.into_columns();
        columns.push(padded(&binary_series(CELLS, vec![Some(encoded)]), height)?);
        columns.push(padded(&records, height)?);
        columns.extend(UNLISTED.iter().map(|column| {
            let summaries = results.jobs().map(|row| row.result.outcome.as_ref().ok());
            optional_field_series(column, summaries)
        }));
        DataFrame::new(height, columns).map(Self)
    }

    /// Reads the tables of a part.
    ///
    /// # Errors
    /// The file is unreadable or damaged.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let all = decoded(&intact(path)?, None);
        Ok(Self(all.map_err(|error| broken(path, &error))?).for_tables())
    }

    /// What tables are made of, which takes less memory.
    pub(crate) fn for_tables(self) -> Self {
        Self(self.0.drop_many(UNLISTED.iter().map(|column| column.name)))
    }

    /// The bytes of its file.
    pub(crate) fn encoded(
        &self,
        mut metadata: Vec<(String, String)>,
    ) -> Result<Vec<u8>, PolarsError> {
        metadata.push((CHECKSUM.to_owned(), seal::PLACE.to_owned()));
        let mut file = Vec::new();
        write_fast(&mut self.0.clone(), metadata, &mut file)?;
        seal::seal(&mut file);
        Ok(file)
    }

    /// Whether it has the same rows as another one.
    pub(crate) fn has_rows_of(&self, other: &Self) -> Result<bool, PolarsError> {
        Ok(self.jobs()?.equals_missing(&other.jobs()?)
            && self.cells()?.equals_missing(&other.cells()?))
    }

    /// The rows of `jobs`.
    pub(crate) fn jobs(&self) -> Result<DataFrame, PolarsError> {
        let is_unlisted = |name: &str| UNLISTED.iter().any(|column| column.name == name);
        let is_job = |name: &str| ![CELLS, RECORD].contains(&name) && !is_unlisted(name);
        let columns = self.0.columns().iter().filter(|column| is_job(column.name()));
        DataFrame::new(self.0.height(), columns.cloned().collect())
    }

    /// The rows of `cells`.
    pub(crate) fn cells(&self) -> Result<DataFrame, PolarsError> {
        let encoded = self.0.column(CELLS)?.binary()?.get(0).unwrap_or_default();
        decoded(encoded, None)
    }
}

/// As Parquet that takes little time to write; it is read once or twice.
fn write_fast(
    table: &mut DataFrame,
    metadata: Vec<(String, String)>,
    file: impl Write,
) -> Result<(), PolarsError> {
    ParquetWriter::new(file)
        .with_compression(ParquetCompression::Lz4Raw)
        .with_key_value_metadata(Some(KeyValueMetadata::from_static(metadata)))
        .finish(table)
        .map(|_| ())
}

/// What is known of the cells of a part, in order.
///
/// # Errors
/// The file is unreadable or damaged.
pub(crate) fn read_cell_records(path: &Path) -> Result<Vec<CellRecord>, Failure> {
    let columns = Some(vec![RECORD.to_owned()]);
    let frame = decoded(&intact(path)?, columns).map_err(|error| broken(path, &error))?;
    let record =
        |bytes: &[u8]| postcard::from_bytes(bytes).map_err(|error| broken(path, &unusable(&error)));
    let records = frame.column(RECORD).and_then(|column| column.binary());
    records.map_err(|error| broken(path, &error))?.iter().flatten().map(record).collect()
}

/// What the jobs of a part showed, in order: nothing for one that failed.
///
/// # Errors
/// The file is unreadable or damaged.
pub(crate) fn read_summaries(path: &Path) -> Result<Vec<Option<Summary>>, Failure> {
    let metrics = METRICS.iter().map(|metric| metric.name);
    let names: Vec<&str> = metrics.chain(UNLISTED.iter().map(|column| column.name)).collect();
    let columns = Some(names.iter().map(|name| (*name).to_owned()).collect());
    let frame = decoded(&intact(path)?, columns).and_then(|frame| summaries(&frame, &names));
    frame.map_err(|error| broken(path, &error))
}

fn summaries(part: &DataFrame, names: &[&str]) -> Result<Vec<Option<Summary>>, PolarsError> {
    let columns = names.iter().map(|name| Ok((*name, part.column(name)?)));
    let columns: Vec<(&str, &Series)> = columns.collect::<Result<_, PolarsError>>()?;
    let has_failed = part.column(UNLISTED[0].name)?.is_null();
    let summary = |(row, has_failed): (usize, Option<bool>)| {
        if has_failed == Some(true) {
            return Ok(None);
        }
        let fields = columns.iter().map(|(name, column)| Ok((*name, Entry(column.get(row)?))));
        let fields: Vec<(&str, Entry)> = fields.collect::<Result<_, PolarsError>>()?;
        // Its fields are called like the columns.
        let summary = Summary::deserialize(MapDeserializer::new(fields.into_iter()));
        summary.map(Some).map_err(|error: ValueError| unusable(&error))
    };
    has_failed.iter().enumerate().map(summary).collect()
}

/// A value of a table, for serde.
struct Entry<'a>(AnyValue<'a>);

impl IntoDeserializer<'_, ValueError> for Entry<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Entry<'_> {
    type Error = ValueError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.0 {
            AnyValue::UInt64(number) => visitor.visit_u64(number),
            AnyValue::Float64(number) => visitor.visit_f64(number),
            AnyValue::Boolean(flag) => visitor.visit_bool(flag),
            other => Err(ValueError::custom(format!("unexpected {other}"))),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.0 {
            AnyValue::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// What a part is of.
///
/// # Errors
/// It is unreadable, or no part.
pub(crate) fn read_label(path: &Path) -> Result<PartLabel, Failure> {
    label_of(&read_metadata(path)?).ok_or_else(|| Failure::Part {
        path: path.to_owned(),
        problem: "it is no part of a run: move it elsewhere".to_owned(),
    })
}

/// The metadata of a part. The file is read whole: one altered byte in its footer can make the decoder ask for more
/// memory than there is, which ends the process.
///
/// # Errors
/// The file is unreadable or damaged.
pub(crate) fn read_metadata(path: &Path) -> Result<Vec<(String, String)>, Failure> {
    let bytes = intact(path)?;
    let metadata = unpanicked(|| {
        let mut reader = ParquetReader::new(Cursor::new(bytes.as_slice()));
        let pairs = reader.get_metadata()?.key_value_metadata.iter().flatten();
        Ok(pairs.filter_map(|pair| Some((pair.key.clone(), pair.value.clone()?))).collect())
    });
    metadata.map_err(|error| broken(path, &error))
}

/// The bytes of a part, as they were written.
///
/// # Errors
/// They are unreadable, or others.
pub(crate) fn intact(path: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = fs::read(path).map_err(|source| unreadable(path, source))?;
    if seal::is_intact(&bytes) { Ok(bytes) } else { Err(broken(path, &unusable(&ALTERED))) }
}

/// Some columns of a table, or all.
fn decoded(bytes: &[u8], columns: Option<Vec<String>>) -> Result<DataFrame, PolarsError> {
    unpanicked(|| {
        // A checksum is no secret: whoever alters a part may make it right again.
        check_pages(bytes.to_vec(), None)?;
        ParquetReader::new(Cursor::new(bytes)).with_columns(columns).finish()
    })
}

fn unreadable(path: &Path, source: io::Error) -> Failure {
    Failure::Io { action: "read", path: path.to_owned(), source }
}

/// The decoder may well panic where bytes were altered.
fn unpanicked<T>(read: impl FnOnce() -> Result<T, PolarsError>) -> Result<T, PolarsError> {
    decoding::unpanicked(read).unwrap_or_else(|| Err(unusable(&ALTERED)))
}

/// A part whose bytes are not what they were, unless it is the disk that cannot read them.
pub(crate) fn broken(path: &Path, error: &PolarsError) -> Failure {
    if let PolarsError::IO { error, .. } = error
        && let Some(code) = error.raw_os_error()
    {
        return unreadable(path, io::Error::from_raw_os_error(code));
    }
    // Further lines are advice to programmers.
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    let problem =
        format!("the part is damaged ({first}): remove it, and its chunk is computed again");
    Failure::Part { path: path.to_owned(), problem }
}

fn unusable(error: &impl ToString) -> PolarsError {
    PolarsError::ComputeError(error.to_string().into())
}

/// With nulls up to a height.
fn padded(column: &Series, height: usize) -> Result<Series, PolarsError> {
    let missing = height.saturating_sub(column.len());
    column.extend_constant(AnyValue::Null, missing)
}
