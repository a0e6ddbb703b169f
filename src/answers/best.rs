//! The best cell: with the lowest P99 TTFT at the highest rate without saturation.

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
    let highest = sustained.iter().map(|&cell| grid.rate_of(cell)).max_by(f64::total_cmp)?;
    let is_highest = |cell: &usize| grid.rate_of(*cell).total_cmp(&highest).is_eq();
    let candidates: Vec<usize> = sustained.into_iter().filter(is_highest).collect();
    let value = |cell: usize| grid.cells[cell].p99.value.unwrap_or(f64::INFINITY);
    let &winner = candidates.iter().min_by(|&&a, &&b| value(a).total_cmp(&value(b)))?;
    let setting = grid.setting(winner, &grid.rate.into_iter().collect::<Vec<_>>());
    let tied = candidates
        .iter()
        .filter(|&&cell| cell != winner && overlap(grid.cells[cell].p99, grid.cells[winner].p99));
    let mut cells = vec![winner];
    cells.extend(tied);
    let p99 = grid.p99_text(winner);
    let rate = grid.rate.map(|_| {
        let rate = with_unit(&significant(highest), "requests/s");
        format!("{rate}, the highest rate without saturation")
    });
    let text = match (rate, candidates.len()) {
        (Some(rate), 1) => {
            format!(
                "one cell alone is at {rate}: cell {winner} ({setting}), with a P99 TTFT of {p99}"
            )
        }
        (Some(rate), _) => {
            format!("at {rate}, P99 TTFT is lowest in cell {winner} ({setting}): {p99}")
        }
        (None, _) => {
            format!("of all cells, P99 TTFT is lowest in cell {winner} ({setting}): {p99}")
        }
    };
    let ties = match cells.len() - 1 {
        _ if candidates.len() == 1 => String::new(),
        0 => "; no other interval overlaps with its".to_owned(),
        1 => "; the interval of 1 other cell overlaps with its".to_owned(),
        ties => format!("; the intervals of {ties} other cells overlap with its"),
    };
    Some(Answer::new(Topic::Best, sentence("", &(text + &ties)), cells))
}
