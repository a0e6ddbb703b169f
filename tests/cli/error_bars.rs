//! Error bars through the real command: pooled percentiles, levels, single runs, objectives, wanted
//! precision, flags. Everything is recomputed from tables and dumped samples.

#![expect(clippy::cast_precision_loss, reason = "counts are small")]

use crate::support::{Place, RESULTS, SHORT, Table, assert_close, mean, percentile};

/// A horizon with enough samples for a p99.
const LONG: &str = "--sim-seconds 200 --warmup-seconds 20";

const PERCENTILES: [(&str, f64); 3] =
    [("p50_ttft_s", 0.5), ("p90_ttft_s", 0.9), ("p99_ttft_s", 0.99)];

fn cells(place: &Place, name: &str, arguments: &str) -> Table {
    place.sweep(&format!("{arguments} --name {name} --quiet"));
    place.table(&format!("results/{name}/cells.parquet"))
}

fn flag(cells: &Table, cell: usize, name: &str) -> Option<bool> {
    cells.value(cell, name).as_bool()
}

/// TTFT of every sample of a job of the default disaggregated system at 4 requests/s.
fn dumped(place: &Place, replication: usize) -> Vec<f64> {
    place.sweep(&format!(
        "simulate --mode disagg --set rates=4 {LONG} --replication {replication} --dump-ttft t.json"
    ));
    let samples = place.json("t.json");
    samples.as_array().unwrap().iter().map(|s| s["ttft_s"].as_f64().unwrap()).collect()
}

#[test]
fn pooled_percentiles_and_attainment_are_those_of_all_samples() {
    let place = Place::new();
    let slo_s = 0.3;
    let arguments =
        format!("--rates 4 --modes disagg {LONG} --replications 3 --slo ttft_s={slo_s}");
    let cells = cells(&place, "a", &arguments);
    let jobs = place.table("results/a/jobs.parquet");
    let mut all = Vec::new();
    for replication in 0..3 {
        let ttft_s = dumped(&place, replication);
        let met = ttft_s.iter().filter(|ttft_s| **ttft_s <= slo_s).count() as f64;
        let attainment = met / ttft_s.len() as f64;
        let number = |name| jobs.number(replication, name).unwrap();
        assert_close(number("slo_attainment"), attainment, "attainment");
        assert_close(number("goodput_rps"), attainment * number("throughput_rps"), "goodput");
        let squares: f64 = ttft_s.iter().map(|t| (t - mean(&ttft_s)).powi(2)).sum();
        assert_close(number("std_ttft_s"), (squares / (ttft_s.len() - 1) as f64).sqrt(), "std");
        all.extend(ttft_s);
    }
    for (name, probability) in PERCENTILES {
        let pooled = cells.number(0, &format!("pooled_{name}")).unwrap();
        assert_close(pooled, percentile(&all, probability), name);
        assert!(cells.number(0, &format!("pooled_{name}_ci95")).unwrap() > 0.0);
    }
    assert_eq!(cells.text(0, "quantile_method"), Some("exact"));
    assert_eq!(cells.text(0, "ci_method"), Some("replications"));
    assert_eq!(cells.text(0, "stop_reason"), Some("fixed"));
    let of_runs: Vec<f64> = (0..3).map(|row| jobs.number(row, "mean_ttft_s").unwrap()).collect();
    let squares: f64 = of_runs.iter().map(|x| (x - mean(&of_runs)).powi(2)).sum();
    assert_close(cells.number(0, "mean_ttft_s_std").unwrap(), (squares / 2.0).sqrt(), "spread");
}

#[test]
fn percentiles_of_many_replications_are_those_of_all_samples() {
    // Past 32 replications only samples near the percentiles are kept.
    let place = Place::new();
    let cells = cells(&place, "a", &format!("--rates 4 --modes disagg {LONG} --replications 45"));
    let all: Vec<f64> = (0..45).flat_map(|replication| dumped(&place, replication)).collect();
    for (name, probability) in PERCENTILES {
        let pooled = cells.number(0, &format!("pooled_{name}")).unwrap();
        assert_close(pooled, percentile(&all, probability), name);
    }
    assert_eq!(cells.text(0, "quantile_method"), Some("exact"));
}

