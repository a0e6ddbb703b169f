//! The command line: flags and their help, nothing else. Clap types stop here.

mod command;
mod plot;

pub(crate) use command::{
    Cli, Command, CompareArgs, FormatArg, LimitArgs, MergeArgs, PrecisionArgs, RowFormat, RunArgs,
    ScenarioArgs, SeedingArg, SimulateArgs, TextFormat, TidyFormat,
};
pub(crate) use plot::{LogArg, PictureFormat, PlotArgs};
