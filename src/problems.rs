//! What may be wrong with the results of a run: one sentence per problem, with what to do about it. Problems of cells
//! are seen by facts that a cell has just after its simulation and in the table alike. Pure.

use sweep_engine::plan::{Cell, Plan, WarmupOrigin};
use sweep_engine::scenario::Arrivals;
use sweep_engine::spec::Observe;
use sweep_engine::warmup::Finding;

use crate::numbers::{grouped, significant};
use crate::precision::StopReason;
use crate::schema::CellRow;

/// Share of censored arrivals from which on a reader is warned.
const CENSORED: f64 = 0.01;

/// Part that Little's law leaves unexplained from which on a reader is warned.
const UNEXPLAINED: f64 = 0.05;

/// Length of a window in relaxation times below which a reader is warned: there intervals of a p99
/// were found to hold the truth in less than 90 % of experiments.
const LENGTH: f64 = 20.0;

impl CellFacts {
    /// Whether something speaks against what its intervals promise: no steady state, or too short for one.
    pub(crate) fn is_doubtful(&self) -> bool {
        let is_short = self.relaxations.is_some_and(|length| length < LENGTH);
        let flags = [self.short_runs, self.short_warmup, self.steady.map(|steady| !steady)];
        self.is_saturated || is_short || flags.contains(&Some(true))
    }
}

/// Problems of cells as sentences, each with the numbers of the cells that have it.
pub(crate) fn sentences(cells: &[CellFacts]) -> Vec<(String, Vec<usize>)> {
    let with = |problem: &Problem| {
        let numbers = (0..cells.len()).filter(|&cell| (problem.applies)(&cells[cell]));
        let numbers: Vec<usize> = numbers.collect();
        Some((problem.sentence(numbers.len())?, numbers))
    };
    PROBLEMS.iter().filter_map(with).collect()
}

impl Problem {
    /// Of so many cells; `None` of none.
    fn sentence(&self, cells: usize) -> Option<String> {
        match cells {
            0 => None,
            1 => Some(format!("1 cell {}{}", self.one, self.rest)),
            count => Some(format!("{count} cells {}{}", self.many, self.rest)),
        }
    }
}

/// Something that is wrong with some cells.
struct Problem {
    /// What stands beside a cell.
    word: &'static str,
    /// By which the worst stands first.
    severity: u8,
    /// Goes on after "1 cell" and after "2 cells".
    one: &'static str,
    many: &'static str,
    /// What it means, and the remedy.
    rest: &'static str,
    applies: fn(&CellFacts) -> bool,
}

/// What problems are seen by.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct CellFacts {
    pub(crate) is_saturated: bool,
    /// Which requests it describes.
    pub(crate) observe: Observe,
    /// Replications with a result, and without one.
    pub(crate) replications: u32,
    pub(crate) failed: u32,
    pub(crate) has_samples: bool,
    pub(crate) has_intervals: bool,
    /// Mean share of arrivals without a first token at the horizon.
    pub(crate) censored: Option<f64>,
    /// Length of the window in relaxation times.
    pub(crate) relaxations: Option<f64>,
    pub(crate) little_residual: Option<f64>,
    pub(crate) missed_precision: bool,
    pub(crate) steady: Option<bool>,
    pub(crate) low_samples: Option<bool>,
    pub(crate) low_slo_samples: Option<bool>,
    pub(crate) short_runs: Option<bool>,
    pub(crate) short_warmup: Option<bool>,
}

impl CellFacts {
    /// Of a cell that was simulated.
    pub(crate) fn of(row: &CellRow, cell: &Cell) -> Self {
        let mean = |name| row.estimate(name).map(|estimate| estimate.mean);
        Self {
            is_saturated: cell.load.is_saturated(),
            observe: cell.scenario.observe,
            replications: row.replications,
            failed: row.failed,
            has_samples: mean("mean_ttft_s").is_some(),
            has_intervals: row.ci_method.is_some(),
            censored: mean("censored"),
            relaxations: cell.load.relaxations(&cell.scenario),
            little_residual: mean("little_residual"),
            missed_precision: row.stop_reason == StopReason::MaxReplications,
            steady: row.steady,
            low_samples: row.low_samples,
            low_slo_samples: row.low_slo_samples,
            short_runs: row.short_runs,
            short_warmup: row.short_warmup,
        }
    }
}

