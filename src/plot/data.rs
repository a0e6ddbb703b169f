//! A run as pictures see it: axes with their names on paper, and cells with their results.

use std::collections::{BTreeMap, BTreeSet};

use sweep_engine::spec::Value;

use super::design::Design;
use super::names::{Quantity, short};
use crate::comparison::factor_column;
use crate::io::{FinishedRun, RunCells, RunError};
use crate::report::significant;
use crate::schema::{CELL_COLUMNS, half_width_name};

/// A run and the results that its pictures need.
pub(crate) struct PlotData<'a> {
    pub(super) run: &'a FinishedRun,
    cells: &'a RunCells,
    results: BTreeMap<String, Vec<Measured>>,
}

/// A result of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Measured {
    pub(super) value: Option<f64>,
    pub(super) half_width: Option<f64>,
}

impl<'a> PlotData<'a> {
    /// Columns of `cells` that designs need.
    pub(crate) fn columns(run: &FinishedRun, designs: &[Design]) -> Vec<String> {
        let quantities = designs.iter().flat_map(Design::quantities);
        let names = quantities.flat_map(|quantity| {
            let half_width =
                quantity.has_interval.then(|| half_width_name(&quantity.name, run.level));
            [Some(quantity.name.clone()), half_width]
        });
        names.flatten().collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// A run with its table of the [`Self::columns`].
    ///
    /// # Errors
    /// A column was not read.
    pub(crate) fn new(
        run: &'a FinishedRun,
        cells: &'a RunCells,
        designs: &[Design],
    ) -> Result<Self, RunError> {
        let mut results = BTreeMap::new();
        for quantity in designs.iter().flat_map(Design::quantities) {
            let values = cells.numbers(&quantity.name)?;
            let half_widths = if quantity.has_interval {
                cells.numbers(&half_width_name(&quantity.name, run.level))?
            } else {
                vec![None; values.len()]
            };
            let finite = |number: Option<f64>| number.filter(|number| number.is_finite());
            let measured = values.into_iter().zip(half_widths).map(|(value, half_width)| {
                Measured { value: finite(value), half_width: finite(half_width) }
            });
            results.insert(quantity.name.clone(), measured.collect());
        }
        Ok(Self { run, cells, results })
    }

    /// A result of a cell.
    pub(super) fn measured(&self, quantity: &Quantity, cell: usize) -> Measured {
        self.results.get(&quantity.name).map(|column| column[cell]).unwrap_or_default()
    }

    pub(super) fn is_saturated(&self, cell: usize) -> bool {
        self.cells.saturated[cell]
    }

    /// Index of the value of an axis; `None` where it means nothing.
    pub(super) fn factor(&self, axis: usize, cell: usize) -> Option<u32> {
        self.cells.factors[axis][cell]
    }

    /// Cells with the values at which other axes are held, as far as these mean something.
    pub(super) fn held_cells(&self, design: &Design) -> Vec<usize> {
        let is_held = |&(axis, value): &(usize, u32), cell| {
            self.factor(axis, cell).is_none_or(|factor| factor == value)
        };
        let cells = 0..self.cells.saturated.len();
        cells.filter(|&cell| design.held.iter().all(|held| is_held(held, cell))).collect()
    }

    /// Name of a column that tells an axis from the others.
    pub(super) fn axis_name(&self, axis: usize) -> String {
        factor_column(&self.run.axes, axis).name
    }

    /// An axis on paper, with its unit.
    pub(super) fn axis_label(&self, axis: usize) -> String {
        let name = self.axis_short(axis);
        let unit = self.run.axes[axis].key.unit;
        match (unit, numbers(self.run, axis)) {
            ("", Some(_)) => format!("{name} (no unit)"),
            ("", None) => name,
            (unit, _) => format!("{name} ({unit})"),
        }
    }

    /// An axis on paper.
    pub(super) fn axis_short(&self, axis: usize) -> String {
        let name = self.axis_name(axis);
        // Other keys mean something else in each mode or kind, and their names say which.
        match CELL_COLUMNS.iter().find(|column| column.name == name) {
            Some(column) => short(&name, column.meaning),
            None => name,
        }
    }

    /// `mode = mono`, `prefill_gpus = 2 GPUs`.
    pub(super) fn setting(&self, axis: usize, value: u32) -> String {
        format!("{} = {}", self.axis_name(axis), self.value_with_unit(axis, value))
    }

    /// `mono`, `2 GPUs`.
    pub(super) fn value_with_unit(&self, axis: usize, value: u32) -> String {
        let text = value_text(&self.run.axes[axis].values[value as usize]);
        format!("{text} {}", self.run.axes[axis].key.unit).trim_end().to_owned()
    }

    /// Values of an axis as they stand beside ticks and curves.
    pub(super) fn value_texts(&self, axis: usize) -> Vec<String> {
        self.run.axes[axis].values.iter().map(value_text).collect()
    }

    /// The run, what is held, and which axes go along with others.
    pub(super) fn subtitle(&self, design: &Design) -> String {
        let held = design.held.iter().map(|&(axis, value)| self.setting(axis, value));
        let used = design.axes();
        let companions = self.run.zip.iter().filter_map(|group| {
            let leader = *group.iter().find(|axis| used.contains(axis))?;
            let others = group.iter().filter(|axis| !used.contains(axis));
            let others: Vec<String> = others.map(|&axis| self.axis_name(axis)).collect();
            let verb = if others.len() == 1 { "goes" } else { "go" };
            Some(format!("{} {verb} with {}", others.join(", "), self.axis_name(leader)))
        });
        let run = format!("run {}", self.run.name);
        std::iter::once(run).chain(held).chain(companions).collect::<Vec<_>>().join("; ")
    }
}

/// Values of an axis as numbers, if they are.
pub(super) fn numbers(run: &FinishedRun, axis: usize) -> Option<Vec<f64>> {
    let number = |value: &Value| match value {
        Value::Number(number) => Some(*number),
        Value::Count(count) => Some(f64::from(*count)),
        Value::Seed(_) | Value::Flag(_) | Value::Word(_) => None,
    };
    run.axes[axis].values.iter().map(number).collect()
}

fn value_text(value: &Value) -> String {
    match value {
        Value::Number(number) => significant(*number),
        other => other.to_string(),
    }
}
