//! Which rows and columns of a table people want to see, and in which order. Pure.

use std::cmp::Ordering;

use serde_json::Value as Json;
use sweep_engine::spec::{Comparison, Condition, Operand};

use crate::failure::Failure;
use crate::suggestion::nearest_or_all;

/// A table of any columns; null where nothing is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Table {
    pub(crate) names: Vec<String>,
    /// Rows of as many values as there are names.
    pub(crate) rows: Vec<Vec<Json>>,
}

impl Table {
    /// Keeps the rows that satisfy a condition. A comparison with null is false.
    ///
    /// # Errors
    /// Its left side is no column, or words are to be ordered.
    pub(crate) fn keep(&mut self, condition: &Condition) -> Result<(), Failure> {
        let Condition(comparisons) = condition;
        let tests = comparisons.iter().map(|comparison| self.test(comparison));
        let tests: Vec<_> = tests.collect::<Result<_, _>>()?;
        self.rows.retain(|row| tests.iter().all(|test| test(row)));
        Ok(())
    }

    /// What a comparison asks of a row.
    fn test(&self, comparison: &Comparison) -> Result<impl Fn(&[Json]) -> bool + use<>, Failure> {
        let Comparison { left, operator, right } = comparison.clone();
        let Operand::Word(name) = &left else {
            return Err(Failure::usage(
                "--where: the left side of a comparison must be a column: write for example `rate_per_s > 2`",
            ));
        };
        let left = self.place("--where", name)?;
        let right = match right {
            Operand::Number(number) => Side::Value(Json::from(number)),
            Operand::Quoted(word) => Side::Value(Json::from(word)),
            Operand::Word(word) => match self.names.iter().position(|name| *name == word) {
                Some(place) => Side::Column(place),
                None => Side::Value(word_or_flag(&word)),
            },
        };
        Ok(move |row: &[Json]| {
            let right = match &right {
                Side::Value(value) => value,
                Side::Column(place) => &row[*place],
            };
            compared(&row[left], right).is_some_and(|ordering| operator.accepts(ordering))
        })
    }

    /// Sorts rows by columns, the first one first; with `-` before a name from the greatest down. Null comes last.
    ///
    /// # Errors
    /// There is no such column.
    pub(crate) fn sort(&mut self, keys: &[String]) -> Result<(), Failure> {
        for key in keys.iter().rev() {
            let (name, is_falling) = match key.strip_prefix('-') {
                Some(name) => (name, true),
                None => (key.as_str(), false),
            };
            let place = self.place("--sort", name)?;
            self.rows.sort_by(|one, other| in_order(&one[place], &other[place], is_falling));
        }
        Ok(())
    }

    /// Keeps the named columns, in this order.
    ///
    /// # Errors
    /// There is no such column.
    pub(crate) fn choose(&mut self, names: &[String]) -> Result<(), Failure> {
        let places = names.iter().map(|name| self.place("--columns", name));
        let places: Vec<usize> = places.collect::<Result<_, _>>()?;
        for row in &mut self.rows {
            *row = places.iter().map(|&place| row[place].clone()).collect();
        }
        self.names = names.to_vec();
        Ok(())
    }

    fn place(&self, flag: &str, name: &str) -> Result<usize, Failure> {
        self.names.iter().position(|known| known == name).ok_or_else(|| {
            let known = self.names.iter().map(String::as_str);
            Failure::usage(format!(
                "{flag}: the run has no column `{name}`: {}",
                nearest_or_all(name, known)
            ))
        })
    }
}

enum Side {
    Value(Json),
    Column(usize),
}

/// `true` and `false` are flags.
fn word_or_flag(word: &str) -> Json {
    match word {
        "true" => Json::Bool(true),
        "false" => Json::Bool(false),
        word => Json::from(word),
    }
}

