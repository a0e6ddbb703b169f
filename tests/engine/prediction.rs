//! What theory says of scenarios: exact where it claims to be, within a stated error elsewhere,
//! silent where nothing is known.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use statrs::distribution::{ContinuousCDF, StudentsT};
use sweep_engine::model::Summary;
use sweep_engine::plan::Plan;
use sweep_engine::scenario::{
    Arrivals, Cluster, MomentsCache, OfferedLoad, Scenario, TokenDistribution, TokenLengths,
};
use sweep_engine::theory::{
    DeterministicTandem, Dm1, Mdc, Method, Mg1, Mmc, Prediction, ServiceMoments, Waiting,
    kraemer_langenbach_belz_mean_wait_s, qna_departure_scv, whitt_mean_wait_s,
};

use crate::support::{Setting, disagg, mean, mono, plan_of, plan_with_trace, simulate_all};

/// Speed of a pool that works at once.
const INSTANT: &str = "1e12";

const EXPONENTIAL_PROMPT: [Setting; 4] = [
    ("prompt_tokens.mode", "exponential"),
    ("prompt_tokens.mean", "300"),
    ("prompt_tokens.integer", "false"),
    ("prompt_tokens.min_value", "0"),
];
const EXPONENTIAL_OUTPUT: [Setting; 4] = [
    ("output_tokens.mode", "exponential"),
    ("output_tokens.mean", "1e6"),
    ("output_tokens.integer", "false"),
    ("output_tokens.min_value", "0"),
];
const FIXED_PROMPT: [Setting; 2] =
    [("prompt_tokens.mode", "fixed"), ("prompt_tokens.value", "300")];
const FIXED_OUTPUT: [Setting; 2] =
    [("output_tokens.mode", "fixed"), ("output_tokens.value", "200")];
/// A decode that takes no time behind a prefill of a second per 300 tokens.
const PREFILL_ONLY: [Setting; 4] = [
    ("cluster_mono.prefill_tokens_per_s", "300"),
    ("cluster_mono.decode_tokens_per_s", INSTANT),
    ("output_tokens.mode", "fixed"),
    ("output_tokens.value", "1"),
];

fn mono_of<'a>(rate: &'a str, gpus: &'a str, parts: &[&[Setting<'a>]]) -> Vec<Setting<'a>> {
    let mut settings =
        vec![("mode", "mono"), ("arrival.rate_per_s", rate), ("cluster_mono.num_gpus", gpus)];
    settings.extend(parts.iter().copied().flatten());
    settings
}

/// Prefill of 300 tokens takes a second.
fn disagg_of<'a>(
    rate: &'a str,
    (prefill_gpus, decode_gpus): (&'a str, &'a str),
    decode_tokens_per_s: &'a str,
    parts: &[&[Setting<'a>]],
) -> Vec<Setting<'a>> {
    let mut settings = vec![
        ("mode", "disagg"),
        ("arrival.rate_per_s", rate),
        ("cluster_disagg.prefill_gpus", prefill_gpus),
        ("cluster_disagg.decode_gpus", decode_gpus),
        ("cluster_disagg.prefill_tokens_per_s", "300"),
        ("cluster_disagg.decode_tokens_per_s", decode_tokens_per_s),
    ];
    settings.extend(parts.iter().copied().flatten());
    settings
}

const EVENLY: [Setting; 1] = [("arrival.kind", "deterministic")];

fn prediction(plan: &Plan) -> Prediction {
    Prediction::of(&plan.cells[0].scenario, &mut MomentsCache::default())
}

fn predict(settings: &[Setting]) -> Prediction {
    prediction(&plan_of(settings, 1))
}

fn of_scenario(scenario: &Scenario) -> Prediction {
    Prediction::of(scenario, &mut MomentsCache::default())
}

#[track_caller]
fn assert_close(actual: f64, expected: f64) {
    let scale = actual.abs().max(expected.abs());
    assert!((actual - expected).abs() <= 1e-8 * scale, "{actual} is not {expected}");
}

/// Mean, probability and 99th percentile of a wait whose distribution is known.
#[track_caller]
fn assert_waiting(waiting: Option<Waiting>, method: Method, exact: (f64, f64, f64)) {
    let waiting = waiting.expect("there is a steady state");
    assert_eq!(waiting.method, method);
    assert_close(waiting.mean_s, exact.0);
    assert_close(waiting.probability.expect("it is known"), exact.1);
    assert_close(waiting.p99_s.expect("it is known"), exact.2);
}

