//! The pictures of a finished run: for `sweep plot` and for `sweep report`.

use crate::comparison::{AxisChoice, Comparisons, choose_metrics, compare_along};
use crate::failure::Failure;
use crate::io::FinishedRun;
use crate::plot::{
    Design, LogAxes, Picture, Subject, curves_picture, difference_picture, tiles_picture,
};
use crate::view::{Quantity, RunView};

/// Draws what can be drawn: nothing without values, such as attainment without an objective.
pub(super) fn draw(
    run: &FinishedRun,
    designs: &[Design],
    log: LogAxes,
) -> Result<Vec<Picture>, Failure> {
    let quantities: Vec<Quantity> =
        designs.iter().flat_map(|design| design.quantities().to_vec()).collect();
    let view = RunView::read(run, &quantities, &[])?;
    let mut pictures = Vec::with_capacity(designs.len());
    for design in designs {
        pictures.extend(picture(&view, design, log)?);
    }
    Ok(pictures)
}

fn picture(view: &RunView, design: &Design, log: LogAxes) -> Result<Option<Picture>, Failure> {
    match &design.subject {
        Subject::Results(_) | Subject::Utilization(_) => curves_picture(view, design, log),
        Subject::Tiles { .. } => tiles_picture(view, design, log),
        Subject::Difference { axis, of } => {
            let names: Vec<String> = of.iter().map(|quantity| quantity.name().to_owned()).collect();
            let comparisons = compare_with_first(view.run, *axis, &names)?;
            difference_picture(view, design, &comparisons, log)
        }
    }
}

/// Every value of an axis against its first.
pub(super) fn compare_with_first(
    run: &FinishedRun,
    axis: usize,
    names: &[String],
) -> Result<Comparisons, Failure> {
    let metrics = choose_metrics("--y", names)?;
    let results = run.results(&run.axes, &metrics)?;
    compare_along(run, &results, AxisChoice { axis, baseline: 0 }, &metrics, run.level)
}
