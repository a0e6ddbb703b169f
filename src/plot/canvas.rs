//! A sheet to draw on. The only place that knows kuva: of it we use the canvas, which writes the same shapes as
//! SVG and as PNG, not its charts.

use std::collections::BTreeSet;

use kuva::PngBackend;
use kuva::backend::svg::SvgBackend;
use kuva::render::color::Color;
use kuva::render::render::{PathData, Primitive, Scene, TextAnchor};

use super::style::{BLACK, Colour, Marker, WHITE};

/// Fonts that a viewer of SVG may have; a PNG has the first one in it.
const FONTS: &str = "DejaVu Sans, Verdana, Liberation Sans, Arial, sans-serif";

/// How far letters are shifted to either side to look bold.
const BOLD: f64 = 0.25;

/// A place on the sheet, from its upper left corner.
pub(super) type Place = (f64, f64);

/// A sheet that is being drawn on.
pub(super) struct Canvas {
    scene: Scene,
    file: File,
}

/// What the sheet becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum File {
    Svg,
    Png,
}

/// A line's look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stroke {
    pub(super) colour: Colour,
    pub(super) width: f64,
    pub(super) dash: &'static str,
}

/// A text's look.
#[derive(Clone, Copy)]
pub(super) struct Lettering {
    pub(super) size: u32,
    pub(super) anchor: Anchor,
    pub(super) is_bold: bool,
    pub(super) colour: Colour,
}

/// Which part of a text stands at its place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Lettering {
    /// Plain and black.
    pub(super) const fn new(size: u32, anchor: Anchor) -> Self {
        Self { size, anchor, is_bold: false, colour: BLACK }
    }
}

/// Width of a text, roughly: of a wide font, so that what fits by it fits.
pub(super) fn text_width(text: &str, size: u32) -> f64 {
    let of_letter = |letter: char| match letter {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | ' ' => 0.34,
        'f' | 't' | 'r' | '(' | ')' | '/' | '-' => 0.42,
        'm' | 'w' | 'M' | 'W' | '%' => 0.97,
        'A'..='Z' => 0.72,
        _ => 0.63,
    };
    text.chars().map(of_letter).sum::<f64>() * f64::from(size)
}

/// A text that is cut where it would be too wide.
pub(super) fn fitting(text: &str, size: u32, width: f64) -> String {
    let is_too_wide = |text: &str| text_width(text, size) > width;
    if !is_too_wide(text) {
        return text.to_owned();
    }
    let mut cut = text.to_owned();
    while is_too_wide(&format!("{cut}…")) && cut.pop().is_some() {}
    format!("{cut}…")
}

/// Names that are cut where they would be too wide, to what tells them apart: their ends, or else their beginnings.
pub(super) fn fitting_names(names: &[&str], size: u32, width: f64) -> Vec<String> {
    let reversed = |text: &str| text.chars().rev().collect::<String>();
    let end = |name: &&str| reversed(&fitting(&reversed(name), size, width));
    let ends: Vec<String> = names.iter().map(end).collect();
    let distinct = ends.iter().collect::<BTreeSet<_>>().len();
    if distinct == names.len() {
        return ends;
    }
    names.iter().map(|name| fitting(name, size, width)).collect()
}

impl Canvas {
    pub(super) fn new(width: f64, height: f64, file: File) -> Self {
        let mut scene = Scene::new(width, height);
        scene.font_family = Some(FONTS.to_owned());
        Self { scene, file }
    }

    /// Begins a group of shapes, with a class for style sheets and a title for readers.
    pub(super) fn begin(&mut self, class: &str, title: &str) {
        let title = (!title.is_empty()).then(|| title.to_owned());
        let extra_attrs = Some(format!("class=\"{class}\""));
        // Not by `add`: it would bring a style sheet for titles along.
        self.scene.elements.push(Primitive::GroupStart { transform: None, title, extra_attrs });
    }

