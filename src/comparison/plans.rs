//! Whether two runs can be compared cell by cell.

use std::collections::BTreeSet;

use sweep_engine::plan::Axis;
use sweep_engine::random::Seeding;

use crate::failure::Failure;
use crate::io::FinishedRun;

/// Checks that two runs have the same axes and values and draw the same random numbers; their base
/// scenarios may differ.
///
/// # Errors
/// Names the first difference and the remedy.
pub(crate) fn check_same_plan(run: &FinishedRun, other: &FinishedRun) -> Result<(), Failure> {
    match first_difference(run, other) {
        None => Ok(()),
        Some(difference) => Err(Failure::usage(format!(
            "the runs `{}` and `{}` are of different plans: {difference}",
            run.name, other.name
        ))),
    }
}

fn first_difference(run: &FinishedRun, other: &FinishedRun) -> Option<String> {
    axes_difference(run, other).or_else(|| axes_difference(other, run)).or_else(|| {
        let is_seed_swept = run.axes.iter().any(|axis| axis.key.path == "random_seed");
        if !is_seed_swept && run.seed != other.seed {
            return Some(format!(
                "seed {} and seed {}; run both with the same --seed",
                run.seed, other.seed
            ));
        }
        let independent = [run, other].into_iter().find(|run| run.seeding == Seeding::Independent);
        if let Some(independent) = independent {
            return Some(format!(
                "`{}` has independent seeding; run both with --seeding common",
                independent.name
            ));
        }
        if run.stream_version != other.stream_version {
            return Some(format!(
                "stream version {} and {}; run both with the same version of sweep",
                run.stream_version, other.stream_version
            ));
        }
        (run.draw_fingerprint != other.draw_fingerprint).then(|| {
            "their builds draw different random numbers; run both with the same build of sweep"
                .to_owned()
        })
    })
}

/// An axis or a value that `run` has and `other` has not.
fn axes_difference(run: &FinishedRun, other: &FinishedRun) -> Option<String> {
    run.axes.iter().find_map(|Axis { key, values }| {
        let Some(same) = other.axes.iter().find(|axis| axis.key.path == key.path) else {
            return Some(format!(
                "only `{}` has the axis {}; sweep the same axes in both",
                run.name, key.path
            ));
        };
        let known: BTreeSet<String> = same.values.iter().map(ToString::to_string).collect();
        let missing = values.iter().map(ToString::to_string).find(|value| !known.contains(value));
        missing.map(|value| {
            format!("only `{}` has {}={value}; sweep the same values in both", run.name, key.column)
        })
    })
}
