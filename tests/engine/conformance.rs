//! What both modes must do under both rules of observation.

use sweep_engine::model::{Scratch, SimError, Summary, simulate_observed};
use sweep_engine::plan::Plan;
use sweep_engine::progress::{Progress, Silent};
use sweep_engine::scenario::{Cluster, OfferedLoad};
use sweep_engine::spec::Observe;
use sweep_engine::statistics::Confidence;

use crate::support::{
    Setting, disagg, fields, job, mean, mono, plan_of, replayed, requests, run, simulate_all,
    summary,
};

/// Light, heavy and overloaded systems in every mode and under every rule.
fn all_systems(replications: u32) -> Plan {
    plan_of(
        &[
            ("mode", "mono,disagg"),
            ("observe", "events,arrivals"),
            ("rates", "0.05,3,6,20"),
            ("sim_seconds", "300"),
        ],
        replications,
    )
}

const FIXED: [Setting; 4] = [
    ("prompt_tokens.mode", "fixed"),
    ("prompt_tokens.value", "4000"),
    ("output_tokens.mode", "fixed"),
    ("output_tokens.value", "500"),
];

/// Mean over replications within its confidence interval of 99.9999 % (significance 1e-6).
fn assert_expected(label: &str, values: &[f64], expected: f64) {
    let confidence = Confidence::new(0.999_999, values.len() as u32);
    let estimate = confidence.estimate(values).expect("there are values");
    let half_width = estimate.half_width.expect("there are two values");
    assert!(
        (estimate.mean - expected).abs() <= half_width && half_width < 0.2 * expected,
        "{label}: {} +- {half_width}, expected {expected}",
        estimate.mean
    );
}

#[test]
fn populations_balance() {
    let plan = all_systems(3);
    let mut busy_starts = 0;
    for s in simulate_all(&plan) {
        assert_eq!(
            s.num_in_system_start + s.num_arrivals,
            s.num_completed + s.num_unfinished,
            "{s:?}"
        );
        busy_starts += u32::from(s.num_in_system_start > 0);
    }
    assert!(busy_starts > 10, "the identity was tried on full systems");
}

#[test]
fn results_stay_in_their_ranges() {
    for s in simulate_all(&all_systems(3)) {
        let shares = [s.utilization_prefill, s.utilization_decode, s.utilization_gpu, s.censored];
        for share in shares.into_iter().flatten() {
            assert!((0.0..=1.0).contains(&share), "{s:?}");
        }
        for (name, value) in fields(&s) {
            let may_be_negative =
                ["trend_ttft_s", "onset_ttft_s", "little_residual"].contains(&name);
            let is_right = |value: f64| value.is_finite() && (value >= 0.0 || may_be_negative);
            assert!(value.is_none_or(is_right), "{name}: {s:?}");
        }
        assert!(s.p50_ttft_s <= s.p90_ttft_s, "{s:?}");
        assert!(s.p99_ttft_s.is_none_or(|p99_s| s.p90_ttft_s <= Some(p99_s)), "{s:?}");
        assert!(s.mean_e2e_s >= s.mean_ttft_s, "{s:?}");
    }
}

#[test]
fn each_mode_fills_its_own_columns() {
    let plan = plan_of(&[("mode", "mono,disagg")], 1);
    let [mono, disagg] = [0, 1].map(|number| run(&plan.job(plan.job_id(number))).0);
    assert_eq!((mono.utilization_prefill, mono.utilization_decode), (None, None));
    assert_eq!((mono.mean_wait_decode_s, mono.mean_queue_length_decode), (None, None));
    assert!(mono.utilization_gpu.is_some() && mono.mean_service_decode_s.is_some());
    assert_eq!(disagg.utilization_gpu, None);
    assert!(disagg.utilization_prefill.is_some() && disagg.utilization_decode.is_some());
    assert!(disagg.mean_wait_decode_s.is_some() && disagg.mean_queue_length_decode.is_some());
}

#[test]
fn a_window_without_samples_has_no_figures() {
    for mode in ["mono", "disagg"] {
        let plan = plan_of(&[("mode", mode), ("rates", "0.000001")], 1);
        let s = run(&plan.job(plan.job_id(0))).0;
        assert_eq!((s.num_samples, s.num_arrivals, s.throughput_rps), (0, 0, 0.0));
        assert_eq!((s.mean_ttft_s, s.p50_ttft_s, s.p99_ttft_s), (None, None, None));
        assert_eq!((s.mean_wait_prefill_s, s.mean_wait_decode_s), (None, None));
        assert_eq!((s.mean_service_prefill_s, s.mean_service_decode_s), (None, None));
        assert_eq!((s.mean_e2e_s, s.censored), (None, None));
    }
}

