//! Pictures of results as curves over an axis.

use super::design::{Design, LogAxes, Subject, thinned};
use super::picture::{Axis, Content, Curve, Panel, Picture, Point, Rule};
use super::scale::{Extent, Scale};
use super::style::{Ink, MAX_CURVES};
use crate::failure::Failure;
use crate::schema::percent;
use crate::view::{Quantity, RunView, numbers};

/// Most panels that one axis may have.
pub(super) const MAX_FACETS: usize = 12;
/// An axis of so few values has ticks at these.
const FEW_VALUES: usize = 6;
/// Values that spread over a larger ratio get a logarithmic axis.
const WIDE: f64 = 10.0;

/// Draws results or utilization; `None` if no cell has a value of them.
///
/// # Errors
/// A logarithmic axis for values that are not above 0.
pub(crate) fn curves_picture(
    view: &RunView,
    design: &Design,
    log: LogAxes,
) -> Result<Option<Picture>, Failure> {
    let quantities = design.quantities();
    let sheets = sheets(view, design, quantities);
    if sheets.is_empty() {
        return Ok(None);
    }
    let x = x_axis(view, design.x, log)?;
    let mut panels = Vec::with_capacity(sheets.len());
    for sheet in &sheets {
        // What has the same unit has the same scale.
        let alike = sheets.iter().filter(|other| other.label == sheet.label);
        let curves: Vec<&Curve> = alike.flat_map(|other| &other.curves).collect();
        let scale = y_scale(&curves, sheet.is_share, log.y)?;
        panels.push(Panel {
            title: sheet.title.clone(),
            x: x.clone(),
            y: Axis::new(sheet.label.clone(), scale),
            content: Content::Curves { curves: sheet.curves.clone(), rules: rules(design) },
        });
    }
    let all: Vec<&Curve> = sheets.iter().flat_map(|sheet| &sheet.curves).collect();
    let mut captions = captions(view, design, &all);
    if sheets.iter().zip(&panels).any(|(sheet, panel)| is_cut(&sheet.curves, &panel.y.scale)) {
        captions.push(
            "A band that ends at the lower edge goes on below it, down to 0 or less.".to_owned(),
        );
    }
    Ok(Some(Picture {
        stem: design.stem.clone(),
        title: title(view, design, quantities),
        subtitle: design.subtitle(view),
        legend: design.by.map(|axis| view.axis_label(axis)).unwrap_or_default(),
        captions,
        panels,
    }))
}

/// A panel without its scales.
struct Sheet {
    title: String,
    /// Of the y axis.
    label: String,
    is_share: bool,
    curves: Vec<Curve>,
}

/// A panel for each result and each value of the facet, as far as there is something to show.
fn sheets(view: &RunView, design: &Design, quantities: &[Quantity]) -> Vec<Sheet> {
    let is_together = matches!(design.subject, Subject::Utilization(_));
    let groups: Vec<&[Quantity]> =
        if is_together { vec![quantities] } else { quantities.chunks(1).collect() };
    let facets: Vec<Option<u32>> = match design.facet {
        Some(axis) => {
            let count = view.run.axes[axis].values.len();
            thinned(count, MAX_FACETS).into_iter().map(Some).collect()
        }
        None => vec![None],
    };
    let cells = design.cells(view);
    let mut sheets = Vec::new();
    for group in &groups {
        for &facet in &facets {
            let inside: Vec<usize> = cells
                .iter()
                .copied()
                .filter(|&cell| design.facet.is_none_or(|axis| view.factor(axis, cell) == facet))
                .collect();
            let curves = curves(view, design, group, &inside);
            if !curves.is_empty() {
                sheets.push(Sheet {
                    title: panel_title(view, design, group, groups.len() > 1, facet),
                    label: y_label(quantities, group, is_together),
                    is_share: group.iter().all(|quantity| quantity.unit == "share"),
                    curves,
                });
            }
        }
    }
    sheets
}

