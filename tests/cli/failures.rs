//! Jobs that fail at run time become rows that say so, with a command that reruns them.

use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use serde_json::Value as Json;

use crate::support::{Place, RESULTS, Ran, SHORT, Table};

/// Under `observe: arrivals` the overloaded cell has to follow its requests far past the horizon. A
/// plan foresees how far on average, and with this seed all three replications have to go further: to
/// a limit just above the expected requests.
const HALF_FAILS: &str = "--rates 1,20 --modes disagg --prefill 500 --observe arrivals --replications 3 \
    --seed 2 --max-requests 8000";

/// Runs a printed command in a shell, as a user would paste it.
fn paste(place: &Place, command: &str) -> Ran {
    let folder = cargo_bin("sweep").parent().unwrap().to_owned();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).env("PATH", path).current_dir(place.path(""));
    Ran::of(&shell.output().unwrap())
}

#[test]
fn failed_jobs_become_rows_and_other_cells_keep_their_results() {
    let place = Place::new();
    let ran = place.run(&format!("{HALF_FAILS} {SHORT} --name a"));
    assert_eq!(ran.code, Some(3));
    assert!(
        ran.stderr.ends_with(
            "error: 3 of 6 jobs failed; the columns `error` and `rerun` of results/a/jobs.parquet \
             say why and how to run them alone; --retry-failed runs them again\n"
        ),
        "{}",
        ran.stderr
    );
    let jobs = place.table("results/a/jobs.parquet");
    for row in 0..jobs.rows.len() {
        let fails = *jobs.value(row, "cell") == 1;
        assert_eq!(jobs.text(row, "status"), Some(if fails { "failed" } else { "ok" }));
        assert_eq!(jobs.text(row, "error").is_some(), fails);
        assert_eq!(jobs.text(row, "rerun").is_some(), fails);
        let is_null = |name: &&str| jobs.value(row, name).is_null();
        assert_eq!(is_null(&"mean_ttft_s"), fails);
        assert!(!fails || RESULTS.iter().all(is_null), "results of a failed job");
        assert!(jobs.number(row, "offered_load_prefill").is_some(), "the load is known anyway");
    }
    assert_eq!(
        jobs.text(3, "error"),
        Some(
            "more than 8000 requests had to be simulated: shorten the horizon, lower the rate, or \
             raise the limit"
        )
    );
    let cells = place.table("results/a/cells.parquet");
    assert_eq!(cells.column("failed"), [0, 3]);
    assert_eq!(cells.column("replications"), [3, 0]);
    assert!(cells.number(0, "mean_ttft_s_ci95").is_some());
    assert!(RESULTS.iter().all(|name| cells.value(1, name).is_null()));
    assert_eq!(place.json("results/a/run.json")["outcome"]["failed_jobs"], 3);
}

#[test]
fn the_cells_that_do_not_fail_are_as_without_the_limit() {
    let place = Place::new();
    place.run(&format!("{HALF_FAILS} {SHORT} --name a"));
    let unlimited = place.jobs("b", &format!("{} {SHORT}", HALF_FAILS.replace("8000", "1000000")));
    let limited = place.table("results/a/jobs.parquet");
    for row in 0..limited.rows.len() / 2 {
        assert_eq!(*limited.value(row, "cell"), 0);
        assert_eq!(limited.rows[row], unlimited.rows[row]);
    }
}

