//! What to mind about a run's results: one sentence per problem, with what to do about it.

use sweep_engine::plan::{Cell, Plan};
use sweep_engine::scenario::Arrivals;
use sweep_engine::spec::Observe;

use super::numbers::significant;
use super::warmup::not_found_warning;
use crate::precision::StopReason;
use crate::schema::CellRow;

/// Share of censored arrivals from which on a reader is warned.
const CENSORED: f64 = 0.01;

/// Part that Little's law leaves unexplained from which on a reader is warned.
const UNEXPLAINED: f64 = 0.05;

/// Length of a window in relaxation times below which a reader is warned: there intervals of a p99
/// were found to hold the truth in less than 90 % of experiments.
const LENGTH: f64 = 20.0;

/// Something that is wrong with some cells.
struct Problem {
    /// Goes on after "1 cell" and after "2 cells".
    one: &'static str,
    many: &'static str,
    /// What it means, and the remedy.
    rest: &'static str,
    applies: fn(&CellRow, &Cell) -> bool,
}

static PROBLEMS: [Problem; 12] = [
    Problem {
        one: "is saturated",
        many: "are saturated",
        rest: " (offered load 1 or more): queues grow for as long as the run lasts, so these TTFTs \
               describe this horizon and no steady state",
        applies: |_, cell| cell.load.is_saturated(),
    },
    Problem {
        one: "is censored",
        many: "are censored",
        rest: " (more than 1 % of arrivals had no first token at the horizon), which understates TTFT: \
               use --observe arrivals or a longer --sim-seconds",
        // Under `observe: arrivals` every request is followed to its first token.
        applies: |row, cell| {
            cell.scenario.observe == Observe::Events
                && row.estimate("censored").is_some_and(|share| share.mean > CENSORED)
        },
    },
    Problem {
        one: "is without a single sample",
        many: "are without a single sample",
        rest: ": lengthen --sim-seconds",
        applies: |row, _| row.replications > 0 && row.estimate("mean_ttft_s").is_none(),
    },
    Problem {
        one: "has a single run and no intervals",
        many: "have a single run and no intervals",
        rest: ": it is too short for batches that are independent; lengthen --sim-seconds, or raise --replications",
        applies: |row, _| {
            row.replications + row.failed == 1
                && row.ci_method.is_none()
                && row.estimate("mean_ttft_s").is_some()
        },
    },
    Problem {
        one: "has few samples",
        many: "have few samples",
        rest: " for a p99 (fewer than 1,000 per run, or an interval beyond the sample): lengthen --sim-seconds",
        applies: |row, _| row.low_samples == Some(true) && row.estimate("mean_ttft_s").is_some(),
    },
    Problem {
        one: "meets its objective with next to all requests, or with next to none",
        many: "meet their objectives with next to all requests, or with next to none",
        rest: " (fewer than 30 on the other side), so the interval of slo_attainment is too narrow: choose an \
               objective nearer to the p99, or lengthen --sim-seconds",
        applies: |row, _| row.low_slo_samples == Some(true),
    },
    Problem {
        one: "has runs too short for percentiles",
        many: "have runs too short for percentiles",
        rest: " (the long run's, pooled_*_ttft_s, lie outside the intervals of single runs'): lengthen \
               --sim-seconds before adding replications",
        applies: |row, _| row.short_runs == Some(true),
    },
    Problem {
        one: "has a window of less than 20 relaxation times",
        many: "have windows of less than 20 relaxation times",
        rest: " (relaxation_s), too short for intervals to hold what they promise: lengthen --sim-seconds",
        applies: |_, cell| {
            !cell.load.is_saturated()
                && cell.load.relaxations(&cell.scenario).is_some_and(|length| length < LENGTH)
        },
    },
    Problem {
        one: "is observed before the system has filled up",
        many: "are observed before the system has filled up",
        rest: ", which understates TTFT: lengthen --warmup-seconds (or say auto) and --sim-seconds",
        applies: |row, _| row.short_warmup == Some(true),
    },
    Problem {
        one: "has a trend left between the halves of the window",
        many: "have a trend left between the halves of the window",
        rest: ": no steady state yet; lengthen --warmup-seconds and --sim-seconds",
        applies: |row, cell| {
            row.steady == Some(false) && row.short_warmup != Some(true) && !cell.load.is_saturated()
        },
    },
    Problem {
        one: "breaks Little's law",
        many: "break Little's law",
        rest: " by more than 5 %: the window is short for the time that requests spend in the system; \
               lengthen --sim-seconds",
        applies: |row, cell| {
            let residual = row.estimate("little_residual");
            !cell.load.is_saturated()
                && residual.is_some_and(|residual| residual.mean.abs() > UNEXPLAINED)
        },
    },
    Problem {
        one: "missed the wanted precision",
        many: "missed the wanted precision",
        rest: " at the cap: raise --max-replications, lengthen --sim-seconds, or want less",
        applies: |row, _| row.stop_reason == StopReason::MaxReplications,
    },
];

/// How many cells have which problem.
#[derive(Clone, Debug, Default)]
pub(super) struct ProblemCounts([usize; PROBLEMS.len()]);

impl ProblemCounts {
    pub(super) fn add(&mut self, row: &CellRow, cell: &Cell) {
        for (count, problem) in self.0.iter_mut().zip(&PROBLEMS) {
            *count += usize::from((problem.applies)(row, cell));
        }
    }
}

/// One sentence per problem, saying what to do about it.
pub(super) fn warnings(plan: &Plan, counts: &ProblemCounts) -> Vec<String> {
    let of_cells = PROBLEMS.iter().zip(&counts.0).filter_map(|(problem, count)| match count {
        0 => None,
        1 => Some(format!("1 cell {}{}", problem.one, problem.rest)),
        count => Some(format!("{count} cells {}{}", problem.many, problem.rest)),
    });
    let mut texts: Vec<String> = of_cells.collect();
    texts.extend(not_found_warning(plan));
    if let Some(share) = smallest_recorded_share(plan) {
        texts.push(format!(
            "replication 0 replays only the first {:.0} % of a trace: --sim-seconds is shorter than it",
            100.0 * share
        ));
    }
    if let Some(end_s) = earliest_trace_end_s(plan) {
        texts.push(format!(
            "a trace ends after {} s, before the horizon: set arrival.repeat=true or a shorter --sim-seconds",
            significant(end_s)
        ));
    }
    texts
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
