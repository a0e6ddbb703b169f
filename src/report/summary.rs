//! What a run found, in a compact table, with what to mind about it.

use std::path::Path;

use sweep_engine::plan::{Cell, Plan};
use sweep_engine::scenario::{Arrivals, Bottleneck};
use sweep_engine::spec::Observe;

use super::numbers::{estimate, grouped, mean, significant};
use super::output::{note, print, warning};
use super::plan::{axis_title, factor_text};
use super::tables::aligned;
use super::warmup::{not_found_warning, warmup_note};
use crate::failure::Failure;
use crate::schema::CellRow;

/// Cells that the table shows.
const SHOWN_CELLS: usize = 60;

/// Share of censored arrivals from which on a reader is warned.
const CENSORED_WARNING: f64 = 0.01;

/// Samples per replication below which a p99 means little.
const FEW_SAMPLES: f64 = 100.0;

/// What the simulation took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    pub(crate) simulated_requests: u64,
    pub(crate) simulation_s: f64,
}

/// Prints the summary of a run; with `quiet` only warnings.
pub(crate) fn run_finished(
    plan: &Plan,
    cells: &[CellRow],
    work: &Work,
    folder: &Path,
    quiet: bool,
) -> Result<(), Failure> {
    if !quiet {
        print(&cells_table(plan, cells))?;
        if cells.len() > SHOWN_CELLS {
            print(&format!("... and {} more cells in the table", cells.len() - SHOWN_CELLS))?;
        }
    }
    for text in warnings(plan, cells) {
        warning(&text);
    }
    if !quiet {
        if let Some(text) = warmup_note(plan) {
            note(&text);
        }
        note(&work_line(plan, work));
        note(&format!("written to {}", folder.display()));
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "shown with four digits")]
fn work_line(plan: &Plan, work: &Work) -> String {
    format!(
        "{} jobs, {} requests simulated in {} s ({} M requests/s)",
        grouped(plan.num_jobs()),
        grouped(work.simulated_requests),
        significant(work.simulation_s),
        significant((work.simulated_requests as f64 / work.simulation_s / 1e4).round() / 100.0),
    )
}

/// One row per cell: axes, load, TTFT with half widths, the busiest pool.
fn cells_table(plan: &Plan, cells: &[CellRow]) -> String {
    let axes: Vec<usize> = (0..plan.axes.len()).collect();
    let mut header: Vec<String> = axes.iter().map(|&axis| axis_title(plan, axis)).collect();
    for name in ["load", "mean_ttft_s", "p50", "p90", "p99_ttft_s", "busy", ""] {
        header.push(name.to_owned());
    }
    let rows = cells.iter().take(SHOWN_CELLS).map(|row| {
        let cell = &plan.cells[row.cell as usize];
        let metric = |name| row.estimate(name);
        let mut texts: Vec<String> =
            axes.iter().map(|&axis| factor_text(plan, cell, axis)).collect();
        texts.push(cell.load.largest().map_or_else(|| "-".to_owned(), |load| format!("{load:.2}")));
        texts.push(estimate(metric("mean_ttft_s")));
        texts.push(mean(metric("p50_ttft_s")));
        texts.push(mean(metric("p90_ttft_s")));
        texts.push(estimate(metric("p99_ttft_s")));
        texts.push(
            metric(busiest(cell)).map_or_else(|| "-".to_owned(), |e| format!("{:.2}", e.mean)),
        );
        texts.push(if cell.load.is_saturated() { "SATURATED" } else { "" }.to_owned());
        texts
    });
    aligned(&header, rows.collect())
}

/// The utilization of the pool that limits the cell.
fn busiest(cell: &Cell) -> &'static str {
    match cell.load.bottleneck {
        Bottleneck::Gpu => "utilization_gpu",
        Bottleneck::Prefill => "utilization_prefill",
        Bottleneck::Decode => "utilization_decode",
    }
}

/// One sentence per problem, saying what to do about it.
fn warnings(plan: &Plan, cells: &[CellRow]) -> Vec<String> {
    let mut texts = Vec::new();
    let count = |test: &dyn Fn(&CellRow) -> bool| cells.iter().filter(|row| test(row)).count();
    let saturated = count(&|row| plan.cells[row.cell as usize].load.is_saturated());
    if saturated > 0 {
        texts.push(format!(
            "{} (offered load 1 or more): queues grow for as long as the run lasts, so \
             these TTFTs describe this horizon and no steady state",
            cells_are(saturated, "saturated")
        ));
    }
    texts.extend(not_found_warning(plan));
    // Under `observe: arrivals` every request is followed to its first token.
    let censored = count(&|row| {
        plan.cells[row.cell as usize].scenario.observe == Observe::Events
            && row.estimate("censored").is_some_and(|share| share.mean > CENSORED_WARNING)
    });
    if censored > 0 {
        texts.push(format!(
            "{} (more than 1 % of arrivals had no first token at the horizon), which \
             understates TTFT: use --observe arrivals or a longer --sim-seconds",
            cells_are(censored, "censored")
        ));
    }
    let empty = count(&|row| row.replications > 0 && row.estimate("mean_ttft_s").is_none());
    if empty > 0 {
        texts.push(format!(
            "{} a single sample: lengthen --sim-seconds",
            if empty == 1 {
                "1 cell is without".to_owned()
            } else {
                format!("{empty} cells are without")
            }
        ));
    }
    let sparse = count(&|row| {
        row.estimate("num_samples").is_some_and(|n| n.mean > 0.0 && n.mean < FEW_SAMPLES)
    });
    if sparse > 0 {
        texts.push(format!(
            "{} fewer than {FEW_SAMPLES} samples per replication, too few for a p99, which comes out too \
             small: lengthen --sim-seconds",
            if sparse == 1 { "1 cell has".to_owned() } else { format!("{sparse} cells have") }
        ));
    }
    if let Some(share) = smallest_recorded_share(plan) {
        texts.push(format!(
            "replication 0 replays only the first {:.0} % of a trace: --sim-seconds is shorter than it",
            100.0 * share
        ));
    }
    if let Some(end_s) = earliest_trace_end_s(plan) {
        texts.push(format!(
            "a trace ends after {} s, before the horizon: set arrival.repeat=true or a shorter --sim-seconds",
            significant(end_s)
        ));
    }
    texts
}

fn cells_are(count: usize, what: &str) -> String {
    if count == 1 { format!("1 cell is {what}") } else { format!("{count} cells are {what}") }
}

/// When the first trace that stops before its horizon does, seconds.
fn earliest_trace_end_s(plan: &Plan) -> Option<f64> {
    let ends = plan.cells.iter().filter_map(|cell| match &cell.scenario.arrivals {
        Arrivals::Trace(replay) if !replay.repeat => {
            let end_s = replay.end_s();
            (end_s < cell.scenario.sim_seconds).then_some(end_s)
        }
        _ => None,
    });
    ends.min_by(f64::total_cmp)
}

/// The smallest share of a trace that its recorded replication covers, if it is not all of it.
fn smallest_recorded_share(plan: &Plan) -> Option<f64> {
    let shares = plan.cells.iter().filter_map(|cell| match &cell.scenario.arrivals {
        Arrivals::Trace(replay) => {
            let share = cell.scenario.sim_seconds / replay.end_s();
            (share < 1.0).then_some(share)
        }
        _ => None,
    });
    shares.min_by(f64::total_cmp)
}
