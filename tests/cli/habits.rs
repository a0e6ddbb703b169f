//! The habits of a good command: a file to start from, what a bug report needs, manual pages, completions.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use crate::support::Place;
use build_script::commit_of;

#[expect(dead_code, clippy::print_stdout, reason = "it is a program of its own")]
#[path = "../../src/build.rs"]
mod build_script;

#[test]
fn the_file_that_init_writes_runs_as_it_is_and_shows_both_modes_up_to_near_saturation() {
    let place = Place::new();
    let said = place.sweep("init").stdout;
    for advice in ["sweep plan sweep.yaml", "sweep run sweep.yaml"] {
        assert!(said.contains(advice), "{advice} is missing in {said}");
    }
    let plan = place.sweep("plan sweep.yaml").stdout;
    assert!(plan.starts_with("Question: "), "{plan}");
    let start = Instant::now();
    let ran = place.sweep("run sweep.yaml");
    // About a second without optimisation on two cores; others may be at work on them, too.
    assert!(start.elapsed() < Duration::from_secs(20), "it took {:?}", start.elapsed());
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
    let cells = place.table("results/sweep/cells.parquet");
    for mode in ["mono", "disagg"] {
        let rows = (0..cells.rows.len()).filter(|&row| cells.text(row, "mode") == Some(mode));
        let loads: Vec<f64> = rows
            .map(|row| {
                let load = |name| cells.number(row, name);
                let pools = ["offered_load_gpu", "offered_load_prefill", "offered_load_decode"];
                pools.into_iter().filter_map(load).fold(0.0, f64::max)
            })
            .collect();
        assert!((5..=8).contains(&loads.len()), "{mode} has the loads {loads:?}");
        let highest = loads.into_iter().fold(0.0, f64::max);
        assert!((0.8..1.0).contains(&highest), "{mode} goes up to a load of {highest}");
    }
}

#[test]
fn the_file_has_every_section_and_its_examples_work_when_they_are_switched_on() {
    let place = Place::new();
    place.sweep("init");
    let written = place.read("sweep.yaml");
    let switched_on = |line: &str| -> String {
        let code = line.trim_start();
        match code.strip_prefix('#') {
            Some(example) if !example.starts_with(' ') => {
                format!("{}{example}", &line[..line.len() - code.len()])
            }
            _ => line.to_owned(),
        }
    };
    let lines: Vec<String> = written.lines().map(switched_on).collect();
    let mut sections = Vec::new();
    for pair in lines.windows(2) {
        let name = pair[1].split_once(':').map(|(name, _)| name);
        if let Some(name) = name.filter(|name| name.chars().all(|c| c.is_ascii_lowercase())) {
            assert!(pair[0].starts_with("# "), "{name} has no comment");
            sections.push(name);
        }
    }
    let all = "why base axes zip exclude replications precision seeding confidence output";
    assert_eq!(sections.join(" "), all);
    assert!(written.lines().all(|line| line.chars().count() <= 120), "{written}");

    let examples = written.lines().zip(&lines).filter(|(before, after)| before != after);
    assert!(examples.count() >= 4);
    place.write("all.yaml", lines.join("\n"));
    let plan = place.sweep("plan all.yaml").stdout;
    for part in ["disagg.prefill_gpus = 1, 2", "disagg.decode_gpus = 3, 2", "18 cells"] {
        assert!(plan.contains(part), "{part} is missing in {plan}");
    }
}

#[test]
fn init_never_overwrites() {
    let place = Place::new();
    place.write("mine.yaml", "why: mine\n");
    let ran = place.run("init mine.yaml");
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("mine.yaml is already there"), "{}", ran.stderr);
    assert!(ran.stderr.contains("give another name, or remove it first"), "{}", ran.stderr);
    assert_eq!(place.read("mine.yaml"), "why: mine\n");
    let ran = place.run("init nowhere/mine.yaml");
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("the folder nowhere does not exist; create it first"));
    assert_eq!(place.listing(), ["mine.yaml 10"]);
}

