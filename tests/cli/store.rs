//! A run's folder: what it holds, who may have it, and what stays of it when a run is stopped.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::support::{Place, Ran, SHORT};

#[test]
fn an_existing_name_is_refused_and_the_run_stays_as_it_was() {
    let place = Place::new();
    place.sweep(&format!("--rates 1 {SHORT} --name a --quiet"));
    let before = (place.listing(), place.bytes("results/a/jobs.parquet"));
    let ran = place.run(&format!("--rates 2 {SHORT} --name a"));
    assert_eq!(ran.code, Some(2));
    assert_eq!(
        ran.stderr,
        "error: the run results/a exists and is another one (sweep.base.arrival.rate_per_s was 1.0, is 2.0): \
         choose another --name, or replace it with --force (they have no cell in common)\n"
    );
    assert_eq!((place.listing(), place.bytes("results/a/jobs.parquet")), before);
}

#[test]
fn force_replaces_a_run_as_a_whole() {
    let place = Place::new();
    place.sweep(&format!("--rates 1 {SHORT} --name a --quiet"));
    place.write("results/a/extra.txt", "old");
    place.sweep(&format!("--rates 2 {SHORT} --name a --format csv --force --quiet"));
    let listing = place.listing().join("\n");
    for old in ["extra.txt", "jobs.parquet", "replaced", "partial"] {
        assert!(!listing.contains(old), "{old} is left in\n{listing}");
    }
    assert!(place.path("results/a/jobs.csv").exists());
}

#[test]
fn force_never_replaces_what_is_no_run() {
    let place = Place::new();
    place.write("precious/work.txt", "years of it");
    for arguments in ["--out . --name precious", "--out precious --name work.txt"] {
        for force in ["", "--force"] {
            let before = place.listing();
            let ran = place.run(&format!("--rates 1 {SHORT} {arguments} {force}"));
            assert_eq!(ran.code, Some(2), "{}", ran.stderr);
            assert!(ran.stderr.contains("exists and is no run"), "{}", ran.stderr);
            assert_eq!(place.listing(), before);
        }
    }
}

#[test]
fn force_without_an_earlier_run_is_fine() {
    let place = Place::new();
    place.sweep(&format!("--rates 1 {SHORT} --name a --force --quiet"));
    assert!(place.path("results/a/run.json").exists());
}

#[test]
fn latest_is_a_relative_link_to_the_newest_run() {
    let place = Place::new();
    for name in ["a", "b"] {
        place.sweep(&format!("--rates 1 {SHORT} --name {name} --quiet"));
        assert_eq!(fs::read_link(place.path("results/latest")).unwrap(), Path::new(name));
    }
    place.sweep(&format!("--rates 1 {SHORT} --name a --force --quiet"));
    assert_eq!(fs::read_link(place.path("results/latest")).unwrap(), Path::new("a"));
}

