//! Rows of a run that were asked for, for people and for programs.

use serde_json::Value as Json;
use sweep_engine::statistics::Estimate;

use super::output::{print, print_json};
use super::records::{print_csv_rows, text};
use super::tables::{aligned, print_text_table};
use crate::cli::TidyFormat;
use crate::failure::Failure;
use crate::numbers::{estimate, significant};
use crate::schema::is_half_width;
use crate::selection::Table;

/// Prints a table: rounded and aligned for people, all digits for programs.
pub(crate) fn print_selection(table: &Table, format: TidyFormat) -> Result<(), Failure> {
    let texts = |text: fn(&Json) -> String| -> Vec<Vec<String>> {
        table.rows.iter().map(|row| row.iter().map(text).collect()).collect()
    };
    let names: Vec<&str> = table.names.iter().map(String::as_str).collect();
    match format {
        TidyFormat::Table => print(&aligned(&table.names, texts(rounded))),
        TidyFormat::Markdown => print_text_table(&names, texts(rounded), true),
        TidyFormat::Json => print_json(&records(table)),
        TidyFormat::Csv => print_csv_rows(&names, texts(text).into_iter()),
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

/// A flag that is not raised is as good as nothing to the eye.
fn rounded(value: &Json) -> String {
    match value {
        Json::Null => "-".to_owned(),
        Json::Bool(flag) => if *flag { "yes" } else { "" }.to_owned(),
        Json::Number(number) if number.is_f64() => {
            number.as_f64().map_or_else(|| number.to_string(), significant)
        }
        other => text(other),
    }
}
