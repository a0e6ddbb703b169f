//! Documents that are generated from the code, and sweep files that must stay runnable.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use assert_cmd::cargo::cargo_bin;

use crate::support::{Place, Ran, repository};

#[test]
fn the_readme_of_results_holds_the_table_of_columns() {
    let readme = fs::read_to_string(repository().join("results/README.md")).unwrap();
    let table = Place::new().sweep("columns --format markdown").stdout;
    assert!(
        readme.contains(&table),
        "results/README.md is out of date: replace its table by what `sweep columns --format markdown` prints"
    );
}

#[test]
fn the_page_on_sweep_files_holds_the_table_of_keys() {
    let page = fs::read_to_string(repository().join("docs/sweep-files.md")).unwrap();
    let table = Place::new().sweep("columns --keys --format markdown").stdout;
    assert!(
        page.contains(&table),
        "docs/sweep-files.md is out of date: replace its table by what `sweep columns --keys --format markdown` prints"
    );
}

#[test]
fn the_readme_of_results_names_every_file_of_a_run() {
    let readme = fs::read_to_string(repository().join("results/README.md")).unwrap();
    let place = Place::new();
    place.sweep("--rates 1 --sim-seconds 30 --warmup-seconds 5 --out runs --name a --quiet");
    for entry in fs::read_dir(place.path("runs/a")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(readme.contains(&format!("`{name}`")), "{name} is not explained");
    }
    assert!(readme.contains("`latest`"));
}

#[test]
fn the_readme_shows_what_its_first_command_prints() {
    let readme = fs::read_to_string(repository().join("README.md")).unwrap();
    let command = "--rates 0.5,1,2 --prefill 4000,8000";
    assert!(readme.contains(&format!("cargo run --release -- {command}\n")), "another command");
    let table = Place::new().sweep(command).stdout;
    assert!(
        readme.contains(&format!("```text\n{table}```")),
        "README.md is out of date: it prints\n{table}"
    );
}

fn sweep_files() -> Vec<PathBuf> {
    let entries = fs::read_dir(repository().join("sweeps")).expect("the folder sweeps/ exists");
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|ending| ending == "yaml")).collect()
}

#[test]
fn every_sweep_file_says_why_and_makes_a_plan() {
    let files = sweep_files();
    assert!(files.len() >= 5, "sweeps/ has only {} files", files.len());
    for file in files {
        let mut command = Command::new(cargo_bin("sweep"));
        let output = command.arg("plan").arg(&file).current_dir(repository()).output().unwrap();
        let ran = Ran::of(&output);
        assert_eq!(ran.code, Some(0), "{}: {}", file.display(), ran.stderr);
        assert!(ran.stdout.starts_with("Question: "), "{} has no `why`", file.display());
    }
}
