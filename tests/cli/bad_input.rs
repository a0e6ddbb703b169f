//! Every kind of bad input ends with exit code 2 and a message with place, value and remedy; nothing
//! is printed on standard output and nothing is written.
//!
//! The messages are snapshots, one file for each subject.

use std::fmt::Write;
use std::fs::File;

use insta::assert_snapshot;

use crate::support::Place;

/// Files that the cases name.
const FILES: &[(&str, &str)] = &[
    ("unknown.yaml", "axes:\n  rates: [1, 2]\nreplicas: 3\n"),
    ("unknown-scenario-key.yaml", "base:\n  arrival: {rate: 2}\n"),
    ("unknown-axis.yaml", "axes:\n  cluster_mono.num_gpu: [1, 2]\n"),
    ("far-axis.yaml", "axes:\n  humidity: [1, 2]\n"),
    ("duplicate.yaml", "axes:\n  rates: [1, 2]\n  rates: [3]\n"),
    ("duplicate-alias.yaml", "axes:\n  rates: [1, 2]\n  arrival.rate_per_s: [3]\n"),
    ("type.yaml", "base:\n  sim_seconds: long\n"),
    ("type-count.yaml", "base:\n  cluster_mono: {num_gpus: 2.5}\n"),
    ("type-flag.yaml", "base:\n  prompt_tokens: {integer: maybe}\n"),
    ("type-warmup.yaml", "base:\n  warmup_seconds: soon\n"),
    ("warmup-order.yaml", "axes: {warmup_seconds: [0, auto]}\nexclude: [warmup_seconds > auto]\n"),
    ("type-axes.yaml", "axes: [1, 2]\n"),
    ("nan.yaml", "base:\n  sim_seconds: .nan\n"),
    ("infinity.yaml", "base:\n  arrival: {rate_per_s: .inf}\n"),
    ("empty-list.yaml", "axes:\n  rates: []\n"),
    ("mode.yaml", "base:\n  mode: monolith\n"),
    ("axis-item.yaml", "axes:\n  rates: [1, fast]\n"),
    ("malformed.yaml", "axes:\n  rates: [1, 2\n"),
    ("zip-unknown.yaml", "axes: {rates: [1, 2]}\nzip: [[rates, prefill]]\n"),
    (
        "zip-lengths.yaml",
        "axes: {rates: [1, 2], prefill: [4000, 8000, 9000]}\nzip: [[rates, prefill]]\n",
    ),
    (
        "zip-twice.yaml",
        "axes: {rates: [1, 2], prefill: [4000, 8000]}\nzip: [[rates, prefill], [rates, prefill]]\n",
    ),
    ("exclude-axis.yaml", "axes: {rates: [1, 2]}\nexclude: [seed > 1]\n"),
    ("exclude-grammar.yaml", "axes: {rates: [1, 2]}\nexclude: [rates > 1 or rates < 1]\n"),
    (
        "exclude-word.yaml",
        "axes: {rates: [1, 2], modes: [mono, disagg]}\nexclude: [mode = monolith]\n",
    ),
    ("exclude-order.yaml", "axes: {modes: [mono, disagg]}\nexclude: [mode < disagg]\n"),
    ("exclude-all.yaml", "axes: {rates: [1, 2]}\nexclude: [rates > 0]\n"),
    ("name.yaml", "output: {name: a/b}\n"),
    ("format.yaml", "output: {format: xls}\n"),
    ("scenario.yaml", "sim_seconds: 30\nwarmup_seconds: 5\n"),
    ("sweep.yaml", "axes: {rates: [1, 2]}\n"),
    ("base-missing.yaml", "base: nowhere.yaml\n"),
    ("empty.csv", ""),
    ("header.csv", "arrival_s,prompt_tokens,output_tokens\n"),
    ("columns.csv", "time,prompt,output\n0,1,2\n"),
    ("word.csv", "arrival_s,prompt_tokens,output_tokens\n0,100,20\n1,many,20\n"),
    ("blank.csv", "arrival_s,prompt_tokens,output_tokens\n0,100,20\n\n\n1,many,20\n"),
    ("both-clusters.yaml", "axes: {prefill: [4000, 8000]}\n"),
    ("link/latest/file", ""),
    ("fields.csv", "arrival_s,prompt_tokens,output_tokens\n0,100,20\n1,100\n"),
    ("negative.csv", "arrival_s,prompt_tokens,output_tokens\n0,100,20\n1,-5,20\n"),
    ("nan.csv", "arrival_s,prompt_tokens,output_tokens\n0,100,20\nNaN,5,20\n"),
    ("unsorted.csv", "arrival_s,prompt_tokens,output_tokens\n0,100,20\n2,100,20\n1.5,100,20\n"),
    ("time.csv", "TIMESTAMP,ContextTokens,GeneratedTokens\nyesterday,1,2\n"),
    ("single.csv", "arrival_s,prompt_tokens,output_tokens\n0,100,20\n"),
    ("file", "x"),
];

