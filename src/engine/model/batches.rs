//! One run cut into windows of equal length: a summary for each, in one pass.

use super::summary::Summary;
use super::tally::{PoolTally, Served, Tally, Window};
use crate::math;
use crate::scenario::{Cluster, Scenario};
use crate::statistics::RunSample;

/// Accounts for the windows that a run is cut into.
pub(super) struct Batches<'a> {
    cluster: Cluster,
    start_s: f64,
    length_s: f64,
    parts: Vec<Batch<'a>>,
    /// The batch of the last request.
    current: usize,
}

struct Batch<'a> {
    window: Window,
    tally: Tally<'a>,
    first: PoolTally,
    decode: PoolTally,
}

impl<'a> Batches<'a> {
    /// As many batches as there are `samples` to fill.
    pub(super) fn new(scenario: &Scenario, samples: &'a mut [RunSample]) -> Self {
        let count = samples.len() as u64;
        let length_s = scenario.window_s() / math::count(count);
        let start_of = |batch: u64| {
            if batch == count {
                scenario.sim_seconds
            } else {
                scenario.warmup_seconds + math::count(batch) * length_s
            }
        };
        let parts = (0..count).zip(samples).map(|(batch, sample)| {
            let window = Window::between(start_of(batch), start_of(batch + 1), scenario.observe);
            Batch {
                window,
                tally: Tally::new(window, scenario.slo_ttft_s, sample),
                first: PoolTally::default(),
                decode: PoolTally::default(),
            }
        });
        Self {
            cluster: scenario.cluster,
            start_s: scenario.warmup_seconds,
            length_s,
            parts: parts.collect(),
            current: 0,
        }
    }

    /// Counts a request in every batch that it touches.
    #[inline]
    pub(super) fn record(&mut self, request: &Served) {
        // Mostly it touches one batch only, that of the request before.
        match self.parts.get_mut(self.current) {
            Some(batch) if batch.window.encloses(request) => batch.record(&self.cluster, request),
            _ => self.record_anywhere(request),
        }
    }

    fn record_anywhere(&mut self, request: &Served) {
        // One further on both sides, where rounding may put the boundary.
        let from = self.index_of(request.arrival_s).saturating_sub(1);
        let to =
            (self.index_of(request.end_s.max(request.first_token_s)) + 2).min(self.parts.len());
        self.current = self.index_of(request.arrival_s);
        for batch in self.parts.get_mut(from..to).unwrap_or_default() {
            batch.record(&self.cluster, request);
        }
    }

    pub(super) fn summaries(self) -> Vec<Summary> {
        self.parts
            .into_iter()
            .map(|batch| batch.tally.summary(&self.cluster, batch.first, batch.decode))
            .collect()
    }

    /// The batch of a time; the number of batches or more for times past the last one.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a conversion that stops at the ends of its range"
    )]
    fn index_of(&self, at_s: f64) -> usize {
        ((at_s - self.start_s) / self.length_s) as usize
    }
}

impl Batch<'_> {
    fn record(&mut self, cluster: &Cluster, request: &Served) {
        let window = &self.window;
        let prefill_start_s = request.arrival_s + request.wait_prefill_s;
        match cluster {
            Cluster::Mono(_) => {
                self.first.add(window, request.arrival_s, prefill_start_s, request.end_s);
            }
            Cluster::Disagg(_) => {
                let joined_s = prefill_start_s + request.service_prefill_s;
                let decode_start_s = joined_s + request.wait_decode_s;
                self.first.add(window, request.arrival_s, prefill_start_s, joined_s);
                self.decode.add(window, joined_s, decode_start_s, request.end_s);
            }
        }
        self.tally.record(request);
    }
}
