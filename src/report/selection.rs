//! Rows of a run that were asked for, for people and for programs.

use serde_json::Value as Json;
use sweep_engine::statistics::Estimate;

use super::grid::{Grid, Spacing, Text};
use super::output::{note, print_json, print_styled};
use super::records::{print_csv_rows, text};
use super::style::{HEAD, PLAIN, SATURATED};
use super::tables::print_text_table;
use super::window::Window;
use crate::cli::TidyFormat;
use crate::failure::Failure;
use crate::numbers::{estimate, significant};
use crate::schema::is_half_width;
use crate::selection::Table;

/// Prints a table: rounded and aligned for people, all digits for programs. A terminal shows only what fits: first to
/// go are the columns that it can do without, in that order.
pub(crate) fn print_selection(
    table: &Table,
    format: TidyFormat,
    dispensable: &[&str],
) -> Result<(), Failure> {
    let texts = |text: fn(&Json) -> String| -> Vec<Vec<String>> {
        table.rows.iter().map(|row| row.iter().map(text).collect()).collect()
    };
    let names: Vec<&str> = table.names.iter().map(String::as_str).collect();
    match format {
        TidyFormat::Table => print_fitted(table, dispensable),
        TidyFormat::Markdown => print_text_table(&names, texts(rounded), true),
        TidyFormat::Json => print_json(&records(table)),
        TidyFormat::Csv => print_csv_rows(&names, texts(text).into_iter()),
    }
}

fn print_fitted(table: &Table, dispensable: &[&str]) -> Result<(), Failure> {
    let window = Window::of_output();
    let mut grid = grid(table);
    let mut shown: Vec<&str> = table.names.iter().map(String::as_str).collect();
    let mut left_out = Vec::new();
    for name in dispensable.iter().filter(|_| window.is_terminal) {
        if grid.width() <= window.columns {
            break;
        }
        if let Some(column) = shown.iter().position(|known| known == name) {
            grid.remove(column);
            left_out.push(shown.remove(column));
        }
    }
    print_styled(&grid.lines(usize::MAX, window.letters).join("\n"))?;
    if !left_out.is_empty() {
        let names = left_out.join(", ");
        note(&format!("left out for want of columns: {names}; --columns asks for them"));
    }
    Ok(())
}

/// Rows of saturated cells stand out.
fn grid(table: &Table) -> Grid {
    let saturated = table.names.iter().position(|name| name == "saturated");
    let head = table.names.iter().map(|name| Text { text: name.clone(), style: HEAD });
    let row = |row: &Vec<Json>| {
        let is_saturated = saturated.is_some_and(|column| row[column] == Json::Bool(true));
        let style = if is_saturated { SATURATED } else { PLAIN };
        row.iter().map(|value| Text { text: rounded(value), style }).collect()
    };
    let lines = std::iter::once(head.collect()).chain(table.rows.iter().map(row));
    Grid::new(lines.collect(), Spacing::USUAL)
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
