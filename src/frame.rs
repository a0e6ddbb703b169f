//! Rows to tables: the only place where results meet polars, and where tables become bytes.

use std::borrow::Cow;
use std::io::Write;

use polars::io::parquet::write::{BatchedWriter, KeyValueMetadata};
use polars::prelude::{
    Column as Series, CsvWriter, DataFrame, NamedFrom, ParquetWriter, PolarsError, SerWriter,
    Series as PolarsSeries,
};
use sweep_engine::model::Sample;
use sweep_engine::plan::{Cell, Plan};
use sweep_engine::spec::{Kind, Value};
use sweep_engine::statistics::Estimate;
use sweep_engine::theory::Prediction;

use crate::comparison::Comparisons;
use crate::schema::{
    AGGREGATE_COLUMNS, CELL_COLUMNS, COMPARISON_COLUMNS, CellRow, Column, FACTOR_COLUMNS, Field,
    JOB_COLUMNS, JobRow, METRICS, POOLED, SPREAD_OF, THEORY_COLUMNS, extra_axes, half_width_name,
    name_at_level, spread_name,
};

/// Most rows of a row group: large enough to compress, small enough to skip.
const ROW_GROUP_ROWS: usize = 100_000;

/// The table `jobs`: one row per job, in the order of job numbers.
pub(crate) fn jobs_frame(plan: &Plan, rows: &[&JobRow]) -> Result<DataFrame, PolarsError> {
    let cells: Vec<&Cell> = rows.iter().map(|row| plan.cell(row.result.id)).collect();
    let numbers: Vec<u32> = rows.iter().map(|row| row.result.id.cell).collect();
    let mut columns = vec![series("cell", numbers)];
    columns.extend(JOB_COLUMNS.iter().map(|column| field_series(column, rows.iter().copied())));
    columns.extend(cell_series(plan, &cells));
    columns.extend(METRICS.iter().map(|metric| {
        let summaries = rows.iter().map(|row| row.result.outcome.as_ref().ok());
        optional_field_series(metric, summaries)
    }));
    frame(columns)
}

/// The table `cells`: one row per cell, with what theory says of it.
pub(crate) fn cells_frame(
    plan: &Plan,
    rows: &[CellRow],
    predictions: &[Prediction],
) -> Result<DataFrame, PolarsError> {
    let cells: Vec<&Cell> = rows.iter().map(|row| &plan.cells[row.cell as usize]).collect();
    let numbers: Vec<u32> = rows.iter().map(|row| row.cell).collect();
    let mut columns = vec![series("cell", numbers)];
    columns.extend(cell_series(plan, &cells));
    columns.extend(AGGREGATE_COLUMNS.iter().map(|column| field_series(column, rows.iter())));
    for (i, metric) in METRICS.iter().enumerate() {
        let estimates = || rows.iter().map(move |row| row.estimates[i]);
        columns.push(of_estimates(metric.name, estimates(), |e| Some(e.mean)));
        if metric.has_half_width() {
            let name = half_width_name(metric.name, plan.confidence);
            columns.push(of_estimates(&name, estimates(), |e| e.half_width));
        }
    }
    for (i, percentile) in POOLED.iter().enumerate() {
        let estimates = || rows.iter().map(move |row| row.pooled[i].map(|p| p.estimate));
        columns.push(of_estimates(percentile.name, estimates(), |e| Some(e.mean)));
        let name = half_width_name(percentile.name, plan.confidence);
        columns.push(of_estimates(&name, estimates(), |e| e.half_width));
    }
    for (i, metric) in METRICS.iter().enumerate() {
        if SPREAD_OF.contains(&metric.name) {
            let estimates = rows.iter().map(|row| row.estimates[i]);
            columns.push(of_estimates(&spread_name(metric.name), estimates, |e| e.std));
        }
    }
    let theory = THEORY_COLUMNS.iter();
    columns.extend(theory.map(|column| field_series(column, predictions.iter())));
    frame(columns)
}

fn of_estimates(
    name: &str,
    estimates: impl Iterator<Item = Option<Estimate>>,
    value: impl Fn(Estimate) -> Option<f64>,
) -> Series {
    series(name, estimates.map(|estimate| estimate.and_then(&value)).collect::<Vec<_>>())
}

/// The table of a comparison.
pub(crate) fn comparisons_frame(comparisons: &Comparisons) -> Result<DataFrame, PolarsError> {
    let Comparisons { factors, baseline, rows, level, .. } = comparisons;
    let mut columns: Vec<Series> = Vec::new();
    for (i, factor) in factors.iter().enumerate() {
        let values = rows.iter().map(|row| row.factors[i].as_ref());
        columns.push(value_series(&factor.name, factor.kind, values));
    }
    if let Some(by) = factors.last() {
        columns.push(value_series("baseline", by.kind, rows.iter().map(|_| Some(baseline))));
    }
    columns.extend(COMPARISON_COLUMNS.iter().map(|column| {
        let mut series = field_series(column, rows.iter());
        series.rename(name_at_level(column.name, *level).as_ref().into());
        series
    }));
    frame(columns)
}

