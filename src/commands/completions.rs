//! `sweep completions`: a completion script from the same definition as the help.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::failure::Failure;
use crate::report;

pub(super) fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "sweep", &mut script);
    report::print(String::from_utf8_lossy(&script).trim_end())
}
