//! Curves as text, for a terminal: a letter for each point, dots between them.

use super::curves::curves_picture;
use super::design::{Design, thinned};
use super::picture::{Axis, Content, Curve, Panel, Point};
use super::scale::{Extent, Scale};
use crate::failure::Failure;
use crate::report::{Letters, PLAIN, curve_style, cut, painted, width};
use crate::view::RunView;

/// Lines for points.
const HEIGHT: usize = 10;
/// Most columns: wider, curves look flat.
const MAX_COLUMNS: usize = 80;
/// In fewer columns nothing can be seen.
const MIN_COLUMNS: usize = 36;
/// Columns from tick to tick.
const TICK_COLUMNS: usize = 10;

/// Most curves that can be told apart in so few lines.
const MAX_CURVES: usize = 5;

/// Points of a curve: as they are, and saturated.
const MARKERS: [[char; 2]; MAX_CURVES] =
    [['●', '○'], ['■', '□'], ['▲', '△'], ['◆', '◇'], ['▼', '▽']];
const ASCII_MARKERS: [[char; 2]; MAX_CURVES] =
    [['A', 'a'], ['B', 'b'], ['C', 'c'], ['D', 'd'], ['E', 'e']];

/// Draws the curves of a design with one panel; no lines where there is nothing to see: fewer than two points that
/// are not saturated, or too few columns.
///
/// # Errors
/// None that a design without stated scales can have.
pub(crate) fn curves_text(
    view: &RunView,
    design: &Design,
    columns: usize,
    letters: Letters,
) -> Result<Vec<String>, Failure> {
    let Some(picture) = curves_picture(view, design)? else {
        return Ok(Vec::new());
    };
    let Panel { x, y, content, .. } = &picture.panels[0];
    let Content::Curves { curves, .. } = content else { return Ok(Vec::new()) };
    let held = design.held.iter().map(|&(axis, value)| view.setting(axis, value));
    let title: Vec<String> = std::iter::once(y.label.clone()).chain(held).collect();
    let all: Vec<u32> = (0..).take(curves.len()).collect();
    let shown = thinned(&all, MAX_CURVES);
    let of = design.by.map_or(1, |axis| view.run.axes[axis].values.len());
    let legend = if shown.len() < of {
        format!("{}, {} of {of}", picture.legend, shown.len())
    } else {
        picture.legend.clone()
    };
    let chart = Chart {
        title: title.join("; "),
        x,
        y,
        legend,
        curves: shown.into_iter().map(|index| &curves[index as usize]).collect(),
    };
    Ok(chart.lines(columns.min(MAX_COLUMNS), letters))
}

/// What is drawn.
struct Chart<'a> {
    title: String,
    x: &'a Axis,
    y: &'a Axis,
    /// What tells curves apart.
    legend: String,
    curves: Vec<&'a Curve>,
}

