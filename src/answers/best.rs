//! The best cell: with the lowest P99 TTFT at the highest rate that several sustain.

use super::answer::{Answer, Topic};
use super::grid::{Grid, overlap, sentence};
use crate::numbers::{significant, with_unit};

/// `None` where there is nothing to choose from.
pub(super) fn best(grid: &Grid) -> Option<Answer> {
    if grid.mode.is_none() && grid.others.is_empty() {
        return None;
    }
    let all: Vec<usize> = (0..grid.cells.len()).collect();
    let sustained: Vec<usize> = grid
        .distinct(&all)
        .into_iter()
        .filter(|&cell| !grid.cells[cell].is_saturated && grid.cells[cell].p99.value.is_some())
        .collect();
    let candidates = grid.by_falling_rate(&sustained).into_iter().find(|cells| cells.len() > 1)?;
    let value = |cell: usize| grid.cells[cell].p99.value.unwrap_or(f64::INFINITY);
    let &winner = candidates.iter().min_by(|&&a, &&b| value(a).total_cmp(&value(b)))?;
    let setting = grid.setting(winner, &grid.rate.into_iter().collect::<Vec<_>>());
    let p99_of = |cell: usize| grid.cells[cell].p99;
    let others = candidates.iter().copied().filter(|&cell| cell != winner);
    let mut cells = vec![winner];
    cells
        .extend(others.clone().filter(|&cell| overlap(p99_of(cell), p99_of(winner)) == Some(true)));
    let unknown = others.filter(|&cell| overlap(p99_of(cell), p99_of(winner)).is_none()).count();
    let p99 = grid.p99_text(winner);
    let place = match grid.rate {
        Some(_) => {
            let rate = with_unit(&significant(grid.rate_of(winner)), "requests/s");
            format!("at {rate}, the highest rate that several cells sustain")
        }
        None => "of all cells".to_owned(),
    };
    let ties = match cells.len() - 1 {
        _ if unknown > 0 => {
            "for want of intervals nobody knows whether others are as low".to_owned()
        }
        0 => "no other interval overlaps with its".to_owned(),
        1 => "the interval of 1 other cell overlaps with its".to_owned(),
        ties => format!("the intervals of {ties} other cells overlap with its"),
    };
    let text = format!("{place}, P99 TTFT is lowest in cell {winner} ({setting}): {p99}; {ties}");
    Some(Answer::new(Topic::Best, sentence("", &text), cells))
}
