//! A wanted precision: how it is checked, when a cell is looked at, which cells fit into memory.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use sweep_engine::plan::{Cell, Limits, Plan, Precision, plan};
use sweep_engine::scenario::Traces;
use sweep_engine::spec::{PrecisionSpec, SweepSpec};

use crate::support::{plan_error, plan_of, sweep, try_plan};

/// Two cells with this wanted precision.
fn wanted(replications: u32, relative: Option<f64>, max_replications: Option<u32>) -> SweepSpec {
    let precision = Some(PrecisionSpec { relative, of: None, max_replications });
    SweepSpec { precision, ..sweep(&[("rates", "1,2"), ("mode", "mono")], replications) }
}

fn looks(replications: u32, max_replications: u32) -> Vec<u32> {
    let precision = Precision { relative: 0.1, of: Vec::new(), max_replications };
    std::iter::successors(Some(replications), |look| precision.next_look(*look)).collect()
}

#[test]
fn looks_double_up_to_the_cap() {
    assert_eq!(looks(10, 100), [10, 20, 40, 80, 100]);
    assert_eq!(looks(10, 80), [10, 20, 40, 80]);
    assert_eq!(looks(2, 3), [2, 3]);
    assert_eq!(looks(7, 7), [7]);
    assert_eq!(looks(3_000_000_000, u32::MAX), [3_000_000_000, u32::MAX]);
}

#[test]
fn what_is_not_said_has_a_default() {
    let plan = try_plan(&wanted(10, Some(0.05), None)).unwrap();
    let of = ["pooled_p99_ttft_s", "mean_ttft_s"].map(str::to_owned).to_vec();
    assert_eq!(plan.precision, Some(Precision { relative: 0.05, of, max_replications: 1000 }));
    assert_eq!(try_plan(&sweep(&[("rates", "1")], 10)).unwrap().precision, None);
    assert_eq!(try_plan(&sweep(&[("rates", "1")], 10)).unwrap().confidence, 0.95);
}

#[test]
fn a_precision_that_makes_no_sense_is_told_with_its_remedy() {
    let between = "it must lie between 0 and 1, such as 0.05 for half widths of 5 %";
    for (relative, text) in [
        (0.0, "0"),
        (1.0, "1"),
        (-0.05, "-0.05"),
        (5.0, "5"),
        (f64::NAN, "NaN"),
        (f64::INFINITY, "inf"),
    ] {
        let message = plan_error(&wanted(10, Some(relative), None));
        assert_eq!(message, format!("precision is {text}: {between}"));
    }
    let message = plan_error(&wanted(10, None, None));
    assert!(message.starts_with("the wanted precision is missing: say --precision"), "{message}");
    let message = plan_error(&wanted(10, Some(0.1), Some(9)));
    assert!(message.starts_with("max_replications is 9: it must be at least the 10"), "{message}");
    for max_replications in [None, Some(1), Some(2)] {
        let message = plan_error(&wanted(1, Some(0.1), max_replications));
        assert!(message.starts_with("replications is 1: a wanted precision"), "{message}");
    }
    let mut nothing = wanted(10, Some(0.1), None);
    nothing.precision.as_mut().unwrap().of = Some(Vec::new());
    assert!(plan_error(&nothing).starts_with("precision is wanted of no result"));
    // However long the list is.
    let mut twice = wanted(10, Some(0.1), None);
    let names = (0..500_000).map(|i| i.to_string()).chain(["7".to_owned()]);
    twice.precision.as_mut().unwrap().of = Some(names.collect());
    assert_eq!(plan_error(&twice), "precision is wanted of `7` twice: name it once in `of`");
}

#[test]
fn the_cap_counts_against_the_limit_of_jobs() {
    let of_limit = |jobs| {
        let limits = Limits { jobs, ..Limits::default() };
        plan(&wanted(10, Some(0.1), Some(500)), &Traces::default(), limits)
    };
    assert!(of_limit(1_000).is_ok());
    let message = of_limit(999).unwrap_err().to_string();
    assert!(message.starts_with("up to 500 replications of 2 cells are 1000 jobs"), "{message}");
}

#[test]
fn confidence_levels_have_finite_intervals_of_some_width() {
    let of = |level| SweepSpec { confidence: Some(level), ..sweep(&[("rates", "1")], 10) };
    for level in [1e-6, 0.5, 0.95, 0.999_999, 1.0 - 1e-9] {
        assert_eq!(try_plan(&of(level)).unwrap().confidence, level);
    }
    for level in [-0.5, 0.0, 1e-7, 1.0 - 1e-10, 1.0, 95.0, f64::NAN, f64::INFINITY] {
        let message = plan_error(&of(level));
        let remedy = "it must lie between 0.000001 and 0.999999999, such as 0.95";
        assert_eq!(message, format!("confidence is {level}: {remedy}"));
    }
}

#[test]
fn neither_precision_nor_confidence_names_another_plan() {
    let plain = try_plan(&sweep(&[("rates", "1,2"), ("mode", "mono")], 10)).unwrap();
    let precise = SweepSpec { confidence: Some(0.9), ..wanted(20, Some(0.1), None) };
    assert_eq!(try_plan(&precise).unwrap().hash, plain.hash);
}

proptest! {
    #![proptest_config(Config { cases: 60, rng_seed: RngSeed::Fixed(12), ..Config::default() })]

    /// The most cells from the first whose samples stay below the bound, at least one.
    #[test]
    fn cells_fit_by_the_samples_of_their_own_look(
        replications in prop::collection::vec(0_u32..4_000, 1..40)
    ) {
        let plan = plan_of(&[("rates", "1:50:1"), ("mode", "mono"), ("sim_seconds", "1000")], 4_000);
        let cells = &plan.cells;
        let looks: Vec<(&Cell, u32)> = cells.iter().zip(replications).collect();
        // Of more replications than 32, samples are narrowed on the way.
        let together = |count: usize| -> f64 {
            let samples = |(cell, replications): &(&Cell, u32)| {
                let whole = if plan.narrows(cell) { 32 } else { u32::MAX };
                cell.expected_requests() * f64::from(whole.min(*replications))
            };
            looks[..count].iter().map(samples).sum()
        };
        let most = plan.limits.samples_at_once as f64;
        let count = plan.fitting(looks.iter().copied());
        prop_assert!((1..=looks.len()).contains(&count));
        prop_assert!(together(count) <= most || together(count - 1) == 0.0);
        prop_assert!(count == looks.len() || together(count + 1) > most);
    }
}

#[test]
fn no_cell_fits_where_there_is_none() {
    assert_eq!(plan_of(&[("mode", "mono")], 1).fitting([]), 0);
}

#[test]
fn cells_that_may_become_histograms_are_not_narrowed() {
    // 600,000 expected samples a run; 16,777,216 of 32 replications are kept one by one.
    let plan = plan_of(&[("mode", "mono"), ("sim_seconds", "300000")], 20);
    assert!(plan.narrows(&plan.cells[0]));
    let plan = plan_of(&[("mode", "mono"), ("sim_seconds", "300000")], 40);
    assert!(!plan.narrows(&plan.cells[0]));
    assert_eq!(plan.fitting([(&plan.cells[0], 40), (&plan.cells[0], 1)]), 1);
}

#[test]
fn samples_are_narrowed_after_32_replications_then_twice_as_many() {
    let next = [0, 31, 32, 63, 64, 100, 1_000].map(Plan::next_narrowing);
    assert_eq!(next, [32, 32, 64, 64, 128, 128, 1_024]);
}
