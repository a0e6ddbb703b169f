//! `sweep compare`: the right pairs of cells and replications, the right numbers, and clear errors.

use std::fmt::Write;
use std::fs;

use insta::assert_snapshot;
use serde_json::{Value as Json, json};

use crate::support::{Place, SHORT, Table, assert_close, mean};

/// Two-sided 95 % quantile of Student's t with 7 degrees of freedom.
const T_7: f64 = 2.364_624_251_592_784;

/// A horizon with enough samples for a p99, even at 2 requests/s.
const LONG: &str = "--sim-seconds 120 --warmup-seconds 20";

/// Eight replications of two rates, two prefill speeds and both modes.
fn place_with_run() -> Place {
    let place = Place::new();
    place.sweep(&format!("--rates 2,4 --prefill 4000,8000 --replications 8 {LONG} --name a -q"));
    place
}

/// A result by replication in the jobs that have these factors; `None` where a job has none.
fn results(jobs: &Table, factors: &[(&str, Json)], metric: &str) -> Vec<Option<f64>> {
    let has = |row: &usize| factors.iter().all(|(name, value)| jobs.value(*row, name) == value);
    let mut rows: Vec<usize> = (0..jobs.rows.len()).filter(has).collect();
    rows.sort_by_key(|row| jobs.value(*row, "replication").as_u64());
    rows.into_iter().map(|row| jobs.number(row, metric)).collect()
}

#[expect(clippy::cast_precision_loss, reason = "a small sample")]
fn variance(sample: &[f64]) -> f64 {
    let centre = mean(sample);
    let squares = sample.iter().map(|x| (x - centre) * (x - centre));
    squares.sum::<f64>() / (sample.len() as f64 - 1.0)
}

/// Runs a comparison that prints JSON.
fn compared(place: &Place, arguments: &str) -> Vec<Json> {
    let json = place.sweep_json(&format!("compare {arguments} --format json"));
    json.as_array().unwrap().clone()
}

fn number(row: &Json, name: &str) -> f64 {
    row[name].as_f64().unwrap_or_else(|| panic!("{name} is no number in {row}"))
}

#[test]
fn every_number_is_what_the_table_of_jobs_says() {
    let place = place_with_run();
    let jobs = place.table("results/a/jobs.parquet");
    let rows = compared(&place, "a --by mode --of mean_ttft_s,p99_ttft_s,mean_e2e_s");
    // Two rates, two speeds, three metrics; mono is the baseline.
    assert_eq!(rows.len(), 12);
    for row in &rows {
        let metric = row["metric"].as_str().unwrap();
        let values = |mode: &str| -> Vec<f64> {
            let factors = [
                ("rate_per_s", row["rate_per_s"].clone()),
                ("prefill_tokens_per_s", row["prefill_tokens_per_s"].clone()),
                ("mode", json!(mode)),
            ];
            results(&jobs, &factors, metric).into_iter().map(Option::unwrap).collect()
        };
        let (x, y) = (values("mono"), values("disagg"));
        assert_eq!((x.len(), y.len()), (8, 8));
        let with = |f: &dyn Fn(f64, f64) -> f64| -> Vec<f64> {
            x.iter().zip(&y).map(|(x, y)| f(*x, *y)).collect()
        };
        let ratio = mean(&y) / mean(&x);
        let half_width = |sample: &[f64]| T_7 * (variance(sample) / 8.0).sqrt();
        let difference_ci = half_width(&with(&|x, y| y - x));
        assert_eq!((&row["mode"], &row["baseline"]), (&json!("disagg"), &json!("mono")));
        assert_eq!(row["replications"], 8);
        assert_close(number(row, "baseline_mean"), mean(&x), metric);
        assert_close(number(row, "mean"), mean(&y), metric);
        assert_close(number(row, "difference"), mean(&with(&|x, y| y - x)), metric);
        assert_close(number(row, "difference_ci95"), difference_ci, metric);
        assert_close(number(row, "ratio"), ratio, metric);
        let residuals = with(&|x, y| y - ratio * x);
        assert_close(number(row, "ratio_ci95"), half_width(&residuals) / mean(&x), metric);
        let unpaired = number(row, "unpaired_ci95");
        // Welch has between 7 and 14 degrees of freedom.
        let scale = ((variance(&x) + variance(&y)) / 8.0).sqrt();
        assert!((2.144 * scale..T_7 * scale).contains(&unpaired), "{unpaired} for {scale}");
        assert_close(number(row, "narrowing"), unpaired / difference_ci, metric);
    }
}