#[test]
fn the_parts_of_ttft_add_up() {
    let plan = all_systems(1);
    for (number, s) in simulate_all(&plan).into_iter().enumerate() {
        let (Some(ttft_s), Some(wait_s)) = (s.mean_ttft_s, s.mean_wait_prefill_s) else { continue };
        let parts_s =
            wait_s + s.mean_service_prefill_s.unwrap() + s.mean_wait_decode_s.unwrap_or(0.0);
        let step_s = 1.0 / plan.cells[number].scenario.cluster.decode_tokens_per_s();
        assert!((parts_s + step_s - ttft_s).abs() < 1e-9 * ttft_s.max(1.0), "{s:?}");
    }
}

/// Requests far apart never wait: the TTFT is `P / r_p + 1 / r_d` to the last bit.
#[test]
fn an_idle_system_answers_in_its_service_time() {
    for (mode, observe) in
        [("mono", "events"), ("mono", "arrivals"), ("disagg", "events"), ("disagg", "arrivals")]
    {
        let settings = [
            ("mode", mode),
            ("observe", observe),
            ("arrival.kind", "deterministic"),
            ("rates", "0.001"),
            ("sim_seconds", "100000"),
        ];
        let plan = plan_of(&settings, 1);
        let scenario = &plan.cells[0].scenario;
        let (summary, samples) = run(&job(scenario));
        let lengths = requests(scenario, 0, 99);
        assert!(samples.len() >= 98);
        for sample in &samples {
            let prompt_tokens = lengths[sample.request as usize].1;
            assert_eq!(sample.ttft_s, prompt_tokens / 8000.0 + 1.0 / 2000.0, "{mode} {observe}");
        }
        assert_eq!(summary.mean_wait_prefill_s, Some(0.0));
        assert_eq!(summary.mean_queue_length_prefill, 0.0);
    }
}

/// In mono, and for prefill, requests start in order of arrival; under a burst of equal prompts
/// this shows as TTFTs that rise by one service per round.
#[test]
fn requests_are_served_in_order_of_arrival() {
    let burst = [(0.0, 2.0, 2.0); 7];
    for (cluster, expected) in [
        (mono(2, 2.0, 4.0), [1.25, 1.25, 2.75, 2.75, 4.25, 4.25, 5.75]),
        (disagg((2, 1), 2.0, 4.0), [1.25, 1.75, 2.25, 2.75, 3.25, 3.75, 4.25]),
        (disagg((1, 2), 2.0, 4.0), [1.25, 2.25, 3.25, 4.25, 5.25, 6.25, 7.25]),
    ] {
        let (_, samples) = run(&job(&replayed(&burst, cluster, (0.0, 100.0), Observe::Events)));
        let ttft_s: Vec<f64> = samples.iter().map(|sample| sample.ttft_s).collect();
        assert_eq!(ttft_s, expected, "{cluster:?}");
    }
}

/// Decode serves in order of prefill completion: a short prompt overtakes a long one.
#[test]
fn a_short_prompt_overtakes_on_the_way_to_decode() {
    let rows = [(0.0, 8.0, 8.0), (1.0, 2.0, 8.0)];
    let cluster = disagg((2, 1), 1.0, 1.0);
    let (_, samples) = run(&job(&replayed(&rows, cluster, (0.0, 100.0), Observe::Events)));
    // Request 1 leaves prefill at 3 and decodes until 11; request 0 leaves at 8 and waits for it.
    assert_eq!((samples[1].ttft_s, samples[0].ttft_s), (3.0, 12.0));
}

/// Under `observe: arrivals` a request past the horizon may overtake a sampled one, and counts.
#[test]
fn an_arrival_past_the_horizon_that_overtakes_is_simulated() {
    let rows = [(0.0, 8.0, 1.0), (5.0, 1.0, 8.0)];
    let cluster = disagg((2, 1), 1.0, 1.0);
    let ttft_s = |observe| {
        run(&job(&replayed(&rows, cluster, (0.0, 4.0), observe))).1.first().map(|s| s.ttft_s)
    };
    assert_eq!(ttft_s(Observe::Arrivals), Some(15.0));
    assert_eq!(ttft_s(Observe::Events), None);
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    let plan = all_systems(2);
    let forwards = simulate_all(&plan);
    let mut scratch = Scratch::default();
    // Backwards, with used memory.
    for number in (0..plan.num_jobs()).rev() {
        let again =
            simulate_observed(&plan.job(plan.job_id(number)), &mut scratch, &Silent, |_| ());
        assert_eq!(again.as_ref(), Ok(&forwards[number as usize]));
    }
}

