//! Every verb does what its help says.

use std::fs;
use std::path::Path;
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use serde_json::{Value as Json, json};

use crate::support::{
    COUNTS, Place, RESULTS, Ran, SHORT, assert_close, mean, percentile, repository,
};

const VERBS: [&str; 6] = ["run", "plan", "simulate", "columns", "trace", "completions"];

#[test]
fn rates_and_prefill_alone_make_twelve_cells_and_120_jobs() {
    let place = Place::new();
    let ran = place.sweep("--rates 0.5,1,2 --prefill 4000,8000");
    assert!(ran.stderr.contains("120 jobs"), "{}", ran.stderr);
    let cells = place.table("results/latest/cells.parquet");
    assert_eq!(cells.rows.len(), 12);
    assert_eq!(place.table("results/latest/jobs.parquet").rows.len(), 120);
    assert!(cells.column("failed").iter().all(|failed| failed == 0));
    assert!(cells.column("replications").iter().all(|replications| replications == 10));
}

#[test]
fn without_arguments_it_prints_help() {
    let ran = Place::new().run("");
    let text = ran.stdout + &ran.stderr;
    assert!(text.contains("Usage: sweep"), "{text}");
    for verb in VERBS {
        assert!(text.contains(&format!("\n  {verb}")), "{verb} is missing in {text}");
    }
}

#[test]
fn help_lists_the_exit_codes_and_goes_to_standard_output() {
    let ran = Place::new().sweep("--help");
    assert!(ran.stdout.contains("Exit codes: 0 done, 2 bad usage or input, 3 some jobs failed"));
    assert_eq!(ran.stderr, "");
}

/// The lines under `Example:` or `Examples:` in the help of a verb.
fn examples(verb: &str) -> Vec<String> {
    let help = Place::new().sweep(&format!("{verb} --help")).stdout;
    let block = help.lines().skip_while(|line| !line.starts_with("Example")).skip(1);
    let lines = block.take_while(|line| line.starts_with("  "));
    let lines = lines.inspect(|line| assert!(line.len() <= 80, "a terminal would break {line}"));
    lines.map(|line| line.trim().to_owned()).collect()
}

#[test]
fn every_example_in_the_help_works_as_printed() {
    let place = Place::new();
    let mut tried = 0;
    for verb in std::iter::once("").chain(VERBS) {
        let examples = examples(verb);
        assert!(!examples.is_empty(), "the help of `sweep {verb}` has no example");
        for example in examples {
            // A redirection would write outside the test's folder.
            let typed = example.split(" > ").next().unwrap();
            let mut words = shlex::split(typed).unwrap();
            assert_eq!(words.remove(0), "sweep", "{example}");
            if words[0] == "run" || words[0].starts_with("--") {
                words.extend(["--out".to_owned(), place.path("runs").display().to_string()]);
                // Examples may share a name.
                words.push("--force".to_owned());
            }
            let mut command = Command::new(cargo_bin("sweep"));
            let output = command.args(words).current_dir(repository()).output().unwrap();
            let ran = Ran::of(&output);
            assert_eq!(ran.code, Some(0), "{example}\n{}", ran.stderr);
            tried += 1;
        }
    }
    assert!(tried >= 12, "only {tried} examples were found");
}

const FILE: &str = "\
why: does the rate matter
base:
  sim_seconds: 40
  warmup_seconds: 4
  random_seed: 7
  observe: events
  cluster_mono: {num_gpus: 3}
axes:
  rates: [1, 2]
  prefill: 4000:8000:4000
  modes: [mono]
replications: 2
seeding: common
output: {name: from-file, out: runs, format: parquet}
";

#[test]
fn a_sweep_file_runs_as_written() {
    let place = Place::new();
    place.write("file.yaml", FILE);
    place.sweep("run file.yaml");
    let jobs = place.table("runs/from-file/jobs.parquet");
    assert_eq!(jobs.rows.len(), 8);
    assert!(jobs.column("seed").iter().all(|seed| seed == 7));
    assert!(jobs.column("num_gpus").iter().all(|gpus| gpus == 3));
    assert!(jobs.column("mode").iter().all(|mode| mode == "mono"));
}