#[test]
fn rows_are_sorted_by_factors_and_hold_every_value_but_the_baseline() {
    let place = place_with_run();
    let rows = compared(&place, "a --by rates --baseline 4 --of mean_ttft_s");
    let factors: Vec<Json> = rows
        .iter()
        .map(|row| {
            json!([row["prefill_tokens_per_s"], row["mode"], row["rate_per_s"], row["baseline"]])
        })
        .collect();
    let expected = [
        json!([4000.0, "mono", 2.0, 4.0]),
        json!([4000.0, "disagg", 2.0, 4.0]),
        json!([8000.0, "mono", 2.0, 4.0]),
        json!([8000.0, "disagg", 2.0, 4.0]),
    ];
    assert_eq!(factors, expected);
}

#[test]
fn an_axis_may_be_named_by_path_alias_or_column() {
    let place = place_with_run();
    let by = |name: &str| compared(&place, &format!("a --by {name}"));
    assert_eq!(by("rates"), by("arrival.rate_per_s"));
    assert_eq!(by("rates"), by("rate_per_s"));
    assert_eq!(by("prefill"), by("prefill_tokens_per_s"));
}

#[test]
fn a_run_may_be_named_by_link_or_by_path() {
    let place = place_with_run();
    let expected = compared(&place, "a --by mode");
    for name in ["latest", "results/a", "./results/latest", "a --out ./results"] {
        assert_eq!(compared(&place, &format!("{name} --by mode")), expected, "{name}");
    }
}

#[test]
fn pairing_narrows_the_interval_of_a_prefill_speed() {
    let place = Place::new();
    place.sweep("--rates 1 --modes mono --prefill 8000,9000 --replications 8 --name a -q");
    for row in compared(&place, "a --by prefill --of mean_ttft_s,p99_ttft_s") {
        assert!(number(&row, "narrowing") > 2.0, "{row}");
        assert!(number(&row, "correlation") > 0.9, "{row}");
    }
}

#[test]
fn an_axis_that_means_nothing_on_one_side_parts_no_cells() {
    let place = Place::new();
    place.sweep(&format!(
        "--rates 2,4 --set cluster_disagg.decode_gpus=1,2,3 --replications 3 {SHORT} --name a -q"
    ));
    let factors = |arguments: &str| -> Vec<Json> {
        let rows = compared(&place, &format!("a --of mean_ttft_s {arguments}"));
        rows.iter().map(|row| json!([row["rate_per_s"], row["decode_gpus"], row["mode"]])).collect()
    };
    let all_of = |mode: &str| -> Vec<Json> {
        let gpus = |rate: f64| [1, 2, 3].map(|gpus| json!([rate, gpus, mode]));
        [2.0, 4.0].into_iter().flat_map(gpus).collect()
    };
    assert_eq!(factors("--by mode"), all_of("disagg"));
    assert_eq!(factors("--by mode --baseline disagg"), all_of("mono"));
    // The one mono cell of a rate is the baseline of all three.
    let means: Vec<Json> = compared(&place, "a --by mode --of mean_ttft_s")
        .iter()
        .map(|row| row["baseline_mean"].clone())
        .collect();
    assert!(means[..3].iter().all(|mean| *mean == means[0]), "{means:?}");
    assert_ne!(means[0], means[3]);
    // By decode GPUs, mono cells have no part in it.
    let by_gpus = factors("--by decode_gpus");
    assert_eq!(by_gpus.len(), 4);
    assert!(by_gpus.iter().all(|row| row[2] == "disagg"));
}

