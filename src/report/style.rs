//! Colours. They only repeat what words and shapes say; standard output drops them where they are not wanted.

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::window::Letters;

pub(crate) const PLAIN: Style = Style::new();
pub(super) const HEAD: Style = Style::new().bold();
/// A row that says nothing of a steady state, and the word for it.
pub(super) const SATURATED: Style = AnsiColor::Red.on_default();
pub(super) const LOUD: Style = AnsiColor::Red.on_default().bold();
/// Something else to mind.
pub(super) const MINDED: Style = AnsiColor::Yellow.on_default();
/// Curves, in their order; red is taken.
const CURVES: [AnsiColor; 5] =
    [AnsiColor::Cyan, AnsiColor::Yellow, AnsiColor::Magenta, AnsiColor::Green, AnsiColor::Blue];

/// The colour of a curve.
pub(crate) fn curve_style(index: usize) -> Style {
    CURVES[index % CURVES.len()].on_default()
}

/// Text with the codes of a style around it.
pub(crate) fn painted(text: &str, style: Style) -> String {
    if text.is_empty() || style.is_plain() {
        text.to_owned()
    } else {
        format!("{style}{text}{style:#}")
    }
}

/// Columns that a text without codes takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// The text if it fits into so many columns, else its beginning and a mark.
pub(crate) fn cut(text: &str, columns: usize, letters: Letters) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mark = letters.choose("…", "~");
    let mut kept = String::new();
    for letter in text.chars() {
        if width(&kept) + letter.width().unwrap_or(0) + 1 > columns {
            break;
        }
        kept.push(letter);
    }
    if columns > 0 { kept + mark } else { kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_has_a_mark_and_fits() {
        let cases =
            [("abcd", 4, "abcd"), ("abcde", 4, "abc…"), ("日本語", 5, "日本…"), ("ab", 0, "")];
        for (text, columns, expected) in cases {
            assert_eq!(cut(text, columns, Letters::Unicode), expected);
        }
    }
}
