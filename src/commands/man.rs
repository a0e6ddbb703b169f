//! `sweep man`: manual pages from the same definition as the help.

use std::fs;
use std::io::Write;
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use crate::cli::Cli;
use crate::failure::Failure;
use crate::report;
use crate::store::{check_way, replace_file};

pub(super) fn man(dir: Option<&Path>) -> Result<(), Failure> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let Some(dir) = dir else {
        let page = rendered(&page_of(command))?;
        return report::print(String::from_utf8_lossy(&page).trim_end());
    };
    check_way("--dir", dir)?;
    let failed = |source| Failure::Io { action: "create", path: dir.to_owned(), source };
    fs::create_dir_all(dir).map_err(failed)?;
    let verbs: Vec<_> = command.get_subcommands().cloned().collect();
    let pages = verbs.len() + 1;
    for page in std::iter::once(command).chain(verbs).map(page_of) {
        write(dir, &page)?;
    }
    report::note(&report::man_pages_written(dir, pages));
    Ok(())
}

/// All pages name the program and its version below. The same program writes the same pages, so they have no date;
/// an empty one would be left out, and the version stand in its place.
fn page_of(command: Command) -> Man {
    Man::new(command).date(" ").source(format!("sweep {}", env!("CARGO_PKG_VERSION")))
}

fn write(dir: &Path, page: &Man) -> Result<(), Failure> {
    let path = dir.join(page.get_filename());
    let page = rendered(page)?;
    replace_file(&path, |file| {
        file.write_all(&page).map_err(|error| Failure::encoding("a manual page", error))
    })
}

fn rendered(page: &Man) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    page.render(&mut text).map_err(|error| Failure::encoding("a manual page", error))?;
    Ok(text)
}
