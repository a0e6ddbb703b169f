//! `sweep theory` and what `cells` says of theory: text, formats, nulls, and that both agree.

use insta::assert_snapshot;
use serde_json::Value as Json;
use sweep_engine::theory::Method;

use crate::support::{Place, Ran, SHORT, Table, repository};

const THEORY: [&str; 8] = [
    "theory_mean_wait_prefill_s",
    "theory_mean_wait_decode_s",
    "theory_mean_ttft_s",
    "theory_p99_wait_prefill_s",
    "theory_prob_wait_prefill",
    "theory_method_prefill",
    "theory_method_decode",
    "theory_exact",
];

/// Exact, approximate and impossible cells side by side.
const MIXED: &str = "--rates 4,12 --modes mono,disagg --set prompt_tokens.mode=fixed \
    --set prompt_tokens.value=600 --set arrival.kind=poisson,deterministic";

/// Cells of a table by column name, without results.
fn cells(place: &Place, arguments: &str) -> Table {
    place.sweep(&format!("{arguments} {SHORT} --replications 2 --name a --quiet"));
    place.table("results/a/cells.parquet")
}

#[test]
fn theory_reads_as_a_page() {
    let Ran { code, stdout, stderr } = Place::new().run(&format!("theory {MIXED}"));
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    insta::with_settings!({omit_expression => true}, { assert_snapshot!(stdout) });
}

#[test]
fn theory_of_fixed_lengths_and_of_a_trace_reads_as_a_page() {
    let place = Place::with_trace();
    let fixed = "theory --rates 8.5,9.5 --modes mono --set prompt_tokens.mode=fixed \
        --set prompt_tokens.value=600 --set output_tokens.mode=fixed --set output_tokens.value=600 \
        --format markdown";
    let trace = "theory --modes mono --set arrival.kind=trace --set arrival.path=trace.csv";
    let text = [fixed, trace].map(|arguments| place.sweep(arguments).stdout).join("---\n");
    insta::with_settings!({omit_expression => true}, { assert_snapshot!(text) });
}

#[test]
fn json_and_csv_say_what_cells_says() {
    let place = Place::new();
    let cells = cells(&place, MIXED);
    let names = || of_theory(&cells);
    let json = place.sweep_json(&format!("theory {MIXED} {SHORT} --format json"));
    let records = json.as_array().unwrap();
    assert_eq!(records.len(), cells.rows.len());
    for (row, record) in records.iter().enumerate() {
        assert_eq!(record.as_object().unwrap().len(), names().count());
        for name in names() {
            assert_eq!(&record[name], cells.value(row, name), "{name} of cell {row}");
        }
    }
    let csv = place.sweep(&format!("theory {MIXED} {SHORT} --format csv")).stdout;
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    assert!(reader.headers().unwrap().iter().eq(names()), "the same order");
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), cells.rows.len());
    for (row, texts) in rows.iter().enumerate() {
        for (name, text) in names().zip(texts) {
            let is_same = match cells.value(row, name) {
                Json::Null => text.is_empty(),
                Json::String(word) => text == word,
                Json::Number(number) => text.parse().ok() == number.as_f64(),
                Json::Bool(flag) => text.parse().ok() == Some(*flag),
                other => panic!("{name} of cell {row} is {other}"),
            };
            assert!(is_same, "{name} of cell {row}: {text}");
        }
    }
}

/// Columns of `cells` that describe the cell itself, and those of theory.
fn of_theory(cells: &Table) -> impl Iterator<Item = &String> {
    let results = cells.names.iter().position(|name| name == "replications").unwrap();
    let is_predicted = |name: &&String| name.starts_with("theory_");
    cells.names[..results].iter().chain(cells.names.iter().filter(is_predicted))
}

#[test]
fn theory_stands_at_the_end_of_cells_and_not_in_jobs() {
    let place = Place::new();
    let cells = cells(&place, "--rates 1");
    assert_eq!(cells.names[cells.names.len() - THEORY.len()..], THEORY);
    let jobs = place.table("results/a/jobs.parquet");
    assert!(!jobs.names.iter().any(|name| name.starts_with("theory_")));
}

#[test]
fn cells_without_a_steady_state_have_null() {
    let place = Place::with_trace();
    let saturated = cells(&place, "--rates 1,90");
    let nulls = |table: &Table, row: usize| -> Vec<&str> {
        THEORY.into_iter().filter(|name| table.value(row, name).is_null()).collect()
    };
    let unknown_tail = ["theory_p99_wait_prefill_s", "theory_prob_wait_prefill"];
    for row in 0..saturated.rows.len() {
        let is_mono = saturated.text(row, "mode") == Some("mono");
        let expected: Vec<&str> = THEORY
            .into_iter()
            .filter(|name| {
                *saturated.value(row, "saturated") == true
                    || unknown_tail.contains(name)
                    || (is_mono && name.contains("decode"))
            })
            .collect();
        assert_eq!(nulls(&saturated, row), expected, "row {row}");
    }
    let trace = "--modes mono,disagg --set arrival.kind=trace --set arrival.path=trace.csv --force";
    let trace = cells(&place, trace);
    assert_eq!((0..2).map(|row| nulls(&trace, row).len()).collect::<Vec<_>>(), [8, 8]);
}

#[test]
fn a_decode_pool_that_overflows_leaves_the_prefill_pool_its_wait() {
    let cells = cells(&Place::new(), "--rates 12 --modes disagg");
    assert_eq!(*cells.value(0, "saturated"), true);
    assert_eq!(cells.text(0, "theory_method_prefill"), Some("approximation Whitt"));
    for name in ["theory_mean_wait_decode_s", "theory_mean_ttft_s", "theory_exact"] {
        assert!(cells.value(0, name).is_null(), "{name}");
    }
}

#[test]
fn long_plans_are_cut_unless_all_is_asked_for() {
    let place = Place::new();
    let few = place.sweep("theory --rates 1:60:1 --modes mono").stdout;
    assert!(few.contains("... and 20 more cells (--all lists them)"), "{few}");
    let all = place.sweep("theory --rates 1:60:1 --modes mono --all").stdout;
    assert!(!all.contains("more cells"));
    assert_eq!(all.lines().filter(|line| line.contains(" 60 ")).count(), 1);
}

#[test]
fn the_page_on_theory_names_every_method() {
    let page = std::fs::read_to_string(repository().join("docs/theory.md")).unwrap();
    for method in Method::ALL {
        assert!(page.contains(&format!("| `{}` |", method.name())), "{}", method.name());
    }
}

#[test]
fn nothing_is_written() {
    let place = Place::new();
    place.sweep("theory --rates 1,2");
    assert_eq!(place.listing(), Vec::<String>::new());
}

#[test]
fn what_theory_does_not_take_is_refused() {
    let place = Place::new();
    for (arguments, expected) in [
        ("theory --format parquet", "[possible values: table, markdown, csv, json]"),
        ("theory --replications 3", "unexpected argument '--replications'"),
        ("theory --rates 0", "arrival.rate_per_s"),
        ("theory nothing.yaml", "nothing.yaml"),
    ] {
        let ran = place.run(arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{arguments}");
        assert!(ran.stderr.contains(expected), "{arguments}: {}", ran.stderr);
    }
}