/// How two values stand to each other; nothing for null, and for values of different kinds.
fn compared(one: &Json, other: &Json) -> Option<Ordering> {
    match (one, other) {
        (Json::Number(one), Json::Number(other)) => one.as_f64()?.partial_cmp(&other.as_f64()?),
        (Json::String(one), Json::String(other)) => Some(one.cmp(other)),
        (Json::Bool(one), Json::Bool(other)) => Some(one.cmp(other)),
        _ => None,
    }
}

fn in_order(one: &Json, other: &Json, is_falling: bool) -> Ordering {
    match (one.is_null(), other.is_null()) {
        (false, false) => {
            let ordering = compared(one, other).unwrap_or(Ordering::Equal);
            if is_falling { ordering.reverse() } else { ordering }
        }
        (one_is_null, other_is_null) => one_is_null.cmp(&other_is_null),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn table() -> Table {
        let rows = json!([
            [1.0, "mono", 0.5, false],
            [2.0, "disagg", 0.7, false],
            [4.0, "disagg", null, true]
        ]);
        let rows = serde_json::from_value(rows).unwrap();
        Table { names: ["rate", "mode", "p99", "saturated"].map(str::to_owned).to_vec(), rows }
    }

    fn kept(condition: &str) -> Vec<Json> {
        let mut table = table();
        table.keep(&Condition::parse(condition).unwrap()).unwrap();
        table.rows.into_iter().map(|row| row[0].clone()).collect()
    }

    #[test]
    fn conditions_choose_rows() {
        for (condition, rates) in [
            ("rate >= 2", vec![2.0, 4.0]),
            ("rate > 1 and mode = disagg", vec![2.0, 4.0]),
            ("mode != disagg", vec![1.0]),
            ("p99 < 10", vec![1.0, 2.0]),
            ("p99 < rate", vec![1.0, 2.0]),
            ("saturated = true", vec![4.0]),
            ("mode = 'disagg' and rate < 3", vec![2.0]),
            ("mode = 3", vec![]),
        ] {
            assert_eq!(kept(condition), rates, "{condition}");
        }
        let mut table = table();
        for wrong in ["raet > 1", "2 < rate"] {
            let error = table.keep(&Condition::parse(wrong).unwrap()).unwrap_err();
            assert!(error.to_string().contains("--where"), "{error}");
        }
    }

    #[test]
    fn columns_are_chosen_in_the_order_that_is_asked_for() {
        let mut table = table();
        table.sort(&["-p99".to_owned()]).unwrap();
        table.choose(&["p99".to_owned(), "mode".to_owned()]).unwrap();
        assert_eq!(table.names, ["p99", "mode"]);
        assert_eq!(json!(table.rows), json!([[0.7, "disagg"], [0.5, "mono"], [null, "disagg"]]));
        assert!(table.choose(&["rate".to_owned()]).is_err(), "it is gone");
    }

    proptest! {
        #[test]
        fn sorting_puts_null_last_and_loses_nothing(
            numbers in proptest::collection::vec(proptest::option::of(-9_i32..9), 0..30),
            is_falling in any::<bool>(),
        ) {
            let rows = numbers.iter().map(|number| vec![json!(number)]).collect();
            let mut table = Table { names: vec!["n".to_owned()], rows };
            let key = if is_falling { "-n" } else { "n" };
            table.sort(&[key.to_owned()]).unwrap();
            let mut expected: Vec<i32> = numbers.iter().flatten().copied().collect();
            expected.sort_unstable();
            if is_falling {
                expected.reverse();
            }
            let number = |row: &Vec<Json>| row[0].as_i64().and_then(|n| i32::try_from(n).ok());
            let found: Vec<Option<i32>> = table.rows.iter().map(number).collect();
            let nulls = found.len() - expected.len();
            prop_assert!(found[expected.len()..].iter().all(Option::is_none));
            prop_assert_eq!(found.iter().flatten().count() + nulls, numbers.len());
            prop_assert!(found.iter().flatten().copied().eq(expected));
        }
    }
}
