//! Sweeps that have grown: what an earlier run has done is taken over, and the bytes are those of a fresh run.

use std::fs;

use serde_json::Value as Json;

use crate::support::{Place, Ran};

const TABLES: [&str; 2] = ["jobs", "cells"];

/// In a few chunks.
const GRID: &str =
    "--prefill 4000,8000 --sim-seconds 120 --warmup-seconds 10 --chunk-requests 4000";

fn tables(place: &Place, run: &str) -> Vec<Vec<u8>> {
    TABLES.iter().map(|table| place.bytes(&format!("results/{run}/{table}.parquet"))).collect()
}

fn record(place: &Place, run: &str) -> Json {
    serde_json::from_slice(&place.bytes(&format!("results/{run}/run.json"))).unwrap()
}

fn reused(place: &Place, run: &str) -> u64 {
    record(place, run)["outcome"]["reused_jobs"].as_u64().unwrap()
}

/// Checks that a run has the bytes of one that took nothing over.
fn is_like_fresh(place: &Place, run: &str, flags: &str) {
    place.sweep(&format!("{flags} --quiet --name fresh --force"));
    assert_eq!(reused(place, "fresh"), 0);
    assert!(tables(place, run) == tables(place, "fresh"), "{flags}");
}

/// The number in front of some words in what a run said.
fn said(ran: &Ran, words: &str) -> String {
    let line = ran.stderr.lines().find(|line| line.contains(words));
    line.unwrap_or_else(|| panic!("{}", ran.stderr)).split(' ').next().unwrap().to_owned()
}

#[test]
fn a_sweep_that_has_grown_under_its_name_does_only_what_is_new() {
    let place = Place::new();
    place.sweep(&format!("{GRID} --rates 1,3 --replications 10 --name a --quiet"));
    // An axis, in the middle and at the end; then replications; then a precision, and a higher one.
    for (flags, jobs, old_jobs) in [
        ("--rates 1,2,3,4 --replications 10", 160, 80),
        ("--rates 1,2,3,4 --replications 25", 400, 160),
        ("--rates 1,2,3,4 --replications 50 --modes mono,disagg", 800, 400),
    ] {
        let flags = format!("{GRID} {flags}");
        let ran = place.sweep(&format!("{flags} --name a"));
        assert_eq!(said(&ran, "jobs taken over"), old_jobs.to_string());
        assert_eq!(said(&ran, "requests simulated"), (jobs - old_jobs).to_string());
        assert_eq!(reused(&place, "a"), old_jobs);
        is_like_fresh(&place, "a", &flags);
    }
    assert!(!place.listing().iter().any(|path| path.contains(".replaced")));
    let ran = place.sweep(&format!("{GRID} --rates 1,2,3,4 --replications 50 --name a"));
    assert!(ran.stderr.contains("nothing to do"), "{}", ran.stderr);
}

#[test]
fn a_higher_precision_goes_on_from_a_lower_one() {
    let place = Place::new();
    // The second rate needs longer runs.
    let grid = "--rates 2,5 --sim-seconds 100 --warmup-seconds 5 --replications 10";
    place.sweep(&format!("{grid} --precision 0.1 --name a --quiet"));
    let before = record(&place, "a")["jobs"].as_u64().unwrap();
    for (relative, name) in [("0.07", "a"), ("0.05", "a"), ("0.2", "coarser")] {
        let flags = format!("{grid} --precision {relative}");
        let reuse = if name == "a" { "" } else { "--reuse a" };
        place.sweep(&format!("{flags} --name {name} {reuse} --quiet"));
        let (all, old) = (record(&place, name)["jobs"].as_u64().unwrap(), reused(&place, name));
        // Runs that were lengthened are of no use to who wants less.
        assert!(
            name != "a" || old * 5 > before,
            "{relative}: {old} of {all} jobs, {before} at first"
        );
        is_like_fresh(&place, name, &flags);
    }
}

#[test]
fn cells_are_found_wherever_they_are() {
    let place = Place::new();
    place.sweep(&format!("{GRID} --rates 1,2 --modes disagg --name few --quiet"));
    place.sweep(&format!("{GRID} --rates 3 --name other --quiet"));
    place.sweep("--rates 5 --sim-seconds 61 --name foreign --quiet");
    // Another axis, another order, more replications, and a seed of its own among them.
    let flags = "--set random_seed=7,42 --rates 3,2,1 --replications 12 --prefill 8000,4000 \
        --sim-seconds 120 --warmup-seconds 10";
    let ran = place
        .sweep(&format!("{flags} --name all --reuse few --reuse results/other --reuse foreign"));
    // Two rates of one mode, one of both, at two speeds.
    assert_eq!(said(&ran, "jobs taken over"), (10 * (4 + 4)).to_string());
    is_like_fresh(&place, "all", flags);
    // Warm-ups that were found are not found again, and the chunks may be others.
    let auto = "--rates 1,3 --warmup-seconds auto";
    place.sweep(&format!("{auto} --replications 10 --name auto --quiet"));
    let flags = "--rates 1,2,3 --warmup-seconds auto --replications 40 --chunk-requests 50000";
    let ran = place.sweep(&format!("{flags} --name more --reuse auto"));
    assert_eq!(said(&ran, "jobs taken over"), "40");
    is_like_fresh(&place, "more", flags);
}

