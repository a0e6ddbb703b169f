//! Random small systems: the engine against the oracle, and what must hold for all of them.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use sweep_engine::model::{Scratch, simulate_in_batches};
use sweep_engine::progress::Silent;
use sweep_engine::scenario::Cluster;
use sweep_engine::spec::Observe;
use sweep_engine::statistics::{BATCHES, Confidence, percentiles};

use crate::oracle;
use crate::support::{Row, disagg, fields, job, mono, replayed, run, summary};

/// The same cases in every run.
fn config(cases: u32) -> Config {
    Config { cases, rng_seed: RngSeed::Fixed(20_260_401), ..Config::default() }
}

/// A system with its trace and window.
#[derive(Clone, Debug)]
struct Case {
    rows: Vec<Row>,
    cluster: Cluster,
    window: (f64, f64),
    observe: Observe,
    slo_ttft_s: Option<f64>,
}

impl Case {
    fn scenario(&self) -> sweep_engine::scenario::Scenario {
        let scenario = replayed(&self.rows, self.cluster, self.window, self.observe);
        sweep_engine::scenario::Scenario { slo_ttft_s: self.slo_ttft_s, ..scenario }
    }
}

/// Whole gaps and lengths with speeds that are powers of two: every time is exact, so requests
/// tie with each other and with the ends of the window.
fn rows_with_ties(max_requests: usize) -> BoxedStrategy<Vec<Row>> {
    prop::collection::vec((0_u8..4, 0_u8..12, 0_u8..6), 1..max_requests)
        .prop_map(|steps| {
            let mut at_s = 0.0;
            let mut first = true;
            let row = |(gap, prompt, output): (u8, u8, u8)| {
                at_s += if first { 0.0 } else { f64::from(gap) * 0.5 };
                first = false;
                (at_s, f64::from(prompt), f64::from(output))
            };
            steps.into_iter().map(row).collect()
        })
        .boxed()
}

fn rows_without_ties(max_requests: usize) -> BoxedStrategy<Vec<Row>> {
    prop::collection::vec((0.0_f64..2.0, 0.0_f64..12.0, 0.0_f64..6.0), 1..max_requests)
        .prop_map(|steps| {
            let mut at_s = 0.0;
            let row = |(gap, prompt, output): (f64, f64, f64)| {
                at_s += gap;
                (at_s, prompt, output)
            };
            let rows: Vec<Row> = steps.into_iter().map(row).collect();
            let origin_s = rows[0].0;
            rows.into_iter().map(|(at_s, p, o)| (at_s - origin_s, p, o)).collect()
        })
        .boxed()
}

fn rows() -> BoxedStrategy<Vec<Row>> {
    prop_oneof![rows_with_ties(40), rows_without_ties(40)].boxed()
}

fn speed() -> impl Strategy<Value = f64> {
    prop::sample::select(vec![1.0, 2.0, 4.0, 8.0, 1024.0])
}

fn cluster() -> BoxedStrategy<Cluster> {
    prop_oneof![
        (1_u32..=6, speed(), speed()).prop_map(|(gpus, p, d)| mono(gpus, p, d)),
        (1_u32..=6, 1_u32..=6, speed(), speed()).prop_map(|(g, h, p, d)| disagg((g, h), p, d)),
    ]
    .boxed()
}

/// From windows of a few requests to windows past the end; half steps meet events exactly.
fn window() -> impl Strategy<Value = (f64, f64)> {
    (0_u32..40, 1_u32..80).prop_map(|(start, length)| {
        let start_s = f64::from(start) * 0.5;
        (start_s, start_s + f64::from(length) * 0.5)
    })
}

pub(crate) fn observe() -> impl Strategy<Value = Observe> {
    prop::sample::select(vec![Observe::Events, Observe::Arrivals])
}

fn case() -> impl Strategy<Value = Case> {
    // Half steps: met exactly by requests without a remainder.
    let slo_ttft_s = prop::option::of((1_u8..30).prop_map(|halves| f64::from(halves) * 0.5));
    (rows(), cluster(), window(), observe(), slo_ttft_s).prop_map(
        |(rows, cluster, window, observe, slo_ttft_s)| Case {
            rows,
            cluster,
            window,
            observe,
            slo_ttft_s,
        },
    )
}

/// A random small system that replays a trace.
pub(crate) fn traced_scenario() -> impl Strategy<Value = sweep_engine::scenario::Scenario> {
    case().prop_map(|case| case.scenario())
}

fn is_close(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * b.abs().max(1.0),
        (None, None) => true,
        _ => false,
    }
}

