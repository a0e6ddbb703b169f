//! `sweep show`: rows of a run, filtered, sorted, for people and for programs.

use std::fs::{self, File};

use polars::prelude::{ParquetReader, SerReader};
use serde_json::Value as Json;

use crate::support::{Place, SHORT};

const GRID: &str = "--rates 1,2,4 --sim-seconds 300 --replications 5 --quiet";

#[test]
fn rows_are_filtered_sorted_and_cut() {
    let place = Place::new();
    for format in ["parquet", "csv"] {
        place.sweep(&format!("{GRID} --name {format} --format {format}"));
        let ran = place.sweep(&format!(
            "show {format} --where 'rate_per_s >= 2 and mode = disagg' --sort -rate_per_s \
             --columns rate_per_s,mode,utilization_gpu --format json"
        ));
        let rows: Json = serde_json::from_str(&ran.stdout).unwrap();
        let expected = serde_json::json!([
            {"rate_per_s": 4.0, "mode": "disagg", "utilization_gpu": null},
            {"rate_per_s": 2.0, "mode": "disagg", "utilization_gpu": null},
        ]);
        assert_eq!(rows, expected, "{format}");
        let ran = place.sweep(&format!(
            "show {format} --jobs --limit 3 --columns cell,replication --format csv"
        ));
        assert_eq!(ran.stdout, "cell,replication\n0,0\n0,1\n0,2\n");
    }
}

#[test]
fn all_columns_and_digits_are_for_programs() {
    let place = Place::new();
    place.sweep(&format!("{GRID} --name a --format csv"));
    let ran = place.sweep("show a --format csv");
    let table = String::from_utf8(place.bytes("results/a/cells.csv")).unwrap();
    let header = |text: &str| text.lines().next().unwrap().to_owned();
    assert_eq!(header(&ran.stdout), header(&table));
    assert_eq!(ran.stdout.lines().count(), table.lines().count());
}

#[test]
fn a_table_for_people() {
    let place = Place::new();
    place.sweep(&format!("{GRID} --name a"));
    let ran = place.sweep("show a --where 'rate_per_s > 1' --sort p99_ttft_s");
    insta::assert_snapshot!(format!("{}\n{}", ran.stdout, ran.stderr));
    let ran = place.sweep("show a --columns mode,p99_ttft_s --limit 1 --format markdown");
    assert!(ran.stdout.starts_with("| mode"), "{}", ran.stdout);
}

#[test]
fn what_cannot_be_shown_is_said() {
    let place = Place::new();
    place.sweep(&format!("{GRID} --name a"));
    for (flags, text) in [
        ("a --where 'raet > 1'", "no column `raet`"),
        ("a --where 'rate_per_s >'", "--where: bad condition"),
        ("a --where '2 < rate_per_s'", "the left side"),
        ("a --sort nothing", "--sort: the run has no column `nothing`"),
        ("a --columns p99_ttft", "did you mean `p99_ttft_s`?"),
        ("aa", "no run `aa`"),
        ("a --columns mode,mode --format json", "--columns: `mode` is named twice"),
        ("a --where 'saturated = maybe'", "write `saturated = yes`"),
        ("a --where 'p99_ttft_s > p50_tft_s'", "did you mean `p50_ttft_s`?"),
        ("a --limit x", "--limit"),
    ] {
        let ran = place.run(&format!("show {flags}"));
        assert_eq!(ran.code, Some(2), "{flags}: {}", ran.stderr);
        assert!(ran.stderr.contains(text), "{flags}: {}", ran.stderr);
        assert!(ran.stdout.is_empty());
    }
}

#[test]
fn a_seed_is_shown_and_compared_with_all_its_digits_from_either_format() {
    let place = Place::new();
    for format in ["parquet", "csv"] {
        place.sweep(&format!(
            "--set random_seed=9007199254740993,18446744073709551615 --modes mono --sim-seconds 30 \
             --warmup-seconds 5 --replications 2 --quiet --name {format} --format {format}"
        ));
        let seeds = |condition: &str| {
            let ran = place.sweep(&format!(
                "show {format} --jobs --columns seed --format csv --where '{condition}'"
            ));
            ran.stdout
        };
        let last = "18446744073709551615";
        assert_eq!(seeds("replication = 0"), format!("seed\n9007199254740993\n{last}\n"));
        assert_eq!(seeds("replication = 0 and seed > 9007199254740993"), format!("seed\n{last}\n"));
        assert_eq!(seeds("seed = 9007199254740992"), "seed\n");
        let all = place.sweep(&format!("show {format} --jobs --format json"));
        assert!(all.stdout.contains(last), "{}", all.stdout);
    }
}

