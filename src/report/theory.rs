//! What queueing theory says of a plan, with what is exact in it and what is not.

use serde_json::Value as Json;
use sweep_engine::plan::{Cell, Plan};
use sweep_engine::scenario::Arrivals;
use sweep_engine::theory::{Method, Prediction, Waiting};

use super::output::print;
use super::plan::{LISTED_CELLS, axis_title, factor_text};
use super::records::Record;
use super::tables::{aligned, print_text_table};
use crate::failure::Failure;
use crate::numbers::significant;
use crate::schema::{CELL_COLUMNS, FACTOR_COLUMNS, THEORY_COLUMNS, extra_axes};

/// A column of the text: its title, and its value where there is one.
type TextColumn = (&'static str, fn(&Cell, &Prediction) -> Option<String>);

/// What stands between the axes of a cell and the mark of saturation.
const TEXT_COLUMNS: [TextColumn; 10] = [
    ("load prefill", |cell, _| cell.load.prefill.map(load_text)),
    ("load decode", |cell, _| cell.load.decode.map(load_text)),
    ("load gpu", |cell, _| cell.load.gpu.map(load_text)),
    ("P(wait)", |_, theory| theory.prefill?.probability.map(significant)),
    ("p99_wait_s", |_, theory| theory.prefill?.p99_s.map(significant)),
    ("wait_s", |_, theory| theory.prefill.map(mean_wait_text)),
    ("decode wait_s", |_, theory| theory.decode.map(mean_wait_text)),
    ("mean_ttft_s", |_, theory| theory.mean_ttft_s.map(|ttft_s| marked(ttft_s, theory.is_exact()))),
    ("method", |_, theory| theory.prefill.map(|waiting| waiting.method.name().to_owned())),
    ("decode method", |_, theory| theory.decode.map(|waiting| waiting.method.name().to_owned())),
];

/// Prints one row per cell, then what the methods are; as Markdown if asked for.
pub(crate) fn print_theory(
    plan: &Plan,
    predictions: &[Prediction],
    all: bool,
    markdown: bool,
) -> Result<(), Failure> {
    let most = if all { usize::MAX } else { LISTED_CELLS };
    let (header, rows) = text_rows(plan, predictions, most);
    if markdown {
        let header: Vec<&str> = header.iter().map(String::as_str).collect();
        print_text_table(&header, rows, true)?;
    } else {
        print(&aligned(&header, rows))?;
    }
    if plan.cells.len() > most {
        print(&format!("... and {} more cells (--all lists them)", plan.cells.len() - most))?;
    }
    print(&format!("\n{}", legend(plan, predictions)))
}

/// One row per cell with every digit: the columns that `cells` has of them.
pub(crate) fn theory_records(plan: &Plan, predictions: &[Prediction]) -> Vec<Record> {
    let (factors, loads) = CELL_COLUMNS.split_at(FACTOR_COLUMNS);
    let axes = extra_axes(plan);
    let rows = plan.cells.iter().zip(predictions).enumerate();
    rows.map(|(number, (cell, prediction))| {
        let mut record = Record::default();
        record.push("cell", Json::from(number));
        record.push_columns(factors, cell);
        for &axis in &axes {
            let value = plan.factor(cell, axis).map(serde_json::to_value);
            let value = value.and_then(Result::ok).unwrap_or(Json::Null);
            record.push(plan.axes[axis].key.column, value);
        }
        record.push_columns(loads, cell);
        record.push_columns(&THEORY_COLUMNS, prediction);
        record
    })
    .collect()
}

/// Header and rows of the first cells; columns that are empty in the whole plan are left out.
fn text_rows(
    plan: &Plan,
    predictions: &[Prediction],
    most: usize,
) -> (Vec<String>, Vec<Vec<String>>) {
    let pairs = || plan.cells.iter().zip(predictions);
    let has_value = |(_, value): &TextColumn| pairs().any(|(cell, p)| value(cell, p).is_some());
    let columns: Vec<TextColumn> = TEXT_COLUMNS.into_iter().filter(has_value).collect();
    let axes = 0..plan.axes.len();
    let mut header = vec!["cell".to_owned()];
    header.extend(axes.clone().map(|axis| axis_title(plan, axis)));
    header.extend(columns.iter().map(|(title, _)| (*title).to_owned()));
    header.push(String::new());
    let rows = pairs().take(most).enumerate().map(|(number, (cell, prediction))| {
        let mut row = vec![number.to_string()];
        row.extend(axes.clone().map(|axis| factor_text(plan, cell, axis)));
        row.extend(
            columns
                .iter()
                .map(|(_, value)| value(cell, prediction).unwrap_or_else(|| "-".to_owned())),
        );
        row.push(if cell.load.is_saturated() { "SATURATED" } else { "" }.to_owned());
        row
    });
    (header, rows.collect())
}

fn load_text(load: f64) -> String {
    format!("{load:.3}")
}

fn mean_wait_text(waiting: Waiting) -> String {
    marked(waiting.mean_s, Some(waiting.method.is_exact()))
}

/// A number with a tilde if it is an approximation.
fn marked(number: f64, is_exact: Option<bool>) -> String {
    let mark = if is_exact == Some(true) { "" } else { "~" };
    format!("{mark}{}", significant(number))
}

/// What the numbers are, and why some are missing.
fn legend(plan: &Plan, predictions: &[Prediction]) -> String {
    let mut lines = vec![
        "Steady state by queueing theory, nothing simulated; times in seconds.".to_owned(),
        "Numbers with ~ are approximations, the others are exact. P(wait), p99_wait_s and wait_s \
         are of the first pool."
            .to_owned(),
    ];
    let is_used = |method: &Method| {
        let uses = |waiting: Option<Waiting>| waiting.is_some_and(|w| w.method == *method);
        predictions.iter().any(|p| uses(p.prefill) || uses(p.decode))
    };
    let used = Method::ALL.into_iter().filter(is_used);
    lines.extend(used.map(|method| format!("  {}: {}", method.name(), method.source())));
    if plan.cells.iter().any(|cell| cell.load.is_saturated()) {
        lines.push(
            "SATURATED: offered load 1 or more, so the queue has no steady state to predict"
                .to_owned(),
        );
    }
    if plan.cells.iter().any(|cell| matches!(cell.scenario.arrivals, Arrivals::Trace(_))) {
        lines
            .push("Traces: no prediction, since no formula here describes their bursts".to_owned());
    }
    lines.join("\n")
}