#[test]
fn a_json_file_is_read_like_yaml() {
    let place = Place::new();
    let file = r#"{
        "base": {"sim_seconds": 30, "warmup_seconds": 5, "mode": "mono"},
        "axes": {"rates": [1, 2.5], "prompt_tokens.sigma": "0.5,1"},
        "replications": 2
    }"#;
    place.write("file.json", file);
    place.sweep("run file.json --quiet");
    assert_eq!(
        place.table("results/file/cells.parquet").column("rate_per_s"),
        [1.0, 1.0, 2.5, 2.5]
    );
}

#[test]
fn every_flag_overrides_the_file() {
    // Flag, place in run.json, what is there then.
    let cases = [
        ("--rates 3", "/resolved_base/arrival/rate_per_s", json!(3.0)),
        ("--rates 3", "/sweep/axes/arrival.rate_per_s", Json::Null),
        ("--rates 3,4", "/sweep/axes/arrival.rate_per_s", json!("3,4")),
        ("--prefill 5000", "/resolved_base/cluster_disagg/prefill_tokens_per_s", json!(5000.0)),
        ("--prefill 5e3,6e3", "/sweep/axes/prefill_tokens_per_s", json!("5e3,6e3")),
        ("--modes disagg", "/resolved_base/mode", json!("disagg")),
        ("--mode disagg,mono", "/sweep/axes/mode", json!("disagg,mono")),
        ("--set cluster_mono.num_gpus=5", "/resolved_base/cluster_mono/num_gpus", json!(5)),
        ("--set cluster_mono.num_gpus=5,6", "/sweep/axes/cluster_mono.num_gpus", json!("5,6")),
        ("--set rates=9", "/resolved_base/arrival/rate_per_s", json!(9.0)),
        ("--config other.yaml", "/resolved_base/sim_seconds", json!(50.0)),
        ("--sim-seconds 35", "/resolved_base/sim_seconds", json!(35.0)),
        ("--warmup-seconds 6", "/resolved_base/warmup_seconds", json!(6.0)),
        ("--seed 8", "/resolved_base/random_seed", json!(8)),
        ("--observe arrivals", "/resolved_base/observe", json!("arrivals")),
        ("--replications 3", "/replications", json!(3)),
        ("--seeding independent", "/sweep/seeding", json!("independent")),
        ("--format csv", "/tables", json!("csv")),
        ("--name flagged", "/name", json!("flagged")),
        ("--threads 1", "/outcome/threads", json!(1)),
    ];
    let place = Place::new();
    place.write("file.yaml", FILE);
    place.write("other.yaml", "sim_seconds: 50\nwarmup_seconds: 5\n");
    for (flag, pointer, expected) in cases {
        place.sweep(&format!("run file.yaml --force --quiet {flag}"));
        let record = place.json("runs/latest/run.json");
        let actual = record.pointer(pointer).cloned().unwrap_or_default();
        assert_eq!(actual, expected, "{flag}: {pointer} in {record:#}");
    }
    place.sweep("run file.yaml --quiet --out elsewhere");
    assert!(place.path("elsewhere/from-file/run.json").exists());
}

#[test]
fn a_config_replaces_the_base_of_a_file_and_keeps_its_axes() {
    let place = Place::new();
    place.write("file.yaml", FILE);
    place.write("other.yaml", "sim_seconds: 50\nwarmup_seconds: 5\n");
    let jobs = place.jobs("x", "run file.yaml --config other.yaml --out results");
    assert_eq!(jobs.rows.len(), 8);
    assert!(jobs.column("num_gpus").iter().all(|gpus| gpus == 4), "the file's base is gone");
    assert!(jobs.column("seed").iter().all(|seed| seed == 42));
}

