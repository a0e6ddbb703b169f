//! Token lengths: exact moments against plain sums, spellings, draws against distributions.

use rand::RngExt;
use rand_distr::StandardNormal;
use sweep_engine::random::{Role, StreamKey};
use sweep_engine::scenario::{
    Moments, ScenarioEcho, TokenDistribution, TokenLengths, TokenSpaces, Z_90,
};

use crate::support::{Setting, mean, plan_of, plan_with_trace, requests};

fn floored(distribution: TokenDistribution, min_value: f64) -> TokenLengths {
    TokenLengths { distribution, min_value, max_value: None, integer: true }
}

fn lognormal(mu: f64, sigma: f64) -> TokenDistribution {
    TokenDistribution::Lognormal { mu, sigma }
}

/// P(Z >= z) for a standard normal Z.
fn normal_tail(z: f64) -> f64 {
    0.5 * libm::erfc(z / std::f64::consts::SQRT_2)
}

/// Moments of min(`high`, max(`low`, floor(X))) by summing P(X >= k) one by one up to `high`.
fn summed(low: u32, high: u32, reach: impl Fn(f64) -> f64) -> Moments {
    let (mut sum, mut weighted) = (0.0, 0.0);
    // Backwards: small terms first.
    for k in (low + 1..=high).rev() {
        let k = f64::from(k);
        let reach = reach(k);
        sum += reach;
        weighted += 2.0 * (k - f64::from(low)) * reach - reach;
    }
    // Second moment about `low`: less cancellation than about 0.
    Moments { mean: f64::from(low) + sum, std: (weighted - sum * sum).max(0.0).sqrt() }
}

fn assert_moments(label: &str, ours: Moments, expected: Moments, tolerance: f64) {
    let is_close = |a: f64, b: f64| (a - b).abs() <= tolerance * expected.mean.max(1.0);
    assert!(
        is_close(ours.mean, expected.mean) && is_close(ours.std, expected.std),
        "{label}: {ours:?}, expected {expected:?}"
    );
}

#[test]
fn floored_lognormal_moments_equal_a_sum_of_millions_of_terms() {
    // (mu, sigma, min_value, where the sum may stop): beyond it nothing counts.
    for (mu, sigma, low, high) in [
        (6.0, 1.0, 8, 6_000_000),
        (6.0, 1.0, 1, 6_000_000),
        (6.0, 0.001, 8, 500),
        (6.0, 0.000_01, 8, 500),
        (5.991_464_547_107_982, 0.002, 8, 500),
        (3.0, 0.01, 8, 50),
        (9.0, 0.05, 16, 20_000),
        (12.0, 0.3, 16, 3_000_000),
        (-1.0, 1.5, 1, 2_000_000),
        (2.0, 1.0, 4000, 300_000),
    ] {
        let ours = floored(lognormal(mu, sigma), f64::from(low)).moments();
        let expected = summed(low, high, |k| normal_tail((libm::log(k) - mu) / sigma));
        assert_moments(&format!("lognormal({mu}, {sigma}) from {low}"), ours, expected, 1e-9);
    }
}

#[test]
fn a_largest_length_bounds_the_moments_of_wide_lognormals() {
    for (mu, sigma, low, high) in
        [(6.0, 2.5, 8, 2_000_000), (6.0, 2.5, 8, 300), (6.0, 1.0, 16, 100), (0.0, 6.0, 1, 1_000)]
    {
        let lengths = TokenLengths {
            max_value: Some(f64::from(high)),
            ..floored(lognormal(mu, sigma), f64::from(low))
        };
        let expected = summed(low, high, |k| normal_tail((libm::log(k) - mu) / sigma));
        assert_moments(
            &format!("lognormal({mu}, {sigma}) in {low}..={high}"),
            lengths.moments(),
            expected,
            1e-9,
        );
    }
}

/// The mean of a wide lognormal is carried by a tail that no sum reaches: the rest of the sum is
/// an integral, by Simpson's rule on the logarithm.
#[test]
fn the_tail_of_a_wide_lognormal_counts() {
    const HEAD: u32 = 1_000_000;
    const STEPS: u32 = 200_000;
    let (mu, sigma) = (6.0, 2.5);
    let reach = |x: f64| normal_tail((libm::log(x) - mu) / sigma);
    let head = summed(8, HEAD, reach).mean;
    let (from, to) = (libm::log(f64::from(HEAD) + 0.5), mu + sigma * sigma + 12.0 * sigma);
    let width = (to - from) / f64::from(STEPS);
    let tail: f64 = (0..=STEPS)
        .map(|i| {
            let x = libm::exp(from + width * f64::from(i));
            let weight = if i == 0 || i == STEPS { 1.0 } else { 2.0 + f64::from(i % 2) * 2.0 };
            weight * x * reach(x) * width / 3.0
        })
        .sum();
    let ours = floored(lognormal(mu, sigma), 8.0).moments().mean;
    assert!((ours / (head + tail) - 1.0).abs() < 1e-9, "{ours} against {}", head + tail);
}

