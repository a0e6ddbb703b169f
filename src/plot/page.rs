//! A page: title, legend, panels in rows, and how to read them.

use super::canvas::{Anchor, Canvas, Lettering, Place, Stroke, text_width};
use super::panel::{Frame, draw_panel, tick_room};
use super::picture::{Axis, Content, Picture};
use super::style::{GREY, Ink, ramp};

const MARGIN: f64 = 16.0;
const TITLE_SIZE: u32 = 16;
const SUBTITLE_SIZE: u32 = 12;
const TEXT_SIZE: u32 = 12;
const CAPTION_SIZE: u32 = 11;
/// From one line of text to the next.
const LEADING: f64 = 18.0;
/// For the label of a y axis.
const LABEL_ROOM: f64 = 22.0;
/// Least width of a page: titles and captions stay readable.
const MIN_WIDTH: f64 = 660.0;
/// Length of the line beside a name in the legend.
const SAMPLE: f64 = 34.0;

/// The picture as an SVG file.
pub(crate) fn to_svg(picture: &Picture) -> String {
    draw(picture).to_svg()
}

/// The picture as a PNG file.
///
/// # Errors
/// Those of the encoder.
pub(crate) fn to_png(picture: &Picture) -> Result<Vec<u8>, String> {
    draw(picture).to_png()
}

/// How many panels stand side by side, and how large each is.
struct Grid {
    columns: usize,
    rows: usize,
    cell: (f64, f64),
    /// Width of the labels of y ticks, the same in all panels.
    ticks: f64,
    /// Whether one label of the y axis serves a whole row.
    is_label_shared: bool,
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
            1 => (640.0, 380.0),
            2 => (450.0, 320.0),
            3 => (340.0, 290.0),
            _ => (280.0, 240.0),
        };
        let ticks = panels.iter().map(|panel| tick_room(panel, cell.1)).fold(0.0, f64::max);
        let is_label_shared = panels.iter().all(|panel| panel.y.label == panels[0].y.label);
        Self { columns, rows: panels.len().div_ceil(columns), cell, ticks, is_label_shared }
    }

    #[expect(clippy::cast_precision_loss, reason = "a few panels")]
    fn size(&self) -> (f64, f64) {
        let shared = if self.is_label_shared { LABEL_ROOM } else { 0.0 };
        (self.columns as f64 * self.cell.0 + shared, self.rows as f64 * self.cell.1)
    }

    #[expect(clippy::cast_precision_loss, reason = "a few panels")]
    fn frame(&self, index: usize, top: f64, has_title: bool) -> Frame {
        let (column, row) = (index % self.columns, index / self.columns);
        let left = MARGIN + LABEL_ROOM + column as f64 * self.cell.0 + self.ticks;
        let label = if self.is_label_shared { 0.0 } else { LABEL_ROOM };
        let upper = top + row as f64 * self.cell.1 + if has_title { 26.0 } else { 8.0 };
        Frame {
            left,
            right: left + self.cell.0 - self.ticks - label - 14.0,
            top: upper,
            bottom: top + (row + 1) as f64 * self.cell.1 - 50.0,
            label_x: (!self.is_label_shared || column == 0)
                .then_some(left - self.ticks - LABEL_ROOM + 14.0),
        }
    }
}

fn draw(picture: &Picture) -> Canvas {
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
    let mut canvas = Canvas::new(width, foot + height(&captions, 16.0) + MARGIN);
    canvas.begin("picture", &picture.title);
    let bold = Lettering { is_bold: true, ..Lettering::new(TITLE_SIZE, Anchor::Start) };
    write(&mut canvas, MARGIN + 16.0, 22.0, &titles, bold);
    let grey = Lettering { colour: GREY, ..Lettering::new(SUBTITLE_SIZE, Anchor::Start) };
    write(&mut canvas, MARGIN + height(&titles, 22.0) + 13.0, LEADING, &subtitles, grey);
    legend.draw(&mut canvas, head + 14.0);
    for (index, panel) in picture.panels.iter().enumerate() {
        draw_panel(&mut canvas, panel, &grid.frame(index, top, !panel.title.is_empty()));
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

/// A text in lines that fit.
fn wrapped(text: &str, size: u32, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if text_width(&format!("{line} {word}"), size) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// What stands between title and panels.
enum Legend {
    None,
    /// What tells curves apart, and a place from its upper left corner for each of them.
    Curves {
        title: String,
        entries: Vec<(Place, String, Ink)>,
        height: f64,
    },
    Colours(Axis),
}

impl Legend {
    fn of(picture: &Picture, width: f64) -> Self {
        let mut entries: Vec<(Place, String, Ink)> = Vec::new();
        for panel in &picture.panels {
            match &panel.content {
                Content::Tiles { colours, .. } => return Self::Colours(colours.clone()),
                Content::Curves { curves, .. } => {
                    for curve in curves {
                        if !entries.iter().any(|(_, label, _)| *label == curve.label) {
                            entries.push(((0.0, 0.0), curve.label.clone(), curve.ink));
                        }
                    }
                }
            }
        }
        if entries.iter().all(|(_, label, _)| label.is_empty()) {
            return Self::None;
        }
        let title = picture.legend.clone();
        let start = if title.is_empty() { 0.0 } else { text_width(&title, TEXT_SIZE) + 18.0 };
        // Beside a long title there may be no room for names.
        let start = if start > 0.5 * width { width } else { start };
        let indent = if start < width { start } else { 0.0 };
        let (mut x, mut y) = (start, 0.0);
        for (place, label, _) in &mut entries {
            let needed = SAMPLE + 8.0 + text_width(label, TEXT_SIZE) + 20.0;
            if x > indent && x + needed > width {
                (x, y) = (indent, y + LEADING);
            }
            *place = (MARGIN + x, y);
            x += needed;
        }
        Self::Curves { title, entries, height: y + LEADING }
    }

    fn height(&self) -> f64 {
        match self {
            Self::None => 0.0,
            Self::Curves { height, .. } => *height + 4.0,
            Self::Colours(_) => 46.0,
        }
    }

    fn draw(&self, canvas: &mut Canvas, top: f64) {
        let plain = Lettering::new(TEXT_SIZE, Anchor::Start);
        match self {
            Self::None => {}
            Self::Curves { title, entries, .. } => {
                canvas.begin("legend", "");
                canvas.text((MARGIN, top), title, plain);
                for ((x, y), label, ink) in entries {
                    let middle = top + y - 4.0;
                    let stroke = Stroke { colour: ink.colour, width: 2.0, dash: ink.dash };
                    canvas.line((*x, middle), (x + SAMPLE, middle), stroke);
                    let at = (x + SAMPLE / 2.0, middle);
                    canvas.marker(ink.marker, at, 3.4, ink.colour, false);
                    canvas.text((x + SAMPLE + 8.0, top + y), label, plain);
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
        canvas.rectangle((x, top - 11.0), (x + STEP, top + 3.0), colour, None);
    }
    for (value, text) in axis.scale.ticks(5) {
        let x = left + axis.scale.place(value) * length;
        canvas.line((x, top + 3.0), (x, top + 7.0), Stroke { colour: GREY, width: 1.0, dash: "" });
        canvas.text((x, top + 19.0), &text, Lettering::new(CAPTION_SIZE, Anchor::Middle));
    }
    canvas.end();
}