fn of_mmc(rate: f64, mean_service_s: f64, servers: u32) -> (f64, f64, f64) {
    let queue = Mmc::new(rate, mean_service_s, servers).expect("stable");
    let p99_s = queue.wait_quantile_s(0.99).expect("a level");
    (queue.mean_wait_s(), queue.probability_of_waiting(), p99_s)
}

fn of_mdc(rate: f64, service_s: f64, servers: u32) -> (f64, f64, f64) {
    let queue = Mdc::new(rate, service_s, servers).expect("stable");
    let p99_s = queue.wait_quantile_s(0.99).expect("a level");
    (queue.mean_wait_s(), queue.probability_of_waiting(), p99_s)
}

#[test]
fn one_exponential_part_makes_mono_an_mmc_queue() {
    for gpus in ["1", "4"] {
        let servers: u32 = gpus.parse().expect("a number");
        let rate = 0.8 * f64::from(servers);
        let text = rate.to_string();
        let by_prefill = predict(&mono_of(&text, gpus, &[&EXPONENTIAL_PROMPT, &PREFILL_ONLY]));
        let by_decode = predict(&mono_of(
            &text,
            gpus,
            &[
                &FIXED_PROMPT,
                &EXPONENTIAL_OUTPUT,
                &[
                    ("cluster_mono.prefill_tokens_per_s", INSTANT),
                    ("cluster_mono.decode_tokens_per_s", "1e6"),
                ],
            ],
        ));
        let exact = of_mmc(rate, 1.0, servers);
        for (prediction, service_s) in [(by_prefill, 1.0), (by_decode, 1e-6)] {
            assert_waiting(prediction.prefill, Method::Mmc, exact);
            assert_eq!((prediction.decode, prediction.is_exact()), (None, Some(true)));
            assert_close(prediction.mean_ttft_s.expect("stable"), exact.0 + service_s);
        }
    }
}

#[test]
fn fixed_lengths_make_mono_an_mdc_queue_up_to_a_load_of_0_95() {
    let speeds =
        [("cluster_mono.prefill_tokens_per_s", "600"), ("cluster_mono.decode_tokens_per_s", "400")];
    let parts: [&[Setting]; 3] = [&FIXED_PROMPT, &FIXED_OUTPUT, &speeds];
    let at = |rate: &str, gpus: &str| predict(&mono_of(rate, gpus, &parts));
    let prediction = at("3.6", "4");
    let exact = of_mdc(3.6, 1.0, 4);
    assert_waiting(prediction.prefill, Method::Mdc, exact);
    assert_close(prediction.mean_ttft_s.expect("stable"), exact.0 + 0.5 + 1.0 / 400.0);

    let beyond = at("0.97", "1").prefill.expect("stable");
    assert_eq!((beyond.method, beyond.p99_s), (Method::Mg1, None));
    assert_close(beyond.mean_s, of_mdc(0.97, 1.0, 1).0);
    for (rate, gpus) in [("3.88", "4"), ("62.08", "64"), ("496.64", "512")] {
        let beyond = at(rate, gpus).prefill.expect("stable");
        assert_eq!((beyond.method, beyond.probability), (Method::Whitt, None));
        let number = |text: &str| text.parse::<f64>().expect("a number");
        let exact = of_mdc(number(rate), 1.0, gpus.parse().expect("a count")).0;
        assert!((beyond.mean_s / exact - 1.0).abs() < 0.015, "{} and {exact}", beyond.mean_s);
    }
}

#[test]
fn one_gpu_with_any_lengths_waits_as_pollaczek_and_khinchine_say() {
    // 1, 2 or 3 tokens with equal probability: E[S] = 2 s, E[S^2] = 14 / 3 s^2.
    let prediction = predict(&mono_of(
        "0.25",
        "1",
        &[&[
            ("prompt_tokens.mode", "uniform"),
            ("prompt_tokens.low", "1"),
            ("prompt_tokens.high", "4"),
            ("output_tokens.mode", "fixed"),
            ("output_tokens.value", "1"),
            ("cluster_mono.prefill_tokens_per_s", "1"),
            ("cluster_mono.decode_tokens_per_s", INSTANT),
        ]],
    ));
    let waiting = prediction.prefill.expect("stable");
    assert_eq!((waiting.method, waiting.p99_s), (Method::Mg1, None));
    assert_close(waiting.mean_s, 0.25 * (14.0 / 3.0) / (2.0 * (1.0 - 0.5)));
    assert_close(waiting.probability.expect("known"), 0.5);
    assert_eq!(prediction.is_exact(), Some(true));
}

