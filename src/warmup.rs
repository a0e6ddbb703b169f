//! Finds the warm-up of every cell that leaves it open, on the threads of the run.

use sweep_engine::model::Scratch;
use sweep_engine::plan::{Cell, Plan, WarmupOrigin, stream_key};
use sweep_engine::progress::Progress;
use sweep_engine::warmup::detect;

use crate::failure::Failure;
use crate::runner::Runner;

/// Freezes what `warmup_seconds: auto` means. Each cell depends on its own pilots alone, so the threads
/// do not matter.
///
/// # Errors
/// Interrupted, or the threads could not be started.
pub(crate) fn freeze_warmups(
    plan: &mut Plan,
    threads: Option<usize>,
    progress: &dyn Progress,
) -> Result<(), Failure> {
    let seeding = plan.seeding;
    let cells = plan.cells.iter_mut();
    let open: Vec<&mut Cell> = cells.filter(|cell| cell.warmup == WarmupOrigin::Open).collect();
    if open.is_empty() {
        return Ok(());
    }
    let freeze = |cell: &mut Cell| {
        let Cell { scenario, load, .. } = &*cell;
        let key = stream_key(scenario, seeding);
        let point = detect(scenario, load, &key, &mut Scratch::default(), progress)
            .map_err(|_| Failure::Interrupted)?;
        cell.freeze_warmup(point);
        progress.job_finished(expected_pilot_requests(cell));
        Ok(())
    };
    Runner::new(threads, progress)?.map(open, freeze).into_iter().collect()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "for a display")]
fn expected_pilot_requests(cell: &Cell) -> u64 {
    cell.expected_pilot_requests() as u64
}
