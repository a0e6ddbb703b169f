//! Flags of `sweep report`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// Run: its name, `latest`, or the path of its folder
    pub(crate) run: String,
    /// Layout
    #[arg(long, value_enum, default_value_t = PageFormat::Html)]
    pub(crate) format: PageFormat,
    /// Write it to this file [default: report.html in the folder of RUN; Markdown goes to standard output]
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Folder that holds runs [default: results]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PageFormat {
    /// One file with pictures, controls and all cells; it opens in any browser, without a network
    Html,
    /// Sentences and the first cells, for a wiki or a pull request
    Markdown,
}
