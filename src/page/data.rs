//! The cells as the script of the page reads them: JSON by columns, packed by gzip.

use std::collections::BTreeSet;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;
use sweep_engine::spec::Value;

use super::report::Report;
use crate::failure::Failure;
use crate::view::{Measured, Quantity, RunView, numbers};

/// Values that spread over a larger ratio get a logarithmic axis.
const WIDE: f64 = 10.0;
/// With more cells values have two digits less, so that the page stays below a megabyte.
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
    let digits = if view.num_cells() > MANY_CELLS { 3 } else { 5 };
    let column = |quantity: &Quantity| -> Vec<Option<f64>> {
        let value = |cell| value_of(view.measured(quantity.name(), cell), digits);
        all.clone().map(value).collect()
    };
    // What no cell has is of no use.
    let results: Vec<(&Quantity, Vec<Option<f64>>)> = view
        .quantities
        .iter()
        .map(|quantity| (quantity, column(quantity)))
        .filter(|(_, values)| values.iter().any(Option::is_some))
        .collect();
    let half_widths = |quantity: &Quantity| -> Option<Vec<Option<f64>>> {
        let half_width = |cell| half_width_of(view.measured(quantity.name(), cell), digits);
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

/// A value with some digits, and more where its half width is known to more.
fn value_of(Measured { value, half_width }: Measured, digits: usize) -> Option<f64> {
    let value = value?;
    let known = half_width.filter(|half_width| *half_width > 0.0).map_or(0, |half_width| {
        let apart = exponent(value) - exponent(half_width);
        usize::try_from(apart).unwrap_or(0) + digits - 1
    });
    Some(rounded(value, digits.max(known)))
}

/// A half width has one digit less.
fn half_width_of(measured: Measured, digits: usize) -> Option<f64> {
    measured.half_width.map(|half_width| rounded(half_width, digits - 1))
}

/// Decimal places before the point, less one.
fn exponent(number: f64) -> i32 {
    format!("{number:e}").rsplit('e').next().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// A number with some significant digits, at most all that it has.
fn rounded(number: f64, digits: usize) -> f64 {
    let decimals = digits.min(17) - 1;
    format!("{number:.decimals$e}").parse().unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_digits_that_their_half_widths_have() {
        for (value, half_width, expected) in [
            (0.207_743_21, 0.000_312_34, (0.207_743, 0.000_312)),
            (1.234_567, 0.123_456, (1.235, 0.123)),
            (1.234_567, 12.345_67, (1.235, 12.3)),
            (123_456.789, 0.0, (123_500.0, 0.0)),
        ] {
            let measured = Measured { value: Some(value), half_width: Some(half_width) };
            let found = (value_of(measured, 4).unwrap(), half_width_of(measured, 4).unwrap());
            assert_eq!(found, expected);
        }
        let alone = Measured { value: Some(1.234_567), half_width: None };
        assert_eq!((value_of(alone, 4), half_width_of(alone, 4)), (Some(1.235), None));
    }
}