#[test]
fn speeds_of_both_clusters_as_two_axes_have_two_columns() {
    let place = Place::new();
    place.sweep(&format!(
        "--set cluster_mono.decode_tokens_per_s=2000,3000 --set cluster_disagg.decode_tokens_per_s=2000,4000 \
         --replications 3 {SHORT} --name a -q"
    ));
    let rows = compared(&place, "a --by mode --of mean_ttft_s");
    let speeds: Vec<Json> = rows
        .iter()
        .map(|row| {
            json!([
                row["cluster_mono.decode_tokens_per_s"],
                row["cluster_disagg.decode_tokens_per_s"]
            ])
        })
        .collect();
    let expected = [[2000.0, 2000.0], [2000.0, 4000.0], [3000.0, 2000.0], [3000.0, 4000.0]];
    assert_eq!(speeds, expected.map(|speeds| json!(speeds)));
    let of_mono = compared(&place, "a --by cluster_mono.decode_tokens_per_s --of mean_ttft_s");
    assert_eq!(of_mono.len(), 1, "disagg cells show their own speed in that column");
}

#[test]
fn zipped_axes_go_together() {
    let place = Place::new();
    place.write(
        "file.yaml",
        "base: {mode: disagg, sim_seconds: 30, warmup_seconds: 5}\naxes:\n  rates: [2, 4]\n  \
         prefill_gpus: [1, 2, 3]\n  decode_gpus: [3, 2, 1]\nzip: [[prefill_gpus, decode_gpus]]\nreplications: 3\n",
    );
    place.sweep("run file.yaml --name a -q");
    let rows = compared(&place, "a --by prefill_gpus --baseline 2 --of mean_ttft_s");
    let factors: Vec<Json> = rows
        .iter()
        .map(|row| {
            json!([row["rate_per_s"], row["decode_gpus"], row["prefill_gpus"], row["baseline"]])
        })
        .collect();
    let expected =
        [[2.0, 3.0, 1.0, 2.0], [2.0, 1.0, 3.0, 2.0], [4.0, 3.0, 1.0, 2.0], [4.0, 1.0, 3.0, 2.0]];
    assert_eq!(factors.len(), expected.len());
    for (factors, expected) in factors.iter().zip(expected) {
        let numbers: Vec<f64> =
            factors.as_array().unwrap().iter().filter_map(Json::as_f64).collect();
        assert_eq!(numbers, expected);
    }
}

#[test]
fn replications_that_failed_in_one_cell_are_left_out_in_both() {
    let place = Place::new();
    let ran = place.run(&format!(
        "--rates 20 --modes disagg --prefill 500,900 --observe arrivals --replications 8 --seed 2 \
         --max-requests 8500 {SHORT} --name a"
    ));
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    let jobs = place.table("results/a/jobs.parquet");
    let of_speed =
        |speed: f64| results(&jobs, &[("prefill_tokens_per_s", json!(speed))], "mean_ttft_s");
    let both: Vec<(f64, f64)> = of_speed(500.0)
        .into_iter()
        .zip(of_speed(900.0))
        .filter_map(|(x, y)| Some((x?, y?)))
        .collect();
    assert!((2..8).contains(&both.len()), "{} pairs", both.len());
    let rows = compared(&place, "a --by prefill --of mean_ttft_s");
    assert_eq!(rows[0]["replications"], both.len());
    let (x, y): (Vec<f64>, Vec<f64>) = both.into_iter().unzip();
    assert_close(number(&rows[0], "baseline_mean"), mean(&x), "baseline");
    assert_close(number(&rows[0], "mean"), mean(&y), "mean");
}

