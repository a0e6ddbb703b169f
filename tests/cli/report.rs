//! `sweep report`: every sentence recomputed from the tables, the page and its data, and clear errors.

use std::collections::BTreeMap;
use std::io::Read;
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use serde_json::Value as Json;

use crate::support::{Place, SHORT, Table};

/// Both modes and two prefill speeds; disagg saturates at the highest rates.
const GRID: &str = "--rates 1:9:1 --prefill 2000,8000 --modes mono,disagg --replications 4 \
    --sim-seconds 200 --warmup-seconds 20 --name grid";

/// The bullets below a heading of the Markdown page.
fn bullets(page: &str, heading: &str) -> Vec<String> {
    let section = page.split("\n## ").find(|section| section.starts_with(heading));
    let lines = section.unwrap_or_default().lines();
    lines.filter_map(|line| line.strip_prefix("- ").map(str::to_owned)).collect()
}

fn answers(place: &Place, run: &str) -> Vec<String> {
    bullets(&place.sweep(&format!("report {run} --format markdown")).stdout, "Answers")
}

/// The one sentence that has all these words.
fn sentence<'a>(sentences: &'a [String], words: &[&str]) -> &'a str {
    let has_all = |text: &&String| words.iter().all(|word| text.contains(word));
    let found: Vec<&String> = sentences.iter().filter(has_all).collect();
    assert_eq!(found.len(), 1, "{words:?} in {sentences:#?}");
    found[0]
}

/// Numbers of a text, in order, each with half of its last digit.
fn numbers(text: &str) -> Vec<(f64, f64)> {
    let is_part = |letter: char| letter.is_ascii_digit() || letter == '.';
    let words = text.split(|letter: char| !is_part(letter)).map(|word| word.trim_matches('.'));
    let number = |word: &str| {
        let decimals = word.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let place = 10_f64.powi(-i32::try_from(decimals).unwrap());
        word.parse().ok().map(|number: f64| (number, place / 2.0))
    };
    words.filter_map(number).collect()
}

/// Whether a text shows a number, rounded.
fn shows(text: &str, number: f64) -> bool {
    numbers(text).iter().any(|(shown, half)| (shown - number.abs()).abs() <= half * 1.000_001)
}

fn assert_shows(text: &str, numbers: &[f64]) {
    for number in numbers {
        assert!(shows(text, *number), "{number} is not in: {text}");
    }
}

/// A cell by what the sentences are about.
#[derive(Clone, Debug)]
struct Cell {
    number: usize,
    mode: String,
    rate: f64,
    prefill: f64,
    is_saturated: bool,
    mean: f64,
    p99: f64,
    half_width: f64,
}

fn cells(table: &Table) -> Vec<Cell> {
    let cell = |row: usize| Cell {
        number: row,
        mode: table.text(row, "mode").unwrap().to_owned(),
        rate: table.number(row, "rate_per_s").unwrap(),
        prefill: table.number(row, "prefill_tokens_per_s").unwrap(),
        is_saturated: table.value(row, "saturated") == &Json::from(true),
        mean: table.number(row, "mean_ttft_s").unwrap(),
        p99: table.number(row, "pooled_p99_ttft_s").unwrap(),
        half_width: table.number(row, "pooled_p99_ttft_s_ci95").unwrap(),
    };
    (0..table.rows.len()).map(cell).collect()
}

/// Cells along the rate for each prefill speed of a mode.
fn curves(cells: &[Cell], mode: &str) -> Vec<Vec<Cell>> {
    let mut curves: BTreeMap<u64, Vec<Cell>> = BTreeMap::new();
    for cell in cells.iter().filter(|cell| cell.mode == mode) {
        curves.entry(cell.prefill.to_bits()).or_default().push(cell.clone());
    }
    curves.into_values().collect()
}

fn power(cell: &Cell) -> f64 {
    cell.rate / cell.mean
}

/// The cell of a curve with the greatest rate / mean TTFT.
fn knee(curve: &[Cell]) -> &Cell {
    let steady = curve.iter().filter(|cell| !cell.is_saturated);
    steady.max_by(|a, b| power(a).total_cmp(&power(b))).unwrap()
}