#[test]
fn words_of_a_csv_run_stay_words() {
    let place = Place::with_trace();
    for name in ["7", "0"] {
        place.write(name, crate::support::TRACE);
    }
    place.sweep(
        "--set arrival.kind=trace --set arrival.path=7,0 --sim-seconds 8 --warmup-seconds 0 \
         --replications 1 --quiet --name a --format csv",
    );
    let rows = place.sweep_json(
        "show a --where \"arrival.path = '7'\" --columns arrival.path,mode --format json",
    );
    assert_eq!(
        rows,
        serde_json::json!([
            {"arrival.path": "7", "mode": "mono"}, {"arrival.path": "7", "mode": "disagg"},
        ])
    );
}

#[test]
fn half_widths_of_another_level_are_numbers_in_csv() {
    let place = Place::new();
    place.sweep(&format!("{GRID} --confidence 0.9 --name a --format csv"));
    let rows = place.sweep_json(
        "show a --where 'mean_ttft_s_ci90 > 0' --columns mean_ttft_s_ci90 --format json",
    );
    let rows = rows.as_array().unwrap();
    assert!(rows.len() == 6 && rows.iter().all(|row| row["mean_ttft_s_ci90"].is_f64()), "{rows:?}");
}

#[test]
fn jobs_are_told_apart_and_failed_ones_say_why() {
    let place = Place::new();
    let header = |flags: &str| {
        let table = place.sweep(&format!("show a --jobs {flags}")).stdout;
        table.lines().next().unwrap().split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    place.run(
        "--rates 1,20 --modes disagg --prefill 500 --replications 2 --max-requests 600 --sim-seconds 30 \
         --warmup-seconds 5 --name a --quiet",
    );
    let whole = header("");
    assert_eq!(whole[..3], ["cell", "replication", "rate_per_s"]);
    assert_eq!(whole[whole.len() - 2..], ["status", "error"]);
    let fine = header("--where 'status = ok'");
    assert_eq!(fine[..2], ["cell", "replication"]);
    assert!(!fine.contains(&"status".to_owned()), "{fine:?}");
    let failed = place.sweep("show a --jobs --where 'status = failed'");
    assert!(failed.stdout.contains("requests"), "{}", failed.stdout);
    assert_eq!(failed.stderr.trim(), "1 of 4 rows");
}

/// The other columns of the table are damaged.
#[test]
fn only_what_is_shown_or_asked_about_is_read() {
    let place = Place::new();
    place.sweep(&format!("{GRID} --name a"));
    let path = place.path("results/a/jobs.parquet");
    let kept = ["replication", "rate_per_s", "p99_ttft_s"];
    let mut reader = ParquetReader::new(File::open(&path).unwrap());
    let mut bytes = fs::read(&path).unwrap();
    for column in reader.get_metadata().unwrap().row_groups[0].parquet_columns() {
        if !kept.contains(&column.descriptor().path_in_schema[0].as_str()) {
            let range = column.byte_range();
            let range = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
            bytes[range].fill(0xff);
        }
    }
    fs::write(&path, bytes).unwrap();
    assert_eq!(place.run("show a --jobs --format csv").code, Some(2));
    let ran = place.sweep(
        "show a --jobs --columns replication --where 'p99_ttft_s > 0' --sort rates,-replication --limit 2 --format csv",
    );
    assert_eq!(ran.stdout, "replication\n4\n4\n");
}

#[test]
fn a_table_with_an_altered_bit_is_read_or_refused() {
    const CELLS: usize = 21;
    let place = Place::new();
    place.sweep(&format!(
        "--rates lin:1:3:{CELLS} --modes mono --replications 2 {SHORT} --name a --quiet"
    ));
    let table = "results/a/cells.parquet";
    let good = place.bytes(table);
    // A count is signed and its sign is its last bit: 21 values become -22, for which no machine has room.
    let counts = (0..good.len()).filter(|&byte| usize::from(good[byte]) == 2 * CELLS);
    let mut refused = 0;
    for byte in counts.take(40) {
        let mut bad = good.clone();
        bad[byte] ^= 1;
        place.write(table, bad);
        let ran = place.run("show a");
        assert!(matches!(ran.code, Some(0 | 2)), "byte {byte}: {:?} {}", ran.code, ran.stderr);
        refused += usize::from(ran.stderr.contains("as many values as it says"));
    }
    assert!(refused > 0, "no count was altered");
}