/// Fixed lengths at fixed times: no replication differs from another, and there is no error.
#[test]
fn replications_that_are_all_alike_end() {
    let place = Place::new();
    let fixed = "--rates 20 --sim-seconds 100 --warmup-seconds 10 --observe arrivals --modes mono \
        --set arrival.kind=deterministic --set prompt_tokens.mode=fixed --set prompt_tokens.value=1000 \
        --set output_tokens.mode=fixed --set output_tokens.value=300";
    let some = cells(&place, "some", &format!("{fixed} --replications 10"));
    let many = cells(&place, "many", &format!("{fixed} --replications 70"));
    for (name, _) in PERCENTILES {
        let pooled = format!("pooled_{name}");
        let (some, many) = (some.number(0, &pooled).unwrap(), many.number(0, &pooled).unwrap());
        assert!((many / some - 1.0).abs() < 0.01, "{name}: {some}, {many}");
    }
    // Runs of one request or none.
    cells(
        &place,
        "few",
        "--rates 0.02,0.05 --modes mono --sim-seconds 60 --warmup-seconds 0 --seed 6 \
        --replications 2",
    );
}

#[test]
fn another_level_has_columns_of_its_own_name_and_width() {
    let place = Place::new();
    let arguments = format!("--rates 4 {LONG} --replications 5");
    let wide = cells(&place, "wide", &arguments);
    let narrow = cells(&place, "narrow", &format!("{arguments} --confidence 0.9"));
    assert!(!narrow.names.iter().any(|name| name.contains("_ci95")));
    // Quantiles of Student's t with four degrees of freedom.
    let ratio = 2.131_846_786_326_65 / 2.776_445_105_197_79;
    for cell in 0..2 {
        let half_width = wide.number(cell, "mean_ttft_s_ci95").unwrap();
        assert_close(narrow.number(cell, "mean_ttft_s_ci90").unwrap(), ratio * half_width, "t");
        assert!(narrow.number(cell, "pooled_p99_ttft_s_ci90").is_some());
    }
    place.write("level.yaml", "confidence: 0.9\n");
    let in_file = cells(&place, "file", &format!("run level.yaml {arguments}"));
    assert_eq!(in_file, narrow);
}

#[test]
fn a_single_run_has_batch_means_if_it_is_long_enough() {
    let place = Place::new();
    let long = cells(&place, "long", "--rates 2 --sim-seconds 3000 --replications 1");
    let json = place.sweep_json("simulate --mode mono --set rates=2 --sim-seconds 3000");
    assert_eq!(
        (long.text(0, "mode"), long.text(0, "ci_method")),
        (Some("mono"), Some("batch_means"))
    );
    assert_eq!(json["ci_method"], "batch_means");
    for name in ["mean_ttft_s", "p50_ttft_s", "p99_ttft_s", "utilization_gpu", "throughput_rps"] {
        let half_width = long.number(0, &format!("{name}_ci95"));
        assert!(half_width.is_some_and(|half_width| half_width > 0.0), "{name}");
        assert_eq!(json["results"][format!("{name}_ci95")].as_f64(), half_width, "{name}");
    }
    for name in ["trend_ttft_s_ci95", "onset_ttft_s_ci95", "censored_ci95", "mean_ttft_s_std"] {
        assert!(long.value(0, name).is_null(), "{name}");
    }
    assert!(flag(&long, 0, "steady").is_some() && flag(&long, 0, "short_warmup").is_some());
    let level =
        place.sweep_json("simulate --mode mono --set rates=2 --sim-seconds 3000 --confidence 0.5");
    assert!(level["results"]["mean_ttft_s_ci50"].as_f64() < long.number(0, "mean_ttft_s_ci95"));
    // Too few samples; and too few relaxation times of a busy system.
    for arguments in
        ["--rates 2 --sim-seconds 600", "--rates 5.9 --modes disagg --sim-seconds 3000"]
    {
        let short = cells(&place, "short", &format!("{arguments} --replications 1 --force"));
        assert!(short.value(0, "ci_method").is_null(), "{arguments}");
        assert!(short.value(0, "mean_ttft_s_ci95").is_null(), "{arguments}");
        assert!(short.number(0, "pooled_p50_ttft_s").is_some(), "{arguments}");
    }
}

