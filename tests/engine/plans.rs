//! Plans: cells and their order, zip, the null rule, limits, hashes, seeds, chunks.

use std::ops::Range;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use sweep_engine::model::{Summary, simulate};
use sweep_engine::plan::{Cell, JobId, Limits, Plan, plan};
use sweep_engine::random::Seeding;
use sweep_engine::scenario::{ScenarioEcho, Traces};
use sweep_engine::spec::{AxisValues, Key, SweepSpec, TokenMode, Warmup};

use crate::support::{
    Row, Setting, plan_error, plan_of, plan_with_trace, requests, run, simulate_all, sweep, trace,
    try_plan,
};

fn names(plan: &Plan) -> Vec<String> {
    plan.cells.iter().map(|cell| plan.cell_name(cell)).collect()
}

fn with_zip(settings: &[Setting], zip: &[&[&str]]) -> SweepSpec {
    let group = |names: &&[&str]| names.iter().map(|&name| name.to_owned()).collect();
    SweepSpec { zip: zip.iter().map(group).collect(), ..sweep(settings, 1) }
}

#[test]
fn cells_are_row_major_and_jobs_replication_major() {
    let plan = plan_of(&[("modes", "mono,disagg"), ("rates", "1,2"), ("prefill", "4000,8000")], 3);
    assert_eq!(
        names(&plan),
        [
            "mode=mono, rate_per_s=1, prefill_tokens_per_s=4000",
            "mode=mono, rate_per_s=1, prefill_tokens_per_s=8000",
            "mode=mono, rate_per_s=2, prefill_tokens_per_s=4000",
            "mode=mono, rate_per_s=2, prefill_tokens_per_s=8000",
            "mode=disagg, rate_per_s=1, prefill_tokens_per_s=4000",
            "mode=disagg, rate_per_s=1, prefill_tokens_per_s=8000",
            "mode=disagg, rate_per_s=2, prefill_tokens_per_s=4000",
            "mode=disagg, rate_per_s=2, prefill_tokens_per_s=8000",
        ]
    );
    assert_eq!(plan.num_jobs(), 24);
    for number in 0..24 {
        let id = plan.job_id(number);
        assert_eq!(u64::from(id.replication) * 8 + u64::from(id.cell), number);
        assert_eq!(plan.job(id).replication, id.replication);
    }
    let speeds = plan.cells.iter().map(|cell| cell.scenario.cluster.prefill_tokens_per_s());
    assert_eq!(speeds.collect::<Vec<_>>(), [4000.0, 8000.0].repeat(4));
}

#[test]
fn a_sweep_without_axes_has_one_cell() {
    let plan = plan_of(&[], 2);
    assert_eq!((plan.cells.len(), plan.num_jobs()), (1, 2));
    assert_eq!(names(&plan), ["without axes"]);
}

/// Modes mono,disagg with 1, 2 or 4 decode GPUs: one mono cell and three disagg cells per rate.
#[test]
fn axes_without_meaning_are_null_and_equal_cells_are_one() {
    let axes =
        [("modes", "mono,disagg"), ("cluster_disagg.decode_gpus", "1,2,4"), ("rates", "1,2")];
    let plan = plan_of(&axes, 1);
    assert_eq!(
        names(&plan),
        [
            "mode=mono, rate_per_s=1",
            "mode=mono, rate_per_s=2",
            "mode=disagg, decode_gpus=1, rate_per_s=1",
            "mode=disagg, decode_gpus=1, rate_per_s=2",
            "mode=disagg, decode_gpus=2, rate_per_s=1",
            "mode=disagg, decode_gpus=2, rate_per_s=2",
            "mode=disagg, decode_gpus=4, rate_per_s=1",
            "mode=disagg, decode_gpus=4, rate_per_s=2",
        ]
    );
    assert_eq!(plan.factor(&plan.cells[0], 1), None);
    // The mode decides, wherever it stands.
    let mode_last = plan_of(&[axes[1], axes[2], axes[0]], 1);
    assert_eq!(mode_last.cells.len(), 8);
    for cell in &plan.cells {
        assert!(mode_last.cells.iter().any(|other| other.scenario == cell.scenario));
    }
}

