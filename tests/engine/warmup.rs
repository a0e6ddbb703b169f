//! `warmup_seconds: auto`: the rule on series made by hand, pilots, and systems that start empty.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rand_chacha::rand_core::Rng;
use sweep_engine::model::Scratch;
use sweep_engine::plan::{Cell, Plan, WarmupOrigin, stream_key};
use sweep_engine::progress::{Progress, Silent};
use sweep_engine::random::{Role, StreamKey};
use sweep_engine::statistics::{Confidence, mser};
use sweep_engine::theory::{Mdc, Mmc};
use sweep_engine::warmup::{
    BINS, DeletionPoint, Finding, MAX_PILOT_REQUESTS, PILOTS, detect, expected_requests,
};

use crate::support::{Row, Setting, plan_of, plan_with_trace, run, simulate_all, sweep, try_plan};

/// Chance that a correct engine fails a test of this file, by Bonferroni over its t tests.
const SIGNIFICANCE: f64 = 0.01;

/// Two systems, each with and without a warm-up.
const COMPARISONS: f64 = 4.0;

/// Numbers in [-0.5, 0.5) that look random.
fn noise(count: u32) -> Vec<f64> {
    (1..=count).map(|i| (f64::from(i) * 0.618_033_988_749_895).fract() - 0.5).collect()
}

/// What MSER minimizes, by definition.
fn criterion(series: &[f64], deleted: usize) -> f64 {
    let kept = &series[deleted..];
    let n = kept.len() as f64;
    let mean = kept.iter().sum::<f64>() / n;
    kept.iter().map(|y| (y - mean) * (y - mean)).sum::<f64>() / (n * n)
}

fn least(series: &[f64]) -> f64 {
    (0..=series.len() / 2).map(|d| criterion(series, d)).fold(f64::INFINITY, f64::min)
}

#[test]
fn mser_deletes_up_to_a_step() {
    for step_at in [1, 17, 40, 99] {
        let series: Vec<f64> = noise(200)
            .into_iter()
            .enumerate()
            .map(|(i, noise)| if i < step_at { noise - 9.0 } else { noise })
            .collect();
        assert_eq!(mser(&series), step_at);
    }
}

#[test]
fn mser_deletes_at_most_half() {
    let rising: Vec<f64> = (0..201_u32).map(f64::from).collect();
    assert_eq!(mser(&rising), 100);
    assert_eq!(mser(&rising[..3]), 1);
}

#[test]
fn mser_keeps_what_does_not_change() {
    assert_eq!(mser(&[]), 0);
    assert_eq!(mser(&[3.0]), 0);
    assert_eq!(mser(&[0.0; 50]), 0);
    // Rounding is no transient.
    let rounded: Vec<f64> = noise(100).iter().map(|noise| 0.3 + 1e-13 * noise).collect();
    assert_eq!(mser(&rounded), 0);
}

proptest! {
    #[test]
    fn mser_minimizes_its_criterion_in_any_unit(
        series in prop::collection::vec(-100.0..100.0_f64, 2..60),
        shift in -1e3..1e3_f64,
        scale in prop_oneof![1e-3..1e3_f64, -1e3..-1e-3_f64],
    ) {
        let moved: Vec<f64> = series.iter().map(|y| scale * y + shift).collect();
        for deleted in [mser(&series), mser(&moved)] {
            prop_assert!(deleted <= series.len() / 2);
            prop_assert!(criterion(&series, deleted) <= least(&series) * (1.0 + 1e-6) + 1e-9);
        }
    }
}

#[test]
fn pilots_draw_from_streams_that_no_replication_has() {
    let first_draws = |key: &StreamKey, replications: u32| {
        let mut draws = Vec::new();
        for replication in 0..replications {
            for role in [Role::Arrivals, Role::Prompt, Role::Output] {
                draws.push(key.stream(replication, role).next_u64());
            }
        }
        draws
    };
    let mut seen = BTreeSet::new();
    for key in [0, 1, 42]
        .map(StreamKey::common)
        .into_iter()
        .chain([StreamKey::independent(42, "mono"), StreamKey::independent(42, "disagg")])
    {
        let draws = [first_draws(&key, 2_000), first_draws(&key.pilots(), PILOTS + 1)].concat();
        assert!(draws.into_iter().all(|draw| seen.insert(draw)), "a stream is used twice");
    }
}

/// The one cell of these settings.
fn cell(settings: &[Setting]) -> (Plan, Cell) {
    let plan = plan_of(settings, 1);
    let cell = plan.cells[0].clone();
    (plan, cell)
}

fn found(plan: &Plan, cell: &Cell) -> DeletionPoint {
    let Cell { scenario, load, .. } = cell;
    let key = stream_key(scenario, plan.seeding);
    detect(scenario, load, &key, &mut Scratch::default(), &Silent).expect("it is not interrupted")
}

