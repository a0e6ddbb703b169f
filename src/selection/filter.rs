//! Which rows satisfy a condition.

use std::collections::BTreeSet;

use sweep_engine::spec::{Comparison, Condition, Kind, Operand, Operator, Value};

use super::columns::Columns;
use crate::failure::Failure;
use crate::schema::words_of;
use crate::suggestion::nearest_or_all;

/// One comparison of a condition, of which both sides are known and can be compared.
#[derive(Debug)]
pub(crate) struct Test {
    /// The condition, for errors.
    text: String,
    /// Column of the left side.
    left: String,
    operator: Operator,
    right: Side,
}

/// The right side of a comparison.
#[derive(Debug)]
enum Side {
    Column(String),
    Value(Value),
    /// A word of a column that may have any; some row must have it.
    AnyWord(String),
    /// Nothing is known.
    Null,
}

impl Test {
    /// What a condition asks of a row.
    pub(super) fn all_of(text: &str, columns: &Columns) -> Result<Vec<Self>, Failure> {
        let condition = Condition::parse(text);
        let Condition(comparisons) =
            condition.map_err(|error| Failure::usage(format!("--where: {error}")))?;
        let test = |comparison: Comparison| {
            let Comparison { left, operator, right } = comparison;
            let (left, right) =
                sides(&left, operator, &right, columns).map_err(|problem| bad(text, &problem))?;
            Ok(Self { text: text.to_owned(), left, operator, right })
        };
        comparisons.into_iter().map(test).collect()
    }

    /// The columns that it reads.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &str> {
        let right = match &self.right {
            Side::Column(name) => Some(name.as_str()),
            Side::Value(_) | Side::AnyWord(_) | Side::Null => None,
        };
        std::iter::once(self.left.as_str()).chain(right)
    }

    /// Keeps the rows that satisfy it. A comparison with a value that is not known is false.
    ///
    /// # Errors
    /// A column cannot be read, or no row of it has the word.
    pub(crate) fn keep(
        &self,
        rows: &mut Vec<usize>,
        values: impl Fn(&str) -> Result<Vec<Option<Value>>, Failure>,
    ) -> Result<(), Failure> {
        let left = values(&self.left)?;
        let accepts = |left: &Option<Value>, right: &Value| {
            let ordering = left.as_ref().and_then(|left| left.compared(right));
            ordering.is_some_and(|ordering| self.operator.accepts(ordering))
        };
        match &self.right {
            Side::Column(name) => {
                let right = values(name)?;
                rows.retain(|&row| {
                    right[row].as_ref().is_some_and(|right| accepts(&left[row], right))
                });
            }
            Side::Value(value) => rows.retain(|&row| accepts(&left[row], value)),
            Side::AnyWord(word) => {
                self.check_word(word, &left)?;
                let word = Value::Word(word.clone());
                rows.retain(|&row| accepts(&left[row], &word));
            }
            Side::Null => {
                let is_wanted = self.operator == Operator::Equal;
                rows.retain(|&row| left[row].is_none() == is_wanted);
            }
        }
        Ok(())
    }

    fn check_word(&self, word: &str, values: &[Option<Value>]) -> Result<(), Failure> {
        let words = values.iter().filter_map(|value| match value {
            Some(Value::Word(word)) => Some(word.as_str()),
            _ => None,
        });
        let known: BTreeSet<&str> = words.collect();
        if known.contains(word) {
            return Ok(());
        }
        let column = &self.left;
        let problem = if known.is_empty() {
            format!("`{column}` is null in all rows")
        } else {
            format!(
                "no row has `{word}` in `{column}`: {}",
                nearest_or_all(word, known.into_iter())
            )
        };
        Err(bad(&self.text, &problem))
    }
}

fn bad(text: &str, problem: &str) -> Failure {
    Failure::usage(format!("--where: bad condition `{text}`: {problem}"))
}

/// What a column holds, as far as comparisons are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Numbers,
    Flags,
    Words,
}

impl Class {
    fn of(kind: Kind) -> Self {
        match kind {
            Kind::Number | Kind::NumberOr(_) | Kind::Count | Kind::Seed => Self::Numbers,
            Kind::Flag => Self::Flags,
            Kind::Word(_) | Kind::Path => Self::Words,
        }
    }

    fn plural(self) -> &'static str {
        match self {
            Self::Numbers => "numbers",
            Self::Flags => "yes and no",
            Self::Words => "words",
        }
    }
}

