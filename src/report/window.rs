//! What the reader's window can show: how many columns, and which letters.

use std::env;

use terminal_size::{Width, terminal_size};

use super::output::goes_to_terminal;

/// Columns of a pipe or a file, whoever reads it in whatever window.
const PIPED_COLUMNS: usize = 120;
/// Columns of a terminal that does not say.
const USUAL_COLUMNS: usize = 80;

/// Where standard output goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) is_terminal: bool,
    pub(crate) columns: usize,
    pub(crate) letters: Letters,
}

/// Letters that can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Letters {
    Unicode,
    Ascii,
}

impl Window {
    /// A terminal has the columns that `COLUMNS` states or that it says, and the letters of its locale. What is not
    /// read at once is read elsewhere, so nothing else depends on the terminal that the command happens to run in.
    pub(crate) fn of_output() -> Self {
        let [is_terminal, _] = goes_to_terminal();
        if !is_terminal {
            return Self { is_terminal, columns: PIPED_COLUMNS, letters: Letters::Unicode };
        }
        let said = || terminal_size().map(|(Width(columns), _)| usize::from(columns));
        Self {
            is_terminal,
            columns: stated_columns().or_else(said).unwrap_or(USUAL_COLUMNS),
            letters: Letters::of_locale(|name| env::var(name).ok()),
        }
    }
}

fn stated_columns() -> Option<usize> {
    env::var("COLUMNS").ok()?.parse().ok().filter(|columns| *columns > 0)
}

impl Letters {
    /// What the first variable that says something says.
    fn of_locale(variable: impl Fn(&str) -> Option<String>) -> Self {
        let mut stated = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(variable);
        let locale = stated.find(|locale| !locale.is_empty()).unwrap_or_default().to_uppercase();
        if locale.contains("UTF-8") || locale.contains("UTF8") {
            Self::Unicode
        } else {
            Self::Ascii
        }
    }

    /// One of two ways to write something.
    pub(crate) fn choose<T>(self, unicode: T, ascii: T) -> T {
        match self {
            Self::Unicode => unicode,
            Self::Ascii => ascii,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_is_set_decides_over_letters() {
        let cases = [
            (["", "", "en_GB.UTF-8"], Letters::Unicode),
            (["", "de_DE.utf8", "C"], Letters::Unicode),
            (["C", "", "en_GB.UTF-8"], Letters::Ascii),
            (["", "", "de_DE.ISO-8859-1"], Letters::Ascii),
            (["", "", ""], Letters::Ascii),
        ];
        for (values, expected) in cases {
            let of = |name: &str| {
                let place = ["LC_ALL", "LC_CTYPE", "LANG"].iter().position(|known| *known == name);
                place.map(|place| values[place].to_owned())
            };
            assert_eq!(Letters::of_locale(of), expected, "{values:?}");
        }
    }
}
