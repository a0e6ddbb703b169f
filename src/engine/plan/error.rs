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
    #[error("the axes have more than {limit} values together: drop some, or use larger steps")]
    TooManyValues { limit: usize },
    #[error("zip names `{name}`, which is no axis of this sweep: add it to axes")]
    ZipWithoutAxis { name: String },
    #[error("axis `{axis}` stands twice in zip: name it once")]
    ZippedTwice { axis: &'static str },
    #[error("zipped axes need equally many values: {lengths}")]
    ZipLengths { lengths: String },
    #[error(transparent)]
    BadCondition(#[from] ConditionError),
    #[error("bad condition `{text}`: {problem}")]
    BadExclusion { text: String, problem: String },
    #[error("replications is 0: it must be at least 1")]
    NoReplications,
    #[error("confidence is {level}: it must lie between 0.000001 and 0.999999999, such as 0.95")]
    BadConfidence { level: f64 },
    #[error(
        "precision is {relative}: it must lie between 0 and 1, such as 0.05 for half widths of 5 %"
    )]
    BadPrecision { relative: f64 },
    #[error(
        "the wanted precision is missing: say --precision 0.05, or `precision: {{relative: 0.05}}` in the file"
    )]
    NoRelativePrecision,
    #[error("precision is wanted of `{name}` twice: name it once in `of`")]
    PrecisionTwice { name: String },
    #[error("precision is wanted of no result: name one in `of`, or leave it out")]
    PrecisionOfNothing,
    #[error(
        "max_replications is {max_replications}: it must be at least the {fewest} replications that \
         every cell gets; raise it, or lower --replications"
    )]
    CapTooLow { max_replications: u32, fewest: u32 },
    #[error(
        "replications is {replications}: a wanted precision is judged from 2 on; raise --replications"
    )]
    PrecisionOfOneRun { replications: u32 },
    #[error(
        "up to {max_replications} replications of {cells} cells are {jobs} jobs, the limit is \
         {limit}: lower --max-replications, drop values, or raise --max-jobs"
    )]
    TooManyReplications { max_replications: u32, cells: usize, jobs: u64, limit: u64 },
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
