//! Whether a run fits into memory: what it takes against what it may take.

use crate::assemble::Assembled;
use crate::cli::RunArgs;
use crate::estimate::available_threads;
use crate::machine::available_bytes;
use crate::memory::{MemoryLimit, MemoryNeed, remedy};
use crate::report;

/// What a run takes, and what it may take; nobody knows the latter on some machines.
pub(super) struct Fit {
    need: MemoryNeed,
    limit: Option<MemoryLimit>,
    threads: usize,
}

impl Fit {
    pub(super) fn of(assembled: &Assembled, args: &RunArgs) -> Self {
        let threads = args.threads.unwrap_or_else(available_threads);
        let need = MemoryNeed::of(&assembled.plan, &assembled.traces, threads);
        Self { need, limit: MemoryLimit::new(args.max_memory, available_bytes()), threads }
    }

    /// Whether it is not known to take too much.
    pub(super) fn fits(&self) -> bool {
        self.limit.is_none_or(|limit| limit.holds(&self.need))
    }

    /// What it takes, and if that is too much, what would not be. Changes the chunks of the plan.
    pub(super) fn text(&self, assembled: &mut Assembled) -> String {
        let Assembled { plan, traces, .. } = assembled;
        let need = report::need_text(plan, &self.need);
        match self.limit.filter(|_| !self.fits()) {
            None => need,
            Some(limit) => {
                let remedy = remedy(plan, traces, self.threads, limit.bytes());
                format!("{need}, {}", report::excess_text(plan, limit, &remedy))
            }
        }
    }
}
