//! What a run found, in a compact table, with what to mind about it.

use std::collections::BTreeMap;
use std::path::Path;

use sweep_engine::plan::Plan;

use super::cells::cells_table;
use super::output::{note, print, print_styled, warning};
use super::warmup::warmup_note;
use super::window::Window;
use crate::failure::Failure;
use crate::numbers::{grouped, significant};
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

/// Prints what a run found, and a chart of it; with `quiet` only warnings.
pub(crate) fn summary(
    plan: &Plan,
    findings: &Findings,
    chart: &[String],
    quiet: bool,
) -> Result<(), Failure> {
    let Findings { first, cells, problems } = findings;
    let window = Window::of_output();
    let rows: Vec<&CellRow> = first.values().collect();
    let table = cells_table(plan, &rows, window.columns, window.letters);
    if !quiet {
        print_styled(&table.lines.join("\n"))?;
        if *cells > SHOWN_CELLS {
            print(&format!("... and {} more cells: sweep show has all", cells - SHOWN_CELLS))?;
        }
        if !chart.is_empty() {
            print_styled(&format!("\n{}", chart.join("\n")))?;
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
            "times to first token; p50, p90 and p99 of all requests of a cell; ± is the half width of a {} % \
             interval, ~ a value without one",
            percent(plan.confidence)
        ));
        if !table.left_out.is_empty() {
            let names = table.left_out.join(", ");
            note(&format!(
                "left out for want of columns: {names}; the tables of the run have them"
            ));
        }
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
