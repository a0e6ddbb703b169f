//! Which cells are compared with each other.
//!
//! Two cells match if they agree on every remaining axis that means something in both. An axis that
//! means something in only one of them does not part them: a mono cell is compared with the disagg
//! cells of every number of decode GPUs.

use std::collections::BTreeMap;

use crate::failure::Failure;

/// Most pairs of cells that one comparison may have.
const MAX_PAIRS: usize = 2_000_000;

/// Two cells by their positions among those of their runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CellPair {
    pub(super) baseline: usize,
    pub(super) other: usize,
}

/// Factors of a cell: per axis the index of its value, where it means something.
type Factors = [Option<u32>];

/// All pairs of a baseline cell and another cell that agree on the `remaining` axes, as far as these
/// mean something in both.
///
/// # Errors
/// Too many pairs.
pub(super) fn matching_pairs(
    baseline: &[(usize, &Factors)],
    others: &[(usize, &Factors)],
    remaining: &[usize],
) -> Result<Vec<CellPair>, Failure> {
    let mut pairs = Vec::new();
    for (baseline_meaning, baseline_cells) in by_meaning(baseline, remaining) {
        for (meaning, cells) in by_meaning(others, remaining) {
            let in_both: Vec<usize> = (0..remaining.len())
                .filter(|&i| baseline_meaning[i] && meaning[i])
                .map(|i| remaining[i])
                .collect();
            let mut found: BTreeMap<Vec<Option<u32>>, Vec<usize>> = BTreeMap::new();
            for (cell, factors) in &baseline_cells {
                found.entry(selected(factors, &in_both)).or_default().push(*cell);
            }
            for (other, factors) in cells {
                let matches = found.get(&selected(factors, &in_both)).into_iter().flatten();
                pairs.extend(matches.map(|&baseline| CellPair { baseline, other }));
                if pairs.len() > MAX_PAIRS {
                    return Err(Failure::usage(format!(
                        "more than {MAX_PAIRS} pairs of cells would be compared: sweep fewer values of the axes \
                         that only one side has"
                    )));
                }
            }
        }
    }
    pairs.sort_unstable();
    Ok(pairs)
}

/// Cells by which of the remaining axes mean something in them.
fn by_meaning<'a>(
    cells: &[(usize, &'a Factors)],
    remaining: &[usize],
) -> BTreeMap<Vec<bool>, Vec<(usize, &'a Factors)>> {
    let mut groups: BTreeMap<Vec<bool>, Vec<(usize, &Factors)>> = BTreeMap::new();
    for &(cell, factors) in cells {
        let meaning = remaining.iter().map(|&axis| factors[axis].is_some()).collect();
        groups.entry(meaning).or_default().push((cell, factors));
    }
    groups
}

fn selected(factors: &Factors, axes: &[usize]) -> Vec<Option<u32>> {
    axes.iter().map(|&axis| factors[axis]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Option<u32> = None;

    fn numbered(cells: &[[Option<u32>; 3]]) -> Vec<(usize, &Factors)> {
        cells.iter().map(|factors| &factors[..]).enumerate().collect()
    }

    fn pairs(
        baseline: &[[Option<u32>; 3]],
        others: &[[Option<u32>; 3]],
        remaining: &[usize],
    ) -> Vec<(usize, usize)> {
        let found = matching_pairs(&numbered(baseline), &numbered(others), remaining).unwrap();
        found.into_iter().map(|pair| (pair.baseline, pair.other)).collect()
    }

    #[test]
    fn cells_match_where_all_remaining_axes_agree() {
        let cells = [[Some(0), Some(0), Some(0)], [Some(0), Some(1), Some(0)]];
        let others = [[Some(1), Some(1), Some(0)], [Some(1), Some(2), Some(0)]];
        assert_eq!(pairs(&cells, &others, &[1, 2]), [(1, 0)]);
        assert_eq!(pairs(&cells, &others, &[2]), [(0, 0), (0, 1), (1, 0), (1, 1)]);
    }

    #[test]
    fn an_axis_without_meaning_on_one_side_parts_nothing() {
        // Rate and decode GPUs: two mono cells, four disagg cells.
        let mono = [[Some(0), Some(0), NONE], [Some(0), Some(1), NONE]];
        let disagg = [
            [Some(1), Some(0), Some(0)],
            [Some(1), Some(0), Some(1)],
            [Some(1), Some(1), Some(0)],
            [Some(1), Some(1), Some(1)],
        ];
        assert_eq!(pairs(&mono, &disagg, &[1, 2]), [(0, 0), (0, 1), (1, 2), (1, 3)]);
        assert_eq!(pairs(&disagg, &mono, &[1, 2]), [(0, 0), (1, 0), (2, 1), (3, 1)]);
        assert_eq!(pairs(&mono, &mono, &[1, 2]), [(0, 0), (1, 1)]);
    }

    #[test]
    fn axes_of_either_side_alone_are_all_combined() {
        let mono = [[Some(0), Some(0), NONE], [Some(0), Some(1), NONE]];
        let disagg = [[Some(1), NONE, Some(0)], [Some(1), NONE, Some(1)]];
        assert_eq!(pairs(&mono, &disagg, &[1, 2]), [(0, 0), (0, 1), (1, 0), (1, 1)]);
    }

    #[test]
    fn combinations_beyond_the_limit_are_refused() {
        let mono: Vec<_> = (0..1_500).map(|i| [Some(0), Some(i), NONE]).collect();
        let disagg: Vec<_> = (0..1_500).map(|i| [Some(1), NONE, Some(i)]).collect();
        let found = matching_pairs(&numbered(&mono), &numbered(&disagg), &[1, 2]);
        assert!(found.is_err_and(|error| error.to_string().starts_with("more than 2000000 pairs")));
    }
}
