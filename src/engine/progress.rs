//! What the engine tells the outside world while it works, and what it asks of it.
//!
//! Called between jobs and between blocks of requests, never inside the simulation loop.

/// A listener to a run. Every method has a default that does nothing.
pub trait Progress: Sync {
    /// One job ended after `requests` simulated requests.
    fn job_finished(&self, requests: u64) {
        let _ = requests;
    }

    /// More jobs are coming than were planned.
    fn jobs_added(&self, jobs: u64) {
        let _ = jobs;
    }

    /// Whether the user asked to stop.
    fn interrupted(&self) -> bool {
        false
    }
}

/// The listener that does not listen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {}
