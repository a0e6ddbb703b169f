//! The cells of a run as sentences need them: along the rate, by mode, by everything else.

use std::collections::{BTreeMap, BTreeSet};

use sweep_engine::spec::{Kind, Value};
use sweep_engine::statistics::Estimate;

use crate::io::RunError;
use crate::numbers::estimate;
use crate::problems::CellFacts;
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
    /// The other axes with several values; of axes that advance together one.
    pub(super) others: Vec<usize>,
    pub(super) cells: Vec<GridCell>,
}

/// What sentences need of a cell.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct GridCell {
    pub(super) is_saturated: bool,
    /// Whether something speaks against its intervals.
    pub(super) is_doubtful: bool,
    pub(super) p99: Measured,
    pub(super) mean: Measured,
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
    pub(crate) fn new(view: &'a RunView<'a>, facts: &[CellFacts]) -> Result<Self, RunError> {
        let axes = &view.run.axes;
        let of_column = |column: &str| {
            axes.iter().position(|axis| axis.key.column == column && axis.values.len() > 1)
        };
        let (rate, mode) = (of_column("rate_per_s"), of_column("mode"));
        let objective = of_column("slo_ttft_s");
        let mut grid =
            Self { view, rate, mode, objective, others: Vec::new(), cells: cells(view, facts)? };
        let leaders = view.swept().into_iter().filter_map(|leader| {
            let members = grid.members(leader);
            let has_part = members.iter().any(|&axis| [rate, mode].contains(&Some(axis)));
            members.first().copied().filter(|_| !has_part)
        });
        grid.others = leaders.collect();
        Ok(grid)
    }

    /// Whether something else changes along with the rate, so that nothing can be said of either.
    pub(super) fn is_mixed(&self) -> bool {
        self.rate.is_some_and(|rate| self.members(rate).len() > 1)
    }

    /// Axes that advance together with one, and itself; an objective changes nothing.
    fn members(&self, axis: usize) -> Vec<usize> {
        let group = self.view.run.zip.iter().find(|group| group.contains(&axis));
        let members = group.cloned().unwrap_or_else(|| vec![axis]);
        members.into_iter().filter(|member| Some(*member) != self.objective).collect()
    }

    /// Of axes that advance together the first that means something in some cells.
    pub(super) fn visible(&self, axis: usize, cells: &[usize]) -> Option<usize> {
        let means =
            |axis: &usize| cells.iter().any(|&cell| self.view.factor(*axis, cell).is_some());
        self.members(axis).into_iter().find(means)
    }

    /// Where a cell stands on all axes but some.
    fn key(&self, cell: usize, but_for: [Option<usize>; 2]) -> Vec<Option<u32>> {
        let axes = (0..self.view.run.axes.len()).filter(|axis| !but_for.contains(&Some(*axis)));
        axes.map(|axis| self.view.factor(axis, cell)).collect()
    }

    /// Of some cells one for each system: those that differ by their objective alone simulate the same.
    pub(super) fn distinct(&self, cells: &[usize]) -> Vec<usize> {
        let mut known = BTreeSet::new();
        let is_new = |cell: &usize| known.insert(self.key(*cell, [self.objective, None]));
        cells.iter().copied().filter(is_new).collect()
    }

    /// The architecture, if it has several values.
    pub(crate) fn mode(&self) -> Option<usize> {
        self.mode
    }

    /// Whether modes are swept over different numbers of GPUs, so that pairs of them compare unequal hardware.
    pub(crate) fn has_other_hardware(&self) -> bool {
        self.view.run.axes.iter().any(|axis| axis.values.len() > 1 && axis.key.unit == "GPUs")
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
            curves.entry(self.key(cell, [self.rate, self.objective])).or_default().push(cell);
        }
        let by_rate = |mut cells: Vec<usize>| {
            cells.sort_by(|&a, &b| self.rate_of(a).total_cmp(&self.rate_of(b)));
            Curve { cells }
        };
        curves.into_values().map(by_rate).collect()
    }

    /// What tells the curve of a cell from others of its mode.
    pub(super) fn curve_name(&self, cell: usize) -> String {
        self.setting(cell, &self.rate.into_iter().chain(self.mode).collect::<Vec<_>>())
    }

    /// Arrival rate of a cell, requests per second; 0 where it means nothing.
    pub(super) fn rate_of(&self, cell: usize) -> f64 {
        let value = self.rate.and_then(|rate| Some((rate, self.view.factor(rate, cell)?)));
        let values = |axis| numbers(self.view.run, axis).unwrap_or_default();
        value.map_or(0.0, |(axis, value)| values(axis)[value as usize])
    }

    /// Some cells by their rate, the highest first.
    pub(super) fn by_falling_rate(&self, cells: &[usize]) -> Vec<Vec<usize>> {
        let mut sorted = cells.to_vec();
        sorted.sort_by(|&a, &b| self.rate_of(b).total_cmp(&self.rate_of(a)));
        let is_same = |a: &usize, b: &usize| self.rate_of(*a).total_cmp(&self.rate_of(*b)).is_eq();
        sorted.chunk_by(is_same).map(<[usize]>::to_vec).collect()
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
            let value = self.view.factor(axis, cell)?;
            Some(self.view.value_with_unit(axis, value))
        };
        let companions = self.members(axis).into_iter().filter(|other| *other != axis);
        let companions = companions
            .filter_map(|other| Some(format!("{} = {}", self.view.axis_name(other), text(other)?)));
        text(axis).into_iter().chain(companions).collect::<Vec<_>>().join(" and ")
    }

    /// Where a cell stands on the swept axes, but for some of them: `mode mono, arrival rate 2 requests/s`.
    pub(super) fn setting(&self, cell: usize, but_for: &[usize]) -> String {
        let swept = self.mode.iter().chain(&self.rate).chain(&self.others);
        let is_told =
            |axis: &&usize| !self.members(**axis).iter().any(|axis| but_for.contains(axis));
        let settings = swept.filter(is_told).filter_map(|&axis| {
            let axis = self.visible(axis, &[cell])?;
            let (name, unit) = (self.view.axis_short(axis), self.view.run.axes[axis].key.unit);
            let value = self.value_text(axis, cell);
            // A name may say the unit already: `GPUs of the decode pool 4`.
            let is_said = !unit.is_empty() && name.contains(unit.trim_end_matches('s'));
            let value = if is_said {
                let number = value.split(' ').next().unwrap_or_default();
                let rest = value.split_once(" and ").map(|(_, rest)| format!(" and {rest}"));
                format!("{number}{}", rest.unwrap_or_default())
            } else {
                value
            };
            Some(format!("{name} {value}"))
        });
        settings.collect::<Vec<_>>().join(", ")
    }
}

fn cells(view: &RunView, facts: &[CellFacts]) -> Result<Vec<GridCell>, RunError> {
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
            is_doubtful: facts[cell].is_doubtful(),
            p99: value(P99, cell),
            mean: value(MEAN, cell),
            slo_ttft_s,
            attainment: value(ATTAINMENT, cell),
            busy: value(&format!("utilization_{bottleneck}"), cell).value,
            bottleneck,
        }
    });
    Ok(cells.collect())
}

/// Both ends of an interval; `None` without one.
pub(super) fn interval(measured: Measured) -> Option<(f64, f64)> {
    let (value, half_width) = (measured.value?, measured.half_width?);
    Some((value - half_width, value + half_width))
}

/// Whether the intervals of two values overlap; `None` where one of them has none.
pub(super) fn overlap(one: Measured, other: Measured) -> Option<bool> {
    let (one, other) = (interval(one)?, interval(other)?);
    Some(one.0 <= other.1 && other.0 <= one.1)
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
