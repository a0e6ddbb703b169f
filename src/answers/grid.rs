//! The cells of a run as sentences need them: along the rate, by mode, by everything else.

use std::collections::BTreeMap;

use sweep_engine::spec::{Kind, Value};
use sweep_engine::statistics::Estimate;

use crate::io::RunError;
use crate::numbers::estimate;
use crate::view::{Measured, RunView, numbers};

/// The result that sentences are about.
const P99: &str = "pooled_p99_ttft_s";
const MEAN: &str = "mean_ttft_s";
const ATTAINMENT: &str = "slo_attainment";
/// Results that sentences need.
pub(crate) const RESULTS: [&str; 6] =
    [P99, MEAN, ATTAINMENT, "utilization_prefill", "utilization_decode", "utilization_gpu"];
/// Other columns of `cells` that they need.
pub(crate) const COLUMNS: [(&str, Kind); 2] =
    [("slo_ttft_s", Kind::Number), ("bottleneck", Kind::Word(&[]))];

/// A run and its axes by the part that they have in sentences.
pub(crate) struct Grid<'a> {
    pub(super) view: &'a RunView<'a>,
    /// Arrival rate, if it has several values.
    pub(super) rate: Option<usize>,
    /// Architecture, if it has several values.
    pub(super) mode: Option<usize>,
    /// Objective, if it has several values.
    objective: Option<usize>,
    /// The other axes with several values; of axes that advance together the first.
    pub(super) others: Vec<usize>,
    pub(super) cells: Vec<GridCell>,
}

/// What sentences need of a cell.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct GridCell {
    pub(super) is_saturated: bool,
    pub(super) p99: Measured,
    pub(super) mean: Option<f64>,
    /// Its objective, seconds.
    pub(super) slo_ttft_s: Option<f64>,
    /// Share of requests within it.
    pub(super) attainment: Measured,
    /// The pool with the largest load: `prefill`, `decode`, or `gpu`.
    pub(super) bottleneck: String,
    /// Busy share of that pool.
    pub(super) busy: Option<f64>,
}

/// Cells that differ by their rate alone, by rising rate.
pub(super) struct Curve {
    pub(super) cells: Vec<usize>,
}

impl<'a> Grid<'a> {
    /// Sorts the axes of a run that has [`RESULTS`] and [`COLUMNS`].
    ///
    /// # Errors
    /// A column of these was not read.
    pub(crate) fn new(view: &'a RunView<'a>) -> Result<Self, RunError> {
        let swept = view.swept();
        let of_column = |column: &str| {
            swept.iter().copied().find(|&axis| view.run.axes[axis].key.column == column)
        };
        let (rate, mode) = (of_column("rate_per_s"), of_column("mode"));
        let objective = of_column("slo_ttft_s");
        let has_part = |axis| [rate, mode, objective].contains(&Some(axis));
        let others = swept.iter().copied().filter(|&axis| !has_part(axis)).collect();
        Ok(Self { view, rate, mode, objective, others, cells: cells(view)? })
    }

    /// Of some cells those with the first objective: others simulate the same.
    pub(super) fn distinct(&self, cells: &[usize]) -> Vec<usize> {
        let is_first = |cell: &usize| {
            let value = self.objective.and_then(|axis| self.view.factor(axis, *cell));
            value.is_none_or(|value| value == 0)
        };
        cells.iter().copied().filter(is_first).collect()
    }

    /// The architecture, if it has several values.
    pub(crate) fn mode(&self) -> Option<usize> {
        self.mode
    }

    /// Groups of cells by mode, each with what its sentences begin with.
    pub(super) fn by_mode(&self) -> Vec<(String, Vec<usize>)> {
        let all: Vec<usize> = (0..self.cells.len()).collect();
        let Some(mode) = self.mode else { return vec![(String::new(), all)] };
        let names = self.view.value_texts(mode).into_iter().zip(0_u32..);
        let groups = names.map(|(name, value)| {
            let is_of = |cell: &usize| self.view.factor(mode, *cell) == Some(value);
            (format!("{name}: "), all.iter().copied().filter(is_of).collect())
        });
        groups.collect()
    }

