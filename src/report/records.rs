//! Rows for programs: named values with every digit, as JSON or CSV on standard output.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value as Json;

use super::output::print;
use crate::failure::Failure;
use crate::schema::{Column, Field};

/// A row: names and values in order; null where nothing is known.
#[derive(Debug, Default)]
pub(crate) struct Record(Vec<(&'static str, Json)>);

impl Record {
    pub(crate) fn push(&mut self, name: &'static str, value: Json) {
        self.0.push((name, value));
    }

    /// Adds the values of columns, all read from one row.
    pub(crate) fn push_columns<R>(&mut self, columns: &[Column<R>], row: &R) {
        for column in columns {
            let value = match column.field {
                Field::U32(value) => value(row).map(Json::from),
                Field::U64(value) => value(row).map(Json::from),
                Field::F64(value) => value(row).map(Json::from),
                Field::Bool(value) => value(row).map(Json::from),
                Field::Text(value) => value(row).map(Json::from),
            };
            self.push(column.name, value.unwrap_or(Json::Null));
        }
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// Prints records with the same names as CSV; null is the empty field.
pub(crate) fn print_csv(records: &[Record]) -> Result<(), Failure> {
    let header: Vec<&str> = records
        .first()
        .map(|first| first.0.iter().map(|(name, _)| *name).collect())
        .unwrap_or_default();
    let rows = records.iter().map(|record| record.0.iter().map(|(_, value)| text(value)).collect());
    print_csv_rows(&header, rows)
}

/// Prints rows of texts as CSV.
pub(super) fn print_csv_rows(
    header: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
) -> Result<(), Failure> {
    let failed = |error: csv::Error| Failure::encoding("CSV", error);
    let mut writer = csv::Writer::from_writer(Vec::new());
    if !header.is_empty() {
        writer.write_record(header).map_err(failed)?;
    }
    for row in rows {
        writer.write_record(row).map_err(failed)?;
    }
    let bytes =
        writer.into_inner().map_err(|error| Failure::encoding("CSV", error.into_error()))?;
    print(String::from_utf8_lossy(&bytes).trim_end())
}

/// With every digit; null is empty.
pub(super) fn text(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}