#[test]
fn keys_of_each_mode_meet_in_the_cells_of_their_mode() {
    let plan = plan_of(
        &[
            ("modes", "mono,disagg"),
            ("cluster_mono.num_gpus", "2,4"),
            ("cluster_disagg.prefill_gpus", "1,2,3"),
        ],
        1,
    );
    assert_eq!(
        names(&plan),
        [
            "mode=mono, num_gpus=2",
            "mode=mono, num_gpus=4",
            "mode=disagg, prefill_gpus=1",
            "mode=disagg, prefill_gpus=2",
            "mode=disagg, prefill_gpus=3",
        ]
    );
}

#[test]
fn a_trace_has_no_drawn_lengths() {
    let rows: [Row; 2] = [(0.0, 1.0, 1.0), (1.0, 1.0, 1.0)];
    let axes = [
        ("arrival.kind", "poisson,trace"),
        ("arrival.path", "t.csv"),
        ("prompt_tokens.sigma", "0.5,1"),
    ];
    let plan = plan_with_trace(&axes, 1, &rows);
    assert_eq!(
        names(&plan),
        [
            "arrival.kind=poisson, prompt_tokens.sigma=0.5",
            "arrival.kind=poisson, prompt_tokens.sigma=1",
            "arrival.kind=trace, arrival.path=t.csv",
        ]
    );
}

#[test]
fn an_axis_that_no_cell_uses_is_refused() {
    assert_eq!(
        plan_error(&sweep(&[("mode", "mono"), ("cluster_disagg.decode_gpus", "1,2")], 1)),
        "axis `cluster_disagg.decode_gpus` means nothing in any cell: \
         disagg: GPUs of the decode pool (default 2)"
    );
}

#[test]
fn zipped_axes_advance_together() {
    let axes = [("rates", "1,2,3"), ("modes", "mono,disagg"), ("prefill", "4000,5000,6000")];
    let plan = try_plan(&with_zip(&axes, &[&["prefill", "rate_per_s"]])).expect("it is valid");
    assert_eq!(
        names(&plan),
        [
            "rate_per_s=1, mode=mono, prefill_tokens_per_s=4000",
            "rate_per_s=1, mode=disagg, prefill_tokens_per_s=4000",
            "rate_per_s=2, mode=mono, prefill_tokens_per_s=5000",
            "rate_per_s=2, mode=disagg, prefill_tokens_per_s=5000",
            "rate_per_s=3, mode=mono, prefill_tokens_per_s=6000",
            "rate_per_s=3, mode=disagg, prefill_tokens_per_s=6000",
        ]
    );
}

#[test]
fn bad_sweeps_say_what_is_wrong() {
    let rates_and_speeds = [("rates", "1,2"), ("prefill", "4000,5000,6000"), ("decode", "1,2")];
    for (spec, message) in [
        (
            with_zip(&rates_and_speeds, &[&["rates", "prefill"]]),
            "zipped axes need equally many values: arrival.rate_per_s has 2, prefill_tokens_per_s has 3",
        ),
        (
            with_zip(&rates_and_speeds, &[&["rates", "sim_seconds"]]),
            "zip names `sim_seconds`, which is no axis of this sweep: add it to axes",
        ),
        (
            with_zip(&rates_and_speeds, &[&["rates", "decode"], &["rate_per_s"]]),
            "axis `arrival.rate_per_s` stands twice in zip: name it once",
        ),
        (
            with_zip(&rates_and_speeds, &[&["rates", "rates"]]),
            "axis `arrival.rate_per_s` stands twice in zip: name it once",
        ),
        (with_zip(&rates_and_speeds, &[&["ratse"]]), "unknown key `ratse`: did you mean `rates`?"),
        (sweep(&rates_and_speeds, 0), "replications is 0: it must be at least 1"),
        (
            sweep(&[("rates", "1,x")], 1),
            "bad values of axis `rates`: `x`: it must be a finite number",
        ),
        (
            sweep(&[("rates", "1"), ("arrival.rate_per_s", "2")], 1),
            "the axes `arrival.rate_per_s` and `arrival.rate_per_s` set the same parameter: keep one",
        ),
        (
            sweep(&[("prefill", "1"), ("cluster_mono.prefill_tokens_per_s", "2")], 1),
            "the axes `prefill_tokens_per_s` and `cluster_mono.prefill_tokens_per_s` set the same parameter: keep one",
        ),
        (
            sweep(&[("cluster_disagg.decode_tokens_per_s", "2"), ("decode", "1")], 1),
            "the axes `cluster_disagg.decode_tokens_per_s` and `decode_tokens_per_s` set the same parameter: keep one",
        ),
        (
            sweep(&[("rates", "1e6"), ("sim_seconds", "1e6")], 1),
            "the cell rate_per_s=1000000, sim_seconds=1000000 would simulate about 1.000e12 requests \
             per job, the limit is 100000000: shorten sim_seconds, lower the rate, or raise --max-requests",
        ),
    ] {
        assert_eq!(plan_error(&spec), message);
    }
}