fn panel_title(
    view: &RunView,
    design: &Design,
    group: &[Quantity],
    is_one_of_several: bool,
    facet: Option<u32>,
) -> String {
    // The label of the axis may say it already.
    let result = (is_one_of_several && group[0].is_ttft()).then(|| group[0].short.clone());
    let setting = design.facet.zip(facet).map(|(axis, value)| view.value_with_unit(axis, value));
    [result, setting].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn y_label(all: &[Quantity], group: &[Quantity], is_together: bool) -> String {
    if is_together {
        "busy share of a pool's GPUs".to_owned()
    } else if all.len() > 1 && all.iter().all(Quantity::is_ttft) {
        "time to first token (s)".to_owned()
    } else {
        group[0].label()
    }
}

/// Curves with at least one point: one for each value of `by`, or for each result of a group.
fn curves(view: &RunView, design: &Design, group: &[Quantity], cells: &[usize]) -> Vec<Curve> {
    if group.len() > 1 || matches!(design.subject, Subject::Utilization(_)) {
        let curve = |(index, quantity): (usize, &Quantity)| Curve {
            label: quantity.short.clone(),
            ink: Ink::of_curve(index, group.len(), false),
            points: points(view, design.x, quantity, cells),
            has_markers: true,
        };
        return group.iter().enumerate().map(curve).filter(has_points).collect();
    }
    let Some(by) = design.by else {
        let curve = Curve {
            label: String::new(),
            ink: Ink::of_curve(0, 1, false),
            points: points(view, design.x, &group[0], cells),
            has_markers: true,
        };
        return Some(curve).filter(has_points).into_iter().collect();
    };
    let texts = view.value_texts(by);
    let shown = thinned(texts.len(), MAX_CURVES);
    let is_ordered = numbers(view.run, by).is_some();
    let curve = |(index, &value): (usize, &u32)| {
        let inside: Vec<usize> =
            cells.iter().copied().filter(|&cell| view.factor(by, cell) == Some(value)).collect();
        Curve {
            label: texts[value as usize].clone(),
            ink: Ink::of_curve(index, shown.len(), is_ordered),
            points: points(view, design.x, &group[0], &inside),
            has_markers: true,
        }
    };
    shown.iter().enumerate().map(curve).filter(has_points).collect()
}

pub(super) fn has_points(curve: &Curve) -> bool {
    curve.points.iter().any(Option::is_some)
}

/// Cells by rising x; one without a value is a gap.
fn points(view: &RunView, x: usize, quantity: &Quantity, cells: &[usize]) -> Vec<Option<Point>> {
    let places = x_places(view, x);
    let mut placed: Vec<(f64, usize)> = cells
        .iter()
        .filter_map(|&cell| Some((places[view.factor(x, cell)? as usize], cell)))
        .collect();
    placed.sort_by(|a, b| a.0.total_cmp(&b.0));
    let point = |(x, cell): (f64, usize)| {
        let measured = view.measured(quantity.name(), cell);
        let is_saturated = view.is_saturated(cell);
        Some(Point { x, y: measured.value?, half_width: measured.half_width, is_saturated })
    };
    placed.into_iter().map(point).collect()
}

/// Where the values of an axis stand: numbers by themselves, words in their order.
#[expect(clippy::cast_precision_loss, reason = "an axis has fewer than 2^32 values")]
pub(super) fn x_places(view: &RunView, axis: usize) -> Vec<f64> {
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
    let is_few = values.len() <= FEW_VALUES;
    let can_log = extent.least > 0.0;
    if log.x == Some(true) && !can_log {
        return refused("has values that are not above 0");
    }
    let scale = if log.x.unwrap_or(can_log && is_geometric(&values)) {
        Scale::log(extent)
    } else {
        Scale::tight(extent)
    };
    // A few values speak for themselves.
    let own = values.into_iter().zip(view.value_texts(axis));
    let mut ticks: Vec<(f64, String)> = own.filter(|_| is_few).collect();
    ticks.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(Axis { label, scale, ticks })
}

/// Whether steps grow with the values: they are more even as ratios.
fn is_geometric(values: &[f64]) -> bool {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let spread = |step: fn(&[f64]) -> f64| {
        Extent::of(sorted.windows(2).map(step)).map_or(1.0, |steps| steps.most / steps.least)
    };
    sorted.len() > 2 && spread(|pair| (pair[1] / pair[0]).ln()) < spread(|pair| pair[1] - pair[0])
}

/// A scale for the values of curves and their intervals.
fn y_scale(curves: &[&Curve], is_share: bool, log: Option<bool>) -> Result<Scale, Failure> {
    let points = || curves.iter().flat_map(|curve| curve.points.iter().flatten());
    let Some(values) = Extent::of(points().map(|point| point.y)) else {
        return Ok(Scale::Linear { low: 0.0, high: 1.0 });
    };
    let can_log = values.least > 0.0;
    if log == Some(true) && !can_log {
        return Err(Failure::usage(format!(
            "--log y: there are values that are not above 0, such as {}; leave y out, or choose another --y",
            values.least
        )));
    }
    let is_log = log.unwrap_or(can_log && !is_share && values.most > WIDE * values.least);
    let ends = Extent::of(points().flat_map(|point| {
        let half_width = point.half_width.unwrap_or(0.0);
        [point.y - half_width, point.y + half_width]
    }));
    let extent = values.with_intervals(ends, is_log);
    if is_log {
        return Ok(Scale::log(extent));
    }
    // Shares are seen against the whole.
    let extent = if is_share { Extent { least: 0.0, most: extent.most.max(1.0) } } else { extent };
    Ok(Scale::linear(extent))
}

/// Whether intervals go beyond a logarithmic scale.
fn is_cut(curves: &[Curve], scale: &Scale) -> bool {
    let Scale::Log { low, .. } = scale else { return false };
    let mut points = curves.iter().flat_map(|curve| curve.points.iter().flatten());
    points.any(|point| point.y - point.half_width.unwrap_or(0.0) < *low)
}

fn rules(design: &Design) -> Vec<Rule> {
    match design.subject {
        Subject::Utilization(_) => {
            vec![Rule { value: 1.0, is_vertical: false, label: "capacity".to_owned() }]
        }
        _ => Vec::new(),
    }
}

/// `P50, P90 and P99 TTFT against arrival rate, by architecture`.
fn title(view: &RunView, design: &Design, quantities: &[Quantity]) -> String {
    let what = match &design.subject {
        Subject::Utilization(_) => "Utilization of the pools".to_owned(),
        _ => capitalized(&listed(quantities)),
    };
    let by = design.by.map(|axis| format!(", by {}", view.axis_short(axis))).unwrap_or_default();
    let facet = design.facet.map(|axis| format!(", for each {}", view.axis_short(axis)));
    format!("{what} against {}{by}{}", view.axis_short(design.x), facet.unwrap_or_default())
}

/// Results in words: percentiles of TTFT share their last words.
pub(super) fn listed(quantities: &[Quantity]) -> String {
    let shorts: Vec<&str> = quantities.iter().map(|quantity| quantity.short.as_str()).collect();
    let is_shared = |tail: &&&str| shorts.iter().all(|short| short.ends_with(**tail));
    let tail = [" TTFT of a run", " TTFT"].iter().find(is_shared).copied().unwrap_or_default();
    let heads: Vec<&str> = shorts.iter().map(|short| &short[..short.len() - tail.len()]).collect();
    match heads.split_last() {
        Some((last, [])) => format!("{last}{tail}"),
        Some((last, rest)) => format!("{} and {last}{tail}", rest.join(", ")),
        None => String::new(),
    }
}

/// A sentence begins with a capital letter.
pub(super) fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}", letters.as_str())
}

