//! From the parsed command line to its verb.

use super::{
    columns, compare, completions, doctor, init, man, merge, plan, plot, report, run, show,
    simulate, status, theory, trace,
};
use crate::cli::{Cli, Command, RunArgs};
use crate::failure::Failure;

/// Does what the command line says.
pub(crate) fn execute(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        None => run::run(None, &cli.run),
        Some(Command::Run { file, run }) => run::run(file.file.as_deref(), &run),
        Some(Command::Plan { file, run, all }) => plan::plan(file.file.as_deref(), &run, all),
        Some(Command::Theory { file, axes, scenario, limits, all, format }) => {
            let args = RunArgs { axes, scenario, limits, ..RunArgs::default() };
            theory::theory(file.file.as_deref(), &args, all, format)
        }
        Some(Command::Simulate(args)) => simulate::simulate(&args),
        Some(Command::Columns { keys, format }) => columns::columns(keys, format),
        Some(Command::Trace { file, json }) => trace::trace(&file, json),
        Some(Command::Compare(args)) => compare::compare(&args),
        Some(Command::Show(args)) => show::show(&args),
        Some(Command::Plot(args)) => plot::plot(&args),
        Some(Command::Report(args)) => report::report(&args),
        Some(Command::Status { run, out, json }) => status::status(&run, out.as_deref(), json),
        Some(Command::Merge(args)) => merge::merge(&args),
        Some(Command::Init { file }) => init::init(&file),
        Some(Command::Doctor { out }) => doctor::doctor(out.as_deref()),
        Some(Command::Completions { shell }) => completions::completions(shell),
        Some(Command::Man { dir }) => man::man(dir.as_deref()),
    }
}