impl Chart<'_> {
    fn lines(&self, columns: usize, letters: Letters) -> Vec<String> {
        let points = || self.curves.iter().flat_map(|curve| curve.points.iter().flatten());
        let Some(extent) = Extent::of(points().map(|point| point.y)) else { return Vec::new() };
        let is_steady = |point: &&Point| !point.is_saturated;
        if points().filter(is_steady).count() < 2 || columns < MIN_COLUMNS {
            return Vec::new();
        }
        // Intervals are not drawn, and need no room.
        let scale = match self.y.scale {
            Scale::Log { .. } => Scale::log(extent),
            _ => Scale::linear(extent),
        };
        let ticks = scale.ticks(HEIGHT / 2);
        let gutter = ticks.iter().map(|(_, text)| width(text)).max().unwrap_or(0);
        let field = Field::drawn(self, &scale, columns - gutter - 3, letters);
        let mut lines = wrapped(self.title.split_inclusive("; ").map(plain), columns, letters);
        let (bar, tick, corner) = letters.choose(('│', '┤', '└'), ('|', '+', '+'));
        for row in 0..HEIGHT {
            let label = ticks.iter().find(|(value, _)| row_of(&scale, *value) == row);
            let edge = if label.is_some() { tick } else { bar };
            let label = label.map_or("", |(_, text)| text);
            lines.push(format!("{label:>gutter$} {edge}{}", field.line(row)).trim_end().to_owned());
        }
        let (axis, texts) = self.x_lines(field.columns, letters);
        lines.push(format!("{:gutter$} {corner}{axis}", ""));
        lines.push(format!("{:gutter$}  {texts}", "").trim_end().to_owned());
        let label = cut(&self.x.label, field.columns, letters);
        let shift = gutter + 2 + (field.columns - width(&label)) / 2;
        lines.push(format!("{:shift$}{label}", ""));
        lines.extend(wrapped(self.legend(&field, letters), columns, letters));
        lines
    }

    /// The axis with its ticks, and the texts below them.
    fn x_lines(&self, columns: usize, letters: Letters) -> (String, String) {
        let fit = columns / TICK_COLUMNS;
        let ticks =
            if self.x.ticks.is_empty() { self.x.scale.ticks(fit) } else { self.x.ticks.clone() };
        let (line, mark) = letters.choose(('─', '┬'), ('-', '+'));
        let mut axis = vec![line; columns];
        let mut texts = String::new();
        for (value, text) in ticks {
            let column = column_of(&self.x.scale, value, columns);
            let text = cut(&text, columns, letters);
            let start = column.saturating_sub(width(&text) / 2).min(columns - width(&text));
            let gap = if texts.is_empty() { 0 } else { 2 };
            if start >= width(&texts) + gap {
                axis[column] = mark;
                texts += &" ".repeat(start - width(&texts));
                texts += &text;
            }
        }
        (axis.into_iter().collect(), texts)
    }

    /// Which letter means what: only of those that are there.
    fn legend(&self, field: &Field, letters: Letters) -> Vec<(String, String)> {
        let is_several = self.curves.len() > 1;
        let mut entries = Vec::new();
        if is_several {
            entries.push(plain(&format!("{}:  ", self.legend)));
            for (index, curve) in self.curves.iter().enumerate() {
                let marker = markers(letters)[index][0].to_string();
                let painted = painted(&marker, curve_style(index));
                entries.push((
                    format!("{marker} {}  ", curve.label),
                    format!("{painted} {}  ", curve.label),
                ));
            }
        }
        let hollow = (0..self.curves.len()).filter(|&index| {
            self.curves[index].points.iter().flatten().any(|point| point.is_saturated)
        });
        let hollow: Vec<String> =
            hollow.map(|index| markers(letters)[index][1].to_string()).collect();
        if !hollow.is_empty() {
            entries.push(plain(&format!("{} saturated  ", hollow.join(" "))));
        }
        if field.has_crowd {
            entries.push(plain(&format!("{CROWD} several")));
        }
        entries
    }
}

/// Points of several curves in one place.
const CROWD: char = '*';

/// The letters of points and dots.
struct Field {
    columns: usize,
    cells: Vec<Vec<Option<Mark>>>,
    has_crowd: bool,
}

#[derive(Clone, Copy)]
struct Mark {
    letter: char,
    curve: usize,
    is_point: bool,
}

impl Field {
    fn drawn(chart: &Chart, scale: &Scale, columns: usize, letters: Letters) -> Self {
        let mut field =
            Self { columns, cells: vec![vec![None; columns]; HEIGHT], has_crowd: false };
        let place =
            |point: &Point| (column_of(&chart.x.scale, point.x, columns), row_of(scale, point.y));
        // Between words there is nothing.
        let is_continuous = !matches!(chart.x.scale, Scale::Names(_));
        for (curve, drawn) in chart.curves.iter().enumerate().filter(|_| is_continuous) {
            for pair in drawn.points.windows(2) {
                if let [Some(from), Some(to)] = pair {
                    field.dot(place(from), place(to), curve, letters);
                }
            }
        }
        for (curve, drawn) in chart.curves.iter().enumerate() {
            for point in drawn.points.iter().flatten() {
                let letter = markers(letters)[curve][usize::from(point.is_saturated)];
                field.put(place(point), Mark { letter, curve, is_point: true });
            }
        }
        field
    }

