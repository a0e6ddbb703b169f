//! What `sweep plot` makes of odd runs: saturated pairs, missing cells, numbers out of order, long words, flags that
//! do not go together.

use roxmltree::Document;

use crate::support::{Place, SHORT};
use crate::svg::{corners, groups, hollow, texts, title, titles};

/// Long enough for a p90 of every run.
const LONG: &str = "--sim-seconds 100 --warmup-seconds 10 --replications 3 --quiet";

/// A picture of a run, as its name and its content.
fn picture(place: &Place, arguments: &str) -> (String, String) {
    let ran = place.sweep(&format!("plot {arguments} --format svg --output ."));
    let path = ran.stdout.trim_end();
    assert!(!path.contains('\n'), "{arguments} gives several pictures");
    let stem = path.strip_prefix("./").unwrap().strip_suffix(".svg").unwrap();
    (stem.to_owned(), place.read(path))
}

fn svg(place: &Place, arguments: &str) -> String {
    picture(place, arguments).1
}

/// Every text of a picture, line by line.
fn said(svg: &str) -> String {
    texts(Document::parse(svg).unwrap().root()).join("\n")
}

/// Per panel its title, and how many of its points are hollow.
fn hollow_panels(svg: &str) -> Vec<(String, usize)> {
    let document = Document::parse(svg).unwrap();
    let panels = groups(document.root(), "panel").into_iter();
    panels.map(|panel| (title(panel).to_owned(), hollow(panel))).collect()
}

/// Labels of ticks in a panel: texts at the foot, and at the left.
fn ticks(svg: &str, anchor: &str) -> Vec<String> {
    let document = Document::parse(svg).unwrap();
    let panel = groups(document.root(), "panel")[0];
    let texts = panel.descendants().filter(|node| {
        node.has_tag_name("text")
            && node.attribute("font-size") == Some("11")
            && node.attribute("text-anchor") == Some(anchor)
    });
    texts.filter_map(|node| node.text()).map(str::to_owned).collect()
}

#[test]
fn a_difference_is_hollow_where_one_of_its_two_cells_is_saturated() {
    let place = Place::new();
    // At 4 requests/s one GPU is too few.
    place.sweep(&format!(
        "--rates 2,4 --modes mono --set cluster_mono.num_gpus=4,2,1 --name gpus {LONG}"
    ));
    let panels = hollow_panels(&svg(&place, "gpus --difference num_gpus --y mean_ttft_s"));
    assert_eq!(panels, [("mean TTFT: 1 − 4".to_owned(), 1), ("mean TTFT: 2 − 4".to_owned(), 0)]);
    // The one cell of mono, which has no decode pool, is saturated, and is the baseline of all.
    place.sweep(&format!(
        "--rates 6 --modes mono,disagg --set cluster_mono.num_gpus=1 --set cluster_disagg.decode_gpus=2,4,8 \
         --name base {LONG}"
    ));
    let panels =
        hollow_panels(&svg(&place, "base --difference mode --x decode_gpus --y mean_ttft_s"));
    assert_eq!(panels, [("mean TTFT: disagg − mono".to_owned(), 3)]);
}

#[test]
fn a_cell_that_does_not_exist_is_a_gap() {
    let place = Place::new();
    place.write(
        "sparse.yaml",
        "base: {sim_seconds: 100, warmup_seconds: 10}\nreplications: 3\naxes:\n  prefill: [2000, 4000, 8000]\n  \
         decode_tokens_per_s: [1000, 2000]\n  mode: [mono, disagg]\nexclude: ['prefill = 4000 and \
         decode_tokens_per_s = 2000']\n",
    );
    place.sweep("run sparse.yaml --rates 1 --quiet");
    for flags in ["--at mode=mono", "--difference mode"] {
        let svg = svg(
            &place,
            &format!("sparse --x prefill --by decode_tokens_per_s --y mean_ttft_s {flags}"),
        );
        let document = Document::parse(&svg).unwrap();
        let lines: Vec<usize> = groups(document.root(), "curve")
            .into_iter()
            .map(|curve| {
                curve.children().filter(|node| node.attribute("fill") == Some("none")).count()
            })
            .collect();
        assert_eq!(
            lines,
            [1, 0],
            "{flags}: the second curve is two points with nothing between them"
        );
        assert!(said(&svg).contains("Gaps: no such cell, or one without a value."), "{flags}");
    }
}

