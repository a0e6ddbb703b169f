//! What to mind about a cell, in a word or two beside its row: `warnings` in short. Sentences, limits and their
//! reasons are there; a test of the command holds that both see the same cells.

use sweep_engine::plan::Cell;
use sweep_engine::spec::Observe;

use crate::precision::StopReason;
use crate::schema::CellRow;

/// A word, and the cells that it belongs to.
type Flag = (&'static str, fn(&CellRow, &Cell) -> bool);

/// Worst first, since narrow windows show one.
static FLAGS: [Flag; 12] = [
    ("SATURATED", |_, cell| cell.load.is_saturated()),
    ("no samples", |row, _| row.replications > 0 && !has_value(row)),
    ("no steady state", |row, cell| {
        row.steady == Some(false) && row.short_warmup != Some(true) && !cell.load.is_saturated()
    }),
    ("short warm-up", |row, _| row.short_warmup == Some(true)),
    ("censored", |row, cell| {
        cell.scenario.observe == Observe::Events && exceeds(row, "censored", 0.01)
    }),
    ("missed precision", |row, _| row.stop_reason == StopReason::MaxReplications),
    ("short runs", |row, _| row.short_runs == Some(true)),
    ("short window", |_, cell| {
        !cell.load.is_saturated()
            && cell.load.relaxations(&cell.scenario).is_some_and(|length| length < 20.0)
    }),
    ("few samples", |row, _| row.low_samples == Some(true) && has_value(row)),
    ("few beyond objective", |row, _| row.low_slo_samples == Some(true)),
    ("no intervals", |row, _| {
        row.replications + row.failed == 1 && row.ci_method.is_none() && has_value(row)
    }),
    ("Little's law", |row, cell| {
        !cell.load.is_saturated() && exceeds(row, "little_residual", 0.05)
    }),
];

/// The words of a cell, worst first; after saturation comes what was not even simulated.
pub(super) fn flags(row: &CellRow, cell: &Cell) -> Vec<String> {
    let raised = FLAGS.iter().filter(|(_, applies)| applies(row, cell));
    let mut words: Vec<String> = raised.map(|(word, _)| (*word).to_owned()).collect();
    if row.failed > 0 {
        words.insert(usize::from(cell.load.is_saturated()), format!("{} failed", row.failed));
    }
    words
}

fn has_value(row: &CellRow) -> bool {
    row.estimate("mean_ttft_s").is_some()
}

fn exceeds(row: &CellRow, name: &str, limit: f64) -> bool {
    row.estimate(name).is_some_and(|estimate| estimate.mean.abs() > limit)
}
