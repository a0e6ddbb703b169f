//! The cells as a table of few columns: where they stand, TTFT with intervals, how busy the bottleneck is.

use sweep_engine::statistics::Estimate;

use super::report::Report;
use crate::numbers::{estimate, significant_two};
use crate::view::{Measured, RunView};

/// Results with their intervals.
const RESULTS: [(&str, &str); 4] = [
    ("pooled_p50_ttft_s", "P50 TTFT (s)"),
    ("pooled_p90_ttft_s", "P90 TTFT (s)"),
    ("pooled_p99_ttft_s", "P99 TTFT (s)"),
    ("mean_ttft_s", "mean TTFT (s)"),
];
/// Of each cell the pools that it has.
const UTILIZATION: [&str; 3] = ["utilization_prefill", "utilization_decode", "utilization_gpu"];

/// One cell.
pub(super) struct Row {
    pub(super) texts: Vec<String>,
}

/// Names of the columns.
pub(super) fn header(view: &RunView) -> Vec<String> {
    let axes = view.swept().into_iter().map(|axis| view.axis_label(axis));
    let results = RESULTS.iter().map(|(_, label)| (*label).to_owned());
    let last = ["busiest pool".to_owned(), "to mind".to_owned()];
    ["cell".to_owned()].into_iter().chain(axes).chain(results).chain(last).collect()
}

/// The first cells.
pub(super) fn rows(report: &Report, most: usize) -> Vec<Row> {
    (0..report.view.num_cells().min(most)).map(|cell| row(report, cell)).collect()
}

fn row(report: &Report, cell: usize) -> Row {
    let view = report.view;
    let axes = view.swept().into_iter().map(|axis| {
        let value = view.factor(axis, cell);
        value.map_or_else(|| "-".to_owned(), |value| view.value_texts(axis)[value as usize].clone())
    });
    let results = RESULTS.iter().map(|(name, _)| {
        let Measured { value, half_width } = view.measured(name, cell);
        estimate(value.map(|mean| Estimate { mean, half_width, std: None }))
    });
    let busy = UTILIZATION.iter().filter_map(|name| view.measured(name, cell).value);
    let busy = busy.max_by(f64::total_cmp);
    let busy =
        busy.map_or_else(|| "-".to_owned(), |busy| format!("{} %", significant_two(100.0 * busy)));
    let first = [cell.to_string()].into_iter();
    Row {
        texts: first.chain(axes).chain(results).chain([busy, report.flags[cell].clone()]).collect(),
    }
}