#[test]
fn one_value_sets_a_key_and_several_make_an_axis() {
    let place = Place::new();
    let one = place.jobs("one", &format!("--rates 1 --set prompt_tokens.sigma=0.5 {SHORT}"));
    assert!(!one.names.contains(&"prompt_tokens.sigma".to_owned()));
    assert_eq!(place.json("results/one/run.json")["sweep"]["base"]["prompt_tokens"]["sigma"], 0.5);
    let two = place.jobs("two", &format!("--rates 1 --set prompt_tokens.sigma=0.5,1 {SHORT}"));
    assert_eq!(two.rows.len(), 2 * one.rows.len());
    let half: Vec<_> =
        (0..two.rows.len()).filter(|&row| two.value(row, "prompt_tokens.sigma") == 0.5).collect();
    let results: Vec<_> = half.iter().map(|&row| two.results(row)).collect();
    assert_eq!(results, (0..one.rows.len()).map(|row| one.results(row)).collect::<Vec<_>>());
}

const ZIPPED: &str = "\
base: {mode: mono, sim_seconds: 30, warmup_seconds: 5}
axes: {rates: [1, 2, 3], prefill: [4000, 8000, 12000]}
zip: [[rates, prefill]]
replications: 1
";

#[test]
fn zipped_axes_advance_together_and_flags_replace_or_end_them() {
    let place = Place::new();
    place.write("zip.yaml", ZIPPED);
    let points = |name: &str, flags: &str| -> Vec<(f64, f64)> {
        let jobs = place.jobs(name, &format!("run zip.yaml {flags}"));
        let number = |row, column| jobs.number(row, column).unwrap();
        (0..jobs.rows.len())
            .map(|row| (number(row, "rate_per_s"), number(row, "prefill_tokens_per_s")))
            .collect()
    };
    assert_eq!(points("a", ""), [(1.0, 4e3), (2.0, 8e3), (3.0, 12e3)]);
    assert_eq!(points("b", "--rates 4,5,6"), [(4.0, 4e3), (5.0, 8e3), (6.0, 12e3)]);
    assert_eq!(points("c", "--rates 4"), [(4.0, 4e3), (4.0, 8e3), (4.0, 12e3)]);
    let ran = place.run("run zip.yaml --rates 4,5");
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("arrival.rate_per_s has 2, prefill_tokens_per_s has 3"));
}

#[test]
fn a_base_may_be_a_path_and_traces_are_found_beside_the_file_that_names_them() {
    let place = Place::new();
    place.write("sweeps/file.yaml", "base: scenarios/base.yaml\naxes: {rates: [1, 2]}\n");
    place.write(
        "sweeps/scenarios/base.yaml",
        "arrival: {kind: trace, path: trace.csv}\nsim_seconds: 30\nwarmup_seconds: 0\n",
    );
    place.write("sweeps/scenarios/trace.csv", crate::support::TRACE);
    place.sweep("run sweeps/file.yaml --quiet");
    assert_eq!(place.json("results/file/run.json")["traces"]["trace.csv"]["requests"], 5);
}

#[test]
fn a_plan_shows_axes_cells_loads_and_an_estimate_and_writes_nothing() {
    let place = Place::new();
    let ran = place.sweep("plan --rates 1,5,20 --modes mono,disagg");
    for part in [
        "arrival.rate_per_s = 1, 5, 20 (3 values)",
        "mode = mono, disagg (2 values)",
        "load prefill  load decode  load gpu",
        "6 cells x 10 replications = 60 jobs",
        "SATURATED cells: 2",
        "\nEstimate: about ",
    ] {
        assert!(ran.stdout.contains(part), "{part} is missing in\n{}", ran.stdout);
    }
    let marked = ran.stdout.lines().filter(|line| line.ends_with("  SATURATED")).count();
    assert_eq!(marked, 2, "{}", ran.stdout);
    // E[P] = 664.6 tokens: rho_p = 20 x 664.6 / (2 x 8000).
    assert!(ran.stdout.contains("0.831"), "{}", ran.stdout);
    assert_eq!(place.listing(), Vec::<String>::new());
}

#[test]
fn a_long_plan_is_cut_unless_all_cells_are_asked_for() {
    let place = Place::new();
    let cut = place.sweep("plan --rates 1:50:1 --modes mono").stdout;
    assert!(cut.contains("... and 10 more cells (--all lists them)"), "{cut}");
    let all = place.sweep("plan --rates 1:50:1 --modes mono --all").stdout;
    assert!(all.contains("\n   49          50"), "{all}");
}

