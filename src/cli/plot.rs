//! Flags of `sweep plot`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct PlotArgs {
    /// Run: its name, `latest`, or the path of its folder; or files from `sweep simulate --dump-ttft`
    #[arg(required = true, value_name = "RUN")]
    pub(crate) runs: Vec<String>,
    /// Axis to the right: key, alias or column [default: the rate]
    #[arg(long, value_name = "AXIS", help_heading = "Picture")]
    pub(crate) x: Option<String>,
    /// Columns of `cells`, or `ttft` or `utilization`; an axis makes a heatmap [default: ttft; with --facet its p99]
    #[arg(long, value_name = "COLUMN,COLUMN", help_heading = "Picture", value_delimiter = ',')]
    pub(crate) y: Vec<String>,
    /// Axis with a curve for each value
    #[arg(long, value_name = "AXIS", help_heading = "Picture")]
    pub(crate) by: Option<String>,
    /// Axis with a panel for each value
    #[arg(long, value_name = "AXIS", help_heading = "Picture")]
    pub(crate) facet: Option<String>,
    /// Column that a heatmap shows [default: `pooled_p99_ttft_s`]
    #[arg(long, value_name = "COLUMN", help_heading = "Picture")]
    pub(crate) of: Option<String>,
    /// Show paired differences from the first value of this axis
    #[arg(long, value_name = "AXIS", help_heading = "Picture")]
    pub(crate) difference: Option<String>,
    /// Hold an axis at this value, do not show it [default: numbers in the middle, words at the first] (repeatable)
    #[arg(long, value_name = "AXIS=VALUE", help_heading = "Picture")]
    pub(crate) at: Vec<String>,
    /// Logarithmic axes: x, y, or x,y; none if all are linear [default: what fits the values]
    #[arg(long, value_enum, value_name = "AXES", help_heading = "Picture", value_delimiter = ',')]
    pub(crate) log: Vec<LogArg>,
    /// Kinds of files
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "svg,png",
        help_heading = "Output"
    )]
    pub(crate) format: Vec<PictureFormat>,
    /// Folder for the pictures [default: plots in the folder of RUN; of samples, their own folder]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
    /// Folder that holds runs [default: results]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogArg {
    X,
    Y,
    /// All axes are linear
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PictureFormat {
    /// For documents and the web
    Svg,
    /// For slides and chats
    Png,
}
