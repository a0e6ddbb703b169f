//! `sweep plan`: what a run would do, and how long it would take here.

use std::path::Path;

use crate::assemble;
use crate::cli::RunArgs;
use crate::estimate;
use crate::failure::Failure;
use crate::report;

pub(super) fn plan(file: Option<&Path>, args: &RunArgs, all: bool) -> Result<(), Failure> {
    let assembled = assemble::sweep(file, args)?;
    let estimate = estimate::estimate(&assembled.plan, args.threads)?;
    report::print_plan(&assembled.spec, &assembled.plan, &estimate, all)
}