#[test]
fn knees_and_saturation_are_those_of_the_table() {
    let place = Place::new();
    place.sweep(&format!("{GRID} --quiet"));
    let sentences = answers(&place, "grid");
    let cells = cells(&place.table("results/grid/cells.parquet"));
    for mode in ["mono", "disagg"] {
        let curves = curves(&cells, mode);
        assert_eq!(curves.len(), 2);
        let text = sentence(&sentences, &[&format!("{mode}: the knee")]);
        let mut rates: Vec<f64> = curves.iter().map(|curve| knee(curve).rate).collect();
        rates.dedup();
        assert_shows(text, &rates);
        let text = sentence(&sentences, &[&format!("{mode}: saturated")]);
        let first =
            |curve: &Vec<Cell>| curve.iter().find(|cell| cell.is_saturated).map(|cell| cell.rate);
        let mut starts: Vec<Option<f64>> = curves.iter().map(first).collect();
        starts.dedup();
        assert_eq!(text.contains("at no rate up to 9"), starts.contains(&None), "{text}");
        assert_shows(text, &starts.into_iter().flatten().collect::<Vec<_>>());
    }
}

#[test]
fn a_single_curve_is_told_with_its_p99() {
    let place = Place::new();
    place.sweep(
        "--rates 1:7:0.5 --modes disagg --replications 4 --sim-seconds 300 --warmup-seconds 30 --name one --quiet",
    );
    let cells = cells(&place.table("results/one/cells.parquet"));
    let bend = knee(&cells);
    assert!(bend.rate > 1.0, "{bend:?}");
    let sentences = answers(&place, "one");
    let text = sentence(&sentences, &["The knee is at", "with a P99 TTFT"]);
    assert_shows(text, &[bend.rate, bend.p99, bend.half_width]);
    let first = cells.iter().find(|cell| cell.is_saturated).unwrap();
    let text = sentence(&sentences, &["Saturated from"]);
    assert_shows(text, &[first.rate]);
    // Nothing to choose from, and no axis but the rate.
    assert!(
        !sentences.iter().any(|text| text.contains("is lowest") || text.contains("instead of"))
    );
}

#[test]
fn the_best_cell_and_the_effect_of_an_axis_are_those_of_the_table() {
    let place = Place::new();
    place.sweep(
        "--rates 1,3,5,6 --prefill 2000,4000,8000 --modes mono,disagg --replications 4 --sim-seconds 200 \
         --warmup-seconds 20 --name best --quiet",
    );
    let sentences = answers(&place, "best");
    let cells = cells(&place.table("results/best/cells.parquet"));
    let highest =
        cells.iter().filter(|cell| !cell.is_saturated).map(|cell| cell.rate).fold(0.0, f64::max);
    let at_highest: Vec<&Cell> = cells
        .iter()
        .filter(|cell| cell.rate.to_bits() == highest.to_bits() && !cell.is_saturated)
        .collect();
    assert!(at_highest.len() > 1);
    let best = at_highest.iter().min_by(|a, b| a.p99.total_cmp(&b.p99)).unwrap();
    let text = sentence(&sentences, &["the highest rate that several cells sustain"]);
    assert!(text.contains(&format!("cell {} (", best.number)), "{text}");
    assert_shows(text, &[highest, best.prefill, best.p99, best.half_width]);
    let reaches = |cell: &&&Cell| {
        cell.number != best.number && cell.p99 - cell.half_width <= best.p99 + best.half_width
    };
    let ties = at_highest.iter().filter(reaches).count();
    let told = match ties {
        0 => "no other interval overlaps".to_owned(),
        1 => "the interval of 1 other cell overlaps".to_owned(),
        ties => format!("the intervals of {ties} other cells overlap"),
    };
    assert!(text.contains(&told), "{told}: {text}");
    for mode in ["mono", "disagg"] {
        let curves = curves(&cells, mode);
        let is_steady = |pair: &(&Cell, &Cell)| !pair.0.is_saturated && !pair.1.is_saturated;
        let mut pairs = curves[0].iter().zip(&curves[2]).filter(is_steady);
        let (slow, fast) = pairs.next_back().unwrap();
        let text = sentence(&sentences, &[&format!("{mode}: with 8000 tokens/s instead of 2000")]);
        assert_shows(text, &[slow.p99, slow.half_width, fast.p99, fast.half_width, slow.rate]);
        let is_clear = slow.p99 - slow.half_width > fast.p99 + fast.half_width;
        assert_eq!(text.contains("falls"), is_clear, "{text}");
        assert_eq!(text.contains("overlap"), !is_clear, "{text}");
        if is_clear {
            let percent = format!("{:.1e}", 100.0 * (1.0 - fast.p99 / slow.p99));
            assert_shows(text, &[percent.parse().unwrap()]);
        }
    }
}

