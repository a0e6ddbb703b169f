//! Pictures of results as curves over an axis.

use super::design::{Design, POOLS, Subject};
use super::layout::{
    Family, Part, facets, families, is_of, saturation_caption, thinning_captions, x_axis,
};
use super::picture::{Axis, Content, Curve, Panel, Picture, Point, Rule};
use super::scale::{Extent, Scale};
use crate::failure::Failure;
use crate::numbers::is_noticeable;
use crate::schema::percent;
use crate::view::{Quantity, RunView, named};

/// Draws results or utilization; `None` if no cell has a value of them.
///
/// # Errors
/// A logarithmic axis for values that are not above 0.
pub(crate) fn curves_picture(view: &RunView, design: &Design) -> Result<Option<Picture>, Failure> {
    let groups: Vec<Vec<Quantity>> = match &design.subject {
        Subject::Utilization => vec![named(&POOLS.map(|(busy, _)| busy))],
        Subject::Results(of) => of.iter().map(|quantity| vec![quantity.clone()]).collect(),
        Subject::Tiles { .. } | Subject::Difference { .. } => return Ok(None),
    };
    let (seen, unseen): (Vec<_>, Vec<_>) = groups
        .into_iter()
        .map(|group| (sheets(view, design, &group), group))
        .partition(|(sheets, _)| !sheets.is_empty());
    let shown: Vec<Quantity> = seen.iter().flat_map(|(_, group)| group.clone()).collect();
    let sheets: Vec<Sheet> = seen.into_iter().flat_map(|(sheets, _)| sheets).collect();
    if sheets.is_empty() {
        return Ok(None);
    }
    let x = x_axis(view, design.x, design.log)?;
    let rules = rules(&design.subject);
    let mut panels = Vec::with_capacity(sheets.len());
    for sheet in &sheets {
        let label = y_label(design, &shown, sheet);
        // What has the same unit has the same scale.
        let alike = sheets.iter().filter(|other| y_label(design, &shown, other) == label);
        let curves: Vec<&Curve> = alike.flat_map(|other| &other.curves).collect();
        let scale = y_scale(&curves, sheet.quantity.unit == "share", design.log.y)?;
        panels.push(Panel {
            title: panel_title(view, &shown, sheet),
            x: x.clone(),
            y: Axis::new(label, scale),
            content: Content::Curves { curves: sheet.curves.clone(), rules: rules.clone() },
        });
    }
    let all: Vec<&Curve> = sheets.iter().flat_map(|sheet| &sheet.curves).collect();
    let mut captions = captions(view, design, &shown, &all);
    captions.extend(cut_caption(&panels));
    let missing: Vec<Quantity> = unseen.into_iter().flat_map(|(_, group)| group).collect();
    if !missing.is_empty() {
        captions.push(format!("Not shown, since no cell has a value: {}.", listed(&missing)));
    }
    Ok(Some(Picture {
        stem: design.stem.clone(),
        title: title(view, design, &shown),
        subtitle: design.subtitle(view),
        legend: design.by.map(|axis| view.axis_label(axis)).unwrap_or_default(),
        captions,
        panels,
    }))
}

/// A panel without its scales.
struct Sheet {
    /// What it shows; of several the first.
    quantity: Quantity,
    part: Part,
    curves: Vec<Curve>,
}

/// A panel for each value of the facet, as far as there is something to show.
fn sheets(view: &RunView, design: &Design, group: &[Quantity]) -> Vec<Sheet> {
    let cells = design.cells(view);
    let sheet = |part: Part| {
        let is_inside = |cell: &&usize| is_of(part, |axis| view.factor(axis, **cell));
        let inside: Vec<usize> = cells.iter().filter(is_inside).copied().collect();
        let curves = match design.subject {
            Subject::Utilization => pools(view, design, group, &inside),
            _ => curves(view, design, &group[0], &inside),
        };
        Sheet { quantity: group[0].clone(), part, curves }
    };
    facets(view, design).into_iter().map(sheet).filter(|sheet| !sheet.curves.is_empty()).collect()
}

