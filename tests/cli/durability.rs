//! Runs that are stopped, gone on with, shared out and merged: the bytes are those of one undisturbed run.

use std::fs::{self, File};
use std::process::{Command, Stdio};
use std::time::Duration;

use assert_cmd::cargo::cargo_bin;
use serde_json::Value as Json;

use crate::support::{Place, Ran};

/// Some hundred jobs in several chunks.
const GRID: &str = "--rates 1:4:1 --prefill 4000,8000 --sim-seconds 60 --warmup-seconds 10 \
    --chunk-requests 1500 --quiet";

const TABLES: [&str; 2] = ["jobs", "cells"];

fn tables(place: &Place, run: &str) -> Vec<Vec<u8>> {
    TABLES.iter().map(|table| place.bytes(&format!("results/{run}/{table}.parquet"))).collect()
}

fn parts(place: &Place, run: &str) -> Vec<String> {
    let folder = place.path(&format!("results/{run}/parts"));
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut parts: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    parts.retain(|name| !name.starts_with('.') && name.ends_with(".parquet"));
    parts.sort_unstable();
    parts
}

/// Makes a complete run one that was stopped after some chunks.
fn interrupt(place: &Place, run: &str, lost: &[&str]) {
    let record = place.path(&format!("results/{run}/run.json"));
    let mut json: Json = serde_json::from_str(&fs::read_to_string(&record).unwrap()).unwrap();
    json.as_object_mut().unwrap().remove("outcome");
    fs::write(record, json.to_string()).unwrap();
    for table in TABLES {
        fs::remove_file(place.path(&format!("results/{run}/{table}.parquet"))).unwrap();
    }
    for part in lost {
        fs::remove_file(place.path(&format!("results/{run}/parts/{part}"))).unwrap();
    }
}

fn status(place: &Place, run: &str) -> Json {
    place.sweep_json(&format!("status {run} --json"))
}

#[test]
fn a_stopped_run_goes_on_where_it_was() {
    let place = Place::new();
    place.sweep(&format!("{GRID} --name whole"));
    let whole = tables(&place, "whole");
    place.sweep(&format!("{GRID} --name a --threads 1"));
    assert_eq!(tables(&place, "a"), whole, "with one thread");
    let all = parts(&place, "a");
    assert!(all.len() > 4, "{all:?}");

    interrupt(&place, "a", &["00000.parquet", "00003.parquet"]);
    place.write("results/a/parts/.00003.parquet.partial", "half");
    place.write("results/a/.jobs.parquet.partial", "half");
    let before = status(&place, "a");
    assert_eq!(before["is_complete"], false);
    assert_eq!(before["chunks_done"], all.len() - 2);
    assert!(before["jobs_missing"].as_u64() > Some(0));
    let kept = place.path("results/a/parts/00001.parquet");
    let modified = fs::metadata(&kept).unwrap().modified().unwrap();
    let ran = place.sweep(&GRID.replace("--quiet", "--name a"));
    assert!(
        ran.stderr.contains(&format!("going on: {} of {} chunks", all.len() - 2, all.len())),
        "{}",
        ran.stderr
    );
    assert_eq!(tables(&place, "a"), whole);
    assert_eq!(parts(&place, "a"), all);
    assert_eq!(fs::metadata(kept).unwrap().modified().unwrap(), modified, "it was not done again");
    assert!(!place.listing().join("\n").contains("partial"));
    let after = status(&place, "a");
    assert_eq!((&after["is_complete"], &after["jobs_missing"]), (&Json::Bool(true), &0.into()));
}

#[test]
fn a_complete_run_is_left_alone() {
    let place = Place::new();
    place.sweep(&format!("{GRID} --name a"));
    let before = (place.listing(), place.bytes("results/a/run.json"));
    let ran = place.sweep(&GRID.replace("--quiet", "--name a"));
    assert!(
        ran.stderr
            .ends_with("the run results/a is complete: nothing to do (--force runs it again)\n"),
        "{}",
        ran.stderr
    );
    assert_eq!((place.listing(), place.bytes("results/a/run.json")), before);
    let first = place.sweep(&GRID.replace("--quiet", "--name b"));
    assert_eq!(ran.stdout, first.stdout, "the summary is printed again");
    // Another format takes no simulation: tables come from parts.
    place.sweep(&format!("{GRID} --name a --format csv"));
    place.sweep(&format!("{GRID} --name csv --format csv"));
    assert_eq!(place.bytes("results/a/jobs.csv"), place.bytes("results/csv/jobs.csv"));
}

