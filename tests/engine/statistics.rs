//! Statistics of results against naive ones: histograms, samples of runs, pooled percentiles, batches.
//! And how often intervals cover where their level is exact.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Distribution, Exp1, StandardNormal};
use sweep_engine::statistics::{
    BATCHES, Confidence, Description, Estimate, Histogram, Keep, KeptSample, PARTS,
    PooledPercentile, PooledSample, RunSample, ValueRange, batches_suffice, difference_of_parts,
    percentiles, ranges_around, sectioned,
};

/// Relative error of an order statistic of a histogram: half a bucket, 2^-10, below 0.1 %.
const BUCKET_ERROR: f64 = 1.0 / 1024.0;

/// What few operations in another order may leave.
const ROUNDING: f64 = 1e-12;

/// The same cases in every run.
fn config(cases: u32) -> Config {
    Config { cases, rng_seed: RngSeed::Fixed(20_260_403), ..Config::default() }
}

fn assert_close(actual: impl Into<Option<f64>>, expected: f64) {
    let actual = actual.into().expect("there is a value");
    let bound = ROUNDING * expected.abs();
    assert!((actual - expected).abs() <= bound, "{actual} is not {expected}");
}

/// Hyndman & Fan's type 7 by a full sort, as numpy defines it.
fn type_7(values: &[f64], probability: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let position = (sorted.len() - 1) as f64 * probability.clamp(0.0, 1.0);
    let low = position as usize;
    let high = (low + 1).min(sorted.len() - 1);
    sorted[low] + (position - low as f64) * (sorted[high] - sorted[low])
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn std(values: &[f64]) -> f64 {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (squares / (values.len() as f64 - 1.0)).sqrt()
}

fn exponentials(seed: u64, count: usize) -> Vec<f64> {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| Exp1.sample(&mut generator)).collect()
}

fn sample_of(values: &[f64], limit: usize) -> RunSample {
    let mut sample = RunSample::limited_to(limit);
    for &value in values {
        sample.push(value);
    }
    sample
}

