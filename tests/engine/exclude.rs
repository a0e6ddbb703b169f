//! The grammar of `exclude`, and its meaning in cells.

use sweep_engine::spec::{Condition, Operand, Operator, SweepSpec};

use crate::support::{Setting, plan_error, sweep, try_plan};

fn with_exclude(settings: &[Setting], exclude: &[&str]) -> SweepSpec {
    let exclude = exclude.iter().map(|&text| text.to_owned()).collect();
    SweepSpec { exclude, ..sweep(settings, 1) }
}

#[test]
fn excluded_cells_are_left_out() {
    let axes = [
        ("modes", "mono,disagg"),
        ("cluster_disagg.prefill_gpus", "1,2"),
        ("cluster_disagg.decode_gpus", "1,2"),
        ("rates", "1,2"),
    ];
    let left = |exclude: &[&str]| {
        let plan = try_plan(&with_exclude(&axes, exclude)).unwrap_or_else(|e| panic!("{e}"));
        let short = |cell| {
            let factors =
                (0..4).map(|axis| plan.factor(cell, axis).map_or("-".into(), ToString::to_string));
            factors.map(|f: String| f.chars().take(1).collect::<String>()).collect::<String>()
        };
        plan.cells.iter().map(short).collect::<Vec<_>>().join(" ")
    };
    let all = "m--1 m--2 d111 d112 d121 d122 d211 d212 d221 d222";
    assert_eq!(left(&[]), all);
    for (condition, expected) in [
        ("mode = mono", "d111 d112 d121 d122 d211 d212 d221 d222"),
        ("mode != 'mono' and rates = 1", "m--1 m--2 d112 d122 d212 d222"),
        ("rate_per_s > 1", "m--1 d111 d121 d211 d221"),
        ("rates>=1.5", "m--1 d111 d121 d211 d221"),
        ("arrival.rate_per_s == 2", "m--1 d111 d121 d211 d221"),
        ("rates < 2 and mode = disagg", "m--1 m--2 d112 d122 d212 d222"),
        // One axis against another.
        ("prefill_gpus > decode_gpus", "m--1 m--2 d111 d112 d121 d122 d221 d222"),
        ("prefill_gpus != cluster_disagg.decode_gpus", "m--1 m--2 d111 d112 d221 d222"),
        ("decode_gpus <= rate_per_s", "m--1 m--2 d121 d221"),
        // A comparison with an axis that means nothing is false, whichever way it is put.
        ("decode_gpus < 5 and rates = 1", "m--1 m--2 d112 d122 d212 d222"),
        ("decode_gpus != 7 and rates = 2", "m--1 m--2 d111 d121 d211 d221"),
        ("rates = decode_gpus", "m--1 m--2 d112 d121 d212 d221"),
        ("decode_gpus > 5", all),
    ] {
        assert_eq!(left(&[condition]), expected, "{condition}");
    }
    assert_eq!(left(&["mode = mono", "rates = 1"]), "d112 d122 d212 d222", "one is enough");
}

#[test]
fn bad_conditions_say_what_is_wrong() {
    let axes = [("modes", "mono,disagg"), ("rates", "1,2")];
    let example = "write for example `rate_per_s > 4 and mode = mono`";
    for (condition, problem) in [
        ("", format!(": a comparison is missing; {example}")),
        ("rates > 1 and", format!(": a comparison is missing; {example}")),
        ("rates", format!(": a comparison is a name, an operator and a value; {example}")),
        ("1 < rates < 2", format!(": a comparison is a name, an operator and a value; {example}")),
        ("rates ! 1", format!(": unexpected `!`; {example}")),
        ("mode = 'mono", format!(": a quote is not closed; {example}")),
        (
            "rates = 1 or rates = 2",
            format!(
                ": `or` is not known: comparisons are joined by `and`, and `exclude` takes several conditions; {example}"
            ),
        ),
        ("4 < rates", ": the left side must be an axis of the sweep".into()),
        ("mode > mono", ": `mode` takes words; compare them with = or !=".into()),
        ("mode = 3", ": `mode` takes words, not the number 3".into()),
        ("mode = dis", ": `dis`: it must be one of mono, disagg".into()),
        ("rates = mono", ": `mono`: it must be a finite number".into()),
        ("rates = mode", ": one side is a number, the other a word".into()),
        ("ratse > 1", ": unknown key `ratse`: did you mean `rates`?".into()),
        (
            "sim_seconds > 1",
            ": `sim_seconds` is no axis of this sweep; its axes are mode, arrival.rate_per_s"
                .into(),
        ),
    ] {
        assert_eq!(
            plan_error(&with_exclude(&axes, &[condition])),
            format!("bad condition `{condition}`{problem}")
        );
    }
    assert_eq!(
        plan_error(&with_exclude(&axes, &["rates > 0"])),
        "no cell is left: the exclude conditions rule out all 4 points of the grid"
    );
}

