//! Conditions of `exclude`.

use sweep_engine::plan::{PlanError, plan};
use sweep_engine::spec::{AxisSpec, AxisValues, Comparison, Condition, Operand, SweepSpec};

use crate::support::{LIMITS, check_plan, explain, traces};

/// Reads a condition, which reads the same when it is printed, and leaves cells of a sweep out.
pub fn exclude(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let condition = Condition::parse(text);
    if let Ok(condition) = &condition {
        let again = Condition::parse(&printed(condition));
        assert_eq!(again.as_ref(), Ok(condition), "a printed condition is the condition");
    }
    let traces = traces();
    match plan(&sweep(text), &traces, LIMITS) {
        Ok(plan) => {
            assert!(condition.is_ok(), "only a condition leaves something out");
            check_plan(&plan, &traces);
        }
        Err(error) => {
            assert_eq!(matches!(error, PlanError::BadCondition(_)), condition.is_err(), "{error}");
            explain(&error);
        }
    }
}

/// Axes of numbers, counts, words and both, some of which mean nothing in some cells.
fn sweep(condition: &str) -> SweepSpec {
    let axes = [
        ("modes", "mono,disagg"),
        ("rates", "0.5,2"),
        ("warmup_seconds", "0,30,auto"),
        ("decode_gpus", "1,3"),
        ("cluster_mono.prefill_tokens_per_s", "4000,8000"),
        ("cluster_disagg.prefill_tokens_per_s", "4000"),
    ];
    let axes = axes.map(|(name, values)| AxisSpec {
        name: name.to_owned(),
        values: AxisValues::Text(values.to_owned()),
    });
    let mut spec = SweepSpec {
        axes: axes.into(),
        exclude: vec![condition.to_owned()],
        replications: 1,
        ..SweepSpec::default()
    };
    spec.base.random_seed = Some(7);
    spec
}

fn printed(condition: &Condition) -> String {
    let comparisons = condition.0.iter().map(|Comparison { left, operator, right }| {
        format!("{} {operator} {}", operand(left), operand(right))
    });
    comparisons.collect::<Vec<_>>().join(" and ")
}

fn operand(operand: &Operand) -> String {
    match operand {
        Operand::Word(word) => word.clone(),
        Operand::Quoted(word) if word.contains('\'') => format!("\"{word}\""),
        Operand::Quoted(word) => format!("'{word}'"),
        Operand::Integer(number) => number.to_string(),
        Operand::Number(number) => format!("{number:?}"),
    }
}
