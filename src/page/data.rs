//! The cells as the script of the page reads them: JSON by columns, packed by gzip.

use std::collections::BTreeSet;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;
use sweep_engine::spec::Value;

use super::report::Report;
use crate::failure::Failure;
use crate::view::{Quantity, RunView, numbers};

/// Values that spread over a larger ratio get a logarithmic axis.
const WIDE: f64 = 10.0;
/// With more cells values have one digit less, so that the page stays below a megabyte.
const MANY_CELLS: usize = 5_000;
/// The result that is shown first.
const FIRST: &str = "pooled_p99_ttft_s";

#[derive(Serialize)]
struct Data<'a> {
    name: &'a str,
    level: f64,
    axes: Vec<AxisData>,
    zip: &'a [Vec<usize>],
    results: Vec<ResultData<'a>>,
    /// What there is to mind about cells: each text once.
    flags: Vec<&'a str>,
    cells: CellData,
    start: Start,
}

#[derive(Serialize)]
struct AxisData {
    column: String,
    short: String,
    label: String,
    unit: &'static str,
    numeric: bool,
    values: Vec<Value>,
    texts: Vec<String>,
}

#[derive(Serialize)]
struct ResultData<'a> {
    column: &'a str,
    short: &'a str,
    label: String,
    unit: &'a str,
    interval: bool,
}

/// Columns: one entry per cell, in the order of cells.
#[derive(Serialize)]
struct CellData {
    /// Indices into the values of an axis.
    axes: Vec<Vec<Option<u32>>>,
    results: Vec<Vec<Option<f64>>>,
    half_widths: Vec<Option<Vec<Option<f64>>>>,
    saturated: Vec<u8>,
    replications: Vec<u32>,
    /// Indices into `flags`.
    flags: Vec<usize>,
}

/// What the chart shows at first.
#[derive(Serialize)]
struct Start {
    x: Option<usize>,
    y: usize,
    by: Option<usize>,
    log_x: bool,
    log_y: bool,
}

/// # Errors
/// It cannot be encoded.
pub(super) fn packed_data(report: &Report) -> Result<Vec<u8>, Failure> {
    let failed = |error: std::io::Error| Failure::encoding("the data of the page", error);
    let json = serde_json::to_vec(&data(report)).map_err(|error| failed(error.into()))?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&json).map_err(failed)?;
    encoder.finish().map_err(failed)
}

fn data<'a>(report: &'a Report) -> Data<'a> {
    let view = report.view;
    let all = 0..view.num_cells();
    let decimals = if view.num_cells() > MANY_CELLS { 2 } else { 3 };
    let column = |quantity: &Quantity| -> Vec<Option<f64>> {
        all.clone()
            .map(|cell| {
                view.measured(quantity.name(), cell).value.map(|value| rounded(value, decimals))
            })
            .collect()
    };
    // What no cell has is of no use.
    let results: Vec<(&Quantity, Vec<Option<f64>>)> = view
        .quantities
        .iter()
        .map(|quantity| (quantity, column(quantity)))
        .filter(|(_, values)| values.iter().any(Option::is_some))
        .collect();
    let half_widths = |quantity: &Quantity| -> Option<Vec<Option<f64>>> {
        let half_width = |cell| {
            view.measured(quantity.name(), cell).half_width.map(|half_width| rounded(half_width, 1))
        };
        quantity.has_interval.then(|| all.clone().map(half_width).collect())
    };
    let y = results.iter().position(|(quantity, _)| quantity.name() == FIRST).unwrap_or(0);
    let wide = |values: &mut dyn Iterator<Item = f64>| {
        let (low, high) = values.fold((f64::INFINITY, 0.0), |(low, high): (f64, f64), value| {
            (low.min(value), high.max(value))
        });
        low > 0.0 && high > WIDE * low
    };
    let start = Start {
        x: report.start.map(|(x, _)| x),
        y,
        by: report.start.and_then(|(_, by)| by),
        log_x: report.start.is_some_and(|(x, _)| {
            numbers(view.run, x).is_some_and(|numbers| wide(&mut numbers.into_iter()))
        }),
        log_y: results
            .get(y)
            .is_some_and(|(_, values)| wide(&mut values.iter().flatten().copied())),
    };
    let flags: BTreeSet<&str> = report.flags.iter().map(String::as_str).collect();
    let flags: Vec<&str> = flags.into_iter().collect();
    Data {
        name: &view.run.name,
        level: view.run.level,
        axes: (0..view.run.axes.len()).map(|axis| axis_data(view, axis)).collect(),
        zip: &view.run.zip,
        results: results.iter().map(|(quantity, _)| result_data(quantity)).collect(),
        cells: CellData {
            axes: (0..view.run.axes.len())
                .map(|axis| all.clone().map(|cell| view.factor(axis, cell)).collect())
                .collect(),
            half_widths: results.iter().map(|(quantity, _)| half_widths(quantity)).collect(),
            results: results.into_iter().map(|(_, values)| values).collect(),
            saturated: all.clone().map(|cell| u8::from(view.is_saturated(cell))).collect(),
            replications: report.replications.clone(),
            flags: report
                .flags
                .iter()
                .map(|text| flags.binary_search(&text.as_str()).unwrap_or(0))
                .collect(),
        },
        flags,
        start,
    }
}

fn axis_data(view: &RunView, axis: usize) -> AxisData {
    AxisData {
        column: view.axis_name(axis),
        short: view.axis_short(axis),
        label: view.axis_label(axis),
        unit: view.run.axes[axis].key.unit,
        numeric: numbers(view.run, axis).is_some(),
        values: view.run.axes[axis].values.clone(),
        texts: view.value_texts(axis),
    }
}

fn result_data(quantity: &Quantity) -> ResultData<'_> {
    ResultData {
        column: quantity.name(),
        short: &quantity.short,
        label: quantity.label(),
        unit: &quantity.unit,
        interval: quantity.has_interval,
    }
}

/// A number with one digit before and some after the point: more would be bytes without meaning.
fn rounded(number: f64, decimals: usize) -> f64 {
    format!("{number:.decimals$e}").parse().unwrap_or(number)
}