#[test]
fn lengths_that_come_in_pairs_vary_together() {
    let rows = [(0.0, 100.0, 200.0), (1.0, 300.0, 50.0), (2.0, 200.0, 0.0), (3.0, 50.0, 700.0)];
    let paired = [
        ("prompt_tokens.mode", "empirical"),
        ("prompt_tokens.path", "t.csv"),
        ("output_tokens.mode", "empirical"),
        ("output_tokens.path", "t.csv"),
    ];
    let settings = mono_of("1", "1", &[&paired]);
    let prediction = prediction(&plan_with_trace(&settings, 1, &rows));
    let services: Vec<f64> =
        rows.iter().map(|(_, p, o)| p / 8000.0 + f64::max(*o, 1.0) / 2000.0).collect();
    let load = mean(services.iter().copied());
    let second_s2 = mean(services.iter().map(|s| s * s));
    let waiting = prediction.prefill.expect("stable");
    assert_eq!(waiting.method, Method::Mg1);
    assert_close(waiting.mean_s, second_s2 / (2.0 * (1.0 - load)));
}

#[test]
fn evenly_spaced_arrivals_have_formulas_of_their_own() {
    let exponential = [&EVENLY[..], &EXPONENTIAL_PROMPT, &PREFILL_ONLY];
    let queue = Dm1::new(0.8, 1.0).expect("stable");
    let p99_s = queue.wait_quantile_s(0.99).expect("a level");
    let exact = (queue.mean_wait_s(), queue.probability_of_waiting(), p99_s);
    assert_waiting(predict(&mono_of("0.8", "1", &exponential)).prefill, Method::Dm1, exact);
    let several = predict(&mono_of("3.2", "4", &exponential)).prefill.expect("stable");
    assert_eq!(several.method, Method::Whitt);

    let constant = predict(&mono_of("3.9", "4", &[&EVENLY, &FIXED_PROMPT, &PREFILL_ONLY]));
    assert_waiting(constant.prefill, Method::Ddc, (0.0, 0.0, 0.0));
    assert_eq!(constant.is_exact(), Some(true));

    let general = predict(&mono_of("0.8", "1", &[&EVENLY])).prefill.expect("stable");
    assert_eq!(general.method, Method::KraemerLangenbachBelz);
}

#[test]
fn what_leaves_an_mmc_queue_feeds_another_one() {
    let parts: [&[Setting]; 2] = [&EXPONENTIAL_PROMPT, &EXPONENTIAL_OUTPUT];
    let prediction = predict(&disagg_of("1.6", ("2", "3"), "0.7e6", &parts));
    let (first, second) = (of_mmc(1.6, 1.0, 2), of_mmc(1.6, 1.0 / 0.7, 3));
    assert_waiting(prediction.prefill, Method::Mmc, first);
    assert_waiting(prediction.decode, Method::Mmc, second);
    assert_eq!(prediction.is_exact(), Some(true));
    assert_close(prediction.mean_ttft_s.expect("stable"), first.0 + 1.0 + second.0 + 1e-6 / 0.7);
}

#[test]
fn constant_servers_in_a_row_are_exact() {
    for (decode_tokens_per_s, decode_s) in [("250", 0.8), ("160", 1.25)] {
        let parts: [&[Setting]; 2] = [&FIXED_PROMPT, &FIXED_OUTPUT];
        let prediction = predict(&disagg_of("0.7", ("1", "1"), decode_tokens_per_s, &parts));
        let tandem = DeterministicTandem::new(0.7, 1.0, decode_s).expect("stable");
        let decode = prediction.decode.expect("stable");
        assert_eq!(decode.method, Method::Md1Tandem);
        assert_close(decode.mean_s, tandem.mean_wait_second_s());
        assert_eq!(prediction.is_exact(), Some(true));
    }
    let evenly: [&[Setting]; 3] = [&EVENLY, &FIXED_PROMPT, &FIXED_OUTPUT];
    let prediction = predict(&disagg_of("1.9", ("2", "3"), "200", &evenly));
    assert_waiting(prediction.decode, Method::Ddc, (0.0, 0.0, 0.0));
}

