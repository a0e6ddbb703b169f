//! How sure the numbers are.

use super::answer::{Answer, Topic};
use super::grid::{Grid, GridCell, sentence};
use crate::numbers::significant_two;
use crate::schema::percent;

/// Relative half widths of P99 TTFT: the one in the middle, and the widest.
pub(super) fn uncertainty(grid: &Grid) -> Option<Answer> {
    let with_value = grid.cells.iter().filter(|cell| cell.p99.value.is_some());
    let (doubtful, sound): (Vec<&GridCell>, Vec<&GridCell>) =
        with_value.partition(|cell| cell.is_doubtful);
    if doubtful.is_empty() && sound.is_empty() {
        return None;
    }
    let relative = grid
        .cells
        .iter()
        .enumerate()
        .filter(|(_, found)| !found.is_doubtful)
        .filter_map(|(cell, found)| Some((found.p99.half_width? / found.p99.value?, cell)));
    let mut relative: Vec<(f64, usize)> = relative.collect();
    relative.sort_by(|a, b| a.0.total_cmp(&b.0));
    let level = percent(grid.view.run.level);
    let Some(&(widest, cell)) = relative.last() else {
        let text = format!("no P99 TTFT has a {level} % interval that nothing speaks against");
        return Some(Answer::new(Topic::Certainty, sentence("", &text), Vec::new()));
    };
    let share = |width: f64| format!("± {} %", significant_two(100.0 * width));
    let setting = grid.setting(cell, &[]);
    let mut text = if relative.len() == 1 {
        format!("P99 TTFT is known to {}, by a {level} % interval", share(widest))
    } else {
        let (middle, _) = relative[relative.len() / 2];
        format!(
            "P99 TTFT is known to {} in the median cell and to {} in the worst (cell {cell}: {setting}), by {level} % \
             intervals",
            share(middle),
            share(widest)
        )
    };
    let without = sound.len() - relative.len();
    if without > 0 {
        text = format!("{text}; {without} of {} without one", sound.len());
    }
    if !doubtful.is_empty() {
        text = format!("{text}; cells with something against them left out: {}", doubtful.len());
    }
    Some(Answer::new(Topic::Certainty, sentence("", &text), vec![cell]))
}