/// Jobs are cut into batches where their expected number of samples suffices, and simulated again where
/// only the real one does.
#[test]
fn a_single_run_has_batch_means_also_where_nobody_expected_enough_samples() {
    let place = Place::new();
    let arguments = "--rates 3.5:3.9:0.02 --modes mono --prefill 16000 --replications 1";
    let cells = cells(&place, "a", &format!("{arguments} --seed 6"));
    let mut unexpected = 0;
    for cell in 0..cells.rows.len() {
        let number = |name: &str| cells.number(cell, name).unwrap();
        let suffices = number("num_samples") >= 2_000.0;
        unexpected += u32::from(suffices && number("rate_per_s") * 540.0 < 2_000.0);
        assert_eq!(cells.text(cell, "ci_method"), suffices.then_some("batch_means"), "{cell}");
        assert_eq!(cells.number(cell, "p90_ttft_s_ci95").is_some(), suffices, "{cell}");
    }
    assert!(unexpected > 0);
}

#[test]
fn flags_are_what_their_columns_say() {
    let place = Place::new();
    let grid = "--rates 0.5,2,5,5.9,20 --modes mono,disagg --replications 10 --warmup-seconds 0 --sim-seconds 600";
    let cells = cells(&place, "a", grid);
    let (mut short, mut few) = (0, 0);
    for cell in 0..cells.rows.len() {
        let number = |name: &str| cells.number(cell, name).unwrap();
        let outside = |(name, _): (&str, f64)| {
            (number(name) - number(&format!("pooled_{name}"))).abs()
                > number(&format!("{name}_ci95"))
        };
        let is_short = PERCENTILES.into_iter().any(outside);
        let is_saturated = flag(&cells, cell, "saturated").unwrap();
        let expected = (!is_saturated).then_some(is_short);
        assert_eq!(flag(&cells, cell, "short_runs"), expected, "cell {cell}");
        short += u32::from(expected == Some(true));
        let has_few = flag(&cells, cell, "low_samples").unwrap();
        assert!(has_few || number("num_samples") >= 1000.0, "cell {cell}");
        few += u32::from(has_few);
        // 99 % against 95 %: the quantiles of Student's t with nine degrees of freedom.
        let reach = number("trend_ttft_s_ci95") * 3.249_835_541_592_14 / 2.262_157_162_740_99;
        let is_steady = number("trend_ttft_s").abs() <= reach;
        assert_eq!(flag(&cells, cell, "steady"), Some(is_steady), "cell {cell}");
        assert_eq!(cells.value(cell, "short_warmup").is_null(), is_saturated, "cell {cell}");
        assert!(!is_saturated || !is_steady, "cell {cell}");
    }
    assert!(short > 0 && few > 0, "there is something to flag");
}

#[test]
fn the_residual_of_littles_law_comes_from_three_averages() {
    let place = Place::new();
    let jobs = place.jobs("a", &format!("--rates 4 {LONG} --replications 2"));
    for row in 0..jobs.rows.len() {
        let number = |name: &str| jobs.number(row, name).unwrap_or(0.0);
        let in_system = number("mean_queue_length_prefill")
            + number("mean_queue_length_decode")
            + 2.0 * (number("utilization_prefill") + number("utilization_decode"))
            + 4.0 * number("utilization_gpu");
        let arriving = number("num_arrivals") / 180.0 * number("mean_e2e_s");
        let expected = 1.0 - arriving / in_system;
        assert!((number("little_residual") - expected).abs() < 1e-9, "row {row}");
    }
}