/// A folder with every file, also those that are no text.
fn place() -> Place {
    let place = Place::new();
    for (name, content) in FILES {
        place.write(name, content);
    }
    place.write("latin1.yaml", b"why: caf\xe9\n");
    place.write("latin1.csv", b"arrival_s,prompt_tokens,output_tokens\n0,100,\xe9\n");
    // 10 to the power of 9 values in 500 bytes, and 20 million in a key that takes lists.
    let mut bomb = String::from("base: &a [x, x, x, x, x, x, x, x, x, x]\n");
    for (alias, anchor) in ('a'..'i').zip('b'..) {
        let aliases = [format!("*{alias}"), ", ".into()].concat().repeat(10);
        writeln!(bomb, "{anchor}: &{anchor} [{}]", aliases.trim_end_matches(", ")).unwrap();
    }
    place.write("bomb.yaml", bomb);
    let row = "x, ".repeat(1_000);
    place.write("replay.yaml", format!("zip:\n  - &a [{row}]\n{}", "  - *a\n".repeat(20_000)));
    // Sparse: it takes no room.
    File::create(place.path("huge.csv")).unwrap().set_len((1 << 30) + 1).unwrap();
    place
}

/// Runs each command and lists what it said.
fn messages(cases: &[&str]) -> String {
    let place = place();
    let before = place.listing();
    let mut messages = String::new();
    for arguments in cases {
        let ran = place.run(arguments);
        assert_eq!(ran.code, Some(2), "sweep {arguments}: {}{}", ran.stdout, ran.stderr);
        assert_eq!(ran.stdout, "", "sweep {arguments}");
        assert!(ran.stderr.starts_with("error: "), "sweep {arguments}: {}", ran.stderr);
        assert_eq!(place.listing(), before, "sweep {arguments} wrote something");
        writeln!(messages, "$ sweep {arguments}\n{}", ran.stderr).unwrap();
    }
    messages
}

#[test]
fn unknown_and_repeated_keys() {
    let messages = messages(&[
        "run unknown.yaml",
        "run unknown-scenario-key.yaml",
        "run unknown-axis.yaml",
        "run far-axis.yaml",
        "run duplicate.yaml",
        "run duplicate-alias.yaml",
        "--set cluster_mono.num_gpu=2",
        "--set humidity=2",
        "simulate --set rate=3",
        "--rates 1 --set rates=2",
        "--set rates",
    ]);
    assert_snapshot!(messages);
}

#[test]
fn values_of_another_type() {
    let messages = messages(&[
        "run type.yaml",
        "run type-count.yaml",
        "run type-flag.yaml",
        "run type-warmup.yaml",
        "run type-axes.yaml",
        "run axis-item.yaml",
        "--set cluster_mono.num_gpus=2.5",
        "--set prompt_tokens.integer=maybe --modes mono",
        "--seed -1",
        "--warmup-seconds soon",
        "--set warmup_seconds=0,soon,auto",
        "simulate --warmup-seconds 0,auto",
        "--rates fast",
        "simulate --seed 1.5",
    ]);
    assert_snapshot!(messages);
}

#[test]
fn words_that_are_not_known() {
    let messages = messages(&[
        "run mode.yaml",
        "--modes monolith",
        "simulate --mode both",
        "--observe everything",
        "--set arrival.kind=gamma",
        "--set prompt_tokens.mode=normal",
    ]);
    assert_snapshot!(messages);
}

#[test]
fn numbers_out_of_range() {
    let messages = messages(&[
        "run nan.yaml",
        "run infinity.yaml",
        "--rates nan",
        "--rates inf",
        "--rates 0",
        "--rates -1",
        "--prefill 0",
        "--prefill 4000,-1",
        "--set decode=0",
        "--set cluster_mono.num_gpus=0",
        "--set cluster_disagg.decode_gpus=70000",
        "--sim-seconds 0",
        "--sim-seconds -5",
        "--warmup-seconds 600",
        "--warmup-seconds -1",
        "simulate --sim-seconds 60 --warmup-seconds 60",
    ]);
    assert_snapshot!(messages);
}

#[test]
fn token_lengths_that_make_no_sense() {
    let messages = messages(&[
        "--set prompt_tokens.sigma=0",
        "--set prompt_tokens.mode=real_mean_std --set prompt_tokens.mean=300 --set prompt_tokens.std=0",
        "--set prompt_tokens.mode=p50_p90 --set prompt_tokens.p50=300 --set prompt_tokens.p90=300",
        "--set prompt_tokens.mode=p50_p90 --set prompt_tokens.p50=300",
        "--set prompt_tokens.min_value=0",
        "--set prompt_tokens.min_value=1.5",
        "--set prompt_tokens.max_value=3",
        "--set prompt_tokens.mean=300",
        "--set prompt_tokens.std=3",
        "--set prompt_tokens.mode=uniform --set prompt_tokens.low=5 --set prompt_tokens.high=5",
        "--set prompt_tokens.mode=fixed --set prompt_tokens.value=-1",
        "--set prompt_tokens.mode=exponential --set prompt_tokens.mean=1e12",
    ]);
    assert_snapshot!(messages);
}