/// A user who asks to stop after some blocks of requests.
#[derive(Default)]
struct Impatient(std::sync::atomic::AtomicU32);

impl Progress for Impatient {
    fn interrupted(&self) -> bool {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 3
    }
}

#[test]
fn a_job_can_be_interrupted() {
    for mode in ["mono", "disagg"] {
        let plan = plan_of(&[("mode", mode)], 1);
        let result = simulate_observed(
            &plan.job(plan.job_id(0)),
            &mut Scratch::default(),
            &Impatient::default(),
            |_| (),
        );
        assert_eq!(result, Err(SimError::Interrupted));
    }
}

#[test]
fn replications_and_seeds_differ() {
    let plan = plan_of(&[("mode", "mono,disagg"), ("random_seed", "1,2")], 4);
    let results = simulate_all(&plan);
    for (i, a) in results.iter().enumerate() {
        for b in &results[i + 1..] {
            assert_ne!(a.mean_ttft_s, b.mean_ttft_s);
        }
    }
}

fn column(results: &[Summary], of: fn(&Summary) -> Option<f64>) -> Vec<f64> {
    results.iter().map(|s| of(s).expect("the column is filled")).collect()
}

/// 20 replications of 5,000 s each, significance 1e-6 each.
#[test]
fn utilization_equals_offered_load_in_stable_systems() {
    for observe in ["events", "arrivals"] {
        let long = [("sim_seconds", "5000"), ("warmup_seconds", "500"), ("observe", observe)];
        let mono = plan_of(&[&long[..], &[("mode", "mono"), ("rates", "6")]].concat(), 20);
        let load = mono.cells[0].load.gpu.unwrap();
        assert!(load > 0.5 && load < 0.8, "{load}");
        assert_expected("mono", &column(&simulate_all(&mono), |s| s.utilization_gpu), load);
        let disagg = plan_of(&[&long[..], &[("mode", "disagg"), ("rates", "4")]].concat(), 20);
        let load = disagg.cells[0].load;
        let results = simulate_all(&disagg);
        let prefill = column(&results, |s| s.utilization_prefill);
        assert_expected("prefill", &prefill, load.prefill.unwrap());
        let decode = column(&results, |s| s.utilization_decode);
        assert_expected("decode", &decode, load.decode.unwrap());
        let throughput = column(&results, |s| Some(s.throughput_rps));
        assert_expected("throughput", &throughput, 4.0);
    }
}

/// Pollaczek-Khinchine: W = lambda (sigma^2 + s^2) / (2 (1 - rho)). 20 replications of 100,000 s,
/// significance 1e-6 each.
#[test]
fn one_gpu_waits_as_queueing_theory_says() {
    let long = [
        ("mode", "mono"),
        ("cluster_mono.num_gpus", "1"),
        ("sim_seconds", "100000"),
        ("warmup_seconds", "1000"),
        ("rates", "1"),
        ("cluster_mono.prefill_tokens_per_s", "1000"),
        // A decode that takes no time.
        ("cluster_mono.decode_tokens_per_s", "1e12"),
    ];
    let cases: [&[Setting]; 3] = [
        &[("prompt_tokens.mode", "exponential"), ("prompt_tokens.mean", "600")],
        &[("prompt_tokens.mode", "fixed"), ("prompt_tokens.value", "700")],
        &[("prompt_tokens.mean", "6"), ("prompt_tokens.sigma", "0.5")],
    ];
    for case in cases {
        let plan = plan_of(&[&long[..], case].concat(), 20);
        let moments = plan.cells[0].scenario.prompt_tokens.moments();
        let (s, sigma) = (moments.mean / 1000.0, moments.std / 1000.0);
        let expected_s = (sigma * sigma + s * s) / (2.0 * (1.0 - s));
        let waits = column(&simulate_all(&plan), |s| s.mean_wait_prefill_s);
        assert_expected(&format!("{case:?}"), &waits, expected_s);
    }
}

