//! Pictures of one result as colours over two axes.

use super::curves::{capitalized, for_each};
use super::design::{Design, LogAxes, Subject};
use super::layout::{facets, is_of, saturation_caption, thinning_captions};
use super::picture::{Axis, Content, Panel, Picture, Tile};
use super::scale::{Extent, Scale};
use crate::failure::Failure;
use crate::view::{RunView, order};

/// Draws a heatmap; `None` if no cell has a value.
///
/// # Errors
/// Logarithmic colours for values that are not above 0.
pub(crate) fn tiles_picture(view: &RunView, design: &Design) -> Result<Option<Picture>, Failure> {
    let Subject::Tiles { y, of } = &design.subject else { return Ok(None) };
    let sides = [Side::new(view, design.x), Side::new(view, *y)];
    let cells = design.cells(view);
    let mut sheets: Vec<(String, Vec<Tile>)> = Vec::new();
    for part in facets(view, design) {
        let tile = |&cell: &usize| {
            let place = |side: &Side| Some(side.places[view.factor(side.axis, cell)? as usize]);
            let value = view.measured(of.name(), cell).value?;
            let is_saturated = view.is_saturated(cell);
            Some(Tile { column: place(&sides[0])?, row: place(&sides[1])?, value, is_saturated })
        };
        let is_inside = |cell: &&usize| is_of(part, |axis| view.factor(axis, **cell));
        let tiles: Vec<Tile> = cells.iter().filter(is_inside).filter_map(tile).collect();
        if !tiles.is_empty() {
            let title = part.map(|(axis, value)| view.value_with_unit(axis, value));
            sheets.push((title.unwrap_or_default(), tiles));
        }
    }
    let all = || sheets.iter().flat_map(|(_, tiles)| tiles);
    let Some(extent) = Extent::of(all().map(|tile| tile.value)) else { return Ok(None) };
    let colours = Axis::new(of.label(), colour_scale(extent, &of.unit, design.log)?);
    let mut captions = Vec::new();
    if all().any(|tile| tile.is_saturated) {
        let hollow = "saturated, more load than the bottleneck can serve";
        captions.push(saturation_caption(hollow, std::slice::from_ref(of)));
    }
    if all().count() < sheets.len() * sides[0].places.len() * sides[1].places.len() {
        captions.push("Empty: no such cell, or one without a value.".to_owned());
    }
    captions.extend(thinning_captions(view, design));
    let panel = |(title, tiles): (String, Vec<Tile>)| Panel {
        title,
        x: sides[0].names.clone(),
        y: sides[1].names.clone(),
        content: Content::Tiles { tiles, colours: colours.clone() },
    };
    Ok(Some(Picture {
        stem: design.stem.clone(),
        title: format!(
            "{} over {} and {}{}",
            capitalized(&of.short),
            view.axis_short(design.x),
            view.axis_short(*y),
            for_each(view, design)
        ),
        subtitle: design.subtitle(view),
        legend: String::new(),
        captions,
        panels: sheets.into_iter().map(panel).collect(),
    }))
}

/// An axis with a row or a column of tiles for each value, in their order.
struct Side {
    axis: usize,
    /// Per value its row or column.
    places: Vec<usize>,
    names: Axis,
}

impl Side {
    fn new(view: &RunView, axis: usize) -> Self {
        let texts = view.value_texts(axis);
        let order = order(view.run, axis);
        let mut places = vec![0; order.len()];
        for (place, &value) in order.iter().enumerate() {
            places[value as usize] = place;
        }
        let names = order.iter().map(|&value| texts[value as usize].clone()).collect();
        Self { axis, places, names: Axis::new(view.axis_label(axis), Scale::Names(names)) }
    }
}

/// All of the ramp for the values that there are.
fn colour_scale(extent: Extent, unit: &str, log: LogAxes) -> Result<Scale, Failure> {
    if log.y == Some(true) && extent.least <= 0.0 {
        return Err(Failure::usage(format!(
            "--log y: there are values that are not above 0, such as {}; leave y out, or choose another --of",
            extent.least
        )));
    }
    match Scale::full(extent) {
        Scale::Linear { low, high } if log.y.unwrap_or(extent.is_wide() && unit != "share") => {
            Ok(Scale::Log { low, high })
        }
        linear => Ok(linear),
    }
}