    pub(super) fn end(&mut self) {
        self.scene.add(Primitive::GroupEnd);
    }

    pub(super) fn line(&mut self, from: Place, to: Place, stroke: Stroke) {
        self.polyline(&[from, to], stroke);
    }

    pub(super) fn polyline(&mut self, points: &[Place], stroke: Stroke) {
        if self.file == File::Png && !stroke.dash.is_empty() {
            // In a PNG dashes would not grow with the scale, and begin anew at each point.
            for dash in dashes(points, stroke) {
                self.polyline(&dash, Stroke { dash: "", ..stroke });
            }
            return;
        }
        self.scene.add(Primitive::PolyLine {
            points: points.to_vec(),
            stroke: color(stroke.colour),
            stroke_width: stroke.width,
            stroke_dasharray: (!stroke.dash.is_empty()).then(|| stroke.dash.to_owned()),
        });
    }

    /// A filled shape without an outline.
    pub(super) fn area(&mut self, corners: &[Place], colour: Colour, opacity: f64) {
        self.scene.add(Primitive::Path(Box::new(PathData {
            d: closed(corners),
            fill: Some(color(colour)),
            stroke: Color::None,
            stroke_width: 0.0,
            opacity: Some(opacity),
            stroke_dasharray: None,
        })));
    }

    /// A rectangle between two corners, with an outline or without.
    pub(super) fn rectangle(
        &mut self,
        from: Place,
        to: Place,
        fill: Colour,
        outline: Option<Stroke>,
    ) {
        self.scene.add(Primitive::Rect {
            x: from.0,
            y: from.1,
            width: to.0 - from.0,
            height: to.1 - from.1,
            fill: color(fill),
            stroke: outline.map(|stroke| color(stroke.colour)),
            stroke_width: outline.map(|stroke| stroke.width),
            opacity: None,
        });
    }

    /// A marker; a hollow one is white inside.
    pub(super) fn marker(
        &mut self,
        marker: Marker,
        at: Place,
        radius: f64,
        colour: Colour,
        is_hollow: bool,
    ) {
        let fill = color(if is_hollow { WHITE } else { colour });
        let (stroke, stroke_width) = (color(colour), 1.4);
        if marker == Marker::Circle {
            let (cx, cy) = at;
            self.scene.add(Primitive::Circle {
                cx,
                cy,
                r: radius,
                fill,
                fill_opacity: None,
                stroke: Some(stroke),
                stroke_width: Some(stroke_width),
            });
            return;
        }
        let corners: Vec<Place> =
            corners(marker).iter().map(|(x, y)| (at.0 + x * radius, at.1 + y * radius)).collect();
        self.scene.add(Primitive::Path(Box::new(PathData {
            d: closed(&corners),
            fill: Some(fill),
            stroke,
            stroke_width,
            opacity: None,
            stroke_dasharray: None,
        })));
    }

    pub(super) fn text(&mut self, at: Place, text: &str, look: Lettering) {
        if self.file == File::Png && look.is_bold {
            // A PNG has no bold font: letters that are written twice are as dark.
            let plain = Lettering { is_bold: false, ..look };
            for shift in [-BOLD, BOLD] {
                self.text((at.0 + shift, at.1), text, plain);
            }
            return;
        }
        self.scene.add(Primitive::Text {
            x: at.0,
            y: at.1,
            // Between dollars there would be mathematics.
            content: text.replace('$', "\\$"),
            size: look.size,
            anchor: match look.anchor {
                Anchor::Start => TextAnchor::Start,
                Anchor::Middle => TextAnchor::Middle,
                Anchor::End => TextAnchor::End,
            },
            rotate: None,
            bold: look.is_bold,
            color: Some(color(look.colour)),
        });
    }

    /// The text of an SVG file.
    pub(super) fn to_svg(&self) -> String {
        SvgBackend::new().with_pretty(true).render_scene(&self.scene)
    }

