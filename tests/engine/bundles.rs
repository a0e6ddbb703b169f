//! Bundles against the scalar path, which defines every bit of a result: random bundles of random
//! systems, on every vector width that this processor has.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use sweep_engine::model::{
    BundleScratch, Job, Scratch, SimError, VectorWidth, simulate_bundle, simulate_observed,
};
use sweep_engine::progress::{Progress, Silent};
use sweep_engine::random::StreamKey;
use sweep_engine::scenario::{Arrivals, Cluster, Scenario, TokenDistribution, TokenLengths};
use sweep_engine::spec::Observe;
use sweep_engine::statistics::Keep;

use crate::properties::{observe, traced_scenario};
use crate::support::{disagg, mono, plan_of};

/// A job without its borrowed scenario.
#[derive(Clone, Debug)]
struct OwnedJob {
    scenario: Scenario,
    seed: u64,
    replication: u32,
    max_requests: u64,
}

impl OwnedJob {
    fn job(&self) -> Job<'_> {
        Job {
            scenario: &self.scenario,
            key: StreamKey::common(self.seed),
            replication: self.replication,
            max_requests: self.max_requests,
        }
    }
}

fn rate() -> impl Strategy<Value = f64> {
    prop::sample::select(vec![0.05, 0.5, 1.0, 2.0, 3.7, 8.0])
}

fn arrivals() -> impl Strategy<Value = Arrivals> {
    prop_oneof![
        3 => rate().prop_map(|rate_per_s| Arrivals::Poisson { rate_per_s }),
        1 => rate().prop_map(|rate_per_s| Arrivals::Deterministic { rate_per_s }),
    ]
}

/// Few of each kind, so that jobs of a bundle share some; zero lengths and ties among them.
fn lengths() -> impl Strategy<Value = TokenLengths> {
    let distribution = prop_oneof![
        3 => prop::sample::select(vec![(6.0, 1.0), (5.0, 1.5)])
            .prop_map(|(mu, sigma)| TokenDistribution::Lognormal { mu, sigma }),
        1 => prop::sample::select(vec![0.0, 512.0])
            .prop_map(|value| TokenDistribution::Fixed { value }),
        1 => Just(TokenDistribution::Uniform { low: 0.0, high: 3.0 }),
        1 => Just(TokenDistribution::Exponential { mean: 300.0 }),
    ];
    let bounds = prop::sample::select(vec![(0.0, None), (8.0, None), (1.0, Some(600.0))]);
    (distribution, bounds, any::<bool>()).prop_map(|(distribution, bounds, integer)| {
        let (min_value, max_value) = bounds;
        TokenLengths { distribution, min_value, max_value, integer }
    })
}

/// Speeds that are powers of two make ties.
fn speed() -> impl Strategy<Value = f64> {
    prop::sample::select(vec![128.0, 512.0, 2000.0, 8192.0])
}

/// Small pools mostly, and such on both sides of the sizes at which their data structure changes.
fn gpus() -> impl Strategy<Value = u32> {
    prop_oneof![4 => 1_u32..=4, 2 => 5_u32..=9, 1 => prop::sample::select(vec![16, 17, 128, 129, 200])]
}

fn cluster() -> impl Strategy<Value = Cluster> {
    prop_oneof![
        (gpus(), speed(), speed()).prop_map(|(gpus, p, d)| mono(gpus, p, d)),
        (gpus(), gpus(), speed(), speed()).prop_map(|(g, h, p, d)| disagg((g, h), p, d)),
    ]
}

fn drawn_scenario() -> impl Strategy<Value = Scenario> {
    let window = (0_u32..60, 1_u32..120);
    let slo = prop::option::of(prop::sample::select(vec![0.25, 1.0]));
    (arrivals(), lengths(), lengths(), cluster(), window, observe(), slo).prop_map(
        |(
            arrivals,
            prompt_tokens,
            output_tokens,
            cluster,
            (start, length),
            observe,
            slo_ttft_s,
        )| {
            let warmup_seconds = f64::from(start);
            Scenario {
                sim_seconds: warmup_seconds + f64::from(length),
                warmup_seconds,
                random_seed: 0,
                observe,
                slo_ttft_s,
                arrivals,
                prompt_tokens,
                output_tokens,
                cluster,
            }
        },
    )
}

/// A scenario, and others that differ from it in one thing or two: what a sweep puts side by side.
fn neighbours() -> impl Strategy<Value = Vec<Scenario>> {
    let change = (0_u8..5, arrivals(), lengths(), cluster(), 1_u32..120, observe());
    (drawn_scenario(), prop::collection::vec(change, 0..12)).prop_map(|(base, changes)| {
        let vary = |(what, arrivals, prompt_tokens, cluster, length, observe)| {
            let base = base.clone();
            let end_s = base.warmup_seconds + f64::from(length);
            match what {
                0 => Scenario { arrivals, ..base },
                1 => Scenario { prompt_tokens, ..base },
                2 => Scenario { cluster, ..base },
                3 => Scenario { sim_seconds: end_s, observe, ..base },
                _ => Scenario { arrivals, cluster, ..base },
            }
        };
        let others: Vec<Scenario> = changes.into_iter().map(vary).collect();
        std::iter::once(base.clone()).chain(others).collect()
    })
}

