//! The command line: flags and their help, nothing else. Clap types stop here.

use std::path::PathBuf;

use clap::builder::RangedU64ValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::resume::Shard;

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
    /// Say how far a run is: chunks and jobs that are done, failed, or missing
    #[command(after_help = "\
Example:
  sweep status million-jobs")]
    Status {
        /// Run: its name, or the path of its folder
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
    /// Print a completion script for a shell
    #[command(after_help = "\
Example:
  sweep completions bash > ~/.local/share/bash-completion/completions/sweep")]
    Completions {
        /// Which shell
        shell: Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct FileArg {
    /// Sweep file (YAML or JSON); flags override what it says
    pub(crate) file: Option<PathBuf>,
}

/// What to sweep and where to put it.
#[derive(Debug, Default, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) axes: AxisArgs,
    #[command(flatten)]
    pub(crate) scenario: ScenarioArgs,
    /// Replications per cell [default: 10]
    #[arg(long, value_name = "R", help_heading = "Sweep", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) replications: Option<u32>,
    /// How cells share random numbers [default: common]
    #[arg(long, value_enum, help_heading = "Sweep")]
    pub(crate) seeding: Option<SeedingArg>,
    /// Confidence level of the intervals, named in their columns (`_ci95`) [default: 0.95]
    #[arg(long, value_name = "LEVEL", help_heading = "Sweep", allow_hyphen_values = true)]
    pub(crate) confidence: Option<f64>,
    #[command(flatten)]
    pub(crate) precision: PrecisionArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    /// Name of the run [default: the file's stem, or `sweep-` and the plan's hash]
    #[arg(long, help_heading = "Output")]
    pub(crate) name: Option<String>,
    /// Folder that holds runs [default: results]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(crate) out: Option<PathBuf>,
    /// Format of the tables [default: parquet]
    #[arg(long, value_enum, help_heading = "Output")]
    pub(crate) format: Option<FormatArg>,
    /// Start over: an earlier run of this name is kept aside until the new one is complete
    #[arg(long, help_heading = "Output")]
    pub(crate) force: bool,
    /// Take over the jobs that an earlier run has in common with this one: name or folder (repeatable)
    #[arg(long, value_name = "RUN", help_heading = "Output", conflicts_with = "force")]
    pub(crate) reuse: Vec<String>,
    /// Run failed jobs of a complete run again
    #[arg(long, help_heading = "Output", conflicts_with = "force")]
    pub(crate) retry_failed: bool,
    /// Threads that simulate [default: all cores]
    #[arg(
        long,
        value_name = "N",
        help_heading = "Output",
        value_parser = RangedU64ValueParser::<usize>::new().range(1..=4096)
    )]
    pub(crate) threads: Option<usize>,
    /// Do only part i of N of the chunks, such as 2/5; `sweep merge` puts shards together
    #[arg(long, value_name = "i/N", help_heading = "Output", allow_hyphen_values = true)]
    pub(crate) shard: Option<Shard>,
    /// No progress, no notes, no summary; errors and warnings stay
    #[arg(long, short, help_heading = "Output")]
    pub(crate) quiet: bool,
}

/// Replications until results are precise enough.
#[derive(Debug, Default, Args)]
pub(crate) struct PrecisionArgs {
    /// Add replications to each cell until half widths are this small relative to their values
    #[arg(long, value_name = "SHARE", help_heading = "Sweep", allow_hyphen_values = true)]
    pub(crate) precision: Option<f64>,
    /// Results that --precision is about [default: `pooled_p99_ttft_s,mean_ttft_s`]
    #[arg(long, value_name = "COLUMNS", help_heading = "Sweep", value_delimiter = ',')]
    pub(crate) of: Option<Vec<String>>,
    /// Most replications of a cell with --precision [default: 1000]
    #[arg(long, value_name = "R", help_heading = "Sweep")]
    pub(crate) max_replications: Option<u32>,
}

