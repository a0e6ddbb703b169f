//! Verbs, with the flags that only one of them has.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::flags::{AxisArgs, FileArg, LimitArgs, RunArgs, ScenarioArgs};
use super::plot::PlotArgs;
use super::report::ReportArgs;
use super::show::ShowArgs;

const AFTER_HELP: &str = "\
Examples:
  sweep --rates 0.5,1,2 --prefill 4000,8000
  sweep --rates 1:5:0.5 --modes disagg --set cluster_disagg.decode_gpus=1,2,4
  sweep plan --rates 0.5,1,2 --prefill 4000,8000
  sweep simulate --mode mono --set arrival.rate_per_s=3
  sweep columns

LIST is values with commas (0.5,1,2) or a range: start:stop:step (1:5:0.5, both ends included), \
lin:start:stop:points (lin:1:5:9), log:start:stop:points (log:0.1:10:9). `sweep columns --keys` \
lists every scenario key that --set and axes can reach.

Exit codes: 0 done, 2 bad usage or input, 3 some jobs failed, 4 reading or writing failed, \
130 interrupted, 143 terminated.";

/// Time-to-first-token of LLM-serving clusters over grids of parameters, on every core.
#[derive(Debug, Parser)]
#[command(
    name = "sweep",
    version,
    about,
    after_help = AFTER_HELP,
    arg_required_else_help = true,
    args_conflicts_with_subcommands = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a sweep and write its tables (also without the word `run`, for flags alone)
    #[command(after_help = "\
Examples:
  sweep run sweeps/quick-start.yaml
  sweep run sweeps/prefill-sensitivity.yaml --replications 20 --name twenty")]
    Run {
        #[command(flatten)]
        file: FileArg,
        #[command(flatten)]
        run: RunArgs,
    },
    /// Show cells, offered loads and an estimate of the run time, without running
    #[command(after_help = "\
Examples:
  sweep plan sweeps/gpu-split.yaml
  sweep plan --rates 0.5,1,2 --prefill 4000,8000")]
    Plan {
        #[command(flatten)]
        file: FileArg,
        #[command(flatten)]
        run: RunArgs,
        /// Show every cell, however many there are
        #[arg(long)]
        all: bool,
    },
    /// Predict waits and mean TTFT of every cell by queueing theory, without simulating
    #[command(after_help = "\
Examples:
  sweep theory sweeps/gpu-split.yaml
  sweep theory --rates 1:9:1 --modes mono
  sweep theory --rates 1:9:1 --format csv > theory.csv")]
    Theory {
        #[command(flatten)]
        file: FileArg,
        #[command(flatten)]
        axes: AxisArgs,
        #[command(flatten)]
        scenario: ScenarioArgs,
        #[command(flatten)]
        limits: LimitArgs,
        /// Show every cell, however many there are
        #[arg(long)]
        all: bool,
        /// Layout; csv and json have every cell, column and digit
        #[arg(long, value_enum, default_value_t = RowFormat::Table)]
        format: RowFormat,
    },
    /// Simulate one scenario once and print the result as JSON
    #[command(after_help = "\
Examples:
  sweep simulate --mode mono --set arrival.rate_per_s=3
  sweep simulate --set prompt_tokens.mode=fixed --set prompt_tokens.value=300")]
    Simulate(SimulateArgs),
    /// Print the columns of the tables, or the keys of a scenario
    #[command(after_help = "\
Examples:
  sweep columns
  sweep columns --keys
  sweep columns --format markdown")]
    Columns {
        /// Print the scenario keys instead
        #[arg(long)]
        keys: bool,
        /// Layout
        #[arg(long, value_enum, default_value_t = TextFormat::Table)]
        format: TextFormat,
    },
    /// Describe a recorded trace: rate, burstiness, token lengths, fitted lognormals
    #[command(after_help = "\