#[test]
fn huge_grids_are_refused_before_they_are_expanded() {
    let thousand = "1:1000:1";
    let huge = sweep(
        &[
            ("rates", thousand),
            ("prefill", thousand),
            ("decode", thousand),
            ("random_seed", thousand),
        ],
        2,
    );
    assert_eq!(
        plan_error(&huge),
        "the grid has 1000000000000 cells, with 2 replications 2000000000000 jobs; \
         the limit is 10000000: drop values or replications, or raise --max-jobs"
    );
    let million = "1:1000000:1";
    let long = [("rates", million), ("prefill", million), ("decode", "1"), ("num_gpus", million)];
    assert_eq!(
        plan_error(&sweep(&long, 1)),
        "the axes have more than 2000000 values together: drop some, or use larger steps",
        "not even the last list is read"
    );
    let limits = Limits { jobs: 6, ..Limits::default() };
    let few = |replications| {
        plan(&sweep(&[("rates", "1,2,3")], replications), &Traces::default(), limits)
    };
    assert_eq!(few(2).map(|plan| plan.num_jobs()), Ok(6));
    assert!(few(3).is_err_and(|error| {
        error.to_string().starts_with("the grid has 3 cells, with 3 replications 9 jobs")
    }));
}

/// Results by the values that a row stands for.
fn rows(plan: &Plan) -> Vec<(String, u32, Summary)> {
    let row = |(number, summary): (usize, Summary)| {
        let id = plan.job_id(number as u64);
        (plan.cell_name(plan.cell(id)), id.replication, summary)
    };
    simulate_all(plan).into_iter().enumerate().map(row).collect()
}

#[test]
fn another_value_changes_no_other_row() {
    for seeding in [Seeding::Common, Seeding::Independent] {
        let rows_of = |rates, replications| {
            let settings = [("modes", "mono,disagg"), ("rates", rates), ("prefill", "4000,8000")];
            rows(
                &try_plan(&SweepSpec { seeding, ..sweep(&settings, replications) }).expect("valid"),
            )
        };
        let (small, large) = (rows_of("1,3", 2), rows_of("0.5,1,2,3", 3));
        assert_eq!((small.len(), large.len()), (16, 48));
        for row in &small {
            assert!(large.contains(row), "{row:?}");
        }
    }
}

#[test]
fn common_seeding_shows_all_cells_the_same_requests() {
    let plan = plan_of(&[("modes", "mono,disagg"), ("rates", "1,4")], 1);
    let first = requests(&plan.cells[0].scenario, 0, 200);
    for cell in &plan.cells {
        let rate_per_s = cell.scenario.arrivals.rate_per_s().expect("it has one");
        for (ours, other) in first.iter().zip(requests(&cell.scenario, 0, 200)) {
            assert_eq!((ours.0 / rate_per_s, ours.1, ours.2), other);
        }
    }
}

#[test]
fn independent_seeding_tells_systems_apart_but_not_windows() {
    let independent = |settings: &[Setting]| {
        try_plan(&SweepSpec { seeding: Seeding::Independent, ..sweep(settings, 1) }).expect("valid")
    };
    let keys = |plan: &Plan| {
        (0..plan.num_jobs()).map(|number| plan.job(plan.job_id(number)).key).collect::<Vec<_>>()
    };
    let systems = independent(&[
        ("modes", "mono,disagg"),
        ("rates", "1,2"),
        ("prefill", "4000,8000"),
        ("output_tokens.sigma", "1,2"),
        ("random_seed", "1,2"),
    ]);
    let keys_of_systems = keys(&systems);
    for (i, a) in keys_of_systems.iter().enumerate() {
        assert!(!keys_of_systems[i + 1..].contains(a));
    }
    let windows = independent(&[
        ("sim_seconds", "100,200"),
        ("warmup_seconds", "10,20"),
        ("observe", "events,arrivals"),
    ]);
    let keys_of_windows = keys(&windows);
    assert_eq!(keys_of_windows.len(), 8);
    assert!(keys_of_windows.iter().all(|key| *key == keys_of_windows[0]));
    // A longer horizon sees the same samples, and then more.
    let prefix = independent(&[("rates", "1,2"), ("sim_seconds", "100,200")]);
    let samples = |cell| run(&prefix.job(JobId { cell, replication: 0 })).1;
    let (short, long) = (samples(0), samples(1));
    assert!(short.len() < long.len());
    assert_eq!(short, long[..short.len()]);
}

