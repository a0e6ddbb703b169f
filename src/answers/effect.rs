//! What an axis buys: P99 TTFT from its lowest value to its highest, at the highest rate that both sustain.

use super::answer::Answer;
use super::grid::{Grid, overlap, sentence};
use crate::numbers::{significant_two, with_unit};
use crate::view::{numbers, order, typical};

/// Most axes that are told of.
const MAX_AXES: usize = 3;

/// Of each axis of numbers beside the rate, in each mode.
pub(super) fn effects(grid: &Grid) -> Vec<Answer> {
    let is_numeric = |axis: &usize| numbers(grid.view.run, *axis).is_some();
    let axes: Vec<usize> = grid.others.iter().copied().filter(is_numeric).take(MAX_AXES).collect();
    let mut told = Vec::new();
    for (start, cells) in grid.by_mode() {
        told.extend(axes.iter().filter_map(|&axis| effect(grid, axis, &start, &cells)));
    }
    told
}

fn effect(grid: &Grid, axis: usize, start: &str, cells: &[usize]) -> Option<Answer> {
    let values = order(grid.view.run, axis);
    let (&low, &high) = (values.first()?, values.last()?);
    let (from, to) = ends(grid, axis, [low, high], cells)?;
    let (before, after) = (grid.cells[from].p99.value?, grid.cells[to].p99.value?);
    let view = &grid.view;
    let texts = view.value_texts(axis);
    let name = view.axis_short(axis);
    let values = with_unit(&texts[high as usize], view.run.axes[axis].key.unit);
    let held = grid.setting(from, &[axis].into_iter().chain(grid.mode).collect::<Vec<_>>());
    let held = if held.is_empty() { held } else { format!(" ({held})") };
    let (old, new) = (grid.p99_text(from), grid.p99_text(to));
    let told = if overlap(grid.cells[from].p99, grid.cells[to].p99) {
        let compare = format!("sweep compare {} --by {}", view.run.name, view.axis_name(axis));
        format!(
            "P99 TTFT is {new} instead of {old}{held}: these intervals overlap and show no effect; pairs of runs may \
             ({compare})"
        )
    } else {
        let verb = if after < before { "falls" } else { "rises" };
        let percent = significant_two(100.0 * (after / before - 1.0).abs());
        format!("P99 TTFT {verb} from {old} to {new}, by {percent} %{held}")
    };
    let text = format!("with {values} instead of {} as {name}, {told}", texts[low as usize]);
    Some(Answer::new("effect", sentence(start, &text), vec![from, to]))
}

/// Two cells that differ by this axis alone: at the highest rate that both sustain, numbers of other axes in the
/// middle, words at the first.
fn ends(grid: &Grid, axis: usize, values: [u32; 2], cells: &[usize]) -> Option<(usize, usize)> {
    let view = &grid.view;
    let is_held = |cell: usize| {
        grid.others.iter().filter(|other| **other != axis).all(|&other| {
            let held = typical(view.run, other);
            view.factor(other, cell).is_none_or(|value| value == held)
        })
    };
    let known = |value: u32| {
        cells.iter().copied().filter(move |&cell| {
            let found = &grid.cells[cell];
            view.factor(axis, cell) == Some(value)
                && is_held(cell)
                && !found.is_saturated
                && found.p99.value.is_some()
        })
    };
    let is_same_rate = |a: usize, b: usize| grid.rate_of(a).total_cmp(&grid.rate_of(b)).is_eq();
    let pairs = known(values[0]).filter_map(|low| {
        let high = known(values[1]).find(|&high| is_same_rate(low, high))?;
        Some((low, high))
    });
    pairs.max_by(|a, b| grid.rate_of(a.0).total_cmp(&grid.rate_of(b.0)))
}