/// Both sides of a comparison, or why they cannot be compared.
fn sides(
    left: &Operand,
    operator: Operator,
    right: &Operand,
    columns: &Columns,
) -> Result<(String, Side), String> {
    let Operand::Word(name) = left else {
        return Err("the left side must be a column; write for example `rate_per_s > 2`".to_owned());
    };
    let (column, kind) = columns.get(name).ok_or_else(|| columns.unknown(name))?;
    let class = Class::of(kind);
    let is_null = *right == Operand::Word("null".to_owned());
    if operator.is_ordering() && (is_null || class != Class::Numbers) {
        let what = if is_null { "null" } else { class.plural() };
        return Err(format!("{what} can only be compared with = or !="));
    }
    let right = match right {
        Operand::Integer(_) | Operand::Number(_) if class != Class::Numbers => {
            return Err(format!(
                "`{name}` holds {}, not numbers; a word may stand in quotes",
                class.plural()
            ));
        }
        Operand::Integer(number) => Side::Value(Value::Seed(*number)),
        Operand::Number(number) => Side::Value(Value::Number(*number)),
        Operand::Quoted(word) => value_of(column, class, word, columns)?,
        Operand::Word(_) if is_null => Side::Null,
        Operand::Word(word) => match columns.get(word) {
            Some((other, kind)) if Class::of(kind) == class => Side::Column(other.to_owned()),
            // `decode` is a pool, and another name of a speed.
            Some((other, kind)) if class != Class::Words => {
                let [one, other_class] = [class, Class::of(kind)].map(Class::plural);
                return Err(format!("`{column}` holds {one}, `{other}` holds {other_class}"));
            }
            _ => value_of(column, class, word, columns)?,
        },
    };
    Ok((column.to_owned(), right))
}