#[test]
fn chunks_of_any_size_give_the_same_tables() {
    let place = Place::new();
    for (name, requests) in [("one", "1000000"), ("some", "3000"), ("many", "1")] {
        place.sweep(&format!("{} --name {name}", GRID.replace("1500", requests)));
    }
    assert_eq!(parts(&place, "one").len(), 1);
    assert_eq!(parts(&place, "many").len(), 16, "one cell at least");
    for name in ["some", "many"] {
        assert_eq!(tables(&place, name), tables(&place, "one"), "{name}");
    }
}

#[test]
fn shards_are_merged_to_what_one_machine_writes() {
    let place = Place::new();
    // Cells of their own length and warm-up are found again in every shard.
    let grids = [
        GRID.to_owned(),
        format!("{GRID} --replications 4 --precision 0.1 --max-replications 40"),
        format!("{GRID} --replications 2 --warmup-seconds auto")
            .replace("--warmup-seconds 10 ", ""),
    ];
    for (number, grid) in grids.iter().enumerate() {
        place.sweep(&format!("{grid} --name whole-{number}"));
        for shards in [2, 7] {
            let name = format!("n{number}-{shards}");
            for shard in 1..=shards {
                place.sweep(&format!("{grid} --name {name} --shard {shard}/{shards}"));
            }
            let folders: Vec<String> = (1..=shards)
                .rev()
                .map(|shard| format!("{name}.shard-{shard}-of-{shards}"))
                .collect();
            place.sweep(&format!("merge {} --name {name} --quiet", folders.join(" ")));
            assert_eq!(tables(&place, &name), tables(&place, &format!("whole-{number}")), "{name}");
            let record = place.json(&format!("results/{name}/run.json"));
            assert!(record.get("shard").is_none() && record["jobs"].as_u64() > Some(0));
            let whole = place.json(&format!("results/whole-{number}/run.json"));
            assert_eq!(record["warmup"], whole["warmup"], "{name}: of all cells");
        }
    }
}

#[test]
fn a_merge_says_what_is_missing_and_what_does_not_fit() {
    let place = Place::new();
    for shard in ["1/3", "2/3", "3/3"] {
        place.sweep(&format!("{GRID} --name a --shard {shard}"));
    }
    place.sweep(&format!("{GRID} --name b --seed 7 --shard 3/3"));
    let refused = |arguments: &str, code: i32| {
        let before = place.listing();
        let ran = place.run(&format!("merge {arguments} --name m"));
        assert_eq!(ran.code, Some(code), "{}", ran.stderr);
        assert_eq!(place.listing(), before, "nothing is written");
        ran.stderr
    };
    let (one, two, three) = ("a.shard-1-of-3", "a.shard-2-of-3", "a.shard-3-of-3");
    let text = refused(&format!("{one} {three}"), 2);
    assert!(text.contains("chunks are missing (1, 4") && text.contains("all shards"), "{text}");
    let text = refused(&format!("{one} {two} b.shard-3-of-3"), 2);
    assert!(text.contains("no shards of one run") && text.contains("plan_hash"), "{text}");
    let text = refused(&format!("{one} {two} nowhere"), 2);
    assert!(text.contains("nowhere"), "{text}");
    // The same chunk twice does no harm as long as it is the same.
    place.sweep(&format!("merge {one} {one} {two} {three} --name twice --quiet"));
    let copy = |from: &str, to: &str| {
        fs::copy(place.path(&format!("results/{from}")), place.path(&format!("results/{to}")))
            .unwrap()
    };
    copy(&format!("{two}/parts/00001.parquet"), &format!("{one}/parts/00002.parquet"));
    let text = refused(&format!("{one} {two} {three}"), 4);
    assert!(text.contains("00002.parquet"), "{text}");
}

