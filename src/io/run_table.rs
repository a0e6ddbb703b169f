//! Tables of a finished run, read back by the names of their columns.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::prelude::{
    ArrowField, Column, CsvReadOptions, DataFrame, DataType, ParquetReader, PlSmallStr,
    PolarsError, Schema, SerReader,
};
use sweep_engine::spec::{Kind, Value};

use super::run_reader::RunError;
use super::sweep_file::TableFormat;
use crate::decoding::unpanicked;
use crate::parquet_pages::check_pages;

/// Some columns of a table, typed; rows stand as in the file.
#[derive(Debug)]
pub(crate) struct RunTable {
    path: PathBuf,
    frame: DataFrame,
}

impl RunTable {
    /// Reads the wanted columns, each of the type that its kind has in tables.
    ///
    /// # Errors
    /// Unreadable or cut short, a column that is missing or of another type.
    pub(super) fn read(
        path: PathBuf,
        format: TableFormat,
        wanted: &[(&str, Kind)],
    ) -> Result<Self, RunError> {
        let file = open(&path)?;
        let frame = decoded(&path, || match format {
            TableFormat::Parquet => read_parquet(&path, file, wanted),
            TableFormat::Csv => read_csv(&path, file, wanted),
        })?;
        for (name, kind) in wanted {
            let found = frame.column(name).map(Column::dtype).map_err(|e| bad_table(&path, e))?;
            if *found != dtype(*kind) {
                let problem = format!("the column `{name}` is {found}, not {}", dtype(*kind));
                return Err(RunError::BadTable { path, problem });
            }
        }
        Ok(Self { path, frame })
    }