/// Scenarios that spell things in every way.
const SCENARIOS: [&str; 6] = [
    "",
    "--mode mono --set prompt_tokens.mode=p50_p90 --set prompt_tokens.p50=300 --set prompt_tokens.p90=900",
    "--set prefill=4000 --set output_tokens.mode=exponential --set output_tokens.mean=200 --observe arrivals",
    "--set arrival.kind=deterministic --set prompt_tokens.mode=uniform --set prompt_tokens.low=0.5 \
     --set prompt_tokens.high=9.5 --set prompt_tokens.integer=false --set prompt_tokens.min_value=0",
    "--set arrival.kind=trace --set arrival.path=trace.csv --set arrival.repeat=true --replication 2",
    "--set prompt_tokens.mode=empirical --set prompt_tokens.path=trace.csv --seed 18446744073709551615",
];

#[test]
fn the_scenario_that_simulate_prints_reproduces_its_results() {
    let place = Place::with_trace();
    for arguments in SCENARIOS {
        let first = place.sweep_json(&format!("simulate {SHORT} {arguments}"));
        place.write("echo.json", first["scenario"].to_string());
        let replication = &first["replication"];
        let again =
            place.sweep_json(&format!("simulate --config echo.json --replication {replication}"));
        assert_eq!(first, again, "simulate {arguments}");
        assert!(first["results"]["num_samples"].as_u64() > Some(0), "{first:#}");
    }
}

#[test]
fn simulate_prints_results_in_the_order_of_the_tables() {
    let ran = Place::new().sweep(&format!("simulate {SHORT}"));
    let (_, results) = ran.stdout.split_once("\"results\": {").unwrap();
    let keys: Vec<&str> = results
        .lines()
        .filter_map(|line| line.trim().strip_prefix('"')?.split('"').next())
        .collect();
    let (half_widths, keys): (Vec<&str>, Vec<&str>) =
        keys.into_iter().partition(|key| key.ends_with("_ci95"));
    assert_eq!(keys, RESULTS);
    assert_eq!(half_widths.len(), RESULTS.len() - COUNTS.len());
    assert!(ran.stderr.starts_with("no intervals: the run is too short"), "{}", ran.stderr);
}

#[test]
fn simulate_echoes_lengths_in_both_spaces_and_the_load() {
    let json = Place::new().sweep_json(
        "simulate --set prompt_tokens.mode=real_mean_std --set prompt_tokens.mean=500 \
         --set prompt_tokens.std=500",
    );
    let prompt = &json["resolved"]["prompt_tokens"];
    let sigma = prompt["lognormal"]["log_sigma"].as_f64().unwrap();
    assert_close(sigma * sigma, 2_f64.ln(), "sigma^2 = ln(1 + std^2 / mean^2)");
    let mu = prompt["lognormal"]["log_mean"].as_f64().unwrap();
    assert_close(mu, 500_f64.ln() - 2_f64.ln() / 2.0, "mu = ln mean - sigma^2 / 2");
    assert_close(prompt["lognormal"]["real_mean"].as_f64().unwrap(), 500.0, "mean");
    assert_close(prompt["lognormal"]["real_std"].as_f64().unwrap(), 500.0, "std");
    let load = 2.0 * prompt["count_mean"].as_f64().unwrap() / (2.0 * 8000.0);
    assert_close(json["offered_load"]["prefill"].as_f64().unwrap(), load, "offered load");
    assert_eq!(json["offered_load"]["bottleneck"], "decode");
    assert_eq!(json["offered_load"]["saturated"], false);
}

