//! Which pool limits, and how busy it gets.

use super::answer::{Answer, Topic};
use super::grid::{Grid, sentence};

/// The pools that a bottleneck can be, by their words in tables.
const POOLS: [(&str, &str); 3] =
    [("prefill", "the prefill pool"), ("decode", "the decode pool"), ("gpu", "the one pool")];

/// By mode: the pool with the larger offered load, and its busiest cell without saturation.
pub(super) fn bottlenecks(grid: &Grid) -> Vec<Answer> {
    let told = grid.by_mode().into_iter().filter_map(|(start, cells)| {
        let counts: Vec<(&str, usize)> = POOLS
            .iter()
            .map(|(word, pool)| {
                let is_it = |cell: &&usize| grid.cells[**cell].bottleneck == *word;
                (*pool, cells.iter().filter(is_it).count())
            })
            .filter(|(_, count)| *count > 0)
            .collect();
        let all = cells.len();
        let limits = match counts.as_slice() {
            [] => return None,
            [(pool, _)] if all == 1 => format!("{pool} is the bottleneck"),
            [(pool, _)] => format!("{pool} is the bottleneck in all {all} cells"),
            several => {
                let told = several.iter().enumerate().map(|(index, (pool, count))| match index {
                    0 => format!("{pool} is the bottleneck in {count} of {all} cells"),
                    _ => format!("{pool} in {count}"),
                });
                told.collect::<Vec<_>>().join(", ")
            }
        };
        let steady = cells.iter().filter(|&&cell| !grid.cells[cell].is_saturated);
        let busiest = steady.filter_map(|&cell| Some((grid.cells[cell].busy?, cell)));
        let Some((busy, cell)) = busiest.max_by(|a, b| a.0.total_cmp(&b.0)) else {
            return Some(Answer::new(Topic::Bottleneck, sentence(&start, &limits), Vec::new()));
        };
        let setting = grid.setting(cell, &grid.mode.into_iter().collect::<Vec<_>>());
        let place =
            if setting.is_empty() { String::new() } else { format!(" (cell {cell}: {setting})") };
        let is_any_saturated = cells.iter().any(|&cell| grid.cells[cell].is_saturated);
        let without = if is_any_saturated { " where it is not saturated" } else { "" };
        let most = if all == 1 { "" } else { "at most " };
        let text =
            format!("{limits}; the bottleneck is {most}{:.1} % busy{without}{place}", 100.0 * busy);
        Some(Answer::new(Topic::Bottleneck, sentence(&start, &text), vec![cell]))
    });
    told.collect()
}