#[derive(Debug, Default, Args)]
pub(crate) struct AxisArgs {
    /// Arrival rates, requests per second (`arrival.rate_per_s`)
    #[arg(long, value_name = "LIST", help_heading = "Axes", allow_hyphen_values = true)]
    pub(crate) rates: Option<String>,
    /// Prefill speeds of one GPU, tokens per second, in the cell's own mode
    #[arg(long, value_name = "LIST", help_heading = "Axes", allow_hyphen_values = true)]
    pub(crate) prefill: Option<String>,
    /// Architectures: mono, disagg, or both [default: both]
    #[arg(long, visible_alias = "mode", value_name = "LIST", help_heading = "Axes")]
    pub(crate) modes: Option<String>,
}

/// Flags that change the scenario, shared by sweeps and single simulations.
#[derive(Debug, Default, Args)]
pub(crate) struct ScenarioArgs {
    /// Any scenario key: one value sets it; in a sweep several make it an axis (repeatable)
    #[arg(long, value_name = "PATH=LIST", help_heading = "Scenario")]
    pub(crate) set: Vec<String>,
    /// Scenario file (YAML or JSON)
    #[arg(long, value_name = "FILE", help_heading = "Scenario")]
    pub(crate) config: Option<PathBuf>,
    /// Horizon, seconds [default: 600]
    #[arg(long, value_name = "S", help_heading = "Scenario", allow_hyphen_values = true)]
    pub(crate) sim_seconds: Option<String>,
    /// Start of the observation window, seconds, or `auto`: found by pilot replications [default: 60]
    #[arg(long, value_name = "S", help_heading = "Scenario", allow_hyphen_values = true)]
    pub(crate) warmup_seconds: Option<String>,
    /// Master seed [default: 42]
    #[arg(long, value_name = "N", help_heading = "Scenario", allow_hyphen_values = true)]
    pub(crate) seed: Option<String>,
    /// Service-level objective, such as `ttft_s=0.5`: adds `slo_attainment` and `goodput_rps`
    /// (repeatable; in a sweep several values make it an axis)
    #[arg(long, value_name = "ttft_s=LIST", help_heading = "Scenario")]
    pub(crate) slo: Vec<String>,
    /// Which requests results describe: events (first token in the window) or arrivals (arrival in
    /// it) [default: events]
    #[arg(long, value_name = "RULE", help_heading = "Scenario")]
    pub(crate) observe: Option<String>,
}

#[derive(Debug, Default, Args)]
pub(crate) struct LimitArgs {
    /// Most jobs a plan may have [default: 10000000]
    #[arg(long, value_name = "N", help_heading = "Limits", allow_hyphen_values = true, value_parser = count)]
    pub(crate) max_jobs: Option<u64>,
    /// Most requests one job may simulate [default: 100000000]
    #[arg(long, value_name = "N", help_heading = "Limits", allow_hyphen_values = true, value_parser = count)]
    pub(crate) max_requests: Option<u64>,
    /// Most wall time one job may take, seconds [default: none]
    #[arg(long, value_name = "S", help_heading = "Limits", allow_hyphen_values = true, value_parser = seconds)]
    pub(crate) max_job_seconds: Option<f64>,
    /// Requests of a chunk, more or less: lost when a run is killed, shared out by --shard [default: 400000000]
    #[arg(
        long,
        value_name = "N",
        help_heading = "Limits",
        allow_hyphen_values = true,
        value_parser = count
    )]
    pub(crate) chunk_requests: Option<u64>,
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

/// A positive number of seconds.
fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if number > 0.0 && f64::is_finite(number) => Ok(number),
        _ => Err("it must be a number of seconds above 0, such as 60".to_owned()),
    }
}

/// A positive count; `1e6` is one, too.
fn count(text: &str) -> Result<u64, String> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be a whole number"
    )]
    let from_float = || {
        let number: f64 = text.parse().ok()?;
        (number.fract() == 0.0 && (1.0..1e15).contains(&number)).then_some(number as u64)
    };
    match text.parse().ok().or_else(from_float) {
        Some(number) if number > 0 => Ok(number),
        _ => Err("it must be a whole number above 0, such as 1000000 or 1e6".to_owned()),
    }
}
