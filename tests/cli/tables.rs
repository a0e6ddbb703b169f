//! What the tables hold: columns, types, nulls, order, means, metadata.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::support::{
    COUNTS, POOLED, Place, RESULTS, SHORT, Table, assert_close, mean, metadata, repository,
};

const FACTORS: [(&str, &str); 10] = [
    ("mode", "str"),
    ("rate_per_s", "f64"),
    ("prefill_tokens_per_s", "f64"),
    ("decode_tokens_per_s", "f64"),
    ("prefill_gpus", "u32"),
    ("decode_gpus", "u32"),
    ("num_gpus", "u32"),
    ("sim_seconds", "f64"),
    ("warmup_seconds", "f64"),
    ("slo_ttft_s", "f64"),
];

/// What only `cells` has beside results.
const AGGREGATES: [(&str, &str); 10] = [
    ("replications", "u32"),
    ("failed", "u32"),
    ("stop_reason", "str"),
    ("ci_method", "str"),
    ("quantile_method", "str"),
    ("steady", "bool"),
    ("low_samples", "bool"),
    ("low_slo_samples", "bool"),
    ("short_runs", "bool"),
    ("short_warmup", "bool"),
];

/// Results whose spread between runs `cells` has.
const SPREADS: [&str; 7] = [
    "mean_ttft_s",
    "p50_ttft_s",
    "p90_ttft_s",
    "p99_ttft_s",
    "throughput_rps",
    "slo_attainment",
    "goodput_rps",
];

const LOADS: [(&str, &str); 6] = [
    ("offered_load_prefill", "f64"),
    ("offered_load_decode", "f64"),
    ("offered_load_gpu", "f64"),
    ("bottleneck", "str"),
    ("saturated", "bool"),
    ("relaxation_s", "f64"),
];

const THEORY: [(&str, &str); 8] = [
    ("theory_mean_wait_prefill_s", "f64"),
    ("theory_mean_wait_decode_s", "f64"),
    ("theory_mean_ttft_s", "f64"),
    ("theory_p99_wait_prefill_s", "f64"),
    ("theory_prob_wait_prefill", "f64"),
    ("theory_method_prefill", "str"),
    ("theory_method_decode", "str"),
    ("theory_exact", "bool"),
];