#[test]
fn a_pool_that_takes_no_time_leaves_arrivals_as_they_are() {
    let nothing = [
        ("prompt_tokens.mode", "fixed"),
        ("prompt_tokens.value", "0"),
        ("prompt_tokens.integer", "false"),
        ("prompt_tokens.min_value", "0"),
    ];
    let prediction =
        predict(&disagg_of("1.6", ("2", "2"), "1e6", &[&nothing, &EXPONENTIAL_OUTPUT]));
    assert_waiting(prediction.prefill, Method::Mdc, (0.0, 0.0, 0.0));
    assert_waiting(prediction.decode, Method::Mmc, of_mmc(1.6, 1.0, 2));
}

#[test]
fn nothing_is_called_exact_that_is_not() {
    let method = |prompt: &[Setting], output: &[Setting]| {
        let parts = [prompt, output];
        let prediction = predict(&disagg_of("1.2", ("2", "2"), "1e6", &parts));
        (prediction.prefill.expect("stable").method, prediction.decode.expect("stable").method)
    };
    let changed = |of: &[Setting<'static>; 4], key: &'static str, value: &'static str| {
        let mut settings = of.to_vec();
        settings.retain(|(known, _)| *known != key);
        settings.push((key, value));
        settings
    };
    let exact = (Method::Mmc, Method::Mmc);
    assert_eq!(method(&EXPONENTIAL_PROMPT, &EXPONENTIAL_OUTPUT), exact);
    // A lower bound of 1 token counts from a mean of 22,361 tokens on.
    let long = changed(&EXPONENTIAL_OUTPUT, "output_tokens.mean", "22400");
    assert_eq!(method(&EXPONENTIAL_PROMPT, &long), exact);
    let short = changed(&EXPONENTIAL_OUTPUT, "output_tokens.mean", "22300");
    assert_eq!(method(&EXPONENTIAL_PROMPT, &short), (Method::Mmc, Method::Whitt));
    for (key, value) in [
        ("prompt_tokens.min_value", "1"),
        ("prompt_tokens.max_value", "1e6"),
        ("prompt_tokens.mode", "fixed"),
    ] {
        let mut prompt = changed(&EXPONENTIAL_PROMPT, key, value);
        if value == "fixed" {
            prompt.retain(|(known, _)| *known != "prompt_tokens.mean");
            prompt.push(("prompt_tokens.value", "300"));
        }
        let (prefill, decode) = method(&prompt, &EXPONENTIAL_OUTPUT);
        let is_fixed = value == "fixed";
        assert_eq!(prefill, if is_fixed { Method::Mdc } else { Method::Whitt }, "{key}");
        assert_eq!(decode, Method::Qna, "{key}: what leaves is no Poisson process");
    }
    let floored = [("prompt_tokens.mode", "exponential"), ("prompt_tokens.mean", "300")];
    assert_eq!(method(&floored, &EXPONENTIAL_OUTPUT), (Method::Whitt, Method::Qna));
    // Both parts of a mono service count.
    let both: [&[Setting]; 2] = [&EXPONENTIAL_PROMPT, &EXPONENTIAL_OUTPUT];
    let speeds = [("cluster_mono.decode_tokens_per_s", "1e6")];
    let mut settings = mono_of("1", "2", &both);
    settings.extend(speeds);
    assert_eq!(predict(&settings).prefill.expect("stable").method, Method::Whitt);
}

