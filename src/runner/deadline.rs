//! A limit on wall time. The same run may meet it on one machine and not on another: it is for jobs that hang, not
//! for results.

use std::time::{Duration, Instant};

use sweep_engine::progress::Progress;

/// Stops the work that listens to it when its time is up, or when the user asks.
pub(crate) struct Deadline<'a> {
    progress: &'a dyn Progress,
    /// Nothing for no limit.
    at: Option<Instant>,
}

impl<'a> Deadline<'a> {
    /// Of `jobs` that begin now, with up to `seconds` each.
    pub(crate) fn new(progress: &'a dyn Progress, seconds: Option<f64>, jobs: usize) -> Self {
        let allowed = seconds.and_then(|seconds| {
            let jobs = u32::try_from(jobs).unwrap_or(u32::MAX);
            Duration::try_from_secs_f64(seconds * f64::from(jobs)).ok()
        });
        Self { progress, at: allowed.and_then(|allowed| Instant::now().checked_add(allowed)) }
    }
}

impl Progress for Deadline<'_> {
    fn interrupted(&self) -> bool {
        self.progress.interrupted() || self.at.is_some_and(|at| Instant::now() >= at)
    }
}
