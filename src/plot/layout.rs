//! What pictures of a run have in common: which values get panels and curves, where x runs, and what is said below.

use sweep_engine::plan::Axis as SweptAxis;

use super::design::{Design, LogAxes, thinned};
use super::picture::{Axis, Curve, Point};
use super::scale::{Extent, Scale};
use super::style::{Ink, MAX_CURVES};
use crate::failure::Failure;
use crate::view::{Measured, Quantity, RunView, numbers, order};

/// Most panels that one axis may have.
const MAX_FACETS: usize = 12;
/// Most panels of a picture.
const MAX_PANELS: usize = 36;
/// An axis of so few values has ticks at these.
const FEW_VALUES: usize = 6;

/// A value of an axis; `None` where an axis has no part in a picture.
pub(super) type Part = Option<(usize, u32)>;

/// Whether something has this value; what has it is found by `factor`.
pub(super) fn is_of(part: Part, factor: impl FnOnce(usize) -> Option<u32>) -> bool {
    part.is_none_or(|(axis, value)| factor(axis) == Some(value))
}

/// How many panels an axis may have beside so many results.
pub(super) fn max_facets(results: usize) -> usize {
    (MAX_PANELS / results.max(1)).clamp(1, MAX_FACETS)
}

/// A panel for each value of the facet, or one of all.
pub(super) fn facets(view: &RunView, design: &Design) -> Vec<Part> {
    let Some(axis) = design.facet else { return vec![None] };
    let shown = thinned(&order(view.run, axis), max_facets(design.results()));
    shown.into_iter().map(|value| Some((axis, value))).collect()
}

/// What tells a curve from others.
pub(super) struct Family {
    pub(super) label: String,
    ink: Ink,
    pub(super) part: Part,
}

impl Family {
    /// A curve among others that have no order.
    pub(super) fn named(label: &str, index: usize, count: usize) -> Self {
        Self { label: label.to_owned(), ink: Ink::of_curve(index, count, false), part: None }
    }

    /// The curve from what is known at values of x, by their index; `None` if nothing is. Where nothing is known of a
    /// value, there is a gap.
    pub(super) fn curve(
        &self,
        view: &RunView,
        x: usize,
        known: impl Iterator<Item = (u32, Measured, bool)>,
    ) -> Option<Curve> {
        let places = x_places(view, x);
        let mut points: Vec<Option<Point>> = vec![None; places.len()];
        for (value, Measured { value: y, half_width }, is_saturated) in known {
            let x = places[value as usize];
            points[value as usize] = y.map(|y| Point { x, y, half_width, is_saturated });
        }
        let points: Vec<_> =
            order(view.run, x).into_iter().map(|value| points[value as usize]).collect();
        let has_points = points.iter().any(Option::is_some);
        let Self { label, ink, .. } = self;
        has_points.then(|| Curve { label: label.clone(), ink: *ink, points, has_markers: true })
    }
}

/// A curve for each value of `by`, or one of all.
pub(super) fn families(view: &RunView, by: Option<usize>) -> Vec<Family> {
    let Some(axis) = by else { return vec![Family::named("", 0, 1)] };
    let texts = view.value_texts(axis);
    let shown = thinned(&order(view.run, axis), MAX_CURVES);
    let is_ordered = numbers(view.run, axis).is_some();
    let family = |(index, &value): (usize, &u32)| Family {
        label: texts[value as usize].clone(),
        ink: Ink::of_curve(index, shown.len(), is_ordered),
        part: Some((axis, value)),
    };
    shown.iter().enumerate().map(family).collect()
}

/// Where the values of an axis stand: numbers by themselves, words in their order.
#[expect(clippy::cast_precision_loss, reason = "an axis has fewer than 2^32 values")]
fn x_places(view: &RunView, axis: usize) -> Vec<f64> {
    let count = view.run.axes[axis].values.len();
    numbers(view.run, axis).unwrap_or_else(|| (0..count).map(|i| i as f64).collect())
}

/// The axis that runs to the right.
///
/// # Errors
/// A logarithmic axis for words, or for numbers that are not above 0.
pub(super) fn x_axis(view: &RunView, axis: usize, log: LogAxes) -> Result<Axis, Failure> {
    let label = view.axis_label(axis);
    let refused = |why: &str| {
        let name = view.axis_name(axis);
        Err(Failure::usage(format!("--log x: {name} {why}; leave x out, or choose another --x")))
    };
    let Some(values) = numbers(view.run, axis) else {
        if log.x == Some(true) {
            return refused("has words as values");
        }
        return Ok(Axis::new(label, Scale::Names(view.value_texts(axis))));
    };
    let extent = Extent::of(values.iter().copied()).unwrap_or(Extent { least: 0.0, most: 1.0 });
    let can_log = extent.least > 0.0;
    if log.x == Some(true) && !can_log {
        return refused("has values that are not above 0");
    }
    // A few values speak for themselves.
    let texts = view.value_texts(axis);
    let ordered = order(view.run, axis).into_iter().map(|value| value as usize);
    let all: Vec<(f64, String)> =
        ordered.map(|value| (values[value], texts[value].clone())).collect();
    let scale = if log.x.unwrap_or(can_log && is_geometric(&all)) {
        Scale::log(extent)
    } else {
        Scale::tight(extent)
    };
    let ticks = if all.len() <= FEW_VALUES { all } else { Vec::new() };
    Ok(Axis { label, scale, ticks })
}

/// Whether steps grow with the values: they are more even as ratios.
fn is_geometric(ordered: &[(f64, String)]) -> bool {
    let spread = |step: fn(f64, f64) -> f64| {
        let steps = ordered.windows(2).map(|pair| step(pair[0].0, pair[1].0));
        Extent::of(steps).map_or(1.0, |steps| steps.most / steps.least)
    };
    ordered.len() > 2 && spread(|a, b| (b / a).ln()) < spread(|a, b| b - a)
}

/// What hollow means; `grows` if it is of what grows with the length of a run.
pub(super) fn saturation_caption(what: &str, quantities: &[Quantity]) -> String {
    let grows = if quantities.iter().any(Quantity::grows) {
        " Queues grow without bound, and times with the length of the run."
    } else {
        ""
    };
    format!("Hollow: {what}.{grows}")
}

/// Which axes have more values than are shown, and so many panels of one of them.
pub(super) fn thinning_captions(view: &RunView, design: &Design) -> Vec<String> {
    let facets = max_facets(design.results());
    let limits = [(design.by, MAX_CURVES), (design.facet, facets), (design.contrast(), facets + 1)];
    let thinned = limits.into_iter().filter_map(|(axis, most)| {
        let SweptAxis { values, .. } = &view.run.axes[axis?];
        let name = view.axis_name(axis?);
        (values.len() > most)
            .then(|| format!("Shown are {most} of the {} values of {name}.", values.len()))
    });
    thinned.collect()
}
