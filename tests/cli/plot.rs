//! `sweep plot`: what is in the pictures, read back from their SVG.

use std::fs;

use roxmltree::Document;

use crate::support::{Place, SHORT};
use crate::svg::{corners, groups, hollow, texts, title, titles};

/// Both modes, three rates of which the last saturates disagg, four prefill speeds.
const GRID: &str =
    "--rates 1,3,9 --prefill 2000,4000,8000,16000 --modes mono,disagg --replications 3 --name grid";

/// Long enough for a p99 of every run.
const LONG: &str = "--sim-seconds 200 --warmup-seconds 20";

/// Pictures of [`GRID`] without flags.
const PICTURES: [&str; 6] = [
    "ttft",
    "ttft-by-prefill_tokens_per_s",
    "ttft-against-prefill_tokens_per_s",
    "utilization",
    "heatmap",
    "difference",
];

fn grid() -> Place {
    let place = Place::new();
    place.sweep(&format!("{GRID} {LONG} --quiet"));
    place
}

#[test]
fn without_flags_there_is_a_picture_of_everything_worth_seeing() {
    let place = grid();
    let ran = place.sweep("plot grid");
    let files = PICTURES.iter().flat_map(|stem| {
        ["svg", "png"].map(|ending| format!("results/grid/plots/{stem}.{ending}"))
    });
    assert_eq!(ran.stdout.lines().collect::<Vec<_>>(), files.collect::<Vec<_>>());
    for stem in PICTURES {
        let png = place.bytes(&format!("results/grid/plots/{stem}.png"));
        assert!(png.starts_with(b"\x89PNG\r\n"), "{stem}");
        let svg = place.read(&format!("results/grid/plots/{stem}.svg"));
        Document::parse(&svg).unwrap_or_else(|error| panic!("{stem}: {error}"));
        for nonsense in ["NaN", "inf", "null", "None"] {
            assert!(!svg.contains(nonsense), "{stem} has {nonsense}");
        }
        // Nothing from elsewhere: no fonts, images, scripts or style sheets.
        for link in ["href", "url(", "<script", "<style"] {
            assert!(!svg.contains(link), "{stem} has {link}");
        }
    }
}