#[test]
fn dumped_samples_are_what_the_results_describe() {
    let place = Place::new();
    for mode in ["mono", "disagg"] {
        for observe in ["events", "arrivals"] {
            let simulate = format!(
                "simulate {SHORT} --mode {mode} --observe {observe} --set rates=5 --dump-ttft"
            );
            let json = place.sweep_json(&format!("{simulate} ttft.json"));
            let samples = place.json("ttft.json");
            let column = |name: &str| -> Vec<f64> {
                let records = samples.as_array().unwrap().iter();
                records.map(|record| record[name].as_f64().unwrap()).collect()
            };
            let (ttft_s, arrival_s) = (column("ttft_s"), column("arrival_s"));
            let result = |name: &str| json["results"][name].as_f64().unwrap();
            assert_eq!(json["results"]["num_samples"], ttft_s.len());
            assert!(column("request").is_sorted_by(|a, b| a < b), "requests are in order");
            assert!(arrival_s.is_sorted());
            assert_close(result("mean_ttft_s"), mean(&ttft_s), "mean");
            assert_close(result("p50_ttft_s"), percentile(&ttft_s, 0.5), "p50");
            assert_close(result("p90_ttft_s"), percentile(&ttft_s, 0.9), "p90");
            assert_close(result("p99_ttft_s"), percentile(&ttft_s, 0.99), "p99");
            let moments = match observe {
                "events" => arrival_s.iter().zip(&ttft_s).map(|(a, t)| a + t).collect(),
                _ => arrival_s,
            };
            assert!(moments.iter().all(|at_s| (5.0..30.0).contains(at_s)), "outside the window");
        }
    }
}

#[test]
fn dumps_of_all_formats_hold_the_same_samples() {
    let place = Place::new();
    for ending in ["json", "csv", "parquet"] {
        place.sweep(&format!("simulate {SHORT} --dump-ttft ttft.{ending}"));
    }
    let table = place.table("ttft.parquet");
    assert_eq!(table.names, ["request", "arrival_s", "ttft_s"]);
    let json = place.json("ttft.json");
    let from_json = json.as_array().unwrap().iter();
    let from_json: Vec<Vec<Json>> = from_json
        .map(|r| vec![r["request"].clone(), r["arrival_s"].clone(), r["ttft_s"].clone()])
        .collect();
    assert_eq!(table.rows, from_json);
    let csv = place.read("ttft.csv");
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("request,arrival_s,ttft_s"));
    let from_csv: Vec<Vec<f64>> =
        lines.map(|line| line.split(',').map(|text| text.parse().unwrap()).collect()).collect();
    let numbers: Vec<Vec<f64>> =
        table.rows.iter().map(|row| row.iter().map(|v| v.as_f64().unwrap()).collect()).collect();
    assert_eq!(from_csv, numbers);
    assert!(!place.listing().iter().any(|entry| entry.contains("partial")));
}

#[test]
fn columns_come_as_a_table_markdown_or_json() {
    let place = Place::new();
    let json = place.sweep_json("columns --format json");
    let docs = json.as_array().unwrap();
    let names: Vec<&str> = docs.iter().map(|doc| doc["name"].as_str().unwrap()).collect();
    assert!(names.starts_with(&[
        "cell",
        "replication",
        "seed",
        "status",
        "error",
        "rerun",
        "mode"
    ]));
    assert!(docs.iter().all(|doc| doc["meaning"].as_str().is_some_and(|text| !text.is_empty())));
    for format in ["table", "markdown"] {
        let text = place.sweep(&format!("columns --format {format}")).stdout;
        for name in &names {
            let row = text.lines().find(|line| {
                line.trim_start_matches(['|', ' ']).split_whitespace().next() == Some(name)
            });
            assert!(row.is_some(), "{name} is missing in {text}");
        }
    }
    let markdown = place.sweep("columns --format markdown").stdout;
    let bars = markdown.lines().map(|line| line.matches('|').count());
    assert!(bars.clone().all(|count| count == 7), "every row has six fields: {markdown}");
}

#[test]
fn keys_list_every_key_and_every_one_is_known_to_set() {
    let place = Place::new();
    let json = place.sweep_json("columns --keys --format json");
    let keys = json.as_array().unwrap();
    assert!(keys.len() > 40);
    for key in keys {
        let names = std::iter::once(&key["key"]).chain(key["aliases"].as_array().unwrap());
        for name in names.map(|name| name.as_str().unwrap()) {
            // `?` is a value of no kind but a path, so nothing runs; the key must be known.
            let ran = place.run(&format!("plan --set '{name}=?'"));
            assert_eq!(ran.code, Some(2));
            assert!(!ran.stderr.contains("unknown key"), "{name}: {}", ran.stderr);
        }
    }
    let text = place.sweep("columns --keys").stdout;
    assert!(text.contains("arrival.rate_per_s, rates, rate_per_s"), "{text}");
    assert!(place.sweep("columns --keys --format markdown").stdout.starts_with("| key"));
}

