//! Parallel parameter sweeps of LLM-serving latency. The command around [`sweep_engine`].
//!
//! Read in this order: `cli` (what can be said), `commands` (one file per verb: load, pure call,
//! store), `assemble` (files and flags to a sweep), `replication` (how often each cell runs),
//! `warmup` and `runner` (pilots and jobs on every core), `aggregate` and `intervals` (outputs to rows), `schema` and
//! `frame` (rows to tables), `store` (one directory per run), `report` (text for people),
//! `plot` (pictures for people).

mod aggregate;
mod answers;
mod assemble;
mod bytes;
mod cli;
mod commands;
mod comparison;
mod decoding;
mod estimate;
mod failure;
mod frame;
mod intervals;
mod io;
mod kept_samples;
mod machine;
mod memory;
mod merging;
mod numbers;
mod page;
mod parquet_pages;
mod part;
mod plot;
mod precision;
mod problems;
mod progress;
mod provenance;
mod replication;
mod report;
mod rerun;
mod resume;
mod runner;
mod schema;
mod seal;
mod selection;
mod signals;
mod stock;
mod store;
mod suggestion;
mod view;
mod warmup;

use std::process::ExitCode;

use clap::Parser;

/// Samples and tables are large and short-lived: the system's allocator gives their pages back and
/// fetches them again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match commands::execute(cli::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let (code, advice) = (failure.exit_code(), failure.advice());
            report::error(&anyhow::Error::new(failure));
            if let Some(advice) = advice {
                report::note(advice);
            }
            code
        }
    }
}
