//! Pictures of one result as colours over two axes.

use super::curves::{MAX_FACETS, capitalized, thinning_captions};
use super::design::{Design, LogAxes, Subject, thinned};
use super::picture::{Axis, Content, Panel, Picture, Tile};
use super::scale::{Extent, Scale};
use crate::failure::Failure;
use crate::view::RunView;

/// Colours of values that spread over a larger ratio are logarithmic.
const WIDE: f64 = 10.0;

/// Draws a heatmap; `None` if no cell has a value.
///
/// # Errors
/// Logarithmic colours for values that are not above 0.
pub(crate) fn tiles_picture(
    view: &RunView,
    design: &Design,
    log: LogAxes,
) -> Result<Option<Picture>, Failure> {
    let Subject::Tiles { y, of } = &design.subject else { return Ok(None) };
    let axes = [design.x, *y];
    let facets: Vec<Option<u32>> = match design.facet {
        Some(axis) => {
            let count = view.run.axes[axis].values.len();
            thinned(count, MAX_FACETS).into_iter().map(Some).collect()
        }
        None => vec![None],
    };
    let cells = design.cells(view);
    let mut sheets: Vec<(String, Vec<Tile>)> = Vec::new();
    for facet in facets {
        let is_inside =
            |cell: usize| design.facet.is_none_or(|axis| view.factor(axis, cell) == facet);
        let tiles: Vec<Tile> = cells
            .iter()
            .filter(|&&cell| is_inside(cell))
            .filter_map(|&cell| {
                Some(Tile {
                    column: view.factor(axes[0], cell)? as usize,
                    row: view.factor(axes[1], cell)? as usize,
                    value: view.measured(of.name(), cell).value?,
                    is_saturated: view.is_saturated(cell),
                })
            })
            .collect();
        let title = design.facet.zip(facet).map(|(axis, value)| view.value_with_unit(axis, value));
        if !tiles.is_empty() {
            sheets.push((title.unwrap_or_default(), tiles));
        }
    }
    let all = || sheets.iter().flat_map(|(_, tiles)| tiles);
    let Some(extent) = Extent::of(all().map(|tile| tile.value)) else { return Ok(None) };
    let colours = Axis::new(of.label(), colour_scale(extent, &of.unit, log)?);
    let mut captions = Vec::new();
    if all().any(|tile| tile.is_saturated) {
        captions.push(
            "Hollow: saturated, more load than the bottleneck can serve; the value grows with the length of the run."
                .to_owned(),
        );
    }
    let place = |axis: usize| view.run.axes[axis].values.len();
    if all().count() < sheets.len() * place(axes[0]) * place(axes[1]) {
        captions.push("Empty: no such cell, or one without a value.".to_owned());
    }
    captions.extend(thinning_captions(view, design));
    let axis = |axis: usize| Axis::new(view.axis_label(axis), Scale::Names(view.value_texts(axis)));
    let panel = |(title, tiles): (String, Vec<Tile>)| Panel {
        title,
        x: axis(axes[0]),
        y: axis(axes[1]),
        content: Content::Tiles { tiles, colours: colours.clone() },
    };
    Ok(Some(Picture {
        stem: design.stem.clone(),
        title: format!(
            "{} over {} and {}{}",
            capitalized(&of.short),
            view.axis_short(axes[0]),
            view.axis_short(axes[1]),
            design
                .facet
                .map(|axis| format!(", for each {}", view.axis_short(axis)))
                .unwrap_or_default()
        ),
        subtitle: design.subtitle(view),
        legend: String::new(),
        captions,
        panels: sheets.into_iter().map(panel).collect(),
    }))
}

/// All of the ramp for the values that there are.
fn colour_scale(extent: Extent, unit: &str, log: LogAxes) -> Result<Scale, Failure> {
    let Extent { least, most } = extent;
    if log.y == Some(true) && least <= 0.0 {
        return Err(Failure::usage(format!(
            "--log y: there are values that are not above 0, such as {least}; leave y out, or choose another --of"
        )));
    }
    let is_wide = least > 0.0 && most > WIDE * least && unit != "share";
    // Equal values would have no scale.
    let high = if most > least { most } else { least + least.abs().max(1.0) };
    Ok(if log.y.unwrap_or(is_wide) {
        Scale::Log { low: least, high }
    } else {
        Scale::Linear { low: least, high }
    })
}