#[test]
fn a_trace_is_described_by_its_statistics() {
    let place = Place::with_trace();
    let json = place.sweep_json("trace trace.csv --json");
    let number = |pointer: &str| json.pointer(pointer).and_then(Json::as_f64).unwrap();
    assert_eq!(json["requests"], 5);
    assert_close(number("/span_s"), 8.0, "span");
    assert_close(number("/rate_per_s"), 0.5, "(n - 1) / span");
    // Gaps 1, 2, 1, 4: mean 2, variance 1.5.
    assert_close(number("/gap_cv"), 1.5_f64.sqrt() / 2.0, "CV of the gaps");
    // Prompts 100, 400, 100, 800, 200.
    assert_close(number("/prompt_tokens/mean"), 320.0, "mean");
    assert_close(number("/prompt_tokens/std"), 69_600_f64.sqrt(), "std");
    assert_close(number("/prompt_tokens/p50"), 200.0, "p50");
    assert_close(number("/prompt_tokens/p90"), 640.0, "p90");
    assert_close(number("/prompt_tokens/max"), 800.0, "max");
    let logs = [100_f64, 400.0, 100.0, 800.0, 200.0].map(f64::ln);
    assert_close(number("/prompt_tokens/lognormal/mu"), mean(&logs), "mu");
    place.write("same.csv", "arrival_s,prompt_tokens,output_tokens\n0,100,20\n1,100,30\n");
    let text = place.sweep("trace same.csv").stdout;
    assert!(text.contains("prompt_tokens: {mode: fixed, value: 100}"), "{text}");
    let text = place.sweep("trace trace.csv").stdout;
    assert!(text.contains("trace.csv: 5 requests in 8 s"), "{text}");
    assert!(text.contains("{mode: empirical, path: trace.csv}"), "{text}");
}

#[test]
fn a_trace_with_timestamps_reads_like_one_with_seconds() {
    let place = Place::with_trace();
    place.write(
        "azure.csv",
        "TIMESTAMP,ContextTokens,GeneratedTokens\n\
         2023-11-16 23:59:58.0000000,100,20\n2023-11-16 23:59:59.0000000,400,40\n\
         2023-11-17 00:00:01.0000000,100,80\n2023-11-17 00:00:02,800,10\n\
         2023-11-17 00:00:06.0000000,200,50\n",
    );
    assert_eq!(
        place.sweep_json("trace azure.csv --json"),
        place.sweep_json("trace trace.csv --json")
    );
}

#[test]
fn every_shell_gets_completions() {
    let place = Place::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ran = place.sweep(&format!("completions {shell}"));
        for word in ["simulate", "completions", "rates"] {
            assert!(ran.stdout.contains(word), "{word} is missing for {shell}");
        }
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let ran = Place::new().sweep("--version");
    assert_eq!(ran.stdout, format!("sweep {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_reader_that_stops_early_is_no_error() {
    let place = Place::new();
    let sweep = cargo_bin("sweep").display().to_string();
    for verb in [
        "columns --format json",
        "completions bash",
        "simulate --sim-seconds 4000",
        "plan --rates 1",
    ] {
        let script = format!("({sweep} {verb}; echo rc=$? >&2) | true");
        let mut command = Command::new("sh");
        let output = command.args(["-c", &script]).current_dir(place.path("")).output().unwrap();
        assert_eq!(Ran::of(&output).stderr, "rc=0\n", "{verb}");
    }
}

#[test]
fn a_full_device_is_an_error_of_output() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    let place = Place::new();
    for verb in
        ["columns", "simulate --sim-seconds 4000", "plan --rates 1", "columns --format json"]
    {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = place.command(verb).stdout(full).output().unwrap();
        let ran = Ran::of(&output);
        assert_eq!(ran.code, Some(4), "{verb}: {}", ran.stderr);
        assert!(ran.stderr.starts_with("error: failed to write to standard output"), "{verb}");
    }
}
