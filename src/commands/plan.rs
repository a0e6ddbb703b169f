//! `sweep plan`: what a run would do, how long it would take here, and how much memory.

use std::path::Path;

use sweep_engine::progress::Silent;

use super::memory::Fit;
use crate::assemble;
use crate::cli::RunArgs;
use crate::estimate;
use crate::failure::Failure;
use crate::report;
use crate::runner::Runner;
use crate::warmup::freeze_warmups;

pub(super) fn plan(file: Option<&Path>, args: &RunArgs, all: bool) -> Result<(), Failure> {
    let mut assembled = assemble::sweep(file, args)?;
    // Ctrl-C simply ends the process: nothing is written.
    let cells = 0..assembled.plan.cells.len();
    freeze_warmups(&mut assembled.plan, cells, &Runner::new(args.threads, &Silent)?)?;
    let estimate = estimate::estimate(&assembled.plan, args.threads)?;
    report::print_plan(&assembled.spec, &assembled.plan, &estimate, all)?;
    let memory = Fit::of(&assembled, args).text(&mut assembled);
    report::print(&format!("Memory: {memory}"))
}