    /// Dots from one place to another, where nothing else is.
    fn dot(&mut self, from: (usize, usize), to: (usize, usize), curve: usize, letters: Letters) {
        let steps = from.0.abs_diff(to.0).max(from.1.abs_diff(to.1));
        let between = |from: usize, to: usize, step: usize| {
            // Rounded to the nearest of both sides.
            (2 * (from * (steps - step) + to * step) + steps) / (2 * steps)
        };
        for step in 1..steps {
            let (column, row) = (between(from.0, to.0, step), between(from.1, to.1, step));
            let letter = letters.choose('·', '.');
            self.cells[row][column].get_or_insert(Mark { letter, curve, is_point: false });
        }
    }

    fn put(&mut self, (column, row): (usize, usize), mark: Mark) {
        let cell = &mut self.cells[row][column];
        let is_crowd = cell.is_some_and(|other| other.is_point && other.curve != mark.curve);
        self.has_crowd |= is_crowd;
        *cell = Some(if is_crowd { Mark { letter: CROWD, ..mark } } else { mark });
    }

    /// A line, in colours.
    fn line(&self, row: usize) -> String {
        let paint = |cell: &Option<Mark>| match cell {
            None => " ".to_owned(),
            Some(mark) => {
                let style = if mark.letter == CROWD { PLAIN } else { curve_style(mark.curve) };
                painted(&mark.letter.to_string(), style)
            }
        };
        self.cells[row].iter().map(paint).collect()
    }
}

fn markers(letters: Letters) -> &'static [[char; 2]; MAX_CURVES] {
    letters.choose(&MARKERS, &ASCII_MARKERS)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a place between 0 and 1 of a few columns"
)]
fn column_of(scale: &Scale, value: f64, columns: usize) -> usize {
    (scale.place(value) * (columns - 1) as f64).round() as usize
}

fn row_of(scale: &Scale, value: f64) -> usize {
    HEIGHT - 1 - column_of(scale, value, HEIGHT)
}

/// A text without styles: for measuring, and as it is shown.
fn plain(text: &str) -> (String, String) {
    (text.to_owned(), text.to_owned())
}