#[test]
fn modes_are_compared_pair_by_pair_without_saturated_cells() {
    let place = Place::new();
    place.sweep(&format!("{GRID} --quiet"));
    let sentences = answers(&place, "grid");
    let text = sentence(&sentences, &["disagg: for the same requests"]);
    let rows = place.sweep_json("compare grid --by mode --of p99_ttft_s --format json");
    let cells = cells(&place.table("results/grid/cells.parquet"));
    let is_steady = |row: &&Json| {
        let same = |cell: &&Cell| {
            row["rate_per_s"] == cell.rate && row["prefill_tokens_per_s"] == cell.prefill
        };
        cells.iter().filter(same).all(|cell| !cell.is_saturated)
    };
    let steady: Vec<&Json> = rows.as_array().unwrap().iter().filter(is_steady).collect();
    let number = |row: &Json, name: &str| row[name].as_f64().unwrap();
    let clear = |row: &&&Json| number(row, "difference").abs() > number(row, "difference_ci95");
    let higher = steady.iter().filter(clear).filter(|row| number(row, "difference") > 0.0).count();
    let unclear = steady.len() - steady.iter().filter(clear).count();
    assert!(higher > 0 && unclear > 0 && steady.len() < rows.as_array().unwrap().len());
    assert!(
        text.contains(&format!("higher in {higher} of {} pairs of cells", steady.len())),
        "{text}"
    );
    assert!(text.contains(&format!("not told apart in {unclear}")), "{text}");
    let by = |row: &&&Json| number(row, "difference");
    let least = steady.iter().min_by(|a, b| by(a).total_cmp(&by(b))).unwrap();
    let most = steady.iter().max_by(|a, b| by(a).total_cmp(&by(b))).unwrap();
    assert_shows(text, &[number(least, "difference"), number(most, "difference")]);
}

#[test]
fn bottlenecks_and_uncertainty_are_those_of_the_table() {
    let place = Place::new();
    // With one decode GPU decode limits, with three prefill does where it is slow.
    place.sweep(
        "--rates 1,2 --modes disagg --prefill 600,8000 --set cluster_disagg.decode_gpus=1,3 \
         --replications 4 --sim-seconds 200 --warmup-seconds 20 --name pools --quiet",
    );
    let sentences = answers(&place, "pools");
    let table = place.table("results/pools/cells.parquet");
    let all = table.rows.len();
    let count = |pool: &str| {
        table.column("bottleneck").iter().filter(|word| word.as_str() == Some(pool)).count()
    };
    let (prefill, decode) = (count("prefill"), count("decode"));
    assert!(prefill > 0 && decode > 0);
    let text = sentence(&sentences, &["is the bottleneck"]);
    assert!(
        text.contains(&format!(
            "The prefill pool is the bottleneck in {prefill} of {all} cells, the decode pool in {decode};"
        )),
        "{text}"
    );
    let busy = |row: usize| {
        let pool = table.text(row, "bottleneck").unwrap();
        table.number(row, &format!("utilization_{pool}")).unwrap()
    };
    let is_steady = |row: &usize| table.value(*row, "saturated") == &Json::from(false);
    let busiest = (0..all).filter(is_steady).max_by(|&a, &b| busy(a).total_cmp(&busy(b))).unwrap();
    assert_shows(text, &[100.0 * busy(busiest)]);
    assert!(text.contains(&format!("(cell {busiest}: ")), "{text}");

    let is_sound = |cell: &&Cell| {
        let flag = |name| table.value(cell.number, name).as_bool();
        let number = |name| table.number(cell.number, name).unwrap();
        let flags =
            [flag("short_runs"), flag("short_warmup"), flag("steady").map(|steady| !steady)];
        !cell.is_saturated
            && !flags.contains(&Some(true))
            && number("sim_seconds") - number("warmup_seconds") >= 20.0 * number("relaxation_s")
    };
    let all_cells = cells(&table);
    let mut relative: Vec<(f64, usize)> = all_cells
        .iter()
        .filter(is_sound)
        .map(|cell| (100.0 * cell.half_width / cell.p99, cell.number))
        .collect();
    let sound = relative.len();
    assert!((2..all).contains(&sound), "{sound} of {all}");
    relative.sort_by(|a, b| a.0.total_cmp(&b.0));
    let text = sentence(&sentences, &["P99 TTFT is known to"]);
    let two_digits = |number: f64| format!("{number:.1e}").parse::<f64>().unwrap();
    let (widest, cell) = relative[sound - 1];
    assert_shows(text, &[two_digits(relative[sound / 2].0), two_digits(widest)]);
    assert!(text.contains(&format!("cell {cell}: ")), "{text}");
    assert!(text.contains(&format!("left out: {}", all - sound)), "{text}");
}

