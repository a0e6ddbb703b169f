//! The table `cells` of a finished run: where each cell stands on the axes, and numbers of it.

use sweep_engine::spec::{Kind, Value};

use super::run_reader::{FinishedRun, RunError, factor_column};
use super::run_table::RunTable;

/// The cells of a run, in the order of their numbers.
#[derive(Debug)]
pub(crate) struct RunCells {
    /// Per axis and cell the index of its value; `None` where the axis means nothing in this cell.
    pub(crate) factors: Vec<Vec<Option<u32>>>,
    pub(crate) saturated: Vec<bool>,
    /// The columns that were asked for, and those of the axes.
    pub(crate) table: RunTable,
}

impl FinishedRun {
    /// The table `cells` with some of its columns.
    ///
    /// # Errors
    /// A table that is missing, unreadable or cut short, a column that is missing or of another type, a
    /// factor that is no value of its axis.
    pub(crate) fn cells_table<'a>(
        &'a self,
        columns: &[(&'a str, Kind)],
    ) -> Result<RunCells, RunError> {
        let mode = Kind::Word(&[]);
        let mut wanted = vec![("cell", Kind::Count), ("saturated", Kind::Flag), ("mode", mode)];
        let axes = self.axes.iter().map(|axis| (axis.key.column, axis.key.kind));
        for (name, kind) in axes.chain(columns.iter().copied()) {
            if !wanted.iter().any(|(known, _)| *known == name) {
                wanted.push((name, kind));
            }
        }
        let table = self.read("cells", &wanted)?;
        let modes = table.values("mode", mode)?;
        let autos: Vec<bool> =
            table.counts("cell")?.iter().map(|cell| self.auto_warmups.contains(cell)).collect();
        let factors = self
            .axes
            .iter()
            .map(|axis| factor_column(&table, axis, &modes, &autos))
            .collect::<Result<_, _>>()?;
        let saturated = table.values("saturated", Kind::Flag)?;
        let saturated = saturated.into_iter().map(|flag| flag == Some(Value::Flag(true))).collect();
        Ok(RunCells { factors, saturated, table })
    }
}