static PROBLEMS: [Problem; 12] = [
    Problem {
        word: "SATURATED",
        severity: 11,
        one: "is saturated",
        many: "are saturated",
        rest: " (offered load 1 or more): queues grow for as long as the run lasts, so these TTFTs \
               describe this horizon and no steady state",
        applies: |cell| cell.is_saturated,
    },
    Problem {
        word: "censored",
        severity: 7,
        one: "is censored",
        many: "are censored",
        rest: " (more than 1 % of arrivals had no first token at the horizon), which understates TTFT: \
               use --observe arrivals or a longer --sim-seconds",
        // Under `observe: arrivals` every request is followed to its first token.
        applies: |cell| {
            cell.observe == Observe::Events && cell.censored.is_some_and(|share| share > CENSORED)
        },
    },
    Problem {
        word: "no samples",
        severity: 10,
        one: "is without a single sample",
        many: "are without a single sample",
        rest: ": lengthen --sim-seconds",
        applies: |cell| cell.replications > 0 && !cell.has_samples,
    },
    Problem {
        word: "no intervals",
        severity: 1,
        one: "has a single run and no intervals",
        many: "have a single run and no intervals",
        rest: ": it is too short for batches that are independent; lengthen --sim-seconds, or raise --replications",
        applies: |cell| {
            cell.replications + cell.failed == 1 && !cell.has_intervals && cell.has_samples
        },
    },
    Problem {
        word: "few samples",
        severity: 3,
        one: "has few samples",
        many: "have few samples",
        rest: " for a p99 (fewer than 1,000 per run, or an interval beyond the sample): lengthen --sim-seconds",
        applies: |cell| cell.low_samples == Some(true) && cell.has_samples,
    },
    Problem {
        word: "few beyond objective",
        severity: 2,
        one: "meets its objective with next to all requests, or with next to none",
        many: "meet their objectives with next to all requests, or with next to none",
        rest: " (fewer than 30 on the other side), so the interval of slo_attainment is too narrow: choose an \
               objective nearer to the p99, or lengthen --sim-seconds",
        applies: |cell| cell.low_slo_samples == Some(true),
    },
    Problem {
        word: "short runs",
        severity: 5,
        one: "has runs too short for percentiles",
        many: "have runs too short for percentiles",
        rest: " (the long run's, pooled_*_ttft_s, lie outside the intervals of single runs'): lengthen \
               --sim-seconds before adding replications",
        applies: |cell| cell.short_runs == Some(true),
    },
    Problem {
        word: "short window",
        severity: 4,
        one: "has a window of less than 20 relaxation times",
        many: "have windows of less than 20 relaxation times",
        rest: " (relaxation_s), too short for intervals to hold what they promise: lengthen --sim-seconds",
        applies: |cell| {
            !cell.is_saturated && cell.relaxations.is_some_and(|length| length < LENGTH)
        },
    },
    Problem {
        word: "short warm-up",
        severity: 8,
        one: "is observed before the system has filled up",
        many: "are observed before the system has filled up",
        rest: ", which understates TTFT: lengthen --warmup-seconds (or say auto) and --sim-seconds",
        applies: |cell| cell.short_warmup == Some(true),
    },
    Problem {
        word: "no steady state",
        severity: 9,
        one: "has a trend left between the halves of the window",
        many: "have a trend left between the halves of the window",
        rest: ": no steady state yet; lengthen --warmup-seconds and --sim-seconds",
        applies: |cell| {
            cell.steady == Some(false) && cell.short_warmup != Some(true) && !cell.is_saturated
        },
    },
    Problem {
        word: "Little's law",
        severity: 0,
        one: "breaks Little's law",
        many: "break Little's law",
        rest: " by more than 5 %: the window is short for the time that requests spend in the system; \
               lengthen --sim-seconds",
        applies: |cell| {
            !cell.is_saturated
                && cell.little_residual.is_some_and(|residual| residual.abs() > UNEXPLAINED)
        },
    },
    Problem {
        word: "missed precision",
        severity: 6,
        one: "missed the wanted precision",
        many: "missed the wanted precision",
        rest: " at the cap: raise --max-replications, lengthen --sim-seconds, or want less",
        applies: |cell| cell.missed_precision,
    },
];

