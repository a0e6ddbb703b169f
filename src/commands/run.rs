//! `sweep run`: plan, simulate chunk by chunk what is not there yet, write the tables.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::Value;
use sweep_engine::plan::{Chunk, Plan};

use super::assembly::{check_jobs, read_labels, table_names, write_tables};
use super::chart::chart;
use super::memory::Fit;
use crate::assemble::{self, Assembled};
use crate::cli::RunArgs;
use crate::failure::Failure;
use crate::intervals::Levels;
use crate::io::RunState;
use crate::memory::WAITING_JOBS;
use crate::part::{Part, read_cell_records};
use crate::progress::JobProgress;
use crate::provenance::{Outcome, PartLabel, PartOrigin, RunRecord, part_metadata};
use crate::replication::{Results, replicate};
use crate::report::{self, Findings};
use crate::rerun::this_command;
use crate::resume::{Shard, missing};
use crate::runner::Runner;
use crate::signals::Interrupt;
use crate::stock::Stock;
use crate::store::{AnotherRun, Existing, Opened, RunFolder, Wanted, parts_of};
use crate::warmup::freeze_warmups;

pub(super) fn run(file: Option<&Path>, args: &RunArgs) -> Result<(), Failure> {
    let mut assembled = assemble::sweep(file, args)?;
    // Until here a signal simply ends the process: nothing has been written.
    let interrupt = Interrupt::install()?;
    let name = name_of(&assembled, args.shard);
    let chunks = assembled.plan.chunks();
    let origin = PartOrigin::of(&assembled.plan, u32::try_from(chunks.len()).unwrap_or(u32::MAX));
    let command = this_command();
    let record = RunRecord::new(&name, &command, &assembled, origin.chunks, args.shard, None);
    let tables =
        if args.shard.is_some() { Vec::new() } else { table_names(assembled.output.format) };
    let out = &assembled.output.out;
    let own = missing(origin.chunks, args.shard, &BTreeSet::new());
    let wanted = Wanted {
        name: &name,
        record: &record,
        tables: &tables,
        chunks: &own,
        existing: existing(args),
    };
    let fit = Fit::of(&assembled, args);
    if !fit.fits() && !wanted.is_complete_in(out) {
        let text = fit.text(&mut assembled);
        return Err(Failure::usage(format!("the run may take {text}")));
    }
    let folder = match RunFolder::open(out, &wanted)? {
        Opened::Complete { folder, outcome } => {
            return all_there(&folder, &outcome, &origin, assembled, args, &interrupt);
        }
        Opened::Open(folder) => folder,
        Opened::Another(another) => {
            let reused = reused_folders(&args.reuse, out)?;
            check_growth(&another, &reused, &assembled.plan, &origin)?;
            another.succeed()?
        }
    };
    match find_stock(&folder, args, &assembled, &origin) {
        Ok(stock) => {
            let work = Work { args, name, command, chunks, origin, interrupt, folder, stock };
            work.go_on(assembled)
        }
        Err(failure) => {
            folder.give_up();
            Err(failure)
        }
    }
}

/// What there is to be taken over: of the run that this one succeeds, and of those that were named.
fn find_stock(
    folder: &RunFolder,
    args: &RunArgs,
    assembled: &Assembled,
    origin: &PartOrigin,
) -> Result<Stock, Failure> {
    // Its own name means its predecessor, if there is one.
    let own = folder.path().file_name().unwrap_or_default();
    let names: Vec<String> =
        args.reuse.iter().filter(|name| own != name.as_str()).cloned().collect();
    let named = reused_folders(&names, &assembled.output.out)?;
    let others = named.into_iter().filter(|named| !is_same_folder(named, folder.path()));
    let reused: Vec<PathBuf> = folder.predecessor()?.into_iter().chain(others).collect();
    let stock = Stock::of(&reused, origin)?;
    if !reused.is_empty() {
        let shared = stock.shared_with(&assembled.plan);
        report::reuses(shared, stock.num_cells(), args.quiet);
    }
    Ok(stock)
}