#[test]
fn equal_results_are_drawn_flat() {
    let place = Place::new();
    place.sweep(&format!(
        "--rates 1,2,3 --modes mono --set prompt_tokens.mode=fixed --set prompt_tokens.value=100 --name fixed {LONG}"
    ));
    let svg = svg(&place, "fixed --y mean_service_prefill_s");
    let document = Document::parse(&svg).unwrap();
    let line = corners(groups(document.root(), "curve")[0]);
    assert!(line.windows(2).all(|pair| (pair[0].1 - pair[1].1).abs() < 0.01), "{line:?}");
    let labels = ticks(&svg, "end");
    let mut distinct = labels.clone();
    distinct.dedup();
    assert!(labels.len() > 2 && distinct == labels, "{labels:?}");
    assert!(!said(&svg).contains("Bands"), "there is no interval to see");
}

#[test]
fn numbers_that_were_written_out_of_order_are_shown_in_order() {
    let place = Place::new();
    place.sweep(&format!(
        "--rates 4,1,2 --prefill 8000,2000,4000 --modes mono,disagg --name unsorted {LONG}"
    ));
    let tiles = svg(&place, "unsorted --y prefill");
    assert_eq!(ticks(&tiles, "end")[..3], ["2000", "4000", "8000"]);
    assert_eq!(ticks(&tiles, "middle")[..3], ["1", "2", "4"]);
    // A slow prefill takes longest: the tiles of the lowest row have the most.
    let document = Document::parse(&tiles).unwrap();
    let panel = groups(document.root(), "panel")[0];
    let mut rows: Vec<(f64, f64)> = groups(panel, "tile")
        .into_iter()
        .map(|tile| {
            let shape = tile.children().find(|node| node.has_tag_name("rect")).unwrap();
            (shape.attribute("y").unwrap().parse().unwrap(), title(tile).parse().unwrap())
        })
        .collect();
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let most = |row: &[(f64, f64)]| row.iter().map(|tile| tile.1).fold(0.0, f64::max);
    let most: Vec<f64> = rows.chunks(3).map(most).collect();
    assert!(most.windows(2).all(|pair| pair[0] > pair[1]), "{most:?}");
    let curves = svg(&place, "unsorted --by prefill --y mean_ttft_s");
    let document = Document::parse(&curves).unwrap();
    let panel = groups(document.root(), "panel")[0];
    assert_eq!(titles(&groups(panel, "curve")), ["2000", "4000", "8000"]);
    // The dark end of viridis is the lowest value.
    let line =
        groups(panel, "curve")[0].children().find(|node| node.attribute("fill") == Some("none"));
    assert_eq!(line.unwrap().attribute("stroke"), Some("#440154"));
    assert!(said(&svg(&place, "unsorted --y mean_ttft_s")).contains("prefill_tokens_per_s = 4000"));
    let panels =
        hollow_panels(&svg(&place, "unsorted --difference rates --x mode --y mean_ttft_s"));
    assert_eq!(panels[0].0, "mean TTFT: 1 − 4");
}

#[test]
fn files_of_one_name_are_told_apart_by_their_folders() {
    let place = Place::new();
    for (name, count) in [("a", 3), ("b", 5)] {
        let rows: Vec<String> = (1..=count).map(|i| format!("{i},0.{i}\n")).collect();
        place.write(&format!("s/{name}/t.csv"), format!("request,ttft_s\n{}", rows.concat()));
    }
    let (stem, svg) = picture(&place, "s/a/t.csv s/b/t.csv");
    let document = Document::parse(&svg).unwrap();
    assert_eq!(texts(groups(document.root(), "legend")[0]), ["a/t.csv", "b/t.csv"]);
    assert_eq!(stem, "ttft-distribution-of-a-t-b-t");
}