#[test]
fn where_nothing_is_known_nothing_is_said() {
    let overloaded = predict(&mono_of("40", "4", &[]));
    assert_eq!(overloaded, Prediction::default());
    assert_eq!(overloaded.is_exact(), None);
    // The prefill pool does not feel what happens behind it.
    let behind = predict(&[("mode", "disagg"), ("arrival.rate_per_s", "12")]);
    assert!(behind.prefill.is_some());
    assert_eq!((behind.decode, behind.mean_ttft_s, behind.is_exact()), (None, None, None));
    let ahead = predict(&[
        ("mode", "disagg"),
        ("arrival.rate_per_s", "5"),
        ("cluster_disagg.prefill_tokens_per_s", "1000"),
    ]);
    assert_eq!(ahead, Prediction::default());
    for mode in ["mono", "disagg"] {
        let settings = [("mode", mode), ("arrival.kind", "trace"), ("arrival.path", "t.csv")];
        let rows = [(0.0, 100.0, 20.0), (10.0, 100.0, 20.0), (20.0, 100.0, 20.0)];
        let plan = plan_with_trace(&settings, 1, &rows);
        assert_eq!(prediction(&plan), Prediction::default());
    }
}

#[test]
fn approximations_have_the_values_of_their_formulas() {
    // (c_a^2, c_s^2, servers, load, mean wait in mean services), evaluated independently with
    // Erlang's C formula as a sum of factorials.
    for (arrival_scv, service_scv, servers, load, expected_s) in [
        (1.0, 1.7, 4, 0.7, 0.455_757_104_636_213_6),
        (1.0, 0.5, 4, 0.7, 0.275_250_497_247_641_3),
        (0.0, 1.7, 4, 0.7, 0.230_409_444_888_414_56),
        (0.0, 1.0, 2, 0.5, 0.094_139_765_884_884_18),
        (1.0, 0.0, 8, 0.9, 0.450_802_217_163_432_1),
        (0.5, 0.5, 3, 0.8, 0.482_118_216_704_370_44),
        (2.5, 0.25, 16, 0.95, 1.369_785_373_571_977_4),
    ] {
        let markov = Mmc::new(load * f64::from(servers), 1.0, servers).expect("stable");
        assert_close(whitt_mean_wait_s(&markov, arrival_scv, service_scv), expected_s);
    }
    for (arrival_scv, service_scv, load, expected_s) in [
        (0.0, 1.0, 0.5, 0.256_708_559_516_296),
        (0.0, 1.7, 0.8, 3.082_485_388_613_124_5),
        (0.5, 0.5, 0.9, 4.417_433_530_580_97),
        (2.0, 0.5, 0.6, 1.875),
    ] {
        let markov = Mmc::new(load, 1.0, 1).expect("stable");
        let actual_s = kraemer_langenbach_belz_mean_wait_s(&markov, arrival_scv, service_scv);
        assert_close(actual_s, expected_s);
    }
}

#[test]
fn only_exact_methods_call_themselves_exact() {
    for method in Method::ALL {
        let word = if method.is_exact() { "exact " } else { "approximation " };
        assert!(method.name().starts_with(word), "{}", method.name());
        assert!(!method.source().is_empty());
    }
}

/// The same cases in every run.
fn config(cases: u32) -> Config {
    Config { cases, rng_seed: RngSeed::Fixed(20_260_712), ..Config::default() }
}

/// A queue of any size and load.
fn any_queue() -> impl Strategy<Value = Mmc> {
    (1_u32..2_000, 0.01_f64..0.999, 1e-3_f64..1e3).prop_map(|(servers, load, service_s)| {
        Mmc::new(load * f64::from(servers) / service_s, service_s, servers).expect("stable")
    })
}

fn lengths() -> BoxedStrategy<TokenLengths> {
    let distribution = prop_oneof![
        (3.0_f64..8.0, 0.2_f64..2.0)
            .prop_map(|(mu, sigma)| TokenDistribution::Lognormal { mu, sigma }),
        (1.0_f64..5_000.0).prop_map(|value| TokenDistribution::Fixed { value }),
        (10.0_f64..1e5).prop_map(|mean| TokenDistribution::Exponential { mean }),
        (1.0_f64..100.0).prop_map(|low| TokenDistribution::Uniform { low, high: 40.0 * low }),
    ];
    (distribution, any::<bool>())
        .prop_map(|(distribution, integer)| TokenLengths {
            distribution,
            min_value: f64::from(u8::from(integer)),
            max_value: None,
            integer,
        })
        .boxed()
}

