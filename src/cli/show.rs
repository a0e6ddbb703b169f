//! Flags of `sweep show`.

use std::path::PathBuf;

use clap::Args;

use super::command::TidyFormat;

/// Rows of a run, and how to see them.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// Run: its name, `latest`, or the path of its folder
    pub(crate) run: String,
    /// Only rows that satisfy a condition, such as `rate_per_s > 2 and mode = disagg` (repeatable)
    #[arg(long = "where", value_name = "CONDITION")]
    pub(crate) conditions: Vec<String>,
    /// Columns to sort by; with `-` before a name, from the greatest down
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', allow_hyphen_values = true)]
    pub(crate) sort: Vec<String>,
    /// Columns to show [default: axes and TTFT in tables for people, all for programs]
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub(crate) columns: Vec<String>,
    /// Most rows
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// One row per job instead of one per cell
    #[arg(long)]
    pub(crate) jobs: bool,
    /// Layout
    #[arg(long, value_enum, default_value_t = TidyFormat::Table)]
    pub(crate) format: TidyFormat,
    /// Folder that holds runs [default: results]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}