#[test]
fn an_objective_is_an_axis_and_changes_nothing_else() {
    let place = Place::new();
    let plain = place.jobs("plain", &format!("--rates 4 --modes mono {LONG} --replications 2"));
    let axis = format!("--rates 4 --modes mono {LONG} --replications 2");
    let repeated = place.jobs("repeated", &format!("{axis} --slo ttft_s=0.1 --slo ttft_s=0.5"));
    let listed = place.jobs("listed", &format!("{axis} --slo ttft_s=0.1,0.5"));
    place.write("slo.yaml", "axes: {slo.ttft_s: [0.1, 0.5]}\n");
    let in_file = place.jobs("file", &format!("run slo.yaml {axis}"));
    let in_base = format!("{axis} --set slo.ttft_s=0.1");
    assert_eq!(repeated, listed);
    let names = |table: &Table| table.names.clone();
    assert_eq!(names(&repeated), names(&in_file));
    for row in 0..repeated.rows.len() {
        let expected = if row < plain.rows.len() { 0.1 } else { 0.5 };
        assert_eq!(repeated.number(row, "slo_ttft_s"), Some(expected));
        for name in RESULTS.iter().filter(|name| !["slo_attainment", "goodput_rps"].contains(name))
        {
            assert_eq!(
                repeated.value(row, name),
                plain.value(row % plain.rows.len(), name),
                "{name}"
            );
        }
    }
    assert_eq!(place.jobs("base", &in_base).number(0, "slo_ttft_s"), Some(0.1));
}