#[test]
fn an_objective_is_kept_up_to_the_rate_that_the_table_says() {
    let place = Place::new();
    place.sweep(
        "--rates 1:7:1 --modes mono,disagg --set slo.ttft_s=0.2,1.5 --replications 4 --sim-seconds 200 \
         --warmup-seconds 20 --name goal --quiet",
    );
    let sentences = answers(&place, "goal");
    let table = place.table("results/goal/cells.parquet");
    let cells = cells(&table);
    let mut outcomes = Vec::new();
    for mode in ["mono", "disagg"] {
        for (slo, name) in [(0.2, "0.2 s"), (1.5, "1.5 s")] {
            let is_of = |cell: &&Cell| {
                cell.mode == mode && table.number(cell.number, "slo_ttft_s") == Some(slo)
            };
            let text = sentence(
                &sentences,
                &[&format!("{mode}: the objective, a TTFT of at most {name}")],
            );
            for percent in [99_u8, 95, 90] {
                let holds = |cell: &&Cell| {
                    let number = |name| table.number(cell.number, name).unwrap();
                    let least = number("slo_attainment") - number("slo_attainment_ci95");
                    !cell.is_saturated && least >= f64::from(percent) / 100.0
                };
                let kept = cells.iter().filter(is_of).take_while(holds).last();
                let told = match kept {
                    None => format!("{percent} % of requests not even at 1 request/s"),
                    Some(cell) => format!("{percent} % of requests up to {} request", cell.rate),
                };
                assert!(text.contains(&told), "{told}: {text}");
                outcomes.push(kept.map(|cell| cell.rate.to_bits()));
            }
        }
    }
    outcomes.sort_unstable();
    outcomes.dedup();
    assert!(outcomes.len() > 3 && outcomes.contains(&None), "{outcomes:?}");
}

#[test]
fn words_and_valleys_are_told_by_what_the_table_says() {
    let place = Place::new();
    place.sweep(
        "--rates 2,3 --modes disagg --set arrival.kind=poisson,deterministic --replications 4 \
         --sim-seconds 200 --warmup-seconds 20 --name words --quiet",
    );
    let table = place.table("results/words/cells.parquet");
    let text = answers(&place, "words");
    let text = sentence(&text, &["By arrival.kind, P99 TTFT is"]);
    for cell in cells(&table).iter().filter(|cell| cell.rate > 2.0) {
        assert_shows(text, &[cell.p99, cell.half_width]);
        assert!(
            text.contains(&format!("with {}", table.text(cell.number, "arrival.kind").unwrap()))
        );
    }

    // With eight GPUs, one is too few for prefill, and one for decode.
    place.write(
        "split.yaml",
        "base: {mode: disagg, sim_seconds: 200, prompt_tokens: {mode: fixed, value: 2000},\n\
         output_tokens: {mode: fixed, value: 400}}\n\
         axes: {rates: [1, 3.5], prefill_gpus: [1, 4, 7], decode_gpus: [7, 4, 1]}\n\
         zip: [[prefill_gpus, decode_gpus]]\nreplications: 4\n",
    );
    place.sweep("run split.yaml --quiet");
    let table = place.table("results/split/cells.parquet");
    let text = answers(&place, "split");
    let text = sentence(
        &text,
        &[
            "With 7 GPUs and decode_gpus = 1 GPU instead of 1 GPU and decode_gpus = 7 GPUs",
            "between them it is lowest with 4 GPUs",
        ],
    );
    assert!(text.contains("with 4 GPUs and decode_gpus = 4 GPUs: "), "{text}");
    let value = |gpus: u64| {
        let is_it = |row: &usize| {
            table.value(*row, "prefill_gpus") == gpus
                && !table.value(*row, "saturated").as_bool().unwrap()
        };
        let row = (0..table.rows.len()).rfind(is_it).unwrap();
        table.number(row, "pooled_p99_ttft_s").unwrap()
    };
    assert!(value(4) < value(1) && value(4) < value(7));
    assert_shows(text, &[value(4)]);
}

