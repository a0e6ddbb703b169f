//! One panel: axes, then what is in it.

use super::canvas::{Anchor, Canvas, Lettering, Place, Stroke, fitting, fitting_names, text_width};
use super::picture::{Axis, Content, Curve, Panel, Point, Rule, Tile};
use super::scale::Scale;
use super::style::{BLACK, GREY, LIGHT, WHITE, ramp};
use crate::numbers::{significant, significant_two};

const TICK_SIZE: u32 = 11;
const LABEL_SIZE: u32 = 12;
/// Above a panel: the label of its y axis; below it: ticks and the label of x.
pub(super) const HEAD: f64 = 26.0;
pub(super) const FOOT: f64 = 50.0;
/// For the title of a panel, if there is one.
pub(super) const TITLE: f64 = 20.0;
/// Height that a tick of the y axis takes.
const Y_TICK: f64 = 34.0;
/// Between labels of y ticks and their axis, and at the edge of the page.
const TICK_GAP: f64 = 10.0;
/// Share of a panel's width that labels of y ticks may take.
const MAX_TICK_ROOM: f64 = 0.4;
/// Least distance of labels of x ticks, and least width that a name is cut to.
const X_GAP: f64 = 8.0;
const MIN_NAME: f64 = 44.0;
/// From curve to curve where x has names.
const DODGE: f64 = 11.0;
/// A curve with more points has smaller markers, and not at each of them.
const MANY_POINTS: usize = 30;
const GRID: Stroke = Stroke { colour: LIGHT, width: 0.8, dash: "" };
pub(super) const RULE: Stroke = Stroke { colour: BLACK, width: 1.2, dash: "5 4" };
const EDGE: Stroke = Stroke { colour: GREY, width: 1.0, dash: "" };

/// The inside of a panel on the page.
pub(super) struct Frame {
    /// Where its title and the label of its y axis begin.
    pub(super) edge: f64,
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
}

/// Width for the labels of y ticks in a panel of some width and height.
pub(super) fn tick_room(panel: &Panel, (width, height): Place) -> f64 {
    let ticks = y_ticks(&panel.y.scale, height - HEAD - FOOT, width * MAX_TICK_ROOM);
    ticks.iter().map(|(_, text)| text_width(text, TICK_SIZE)).fold(0.0, f64::max) + TICK_GAP
}

pub(super) fn draw_panel(canvas: &mut Canvas, panel: &Panel, frame: &Frame) {
    canvas.begin("panel", &panel.title);
    let drawing = Drawing { panel, frame };
    drawing.axes(canvas);
    match &panel.content {
        Content::Curves { curves, rules } => {
            for rule in rules {
                drawing.rule(canvas, rule);
            }
            // No band lies over a line.
            for curve in curves {
                drawing.bands(canvas, curve);
            }
            for (index, curve) in curves.iter().enumerate() {
                drawing.curve(canvas, curve, drawing.dodge(index, curves.len()));
            }
            drawing.rule_labels(canvas, rules);
        }
        Content::Tiles { tiles, colours } => {
            let has_texts = tiles.iter().all(|tile| drawing.has_room(tile));
            for tile in tiles {
                drawing.tile(canvas, tile, &colours.scale, has_texts);
            }
        }
    }
    canvas.end();
}

/// As many ticks as have room; long names are cut.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few ticks")]
fn y_ticks(scale: &Scale, height: f64, room: f64) -> Vec<(f64, String)> {
    cut(scale.ticks((height / Y_TICK).max(2.0) as usize), room)
}

fn cut(ticks: Vec<(f64, String)>, room: f64) -> Vec<(f64, String)> {
    let names: Vec<&str> = ticks.iter().map(|(_, text)| text.as_str()).collect();
    let texts = fitting_names(&names, TICK_SIZE, room);
    ticks.into_iter().zip(texts).map(|((value, _), text)| (value, text)).collect()
}

/// As many ticks as do not touch. Names give up their length before one of them is left out.
fn x_ticks(axis: &Axis, width: f64) -> Vec<(f64, String)> {
    let Axis { scale, ticks, .. } = axis;
    let apart = |ticks: &[(f64, String)]| {
        let places = ticks.windows(2).map(|pair| scale.place(pair[1].0) - scale.place(pair[0].0));
        places.fold(1.0, f64::min) * width - X_GAP
    };
    let is_free = |ticks: &[(f64, String)]| {
        ticks.windows(2).all(|pair| {
            let texts = text_width(&pair[0].1, TICK_SIZE) + text_width(&pair[1].1, TICK_SIZE);
            apart(pair) > texts / 2.0
        })
    };
    let (most, has_names) = match scale {
        Scale::Names(names) => (names.len(), true),
        _ => (9, false),
    };
    if !ticks.is_empty() && is_free(ticks) {
        return ticks.clone();
    }
    let shown = |fit| {
        let ticks = scale.ticks(fit);
        let room = apart(&ticks);
        if has_names && room > MIN_NAME { cut(ticks, room) } else { ticks }
    };
    (1..=most).rev().map(shown).find(|ticks| is_free(ticks)).unwrap_or_default()
}

