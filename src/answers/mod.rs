//! What a finished run says, in sentences: computed from its tables, each with the cells that it speaks of. Pure.

mod answer;
mod best;
mod bottleneck;
mod effect;
mod grid;
mod load;
mod pairs;
mod uncertainty;
mod warnings;

pub(crate) use answer::{Answer, answers};
pub(crate) use grid::{COLUMNS, Grid, RESULTS};
pub(crate) use warnings::{WARNING_COLUMNS, facts, warnings};
