//! Which rule for the warm-up leaves the least bias for the least data? Seven of them on systems that
//! start empty, against exact means.
//!
//! `cargo run --release -p sweep-engine --example warmup [repetitions]` prints the tables of
//! docs/warm-up.md, the second of which shows what `auto` cannot see.
//!
//! A repetition is what a user does: pilots find the deletion point, ten replications on other streams
//! give a mean TTFT with a 95 % interval. Truth is exact for M/M/c (`theory::Mmc`); for the default
//! disaggregated cluster it is the mean of 120 runs of 40,000 s after 2,000 s of warm-up.

#![expect(clippy::print_stdout, reason = "it prints a table")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "counts far below 2^53, and indices cut to their range"
)]

mod support;

use std::env;

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use sweep_engine::model::{Job, Scratch, simulate_observed};
use sweep_engine::plan::{Cell, stream_key};
use sweep_engine::progress::Silent;
use sweep_engine::random::{Seeding, StreamKey};
use sweep_engine::scenario::Scenario;
use sweep_engine::statistics::{Confidence, Estimate, mser};
use sweep_engine::theory::Mmc;
use sweep_engine::warmup::{BINS, Finding, PILOTS, detect};

use crate::support::{Settings, mmc, one_cell};

const REPLICATIONS: u32 = 10;
const REPETITIONS: u64 = 400;

/// A system with its horizon and the mean TTFT of its steady state.
struct System {
    name: String,
    scenario: Scenario,
    truth_s: f64,
}

/// One request: when its first token came, and how long that took. In the order of arrival.
type Request = (f64, f64);