/// What is wrong with a cell, in a word or two each, the worst first; failed replications come after saturation.
pub(crate) fn words(cell: &CellFacts) -> Vec<String> {
    let mut raised: Vec<&Problem> =
        PROBLEMS.iter().filter(|problem| (problem.applies)(cell)).collect();
    raised.sort_by_key(|problem| std::cmp::Reverse(problem.severity));
    let mut words: Vec<String> = raised.iter().map(|problem| problem.word.to_owned()).collect();
    if cell.failed > 0 {
        words.insert(usize::from(cell.is_saturated), format!("{} failed", cell.failed));
    }
    words
}

/// How many cells have which problem.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProblemCounts([usize; PROBLEMS.len()]);

impl ProblemCounts {
    pub(crate) fn add(&mut self, cell: &CellFacts) {
        for (count, problem) in self.0.iter_mut().zip(&PROBLEMS) {
            *count += usize::from((problem.applies)(cell));
        }
    }

    /// One sentence per problem.
    pub(crate) fn sentences(&self) -> Vec<String> {
        let counted = PROBLEMS.iter().zip(&self.0);
        counted.filter_map(|(problem, count)| problem.sentence(*count)).collect()
    }
}

/// What is wrong with warm-ups that `auto` did not find, in so many cells.
pub(crate) fn warmup_sentence(cells: usize) -> Option<String> {
    match cells {
        0 => None,
        1 => Some(not_found_sentence(" in 1 cell")),
        count => Some(not_found_sentence(&format!(" in {} cells", grouped(count as u64)))),
    }
}

/// `place` goes on after "time": where that is.
pub(crate) fn not_found_sentence(place: &str) -> String {
    format!(
        "the pilots of `warmup_seconds: auto` had not settled in half of their time{place}: that half is deleted, \
         and what remains may still be biased; lengthen --sim-seconds"
    )
}

/// In how many cells `auto` found no warm-up.
pub(crate) fn lost_warmups(plan: &Plan) -> usize {
    let is_lost = |cell: &&Cell| cell.warmup == WarmupOrigin::Frozen(Finding::NotFound);
    plan.cells.iter().filter(is_lost).count()
}

/// What is wrong with the traces of a plan.
pub(crate) fn trace_sentences(plan: &Plan) -> Vec<String> {
    let share = smallest_recorded_share(plan).map(|share| {
        format!(
            "replication 0 replays only the first {:.0} % of a trace: --sim-seconds is shorter than it",
            100.0 * share
        )
    });
    let end = earliest_trace_end_s(plan).map(|end_s| {
        format!(
            "a trace ends after {} s, before the horizon: set arrival.repeat=true or a shorter --sim-seconds",
            significant(end_s)
        )
    });
    share.into_iter().chain(end).collect()
}

/// When the first trace that stops before its horizon does, seconds.
fn earliest_trace_end_s(plan: &Plan) -> Option<f64> {
    let ends = plan.cells.iter().filter_map(|cell| match &cell.scenario.arrivals {
        Arrivals::Trace(replay) if !replay.repeat => {
            let end_s = replay.end_s();
            (end_s < cell.scenario.sim_seconds).then_some(end_s)
        }
        _ => None,
    });
    ends.min_by(f64::total_cmp)
}

/// The smallest share of a trace that its recorded replication covers, if it is not all of it.
fn smallest_recorded_share(plan: &Plan) -> Option<f64> {
    let shares = plan.cells.iter().filter_map(|cell| match &cell.scenario.arrivals {
        Arrivals::Trace(replay) => {
            let share = cell.scenario.sim_seconds / replay.end_s();
            (share < 1.0).then_some(share)
        }
        _ => None,
    });
    shares.min_by(f64::total_cmp)
}