#[test]
fn init_wants_a_file_and_man_a_folder() {
    let place = Place::new();
    place.write("file", "");
    place.write("folder/x", "");
    for (arguments, text) in [
        ("init folder", "FILE folder: it is a folder; name a file"),
        ("init folder/", "FILE folder/: it is a folder; name a file"),
        ("init new/", "FILE new/: it is a folder; name a file"),
        ("man --dir file", "--dir file: it is a file; name a folder"),
        ("man --dir file/man1", "--dir file/man1: file is a file; name a folder"),
    ] {
        let ran = place.run(arguments);
        assert_eq!(ran.code, Some(2), "{arguments}: {}", ran.stderr);
        assert!(ran.stderr.contains(text), "{arguments}: {}", ran.stderr);
    }
    assert_eq!(place.listing(), ["file 0", "folder/", "folder/x 0"]);
    place.sweep("man --dir new/man1");
    assert!(place.path("new/man1/sweep.1").is_file());
}

#[test]
fn what_init_advises_works_whatever_the_file_is_called() {
    let place = Place::new();
    place.write("two words/x", "");
    for name in ["-x.yaml", "two words/x.yaml"] {
        let said = place.sweep(&format!("init -- '{name}'")).stdout;
        let advised = said.lines().find_map(|line| line.trim().strip_prefix("sweep plan "));
        let advised = advised.unwrap().split("    ").next().unwrap();
        assert!(place.sweep(&format!("plan {advised}")).stdout.contains("cells"), "{said}");
    }
}

/// What doctor says of a field.
fn field(text: &str, name: &str) -> String {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_else(|| panic!("{name} is missing in {text}")).trim().to_owned()
}

#[test]
fn doctor_says_what_a_bug_report_needs_and_leaves_nothing_behind() {
    let place = Place::new();
    let text = place.sweep("doctor").stdout;
    for name in [
        "sweep",
        "git commit",
        "crates",
        "stream version",
        "draw fingerprint",
        "first draws",
        "vectors",
        "cores",
        "memory",
        "memory limit",
        "system",
        "standard output",
        "standard error",
        "runs go to",
        "writable",
        "locks",
    ] {
        assert!(!field(&text, name).is_empty(), "{name} is empty in {text}");
    }
    assert_eq!(field(&text, "first draws"), "as expected");
    assert_eq!(field(&text, "standard output"), "no terminal");
    assert_eq!(place.listing(), Vec::<String>::new());
    place.sweep("--rates 1 --sim-seconds 30 --warmup-seconds 5 --name a --quiet");
    let before = place.listing();
    let record = place.json("results/a/run.json");
    let text = place.sweep("doctor").stdout;
    let commit = record["versions"]["git_commit"].as_str().unwrap_or("unknown");
    let said = field(&text, "git commit");
    assert!(said.starts_with(commit), "{said}");
    assert_eq!(commit.contains("-dirty-"), said.contains("uncommitted changes"), "{said}");
    assert_eq!(field(&text, "draw fingerprint"), record["draw_fingerprint"].as_str().unwrap());
    assert_eq!(field(&text, "writable"), "yes");
    assert_eq!(place.listing(), before);
}

