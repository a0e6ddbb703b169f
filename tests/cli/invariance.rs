//! What must not change a result: threads, names, a grown grid, other code in the same build.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use sweep_engine::model::{Job, Scratch, simulate_observed};
use sweep_engine::plan::stream_key;
use sweep_engine::progress::Silent;
use sweep_engine::random::Seeding;
use sweep_engine::scenario::{Defaults, Traces, lower};
use sweep_engine::spec::ScenarioSpec;

use crate::support::{Place, SHORT, Table};

/// Sweeps that use every kind of arrival and both modes.
const SWEEPS: [&str; 3] = [
    "--rates 0.5,2,6 --prefill 4000,8000",
    "--rates 2 --seeding independent --observe arrivals --set prompt_tokens.sigma=0.5,1",
    "--set arrival.kind=deterministic,trace --set arrival.path=trace.csv",
];

#[test]
fn tables_are_the_same_bytes_whatever_the_threads_and_the_name() {
    for arguments in SWEEPS {
        let place = Place::with_trace();
        let arguments = format!("{arguments} {SHORT} --quiet");
        place.sweep(&format!("{arguments} --threads 1 --out one --name a"));
        place.sweep(&format!("{arguments} --threads 2 --out two --name a"));
        place.sweep(&format!("{arguments} --threads 7 --out one --name b"));
        place.sweep(&format!("{arguments} --threads 1 --out csv --name a --format csv"));
        place.sweep(&format!("{arguments} --threads 2 --out csv --name b --format csv"));
        for table in ["jobs", "cells"] {
            let first = place.bytes(&format!("one/a/{table}.parquet"));
            assert!(
                first == place.bytes(&format!("two/a/{table}.parquet")),
                "{table}: {arguments}"
            );
            assert!(
                first == place.bytes(&format!("one/b/{table}.parquet")),
                "{table}: {arguments}"
            );
            let csv = place.bytes(&format!("csv/a/{table}.csv"));
            assert!(csv == place.bytes(&format!("csv/b/{table}.csv")), "{table}: {arguments}");
        }
    }
}

#[test]
fn the_program_is_deterministic_and_the_seed_matters() {
    let place = Place::new();
    let first = place.jobs("a", &format!("--rates 2 {SHORT}"));
    assert_eq!(place.jobs("b", &format!("--rates 2 {SHORT}")), first);
    let other = place.jobs("c", &format!("--rates 2 --seed 43 {SHORT}"));
    assert_ne!(other.column("mean_ttft_s"), first.column("mean_ttft_s"));
}

/// Rows by replication and factors, without the number of the cell.
fn by_factors(table: &Table, factors: &[&str]) -> BTreeMap<String, Vec<Json>> {
    let rows = table.rows_without(&["cell"]);
    let keys = (0..rows.len()).map(|row| {
        let factors = factors.iter().map(|name| format!("{name}={}", table.value(row, name)));
        factors.collect::<Vec<_>>().join(" ")
    });
    keys.zip(rows).collect()
}

#[test]
fn a_grown_grid_leaves_earlier_rows_as_they_were() {
    for seeding in ["common", "independent"] {
        let place = Place::new();
        let small = format!("{SHORT} --seeding {seeding} --prefill 4000,8000");
        let jobs = place.jobs("small", &format!("--rates 1,3 --replications 3 {small}"));
        let grown = place.jobs("grown", &format!("--rates 0.5,1,2,3 --replications 5 {small}"));
        let factors = ["replication", "mode", "rate_per_s", "prefill_tokens_per_s"];
        let grown_rows = by_factors(&grown, &factors);
        assert_eq!(grown_rows.len(), 80);
        for (factors, row) in by_factors(&jobs, &factors) {
            assert_eq!(grown_rows[&factors], row, "{factors} with {seeding} seeding");
        }
    }
}