#[test]
fn curves_have_one_line_per_value_within_their_bands() {
    let place = grid();
    place.sweep("plot grid --format svg");
    let expected: [(&str, usize, &[&str]); 3] = [
        ("ttft", 3, &["mono", "disagg"]),
        ("ttft-by-prefill_tokens_per_s", 2, &["2000", "4000", "8000", "16000"]),
        ("difference", 3, &["2000", "4000", "8000", "16000"]),
    ];
    for (stem, count, curves) in expected {
        let svg = place.read(&format!("results/grid/plots/{stem}.svg"));
        let document = Document::parse(&svg).unwrap();
        let panels = groups(document.root(), "panel");
        assert_eq!(panels.len(), count, "{stem}");
        for panel in panels {
            let found = groups(panel, "curve");
            assert_eq!(titles(&found), curves, "{stem}, {}", title(panel));
            let bands = groups(panel, "band");
            assert_eq!(titles(&bands), curves, "{stem}, {}", title(panel));
            for (curve, band) in found.into_iter().zip(bands) {
                let (line, band) = (corners(curve), corners(band));
                assert_eq!((line.len(), band.len()), (3, 6), "{stem} has a point per rate");
                for (i, (x, y)) in line.iter().enumerate() {
                    let (upper, lower) = (band[i], band[5 - i]);
                    assert!((upper.0 - x).abs() < 0.02 && (lower.0 - x).abs() < 0.02, "{stem}");
                    // Down the page y grows.
                    assert!(
                        upper.1 <= y + 0.02 && *y <= lower.1 + 0.02,
                        "{stem}: {upper:?} {y} {lower:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn curves_stand_where_the_table_says() {
    let place = grid();
    let ran =
        place.sweep("plot grid --y p50_ttft_s --by mode --at prefill=4000 --log none --format svg");
    let svg = place.read(ran.stdout.trim_end());
    let document = Document::parse(&svg).unwrap();
    let table = place.table("results/grid/cells.parquet");
    let mut pairs: Vec<(f64, f64)> = Vec::new();
    for curve in groups(document.root(), "curve") {
        let is_in = |row: &usize| {
            table.text(*row, "mode") == Some(title(curve))
                && table.number(*row, "prefill_tokens_per_s") == Some(4000.0)
        };
        let mut rows: Vec<usize> = (0..table.rows.len()).filter(is_in).collect();
        rows.sort_by(|a, b| {
            table.number(*a, "rate_per_s").partial_cmp(&table.number(*b, "rate_per_s")).unwrap()
        });
        let values = rows.iter().map(|row| table.number(*row, "p50_ttft_s").unwrap());
        pairs.extend(values.zip(corners(curve).iter().map(|corner| corner.1)));
    }
    assert_eq!(pairs.len(), 6);
    // A linear axis: heights on the page are a linear function of values.
    let by_value = |a: &&(f64, f64), b: &&(f64, f64)| a.0.total_cmp(&b.0);
    let (low, high) =
        (pairs.iter().min_by(by_value).unwrap(), pairs.iter().max_by(by_value).unwrap());
    for (value, y) in &pairs {
        let expected = low.1 + (value - low.0) / (high.0 - low.0) * (high.1 - low.1);
        assert!((y - expected).abs() < 0.05, "{value} stands at {y}, not {expected}");
    }
}

#[test]
fn axes_have_units_and_captions_explain() {
    let place = grid();
    place.sweep("plot grid --format svg");
    let says = |stem: &str, wanted: &[&str]| {
        let svg = place.read(&format!("results/grid/plots/{stem}.svg"));
        let document = Document::parse(&svg).unwrap();
        let all = texts(document.root()).join("\n");
        for text in wanted {
            assert!(all.contains(text), "{stem} does not say {text}:\n{all}");
        }
    };
    let hollow = "Hollow: saturated, more load than the bottleneck can serve";
    let bands = "Bands and bars: 95 % confidence intervals.";
    let rate = "arrival rate (requests/s)";
    says("ttft", &["P50, P90 and P99 TTFT", "time to first token (s)", rate, hollow, bands]);
    says("ttft", &["run grid; prefill_tokens_per_s = 8000 tokens/s", "mono", "disagg"]);
    says(
        "ttft-by-prefill_tokens_per_s",
        &["prefill speed of one GPU (tokens/s)", "for each architecture", "disagg"],
    );
    let pools = "Hollow: a pool that is offered more load than it can serve.";
    says("utilization", &["capacity", "the prefill pool", "the decode pool", "busy share", pools]);
    says(
        "heatmap",
        &["P99 TTFT (s)", rate, "prefill speed of one GPU (tokens/s)", "16000", hollow],
    );
    says("difference", &["P99 TTFT: disagg − mono", "difference (s)", "no difference", bands]);
}

#[test]
fn saturated_cells_are_hollow() {
    let place = grid();
    place.sweep("plot grid --format svg");
    let table = place.table("results/grid/cells.parquet");
    let saturated = table.column("saturated").iter().filter(|flag| *flag == true).count();
    assert!(saturated > 0);
    let svg = place.read("results/grid/plots/ttft-by-prefill_tokens_per_s.svg");
    let document = Document::parse(&svg).unwrap();
    let curves = groups(document.root(), "curve");
    assert_eq!(curves.into_iter().map(hollow).sum::<usize>(), saturated);
    let svg = place.read("results/grid/plots/heatmap.svg");
    let document = Document::parse(&svg).unwrap();
    assert_eq!(groups(document.root(), "saturated").len(), saturated);
    assert_eq!(groups(document.root(), "tile").len(), 24);
}

#[test]
fn the_same_run_gives_the_same_bytes() {
    let place = grid();
    place.sweep("plot grid --output one");
    place.sweep("plot results/grid --output two");
    for entry in fs::read_dir(place.path("one")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            place.bytes(&format!("one/{name}")) == place.bytes(&format!("two/{name}")),
            "{name}"
        );
    }
}

#[test]
fn a_run_in_csv_gives_the_same_pictures() {
    let place = grid();
    place.sweep(&format!("{GRID} {LONG} --quiet --format csv --out csv"));
    place.sweep("plot grid --output one --format svg");
    place.sweep("plot grid --output two --format svg --out csv");
    for stem in PICTURES {
        assert_eq!(
            place.read(&format!("one/{stem}.svg")),
            place.read(&format!("two/{stem}.svg")),
            "{stem}"
        );
    }
}

#[test]
fn flags_choose_axes_and_results() {
    let place = grid();
    let cases = [
        (
            "--y mean_ttft_s,throughput_rps --by mode --facet prefill",
            "mean_ttft_s-throughput_rps-against-rate_per_s-by-mode-for-prefill_tokens_per_s",
            8,
        ),
        ("--x mode", "ttft-against-mode", 3),
        (
            "--x prefill --by rates --facet mode",
            "ttft-against-prefill_tokens_per_s-by-rate_per_s-for-mode",
            2,
        ),
        (
            "--y ttft --by rates --x prefill --facet mode",
            "ttft-against-prefill_tokens_per_s-by-rate_per_s-for-mode",
            6,
        ),
        (
            "--y utilization --facet prefill",
            "utilization-against-rate_per_s-for-prefill_tokens_per_s",
            4,
        ),
        ("--y prefill", "pooled_p99_ttft_s-over-rate_per_s-and-prefill_tokens_per_s-for-mode", 2),
        (
            "--x mode --y prefill --of throughput_rps",
            "throughput_rps-over-mode-and-prefill_tokens_per_s",
            1,
        ),
        (
            "--difference prefill --y mean_ttft_s",
            "difference-prefill_tokens_per_s-of-mean_ttft_s-against-rate_per_s-by-mode",
            3,
        ),
    ];
    for (flags, stem, panels) in cases {
        let ran = place.sweep(&format!("plot grid {flags} --format svg"));
        assert_eq!(ran.stdout.trim_end(), format!("results/grid/plots/{stem}.svg"), "{flags}");
        let svg = place.read(ran.stdout.trim_end());
        let document = Document::parse(&svg).unwrap();
        assert_eq!(groups(document.root(), "panel").len(), panels, "{flags}");
    }
}

#[test]
fn words_to_the_right_have_bars_and_no_lines() {
    let place = grid();
    place.sweep("plot grid --x mode --y mean_ttft_s --by rates --format svg");
    let svg = place.read("results/grid/plots/mean_ttft_s-against-mode-by-rate_per_s.svg");
    let document = Document::parse(&svg).unwrap();
    assert_eq!(groups(document.root(), "curve").len(), 3);
    assert_eq!(groups(document.root(), "bars").len(), 3);
    assert!(groups(document.root(), "band").is_empty());
}

#[test]
fn samples_of_a_simulation_give_their_distribution() {
    let place = Place::new();
    for ending in ["csv", "json", "parquet"] {
        place.sweep(&format!("simulate {SHORT} --mode mono --dump-ttft {ending}.{ending}"));
        let ran = place.sweep(&format!("plot {ending}.{ending} --output {ending} --format svg"));
        assert_eq!(ran.stdout.trim_end(), format!("{ending}/ttft-distribution-of-{ending}.svg"));
    }
    // Only the names of the files differ.
    let svg = place.read("csv/ttft-distribution-of-csv.svg");
    assert_eq!(
        svg,
        place.read("json/ttft-distribution-of-json.svg").replace("json.json", "csv.csv")
    );
    let document = Document::parse(&svg).unwrap();
    assert_eq!(groups(document.root(), "rule").len(), 3);
    let curve = corners(groups(document.root(), "curve")[0]);
    assert!(curve.windows(2).all(|pair| pair[0].0 <= pair[1].0 && pair[0].1 >= pair[1].1));
    place.sweep("plot csv.csv parquet.parquet --format svg");
    let svg = place.read("ttft-distribution-of-csv-parquet.svg");
    let document = Document::parse(&svg).unwrap();
    assert_eq!(titles(&groups(document.root(), "curve")), ["csv.csv", "parquet.parquet"]);
}

#[test]
fn errors_name_the_flag_the_value_and_the_remedy() {
    let place = grid();
    place.sweep(&format!("{SHORT} --rates 1 --modes mono --name single --quiet"));
    place.write("results/half/jobs.parquet", "");
    place.write("file", "");
    place.write("bad.csv", "request,ttft_s\n1,-2\n");
    place.write("other.csv", "a,b\n1,2\n");
    place.write("none.csv", "ttft_s\n");
    let cases = [
        ("grit", "no run `grit` in results: did you mean `grid`?"),
        ("half", "results/half is no finished run (it has no run.json)"),
        (
            "grid --x rate",
            "--x rate: it is no axis in the run `grid`; choose from rate_per_s, prefill_tokens_per_s, mode",
        ),
        ("grid --by seed", "--by seed: it was not swept in the run `grid`"),
        (
            "grid --y p95_ttft_s",
            "--y p95_ttft_s: it is no result in `cells`, nor an axis of this run; did you mean `p90_ttft_s`?",
        ),
        (
            "grid --y prefill --of p95_ttft_s",
            "--of p95_ttft_s: it is no result in `cells`; did you mean `p90_ttft_s`?",
        ),
        (
            "grid --of mean_ttft_s",
            "--of mean_ttft_s: it is the colour of a heatmap; give --y an axis",
        ),
        (
            "grid --x mode --by mode",
            "mode is used twice: choose different axes; axes with several values: rate_per_s,",
        ),
        ("grid --y utilization --by prefill", "say --facet prefill; axes with several values"),
        ("grid --y prefill --by mode", "a heatmap has no curves; say --facet mode"),
        ("grid --difference mode --facet prefill", "say --by prefill"),
        (
            "grid --difference mode --y pooled_p99_ttft_s",
            "--y pooled_p99_ttft_s: it is no floating-point result of a job",
        ),
        (
            "grid --at prefill=3",
            "--at prefill=3: the run `grid` has no such value; choose from 2000, 4000, 8000, 16000",
        ),
        ("grid --at prefill", "write it as AXIS=VALUE"),
        ("grid --y trend_ttft_s --log y", "--log y: there are values that are not above 0"),
        ("grid --x mode --log x", "--log x: mode has words as values"),
        ("grid --log x,none", "--log none goes alone"),
        ("grid --y slo_attainment", "the run `grid` has no cell with a value of slo_attainment"),
        (
            "grid --output no/where",
            "--output no/where: the folder no does not exist; create it first",
        ),
        ("grid --output file", "--output file: it is a file; name a folder"),
        ("single", "the run `single` has no axis of several values"),
        ("single --x rates", "the run `single` has no axis of several values"),
        ("grid single", "several names: give one run"),
        ("bad.csv", "bad samples bad.csv: it has -2 as a time to first token"),
        ("other.csv", "bad samples other.csv: it has no column `ttft_s`"),
        ("none.csv", "none.csv has no samples"),
        ("bad.csv --x rates", "--x: samples of one simulation have no axes"),
        ("missing.csv", "failed to read missing.csv"),
    ];
    let before = place.listing();
    for (arguments, expected) in cases {
        let ran = place.run(&format!("plot {arguments}"));
        assert_eq!(ran.code, Some(2), "{arguments}: {}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{arguments}: {}", ran.stderr);
    }
    assert_eq!(place.listing(), before, "nothing is written");
}

#[test]
fn a_table_that_was_cut_short_is_told() {
    let place = grid();
    let path = "results/grid/cells.parquet";
    let bytes = place.bytes(path);
    place.write(path, &bytes[..bytes.len() / 2]);
    let ran = place.run("plot grid");
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("bad table results/grid/cells.parquet"), "{}", ran.stderr);
}

#[test]
fn pictures_that_cannot_be_written_end_the_command_and_leave_nothing_behind() {
    let place = grid();
    place.write("results/grid/plots", "in the way");
    let ran = place.run("plot grid");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(4), ""));
    assert!(ran.stderr.contains("failed to create results/grid/plots"), "{}", ran.stderr);
    // A folder where a picture should be: what came before it is whole, of itself there is nothing.
    place.write("out/utilization.svg/file", "in the way");
    let ran = place.run("plot grid --output out");
    assert_eq!(ran.code, Some(4));
    assert!(ran.stderr.contains("failed to write out/utilization.svg"), "{}", ran.stderr);
    let names: Vec<String> =
        place.listing().into_iter().filter(|name| name.contains("partial")).collect();
    assert!(names.is_empty(), "{names:?}");
}
