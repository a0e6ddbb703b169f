//! Sentences in the order in which they are read.

use super::best::best;
use super::bottleneck::bottlenecks;
use super::effect::effects;
use super::grid::Grid;
use super::load::{knees, objectives, saturations};
use super::pairs::pair_sentences;
use super::uncertainty::uncertainty;
use crate::comparison::Comparisons;

/// A sentence, and what it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) topic: Topic,
    pub(crate) text: String,
    /// Numbers of the cells that it names one by one; none where it counts.
    pub(crate) cells: Vec<usize>,
}

impl Answer {
    pub(super) fn new(topic: Topic, text: String, cells: Vec<usize>) -> Self {
        Self { topic, text, cells }
    }
}

/// What a sentence is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    Knee,
    Saturation,
    Objective,
    Best,
    Effect,
    Modes,
    Bottleneck,
    Certainty,
}

impl Topic {
    /// By which readers find it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Knee => "Knee",
            Self::Saturation => "Saturation",
            Self::Objective => "Objective",
            Self::Best => "Best",
            Self::Effect => "Effect",
            Self::Modes => "Modes",
            Self::Bottleneck => "Bottleneck",
            Self::Certainty => "Certainty",
        }
    }
}

/// All that can be said; `comparisons` are those of P99 TTFT between the first mode and the others.
pub(crate) fn answers(grid: &Grid, comparisons: Option<&Comparisons>) -> Vec<Answer> {
    let mut answers = Vec::new();
    if !grid.is_mixed() {
        answers.extend(knees(grid));
        answers.extend(saturations(grid));
        answers.extend(objectives(grid));
        answers.extend(best(grid));
        answers.extend(effects(grid));
    }
    answers.extend(comparisons.into_iter().flat_map(pair_sentences));
    answers.extend(bottlenecks(grid));
    answers.extend(uncertainty(grid));
    answers
}
