//! The pictures of a finished run: for `sweep plot` and for `sweep report`.

use crate::comparison::{AxisChoice, Comparisons, compare_along};
use crate::failure::Failure;
use crate::io::FinishedRun;
use crate::plot::{Design, Picture, Subject, curves_picture, difference_picture, tiles_picture};
use crate::view::{Quantity, RunView};

/// Draws what can be drawn: nothing without values, such as attainment without an objective.
pub(super) fn draw(run: &FinishedRun, designs: &[Design]) -> Result<Vec<Picture>, Failure> {
    let quantities: Vec<Quantity> = designs.iter().flat_map(Design::quantities).collect();
    let view = RunView::read(run, &quantities, &[])?;
    let mut pictures = Vec::with_capacity(designs.len());
    for design in designs {
        pictures.extend(picture(&view, design)?);
    }
    Ok(pictures)
}

fn picture(view: &RunView, design: &Design) -> Result<Option<Picture>, Failure> {
    match &design.subject {
        Subject::Results(_) | Subject::Utilization => curves_picture(view, design),
        Subject::Tiles { .. } => tiles_picture(view, design),
        Subject::Difference { axis, metrics } => {
            let comparisons = compare_with_first(view.run, *axis, metrics)?;
            difference_picture(view, design, &comparisons)
        }
    }
}

/// Every value of an axis against its first.
pub(super) fn compare_with_first(
    run: &FinishedRun,
    axis: usize,
    metrics: &[&'static str],
) -> Result<Comparisons, Failure> {
    let results = run.results(&run.axes, metrics)?;
    compare_along(run, &results, AxisChoice { axis, baseline: 0 }, metrics, run.level)
}