/// What is to become of a run of the same name.
fn existing(args: &RunArgs) -> Existing {
    match (args.force, args.retry_failed) {
        (true, _) => Existing::Replaced,
        (false, true) => Existing::Retried,
        (false, false) => Existing::GoesOn,
    }
}

/// The folders of runs whose jobs are to be taken over.
fn reused_folders(names: &[String], out: &Path) -> Result<Vec<PathBuf>, Failure> {
    let folder = |name: &String| Ok(RunState::read(name, out)?.folder);
    names.iter().map(folder).collect()
}

fn is_same_folder(one: &Path, other: &Path) -> bool {
    matches!((fs::canonicalize(one), fs::canonicalize(other)), (Ok(one), Ok(other)) if one == other)
}

/// A run gives way to one of its name that has grown: it has all its cells and asks for no less. Any other must
/// name it as one to be reused, and have something in common.
fn check_growth(
    another: &AnotherRun,
    reused: &[PathBuf],
    plan: &Plan,
    origin: &PartOrigin,
) -> Result<(), Failure> {
    let stock = match Stock::of(&[another.path().to_owned()], origin) {
        Ok(stock) => stock,
        Err(Failure::Usage(reason)) => {
            return Err(another.refusal(&format!("replace it with --force ({reason})")));
        }
        Err(failure) => return Err(failure),
    };
    let shared = stock.shared_with(plan);
    let is_named = reused.iter().any(|folder| is_same_folder(folder, another.path()));
    if shared == 0 {
        Err(another.refusal("replace it with --force (they have no cell in common)"))
    } else if is_named || !another.asks_for_less() && shared == stock.num_cells() {
        Ok(())
    } else {
        Err(another.refusal(&format!(
            "replace it with --force, or with --reuse {} to take over what both have in common",
            another.path().display()
        )))
    }
}

/// The name of a run; shards of one have names of their own, beside each other.
fn name_of(assembled: &Assembled, shard: Option<Shard>) -> String {
    let stated = assembled.output.name.clone();
    let name = stated.unwrap_or_else(|| format!("sweep-{}", &assembled.plan.hash[..8]));
    match shard {
        Some(shard) => format!("{name}.shard-{}-of-{}", shard.index(), shard.count()),
        None => name,
    }
}

/// Says once more what a complete run found.
fn all_there(
    folder: &Path,
    outcome: &Value,
    origin: &PartOrigin,
    mut assembled: Assembled,
    args: &RunArgs,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    let done = Done::restore(folder, origin, &mut assembled.plan, interrupt)?;
    if args.shard.is_none() && done.labels.len() as u64 == u64::from(origin.chunks) {
        let name = name_of(&assembled, None);
        let chart = chart(&name, &assembled.output.out, args.quiet);
        report::summary(&assembled.plan, &done.findings, &chart, args.quiet)?;
    }
    report::nothing_to_do(folder, args.quiet);
    let count = |name: &str| outcome.get(name).and_then(Value::as_u64).unwrap_or_default();
    let format = args.shard.is_none().then_some(assembled.output.format);
    check_jobs(count("failed_jobs"), count("jobs"), folder, format)
}

/// A run that is not complete.
struct Work<'a> {
    args: &'a RunArgs,
    name: String,
    command: String,
    chunks: Vec<Chunk>,
    origin: PartOrigin,
    interrupt: Interrupt,
    folder: RunFolder,
    stock: Stock,
}

/// What is there of a run.
#[derive(Default)]
struct Done {
    labels: BTreeMap<u32, PartLabel>,
    findings: Findings,
    /// Parts that need not be read again for the tables.
    in_memory: BTreeMap<u32, Part>,
}

