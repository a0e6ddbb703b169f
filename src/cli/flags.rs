//! Flags that verbs share: what to sweep, how precisely, within which limits.

use std::path::PathBuf;

use clap::Args;
use clap::builder::RangedU64ValueParser;

use super::command::{FormatArg, SeedingArg};
use crate::bytes::Bytes;
use crate::resume::Shard;

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
    /// Refuse to run if it may take more memory, such as 8GB or 512MiB [default: 80 % of what is available, on Linux]
    #[arg(long, value_name = "SIZE", help_heading = "Limits", allow_hyphen_values = true)]
    pub(crate) max_memory: Option<Bytes>,
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
