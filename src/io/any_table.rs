//! A table of a finished run with all its columns, whatever they are.

use std::fs::File;
use std::path::Path;

use polars::prelude::{AnyValue, CsvReadOptions, DataFrame, ParquetReader, PolarsError, SerReader};
use serde_json::Value as Json;

use super::run_reader::RunError;
use super::sweep_file::TableFormat;
use crate::decoding::unpanicked;
use crate::selection::Table;

/// Reads a table; in CSV, types are guessed from all its rows.
///
/// # Errors
/// It is unreadable or cut short.
pub(crate) fn read_any(path: &Path, format: TableFormat) -> Result<Table, RunError> {
    let unreadable = |source| RunError::Unreadable { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    // The decoder panics on some files whose bytes were altered.
    let table = unpanicked(|| {
        let frame = match format {
            TableFormat::Parquet => ParquetReader::new(file).finish(),
            TableFormat::Csv => CsvReadOptions::default()
                .with_has_header(true)
                .with_infer_schema_length(None)
                .into_reader_with_file_handle(file)
                .finish(),
        };
        frame.and_then(|frame| table_of(&frame))
    });
    let problem = match table {
        Some(Ok(table)) => return Ok(table),
        Some(Err(error)) => error.to_string().lines().next().unwrap_or_default().to_owned(),
        None => "its bytes were altered".to_owned(),
    };
    Err(RunError::BadTable { path: path.to_owned(), problem })
}

fn table_of(frame: &DataFrame) -> Result<Table, PolarsError> {
    let names = frame.columns().iter().map(|column| column.name().to_string()).collect();
    let row = |row: usize| {
        frame.columns().iter().map(|column| column.get(row).map(|value| json(&value))).collect()
    };
    let rows = (0..frame.height()).map(row).collect::<Result<_, _>>()?;
    Ok(Table { names, rows })
}

fn json(value: &AnyValue) -> Json {
    match value {
        AnyValue::Null => Json::Null,
        AnyValue::Boolean(flag) => Json::from(*flag),
        AnyValue::UInt32(number) => Json::from(*number),
        AnyValue::UInt64(number) => Json::from(*number),
        AnyValue::Int64(number) => Json::from(*number),
        AnyValue::Float64(number) => Json::from(*number),
        AnyValue::String(text) => Json::from(*text),
        other => Json::from(other.to_string()),
    }
}
