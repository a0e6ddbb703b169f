//! A page: title, legend, panels in rows, and how to read them.

use super::canvas::{
    Anchor, Canvas, File, Lettering, Place, Stroke, fitting, fitting_names, text_width,
};
use super::panel::{FOOT, Frame, HEAD, RULE, TITLE, draw_panel, tick_room};
use super::picture::{Axis, Content, Curve, Picture, Rule};
use super::style::{GREY, Marker, ramp};

const MARGIN: f64 = 16.0;
const TITLE_SIZE: u32 = 16;
const SUBTITLE_SIZE: u32 = 12;
const TEXT_SIZE: u32 = 12;
const CAPTION_SIZE: u32 = 11;
/// From one line of text to the next.
const LEADING: f64 = 18.0;

/// Least width of a page: titles and captions stay readable.
const MIN_WIDTH: f64 = 660.0;
/// Length of the line beside a name in the legend.
const SAMPLE: f64 = 34.0;

/// The picture as an SVG file.
pub(crate) fn to_svg(picture: &Picture) -> String {
    draw(picture, File::Svg).to_svg()
}

/// The picture as a PNG file, of 1 pixel per unit of the SVG or more.
///
/// # Errors
/// Those of the encoder.
pub(crate) fn to_png(picture: &Picture, pixels_per_unit: f32) -> Result<Vec<u8>, String> {
    draw(picture, File::Png).to_png(pixels_per_unit)
}

/// How many panels stand side by side, and how large each is.
struct Grid {
    columns: usize,
    rows: usize,
    cell: (f64, f64),
    /// Width of the labels of y ticks, the same in all panels.
    ticks: f64,
    /// Height above a panel.
    head: f64,
}

impl Grid {
    fn of(picture: &Picture) -> Self {
        let panels = &picture.panels;
        let columns = match panels.len() {
            0 | 1 => 1,
            2 | 4 => 2,
            3 | 5 | 6 | 9 => 3,
            _ => 4,
        };
        let cell = match columns {
            1 => (640.0, 390.0),
            2 => (440.0, 340.0),
            3 => (340.0, 310.0),
            _ => (290.0, 260.0),
        };
        let ticks = panels.iter().map(|panel| tick_room(panel, cell)).fold(0.0, f64::max);
        let has_titles = panels.iter().any(|panel| !panel.title.is_empty());
        let head = HEAD + if has_titles { TITLE } else { 0.0 };
        Self { columns, rows: panels.len().div_ceil(columns), cell, ticks, head }
    }

    #[expect(clippy::cast_precision_loss, reason = "a few panels")]
    fn size(&self) -> (f64, f64) {
        (self.columns as f64 * self.cell.0, self.rows as f64 * self.cell.1)
    }

    #[expect(clippy::cast_precision_loss, reason = "a few panels")]
    fn frame(&self, index: usize, top: f64) -> Frame {
        let (column, row) = ((index % self.columns) as f64, (index / self.columns) as f64);
        let edge = MARGIN + column * self.cell.0;
        let left = edge + self.ticks;
        Frame {
            edge,
            left,
            right: edge + self.cell.0 - 16.0,
            top: top + row * self.cell.1 + self.head,
            bottom: top + (row + 1.0) * self.cell.1 - FOOT,
        }
    }
}

