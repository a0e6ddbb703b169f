//! The chart that follows the table of a run, where somebody looks at it.

use std::path::Path;

use crate::failure::Failure;
use crate::io::FinishedRun;
use crate::plot::{curves_text, main_curves};
use crate::report::{self, Window};
use crate::view::RunView;

/// Lines of the main curves of a complete run; none for a pipe or a file, which gets the table alone, and with `quiet`.
/// The run is done whether or not a chart can be drawn of it.
pub(super) fn chart(name: &str, out: &Path, quiet: bool) -> Vec<String> {
    let window = Window::of_output();
    if quiet || !window.is_terminal {
        return Vec::new();
    }
    drawn(name, out, &window).unwrap_or_else(|failure| {
        report::warning(&format!("no chart: {failure}"));
        Vec::new()
    })
}

fn drawn(name: &str, out: &Path, window: &Window) -> Result<Vec<String>, Failure> {
    let run = FinishedRun::open(name, out)?;
    let Some(design) = main_curves(&run) else { return Ok(Vec::new()) };
    let view = RunView::read(&run, &design.quantities(), &[])?;
    curves_text(&view, &design, window.columns, window.letters)
}