fn owned(columns: &[(&str, &'static str)]) -> Vec<(String, &'static str)> {
    columns.iter().map(|&(name, dtype)| (name.to_owned(), dtype)).collect()
}

/// Columns of `jobs` with these extra axes.
fn job_columns(axes: &[(&str, &'static str)]) -> Vec<(String, &'static str)> {
    let mut columns = owned(&[
        ("cell", "u32"),
        ("replication", "u32"),
        ("seed", "u64"),
        ("status", "str"),
        ("error", "str"),
        ("rerun", "str"),
    ]);
    for part in [&FACTORS[..], axes, &LOADS[..]] {
        columns.extend(owned(part));
    }
    let dtype = |name| if COUNTS.contains(&name) { "u64" } else { "f64" };
    columns.extend(RESULTS.map(|name| (name.to_owned(), dtype(name))));
    columns
}

/// Columns of `cells` with these extra axes.
fn cell_columns(axes: &[(&str, &'static str)]) -> Vec<(String, &'static str)> {
    let mut columns = owned(&[("cell", "u32")]);
    for part in [&FACTORS[..], axes, &LOADS[..], &AGGREGATES[..]] {
        columns.extend(owned(part));
    }
    for name in RESULTS {
        columns.push((name.to_owned(), "f64"));
        if !COUNTS.contains(&name) {
            columns.push((format!("{name}_ci95"), "f64"));
        }
    }
    for name in POOLED {
        columns.extend([(name.to_owned(), "f64"), (format!("{name}_ci95"), "f64")]);
    }
    columns.extend(SPREADS.map(|name| (format!("{name}_std"), "f64")));
    columns.extend(owned(&THEORY));
    columns
}

fn columns_of(table: &Table) -> Vec<(String, &str)> {
    table.names.iter().cloned().zip(table.dtypes.iter().map(String::as_str)).collect()
}

#[test]
fn columns_have_the_contracted_names_order_and_types() {
    let place = Place::new();
    place.sweep(&format!("--rates 1,2 --prefill 4000,8000 {SHORT} --name a --quiet"));
    assert_eq!(columns_of(&place.table("results/a/jobs.parquet")), job_columns(&[]));
    assert_eq!(columns_of(&place.table("results/a/cells.parquet")), cell_columns(&[]));
}

#[test]
fn axes_without_a_contracted_column_get_one_of_their_own_type() {
    let place = Place::with_trace();
    place.write("other.csv", crate::support::TRACE);
    place.sweep(&format!(
        "--modes disagg --set prompt_tokens.sigma=0.5,1 --set observe=events,arrivals \
         --set arrival.kind=poisson,trace --set arrival.path=trace.csv,other.csv \
         --set arrival.block_requests=2,3 --set output_tokens.integer=true,false --seed 1,2 {SHORT} \
         --replications 2 --name a --quiet"
    ));
    // Named flags come first, then --set in its order.
    let axes = [
        ("random_seed", "u64"),
        ("prompt_tokens.sigma", "f64"),
        ("observe", "str"),
        ("arrival.kind", "str"),
        ("arrival.path", "str"),
        ("arrival.block_requests", "u32"),
        ("output_tokens.integer", "bool"),
    ];
    let jobs = place.table("results/a/jobs.parquet");
    assert_eq!(columns_of(&jobs), job_columns(&axes));
    let cells = place.table("results/a/cells.parquet");
    assert_eq!(cells.rows.len(), 32, "16 Poisson cells and 16 trace cells");
    for row in 0..jobs.rows.len() {
        let is_trace = jobs.text(row, "arrival.kind") == Some("trace");
        for name in ["arrival.path", "arrival.block_requests"] {
            assert_eq!(jobs.value(row, name).is_null(), !is_trace, "{name} in row {row}");
        }
        for name in ["prompt_tokens.sigma", "output_tokens.integer"] {
            assert_eq!(jobs.value(row, name).is_null(), is_trace, "{name} in row {row}");
        }
        assert_eq!(jobs.value(row, "seed"), jobs.value(row, "random_seed"));
    }
}

#[test]
fn what_a_mode_does_not_have_is_null() {
    let place = Place::new();
    let jobs = place.jobs("a", "--rates 1,3 --sim-seconds 300");
    let only_disagg = [
        "prefill_gpus",
        "decode_gpus",
        "offered_load_prefill",
        "offered_load_decode",
        "mean_wait_decode_s",
        "mean_queue_length_decode",
        "utilization_prefill",
        "utilization_decode",
    ];
    let only_mono = ["num_gpus", "offered_load_gpu", "utilization_gpu"];
    for row in 0..jobs.rows.len() {
        let is_mono = jobs.text(row, "mode") == Some("mono");
        for name in &jobs.names {
            let expected = match name.as_str() {
                "error" | "rerun" | "slo_ttft_s" | "slo_attainment" | "goodput_rps" => true,
                name if only_disagg.contains(&name) => is_mono,
                name if only_mono.contains(&name) => !is_mono,
                _ => false,
            };
            assert_eq!(jobs.value(row, name).is_null(), expected, "{name} in row {row}");
        }
    }
}

#[test]
fn rows_go_by_cell_then_replication_and_the_last_axis_runs_fastest() {
    let jobs = Place::new()
        .jobs("a", &format!("--rates 1,2 --modes mono,disagg {SHORT} --replications 3"));
    let points = [(0, 1.0, "mono"), (1, 1.0, "disagg"), (2, 2.0, "mono"), (3, 2.0, "disagg")];
    let expected: Vec<(u64, u64, f64, &str)> = points
        .iter()
        .flat_map(|&(cell, rate, mode)| {
            [0, 1, 2].map(|replication| (replication, cell, rate, mode))
        })
        .collect();
    let actual: Vec<(u64, u64, f64, &str)> = (0..jobs.rows.len())
        .map(|row| {
            let count = |name| jobs.value(row, name).as_u64().unwrap();
            let rate = jobs.number(row, "rate_per_s").unwrap();
            (count("replication"), count("cell"), rate, jobs.text(row, "mode").unwrap())
        })
        .collect();
    assert_eq!(actual, expected);
}

/// Values of a result in the jobs of a cell.
fn values(jobs: &Table, cell: usize, name: &str) -> Vec<f64> {
    let rows = (0..jobs.rows.len()).filter(|&row| *jobs.value(row, "cell") == cell);
    rows.filter_map(|row| jobs.number(row, name)).collect()
}

#[test]
fn cells_are_means_of_jobs_with_student_half_widths() {
    // The 0.975 quantile of Student's t with n - 1 degrees of freedom.
    let quantiles =
        [(2, 12.706_204_736_432_1), (3, 4.302_652_729_911_28), (10, 2.262_157_162_740_99)];
    for (replications, quantile) in quantiles {
        let place = Place::new();
        let jobs = place.jobs("a", &format!("--rates 1,4 {SHORT} --replications {replications}"));
        let cells = place.table("results/a/cells.parquet");
        for cell in 0..cells.rows.len() {
            assert_eq!(*cells.value(cell, "replications"), replications);
            for name in RESULTS {
                let values = values(&jobs, cell, name);
                // The p99 of a run needs 100 samples, and all runs must have it.
                if values.is_empty()
                    || name == "p99_ttft_s" && values.len() < jobs.rows.len() / cells.rows.len()
                {
                    assert!(cells.value(cell, name).is_null(), "{name} of cell {cell}");
                    continue;
                }
                let mean = mean(&values);
                assert_close(cells.number(cell, name).unwrap(), mean, name);
                if COUNTS.contains(&name) {
                    continue;
                }
                let n = f64::from(replications);
                let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
                let half_width = quantile * (squares / (n - 1.0) / n).sqrt();
                let actual = cells.number(cell, &format!("{name}_ci95")).unwrap();
                // Where all values are nearly equal, rounding is all there is.
                assert!(
                    (actual - half_width).abs() <= 1e-7 * half_width + 1e-12 * mean.abs(),
                    "{name}"
                );
            }
        }
    }
}

#[test]
fn one_replication_has_no_half_width() {
    let place = Place::new();
    place.sweep(&format!("--rates 1 {SHORT} --replications 1 --name a --quiet"));
    let cells = place.table("results/a/cells.parquet");
    for name in RESULTS.iter().filter(|name| !COUNTS.contains(name)) {
        assert!(cells.column(&format!("{name}_ci95")).iter().all(Json::is_null), "{name}");
    }
    assert!(cells.number(0, "mean_ttft_s").is_some());
}

#[test]
fn requests_are_conserved_and_throughput_is_completions_over_the_window() {
    for observe in ["events", "arrivals"] {
        let jobs = Place::new().jobs("a", &format!("--rates 1,9 --observe {observe} {SHORT}"));
        for row in 0..jobs.rows.len() {
            let count = |name| jobs.number(row, name).unwrap();
            let arrived = count("num_in_system_start") + count("num_arrivals");
            assert_close(arrived, count("num_completed") + count("num_unfinished"), "conservation");
            assert_close(count("throughput_rps"), count("num_completed") / 25.0, "throughput");
            for name in ["utilization_gpu", "utilization_prefill", "utilization_decode"] {
                assert!(jobs.number(row, name).is_none_or(|share| (0.0..=1.0).contains(&share)));
            }
        }
    }
}

#[test]
fn cells_that_differ_in_an_axis_without_meaning_are_one() {
    let place = Place::new();
    let arguments = "--rates 1,2 --modes mono,disagg --set cluster_disagg.decode_gpus=1,2,4";
    let jobs = place.jobs("a", &format!("{arguments} {SHORT} --replications 2"));
    let cells = place.table("results/a/cells.parquet");
    let factors: Vec<(f64, &str, Option<u64>)> = (0..cells.rows.len())
        .map(|row| {
            let gpus = cells.value(row, "decode_gpus").as_u64();
            (cells.number(row, "rate_per_s").unwrap(), cells.text(row, "mode").unwrap(), gpus)
        })
        .collect();
    let of = |rate| {
        [
            (rate, "mono", None),
            (rate, "disagg", Some(1)),
            (rate, "disagg", Some(2)),
            (rate, "disagg", Some(4)),
        ]
    };
    assert_eq!(factors, [of(1.0), of(2.0)].concat());
    assert_eq!(jobs.rows.len(), 16);
}

#[test]
fn excluded_cells_are_left_out_and_numbers_stay_without_gaps() {
    let place = Place::new();
    place.write(
        "file.yaml",
        "base: {sim_seconds: 30, warmup_seconds: 5}\naxes: {rates: [1, 2, 3], modes: [mono, disagg]}\n\
         exclude: ['rate_per_s > 1 and mode = mono']\nreplications: 1\n",
    );
    let jobs = place.jobs("a", "run file.yaml");
    assert_eq!(jobs.column("cell"), [0, 1, 2, 3]);
    assert_eq!(jobs.column("mode"), ["mono", "disagg", "disagg", "disagg"]);
}

#[test]
fn csv_holds_what_parquet_holds() {
    let place = Place::new();
    let arguments =
        format!("--rates 0.7,40 --observe events,arrivals {SHORT} --replications 2 --quiet");
    place.sweep(&format!("{arguments} --name p"));
    place.sweep(&format!("{arguments} --name c --format csv"));
    assert!(!place.path("results/c/jobs.parquet").exists());
    for table in ["jobs", "cells"] {
        let parquet = place.table(&format!("results/p/{table}.parquet"));
        let mut csv =
            csv::Reader::from_path(place.path(&format!("results/c/{table}.csv"))).unwrap();
        assert_eq!(csv.headers().unwrap(), &parquet.names);
        let records: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
        assert_eq!(records.len(), parquet.rows.len());
        for (record, row) in records.iter().zip(&parquet.rows) {
            for ((text, value), name) in record.iter().zip(row).zip(&parquet.names) {
                let is_same = match value {
                    Json::Null => text.is_empty(),
                    Json::Number(number) if number.is_f64() => text.parse().ok() == number.as_f64(),
                    Json::String(word) => text == word,
                    other => serde_json::from_str(text).ok().as_ref() == Some(other),
                };
                assert!(is_same, "{table}.{name}: `{text}` is not {value}");
            }
        }
    }
}

#[test]
fn parquet_says_where_it_comes_from() {
    let place = Place::new();
    place.sweep(&format!(
        "--rates 1,2 --seed 5 --set prompt_tokens.sigma=0.5,1 {SHORT} --name a --quiet"
    ));
    let record = place.json("results/a/run.json");
    for name in ["jobs", "cells"] {
        let file = format!("results/a/{name}.parquet");
        let entries: BTreeMap<String, String> = metadata(&place.path(&file)).into_iter().collect();
        let json = |key: &str| -> Json { serde_json::from_str(&entries[key]).unwrap() };
        assert_eq!(entries["sweep.version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(entries["sweep.plan_hash"], record["plan_hash"].as_str().unwrap());
        assert_eq!(entries["sweep.draw_fingerprint"], record["draw_fingerprint"].as_str().unwrap());
        assert_eq!(json("sweep.format_version"), record["format_version"]);
        assert_eq!(json("sweep.stream_version"), record["stream_version"]);
        assert_eq!(json("sweep.spec"), record["sweep"]);
        assert_eq!(json("sweep.resolved_base"), record["resolved_base"]);
        assert_eq!(json("sweep.resolved_base")["random_seed"], 5);
        assert_eq!(json("sweep.axes")["prompt_tokens.sigma"], serde_json::json!([0.5, 1.0]));
        let table = place.table(&file);
        let docs = json("sweep.columns");
        let documented: Vec<(String, &str)> = docs
            .as_array()
            .unwrap()
            .iter()
            .map(|doc| (doc["name"].as_str().unwrap().to_owned(), doc["dtype"].as_str().unwrap()))
            .collect();
        assert_eq!(documented, columns_of(&table), "{name} is as documented in itself");
        let unit = |column: &str| {
            docs.as_array().unwrap().iter().find(|doc| doc["name"] == column).unwrap()["unit"]
                .clone()
        };
        assert_eq!(unit("mean_ttft_s"), "s");
        assert_eq!(unit("prefill_tokens_per_s"), "tokens/s");
    }
}

#[test]
fn the_documented_columns_are_the_written_ones() {
    let place = Place::new();
    place.sweep(&format!("--rates 1,2 {SHORT} --name a --quiet"));
    let docs = place.sweep_json("columns --format json");
    for name in ["jobs", "cells"] {
        let documented: Vec<(String, &str)> = docs
            .as_array()
            .unwrap()
            .iter()
            .filter(|doc| doc["tables"].as_str().unwrap().split(", ").any(|table| table == name))
            .map(|doc| (doc["name"].as_str().unwrap().to_owned(), doc["dtype"].as_str().unwrap()))
            .collect();
        let table = place.table(&format!("results/a/{name}.parquet"));
        assert_eq!(documented, columns_of(&table), "{name}");
    }
}

#[test]
fn tables_name_no_folder_and_no_moment() {
    let place = Place::new();
    place.sweep(&format!("--rates 1 {SHORT} --name unmistakable --quiet"));
    for name in ["jobs", "cells"] {
        let path = place.path(&format!("results/unmistakable/{name}.parquet"));
        for (key, value) in metadata(&path) {
            assert!(!value.contains("unmistakable"), "{key} names the run");
            assert!(!value.contains(&repository().display().to_string()), "{key} names a folder");
            assert!(!value.contains("started_at"), "{key} has a time");
        }
    }
}

#[test]
fn a_saturated_cell_is_no_error() {
    let place = Place::new();
    let ran = place.sweep(&format!("--rates 1,90 --modes disagg {SHORT} --name a"));
    assert!(ran.stderr.contains("warning: 1 cell is saturated (offered load 1 or more)"));
    let cells = place.table("results/a/cells.parquet");
    assert_eq!(cells.column("saturated"), [false, true]);
    assert_eq!(cells.column("bottleneck"), ["decode", "decode"]);
    assert_close(cells.number(1, "utilization_decode").unwrap(), 1.0, "a full pool");
}

#[test]
fn a_censored_cell_warns_and_says_how_to_avoid_it() {
    let place = Place::new();
    let ran = place.sweep(&format!("--rates 90 --modes mono {SHORT} --quiet"));
    assert!(ran.stderr.contains("1 cell is censored (more than 1 % of arrivals"), "{}", ran.stderr);
    assert!(ran.stderr.contains("use --observe arrivals or a longer --sim-seconds"));
}

#[test]
fn a_cell_without_samples_has_null_times_and_a_warning() {
    let place = Place::new();
    let ran =
        place.sweep("--rates 0.0001 --modes mono --sim-seconds 2 --warmup-seconds 1 --name a");
    assert!(ran.stderr.contains("1 cell is without a single sample"), "{}", ran.stderr);
    let cells = place.table("results/a/cells.parquet");
    for name in ["mean_ttft_s", "mean_ttft_s_ci95", "p99_ttft_s", "mean_e2e_s", "censored"] {
        assert!(cells.value(0, name).is_null(), "{name}");
    }
    assert_eq!(cells.value(0, "num_samples"), 0.0);
    assert_eq!(cells.value(0, "failed"), 0);
}