/// TTFT of every request, by number, in a window that sees them all.
fn every_ttft_s(rows: &[Row], cluster: Cluster) -> Vec<f64> {
    let window = (0.0, rows[rows.len() - 1].0 + 1.0);
    let scenario = replayed(rows, cluster, window, Observe::Arrivals);
    let (_, samples) = run(&job(&scenario));
    assert_eq!(samples.len(), rows.len());
    samples.iter().map(|sample| sample.ttft_s).collect()
}

/// No request of `smaller` waits longer than in `larger`, beyond rounding.
fn none_is_larger(smaller: &[f64], larger: &[f64]) -> bool {
    smaller.iter().zip(larger).all(|(a, b)| *a <= b + 1e-9)
}

proptest! {
    #![proptest_config(config(3_000))]

    #[test]
    fn the_engine_equals_the_event_calendar(case in case()) {
        let ours = fields(&summary(&case.scenario()));
        let Case { rows, cluster, window, observe, slo_ttft_s } = &case;
        let theirs = oracle::account(rows, cluster, *window, *observe, *slo_ttft_s);
        for ((name, our_value), (their_name, their_value)) in ours.into_iter().zip(theirs) {
            prop_assert_eq!(name, their_name);
            prop_assert!(
                is_close(our_value, their_value),
                "{}: {:?}, the oracle says {:?}", name, our_value, their_value
            );
        }
    }

    #[test]
    fn batches_are_windows_of_the_same_run(case in case()) {
        let scenario = case.scenario();
        let mut scratch = Scratch::default();
        let (whole, batches) =
            simulate_in_batches(&job(&scenario), &mut scratch, &Silent, |_| ()).unwrap();
        prop_assert_eq!(whole, summary(&scenario), "the run itself is the same, bit for bit");
        prop_assert_eq!(batches.len(), BATCHES);
        let length_s = scenario.window_s() / BATCHES as f64;
        for (i, batch) in batches.iter().enumerate() {
            let start_s = scenario.warmup_seconds + i as f64 * length_s;
            let last = i + 1 == BATCHES;
            let end_s = if last { scenario.sim_seconds } else { scenario.warmup_seconds + (i + 1) as f64 * length_s };
            let Case { rows, cluster, observe, slo_ttft_s, .. } = &case;
            let theirs = oracle::account(rows, cluster, (start_s, end_s), *observe, *slo_ttft_s);
            for ((name, our_value), (_, their_value)) in fields(&batch.summary).into_iter().zip(theirs) {
                prop_assert!(
                    is_close(our_value, their_value),
                    "batch {}: {}: {:?}, the oracle says {:?}", i, name, our_value, their_value
                );
            }
        }
    }

    #[test]
    fn samples_equal_the_event_calendar_one_by_one(case in case()) {
        let (summary, samples) = run(&job(&case.scenario()));
        let journeys = oracle::serve(&case.rows, &case.cluster);
        prop_assert_eq!(summary.num_samples, samples.len() as u64);
        for sample in samples {
            let journey = &journeys[sample.request as usize];
            prop_assert_eq!(sample.arrival_s, journey.arrival_s);
            prop_assert!((sample.ttft_s - journey.ttft_s).abs() < 1e-9);
        }
    }
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn arrivals_beyond_need_change_nothing(case in case(), late_gap_s in 0.25_f64..3.0) {
        let before = summary(&case.scenario());
        let journeys = oracle::serve(&case.rows, &case.cluster);
        let is_sampled = |arrival_s: f64| case.window.0 <= arrival_s && arrival_s < case.window.1;
        let last_needed_s = journeys
            .iter()
            .filter(|j| case.observe == Observe::Arrivals && is_sampled(j.arrival_s))
            .map(|j| j.decode_join_s)
            .fold(case.window.1, f64::max);
        let mut longer = case.clone();
        longer.rows.retain(|row| row.0 <= last_needed_s);
        longer.rows.extend((1..5).map(|i| (last_needed_s + f64::from(i) * late_gap_s, 0.0, 5.0)));
        let after = summary(&longer.scenario());
        prop_assert_eq!(fields(&before), fields(&after));
    }

    #[test]
    fn a_slower_clock_shortens_every_wait_in_mono(rows in rows(), gpus in 1_u32..=4) {
        let cluster = mono(gpus, 4.0, 2.0);
        let spread: Vec<Row> = rows.iter().map(|&(at_s, p, o)| (2.0 * at_s, p, o)).collect();
        prop_assert!(none_is_larger(
            &every_ttft_s(&spread, cluster),
            &every_ttft_s(&rows, cluster)
        ));
    }

    #[test]
    fn another_gpu_shortens_every_wait_in_mono(rows in rows(), gpus in 1_u32..=4) {
        prop_assert!(none_is_larger(
            &every_ttft_s(&rows, mono(gpus + 1, 4.0, 2.0)),
            &every_ttft_s(&rows, mono(gpus, 4.0, 2.0))
        ));
    }

    // With a decode GPU for every request the TTFT is the prefill wait and constants.
    #[test]
    fn prefill_waits_shrink_with_gpus_and_gaps(rows in rows(), gpus in 1_u32..=4) {
        let enough = rows.len() as u32;
        let spread: Vec<Row> = rows.iter().map(|&(at_s, p, o)| (2.0 * at_s, p, o)).collect();
        let tight = every_ttft_s(&rows, disagg((gpus, enough), 4.0, 2.0));
        prop_assert!(none_is_larger(
            &every_ttft_s(&rows, disagg((gpus + 1, enough), 4.0, 2.0)),
            &tight
        ));
        prop_assert!(none_is_larger(
            &every_ttft_s(&spread, disagg((gpus, enough), 4.0, 2.0)),
            &tight
        ));
    }

    #[test]
    fn a_smaller_decode_pool_shortens_no_wait(rows in rows(), pools in (1_u32..=4, 1_u32..=4)) {
        prop_assert!(none_is_larger(
            &every_ttft_s(&rows, disagg((pools.0, pools.1 + 1), 4.0, 2.0)),
            &every_ttft_s(&rows, disagg(pools, 4.0, 2.0))
        ));
    }

    #[test]
    fn percentiles_equal_those_of_a_full_sort(
        sample in prop::collection::vec(prop_oneof![-5.0_f64..5.0, Just(1.0)], 1..200),
        middle in 0.0_f64..=1.0,
    ) {
        let mut sorted = sample.clone();
        sorted.sort_by(f64::total_cmp);
        let probabilities = [0.0, middle * 0.5, middle, middle, 1.0];
        let ours = percentiles(&sample, probabilities).expect("it has values");
        for (ours, probability) in ours.into_iter().zip(probabilities) {
            let theirs = oracle::type7(&sorted, probability).expect("it has values");
            prop_assert!((ours - theirs).abs() < 1e-12, "{} at {}", ours, probability);
        }
    }

    #[test]
    fn estimates_follow_the_textbook(values in prop::collection::vec(-10.0_f64..10.0, 10)) {
        // Student's t with 9 degrees of freedom, 97.5 %.
        const QUANTILE: f64 = 2.262_157_162_8;
        let estimate = Confidence::new(0.95, 10).estimate(&values).expect("it has values");
        let mean = values.iter().sum::<f64>() / 10.0;
        let squares: f64 = values.iter().map(|value| value * value).sum();
        let variance = (squares - 10.0 * mean * mean) / 9.0;
        let half_width = QUANTILE * (variance / 10.0).sqrt();
        prop_assert!((estimate.mean - mean).abs() < 1e-12);
        let ours = estimate.half_width.expect("there are ten values");
        prop_assert!((ours - half_width).abs() < 1e-7, "{} against {}", ours, half_width);
    }
}

