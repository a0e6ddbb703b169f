//! Which interval of a pooled percentile covers? Three candidates against exact quantiles.
//!
//! `cargo run --release -p sweep-engine --example pooled_intervals [experiments]`
//!
//! Each experiment is 10 replications of an M/M/c queue (mono, exponential service, started empty,
//! 10 relaxation times of warm-up or a tenth of the horizon). The truth is that of `theory::Mmc`.

#![expect(clippy::cast_precision_loss, reason = "sample sizes are small")]

use std::env;

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use sweep_engine::model::{Job, Scratch, simulate_observed};
use sweep_engine::plan::{Limits, plan, stream_key};
use sweep_engine::progress::Silent;
use sweep_engine::random::Seeding;
use sweep_engine::scenario::{Scenario, Traces};
use sweep_engine::spec::{AxisSpec, AxisValues, SweepSpec};
use sweep_engine::statistics::{Confidence, percentiles};
use sweep_engine::theory::Mmc;

const REPLICATIONS: u32 = 10;
const LEVEL: f64 = 0.95;

fn scenario(servers: u32, load: f64, requests: f64) -> Scenario {
    let rate = load * f64::from(servers);
    let settings = [
        ("mode", "mono".to_owned()),
        ("num_gpus", servers.to_string()),
        ("rates", rate.to_string()),
        ("prompt_tokens.mode", "exponential".to_owned()),
        ("prompt_tokens.mean", "1".to_owned()),
        ("prompt_tokens.integer", "false".to_owned()),
        ("prompt_tokens.min_value", "0".to_owned()),
        ("output_tokens.mode", "fixed".to_owned()),
        ("output_tokens.value", "1".to_owned()),
        ("cluster_mono.prefill_tokens_per_s", "1".to_owned()),
        ("cluster_mono.decode_tokens_per_s", "1e15".to_owned()),
        ("sim_seconds", (requests / rate * 1.1).to_string()),
        ("warmup_seconds", (requests / rate * 0.1).to_string()),
        ("observe", "arrivals".to_owned()),
    ];
    let axes = settings
        .map(|(name, value)| AxisSpec { name: name.to_owned(), values: AxisValues::Text(value) });
    let spec = SweepSpec { axes: axes.to_vec(), replications: 1, ..SweepSpec::default() };
    let plan = plan(&spec, &Traces::default(), Limits::default()).expect("the settings are valid");
    plan.cells[0].scenario.clone()
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

fn percentile(mut sample: Vec<f64>, p: f64) -> f64 {
    percentiles(&mut sample, [p.clamp(0.0, 1.0)]).expect("a sample")[0]
}

/// Pooled percentile, and half widths (below, above) by sectioning, jackknife, ratio inversion.
fn intervals(replications: &[Vec<f64>], p: f64, t: f64) -> (f64, [(f64, f64); 3]) {
    let count = replications.len() as f64;
    let all: Vec<f64> = replications.concat();
    let pooled = percentile(all.clone(), p);
    let own: Vec<f64> = replications.iter().map(|one| percentile(one.clone(), p)).collect();
    let squares: f64 = own.iter().map(|own| (own - pooled).powi(2)).sum();
    let sectioning = t * (squares / (count - 1.0) / count).sqrt();
    let without: Vec<f64> = (0..replications.len())
        .map(|left_out| {
            let rest = replications.iter().enumerate().filter(|(i, _)| *i != left_out);
            percentile(rest.flat_map(|(_, one)| one.iter().copied()).collect(), p)
        })
        .collect();
    let mean = without.iter().sum::<f64>() / count;
    let squares: f64 = without.iter().map(|one| (one - mean).powi(2)).sum();
    let jackknife = t * (squares * (count - 1.0) / count).sqrt();
    let excess: Vec<f64> = replications
        .iter()
        .map(|one| one.iter().filter(|x| **x <= pooled).count() as f64 - p * one.len() as f64)
        .collect();
    let squares: f64 = excess.iter().map(|excess| excess * excess).sum();
    let h = t * (squares * count / (count - 1.0)).sqrt() / all.len() as f64;
    let below = pooled - percentile(all.clone(), p - h);
    let above = percentile(all, p + h) - pooled;
    (pooled, [(sectioning, sectioning), (jackknife, jackknife), (below, above)])
}

fn main() {
    let experiments: u64 = env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1000);
    let t = Confidence::new(LEVEL, REPLICATIONS)
        .t(REPLICATIONS as usize)
        .expect("as many as announced");
    println!(
        "| system | requests | p | sectioning | jackknife | ratio, as is | ratio, mean width | ratio, larger width | relative half width |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for (servers, load, requests) in [
        (1, 0.5, 1e3),
        (1, 0.5, 1e4),
        (1, 0.8, 1e3),
        (1, 0.8, 1e4),
        (1, 0.9, 1e3),
        (1, 0.9, 1e4),
        (4, 0.8, 1e3),
        (4, 0.8, 1e4),
    ] {
        let scenario = scenario(servers, load, requests);
        let exact = Mmc::new(load * f64::from(servers), 1.0, servers).expect("stable");
        for p in [0.5, 0.9, 0.99] {
            let truth = exact.sojourn_quantile_s(p).expect("a probability");
            let outcomes: Vec<[f64; 6]> = (0..experiments)
                .into_par_iter()
                .map(|seed| {
                    let (pooled, widths) = intervals(&samples(&scenario, seed), p, t);
                    let hit = |(below, above): (f64, f64)| {
                        f64::from(pooled - below <= truth && truth <= pooled + above)
                    };
                    let mean = (widths[2].0 + widths[2].1) / 2.0;
                    let larger = widths[2].0.max(widths[2].1);
                    [
                        hit(widths[0]),
                        hit(widths[1]),
                        hit(widths[2]),
                        hit((mean, mean)),
                        hit((larger, larger)),
                        mean / truth,
                    ]
                })
                .collect();
            let mean =
                |i: usize| outcomes.iter().map(|one| one[i]).sum::<f64>() / outcomes.len() as f64;
            let c: Vec<String> = (0..5).map(|i| format!("{:.1} %", 100.0 * mean(i))).collect();
            println!(
                "| M/M/{servers} {load} | {requests} | {p} | {} | {:.1} % |",
                c.join(" | "),
                100.0 * mean(5)
            );
        }
    }
}