impl Done {
    /// What earlier processes did; cells of the plan become what they were then.
    fn restore(
        folder: &Path,
        origin: &PartOrigin,
        plan: &mut Plan,
        interrupt: &Interrupt,
    ) -> Result<Self, Failure> {
        let parts = parts_of(folder)?;
        let labels = read_labels(&parts, origin)?;
        let mut findings = Findings::default();
        let chunks = plan.chunks();
        for (number, path) in &parts {
            interrupt.check()?;
            let records = read_cell_records(path)?;
            let cells = records.iter().map(|record| record.row.cell as usize);
            if !chunks.get(*number as usize).is_some_and(|chunk| cells.eq(chunk.cells())) {
                let problem = "it has other cells than its chunk: it comes from another version; \
                               run it again with --force";
                return Err(Failure::Part { path: path.clone(), problem: problem.to_owned() });
            }
            for record in records {
                record.restore(&mut plan.cells[record.row.cell as usize]);
                findings.add(plan, record.row);
            }
        }
        Ok(Self { labels, findings, in_memory: BTreeMap::new() })
    }
}

impl Work<'_> {
    fn go_on(mut self, mut assembled: Assembled) -> Result<(), Failure> {
        let started_at = jiff::Timestamp::now();
        let clock = Instant::now();
        let folder = self.folder.path();
        let done = Done::restore(folder, &self.origin, &mut assembled.plan, &self.interrupt);
        let mut done = done.map_err(|failure| {
            self.interrupt
                .explain(failure, "what is done stays, and the same command again goes on")
        })?;
        let before = done.labels.keys().copied().collect();
        let todo = missing(self.origin.chunks, self.args.shard, &before);
        if !before.is_empty() {
            report::goes_on(before.len(), before.len() + todo.len(), self.args.quiet);
        }
        let simulation = Instant::now();
        let work = match self.simulate(&mut assembled, &todo, &mut done) {
            Ok(simulated) => simulated,
            Err(failure) => return Err(self.stopped(failure, &done)),
        };
        let work = report::Work { simulation_s: simulation.elapsed().as_secs_f64(), ..work };
        if self.args.shard.is_none() {
            let format = assembled.output.format;
            let parts = parts_of(self.folder.path())?;
            let in_memory = std::mem::take(&mut done.in_memory);
            if let Err(failure) = write_tables(
                &self.folder,
                &parts,
                self.origin.chunks,
                in_memory,
                format,
                &self.interrupt,
            ) {
                return Err(self.stopped(failure, &done));
            }
        }
        let sum = |count: fn(&PartLabel) -> u64| done.labels.values().map(count).sum();
        let (all_jobs, failed_jobs) = (sum(|label| label.jobs), sum(|label| label.failed_jobs));
        let outcome = Outcome {
            started_at: started_at.to_string(),
            wall_s: clock.elapsed().as_secs_f64(),
            threads: self.args.threads.unwrap_or_else(crate::estimate::available_threads),
            jobs: all_jobs,
            failed_jobs,
            reused_jobs: sum(|label| label.reused_jobs),
            simulated_requests: sum(|label| label.simulated_requests),
        };
        let shard = self.args.shard;
        let record = RunRecord::new(
            &self.name,
            &self.command,
            &assembled,
            self.origin.chunks,
            shard,
            Some(outcome),
        );
        let folder = self.folder.complete(&record)?;
        if let Some(shard) = shard {
            let name = name_of(&assembled, None);
            let chunks = done.labels.len();
            report::shard_finished(&name, shard, chunks, &work, &folder, self.args.quiet);
        } else {
            let chart = chart(&self.name, &assembled.output.out, self.args.quiet);
            report::summary(&assembled.plan, &done.findings, &chart, self.args.quiet)?;
            report::run_finished(&work, &folder, self.args.quiet);
        }
        let format = shard.is_none().then_some(assembled.output.format);
        check_jobs(failed_jobs, all_jobs, &folder, format)
    }

    /// Does chunks, and keeps each as soon as it is finished. Returns what it took.
    fn simulate(
        &mut self,
        assembled: &mut Assembled,
        todo: &[u32],
        done: &mut Done,
    ) -> Result<report::Work, Failure> {
        let cells = |chunk: &u32| self.chunks[*chunk as usize].cells().len() as u64;
        let jobs = todo.iter().map(cells).sum::<u64>() * u64::from(assembled.plan.replications);
        let progress = JobProgress::new(jobs, "jobs", self.args.quiet, self.interrupt.clone());
        let runner =
            Runner::new(self.args.threads, &progress)?.limited_to(self.args.limits.max_job_seconds);
        let levels = Levels::of(&assembled.plan);
        let (mut simulated_jobs, mut reused_jobs) = (0, 0);
        for &number in todo {
            let chunk = &self.chunks[number as usize];
            let plan = &mut assembled.plan;
            let stocked = self.stock.of_cells(plan, chunk.cells())?;
            for (cell, stocked) in &stocked {
                stocked.record.restore_warmup(&mut plan.cells[*cell as usize]);
            }
            freeze_warmups(plan, chunk.cells(), &runner)?;
            let folders = &assembled.folders;
            let results = replicate(plan, &chunk.waves, &levels, folders, &runner, stocked)?;
            self.interrupt.check()?;
            let (label, part) = self.keep(assembled, number, &results)?;
            simulated_jobs += label.jobs - label.reused_jobs;
            reused_jobs += label.reused_jobs;
            if simulated_jobs + reused_jobs <= WAITING_JOBS {
                done.in_memory.insert(number, part.for_tables());
            }
            done.labels.insert(number, label);
            for cell in results.cells {
                done.findings.add(&assembled.plan, cell.row);
            }
        }
        progress.finish();
        let simulated_requests = progress.simulated_requests();
        Ok(report::Work {
            jobs: simulated_jobs,
            reused_jobs,
            reuses: !self.stock.is_empty(),
            simulated_requests,
            simulation_s: 0.0,
        })
    }

    fn keep(
        &self,
        assembled: &Assembled,
        chunk: u32,
        results: &Results,
    ) -> Result<(PartLabel, Part), Failure> {
        let label = PartLabel {
            origin: self.origin.clone(),
            chunk,
            jobs: results.jobs().count() as u64,
            failed_jobs: results.failed_jobs(),
            reused_jobs: results.reused_jobs(),
            simulated_requests: results.simulated_requests(),
        };
        let metadata = part_metadata(&assembled.spec, &assembled.plan, &label)
            .map_err(|error| Failure::encoding("the metadata of a part", error))?;
        let what = || format!("a part in {}", self.folder.path().display());
        let part = Part::new(&assembled.plan, results)
            .map_err(|error| Failure::encoding(what(), error))?;
        let samples: Vec<&[u8]> =
            results.cells.iter().map(|done| done.samples.as_slice()).collect();
        self.folder.write_samples(chunk, &samples)?;
        let file = part.encoded(metadata).map_err(|error| Failure::encoding(what(), error))?;
        self.folder.write_part(chunk, &file)?;
        Ok((label, part))
    }

    /// Leaves what is kept for the next time, or nothing if there is nothing.
    fn stopped(self, failure: Failure, done: &Done) -> Failure {
        let Self { args, chunks, interrupt, folder, .. } = self;
        // Not what was done: somebody may have removed it.
        let kept = parts_of(folder.path()).map_or(done.labels.len(), |parts| parts.len());
        if kept == 0 {
            folder.give_up();
            return interrupt.explain(failure, "nothing was written");
        }
        let chunks =
            missing(u32::try_from(chunks.len()).unwrap_or(u32::MAX), args.shard, &[].into());
        let again = if args.force {
            "the same command without --force goes on from there"
        } else {
            "the same command again goes on from there"
        };
        let kept = format!(
            "{kept} of {} chunks are done and kept in {}; {again}",
            chunks.len(),
            folder.path().display()
        );
        if !matches!(failure, Failure::Interrupted) {
            report::note(&kept);
        }
        interrupt.explain(failure, &kept)
    }
}