/// A curve for each value of `by`.
fn curves(view: &RunView, design: &Design, of: &Quantity, cells: &[usize]) -> Vec<Curve> {
    let curve = |family: Family| {
        let is_inside = |cell: &usize| is_of(family.part, |axis| view.factor(axis, *cell));
        let known = cells.iter().copied().filter(is_inside).filter_map(|cell| {
            let x = view.factor(design.x, cell)?;
            Some((x, view.measured(of.name(), cell), view.is_saturated(cell)))
        });
        family.curve(view, design.x, known)
    };
    families(view, design.by).into_iter().filter_map(curve).collect()
}

/// A curve for each pool. A pool behind a saturated one is not saturated by what comes through.
fn pools(view: &RunView, design: &Design, pools: &[Quantity], cells: &[usize]) -> Vec<Curve> {
    let curve = |(index, (pool, (_, load))): (usize, (&Quantity, &(&str, &str)))| {
        let known = cells.iter().filter_map(|&cell| {
            let is_saturated = view.measured(load, cell).value.is_some_and(|load| load >= 1.0);
            Some((view.factor(design.x, cell)?, view.measured(pool.name(), cell), is_saturated))
        });
        let label = pool.short.trim_start_matches("busy share of ");
        Family::named(label, index, pools.len()).curve(view, design.x, known)
    };
    pools.iter().zip(&POOLS).enumerate().filter_map(curve).collect()
}