#[test]
fn a_result_that_one_side_does_not_have_is_null() {
    let place = place_with_run();
    for row in compared(&place, "a --by mode --of mean_wait_decode_s") {
        assert_eq!(row["replications"], 0);
        for name in ["baseline_mean", "mean", "difference", "difference_ci95", "ratio", "narrowing"]
        {
            assert!(row[name].is_null(), "{name} of {row}");
        }
    }
}

#[test]
fn a_single_replication_has_differences_without_intervals() {
    let place = Place::new();
    place.sweep(&format!("--rates 4 --replications 1 {SHORT} --name a -q"));
    let row = &compared(&place, "a --by mode --of mean_ttft_s")[0];
    assert_eq!(row["replications"], 1);
    assert_close(
        number(row, "difference"),
        number(row, "mean") - number(row, "baseline_mean"),
        "difference",
    );
    for name in ["difference_ci95", "ratio_ci95", "unpaired_ci95", "narrowing", "correlation"] {
        assert!(row[name].is_null(), "{name}");
    }
}

#[test]
fn a_level_names_its_columns_and_widens_them() {
    let place = place_with_run();
    let at = |level: &str| compared(&place, &format!("a --by mode --confidence {level}"));
    let (low, high) = (at("0.9"), at("0.995"));
    assert!(number(&low[0], "difference_ci90") < number(&high[0], "difference_ci99.5"));
    assert!(low[0]["difference_ci95"].is_null());
}

#[test]
fn csv_and_parquet_runs_give_the_same_table() {
    let place = place_with_run();
    place.sweep(&format!(
        "--rates 2,4 --prefill 4000,8000 --replications 8 {LONG} --name b --format csv -q"
    ));
    for run in ["a", "b"] {
        place.sweep(&format!(
            "compare {run} --by mode --of mean_ttft_s,censored --output {run}.parquet"
        ));
        place.sweep(&format!(
            "compare {run} --by mode --of mean_ttft_s,censored --output {run}.csv"
        ));
    }
    assert_eq!(place.bytes("a.parquet"), place.bytes("b.parquet"));
    assert_eq!(place.bytes("a.csv"), place.bytes("b.csv"));
}