#[test]
fn parts_that_are_damaged_or_foreign_are_neither_trusted_nor_done_again_in_silence() {
    let place = Place::new();
    place.sweep(&format!("{GRID} --name a"));
    place.sweep(&format!("{GRID} --name b --seed 7"));
    let whole = tables(&place, "a");
    interrupt(&place, "a", &["00002.parquet"]);
    let part = place.path("results/a/parts/00001.parquet");
    let bytes = fs::read(&part).unwrap();
    let foreign = place.bytes("results/b/parts/00001.parquet");
    let other_number = place.bytes("results/a/parts/00000.parquet");
    let wrong: [(&str, &[u8]); 5] = [
        ("cut short", &bytes[..bytes.len() / 2]),
        ("empty", &[]),
        ("no Parquet", b"once upon a time"),
        ("of another run", &foreign),
        ("of another chunk", &other_number),
    ];
    for (what, content) in wrong {
        fs::write(&part, content).unwrap();
        let ran = place.run(&format!("{GRID} --name a"));
        assert_eq!(ran.code, Some(4), "{what}: {}", ran.stderr);
        assert!(ran.stderr.contains("00001.parquet"), "{what}: {}", ran.stderr);
        assert_eq!(fs::read(&part).unwrap(), content, "{what}");
        assert_eq!(place.run("status a").code, Some(if what.starts_with("of") { 0 } else { 4 }));
    }
    // Wherever a bit is flipped, also where it would only change a number.
    for place_of_bit in (0..bytes.len()).step_by(bytes.len() / 20) {
        let mut content = bytes.clone();
        content[place_of_bit] ^= 4;
        fs::write(&part, &content).unwrap();
        let ran = place.run(&format!("{GRID} --name a"));
        assert_eq!(ran.code, Some(4), "{place_of_bit}: {}", ran.stderr);
        assert!(ran.stderr.contains("00001.parquet"), "{place_of_bit}: {}", ran.stderr);
        assert!(!place.path("results/a/jobs.parquet").exists());
    }
    fs::write(&part, bytes).unwrap();
    place.write("results/a/parts/notes.parquet", "x");
    assert!(place.run(&format!("{GRID} --name a")).stderr.contains("no part of this run"));
    fs::remove_file(place.path("results/a/parts/notes.parquet")).unwrap();
    place.sweep(&format!("{GRID} --name a"));
    assert_eq!(tables(&place, "a"), whole);
}

#[test]
fn only_the_same_run_goes_on_under_a_name() {
    let place = Place::new();
    place.sweep(&format!("{GRID} --name a"));
    interrupt(&place, "a", &["00002.parquet"]);
    for (flags, difference) in [
        ("--replications 3", "replications was 10, is 3"),
        ("--seed 7", "random_seed was not stated, is 7"),
        ("--confidence 0.9", "confidence was 0.95, is 0.9"),
        ("--max-requests 1000", "max_requests was 100000000, is 1000"),
        ("--shard 1/2", ""),
    ] {
        let before = place.listing();
        let ran = place.run(&format!("{GRID} --name a {flags}"));
        if difference.is_empty() {
            assert_eq!(ran.code, Some(0), "a shard has a folder of its own: {}", ran.stderr);
            continue;
        }
        assert_eq!(ran.code, Some(2), "{flags}: {}", ran.stderr);
        assert!(ran.stderr.contains(difference), "{flags}: {}", ran.stderr);
        assert_eq!(place.listing(), before);
    }
}

#[test]
fn parts_of_a_complete_run_may_be_removed() {
    let place = Place::new();
    place.sweep(&format!("{GRID} --name a"));
    fs::remove_dir_all(place.path("results/a/parts")).unwrap();
    let whole = tables(&place, "a");
    let after = status(&place, "a");
    assert_eq!((&after["is_complete"], &after["jobs_done"]), (&Json::Bool(true), &160.into()));
    let ran = place.sweep(&GRID.replace("--quiet", "--name a"));
    assert!(ran.stderr.contains("nothing to do"), "{}", ran.stderr);
    let ran = place.run(&format!("{GRID} --name a --format csv"));
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("its parts were removed"), "{}", ran.stderr);
    assert_eq!(tables(&place, "a"), whole);
}

#[test]
fn a_run_that_was_set_aside_comes_back_when_nothing_has_its_name() {
    let place = Place::new();
    place.sweep(&format!("{GRID} --name a"));
    let whole = tables(&place, "a");
    // As when a process with --force is killed before it began its own.
    fs::rename(place.path("results/a"), place.path("results/.a.replaced")).unwrap();
    let ran = place.run(&format!("{GRID} --name a --seed 7"));
    assert!(ran.code == Some(2) && ran.stderr.contains("is another one"), "{}", ran.stderr);
    assert_eq!(tables(&place, "a"), whole);
    // As when it is killed later: its own run goes on, and then the earlier one is forgotten.
    place.sweep(&format!("{GRID} --name b --seed 7"));
    fs::rename(place.path("results/a"), place.path("results/.a.replaced")).unwrap();
    fs::rename(place.path("results/b"), place.path("results/a")).unwrap();
    interrupt(&place, "a", &["00001.parquet"]);
    place.sweep(&format!("{GRID} --name a --seed 7"));
    assert_ne!(tables(&place, "a"), whole);
    assert!(!place.path("results/.a.replaced").exists());
}

#[test]
fn nothing_is_merged_into_itself() {
    let place = Place::new();
    place.sweep(&format!("{GRID} --name a"));
    let before = place.listing();
    let ran = place.run("merge a --name a --force");
    assert!(ran.code == Some(2) && ran.stderr.contains("into itself"), "{}", ran.stderr);
    assert_eq!(place.listing(), before);
}