#[test]
fn a_wanted_precision_is_reached_by_doubling_and_is_the_same_on_any_thread() {
    let place = Place::new();
    let sweep = "--rates 1,4,20 --modes disagg --sim-seconds 300 --of mean_ttft_s,slo_attainment \
        --slo ttft_s=0.5 --precision 0.06 --max-replications 200";
    let cells = cells(&place, "one", &format!("{sweep} --threads 1"));
    place.sweep(&format!("{sweep} --threads 2 --name two --quiet"));
    for table in ["jobs", "cells"] {
        let bytes = |run| place.bytes(&format!("results/{run}/{table}.parquet"));
        assert_eq!(bytes("one"), bytes("two"), "{table}");
    }
    let jobs = place.table("results/one/jobs.parquet");
    let fixed =
        place.jobs("fixed", "--rates 1,4,20 --modes disagg --sim-seconds 300 --slo ttft_s=0.5");
    let first_look = (0..jobs.rows.len())
        .filter(|&row| jobs.value(row, "replication").as_u64() < Some(10))
        .map(|row| jobs.results(row));
    let fixed = (0..fixed.rows.len()).map(|row| fixed.results(row));
    assert!(first_look.eq(fixed), "the first look is a fixed run");
    let mut rows = 0;
    for cell in 0..3 {
        let replications = cells.number(cell, "replications").unwrap();
        rows += cells.value(cell, "replications").as_u64().unwrap();
        assert!([10.0, 20.0, 40.0, 80.0, 160.0, 200.0].contains(&replications), "{replications}");
        let is_precise = ["mean_ttft_s", "slo_attainment"].into_iter().all(|name| {
            let half_width = cells.number(cell, &format!("{name}_ci95")).unwrap();
            half_width <= 0.06 * cells.number(cell, name).unwrap()
        });
        match cells.text(cell, "stop_reason") {
            Some("precision") => assert!(is_precise, "cell {cell}"),
            Some("max_replications") => assert!(!is_precise && replications > 199.0, "cell {cell}"),
            Some("saturated") => assert!(cell == 2 && replications < 11.0, "cell {cell}"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(cells.text(0, "stop_reason"), Some("precision"));
    assert_eq!(jobs.rows.len() as u64, rows);
    assert_eq!(place.json("results/one/run.json")["jobs"], rows);
    // A cell alone gets the same row.
    let alone = self::cells(&place, "alone", &sweep.replace("1,4,20", "4"));
    assert_eq!(alone.results(0), cells.results(1));
}

#[test]
fn runs_too_short_for_a_wanted_percentile_are_lengthened() {
    let place = Place::new();
    let sweep =
        "--rates 5.6 --modes disagg --sim-seconds 300 --precision 0.2 --max-replications 80";
    let cells = cells(&place, "long", sweep);
    let sim_seconds = cells.number(0, "sim_seconds").unwrap();
    let doubled = [600.0, 1200.0, 2400.0, 4800.0, 9600.0, 19_200.0];
    assert!(doubled.contains(&sim_seconds), "{sim_seconds}");
    let jobs = place.table("results/long/jobs.parquet");
    let stated =
        place.jobs("stated", &format!("--rates 5.6 --modes disagg --sim-seconds {sim_seconds}"));
    for row in 0..stated.rows.len() {
        assert_eq!(jobs.results(row), stated.results(row), "the longer run from its beginning");
    }
    // Not where a mean is wanted, and not where the horizon is the question.
    let of_mean = self::cells(&place, "mean", &format!("{sweep} --of mean_ttft_s"));
    assert_eq!(of_mean.number(0, "sim_seconds"), Some(300.0));
    let swept = sweep.replace("--sim-seconds 300", "--set sim_seconds=300,400");
    let swept = self::cells(&place, "swept", &swept);
    assert_eq!(swept.column("sim_seconds"), [300.0, 400.0]);
}

#[test]
fn a_cell_with_a_failed_job_is_not_replicated_further() {
    let place = Place::new();
    // 60 requests are expected; some replications have more.
    let arguments = format!("--rates 2 --modes mono --max-requests 61 {SHORT} --precision 0.01");
    let ran = place.run(&format!("{arguments} --name a"));
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    let cells = place.table("results/a/cells.parquet");
    assert_eq!(cells.text(0, "stop_reason"), Some("failed"));
    let count = |name| cells.value(0, name).as_u64().unwrap();
    assert!(count("failed") > 0);
    assert_eq!(count("failed") + count("replications"), 10);
}

#[test]
fn files_say_what_flags_say() {
    let place = Place::new();
    place.write(
        "p.yaml",
        "axes: {rates: [2]}\nprecision: {relative: 0.1, of: [mean_ttft_s], max_replications: 40}\n",
    );
    let in_file = cells(&place, "file", &format!("run p.yaml {SHORT}"));
    let flags = format!("--rates 2 {SHORT} --precision 0.1 --of mean_ttft_s --max-replications 40");
    assert_eq!(in_file, cells(&place, "flags", &flags));
    let overridden = cells(&place, "overridden", &format!("run p.yaml {SHORT} --precision 0.9"));
    assert_eq!(overridden.column("replications"), [10, 10]);
    place.write("short.yaml", "axes: {rates: [2]}\nprecision: 0.1\n");
    let short = cells(&place, "short", &format!("run short.yaml {SHORT} --of mean_ttft_s"));
    assert_eq!(
        short,
        cells(&place, "long", &format!("run p.yaml {SHORT} --max-replications 1000"))
    );
    place.write("one.yaml", "axes: {rates: [2]}\nprecision: {relative: 0.1, of: mean_ttft_s}\n");
    assert_eq!(short, cells(&place, "one", &format!("run one.yaml {SHORT}")));
    for (name, precision, expected) in [
        ("five", "5", "precision is 5: it must lie between 0 and 1"),
        ("word", "high", "a number such as 0.05, or a mapping"),
        ("key", "{relativ: 0.1}", "unknown field `relativ`"),
        ("none", "{of: [mean_ttft_s]}", "the wanted precision is missing"),
    ] {
        place.write(&format!("{name}.yaml"), format!("precision: {precision}\n"));
        let ran = place.run(&format!("run {name}.yaml --rates 2 {SHORT}"));
        assert_eq!(ran.code, Some(2), "{name}: {}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{name}: {}", ran.stderr);
    }
    let json = place.json("results/file/run.json");
    assert_eq!(json["precision"]["max_replications"], 40);
    assert_eq!(json["confidence"], 0.95);
    assert!(json["sweep"]["confidence"].is_null(), "what was not said stays unsaid");
}

/// Wrong wishes: place, value and remedy, exit code 2, and nothing written.
#[test]
fn wishes_that_make_no_sense_are_refused() {
    let place = Place::new();
    let cases = [
        ("--precision 0", "precision is 0: it must lie between 0 and 1"),
        ("--precision 1", "precision is 1: it must lie between 0 and 1"),
        ("--precision -0.1", "precision is -0.1: it must lie between 0 and 1"),
        ("--precision nan", "precision is NaN: it must lie between 0 and 1"),
        (
            "--precision 0.1 --of p98_ttft_s",
            "--of p98_ttft_s: it is no result with an interval; did you mean",
        ),
        ("--precision 0.1 --of saturated", "--of saturated: it is no result with an interval"),
        (
            "--precision 0.1 --of mean_ttft_s,mean_ttft_s",
            "precision is wanted of `mean_ttft_s` twice",
        ),
        ("--precision 0.1 --of slo_attainment", "`slo_attainment` needs an objective: add --slo"),
        ("--precision 0.1 --of censored", "--of censored: it lies around 0"),
        ("--of mean_ttft_s", "`--of` means nothing without a wanted precision: add --precision"),
        ("--max-replications 9", "`--max-replications` means nothing without a wanted precision"),
        (
            "--precision 0.1 --max-replications 9",
            "max_replications is 9: it must be at least the 10",
        ),
        (
            "--precision 0.1 --replications 1",
            "replications is 1: a wanted precision is judged from 2 on",
        ),
        (
            "--precision 0.1 --max-jobs 999",
            "are 1000 jobs, the limit is 999: lower --max-replications",
        ),
        ("--confidence 0", "confidence is 0: it must lie between"),
        ("--confidence 95", "confidence is 95: it must lie between"),
        ("--slo 0.5", "`--slo 0.5`: write --slo ttft_s=SECONDS"),
        ("--slo tpot_s=0.1", "`--slo tpot_s=0.1`: write --slo ttft_s=SECONDS"),
        ("--slo ttft_s=0", "`slo.ttft_s` is 0: it must be above 0"),
        ("--slo ttft_s=-1", "`slo.ttft_s` is -1: it must be above 0"),
        ("--slo ttft_s=soon", "`slo.ttft_s`: `soon`: it must be a finite number"),
        ("--slo ttft_s=1 --slo ttft_s=1", "`slo.ttft_s`: the value 1 stands twice"),
    ];
    for (arguments, expected) in cases {
        let ran = place.run(&format!("--rates 2 --modes mono {SHORT} {arguments}"));
        assert_eq!(ran.code, Some(2), "{arguments}: {}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{arguments}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{arguments}");
    }
    assert_eq!(place.listing(), Vec::<String>::new(), "nothing was written");
}

#[test]
fn a_share_with_next_to_nothing_on_one_side_is_flagged() {
    let place = Place::new();
    let sweep = "--rates 4 --modes mono --replications 5 --slo ttft_s=0.3,1000";
    let cells = cells(&place, "a", sweep);
    assert_eq!(cells.column("low_slo_samples"), [false, true]);
    assert_eq!(cells.column("low_samples"), [false, false], "a p99 has nothing to do with it");
    assert_eq!(cells.number(1, "slo_attainment"), Some(1.0));
}

#[test]
fn nothing_takes_the_place_of_a_table_of_a_run() {
    let place = Place::new();
    place.sweep(&format!("--rates 2 {SHORT} --replications 2 --name a --quiet"));
    let before = place.listing();
    for arguments in [
        "compare a --by mode --output results/a/cells.parquet",
        "compare a --by mode --output results/a/jobs.csv",
        "simulate --dump-ttft results/a/jobs.parquet",
    ] {
        let ran = place.run(arguments);
        assert_eq!(ran.code, Some(2), "{arguments}: {}", ran.stderr);
        assert!(
            ran.stderr.contains("it belongs to the run results/a; choose another file"),
            "{}",
            ran.stderr
        );
    }
    assert_eq!(place.listing(), before);
}

#[test]
fn runs_of_different_length_are_compared_with_a_warning() {
    let place = Place::new();
    let sweep =
        "--rates 1,5.6 --modes disagg --sim-seconds 300 --precision 0.2 --max-replications 80";
    cells(&place, "a", sweep);
    let ran = place.sweep("compare a --by rates");
    assert!(
        ran.stderr.contains("warning: runs of 300 s are compared with runs of"),
        "{}",
        ran.stderr
    );
    cells(&place, "b", "--rates 1,5.6 --modes disagg --sim-seconds 300 --replications 3");
    let ran = place.sweep("compare b --by rates");
    assert!(!ran.stderr.contains("are compared with runs of"), "{}", ran.stderr);
}

#[test]
fn a_lengthened_job_is_rerun_with_its_length() {
    let place = Place::new();
    // 1,800 requests are expected at 600 s, twice that after lengthening; some runs go beyond 3,480.
    let sweep = "--rates 5.8 --modes disagg --sim-seconds 300 --precision 0.2 --max-requests 3480";
    let ran = place.run(&format!("{sweep} --name a"));
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    let jobs = place.table("results/a/jobs.parquet");
    let failed = (0..jobs.rows.len()).find(|&row| jobs.text(row, "rerun").is_some()).unwrap();
    let rerun = jobs.text(failed, "rerun").unwrap();
    let sim_seconds = jobs.number(failed, "sim_seconds").unwrap();
    assert!(sim_seconds > 300.0, "{sim_seconds}");
    assert!(rerun.contains(&format!("sim_seconds={sim_seconds}")), "{rerun}");
    let again = place.run(rerun.strip_prefix("sweep ").unwrap());
    assert_eq!(again.code, Some(3), "{}", again.stderr);
}

#[test]
fn a_system_without_randomness_is_certain_and_unsuspicious() {
    let place = Place::new();
    let cells = cells(
        &place,
        "a",
        "--rates 5 --modes mono --set arrival.kind=deterministic --set prompt_tokens.mode=fixed \
         --set prompt_tokens.value=800 --set output_tokens.mode=fixed --set output_tokens.value=400 \
         --precision 0.01",
    );
    assert_eq!(cells.column("replications"), [10]);
    assert_eq!(cells.text(0, "stop_reason"), Some("precision"));
    for name in ["low_samples", "short_runs", "short_warmup"] {
        assert_eq!(flag(&cells, 0, name), Some(false), "{name}");
    }
    assert_eq!(flag(&cells, 0, "steady"), Some(true));
    assert_eq!(cells.number(0, "mean_ttft_s_ci95").map(|width| width < 1e-12), Some(true));
}

#[test]
fn a_stated_warmup_below_the_relaxation_time_is_too_short() {
    let place = Place::new();
    let sweep = |warmup: &str| format!("--rates 2,5 --modes disagg --warmup-seconds {warmup}");
    let without = cells(&place, "without", &sweep("0"));
    assert_eq!(without.column("short_warmup"), [true, true]);
    let relaxation_s = without.number(1, "relaxation_s").unwrap();
    assert!((20.0..60.0).contains(&relaxation_s), "{relaxation_s}");
    assert_eq!(cells(&place, "with", &sweep("60")).column("short_warmup"), [false, false]);
    // What pilots found is tested by results alone.
    assert_eq!(cells(&place, "auto", &sweep("auto")).column("short_warmup"), [false, false]);
}

#[test]
fn objectives_can_be_zipped_and_excluded() {
    let place = Place::new();
    place.write(
        "zip.yaml",
        "axes: {rates: [2, 4], slo.ttft_s: [0.2, 0.5]}\nzip: [[rates, slo.ttft_s]]\n",
    );
    let zipped = cells(&place, "zipped", &format!("run zip.yaml --modes mono {SHORT}"));
    assert_eq!(zipped.column("slo_ttft_s"), [0.2, 0.5]);
    place.write(
        "exclude.yaml",
        "axes: {rates: [2, 4], slo.ttft_s: [0.2, 0.5]}\nexclude: [slo_ttft_s > 0.3 and rates < 3]\n",
    );
    let left = cells(&place, "left", &format!("run exclude.yaml --modes mono {SHORT}"));
    assert_eq!(left.column("rate_per_s"), [2.0, 4.0, 4.0]);
    assert_eq!(left.column("slo_ttft_s"), [0.2, 0.2, 0.5]);
}
