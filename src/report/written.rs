//! What was written for the user to go on with.

use std::path::Path;

/// After `sweep init`.
pub(crate) fn sweep_file_written(file: &Path) -> String {
    let shown = file.display().to_string();
    let typed =
        shlex::try_quote(&shown).map_or_else(|_| shown.clone(), |quoted| quoted.to_string());
    // What begins with a dash would be taken for a flag.
    let typed = if shown.starts_with('-') { format!("./{typed}") } else { typed };
    format!(
        "{shown} is written; it runs as it is, so change what you like:\n  sweep plan {typed}    \
         cells, loads, and how long it will take\n  sweep run {typed}     the results"
    )
}

/// After `sweep man --dir`.
pub(crate) fn man_pages_written(dir: &Path, pages: usize) -> String {
    let dir = dir.display();
    format!("{pages} manual pages are written to {dir}; `man {dir}/sweep.1` shows the first")
}
