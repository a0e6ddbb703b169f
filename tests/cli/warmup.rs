//! `warmup_seconds: auto` from end to end: how it is said, frozen, reported and repeated.

use insta::assert_snapshot;
use serde_json::Value as Json;

use crate::support::{Place, RESULTS};

/// Cells that need a warm-up, one that is saturated.
const LOADED: &str = "--rates 5,5.4,20 --modes disagg --sim-seconds 200 --replications 3";

/// Service takes longer than the run: nothing settles in it.
const RISING: &str = "--modes mono --set num_gpus=10000 --rates 9 --set prompt_tokens.mode=exponential \
    --set prompt_tokens.mean=1000 --prefill 1 --set decode=1e9 --sim-seconds 300 --replications 2";

/// What `run.json` says of each cell: number, seconds as one would state them, finding.
fn frozen(place: &Place, name: &str) -> Vec<(u64, String, String)> {
    let record = place.json(&format!("results/{name}/run.json"));
    let cells = record["warmup"]["cells"].as_array().expect("it has cells with auto").clone();
    let cell = |cell: &Json| {
        let seconds = cell["warmup_seconds"].as_f64().unwrap().to_string();
        (cell["cell"].as_u64().unwrap(), seconds, cell["finding"].as_str().unwrap().to_owned())
    };
    cells.iter().map(cell).collect()
}

#[test]
fn flags_and_files_mean_the_same() {
    let place = Place::new();
    place.write("flow.yaml", "base: {warmup_seconds: auto}\n");
    place.write("scenario.yaml", "warmup_seconds: auto\n");
    let first = place.jobs("flag", &format!("{LOADED} --warmup-seconds auto"));
    for (name, arguments) in [
        ("set", format!("{LOADED} --set warmup_seconds=auto")),
        ("file", format!("run flow.yaml {LOADED}")),
        ("config", format!("{LOADED} --config scenario.yaml")),
    ] {
        assert_eq!(place.jobs(name, &arguments), first, "{name}");
        assert_eq!(frozen(&place, name), frozen(&place, "flag"), "{name}");
    }
}

#[test]
fn a_frozen_warmup_gives_the_rows_of_its_number() {
    let place = Place::new();
    let auto = place.jobs("auto", &format!("{LOADED} --warmup-seconds auto"));
    let cells = frozen(&place, "auto");
    let findings: Vec<&str> = cells.iter().map(|cell| cell.2.as_str()).collect();
    assert_eq!(findings, ["found", "not_found", "saturated"]);
    assert_ne!(cells[0].1, cells[1].1, "each cell has its own");
    assert_eq!(cells[2].1, "60");
    for (cell, seconds, _) in cells {
        let name = format!("stated-{cell}");
        let stated = place.jobs(&name, &format!("{LOADED} --warmup-seconds {seconds}"));
        for row in (0..auto.rows.len()).filter(|&row| *auto.value(row, "cell") == cell) {
            assert_eq!(auto.results(row), stated.results(row), "cell {cell}, row {row}");
        }
    }
}

#[test]
fn auto_can_be_a_value_of_an_axis() {
    let place = Place::new();
    place.write("axis.yaml", "axes: {warmup_seconds: [0, 60, auto]}\n");
    let scenario = "--set rates=5 --modes disagg --sim-seconds 200 --replications 2";
    let in_file = place.jobs("file", &format!("run axis.yaml {scenario}"));
    let by_flag = place.jobs("flag", &format!("--set warmup_seconds=0:60:60,auto {scenario}"));
    assert_eq!(in_file, by_flag);
    let cells = frozen(&place, "file");
    assert_eq!(cells.len(), 1);
    let stated = place.jobs("stated", &format!("--warmup-seconds {} {scenario}", cells[0].1));
    assert_eq!(cells[0].0, 2);
    for replication in 0..2 {
        assert_eq!(in_file.results(2 * 2 + replication), stated.results(replication));
    }
}

#[test]
fn what_auto_changes_can_be_compared() {
    let place = Place::new();
    place.sweep(
        "--set rates=5 --modes disagg --sim-seconds 200 --set warmup_seconds=0,auto --name a",
    );
    let arguments = "compare a --by warmup_seconds --of mean_ttft_s --format json";
    let row = |arguments: &str| place.sweep_json(arguments)[0].clone();
    let against_0 = row(arguments);
    assert_eq!(against_0["warmup_seconds"], "auto");
    assert_eq!(against_0["baseline"].as_f64(), Some(0.0));
    let against_auto = row(&format!("{arguments} --baseline auto"));
    assert_eq!(against_auto["mean"], against_0["baseline_mean"]);
}