#[test]
fn order_and_spelling_of_axes_change_no_row() {
    let place = Place::new();
    let one = place.jobs("one", &format!("--rates 1,2 --prefill 4000,8000 {SHORT}"));
    place.write(
        "file.yaml",
        "base: {sim_seconds: 30, warmup_seconds: 5}\naxes:\n  modes: [disagg, mono]\n  \
         prefill_tokens_per_s: 4000:8000:4000\n  arrival.rate_per_s: lin:1:2:2\n",
    );
    let two = place.jobs("two", "run file.yaml");
    let factors = ["replication", "mode", "rate_per_s", "prefill_tokens_per_s"];
    assert_eq!(by_factors(&one, &factors), by_factors(&two, &factors));
}

#[test]
fn common_numbers_give_all_cells_the_same_requests_and_independent_ones_do_not() {
    let place = Place::new();
    let arguments = format!("--rates 2 --prefill 4000,8000 --modes disagg {SHORT}");
    let arrivals = |name: &str, seeding: &str| {
        let jobs = place.jobs(name, &format!("{arguments} --seeding {seeding}"));
        let column = jobs.column("num_arrivals");
        (0..10).all(|replication| column[replication] == column[10 + replication])
    };
    assert!(arrivals("common", "common"));
    assert!(!arrivals("independent", "independent"));
}

/// Samples 0, 1, 99 and 199 at 12 requests/s, seed 42, replication 0, without a warm-up: arrival and
/// TTFT, which at this load depends on all lengths that were drawn before.
const PINNED: [(&str, [(f64, f64); 4]); 2] = [
    (
        "mono",
        [
            (0.045_975_133_842_774_98, 0.093_75),
            (0.122_734_710_962_808_14, 0.016_25),
            (6.687_768_539_012_225, 1.934_302_204_241_162_6),
            (14.341_318_281_226_267, 4.149_113_725_247_144),
        ],
    ),
    (
        "disagg",
        [
            (0.045_975_133_842_774_98, 0.093_75),
            (0.122_734_710_962_808_14, 0.016_25),
            (6.687_768_539_012_225, 7.031_956_594_830_551),
            (14.341_318_281_226_267, 14.450_666_429_736_547),
        ],
    ),
];

#[test]
fn draws_are_pinned_and_the_same_beside_polars() {
    for (mode, expected) in PINNED {
        let place = Place::new();
        place.sweep(&format!(
            "simulate --mode {mode} --set rates=12 --sim-seconds 60 --warmup-seconds 0 --dump-ttft ttft.json"
        ));
        let dumped = place.json("ttft.json");
        let pair = |record: &Json| {
            (record["arrival_s"].as_f64().unwrap(), record["ttft_s"].as_f64().unwrap())
        };
        let dumped: Vec<(f64, f64)> = dumped.as_array().unwrap().iter().map(pair).collect();
        assert_eq!(dumped, engine_samples(mode), "{mode}: command and engine");
        assert_eq!([0, 1, 99, 199].map(|i| dumped[i]), expected, "{mode}: pinned values");
    }
}

fn engine_samples(mode: &str) -> Vec<(f64, f64)> {
    let spec: ScenarioSpec = serde_json::from_value(serde_json::json!({
        "mode": mode, "sim_seconds": 60.0, "warmup_seconds": 0.0, "arrival": {"rate_per_s": 12.0},
    }))
    .unwrap();
    let scenario = lower(&spec, Defaults::SIMULATE, &Traces::default()).unwrap();
    let key = stream_key(&scenario, Seeding::Common);
    let job = Job { scenario: &scenario, key, replication: 0, max_requests: 1_000_000 };
    let mut samples = Vec::new();
    simulate_observed(&job, &mut Scratch::default(), &Silent, |sample| samples.push(sample))
        .unwrap();
    samples.sort_by_key(|sample| sample.request);
    samples.iter().map(|sample| (sample.arrival_s, sample.ttft_s)).collect()
}