fn panel_title(view: &RunView, shown: &[Quantity], sheet: &Sheet) -> String {
    let Quantity { short, .. } = &sheet.quantity;
    // The label of the axis may say it already.
    let is_one_of_several = shown.len() > 1 && sheet.quantity.is_ttft();
    let setting = sheet.part.map(|(axis, value)| view.value_with_unit(axis, value));
    let result = is_one_of_several.then(|| short.clone());
    [result, setting].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn y_label(design: &Design, shown: &[Quantity], sheet: &Sheet) -> String {
    if design.subject == Subject::Utilization {
        "busy share of a pool's GPUs".to_owned()
    } else if shown.len() > 1 && shown.iter().all(Quantity::is_ttft) {
        "time to first token (s)".to_owned()
    } else {
        sheet.quantity.label()
    }
}

/// A scale for the values of curves and their intervals.
fn y_scale(curves: &[&Curve], is_share: bool, log: Option<bool>) -> Result<Scale, Failure> {
    let points = || curves.iter().flat_map(|curve| curve.points.iter().flatten());
    let Some(values) = Extent::of(points().map(|point| point.y)) else {
        return Ok(Scale::Linear { low: 0.0, high: 1.0 });
    };
    if log == Some(true) && values.least <= 0.0 {
        return Err(Failure::usage(format!(
            "--log y: there are values that are not above 0, such as {}; leave y out, or choose another --y",
            values.least
        )));
    }
    let is_log = log.unwrap_or(!is_share && values.is_wide());
    let ends = Extent::of(points().flat_map(Point::ends));
    let extent = values.with_intervals(ends, is_log);
    if is_log {
        return Ok(Scale::log(extent));
    }
    // Shares are seen against the whole.
    let extent = if is_share { Extent { least: 0.0, most: extent.most.max(1.0) } } else { extent };
    Ok(Scale::linear(extent))
}

/// What is said where intervals go beyond a logarithmic scale.
fn cut_caption(panels: &[Panel]) -> Option<String> {
    let ends = panels.iter().flat_map(|Panel { y, content, .. }| {
        let (curves, low) = match (content, &y.scale) {
            (Content::Curves { curves, .. }, Scale::Log { low, .. }) => (&curves[..], *low),
            _ => (&[][..], 0.0),
        };
        let points = curves.iter().flat_map(|curve| curve.points.iter().flatten());
        points.map(|point| point.ends()[0]).filter(move |end| *end < low)
    });
    let cut = Extent::of(ends)?;
    let how_far = if cut.most <= 0.0 { ", down to 0 or less" } else { "" };
    Some(format!("A band that ends at the lower edge goes on below it{how_far}."))
}

fn rules(subject: &Subject) -> Vec<Rule> {
    match subject {
        Subject::Utilization => {
            vec![Rule { value: 1.0, is_vertical: false, label: "capacity".to_owned() }]
        }
        _ => Vec::new(),
    }
}

/// `P50, P90 and P99 TTFT against arrival rate, by architecture`.
fn title(view: &RunView, design: &Design, shown: &[Quantity]) -> String {
    let what = match &design.subject {
        Subject::Utilization => "Utilization of the pools".to_owned(),
        _ => capitalized(&listed(shown)),
    };
    let by = design.by.map(|axis| format!(", by {}", view.axis_short(axis))).unwrap_or_default();
    format!("{what} against {}{by}{}", view.axis_short(design.x), for_each(view, design))
}

/// `, for each architecture`.
pub(super) fn for_each(view: &RunView, design: &Design) -> String {
    let facet = design.facet.map(|axis| format!(", for each {}", view.axis_short(axis)));
    facet.unwrap_or_default()
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
fn captions(view: &RunView, design: &Design, shown: &[Quantity], curves: &[&Curve]) -> Vec<String> {
    let is_utilization = design.subject == Subject::Utilization;
    let hollow = if is_utilization {
        "a pool that is offered more load than it can serve"
    } else {
        "saturated, more load than the bottleneck can serve"
    };
    let mut captions = common_captions(view.run.level, curves, &saturation_caption(hollow, shown));
    if is_utilization && view.run.axes[design.x].key.column == "rate_per_s" {
        captions.push(
            "The pool whose curve reaches the line of capacity first is the bottleneck.".to_owned(),
        );
    }
    captions.extend(thinning_captions(view, design));
    let axes = design.axes();
    let is_left_out = |cell: &usize| axes.iter().any(|&axis| view.factor(axis, *cell).is_none());
    let left_out = design.cells(view).into_iter().filter(is_left_out).count();
    if left_out > 0 {
        captions
            .push(format!("Left out: {left_out} cells in which one of these axes means nothing."));
    }
    captions
}

/// What is said of intervals, saturation and gaps.
pub(super) fn common_captions(level: f64, curves: &[&Curve], hollow: &str) -> Vec<String> {
    let points = || curves.iter().flat_map(|curve| curve.points.iter());
    let has = |test: fn(&Point) -> bool| points().flatten().any(test);
    let mut captions = Vec::new();
    let has_interval = |point: &Point| is_noticeable(point.y, point.half_width.unwrap_or(0.0));
    if has(has_interval) {
        captions.push(format!("Bands and bars: {} % confidence intervals.", percent(level)));
    }
    if has(|point| point.is_saturated) {
        captions.push(hollow.to_owned());
    }
    if points().any(Option::is_none) {
        captions.push("Gaps: no such cell, or one without a value.".to_owned());
    }
    captions
}

#[cfg(test)]
mod tests {
    use super::super::style::Ink;
    use super::*;

    #[test]
    fn a_band_goes_down_to_0_only_if_its_interval_does() {
        let said = |half_width: f64| {
            let point = Point { x: 1.0, y: 2.0, half_width: Some(half_width), is_saturated: false };
            let ink = Ink::of_curve(0, 1, false);
            let (label, points) = (String::new(), vec![Some(point)]);
            let curves = vec![Curve { label, ink, points, has_markers: true }];
            let axis = || Axis::new(String::new(), Scale::Log { low: 1.0, high: 9.0 });
            let content = Content::Curves { curves, rules: Vec::new() };
            cut_caption(&[Panel { title: String::new(), x: axis(), y: axis(), content }])
        };
        assert_eq!(said(0.5), None);
        let cut = "A band that ends at the lower edge goes on below it";
        assert_eq!(said(1.5), Some(format!("{cut}.")));
        assert_eq!(said(2.5), Some(format!("{cut}, down to 0 or less.")));
    }
}