    pub(crate) fn height(&self) -> usize {
        self.frame.height()
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A column of floating-point numbers that was wanted; null is `None`.
    pub(crate) fn numbers(&self, name: &str) -> Result<Vec<Option<f64>>, RunError> {
        self.typed(name, |column| Ok(column.f64()?.iter().collect()))
    }

    /// A column of counts that was wanted and has no null.
    pub(crate) fn counts(&self, name: &str) -> Result<Vec<u32>, RunError> {
        let counts: Vec<Option<u32>> =
            self.typed(name, |column| Ok(column.u32()?.iter().collect()))?;
        let complete: Option<Vec<u32>> = counts.into_iter().collect();
        complete.ok_or_else(|| RunError::BadTable {
            path: self.path.clone(),
            problem: format!("the column `{name}` has a row without a value"),
        })
    }

    /// A column of values of a key or flag that was wanted.
    pub(crate) fn values(&self, name: &str, kind: Kind) -> Result<Vec<Option<Value>>, RunError> {
        self.typed(name, |column| {
            Ok(match kind {
                // A word is shown as the number that it came to.
                Kind::Number | Kind::NumberOr(_) => {
                    column.f64()?.iter().map(|v| v.map(Value::Number)).collect()
                }
                Kind::Count => column.u32()?.iter().map(|v| v.map(Value::Count)).collect(),
                Kind::Seed => column.u64()?.iter().map(|v| v.map(Value::Seed)).collect(),
                Kind::Flag => column.bool()?.iter().map(|v| v.map(Value::Flag)).collect(),
                Kind::Word(_) | Kind::Path => {
                    let words = column.str()?.iter();
                    words.map(|word| word.map(|word| Value::Word(word.to_owned()))).collect()
                }
            })
        })
    }

    fn typed<T>(
        &self,
        name: &str,
        collect: impl Fn(&Column) -> Result<Vec<T>, PolarsError>,
    ) -> Result<Vec<T>, RunError> {
        let column = self.frame.column(name);
        column.and_then(collect).map_err(|error| bad_table(&self.path, error))
    }
}

fn read_parquet(path: &Path, file: File, wanted: &[(&str, Kind)]) -> Result<DataFrame, RunError> {
    let mut reader = ParquetReader::new(file);
    let schema = reader.schema().map_err(|error| bad_table(path, error))?;
    let known: Vec<&str> = schema.iter_names().map(PlSmallStr::as_str).collect();
    check_columns(path, &known, wanted)?;
    let unreadable = |source| RunError::Unreadable { path: path.to_owned(), source };
    let columns: Vec<&str> = wanted.iter().map(|(name, _)| *name).collect();
    let bytes = fs::read(path).map_err(unreadable)?;
    check_pages(bytes, Some(&columns)).map_err(|error| bad_table(path, error))?;
    let names = wanted.iter().map(|(name, _)| (*name).to_owned()).collect();
    reader.with_columns(Some(names)).finish().map_err(|error| bad_table(path, error))
}

/// Names and types of the columns of a Parquet file.
pub(super) fn parquet_columns(path: &Path) -> Result<Vec<(String, DataType)>, RunError> {
    let file = open(path)?;
    let schema = decoded(path, || {
        let schema = ParquetReader::new(file).schema().map_err(|error| bad_table(path, error))?;
        let dtype = |field: &ArrowField| DataType::from_arrow_field(field);
        Ok(schema.iter_values().map(|field| (field.name.to_string(), dtype(field))).collect())
    })?;
    Ok(schema)
}

/// Names of the columns of a CSV file.
pub(super) fn csv_columns(path: &Path) -> Result<Vec<String>, RunError> {
    let header = csv::Reader::from_path(path).and_then(|mut reader| reader.headers().cloned());
    let header = header.map_err(|error| bad_table(path, error))?;
    Ok(header.iter().map(ToOwned::to_owned).collect())
}

fn open(path: &Path) -> Result<File, RunError> {
    File::open(path).map_err(|source| RunError::Unreadable { path: path.to_owned(), source })
}

/// What a decoder makes of a file: it panics on some whose bytes were altered.
fn decoded<T>(path: &Path, decode: impl FnOnce() -> Result<T, RunError>) -> Result<T, RunError> {
    unpanicked(decode).unwrap_or_else(|| Err(bad_table(path, "its bytes were altered")))
}

fn read_csv(path: &Path, mut file: File, wanted: &[(&str, Kind)]) -> Result<DataFrame, RunError> {
    let unreadable = |source| RunError::Unreadable { path: path.to_owned(), source };
    let header = csv_columns(path)?;
    check_columns(path, &header.iter().map(String::as_str).collect::<Vec<_>>(), wanted)?;
    // A line that is cut short would otherwise pass for one that ends in nulls.
    let mut last = [0];
    file.seek(SeekFrom::End(-1)).and_then(|_| file.read_exact(&mut last)).map_err(unreadable)?;
    if last != *b"\n" {
        let problem = "its last line is cut short".to_owned();
        return Err(RunError::BadTable { path: path.to_owned(), problem });
    }
    file.rewind().map_err(unreadable)?;
    let schema: Schema = wanted.iter().map(|(name, kind)| ((*name).into(), dtype(*kind))).collect();
    let names = wanted.iter().map(|(name, _)| (*name).into()).collect();
    let options = CsvReadOptions::default()
        .with_has_header(true)
        .with_columns(Some(names))
        .with_infer_schema_length(Some(0))
        .with_schema_overwrite(Some(Arc::new(schema)));
    let reader = options.into_reader_with_file_handle(file);
    reader.finish().map_err(|error| bad_table(path, error))
}

fn check_columns(path: &Path, known: &[&str], wanted: &[(&str, Kind)]) -> Result<(), RunError> {
    match wanted.iter().find(|(name, _)| !known.contains(name)) {
        Some((name, _)) => {
            Err(RunError::MissingColumn { path: path.to_owned(), column: (*name).to_owned() })
        }
        None => Ok(()),
    }
}

/// The kind of the values of a type that tables have; of others none.
pub(super) fn kind_of(dtype: &DataType) -> Option<Kind> {
    const KINDS: [Kind; 5] = [Kind::Number, Kind::Count, Kind::Seed, Kind::Flag, Kind::Word(&[])];
    KINDS.into_iter().find(|kind| self::dtype(*kind) == *dtype)
}

fn dtype(kind: Kind) -> DataType {
    match kind {
        Kind::Number | Kind::NumberOr(_) => DataType::Float64,
        Kind::Count => DataType::UInt32,
        Kind::Seed => DataType::UInt64,
        Kind::Flag => DataType::Boolean,
        Kind::Word(_) | Kind::Path => DataType::String,
    }
}

/// The first line says what is wrong; further ones are advice to programmers.
fn bad_table(path: &Path, error: impl std::fmt::Display) -> RunError {
    let text = error.to_string();
    let problem = text.lines().next().unwrap_or_default().to_owned();
    RunError::BadTable { path: path.to_owned(), problem }
}
