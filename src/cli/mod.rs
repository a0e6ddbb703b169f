//! The command line: flags and their help, nothing else. Clap types stop here.

mod command;
mod flags;
mod plot;
mod report;
mod show;

pub(crate) use command::{
    Cli, Command, CompareArgs, FormatArg, MergeArgs, RowFormat, SeedingArg, SimulateArgs,
    TextFormat, TidyFormat,
};
pub(crate) use flags::{LimitArgs, PrecisionArgs, RunArgs, ScenarioArgs};
pub(crate) use plot::{LogArg, PictureFormat, PlotArgs};
pub(crate) use report::{PageFormat, ReportArgs};
pub(crate) use show::ShowArgs;