#[test]
fn the_hash_is_that_of_the_meaning() {
    let hash = |settings: &[Setting]| plan_of(settings, 1).hash;
    let reference = hash(&[("rates", "0.5,1"), ("modes", "mono,disagg")]);
    assert_eq!(reference.len(), 64);
    assert_eq!(reference, hash(&[("arrival.rate_per_s", "0.5:1:0.5"), ("mode", "mono, disagg")]));
    let mut spec = sweep(&[("rates", ""), ("modes", "mono,disagg")], 7);
    spec.axes[0].values = AxisValues::Items(vec!["0.50".into(), "1.0".into()]);
    spec.base.sim_seconds = Some(600.0);
    spec.base.cluster_mono.num_gpus = Some(4);
    spec.why = Some("defaults written out, more replications, a reason".into());
    assert_eq!(reference, try_plan(&spec).expect("it is valid").hash);
}

#[test]
fn the_hash_changes_with_anything_that_changes_a_row() {
    let base = sweep(&[("rates", "0.5,1"), ("modes", "mono,disagg")], 1);
    let changes: [fn(&mut SweepSpec); 15] = [
        |spec| spec.axes.swap(0, 1),
        |spec| spec.axes[0].values = AxisValues::Text("0.5,1,2".into()),
        |spec| spec.axes[0].values = AxisValues::Text("1,0.5".into()),
        |spec| spec.exclude.push("rates = 1 and mode = mono".into()),
        |spec| spec.seeding = Seeding::Independent,
        |spec| spec.base.random_seed = Some(43),
        |spec| spec.base.sim_seconds = Some(601.0),
        |spec| spec.base.warmup_seconds = Some(Warmup::Seconds(61.0)),
        |spec| spec.base.warmup_seconds = Some(Warmup::Auto),
        |spec| spec.base.observe = Some(sweep_engine::spec::Observe::Arrivals),
        |spec| spec.base.arrival.kind = Some(sweep_engine::spec::ArrivalKind::Deterministic),
        |spec| spec.base.prompt_tokens.sigma = Some(1.1),
        |spec| spec.base.output_tokens.max_value = Some(1e6),
        |spec| spec.base.cluster_mono.num_gpus = Some(5),
        |spec| spec.base.cluster_disagg.decode_tokens_per_s = Some(2001.0),
    ];
    let mut hashes = vec![try_plan(&base).expect("it is valid").hash];
    for change in changes {
        let mut spec = base.clone();
        change(&mut spec);
        hashes.push(try_plan(&spec).expect("it is valid").hash);
    }
    let count = hashes.len();
    hashes.sort();
    hashes.dedup();
    assert_eq!(hashes.len(), count);
}

#[test]
fn the_hash_covers_the_content_of_traces_and_not_their_clock() {
    let hash = |rows: &[Row]| {
        plan_with_trace(&[("arrival.kind", "trace"), ("arrival.path", "t.csv")], 1, rows).hash
    };
    let reference = hash(&[(0.0, 1.0, 1.0), (1.0, 2.0, 2.0)]);
    assert_eq!(reference, hash(&[(5.0, 1.0, 1.0), (6.0, 2.0, 2.0)]));
    assert_ne!(reference, hash(&[(0.0, 1.0, 1.0), (1.0, 2.0, 3.0)]));
}

