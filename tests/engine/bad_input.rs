//! Every way in which a scenario can make no sense, and what the user is told.

use sweep_engine::plan::{Limits, PlanError, plan};
use sweep_engine::scenario::{Defaults, Scenario, SpecError, Traces, lower, with_defaults};
use sweep_engine::spec::{Key, Kind, ScenarioSpec, Value, Warmup, parse_list};

use crate::support::{Row, Setting, sweep, trace, with_causes};

/// A scenario with these keys; numbers may be anything that a double can be.
fn scenario(settings: &[Setting]) -> ScenarioSpec {
    let mut spec = ScenarioSpec::default();
    for &(name, text) in settings {
        let key = Key::find(name).unwrap_or_else(|| panic!("{name}"));
        let value = match (key.kind, text.parse()) {
            (Kind::Number | Kind::NumberOr(_), Ok(number)) => Value::Number(number),
            (kind, _) => kind.parse(text).expect("it is of the key's kind"),
        };
        (key.set)(&mut spec, &value);
    }
    spec
}

fn traces() -> Traces {
    let rows: [Row; 3] = [(0.0, 5.0, 5.0), (2.0, 6.0, 6.0), (4.0, 7.0, 7.0)];
    let mut traces = Traces::default();
    traces.insert("t.csv", trace(&rows));
    traces.insert("one.csv", trace(&rows[..1]));
    traces
}

fn lowered(settings: &[Setting]) -> Result<Scenario, SpecError> {
    lower(&scenario(settings), Defaults::SWEEP, &traces())
}

fn assert_message(settings: &[Setting], message: &str) {
    match lowered(settings) {
        Ok(scenario) => panic!("{settings:?} was understood as {scenario:?}"),
        Err(error) => assert_eq!(error.to_string(), message, "{settings:?}"),
    }
}

#[test]
fn numbers_out_of_range_are_refused() {
    let positive_keys = [
        ("sim_seconds", ""),
        ("arrival.rate_per_s", ""),
        ("cluster_mono.prefill_tokens_per_s", "mono"),
        ("cluster_mono.decode_tokens_per_s", "mono"),
        ("cluster_disagg.prefill_tokens_per_s", "disagg"),
        ("cluster_disagg.decode_tokens_per_s", "disagg"),
        ("prompt_tokens.sigma", ""),
        ("output_tokens.sigma", ""),
    ];
    for (key, mode) in positive_keys {
        for (value, remedy) in [
            ("0", "it must be above 0"),
            ("-0", "it must be above 0"),
            ("-2", "it must be above 0"),
            ("NaN", "it must be a finite number"),
            ("inf", "it must be a finite number"),
            ("-inf", "it must be a finite number"),
        ] {
            let mode = [("mode", if mode.is_empty() { "mono" } else { mode })];
            let settings = [&mode[..], &[(key, value)]].concat();
            assert_message(&settings, &format!("`{key}` is {value}: {remedy}"));
        }
    }
    for (key, mode) in [
        ("cluster_mono.num_gpus", "mono"),
        ("cluster_disagg.prefill_gpus", "disagg"),
        ("cluster_disagg.decode_gpus", "disagg"),
    ] {
        for count in ["0", "65537"] {
            assert_message(
                &[("mode", mode), (key, count)],
                &format!("`{key}` is {count}: it must lie between 1 and 65536"),
            );
        }
        assert!(lowered(&[("mode", mode), (key, "65536")]).is_ok());
    }
}

#[test]
fn windows_without_length_are_refused() {
    for (warmup, sim, message) in [
        ("600", "600", "`warmup_seconds` is 600: it must be below sim_seconds (600)"),
        ("60", "30", "`warmup_seconds` is 60: it must be below sim_seconds (30)"),
        ("-1", "30", "`warmup_seconds` is -1: it must not be negative"),
        ("NaN", "30", "`warmup_seconds` is NaN: it must be a finite number"),
        ("inf", "30", "`warmup_seconds` is inf: it must be a finite number"),
    ] {
        assert_message(&[("warmup_seconds", warmup), ("sim_seconds", sim)], message);
    }
    assert_message(
        &[("sim_seconds", "10")],
        "`warmup_seconds` is 60: it must be below sim_seconds (10)",
    );
    assert!(lowered(&[("warmup_seconds", "0"), ("sim_seconds", "1e-3")]).is_ok());
    assert!(lowered(&[("warmup_seconds", "auto"), ("sim_seconds", "1e-3")]).is_ok());
}

