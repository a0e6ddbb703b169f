//! `warmup_seconds: auto`: the deletion point of a cell, from pilot replications.
//!
//! A system that starts empty serves its first requests faster than later ones. Pilots show for how
//! long: [`PILOTS`] replications of the cell on random streams of their own, the logarithm of their
//! TTFT averaged in equal bins of time, and the rule [`mser`] on these averages. Without the logarithm
//! one burst in one pilot can outweigh all others, and what precedes it would be deleted, too.
//! `scripts/experiments/warmup.rs` measured this against other rules; docs/warm-up.md has the table.

use serde::{Deserialize, Serialize};

use crate::math;
use crate::model::{Job, Sample, Scratch, SimError, simulate_observed};
use crate::progress::Progress;
use crate::random::StreamKey;
use crate::scenario::{OfferedLoad, Scenario, fallback_warmup_s};
use crate::spec::Observe;
use crate::statistics::mser;

/// The rule in words, for records of a run.
pub const RULE: &str = "MSER on the mean logarithm of TTFT over all pilots, in 200 bins of time";

/// Pilot replications of a cell.
pub const PILOTS: u32 = 20;

/// Equal bins of time that the pilots are averaged in.
pub const BINS: usize = 200;

/// Requests to expect from one pilot at most: pilots of longer runs have a shorter horizon.
pub const MAX_PILOT_REQUESTS: f64 = 1e6;

/// Requests that end a pilot: ten times what it may expect.
const PILOT_LIMIT: u64 = 10_000_000;

/// Bins with samples below which there is nothing to see.
const FEWEST_BINS: usize = 10;

/// Relaxation times of the system below which pilots look steady without being so.
const MIN_RELAXATIONS: f64 = 4.0;

/// A minimum in this last part of the bins that may be deleted lies at their end: it is cut off.
const EDGE: f64 = 0.1;

/// Where the window of a cell starts, and whether the pilots say so.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeletionPoint {
    /// Start of the window, seconds; at most half the horizon.
    pub warmup_seconds: f64,
    /// What the pilots showed.
    pub finding: Finding,
}

/// What the pilots of a cell showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// The deletion point is theirs.
    Found,
    /// They had not settled in half of their horizon, or had too few requests to tell: that half is
    /// deleted, and may not be enough.
    NotFound,
    /// There is no steady state to wait for and there were no pilots: the default warm-up, or half the
    /// horizon if that is shorter.
    Saturated,
}

/// Finds the deletion point of a scenario, whatever its `warmup_seconds` is.
///
/// `key` is that of the jobs of the cell; the pilots draw from [`StreamKey::pilots`] of it. They are
/// replications 1, 2, ...: of a trace, bootstrap samples and never the recording itself. Same bits on
/// any thread.
///
/// # Errors
/// Interrupted. A pilot that grows beyond all expectation finds nothing, which is no error.
pub fn detect(
    scenario: &Scenario,
    load: &OfferedLoad,
    key: &StreamKey,
    scratch: &mut Scratch,
    progress: &dyn Progress,
) -> Result<DeletionPoint, SimError> {
    if load.is_saturated() {
        let warmup_seconds = fallback_warmup_s(scenario.sim_seconds);
        return Ok(DeletionPoint { warmup_seconds, finding: Finding::Saturated });
    }
    let horizon_s = pilot_horizon_s(scenario, load);
    if load.relaxation_s.is_some_and(|relaxation_s| horizon_s < MIN_RELAXATIONS * relaxation_s) {
        return Ok(not_found(horizon_s));
    }
    let pilot = Scenario { sim_seconds: horizon_s, warmup_seconds: 0.0, ..scenario.clone() };
    let mut bins = Bins::new(horizon_s, scenario.observe);
    for replication in 1..=PILOTS {
        let job =
            Job { scenario: &pilot, key: key.pilots(), replication, max_requests: PILOT_LIMIT };
        match simulate_observed(&job, scratch, progress, |sample| bins.add(&sample)) {
            Ok(_) => {}
            Err(SimError::TooManyRequests { .. }) => return Ok(not_found(horizon_s)),
            Err(SimError::Interrupted) => return Err(SimError::Interrupted),
        }
    }
    Ok(bins.deletion_point())
}

/// Requests to expect from the pilots of a scenario with this load.
pub fn expected_requests(scenario: &Scenario, load: &OfferedLoad) -> f64 {
    if load.is_saturated() {
        return 0.0;
    }
    f64::from(PILOTS) * load.expected_requests(scenario).min(MAX_PILOT_REQUESTS)
}

fn pilot_horizon_s(scenario: &Scenario, load: &OfferedLoad) -> f64 {
    let share = MAX_PILOT_REQUESTS / load.expected_requests(scenario).max(1.0);
    scenario.sim_seconds * share.min(1.0)
}

fn not_found(horizon_s: f64) -> DeletionPoint {
    DeletionPoint { warmup_seconds: horizon_s / 2.0, finding: Finding::NotFound }
}

/// Logarithms of the TTFT of all pilots, summed in equal bins of `[0, horizon_s)`: by first token or by
/// arrival, as the results of the cell are. Sums run in the order of pilots and, in them, of samples.
#[derive(Debug)]
struct Bins {
    horizon_s: f64,
    observe: Observe,
    sums: [f64; BINS],
    samples: [u64; BINS],
}

impl Bins {
    fn new(horizon_s: f64, observe: Observe) -> Self {
        Self { horizon_s, observe, sums: [0.0; BINS], samples: [0; BINS] }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the index of a bin, cut to the last one"
    )]
    fn add(&mut self, sample: &Sample) {
        let at_s = match self.observe {
            Observe::Events => sample.arrival_s + sample.ttft_s,
            Observe::Arrivals => sample.arrival_s,
        };
        let position = at_s / self.horizon_s * math::count(BINS as u64);
        let bin = (position as usize).min(BINS - 1);
        // Above 0: one decode step at least.
        self.sums[bin] += math::ln(sample.ttft_s);
        self.samples[bin] += 1;
    }

    /// Bins without a sample say nothing and are left out.
    fn deletion_point(&self) -> DeletionPoint {
        let filled: Vec<usize> = (0..BINS).filter(|&bin| self.samples[bin] > 0).collect();
        let means: Vec<f64> =
            filled.iter().map(|&bin| self.sums[bin] / math::count(self.samples[bin])).collect();
        if filled.len() < FEWEST_BINS {
            return not_found(self.horizon_s);
        }
        let deleted = mser(&means);
        let start = if deleted == 0 { 0 } else { filled[deleted] };
        let most = math::count(filled.len() as u64) / 2.0;
        let is_cut_off = math::count(deleted as u64) >= (1.0 - EDGE) * most || start > BINS / 2;
        if is_cut_off {
            return not_found(self.horizon_s);
        }
        let share = math::count(start as u64) / math::count(BINS as u64);
        DeletionPoint { warmup_seconds: share * self.horizon_s, finding: Finding::Found }
    }
}