#[test]
fn percentiles_agree_with_numpy_on_a_small_sample() {
    // numpy.percentile([3, 1, 4, 1, 5], [50, 90, 99])
    let ours = percentiles(&[3.0, 1.0, 4.0, 1.0, 5.0], [0.5, 0.9, 0.99]);
    assert_eq!(ours, Some([3.0, 4.6, 4.96]));
    assert_eq!(percentiles::<1>(&[], [0.5]), None);
    assert_eq!(percentiles(&[7.0], [0.5, 0.99]), Some([7.0, 7.0]));
}

#[test]
fn one_value_has_a_mean_and_no_interval() {
    let confidence = Confidence::new(0.95, 4);
    assert_eq!(confidence.estimate(&[]), None);
    let single = confidence.estimate(&[3.0]).expect("it has a value");
    assert_eq!((single.mean, single.half_width), (3.0, None));
    assert_eq!(confidence.level(), 0.95);
}

#[test]
fn quantiles_follow_level_and_count() {
    // Two-sided Student t quantiles from tables: 1 degree at 95 %, 4 degrees at 90 %.
    for (level, values, quantile) in [(0.95, 2, 12.706_204_736_2), (0.90, 5, 2.131_846_786_3)] {
        let sample: Vec<f64> = (0..values).map(f64::from).collect();
        let n = f64::from(values);
        let mean = (n - 1.0) / 2.0;
        let squares: f64 = sample.iter().map(|x| (x - mean) * (x - mean)).sum();
        let expected = quantile * (squares / (n - 1.0) / n).sqrt();
        let estimate = Confidence::new(level, 5).estimate(&sample).expect("it has values");
        let half_width = estimate.half_width.expect("it has two values");
        assert!((half_width - expected).abs() < 1e-8 * expected, "{half_width} {expected}");
    }
}