/// Spelling, further settings of `prompt_tokens`, and the message after that name.
type LengthCase = (&'static str, &'static [Setting<'static>], &'static str);

const LENGTHS: [LengthCase; 30] = [
    ("log", &[("mean", "NaN")], "mean` is NaN: it must be a finite number"),
    (
        "log",
        &[("mean", "25")],
        "mean` is too large (mu 25, sigma 1): the lognormal would have a mean of 1.187e11 tokens, the limit is 1e9; `mode: log` takes the mean of the logarithm, `real_mean_std` that of the tokens",
    ),
    ("real_mean_std", &[], "mean` is missing: this mode needs it"),
    ("real_mean_std", &[("mean", "100")], "std` is missing: this mode needs it"),
    ("real_mean_std", &[("mean", "0"), ("std", "1")], "mean` is 0: it must be above 0"),
    ("real_mean_std", &[("mean", "100"), ("std", "0")], "std` is 0: it must be above 0"),
    ("real_mean_std", &[("mean", "100"), ("std", "-3")], "std` is -3: it must be above 0"),
    ("p50_p90", &[("p50", "100")], "p90` is missing: this mode needs it"),
    ("p50_p90", &[("p90", "100")], "p50` is missing: this mode needs it"),
    ("p50_p90", &[("p50", "0"), ("p90", "100")], "p50` is 0: it must be above 0"),
    ("p50_p90", &[("p50", "100"), ("p90", "100")], "p90` is 100: it must be above p50 (100)"),
    ("p50_p90", &[("p50", "100"), ("p90", "50")], "p90` is 50: it must be above p50 (100)"),
    ("fixed", &[], "value` is missing: this mode needs it"),
    ("fixed", &[("value", "-1")], "value` is -1: it must not be negative"),
    ("fixed", &[("value", "2e9")], "value` is 2000000000: the limit is 1e9 tokens"),
    ("uniform", &[("low", "1")], "high` is missing: this mode needs it"),
    ("uniform", &[("high", "1")], "low` is missing: this mode needs it"),
    ("uniform", &[("low", "5"), ("high", "5")], "high` is 5: it must be above low (5)"),
    ("uniform", &[("low", "-5"), ("high", "5")], "low` is -5: it must not be negative"),
    ("exponential", &[], "mean` is missing: this mode needs it"),
    ("exponential", &[("mean", "0")], "mean` is 0: it must be above 0"),
    ("exponential", &[("mean", "1e10")], "mean` is 10000000000: the limit is 1e9 tokens"),
    ("empirical", &[], "path` is missing: give the path of a trace"),
    ("empirical", &[("path", "none.csv")], "path` is none.csv: there is no such trace file"),
    (
        "log",
        &[("min_value", "0")],
        "min_value` is 0: it must be at least 1; `integer: false` allows 0",
    ),
    ("log", &[("min_value", "-1")], "min_value` is -1: it must not be negative"),
    ("log", &[("min_value", "1.5")], "min_value` is 1.5: it must be a whole number of tokens"),
    ("log", &[("max_value", "4")], "max_value` is 4: it must be at least min_value (8)"),
    ("log", &[("max_value", "20.5")], "max_value` is 20.5: it must be a whole number of tokens"),
    ("log", &[("max_value", "inf")], "max_value` is inf: it must be a finite number"),
];

#[test]
fn length_distributions_without_sense_are_refused() {
    for side in ["prompt_tokens", "output_tokens"] {
        for (mode, parameters, message) in LENGTHS {
            let named: Vec<(String, &str)> = std::iter::once(("mode", mode))
                .chain(parameters.iter().copied())
                .map(|(parameter, value)| (format!("{side}.{parameter}"), value))
                .collect();
            let settings: Vec<Setting> =
                named.iter().map(|(name, value)| (name.as_str(), *value)).collect();
            // The default least output is 16.
            let message = if side == "output_tokens" {
                message.replace("min_value (8)", "min_value (16)")
            } else {
                message.to_owned()
            };
            assert_message(&settings, &format!("`{side}.{message}"));
        }
    }
    let real = [("prompt_tokens.integer", "false"), ("prompt_tokens.min_value", "0")];
    assert!(lowered(&real).is_ok());
}

#[test]
fn parameters_of_another_spelling_are_refused() {
    for (mode, parameter, modes) in [
        ("log", "std", "real_mean_std"),
        ("log", "p50", "p50_p90"),
        ("log", "value", "fixed"),
        ("p50_p90", "mean", "log or real_mean_std or exponential"),
        ("real_mean_std", "sigma", "log"),
        ("fixed", "high", "uniform"),
        ("exponential", "sigma", "log"),
    ] {
        for side in ["prompt_tokens", "output_tokens"] {
            let (mode_key, key) = (format!("{side}.mode"), format!("{side}.{parameter}"));
            assert_message(
                &[(&mode_key, mode), (&key, "5")],
                &format!(
                    "`{key}` has no meaning with `{mode_key}: {mode}`: remove it, \
                     or set {mode_key} to {modes}"
                ),
            );
        }
    }
    // Without a spelling it is the default one.
    assert_message(
        &[("output_tokens.path", "t.csv")],
        "`output_tokens.path` has no meaning with `output_tokens.mode: log`: remove it, \
         or set output_tokens.mode to empirical",
    );
}

#[test]
fn traces_without_sense_are_refused() {
    let repeated = "to be repeated or rescaled it needs two requests at different times; \
                    set arrival.repeat: false and no rate, or choose a longer part";
    let path = ("arrival.path", "t.csv");
    let cases: [(&[Setting], String); 12] = [
        (&[], "`arrival.path` is missing: give the path of a trace".into()),
        (
            &[("arrival.path", "none.csv")],
            "`arrival.path` is none.csv: there is no such trace file".into(),
        ),
        (
            &[path, ("arrival.window.start_s", "5")],
            "`arrival.path` is t.csv: none of its requests lies in arrival.window (5 s to its end)"
                .into(),
        ),
        (
            &[path, ("arrival.window.start_s", "2.5"), ("arrival.window.end_s", "4")],
            "`arrival.path` is t.csv: none of its requests lies in arrival.window (2.5 s to 4 s)"
                .into(),
        ),
        (
            &[path, ("arrival.window.start_s", "-1")],
            "`arrival.window.start_s` is -1: it must not be negative".into(),
        ),
        (
            &[path, ("arrival.window.start_s", "3"), ("arrival.window.end_s", "3")],
            "`arrival.window.end_s` is 3: it must be above arrival.window.start_s (3)".into(),
        ),
        (
            &[path, ("arrival.window.end_s", "inf")],
            "`arrival.window.end_s` is inf: it must be a finite number".into(),
        ),
        (
            &[path, ("arrival.block_requests", "0")],
            "`arrival.block_requests` is 0: it must lie between 1 and the 3 requests of the trace"
                .into(),
        ),
        (
            &[path, ("arrival.block_requests", "4")],
            "`arrival.block_requests` is 4: it must lie between 1 and the 3 requests of the trace"
                .into(),
        ),
        (&[("arrival.path", "one.csv")], format!("`arrival.path` is one.csv: {repeated}")),
        (
            &[("arrival.path", "one.csv"), ("arrival.repeat", "false"), ("rates", "1")],
            format!("`arrival.path` is one.csv: {repeated}"),
        ),
        (&[path, ("rates", "0")], "`arrival.rate_per_s` is 0: it must be above 0".into()),
    ];
    for (settings, message) in cases {
        assert_message(&[&[("arrival.kind", "trace")], settings].concat(), &message);
    }
}

#[test]
fn defaults_are_the_documented_ones() {
    let full = |mode: &str| {
        let spec = with_defaults(&scenario(&[("mode", mode)]), Defaults::SWEEP);
        Key::all()
            .filter_map(|key| (key.get)(&spec).map(|value| format!("{}={value}", key.path)))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let common = |mode: &str| {
        format!(
            "mode={mode} sim_seconds=600 warmup_seconds=60 random_seed=42 observe=events \
             arrival.kind=poisson arrival.rate_per_s=2 "
        )
    };
    let lengths = " prompt_tokens.mode=log prompt_tokens.mean=6 prompt_tokens.sigma=1 \
                   prompt_tokens.min_value=8 prompt_tokens.integer=true output_tokens.mode=log \
                   output_tokens.mean=6 output_tokens.sigma=1 output_tokens.min_value=16 \
                   output_tokens.integer=true";
    assert_eq!(
        full("mono"),
        common("mono")
            + "cluster_mono.num_gpus=4 cluster_mono.prefill_tokens_per_s=8000 \
               cluster_mono.decode_tokens_per_s=2000"
            + lengths
    );
    assert_eq!(
        full("disagg"),
        common("disagg")
            + "cluster_disagg.prefill_gpus=2 cluster_disagg.decode_gpus=2 \
               cluster_disagg.prefill_tokens_per_s=8000 cluster_disagg.decode_tokens_per_s=2000"
            + lengths
    );
    let traced = scenario(&[("arrival.kind", "trace")]);
    for (defaults, repeat) in [(Defaults::SWEEP, true), (Defaults::SIMULATE, false)] {
        let full = with_defaults(&traced, defaults);
        assert_eq!((full.arrival.repeat, full.arrival.rate_per_s), (Some(repeat), None));
        assert_eq!(full.prompt_tokens, traced.prompt_tokens, "lengths stay as recorded");
    }
}

#[test]
fn a_bad_cell_is_named_and_a_bad_base_is_not() {
    let spec = sweep(&[("rates", "1,2"), ("warmup_seconds", "60,900")], 1);
    let error = plan(&spec, &Traces::default(), Limits::default()).expect_err("it is bad");
    assert_eq!(
        with_causes(&error),
        "bad cell rate_per_s=1, warmup_seconds=900: `warmup_seconds` is 900: it must be below \
         sim_seconds (600)"
    );
    let mut spec = sweep(&[], 1);
    spec.base.warmup_seconds = Some(Warmup::Seconds(900.0));
    let error = plan(&spec, &Traces::default(), Limits::default()).expect_err("it is bad");
    assert_eq!(error.to_string(), "`warmup_seconds` is 900: it must be below sim_seconds (600)");
    assert!(matches!(error, PlanError::BadBase(SpecError::Invalid { .. })));
}

#[test]
fn stated_keys_without_a_meaning_are_refused() {
    let leftover = |spec: &ScenarioSpec| {
        lower(spec, Defaults::SWEEP, &traces()).expect_err("it is a leftover").to_string()
    };
    let mut spec = ScenarioSpec::default();
    spec.arrival.path = Some("t.csv".into());
    assert_eq!(
        leftover(&spec),
        "`arrival.path` has no meaning with `arrival.kind: poisson`: remove it, or set \
         arrival.kind to trace"
    );
    let mut spec = scenario(&[("arrival.kind", "trace"), ("arrival.path", "t.csv")]);
    spec.output_tokens.mean = Some(5.0);
    assert_eq!(
        leftover(&spec),
        "`output_tokens.mean` has no meaning with `arrival.kind: trace`: remove it, or set \
         arrival.kind to poisson or deterministic"
    );
    // The other cluster may be described, so that one base serves both modes.
    let spec = scenario(&[("mode", "mono"), ("cluster_disagg.decode_gpus", "3")]);
    lower(&spec, Defaults::SWEEP, &traces()).expect("it is valid");
    // But not by what no file in JSON can say.
    for number in ["NaN", "-inf"] {
        assert_message(
            &[("mode", "mono"), ("cluster_disagg.decode_tokens_per_s", number)],
            &format!(
                "`cluster_disagg.decode_tokens_per_s` is {number}: it must be a finite number"
            ),
        );
    }
}

#[test]
fn switching_the_kind_of_arrivals_forgets_what_only_the_former_kind_had() {
    let traced = scenario(&[
        ("prompt_tokens.mode", "fixed"),
        ("prompt_tokens.value", "5"),
        ("prompt_tokens.max_value", "9"),
        ("arrival.path", "t.csv"),
        ("arrival.kind", "trace"),
    ]);
    assert_eq!(traced.prompt_tokens.value, None);
    assert_eq!(traced.prompt_tokens.max_value, Some(9.0), "bounds hold for recorded lengths, too");
    let drawn = scenario(&[("arrival.path", "t.csv"), ("rates", "3"), ("arrival.kind", "poisson")]);
    assert_eq!((drawn.arrival.path, drawn.arrival.rate_per_s), (None, Some(3.0)));
}

#[test]
fn numbers_without_sense_are_refused() {
    assert_message(
        &[("rates", "1e300")],
        "`arrival.rate_per_s` is 1e300: it must lie between 1e-9 and 1000000000",
    );
    assert_message(
        &[("prefill", "1e-308")],
        "`cluster_disagg.prefill_tokens_per_s` is 1e-308: it must lie between 0.000001 and 1000000000000000",
    );
    assert_message(
        &[("sim_seconds", "1e13")],
        "`sim_seconds` is 10000000000000: it must lie between 0 and 1000000000000",
    );
    assert_message(
        &[
            ("prompt_tokens.mode", "real_mean_std"),
            ("prompt_tokens.mean", "500"),
            ("prompt_tokens.std", "1e-170"),
        ],
        "`prompt_tokens.mean` is too close to the other parameter (sigma 0): use `mode: fixed`",
    );
    let zero_twice = parse_list("0,-0", Kind::Number).expect_err("they are the same");
    assert_eq!(zero_twice.to_string(), "the value 0 stands twice: remove one");
}
