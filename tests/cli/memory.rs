//! What a run takes of memory: said by `plan`, and held against a limit before anything is written.

use crate::support::{Place, SHORT};

/// Takes up to 300 MB on one thread, with 40,000 jobs in a chunk.
const LARGE: &str = "--rates lin:1:2:100 --prefill lin:4000:8000:10 --replications 20 --threads 1";

/// The amount after a text, as it is printed.
fn amount_after<'a>(text: &'a str, before: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before} in\n{text}"));
    let end = rest.match_indices(' ').nth(1).map_or(rest.len(), |(end, _)| end);
    rest[..end].trim_end_matches([',', ';'])
}

#[test]
fn a_plan_says_what_a_run_takes_and_whether_it_fits() {
    let place = Place::new();
    let small = place.sweep(&format!("plan --rates 1 {SHORT} --threads 1")).stdout;
    let large = place.sweep(&format!("plan {LARGE} {SHORT}")).stdout;
    let [small, large] = [&small, &large].map(|text| {
        let line = text.lines().last().unwrap();
        assert!(!line.contains("more than"), "{line}");
        let (number, unit) = amount_after(line, "Memory: up to ").split_once(' ').unwrap();
        assert_eq!(unit, "MB", "{line}");
        number.parse::<f64>().unwrap()
    });
    assert!(48.0 < small && small + 50.0 < large, "{small} and {large} MB");

    // A plan is no run: it says so, and ends well.
    let refused = place.sweep(&format!("plan {LARGE} {SHORT} --max-memory 60MB")).stdout;
    let line = refused.lines().last().unwrap();
    assert!(line.contains(", more than the 60 MB of --max-memory: "), "{line}");
}

#[test]
fn what_is_proposed_fits_and_gives_the_same_tables() {
    let place = Place::new();
    let refused = place.run(&format!("{LARGE} {SHORT} --name a --max-memory 260MB"));
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(!place.path("results").exists(), "something was written");
    let flag = "--chunk-requests ";
    let (_, rest) = refused.stderr.split_once(flag).unwrap();
    let requests: u64 = rest.split(' ').next().unwrap().parse().unwrap();
    let total = amount_after(&refused.stderr, "it takes up to ");

    let fitting = format!("{LARGE} {SHORT} {flag}{requests} --max-memory 260MB");
    let planned = place.sweep(&format!("plan {fitting}")).stdout;
    assert_eq!(amount_after(planned.lines().last().unwrap(), "Memory: up to "), total);
    place.sweep(&format!("{fitting} --name a --quiet"));
    place.sweep(&format!("{LARGE} {SHORT} --name b --quiet"));
    for table in ["jobs", "cells"] {
        let [a, b] = ["a", "b"].map(|run| place.bytes(&format!("results/{run}/{table}.parquet")));
        assert!(a == b, "{table}");
    }
}

#[test]
fn a_run_that_does_not_fit_leaves_an_earlier_one_as_it_was() {
    let place = Place::new();
    let run = format!("run --rates 1,2 {SHORT} --name a --quiet");
    place.sweep(&run);
    let before = (place.listing(), place.bytes("results/a/run.json"));
    let others = [
        format!("{run} --force"),
        format!("{run} --replications 20"),
        format!("{run} --seed 7 --force"),
        format!("--rates 1,2,3 {SHORT} --name a --quiet --reuse a"),
    ];
    for other in others {
        let ran = place.run(&format!("{other} --max-memory 1MB"));
        assert_eq!(ran.code, Some(2), "{other}: {}", ran.stderr);
        assert!(ran.stderr.contains("no sweep takes less"), "{other}: {}", ran.stderr);
        assert_eq!((place.listing(), place.bytes("results/a/run.json")), before, "{other}");
    }
    // What is complete is only looked up.
    place.sweep(&format!("{run} --max-memory 1MB"));
}