#[test]
fn the_table_lies_in_the_folder_of_the_run_and_is_replaced() {
    let place = place_with_run();
    place.sweep("compare latest --by mode");
    let first = place.bytes("results/a/compare-mode.parquet");
    place.sweep("compare a --by mode --of throughput_rps");
    assert_ne!(place.bytes("results/a/compare-mode.parquet"), first);
    let ran = place.sweep("compare a --by modes");
    assert_eq!(place.bytes("results/a/compare-mode.parquet"), first, "the same bytes again");
    assert_eq!(ran.stderr, "written to results/a/compare-mode.parquet\n");
    let names: Vec<String> = fs::read_dir(place.path("results/a"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names.len(), 5, "{names:?}");

    let table = place.table("results/a/compare-mode.parquet");
    let rows = compared(&place, "a --by mode");
    assert_eq!(table.rows.len(), rows.len());
    for (row, json) in table.rows.iter().zip(&rows) {
        let object: Vec<(&String, &Json)> = table.names.iter().zip(row).collect();
        for (name, value) in object {
            assert_eq!(value, &json[name], "{name}");
        }
    }
    let metadata = crate::support::metadata(&place.path("results/a/compare-mode.parquet"));
    let columns = metadata.iter().find(|(key, _)| key == "sweep.columns").unwrap();
    let docs: Json = serde_json::from_str(&columns.1).unwrap();
    let named: Vec<&str> =
        docs.as_array().unwrap().iter().map(|doc| doc["name"].as_str().unwrap()).collect();
    assert_eq!(named, table.names);
}

#[test]
fn what_is_printed_as_csv_is_what_is_written() {
    let place = place_with_run();
    let ran = place.sweep("compare a --by mode --format csv --output out.csv");
    assert_eq!(ran.stdout, place.read("out.csv"));
    assert!(!place.path("results/a/compare-mode.parquet").exists());
}

#[test]
fn independent_seeding_has_unpaired_intervals_but_for_windows() {
    let place = Place::new();
    place.sweep(&format!(
        "--rates 2,4 --modes mono --observe events,arrivals --seeding independent --replications 4 {SHORT} \
         --name a -q"
    ));
    for row in compared(&place, "a --by rates --of mean_ttft_s") {
        assert_eq!(row["difference_ci95"], row["unpaired_ci95"]);
        assert!(row["difference_ci95"].is_f64() && row["narrowing"].is_null(), "{row}");
    }
    // Both rules observe the same simulation.
    for row in compared(&place, "a --by observe --of mean_ttft_s") {
        assert!(number(&row, "narrowing") > 1.0, "{row}");
    }
    let ran = place.sweep("compare a --by rates");
    assert!(ran.stdout.contains("the run has independent seeding"), "{}", ran.stdout);
}

#[test]
fn cells_of_different_seeds_are_not_paired() {
    let place = Place::new();
    place
        .sweep(&format!("--set random_seed=1,2 --modes mono --replications 4 {SHORT} --name a -q"));
    let row = &compared(&place, "a --by random_seed --of mean_ttft_s")[0];
    assert_eq!(row["difference_ci95"], row["unpaired_ci95"]);
    assert!(row["narrowing"].is_null());
}

#[test]
fn two_runs_are_compared_cell_by_cell() {
    let place = Place::new();
    let run = |name: &str, setting: &str| {
        place.sweep(&format!("{setting} --replications 4 {LONG} --name {name} -q"));
    };
    run("slow", "--rates 2,4 --set decode=2000");
    // The same axes in another order.
    run("fast", "--modes disagg,mono --rates 4,2 --set decode=3000");
    let rows = compared(&place, "slow fast --of mean_ttft_s");
    let (slow, fast) =
        (place.table("results/slow/jobs.parquet"), place.table("results/fast/jobs.parquet"));
    assert_eq!(rows.len(), 4);
    for row in &rows {
        assert_eq!((&row["baseline"], &row["run"]), (&json!("slow"), &json!("fast")));
        let factors = [("rate_per_s", row["rate_per_s"].clone()), ("mode", row["mode"].clone())];
        let values = |jobs: &Table| -> Vec<f64> {
            results(jobs, &factors, "mean_ttft_s").into_iter().flatten().collect()
        };
        assert_close(number(row, "baseline_mean"), mean(&values(&slow)), "baseline");
        assert_close(number(row, "mean"), mean(&values(&fast)), "mean");
        assert!(row["narrowing"].is_f64(), "{row}");
    }
    assert!(place.path("results/slow/compare-run-fast.parquet").exists());
    // Against itself nothing differs.
    for row in compared(&place, "slow slow") {
        assert_eq!((number(&row, "difference"), number(&row, "difference_ci95")), (0.0, 0.0));
    }
}

#[test]
fn a_comparison_reads_as_a_page() {
    let place = Place::new();
    place.sweep(
        "--rates 1,40 --set cluster_disagg.decode_gpus=1,2 --replications 5 --sim-seconds 60 \
         --warmup-seconds 10 --name a -q",
    );
    let mut text = String::new();
    for arguments in [
        "compare a --by mode --of mean_ttft_s,mean_wait_decode_s,utilization_prefill",
        "compare a --by decode_gpus --of p99_ttft_s",
        "compare a --by mode --of mean_ttft_s --confidence 0.9 --format markdown",
    ] {
        let ran = place.sweep(arguments);
        writeln!(text, "$ sweep {arguments}\n{}--- stderr\n{}", ran.stdout, ran.stderr).unwrap();
    }
    assert_snapshot!(text);
}

/// Runs each command, which must be refused, and lists what it said.
fn refusals(place: &Place, cases: &[&str]) -> String {
    let before = place.listing();
    let mut messages = String::new();
    for arguments in cases {
        let ran = place.run(&format!("compare {arguments}"));
        assert_eq!(ran.code, Some(2), "{arguments}: {}{}", ran.stdout, ran.stderr);
        assert_eq!(ran.stdout, "", "{arguments}");
        assert!(ran.stderr.starts_with("error: "), "{arguments}: {}", ran.stderr);
        writeln!(messages, "$ sweep compare {arguments}\n{}", ran.stderr).unwrap();
    }
    assert_eq!(place.listing(), before, "something was written");
    messages
}

#[test]
fn bad_arguments() {
    let place = place_with_run();
    place.sweep(&format!("--rates 2,4 --modes mono --replications 2 {SHORT} --name rates-only -q"));
    place.sweep(&format!("--modes mono --replications 2 {SHORT} --name one-cell -q"));
    place.write(
        "lone.yaml",
        "base: {sim_seconds: 30, warmup_seconds: 5}\naxes: {rates: [2], modes: [mono, disagg]}\n\
         exclude: [mode = disagg]\nreplications: 2\n",
    );
    place.sweep("run lone.yaml -q");
    let messages = refusals(
        &place,
        &[
            "b --by mode",
            "rates-onyl --by mode",
            "a --by mode --out elsewhere",
            "'' --by mode",
            "a --by humidity",
            "a --by raets",
            "a --by decode_gpus",
            "rates-only --by mode",
            "one-cell --by mode",
            "lone --by rates",
            "lone --by mode",
            "a --by rates --baseline 3",
            "a --by mode --baseline monolith",
            "a --by mode --of p98_ttft_s",
            "a --by mode --of num_arrivals",
            "a --by mode --of mean_ttft_s,mean_ttft_s",
            "a --by mode --confidence 0",
            "a --by mode --confidence 95",
            "a --by mode --confidence -0.5",
            "a --by mode --confidence NaN",
            "a --by mode --output table.xls",
            "a --by mode --output nowhere/table.csv",
            "a",
            "a rates-only --by mode",
            "a a --baseline 2",
        ],
    );
    assert_snapshot!(messages);
}

#[test]
fn runs_of_different_plans() {
    let place = place_with_run();
    let run = |name: &str, arguments: &str| {
        place.sweep(&format!("{arguments} --replications 2 {SHORT} --name {name} -q"));
    };
    run("rates-only", "--rates 2,4 --modes mono");
    run("more-axes", "--rates 2,4 --prefill 4000,8000 --set num_gpus=2,4 --set decode_gpus=2,4");
    run("other-values", "--rates 2,4 --prefill 4000,9000");
    run("other-seed", "--rates 2,4 --prefill 4000,8000 --seed 7");
    run("independent", "--rates 2,4 --prefill 4000,8000 --seeding independent");
    place.write(
        "excluding.yaml",
        "base: {sim_seconds: 30, warmup_seconds: 5}\n\
         axes: {rates: [2, 4], prefill: [4000, 8000], modes: [mono, disagg]}\n\
         exclude: [rates = 4 and mode = mono]\nreplications: 2\n",
    );
    place.sweep("run excluding.yaml -q");
    let record = place.read("results/a/run.json");
    for (name, part, other) in [
        ("other-streams", "\"stream_version\": 1", "\"stream_version\": 99"),
        ("other-build", "\"draw_fingerprint\": \"", "\"draw_fingerprint\": \"0"),
    ] {
        assert!(record.contains(part), "{record}");
        place.write(&format!("results/{name}/run.json"), record.replacen(part, other, 1));
        place.write(&format!("results/{name}/jobs.parquet"), place.bytes("results/a/jobs.parquet"));
    }
    let messages = refusals(
        &place,
        &[
            "a rates-only",
            "a more-axes",
            "a other-values",
            "a other-seed",
            "a independent",
            "independent a",
            "a excluding",
            "excluding a",
            "a other-streams",
            "a other-build",
        ],
    );
    assert_snapshot!(messages);
}

#[test]
fn runs_that_are_broken() {
    let place = place_with_run();
    let record = place.read("results/a/run.json");
    let jobs = place.bytes("results/a/jobs.parquet");
    place.sweep(&format!("--rates 2,4 --replications 2 {SHORT} --name csv --format csv -q"));
    let csv_record = place.read("results/csv/run.json");
    let csv_jobs = place.read("results/csv/jobs.csv");
    place.write("results/no-record/jobs.parquet", &jobs);
    place.write("results/no-jobs/run.json", &record);
    place.write("results/no-json/run.json", "{\"format_version\": 1,");
    place.write("results/no-version/run.json", "{}");
    place.write(
        "results/other-layout/run.json",
        record.replace("\"format_version\": 1", "\"format_version\": 9"),
    );
    place.write("results/no-seeding/run.json", record.replace("\"seeding\"", "\"sowing\""));
    place.write(
        "results/unknown-axis/run.json",
        record.replace("\"mode\": \"mono,disagg\"", "\"moon\": \"1,2\""),
    );
    for (name, bytes) in [
        ("cut", &jobs[..jobs.len() / 2]),
        ("cut-early", &jobs[..3]),
        ("empty", &[]),
        ("garbage", b"PAR1 this is no table at all PAR1"),
    ] {
        place.write(&format!("results/{name}/run.json"), &record);
        place.write(&format!("results/{name}/jobs.parquet"), bytes);
    }
    let lines: Vec<&str> = csv_jobs.lines().collect();
    for (name, text) in [
        ("csv-cut-inside", csv_jobs[..csv_jobs.len() - 9].to_owned()),
        ("csv-cut-between", format!("{}\n", lines[..5].join("\n"))),
        ("csv-empty", String::new()),
        ("csv-column", csv_jobs.replacen("p90_ttft_s", "p90", 1)),
        ("csv-word", csv_jobs.replacen(",mono,", ",mono,x", 1)),
        ("csv-value", csv_jobs.replacen(",mono,2.0", ",mono,2.5", 1)),
    ] {
        place.write(&format!("results/{name}/run.json"), &csv_record);
        place.write(&format!("results/{name}/jobs.csv"), text);
    }
    let names = [
        "no-record",
        "no-jobs",
        "no-json",
        "no-version",
        "other-layout",
        "no-seeding",
        "unknown-axis",
        "cut",
        "cut-early",
        "empty",
        "garbage",
        "csv-cut-inside",
        "csv-cut-between",
        "csv-empty",
        "csv-column",
        "csv-word",
        "csv-value",
    ];
    let cases = names.map(|name| format!("{name} --by mode"));
    let messages = refusals(&place, &cases.each_ref().map(String::as_str));
    assert_snapshot!(messages);
}

#[test]
fn a_record_of_a_later_version_with_more_in_it_is_read() {
    let place = place_with_run();
    let expected = compared(&place, "a --by mode");
    let mut record = place.json("results/a/run.json");
    record["weather"] = json!("fine");
    record["sweep"]["mood"] = json!(["good"]);
    record["sweep"]["base"]["moon"] = json!({ "phase": 1 });
    place.write("results/a/run.json", record.to_string());
    // The order of keys is that of the axes.
    let rows = compared(&place, "a --by mode");
    assert_eq!(rows.len(), expected.len());
    assert!(rows.iter().all(|row| expected.contains(row)));
}

#[test]
fn the_page_on_comparisons_names_every_column() {
    let page = fs::read_to_string(crate::support::repository().join("docs/compare.md")).unwrap();
    let place = place_with_run();
    place.sweep("compare a --by mode");
    let table = place.table("results/a/compare-mode.parquet");
    for name in table.names.iter().skip_while(|name| *name != "baseline") {
        assert!(page.contains(&format!("`{name}`")), "{name} is not explained");
    }
}
