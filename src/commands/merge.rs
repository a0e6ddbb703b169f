//! `sweep merge`: shards of one run become the run that one machine would have written.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::{Value, json};

use super::assembly::{check_jobs, table_names, write_tables};
use crate::assemble::check_name;
use crate::cli::MergeArgs;
use crate::failure::Failure;
use crate::io::{RunState, TableFormat};
use crate::merging::{Holding, Offer, Owner, Refusal, choose, ranges};
use crate::part::{Part, broken, intact, read_label, read_metadata};
use crate::provenance::{Outcome, PartLabel};
use crate::report;
use crate::rerun::this_command;
use crate::resume::differences;
use crate::signals::Interrupt;
use crate::store::{Existing, Opened, RunFolder, Wanted, parts_of};

pub(super) fn merge(args: &MergeArgs) -> Result<(), Failure> {
    let runs = args.out.clone().unwrap_or_else(|| PathBuf::from("results"));
    check_name(&args.name)?;
    let shards = args
        .shards
        .iter()
        .map(|name| RunState::read(name, &runs).map_err(Failure::from))
        .collect::<Result<Vec<_>, _>>()?;
    check_target(&runs.join(&args.name), &shards)?;
    check_records(&shards)?;
    let parts = collect(&shards)?;
    let interrupt = Interrupt::install()?;
    let clock = Instant::now();
    let started_at = jiff::Timestamp::now().to_string();
    let mut record = record_of(&shards, &args.name);
    let format: TableFormat = serde_json::from_value(record["tables"].clone())
        .map_err(|error| Failure::encoding("run.json", error))?;
    let existing = if args.force { Existing::Replaced } else { Existing::GoesOn };
    let tables = table_names(format);
    let wanted =
        Wanted { name: &args.name, record: &record, tables: &tables, chunks: &[], existing };
    let opened = RunFolder::open(&runs, &wanted)?;
    let folder = match opened {
        Opened::Complete { folder, outcome } => {
            check_unchanged(&folder, &parts)?;
            report::nothing_to_do(&folder, args.quiet);
            let count = |name: &str| outcome.get(name).and_then(Value::as_u64).unwrap_or_default();
            return check_jobs(count("failed_jobs"), count("jobs"), &folder, Some(format));
        }
        Opened::Another(another) => return Err(another.refusal("replace it with --force")),
        Opened::Open(folder) => folder,
    };
    let merged = copy_all(&folder, &parts, &interrupt).and_then(|own| {
        write_tables(&folder, &own, shards[0].chunks, BTreeMap::new(), format, &interrupt)
    });
    if let Err(failure) = merged {
        folder.abandon();
        return Err(interrupt.explain(failure, "the shards are as they were; merge them again"));
    }
    let sum = |count: fn(&PartLabel) -> u64| parts.values().map(|offer| count(&offer.label)).sum();
    let outcome = Outcome {
        started_at,
        wall_s: clock.elapsed().as_secs_f64(),
        threads: 1,
        jobs: sum(|label| label.jobs),
        failed_jobs: sum(|label| label.failed_jobs),
        reused_jobs: sum(|label| label.reused_jobs),
        simulated_requests: sum(|label| label.simulated_requests),
    };
    record["jobs"] = json!(outcome.jobs);
    record["outcome"] =
        serde_json::to_value(&outcome).map_err(|error| Failure::encoding("run.json", error))?;
    let folder = folder.complete(&record)?;
    let chunks = u32::try_from(parts.len()).unwrap_or(u32::MAX);
    report::merged(shards.len(), chunks, outcome.jobs, &folder, args.quiet);
    check_jobs(outcome.failed_jobs, outcome.jobs, &folder, Some(format))
}

/// Nothing is merged into itself.
fn check_target(target: &Path, shards: &[RunState]) -> Result<(), Failure> {
    let real = |path: &Path| fs::canonicalize(path).ok();
    match shards.iter().find(|shard| real(target).is_some() && real(&shard.folder) == real(target))
    {
        Some(shard) => Err(Failure::usage(format!(
            "{} would be merged into itself: choose another --name",
            shard.folder.display()
        ))),
        None => Ok(()),
    }
}

/// All shards must be of one run.
fn check_records(shards: &[RunState]) -> Result<(), Failure> {
    const SHARED: [&str; 9] = [
        "plan_hash",
        "replications",
        "confidence",
        "precision",
        "stream_version",
        "draw_fingerprint",
        "chunk_requests",
        "max_requests",
        "chunks",
    ];
    let shared = |state: &RunState| -> Value {
        let value = |key: &str| state.record.get(key).cloned().unwrap_or_default();
        SHARED.iter().map(|key| ((*key).to_owned(), value(key))).collect()
    };
    let first = &shards[0];
    for other in &shards[1..] {
        let mut found = differences(&shared(first), &shared(other));
        if !found.is_empty() {
            let sweeps = |state: &RunState| state.record.get("sweep").cloned().unwrap_or_default();
            found.extend(differences(&sweeps(first), &sweeps(other)));
            return Err(Failure::usage(format!(
                "{} and {} are no shards of one run: {}",
                first.folder.display(),
                other.folder.display(),
                found.join("; ")
            )));
        }
    }
    Ok(())
}