fn cluster() -> impl Strategy<Value = Cluster> {
    let speed = || prop::sample::select(vec![500.0, 2_000.0, 8_000.0]);
    let gpus = || prop::sample::select(vec![1_u32, 2, 3, 8, 64]);
    prop_oneof![
        (gpus(), speed(), speed()).prop_map(|(gpus, p, d)| mono(gpus, p, d)),
        (gpus(), gpus(), speed(), speed()).prop_map(|(g, h, p, d)| disagg((g, h), p, d)),
    ]
}

/// A scenario whose bottleneck has the stated load.
fn scenario_at(
    load: f64,
    is_poisson: bool,
    cluster: Cluster,
    prompt_tokens: &TokenLengths,
    output_tokens: &TokenLengths,
) -> Scenario {
    let base = plan_of(&[("mode", "mono")], 1).cells[0].scenario.clone();
    let with_rate = |rate_per_s| Scenario {
        arrivals: if is_poisson {
            Arrivals::Poisson { rate_per_s }
        } else {
            Arrivals::Deterministic { rate_per_s }
        },
        prompt_tokens: prompt_tokens.clone(),
        output_tokens: output_tokens.clone(),
        cluster,
        ..base.clone()
    };
    let unit = OfferedLoad::of(&with_rate(1.0), &mut MomentsCache::default());
    with_rate(load / unit.largest().expect("a rate"))
}

fn with_speeds(cluster: Cluster, factor: f64) -> Cluster {
    match cluster {
        Cluster::Mono(pool) => mono(
            pool.num_gpus,
            pool.prefill_tokens_per_s * factor,
            pool.decode_tokens_per_s * factor,
        ),
        Cluster::Disagg(pools) => disagg(
            (pools.prefill_gpus, pools.decode_gpus),
            pools.prefill_tokens_per_s * factor,
            pools.decode_tokens_per_s * factor,
        ),
    }
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn approximations_meet_exact_values_at_their_limits(
        queue in any_queue(),
        service_scv in 0.0_f64..50.0,
    ) {
        prop_assert!((whitt_mean_wait_s(&queue, 1.0, 1.0) / queue.mean_wait_s() - 1.0).abs() < 1e-12
            || queue.mean_wait_s() < 1e-300);
        prop_assert_eq!(whitt_mean_wait_s(&queue, 0.0, 0.0), 0.0);
        prop_assert_eq!(kraemer_langenbach_belz_mean_wait_s(&queue, 0.0, 0.0), 0.0);
        prop_assert!((qna_departure_scv(&queue, 1.0, 1.0) - 1.0).abs() < 1e-12);

        let load = queue.utilization();
        let single = Mmc::new(load, 1.0, 1).expect("stable");
        let second_s2 = 1.0 + service_scv;
        let service = ServiceMoments { mean_s: 1.0, second_s2, third_s3: 10.0 * second_s2 * second_s2 };
        let exact_s = Mg1::new(load, service).expect("stable").mean_wait_s();
        let found_s = kraemer_langenbach_belz_mean_wait_s(&single, 1.0, service_scv);
        prop_assert!((found_s / exact_s - 1.0).abs() < 1e-12);
        prop_assert!(qna_departure_scv(&single, 0.0, 0.0).abs() < 1e-12);
        let gaps_scv = 1.0 + load * load * (service_scv - 1.0);
        prop_assert!((qna_departure_scv(&single, 1.0, service_scv) - gaps_scv).abs() < 1e-12 * second_s2);
    }

    #[test]
    fn approximations_are_finite_and_grow_with_variability(
        queue in any_queue(),
        arrival_scv in 0.0_f64..5.0,
        service_scv in 0.0_f64..50.0,
    ) {
        let departures = qna_departure_scv(&queue, arrival_scv, service_scv);
        prop_assert!(departures >= 0.0 && departures.is_finite());
        for formula in [whitt_mean_wait_s, kraemer_langenbach_belz_mean_wait_s] {
            let wait_s = formula(&queue, arrival_scv, service_scv);
            prop_assert!(wait_s >= 0.0 && wait_s.is_finite());
            let longer_s = formula(&queue, arrival_scv + 0.1, service_scv + 0.1);
            prop_assert!(longer_s >= wait_s * (1.0 - 1e-12), "{} after {}", longer_s, wait_s);
        }
    }

    #[test]
    fn slower_clocks_stretch_every_time(
        load in 0.05_f64..0.94,
        is_poisson in any::<bool>(),
        cluster in cluster(),
        prompt in lengths(),
        output in lengths(),
        exponent in -8_i32..8,
    ) {
        // A power of two stretches without rounding.
        let stretch = 2.0_f64.powi(exponent);
        let fast = scenario_at(load, is_poisson, cluster, &prompt, &output);
        let slow = scenario_at(load, is_poisson, with_speeds(cluster, 1.0 / stretch), &prompt, &output);
        let (fast, slow) = (of_scenario(&fast), of_scenario(&slow));
        for (fast, slow) in [(fast.prefill, slow.prefill), (fast.decode, slow.decode)] {
            prop_assert_eq!(fast.map(|w| w.method), slow.map(|w| w.method));
            let (Some(fast), Some(slow)) = (fast, slow) else { continue };
            prop_assert!((fast.mean_s * stretch - slow.mean_s).abs() <= 1e-11 * slow.mean_s);
            prop_assert_eq!(fast.probability.is_some(), slow.probability.is_some());
        }
        let (fast_s, slow_s) = (fast.mean_ttft_s.expect("stable"), slow.mean_ttft_s.expect("stable"));
        prop_assert!((fast_s * stretch / slow_s - 1.0).abs() < 1e-11);
    }

    #[test]
    fn the_first_wait_grows_with_the_load_and_shrinks_with_gpus(
        load in 0.05_f64..0.9,
        is_poisson in any::<bool>(),
        cluster in cluster(),
        prompt in lengths(),
        output in lengths(),
    ) {
        let first = |load: f64, cluster| {
            of_scenario(&scenario_at(load, is_poisson, cluster, &prompt, &output))
                .prefill
                .expect("stable")
        };
        let (low, high) = (first(load, cluster), first(load * 1.05, cluster));
        prop_assert_eq!(low.method, high.method);
        prop_assert!(low.mean_s <= high.mean_s, "{:?} {:?}", low, high);
        prop_assert!(low.probability <= high.probability);
        prop_assert!(low.p99_s <= high.p99_s);
        // Twice the GPUs at the same load per GPU. For evenly spaced arrivals the formulas of one
        // server and of several do not join.
        if let (true, Cluster::Mono(pool)) = (is_poisson, cluster) {
            let larger = mono(2 * pool.num_gpus, pool.prefill_tokens_per_s, pool.decode_tokens_per_s);
            prop_assert!(first(load, larger).mean_s <= low.mean_s);
        }
    }
}

