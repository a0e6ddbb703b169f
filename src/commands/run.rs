//! `sweep run`: plan, simulate every job, write the tables.

use std::path::Path;
use std::time::Instant;

use polars::prelude::DataFrame;
use sweep_engine::plan::Plan;

use crate::aggregate::predictions;
use crate::assemble::{self, Assembled};
use crate::cli::RunArgs;
use crate::failure::Failure;
use crate::frame::{cells_frame, jobs_frame, write_csv, write_parquet};
use crate::io::TableFormat;
use crate::progress::{Interrupt, JobProgress};
use crate::provenance::{Outcome, RunRecord, parquet_metadata};
use crate::replication::{Results, replicate};
use crate::report;
use crate::runner::Runner;
use crate::store::StagedRun;
use crate::warmup::freeze_warmups;

pub(super) fn run(file: Option<&Path>, args: &RunArgs) -> Result<(), Failure> {
    let mut assembled = assemble::sweep(file, args)?;
    // Until here Ctrl-C simply ends the process: nothing has been written.
    let interrupt = Interrupt::install()?;
    let name = assembled.output.name.clone().unwrap_or_else(|| default_name(&assembled.plan.hash));
    let staged = StagedRun::begin(&assembled.output.out, &name, args.force)?;

    let started_at = jiff::Timestamp::now();
    let clock = Instant::now();
    find_warmups(&mut assembled.plan, args, &interrupt)?;
    let plan = &mut assembled.plan;
    let simulation = Instant::now();
    let progress = JobProgress::new(plan.num_jobs(), "jobs", args.quiet, interrupt.clone());
    let runner = Runner::new(args.threads, &progress)?;
    let results = replicate(plan, &assembled.folders, &runner)?;
    progress.finish();
    let simulation_s = simulation.elapsed().as_secs_f64();

    write_tables(&staged, &assembled, &results)?;
    let Results { jobs, cells } = &results;
    let num_jobs = jobs.iter().map(|rows| rows.len() as u64).sum();
    let failed_jobs = cells.iter().map(|cell| u64::from(cell.failed)).sum();
    let outcome = Outcome {
        started_at: started_at.to_string(),
        wall_s: clock.elapsed().as_secs_f64(),
        threads: threads(args.threads),
        jobs: num_jobs,
        failed_jobs,
        simulated_requests: progress.simulated_requests(),
    };
    write_record(&staged, &name, &assembled, outcome)?;
    interrupt.check()?;
    let folder = staged.commit()?;

    let work = report::Work {
        jobs: num_jobs,
        simulated_requests: progress.simulated_requests(),
        simulation_s,
    };
    report::run_finished(&assembled.plan, cells, &work, &folder, args.quiet)?;
    if failed_jobs > 0 {
        let table = folder.join(assembled.output.format.file_name("jobs"));
        let table = table.display().to_string();
        return Err(Failure::Jobs { failed: failed_jobs, jobs: num_jobs, table });
    }
    Ok(())
}

fn find_warmups(plan: &mut Plan, args: &RunArgs, interrupt: &Interrupt) -> Result<(), Failure> {
    let open = plan.cells.iter().filter(|cell| cell.has_auto_warmup()).count() as u64;
    let progress = JobProgress::new(open, "warm-ups", args.quiet, interrupt.clone());
    freeze_warmups(plan, args.threads, &progress)?;
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

fn write_tables(
    staged: &StagedRun,
    assembled: &Assembled,
    results: &Results,
) -> Result<(), Failure> {
    let failed = |error| Failure::encoding("a table", error);
    let mut jobs = jobs_frame(&assembled.plan, &results.jobs_by_number()).map_err(failed)?;
    write_table(staged, assembled, "jobs", &mut jobs)?;
    drop(jobs);
    let mut cells = cells_frame(&assembled.plan, &results.cells, &predictions(&assembled.plan))
        .map_err(failed)?;
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
    staged.write(Path::new(&format.file_name(name)), |file| {
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
