//! `sweep theory`: what queueing theory says of every cell; nothing is simulated.

use std::path::Path;

use crate::aggregate::predictions;
use crate::assemble;
use crate::cli::{RowFormat, RunArgs};
use crate::failure::Failure;
use crate::report;

pub(super) fn theory(
    file: Option<&Path>,
    args: &RunArgs,
    all: bool,
    format: RowFormat,
) -> Result<(), Failure> {
    let plan = assemble::sweep(file, args)?.plan;
    let predictions = predictions(&plan.cells.iter().collect::<Vec<_>>());
    match format {
        RowFormat::Table => report::print_theory(&plan, &predictions, all, false),
        RowFormat::Markdown => report::print_theory(&plan, &predictions, all, true),
        RowFormat::Csv => report::print_csv(&report::theory_records(&plan, &predictions)),
        RowFormat::Json => report::print_json(&report::theory_records(&plan, &predictions)),
    }
}
