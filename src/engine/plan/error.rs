//! Why a sweep makes no plan.

use thiserror::Error;

use crate::scenario::SpecError;
use crate::spec::{ConditionError, ListError};

/// Why a sweep makes no plan.
#[derive(Clone, Debug, Error, PartialEq)]
#[expect(missing_docs, reason = "the fields say what the message says")]
pub enum PlanError {
    #[error("unknown key `{name}`: {hint}")]
    UnknownAxis { name: String, hint: String },
    #[error("bad values of axis `{axis}`")]
    BadAxis { axis: String, source: ListError },
    #[error("the axes `{first}` and `{second}` set the same parameter: keep one")]
    SameParameter { first: &'static str, second: &'static str },
    #[error("zip names `{name}`, which is no axis of this sweep: add it to axes")]
    ZipWithoutAxis { name: String },
    #[error("axis `{axis}` stands twice in zip: name it once")]
    ZippedTwice { axis: &'static str },
    #[error("zipped axes need equally many values: {lengths}")]
    ZipLengths { lengths: String },
    #[error(transparent)]
    BadCondition(#[from] ConditionError),
    #[error("bad exclude condition `{text}`: {problem}")]
    BadExclusion { text: String, problem: String },
    #[error("replications is 0: it must be at least 1")]
    NoReplications,
    #[error(
        "the grid has {cells} cells, with {replications} replications {jobs} jobs; the limit is \
         {limit}: drop values or replications, or raise --max-jobs"
    )]
    TooManyJobs { cells: u128, replications: u32, jobs: u128, limit: u64 },
    #[error("no cell is left: the exclude conditions rule out all {points} points of the grid")]
    NothingLeft { points: u64 },
    #[error("axis `{axis}` means nothing in any cell: {hint}")]
    IdleAxis { axis: &'static str, hint: String },
    #[error("bad cell {cell}")]
    BadCell { cell: String, source: SpecError },
    #[error(transparent)]
    BadBase(#[from] SpecError),
    #[error(
        "the cell {cell} would simulate about {requests:.3e} requests per job, the limit is \
         {limit}: shorten sim_seconds, lower the rate, or raise --max-requests"
    )]
    TooManyRequests { cell: String, requests: f64, limit: u64 },
}