/// A rule with its name: from pilots and the horizon to the deletion point.
type Rule = (&'static str, fn(&[Vec<Request>], f64) -> f64);

/// With 20 pilots, unless they say otherwise. The first one is what the others are compared with.
const RULES: [Rule; 7] = [
    ("none", |_, _| 0.0),
    ("fixed 10 %", |_, horizon_s| 0.1 * horizon_s),
    ("Welch", |pilots, horizon_s| welch(&bins(pilots, horizon_s, |ttft_s| ttft_s))),
    ("MSER-5", |pilots, _| mser_of(&batches_of_five(pilots))),
    ("MSER in bins", |pilots, horizon_s| mser_of(&bins(pilots, horizon_s, |ttft_s| ttft_s))),
    ("MSER of ln in bins", |pilots, horizon_s| mser_of(&bins(pilots, horizon_s, libm::log))),
    ("same, 10 pilots", |pilots, horizon_s| mser_of(&bins(&pilots[..10], horizon_s, libm::log))),
];

fn main() {
    let repetitions = env::args()
        .nth(1)
        .map_or(REPETITIONS, |text| text.parse().expect("the argument is a number of repetitions"));
    println!("| system | horizon s | {} |", RULES.map(|rule| rule.0).join(" | "));
    println!("|---|---:|{}", "---|".repeat(RULES.len()));
    for system in systems() {
        let results = measure(&system, repetitions);
        let cells = results.iter().map(|of_rule| cell(&system, of_rule, &results[0]));
        let cells: Vec<String> = cells.collect();
        println!("| {} | {} | {} |", system.name, system.scenario.sim_seconds, cells.join(" | "));
    }
    println!(
        "\n| M/M/1 at | horizon s | relaxation times | not found | deleted | mean of the rest / truth |"
    );
    println!("|---:|---:|---:|---:|---:|---:|");
    for load in [0.9, 0.95, 0.99] {
        for horizon_s in [300.0, 1_000.0, 3_000.0, 10_000.0, 30_000.0] {
            println!("{}", short_horizon(load, horizon_s, repetitions));
        }
    }
}

/// What `auto` says of a horizon that may be too short: the share of repetitions in which it finds
/// nothing, the mean deletion point in percent of the horizon, and the mean TTFT after it.
fn short_horizon(load: f64, horizon_s: f64, repetitions: u64) -> String {
    let offered = from_empty(mmc(1, load), horizon_s).load;
    let results: Vec<[f64; 3]> = (0..repetitions)
        .into_par_iter()
        .map(|seed| {
            let scenario =
                Scenario { random_seed: seed, ..from_empty(mmc(1, load), horizon_s).scenario };
            let key = stream_key(&scenario, Seeding::Common);
            let mut scratch = Scratch::default();
            let point = detect(&scenario, &offered, &key, &mut scratch, &Silent).expect("it runs");
            let run = requests(&scenario, &key, 0, &mut scratch);
            let is_lost = f64::from(point.finding == Finding::NotFound);
            [is_lost, point.warmup_seconds / horizon_s, mean_after(&run, point.warmup_seconds)]
        })
        .collect();
    let mean = |i: usize| results.iter().map(|result| result[i]).sum::<f64>() / repetitions as f64;
    let truth_s = Mmc::new(load, 1.0, 1).expect("it is stable").mean_sojourn_s();
    format!(
        "| {load} | {horizon_s} | {:.1} | {:.0} % | {:.0} % | {:.2} |",
        horizon_s * (1.0 - load.sqrt()).powi(2),
        100.0 * mean(0),
        100.0 * mean(1),
        mean(2) / truth_s,
    )
}

fn systems() -> Vec<System> {
    let mut systems = Vec::new();
    for (servers, horizon_s) in [(1, 2_000.0), (1, 20_000.0), (4, 1_000.0), (4, 5_000.0)] {
        for load in [0.5, 0.8, 0.9, 0.95] {
            let queue = Mmc::new(load * f64::from(servers), 1.0, servers).expect("it is stable");
            systems.push(System {
                name: format!("M/M/{servers} at {load}"),
                scenario: from_empty(mmc(servers, load), horizon_s).scenario,
                truth_s: queue.mean_sojourn_s(),
            });
        }
    }
    for load in [0.7, 0.9] {
        let truth_s = long_run_mean_s(&disagg(load, 42_000.0));
        for horizon_s in [600.0, 3_600.0] {
            let scenario = disagg(load, horizon_s);
            systems.push(System { name: format!("2 + 2 GPUs at {load}"), scenario, truth_s });
        }
    }
    systems
}

/// The default disaggregated cluster with lognormal lengths, at this load of its bottleneck.
fn disagg(load: f64, horizon_s: f64) -> Scenario {
    let at_rate = |rate: f64| {
        from_empty(vec![("mode", "disagg".to_owned()), ("rates", rate.to_string())], horizon_s)
    };
    let load_at_1 = at_rate(1.0).load.largest().expect("a Poisson process has a rate");
    at_rate(load / load_at_1).scenario
}

/// The cell with these settings, observed from its empty start.
fn from_empty(mut settings: Settings, horizon_s: f64) -> Cell {
    settings.push(("sim_seconds", horizon_s.to_string()));
    settings.push(("warmup_seconds", "0".to_owned()));
    one_cell(settings)
}

fn long_run_mean_s(scenario: &Scenario) -> f64 {
    const RUNS: u32 = 120;
    const WARMUP_S: f64 = 2_000.0;
    let key = StreamKey::common(u64::MAX);
    let means: Vec<f64> = (0..RUNS)
        .into_par_iter()
        .map(|run| mean_after(&requests(scenario, &key, run, &mut Scratch::default()), WARMUP_S))
        .collect();
    means.iter().sum::<f64>() / means.len() as f64
}

/// Per rule the deletion point and the estimate of every repetition.
fn measure(system: &System, repetitions: u64) -> Vec<Vec<(f64, Estimate)>> {
    let by_repetition: Vec<Vec<(f64, Estimate)>> = (0..repetitions)
        .into_par_iter()
        .map(|repetition| repeat(&system.scenario, repetition))
        .collect();
    let of_rule = |rule: usize| by_repetition.iter().map(|results| results[rule]).collect();
    (0..RULES.len()).map(of_rule).collect()
}

fn repeat(scenario: &Scenario, seed: u64) -> Vec<(f64, Estimate)> {
    let scenario = Scenario { random_seed: seed, ..scenario.clone() };
    let key = stream_key(&scenario, Seeding::Common);
    let mut scratch = Scratch::default();
    let mut runs = |key: &StreamKey, replications: std::ops::Range<u32>| -> Vec<Vec<Request>> {
        replications.map(|number| requests(&scenario, key, number, &mut scratch)).collect()
    };
    let pilots = runs(&key.pilots(), 1..PILOTS + 1);
    let replications = runs(&key, 0..REPLICATIONS);
    let confidence = Confidence::new(0.95, REPLICATIONS);
    RULES
        .iter()
        .map(|(_, rule)| {
            let deleted_s = rule(&pilots, scenario.sim_seconds);
            let means: Vec<f64> =
                replications.iter().map(|run| mean_after(run, deleted_s)).collect();
            (deleted_s, confidence.estimate(&means).expect("there are replications"))
        })
        .collect()
}

fn requests(
    scenario: &Scenario,
    key: &StreamKey,
    replication: u32,
    scratch: &mut Scratch,
) -> Vec<Request> {
    let job = Job { scenario, key: *key, replication, max_requests: u64::MAX };
    let mut samples = Vec::new();
    simulate_observed(&job, scratch, &Silent, |sample| samples.push(sample)).expect("no limit");
    samples.sort_unstable_by_key(|sample| sample.request);
    samples.iter().map(|sample| (sample.arrival_s + sample.ttft_s, sample.ttft_s)).collect()
}

fn mean_after(run: &[Request], start_s: f64) -> f64 {
    let kept = run.iter().filter(|request| request.0 >= start_s).map(|request| request.1);
    let (count, sum_s) = kept.fold((0.0, 0.0), |(n, sum), ttft_s| (n + 1.0, sum + ttft_s));
    sum_s / count
}

/// Mean of all pilots in equal bins of time, of TTFT or a function of it, with the start of each bin.
fn bins(pilots: &[Vec<Request>], horizon_s: f64, of: fn(f64) -> f64) -> Vec<(f64, f64)> {
    let mut sums = vec![(0.0, 0.0); BINS];
    for &(at_s, ttft_s) in pilots.iter().flatten() {
        let bin = ((at_s / horizon_s * BINS as f64) as usize).min(BINS - 1);
        sums[bin] = (sums[bin].0 + 1.0, sums[bin].1 + of(ttft_s));
    }
    let filled = sums.iter().enumerate().filter(|(_, (count, _))| *count > 0.0);
    filled.map(|(i, (n, sum))| (horizon_s * i as f64 / BINS as f64, sum / n)).collect()
}

/// Mean TTFT of all pilots in batches of five consecutive requests, with the mean time of the first.
fn batches_of_five(pilots: &[Vec<Request>]) -> Vec<(f64, f64)> {
    const BATCH: usize = 5;
    let batches = pilots.iter().map(Vec::len).min().unwrap_or(0) / BATCH;
    let mean = |of: &dyn Fn(&Vec<Request>) -> f64| {
        pilots.iter().map(of).sum::<f64>() / pilots.len() as f64
    };
    (0..batches)
        .map(|batch| {
            let range = batch * BATCH..(batch + 1) * BATCH;
            let start_s = mean(&|run| run[range.start].0);
            let ttft_s =
                mean(&|run| run[range.clone()].iter().map(|r| r.1).sum::<f64>() / BATCH as f64);
            (if batch == 0 { 0.0 } else { start_s }, ttft_s)
        })
        .collect()
}

fn mser_of(series: &[(f64, f64)]) -> f64 {
    let means_s: Vec<f64> = series.iter().map(|point| point.1).collect();
    series[mser(&means_s)].0
}

/// Welch's procedure (1983) without an eye: a moving average over a fifth of the series, deleted up
/// to where it first crosses the mean of the second half; at most half.
fn welch(series: &[(f64, f64)]) -> f64 {
    let half = series.len() / 2;
    let mean = |part: &[(f64, f64)]| part.iter().map(|p| p.1).sum::<f64>() / part.len() as f64;
    let level_s = mean(&series[half..]);
    let smoothed = |i: usize| {
        let reach = (series.len() / 10).min(i).min(series.len() - 1 - i);
        mean(&series[i - reach..=i + reach])
    };
    let starts_below = smoothed(0) < level_s;
    let crossing = (0..half).find(|&i| (smoothed(i) >= level_s) == starts_below);
    series[crossing.unwrap_or(half)].0
}

/// What one rule does to a system: mean and spread of the deletion point in percent of the horizon;
/// remaining bias in half widths of the interval; coverage of the interval; half width as a multiple of
/// that without a warm-up.
fn cell(system: &System, results: &[(f64, Estimate)], without: &[(f64, Estimate)]) -> String {
    let mean = |results: &[(f64, Estimate)], of: &dyn Fn(&(f64, Estimate)) -> f64| {
        results.iter().map(of).sum::<f64>() / results.len() as f64
    };
    let half_width = |(_, estimate): &(f64, Estimate)| estimate.half_width.expect("it has one");
    let percent = 100.0 / system.scenario.sim_seconds;
    let deleted = mean(results, &|(deleted_s, _)| percent * deleted_s);
    let spread = mean(results, &|(deleted_s, _)| (percent * deleted_s - deleted).powi(2)).sqrt();
    let half_width_s = mean(results, &half_width);
    let bias_s = mean(results, &|(_, estimate)| estimate.mean) - system.truth_s;
    let coverage = mean(results, &|result| {
        f64::from((result.1.mean - system.truth_s).abs() <= half_width(result))
    });
    format!(
        "{deleted:.0} ± {spread:.0}; {:.2}; {:.0} %; {:.2}",
        bias_s / half_width_s,
        100.0 * coverage,
        half_width_s / mean(without, &half_width),
    )
}
