//! Text in columns, with styles.

use anstyle::Style;

use super::style::{PLAIN, cut, painted, width};
use super::window::Letters;

/// Blanks of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spacing {
    /// Before its first text.
    margin: usize,
    /// Between two texts.
    gap: usize,
}

impl Spacing {
    pub(super) const USUAL: Self = Self { margin: 1, gap: 2 };
    /// As little as keeps texts apart.
    pub(super) const TIGHT: Self = Self { margin: 0, gap: 1 };
}

/// A text and how it looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) text: String,
    pub(super) style: Style,
}

impl Text {
    pub(super) fn plain(text: String) -> Self {
        Self { text, style: PLAIN }
    }
}

/// Lines of as many texts each; the first line is the header.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    lines: Vec<Vec<Text>>,
    widths: Vec<usize>,
    /// Numbers line up at the right, words at the left.
    is_right: Vec<bool>,
    spacing: Spacing,
}

impl Grid {
    pub(super) fn new(lines: Vec<Vec<Text>>, spacing: Spacing) -> Self {
        let columns = 0..lines.first().map_or(0, Vec::len);
        let widest = |column: usize| lines.iter().map(|line| width(&line[column].text)).max();
        let widths = columns.clone().map(|column| widest(column).unwrap_or(0)).collect();
        let is_right =
            |column: usize| lines.iter().skip(1).all(|line| is_number(&line[column].text));
        let is_right = columns.map(is_right).collect();
        Self { lines, widths, is_right, spacing }
    }

    /// Leaves a column out.
    pub(super) fn remove(&mut self, column: usize) {
        self.widths.remove(column);
        self.is_right.remove(column);
        for line in &mut self.lines {
            line.remove(column);
        }
    }

    /// Columns that its widest line takes.
    pub(super) fn width(&self) -> usize {
        let widths = self.lines.iter().map(|line| {
            let last = line.iter().rposition(|text| !text.text.is_empty());
            let before = last.map_or(0, |last| {
                self.widths[..last].iter().sum::<usize>() + self.spacing.gap * last
            });
            let own = last.map_or(0, |last| {
                if self.is_right[last] { self.widths[last] } else { width(&line[last].text) }
            });
            self.spacing.margin + before + own
        });
        widths.max().unwrap_or(0)
    }

    /// The lines, without blanks at their ends; what is beyond so many columns is cut off.
    pub(super) fn lines(&self, columns: usize, letters: Letters) -> Vec<String> {
        self.lines.iter().map(|line| self.line(line, columns, letters)).collect()
    }

    fn line(&self, texts: &[Text], columns: usize, letters: Letters) -> String {
        let mut line = String::new();
        let mut at = 0;
        let mut start = self.spacing.margin;
        for ((text, &room), &is_right) in texts.iter().zip(&self.widths).zip(&self.is_right) {
            let shift = if is_right { room - width(&text.text) } else { 0 };
            let place = start + shift;
            start += room + self.spacing.gap;
            if text.text.is_empty() {
                continue;
            }
            let Some(left) = columns.checked_sub(place).filter(|left| *left > 0) else { break };
            let shown = cut(&text.text, left, letters);
            line += &" ".repeat(place - at);
            line += &painted(&shown, text.style);
            at = place + width(&shown);
        }
        line
    }
}

/// Whether a text is a number, or stands for one that is missing.
fn is_number(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit() || "-+~×".contains(first))
}
