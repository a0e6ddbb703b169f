//! The columns that a table has, as flags name them.

use sweep_engine::spec::{Key, Kind};

use super::filter::Test;
use super::order::SortKey;
use crate::failure::Failure;
use crate::suggestion::nearest_or_all;

/// Names and kinds of the columns of a table, in its order.
#[derive(Debug)]
pub(crate) struct Columns(Vec<(String, Kind)>);

impl Columns {
    pub(crate) fn new(columns: Vec<(String, Kind)>) -> Self {
        Self(columns)
    }

    /// All names, in the order of the table.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// A column by its name, or by that of a key that it alone shows.
    pub(crate) fn get(&self, name: &str) -> Option<(&str, Kind)> {
        let known = |name: &str| {
            self.0
                .iter()
                .find(|(known, _)| known == name)
                .map(|(name, kind)| (name.as_str(), *kind))
        };
        known(name).or_else(|| known(Key::find(name).filter(|key| is_shown_as_it_is(key))?.column))
    }

    /// The columns that were asked for.
    ///
    /// # Errors
    /// There is no such column, or one is named twice.
    pub(crate) fn chosen(&self, names: &[String]) -> Result<Vec<String>, Failure> {
        let mut chosen: Vec<String> = Vec::new();
        for name in names {
            let column = self.find("--columns", name)?.0.to_owned();
            if chosen.contains(&column) {
                return Err(Failure::usage(format!("--columns: `{column}` is named twice")));
            }
            chosen.push(column);
        }
        Ok(chosen)
    }

    /// What rows are sorted by, the first key first; `-` before a name is from the greatest down.
    ///
    /// # Errors
    /// There is no such column.
    pub(crate) fn order(&self, keys: &[String]) -> Result<Vec<SortKey>, Failure> {
        let key = |key: &String| {
            let name = key.strip_prefix('-');
            let (column, _) = self.find("--sort", name.unwrap_or(key))?;
            Ok(SortKey { column: column.to_owned(), is_falling: name.is_some() })
        };
        keys.iter().map(key).collect()
    }

    /// What conditions ask of a row, all together.
    ///
    /// # Errors
    /// A text is no condition, or compares what cannot be compared.
    pub(crate) fn tests(&self, conditions: &[String]) -> Result<Vec<Test>, Failure> {
        let tests = conditions.iter().map(|text| Test::all_of(text, self));
        Ok(tests.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    fn find(&self, flag: &str, name: &str) -> Result<(&str, Kind), Failure> {
        self.get(name).ok_or_else(|| Failure::usage(format!("{flag}: {}", self.unknown(name))))
    }

    /// That there is no such column, and which one may be meant.
    pub(super) fn unknown(&self, name: &str) -> String {
        format!("the run has no column `{name}`: {}", nearest_or_all(name, self.names()))
    }
}

/// The column of a speed shows that of the cell's own cluster, whichever it is, and not one cluster's key.
fn is_shown_as_it_is(key: &Key) -> bool {
    key.path == key.column || Key::all().filter(|other| other.column == key.column).count() == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Columns {
        let names = ["cell", "mode", "rate_per_s", "prefill_tokens_per_s", "decode_gpus"];
        Columns::new(names.map(|name| (name.to_owned(), Kind::Number)).to_vec())
    }

    #[test]
    fn columns_are_found_by_the_names_of_their_keys() {
        let columns = columns();
        for (name, column) in [
            ("rate_per_s", "rate_per_s"),
            ("rates", "rate_per_s"),
            ("arrival.rate_per_s", "rate_per_s"),
            ("modes", "mode"),
            ("prefill", "prefill_tokens_per_s"),
            ("cluster_disagg.decode_gpus", "decode_gpus"),
        ] {
            assert_eq!(columns.get(name).map(|(name, _)| name), Some(column), "{name}");
        }
        for name in ["cluster_mono.prefill_tokens_per_s", "seed", "rate"] {
            assert_eq!(columns.get(name), None, "{name}");
        }
    }

    #[test]
    fn a_column_is_chosen_once() {
        let chosen = |names: &[&str]| {
            columns().chosen(&names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(chosen(&["rates", "cell"]).unwrap(), ["rate_per_s", "cell"]);
        for (twice, column) in [(["mode", "mode"], "mode"), (["rates", "rate_per_s"], "rate_per_s")]
        {
            let error = chosen(&twice).unwrap_err().to_string();
            assert!(error.contains(&format!("`{column}` is named twice")), "{error}");
        }
    }
}