#[test]
fn warmups_do_not_depend_on_threads_other_cells_or_replications() {
    let place = Place::new();
    for (name, threads) in [("one", 1), ("two", 2), ("seven", 7)] {
        place.jobs(name, &format!("{LOADED} --warmup-seconds auto --threads {threads}"));
        let bytes = |run: &str| place.bytes(&format!("results/{run}/jobs.parquet"));
        assert!(bytes(name) == bytes("one"), "{threads} threads");
        assert_eq!(frozen(&place, name), frozen(&place, "one"), "{threads} threads");
    }
    let grown = LOADED.replace("5,5.4", "1,5,5.4").replace("--replications 3", "--replications 5");
    place.jobs("grown", &format!("{grown} --warmup-seconds auto"));
    let values = |name: &str| frozen(&place, name).into_iter().map(|cell| (cell.1, cell.2));
    assert!(values("grown").skip(1).eq(values("one")));
    let independent = format!("{LOADED} --warmup-seconds auto --seeding independent");
    place.jobs("independent", &independent);
    assert_ne!(frozen(&place, "independent"), frozen(&place, "one"));
}

#[test]
fn a_single_simulation_finds_the_same_and_prints_what_repeats_it() {
    let place = Place::new();
    let jobs = place.jobs("sweep", &format!("{LOADED} --warmup-seconds auto"));
    let arguments = "simulate --set rates=5 --sim-seconds 200";
    let json = place.sweep_json(&format!("{arguments} --warmup-seconds auto"));
    let seconds = json["scenario"]["warmup_seconds"].as_f64().unwrap().to_string();
    assert_eq!(seconds, frozen(&place, "sweep")[0].1);
    assert_eq!(json["warmup"], serde_json::json!({"finding": "found", "pilots": 20}));
    assert_eq!(RESULTS.map(|name| json["results"][name].clone()).to_vec(), jobs.results(0));
    // The scenario that is printed is a file that gives the same result without pilots.
    place.write("again.yaml", json["scenario"].to_string());
    let again = place.sweep_json("simulate --config again.yaml");
    assert_eq!(again["results"], json["results"]);
    assert_eq!(again["warmup"], Json::Null);
}

#[test]
fn a_rerun_carries_the_number() {
    let place = Place::new();
    let ran = place.run(
        "--rates 2 --modes mono --sim-seconds 30 --warmup-seconds auto --max-requests 60 --name a",
    );
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    let seconds = &frozen(&place, "a")[0].1;
    let jobs = place.table("results/a/jobs.parquet");
    let reruns: Vec<Json> = jobs.column("rerun").into_iter().filter(|r| !r.is_null()).collect();
    assert!(!reruns.is_empty());
    for rerun in reruns {
        let setting = format!(" --set 'warmup_seconds={seconds}' ");
        assert!(rerun.as_str().unwrap().contains(&setting), "{rerun} without{setting}");
    }
}

#[test]
fn a_plan_shows_the_warmup_of_every_cell() {
    let ran = Place::new().sweep(&format!("plan {LOADED} --warmup-seconds auto"));
    let is_of_machine = |line: &str| line.starts_with("Estimate:") || line.starts_with("Memory:");
    let text = ran.stdout.lines().filter(|line| !is_of_machine(line));
    assert_snapshot!(text.collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_run_says_what_was_found_and_what_was_not() {
    let place = Place::new();
    let lines = |arguments: &str| {
        let ran = place.sweep(&format!("{arguments} --warmup-seconds auto"));
        let is_ours = |line: &&str| line.contains("auto`") || line.starts_with("warm-up");
        let lines = ran.stderr.lines().filter(is_ours);
        lines.map(str::to_owned).collect::<Vec<_>>().join("\n")
    };
    let single = RISING.replace("--modes", "--mode").replace("--rates 9", "--set rates=9");
    let single = single.replace("--prefill 1", "--set prefill=1").replace("--replications 2", "");
    let said = [
        lines(&format!("{LOADED} --name loaded")),
        lines(&format!("{RISING} --name rising")),
        lines(&format!("simulate {single}")),
        lines("simulate --set rates=20"),
    ];
    assert_snapshot!(said.join("\n---\n"));
    assert_eq!(frozen(&place, "rising"), [(0, "150".to_owned(), "not_found".to_owned())]);
    let plan = place.sweep(&format!("plan {RISING} --warmup-seconds auto")).stdout;
    assert!(plan.contains("150 (not found)") && plan.contains("lengthen --sim-seconds"), "{plan}");
}

#[test]
fn a_stated_warmup_leaves_no_trace_of_pilots() {
    let place = Place::new();
    place.jobs("a", "--rates 1 --sim-seconds 30 --warmup-seconds 5");
    assert_eq!(place.json("results/a/run.json")["warmup"], Json::Null);
    assert_eq!(place.sweep_json("simulate")["warmup"], Json::Null);
    assert!(!place.sweep("plan --rates 1").stdout.contains("warm-up"));
}