#[test]
fn builds_with_uncommitted_changes_are_told_apart() {
    if !has("git") {
        return;
    }
    let place = Place::new();
    let git = |arguments: &str| {
        let mut git = Command::new("git");
        git.args([
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@localhost",
            "-c",
            "commit.gpgsign=false",
        ]);
        let output = git.args(arguments.split(' ')).current_dir(place.path("")).output().unwrap();
        assert!(
            output.status.success(),
            "{arguments}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    git("init -q");
    for name in ["Cargo.toml", "Cargo.lock", "src/main.rs"] {
        place.write(name, "committed");
    }
    git("add .");
    git("commit -q -m first");
    let commit = || commit_of(&place.path("")).unwrap();
    let clean = commit();
    assert!(clean.len() >= 40 && clean.chars().all(|c| c.is_ascii_hexdigit()), "{clean}");
    place.write("notes.txt", "no source");
    assert_eq!(commit(), clean);
    place.write("src/main.rs", "changed");
    let changed = commit();
    assert!(changed.starts_with(&format!("{clean}-dirty-")), "{changed}");
    assert_eq!(commit(), changed);
    place.write("src/new.rs", "");
    let grown = commit();
    assert!(grown.starts_with(&format!("{clean}-dirty-")) && grown != changed, "{grown}");
    fs::remove_file(place.path("src/new.rs")).unwrap();
    assert_eq!(commit(), changed);
    place.write("src/main.rs", "committed");
    assert_eq!(commit(), clean);
}

#[test]
fn doctor_says_what_to_do_where_runs_cannot_go() {
    let place = Place::new();
    place.write("file", "");
    let ran = place.run("doctor --out file");
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("error: runs cannot go to file"), "{}", ran.stderr);
    let text = ran.stdout;
    let writable = field(&text, "writable");
    assert!(writable.starts_with("NO (") && writable.contains("--out"), "{text}");
    assert_eq!(field(&text, "locks"), "unknown");
}

/// The verbs, as the help lists them.
fn verbs(place: &Place) -> Vec<String> {
    let help = place.sweep("--help").stdout;
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let lines = lines.take_while(|line| line.starts_with("  "));
    let names = lines.filter(|line| !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

/// Whether a tool is installed. If it is not, that is said, and a failure where it is required.
fn has(tool: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    let is_there = env::split_paths(&path).any(|folder| folder.join(tool).is_file());
    if !is_there {
        let said = absence(tool, &env::var(REQUIRED_TOOLS).unwrap_or_default());
        // Not by a macro: what those print is hidden when a test passes.
        io::stderr().write_all(format!("{said}\n").as_bytes()).unwrap();
    }
    is_there
}

/// Names of tools that must be there, with blanks between them.
const REQUIRED_TOOLS: &str = "SWEEP_REQUIRED_TOOLS";

fn absence(tool: &str, required: &str) -> String {
    let is_required = required.split_whitespace().any(|name| name == tool);
    assert!(!is_required, "{tool} is not installed, and {REQUIRED_TOOLS} names it");
    format!("skipped: {tool} is not installed")
}

#[test]
#[should_panic(expected = "fish is not installed, and SWEEP_REQUIRED_TOOLS names it")]
fn a_tool_that_is_required_is_not_skipped() {
    assert_eq!(absence("zsh", "bash fish"), "skipped: zsh is not installed");
    absence("fish", "bash fish");
}

/// Runs a tool, which must succeed.
fn run(tool: &str, arguments: &[&str], file: &Path) -> Output {
    let output = Command::new(tool).args(arguments).arg(file).output().unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{tool} {arguments:?} {}: {complaints}", file.display());
    output
}

#[test]
fn every_command_has_a_manual_page() {
    let place = Place::new();
    let verbs = verbs(&place);
    assert!(verbs.len() >= 13, "{verbs:?}");
    place.sweep("man --dir pages");
    let pages = verbs.iter().map(|verb| format!("sweep-{verb}.1"));
    let mut pages: Vec<String> = pages.chain(["sweep.1".to_owned()]).collect();
    pages.sort();
    let mut written: Vec<String> = fs::read_dir(place.path("pages"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    written.sort();
    assert_eq!(written, pages);
    for page in &pages {
        let text = place.read(&format!("pages/{page}"));
        let name = page.trim_end_matches(".1");
        let title = text.lines().find(|line| line.starts_with(".TH")).unwrap();
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(title.trim_end(), format!(r#".TH {name} 1 " " "sweep {version}""#), "{page}");
        assert!(text.contains("\n.SH NAME\n") && text.contains("Example"), "{page}: {text}");
    }
    let main = place.sweep("man").stdout;
    assert_eq!(main.trim_end(), place.read("pages/sweep.1").trim_end());
}

#[test]
fn manual_pages_are_shown_by_man_without_complaint() {
    let place = Place::new();
    place.sweep("man --dir pages");
    let (has_man, has_mandoc) = (has("man"), has("mandoc"));
    for verb in verbs(&place) {
        let page = place.path(&format!("pages/sweep-{verb}.1"));
        if has_man {
            let shown = run("man", &["--warnings", "-l"], &page);
            let text = String::from_utf8_lossy(&shown.stdout);
            assert!(text.contains("SYNOPSIS") && text.contains(&verb), "{verb}: {text}");
            let complaints = String::from_utf8_lossy(&shown.stderr);
            assert_eq!(complaints, "", "{verb}");
        }
        if has_mandoc {
            run("mandoc", &["-W", "error"], &page);
        }
    }
}

#[test]
fn shells_read_their_completions_without_complaint() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish"] {
        place.write(shell, place.sweep(&format!("completions {shell}")).stdout);
        if has(shell) {
            run(shell, &["-n"], &place.path(shell));
        }
    }
    if !has("bash") {
        return;
    }
    // What bash offers for `sweep in`.
    let script = "source ./bash; COMP_WORDS=(sweep in); COMP_CWORD=1; _sweep sweep in sweep; \
                  echo \"${COMPREPLY[*]}\"";
    let bash = Command::new("bash").args(["-c", script]).current_dir(place.path("")).output();
    assert_eq!(String::from_utf8_lossy(&bash.unwrap().stdout), "init\n");
}
