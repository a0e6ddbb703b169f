//! `sweep run`: plan, simulate every job, write the tables.

use std::path::{Path, PathBuf};
use std::time::Instant;

use polars::prelude::DataFrame;
use sweep_engine::plan::Plan;

use crate::aggregate::{cell_rows, job_rows};
use crate::assemble::{self, Assembled};
use crate::cli::RunArgs;
use crate::failure::Failure;
use crate::frame::{cells_frame, jobs_frame, write_csv, write_parquet};
use crate::io::TableFormat;
use crate::progress::{Interrupt, JobProgress};
use crate::provenance::{Outcome, RunRecord, parquet_metadata};
use crate::report;
use crate::runner;
use crate::schema::{CellRow, JobRow};
use crate::store::StagedRun;

pub(super) fn run(file: Option<&Path>, args: &RunArgs) -> Result<(), Failure> {
    let mut assembled = assemble::sweep(file, args)?;
    // Until here Ctrl-C simply ends the process: nothing has been written.
    let interrupt = Interrupt::install()?;
    let name = assembled.output.name.clone().unwrap_or_else(|| default_name(&assembled.plan.hash));
    let staged = StagedRun::begin(&assembled.output.out, &name, args.force)?;

    let started_at = jiff::Timestamp::now();
    let clock = Instant::now();
    find_warmups(&mut assembled.plan, args, &interrupt)?;
    let plan = &assembled.plan;
    let simulation = Instant::now();
    let progress = JobProgress::new(plan.num_jobs(), "jobs", args.quiet, interrupt.clone());
    let results = runner::run(plan, args.threads, &progress)?;
    progress.finish();
    let simulation_s = simulation.elapsed().as_secs_f64();

    let jobs = job_rows(plan, &assembled.folders, results);
    let cells = cell_rows(plan, &jobs);
    write_tables(&staged, &assembled, &jobs, &cells)?;
    let failed_jobs = cells.iter().map(|cell| u64::from(cell.failed)).sum();
    let outcome = Outcome {
        started_at: started_at.to_string(),
        wall_s: clock.elapsed().as_secs_f64(),
        threads: threads(args.threads),
        failed_jobs,
        simulated_requests: progress.simulated_requests(),
    };
    write_record(&staged, &name, &assembled, outcome)?;
    interrupt.check()?;
    let folder = staged.commit()?;

    let work = report::Work { simulated_requests: progress.simulated_requests(), simulation_s };
    report::run_finished(plan, &cells, &work, &folder, args.quiet)?;
    if failed_jobs > 0 {
        let table = folder.join(table_file("jobs", assembled.output.format));
        let table = table.display().to_string();
        return Err(Failure::Jobs { failed: failed_jobs, jobs: plan.num_jobs(), table });
    }
    Ok(())
}

fn find_warmups(plan: &mut Plan, args: &RunArgs, interrupt: &Interrupt) -> Result<(), Failure> {
    let open = plan.cells.iter().filter(|cell| cell.has_auto_warmup()).count() as u64;
    let progress = JobProgress::new(open, "warm-ups", args.quiet, interrupt.clone());
    runner::freeze_warmups(plan, args.threads, &progress)?;
    progress.finish();
    Ok(())
}

/// Name of a run that nobody named.
fn default_name(plan_hash: &str) -> String {
    format!("sweep-{}", &plan_hash[..8])
}

fn threads(stated: Option<usize>) -> usize {
    stated.unwrap_or_else(crate::estimate::available_threads)
}

fn table_file(table: &str, format: TableFormat) -> PathBuf {
    PathBuf::from(match format {
        TableFormat::Parquet => format!("{table}.parquet"),
        TableFormat::Csv => format!("{table}.csv"),
    })
}

fn write_tables(
    staged: &StagedRun,
    assembled: &Assembled,
    jobs: &[JobRow],
    cells: &[CellRow],
) -> Result<(), Failure> {
    let failed = |error| Failure::encoding("a table", error);
    let mut jobs = jobs_frame(&assembled.plan, jobs).map_err(failed)?;
    write_table(staged, assembled, "jobs", &mut jobs)?;
    let mut cells = cells_frame(&assembled.plan, cells).map_err(failed)?;
    write_table(staged, assembled, "cells", &mut cells)
}

fn write_table(
    staged: &StagedRun,
    assembled: &Assembled,
    name: &'static str,
    table: &mut DataFrame,
) -> Result<(), Failure> {
    let format = assembled.output.format;
    let metadata = parquet_metadata(name, &assembled.spec, &assembled.plan)
        .map_err(|error| Failure::encoding("the metadata of a table", error))?;
    staged.write(&table_file(name, format), |file| {
        let written = match format {
            TableFormat::Parquet => write_parquet(table, metadata, file),
            TableFormat::Csv => write_csv(table, file),
        };
        written.map_err(|error| {
            let place = assembled.output.out.display();
            Failure::encoding(format!("the table {name} in {place}"), error)
        })
    })
}

fn write_record(
    staged: &StagedRun,
    name: &str,
    assembled: &Assembled,
    outcome: Outcome,
) -> Result<(), Failure> {
    let Assembled { spec, plan, traces, output, .. } = assembled;
    let record = RunRecord::new(name, spec, plan, traces, output.format, outcome);
    staged.write(Path::new("run.json"), |file| {
        serde_json::to_writer_pretty(file, &record)
            .map_err(|error| Failure::encoding("run.json", error))
    })
}