#[test]
fn the_hash_changes_with_every_setting_of_a_trace() {
    let rows: Vec<Row> = (0..9_u32).map(f64::from).map(|i| (i, i, i)).collect();
    let mut traces = Traces::default();
    traces.insert("t.csv", trace(&rows));
    let hash = |setting: Setting| {
        let mut spec = sweep(&[], 1);
        for (name, value) in [("arrival.kind", "trace"), ("arrival.path", "t.csv"), setting] {
            let key = Key::find(name).expect("it is known");
            (key.set)(&mut spec.base, &key.kind.parse(value).expect("it is valid"));
        }
        plan(&spec, &traces, Limits::default()).expect("it is valid").hash
    };
    let mut hashes = [
        ("arrival.repeat", "true"),
        ("arrival.repeat", "false"),
        ("arrival.rate_per_s", "1"),
        ("arrival.block_requests", "2"),
        ("arrival.window.start_s", "1"),
        ("arrival.window.end_s", "8"),
        ("prompt_tokens.max_value", "7"),
        ("output_tokens.min_value", "1"),
    ]
    .map(hash);
    hashes.sort();
    assert!(hashes.windows(2).all(|pair| pair[0] != pair[1]));
}

/// An axis of spellings takes from the base only what a spelling knows.
#[test]
fn an_axis_of_spellings_forgets_parameters_of_the_others() {
    let mut spec = sweep(&[("prompt_tokens.mode", "log,real_mean_std,exponential,empirical")], 1);
    spec.base.prompt_tokens.mean = Some(6.0);
    spec.base.prompt_tokens.sigma = Some(1.5);
    spec.base.prompt_tokens.std = Some(2.0);
    spec.base.prompt_tokens.path = Some("t.csv".into());
    spec.base.output_tokens.mode = Some(TokenMode::Uniform);
    spec.base.output_tokens.low = Some(1.0);
    spec.base.output_tokens.high = Some(9.0);
    let mut traces = Traces::default();
    traces.insert("t.csv", trace(&[(0.0, 1.0, 1.0)]));
    let plan = plan(&spec, &traces, Limits::default()).expect("it is valid");
    let echo = |cell: usize| ScenarioEcho::of(&plan.cells[cell].scenario).prompt_tokens;
    let families = [0, 1, 2, 3].map(|cell| echo(cell).distribution);
    assert_eq!(families, ["lognormal", "lognormal", "exponential", "empirical"]);
    assert_eq!(echo(0).lognormal.expect("it is one").log_sigma, 1.5);
    let real = echo(1).lognormal.expect("it is one");
    assert!((real.real_mean - 6.0).abs() < 1e-12 && (real.real_std - 2.0).abs() < 1e-12);
}

/// The scenario that a cell is written as leads back to the cell.
#[test]
fn a_cell_can_be_planned_alone() {
    let plan = plan_of(
        &[
            ("modes", "mono,disagg"),
            ("prefill", "4000,8000"),
            ("cluster_disagg.decode_gpus", "1,3"),
            ("prompt_tokens.mode", "log,exponential"),
            ("prompt_tokens.mean", "2,5"),
        ],
        1,
    );
    assert_eq!(plan.cells.len(), 24);
    let results = simulate_all(&plan);
    for (cell, result) in plan.cells.iter().zip(results) {
        let spec = SweepSpec { base: plan.cell_spec(cell), ..sweep(&[], 1) };
        let alone = try_plan(&spec).expect("it is valid");
        assert_eq!(alone.cells[0].scenario, cell.scenario);
        assert_eq!(simulate_all(&alone), [result]);
    }
}

#[test]
fn samples_are_binned_where_they_are_many_and_histograms_are_smaller() {
    // At 2 requests/s: expected samples of a run, replications, whether samples are kept.
    let cases = [
        (140, 1_000_000, true),
        (4_096, 4_096, true),
        (4_096, 1_000_000, true),
        (4_200, 3_900, true),
        (4_200, 1_000_000, true),
        (524_288, 1_000_000, true),
        (530_000, 31, true),
        (530_000, 32, false),
        (20_000_000, 1, false),
    ];
    for (samples, replications, is_kept) in cases {
        let settings = [("rates", "2"), ("sim_seconds", &(samples / 2).to_string())];
        let plan = plan_of(&settings, 1);
        assert_eq!(plan.keeps_samples(0, replications), is_kept, "{samples} x {replications}");
    }
}

