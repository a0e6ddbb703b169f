//! A run as readers see it: axes with their names on paper, and cells with their results.

use std::collections::{BTreeMap, BTreeSet};

use sweep_engine::spec::{Kind, Value};

use super::quantity::{Quantity, short};
use crate::comparison::factor_column;
use crate::io::{FinishedRun, RunCells, RunError};
use crate::numbers::with_unit;
use crate::schema::{CELL_COLUMNS, half_width_name};

/// A run, its cells, and some of their results.
pub(crate) struct RunView<'a> {
    pub(crate) run: &'a FinishedRun,
    pub(crate) cells: RunCells,
    /// The results that are at hand.
    pub(crate) quantities: Vec<Quantity>,
    results: BTreeMap<String, Vec<Measured>>,
}

/// A result of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Measured {
    pub(crate) value: Option<f64>,
    pub(crate) half_width: Option<f64>,
}

impl<'a> RunView<'a> {
    /// A run with some of its results, and further columns of `cells` for who knows their types.
    ///
    /// # Errors
    /// Those of [`FinishedRun::cells_table`].
    pub(crate) fn read(
        run: &'a FinishedRun,
        quantities: &[Quantity],
        others: &[(&str, Kind)],
    ) -> Result<Self, RunError> {
        let names: BTreeSet<String> =
            quantities.iter().flat_map(|quantity| quantity.columns(run.level)).collect();
        let numbers = names.iter().map(|name| (name.as_str(), Kind::Number));
        let cells = run.cells_table(&numbers.chain(others.iter().copied()).collect::<Vec<_>>())?;
        let mut results = BTreeMap::new();
        for quantity in quantities {
            let values = cells.table.numbers(&quantity.name)?;
            let half_widths = if quantity.has_interval {
                cells.table.numbers(&half_width_name(&quantity.name, run.level))?
            } else {
                vec![None; values.len()]
            };
            let finite = |number: Option<f64>| number.filter(|number| number.is_finite());
            let measured = values.into_iter().zip(half_widths).map(|(value, half_width)| {
                Measured { value: finite(value), half_width: finite(half_width) }
            });
            results.insert(quantity.name.clone(), measured.collect());
        }
        Ok(Self { run, cells, quantities: quantities.to_vec(), results })
    }

    /// Axes of several values; of axes that advance together the first.
    pub(crate) fn swept(&self) -> Vec<usize> {
        swept(self.run)
    }

    /// How many cells there are.
    pub(crate) fn num_cells(&self) -> usize {
        self.cells.saturated.len()
    }

    /// A result of a cell.
    pub(crate) fn measured(&self, name: &str, cell: usize) -> Measured {
        self.results.get(name).map(|column| column[cell]).unwrap_or_default()
    }

    pub(crate) fn is_saturated(&self, cell: usize) -> bool {
        self.cells.saturated[cell]
    }

    /// Index of the value of an axis; `None` where it means nothing.
    pub(crate) fn factor(&self, axis: usize, cell: usize) -> Option<u32> {
        self.cells.factors[axis][cell]
    }

    /// Name of a column that tells an axis from the others.
    pub(crate) fn axis_name(&self, axis: usize) -> String {
        factor_column(&self.run.axes, axis).name
    }

    /// An axis on paper, with its unit.
    pub(crate) fn axis_label(&self, axis: usize) -> String {
        let name = self.axis_short(axis);
        let unit = self.run.axes[axis].key.unit;
        match (unit, numbers(self.run, axis)) {
            ("", Some(_)) => format!("{name} (no unit)"),
            ("", None) => name,
            (unit, _) => format!("{name} ({unit})"),
        }
    }

    /// An axis on paper.
    pub(crate) fn axis_short(&self, axis: usize) -> String {
        let name = self.axis_name(axis);
        // Other keys mean something else in each mode or kind, and their names say which.
        match CELL_COLUMNS.iter().find(|column| column.name == name) {
            Some(column) => short(&name, column.meaning),
            None => name,
        }
    }

