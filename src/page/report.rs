//! What a page is made of.

use super::origin::Origin;
use crate::answers::Answer;
use crate::view::RunView;

/// Results that a page shows: few, since all cells are in it.
pub(crate) const SHOWN: [&str; 11] = [
    "pooled_p50_ttft_s",
    "pooled_p90_ttft_s",
    "pooled_p99_ttft_s",
    "mean_ttft_s",
    "p99_ttft_s",
    "utilization_prefill",
    "utilization_decode",
    "utilization_gpu",
    "throughput_rps",
    "slo_attainment",
    "goodput_rps",
];

/// A run, and what is said of it.
pub(crate) struct Report<'a> {
    pub(crate) view: &'a RunView<'a>,
    /// Replications of each cell.
    pub(crate) replications: Vec<u32>,
    /// What to mind about each cell, in a few words.
    pub(crate) flags: Vec<String>,
    /// Axis to the right and axis with a curve for each value, at first sight.
    pub(crate) start: Option<(usize, Option<usize>)>,
    pub(crate) answers: Vec<Answer>,
    /// What to mind, sentence by sentence, with the cells that each is about.
    pub(crate) warnings: Vec<(String, Vec<usize>)>,
    pub(crate) figures: Vec<Figure>,
    pub(crate) origin: Origin,
}

/// A picture, as it stands in a page.
pub(crate) struct Figure {
    /// Name of its file, without the ending.
    pub(crate) stem: String,
    /// What it shows, in a sentence.
    pub(crate) title: String,
    pub(crate) svg: String,
    /// In place of an SVG of too many shapes.
    pub(crate) png: Option<Vec<u8>>,
}
