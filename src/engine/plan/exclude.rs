//! Exclude conditions, with their words resolved to axes, and their meaning in a cell.

use super::axis::{Axis, find_key};
use super::error::PlanError;
use crate::spec::{Comparison, Condition, Key, Kind, Operand, Operator, ScenarioSpec, Value};

/// A condition of which every side is known.
#[derive(Debug)]
pub(super) struct Exclusion(Vec<Test>);

/// Sides name axes by path, alias or column. A column may be shared by the axes of two modes, of
/// which a cell has one.
#[derive(Debug)]
struct Test {
    left: Side,
    operator: Operator,
    right: Side,
}

#[derive(Debug)]
enum Side {
    Axes(Vec<usize>),
    Value(Value),
}

impl Exclusion {
    /// Resolves a condition against the axes of the sweep.
    pub(super) fn lower(text: &str, axes: &[Axis], base: &ScenarioSpec) -> Result<Self, PlanError> {
        let condition = Condition::parse(text)?;
        let tests = condition.0.iter().map(|comparison| Test::lower(comparison, text, axes, base));
        tests.collect::<Result<_, _>>().map(Self)
    }

    /// Whether a cell with these factors is left out.
    pub(super) fn excludes(&self, axes: &[Axis], factors: &[Option<u32>]) -> bool {
        self.0.iter().all(|test| test.holds(axes, factors))
    }
}

impl Test {
    fn lower(
        comparison: &Comparison,
        text: &str,
        axes: &[Axis],
        base: &ScenarioSpec,
    ) -> Result<Self, PlanError> {
        let bad = |problem: String| PlanError::BadExclusion { text: text.to_owned(), problem };
        let Operand::Word(name) = &comparison.left else {
            return Err(bad("the left side must be an axis of the sweep".into()));
        };
        let named = axes_named(name, axes);
        let (left, kind) = if let Some(&first) = named.first() {
            (Side::Axes(named), axes[first].key.kind)
        } else if let Some((value, kind)) = stated_value(name, base) {
            // An axis that a flag with a single value has ended.
            (Side::Value(value), kind)
        } else {
            return Err(match find_key(name) {
                Ok(_) => {
                    bad(format!("`{name}` is no axis of this sweep; its axes are {}", names(axes)))
                }
                Err(unknown) => bad(unknown.to_string()),
            });
        };
        let right = match &comparison.right {
            Operand::Word(word) if !axes_named(word, axes).is_empty() => {
                Side::Axes(axes_named(word, axes))
            }
            Operand::Word(word) | Operand::Quoted(word) => {
                let value = kind.parse(word).map_err(|r| bad(format!("`{word}`: {r}")))?;
                let is_word = kind.is_numeric() && value.as_number().is_none();
                if is_word && comparison.operator.is_ordering() {
                    return Err(bad(format!("`{word}` has no order; compare it with = or !=")));
                }
                Side::Value(value)
            }
            Operand::Integer(number) => Side::Value(Value::Seed(*number)),
            Operand::Number(number) => Side::Value(Value::Number(*number)),
        };
        if let Side::Value(number) = &right
            && number.as_number().is_some()
            && !kind.is_numeric()
        {
            return Err(bad(format!("`{name}` takes words, not the number {number}")));
        }
        if comparison.operator.is_ordering() && !kind.is_numeric() {
            return Err(bad(format!("`{name}` takes words; compare them with = or !=")));
        }
        if let Side::Axes(others) = &right
            && others.iter().any(|&axis| axes[axis].key.kind.is_numeric() != kind.is_numeric())
        {
            return Err(bad("one side is a number, the other a word".into()));
        }
        Ok(Self { left, operator: comparison.operator, right })
    }

    /// False where a side means nothing in the cell.
    fn holds(&self, axes: &[Axis], factors: &[Option<u32>]) -> bool {
        let value_of = |candidates: &[usize]| {
            candidates
                .iter()
                .find_map(|&axis| factors[axis].map(|i| &axes[axis].values[i as usize]))
        };
        match (self.left.value(value_of), self.right.value(value_of)) {
            (Some(left), Some(right)) => match left.compared(right) {
                Some(ordering) => self.operator.accepts(ordering),
                None => self.operator == Operator::NotEqual,
            },
            _ => false,
        }
    }
}

impl Side {
    fn value<'a>(&'a self, of_axes: impl Fn(&[usize]) -> Option<&'a Value>) -> Option<&'a Value> {
        match self {
            Self::Axes(candidates) => of_axes(candidates),
            Self::Value(value) => Some(value),
        }
    }
}

/// What the base says of a key, by any of its names.
fn stated_value(name: &str, base: &ScenarioSpec) -> Option<(Value, Kind)> {
    let named = |key: &&Key| key.path == name || key.column == name || key.aliases.contains(&name);
    Key::all().filter(named).find_map(|key| (key.get)(base).map(|value| (value, key.kind)))
}

fn axes_named(name: &str, axes: &[Axis]) -> Vec<usize> {
    let named = |key: &Key| key.path == name || key.column == name || key.aliases.contains(&name);
    (0..axes.len()).filter(|&axis| named(axes[axis].key)).collect()
}

fn names(axes: &[Axis]) -> String {
    axes.iter().map(|axis| axis.key.path).collect::<Vec<_>>().join(", ")
}
