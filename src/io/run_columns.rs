//! Which columns a table of a run has, and of which kind their values are.

use sweep_engine::spec::Kind;

use super::run_reader::{FinishedRun, RunError};
use super::run_table::{csv_columns, kind_of, parquet_columns};
use super::sweep_file::TableFormat;
use crate::schema::{documentation, is_half_width, names_with_intervals};

impl FinishedRun {
    /// Names and kinds of all columns of a table (`jobs` or `cells`), in its order.
    ///
    /// # Errors
    /// It is unreadable or cut short.
    pub(crate) fn columns(&self, name: &str) -> Result<Vec<(String, Kind)>, RunError> {
        let path = self.table(name);
        let word = Kind::Word(&[]);
        Ok(match self.format {
            TableFormat::Parquet => {
                let columns = parquet_columns(&path)?.into_iter();
                columns.map(|(name, dtype)| (name, kind_of(&dtype).unwrap_or(word))).collect()
            }
            // What looks like a number may be a word.
            TableFormat::Csv => {
                let kinds = self.kinds(name);
                let kind = |column: &String| {
                    let documented = kinds.iter().find(|(known, _)| known == column);
                    documented.map_or_else(|| undocumented(column), |(_, kind)| *kind)
                };
                let columns = csv_columns(&path)?;
                columns.iter().map(|column| (column.clone(), kind(column))).collect()
            }
        })
    }

    /// The kinds of documented columns of a table and of axes.
    fn kinds(&self, table: &str) -> Vec<(String, Kind)> {
        let axes = self.axes.iter().map(|axis| (axis.key.column.to_owned(), axis.key.kind));
        let docs = documentation(None).into_iter().filter(|doc| doc.is_in(table));
        let documented = docs.map(|doc| {
            let kind = match doc.dtype {
                "f64" => Kind::Number,
                "u32" => Kind::Count,
                "u64" => Kind::Seed,
                "bool" => Kind::Flag,
                _ => Kind::Word(&[]),
            };
            (doc.name, kind)
        });
        documented.chain(axes).collect()
    }
}

/// Half widths of another level than the usual one have other names.
fn undocumented(column: &str) -> Kind {
    let is_half_width = names_with_intervals().any(|result| is_half_width(column, result));
    if is_half_width { Kind::Number } else { Kind::Word(&[]) }
}