#[test]
fn conditions_are_read_with_or_without_blanks() {
    let parsed = Condition::parse("a<=1and b  =  \"x and y\"");
    assert!(parsed.is_err(), "a number ends at a blank");
    let condition = Condition::parse("a<=1 and b=\"x and y\"").expect("it is valid");
    let [first, second] = condition.0.as_slice() else { panic!("{condition:?}") };
    assert_eq!((first.operator, &first.right), (Operator::LessOrEqual, &Operand::Integer(1)));
    assert_eq!(second.right, Operand::Quoted("x and y".into()));
    assert_eq!(
        (first.operator.to_string(), second.operator.to_string()),
        ("<=".into(), "=".into())
    );
}

#[test]
fn a_column_that_two_axes_share_means_the_one_that_the_cell_has() {
    let axes = [
        ("modes", "mono,disagg"),
        ("cluster_mono.prefill_tokens_per_s", "4,5"),
        ("cluster_disagg.prefill_tokens_per_s", "3,6"),
    ];
    let plan = try_plan(&with_exclude(&axes, &["prefill_tokens_per_s >= 5"])).expect("it is valid");
    let speeds = plan.cells.iter().map(|cell| cell.scenario.cluster.prefill_tokens_per_s());
    assert_eq!(speeds.collect::<Vec<_>>(), [4.0, 3.0]);
}

#[test]
fn an_axis_that_only_excluded_cells_use_is_not_idle() {
    let axes = [("modes", "mono,disagg"), ("cluster_disagg.prefill_gpus", "1,2")];
    let plan = try_plan(&with_exclude(&axes, &["mode != mono"])).expect("it is valid");
    assert_eq!(plan.cells.len(), 1);
    let plan = try_plan(&with_exclude(&axes, &["prefill_gpus = 2"])).expect("it is valid");
    assert_eq!(plan.cells.len(), 2);
}

#[test]
fn a_condition_may_name_a_key_that_the_base_states() {
    let mut spec = with_exclude(&[("modes", "mono,disagg")], &["rate_per_s > 2 and mode = mono"]);
    spec.base.arrival.rate_per_s = Some(3.0);
    let plan = try_plan(&spec).expect("it is valid");
    assert_eq!(plan.cells.len(), 1, "the mono cell is left out");
    spec.base.arrival.rate_per_s = Some(2.0);
    assert_eq!(try_plan(&spec).expect("it is valid").cells.len(), 2);
}

#[test]
fn seeds_are_compared_with_all_their_digits() {
    let axes = [("random_seed", "9007199254740992,9007199254740993"), ("mode", "mono")];
    let left = |condition: &str| {
        let plan = try_plan(&with_exclude(&axes, &[condition])).expect("it is valid");
        plan.cells.iter().map(|cell| cell.scenario.random_seed).collect::<Vec<_>>()
    };
    assert_eq!(left("seed = 9007199254740992"), [9_007_199_254_740_993]);
    assert_eq!(left("seed > 9007199254740992"), [9_007_199_254_740_992]);
}

#[test]
fn a_number_and_a_word_of_one_axis_have_no_order_and_are_not_equal() {
    let axes = [("warmup_seconds", "0,30,auto"), ("mode", "mono")];
    let left = |condition: &str| {
        let plan = try_plan(&with_exclude(&axes, &[condition])).unwrap_or_else(|e| panic!("{e}"));
        let values = plan.cells.iter().map(|cell| plan.factor(cell, 0).map(ToString::to_string));
        values.flatten().collect::<Vec<_>>().join(" ")
    };
    for (condition, expected) in [
        ("warmup_seconds > 10", "0 auto"),
        ("warmup_seconds <= 10", "30 auto"),
        ("warmup_seconds = auto", "0 30"),
        ("warmup_seconds != auto", "auto"),
        ("warmup_seconds != 30", "30"),
    ] {
        assert_eq!(left(condition), expected, "{condition}");
    }
    assert_eq!(
        plan_error(&with_exclude(&axes, &["warmup_seconds < auto"])),
        "bad condition `warmup_seconds < auto`: `auto` has no order; compare it with = or !="
    );
}
