//! What is said of warm-ups that `auto` found, or did not.

use sweep_engine::plan::{Cell, Plan, WarmupOrigin};
use sweep_engine::warmup::{DeletionPoint, Finding, PILOTS};

use super::output::warning;
use crate::numbers::{grouped, significant};
use crate::problems::not_found_sentence;

/// The start of a cell's window in a table.
pub(super) fn warmup_text(cell: &Cell) -> String {
    let seconds = significant(cell.scenario.warmup_seconds);
    match cell.warmup {
        WarmupOrigin::Frozen(Finding::NotFound) => format!("{seconds} (not found)"),
        WarmupOrigin::Open => "auto".to_owned(),
        WarmupOrigin::Stated | WarmupOrigin::Frozen(_) => seconds,
    }
}

/// `warm-up: 3 cells by 20 pilots each, 1.5 s to 21 s; 1 saturated cell without pilots, 60 s`;
/// `None` if no cell has `auto`.
pub(super) fn warmup_note(plan: &Plan) -> Option<String> {
    let group = |is_saturated: bool, how: &str| {
        let starts = plan.cells.iter().filter_map(|cell| match cell.warmup {
            WarmupOrigin::Frozen(finding) if is_saturated == (finding == Finding::Saturated) => {
                Some(cell.scenario.warmup_seconds)
            }
            _ => None,
        });
        let starts: Vec<f64> = starts.collect();
        let low_s = starts.iter().copied().min_by(f64::total_cmp)?;
        let high_s = starts.iter().copied().max_by(f64::total_cmp)?;
        let mut text = format!(
            "{} {}{} {how}, {} s",
            grouped(starts.len() as u64),
            if is_saturated { "saturated " } else { "" },
            if starts.len() == 1 { "cell" } else { "cells" },
            significant(low_s),
        );
        if low_s < high_s {
            text = format!("{text} to {} s", significant(high_s));
        }
        Some(text)
    };
    let groups = [
        group(false, &format!("by {PILOTS} pilots each")),
        group(true, "without pilots, for want of a steady state"),
    ];
    let groups: Vec<String> = groups.into_iter().flatten().collect();
    (!groups.is_empty()).then(|| format!("warm-up: {}", groups.join("; ")))
}

/// Warns about the deletion point of a single simulation.
pub(crate) fn warn_of_warmup(point: &DeletionPoint) {
    match point.finding {
        Finding::Found => {}
        Finding::NotFound => warning(&not_found_sentence("")),
        Finding::Saturated => warning(&format!(
            "a saturated system has no steady state to warm up to: `warmup_seconds: auto` is {} s",
            significant(point.warmup_seconds)
        )),
    }
}