Example:
  sweep trace sweeps/traces/chat-burst.csv")]
    Trace {
        /// CSV with `arrival_s,prompt_tokens,output_tokens` or `TIMESTAMP,ContextTokens,GeneratedTokens`
        file: PathBuf,
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// Compare the cells of a finished run with each other, or those of two runs
    #[command(after_help = "\
Examples:
  sweep compare latest --by mode
  sweep compare gpu-split --by rates --baseline 4 --of p99_ttft_s,throughput_rps
  sweep compare slow-decode fast-decode --format csv

Both results of a replication come from the same random numbers, so intervals are those of their \
differences (docs/compare.md). The table is also written into the folder of RUN.")]
    Compare(CompareArgs),
    /// Show rows of a finished run: filtered, sorted, with the columns that matter
    #[command(after_help = "\
Examples:
  sweep show latest --where 'rate_per_s > 2 and mode = disagg' --sort pooled_p99_ttft_s
  sweep show load --columns rate_per_s,mode,p99_ttft_s,p99_ttft_s_ci95 --format markdown")]
    Show(ShowArgs),
    /// Draw pictures of a finished run as SVG and PNG
    #[command(after_help = "\
Examples:
  sweep plot latest
  sweep plot prefill-sensitivity --x prefill --y p99_ttft_s --by rates --facet mode
  sweep plot prefill-sensitivity --y prefill --of pooled_p90_ttft_s
  sweep plot latest --difference mode --y mean_ttft_s --format png
  sweep plot ttft.csv

Without flags a sensible set is drawn (docs/pictures.md). Names of what is written go to standard output.")]
    Plot(PlotArgs),
    /// Write one page of a finished run to send around: answers, pictures, all cells, where it comes from
    #[command(after_help = "\
Examples:
  sweep report latest
  sweep report prefill-sensitivity --format markdown

The page is one file that needs no network (docs/report.md).")]
    Report(ReportArgs),
    /// Say how far a run is: chunks and jobs that are done, failed, or missing
    #[command(after_help = "\
Example:
  sweep status million-jobs")]
    Status {
        /// Run: its name, `latest`, or the path of its folder
        run: String,
        /// Folder that holds runs [default: results]
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// Put the shards of a run together: the very tables that one machine would have written
    #[command(after_help = "\
Example:
  sweep merge results/big.shard-*-of-5 --name big")]
    Merge(MergeArgs),
    /// Write a commented sweep file that runs as it is, to start from
    #[command(after_help = "\
Examples:
  sweep init
  sweep init decode-gpus.yaml")]
    Init {
        /// Where to; a file that is there is never overwritten
        #[arg(default_value = "sweep.yaml")]
        file: PathBuf,
    },
    /// Print what a bug report needs: versions, first draws, machine, disk
    #[command(after_help = "\
Example:
  sweep doctor")]
    Doctor {
        /// Folder that holds runs [default: results]
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Print a completion script for a shell
    #[command(after_help = "\
Example:
  sweep completions bash > ~/.local/share/bash-completion/completions/sweep")]
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Print the manual page, or write one for each command
    #[command(after_help = "\
Examples:
  sweep man > sweep.1
  sweep man --dir ~/.local/share/man/man1")]
    Man {
        /// Folder for the pages of all commands
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    /// mono or disagg [default: disagg]
    #[arg(long, visible_alias = "modes", value_name = "MODE", help_heading = "Scenario")]
    pub(crate) mode: Option<String>,
    #[command(flatten)]
    pub(crate) scenario: ScenarioArgs,
    /// Which repetition to simulate
    #[arg(long, value_name = "R", default_value_t = 0)]
    pub(crate) replication: u32,
    /// As in the sweep that this job belongs to [default: common]
    #[arg(long, value_enum)]
    pub(crate) seeding: Option<SeedingArg>,
    /// Confidence level of the intervals [default: 0.95]
    #[arg(long, value_name = "LEVEL", allow_hyphen_values = true)]
    pub(crate) confidence: Option<f64>,
    /// Write request, arrival and TTFT of every sample to a .csv, .json or .parquet file
    #[arg(long, value_name = "FILE")]
    pub(crate) dump_ttft: Option<PathBuf>,
    /// Most requests the job may simulate [default: 100000000]
    #[arg(long, value_name = "N")]
    pub(crate) max_requests: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// Run: its name, `latest`, or the path of its folder
    pub(crate) run: String,
    /// Second run, compared cell by cell with RUN: same axes, same seed, another base scenario
    #[arg(value_name = "OTHER")]
    pub(crate) other: Option<String>,
    /// Axis of which the values are compared: key, alias or column
    #[arg(long, value_name = "AXIS")]
    pub(crate) by: Option<String>,
    /// Value that the others are compared with [default: the axis' first]
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    pub(crate) baseline: Option<String>,
    /// Results to compare [default: mean and percentiles of TTFT]
    #[arg(long, value_name = "METRIC,METRIC", value_delimiter = ',')]
    pub(crate) of: Vec<String>,
    /// Confidence level of the intervals, between 0 and 1
    #[arg(long, value_name = "L", default_value_t = 0.95, allow_hyphen_values = true)]
    pub(crate) confidence: f64,
    /// Folder that holds runs [default: results]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Layout of what is printed
    #[arg(long, value_enum, default_value_t = TidyFormat::Table)]
    pub(crate) format: TidyFormat,
    /// Write the table to this .parquet or .csv file instead of the folder of RUN
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct MergeArgs {
    /// Shards: names of runs, or the paths of their folders
    #[arg(required = true, value_name = "DIR")]
    pub(crate) shards: Vec<String>,
    /// Name of the merged run
    #[arg(long)]
    pub(crate) name: String,
    /// Folder that holds runs [default: results]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Replace an earlier run of this name
    #[arg(long)]
    pub(crate) force: bool,
    /// No notes; errors stay
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SeedingArg {
    /// All cells of a replication see the same random numbers
    Common,
    /// Each cell has random numbers of its own
    Independent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormatArg {
    Parquet,
    Csv,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RowFormat {
    /// Aligned, for a terminal
    Table,
    /// For a README
    Markdown,
    /// For a spreadsheet
    Csv,
    /// For programs
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TextFormat {
    /// Aligned, for a terminal
    Table,
    /// For a README
    Markdown,
    /// For programs
    Json,
}

/// Layouts of a tidy table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TidyFormat {
    /// Aligned, for a terminal, with a few sentences
    Table,
    /// All columns, all digits
    Csv,
    /// All columns, all digits
    Json,
    /// As the table, for a README
    Markdown,
}