    /// `mode = mono`, `prefill_gpus = 2 GPUs`.
    pub(crate) fn setting(&self, axis: usize, value: u32) -> String {
        format!("{} = {}", self.axis_name(axis), self.value_with_unit(axis, value))
    }

    /// `mono`, `2 GPUs`.
    pub(crate) fn value_with_unit(&self, axis: usize, value: u32) -> String {
        with_unit(&self.value_texts(axis)[value as usize], self.run.axes[axis].key.unit)
    }

    /// Values of an axis as they stand beside ticks and curves.
    pub(crate) fn value_texts(&self, axis: usize) -> Vec<String> {
        match numbers(self.run, axis) {
            Some(numbers) => number_texts(&numbers),
            None => self.run.axes[axis].values.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Axes of several values; of axes that advance together the first.
pub(crate) fn swept(run: &FinishedRun) -> Vec<usize> {
    let axes = 0..run.axes.len();
    axes.filter(|&axis| run.axes[axis].values.len() > 1 && leader(run, axis) == axis).collect()
}

/// The axes that advance together with one, and itself.
pub(crate) fn companions(run: &FinishedRun, axis: usize) -> Vec<usize> {
    let group = run.zip.iter().find(|group| group.contains(&axis));
    group.cloned().unwrap_or_else(|| vec![axis])
}

/// The first of the axes that advance together with one.
pub(crate) fn leader(run: &FinishedRun, axis: usize) -> usize {
    companions(run, axis)[0]
}

/// Indices of the values of an axis: numbers by size, words as they were written.
pub(crate) fn order(run: &FinishedRun, axis: usize) -> Vec<u32> {
    let mut order: Vec<u32> = (0..).take(run.axes[axis].values.len()).collect();
    if let Some(numbers) = numbers(run, axis) {
        order.sort_by(|&a, &b| numbers[a as usize].total_cmp(&numbers[b as usize]));
    }
    order
}

/// Index of the value that stands for an axis that is not shown: the middle number, the first word.
pub(crate) fn typical(run: &FinishedRun, axis: usize) -> u32 {
    let order = order(run, axis);
    order[if numbers(run, axis).is_some() { order.len() / 2 } else { 0 }]
}

/// Values of an axis as numbers, if they are.
pub(crate) fn numbers(run: &FinishedRun, axis: usize) -> Option<Vec<f64>> {
    let number = |value: &Value| match value {
        Value::Number(number) => Some(*number),
        Value::Count(count) => Some(f64::from(*count)),
        Value::Seed(_) | Value::Flag(_) | Value::Word(_) => None,
    };
    run.axes[axis].values.iter().map(number).collect()
}

/// Numbers as they are if that is short, else with three digits, or as many as tell them apart.
fn number_texts(numbers: &[f64]) -> Vec<String> {
    const SHORT: usize = 5;
    let text = |number: f64, digits: usize| {
        let exact = number.to_string();
        if exact.len() <= SHORT {
            return exact;
        }
        let rounded: f64 = format!("{number:.digits$e}").parse().unwrap_or(number);
        rounded.to_string()
    };
    let texts = |digits| numbers.iter().map(|&number| text(number, digits)).collect::<Vec<_>>();
    let is_told_apart =
        |texts: &Vec<String>| texts.iter().collect::<BTreeSet<_>>().len() == texts.len();
    (2..17).map(texts).find(is_told_apart).unwrap_or_else(|| texts(17))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_told_apart() {
        let cases: [(&[f64], &[&str]); 4] = [
            (&[0.5, 1.0, 32_000.0], &["0.5", "1", "32000"]),
            (&[2828.427, 11_313.708], &["2830", "11300"]),
            (&[0.1, 0.693_939], &["0.1", "0.694"]),
            (&[100_001.0, 100_002.0], &["100001", "100002"]),
        ];
        for (numbers, expected) in cases {
            assert_eq!(number_texts(numbers), expected);
        }
    }
}
