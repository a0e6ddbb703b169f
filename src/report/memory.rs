//! What a run takes of memory, and what to do if that is too much.

use std::fmt::Write;

use sweep_engine::plan::Plan;

use crate::memory::{MemoryLimit, MemoryNeed, Remedy, Use};
use crate::numbers::grouped;

/// `up to 1.2 GB (rows of a chunk 700 MB, samples 168 MB)`.
pub(crate) fn need_text(plan: &Plan, need: &MemoryNeed) -> String {
    let uses = need.largest().map(|(what, bytes)| format!("{} {bytes}", name(what)));
    let mut text = format!("up to {} ({})", need.total(), uses.collect::<Vec<_>>().join(", "));
    if plan.precision.is_some() {
        let replications = grouped(plan.most_replications().into());
        // Writing to a String cannot fail.
        let _ = write!(text, " with {replications} replications of every cell");
    }
    text
}

/// `more than the 512 MB of --max-memory: with --threads 1 it takes up to 400 MB, or raise --max-memory`.
pub(crate) fn excess_text(
    plan: &Plan,
    limit: MemoryLimit,
    remedy: &Result<Remedy, MemoryNeed>,
) -> String {
    let (limit, raise) = match limit {
        MemoryLimit::Stated(bytes) => (format!("{bytes} of --max-memory"), "raise"),
        MemoryLimit::Available(bytes) => {
            (format!("{bytes} that are 80 % of what is available here"), "set")
        }
    };
    format!("more than the {limit}: {} {raise} --max-memory", remedy_text(plan, remedy))
}

fn remedy_text(plan: &Plan, remedy: &Result<Remedy, MemoryNeed>) -> String {
    match remedy {
        Ok(Remedy { threads, chunk_requests, total }) => {
            let threads = threads.map(|threads| format!(" --threads {threads}"));
            let chunks = chunk_requests.map(|requests| format!(" --chunk-requests {requests}"));
            let flags: String = [threads, chunks].into_iter().flatten().collect();
            format!("with{flags} it takes up to {total}; or")
        }
        Err(least) => {
            let what = least.largest().next().map_or(Use::Program, |(what, _)| what);
            format!(
                "smaller chunks and fewer threads do not make it fit (up to {}); {}",
                least.total(),
                advice(plan, what)
            )
        }
    }
}

fn advice(plan: &Plan, what: Use) -> &'static str {
    match what {
        Use::Program => "no sweep takes less:",
        Use::Rows if plan.precision.is_some() => "lower --max-replications, or",
        Use::Samples | Use::Threads(_) if plan.precision.is_some() => "drop --precision, or",
        Use::Rows => "lower --replications, or",
        Use::Samples | Use::Threads(_) => "lower --replications or --sim-seconds, or",
        Use::Cells => "split the sweep into several, by values of an axis, or",
        Use::Traces => "cut the trace into parts, or",
    }
}

fn name(what: Use) -> String {
    match what {
        Use::Rows => "rows of a chunk".to_owned(),
        Use::Samples => "samples".to_owned(),
        Use::Threads(1) => "1 thread".to_owned(),
        Use::Threads(threads) => format!("{threads} threads"),
        Use::Cells => "cells of the plan".to_owned(),
        Use::Traces => "traces".to_owned(),
        Use::Program => "the program".to_owned(),
    }
}