proptest! {
    #![proptest_config(Config { cases: 60, rng_seed: RngSeed::Fixed(11), ..Config::default() })]

    #[test]
    fn waves_partition_the_cells_and_chunks_are_few(
        cells in 1_u32..400,
        replications in 1_u32..2_000,
        sim_seconds in 61_u32..100_000,
    ) {
        let rates = format!("1:{cells}:1");
        let settings = [("rates", rates.as_str()), ("sim_seconds", &sim_seconds.to_string())];
        let plan = plan_of(&settings, replications);
        prop_assert!((1..=10_000).contains(&plan.num_slices()));
        // Of more replications than 32, samples are narrowed on the way, unless they may become histograms.
        let samples_of = |cell: &Cell| {
            let whole = if plan.narrows(cell) { replications.min(32) } else { replications };
            cell.expected_requests() * f64::from(whole)
        };
        let samples =
            |wave: &Range<usize>| plan.cells[wave.clone()].iter().map(samples_of).sum::<f64>();
        let most = plan.limits.samples_at_once as f64;
        let requests = |cells: &Range<usize>| -> f64 {
            let per_replication: f64 =
                plan.cells[cells.clone()].iter().map(Cell::expected_requests).sum();
            per_replication * f64::from(replications)
        };
        let (all, of_chunk) = (plan.expected_requests(), plan.limits.requests_per_chunk as f64);
        let even_share = all / (all / of_chunk).ceil();
        let mut next = 0;
        for wave in plan.waves() {
            prop_assert!(wave.start == next && wave.end > next, "{:?} after {}", wave, next);
            prop_assert!(wave.len() == 1 || samples(&wave) <= most);
            next = wave.end;
            // As large as they may be.
            let larger = wave.start..(next + 1).min(plan.cells.len());
            prop_assert!(
                larger == wave || samples(&larger) > most || requests(&larger) > even_share
            );
        }
        prop_assert_eq!(next, plan.cells.len());
        // Chunks are waves in order, of about equal work.
        let chunks = plan.chunks();
        let waves: Vec<Range<usize>> = chunks.iter().flat_map(|chunk| chunk.waves.clone()).collect();
        prop_assert_eq!(waves, plan.waves());
        prop_assert!((1..=10_000).contains(&chunks.len()));
        for (number, chunk) in chunks.iter().enumerate() {
            prop_assert_eq!(chunk.number as usize, number);
            let work = requests(&chunk.cells());
            prop_assert!(chunk.cells().len() == 1 || work <= 1.01 * even_share, "{}", work);
        }
    }
}

#[test]
fn the_null_rule_does_not_depend_on_the_order_of_axes() {
    let kinds = ("arrival.kind", "poisson,trace");
    let spellings = ("prompt_tokens.mode", "log,uniform");
    let rest = [("prompt_tokens.low", "1"), ("prompt_tokens.high", "9"), ("arrival.path", "t.csv")];
    for order in [[kinds, spellings], [spellings, kinds]] {
        let settings: Vec<Setting> = order.into_iter().chain(rest).collect();
        let plan = plan_with_trace(&settings, 1, &[(0.0, 1.0, 1.0), (1.0, 2.0, 2.0)]);
        assert_eq!(plan.cells.len(), 3, "log, uniform and recorded lengths");
    }
}

#[test]
fn the_work_of_an_overloaded_prefill_pool_is_foreseen() {
    let settings = [
        ("mode", "disagg"),
        ("rates", "20"),
        ("prefill", "500"),
        ("sim_seconds", "60"),
        ("warmup_seconds", "5"),
        ("observe", "arrivals"),
    ];
    let plan = plan_of(&settings, 1);
    let expected = plan.cells[0].expected_requests();
    let simulated = simulate(&plan.job(plan.job_id(0))).expect("within limits").num_simulated;
    let ratio = simulated as f64 / expected;
    assert!((0.8..1.25).contains(&ratio), "{simulated} simulated, {expected} expected");
}

#[test]
fn a_job_stops_at_its_limit_of_requests() {
    let plan = plan_of(&[("mode", "mono"), ("rates", "2")], 1);
    let mut job = plan.job(plan.job_id(0));
    let simulated = simulate(&job).expect("within limits").num_simulated;
    job.max_requests = simulated;
    assert!(simulate(&job).is_err(), "one more arrival has to be looked at");
    job.max_requests = simulated + 1;
    assert_eq!(simulate(&job).expect("within limits").num_simulated, simulated);
}
