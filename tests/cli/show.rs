//! `sweep show`: rows of a run, filtered, sorted, for people and for programs.

use serde_json::Value as Json;

use crate::support::Place;

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
        ("a --limit x", "--limit"),
    ] {
        let ran = place.run(&format!("show {flags}"));
        assert_eq!(ran.code, Some(2), "{flags}: {}", ran.stderr);
        assert!(ran.stderr.contains(text), "{flags}: {}", ran.stderr);
        assert!(ran.stdout.is_empty());
    }
}