/// A merged run is what its shards are, unless jobs of them were run again since.
fn check_unchanged(folder: &Path, parts: &Parts) -> Result<(), Failure> {
    for (chunk, own) in parts_of(folder)? {
        let Some(Offer { part: path, .. }) = parts.get(&chunk) else { continue };
        // Their checksums are there.
        if read_metadata(&own)? != read_metadata(path)? {
            return Err(Failure::usage(format!(
                "the run {} is complete, but {} has changed since: merge again with --force",
                folder.display(),
                path.display()
            )));
        }
    }
    Ok(())
}

/// Every chunk with the part to take.
type Parts = BTreeMap<u32, Offer<PathBuf>>;

/// Every chunk of the plan, once; the same chunk from two shards must have the same rows.
fn collect(shards: &[RunState]) -> Result<Parts, Failure> {
    let plan_hash = shards[0].record["plan_hash"].as_str().unwrap_or_default();
    let holdings = shards.iter().map(holding).collect::<Result<_, _>>()?;
    let is_same = |one: &PathBuf, other: &PathBuf| -> Result<bool, Failure> {
        Ok(are_equal(one, other)? || have_equal_rows(one, other)?)
    };
    choose(plan_hash, shards[0].chunks, holdings, is_same)
        .map_err(|refusal| explained(refusal, shards))
}

/// What lies in the folder of a shard.
fn holding(state: &RunState) -> Result<Holding<PathBuf>, Failure> {
    let offer =
        |(chunk, part): (u32, PathBuf)| Ok(Offer { chunk, label: read_label(&part)?, part });
    let shard = state.shard.as_ref().and_then(|shard| shard.parse().ok());
    let offers = parts_of(&state.folder)?.into_iter().map(offer).collect::<Result<_, Failure>>()?;
    Ok(Holding { shard, offers })
}

fn explained(refusal: Refusal<PathBuf, Failure>, shards: &[RunState]) -> Failure {
    match refusal {
        Refusal::Foreign(path) => {
            let problem = "it belongs to another run than the other parts".to_owned();
            Failure::Part { path, problem }
        }
        Refusal::Differs { chunk, first, second } => Failure::Part {
            path: second,
            problem: format!(
                "chunk {chunk} differs from that in {}: they come from different programs or machines; \
                 remove the wrong one",
                first.display()
            ),
        },
        Refusal::Missing { chunks, owner } => Failure::usage(format!(
            "{} of {} chunks are missing ({}): {}",
            chunks.len(),
            shards[0].chunks,
            ranges(&chunks),
            remedy(owner, shards)
        )),
        Refusal::Unread(failure) => failure,
    }
}

/// What to do about missing chunks.
fn remedy(owner: Owner, shards: &[RunState]) -> String {
    match owner {
        Owner::Present(place) => {
            format!("{} did not finish; run it again, it goes on", shards[place].folder.display())
        }
        Owner::Absent(shard) => {
            format!("name the folders of all shards; that of shard {shard} is not among them")
        }
        Owner::Unknown => "name the folders of all shards".to_owned(),
    }
}

/// Parts may differ in what is in no table: jobs were taken over in one, and simulated in the other.
fn have_equal_rows(one: &Path, other: &Path) -> Result<bool, Failure> {
    let (one_part, other_part) = (Part::read(one)?, Part::read(other)?);
    one_part.has_rows_of(&other_part).map_err(|error| broken(one, &error))
}

fn are_equal(one: &Path, other: &Path) -> Result<bool, Failure> {
    let read = |path: &Path| {
        fs::read(path).map_err(|source| Failure::Io {
            action: "read",
            path: path.to_owned(),
            source,
        })
    };
    Ok(read(one)? == read(other)?)
}

/// The record of the whole run, not complete yet.
fn record_of(shards: &[RunState], name: &str) -> Value {
    // One without a single chunk has found no warm-up.
    let richest = shards.iter().find(|shard| shard.record.get("warmup").is_some());
    let mut record = richest.unwrap_or(&shards[0]).record.clone();
    if let Some(fields) = record.as_object_mut() {
        fields.shift_remove("shard");
        fields.shift_remove("outcome");
        fields.insert("name".to_owned(), json!(name));
        fields.insert("command".to_owned(), json!(this_command()));
    }
    if let Some(cells) = record.pointer_mut("/warmup/cells") {
        *cells = warmups(shards);
    }
    record
}

/// The warm-ups that were found, of all cells: each shard knows its own.
fn warmups(shards: &[RunState]) -> Value {
    let cells = |shard: &RunState| shard.record.pointer("/warmup/cells").cloned();
    let all = shards.iter().filter_map(cells).filter_map(|cells| match cells {
        Value::Array(cells) => Some(cells),
        _ => None,
    });
    let by_cell: BTreeMap<Option<u64>, Value> =
        all.flatten().map(|cell| (cell["cell"].as_u64(), cell)).collect();
    by_cell.into_values().collect()
}

fn copy_all(
    folder: &RunFolder,
    parts: &Parts,
    interrupt: &Interrupt,
) -> Result<BTreeMap<u32, PathBuf>, Failure> {
    for (&chunk, Offer { part: path, .. }) in parts {
        interrupt.check()?;
        folder.copy_part(chunk, path, &intact(path)?)?;
    }
    parts_of(folder.path())
}
