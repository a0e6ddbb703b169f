//! The key table against the scenario's serde types, and against plans.

use serde_json::{Map, Value as Json, json};
use sweep_engine::plan::{Limits, PlanError, plan};
use sweep_engine::scenario::Traces;
use sweep_engine::spec::{Key, Kind, Rank, ScenarioSpec, TokenMode, Value};

use crate::support::{sweep, trace};

/// Values of a kind, as text.
fn examples(kind: Kind) -> Vec<String> {
    match kind {
        Kind::Number => vec!["1.5".into()],
        Kind::NumberOr(words) => {
            words.iter().map(|&word| word.to_owned()).chain(["1.5".into()]).collect()
        }
        Kind::Count | Kind::Seed => vec!["3".into()],
        Kind::Flag => vec!["true".into(), "false".into()],
        Kind::Word(words) => words.iter().map(|&word| word.to_owned()).collect(),
        Kind::Path => vec!["t.csv".into()],
    }
}

/// Dotted paths and values of all leaves.
fn leaves(json: &Json, prefix: &str) -> Vec<(String, Json)> {
    let Json::Object(map) = json else { return vec![(prefix.to_owned(), json.clone())] };
    let name = |key: &str| if prefix.is_empty() { key.into() } else { format!("{prefix}.{key}") };
    map.iter().flat_map(|(key, value)| leaves(value, &name(key))).collect()
}

/// Keys with a field of their own; the others set the field of both clusters.
fn field_keys() -> impl Iterator<Item = &'static Key> {
    Key::all().filter(|key| !is_shortcut(key))
}

fn is_shortcut(key: &Key) -> bool {
    ["prefill_tokens_per_s", "decode_tokens_per_s"].contains(&key.path)
}

#[test]
fn each_key_sets_the_field_of_its_path_and_no_other() {
    for key in field_keys() {
        for text in examples(key.kind) {
            let value = key.kind.parse(&text).expect("the example is valid");
            let mut spec = ScenarioSpec::default();
            (key.set)(&mut spec, &value);
            let json = serde_json::to_value(&spec).expect("it serialises");
            let expected = serde_json::to_value(&value).expect("it serialises");
            assert_eq!(leaves(&json, ""), [(key.path.to_owned(), expected)]);
            assert_eq!((key.get)(&spec), Some(value), "{}", key.path);
            let again: ScenarioSpec = serde_json::from_value(json).expect("it deserialises");
            assert_eq!(again, spec);
        }
    }
}

#[test]
fn a_shortcut_sets_the_speed_of_both_clusters() {
    for key in Key::all().filter(|key| is_shortcut(key)) {
        let mut spec = ScenarioSpec::default();
        (key.set)(&mut spec, &Value::Number(1.5));
        let json = serde_json::to_value(&spec).expect("it serialises");
        let mut paths: Vec<String> = leaves(&json, "").into_iter().map(|leaf| leaf.0).collect();
        paths.sort_unstable();
        assert_eq!(paths, ["cluster_disagg.", "cluster_mono."].map(|p| p.to_owned() + key.path));
        assert_eq!((key.get)(&spec), None);
    }
}

/// What a message of serde quotes: the unknown name, then all known ones.
fn quoted(message: &str) -> Vec<&str> {
    message.split('`').skip(1).step_by(2).collect()
}

/// Every field that serde knows has a key: unknown fields are refused with a list of the known.
#[test]
fn every_field_of_a_scenario_has_a_key() {
    let fields = |section: &str| {
        let unknown = json!({ "none": 0 });
        let json = match section {
            "" => unknown,
            _ => section.rsplit('.').fold(unknown, |inner, name| json!({ name: inner })),
        };
        let message =
            serde_json::from_value::<ScenarioSpec>(json).expect_err("unknown").to_string();
        quoted(&message)[1..].iter().map(|&name| name.to_owned()).collect::<Vec<_>>()
    };
    let sections = [
        "slo",
        "arrival",
        "arrival.window",
        "prompt_tokens",
        "output_tokens",
        "cluster_mono",
        "cluster_disagg",
    ];
    let mut paths: Vec<String> = fields("").into_iter().collect();
    for section in sections {
        paths.extend(fields(section).into_iter().map(|name| format!("{section}.{name}")));
    }
    paths.retain(|path| !sections.contains(&path.as_str()));
    let mut keys: Vec<String> = field_keys().map(|key| key.path.to_owned()).collect();
    paths.sort();
    keys.sort();
    assert_eq!(paths, keys);
}

