//! `sweep completions`: a completion script from the same definition as the help.

use std::io::Write;
use std::path::PathBuf;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::failure::Failure;

pub(super) fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "sweep", &mut script);
    std::io::stdout().write_all(&script).map_err(|source| Failure::Io {
        action: "write to",
        path: PathBuf::from("standard output"),
        source,
    })
}
