//! Aligned text tables.

use comfy_table::presets::{ASCII_MARKDOWN, NOTHING};
use comfy_table::{ContentArrangement, Table};

use super::grid::{Grid, Spacing, Text};
use super::output::print;
use super::window::Letters;
use crate::failure::Failure;

/// Numbers line up at the right, words at the left.
pub(super) fn aligned(header: &[String], rows: Vec<Vec<String>>) -> String {
    let plain = |texts: Vec<String>| texts.into_iter().map(Text::plain).collect();
    let lines = std::iter::once(header.to_vec()).chain(rows).map(plain);
    let grid = Grid::new(lines.collect(), Spacing::USUAL);
    grid.lines(usize::MAX, Letters::Unicode).join("\n")
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