    /// Curves along the rate among some cells; none where the rate is not swept.
    pub(super) fn curves(&self, cells: &[usize]) -> Vec<Curve> {
        let Some(rate) = self.rate else { return Vec::new() };
        let mut curves: BTreeMap<Vec<Option<u32>>, Vec<usize>> = BTreeMap::new();
        for &cell in cells.iter().filter(|&&cell| self.view.factor(rate, cell).is_some()) {
            let axes = self.others.iter().chain(&self.mode);
            let key = axes.map(|&axis| self.view.factor(axis, cell)).collect();
            curves.entry(key).or_default().push(cell);
        }
        let by_rate = |mut cells: Vec<usize>| {
            cells.sort_by(|&a, &b| self.rate_of(a).total_cmp(&self.rate_of(b)));
            Curve { cells }
        };
        curves.into_values().map(by_rate).collect()
    }

    /// Arrival rate of a cell, requests per second; 0 where it means nothing.
    pub(super) fn rate_of(&self, cell: usize) -> f64 {
        let value = self.rate.and_then(|rate| Some((rate, self.view.factor(rate, cell)?)));
        let values = |axis| numbers(self.view.run, axis).unwrap_or_default();
        value.map_or(0.0, |(axis, value)| values(axis)[value as usize])
    }

    /// `1.2 ± 0.1 s`.
    pub(super) fn p99_text(&self, cell: usize) -> String {
        let Measured { value, half_width } = self.cells[cell].p99;
        let number = value.map(|mean| Estimate { mean, half_width, std: None });
        format!("{} s", estimate(number))
    }

    /// The value of an axis in a cell, with those that go along with it: `2 GPUs and decode_gpus = 6 GPUs`.
    pub(super) fn value_text(&self, axis: usize, cell: usize) -> String {
        let text = |axis: usize| {
            let value = self.view.factor(axis, cell);
            value.map_or_else(|| "-".to_owned(), |value| self.view.value_with_unit(axis, value))
        };
        let groups = self.view.run.zip.iter().filter(|group| group.contains(&axis));
        let companions = groups.flatten().filter(|other| **other != axis);
        let companions =
            companions.map(|&other| format!("{} = {}", self.view.axis_name(other), text(other)));
        [text(axis)].into_iter().chain(companions).collect::<Vec<_>>().join(" and ")
    }

    /// Where a cell stands on the swept axes, but for some of them: `mode mono, arrival rate 2 requests/s`.
    pub(super) fn setting(&self, cell: usize, but_for: &[usize]) -> String {
        let swept = self.mode.iter().chain(&self.rate).chain(&self.others);
        let settings = swept.filter(|axis| !but_for.contains(axis)).filter_map(|&axis| {
            self.view.factor(axis, cell)?;
            Some(format!("{} {}", self.view.axis_short(axis), self.value_text(axis, cell)))
        });
        settings.collect::<Vec<_>>().join(", ")
    }
}

fn cells(view: &RunView) -> Result<Vec<GridCell>, RunError> {
    let objectives = view.cells.table.numbers("slo_ttft_s")?;
    let bottlenecks = view.cells.table.values("bottleneck", Kind::Word(&[]))?;
    let value = |name: &str, cell| view.measured(name, cell);
    let cells = bottlenecks.into_iter().zip(objectives).enumerate();
    let cells = cells.map(|(cell, (bottleneck, slo_ttft_s))| {
        let bottleneck = match bottleneck {
            Some(Value::Word(pool)) => pool,
            _ => String::new(),
        };
        GridCell {
            is_saturated: view.is_saturated(cell),
            p99: value(P99, cell),
            mean: value(MEAN, cell).value,
            slo_ttft_s,
            attainment: value(ATTAINMENT, cell),
            busy: value(&format!("utilization_{bottleneck}"), cell).value,
            bottleneck,
        }
    });
    Ok(cells.collect())
}

/// Both ends of an interval; of a value without one, infinity.
pub(super) fn interval(measured: Measured) -> Option<(f64, f64)> {
    let half_width = measured.half_width.unwrap_or(f64::INFINITY);
    measured.value.map(|value| (value - half_width, value + half_width))
}

/// Whether two values cannot be told apart.
pub(super) fn overlap(one: Measured, other: Measured) -> bool {
    match (interval(one), interval(other)) {
        (Some(one), Some(other)) => one.0 <= other.1 && other.0 <= one.1,
        _ => true,
    }
}

/// A sentence begins with a capital letter and ends with a full stop; the name of a mode stays as it is written.
pub(super) fn sentence(start: &str, rest: &str) -> String {
    if !start.is_empty() {
        return format!("{start}{rest}.");
    }
    let mut letters = rest.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}