/// Samples of one job, in the order given.
pub(crate) fn samples_frame(samples: &[Sample]) -> Result<DataFrame, PolarsError> {
    frame(vec![
        series("request", samples.iter().map(|sample| sample.request).collect::<Vec<_>>()),
        series("arrival_s", samples.iter().map(|sample| sample.arrival_s).collect::<Vec<_>>()),
        series("ttft_s", samples.iter().map(|sample| sample.ttft_s).collect::<Vec<_>>()),
    ])
}

/// A table that is written piece by piece. Bytes depend on its rows and metadata alone, not on the pieces.
pub(crate) struct TableWriter<W: Write> {
    encoder: Encoder<W>,
    /// Rows that wait for their row group to be full.
    pending: Option<DataFrame>,
}

enum Encoder<W: Write> {
    Parquet {
        file: Option<W>,
        metadata: Vec<(String, String)>,
        writer: Option<Box<BatchedWriter<W>>>,
    },
    Csv {
        file: W,
        is_begun: bool,
    },
}

impl<W: Write> TableWriter<W> {
    pub(crate) fn parquet(metadata: Vec<(String, String)>, file: W) -> Self {
        let encoder = Encoder::Parquet { file: Some(file), metadata, writer: None };
        Self { encoder, pending: None }
    }

    pub(crate) fn csv(file: W) -> Self {
        Self { encoder: Encoder::Csv { file, is_begun: false }, pending: None }
    }

    /// Appends rows, which have the same columns each time.
    pub(crate) fn push(&mut self, rows: DataFrame) -> Result<(), PolarsError> {
        let mut pending = match self.pending.take() {
            Some(mut pending) => {
                pending.vstack_mut(&rows)?;
                pending
            }
            None => rows,
        };
        while pending.height() > ROW_GROUP_ROWS {
            let group = pending.slice(0, ROW_GROUP_ROWS);
            pending = pending.slice(i64::try_from(ROW_GROUP_ROWS).unwrap_or(i64::MAX), usize::MAX);
            self.encoder.write(group)?;
        }
        self.pending = Some(pending);
        Ok(())
    }

    /// Writes what is left.
    pub(crate) fn finish(mut self) -> Result<(), PolarsError> {
        if let Some(rows) = self.pending.take() {
            self.encoder.write(rows)?;
        }
        match self.encoder {
            Encoder::Parquet { writer: Some(writer), .. } => writer.finish().map(|_| ()),
            Encoder::Parquet { .. } | Encoder::Csv { .. } => Ok(()),
        }
    }
}

impl<W: Write> Encoder<W> {
    fn write(&mut self, mut rows: DataFrame) -> Result<(), PolarsError> {
        // Rows of several pieces become one row group.
        rows.rechunk_mut();
        match self {
            Self::Parquet { file, metadata, writer } => {
                if let Some(file) = file.take() {
                    let encoder = ParquetWriter::new(file).with_key_value_metadata(Some(
                        KeyValueMetadata::from_static(std::mem::take(metadata)),
                    ));
                    *writer = Some(Box::new(encoder.batched(rows.schema())?));
                }
                writer.as_mut().map_or(Ok(()), |writer| writer.write_batch(&rows))
            }
            Self::Csv { file, is_begun } => {
                CsvWriter::new(file).include_header(!*is_begun).finish(&mut rows)?;
                *is_begun = true;
                Ok(())
            }
        }
    }
}

/// Writes a table as Parquet. Bytes depend on the table and the metadata alone.
pub(crate) fn write_parquet(
    table: &mut DataFrame,
    metadata: Vec<(String, String)>,
    file: impl Write,
) -> Result<(), PolarsError> {
    ParquetWriter::new(file)
        .with_row_group_size(Some(ROW_GROUP_ROWS))
        .with_key_value_metadata(Some(KeyValueMetadata::from_static(metadata)))
        .finish(table)
        .map(|_| ())
}

/// Writes a table as CSV; null is the empty field.
pub(crate) fn write_csv(table: &mut DataFrame, file: impl Write) -> Result<(), PolarsError> {
    CsvWriter::new(file).finish(table)
}