const SHORT_BASE: &str = "base: {sim_seconds: 100, warmup_seconds: 10}\nreplications: 3\n";

/// What the page of a sweep says.
fn told(name: &str, sweep: &str) -> Vec<String> {
    let place = Place::new();
    place.write(&format!("{name}.yaml"), sweep);
    place.sweep(&format!("run {name}.yaml"));
    place.sweep(&format!("report {name}"));
    answers(&place, name)
}

#[test]
fn of_axes_that_advance_together_each_mode_tells_its_own() {
    let axes = "axes: {modes: [mono, disagg], rates: [1, 2, 3, 4], cluster_mono.num_gpus: [4, 8], \
        prefill_gpus: [2, 4], decode_gpus: [2, 4]}\nzip: [[cluster_mono.num_gpus, prefill_gpus, decode_gpus]]\n";
    let told = told("hardware", &format!("{SHORT_BASE}{axes}"));
    let text = sentence(&told, &["disagg: with 4 GPUs and decode_gpus = 4 GPUs instead of 2 GPUs"]);
    assert!(!text.contains("= -"), "{text}");
    sentence(&told, &["mono: with 8 GPUs instead of 4 GPUs"]);
    // Pairs of modes would be of unequal hardware.
    assert!(!told.iter().any(|text| text.contains("against mono")), "{told:#?}");
}

#[test]
fn an_objective_that_advances_with_an_axis_makes_no_cells_alike() {
    let axes = "axes: {modes: [mono], rates: [1, 2, 3, 4], slo.ttft_s: [0.5, 1], prefill: [2000, 8000]}\n\
        zip: [[slo.ttft_s, prefill]]\n";
    let told = told("goal", &format!("{SHORT_BASE}{axes}"));
    sentence(&told, &["With 8000 tokens/s instead of 2000 tokens/s"]);
    sentence(&told, &["The knee is", "settings"]);
}

#[test]
fn without_intervals_nothing_overlaps_and_no_objective_is_missed() {
    let sweep = "base: {sim_seconds: 30, warmup_seconds: 5, slo: {ttft_s: 5}}\nreplications: 1\n\
        axes: {modes: [mono], rates: [1, 2, 3], prefill: [4000, 8000]}\n";
    let told = told("single", sweep);
    let is_claim = |text: &String| text.contains("overlap") || text.contains("not even");
    assert!(!told.iter().any(is_claim), "{told:#?}");
    sentence(&told, &["slo_attainment has no interval"]);
}

#[test]
fn a_rate_that_brings_something_along_tells_of_neither() {
    let axes = "axes: {modes: [mono], prefill: [2000, 4000, 8000], rates: [1, 2, 3]}\nzip: [[prefill, rates]]\n";
    let told = told("mixed", &format!("{SHORT_BASE}{axes}"));
    for word in ["knee", "instead of", "lowest"] {
        assert!(!told.iter().any(|text| text.contains(word)), "{word}: {told:#?}");
    }
}

#[test]
fn failed_jobs_are_to_be_minded() {
    let place = Place::new();
    let ran = place.run(&format!(
        "--rates 1,20 --modes disagg --prefill 500 --observe arrivals --replications 3 --seed 2 --max-requests 8000 \
         {SHORT} --name failing"
    ));
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    let page = place.sweep("report failing --format markdown").stdout;
    sentence(&bullets(&page, "What to mind"), &["3 jobs of 1 cell failed", "--retry-failed"]);
}