#[test]
fn the_deletion_point_is_the_same_again_and_depends_on_the_system_alone() {
    let settings = [("mode", "disagg"), ("rates", "5"), ("warmup_seconds", "auto")];
    let (plan, mut cell) = cell(&settings);
    let point = found(&plan, &cell);
    assert_eq!(found(&plan, &cell), point);
    cell.scenario.warmup_seconds = 17.0;
    assert_eq!(found(&plan, &cell), point);
    let bins = point.warmup_seconds / cell.scenario.sim_seconds * BINS as f64;
    assert!((bins - bins.round()).abs() < 1e-9, "the start of a bin: {bins}");
    cell.scenario.random_seed = 43;
    assert_ne!(found(&plan, &cell), point);
}

#[test]
fn a_cell_stays_open_until_its_warmup_is_frozen() {
    let plan_of_warmup = |warmup: &str| {
        try_plan(&sweep(&[("mode", "mono"), ("warmup_seconds", warmup)], 2)).expect("it is valid")
    };
    let mut plan = plan_of_warmup("30,auto");
    let origins: Vec<_> = plan.cells.iter().map(|cell| cell.warmup).collect();
    assert_eq!(origins, [WarmupOrigin::Stated, WarmupOrigin::Open]);
    let (hash, spec) = (plan.hash.clone(), plan.cell_spec(&plan.cells[1]));
    assert_eq!(serde_json::to_value(&spec).expect("it serialises")["warmup_seconds"], "auto");

    let point = DeletionPoint { warmup_seconds: 12.5, finding: Finding::Found };
    plan.cells[1].freeze_warmup(point);
    let frozen = &plan.cells[1];
    assert_eq!(frozen.warmup, WarmupOrigin::Frozen(Finding::Found));
    assert_eq!(frozen.scenario.warmup_seconds, 12.5);
    let spec = plan.cell_spec(frozen);
    assert_eq!(serde_json::to_value(&spec).expect("it serialises")["warmup_seconds"], 12.5);
    assert_eq!(plan.hash, hash);
    // The word names the plan, not what the pilots make of it or what holds until then.
    assert_ne!(plan_of_warmup("auto").hash, plan_of_warmup("60").hash);
    assert_ne!(plan_of_warmup("auto").hash, plan_of_warmup("12.5").hash);
}

#[test]
fn a_saturated_cell_has_no_pilots() {
    for (sim_seconds, expected) in [("600", 60.0), ("50", 25.0)] {
        let settings = [
            ("mode", "mono"),
            ("rates", "90"),
            ("sim_seconds", sim_seconds),
            ("warmup_seconds", "auto"),
        ];
        let (plan, cell) = cell(&settings);
        assert!(cell.load.is_saturated());
        let point = DeletionPoint { warmup_seconds: expected, finding: Finding::Saturated };
        assert_eq!(found(&plan, &cell), point);
        assert_eq!(expected_requests(&cell.scenario, &cell.load), 0.0);
    }
}

#[test]
fn a_system_that_does_not_settle_in_half_of_its_time_is_not_found() {
    // Service takes longer than the run, so the first tokens seen at time t are those of requests
    // that took less: their mean rises like t / 2.
    let mut settings = station("9", &EXPONENTIAL);
    settings[1].1 = "10000";
    settings.last_mut().expect("it has a mean").1 = "1000";
    settings.push(("sim_seconds", "300"));
    let (plan, cell) = cell(&settings);
    let point = DeletionPoint { warmup_seconds: 150.0, finding: Finding::NotFound };
    assert_eq!(found(&plan, &cell), point);
}

#[test]
fn too_few_requests_find_nothing() {
    let trace = [("arrival.kind", "trace"), ("arrival.path", "t.csv"), ("arrival.repeat", "false")];
    let rows: Vec<Row> = (0..3_u32).map(|i| (f64::from(i), 100.0, 20.0)).collect();
    let plan = plan_with_trace(&[&trace[..], &[("mode", "mono")]].concat(), 1, &rows);
    let point = DeletionPoint { warmup_seconds: 300.0, finding: Finding::NotFound };
    assert_eq!(found(&plan, &plan.cells[0]), point);
}

#[test]
fn constant_service_without_waiting_needs_no_warmup() {
    let (plan, cell) = cell(&[
        ("mode", "mono"),
        ("arrival.kind", "deterministic"),
        ("prompt_tokens.mode", "fixed"),
        ("prompt_tokens.value", "400"),
        ("output_tokens.mode", "fixed"),
        ("output_tokens.value", "40"),
    ]);
    let point = DeletionPoint { warmup_seconds: 0.0, finding: Finding::Found };
    assert_eq!(found(&plan, &cell), point);
}