#[test]
fn single_runs_and_replications_do_not_mix() {
    let place = Place::new();
    let grid = "--rates 2,5 --sim-seconds 20000";
    place.sweep(&format!("{grid} --replications 1 --name one --quiet"));
    let ran = place.sweep(&format!("{grid} --replications 3 --name three --reuse one"));
    assert_eq!(said(&ran, "jobs taken over"), "4");
    is_like_fresh(&place, "three", &format!("{grid} --replications 3"));
    // Its interval comes from batches, which nobody kept.
    let ran = place.sweep(&format!("{grid} --replications 1 --name again --reuse three"));
    assert_eq!(said(&ran, "requests simulated"), "4");
    is_like_fresh(&place, "again", &format!("{grid} --replications 1"));
    // One more cell, which is open while others are settled.
    let grown = grid.replace("2,5", "2,3,5");
    let ran = place.sweep(&format!("{grown} --replications 1 --name grown --reuse one"));
    assert_eq!(said(&ran, "jobs taken over"), "4");
    is_like_fresh(&place, "grown", &format!("{grown} --replications 1"));
    let ran = place.sweep(&format!("{grid} --replications 1 --name same --reuse one"));
    assert_eq!(said(&ran, "jobs taken over"), "4");
    is_like_fresh(&place, "same", &format!("{grid} --replications 1"));
}

#[test]
fn shards_take_jobs_over_and_merge_to_the_same() {
    let place = Place::new();
    place.sweep(&format!("{GRID} --rates 1,3 --name old --quiet"));
    let flags = format!("{GRID} --rates 1,2,3 --replications 20");
    for shard in 1..=3 {
        place.sweep(&format!("{flags} --name a --shard {shard}/3 --reuse old --quiet"));
    }
    let shards: Vec<String> = (1..=3).map(|i| format!("results/a.shard-{i}-of-3")).collect();
    place.sweep(&format!("merge {} --name a --quiet", shards.join(" ")));
    assert_eq!(reused(&place, "a"), 80);
    is_like_fresh(&place, "a", &flags);
}

#[test]
fn a_run_that_grows_may_be_stopped() {
    let place = Place::new();
    let more = format!("{GRID} --rates 1,2,3 --name a --quiet");
    place.sweep(&format!("{GRID} --rates 1,3 --name a --quiet"));
    place.sweep(&more);
    // As it was when it had been stopped after one chunk.
    let run = place.path("results/a");
    let mut stopped = record(&place, "a");
    let fields = stopped.as_object_mut().unwrap();
    fields.remove("outcome");
    fields.insert("succeeds_run_aside".to_owned(), true.into());
    fs::write(run.join("run.json"), stopped.to_string()).unwrap();
    for name in ["jobs.parquet", "cells.parquet", "parts/00001.parquet"] {
        fs::remove_file(run.join(name)).unwrap();
    }
    place.sweep(&format!("{GRID} --rates 1,3 --name old --quiet"));
    fs::rename(place.path("results/old"), place.path("results/.a.replaced")).unwrap();

    // It cannot grow once more before it is complete.
    let ran = place.run(&format!("{GRID} --rates 1,2,3,4 --name a --quiet"));
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("finish it first"), "{}", ran.stderr);

    place.sweep(&more);
    is_like_fresh(&place, "a", &format!("{GRID} --rates 1,2,3"));
    assert!(reused(&place, "a") > 0);
    assert!(!place.listing().iter().any(|path| path.contains(".replaced")));
}

#[test]
fn what_has_not_grown_must_be_named() {
    let place = Place::new();
    place.sweep(&format!("{GRID} --rates 1,3 --name a --quiet"));
    let before = place.listing();
    for less in ["--rates 1", "--rates 1,3 --replications 9", "--rates 1,3 --confidence 0.9"] {
        let ran = place.run(&format!("{GRID} {less} --name a --quiet"));
        assert_eq!(ran.code, Some(2), "{less}: {}", ran.stderr);
        assert!(ran.stderr.contains("--reuse"), "{less}: {}", ran.stderr);
        assert_eq!(place.listing(), before);
    }
    let flags = format!("{GRID} --rates 1 --replications 9");
    place.sweep(&format!("{flags} --name a --reuse a --quiet"));
    assert_eq!(reused(&place, "a"), 36);
    is_like_fresh(&place, "a", &flags);
    for (flags, text) in [
        ("--reuse nowhere", "nowhere"),
        ("--reuse a --force", "cannot be used with"),
        ("--retry-failed --force", "cannot be used with"),
    ] {
        let ran = place.run(&format!("{GRID} --rates 1,2 --name b {flags}"));
        assert_eq!(ran.code, Some(2), "{flags}: {}", ran.stderr);
        assert!(ran.stderr.contains(text), "{flags}: {}", ran.stderr);
        assert!(!place.path("results/b").exists());
    }
}