#[test]
fn rerun_reproduces_a_failure_as_printed() {
    let place = Place::with_trace();
    let sweeps = [
        format!("{HALF_FAILS} {SHORT}"),
        format!("--rates 20 --modes disagg --prefill 500 --observe arrivals --replications 3 --seed 1 \
             --max-requests 5250 {SHORT} --seeding independent --set prompt_tokens.mode=p50_p90 \
             --set prompt_tokens.p50=300 --set prompt_tokens.p90=900.5"),
        "--set arrival.kind=trace --set arrival.path=trace.csv --modes disagg --prefill 20 \
         --observe arrivals --sim-seconds 400 --warmup-seconds 0 --max-requests 801 --replications 3 --seed 2"
            .to_owned(),
        "--rates 2 --modes mono --sim-seconds 30 --warmup-seconds auto --max-requests 60".to_owned(),
    ];
    let raised = |text: &str| {
        let (before, after) = text.split_once("--max-requests ").unwrap();
        let after = after.trim_start_matches(|c: char| c.is_ascii_digit());
        format!("{before}--max-requests 1000000{after}")
    };
    for (number, arguments) in sweeps.iter().enumerate() {
        let healthy = place.jobs(&format!("h{number}"), &raised(arguments));
        let ran = place.run(&format!("{arguments} --name r{number}"));
        assert_eq!(ran.code, Some(3), "{arguments}: {}", ran.stderr);
        let jobs = place.table(&format!("results/r{number}/jobs.parquet"));
        let mut pasted = 0;
        for row in 0..jobs.rows.len() {
            let Some(rerun) = jobs.text(row, "rerun") else { continue };
            let again = paste(&place, rerun);
            assert_eq!(again.code, Some(3), "{rerun}\n{}", again.stderr);
            let error = jobs.text(row, "error").unwrap();
            assert_eq!(again.stderr, format!("error: the simulation failed: {error}\n"));
            assert_eq!(again.stdout, "");
            // With a higher limit it is the very job.
            let json: Json = serde_json::from_str(&paste(&place, &raised(rerun)).stdout).unwrap();
            let results = RESULTS.map(|name| json["results"][name].clone());
            assert_row_is(&healthy, row, &results, rerun);
            pasted += 1;
        }
        assert!(pasted >= 2, "{arguments}");
    }
}

#[test]
fn rerun_finds_a_trace_that_a_sweep_file_names_from_its_own_folder() {
    let place = Place::new();
    place.write("sweeps/traces/my trace.csv", crate::support::TRACE);
    place.write(
        "sweeps/file.yaml",
        "base: {mode: disagg, arrival: {kind: trace, path: traces/my trace.csv}, observe: arrivals, \
         sim_seconds: 400, warmup_seconds: 0}\naxes: {prefill: [20]}\nreplications: 1\n",
    );
    let ran = place.run("run sweeps/file.yaml --max-requests 801 --name a");
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    let jobs = place.table("results/a/jobs.parquet");
    let again = paste(&place, jobs.text(0, "rerun").unwrap());
    assert_eq!(again.code, Some(3), "{}", again.stderr);
}

/// The results that `simulate` prints, in the order of the tables.
fn simulated(place: &Place, arguments: &str) -> Vec<Json> {
    let json = place.sweep_json(&format!("simulate {arguments}"));
    RESULTS.iter().map(|name| json["results"][name].clone()).collect()
}

fn assert_row_is(jobs: &Table, row: usize, results: &[Json], what: &str) {
    assert_eq!(jobs.results(row), results, "row {row}: {what}");
}

#[test]
fn any_job_alone_gives_its_row_of_the_table() {
    let place = Place::with_trace();
    // What the sweep says, and what a single simulation has to say for it.
    let cases = [
        ("--rates 2.5", "--set rates=2.5"),
        (
            "--rates 2.5 --seeding independent --seed 3",
            "--set rates=2.5 --seeding independent --seed 3",
        ),
        ("--prefill 3000 --observe arrivals", "--set prefill=3000 --observe arrivals"),
        (
            "--set arrival.kind=trace --set arrival.path=trace.csv",
            "--set arrival.kind=trace --set arrival.path=trace.csv --set arrival.repeat=true",
        ),
        (
            "--set arrival.kind=trace --set arrival.path=trace.csv --rates 3 --seeding independent",
            "--set arrival.kind=trace --set arrival.path=trace.csv --set arrival.repeat=true \
             --set rates=3 --seeding independent",
        ),
        (
            "--set prompt_tokens.mode=empirical --set prompt_tokens.path=trace.csv",
            "--set prompt_tokens.mode=empirical --set prompt_tokens.path=trace.csv",
        ),
    ];
    for (number, (sweep, simulate)) in cases.into_iter().enumerate() {
        let jobs = place.jobs(&format!("s{number}"), &format!("{sweep} {SHORT} --replications 3"));
        for row in 0..jobs.rows.len() {
            let mode = jobs.text(row, "mode").unwrap();
            let replication = jobs.value(row, "replication");
            let arguments = format!("{simulate} {SHORT} --mode {mode} --replication {replication}");
            assert_row_is(&jobs, row, &simulated(&place, &arguments), sweep);
        }
    }
}

#[test]
fn a_single_simulation_that_fails_prints_no_json() {
    let ran = Place::new()
        .run("simulate --set rates=20 --set prefill=500 --observe arrivals --max-requests 100");
    assert_eq!(ran.code, Some(3));
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.starts_with("error: the simulation failed: more than 100 requests"));
}
