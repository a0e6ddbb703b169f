//! Pictures of paired differences: the same random numbers on both sides.

use super::canvas::fitting_names;
use super::curves::{capitalized, common_captions, listed};
use super::design::{Design, Subject, thinned};
use super::layout::{
    Family, families, is_of, max_facets, saturation_caption, thinning_captions, x_axis,
};
use super::picture::{Axis, Content, Curve, Panel, Picture, Point, Rule};
use super::scale::{Extent, Scale};
use crate::comparison::Comparisons;
use crate::failure::Failure;
use crate::schema::ComparisonRow;
use crate::view::{Measured, Quantity, RunView, named, order};

/// Widest word on one side of a difference, in letters of this size.
const MAX_SIDE: f64 = 110.0;
const TITLE_SIZE: u32 = 12;
/// Smaller magnitudes than by this ratio are as good as 0.
const MAX_RATIO: f64 = 1e4;

/// Draws what a comparison of an axis with its first value found; `None` if no pair of cells has a difference.
///
/// # Errors
/// A logarithmic x axis for values that are not above 0.
pub(crate) fn difference_picture(
    view: &RunView,
    design: &Design,
    comparisons: &Comparisons,
) -> Result<Option<Picture>, Failure> {
    let Subject::Difference { axis, metrics } = &design.subject else { return Ok(None) };
    let pairs = pairs(view, design, comparisons);
    let mut others = order(view.run, *axis);
    others.retain(|&value| value != 0);
    let others = thinned(&others, max_facets(metrics.len()));
    let quantities = named(metrics);
    let sheets: Vec<Sheet> = quantities
        .iter()
        .flat_map(|quantity| others.iter().map(move |&other| (quantity, other)))
        .map(|(quantity, other)| {
            let is_inside = |pair: &&Pair| {
                pair.row.metric == quantity.name() && pair.factor(*axis) == Some(other)
            };
            let pairs: Vec<&Pair> = pairs.iter().filter(is_inside).collect();
            Sheet { quantity, other, curves: curves(view, design, &pairs) }
        })
        .filter(|sheet| !sheet.curves.is_empty())
        .collect();
    if sheets.is_empty() {
        return Ok(None);
    }
    let x = x_axis(view, design.x, design.log)?;
    let all: Vec<&Curve> = sheets.iter().flat_map(|sheet| &sheet.curves).collect();
    let hollow =
        "saturated, more load than the bottleneck can serve, in one of the two cells at least";
    let hollow = saturation_caption(hollow, &quantities);
    let mut captions = common_captions(comparisons.level, &all, &hollow);
    captions.push(format!(
        "Above 0: more than with {}. Where a band keeps clear of 0, the sign is sure at that level.",
        view.setting(*axis, 0)
    ));
    captions.extend(thinning_captions(view, design));
    let of: Vec<Quantity> = quantities
        .iter()
        .filter(|quantity| sheets.iter().any(|sheet| sheet.quantity == *quantity))
        .cloned()
        .collect();
    let by = design.by.map(|axis| format!(", by {}", view.axis_short(axis))).unwrap_or_default();
    let texts = view.value_texts(*axis);
    Ok(Some(Picture {
        stem: design.stem.clone(),
        title: format!(
            "{}: difference from {}, against {}{by}",
            capitalized(&listed(&of)),
            view.setting(*axis, 0),
            view.axis_short(design.x),
        ),
        subtitle: design.subtitle(view),
        legend: design.by.map(|axis| view.axis_label(axis)).unwrap_or_default(),
        captions,
        panels: sheets.into_iter().map(|sheet| sheet.panel(&texts, &x, design)).collect(),
    }))
}

/// A panel without its scales.
struct Sheet<'a> {
    quantity: &'a Quantity,
    /// What is compared with the first value.
    other: u32,
    curves: Vec<Curve>,
}

impl Sheet<'_> {
    fn panel(self, texts: &[String], x: &Axis, design: &Design) -> Panel {
        let Self { quantity, other, curves } = self;
        let of = quantity.short.trim_end_matches(" of a run");
        let scale = scale_with_zero(&curves, design.log.y);
        let bent =
            if matches!(scale, Scale::Signed { .. }) { ", logarithmic away from 0" } else { "" };
        let sides = [texts[other as usize].as_str(), texts[0].as_str()];
        let zero = Rule { value: 0.0, is_vertical: false, label: "no difference".to_owned() };
        Panel {
            title: format!("{of}: {}", fitting_names(&sides, TITLE_SIZE, MAX_SIDE).join(" − ")),
            x: x.clone(),
            y: Axis::new(format!("difference ({}){bent}", quantity.unit), scale),
            content: Content::Curves { curves, rules: vec![zero] },
        }
    }
}

/// A row of a comparison, and where it stands on the axes.
struct Pair<'a> {
    row: &'a ComparisonRow,
    /// Per axis of the run the index of its value.
    factors: Vec<Option<u32>>,
}

impl Pair<'_> {
    fn factor(&self, axis: usize) -> Option<u32> {
        self.factors[axis]
    }

    fn measured(&self) -> Measured {
        let difference = self.row.comparison.map(|found| found.difference);
        Measured {
            value: difference.map(|difference| difference.mean),
            half_width: difference.and_then(|difference| difference.half_width),
        }
    }
}

/// The rows that have the values at which other axes are held.
fn pairs<'a>(view: &RunView, design: &Design, comparisons: &'a Comparisons) -> Vec<Pair<'a>> {
    let axes = 0..view.run.axes.len();
    let columns: Vec<Option<usize>> = axes
        .map(|axis| {
            let name = view.axis_name(axis);
            comparisons.factors.iter().position(|factor| factor.name == name)
        })
        .collect();
    let pair = |row: &'a ComparisonRow| {
        let factor = |(axis, column): (usize, &Option<usize>)| {
            let value = row.factors[(*column)?].as_ref()?;
            let position = view.run.axes[axis].values.iter().position(|known| known == value)?;
            u32::try_from(position).ok()
        };
        Pair { row, factors: columns.iter().enumerate().map(factor).collect() }
    };
    let pairs = comparisons.rows.iter().map(pair);
    pairs.filter(|pair| design.is_held(|axis| pair.factor(axis))).collect()
}

/// A curve for each value of `by`.
fn curves(view: &RunView, design: &Design, pairs: &[&Pair]) -> Vec<Curve> {
    let curve = |family: Family| {
        let pairs = pairs.iter().filter(|pair| is_of(family.part, |axis| pair.factor(axis)));
        let known = pairs.filter_map(|pair| {
            Some((pair.factor(design.x)?, pair.measured(), pair.row.is_saturated))
        });
        family.curve(view, design.x, known)
    };
    families(view, design.by).into_iter().filter_map(curve).collect()
}

/// A scale on which 0 is seen; logarithmic on both sides of it where magnitudes differ much.
fn scale_with_zero(curves: &[Curve], log: Option<bool>) -> Scale {
    let points = || curves.iter().flat_map(|curve| curve.points.iter().flatten());
    let extent = Extent::of(points().flat_map(Point::ends).chain([0.0]));
    let extent = extent.unwrap_or(Extent { least: -1.0, most: 1.0 });
    // What may be 0 has no magnitude.
    let is_sure = |point: &&Point| point.y.abs() > point.half_width.unwrap_or(0.0);
    match Extent::of(points().filter(is_sure).map(|point| point.y.abs())) {
        Some(magnitudes) if log.unwrap_or(magnitudes.is_wide()) => {
            Scale::signed(extent, magnitudes.least.max(magnitudes.most / MAX_RATIO))
        }
        _ => Scale::tight(extent),
    }
}