#[test]
fn pilots_of_a_trace_are_bootstrap_samples() {
    // A burst at the beginning of the recording, and nothing like it later.
    let rows: Vec<Row> = (0..2_000_u32)
        .map(|i| (if i < 200 { f64::from(i) * 0.01 } else { f64::from(i - 198) }, 800.0, 400.0))
        .collect();
    let settings = [
        ("mode", "disagg"),
        ("arrival.kind", "trace"),
        ("arrival.path", "t.csv"),
        ("sim_seconds", "1800"),
        ("warmup_seconds", "0"),
    ];
    let plan = plan_with_trace(&settings, 1, &rows);
    // The recording asks for its burst to be deleted: 200 requests at once are served in 20 s.
    let mut bins = [(0.0, 0.0); BINS];
    for sample in run(&plan.job(plan.job_id(0))).1 {
        let bin = &mut bins[((sample.arrival_s + sample.ttft_s) / 9.0) as usize];
        *bin = (bin.0 + 1.0, bin.1 + sample.ttft_s);
    }
    assert_eq!(mser(&bins.map(|(count, sum_s)| sum_s / count)), 3);
    // In bootstrap samples it is anywhere.
    let point = found(&plan, &plan.cells[0]);
    assert_eq!(point.finding, Finding::Found);
    assert_ne!(point.warmup_seconds, 27.0);
}

#[test]
fn the_pilots_of_a_long_run_are_cut() {
    let (_, cell) = cell(&[("mode", "mono"), ("sim_seconds", "1e6"), ("rates", "9")]);
    let expected = expected_requests(&cell.scenario, &cell.load);
    assert_eq!(expected, f64::from(PILOTS) * MAX_PILOT_REQUESTS);
}

#[test]
fn an_interrupt_ends_the_pilots() {
    struct Stop;
    impl Progress for Stop {
        fn interrupted(&self) -> bool {
            true
        }
    }
    let (plan, cell) = cell(&[("mode", "mono")]);
    let key = stream_key(&cell.scenario, plan.seeding);
    assert!(detect(&cell.scenario, &cell.load, &key, &mut Scratch::default(), &Stop).is_err());
}

const EXPONENTIAL: [Setting; 2] =
    [("prompt_tokens.mode", "exponential"), ("prompt_tokens.mean", "1")];
const CONSTANT: [Setting; 2] = [("prompt_tokens.mode", "fixed"), ("prompt_tokens.value", "1")];

/// One GPU with a service of 1 s on average, all of it prefill: TTFT is the sojourn time.
fn station<'a>(rate: &'a str, service: &[Setting<'a>]) -> Vec<Setting<'a>> {
    let mut settings = vec![
        ("mode", "mono"),
        ("num_gpus", "1"),
        ("rates", rate),
        ("cluster_mono.prefill_tokens_per_s", "1"),
        ("cluster_mono.decode_tokens_per_s", "1e12"),
        ("prompt_tokens.integer", "false"),
        ("prompt_tokens.min_value", "0"),
        ("output_tokens.mode", "fixed"),
        ("output_tokens.value", "1"),
    ];
    settings.extend_from_slice(service);
    settings
}

/// How far the mean TTFT of many replications lies from the truth, in half widths of its interval:
/// beyond 1 in absolute value, a t test at the level of this file finds a bias.
fn bias_in_half_widths(settings: &[Setting], warmup: &str, truth_s: f64) -> f64 {
    // A hundred times the default: an interval ten times as narrow as that of a sweep.
    const REPLICATIONS: u32 = 1_000;
    let mut settings = settings.to_vec();
    settings.push(("warmup_seconds", warmup));
    let mut plan = plan_of(&settings, REPLICATIONS);
    if warmup == "auto" {
        let point = found(&plan, &plan.cells[0]);
        assert_eq!(point.finding, Finding::Found);
        plan.cells[0].freeze_warmup(point);
    }
    let results = simulate_all(&plan);
    let means: Vec<f64> = results.iter().filter_map(|summary| summary.mean_ttft_s).collect();
    let confidence = Confidence::new(1.0 - SIGNIFICANCE / COMPARISONS, REPLICATIONS);
    let estimate = confidence.estimate(&means).expect("there are replications");
    (estimate.mean - truth_s) / estimate.half_width.expect("there are replications")
}

#[test]
fn auto_removes_the_bias_of_an_empty_start() {
    let mmc = Mmc::new(0.9, 1.0, 1).expect("it is stable").mean_sojourn_s();
    let mdc = Mdc::new(0.9, 1.0, 1).expect("it is stable").mean_sojourn_s();
    for (name, service, sim_seconds, truth_s) in
        [("M/M/1", EXPONENTIAL, "2000", mmc), ("M/D/1", CONSTANT, "1000", mdc)]
    {
        let mut settings = station("0.9", &service);
        settings.push(("sim_seconds", sim_seconds));
        let without = bias_in_half_widths(&settings, "0", truth_s);
        assert!(without < -1.0, "{name} without a warm-up: {without} half widths");
        let auto = bias_in_half_widths(&settings, "auto", truth_s);
        assert!(auto.abs() < 1.0, "{name} with auto: {auto} half widths");
    }
}
