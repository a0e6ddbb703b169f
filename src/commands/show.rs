//! `sweep show`: rows of a finished run, as people or programs want them.

use std::path::Path;

use sweep_engine::spec::Condition;

use crate::cli::{ShowArgs, TidyFormat};
use crate::failure::Failure;
use crate::io::{FinishedRun, read_any};
use crate::report;
use crate::schema::is_half_width;

/// Beside the axes, what a terminal shows when nothing is said.
const SHOWN: [&str; 9] = [
    "mean_ttft_s",
    "p50_ttft_s",
    "p90_ttft_s",
    "p99_ttft_s",
    "utilization_prefill",
    "utilization_decode",
    "utilization_gpu",
    "bottleneck",
    "saturated",
];

/// What a narrow terminal goes without, first to last.
const DISPENSABLE: [&str; 7] = [
    "bottleneck",
    "utilization_prefill",
    "utilization_decode",
    "utilization_gpu",
    "mean_ttft_s",
    "p50_ttft_s",
    "p90_ttft_s",
];

pub(super) fn show(args: &ShowArgs) -> Result<(), Failure> {
    let run = FinishedRun::open(&args.run, args.out.as_deref().unwrap_or(Path::new("results")))?;
    let name = if args.jobs { "jobs" } else { "cells" };
    let mut table = read_any(&run.table(name), run.format)?;
    let all = table.rows.len();
    for condition in &args.conditions {
        let condition = Condition::parse(condition)
            .map_err(|error| Failure::usage(format!("--where: {error}")))?;
        table.keep(&condition)?;
    }
    table.sort(&args.sort)?;
    if let Some(most) = args.limit {
        table.rows.truncate(most);
    }
    let is_for_people = matches!(args.format, TidyFormat::Table | TidyFormat::Markdown);
    if !args.columns.is_empty() {
        table.choose(&args.columns)?;
    } else if is_for_people {
        let axes = run.axes.iter().map(|axis| axis.key.column);
        let mut names: Vec<String> = Vec::new();
        for name in axes.chain(SHOWN).map(str::to_owned) {
            if table.names.contains(&name) && !names.contains(&name) {
                let half_width = table.names.iter().find(|other| is_half_width(other, &name));
                names.extend([name].into_iter().chain(half_width.cloned()));
            }
        }
        table.choose(&names)?;
    }
    let mut dispensable: &[&str] = &[];
    if is_for_people && args.columns.is_empty() {
        table = report::with_intervals(&table);
        dispensable = &DISPENSABLE;
    }
    report::print_selection(&table, args.format, dispensable)?;
    if is_for_people && table.rows.len() < all {
        report::note(&format!("{} of {all} rows", table.rows.len()));
    }
    Ok(())
}
