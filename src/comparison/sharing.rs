//! Whether the two results of a replication come from the same random numbers.

use sweep_engine::random::Seeding;

use crate::io::FinishedRun;

/// What two cells have in common in one replication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// Random numbers: intervals are paired.
    Common,
    /// Nothing, as the run was asked to: intervals are those of independent samples.
    IndependentSeeding,
    /// Nothing, since their seeds differ: the same.
    OtherSeeds,
}

/// Keys that independent seeding leaves out of the streams: cells that differ in nothing else see the
/// same random numbers all the same.
const WINDOW_KEYS: [&str; 4] = ["sim_seconds", "warmup_seconds", "observe", "slo.ttft_s"];

impl Sharing {
    /// Between cells of a run that differ in these axes.
    pub(super) fn of_axes(run: &FinishedRun, axes: impl Iterator<Item = usize>) -> Self {
        let paths: Vec<&str> = axes.map(|axis| run.axes[axis].key.path).collect();
        if paths.contains(&"random_seed") {
            return Self::OtherSeeds;
        }
        match run.seeding {
            Seeding::Independent if !paths.iter().all(|path| WINDOW_KEYS.contains(path)) => {
                Self::IndependentSeeding
            }
            _ => Self::Common,
        }
    }
}