#[test]
fn long_words_leave_room_for_what_they_name() {
    let place = Place::new();
    let names = [
        "a-rather-long-name-of-a-trace-monday-morning",
        "b-rather-long-name-of-a-trace-tuesday-evening",
    ];
    let folder = "folder-in-a-folder/".repeat(4);
    let paths = names.map(|name| format!("{folder}{name}.csv"));
    for path in &paths {
        place.write(
            path,
            "arrival_s,prompt_tokens,output_tokens\n1,100,20\n4,400,40\n9,100,80\n12,800,10\n",
        );
    }
    place.sweep(&format!(
        "--set arrival.kind=trace --set arrival.path={} --prefill 2000,4000 --modes mono --name paths {SHORT} --quiet",
        paths.join(",")
    ));
    let tiles = svg(&place, "paths --x prefill --y arrival.path --of mean_ttft_s");
    let document = Document::parse(&tiles).unwrap();
    for tile in groups(document.root(), "tile") {
        let shape = tile.children().find(|node| node.has_tag_name("rect")).unwrap();
        assert!(shape.attribute("width").unwrap().parse::<f64>().unwrap() > 100.0);
    }
    let labels = ticks(&tiles, "end");
    assert!(labels[0].starts_with('…') && labels[0].ends_with("monday-morning.csv"), "{labels:?}");
    assert!(labels[1].ends_with("tuesday-evening.csv"), "{labels:?}");
    let curves = svg(&place, "paths --x arrival.path --y mean_ttft_s,p50_ttft_s,p90_ttft_s");
    let labels = ticks(&curves, "middle");
    assert!(labels[0].ends_with("morning.csv") && labels[1].ends_with("evening.csv"), "{labels:?}");
    let (stem, differences) = picture(&place, "paths --difference arrival.path --y mean_ttft_s");
    assert!(stem.starts_with("difference-arrival.path-of-mean_ttft_s"), "{stem}");
    let panels = hollow_panels(&differences);
    assert!(
        panels[0].0.ends_with("morning.csv") && panels[0].0.contains("evening.csv − "),
        "{panels:?}"
    );
    // Nothing is wider than the page, as far as its letters are counted.
    let wide = svg(&place, "paths --x prefill --by arrival.path --y mean_ttft_s");
    let longest = said(&wide).lines().map(|line| line.chars().count()).max().unwrap();
    assert!(longest < 110, "{longest} letters in a line");
}

/// Eight GPUs in three splits, at two rates.
fn split() -> Place {
    let place = Place::new();
    place.write(
        "split.yaml",
        "base: {mode: disagg}\nreplications: 3\naxes:\n  rates: [1, 2]\n  cluster_disagg.prefill_gpus: [2, 4, 6]\n  \
         cluster_disagg.decode_gpus: [6, 4, 2]\nzip: [[cluster_disagg.prefill_gpus, cluster_disagg.decode_gpus]]\n",
    );
    place.sweep(&format!("run split.yaml {SHORT} --quiet"));
    place
}

