//! Build script: tells the program its git commit and the versions of the crates that decide over
//! drawn values and written files, for `run.json`.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Crates whose versions belong to the provenance of a result.
const RECORDED: [&str; 5] = ["polars", "rand", "rand_chacha", "rand_distr", "rayon"];

fn main() {
    println!("cargo::rerun-if-changed=Cargo.lock");
    // Elsewhere than in `.git` for a linked worktree. Watching a file that does not exist would run this at
    // every build.
    if let Some(log) =
        git(&["rev-parse", "--git-path", "logs/HEAD"]).filter(|log| Path::new(log).exists())
    {
        println!("cargo::rerun-if-changed={log}");
    }
    if let Some(commit) = git(&["rev-parse", "HEAD"]) {
        println!("cargo::rustc-env=SWEEP_GIT_COMMIT={commit}");
    }
    let versions = fs::read_to_string("Cargo.lock").map(|lock| recorded_versions(&lock));
    println!("cargo::rustc-env=SWEEP_CRATE_VERSIONS={}", versions.unwrap_or_default());
}

/// What git answers, on one line.
fn git(question: &[&str]) -> Option<String> {
    let output = Command::new("git").args(question).output().ok()?;
    let answer = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| answer.trim().to_owned())
}

/// `polars=0.55.2 rand=0.10.4 ...`. A crate that is locked in several versions appears in its
/// newest, which is the one we depend on.
fn recorded_versions(lock: &str) -> String {
    let mut lines = lock.lines();
    let mut versions = Vec::new();
    while let Some(line) = lines.next() {
        let name = line.strip_prefix("name = ").map(|name| name.trim_matches('"'));
        let Some(name) = name.filter(|name| RECORDED.contains(name)) else { continue };
        let version = lines.next().and_then(|line| line.strip_prefix("version = "));
        if let Some(version) = version {
            versions.retain(|known: &String| !known.starts_with(&format!("{name}=")));
            versions.push(format!("{name}={}", version.trim_matches('"')));
        }
    }
    versions.join(" ")
}
