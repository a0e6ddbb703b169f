//! A finished chunk as one table: what is kept of it on disk.
//!
//! Its rows of `jobs`, its rows of `cells` (a Parquet file in the first row of a column), and per cell what no table
//! says (in the first rows of another). All in final form: tables of a run are its parts, one after the other,
//! whoever wrote them.

use std::fs::File;
use std::io::{Cursor, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use polars::io::mmap::MmapBytesReader;
use polars::io::parquet::write::KeyValueMetadata;
use polars::prelude::{
    AnyValue, Column as Series, DataFrame, ParquetCompression, ParquetReader, ParquetWriter,
    PolarsError, SerReader,
};
use serde::{Deserialize, Serialize};
use sweep_engine::plan::{Cell, Plan, WarmupOrigin};
use sweep_engine::warmup::DeletionPoint;

use crate::aggregate::predictions;
use crate::frame::{binary_series, cells_frame, jobs_frame, text_series};
use crate::replication::Results;
use crate::schema::CellRow;

/// The column of the rows of `cells`.
const CELLS: &str = "cells";

/// The column of [`CellRecord`]s.
const RECORD: &str = "cell_record";

/// What a later look at the run needs to know of a cell that is done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct CellRecord {
    pub(crate) row: CellRow,
    /// How many times longer than stated its runs became.
    stretch: u32,
    /// Where `warmup_seconds: auto` put the start of its window.
    warmup: Option<DeletionPoint>,
}

impl CellRecord {
    fn of(plan: &Plan, row: &CellRow) -> Self {
        let Cell { scenario, warmup, stretch, .. } = &plan.cells[row.cell as usize];
        let warmup_seconds = scenario.warmup_seconds;
        let warmup = match *warmup {
            WarmupOrigin::Frozen(finding) => Some(DeletionPoint { warmup_seconds, finding }),
            WarmupOrigin::Stated | WarmupOrigin::Open => None,
        };
        Self { row: row.clone(), stretch: *stretch, warmup }
    }

    /// Makes the cell of a plan what it was when it was done.
    pub(crate) fn restore(&self, plan: &mut Plan) {
        let cell = &mut plan.cells[self.row.cell as usize];
        if let Some(point) = self.warmup {
            cell.freeze_warmup(point);
        }
        while cell.stretch < self.stretch {
            cell.lengthen();
        }
    }
}

/// The rows of a chunk.
#[derive(Clone, Debug)]
pub(crate) struct Part(DataFrame);

impl Part {
    /// Of the results of a chunk of a plan.
    pub(crate) fn new(plan: &Plan, results: &Results) -> Result<Self, PolarsError> {
        let jobs = jobs_frame(plan, &results.jobs.iter().flatten().collect::<Vec<_>>())?;
        let of_cells: Vec<&Cell> =
            results.cells.iter().map(|row| &plan.cells[row.cell as usize]).collect();
        let mut cells = cells_frame(plan, &results.cells, &predictions(&of_cells))?;
        let mut encoded = Vec::new();
        write_fast(&mut cells, Vec::new(), &mut encoded)?;
        let records = results.cells.iter().map(|row| {
            serde_json::to_string(&CellRecord::of(plan, row))
                .map_err(|error| PolarsError::ComputeError(error.to_string().into()))
        });
        let records = text_series(RECORD, records.collect::<Result<_, _>>()?);
        let height = jobs.height();
        let mut columns = jobs.into_columns();
        columns.push(padded(&binary_series(CELLS, vec![encoded]), height)?);
        columns.push(padded(&records, height)?);
        DataFrame::new(height, columns).map(Self)
    }

    /// Reads a part; a file whose bytes were altered may well make the decoder panic.
    pub(crate) fn read(file: File) -> Result<Self, PolarsError> {
        decoded(|| ParquetReader::new(file).finish()).map(Self)
    }

    pub(crate) fn write(
        &self,
        metadata: Vec<(String, String)>,
        file: impl Write,
    ) -> Result<(), PolarsError> {
        write_fast(&mut self.0.clone(), metadata, file)
    }

    /// The rows of `jobs`.
    pub(crate) fn jobs(&self) -> Result<DataFrame, PolarsError> {
        let is_job = |name: &str| ![CELLS, RECORD].contains(&name);
        let columns = self.0.columns().iter().filter(|column| is_job(column.name()));
        DataFrame::new(self.0.height(), columns.cloned().collect())
    }

    /// The rows of `cells`.
    pub(crate) fn cells(&self) -> Result<DataFrame, PolarsError> {
        let encoded = self.0.column(CELLS)?.binary()?.get(0).unwrap_or_default();
        decoded(|| ParquetReader::new(Cursor::new(encoded)).finish())
    }
}

/// As Parquet that takes little time to write; it is read once or twice.
fn write_fast(
    table: &mut DataFrame,
    metadata: Vec<(String, String)>,
    file: impl Write,
) -> Result<(), PolarsError> {
    ParquetWriter::new(file)
        .with_compression(ParquetCompression::Lz4Raw)
        .with_key_value_metadata(Some(KeyValueMetadata::from_static(metadata)))
        .finish(table)
        .map(|_| ())
}

/// What is known of the cells of a part, in order, without reading the rest.
pub(crate) fn read_cell_records(file: File) -> Result<Vec<CellRecord>, PolarsError> {
    let columns = Some(vec![RECORD.to_owned()]);
    let frame = decoded(|| ParquetReader::new(file).with_columns(columns).finish())?;
    let record = |text: &str| {
        serde_json::from_str(text)
            .map_err(|error| PolarsError::ComputeError(error.to_string().into()))
    };
    frame.column(RECORD)?.str()?.iter().flatten().map(record).collect()
}

/// The metadata of a part, without reading its rows.
pub(crate) fn read_metadata(
    file: impl MmapBytesReader,
) -> Result<Vec<(String, String)>, PolarsError> {
    decoded(|| {
        let mut reader = ParquetReader::new(file);
        let pairs = reader.get_metadata()?.key_value_metadata.iter().flatten();
        Ok(pairs.filter_map(|pair| Some((pair.key.clone(), pair.value.clone()?))).collect())
    })
}

fn decoded<T>(read: impl FnOnce() -> Result<T, PolarsError>) -> Result<T, PolarsError> {
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(PolarsError::ComputeError("its bytes were altered".into())))
}

/// With nulls up to a height.
fn padded(column: &Series, height: usize) -> Result<Series, PolarsError> {
    let missing = height.saturating_sub(column.len());
    column.extend_constant(AnyValue::Null, missing)
}