#[test]
fn an_axis_is_held_where_it_was_asked_to_be_with_those_that_advance_with_it() {
    let place = split();
    let (stem, svg) = picture(&place, "split --y mean_ttft_s --x rates --at decode_gpus=2");
    assert!(
        said(&svg).contains("run split; prefill_gpus = 6 GPUs; decode_gpus = 2 GPUs"),
        "{}",
        said(&svg)
    );
    assert_eq!(stem, "mean_ttft_s-against-rate_per_s-at-prefill_gpus-6");
    let (stem, _) = picture(&place, "split --y mean_ttft_s --x rates --log y");
    assert_eq!(stem, "mean_ttft_s-against-rate_per_s-log-y");
    // What is held is not shown: another axis stands to the right.
    let (stem, svg) = picture(&place, "split --y mean_ttft_s --at rates=1");
    assert_eq!(stem, "mean_ttft_s-against-prefill_gpus-at-rate_per_s-1");
    assert!(
        said(&svg)
            .contains("run split; rate_per_s = 1 request/s; decode_gpus goes with prefill_gpus")
    );
    let ran = place.sweep("plot split --at decode_gpus=2 --format svg --output all");
    assert!(
        ran.stdout.lines().all(|line| line.ends_with("-at-prefill_gpus-6.svg")),
        "{}",
        ran.stdout
    );
    for (flags, expected) in [
        ("--at rates=1 --at rates=2", "--at rates=2: rate_per_s is held already"),
        (
            "--at prefill_gpus=2 --at decode_gpus=2",
            "--at decode_gpus=2: prefill_gpus is held already",
        ),
        ("--at rates=1 --at decode_gpus=2", "--at holds every axis of several values"),
        ("--x rates --at rates=1", "--at rates=1: all values of rate_per_s are shown"),
        (
            "--x rates --by prefill_gpus --at decode_gpus=2",
            "--at decode_gpus=2: all values of prefill_gpus are shown",
        ),
    ] {
        let ran = place.run(&format!("plot split {flags}"));
        assert_eq!(ran.code, Some(2), "{flags}");
        assert!(ran.stderr.contains(expected), "{flags}: {}", ran.stderr);
    }
}

#[test]
fn differences_have_a_curve_for_each_mode_and_captions_of_the_panels_that_they_are_about() {
    let place = Place::new();
    place.sweep(&format!("--rates 1,2,4 --prefill 1000,900,4000 --name grid {LONG}"));
    let svg = svg(&place, "grid --difference prefill --y mean_ttft_s");
    let document = Document::parse(&svg).unwrap();
    for panel in groups(document.root(), "panel") {
        assert_eq!(titles(&groups(panel, "curve")), ["mono", "disagg"], "{}", title(panel));
    }
    let ran = place.run("plot grid --difference mode --y prefill");
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("--y prefill: a heatmap has no differences"), "{}", ran.stderr);
    let one = self::svg(&place, "grid --difference prefill --y mean_ttft_s --by mode --log y");
    assert!(said(&one).contains("difference (s), logarithmic away from 0"), "{}", said(&one));
}

#[test]
fn captions_say_what_is_true_of_what_is_shown() {
    let place = Place::new();
    // Two decode GPUs are too few for disagg, its prefill pool is all but idle.
    place.sweep(&format!(
        "--rates 1,8,12 --prefill 4000,8000,16000 --seed 1,2 --slo ttft_s=0.5,1 --name grid {LONG}"
    ));
    let grows = "times with the length of the run";
    assert!(said(&svg(&place, "grid --y prefill")).contains(grows));
    let rates = said(&svg(&place, "grid --y prefill --of throughput_rps"));
    assert!(rates.contains("Hollow: saturated") && !rates.contains(grows), "{rates}");
    let pools = svg(&place, "grid --y utilization");
    let document = Document::parse(&pools).unwrap();
    let of_disagg = groups(document.root(), "panel")
        .into_iter()
        .find(|panel| title(*panel) == "disagg")
        .unwrap();
    let curves = groups(of_disagg, "curve").into_iter();
    let hollow: Vec<(&str, usize)> = curves.map(|curve| (title(curve), hollow(curve))).collect();
    assert_eq!(hollow, [("the prefill pool", 0), ("the decode pool", 2)]);
    let first = "reaches the line of capacity first";
    assert!(said(&pools).contains(first));
    assert!(!said(&svg(&place, "grid --y utilization --x seed")).contains(first));
    let ran = place.sweep("plot grid --format svg --output all");
    let stems: Vec<&str> = ran.stdout.lines().filter(|line| line.contains("slo")).collect();
    assert_eq!(stems, ["all/slo.svg"]);
}