#[test]
fn lists_and_ranges() {
    let messages = messages(&[
        "run empty-list.yaml",
        "--rates ''",
        "--rates 1,,2",
        "--rates 1,1.0",
        "--rates 5:1:1",
        "--rates 1:5:0",
        "--rates 1:5",
        "--rates lin:1:5:1",
        "--rates log:0:5:3",
        "--rates 1:1e9:0.0001",
        "--modes mono:disagg:1",
        "simulate --set rates=1,2",
    ]);
    assert_snapshot!(messages);
}

#[test]
fn plans_beyond_a_limit() {
    let messages = messages(&[
        "--rates 1:1000:0.01 --prefill 1:1000:0.01",
        "--rates 1,2 --replications 3 --max-jobs 11",
        "--rates 1e9",
        "--replications 0",
        "--threads 0",
        "--rates 1 --threads 1 --max-memory 8",
        "--rates 1 --threads 1 --max-memory 8G",
        "--rates 1 --threads 1 --max-memory -1GB",
        "--rates 1 --threads 1 --max-memory ''",
        "--rates 1 --threads 1 --max-memory 1MB",
        "--rates 1,2 --threads 1 --replications 200000 --max-memory 500MB",
        "--rates 1,2 --threads 1 --precision 0.1 --max-memory 200MiB",
        "--rates lin:1:2:1000 --threads 8 --max-memory 500MB",
        "--rates 1,2,3,4 --threads 8 --sim-seconds 500000 --max-memory '1 gb'",
    ]);
    assert_snapshot!(messages);
}

#[test]
fn traces() {
    let messages = messages(&[
        "--set arrival.kind=trace --set arrival.path=missing.csv",
        "--set arrival.kind=trace",
        "--set arrival.kind=trace --set arrival.path=empty.csv",
        "--set arrival.kind=trace --set arrival.path=header.csv",
        "--set arrival.kind=trace --set arrival.path=columns.csv",
        "--set arrival.kind=trace --set arrival.path=word.csv",
        "--set arrival.kind=trace --set arrival.path=blank.csv",
        "--set arrival.kind=trace --set arrival.path=fields.csv",
        "--set arrival.kind=trace --set arrival.path=negative.csv",
        "--set arrival.kind=trace --set arrival.path=nan.csv",
        "--set arrival.kind=trace --set arrival.path=unsorted.csv",
        "--set arrival.kind=trace --set arrival.path=time.csv",
        "--set arrival.kind=trace --set arrival.path=single.csv",
        "--set arrival.kind=trace --set arrival.path=latin1.csv",
        "--set arrival.kind=trace --set arrival.path=huge.csv",
        "--set arrival.kind=trace --set arrival.path=.",
        "trace missing.csv",
        "trace huge.csv",
        "trace unsorted.csv",
        "--set arrival.kind=trace --set arrival.path=single.csv --set arrival.repeat=false --set arrival.window.start_s=5",
        "--set arrival.kind=trace --set arrival.path=single.csv --set arrival.repeat=false --set arrival.block_requests=2",
    ]);
    assert_snapshot!(messages);
}

#[test]
fn files() {
    let messages = messages(&[
        "run missing.yaml",
        "run malformed.yaml",
        "run bomb.yaml",
        "run replay.yaml",
        "run latin1.yaml",
        "run .",
        "run base-missing.yaml",
        "run scenario.yaml",
        "--config sweep.yaml",
        "--config missing.yaml",
        "simulate --config sweep.yaml",
    ]);
    assert_snapshot!(messages);
}

#[test]
fn zip_and_exclude() {
    let messages = messages(&[
        "run zip-unknown.yaml",
        "run zip-lengths.yaml",
        "run zip-twice.yaml",
        "run exclude-axis.yaml",
        "run exclude-grammar.yaml",
        "run exclude-word.yaml",
        "run exclude-order.yaml",
        "run warmup-order.yaml",
        "run exclude-all.yaml",
    ]);
    assert_snapshot!(messages);
}

#[test]
fn flags_without_meaning() {
    let messages = messages(&[
        "--modes mono --set cluster_disagg.decode_gpus=3",
        "--modes mono --set cluster_disagg.decode_gpus=3,4",
        "--set arrival.repeat=true",
        "run both-clusters.yaml --set cluster_mono.prefill_tokens_per_s=5000",
        "simulate --mode mono --set cluster_disagg.decode_gpus=3",
        "simulate --set prompt_tokens.p50=3",
    ]);
    assert_snapshot!(messages);
}

#[test]
fn places_that_cannot_be_written() {
    let messages = messages(&[
        "--out file/runs --rates 1",
        "--out file --rates 1",
        "--name file --out . --force",
        "--rates 1 --out link",
        "--name a/b",
        "--name latest",
        "--name ''",
        "--name .a",
        "run name.yaml",
        "run format.yaml",
        "--format xls",
        "simulate --dump-ttft ttft.txt",
        "simulate --dump-ttft nowhere/ttft.csv",
    ]);
    assert_snapshot!(messages);
}
