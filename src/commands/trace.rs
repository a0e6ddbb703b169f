//! `sweep trace`: what a recorded trace is like.

use std::path::Path;
use std::sync::Arc;

use sweep_engine::scenario::{TraceProfile, TraceView};

use crate::failure::Failure;
use crate::io::read_trace;
use crate::report;

pub(super) fn trace(file: &Path, json: bool) -> Result<(), Failure> {
    let trace = Arc::new(read_trace(file)?);
    let view = TraceView::new(trace, 0.0, f64::INFINITY)
        .ok_or_else(|| Failure::usage("the trace has no requests"))?;
    let profile = TraceProfile::of(&view);
    if json {
        return report::print_json(&profile);
    }
    report::print_trace_profile(file, &profile)
}