/// Factors, the plan's own axes, offered loads.
fn cell_series(plan: &Plan, cells: &[&Cell]) -> Vec<Series> {
    let (factors, loads) = CELL_COLUMNS.split_at(FACTOR_COLUMNS);
    let of = |column: &Column<Cell>| field_series(column, cells.iter().copied());
    let axes = extra_axes(plan).into_iter().map(|axis| axis_series(plan, axis, cells));
    factors.iter().map(of).chain(axes).chain(loads.iter().map(of)).collect()
}

/// The values of an axis, typed by its key; null where it means nothing in a cell.
fn axis_series(plan: &Plan, axis: usize, cells: &[&Cell]) -> Series {
    let key = plan.axes[axis].key;
    value_series(key.column, key.kind, cells.iter().map(|cell| plan.factor(cell, axis)))
}

/// Values of one kind.
fn value_series<'a>(
    name: &str,
    kind: Kind,
    values: impl Iterator<Item = Option<&'a Value>>,
) -> Series {
    macro_rules! typed {
        ($variant:ident, $convert:expr) => {{
            let values = values.map(|value| match value {
                Some(Value::$variant(inner)) => Some($convert(inner)),
                _ => None,
            });
            series(name, values.collect::<Vec<_>>())
        }};
    }
    match kind {
        Kind::Number => typed!(Number, |number: &f64| *number),
        // As it is written: a number and a word have no type in common.
        Kind::NumberOr(_) => {
            let texts = values.map(|value| value.map(ToString::to_string));
            series(name, texts.collect::<Vec<_>>())
        }
        Kind::Count => typed!(Count, |count: &u32| *count),
        Kind::Seed => typed!(Seed, |seed: &u64| *seed),
        Kind::Flag => typed!(Flag, |flag: &bool| *flag),
        Kind::Word(_) | Kind::Path => typed!(Word, |word: &String| word.clone()),
    }
}

fn field_series<'a, R: 'static>(column: &Column<R>, rows: impl Iterator<Item = &'a R>) -> Series {
    optional_field_series(column, rows.map(Some))
}

/// One column; null where there is no row to read it from.
pub(crate) fn optional_field_series<'a, R: 'static>(
    column: &Column<R>,
    rows: impl Iterator<Item = Option<&'a R>>,
) -> Series {
    match column.field {
        Field::U32(value) => {
            series(column.name, rows.map(|row| row.and_then(value)).collect::<Vec<_>>())
        }
        Field::U64(value) => {
            series(column.name, rows.map(|row| row.and_then(value)).collect::<Vec<_>>())
        }
        Field::F64(value) => {
            series(column.name, rows.map(|row| row.and_then(value)).collect::<Vec<_>>())
        }
        Field::Bool(value) => {
            series(column.name, rows.map(|row| row.and_then(value)).collect::<Vec<_>>())
        }
        Field::Text(value) => {
            let texts: Vec<Option<Cow<'_, str>>> = rows.map(|row| row.and_then(value)).collect();
            series(column.name, texts)
        }
    }
}

/// A column of bytes.
pub(crate) fn binary_series(name: &str, values: Vec<Option<Vec<u8>>>) -> Series {
    series(name, values)
}

fn series<T>(name: &str, values: Vec<T>) -> Series
where
    PolarsSeries: NamedFrom<Vec<T>, [T]>,
{
    PolarsSeries::new(name.into(), values).into()
}

fn frame(columns: Vec<Series>) -> Result<DataFrame, PolarsError> {
    let height = columns.first().map_or(0, Series::len);
    DataFrame::new(height, columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers from `first` on, some of them missing in the second column.
    fn rows(first: u32, count: u32) -> DataFrame {
        let numbers: Vec<u32> = (first..first + count).collect();
        let some: Vec<Option<f64>> =
            numbers.iter().map(|&n| (n % 3 > 0).then(|| f64::from(n))).collect();
        frame(vec![series("number", numbers), series("some", some)]).unwrap()
    }

    #[test]
    fn bytes_do_not_depend_on_the_pieces() {
        let written = |pieces: &[u32], is_csv: bool| {
            let mut bytes = Vec::new();
            let metadata = vec![("key".to_owned(), "value".to_owned())];
            let mut writer = if is_csv {
                TableWriter::csv(&mut bytes)
            } else {
                TableWriter::parquet(metadata, &mut bytes)
            };
            let mut first = 0;
            for piece in pieces {
                writer.push(rows(first, *piece)).unwrap();
                first += piece;
            }
            writer.finish().unwrap();
            bytes
        };
        let group = u32::try_from(ROW_GROUP_ROWS).unwrap();
        let all = 2 * group + 5;
        for is_csv in [false, true] {
            let whole = written(&[all], is_csv);
            for pieces in [vec![group, group, 5], vec![1, group - 1, group + 5], vec![7, all - 7]] {
                assert!(written(&pieces, is_csv) == whole, "{pieces:?}");
            }
        }
    }
}