/// The floor of an exponential is geometric.
#[test]
fn floored_exponential_moments_are_geometric() {
    for mean in [0.05, 0.5, 3.0, 500.0, 1_999.0, 2_000.0, 2_001.0, 50_000.0] {
        let fail = -libm::expm1(-1.0 / mean);
        let pass = libm::exp(-1.0 / mean);
        let first = pass / fail + fail;
        let second = pass * (1.0 + pass) / (fail * fail) + fail;
        let expected = Moments { mean: first, std: (second - first * first).sqrt() };
        let ours = floored(TokenDistribution::Exponential { mean }, 1.0).moments();
        assert_moments(&format!("exponential({mean})"), ours, expected, 1e-9);
    }
}

#[test]
fn floored_uniform_moments_equal_an_enumeration() {
    for (low, high, min_value, max_value) in [
        (2.3, 7.9, 1, None),
        (0.2, 0.7, 1, None),
        (5.0, 6.0, 1, None),
        (5.5, 6.25, 1, None),
        (0.0, 10.0, 4, None),
        (0.5, 99.5, 1, Some(50)),
        (10.25, 20.75, 30, None),
        (3.7, 1_000_000.2, 1, None),
        (100.0, 200.0, 1, Some(20)),
    ] {
        let (mut first, mut second) = (0.0, 0.0);
        for k in low as u32..=high as u32 {
            let overlap = (f64::from(k) + 1.0).min(high) - f64::from(k).max(low);
            let count = f64::from(k.max(min_value).min(max_value.unwrap_or(u32::MAX)));
            first += count * overlap.max(0.0) / (high - low);
            second += count * count * overlap.max(0.0) / (high - low);
        }
        let expected = Moments { mean: first, std: (second - first * first).max(0.0).sqrt() };
        let lengths = TokenLengths {
            max_value: max_value.map(f64::from),
            ..floored(TokenDistribution::Uniform { low, high }, f64::from(min_value))
        };
        assert_moments(&format!("uniform({low}, {high})"), lengths.moments(), expected, 1e-7);
    }
}

#[test]
fn moments_without_a_floor_are_closed_forms() {
    let real = |distribution| TokenLengths { integer: false, ..floored(distribution, 0.0) };
    let exponential = real(TokenDistribution::Exponential { mean: 7.0 });
    assert_moments("exponential", exponential.moments(), Moments { mean: 7.0, std: 7.0 }, 1e-12);
    let capped = TokenLengths { max_value: Some(14.0), ..exponential.clone() };
    let expected_mean = 7.0 * (1.0 - libm::exp(-2.0));
    assert!((capped.moments().mean - expected_mean).abs() < 1e-12);
    let at_least_one = exponential.moments_at_least(1.0).mean;
    assert!((at_least_one - (1.0 + 7.0 * libm::exp(-1.0 / 7.0))).abs() < 1e-12);

    let normal = real(lognormal(6.0, 1.0)).moments();
    let expected_mean = libm::exp(6.5);
    let expected_std = expected_mean * libm::expm1(1.0).sqrt();
    assert_moments("lognormal", normal, Moments { mean: expected_mean, std: expected_std }, 1e-12);

    let uniform = real(TokenDistribution::Uniform { low: 0.0, high: 2.0 });
    let twelfth = (4.0_f64 / 12.0).sqrt();
    assert_moments("uniform", uniform.moments(), Moments { mean: 1.0, std: twelfth }, 1e-12);
    let second: f64 = 0.5 + 7.0 / 6.0;
    let expected = Moments { mean: 1.25, std: (second - 1.25 * 1.25).sqrt() };
    assert_moments("uniform, at least 1", uniform.moments_at_least(1.0), expected, 1e-12);
}

#[test]
fn a_fixed_length_has_no_spread() {
    for (value, integer, count) in
        [(4000.0, true, 4000.0), (4000.7, true, 4000.0), (0.3, true, 1.0)]
    {
        let lengths = TokenLengths { integer, ..floored(TokenDistribution::Fixed { value }, 1.0) };
        assert_eq!(lengths.moments(), Moments { mean: count, std: 0.0 }, "{value}");
        assert_eq!(lengths.count(value), count);
    }
}