fn exact(values: &[f64]) -> KeptSample {
    KeptSample::exact(values)
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

mod histograms {
    use super::*;

    /// Over 28 decades, with zeros and ties.
    fn value() -> impl Strategy<Value = f64> {
        let magnitude = (1.0_f64..10.0, -17_i32..11);
        prop_oneof![
            1 => Just(0.0),
            2 => (0_u8..4).prop_map(|step| 0.25 * f64::from(step)),
            9 => magnitude.prop_map(|(digits, exponent)| digits * 10_f64.powi(exponent)),
        ]
    }

    fn values(most: usize) -> impl Strategy<Value = Vec<f64>> {
        prop::collection::vec(value(), 1..most)
    }

    proptest! {
        #![proptest_config(config(80))]

        #[test]
        fn every_percentile_is_within_a_thousandth(values in values(300), other in 0.0_f64..1.0) {
            let histogram = Histogram::of(&values);
            let last = values.len().max(2) - 1;
            let ranks = (0..values.len()).map(|rank| rank as f64 / last as f64);
            for probability in ranks.chain([other, 0.5, 0.9, 0.99]) {
                let expected = type_7(&values, probability);
                let found = histogram.percentile(probability).unwrap();
                let error = (found - expected).abs();
                let bound = BUCKET_ERROR * expected * (1.0 + ROUNDING);
                prop_assert!(error <= bound, "{} is not {} at {}", found, expected, probability);
            }
        }

        #[test]
        fn any_split_in_any_order_merges_to_the_same(
            values in prop::collection::vec((value(), 0_usize..5), 1..200),
            order in Just([0, 1, 2, 3, 4]).prop_shuffle(),
        ) {
            let all: Vec<f64> = values.iter().map(|(value, _)| *value).collect();
            let parts = order.map(|part| {
                let own = values.iter().filter(|(_, of)| *of == part).map(|(value, _)| *value);
                Histogram::of(&own.collect::<Vec<_>>())
            });
            let mut merged = Histogram::default();
            for part in &parts {
                merged.merge(part);
            }
            prop_assert_eq!(&merged, &Histogram::of(&all));
            // Nor does it matter how merging is nested.
            let (left, right) = parts.split_at(2);
            let nested = [left, right].map(|side| {
                let mut one = Histogram::default();
                for part in side {
                    one.merge(part);
                }
                one
            });
            let mut again = nested[1].clone();
            again.merge(&nested[0]);
            prop_assert_eq!(again, merged);
        }

        #[test]
        fn counts_are_those_of_the_values_up_to_a_bucket(values in values(200)) {
            let histogram = Histogram::of(&values);
            let naive = |limit: f64| values.iter().filter(|value| **value <= limit).count() as u64;
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            let mut before = 0;
            for &value in &sorted {
                let count = histogram.count_at_most(value);
                prop_assert!(count >= naive(value) && count >= before);
                prop_assert!(count <= naive(value * (1.0 + 2.0 * BUCKET_ERROR)));
                before = count;
            }
            prop_assert_eq!(histogram.count_at_most(0.0), naive(0.0));
            prop_assert_eq!(histogram.count_at_most(1e-18), naive(1e-18));
            prop_assert_eq!(histogram.count_at_most(1e12), histogram.len());
            prop_assert_eq!(histogram.len(), values.len() as u64);
        }
    }

    #[test]
    fn nothing_and_zeros_are_told_apart() {
        let mut histogram = Histogram::default();
        assert!(histogram.is_empty());
        assert_eq!((histogram.percentile(0.5), histogram.count_at_most(1.0)), (None, 0));
        histogram.record_all(&[0.0, 0.0, 4.0]);
        assert_eq!((histogram.len(), histogram.count_at_most(0.0)), (3, 2));
        assert_eq!(histogram.percentile(0.5), Some(0.0));
        assert!((histogram.percentile(1.0).unwrap() - 4.0).abs() <= 4.0 * BUCKET_ERROR);
    }

    /// Beyond the range of the buckets a value counts as the nearest: nothing is lost or grows.
    #[test]
    fn values_out_of_range_are_counted() {
        let histogram = Histogram::of(&[5e-324, 1e-30, 1e30, f64::MAX, f64::INFINITY]);
        assert_eq!(histogram.len(), 5);
        assert!(histogram.percentile(0.0).unwrap() < 1.01e-18);
        let largest = histogram.percentile(1.0).unwrap();
        assert!((0.99e12..1.01e12).contains(&largest), "{largest}");
    }
}

mod samples {
    use super::*;

    /// Partial sums of values in this many consecutive parts, of which the sizes differ by one at most.
    fn parts(values: &[f64], parts: usize) -> Vec<&[f64]> {
        let bound = |part: usize| values.len() * part / parts;
        (0..parts).map(|part| &values[bound(part)..bound(part + 1)]).collect()
    }

    fn naive_trend(values: &[f64]) -> f64 {
        let (earlier, later) = values.split_at(values.len() / 2);
        mean(later) - mean(earlier)
    }

    fn naive_onset(values: &[f64]) -> f64 {
        let (first, rest) = values.split_at(values.len() / 10);
        mean(first) - mean(rest)
    }

    /// Correlation of neighbours among the means of parts.
    fn naive_correlation(values: &[f64]) -> f64 {
        let means: Vec<f64> = parts(values, PARTS).into_iter().map(mean).collect();
        let centre = mean(&means);
        let products = means.windows(2).map(|pair| (pair[0] - centre) * (pair[1] - centre));
        let squares: f64 = means.iter().map(|value| (value - centre) * (value - centre)).sum();
        products.sum::<f64>() / squares
    }

    fn near(actual: Option<f64>, expected: f64, scale: f64) -> bool {
        actual.is_some_and(|actual| (actual - expected).abs() <= 1e-11 * scale)
    }

    proptest! {
        #![proptest_config(config(100))]

        #[test]
        fn a_short_run_is_described_exactly(values in prop::collection::vec(0.0_f64..10.0, 200..900)) {
            // Parts of a hundredth differ in size, which halves and tenths of whole parts do not.
            let len = values.len() / PARTS * PARTS;
            let values = &values[..len];
            let description = sample_of(values, values.len()).describe();
            prop_assert_eq!(description.p50, Some(type_7(values, 0.5)));
            prop_assert_eq!(description.p90, Some(type_7(values, 0.9)));
            prop_assert_eq!(description.p99, Some(type_7(values, 0.99)));
            prop_assert!(near(description.std, std(values), 10.0));
            prop_assert!(near(description.trend, naive_trend(values), 10.0));
            prop_assert!(near(description.onset, naive_onset(values), 10.0));
            prop_assert!(near(description.correlation, naive_correlation(values), 10.0));
        }

        #[test]
        fn percentiles_in_any_order_are_those_of_a_full_sort(
            values in prop::collection::vec(prop_oneof![0.0_f64..1.0, (0_u8..3).prop_map(f64::from)], 1..200),
            probabilities in prop::array::uniform6(prop_oneof![0.0_f64..1.0, Just(0.0), Just(1.0)]),
        ) {
            let found = percentiles(&values, probabilities).unwrap();
            prop_assert_eq!(found, probabilities.map(|p| type_7(&values, p)));
        }

        #[test]
        fn a_limit_changes_percentiles_by_a_thousandth_at_most(
            values in prop::collection::vec(0.001_f64..1000.0, 1..500), limit in 1_usize..500
        ) {
            let mut limited = sample_of(&values, limit);
            prop_assert_eq!(limited.is_exact(), values.len() <= limit);
            prop_assert_eq!(limited.len(), values.len() as u64);
            let kept = [limited.keep(Keep::All), limited.keep(Keep::Histogram)];
            let description = limited.describe();
            let pairs = [(description.p50, 0.5), (description.p90, 0.9), (description.p99, 0.99)];
            for (found, probability) in pairs {
                if probability > 0.98 && values.len() < 100 {
                    prop_assert_eq!(found, None);
                    continue;
                }
                let expected = type_7(&values, probability);
                prop_assert!((found.unwrap() - expected).abs() <= BUCKET_ERROR * expected * (1.0 + ROUNDING));
            }
            prop_assert_eq!(description.std.is_some(), values.len() > 1);
            if values.len() > 1 {
                prop_assert!(near(description.std, std(&values), 1000.0));
            }
            // What is kept does not depend on whether the sample was described.
            let histogram = KeptSample::Binned(Histogram::of(&values));
            prop_assert_eq!(&kept[1], &histogram);
            prop_assert_eq!(&limited.keep(Keep::Histogram), &histogram);
            match &kept[0] {
                KeptSample::Exact(same) => prop_assert_eq!(sorted(same.values()), sorted(&values)),
                KeptSample::Binned(binned) => prop_assert_eq!(binned, &Histogram::of(&values)),
                KeptSample::Windowed(_) => prop_assert!(false, "nobody narrowed it"),
            }
        }
    }

    /// Past the limit, the order of values is known by blocks: of 65,536, or of what a limit leaves.
    #[test]
    fn trends_of_binned_samples_are_exact_to_whole_blocks() {
        const BLOCK: usize = 65_536;
        // The level doubles in the last quarter, and the first tenth is low.
        let shape = |i: usize, len: usize| match i * 20 / len {
            0..2 => 0.5,
            15.. => 2.0,
            _ => 1.0,
        };
        for (blocks, block, limit) in [(100, BLOCK, 2 * BLOCK), (200, 500, 500), (131, 70, 70)] {
            let len = blocks * block;
            let mut values = exponentials(5, len);
            values.iter_mut().enumerate().for_each(|(i, value)| *value *= shape(i, len));
            let mut sample = sample_of(&values, limit);
            assert!(!sample.is_exact());
            let found = sample.describe();
            let halves = values.split_at(blocks * 50 / PARTS * block);
            let tenth = values.split_at(blocks * 10 / PARTS * block);
            let trend = mean(halves.1) - mean(halves.0);
            assert!(near(found.trend, trend, 1.0), "{:?} is not {trend}", found.trend);
            let onset = mean(tenth.0) - mean(tenth.1);
            assert!(near(found.onset, onset, 1.0), "{:?} is not {onset}", found.onset);
            assert!(near(found.std, std(&values), 1.0), "{:?}", found.std);
            if blocks % PARTS == 0 {
                let whole = sample_of(&values, len).describe();
                assert!(near(found.trend, whole.trend.unwrap(), 1.0));
                assert!(near(found.onset, whole.onset.unwrap(), 1.0));
                assert!(near(found.correlation, whole.correlation.unwrap(), 1.0));
                for (found, exact) in [(found.p50, whole.p50), (found.p99, whole.p99)] {
                    let exact = exact.unwrap();
                    assert!((found.unwrap() - exact).abs() <= BUCKET_ERROR * exact);
                }
            }
        }
    }

    #[test]
    fn nothing_is_made_up_for_few_values() {
        let described = |count: usize| sample_of(&vec![0.5; count], 1000).describe();
        assert_eq!(described(0), Description::default());
        let one = described(1);
        assert_eq!((one.std, one.p50, one.p90, one.p99), (None, Some(0.5), Some(0.5), None));
        assert_eq!((one.trend, one.onset, one.correlation), (None, None, None));
        assert_eq!(described(2).std, Some(0.0));
        assert_eq!((described(99).p99, described(100).p99), (None, Some(0.5)));
        assert_eq!((described(99).correlation, described(100).correlation), (None, Some(0.0)));
    }

    /// The means of parts of a constant differ in their last digits, which is no trend.
    #[test]
    fn a_constant_has_neither_trend_nor_onset() {
        for (count, limit) in [(29, 1000), (317, 1000), (99_991, 1000), (99_991, 1 << 20)] {
            let found = sample_of(&vec![0.013; count], limit).describe();
            assert_eq!((found.trend, found.onset), (Some(0.0), Some(0.0)), "{count} values");
        }
    }

    #[test]
    fn a_cleared_sample_is_as_new() {
        let values = exponentials(1, 900);
        let expected = sample_of(&values[..300], 500).describe();
        let mut sample = sample_of(&values, 500);
        sample.describe();
        sample.clear();
        assert!(sample.is_empty() && sample.is_exact());
        for &value in &values[..300] {
            sample.push(value);
        }
        assert_eq!(sample.describe(), expected);
    }
}

mod pooled {
    use super::*;

    const PROBABILITIES: [f64; 3] = [0.5, 0.9, 0.99];

    fn found(samples: &[KeptSample], level: f64) -> [Option<PooledPercentile>; 3] {
        let confidence = Confidence::new(level, 100);
        PooledSample::new(samples.iter().collect()).percentiles(PROBABILITIES, &confidence)
    }

    /// Half width of the share of values up to a limit: the ratio estimator, from counts of smaller
    /// and of all values in each replication (Cochran 1977, section 6.4).
    fn reach(counts: &[(f64, f64)], t: f64) -> f64 {
        let n = counts.len() as f64;
        let share = counts.iter().map(|count| count.0).sum::<f64>()
            / counts.iter().map(|count| count.1).sum::<f64>();
        let residuals = counts.iter().map(|(smaller, all)| smaller - share * all);
        let variance = residuals.map(|residual| residual * residual).sum::<f64>() / (n - 1.0);
        let mean_size = counts.iter().map(|count| count.1).sum::<f64>() / n;
        t * (variance / n).sqrt() / mean_size
    }

    fn counts(samples: &[Vec<f64>], limit: f64) -> Vec<(f64, f64)> {
        let smaller = |sample: &Vec<f64>| sample.iter().filter(|value| **value <= limit).count();
        samples.iter().map(|sample| (smaller(sample) as f64, sample.len() as f64)).collect()
    }

    fn t(level: f64, values: usize) -> f64 {
        Confidence::new(level, 100).t(values).unwrap()
    }

    /// As the command has it.
    const REACH: f64 = 6.0;

    /// Replications of unequal length around a level of their own.
    fn replications(count: usize, seed: u64) -> Vec<Vec<f64>> {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        let mut sample = |_| {
            let level: f64 = 1.0 + 0.1 * generator.sample::<f64, _>(Exp1);
            let len = generator.random_range(50..400);
            // Rounded, so that many tie.
            let mut value = || (level * 64.0 * generator.sample::<f64, _>(Exp1)).round() / 64.0;
            (0..len).map(|_| value()).collect()
        };
        (0..count).map(&mut sample).collect()
    }

    fn kept_near(values: &[f64], ranges: &[ValueRange]) -> KeptSample {
        sample_of(values, usize::MAX).keep(Keep::Near(ranges))
    }

    proptest! {
        #![proptest_config(config(60))]

        /// Bit by bit, however often and on whichever way samples were narrowed.
        #[test]
        fn narrowed_samples_have_the_percentiles_of_whole_ones(
            first in 10_usize..40, further in 1_usize..100, seed in 0_u64..1_000_000
        ) {
            let values = replications(first + further, seed);
            let whole: Vec<KeptSample> = values.iter().map(|values| exact(values)).collect();
            let mut narrowed = whole[..first].to_vec();
            let ranges = ranges_around(narrowed.iter().collect(), PROBABILITIES, REACH).unwrap();
            for sample in &mut narrowed {
                sample.narrow_to(&ranges);
            }
            narrowed.extend(values[first..].iter().map(|values| kept_near(values, &ranges)));
            for round in 0..2 {
                let mut pooled = PooledSample::new(narrowed.iter().collect());
                let found = pooled.percentiles(PROBABILITIES, &Confidence::new(0.95, 200));
                let mut pooled_whole = PooledSample::new(whole.iter().collect());
                let expected = pooled_whole.percentiles(PROBABILITIES, &Confidence::new(0.95, 200));
                prop_assert_eq!(pooled.len(), pooled_whole.len());
                prop_assert!(pooled.is_exact());
                if !pooled.has_missed() {
                    prop_assert_eq!(found, expected, "round {}", round);
                }
                if let Some(ranges) = ranges_around(narrowed.iter().collect(), PROBABILITIES, REACH) {
                    for sample in &mut narrowed {
                        sample.narrow_to(&ranges);
                    }
                }
            }
        }
    }

    #[test]
    fn windows_hold_the_percentiles_of_further_replications_nearly_always() {
        let missed = (0..500).filter(|&seed| {
            let values = replications(200, seed);
            let first: Vec<KeptSample> = values[..32].iter().map(|values| exact(values)).collect();
            let ranges = ranges_around(first.iter().collect(), PROBABILITIES, REACH).unwrap();
            let samples: Vec<KeptSample> =
                values.iter().map(|values| kept_near(values, &ranges)).collect();
            let mut pooled = PooledSample::new(samples.iter().collect());
            pooled.percentiles(PROBABILITIES, &Confidence::new(0.95, 200));
            pooled.has_missed()
        });
        // Else whole cells would be simulated twice.
        assert!(missed.count() <= 2);
    }

    #[test]
    fn a_percentile_outside_the_windows_is_missed_not_guessed() {
        let values = replications(12, 1);
        let ranges = [ValueRange { low: 0.5, high: 0.6 }; 3];
        let samples: Vec<KeptSample> =
            values.iter().map(|values| kept_near(values, &ranges)).collect();
        let mut pooled = PooledSample::new(samples.iter().collect());
        assert!(!pooled.has_missed());
        pooled.percentiles(PROBABILITIES, &Confidence::new(0.95, 12));
        assert!(pooled.has_missed());
        assert_eq!(ranges_around(samples.iter().collect(), PROBABILITIES, REACH), None);
    }

    /// Each run alone would be divided as finely as floats are.
    #[test]
    fn runs_of_single_values_far_apart_have_percentiles() {
        let values = [1e-17, 0.02, 0.021, 3.5, 1e6, 4e11];
        let samples: Vec<KeptSample> = values.iter().map(|value| exact(&[*value])).collect();
        let [p50, p90, p99] = found(&samples, 0.95);
        assert_eq!(p50.unwrap().estimate.mean, type_7(&values, 0.5));
        assert_eq!(p90.unwrap().estimate.mean, type_7(&values, 0.9));
        assert_eq!(p99, None, "too few values");
    }

    #[test]
    fn replications_that_are_all_alike_have_windows_with_values() {
        let values: Vec<f64> = (1..=90).map(f64::from).collect();
        let mut samples: Vec<KeptSample> = (0..12).map(|_| exact(&values)).collect();
        let expected = found(&samples, 0.95);
        let ranges = ranges_around(samples.iter().collect(), PROBABILITIES, REACH).unwrap();
        for sample in &mut samples {
            sample.narrow_to(&ranges);
        }
        assert_eq!(found(&samples, 0.95), expected);
    }

    #[test]
    fn few_replications_do_not_say_where_percentiles_lie() {
        let samples: Vec<KeptSample> =
            replications(9, 1).iter().map(|values| exact(values)).collect();
        assert_eq!(ranges_around(samples.iter().collect(), PROBABILITIES, REACH), None);
    }

    proptest! {
        #![proptest_config(config(300))]

        #[test]
        fn percentiles_are_those_of_all_samples_and_intervals_invert_the_ratio_estimate(
            samples in prop::collection::vec(prop::collection::vec(0.0_f64..10.0, 0..120), 1..8),
            level in 0.5_f64..0.99,
        ) {
            let all = samples.concat();
            let kept: Vec<KeptSample> = samples.iter().map(|sample| exact(sample)).collect();
            let mut pooled = PooledSample::new(kept.iter().collect());
            prop_assert!(pooled.is_exact());
            prop_assert_eq!(pooled.len(), all.len() as u64);
            let percentiles = pooled.percentiles(PROBABILITIES, &Confidence::new(level, 100));
            for (found, p) in percentiles.into_iter().zip(PROBABILITIES) {
                if all.is_empty() || p > 0.98 && all.len() < 100 {
                    prop_assert_eq!(found, None);
                    continue;
                }
                let PooledPercentile { estimate, is_within } = found.unwrap();
                prop_assert_eq!(estimate.mean, type_7(&all, p));
                prop_assert_eq!(estimate.std, None);
                if samples.len() < 2 {
                    prop_assert_eq!((estimate.half_width, is_within), (None, true));
                    continue;
                }
                let reach = reach(&counts(&samples, estimate.mean), t(level, samples.len()));
                let above = type_7(&all, p + reach) - estimate.mean;
                let below = estimate.mean - type_7(&all, p - reach);
                // A position is continuous in the reach; both are sums in another order.
                let unknown_tail = (reach / (1.0 - p)).min(1.0);
                let half = above.midpoint(below);
                let expected = half + unknown_tail * (above.max(below) - half);
                prop_assert!((estimate.half_width.unwrap() - expected).abs() <= 1e-9);
                prop_assert!(is_within == (p + reach <= 1.0) || (p + reach - 1.0).abs() < ROUNDING);
            }
        }

        #[test]
        fn the_order_of_replications_changes_rounding_alone(
            samples in prop::collection::vec(prop::collection::vec(0.0_f64..10.0, 30..60), 5),
            order in Just([0, 1, 2, 3, 4]).prop_shuffle(),
        ) {
            let kept: Vec<KeptSample> = samples.iter().map(|sample| exact(sample)).collect();
            let shuffled = order.map(|i| kept[i].clone());
            for (one, other) in found(&kept, 0.95).into_iter().zip(found(&shuffled, 0.95)) {
                let (one, other) = (one.unwrap().estimate, other.unwrap().estimate);
                prop_assert_eq!(one.mean, other.mean);
                prop_assert!((one.half_width.unwrap() - other.half_width.unwrap()).abs() <= 1e-9);
            }
        }
    }

    /// By hand: the median 4.5 of 0..=9 and one value per replication below it, so that shares are
    /// known without error; and five of five below it in the first, none in the second.
    #[test]
    fn two_replications_by_hand() {
        let even = [exact(&[0.0, 9.0]), exact(&[1.0, 8.0])];
        let estimate = found(&even, 0.95)[0].unwrap().estimate;
        assert_eq!((estimate.mean, estimate.half_width), (4.5, Some(0.0)));
        let apart = [exact(&[0.0, 1.0, 2.0, 3.0, 4.0]), exact(&[5.0, 6.0, 7.0, 8.0, 9.0])];
        // Residuals 2.5 and -2.5: reach t sqrt(12.5 x 2) / 10 = t / 2, which is 0.5 at a level of 0.5.
        let PooledPercentile { estimate, is_within } = found(&apart, 0.5)[0].unwrap();
        assert_eq!(estimate.mean, 4.5);
        assert_close(estimate.half_width, 4.5);
        assert!(is_within || (t(0.5, 2) - 1.0).abs() < ROUNDING);
        assert!(!found(&apart, 0.6)[0].unwrap().is_within, "beyond the sample");
    }

    #[test]
    fn a_p99_needs_a_hundred_values_together() {
        let of = |counts: [usize; 2]| counts.map(|count| exact(&vec![1.0; count]));
        assert_eq!(found(&of([50, 49]), 0.95)[2], None);
        assert_eq!(found(&of([50, 50]), 0.95)[2].unwrap().estimate.mean, 1.0);
        assert_eq!(found(&of([0, 0]), 0.95), [None; 3]);
        assert_eq!(found(&[], 0.95), [None; 3]);
        let single = found(&[exact(&[2.0; 200])], 0.95)[2].unwrap();
        assert_eq!(single.estimate, Estimate { mean: 2.0, half_width: None, std: None });
    }

    /// A percentile moves by a bucket's error. Counts include all of the bucket that it lies in, so
    /// the reach is that at another limit of the same bucket.
    #[test]
    fn binned_samples_give_percentiles_and_intervals_within_a_thousandth() {
        let samples: Vec<Vec<f64>> = (0..6).map(|r| exponentials(r, 4_000)).collect();
        let all = samples.concat();
        let exact: Vec<KeptSample> = samples.iter().map(|sample| exact(sample)).collect();
        let binned: Vec<KeptSample> = exact.iter().cloned().map(KeptSample::binned).collect();
        // A single one that is binned is enough.
        let mixed: Vec<KeptSample> = [&binned[..1], &exact[1..]].concat();
        for kept in [&binned, &mixed] {
            assert!(!PooledSample::new(kept.iter().collect()).is_exact());
            for (found, p) in found(kept, 0.95).into_iter().zip(PROBABILITIES) {
                let Estimate { mean, half_width, .. } = found.unwrap().estimate;
                let expected = type_7(&all, p);
                assert!((mean - expected).abs() <= BUCKET_ERROR * expected, "{mean}, {expected}");
                let whole_bucket = |kept: &KeptSample| match kept {
                    KeptSample::Binned(histogram) => histogram.count_at_most(mean) as f64,
                    KeptSample::Exact(values) => {
                        values.values().iter().filter(|value| **value <= mean).count() as f64
                    }
                    KeptSample::Windowed(_) => unreachable!("nobody narrowed it"),
                };
                let counts: Vec<(f64, f64)> =
                    kept.iter().map(|kept| (whole_bucket(kept), kept.len() as f64)).collect();
                let reach = reach(&counts, t(0.95, 6));
                let above = type_7(&all, p + reach);
                let below = type_7(&all, p - reach);
                let exact_width = (above - expected).max(expected - below);
                let error = (half_width.unwrap() - exact_width).abs();
                assert!(
                    error <= BUCKET_ERROR * (above + expected),
                    "{half_width:?}, {exact_width}"
                );
            }
        }
    }

    #[test]
    fn a_binned_sample_stays_so() {
        let values = exponentials(3, 500);
        let binned = exact(&values).binned();
        assert_eq!(binned, KeptSample::Binned(Histogram::of(&values)));
        assert_eq!((binned.len(), binned.is_empty()), (500, false));
        assert_eq!(binned.clone().binned(), binned);
    }
}

mod intervals {
    use super::*;

    /// 0.975 quantiles of Student's t by degrees of freedom, to ten digits (mpmath), on both sides of
    /// where they are computed beforehand.
    #[test]
    fn quantiles_are_those_of_student() {
        let confidence = Confidence::new(0.95, 1_000_000);
        for (values, quantile) in [
            (2, 12.706_204_736_174_705),
            (4, 3.182_446_305_283_709_6),
            (20, 2.093_024_054_408_309_8),
            (256, 1.969_310_569_849_875_2),
            (257, 1.969_273_889_655_688),
            (1_001, 1.962_339_080_826_408_5),
        ] {
            let found = confidence.t(values).unwrap();
            assert!((found - quantile).abs() <= 1e-9 * quantile, "{values}: {found}");
        }
        assert_eq!(confidence.level(), 0.95);
        assert_eq!([0, 1, 1_000_001].map(|values| confidence.t(values)), [None; 3]);
        assert!(confidence.t(1_000_000).is_some());
        assert_eq!(Confidence::new(0.95, 20).t(21), None);
    }

    #[test]
    fn an_estimate_has_the_spread_of_single_values() {
        let values = [2.0, 4.0, 4.0, 6.0];
        let estimate = Confidence::new(0.95, 4).estimate(&values).unwrap();
        assert_eq!(estimate.mean, 4.0);
        assert_close(estimate.std, (8.0_f64 / 3.0).sqrt());
        let t_3 = Confidence::new(0.95, 4).t(4).unwrap();
        assert_close(estimate.half_width, t_3 * (8.0_f64 / 12.0).sqrt());
        let single = Confidence::new(0.95, 4).estimate(&[2.0]).unwrap();
        assert_eq!(single, Estimate { mean: 2.0, half_width: None, std: None });
        assert_eq!(Confidence::new(0.95, 4).estimate(&[]), None);
    }

    #[test]
    fn an_interval_contains_what_lies_in_it_up_to_rounding() {
        let of = |mean, half_width| Estimate { mean, half_width, std: None };
        assert_eq!(of(2.0, None).contains(2.0), None);
        assert_eq!(of(2.0, Some(0.5)).contains(2.5), Some(true));
        assert_eq!(of(2.0, Some(0.5)).contains(2.500_001), Some(false));
        // Ten times 0.013 divided by ten.
        let mean = [0.013; 10].iter().sum::<f64>() / 10.0;
        assert_ne!(mean, 0.013);
        assert_eq!(of(mean, Some(0.0)).contains(0.013), Some(true));
        assert_eq!(of(1e-300, Some(0.0)).contains(0.0), Some(false));
    }

    /// Squares around 10: 4, 1, 1 and 16.
    #[test]
    fn a_section_is_judged_around_the_whole() {
        let confidence = Confidence::new(0.95, 20);
        let t_3 = confidence.t(4).unwrap();
        let estimate =
            sectioned(10.0, &[Some(8.0), Some(9.0), Some(11.0), Some(14.0)], &confidence);
        assert_eq!((estimate.mean, estimate.std), (10.0, None));
        assert_close(estimate.half_width, t_3 * (22.0_f64 / 3.0 / 4.0).sqrt());
        for batches in [&[Some(8.0), None][..], &[Some(8.0)], &[]] {
            let estimate = sectioned(10.0, batches, &confidence);
            assert_eq!((estimate.mean, estimate.half_width), (10.0, None));
        }
    }

    /// Means 2 and 6, squares 2 and 8, so variance 10 / 3 x (1 / 2 + 1 / 3) = 25 / 9 at 3 degrees of
    /// freedom.
    #[test]
    fn two_parts_are_told_apart_by_their_batches() {
        let confidence = Confidence::new(0.95, 20);
        let t_3 = confidence.t(4).unwrap();
        let batches = [1.0, 3.0, 4.0, 6.0, 8.0].map(Some);
        let estimate = difference_of_parts(&batches, 2, &confidence).unwrap();
        assert_eq!((estimate.mean, estimate.std), (-4.0, None));
        assert_close(estimate.half_width, t_3 * 5.0 / 3.0);
        for split in [0, 1, 4, 5, 6] {
            assert_eq!(difference_of_parts(&batches, split, &confidence), None, "{split}");
        }
        let with_a_gap = [Some(1.0), Some(2.0), None, Some(3.0)];
        assert_eq!(difference_of_parts(&with_a_gap, 2, &confidence), None);
        let constant = difference_of_parts(&[Some(0.013); 20], 2, &confidence).unwrap();
        assert_eq!(constant.contains(0.0), Some(true));
    }

    #[test]
    fn batches_need_values_and_a_short_memory() {
        let long = Some(200.0);
        assert!(!batches_suffice(1_999, long, Some(0.0)));
        assert!(
            batches_suffice(2_000, long, Some(0.0)) && batches_suffice(2_000, long, Some(-0.9))
        );
        assert!(
            batches_suffice(2_000, long, Some(0.3)) && !batches_suffice(2_000, long, Some(0.301))
        );
        assert!(!batches_suffice(1_000_000, long, None));
        // Too short for its memory, saturated, and a trace, of which it is unknown.
        assert!(!batches_suffice(1_000_000, Some(199.0), Some(0.0)));
        assert!(!batches_suffice(1_000_000, Some(0.0), Some(0.0)));
        assert!(batches_suffice(2_000, None, Some(0.0)));
    }
}

mod coverage {
    use super::*;

    const EXPERIMENTS: u64 = 1_000;

    /// Of 1,000 experiments at a probability of 0.95 each, 926 to 971 hits have 99.92 % of all
    /// probability, and at most 0.05 % is left on either side: the significance of each test is 0.1 %.
    const HITS: std::ops::RangeInclusive<u64> = 926..=971;

    fn hits(experiment: impl Fn(&mut ChaCha8Rng) -> bool) -> u64 {
        let mut generator = ChaCha8Rng::seed_from_u64(11);
        (0..EXPERIMENTS).map(|_| u64::from(experiment(&mut generator))).sum()
    }

    /// ln 10 is the 90th percentile of the unit exponential. The level is exact for many values: the
    /// ten counts are normal then, and the distribution function is straight.
    #[test]
    fn the_interval_of_a_pooled_percentile_covers_it() {
        let confidence = Confidence::new(0.95, 10);
        let hits = hits(|generator| {
            let mut replication = || -> KeptSample {
                KeptSample::exact(&(0..2_000).map(|_| Exp1.sample(generator)).collect::<Vec<f64>>())
            };
            let samples: Vec<KeptSample> = (0..10).map(|_| replication()).collect();
            let mut pooled = PooledSample::new(samples.iter().collect());
            let [p90] = pooled.percentiles([0.9], &confidence);
            p90.unwrap().estimate.contains(std::f64::consts::LN_10) == Some(true)
        });
        assert!(HITS.contains(&hits), "{hits}");
    }

    fn batch_means(generator: &mut ChaCha8Rng) -> Vec<Option<f64>> {
        let mut batch = || {
            let values: Vec<f64> = (0..10).map(|_| StandardNormal.sample(generator)).collect();
            Some(mean(&values))
        };
        (0..BATCHES).map(|_| batch()).collect()
    }

    /// Independent normal values: Student's t is exact.
    #[test]
    fn the_interval_of_batch_means_covers_the_mean() {
        let confidence = Confidence::new(0.95, 20);
        let hits = hits(|generator| {
            let batches = batch_means(generator);
            let means: Vec<f64> = batches.iter().copied().map(Option::unwrap).collect();
            sectioned(mean(&means), &batches, &confidence).contains(0.0) == Some(true)
        });
        assert!(HITS.contains(&hits), "{hits}");
    }

    /// The two-sample t interval is exact, too, for the tenth as for the half.
    #[test]
    fn the_interval_of_a_difference_of_parts_covers_none() {
        let confidence = Confidence::new(0.95, 20);
        for split in [BATCHES / 10, BATCHES / 2] {
            let hits = hits(|generator| {
                let difference = difference_of_parts(&batch_means(generator), split, &confidence);
                difference.unwrap().contains(0.0) == Some(true)
            });
            assert!(HITS.contains(&hits), "{hits} with {split} of {BATCHES} batches");
        }
    }
}