/// Poisson arrivals and exponential service make the prefill pool an M/M/2; Erlang's formula gives
/// W = C s / (2 (1 - rho)). Significance 1e-6.
#[test]
fn two_gpus_wait_as_erlang_says() {
    let plan = plan_of(
        &[
            ("mode", "disagg"),
            ("sim_seconds", "50000"),
            ("warmup_seconds", "1000"),
            ("rates", "2"),
            ("prompt_tokens.mode", "exponential"),
            ("prompt_tokens.mean", "5600"),
            ("prompt_tokens.integer", "false"),
            ("prompt_tokens.min_value", "0"),
        ],
        20,
    );
    // a = 1.4 Erlangs on 2 GPUs: C = (a^2/2 / (1 - a/2)) / (1 + a + a^2/2 / (1 - a/2)).
    let last = 1.4 * 1.4 / 2.0 / (1.0 - 0.7);
    let expected_s = last / (1.0 + 1.4 + last) * 0.7 / (2.0 * (1.0 - 0.7));
    let waits = column(&simulate_all(&plan), |s| s.mean_wait_prefill_s);
    assert_expected("M/M/2", &waits, expected_s);
}

#[test]
fn ttft_rises_with_the_rate_and_falls_with_gpus() {
    let mean_ttft_s = |settings: &[Setting]| {
        let plan = plan_of(&[settings, &[("sim_seconds", "2000")]].concat(), 10);
        mean(column(&simulate_all(&plan), |s| s.mean_ttft_s))
    };
    for (mode, gpus) in
        [("mono", "cluster_mono.num_gpus"), ("disagg", "cluster_disagg.decode_gpus")]
    {
        let by_rate = ["1", "3", "5"].map(|rate| mean_ttft_s(&[("mode", mode), ("rates", rate)]));
        assert!(by_rate[0] < by_rate[1] && by_rate[1] < by_rate[2], "{mode}: {by_rate:?}");
        let by_gpus = ["2", "3", "6"]
            .map(|count| mean_ttft_s(&[("mode", mode), ("rates", "4"), (gpus, count)]));
        assert!(by_gpus[0] > by_gpus[1] && by_gpus[1] > by_gpus[2], "{mode}: {by_gpus:?}");
    }
}

/// With fixed lengths an overloaded pool completes one request per GPU and service time, give or
/// take the requests at the ends of the window.
#[test]
fn throughput_saturates_at_the_capacity_of_the_bottleneck() {
    for (mode, observe, capacity_rps) in [
        ("mono", "events", 4.0 / 0.75),
        ("mono", "arrivals", 4.0 / 0.75),
        ("disagg", "events", 4.0),
        ("disagg", "arrivals", 4.0),
    ] {
        let more = [("mode", mode), ("observe", observe), ("rates", "16")];
        let plan = plan_of(&[&FIXED[..], &more].concat(), 1);
        let cell = &plan.cells[0];
        assert!(cell.load.is_saturated());
        let s = run(&plan.job(plan.job_id(0))).0;
        let completed = s.throughput_rps * 540.0;
        assert!((completed - capacity_rps * 540.0).abs() <= 4.0, "{mode}: {completed}");
        let busy = if mode == "mono" { s.utilization_gpu } else { s.utilization_prefill };
        assert!(busy.unwrap() > 0.999_999, "{mode}: {s:?}");
        assert!(s.censored.unwrap() > 0.5);
    }
}

#[test]
fn offered_load_follows_its_formulas() {
    let plan = plan_of(&[&FIXED[..], &[("mode", "mono,disagg"), ("rates", "2,4")]].concat(), 1);
    let loads: Vec<_> = plan.cells.iter().map(|cell| cell.load).collect();
    assert_eq!((loads[0].gpu, loads[0].prefill, loads[0].decode), (Some(0.375), None, None));
    assert_eq!((loads[2].prefill, loads[2].decode, loads[2].gpu), (Some(0.5), Some(0.25), None));
    assert_eq!((loads[3].prefill, loads[3].decode), (Some(1.0), Some(0.5)));
    assert_eq!(
        loads.iter().map(|load| load.bottleneck.name()).collect::<Vec<_>>(),
        ["gpu", "gpu", "prefill", "prefill"]
    );
    // Saturated from 1 on, not above it.
    assert_eq!(
        loads.iter().map(OfferedLoad::is_saturated).collect::<Vec<_>>(),
        [false, false, false, true]
    );
    let slow = [("mode", "disagg"), ("cluster_disagg.decode_tokens_per_s", "200")];
    let plan = plan_of(&[&FIXED[..], &slow].concat(), 1);
    assert_eq!(plan.cells[0].load.bottleneck.name(), "decode");
    assert_eq!(plan.cells[0].load.largest(), Some(2.5));
}