#[test]
fn counts_are_floored_and_bounded() {
    let lengths = TokenLengths { max_value: Some(1e18), ..floored(lognormal(0.0, 1.0), 1.0) };
    for x in [
        1.0,
        1.5,
        2.5,
        2.999_999_999_999_999_6,
        3.000_000_000_000_000_4,
        1e15 + 0.5,
        2_251_799_813_685_248.5,
        4_503_599_627_370_495.5,
        4_503_599_627_370_496.0,
        9_007_199_254_740_993.0,
        3.5e17,
    ] {
        assert_eq!(lengths.count(x), x.floor(), "{x:?}");
    }
    for x in [0.0, 0.499_999_999_999_999_94, 0.5, 0.999_999_999_999_999_9] {
        assert_eq!(lengths.count(x), 1.0, "{x:?}");
    }
    assert_eq!(lengths.count(2e18), 1e18);
    let real = TokenLengths { integer: false, min_value: 0.25, ..lengths };
    assert_eq!((real.count(0.1), real.count(2.75)), (0.25, 2.75));
}

/// Prompt lengths of the plan's only cell, as understood.
fn spaces(settings: &[Setting]) -> TokenSpaces {
    let plan = plan_of(settings, 1);
    ScenarioEcho::of(&plan.cells[0].scenario).prompt_tokens.lognormal.expect("it is a lognormal")
}

#[test]
fn spellings_of_a_lognormal_convert_into_each_other() {
    let real = spaces(&[
        ("prompt_tokens.mode", "real_mean_std"),
        ("prompt_tokens.mean", "1000"),
        ("prompt_tokens.std", "750"),
    ]);
    let sigma_squared = libm::log(1.0 + 0.75 * 0.75);
    assert!((real.log_sigma - sigma_squared.sqrt()).abs() < 1e-14);
    assert!((real.log_mean - (libm::log(1000.0) - sigma_squared / 2.0)).abs() < 1e-14);
    assert!((real.real_mean - 1000.0).abs() < 1e-9 && (real.real_std - 750.0).abs() < 1e-9);

    let percentiles = spaces(&[
        ("prompt_tokens.mode", "p50_p90"),
        ("prompt_tokens.p50", "400"),
        ("prompt_tokens.p90", "1500"),
    ]);
    assert!((percentiles.log_mean - libm::log(400.0)).abs() < 1e-14);
    assert!((percentiles.log_sigma - libm::log(1500.0 / 400.0) / Z_90).abs() < 1e-14);
    assert!((percentiles.p50 - 400.0).abs() < 1e-9 && (percentiles.p90 - 1500.0).abs() < 1e-9);
    assert!((normal_tail(Z_90) - 0.1).abs() < 1e-15);

    let log = spaces(&[("prompt_tokens.mean", "6"), ("prompt_tokens.sigma", "1")]);
    assert_eq!((log.log_mean, log.log_sigma), (6.0, 1.0));
    assert!((log.real_mean - libm::exp(6.5)).abs() < 1e-9);
}

const CONTINUOUS: [Setting; 4] = [
    ("prompt_tokens.integer", "false"),
    ("prompt_tokens.min_value", "0"),
    ("output_tokens.integer", "false"),
    ("output_tokens.min_value", "0"),
];

/// `count` prompt lengths of the plan's only cell.
fn prompts(settings: &[Setting], count: usize) -> Vec<f64> {
    let plan = plan_of(settings, 1);
    requests(&plan.cells[0].scenario, 0, count).into_iter().map(|row| row.1).collect()
}

/// Means and standard deviations within 4.9 standard errors (significance 1e-6 each).
#[test]
fn a_million_draws_have_the_exact_moments() {
    const DRAWS: f64 = 1e6;
    let cases: [&[Setting]; 5] = [
        &[("prompt_tokens.mean", "5"), ("prompt_tokens.sigma", "0.5")],
        &[
            ("prompt_tokens.mean", "2"),
            ("prompt_tokens.sigma", "0.4"),
            ("prompt_tokens.max_value", "9"),
        ],
        &[("prompt_tokens.mode", "exponential"), ("prompt_tokens.mean", "3")],
        &[
            ("prompt_tokens.mode", "uniform"),
            ("prompt_tokens.low", "0.5"),
            ("prompt_tokens.high", "7.25"),
        ],
        &[
            ("prompt_tokens.mode", "p50_p90"),
            ("prompt_tokens.p50", "30"),
            ("prompt_tokens.p90", "60"),
        ],
    ];
    for settings in cases {
        let exact = plan_of(settings, 1).cells[0].scenario.prompt_tokens.moments();
        let draws = prompts(settings, DRAWS as usize);
        let error = mean(draws.iter().copied()) - exact.mean;
        assert!(error.abs() < 4.9 * exact.std / DRAWS.sqrt(), "{settings:?}: mean off by {error}");
        let squares: Vec<f64> = draws.iter().map(|x| (x - exact.mean) * (x - exact.mean)).collect();
        let variance = mean(squares.iter().copied());
        let fourth = mean(squares.iter().map(|square| square * square));
        let deviation = variance - exact.std * exact.std;
        let limit = 4.9 * ((fourth - variance * variance) / DRAWS).sqrt();
        assert!(deviation.abs() < limit, "{settings:?}: variance off by {deviation}");
    }
}