    /// The bytes of a PNG file.
    ///
    /// # Errors
    /// Those of the encoder.
    pub(super) fn to_png(&self, pixels_per_unit: f32) -> Result<Vec<u8>, String> {
        PngBackend::new().with_scale(pixels_per_unit).render_scene(&self.scene)
    }
}

fn color(colour: Colour) -> Color {
    Color::Rgb(colour.0, colour.1, colour.2)
}

/// The dashes of a line one by one, along all of it. They end round, so that they are drawn shorter.
fn dashes(points: &[Place], stroke: Stroke) -> Vec<Vec<Place>> {
    let lengths: Vec<f64> = stroke.dash.split(' ').filter_map(|text| text.parse().ok()).collect();
    let length = |i: usize| {
        let round = if i.is_multiple_of(2) { -stroke.width } else { stroke.width };
        (lengths[i % lengths.len()] + round).max(0.1)
    };
    let (mut step, mut left) = (0, length(0));
    let mut dashes: Vec<Vec<Place>> =
        points.first().map(|&start| vec![start]).into_iter().collect();
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let whole = (to.0 - from.0).hypot(to.1 - from.1);
            let share = (left / whole.max(f64::MIN_POSITIVE)).min(1.0);
            let at = (from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1));
            if step % 2 == 0
                && let Some(dash) = dashes.last_mut()
            {
                dash.push(at);
            }
            if whole < left {
                left -= whole;
                break;
            }
            step += 1;
            left = length(step);
            if step % 2 == 0 {
                dashes.push(vec![at]);
            }
            from = at;
        }
    }
    dashes.retain(|dash| dash.len() > 1);
    dashes
}

/// A closed path, to hundredths.
fn closed(corners: &[Place]) -> String {
    let steps: Vec<String> = corners.iter().map(|(x, y)| format!("{x:.2} {y:.2}")).collect();
    format!("M {} Z", steps.join(" L "))
}

/// Corners around 0, of equal weight to the eye.
fn corners(marker: Marker) -> &'static [Place] {
    match marker {
        Marker::Circle => &[],
        Marker::Square => &[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
        Marker::Triangle => &[(0.0, -1.25), (1.15, 0.85), (-1.15, 0.85)],
        Marker::Diamond => &[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)],
        Marker::Wedge => &[(0.0, 1.25), (1.15, -0.85), (-1.15, -0.85)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_to_what_tells_them_apart() {
        let days = ["traces/of/monday-morning.csv", "traces/of/tuesday-evening.csv"];
        let cut = fitting_names(&days, 10, 90.0);
        assert!(
            cut.iter().all(|name| name.starts_with('…') && name.ends_with("ning.csv")),
            "{cut:?}"
        );
        let folders = ["monday/all-requests-of-the-day.csv", "tuesday/all-requests-of-the-day.csv"];
        let cut = fitting_names(&folders, 10, 90.0);
        assert!(cut[0].starts_with("monday/") && cut[0].ends_with('…'), "{cut:?}");
        assert_eq!(fitting_names(&["there is room"], 10, 1e3), ["there is room"]);
        let cut = fitting_names(&["much too long for so little room"], 10, 60.0);
        assert!(text_width(&cut[0], 10) <= 60.0, "{cut:?}");
    }

    #[test]
    fn bold_letters_are_bold_in_every_file() {
        let bytes = |file, is_bold| {
            let mut canvas = Canvas::new(80.0, 30.0, file);
            let look = Lettering { is_bold, ..Lettering::new(12, Anchor::Start) };
            canvas.text((5.0, 20.0), "bold?", look);
            match file {
                File::Svg => canvas.to_svg().into_bytes(),
                File::Png => canvas.to_png(1.0).unwrap(),
            }
        };
        for file in [File::Svg, File::Png] {
            assert_ne!(bytes(file, true), bytes(file, false), "{file:?}");
        }
    }
}
