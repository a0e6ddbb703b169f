//! What `sweep doctor` says.

use std::path::Path;

use super::output::goes_to_terminal;
use crate::provenance::Versions;
use crate::store::Probed;

/// Program, machine and disk, as they are.
pub(crate) struct Health<'a> {
    pub(crate) versions: Versions,
    pub(crate) stream_version: u32,
    pub(crate) draw_fingerprint: String,
    pub(crate) draws_as_expected: bool,
    /// Jobs in one vector.
    pub(crate) lanes: usize,
    pub(crate) cores: Option<usize>,
    pub(crate) memory_bytes: Option<u64>,
    pub(crate) memory_limit_bytes: Option<u64>,
    pub(crate) system: String,
    /// The folder that holds runs.
    pub(crate) out: &'a Path,
    pub(crate) probed: Probed,
}

/// A line for each field: its name, then what it is.
pub(crate) fn health_text(health: &Health) -> String {
    let Health { versions, .. } = health;
    let crates = versions.crates.iter().map(|(name, version)| format!("{name} {version}"));
    let draws = if health.draws_as_expected {
        "as expected"
    } else {
        "NOT as expected: results are not those of other builds; build with the crates of Cargo.lock (--locked)"
    };
    let [output, errors] = goes_to_terminal().map(|is| if is { "terminal" } else { "no terminal" });
    let known = |text: Option<String>| text.unwrap_or_else(|| "unknown".to_owned());
    let fields = [
        ("sweep", versions.sweep.to_owned()),
        ("git commit", known(versions.git_commit.map(commit))),
        ("crates", crates.collect::<Vec<_>>().join(", ")),
        ("stream version", health.stream_version.to_string()),
        ("draw fingerprint", health.draw_fingerprint.clone()),
        ("first draws", draws.to_owned()),
        ("vectors", format!("{} jobs side by side", health.lanes)),
        ("cores", known(health.cores.map(|cores| cores.to_string()))),
        ("memory", known(health.memory_bytes.map(gib))),
        ("memory limit", health.memory_limit_bytes.map_or_else(|| "none found".to_owned(), gib)),
        ("system", health.system.clone()),
        ("standard output", output.to_owned()),
        ("standard error", errors.to_owned()),
        ("runs go to", health.out.display().to_string()),
        ("writable", writable(&health.probed, health.out)),
        ("locks", locks(&health.probed)),
    ];
    fields.map(|(name, text)| format!("{:18}{text}", format!("{name}:"))).join("\n")
}

fn commit(commit: &str) -> String {
    if commit.contains("-dirty-") {
        format!("{commit} (built from a checkout with uncommitted changes)")
    } else {
        commit.to_owned()
    }
}

#[expect(clippy::cast_precision_loss, reason = "a tenth of a GiB is all that is shown")]
fn gib(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30))
}

fn writable(probed: &Probed, out: &Path) -> String {
    match &probed.writes {
        Ok(()) if probed.folder == out => "yes".to_owned(),
        Ok(()) => "yes (the folder is not there yet)".to_owned(),
        Err(error) => format!("NO ({error}): allow it, or choose another folder with --out"),
    }
}

fn locks(probed: &Probed) -> String {
    const REMEDY: &str = "give no run to two processes there, or choose another folder with --out";
    match (&probed.writes, &probed.locks) {
        (Err(_), _) => "unknown".to_owned(),
        (_, Ok(true)) => "yes".to_owned(),
        (_, Ok(false)) => format!("NO, everybody gets them: {REMEDY}"),
        (_, Err(error)) => format!("NO ({error}): choose another folder with --out"),
    }
}