/// A panel and where it is.
struct Drawing<'a> {
    panel: &'a Panel,
    frame: &'a Frame,
}

impl Drawing<'_> {
    fn x(&self, value: f64) -> f64 {
        let Frame { left, right, .. } = self.frame;
        left + self.panel.x.scale.place(value) * (right - left)
    }

    fn y(&self, value: f64) -> f64 {
        let Frame { top, bottom, .. } = self.frame;
        bottom - self.panel.y.scale.place(value) * (bottom - top)
    }

    fn axes(&self, canvas: &mut Canvas) {
        let Frame { edge, left, right, top, bottom } = *self.frame;
        let has_grid = matches!(self.panel.content, Content::Curves { .. });
        let plain = Lettering::new(TICK_SIZE, Anchor::Middle);
        for (value, text) in x_ticks(&self.panel.x, right - left) {
            let x = self.x(value);
            if has_grid {
                canvas.line((x, top), (x, bottom), GRID);
            }
            canvas.line((x, bottom), (x, bottom + 4.0), EDGE);
            canvas.text((x, bottom + 16.0), &text, plain);
        }
        for (value, text) in
            y_ticks(&self.panel.y.scale, bottom - top, left - edge - TICK_GAP + 0.5)
        {
            let y = self.y(value);
            if has_grid {
                canvas.line((left, y), (right, y), GRID);
            }
            canvas.line((left - 4.0, y), (left, y), EDGE);
            canvas.text((left - 7.0, y + 4.0), &text, Lettering { anchor: Anchor::End, ..plain });
        }
        canvas.line((left, bottom), (right, bottom), EDGE);
        canvas.line((left, top), (left, bottom), EDGE);
        let room = right - edge;
        let label = Lettering::new(LABEL_SIZE, Anchor::Middle);
        let text = fitting(&self.panel.x.label, LABEL_SIZE, room);
        let half = text_width(&text, LABEL_SIZE) / 2.0;
        // In the middle of its axis, unless it is longer.
        let middle = f64::midpoint(left, right).min(right - half).max(edge + half);
        canvas.text((middle, bottom + 34.0), &text, label);
        // Above its axis the label is read without turning one's head.
        let start = Lettering { anchor: Anchor::Start, colour: GREY, ..label };
        canvas.text((edge, top - 11.0), &fitting(&self.panel.y.label, LABEL_SIZE, room), start);
        let title = Lettering { is_bold: true, colour: BLACK, ..start };
        let text = fitting(&self.panel.title, LABEL_SIZE, room);
        canvas.text((edge, top - 11.0 - TITLE), &text, title);
    }

    fn rule(&self, canvas: &mut Canvas, rule: &Rule) {
        let Frame { left, right, top, bottom, .. } = *self.frame;
        let stroke = RULE;
        canvas.begin("rule", &rule.label);
        if rule.is_vertical {
            canvas.line((self.x(rule.value), top), (self.x(rule.value), bottom), stroke);
        } else {
            canvas.line((left, self.y(rule.value)), (right, self.y(rule.value)), stroke);
        }
        canvas.end();
    }

    /// Names of upright lines, at their feet, one above the other so that near ones stay readable. Those of others
    /// are in the legend.
    fn rule_labels(&self, canvas: &mut Canvas, rules: &[Rule]) {
        let Frame { right, bottom, .. } = *self.frame;
        let upright = rules.iter().filter(|rule| rule.is_vertical);
        for (rule, step) in upright.zip(0_u32..) {
            let width = text_width(&rule.label, TICK_SIZE);
            let x = self.x(rule.value);
            let start = if x + width + 8.0 > right { x - width - 6.0 } else { x + 6.0 };
            let baseline = bottom - 10.0 - 18.0 * f64::from(step);
            let corner = (start - 2.0, baseline - 10.0);
            canvas.rectangle(corner, (start + width, baseline + 3.0), WHITE, None);
            canvas.text((start, baseline), &rule.label, Lettering::new(TICK_SIZE, Anchor::Start));
        }
    }

    /// Curves over names stand beside each other.
    #[expect(clippy::cast_precision_loss, reason = "a few curves")]
    fn dodge(&self, index: usize, count: usize) -> f64 {
        if self.has_names() { (index as f64 - (count as f64 - 1.0) / 2.0) * DODGE } else { 0.0 }
    }

    fn has_names(&self) -> bool {
        matches!(self.panel.x.scale, Scale::Names(_))
    }

    fn curve(&self, canvas: &mut Canvas, curve: &Curve, dodge: f64) {
        canvas.begin("curve", &curve.label);
        let at = |point: &Point| (self.x(point.x) + dodge, self.y(point.y));
        let colour = curve.ink.colour;
        for piece in curve.points.split(Option::is_none) {
            let points: Vec<Point> = piece.iter().copied().flatten().collect();
            if self.has_names() || points.len() == 1 {
                self.bars(canvas, &points, curve, dodge);
                continue;
            }

            let places: Vec<Place> = points.iter().map(at).collect();
            if places.len() > 1 {
                canvas.polyline(&places, Stroke { colour, width: 2.0, dash: curve.ink.dash });
            }
        }
        if curve.has_markers {
            let radius = if curve.points.len() > MANY_POINTS { 2.2 } else { 3.4 };
            let every = curve.points.len().div_ceil(MANY_POINTS).max(1);
            for (index, point) in curve.points.iter().enumerate() {
                if let Some(point) = point
                    && (point.is_saturated || index % every == 0)
                {
                    canvas.marker(curve.ink.marker, at(point), radius, colour, point.is_saturated);
                }
            }
        }
        canvas.end();
    }

    /// Both ends of an interval, upper first.
    fn ends(&self, point: &Point) -> (f64, f64) {
        let half_width = point.half_width.unwrap_or(0.0);
        (self.y(point.y + half_width), self.y(point.y - half_width))
    }

    fn bands(&self, canvas: &mut Canvas, curve: &Curve) {
        let has_none = |point: &Option<Point>| point.is_none_or(|point| point.half_width.is_none());
        for piece in curve.points.split(has_none).filter(|piece| piece.len() > 1) {
            if self.has_names() {
                continue;
            }
            let points: Vec<Point> = piece.iter().copied().flatten().collect();
            let upper = points.iter().map(|point| (self.x(point.x), self.ends(point).0));
            let lower = points.iter().rev().map(|point| (self.x(point.x), self.ends(point).1));
            let corners: Vec<Place> = upper.chain(lower).collect();
            canvas.begin("band", &curve.label);
            canvas.area(&corners, curve.ink.colour, 0.22);
            canvas.end();
        }
    }

    /// Intervals of points that no line joins.
    fn bars(&self, canvas: &mut Canvas, points: &[Point], curve: &Curve, dodge: f64) {
        let stroke = Stroke { colour: curve.ink.colour, width: 1.6, dash: "" };
        canvas.begin("bars", "");
        for point in points.iter().filter(|point| point.half_width.is_some()) {
            let x = self.x(point.x) + dodge;
            let (upper, lower) = self.ends(point);
            canvas.line((x, upper), (x, lower), stroke);
            for end in [upper, lower] {
                canvas.line((x - 3.5, end), (x + 3.5, end), stroke);
            }
        }
        canvas.end();
    }

    /// Width and height of tiles.
    #[expect(clippy::cast_precision_loss, reason = "a few tiles")]
    fn tile_size(&self) -> (f64, f64) {
        let names = |scale: &Scale| match scale {
            Scale::Names(names) => names.len().max(1) as f64,
            Scale::Linear { .. } | Scale::Log { .. } | Scale::Signed { .. } => 1.0,
        };
        let Frame { left, right, top, bottom, .. } = *self.frame;
        let (x, y) = (&self.panel.x.scale, &self.panel.y.scale);
        ((right - left) / names(x), (bottom - top) / names(y))
    }

    /// Whether the value of a tile can stand in it.
    fn has_room(&self, tile: &Tile) -> bool {
        let (width, height) = self.tile_size();
        text_width(&significant_two(tile.value), TICK_SIZE) < width - 4.0 && height > 16.0
    }

    #[expect(clippy::cast_precision_loss, reason = "a few tiles")]
    fn tile(&self, canvas: &mut Canvas, tile: &Tile, scale: &Scale, has_text: bool) {
        let Frame { left, bottom, .. } = *self.frame;
        let (width, height) = self.tile_size();
        let x = left + tile.column as f64 * width;
        let y = bottom - (tile.row as f64 + 1.0) * height;
        // The darker, the more.
        let colour = ramp(1.0 - scale.place(tile.value));
        let class = if tile.is_saturated { "tile saturated" } else { "tile" };
        canvas.begin(class, &significant(tile.value));
        let ink = if tile.is_saturated {
            let thickness = (width.min(height) / 5.0).min(2.5);
            let outline = Stroke { colour, width: thickness, dash: "" };
            let inset = 0.8 * thickness;
            let (from, to) = ((x + inset, y + inset), (x + width - inset, y + height - inset));
            canvas.rectangle(from, to, WHITE, Some(outline));
            BLACK
        } else {
            // Small tiles touch: gaps would be all that one sees.
            let gap = if width.min(height) > 12.0 { 0.5 } else { -0.2 };
            let (from, to) = ((x + gap, y + gap), (x + width - gap, y + height - gap));
            canvas.rectangle(from, to, colour, None);
            if colour.lightness() < 0.55 { WHITE } else { BLACK }
        };
        if has_text {
            let look = Lettering { colour: ink, ..Lettering::new(TICK_SIZE, Anchor::Middle) };
            let middle = (x + width / 2.0, y + height / 2.0 + 4.0);
            canvas.text(middle, &significant_two(tile.value), look);
        }
        canvas.end();
    }
}