#[test]
fn a_shard_is_refused_unless_it_is_one_of_several() {
    let place = Place::new();
    for wrong in ["0/2", "3/2", "1", "a/b", "1/0", "-1/2", "1.5/2"] {
        let ran = place.run(&format!("{GRID} --shard={wrong}"));
        assert_eq!(ran.code, Some(2), "{wrong}");
        assert!(ran.stderr.contains("such as 2/5"), "{wrong}: {}", ran.stderr);
    }
    assert_eq!(place.listing(), Vec::<String>::new());
}

/// A command whose files may have so many blocks of 512 bytes.
fn limited(place: &Place, blocks: u32, arguments: &str) -> Ran {
    let line = format!("ulimit -f {blocks}; exec \"$0\" {arguments}");
    let mut shell = Command::new("sh");
    shell.args(["-c", &line]).arg(cargo_bin("sweep")).current_dir(place.path(""));
    Ran::of(&shell.output().unwrap())
}

#[cfg(unix)]
#[test]
fn a_limit_on_the_size_of_files_is_said_and_does_no_harm() {
    let place = Place::new();
    place.sweep(&format!("{GRID} --name whole"));
    fs::create_dir(place.path("results/kept")).unwrap();
    let before = place.listing();
    let part = place.bytes("results/whole/parts/00000.parquet").len();
    // In the record, then in what an encoder writes: rows, footer, the last bytes.
    for blocks in (1..u32::try_from(part / 512).unwrap()).step_by(12) {
        let ran = limited(&place, blocks, &format!("{GRID} --name a"));
        assert_eq!(ran.code, Some(4), "{blocks} blocks: {}", ran.stderr);
        let file = if blocks == 1 { "run.json" } else { "results/a/parts/00000.parquet" };
        for said in [file, "File too large (os error 27)", "ulimit -f", "same command again"] {
            assert!(ran.stderr.contains(said), "{blocks} blocks, {said}: {}", ran.stderr);
        }
        assert_eq!(place.listing(), before, "{blocks} blocks");
    }
    place.sweep(&format!("{GRID} --name a"));
    assert_eq!(tables(&place, "a"), tables(&place, "whole"));
}

#[cfg(target_os = "linux")]
#[test]
fn messages_that_cannot_be_written_stop_nothing() {
    let place = Place::new();
    let full = || Stdio::from(File::options().write(true).open("/dev/full").unwrap());
    let warned = GRID.replace("--quiet", "--name a");
    let status = place.command(&warned).stdout(Stdio::null()).stderr(full()).status().unwrap();
    assert_eq!(status.code(), Some(0));
    let status = place.command("status nowhere").stderr(full()).status().unwrap();
    assert_eq!(status.code(), Some(2));
    // Tables of the summary are results: that they are lost is an error, but the run is complete.
    let ran = Ran::of(&place.command(&warned).stdout(full()).output().unwrap());
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    assert!(ran.stderr.contains("standard output: No space left"), "{}", ran.stderr);
}

#[test]
fn a_folder_that_is_replaced_in_mid_run_is_not_written_to() {
    let place = Place::new();
    let grid = format!("{GRID} --replications 400 --name a");
    let run = place.command(&grid).stderr(Stdio::piped()).spawn().unwrap();
    while !place.path("results/a/parts/00000.parquet").exists() {
        std::thread::sleep(Duration::from_millis(1));
    }
    fs::rename(place.path("results/a"), place.path("results/moved")).unwrap();
    fs::create_dir_all(place.path("results/a/parts")).unwrap();
    let ran = Ran::of(&run.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    assert!(ran.stderr.contains("results/a: the folder was moved, removed"), "{}", ran.stderr);
    assert_eq!(parts(&place, "a"), Vec::<String>::new());
    fs::remove_dir_all(place.path("results/a")).unwrap();
    fs::rename(place.path("results/moved"), place.path("results/a")).unwrap();
    place.sweep(&grid);
}

#[test]
fn what_is_left_of_a_run_that_was_being_removed_is_no_run() {
    let place = Place::new();
    place.sweep(&format!("{GRID} --name a"));
    // As when the process was killed while it removed the earlier run.
    place.write("results/.a.removed/parts/00001.parquet", "x");
    place.sweep(&format!("{GRID} --name a --force"));
    let hidden: Vec<String> =
        place.listing().into_iter().filter(|path| path.contains("/.a.")).collect();
    assert_eq!(hidden, Vec::<String>::new());
    let record = place.path("results/a/run.json");
    fs::remove_file(&record).unwrap();
    fs::create_dir(&record).unwrap();
    let ran = place.run(&format!("{GRID} --name a"));
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    assert!(ran.stderr.contains("failed to read results/a/run.json"), "{}", ran.stderr);
}