#[test]
fn a_lower_limit_of_requests_counts() {
    let place = Place::new();
    let grid = "--rates 2 --sim-seconds 100 --warmup-seconds 5 --replications 10 --precision 0.05";
    place.sweep(&format!("{grid} --name a --quiet"));
    for limit in [210, 215, 220, 230] {
        let flags = format!("{grid} --max-requests {limit}");
        let name = format!("t{limit}");
        place.run(&format!("{flags} --name {name} --reuse a --quiet"));
        place.run(&format!("{flags} --name fresh --force --quiet"));
        assert!(tables(&place, &name) == tables(&place, "fresh"), "{limit}");
    }
}

#[test]
fn runs_that_were_taken_over_merge_with_others() {
    let place = Place::new();
    place.sweep(&format!("{GRID} --rates 1,2 --name whole --quiet"));
    for shard in ["1/2", "2/2"] {
        place.sweep(&format!("{GRID} --rates 1,2 --name a --shard {shard} --quiet"));
    }
    place.sweep(&format!("{GRID} --rates 1,2 --name b --shard 1/2 --reuse whole --quiet"));
    let shards = "a.shard-1-of-2 a.shard-2-of-2 b.shard-1-of-2";
    place.sweep(&format!("merge {shards} --name merged --quiet"));
    assert!(tables(&place, "merged") == tables(&place, "whole"));
}

#[test]
fn a_run_goes_on_without_what_it_reused_and_after_a_kill_while_it_was_set_aside() {
    let place = Place::new();
    place.sweep(&format!("{GRID} --rates 1 --name a --quiet"));
    place.sweep(&format!("{GRID} --rates 1,2 --name b --reuse a --quiet"));
    fs::remove_dir_all(place.path("results/a")).unwrap();
    let ran = place.sweep(&format!("{GRID} --rates 1,2 --name b --reuse a"));
    assert!(ran.stderr.contains("nothing to do"), "{}", ran.stderr);
    fs::rename(place.path("results/b"), place.path("results/.b.replaced")).unwrap();
    let more = format!("{GRID} --rates 1,2,3");
    place.sweep(&format!("{more} --name b --reuse b --quiet"));
    assert_eq!(reused(&place, "b"), 80);
    is_like_fresh(&place, "b", &more);
}

#[test]
fn samples_may_be_missing_but_not_wrong() {
    let place = Place::new();
    place.sweep(&format!("{GRID} --rates 1 --name a --quiet"));
    let samples = place.path("results/a/parts/00000.samples");
    let more = format!("{GRID} --rates 1 --replications 20");
    let mut bytes = fs::read(&samples).unwrap();
    bytes[100] ^= 1;
    fs::write(&samples, &bytes).unwrap();
    let ran = place.run(&format!("{more} --name b --reuse a --quiet"));
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    assert!(ran.stderr.contains("00000.samples"), "{}", ran.stderr);
    assert!(!place.path("results/b").exists());
    fs::remove_file(samples).unwrap();
    // Whole cells need none.
    place.sweep(&format!("{GRID} --rates 1,2 --name c --reuse a --quiet"));
    assert_eq!(reused(&place, "c"), 40);
    place.sweep(&format!("{more} --name b --reuse a --quiet"));
    is_like_fresh(&place, "b", &more);
}

#[test]
fn failed_jobs_are_run_again_alone() {
    let place = Place::new();
    // Some runs have more requests than expected.
    let flags = "--rates 2,3 --replications 5 --max-requests";
    let failing = format!("{flags} 1830 --name a --quiet");
    let failed = |ran: &Ran| (ran.code, record(&place, "a")["outcome"]["failed_jobs"].as_u64());
    let ran = place.run(&failing);
    assert_eq!(failed(&ran), (Some(3), Some(2)), "{}", ran.stderr);
    let ran = place.run(&format!("{failing} --retry-failed"));
    assert_eq!(failed(&ran), (Some(3), Some(2)), "nothing has changed: {}", ran.stderr);
    assert_eq!(reused(&place, "a"), 18);
    place.sweep(&format!("{flags} 2000 --name a --quiet --retry-failed"));
    assert_eq!(reused(&place, "a"), 18);
    is_like_fresh(&place, "a", &format!("{flags} 2000"));
    let ran = place.sweep(&format!("{flags} 2000 --name a --retry-failed"));
    assert!(ran.stderr.contains("nothing to do"), "{}", ran.stderr);
}
