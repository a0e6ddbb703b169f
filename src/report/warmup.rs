//! What is said of warm-ups that `auto` found, or did not.

use sweep_engine::plan::{Cell, Plan, WarmupOrigin};
use sweep_engine::warmup::{DeletionPoint, Finding, PILOTS};

use super::numbers::{grouped, significant};
use super::output::warning;

const NOT_FOUND: &str =
    "the pilots of `warmup_seconds: auto` had not settled in half of their time";

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

/// What to do about cells of which the pilots did not settle.
pub(super) fn not_found_warning(plan: &Plan) -> Option<String> {
    let is_lost = |cell: &&Cell| cell.warmup == WarmupOrigin::Frozen(Finding::NotFound);
    let cells = match plan.cells.iter().filter(is_lost).count() {
        0 => return None,
        1 => "1 cell".to_owned(),
        count => format!("{} cells", grouped(count as u64)),
    };
    Some(format!(
        "{NOT_FOUND} in {cells}: that half is deleted, and what remains may still be biased; \
         lengthen --sim-seconds"
    ))
}

/// Warns about the deletion point of a single simulation.
pub(crate) fn warn_of_warmup(point: &DeletionPoint) {
    match point.finding {
        Finding::Found => {}
        Finding::NotFound => warning(&format!(
            "{NOT_FOUND}: that half is deleted, and what remains may still be biased; lengthen \
             --sim-seconds"
        )),
        Finding::Saturated => warning(&format!(
            "a saturated system has no steady state to warm up to: `warmup_seconds: auto` is {} s",
            significant(point.warmup_seconds)
        )),
    }
}
