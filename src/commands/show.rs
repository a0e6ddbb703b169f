//! `sweep show`: rows of a finished run, as people or programs want them.

use std::path::Path;

use sweep_engine::spec::{Kind, Value};

use crate::cli::{ShowArgs, TidyFormat};
use crate::failure::Failure;
use crate::io::{FinishedRun, RunTable};
use crate::report;
use crate::schema::is_half_width;
use crate::selection::{Columns, SortKey, Table, Test};

/// Of cells the percentiles of all requests, of jobs those of each.
const OF_CELLS: [&str; 3] = ["pooled_p50_ttft_s", "pooled_p90_ttft_s", "pooled_p99_ttft_s"];
const OF_JOBS: [&str; 3] = ["p50_ttft_s", "p90_ttft_s", "p99_ttft_s"];

/// Beside the axes and percentiles, what a terminal shows when nothing is said.
const SHOWN: [&str; 6] = [
    "mean_ttft_s",
    "utilization_prefill",
    "utilization_decode",
    "utilization_gpu",
    "bottleneck",
    "saturated",
];

/// What tells jobs apart, and what became of them where it matters.
const JOB: [&str; 2] = ["cell", "replication"];
const FATE: [&str; 2] = ["status", "error"];

/// What a narrow terminal goes without, first to last.
const DISPENSABLE: [&str; 9] = [
    "bottleneck",
    "utilization_prefill",
    "utilization_decode",
    "utilization_gpu",
    "mean_ttft_s",
    "p50_ttft_s",
    "p90_ttft_s",
    "pooled_p50_ttft_s",
    "pooled_p90_ttft_s",
];

pub(super) fn show(args: &ShowArgs) -> Result<(), Failure> {
    let run = FinishedRun::open(&args.run, args.out.as_deref().unwrap_or(Path::new("results")))?;
    let table = if args.jobs { "jobs" } else { "cells" };
    let columns = Columns::new(run.columns(table)?);
    let tests = columns.tests(&args.conditions)?;
    let order = columns.order(&args.sort)?;
    let is_for_people = matches!(args.format, TidyFormat::Table | TidyFormat::Markdown);
    let is_chosen_for_people = is_for_people && args.columns.is_empty();
    let mut shown = if !args.columns.is_empty() {
        columns.chosen(&args.columns)?
    } else if is_for_people {
        for_people(&run, &columns, args.jobs)
    } else {
        columns.names().map(str::to_owned).collect()
    };
    let source = Source::read(&run, table, &columns, &shown, &tests, &order)?;
    let all = source.table.height();
    let rows = source.rows(&tests, &order, args.limit.unwrap_or(all))?;
    if is_chosen_for_people && args.jobs && !source.has_failed(&rows)? {
        shown.retain(|name| !FATE.contains(&name.as_str()));
    }
    let mut selected = source.table_of(shown, &rows)?;
    let mut dispensable: &[&str] = &[];
    if is_chosen_for_people {
        selected = report::with_intervals(&selected);
        dispensable = &DISPENSABLE;
    }
    report::print_selection(&selected, args.format, dispensable)?;
    if is_for_people && rows.len() < all {
        report::note(&format!("{} of {all} rows", rows.len()));
    }
    Ok(())
}

/// The columns that a terminal shows when nothing is said, half widths behind their means.
fn for_people(run: &FinishedRun, columns: &Columns, of_jobs: bool) -> Vec<String> {
    let (first, last) = if of_jobs { (&JOB[..], &FATE[..]) } else { (&[][..], &[][..]) };
    let axes = run.axes.iter().map(|axis| axis.key.column);
    let percentiles = if of_jobs { OF_JOBS } else { OF_CELLS };
    let results = percentiles.into_iter().chain(SHOWN);
    let mut names: Vec<String> = Vec::new();
    for name in first.iter().copied().chain(axes).chain(results).chain(last.iter().copied()) {
        let is_new = !names.iter().any(|known| known == name);
        if is_new && columns.names().any(|known| known == name) {
            let half_width = columns.names().find(|other| is_half_width(other, name));
            names.extend([name].into_iter().chain(half_width).map(str::to_owned));
        }
    }
    names
}

/// A table with the columns that are shown or decide over what is.
struct Source<'a> {
    columns: &'a Columns,
    table: RunTable,
}

impl<'a> Source<'a> {
    fn read(
        run: &FinishedRun,
        table: &str,
        columns: &'a Columns,
        shown: &[String],
        tests: &[Test],
        order: &[SortKey],
    ) -> Result<Self, Failure> {
        let tested = tests.iter().flat_map(Test::columns);
        let sorted = order.iter().map(|key| key.column.as_str());
        let mut wanted: Vec<(&str, Kind)> = Vec::new();
        for name in shown.iter().map(String::as_str).chain(tested).chain(sorted) {
            if !wanted.iter().any(|(known, _)| *known == name) {
                wanted.extend(columns.get(name));
            }
        }
        Ok(Self { columns, table: run.read(table, &wanted)? })
    }

    /// At most so many rows that pass all tests, in order.
    fn rows(&self, tests: &[Test], order: &[SortKey], most: usize) -> Result<Vec<usize>, Failure> {
        let mut rows: Vec<usize> = (0..self.table.height()).collect();
        for test in tests {
            test.keep(&mut rows, |name| self.values(name))?;
        }
        // Sorting is stable: the first key decides last.
        for key in order.iter().rev() {
            key.sort(&mut rows, &self.values(&key.column)?);
        }
        rows.truncate(most);
        Ok(rows)
    }

    /// Some columns of some rows.
    fn table_of(&self, names: Vec<String>, rows: &[usize]) -> Result<Table, Failure> {
        let mut table = Table::with_rows(rows.len());
        for name in names {
            let values = self.values(&name)?;
            table.add(name, rows.iter().map(|&row| values[row].as_ref()));
        }
        Ok(table)
    }

    fn values(&self, name: &str) -> Result<Vec<Option<Value>>, Failure> {
        let kind = self.columns.get(name).map_or(Kind::Path, |(_, kind)| kind);
        Ok(self.table.values(name, kind)?)
    }

    fn has_failed(&self, rows: &[usize]) -> Result<bool, Failure> {
        let ok = Some(Value::Word("ok".to_owned()));
        let status = self.values("status")?;
        Ok(rows.iter().any(|&row| status[row] != ok))
    }
}
