//! Pictures of paired differences: the same random numbers on both sides.

use std::collections::BTreeSet;

use sweep_engine::spec::Value;

use super::curves::{common_captions, has_points, listed, thinning_captions, x_axis, x_places};
use super::design::{Design, LogAxes, Subject, thinned};
use super::picture::{Axis, Content, Curve, Panel, Picture, Point, Rule};
use super::scale::{Extent, Scale};
use super::style::{Ink, MAX_CURVES};
use crate::comparison::Comparisons;
use crate::failure::Failure;
use crate::schema::ComparisonRow;
use crate::view::{Quantity, RunView, numbers};

/// Magnitudes that spread over a larger ratio get a logarithmic axis.
const WIDE: f64 = 30.0;
/// Smaller magnitudes than by this ratio are as good as 0.
const MAX_RATIO: f64 = 1e4;

/// Draws what a comparison along an axis found; `None` if no pair of cells has a difference.
///
/// # Errors
/// A logarithmic x axis for values that are not above 0.
pub(crate) fn difference_picture(
    view: &RunView,
    design: &Design,
    comparisons: &Comparisons,
    log: LogAxes,
) -> Result<Option<Picture>, Failure> {
    let Subject::Difference { axis, of } = &design.subject else { return Ok(None) };
    let reader = Reader::new(view, design, *axis, comparisons);
    let others: Vec<u32> = (1..).take(view.run.axes[*axis].values.len() - 1).collect();
    let texts = view.value_texts(*axis);
    let mut sheets: Vec<(String, &Quantity, Vec<Curve>)> = Vec::new();
    for quantity in of {
        for &other in &others {
            let curves = reader.curves(quantity, other);
            if !curves.is_empty() {
                let contrast = format!("{} − {}", texts[other as usize], texts[0]);
                let of = quantity.short.trim_end_matches(" of a run");
                sheets.push((format!("{of}: {contrast}"), quantity, curves));
            }
        }
    }
    if sheets.is_empty() {
        return Ok(None);
    }
    let x = x_axis(view, design.x, log)?;
    let mut captions = common_captions(
        comparisons.level,
        &sheets.iter().flat_map(|(.., curves)| curves).collect::<Vec<_>>(),
    );
    captions.push(format!(
        "Above 0: more than with {}. Where a band keeps clear of 0, the sign is sure at that level.",
        view.setting(*axis, 0)
    ));
    captions.extend(thinning_captions(view, design));
    let is_bent = sheets
        .iter()
        .any(|(.., curves)| matches!(scale_with_zero(curves, log.y), Scale::Signed { .. }));
    if is_bent {
        captions.push("The axis of differences is logarithmic away from 0.".to_owned());
    }
    let zero = Rule { value: 0.0, is_vertical: false, label: "no difference".to_owned() };
    let panel = |(title, quantity, curves): (String, &Quantity, Vec<Curve>)| Panel {
        title,
        x: x.clone(),
        y: Axis::new(format!("difference ({})", quantity.unit), scale_with_zero(&curves, log.y)),
        content: Content::Curves { curves, rules: vec![zero.clone()] },
    };
    Ok(Some(Picture {
        stem: design.stem.clone(),
        title: format!(
            "Paired difference of {} against {}, by {}",
            listed(of),
            view.axis_short(design.x),
            view.axis_short(*axis)
        ),
        subtitle: design.subtitle(view),
        legend: design.by.map(|axis| view.axis_label(axis)).unwrap_or_default(),
        captions,
        panels: sheets.into_iter().map(panel).collect(),
    }))
}

/// Finds axes in the rows of a comparison.
struct Reader<'a> {
    view: &'a RunView<'a>,
    design: &'a Design,
    /// The axis that is compared.
    axis: usize,
    comparisons: &'a Comparisons,
    /// Per axis its position among the factors of a row.
    positions: Vec<Option<usize>>,
    /// Values of x and of `by` at which some cell is saturated.
    saturated: BTreeSet<(u32, Option<u32>)>,
}