#[test]
fn the_largest_pools_have_finite_waits() {
    for load in ["0.01", "0.5", "0.9", "0.99", "0.9999"] {
        for kind in ["poisson", "deterministic"] {
            for parts in [&[][..], &[&EXPONENTIAL_PROMPT[..], &PREFILL_ONLY]] {
                let rate = load.parse::<f64>().expect("a number") * 65_536.0;
                // The mean service is a second or less.
                let rate = rate.to_string();
                let mut settings = mono_of(&rate, "65536", parts);
                settings.extend([("arrival.kind", kind), ("sim_seconds", "100")]);
                let prediction = predict(&settings);
                let waiting = prediction.prefill.expect("stable");
                assert!(waiting.mean_s.is_finite() && waiting.mean_s >= 0.0, "{waiting:?}");
                assert!(prediction.mean_ttft_s.is_some_and(f64::is_finite));
            }
        }
    }
}

/// A long run of a scenario: observed by arrivals, so that nothing is cut off.
const LONG_RUN: [Setting; 3] =
    [("sim_seconds", "40000"), ("warmup_seconds", "2000"), ("observe", "arrivals")];

const REPLICATIONS: u32 = 30;

/// Probability that a correct simulation fails any comparison of this file.
const SIGNIFICANCE: f64 = 0.01;

/// Bound on the number of these comparisons.
const COMPARISONS: f64 = 20.0;

/// Mean over replications, and the half width that a comparison allows it (Bonferroni).
fn simulated(runs: &[Summary], value: impl Fn(&Summary) -> Option<f64>) -> (f64, f64) {
    let values: Vec<f64> = runs.iter().map(|run| value(run).expect("it has samples")).collect();
    let center = mean(values.iter().copied());
    let variance =
        values.iter().map(|v| (v - center).powi(2)).sum::<f64>() / (values.len() as f64 - 1.0);
    let quantile = StudentsT::new(0.0, 1.0, values.len() as f64 - 1.0)
        .expect("valid parameters")
        .inverse_cdf(1.0 - SIGNIFICANCE / (2.0 * COMPARISONS));
    (center, quantile * (variance / values.len() as f64).sqrt())
}

