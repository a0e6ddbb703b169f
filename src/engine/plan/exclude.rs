//! Exclude conditions, with their words resolved to axes, and their meaning in a cell.

use super::axis::{Axis, find_key};
use super::expand::PlanError;
use crate::spec::{Comparison, Condition, Key, Operand, Operator, Value};

/// A condition of which every side is known.
#[derive(Debug)]
pub(super) struct Exclusion(Vec<Test>);

#[derive(Debug)]
struct Test {
    left: usize,
    operator: Operator,
    right: Side,
}

#[derive(Debug)]
enum Side {
    Axis(usize),
    Value(Value),
}

impl Exclusion {
    /// Resolves a condition against the axes of the sweep.
    pub(super) fn lower(text: &str, axes: &[Axis]) -> Result<Self, PlanError> {
        let condition = Condition::parse(text)?;
        let tests = condition.0.iter().map(|comparison| Test::lower(comparison, text, axes));
        tests.collect::<Result<_, _>>().map(Self)
    }

    /// Whether a cell with these factors is left out.
    pub(super) fn excludes(&self, axes: &[Axis], factors: &[Option<u32>]) -> bool {
        self.0.iter().all(|test| test.holds(axes, factors))
    }
}

impl Test {
    fn lower(comparison: &Comparison, text: &str, axes: &[Axis]) -> Result<Self, PlanError> {
        let bad = |problem: String| PlanError::BadExclusion { text: text.to_owned(), problem };
        let Operand::Word(name) = &comparison.left else {
            return Err(bad("the left side must be an axis of the sweep".into()));
        };
        let left = axis_of(name, axes).ok_or_else(|| match find_key(name) {
            Ok(_) => {
                bad(format!("`{name}` is no axis of this sweep; its axes are {}", names(axes)))
            }
            Err(unknown) => bad(unknown.to_string()),
        })?;
        let kind = axes[left].key.kind;
        let right = match &comparison.right {
            Operand::Word(word) => match axis_of(word, axes) {
                Some(axis) => Side::Axis(axis),
                None => Side::Value(kind.parse(word).map_err(|r| bad(format!("`{word}`: {r}")))?),
            },
            Operand::Quoted(word) => {
                Side::Value(kind.parse(word).map_err(|r| bad(format!("`{word}`: {r}")))?)
            }
            Operand::Number(number) if kind.is_numeric() => Side::Value(Value::Number(*number)),
            Operand::Number(number) => {
                return Err(bad(format!("`{name}` takes words, not the number {number}")));
            }
        };
        if comparison.operator.is_ordering() && !kind.is_numeric() {
            return Err(bad(format!("`{name}` takes words; compare them with = or !=")));
        }
        if let Side::Axis(axis) = right
            && axes[axis].key.kind.is_numeric() != kind.is_numeric()
        {
            return Err(bad("one side is a number, the other a word".into()));
        }
        Ok(Self { left, operator: comparison.operator, right })
    }

    /// False where a side means nothing in the cell.
    fn holds(&self, axes: &[Axis], factors: &[Option<u32>]) -> bool {
        let value_of = |axis: usize| factors[axis].map(|i| &axes[axis].values[i as usize]);
        let Some(left) = value_of(self.left) else { return false };
        let right = match &self.right {
            Side::Axis(axis) => value_of(*axis),
            Side::Value(value) => Some(value),
        };
        right.is_some_and(|right| self.operator.accepts(compare(left, right)))
    }
}

fn axis_of(name: &str, axes: &[Axis]) -> Option<usize> {
    let named = |key: &Key| key.path == name || key.column == name || key.aliases.contains(&name);
    axes.iter().position(|axis| named(axis.key))
}

fn names(axes: &[Axis]) -> String {
    axes.iter().map(|axis| axis.key.path).collect::<Vec<_>>().join(", ")
}

/// Numbers by size, words by equality (their order has no meaning and is never asked for).
fn compare(left: &Value, right: &Value) -> std::cmp::Ordering {
    match (left.as_number(), right.as_number()) {
        (Some(left), Some(right)) => left.total_cmp(&right),
        _ => left.to_string().cmp(&right.to_string()),
    }
}
