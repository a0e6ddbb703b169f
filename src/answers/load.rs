//! What rising load does: the knee, saturation, and how far an objective holds.

use std::collections::BTreeMap;

use super::answer::{Answer, Topic};
use super::grid::{Curve, Grid, interval, sentence};
use crate::numbers::{significant, with_unit};

/// A curve with fewer rates bends nowhere.
const MIN_RATES: usize = 3;
/// Percentages of requests that capacity is planned by.
const SHARES: [u8; 3] = [99, 95, 90];
/// Of more settings it is told how many they are, not which.
const MAX_NAMED: usize = 6;
/// More different rates are told as a range.
const MAX_LISTED: usize = 3;

/// What came of a curve, so that curves of which the same is said are counted together.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    /// At the lowest rate already, or below.
    Lowest(f64),
    At(f64),
    /// Not up to the highest rate.
    Beyond(f64),
}

impl Outcome {
    /// In which order they are told.
    fn rank(self) -> (u8, f64) {
        match self {
            Self::Lowest(rate) => (0, rate),
            Self::At(rate) => (1, rate),
            Self::Beyond(rate) => (2, rate),
        }
    }
}

/// How outcomes are put into words.
struct Words {
    /// Of one curve and of several: `the knee … is`.
    subject: &'static str,
    lowest: fn(&str) -> String,
    at: fn(&str) -> String,
    beyond: fn(&str) -> String,
}

/// Where a curve bends: the rate with the greatest power, rate / mean TTFT, among those without saturation
/// (Kleinrock 1979, "Power and deterministic rules of thumb for probabilistic problems in computer communications").
pub(super) fn knees(grid: &Grid) -> Vec<Answer> {
    let words = Words {
        subject: "the knee is",
        lowest: |rate| format!("at or below {rate} (the lowest rate)"),
        at: |rate| format!("at {rate}"),
        beyond: |rate| format!("beyond {rate} (the highest rate)"),
    };
    let told = grid.by_mode().into_iter().filter_map(|(start, cells)| {
        let curves = grid.curves(&grid.distinct(&cells));
        let found: Vec<(Outcome, usize)> =
            curves.iter().filter_map(|curve| knee(grid, curve)).collect();
        if let [(outcome, cell)] = found[..] {
            let text = match outcome {
                Outcome::Beyond(_) => words.one(outcome),
                _ => format!(
                    "{}{}, with a P99 TTFT of {}",
                    words.one(outcome),
                    span_text(grid, &curves, cell),
                    grid.p99_text(cell)
                ),
            };
            return Some(Answer::new(Topic::Knee, sentence(&start, &text), vec![cell]));
        }
        let outcomes: Vec<(Outcome, String)> =
            found.iter().map(|&(outcome, cell)| (outcome, grid.curve_name(cell))).collect();
        let mut text = words.several(&outcomes)?;
        if found.len() < curves.len() {
            let more = curves.len() - found.len();
            text =
                format!("{text}; {more} more have fewer than {MIN_RATES} rates without saturation");
        }
        Some(Answer::new(Topic::Knee, sentence(&start, &text), Vec::new()))
    });
    let mut told: Vec<Answer> = told.collect();
    if let Some(first) = told.first_mut() {
        first.text += " (The knee is the rate at which rate / mean TTFT is greatest.)";
    }
    told
}

/// The knee of a curve, and the cell there; `None` if too few of its cells are without saturation.
fn knee(grid: &Grid, curve: &Curve) -> Option<(Outcome, usize)> {
    let power = |&cell: &usize| {
        let mean = grid.cells[cell].mean.value.filter(|_| !grid.cells[cell].is_saturated)?;
        Some((grid.rate_of(cell) / mean, cell))
    };
    let powers: Vec<(f64, usize)> = curve.cells.iter().filter_map(power).collect();
    if powers.len() < MIN_RATES {
        return None;
    }
    let &(_, cell) = powers.iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
    let rate = grid.rate_of(cell);
    let outcome = if Some(&cell) == curve.cells.first() {
        Outcome::Lowest(rate)
    } else if Some(&cell) == curve.cells.last() {
        Outcome::Beyond(rate)
    } else {
        Outcome::At(rate)
    };
    Some((outcome, cell))
}

/// ` (or anywhere from 1.5 to 2.5 requests/s)`: rates of which the power may be as great, by the intervals of the mean.
fn span_text(grid: &Grid, curves: &[Curve], knee: usize) -> String {
    let ends = |cell: usize| {
        let (least, most) = interval(grid.cells[cell].mean)?;
        let rate = grid.rate_of(cell);
        (least > 0.0 && !grid.cells[cell].is_saturated).then(|| (rate / most, rate / least))
    };
    let Some((least, _)) = ends(knee) else { return String::new() };
    let cells = curves.iter().flat_map(|curve| &curve.cells).copied();
    let alike = cells.filter(|&cell| ends(cell).is_some_and(|(_, most)| most >= least));
    let rates: Vec<f64> = alike.map(|cell| grid.rate_of(cell)).collect();
    let low = rates.iter().copied().fold(f64::INFINITY, f64::min);
    let high = rates.iter().copied().fold(0.0, f64::max);
    if low < high {
        format!(" (or anywhere from {} to {}, by its intervals)", significant(low), rate_text(high))
    } else {
        String::new()
    }
}

