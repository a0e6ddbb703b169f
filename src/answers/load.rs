//! What rising load does: the knee, saturation, and how far an objective holds.

use std::collections::BTreeMap;

use super::answer::{Answer, Topic};
use super::grid::{Curve, Grid, interval, sentence};
use crate::numbers::{significant, with_unit};

/// A curve with fewer rates bends nowhere.
const MIN_RATES: usize = 3;
/// Percentages of requests that capacity is planned by.
const SHARES: [u8; 3] = [99, 95, 90];
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
                _ => format!("{}, with a P99 TTFT of {}", words.one(outcome), grid.p99_text(cell)),
            };
            return Some(Answer::new(Topic::Knee, sentence(&start, &text), vec![cell]));
        }
        let outcomes: Vec<Outcome> = found.iter().map(|(outcome, _)| *outcome).collect();
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
        let mean = grid.cells[cell].mean.filter(|_| !grid.cells[cell].is_saturated)?;
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
        let outcomes: Vec<Outcome> =
            grid.curves(&grid.distinct(&cells)).iter().map(outcome).collect();
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
            let kept = SHARES.iter().map(|&percent| kept(grid, &cells, percent));
            let kept: Vec<String> = kept.collect();
            let text = format!(
                "the objective, a TTFT of at most {slo} s, is kept for {}, each with its interval",
                kept.join(", for ")
            );
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
    let outcomes: Vec<Outcome> = grid.curves(cells).iter().map(outcome).collect();
    let place = words.told(&outcomes).unwrap_or_else(|| {
        let holding = cells.iter().filter(|&&cell| holds(cell)).count();
        format!("of requests in {holding} of {} cells", cells.len())
    });
    format!("{percent} % {place}")
}

impl Words {
    /// What came of some curves; `None` of none.
    fn told(&self, outcomes: &[Outcome]) -> Option<String> {
        match outcomes {
            [outcome] => Some(self.one(*outcome)),
            outcomes => self.several(outcomes),
        }
    }

    fn one(&self, outcome: Outcome) -> String {
        format!("{} {}", self.subject, self.phrase(outcome))
    }

    /// `the knee is at 2 requests/s in 3 of 9 settings, beyond 5 requests/s (the highest rate) in 6`.
    fn several(&self, outcomes: &[Outcome]) -> Option<String> {
        let mut sorted = outcomes.to_vec();
        sorted.sort_by(|a, b| {
            let ((a, one), (b, other)) = (a.rank(), b.rank());
            a.cmp(&b).then(one.total_cmp(&other))
        });
        let mut phrases: Vec<(String, usize)> = Vec::new();
        for same in Self::groups(&sorted) {
            let phrase = match (same.first()?, same.last()?) {
                (Outcome::At(low), Outcome::At(high)) if low < high => {
                    (self.at)(&format!("{} to {}", significant(*low), rate_text(*high)))
                }
                (outcome, _) => self.phrase(*outcome),
            };
            phrases.push((phrase, same.len()));
        }
        let all = outcomes.len();
        let told = phrases.iter().enumerate().map(|(index, (phrase, count))| match index {
            0 if *count == all && all == 2 => format!("{phrase} in both settings"),
            0 if *count == all => format!("{phrase} in all {all} settings"),
            0 => format!("{phrase} in {count} of {all} settings"),
            _ => format!("{phrase} in {count}"),
        });
        let told: Vec<String> = told.collect();
        (!told.is_empty()).then(|| format!("{} {}", self.subject, told.join(", ")))
    }

    /// Equal ones together; if there would be many, all that are between the lowest and the highest rate.
    fn groups(sorted: &[Outcome]) -> Vec<&[Outcome]> {
        let equal: Vec<&[Outcome]> = sorted.chunk_by(|a, b| a == b).collect();
        if equal.len() <= MAX_LISTED {
            return equal;
        }
        sorted.chunk_by(|a, b| a.rank().0 == b.rank().0).collect()
    }

    fn phrase(&self, outcome: Outcome) -> String {
        match outcome {
            Outcome::Lowest(rate) => (self.lowest)(&rate_text(rate)),
            Outcome::At(rate) => (self.at)(&rate_text(rate)),
            Outcome::Beyond(rate) => (self.beyond)(&rate_text(rate)),
        }
    }
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
        ] {
            assert_eq!(WORDS.told(&outcomes).as_deref(), expected, "{outcomes:?}");
        }
    }
}
