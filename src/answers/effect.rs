//! What an axis buys: P99 TTFT at its values, at the highest rate at which they can be compared.

use sweep_engine::random::Seeding;

use super::answer::{Answer, Topic};
use super::grid::{Grid, overlap, sentence};
use crate::numbers::significant_two;
use crate::view::{numbers, order, typical};

/// Most axes that are told of.
const MAX_AXES: usize = 3;
/// Most words of which each is told.
const MAX_WORDS: usize = 6;

/// Of each axis beside rate and mode, in each mode.
pub(super) fn effects(grid: &Grid) -> Vec<Answer> {
    let mut told = Vec::new();
    for (start, cells) in grid.by_mode() {
        let cells = grid.distinct(&cells);
        told.extend(grid.others.iter().take(MAX_AXES).filter_map(|&group| {
            let axis = grid.visible(group, &cells)?;
            let cells = held(grid, group, axis, &cells);
            match numbers(grid.view.run, axis) {
                Some(_) => of_numbers(grid, axis, &start, &cells),
                None => of_words(grid, axis, &start, &cells),
            }
        }));
    }
    told
}

/// Cells that an axis is told by: without saturation, the others held as in pictures.
fn held(grid: &Grid, group: usize, axis: usize, cells: &[usize]) -> Vec<usize> {
    let view = grid.view;
    let others = grid.others.iter().filter(|other| **other != group);
    let others: Vec<usize> = others.filter_map(|&other| grid.visible(other, cells)).collect();
    let is_held = |cell: usize| {
        others.iter().all(|&other| {
            let value = typical(view.run, other);
            view.factor(other, cell).is_none_or(|known| known == value)
        })
    };
    let has_value = |cell: usize| {
        let found = &grid.cells[cell];
        !found.is_saturated && found.p99.value.is_some() && view.factor(axis, cell).is_some()
    };
    cells.iter().copied().filter(|&cell| is_held(cell) && has_value(cell)).collect()
}

/// From the lowest to the highest number, and how far down between them.
fn of_numbers(grid: &Grid, axis: usize, start: &str, cells: &[usize]) -> Option<Answer> {
    let view = grid.view;
    let values = order(view.run, axis);
    let (&low, &high) = (values.first()?, values.last()?);
    let is_same_rate = |a: usize, b: usize| grid.rate_of(a).total_cmp(&grid.rate_of(b)).is_eq();
    let with = |value: u32| {
        cells.iter().copied().filter(move |&cell| view.factor(axis, cell) == Some(value))
    };
    let ends =
        with(low).filter_map(|low| Some((low, with(high).find(|&high| is_same_rate(low, high))?)));
    let (from, to) = ends.max_by(|a, b| grid.rate_of(a.0).total_cmp(&grid.rate_of(b.0)))?;
    let p99 = |cell: usize| grid.cells[cell].p99;
    let (before, after) = (p99(from).value?, p99(to).value?);
    let held = held_text(grid, axis, from);
    let (old, new) = (grid.p99_text(from), grid.p99_text(to));
    let mut told = match overlap(p99(from), p99(to)) {
        None => format!("P99 TTFT is {new} instead of {old}{held}, both without an interval"),
        Some(true) => {
            let pairs = match view.run.seeding {
                Seeding::Common => "; pairs of runs may (sweep compare)",
                Seeding::Independent => "",
            };
            format!(
                "P99 TTFT is {new} instead of {old}{held}: these intervals overlap and cannot tell{pairs}"
            )
        }
        Some(false) => {
            let verb = if after < before { "falls" } else { "rises" };
            let percent = significant_two(100.0 * (after / before - 1.0).abs());
            format!("P99 TTFT {verb} from {old} to {new}, by {percent} %{held}")
        }
    };
    let mut named = vec![from, to];
    let inside = cells.iter().copied().filter(|&cell| is_same_rate(cell, from));
    let value = |cell: usize| p99(cell).value.unwrap_or(f64::INFINITY);
    let lowest = inside.min_by(|&a, &b| value(a).total_cmp(&value(b)))?;
    let is_below =
        |end: usize| value(lowest) < value(end) && overlap(p99(lowest), p99(end)) == Some(false);
    if is_below(from) && is_below(to) {
        let place = grid.value_text(axis, lowest);
        told = format!("{told}; between them it is lowest with {place}: {}", grid.p99_text(lowest));
        named.push(lowest);
    }
    let [highest, lowest] = [to, from].map(|cell| grid.value_text(axis, cell));
    let text = format!("with {highest} instead of {lowest} as {}, {told}", view.axis_short(axis));
    Some(Answer::new(Topic::Effect, sentence(start, &text), named))
}

/// At the highest rate that all words sustain, what each gives.
fn of_words(grid: &Grid, axis: usize, start: &str, cells: &[usize]) -> Option<Answer> {
    let values = grid.view.run.axes[axis].values.len();
    let named = grid.by_falling_rate(cells).into_iter().find(|cells| cells.len() == values)?;
    if values > MAX_WORDS {
        return None;
    }
    let told = named
        .iter()
        .map(|&cell| format!("{} with {}", grid.p99_text(cell), grid.value_text(axis, cell)));
    let name = grid.view.axis_short(axis);
    let held = held_text(grid, axis, named[0]);
    let told: Vec<String> = told.collect();
    let text = format!("by {name}, P99 TTFT is {}{held}", told.join(", "));
    Some(Answer::new(Topic::Effect, sentence(start, &text), named))
}

/// ` (arrival rate 2 requests/s)`: where the other axes stand.
fn held_text(grid: &Grid, axis: usize, cell: usize) -> String {
    let but_for: Vec<usize> = [axis].into_iter().chain(grid.mode).collect();
    let held = grid.setting(cell, &but_for);
    if held.is_empty() { held } else { format!(" ({held})") }
}