#[test]
fn simulations_agree_with_exact_predictions_within_sampling_error() {
    let lognormal_gpu = [("cluster_mono.prefill_tokens_per_s", "8000")];
    let speeds =
        [("cluster_mono.prefill_tokens_per_s", "600"), ("cluster_mono.decode_tokens_per_s", "400")];
    let systems: [Vec<Setting>; 7] = [
        mono_of("3.2", "4", &[&EXPONENTIAL_PROMPT, &PREFILL_ONLY]),
        mono_of("3.2", "4", &[&FIXED_PROMPT, &FIXED_OUTPUT, &speeds]),
        mono_of("1.7", "1", &[&lognormal_gpu]),
        mono_of("0.8", "1", &[&EVENLY, &EXPONENTIAL_PROMPT, &PREFILL_ONLY]),
        disagg_of("1.6", ("2", "3"), "0.7e6", &[&EXPONENTIAL_PROMPT, &EXPONENTIAL_OUTPUT]),
        disagg_of("0.7", ("1", "1"), "160", &[&FIXED_PROMPT, &FIXED_OUTPUT]),
        disagg_of("1.8", ("2", "3"), "140", &[&EVENLY, &FIXED_PROMPT, &FIXED_OUTPUT]),
    ];
    for mut settings in systems {
        settings.extend(LONG_RUN);
        let plan = plan_of(&settings, REPLICATIONS);
        let prediction = prediction(&plan);
        assert_eq!(prediction.is_exact(), Some(true), "{settings:?}");
        let runs = simulate_all(&plan);
        let check = |name: &str, exact: Option<f64>, (found, half_width): (f64, f64)| {
            let error = (found - exact.expect("stable")).abs();
            // Where nothing varies, rounding is left over.
            assert!(error <= half_width + 1e-7, "{name} of {settings:?}: {found} for {exact:?}");
        };
        check("ttft", prediction.mean_ttft_s, simulated(&runs, |s| s.mean_ttft_s));
        if let Some(decode) = prediction.decode {
            check("decode", Some(decode.mean_s), simulated(&runs, |s| s.mean_wait_decode_s));
        }
    }
}

#[test]
fn approximations_of_default_lengths_are_within_a_tenth_from_a_load_of_one_half() {
    // Rates for loads of 0.5, 0.7 and 0.9: a request takes 0.4154 GPU seconds in mono, and 0.3323
    // decode seconds in disagg.
    for (mode, gpus, service_s) in [("mono", 4.0, 0.4154), ("disagg", 2.0, 0.3323)] {
        for load in [0.5, 0.7, 0.9] {
            let rate = (load * gpus / service_s).to_string();
            let mut settings = vec![("mode", mode), ("arrival.rate_per_s", rate.as_str())];
            settings.extend(LONG_RUN);
            let plan = plan_of(&settings, REPLICATIONS);
            let prediction = prediction(&plan);
            assert_eq!(prediction.is_exact(), Some(false));
            let runs = simulate_all(&plan);
            // Measured over longer runs: 9 % of the wait in mono at 0.5, less everywhere else.
            let wait_s =
                |s: &Summary| Some(s.mean_wait_prefill_s? + s.mean_wait_decode_s.unwrap_or(0.0));
            let predicted_s = prediction.prefill.expect("stable").mean_s
                + prediction.decode.map_or(0.0, |wait| wait.mean_s);
            for (name, predicted_s, (found_s, half_width_s), tolerance) in [
                ("wait", predicted_s, simulated(&runs, wait_s), 0.10),
                (
                    "ttft",
                    prediction.mean_ttft_s.expect("stable"),
                    simulated(&runs, |s| s.mean_ttft_s),
                    0.05,
                ),
            ] {
                let error = (predicted_s - found_s).abs();
                assert!(
                    error <= tolerance * found_s + half_width_s,
                    "{mode} at {load}: {name} {found_s}"
                );
            }
        }
    }
}
