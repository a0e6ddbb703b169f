//! Finds the warm-up of every cell that leaves it open, on the threads of the run.

use std::ops::Range;

use sweep_engine::model::Scratch;
use sweep_engine::plan::{Cell, Plan, WarmupOrigin, stream_key};
use sweep_engine::warmup::detect;

use crate::failure::Failure;
use crate::runner::Runner;

/// Freezes what `warmup_seconds: auto` means in some cells. Each depends on its own pilots alone, so the
/// threads do not matter.
///
/// # Errors
/// Interrupted.
pub(crate) fn freeze_warmups(
    plan: &mut Plan,
    cells: Range<usize>,
    runner: &Runner,
) -> Result<(), Failure> {
    let seeding = plan.seeding;
    let cells = plan.cells[cells].iter_mut();
    let open: Vec<&mut Cell> = cells.filter(|cell| cell.warmup == WarmupOrigin::Open).collect();
    let freeze = |cell: &mut Cell| {
        let Cell { scenario, load, .. } = &*cell;
        let key = stream_key(scenario, seeding);
        let point = detect(scenario, load, &key, &mut Scratch::default(), runner.progress())
            .map_err(|_| Failure::Interrupted)?;
        cell.freeze_warmup(point);
        Ok(())
    };
    runner.map(open, freeze).into_iter().collect()
}
