//! `sweep init`: a commented sweep file that runs as it is.

use std::path::Path;

use crate::failure::Failure;
use crate::report;
use crate::store::{check_output, create_file};

const SWEEP_FILE: &str = include_str!("init.yaml");

pub(super) fn init(file: &Path) -> Result<(), Failure> {
    check_output("FILE", file)?;
    create_file(file, SWEEP_FILE)?;
    report::print(&report::sweep_file_written(file))
}