fn draw(picture: &Picture, file: File) -> Canvas {
    let grid = Grid::of(picture);
    let (grid_width, grid_height) = grid.size();
    let width = (grid_width + 2.0 * MARGIN).max(MIN_WIDTH);
    let inner = width - 2.0 * MARGIN;
    let titles = wrapped(&picture.title, TITLE_SIZE, inner * 0.94);
    let subtitles = wrapped(&picture.subtitle, SUBTITLE_SIZE, inner);
    let captions: Vec<String> =
        picture.captions.iter().flat_map(|text| wrapped(text, CAPTION_SIZE, inner)).collect();
    let legend = Legend::of(picture, inner);
    let head = MARGIN + height(&titles, 22.0) + height(&subtitles, LEADING) + 6.0;
    let top = head + legend.height() + 6.0;
    let foot = top + grid_height + 6.0;
    let mut canvas = Canvas::new(width, foot + height(&captions, 16.0) + MARGIN, file);
    canvas.begin("picture", &picture.title);
    let bold = Lettering { is_bold: true, ..Lettering::new(TITLE_SIZE, Anchor::Start) };
    write(&mut canvas, MARGIN + 16.0, 22.0, &titles, bold);
    let grey = Lettering { colour: GREY, ..Lettering::new(SUBTITLE_SIZE, Anchor::Start) };
    write(&mut canvas, MARGIN + height(&titles, 22.0) + 13.0, LEADING, &subtitles, grey);
    legend.draw(&mut canvas, head + 14.0);
    for (index, panel) in picture.panels.iter().enumerate() {
        draw_panel(&mut canvas, panel, &grid.frame(index, top));
    }
    write(&mut canvas, foot + 12.0, 16.0, &captions, Lettering { size: CAPTION_SIZE, ..grey });
    canvas.end();
    canvas
}

/// Lines of text from the left margin.
fn write(canvas: &mut Canvas, top: f64, leading: f64, lines: &[String], look: Lettering) {
    let mut y = top;
    for line in lines {
        canvas.text((MARGIN, y), line, look);
        y += leading;
    }
}

#[expect(clippy::cast_precision_loss, reason = "a few lines")]
fn height(lines: &[String], leading: f64) -> f64 {
    lines.len() as f64 * leading
}

/// A text in lines that fit. Words that do not are broken.
fn wrapped(text: &str, size: u32, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if text_width(&format!("{line} {word}"), size) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.extend(broken(word, size, width)),
        }
    }
    lines
}

/// A word in pieces that fit.
fn broken(word: &str, size: u32, width: f64) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for letter in word.chars() {
        match pieces.last_mut() {
            Some(piece) if text_width(&format!("{piece}{letter}"), size) <= width => {
                piece.push(letter);
            }
            _ => pieces.push(letter.to_string()),
        }
    }
    pieces
}

/// What stands between title and panels.
enum Legend {
    None,
    /// What tells curves apart, in lines, and its entries.
    Curves {
        title: String,
        entries: Vec<Entry>,
        height: f64,
    },
    Colours(Axis),
}

/// A name in the legend, and the line that it belongs to.
#[derive(PartialEq)]
struct Entry {
    /// From the upper left corner of the legend.
    place: Place,
    label: String,
    stroke: Stroke,
    marker: Option<Marker>,
}

impl Entry {
    fn of_curve(curve: &Curve) -> Self {
        Self {
            place: (0.0, 0.0),
            label: curve.label.clone(),
            stroke: Stroke { colour: curve.ink.colour, width: 2.0, dash: curve.ink.dash },
            marker: curve.has_markers.then_some(curve.ink.marker),
        }
    }

    fn of_rule(rule: &Rule) -> Self {
        Self { place: (0.0, 0.0), label: rule.label.clone(), stroke: RULE, marker: None }
    }

    fn draw(&self, canvas: &mut Canvas, top: f64) {
        let (x, y) = (MARGIN + self.place.0, top + self.place.1);
        canvas.line((x, y - 4.0), (x + SAMPLE, y - 4.0), self.stroke);
        if let Some(marker) = self.marker {
            canvas.marker(marker, (x + SAMPLE / 2.0, y - 4.0), 3.4, self.stroke.colour, false);
        }
        let plain = Lettering::new(TEXT_SIZE, Anchor::Start);
        canvas.text((x + SAMPLE + 8.0, y), &self.label, plain);
    }
}