#[test]
fn a_link_is_followed_and_what_is_no_file_is_left_alone() {
    let place = Place::new();
    place.sweep(&format!("--rates 1 {SHORT} --name there --quiet"));
    place.write("real.html", "old");
    std::os::unix::fs::symlink("real.html", place.path("link.html")).unwrap();
    place.sweep("report there --output link.html");
    assert!(place.path("link.html").is_symlink());
    assert!(place.read("real.html").starts_with("<!doctype html>"));
    let made = Command::new("mkfifo").arg(place.path("pipe")).status().unwrap();
    assert!(made.success());
    let ran = place.run("report there --output pipe");
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("it is no regular file"), "{}", ran.stderr);
}

#[test]
fn what_to_mind_is_what_was_said_after_the_run() {
    let place = Place::with_trace();
    for (name, flags) in [
        ("short", "--rates 1,9 --modes mono,disagg --sim-seconds 40 --warmup-seconds 1"),
        ("single", "--rates 1,2 --replications 1 --sim-seconds 30 --warmup-seconds 5"),
        ("precise", "--rates 5 --precision 0.001 --max-replications 20 --sim-seconds 90"),
        ("objective", "--rates 1 --set slo.ttft_s=0.0001 --sim-seconds 90"),
        ("auto", "--rates 1,6 --set warmup_seconds=auto --sim-seconds 90"),
        ("trace", "--trace --set arrival.repeat=false --sim-seconds 20 --warmup-seconds 1"),
        ("part", "--trace --sim-seconds 4 --warmup-seconds 1"),
    ] {
        let trace = "--set arrival.kind=trace --set arrival.path=trace.csv";
        let ran = place.sweep(&format!("{} --name {name}", flags.replace("--trace", trace)));
        let said: Vec<String> = ran
            .stderr
            .lines()
            .filter_map(|line| line.strip_prefix("warning: ").map(str::to_owned))
            .collect();
        assert!(!said.is_empty(), "{name}");
        let page = place.sweep(&format!("report {name} --format markdown")).stdout;
        assert_eq!(bullets(&page, "What to mind"), said, "{name}");
    }
}