/// Texts one after the other, in as many lines as it takes.
fn wrapped(
    texts: impl IntoIterator<Item = (String, String)>,
    columns: usize,
    letters: Letters,
) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut used = usize::MAX;
    for (measured, shown) in texts {
        let needed = width(measured.trim_end());
        let shown = if needed > columns { cut(&measured, columns, letters) } else { shown };
        match lines.last_mut() {
            Some(line) if used + needed <= columns => *line += &shown,
            _ => {
                lines.push(shown);
                used = 0;
            }
        }
        used += width(&measured);
    }
    lines.into_iter().map(|line| line.trim_end().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::style::Ink;
    use super::*;

    fn curve(label: &str, points: &[(f64, f64, bool)]) -> Curve {
        let point = |&(x, y, is_saturated): &(f64, f64, bool)| {
            Some(Point { x, y, half_width: Some(y), is_saturated })
        };
        Curve {
            label: label.to_owned(),
            ink: Ink::of_curve(0, 1, false),
            points: points.iter().map(point).collect(),
            has_markers: true,
        }
    }

    /// Without colours.
    fn lines(
        x: Scale,
        y: Scale,
        curves: &[Curve],
        columns: usize,
        letters: Letters,
    ) -> Vec<String> {
        let chart = Chart {
            title: "P99 TTFT (s); prefill = 8000 tokens/s; decode_gpus = 2 GPUs".to_owned(),
            x: &Axis::new("arrival rate (requests/s)".to_owned(), x),
            y: &Axis::new("P99 TTFT (s)".to_owned(), y),
            legend: "architecture".to_owned(),
            curves: curves.iter().collect(),
        };
        let plain = |line: String| anstream::adapter::strip_str(&line).to_string();
        chart.lines(columns, letters).into_iter().map(plain).collect()
    }

    const LOG: Scale = Scale::Log { low: 0.1, high: 100.0 };

    #[test]
    fn points_stand_where_their_values_are() {
        let x = Scale::Log { low: 1.0, high: 100.0 };
        let curves = [
            curve("mono", &[(1.0, 0.1, false), (10.0, 1.0, false), (100.0, 10.0, false)]),
            curve("disagg", &[(1.0, 0.1, false), (10.0, 10.0, false), (100.0, 100.0, true)]),
        ];
        let drawn = lines(x, LOG, &curves, 60, Letters::Unicode);
        let expected = "
P99 TTFT (s); prefill = 8000 tokens/s; decode_gpus = 2 GPUs
100 ┤                                                 ····□
    │                                         ········
    │                                ·········
 10 ┤                         ··■····                 ····●
    │                     ····                ········
    │                ·····           ·········
  1 ┤            ····       ····●····
    │       ·····  ·········
    │   ···········
0.1 ┤*····
    └┬────────────┬─────────────┬───────────┬─────────────┬
     1            3            10          30           100
                   arrival rate (requests/s)
architecture:  ● mono  ■ disagg  □ saturated  * several";
        assert_eq!(format!("\n{}", drawn.join("\n")), expected);
    }

    #[test]
    fn one_curve_needs_no_legend_and_words_no_dots() {
        let words = Scale::Names(vec!["fixed".to_owned(), "lognormal".to_owned()]);
        let linear = Scale::Linear { low: 0.0, high: 1.0 };
        let curves = [curve("", &[(0.0, 2.0, false), (1.0, 3.0, false)])];
        let drawn = lines(words, linear, &curves, 40, Letters::Ascii);
        let expected = "
P99 TTFT (s); prefill = 8000 tokens/s;
decode_gpus = 2 GPUs
3.0 +                         A
    |
    |
    |
2.5 +
    |
    |
    |
    |
2.0 +        A
    +--------+----------------+--------
           fixed          lognormal
         arrival rate (requests/s)";
        assert_eq!(format!("\n{}", drawn.join("\n")), expected);
    }

    #[test]
    fn without_two_steady_points_or_room_there_is_no_chart() {
        let linear = || Scale::Linear { low: 0.0, high: 4.0 };
        let drawn = |points: &[(f64, f64, bool)], columns| {
            lines(linear(), LOG, &[curve("", points)], columns, Letters::Unicode).len()
        };
        let (steady, saturated) = ((1.0, 1.0, false), (2.0, 2.0, true));
        assert_eq!(drawn(&[], 80), 0);
        assert_eq!(drawn(&[steady, saturated], 80), 0);
        assert_eq!(drawn(&[steady, (3.0, 1.0, false), saturated], MIN_COLUMNS - 1), 0);
        assert!(drawn(&[steady, (3.0, 1.0, false), saturated], MIN_COLUMNS) > HEIGHT);
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_window(
            points in proptest::collection::vec(
                proptest::collection::vec((1.0_f64..1e6, 1e-6_f64..1e6, any::<bool>()), 0..8),
                1..=MAX_CURVES,
            ),
            label in "[a-z日 ]{0,30}",
            columns in 0_usize..120,
            is_log in any::<bool>(),
            is_ascii in any::<bool>(),
        ) {
            let curves: Vec<Curve> = points.iter().map(|points| curve(&label, points)).collect();
            let x = Scale::Log { low: 1.0, high: 1e6 };
            let y = if is_log { LOG } else { Scale::Linear { low: 0.0, high: 1.0 } };
            let letters = if is_ascii { Letters::Ascii } else { Letters::Unicode };
            for line in lines(x, y, &curves, columns, letters) {
                prop_assert!(width(&line) <= columns, "{columns}: {line:?}");
            }
        }
    }
}