/// From which rate on queues grow without bound.
pub(super) fn saturations(grid: &Grid) -> Vec<Answer> {
    let words = Words {
        subject: "saturated",
        lowest: |rate| format!("at every rate, from {rate} on"),
        at: |rate| format!("from {rate} on"),
        beyond: |rate| format!("at no rate up to {rate}"),
    };
    if grid.rate.is_some() && !grid.cells.iter().any(|cell| cell.is_saturated) {
        return vec![Answer::new(
            Topic::Saturation,
            "No cell is saturated.".to_owned(),
            Vec::new(),
        )];
    }
    let outcome = |curve: &Curve| {
        let first = curve.cells.iter().position(|&cell| grid.cells[cell].is_saturated);
        let rate = |place: usize| grid.rate_of(curve.cells[place]);
        match first {
            Some(0) => Outcome::Lowest(rate(0)),
            Some(place) => Outcome::At(rate(place)),
            None => Outcome::Beyond(rate(curve.cells.len() - 1)),
        }
    };
    let told = grid.by_mode().into_iter().filter_map(|(start, cells)| {
        let curves = grid.curves(&grid.distinct(&cells));
        let outcomes: Vec<(Outcome, String)> =
            curves.iter().map(|curve| (outcome(curve), grid.curve_name(curve.cells[0]))).collect();
        Some(Answer::new(Topic::Saturation, sentence(&start, &words.told(&outcomes)?), Vec::new()))
    });
    told.collect()
}

/// Up to which rate which share of requests gets its first token in time, by the lower end of its interval.
pub(super) fn objectives(grid: &Grid) -> Vec<Answer> {
    let mut told = Vec::new();
    for (start, cells) in grid.by_mode() {
        let mut by_objective: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for cell in cells {
            // Positive numbers have the order of their bits.
            if let Some(slo_ttft_s) = grid.cells[cell].slo_ttft_s {
                by_objective.entry(slo_ttft_s.to_bits()).or_default().push(cell);
            }
        }
        for (bits, cells) in by_objective {
            let slo = significant(f64::from_bits(bits));
            let lacks = |cell: usize| {
                let found = &grid.cells[cell];
                found.attainment.value.is_some() && interval(found.attainment).is_none()
            };
            let text = if cells.iter().any(|&cell| lacks(cell)) {
                format!(
                    "how far the objective, a TTFT of at most {slo} s, is kept is not known: slo_attainment has no \
                     interval"
                )
            } else {
                let kept = SHARES.iter().map(|&percent| kept(grid, &cells, percent));
                let kept: Vec<String> = kept.collect();
                format!(
                    "the objective, a TTFT of at most {slo} s, is kept for {}, each with its interval",
                    kept.join(", for ")
                )
            };
            told.push(Answer::new(Topic::Objective, sentence(&start, &text), Vec::new()));
        }
    }
    told
}

/// `99 % of requests up to 5 requests/s`.
fn kept(grid: &Grid, cells: &[usize], percent: u8) -> String {
    let holds = |cell: usize| {
        let found = &grid.cells[cell];
        let least = interval(found.attainment).map(|(least, _)| least);
        least.is_some_and(|least| least >= f64::from(percent) / 100.0) && !found.is_saturated
    };
    // The last rate before the first at which it does not hold.
    let outcome = |curve: &Curve| {
        let rate = |place: usize| grid.rate_of(curve.cells[place]);
        match curve.cells.iter().position(|&cell| !holds(cell)) {
            Some(0) => Outcome::Lowest(rate(0)),
            Some(place) => Outcome::At(rate(place - 1)),
            None => Outcome::Beyond(rate(curve.cells.len() - 1)),
        }
    };
    let words = Words {
        subject: "of requests",
        lowest: |rate| format!("not even at {rate} (the lowest rate)"),
        at: |rate| format!("up to {rate}"),
        beyond: |rate| format!("up to {rate} (the highest rate)"),
    };
    let curves = grid.curves(cells);
    let outcomes: Vec<(Outcome, String)> =
        curves.iter().map(|curve| (outcome(curve), grid.curve_name(curve.cells[0]))).collect();
    let place = words.told(&outcomes).unwrap_or_else(|| {
        let holding = cells.iter().filter(|&&cell| holds(cell)).count();
        format!("of requests in {holding} of {} cells", cells.len())
    });
    format!("{percent} % {place}")
}

impl Words {
    /// What came of some curves, each with its name; `None` of none.
    fn told(&self, outcomes: &[(Outcome, String)]) -> Option<String> {
        match outcomes {
            [(outcome, _)] => Some(self.one(*outcome)),
            outcomes => self.several(outcomes),
        }
    }

