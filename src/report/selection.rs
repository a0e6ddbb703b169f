//! Rows of a run that were asked for, for people and for programs.

use serde_json::Value as Json;
use sweep_engine::statistics::Estimate;

use super::grid::{Grid, Spacing, Text};
use super::numbers::{estimate, significant};
use super::output::{note, print_json, print_styled};
use super::records::{print_csv_rows, text};
use super::style::{HEAD, PLAIN, SATURATED};
use super::tables::print_text_table;
use super::window::Window;
use crate::cli::TidyFormat;
use crate::failure::Failure;
use crate::schema::is_half_width;
use crate::selection::Table;

/// Prints a table: rounded and aligned for people, all digits for programs. Of the columns that nobody asked for by
/// name (`usual`) a terminal shows those that fit; axes come first.
pub(crate) fn print_selection(
    table: &Table,
    format: TidyFormat,
    usual: Option<Usual>,
) -> Result<(), Failure> {
    let texts = |text: fn(&Json) -> String| -> Vec<Vec<String>> {
        table.rows.iter().map(|row| row.iter().map(text).collect()).collect()
    };
    let names: Vec<&str> = table.names.iter().map(String::as_str).collect();
    match format {
        TidyFormat::Table => print_fitted(table, usual),
        TidyFormat::Markdown => print_text_table(&names, texts(rounded), true),
        TidyFormat::Json => print_json(&records(table)),
        TidyFormat::Csv => print_csv_rows(&names, texts(text).into_iter()),
    }
}

/// Columns that were chosen for the user.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usual {
    /// How many of them are axes.
    pub(crate) axes: usize,
}

fn print_fitted(table: &Table, usual: Option<Usual>) -> Result<(), Failure> {
    let window = Window::of_output();
    let mut shown: Vec<usize> = (0..table.names.len()).collect();
    let mut grid = grid(table, &shown);
    let mut left_out = Vec::new();
    if let Some(Usual { axes }) = usual.filter(|_| window.is_terminal) {
        // The last one says what not to trust.
        while grid.width() > window.columns && shown.len() > axes + 2 {
            left_out.push(table.names[shown.remove(shown.len() - 2)].as_str());
            grid = self::grid(table, &shown);
        }
    }
    print_styled(&grid.lines(usize::MAX, window.letters).join("\n"))?;
    if !left_out.is_empty() {
        left_out.reverse();
        note(&format!("left out for want of columns: {}", left_out.join(", ")));
    }
    Ok(())
}

/// Some columns of a table; rows of saturated cells stand out.
fn grid(table: &Table, shown: &[usize]) -> Grid {
    let saturated = table.names.iter().position(|name| name == "saturated");
    let head = shown.iter().map(|&column| Text { text: table.names[column].clone(), style: HEAD });
    let row = |row: &Vec<Json>| {
        let is_saturated = saturated.is_some_and(|column| row[column] == Json::Bool(true));
        let style = if is_saturated { SATURATED } else { PLAIN };
        shown.iter().map(|&column| Text { text: rounded(&row[column]), style }).collect()
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