fn scenarios() -> impl Strategy<Value = Vec<Scenario>> {
    prop_oneof![
        3 => neighbours(),
        1 => prop::collection::vec(drawn_scenario(), 1..12),
        2 => prop::collection::vec(traced_scenario(), 1..12),
    ]
}

fn bundle() -> impl Strategy<Value = Vec<OwnedJob>> {
    let limit = prop_oneof![4 => Just(1_000_000_u64), 1 => 0_u64..300];
    (scenarios(), 1_u32..4, limit, any::<bool>()).prop_map(
        |(scenarios, replications, max_requests, one_seed)| {
            let job = |(number, scenario): (usize, &Scenario), replication| OwnedJob {
                scenario: scenario.clone(),
                seed: if one_seed { 7 } else { number as u64 % 2 },
                replication,
                max_requests,
            };
            (0..replications)
                .flat_map(|replication| {
                    scenarios.iter().enumerate().map(move |numbered| job(numbered, replication))
                })
                .collect()
        },
    )
}

/// Results and samples to the last bit, as text: -0 is not 0 there.
fn side_by_side(width: VectorWidth, jobs: &[Job], scratch: &mut BundleScratch) -> Vec<String> {
    let mut results = vec![String::new(); jobs.len()];
    simulate_bundle(width, jobs, scratch, &Silent, |job, outcome, sample| {
        assert!(results[job].is_empty(), "job {job} is done twice");
        let sample = outcome.is_ok().then(|| sample.keep(Keep::All));
        results[job] = format!("{outcome:?} {sample:?}");
    })
    .expect("nobody interrupts");
    results
}

fn one_by_one(jobs: &[Job]) -> Vec<String> {
    let mut scratch = Scratch::default();
    let result = |job| {
        let outcome = simulate_observed(job, &mut scratch, &Silent, |_| ());
        let sample = outcome.is_ok().then(|| scratch.ttft_s().keep(Keep::All));
        format!("{outcome:?} {sample:?}")
    };
    jobs.iter().map(result).collect()
}

proptest! {
    #![proptest_config(Config {
        cases: 1_500,
        rng_seed: RngSeed::Fixed(20_261_124),
        ..Config::default()
    })]

    #[test]
    fn every_width_gives_the_bits_of_the_scalar_path(bundle in bundle()) {
        let jobs: Vec<Job> = bundle.iter().map(OwnedJob::job).collect();
        let expected = one_by_one(&jobs);
        let mut scratch = BundleScratch::default();
        for width in VectorWidth::available() {
            let results = side_by_side(width, &jobs, &mut scratch);
            for (number, (result, expected)) in results.iter().zip(&expected).enumerate() {
                prop_assert_eq!(
                    result, expected,
                    "job {} of {} on {} lanes: {:?}", number, jobs.len(), width.lanes(), bundle[number]
                );
            }
        }
    }
}

/// Longer runs than the random ones, with every phase of the window: a default sweep.
#[test]
fn a_sweep_has_the_bits_of_the_scalar_path() {
    for observe in ["events", "arrivals"] {
        let plan = plan_of(
            &[
                ("rates", "0.5,1,2,3,4,5,9"),
                ("prefill", "1000,4000,16000"),
                ("modes", "mono,disagg"),
                ("observe", observe),
                ("cluster_disagg.decode_gpus", "1,2,12"),
            ],
            3,
        );
        let jobs: Vec<Job> = (0..plan.num_jobs()).map(|n| plan.job(plan.job_id(n))).collect();
        let expected = one_by_one(&jobs);
        for width in VectorWidth::available() {
            let results = side_by_side(width, &jobs, &mut BundleScratch::default());
            assert!(results == expected, "{} lanes, {observe}", width.lanes());
        }
    }
}

#[test]
fn an_empty_bundle_is_done() {
    let width = VectorWidth::widest();
    assert_eq!(side_by_side(width, &[], &mut BundleScratch::default()), Vec::<String>::new());
}

#[test]
fn a_bundle_stops_when_it_is_interrupted() {
    struct Impatient;
    impl Progress for Impatient {
        fn interrupted(&self) -> bool {
            true
        }
    }
    let plan = plan_of(&[("rates", "1,2")], 1);
    let jobs: Vec<Job> = (0..2).map(|n| plan.job(plan.job_id(n))).collect();
    let scratch = &mut BundleScratch::default();
    let outcome = simulate_bundle(VectorWidth::widest(), &jobs, scratch, &Impatient, |_, _, _| ());
    assert_eq!(outcome, Err(SimError::Interrupted));
}

#[test]
fn observed_arrivals_are_a_rule_of_their_own() {
    // Otherwise the tests above compare one rule with itself.
    let plan = plan_of(&[("rates", "9"), ("observe", "events,arrivals"), ("mode", "disagg")], 1);
    let jobs: Vec<Job> = (0..2).map(|n| plan.job(plan.job_id(n))).collect();
    assert_eq!(jobs[1].scenario.observe, Observe::Arrivals);
    let results = one_by_one(&jobs);
    assert_ne!(results[0], results[1]);
}