/// Kolmogorov-Smirnov at a significance of 1e-4: D < 2.2253 / sqrt(n).
fn assert_drawn_from(label: &str, mut draws: Vec<f64>, cdf: impl Fn(f64) -> f64) {
    draws.sort_by(f64::total_cmp);
    let n = draws.len() as f64;
    let distance = draws
        .iter()
        .enumerate()
        .map(|(i, &x)| (cdf(x) - i as f64 / n).max((i as f64 + 1.0) / n - cdf(x)))
        .fold(0.0, f64::max);
    assert!(distance < 2.2253 / n.sqrt(), "{label}: {distance}");
}

#[test]
fn draws_follow_their_distribution_functions() {
    let draws = |settings: &[Setting]| prompts(&[settings, &CONTINUOUS].concat(), 100_000);
    assert_drawn_from("lognormal", draws(&[]), |x| 1.0 - normal_tail(libm::log(x) - 6.0));
    assert_drawn_from(
        "exponential",
        draws(&[("prompt_tokens.mode", "exponential"), ("prompt_tokens.mean", "300")]),
        |x| -libm::expm1(-x / 300.0),
    );
    assert_drawn_from(
        "uniform",
        draws(&[
            ("prompt_tokens.mode", "uniform"),
            ("prompt_tokens.low", "10"),
            ("prompt_tokens.high", "30"),
        ]),
        |x| (x - 10.0) / 20.0,
    );
    let plan = plan_of(&[("rates", "4")], 1);
    let rows = requests(&plan.cells[0].scenario, 0, 100_000);
    let gaps = rows.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    assert_drawn_from("gaps of a Poisson process", gaps, |x| -libm::expm1(-4.0 * x));
}

const EMPIRICAL: [Setting; 4] = [
    ("prompt_tokens.mode", "empirical"),
    ("output_tokens.mode", "empirical"),
    ("prompt_tokens.path", "t.csv"),
    ("output_tokens.path", "t.csv"),
];

#[test]
fn lengths_of_one_trace_are_resampled_in_pairs() {
    let rows: Vec<_> =
        (0..10_u32).map(|i| (f64::from(i), f64::from(i + 1), f64::from(100 + i))).collect();
    let plan = plan_with_trace(&EMPIRICAL, 1, &rows);
    let drawn = requests(&plan.cells[0].scenario, 0, 100_000);
    let mut seen = [0_u32; 10];
    for (_, prompt, output) in drawn {
        assert_eq!(output, prompt + 99.0, "a prompt keeps the output of its row");
        seen[prompt as usize - 1] += 1;
    }
    // Binomial with p = 0.1: 4.9 standard deviations.
    let limit = 4.9 * (100_000.0_f64 * 0.1 * 0.9).sqrt();
    for count in seen {
        assert!((f64::from(count) - 10_000.0).abs() < limit, "{seen:?}");
    }
    let moments = plan.cells[0].scenario.prompt_tokens.moments();
    assert_eq!(moments.mean, 5.5);
    assert!((moments.std - 8.25_f64.sqrt()).abs() < 1e-12);
}

#[test]
fn the_exponential_function_is_within_one_ulp() {
    let lengths = TokenLengths { integer: false, ..floored(lognormal(0.0, 10.0), 0.0) };
    let mut plan = plan_of(&[], 1);
    plan.cells[0].scenario.prompt_tokens = lengths;
    let ours = requests(&plan.cells[0].scenario, 0, 1_000_000);
    let mut normals = StreamKey::common(42).stream(0, Role::Prompt);
    let mut different = 0_u32;
    for (_, ours, _) in ours {
        let z: f64 = normals.sample(StandardNormal);
        let theirs = libm::exp(10.0 * z);
        let ulps = ours.to_bits().abs_diff(theirs.to_bits());
        assert!(ulps <= 1, "exp({:?}) is {ours:?}, libm says {theirs:?}", 10.0 * z);
        different += u32::from(ulps > 0);
    }
    assert!(different < 100_000, "{different} of a million differ in the last bit");
}
