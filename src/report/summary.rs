//! What a run found, in a compact table, with what to mind about it.

use std::collections::BTreeMap;
use std::path::Path;

use sweep_engine::plan::{Cell, Plan};
use sweep_engine::scenario::Bottleneck;

use super::output::{note, print, warning};
use super::plan::{axis_title, factor_text};
use super::tables::aligned;
use super::warmup::warmup_note;
use crate::failure::Failure;
use crate::numbers::{estimate, grouped, mean, significant};
use crate::problems::{CellFacts, ProblemCounts, lost_warmups, trace_sentences, warmup_sentence};
use crate::schema::{CellRow, percent};

/// Cells that the table shows.
const SHOWN_CELLS: usize = 60;

/// What the simulation took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    /// Jobs that were simulated, and those that were taken over from earlier runs.
    pub(crate) jobs: u64,
    pub(crate) reused_jobs: u64,
    /// Whether there were some to be taken over.
    pub(crate) reuses: bool,
    pub(crate) simulated_requests: u64,
    pub(crate) simulation_s: f64,
}

/// What people are told of the cells of a run: the rows of the first ones, and how many have which problem. Rows of
/// a million cells would take more memory than anything else.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    first: BTreeMap<u32, CellRow>,
    cells: usize,
    problems: ProblemCounts,
}

impl Findings {
    /// Adds a cell, in any order.
    pub(crate) fn add(&mut self, plan: &Plan, row: CellRow) {
        self.cells += 1;
        self.problems.add(&CellFacts::of(&row, &plan.cells[row.cell as usize]));
        self.first.insert(row.cell, row);
        if self.first.len() > SHOWN_CELLS {
            self.first.pop_last();
        }
    }
}

/// Prints what a run found; with `quiet` only warnings.
pub(crate) fn summary(plan: &Plan, findings: &Findings, quiet: bool) -> Result<(), Failure> {
    let Findings { first, cells, problems } = findings;
    if !quiet {
        let rows: Vec<&CellRow> = first.values().collect();
        print(&cells_table(plan, &rows))?;
        if *cells > SHOWN_CELLS {
            print(&format!("... and {} more cells in the table", cells - SHOWN_CELLS))?;
        }
    }
    let of_plan = warmup_sentence(lost_warmups(plan)).into_iter().chain(trace_sentences(plan));
    for text in problems.sentences().into_iter().chain(of_plan) {
        warning(&text);
    }
    if !quiet {
        if let Some(text) = warmup_note(plan) {
            note(&text);
        }
        note(&format!(
            "± is the half width of a {} % interval, ~ a value without one",
            percent(plan.confidence)
        ));
    }
    Ok(())
}

/// Says what the simulation took, and where its tables are.
pub(crate) fn run_finished(work: &Work, folder: &Path, quiet: bool) {
    if !quiet {
        if work.jobs > 0 {
            note(&work_line(work));
        }
        if work.reuses {
            note(&format!("{} jobs taken over from earlier runs", grouped(work.reused_jobs)));
        }
        note(&format!("written to {}", folder.display()));
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown with four digits")]
pub(super) fn work_line(work: &Work) -> String {
    format!(
        "{} jobs, {} requests simulated in {} s ({} M requests/s)",
        grouped(work.jobs),
        grouped(work.simulated_requests),
        significant(work.simulation_s),
        significant((work.simulated_requests as f64 / work.simulation_s / 1e4).round() / 100.0),
    )
}

/// A column of the printed table: its header, and its text for a cell.
type ShownColumn = (&'static str, fn(&CellRow, &Cell) -> String);

/// One row per cell: axes, load, TTFT with half widths, the busiest pool; the objective and the
/// replications where they are of interest.
fn cells_table(plan: &Plan, cells: &[&CellRow]) -> String {
    let axes: Vec<usize> = (0..plan.axes.len()).collect();
    let has_objective = plan.cells.iter().any(|cell| cell.scenario.slo_ttft_s.is_some());
    let mut header: Vec<String> = axes.iter().map(|&axis| axis_title(plan, axis)).collect();
    let mut columns: Vec<ShownColumn> = vec![
        ("load", |_, cell| {
            cell.load.largest().map_or_else(|| "-".to_owned(), |load| format!("{load:.2}"))
        }),
        ("mean_ttft_s", |row, _| estimate(row.estimate("mean_ttft_s"))),
        ("p50", |row, _| mean(row.estimate("p50_ttft_s"))),
        ("p90", |row, _| mean(row.estimate("p90_ttft_s"))),
        ("p99_ttft_s", |row, _| estimate(row.estimate("p99_ttft_s"))),
        ("pooled_p99", |row, _| estimate(row.estimate("pooled_p99_ttft_s"))),
    ];
    if has_objective {
        columns.push(("slo_attainment", |row, _| estimate(row.estimate("slo_attainment"))));
        columns.push(("goodput_rps", |row, _| estimate(row.estimate("goodput_rps"))));
    }
    columns.push(("busy", |row, cell| {
        let busy = row.estimate(busiest(cell));
        busy.map_or_else(|| "-".to_owned(), |busy| format!("{:.2}", busy.mean))
    }));
    if plan.precision.is_some() {
        columns.push(("runs", |row, _| row.replications.to_string()));
        let is_axis = plan.axes.iter().any(|axis| axis.key.path == "sim_seconds");
        if !is_axis {
            columns.push(("sim_seconds", |_, cell| significant(cell.scenario.sim_seconds)));
        }
    }
    columns
        .push(("", |_, cell| if cell.load.is_saturated() { "SATURATED" } else { "" }.to_owned()));
    header.extend(columns.iter().map(|(name, _)| (*name).to_owned()));
    let rows = cells.iter().map(|row| {
        let cell = &plan.cells[row.cell as usize];
        let factors = axes.iter().map(|&axis| factor_text(plan, cell, axis));
        factors.chain(columns.iter().map(|(_, text)| text(row, cell))).collect()
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