impl<'a> Reader<'a> {
    fn new(
        view: &'a RunView<'a>,
        design: &'a Design,
        axis: usize,
        comparisons: &'a Comparisons,
    ) -> Self {
        let position = |axis| {
            let name = view.axis_name(axis);
            comparisons.factors.iter().position(|factor| factor.name == name)
        };
        let mut saturated = BTreeSet::new();
        for cell in design.cells(view).into_iter().filter(|&cell| view.is_saturated(cell)) {
            let Some(x) = view.factor(design.x, cell) else { continue };
            match design.by.map(|by| (by, view.factor(by, cell))) {
                // A cell in which `by` means nothing stands against all its values.
                Some((by, None)) => {
                    let values = (0..).take(view.run.axes[by].values.len());
                    saturated.extend(values.map(|value| (x, Some(value))));
                }
                Some((_, value)) => {
                    saturated.insert((x, value));
                }
                None => {
                    saturated.insert((x, None));
                }
            }
        }
        let positions = (0..view.run.axes.len()).map(position).collect();
        Self { view, design, axis, comparisons, positions, saturated }
    }

    /// Index of a row's value of an axis.
    fn factor(&self, row: &ComparisonRow, axis: usize) -> Option<u32> {
        let value: &Value = row.factors[self.positions[axis]?].as_ref()?;
        let position = self.view.run.axes[axis].values.iter().position(|known| known == value)?;
        u32::try_from(position).ok()
    }

    fn curves(&self, quantity: &Quantity, other: u32) -> Vec<Curve> {
        let is_held = |row: &ComparisonRow, (axis, value): (usize, u32)| {
            self.factor(row, axis).is_none_or(|factor| factor == value)
        };
        let rows: Vec<&ComparisonRow> = self
            .comparisons
            .rows
            .iter()
            .filter(|row| row.metric == quantity.name && self.factor(row, self.axis) == Some(other))
            .filter(|row| self.design.held.iter().all(|&held| is_held(row, held)))
            .collect();
        let Some(by) = self.design.by else {
            let curve = self.curve(&rows, String::new(), None, Ink::of_curve(0, 1, false));
            return Some(curve).filter(has_points).into_iter().collect();
        };
        let texts = self.view.value_texts(by);
        let shown = thinned(texts.len(), MAX_CURVES);
        let is_ordered = numbers(self.view.run, by).is_some();
        let curve = |(index, &value): (usize, &u32)| {
            let ink = Ink::of_curve(index, shown.len(), is_ordered);
            self.curve(&rows, texts[value as usize].clone(), Some((by, value)), ink)
        };
        shown.iter().enumerate().map(curve).filter(has_points).collect()
    }

    fn curve(
        &self,
        rows: &[&ComparisonRow],
        label: String,
        by: Option<(usize, u32)>,
        ink: Ink,
    ) -> Curve {
        let places = x_places(self.view, self.design.x);
        let mut points: Vec<(f64, Option<Point>)> = Vec::new();
        for row in rows {
            if by.is_some_and(|(axis, value)| self.factor(row, axis) != Some(value)) {
                continue;
            }
            let Some(x_value) = self.factor(row, self.design.x) else { continue };
            let x = places[x_value as usize];
            let is_saturated = self.saturated.contains(&(x_value, by.map(|(_, value)| value)));
            let point = row.comparison.map(|found| Point {
                x,
                y: found.difference.mean,
                half_width: found.difference.half_width,
                is_saturated,
            });
            points.push((x, point));
        }
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        Curve {
            label,
            ink,
            points: points.into_iter().map(|(_, point)| point).collect(),
            has_markers: true,
        }
    }
}

/// A scale on which 0 is seen; logarithmic on both sides of it where magnitudes differ much.
fn scale_with_zero(curves: &[Curve], log: Option<bool>) -> Scale {
    let points = || curves.iter().flat_map(|curve| curve.points.iter().flatten());

    let ends = points().flat_map(|point| {
        let half_width = point.half_width.unwrap_or(0.0);
        [point.y - half_width, point.y + half_width]
    });
    let extent = Extent::of(ends.chain([0.0])).unwrap_or(Extent { least: -1.0, most: 1.0 });
    // What may be 0 has no magnitude.
    let is_sure = |point: &&Point| point.y.abs() > point.half_width.unwrap_or(0.0);
    let magnitudes = Extent::of(points().filter(is_sure).map(|point| point.y.abs()));
    match magnitudes {
        Some(Extent { least, most }) if log.unwrap_or(most > WIDE * least) => {
            Scale::signed(extent, least.max(most / MAX_RATIO))
        }
        _ => Scale::tight(extent),
    }
}