/// A word as a value of a column.
fn value_of(column: &str, class: Class, word: &str, columns: &Columns) -> Result<Side, String> {
    match class {
        Class::Numbers => {
            let number = Kind::Seed.parse(word).or_else(|_| Kind::Number.parse(word));
            number.map(Side::Value).map_err(|_| {
                let is_number =
                    |name: &&str| columns.get(name).is_some_and(|(_, kind)| kind.is_numeric());
                let hint = nearest_or_all(word, columns.names().filter(is_number));
                format!("`{word}` is neither a number nor a column of numbers: {hint}")
            })
        }
        Class::Flags => match word {
            "yes" | "true" => Ok(Side::Value(Value::Flag(true))),
            "no" | "false" => Ok(Side::Value(Value::Flag(false))),
            _ => Err(format!("`{word}`: write `{column} = yes` or `{column} = no`")),
        },
        Class::Words => match words_of(column) {
            [] => Ok(Side::AnyWord(word.to_owned())),
            words if words.contains(&word) => Ok(Side::Value(Value::Word(word.to_owned()))),
            words => {
                let hint = nearest_or_all(word, words.iter().copied());
                Err(format!("`{column}` is never `{word}`: {hint}"))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Columns {
        let word = Kind::Word(&[]);
        let columns = [
            ("seed", Kind::Seed),
            ("mode", word),
            ("rate_per_s", Kind::Number),
            ("decode_gpus", Kind::Count),
            ("decode_tokens_per_s", Kind::Number),
            ("bottleneck", word),
            ("saturated", Kind::Flag),
            ("p50_ttft_s", Kind::Number),
            ("p99_ttft_s", Kind::Number),
            ("arrival.path", Kind::Path),
            ("error", word),
        ];
        Columns::new(columns.map(|(name, kind)| (name.to_owned(), kind)).to_vec())
    }

    fn values(name: &str) -> [Option<Value>; 3] {
        let words = |words: [&str; 3]| words.map(|word| Some(Value::Word(word.to_owned())));
        let numbers = |numbers: [f64; 3]| numbers.map(|number| Some(Value::Number(number)));
        let big = 1 << 53;
        match name {
            "seed" => [big, big + 1, u64::MAX].map(|seed| Some(Value::Seed(seed))),
            "mode" => words(["mono", "disagg", "disagg"]),
            "rate_per_s" => numbers([1.0, 2.0, 4.0]),
            "decode_gpus" => [None, Some(Value::Count(2)), Some(Value::Count(4))],
            "decode_tokens_per_s" => numbers([2000.0; 3]),
            "bottleneck" => words(["gpu", "decode", "decode"]),
            "saturated" => [false, false, true].map(|flag| Some(Value::Flag(flag))),
            "p50_ttft_s" => numbers([0.1, 0.2, 3.0]),
            "p99_ttft_s" => [Some(Value::Number(-0.0)), Some(Value::Number(2.5)), None],
            "arrival.path" => words(["7", "my trace.csv", "b.csv"]),
            _ => [None, None, None],
        }
    }

    fn kept(condition: &str) -> Result<Vec<usize>, String> {
        let tests = columns().tests(&[condition.to_owned()]).map_err(|error| error.to_string())?;
        let mut rows = vec![0, 1, 2];
        for test in &tests {
            let kept = test.keep(&mut rows, |name| Ok(values(name).into()));
            kept.map_err(|error| error.to_string())?;
        }
        Ok(rows)
    }

    #[test]
    fn conditions_choose_rows() {
        for (condition, rows) in [
            ("rate_per_s >= 2", vec![1, 2]),
            ("rates > 1 and modes = disagg", vec![1, 2]),
            ("mode != disagg", vec![0]),
            ("mode = 'disagg' and rate_per_s < 3", vec![1]),
            ("p99_ttft_s < 10", vec![0, 1]),
            ("p99_ttft_s = 0", vec![0]),
            ("p99_ttft_s > p50_ttft_s", vec![1]),
            ("p50_ttft_s >= '0.2'", vec![1, 2]),
            ("decode_gpus < rates", vec![]),
            ("decode_gpus = rates", vec![1, 2]),
            ("decode_gpus > 2.5", vec![2]),
            ("decode_gpus = null", vec![0]),
            ("decode_gpus != null", vec![1, 2]),
            ("decode_gpus != 2", vec![2]),
            ("error = null", vec![0, 1, 2]),
            ("saturated = yes", vec![2]),
            ("saturated = true", vec![2]),
            ("saturated != yes", vec![0, 1]),
            ("saturated = no", vec![0, 1]),
            // A pool, not the speed that has this other name.
            ("bottleneck = decode", vec![1, 2]),
            ("bottleneck = prefill", vec![]),
            ("arrival.path = 'my trace.csv'", vec![1]),
            ("arrival.path = '7'", vec![0]),
            ("seed = 9007199254740992", vec![0]),
            ("seed >= '9007199254740993'", vec![1, 2]),
            ("seed = 18446744073709551615", vec![2]),
        ] {
            assert_eq!(kept(condition), Ok(rows), "{condition}");
        }
    }

    #[test]
    fn what_can_find_nothing_is_an_error_with_a_remedy() {
        for (condition, problem) in [
            ("raet_per_s > 1", "no column `raet_per_s`: did you mean `rate_per_s`?"),
            (
                "2 < rate_per_s",
                "the left side must be a column; write for example `rate_per_s > 2`",
            ),
            ("mode = mno", "`mode` is never `mno`: did you mean `mono`?"),
            ("mode = rates", "`mode` is never `rates`: choose from mono, disagg"),
            ("bottleneck = 'gpus'", "`bottleneck` is never `gpus`: did you mean `gpu`?"),
            ("mode = 3", "`mode` holds words, not numbers; a word may stand in quotes"),
            ("mode > mono", "words can only be compared with = or !="),
            (
                "p99_ttft_s > p50_tft_s",
                "`p50_tft_s` is neither a number nor a column of numbers: did you mean `p50_ttft_s`?",
            ),
            (
                "p99_ttft_s > '1 s'",
                "`1 s` is neither a number nor a column of numbers: choose from seed, rate_per_s",
            ),
            ("p99_ttft_s > mode", "`p99_ttft_s` holds numbers, `mode` holds words"),
            ("p99_ttft_s < null", "null can only be compared with = or !="),
            ("saturated = maybe", "`maybe`: write `saturated = yes` or `saturated = no`"),
            ("saturated = 1", "`saturated` holds yes and no, not numbers"),
            ("saturated > no", "yes and no can only be compared with = or !="),
            ("arrival.path = a.csv", "no row has `a.csv` in `arrival.path`: did you mean `b.csv`?"),
            ("error = late", "`error` is null in all rows"),
            ("rates > 1 or rates < 1", "`or` is not known: comparisons are joined by `and`"),
        ] {
            let error = kept(condition).unwrap_err();
            assert!(
                error.starts_with(&format!("--where: bad condition `{condition}`: ")),
                "{error}"
            );
            assert!(error.contains(problem), "{error}");
        }
    }
}