/// How to read it: only of what is there.
fn captions(view: &RunView, design: &Design, curves: &[&Curve]) -> Vec<String> {
    let mut captions = common_captions(view.run.level, curves);
    if matches!(design.subject, Subject::Utilization(_)) {
        captions.push(
            "The pool whose curve reaches the line of capacity first is the bottleneck.".to_owned(),
        );
    }
    captions.extend(thinning_captions(view, design));
    let left_out = design
        .cells(view)
        .into_iter()
        .filter(|&cell| design.axes().iter().any(|&axis| view.factor(axis, cell).is_none()));
    let left_out = left_out.count();
    if left_out > 0 {
        captions
            .push(format!("Left out: {left_out} cells in which one of these axes means nothing."));
    }
    captions
}

/// What is said of intervals, saturation and gaps.
pub(super) fn common_captions(level: f64, curves: &[&Curve]) -> Vec<String> {
    let points = || curves.iter().flat_map(|curve| curve.points.iter().flatten());
    let mut captions = Vec::new();
    if points().any(|point| point.half_width.is_some_and(|half_width| half_width > 0.0)) {
        captions.push(format!("Bands and bars: {} % confidence intervals.", percent(level)));
    }
    if points().any(|point| point.is_saturated) {
        captions.push(
            "Hollow: saturated, more load than the bottleneck can serve; queues grow without bound, and times \
             with the length of the run."
                .to_owned(),
        );
    }
    let has_gap = |curve: &&Curve| curve.points.iter().any(Option::is_none);
    if curves.iter().any(has_gap) {
        captions.push("Gaps: cells without a value.".to_owned());
    }
    captions
}

/// Which axes have more values than are shown.
pub(super) fn thinning_captions(view: &RunView, design: &Design) -> Vec<String> {
    let limits = [(design.by, MAX_CURVES), (design.facet, MAX_FACETS)];
    let thinned = limits.into_iter().filter_map(|(axis, most)| {
        let axis = axis?;
        let count = view.run.axes[axis].values.len();
        (count > most)
            .then(|| format!("Shown are {most} of the {count} values of {}.", view.axis_name(axis)))
    });
    thinned.collect()
}
