//! Which interval of a pooled percentile covers? Four candidates against exact quantiles.
//!
//! `cargo run --release -p sweep-engine --example pooled_intervals [experiments]`
//!
//! Each experiment is 10 replications of an M/M/c queue (mono, exponential service, started empty, a
//! tenth of the requests as warm-up). The truth is that of `theory::Mmc`.

#![expect(clippy::cast_precision_loss, reason = "sample sizes are small")]
#![expect(clippy::print_stdout, reason = "a table for people")]

mod support;

use std::env;

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use sweep_engine::model::{Job, Scratch, simulate_observed};
use sweep_engine::plan::stream_key;
use sweep_engine::progress::Silent;
use sweep_engine::random::Seeding;
use sweep_engine::scenario::Scenario;
use sweep_engine::statistics::{Confidence, percentiles};
use sweep_engine::theory::Mmc;

use crate::support::{mmc, one_cell};

const REPLICATIONS: u32 = 10;
const LEVEL: f64 = 0.95;

fn scenario(servers: u32, load: f64, requests: f64) -> Scenario {
    let window_s = requests / (load * f64::from(servers));
    let mut settings = mmc(servers, load);
    settings.push(("sim_seconds", (window_s * 1.1).to_string()));
    settings.push(("warmup_seconds", (window_s * 0.1).to_string()));
    settings.push(("observe", "arrivals".to_owned()));
    one_cell(settings).scenario
}

/// Samples of the replications of one experiment.
fn samples(scenario: &Scenario, seed: u64) -> Vec<Vec<f64>> {
    let scenario = Scenario { random_seed: seed, ..scenario.clone() };
    let mut scratch = Scratch::default();
    (0..REPLICATIONS)
        .map(|replication| {
            let key = stream_key(&scenario, Seeding::Common);
            let job = Job { scenario: &scenario, key, replication, max_requests: u64::MAX };
            let mut ttft_s = Vec::new();
            simulate_observed(&job, &mut scratch, &Silent, |sample| ttft_s.push(sample.ttft_s))
                .expect("no limit");
            ttft_s
        })
        .collect()
}

fn percentile(sample: &[f64], p: f64) -> f64 {
    percentiles(sample, [p.clamp(0.0, 1.0)]).expect("a sample")[0]
}

/// Ways to judge a pooled percentile.
const METHODS: [&str; 5] =
    ["sectioning", "jackknife", "ratio, half its length", "ratio, longer side", "ratio, weighted"];

/// Pooled percentile, and the half width of its interval by each method.
fn intervals(replications: &[Vec<f64>], p: f64, t: f64) -> (f64, [f64; 5]) {
    let pooled = percentile(&replications.concat(), p);
    let [half, longer, weighted] = ratio(replications, p, pooled, t);
    let sectioning = t * sectioning(replications, p, pooled);
    (pooled, [sectioning, t * jackknife(replications, p), half, longer, weighted])
}

/// Standard error from the replications' own percentiles (Asmussen & Glynn 2007, section III.5).
fn sectioning(replications: &[Vec<f64>], p: f64, pooled: f64) -> f64 {
    let count = replications.len() as f64;
    let own = replications.iter().map(|one| percentile(one, p));
    let squares: f64 = own.map(|own| (own - pooled).powi(2)).sum();
    (squares / (count - 1.0) / count).sqrt()
}

/// Standard error from the pooled percentiles without one replication each.
fn jackknife(replications: &[Vec<f64>], p: f64) -> f64 {
    let count = replications.len() as f64;
    let without: Vec<f64> = (0..replications.len())
        .map(|left_out| {
            let rest = replications.iter().enumerate().filter(|(i, _)| *i != left_out);
            let others: Vec<f64> = rest.flat_map(|(_, one)| one.iter().copied()).collect();
            percentile(&others, p)
        })
        .collect();
    let mean = without.iter().sum::<f64>() / count;
    let squares: f64 = without.iter().map(|one| (one - mean).powi(2)).sum();
    (squares * (count - 1.0) / count).sqrt()
}

/// From the interval that inverts the ratio estimate of the distribution function: half its length,
/// its longer side, and the one the more instead of the other, the more of the tail is unknown.
fn ratio(replications: &[Vec<f64>], p: f64, pooled: f64, t: f64) -> [f64; 3] {
    let count = replications.len() as f64;
    let all: Vec<f64> = replications.concat();
    let squares: f64 = replications
        .iter()
        .map(|one| one.iter().filter(|x| **x <= pooled).count() as f64 - p * one.len() as f64)
        .map(|excess| excess * excess)
        .sum();
    let reach = t * (squares * count / (count - 1.0)).sqrt() / all.len() as f64;
    let below = pooled - percentile(&all, p - reach);
    let above = percentile(&all, p + reach) - pooled;
    let (half, longer) = (below.midpoint(above), below.max(above));
    [half, longer, half + (reach / (1.0 - p)).min(1.0) * (longer - half)]
}

/// One line of the table: by method, how many of the intervals hold the truth.
fn line(scenario: &Scenario, truth: f64, p: f64, experiments: u64) -> String {
    let t = Confidence::new(LEVEL, REPLICATIONS).t(REPLICATIONS as usize).expect("announced");
    let outcomes: Vec<(f64, [f64; 5])> = (0..experiments)
        .into_par_iter()
        .map(|seed| intervals(&samples(scenario, seed), p, t))
        .collect();
    let covered = (0..METHODS.len()).map(|method| {
        let holds = |(pooled, widths): &&(f64, [f64; 5])| (pooled - truth).abs() <= widths[method];
        let hits = outcomes.iter().filter(holds).count();
        format!("{:.1} %", 100.0 * hits as f64 / outcomes.len() as f64)
    });
    covered.collect::<Vec<_>>().join(" | ")
}

fn main() {
    let experiments: u64 = env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1000);
    println!("| system | requests per run | p | {} |", METHODS.join(" | "));
    println!("|---|---|---|{}", "---|".repeat(METHODS.len()));
    for (servers, load) in [(1, 0.5), (1, 0.8), (1, 0.9), (4, 0.8)] {
        let exact = Mmc::new(load * f64::from(servers), 1.0, servers).expect("stable");
        for requests in [1e3, 1e4] {
            let scenario = scenario(servers, load, requests);
            for p in [0.5, 0.9, 0.99] {
                let truth = exact.sojourn_quantile_s(p).expect("a probability");
                let cells = line(&scenario, truth, p, experiments);
                println!("| M/M/{servers} at {load} | {requests} | {p} | {cells} |");
            }
        }
    }
}