#[test]
fn folders_are_created_and_hold_nothing_but_the_run() {
    let place = Place::new();
    place.sweep(&format!("--rates 1 {SHORT} --out deep/down/here --name a --quiet"));
    let names: Vec<String> =
        place.listing().iter().map(|entry| entry.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(
        names,
        [
            "deep/",
            "deep/down/",
            "deep/down/here/",
            "deep/down/here/a/",
            "deep/down/here/a/cells.parquet",
            "deep/down/here/a/jobs.parquet",
            "deep/down/here/a/parts/",
            "deep/down/here/a/parts/.lock",
            "deep/down/here/a/parts/00000.parquet",
            "deep/down/here/a/parts/00000.samples",
            "deep/down/here/a/run.json",
            "deep/down/here/latest",
        ]
    );
}

#[test]
fn a_run_is_named_by_flag_then_file_then_stem_then_plan() {
    let place = Place::new();
    let base = "base: {sim_seconds: 30, warmup_seconds: 5}\naxes: {rates: [1, 2]}\n";
    place.write("stem.yaml", base);
    place.write("named.yaml", format!("{base}output: {{name: from-output}}\n"));
    let name = |arguments: &str| {
        place.sweep(&format!("{arguments} --quiet"));
        fs::read_link(place.path("results/latest")).unwrap().display().to_string()
    };
    assert_eq!(name("run stem.yaml"), "stem");
    assert_eq!(name("run named.yaml"), "from-output");
    assert_eq!(name("run named.yaml --name flag"), "flag");
    let by_plan = name(&format!("--rates 1,2 {SHORT}"));
    let hash = place.json("results/latest/run.json")["plan_hash"].as_str().unwrap().to_owned();
    assert_eq!(by_plan, format!("sweep-{}", &hash[..8]));
}

#[test]
fn the_plan_hash_follows_the_plan_and_nothing_else() {
    let place = Place::with_trace();
    place.write("renamed.csv", crate::support::TRACE);
    place.write("other.csv", format!("{}20,1,1\n", crate::support::TRACE));
    let hash = |arguments: &str| {
        place.sweep(&format!("{arguments} --quiet --force --name x"));
        place.json("results/x/run.json")["plan_hash"].as_str().unwrap().to_owned()
    };
    let first = hash(&format!("--rates 1,2 {SHORT}"));
    for same in
        ["--replications 3", "--threads 1", "--format csv", "--out results/", "--set decode=2000"]
    {
        assert_eq!(hash(&format!("--rates 1,2 {SHORT} {same}")), first, "{same}");
    }
    for other in ["--seed 43", "--observe arrivals", "--seeding independent", "--set decode=2001"] {
        assert_ne!(hash(&format!("--rates 1,2 {SHORT} {other}")), first, "{other}");
    }
    assert_ne!(hash(&format!("--rates 1,2,3 {SHORT}")), first);
    let of_trace =
        |file| hash(&format!("{SHORT} --set arrival.kind=trace --set arrival.path={file}"));
    assert_eq!(of_trace("trace.csv"), of_trace("renamed.csv"), "content counts, not the name");
    assert_ne!(of_trace("trace.csv"), of_trace("other.csv"));
}

#[test]
fn names_that_would_leave_the_folder_or_hide_are_refused() {
    let place = Place::new();
    for name in ["latest", ".hidden", "..", ".", "a/b", "/a", "", "a b", "ü"] {
        let ran = place.run(&format!("--rates 1 {SHORT} --name '{name}'"));
        assert_eq!(ran.code, Some(2), "{name}: {}", ran.stderr);
        assert_eq!(ran.stdout, "");
        assert_eq!(place.listing(), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn run_json_records_what_was_run() {
    let place = Place::with_trace();
    place.write(
        "file.yaml",
        "why: a question\nbase: {arrival: {kind: trace, path: trace.csv}, sim_seconds: 30, \
         warmup_seconds: 5}\naxes: {rates: 'log:1:4:3', modes: [mono]}\nreplications: 2\n",
    );
    place.sweep("run file.yaml --quiet --threads 2");
    let record = place.json("results/file/run.json");
    let expected = [
        ("/format_version", "1"),
        ("/name", "\"file\""),
        ("/sweep/why", "\"a question\""),
        ("/sweep/axes/rates", "\"log:1:4:3\""),
        ("/sweep/replications", "2"),
        ("/sweep/seeding", "\"common\""),
        ("/resolved_base/arrival/repeat", "true"),
        ("/resolved_base/random_seed", "42"),
        ("/traces/trace.csv/requests", "5"),
        ("/stream_version", "1"),
        ("/cells", "3"),
        ("/replications", "2"),
        ("/jobs", "6"),
        ("/tables", "\"parquet\""),
        ("/outcome/failed_jobs", "0"),
        ("/outcome/threads", "2"),
    ];
    for (pointer, value) in expected {
        let actual = record.pointer(pointer).map(ToString::to_string);
        assert_eq!(actual.as_deref(), Some(value), "{pointer} in {record:#}");
    }
    for hash in ["/plan_hash", "/draw_fingerprint", "/traces/trace.csv/sha256"] {
        assert_eq!(record.pointer(hash).unwrap().as_str().unwrap().len(), 64, "{hash}");
    }
    for name in ["polars", "rand", "rand_chacha", "rand_distr", "rayon"] {
        assert!(record["versions"]["crates"][name].is_string(), "the version of {name}");
    }
    assert!(record["outcome"]["started_at"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn a_run_that_ends_second_does_not_replace_one_of_the_same_name() {
    let place = Place::new();
    let mut slow = start(&place, "--rates 50 --modes mono --sim-seconds 20000 --name a");
    wait_for(|| place.path("results").exists());
    let fast = place.run(&format!("--rates 1 {SHORT} --name a --quiet"));
    let first = fs::read(place.path("results/a/run.json")).ok();
    let slow_code = slow.wait().unwrap().code();
    // Whoever came second was refused and left nothing behind.
    let mut codes = [slow_code, fast.code];
    codes.sort_unstable();
    assert_eq!(codes, [Some(0), Some(2)]);
    if fast.code == Some(0) {
        assert_eq!(fs::read(place.path("results/a/run.json")).ok(), first);
    }
    assert!(!place.listing().join("\n").contains("partial"));
}

/// Starts a command in the background.
fn start(place: &Place, arguments: &str) -> Child {
    place.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn wait_for(condition: impl Fn() -> bool) {
    for _ in 0..2_000 {
        if condition() {
            return;
        }
        thread::sleep(Duration::from_millis(5));
    }
    panic!("it did not happen");
}

/// Whether a process handles Ctrl-C; where the system does not tell, it has had the time to.
fn listens_to_interrupts(id: u32) -> bool {
    const SIGINT: u64 = 1 << 1;
    let Ok(status) = fs::read_to_string(format!("/proc/{id}/status")) else {
        thread::sleep(Duration::from_secs(1));
        return true;
    };
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    caught.is_some_and(|mask| u64::from_str_radix(mask.trim(), 16).is_ok_and(|m| m & SIGINT != 0))
}

/// Sends a signal to a command and collects what it said.
fn stop(child: Child, signal: &str) -> Ran {
    let id = child.id().to_string();
    assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    Ran::of(&child.wait_with_output().unwrap())
}

#[test]
fn an_interrupted_run_leaves_nothing_and_says_so() {
    for (signal, code, word) in [("-INT", 130, "interrupted"), ("-TERM", 143, "terminated")] {
        let place = Place::new();
        let arguments = "--rates 10,20 --sim-seconds 2e6 --replications 4 --name a --out runs";
        let child = start(&place, arguments);
        // Its record shows that the run is under way and listens.
        wait_for(|| place.path("runs/a/run.json").exists());
        let ran = stop(child, signal);
        assert_eq!(ran.code, Some(code), "{}", ran.stderr);
        assert_eq!(ran.stderr, format!("error: {word}; nothing was written\n"));
        assert_eq!(ran.stdout, "");
        assert_eq!(place.listing(), ["runs/"]);
    }
}

#[test]
fn an_interrupted_run_leaves_an_earlier_one_alone() {
    let place = Place::new();
    place.sweep(&format!("--rates 1 {SHORT} --name a --quiet"));
    let before = place.listing();
    let child = start(&place, "--rates 10 --sim-seconds 2e6 --name a --force");
    wait_for(|| {
        place.path("results/.a.replaced").exists() && place.path("results/a/run.json").exists()
    });
    assert_eq!(stop(child, "-INT").code, Some(130));
    assert_eq!(place.listing(), before);
}

#[test]
fn an_interrupted_simulation_writes_no_dump() {
    let place = Place::new();
    // No sample before the window keeps the memory small.
    let arguments = "simulate --set arrival.rate_per_s=20 --sim-seconds 4e6 --warmup-seconds 3.9e6 \
        --dump-ttft ttft.csv";
    let child = start(&place, arguments);
    wait_for(|| listens_to_interrupts(child.id()));
    let ran = stop(child, "-INT");
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    assert_eq!(ran.stderr, "error: interrupted; nothing was written\n");
    assert_eq!(ran.stdout, "");
    assert_eq!(place.listing(), Vec::<String>::new());
}
