//! Build script: tells the program its git commit and the versions of the crates that decide over
//! drawn values and written files, for `run.json`.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Crates whose versions belong to the provenance of a result.
const RECORDED: [&str; 5] = ["polars", "rand", "rand_chacha", "rand_distr", "rayon"];

/// What the program is built from.
const SOURCES: [&str; 3] = ["src", "Cargo.toml", "Cargo.lock"];

fn main() {
    let folder = Path::new("");
    for source in SOURCES {
        println!("cargo::rerun-if-changed={source}");
    }
    // Elsewhere than in `.git` for a linked worktree. Watching a file that does not exist would run this at
    // every build.
    if let Some(log) =
        git(folder, &["rev-parse", "--git-path", "logs/HEAD"]).filter(|log| Path::new(log).exists())
    {
        println!("cargo::rerun-if-changed={log}");
    }
    if let Some(commit) = commit_of(folder) {
        println!("cargo::rustc-env=SWEEP_GIT_COMMIT={commit}");
    }
    let versions = fs::read_to_string("Cargo.lock").map(|lock| recorded_versions(&lock));
    println!("cargo::rustc-env=SWEEP_CRATE_VERSIONS={}", versions.unwrap_or_default());
}

/// The commit of a checkout. Where sources differ from it, builds of one commit are not alike: then the name goes on
/// with a hash of them.
pub(crate) fn commit_of(folder: &Path) -> Option<String> {
    let commit = git(folder, &["rev-parse", "HEAD"])?;
    let question = ["--no-optional-locks", "status", "--porcelain", "--untracked-files=all", "--"];
    let changes = git(folder, &[&question[..], &SOURCES].concat())?;
    if changes.is_empty() {
        return Some(commit);
    }
    let mut hasher = DefaultHasher::new();
    for source in SOURCES {
        hash_below(&folder.join(source), &mut hasher).ok()?;
    }
    Some(format!("{commit}-dirty-{:016x}", hasher.finish()))
}

/// Hashes names and content of a file, or of all files below a folder.
fn hash_below(path: &Path, hasher: &mut DefaultHasher) -> io::Result<()> {
    path.file_name().hash(hasher);
    if !path.is_dir() {
        fs::read(path)?.hash(hasher);
        return Ok(());
    }
    let entries = fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path()));
    let mut paths: Vec<PathBuf> = entries.collect::<io::Result<_>>()?;
    paths.sort();
    paths.iter().try_for_each(|path| hash_below(path, hasher))
}

/// What git answers of a checkout, without the blanks around it.
fn git(folder: &Path, question: &[&str]) -> Option<String> {
    let mut command = Command::new("git");
    if !folder.as_os_str().is_empty() {
        command.arg("-C").arg(folder);
    }
    let output = command.args(question).output().ok()?;
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