#[test]
fn a_full_scenario_survives_json() {
    let mut spec = ScenarioSpec::default();
    // Modes first: setting one forgets the parameters of others.
    for structural in [true, false] {
        for key in field_keys().filter(|key| (key.rank != Rank::Value) == structural) {
            let text = examples(key.kind).pop().expect("there is one");
            (key.set)(&mut spec, &key.kind.parse(&text).expect("it is valid"));
        }
    }
    let json = serde_json::to_value(&spec).expect("it serialises");
    assert_eq!(leaves(&json, "").len(), field_keys().count());
    assert_eq!(serde_json::from_value::<ScenarioSpec>(json).expect("it deserialises"), spec);
    let nothing = serde_json::to_value(ScenarioSpec::default()).expect("it serialises");
    assert_eq!(nothing, Json::Object(Map::new()));
}

#[test]
fn a_value_of_another_kind_is_ignored_or_cleared_but_never_misread() {
    for key in Key::all() {
        let mut spec = ScenarioSpec::default();
        let wrong = match key.kind {
            Kind::Flag => Value::Number(1.0),
            _ => Value::Flag(true),
        };
        (key.set)(&mut spec, &wrong);
        assert_eq!(spec, ScenarioSpec::default(), "{}", key.path);
    }
}

#[test]
fn names_are_unique_and_explained() {
    let mut names: Vec<&str> = Vec::new();
    for key in Key::all() {
        assert!(key.meaning.len() > 10 && !key.meaning.ends_with('.'), "{}", key.path);
        names.push(key.path);
        names.extend(key.aliases);
        for name in std::iter::once(&key.path).chain(key.aliases) {
            assert_eq!(Key::find(name).map(|found| found.path), Some(key.path));
        }
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn words_are_those_of_serde() {
    for key in Key::all() {
        let Kind::Word(words) = key.kind else { continue };
        let json = key.path.rsplit('.').fold(json!("none"), |inner, name| json!({ name: inner }));
        let message =
            serde_json::from_value::<ScenarioSpec>(json).expect_err("unknown").to_string();
        assert_eq!(quoted(&message)[1..], *words, "{}", key.path);
    }
    let key = Key::find("prompt_tokens.mode").expect("it is known");
    let Kind::Word(words) = key.kind else { panic!("{:?}", key.kind) };
    assert_eq!(words, TokenMode::ALL.map(TokenMode::name));
}

/// What else a key needs to be an axis of a valid sweep.
fn company(path: &str) -> Vec<(&'static str, &'static str)> {
    let (prompt, parameter) = match path.split_once("_tokens.") {
        Some((side, parameter)) => (side == "prompt", parameter),
        None => (true, ""),
    };
    let side = |prompt_name, output_name| if prompt { prompt_name } else { output_name };
    let mode = side("prompt_tokens.mode", "output_tokens.mode");
    match path {
        _ if path.starts_with("cluster_mono") => vec![("mode", "mono")],
        "arrival.path" => vec![("arrival.kind", "trace")],
        _ if path.starts_with("arrival.")
            && path != "arrival.kind"
            && path != "arrival.rate_per_s" =>
        {
            vec![("arrival.kind", "trace"), ("arrival.path", "t.csv")]
        }
        _ => match parameter {
            "std" => vec![
                (mode, "real_mean_std"),
                (side("prompt_tokens.mean", "output_tokens.mean"), "9"),
            ],
            "p50" => vec![(mode, "p50_p90"), (side("prompt_tokens.p90", "output_tokens.p90"), "9")],
            "p90" => vec![(mode, "p50_p90"), (side("prompt_tokens.p50", "output_tokens.p50"), "1")],
            "value" => vec![(mode, "fixed")],
            "low" => {
                vec![(mode, "uniform"), (side("prompt_tokens.high", "output_tokens.high"), "9")]
            }
            "high" => {
                vec![(mode, "uniform"), (side("prompt_tokens.low", "output_tokens.low"), "1")]
            }
            "path" => vec![(mode, "empirical")],
            _ => Vec::new(),
        },
    }
}

/// Two valid values of a key.
fn two_values(key: &Key) -> &'static str {
    match key.path {
        "arrival.kind" => "poisson,deterministic",
        "arrival.window.end_s" => "50,60",
        "sim_seconds" => "100,200",
        "prompt_tokens.mode" | "output_tokens.mode" => "log",
        "prompt_tokens.max_value" | "output_tokens.max_value" => "20,30",
        _ => match key.kind {
            Kind::Number | Kind::Count | Kind::Seed => "2,3",
            Kind::NumberOr(_) => "2,auto",
            Kind::Flag => "true,false",
            Kind::Word(words) if words.contains(&"mono") => "mono,disagg",
            Kind::Word(_) => "events,arrivals",
            Kind::Path => "t.csv,u.csv",
        },
    }
}

#[test]
fn every_key_can_be_an_axis() {
    let rows: Vec<_> = (0..100_u32).map(f64::from).map(|i| (i, i, i)).collect();
    let mut traces = Traces::default();
    traces.insert("t.csv", trace(&rows));
    traces.insert("u.csv", trace(&rows[..50]));
    for key in Key::all() {
        let mut settings = company(key.path);
        settings.push((key.path, two_values(key)));
        let spec = sweep(&settings, 1);
        let plan = plan(&spec, &traces, Limits::default())
            .unwrap_or_else(|error| panic!("{}: {error}", key.path));
        let axis = plan.axes.last().expect("there is one");
        assert_eq!((axis.key.path, plan.cells.len()), (key.path, axis.values.len()));
        for (cell, value) in plan.cells.iter().zip(&axis.values) {
            assert_eq!(plan.factor(cell, plan.axes.len() - 1), Some(value));
            // The own-mode keys keep no value of their own.
            let stated = (key.get)(&plan.cell_spec(cell));
            assert_eq!(stated.as_ref(), Some(value).filter(|_| !is_shortcut(key)));
        }
    }
}

#[test]
fn unknown_keys_are_met_with_the_nearest() {
    for (name, hint) in [
        ("arival.rate_per_s", "did you mean `arrival.rate_per_s`?"),
        ("rate", "did you mean `rates`?"),
        ("p50", "did you mean `prompt_tokens.p50`?"),
        ("num_gpu", "did you mean `num_gpus`?"),
        ("decode_gpu", "did you mean `decode_gpus`?"),
        ("gpus", "`sweep columns --keys` lists all keys"),
        ("a", "`sweep columns --keys` lists all keys"),
        ("prompt_token.mean", "did you mean `prompt_tokens.mean`?"),
        ("zzzzzzzz", "`sweep columns --keys` lists all keys"),
    ] {
        let error = plan(&sweep(&[(name, "1")], 1), &Traces::default(), Limits::default())
            .expect_err("the key is unknown");
        assert_eq!(error, PlanError::UnknownAxis { name: name.to_owned(), hint: hint.to_owned() });
        assert_eq!(error.to_string(), format!("unknown key `{name}`: {hint}"));
    }
}

#[test]
fn a_name_as_long_as_a_file_is_near_to_nothing_at_once() {
    assert_eq!(Key::nearest(&"rates".repeat(1_000_000)), None);
}
