//! Progress on a terminal. The only place that knows indicatif.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use sweep_engine::progress::Progress;

use crate::signals::Interrupt;

/// How often plain lines appear where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Shows jobs (or other `units` of work) done, simulated requests per second and time left.
pub(crate) struct JobProgress {
    bar: ProgressBar,
    units: &'static str,
    is_terminal: bool,
    requests: Arc<AtomicU64>,
    next_line_s: AtomicU64,
    interrupt: Interrupt,
}

impl JobProgress {
    pub(crate) fn new(count: u64, units: &'static str, quiet: bool, interrupt: Interrupt) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let requests = Arc::new(AtomicU64::new(0));
        let bar = ProgressBar::with_draw_target(
            Some(count),
            if quiet || !is_terminal {
                ProgressDrawTarget::hidden()
            } else {
                ProgressDrawTarget::stderr_with_hz(10)
            },
        );
        let done = Arc::clone(&requests);
        let style = ProgressStyle::with_template(&format!(
            "{{wide_bar}} {{human_pos}}/{{human_len}} {units}  {{request_rate}}  {{eta}} left",
        ))
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key(
            "request_rate",
            move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                let _ = out.write_str(&request_rate(done.load(Ordering::Relaxed), state.elapsed()));
            },
        );
        bar.set_style(style);
        let next_line_s =
            AtomicU64::new(if quiet || is_terminal { u64::MAX } else { LINE_EVERY.as_secs() });
        Self { bar, units, is_terminal, requests, next_line_s, interrupt }
    }

    /// Removes the bar.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    pub(crate) fn simulated_requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Where there is no terminal, a line now and then: one thread wins the right to write it.
    fn line(&self) {
        let elapsed = self.bar.elapsed();
        let due_s = self.next_line_s.load(Ordering::Relaxed);
        if elapsed.as_secs() < due_s {
            return;
        }
        let next_s = elapsed.as_secs() + LINE_EVERY.as_secs();
        let won =
            self.next_line_s.compare_exchange(due_s, next_s, Ordering::Relaxed, Ordering::Relaxed);
        if won.is_ok() && !self.is_terminal {
            crate::report::note(&format!(
                "{} of {} {}, {}, {} s left",
                HumanCount(self.bar.position()),
                HumanCount(self.bar.length().unwrap_or(0)),
                self.units,
                request_rate(self.simulated_requests(), elapsed),
                self.bar.eta().as_secs(),
            ));
        }
    }
}

impl Progress for JobProgress {
    fn job_finished(&self, requests: u64) {
        self.requests.fetch_add(requests, Ordering::Relaxed);
        self.bar.inc(1);
        self.line();
    }

    fn jobs_added(&self, jobs: u64) {
        self.bar.inc_length(jobs);
    }

    fn interrupted(&self) -> bool {
        self.interrupt.is_set()
    }
}

/// `12.3 M requests/s`.
#[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
fn request_rate(requests: u64, elapsed: Duration) -> String {
    let per_s = requests as f64 / elapsed.as_secs_f64().max(1e-9);
    format!("{:.1} M requests/s", per_s / 1e6)
}
