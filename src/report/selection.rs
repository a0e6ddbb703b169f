//! Rows of a run that were asked for, for people and for programs.

use serde_json::Value as Json;
use sweep_engine::statistics::Estimate;

use super::numbers::{estimate, significant};
use super::output::{print, print_json};
use super::tables::{aligned, print_text_table};
use crate::cli::TidyFormat;
use crate::failure::Failure;
use crate::schema::is_half_width;
use crate::selection::Table;

/// Prints a table: rounded and aligned for people, all digits for programs.
pub(crate) fn print_selection(table: &Table, format: TidyFormat) -> Result<(), Failure> {
    let texts = |text: fn(&Json) -> String| -> Vec<Vec<String>> {
        table.rows.iter().map(|row| row.iter().map(text).collect()).collect()
    };
    match format {
        TidyFormat::Table => print(&aligned(&table.names, texts(rounded))),
        TidyFormat::Markdown => {
            let names: Vec<&str> = table.names.iter().map(String::as_str).collect();
            print_text_table(&names, texts(rounded), true)
        }
        TidyFormat::Json => print_json(&records(table)),
        TidyFormat::Csv => print_csv(table),
    }
}

/// The same with half widths beside their means, where both are there.
pub(crate) fn with_intervals(table: &Table) -> Table {
    let half_width =
        |name: &String| table.names.iter().position(|other| is_half_width(other, name));
    let is_mean_of_none =
        |name: &&String| !table.names.iter().any(|other| is_half_width(name, other));
    let columns: Vec<(usize, Option<usize>)> = table
        .names
        .iter()
        .enumerate()
        .filter(|(_, name)| is_mean_of_none(name))
        .map(|(place, name)| (place, half_width(name)))
        .collect();
    let joined = |row: &Vec<Json>, (place, half_width): (usize, Option<usize>)| {
        let half_width = half_width.map(|place| row[place].as_f64());
        match (row[place].as_f64(), half_width) {
            (Some(mean), Some(half_width)) => {
                Json::from(estimate(Some(Estimate { mean, half_width, std: None })))
            }
            _ => row[place].clone(),
        }
    };
    Table {
        names: columns.iter().map(|(place, _)| table.names[*place].clone()).collect(),
        rows: table
            .rows
            .iter()
            .map(|row| columns.iter().map(|column| joined(row, *column)).collect())
            .collect(),
    }
}

fn records(table: &Table) -> Vec<serde_json::Map<String, Json>> {
    let record = |row: &Vec<Json>| table.names.iter().cloned().zip(row.iter().cloned()).collect();
    table.rows.iter().map(record).collect()
}

fn print_csv(table: &Table) -> Result<(), Failure> {
    let failed = |error: csv::Error| Failure::encoding("CSV", error);
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&table.names).map_err(failed)?;
    for row in &table.rows {
        writer.write_record(row.iter().map(exact)).map_err(failed)?;
    }
    let bytes =
        writer.into_inner().map_err(|error| Failure::encoding("CSV", error.into_error()))?;
    print(String::from_utf8_lossy(&bytes).trim_end())
}

fn exact(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A flag that is not raised is as good as nothing to the eye.
fn rounded(value: &Json) -> String {
    match value {
        Json::Null => "-".to_owned(),
        Json::Bool(flag) => if *flag { "yes" } else { "" }.to_owned(),
        Json::Number(number) if number.is_f64() => {
            number.as_f64().map_or_else(|| number.to_string(), significant)
        }
        other => exact(other),
    }
}
