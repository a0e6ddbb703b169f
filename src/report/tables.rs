//! Aligned text tables.

use comfy_table::presets::{ASCII_MARKDOWN, NOTHING};
use comfy_table::{CellAlignment, ContentArrangement, Table};

use super::output::print;
use crate::failure::Failure;

/// Numbers line up at the right, words at the left.
pub(super) fn aligned(header: &[String], rows: Vec<Vec<String>>) -> String {
    let is_number =
        |text: &String| text.starts_with(|c: char| c.is_ascii_digit() || "-+~×".contains(c));
    let mut table = plain_table();
    table.set_header(header.to_vec());
    for (i, column) in table.column_iter_mut().enumerate() {
        let holds_numbers = rows.iter().all(|row| row.get(i).is_none_or(is_number));
        let alignment = if holds_numbers { CellAlignment::Right } else { CellAlignment::Left };
        column.set_cell_alignment(alignment);
    }
    table.add_rows(rows);
    trimmed(&table)
}

/// A table of words for standard output, as text that fits the window or as Markdown.
pub(crate) fn print_text_table(
    header: &[&str],
    rows: Vec<Vec<String>>,
    markdown: bool,
) -> Result<(), Failure> {
    let mut table = plain_table();
    if markdown {
        table.load_style(ASCII_MARKDOWN);
    } else {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    table.set_header(header.to_vec());
    table.add_rows(rows);
    print(&trimmed(&table))
}

fn plain_table() -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table
}

fn trimmed(table: &Table) -> String {
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}