impl Legend {
    fn of(picture: &Picture, width: f64) -> Self {
        let mut entries: Vec<Entry> = Vec::new();
        let mut lines: Vec<Entry> = Vec::new();
        for panel in &picture.panels {
            match &panel.content {
                Content::Tiles { colours, .. } => return Self::Colours(colours.clone()),
                Content::Curves { curves, rules } => {
                    entries.extend(curves.iter().map(Entry::of_curve));
                    lines.extend(rules.iter().filter(|rule| !rule.is_vertical).map(Entry::of_rule));
                }
            }
        }
        entries.append(&mut lines);
        // A curve is in several panels, and has the same look in each.
        let mut distinct: Vec<Entry> = Vec::new();
        for entry in entries {
            if !entry.label.is_empty() && !distinct.contains(&entry) {
                distinct.push(entry);
            }
        }
        let mut entries = distinct;
        if entries.is_empty() {
            return Self::None;
        }
        let labels: Vec<&str> = entries.iter().map(|entry| entry.label.as_str()).collect();
        let labels = fitting_names(&labels, TEXT_SIZE, width - SAMPLE - 28.0);
        let title = fitting(&picture.legend, TEXT_SIZE, width);
        let titled = if title.is_empty() { 0.0 } else { text_width(&title, TEXT_SIZE) + 18.0 };
        // Beside a long title there is no room for names.
        let (indent, mut y) = if titled > 0.5 * width { (0.0, LEADING) } else { (titled, 0.0) };
        let mut x = indent;
        for (entry, label) in entries.iter_mut().zip(labels) {
            entry.label = label;
            let needed = SAMPLE + 8.0 + text_width(&entry.label, TEXT_SIZE) + 20.0;
            if x > indent && x + needed > width {
                (x, y) = (indent, y + LEADING);
            }
            entry.place = (x, y);
            x += needed;
        }
        Self::Curves { title, entries, height: y + LEADING }
    }

    fn height(&self) -> f64 {
        match self {
            Self::None => 0.0,
            Self::Curves { height, .. } => *height + 8.0,
            Self::Colours(_) => 34.0,
        }
    }

    fn draw(&self, canvas: &mut Canvas, top: f64) {
        match self {
            Self::None => {}
            Self::Curves { title, entries, .. } => {
                canvas.begin("legend", "");
                canvas.text((MARGIN, top), title, Lettering::new(TEXT_SIZE, Anchor::Start));
                for entry in entries {
                    entry.draw(canvas, top);
                }
                canvas.end();
            }
            Self::Colours(axis) => draw_colours(canvas, axis, top),
        }
    }
}

/// A bar of colours with ticks: the darker, the more.
fn draw_colours(canvas: &mut Canvas, axis: &Axis, top: f64) {
    const STEPS: u32 = 60;
    const STEP: f64 = 4.0;
    canvas.begin("legend", &axis.label);
    canvas.text((MARGIN, top), &axis.label, Lettering::new(TEXT_SIZE, Anchor::Start));
    let left = MARGIN + text_width(&axis.label, TEXT_SIZE) + 16.0;
    let length = f64::from(STEPS) * STEP;
    for step in 0..STEPS {
        let x = left + f64::from(step) * STEP;
        let colour = ramp(1.0 - f64::from(step) / f64::from(STEPS - 1));
        // Each lies over the one before: no seams.
        canvas.rectangle((x, top - 11.0), (left + length, top + 3.0), colour, None);
    }
    for (value, text) in axis.scale.ticks(5) {
        let x = left + axis.scale.place(value) * length;
        canvas.line((x, top + 3.0), (x, top + 7.0), Stroke { colour: GREY, width: 1.0, dash: "" });
        canvas.text((x, top + 19.0), &text, Lettering::new(CAPTION_SIZE, Anchor::Middle));
    }
    canvas.end();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_whatever_their_words() {
        let text = format!("a run of {} and no more", "long/".repeat(60));
        let lines = wrapped(&text, TEXT_SIZE, 200.0);
        assert!(lines.iter().all(|line| text_width(line, TEXT_SIZE) <= 200.0), "{lines:?}");
        assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
        assert_eq!(wrapped("short enough", TEXT_SIZE, 200.0), ["short enough"]);
    }
}