/// Even a decode of no token takes a step, and the load counts it: E[max(O, 1)] of a uniform O on
/// [0, 2) is 1.25.
#[test]
fn offered_load_counts_the_step_of_an_empty_decode() {
    let settings = [
        ("modes", "mono,disagg"),
        ("prompt_tokens.mode", "fixed"),
        ("prompt_tokens.value", "80"),
        ("output_tokens.mode", "uniform"),
        ("output_tokens.low", "0"),
        ("output_tokens.high", "2"),
        ("output_tokens.integer", "false"),
        ("output_tokens.min_value", "0"),
        ("decode", "100"),
    ];
    let plan = plan_of(&settings, 1);
    let (mono, disagg) = (plan.cells[0].load, plan.cells[1].load);
    assert!((disagg.decode.unwrap() - 2.0 * 0.0125 / 2.0).abs() < 1e-15, "{disagg:?}");
    assert!((mono.gpu.unwrap() - 2.0 * (0.01 + 0.0125) / 4.0).abs() < 1e-15, "{mono:?}");
}

/// The window of the four tests below: [4, 8), one GPU (or one per pool), a second per token.
fn at_edge(rows: &[(f64, f64, f64)], cluster: Cluster, observe: Observe) -> Summary {
    summary(&replayed(rows, cluster, (4.0, 8.0), observe))
}

const BOTH: [fn() -> Cluster; 2] = [|| mono(1, 1.0, 1.0), || disagg((1, 1), 1.0, 1.0)];

#[test]
fn an_arrival_at_warm_up_counts_and_one_at_the_horizon_does_not() {
    for cluster in BOTH {
        // The first row sets the clock and is gone by 2.
        let rows = [(0.0, 1.0, 1.0), (4.0, 1.0, 1.0), (8.0, 1.0, 1.0)];
        let s = at_edge(&rows, cluster(), Observe::Arrivals);
        assert_eq!((s.num_arrivals, s.num_samples, s.num_in_system_start), (1, 1, 0));
        assert_eq!((s.num_completed, s.num_unfinished, s.censored), (1, 0, Some(0.0)));
    }
}

#[test]
fn a_first_token_at_warm_up_counts_and_one_at_the_horizon_does_not() {
    for cluster in BOTH {
        // First tokens at 4 and 8, then output until 5 and 9.
        let rows = [(0.0, 3.0, 2.0), (5.0, 2.0, 2.0)];
        let (s, samples) = run(&job(&replayed(&rows, cluster(), (4.0, 8.0), Observe::Events)));
        assert_eq!(samples.iter().map(|sample| sample.request).collect::<Vec<_>>(), [0]);
        assert_eq!((s.num_in_system_start, s.num_arrivals), (1, 1));
        assert_eq!((s.num_completed, s.num_unfinished), (1, 1));
        assert_eq!(s.censored, Some(1.0), "a first token at the horizon is too late");
    }
}

#[test]
fn an_end_at_warm_up_counts_and_one_at_the_horizon_does_not() {
    for cluster in BOTH {
        let rows = [(0.0, 2.0, 2.0), (5.0, 1.0, 2.0)];
        let s = at_edge(&rows, cluster(), Observe::Events);
        assert_eq!((s.num_in_system_start, s.num_arrivals), (1, 1));
        assert_eq!((s.num_completed, s.num_unfinished, s.throughput_rps), (1, 1, 0.25));
    }
}

#[test]
fn service_and_waiting_are_clipped_to_the_window() {
    // Busy on [1, 6) and [6, 11), the second waits on [2, 6).
    let rows = [(0.0, 0.0, 1.0), (1.0, 4.0, 1.0), (2.0, 4.0, 1.0)];
    let s = at_edge(&rows, mono(1, 1.0, 1.0), Observe::Events);
    assert_eq!((s.utilization_gpu, s.mean_queue_length_prefill), (Some(1.0), 0.5));
    // Prefill on [1, 5) and [5, 9), waiting on [2, 5); decode on [5, 6) and [9, 10).
    let s = at_edge(&rows, disagg((1, 1), 1.0, 1.0), Observe::Events);
    assert_eq!((s.utilization_prefill, s.utilization_decode), (Some(1.0), Some(0.25)));
    assert_eq!((s.mean_queue_length_prefill, s.mean_queue_length_decode), (0.25, Some(0.0)));
}