/// The data inside a page.
fn data(page: &str) -> Json {
    let (_, rest) = page.split_once("<script type=\"text/plain\" id=\"data\">").unwrap();
    let packed = STANDARD.decode(rest.split_once('<').unwrap().0).unwrap();
    let mut text = String::new();
    GzDecoder::new(packed.as_slice()).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn assert_near(found: Option<f64>, expected: Option<f64>, slack: f64, what: &str) {
    assert_eq!(found.is_some(), expected.is_some(), "{what}");
    if let (Some(found), Some(expected)) = (found, expected) {
        assert!((found - expected).abs() <= slack * 1.000_001, "{what}: {found}, {expected}");
    }
}

#[test]
fn the_page_has_all_cells_and_needs_nothing_else() {
    let place = Place::new();
    place.sweep(&format!("{GRID} --quiet"));
    let ran = place.sweep("report grid");
    assert_eq!(ran.stdout.trim(), "results/grid/report.html");
    let page = place.read("results/grid/report.html");
    assert!(!page.contains("{{") && !page.contains("}}"));
    for outside in ["src=\"http", "href=\"http", "url(http", "@import", "<link", "src=\"/"] {
        assert!(!page.contains(outside), "{outside}");
    }
    let table = place.table("results/grid/cells.parquet");
    let data = data(&page);
    let results = data["results"].as_array().unwrap();
    assert!(results.len() >= 8);
    for (place, result) in results.iter().enumerate() {
        let column = result["column"].as_str().unwrap();
        let half_width = format!("{column}_ci95");
        for row in 0..table.rows.len() {
            let found = |kind: &str| data["cells"][kind][place][row].as_f64();
            let (value, half) = (table.number(row, column), table.number(row, &half_width));
            assert_near(found("half_widths"), half, 0.000_5 * half.unwrap_or(0.0), &half_width);
            let relative = 0.000_05 * value.unwrap_or(0.0).abs();
            // What the interval leaves is there.
            let slack =
                half.filter(|half| *half > 0.0).map_or(relative, |half| relative.min(half * 0.05));
            assert_near(found("results"), value, slack, column);
        }
    }
    for (index, axis) in data["axes"].as_array().unwrap().iter().enumerate() {
        let column = axis["column"].as_str().unwrap();
        for row in 0..table.rows.len() {
            let value = data["cells"]["axes"][index][row].as_u64().unwrap();
            let value = &axis["values"][usize::try_from(value).unwrap()];
            assert_eq!(value, table.value(row, column), "{column} {row}");
        }
    }
    let saturated: Vec<Json> = table
        .column("saturated")
        .iter()
        .map(|flag| Json::from(u8::from(flag == &Json::from(true))))
        .collect();
    assert_eq!(data["cells"]["saturated"], Json::from(saturated));
    for stem in ["ttft", "utilization", "difference"] {
        assert!(
            page.contains(&format!("<figure id=\"picture-{stem}\"><svg role=\"img\"")),
            "{stem}"
        );
    }
    for answer in answers(&place, "grid") {
        let (topic, text) = answer.strip_prefix("**").unwrap().split_once(".** ").unwrap();
        let text = text.replace('\'', "&#39;");
        let item = format!("<strong>{topic}.</strong> {text}</li>");
        assert!(page.contains(&item), "{answer}");
    }
}

#[test]
fn a_page_of_one_cell_has_no_pictures_and_a_question_is_no_markup() {
    let place = Place::new();
    place.write(
        "sweep.yaml",
        "why: Is 1 < 2 & \"so\" <script>alert(1)</script> {{data}}?\nbase: {sim_seconds: 30, warmup_seconds: 5}\n\
         axes: {modes: [mono]}\n",
    );
    place.sweep("run sweep.yaml --name one --quiet");
    place.sweep("report one --output page.html");
    let page = place.read("page.html");
    assert!(page.contains(
        "<p>Is 1 &lt; 2 &amp; &quot;so&quot; &lt;script&gt;alert(1)&lt;/script&gt; {{data}}?</p>"
    ));
    assert!(!page.contains("<script>alert") && !page.contains("<figure id=\"picture-"));
    assert_eq!(data(&page)["start"]["x"], Json::Null);
}

#[test]
fn the_command_of_a_page_makes_the_same_tables() {
    let place = Place::new();
    place.write("base.yaml", "sim_seconds: 30\nwarmup_seconds: 5\n");
    place.write(
        "sweep.yaml",
        "why: \"It's SWEEP\"\nbase: base.yaml\naxes: {rates: 1:2:0.5, prefill: [4000, 8000], modes: [mono]}\n\
         exclude: [rates > 1 and prefill > 4000]\nconfidence: 0.9\nprecision: {relative: 0.2, of: [mean_ttft_s]}\n",
    );
    place.sweep("run sweep.yaml --seed 7 --set cluster_mono.num_gpus=3 --name again --quiet");
    let page = place.sweep("report again --format markdown").stdout;
    let (_, rest) = page.split_once("```sh\n").unwrap();
    let command = rest.split_once("\n```").unwrap().0;
    let elsewhere = Place::new();
    let folder = cargo_bin("sweep").parent().unwrap().to_owned();
    let search = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let ran = Command::new("sh")
        .args(["-c", command])
        .env("PATH", search)
        .current_dir(elsewhere.path(""))
        .output()
        .unwrap();
    assert!(ran.status.success(), "{command}\n{}", String::from_utf8_lossy(&ran.stderr));
    for table in ["cells", "jobs"] {
        let name = format!("results/again/{table}.parquet");
        assert!(place.bytes(&name) == elsewhere.bytes(&name), "{table}");
    }
}

#[test]
fn reports_are_refused_before_anything_is_written() {
    let place = Place::new();
    place.sweep(&format!("--rates 1 {SHORT} --name there --quiet"));
    let before = place.listing();
    for (arguments, words) in [
        ("report", "required"),
        ("report thre", "no run `thre` in results: did you mean `there`?"),
        ("report there --format pdf", "invalid value 'pdf'"),
        ("report there --output no/such/page.html", "the folder no/such does not exist"),
        (
            "report there --output results/there/cells.parquet",
            "it belongs to the run results/there",
        ),
        ("report there --out elsewhere", "no run `there` in elsewhere"),
        ("report there there", "unexpected argument"),
    ] {
        let ran = place.run(arguments);
        assert_eq!(ran.code, Some(2), "{arguments}: {}", ran.stderr);
        assert!(ran.stderr.contains(words), "{arguments}: {}", ran.stderr);
    }
    assert_eq!(place.listing(), before);
    let ran = place.run("report there --output results/there");
    assert_ne!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(place.listing(), before);
}