#[test]
fn results_are_called_by_what_they_are() {
    let place = Place::new();
    place.sweep(&format!("--rates 1,2 --name names {LONG}"));
    let all = said(&svg(&place, "names --y mean_ttft_s,trend_ttft_s,std_ttft_s"));
    assert!(!all.contains("time to first token (s)") && all.contains("mean TTFT (s)"), "{all}");
    assert!(said(&svg(&place, "names --y throughput_rps")).contains("throughput (requests/s)"));
    let alone = said(&svg(&place, "names --y utilization_gpu"));
    assert!(alone.contains("busy share of the one pool (share)"), "{alone}");
    let part = said(&svg(&place, "names --y mean_ttft_s,slo_attainment"));
    assert!(part.starts_with("Mean TTFT against arrival rate, by architecture\n"), "{part}");
    assert!(
        part.contains("Not shown, since no cell has a value: requests within the objective."),
        "{part}"
    );
}

#[test]
fn names_that_do_not_go_together_have_messages_of_their_own() {
    let place = Place::new();
    place.sweep(&format!("--rates 1,2 --prefill 4000,8000 --name grid {SHORT} --quiet"));
    place.write("one.csv", "ttft_s\n0.001\n");
    for (arguments, expected) in [
        ("grid --y ttft,utilization", "--y utilization: it goes alone"),
        ("grid --y replications", "--y replications: it is no measured result"),
        (
            "grid --y prefill,mean_ttft_s",
            "--y prefill: it is an axis: for a heatmap say --y prefill alone",
        ),
        (
            "grid --y prefill --of ttft",
            "--of ttft: it is no result in `cells`; `sweep columns` lists them",
        ),
        ("grid --y mean_ttft_s,mean_ttft_s", "--y names `mean_ttft_s` twice"),
        ("grid --y prefill --log x", "--log x: a heatmap has a column for each value"),
        ("one.csv --out results", "--out: it is the folder of runs"),
    ] {
        let ran = place.run(&format!("plot {arguments}"));
        assert_eq!(ran.code, Some(2), "{arguments}: {}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{arguments}: {}", ran.stderr);
    }
    let ran = place.run("plot grid --y nonsense");
    assert!(ran.stderr.len() < 120, "{}", ran.stderr);
}

#[test]
fn pictures_stay_of_a_size_that_can_be_looked_at() {
    let place = Place::new();
    place.sweep(
        "--rates 1:40:1 --replications 2 --sim-seconds 5 --warmup-seconds 1 --name wide --quiet",
    );
    let svg = svg(&place, "wide --difference rates --x mode --y mean_ttft_s");
    let document = Document::parse(&svg).unwrap();
    assert_eq!(groups(document.root(), "panel").len(), 12);
    assert!(said(&svg).contains("Shown are 13 of the 40 values of rate_per_s."));
    let many = "mean_ttft_s,p50_ttft_s,p90_ttft_s,mean_wait_prefill_s,mean_service_prefill_s,mean_wait_decode_s,\
                mean_service_decode_s,mean_queue_length_prefill,throughput_rps,mean_e2e_s,std_ttft_s,onset_ttft_s";
    let (stem, svg) = picture(&place, &format!("wide --y {many} --facet rates --x mode"));
    assert!(stem.len() <= 160, "{stem}");
    let document = Document::parse(&svg).unwrap();
    let panels = groups(document.root(), "panel").len();
    assert!((24..=36).contains(&panels), "{panels} panels");
    let ran = place.run(&format!("plot wide --y {many},trend_ttft_s"));
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("--y names 13 results: at most 12"), "{}", ran.stderr);
}

#[test]
fn odd_samples_have_a_distribution_that_can_be_seen() {
    let place = Place::new();
    place.write("tiny.csv", "ttft_s\n1e-310\n1\n");
    place.sweep("plot tiny.csv");
    for (name, rows) in [("one", "0.001\n"), ("equal", "0.2\n0.2\n0.2\n")] {
        place.write(&format!("{name}.csv"), format!("ttft_s\n{rows}"));
        let svg = svg(&place, &format!("{name}.csv"));
        let document = Document::parse(&svg).unwrap();
        let line = corners(groups(document.root(), "curve")[0]);
        let height = line[0].1 - line[line.len() - 1].1;
        assert!(height > 200.0, "{name}: {line:?}");
        assert!(ticks(&svg, "middle").iter().all(|label| !label.starts_with('-')), "{name}");
    }
}