    fn one(&self, outcome: Outcome) -> String {
        let rate = outcome.rank().1;
        format!("{} {}", self.subject, self.phrase(outcome, &rates_text(rate, rate)))
    }

    /// `the knee is at 2 requests/s in 3 of 9 settings, beyond 5 requests/s (the highest rate) in 6`; of few settings
    /// with their names.
    fn several(&self, outcomes: &[(Outcome, String)]) -> Option<String> {
        let mut sorted = outcomes.to_vec();
        sorted.sort_by(|(a, _), (b, _)| {
            let ((a, one), (b, other)) = (a.rank(), b.rank());
            a.cmp(&b).then(one.total_cmp(&other))
        });
        let all = outcomes.len();
        let are_named = all <= MAX_NAMED && sorted.iter().all(|(_, name)| !name.is_empty());
        let equal: Vec<&[(Outcome, String)]> = sorted.chunk_by(|a, b| a.0 == b.0).collect();
        let groups = if are_named || equal.len() <= MAX_LISTED {
            equal
        } else {
            // All that are between the lowest and the highest rate.
            sorted.chunk_by(|a, b| a.0.rank().0 == b.0.rank().0).collect()
        };
        let mut told = Vec::with_capacity(groups.len());
        for (index, same) in groups.into_iter().enumerate() {
            let (first, last) = (same.first()?.0, same.last()?.0);
            let phrase = self.phrase(first, &rates_text(first.rank().1, last.rank().1));
            told.push(match (index, same.len()) {
                (0, 2) if all == 2 => format!("{phrase} in both settings"),
                (0, count) if count == all => format!("{phrase} in all {all} settings"),
                _ if are_named && same.len() < 3 => {
                    let names: Vec<&str> = same.iter().map(|(_, name)| name.as_str()).collect();
                    format!("{phrase} with {}", names.join(" or "))
                }
                (0, count) => format!("{phrase} in {count} of {all} settings"),
                (_, count) => format!("{phrase} in {count}"),
            });
        }
        (!told.is_empty()).then(|| format!("{} {}", self.subject, told.join(", ")))
    }

    fn phrase(&self, outcome: Outcome, rates: &str) -> String {
        match outcome {
            Outcome::Lowest(_) => (self.lowest)(rates),
            Outcome::At(_) => (self.at)(rates),
            Outcome::Beyond(_) => (self.beyond)(rates),
        }
    }
}

/// `2 requests/s`, `2 to 4 requests/s`.
fn rates_text(low: f64, high: f64) -> String {
    if low < high { format!("{} to {}", significant(low), rate_text(high)) } else { rate_text(low) }
}

fn rate_text(rate: f64) -> String {
    with_unit(&significant(rate), "requests/s")
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: Words = Words {
        subject: "it bends",
        lowest: |rate| format!("below {rate}"),
        at: |rate| format!("at {rate}"),
        beyond: |rate| format!("beyond {rate}"),
    };

    #[test]
    fn equal_outcomes_are_counted_and_many_are_a_range() {
        use Outcome::{At, Beyond, Lowest};
        for (outcomes, expected) in [
            (vec![], None),
            (vec![At(2.0)], Some("it bends at 2 requests/s")),
            (vec![At(2.0), At(2.0)], Some("it bends at 2 requests/s in both settings")),
            (vec![Beyond(5.0); 3], Some("it bends beyond 5 requests/s in all 3 settings")),
            (
                vec![Beyond(5.0), At(2.5), Lowest(1.0), At(2.5)],
                Some(
                    "it bends below 1 request/s in 1 of 4 settings, at 2.5 requests/s in 2, beyond 5 requests/s in 1",
                ),
            ),
            (
                vec![At(3.0), At(2.0), Beyond(9.0), At(4.0), At(3.0)],
                Some("it bends at 2 to 4 requests/s in 4 of 5 settings, beyond 9 requests/s in 1"),
            ),
            (
                vec![Beyond(1.0), Beyond(2.0), Beyond(3.0), Beyond(6.0)],
                Some("it bends beyond 1 to 6 requests/s in all 4 settings"),
            ),
        ] {
            let unnamed: Vec<(Outcome, String)> =
                outcomes.iter().map(|outcome| (*outcome, String::new())).collect();
            assert_eq!(WORDS.told(&unnamed).as_deref(), expected, "{outcomes:?}");
        }
    }

    #[test]
    fn few_settings_are_named() {
        use Outcome::{At, Beyond};
        let named = [(At(2.0), "a"), (Beyond(5.0), "b"), (At(2.0), "c")];
        let named = named.map(|(outcome, name)| (outcome, name.to_owned()));
        assert_eq!(
            WORDS.told(&named).as_deref(),
            Some("it bends at 2 requests/s with a or c, beyond 5 requests/s with b")
        );
    }
}
