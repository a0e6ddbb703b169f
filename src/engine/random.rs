//! Random streams: which generator a replication draws from, and for what purpose.
//!
//! A stream is named by the master seed, the replication and a role; never by a thread, a chunk
//! or a position in a list. So adding a cell, changing the number of threads or resuming leaves
//! every other drawn number as it was. Under common random numbers ([`Seeding::Common`]) the cell
//! does not enter: all cells of one replication see the same unit-rate gaps and the same normals.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::scenario::TokenLengths;

/// Version of all drawn values. Raise it with any change that alters a single one of them.
pub const STREAM_VERSION: u32 = 1;

/// [`draw_fingerprint`] of a build that draws what this version draws.
pub const EXPECTED_FINGERPRINT: &str =
    "9d23463759498d33e96ec67b2e527912a94f2dca568831f37fca7fe878722f34";

/// What a stream is drawn for. The numbers are frozen: they are part of [`STREAM_VERSION`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Gaps between arrivals; block starts of a bootstrapped trace.
    Arrivals = 0,
    /// Prompt lengths; row numbers where prompts and outputs are resampled as pairs.
    Prompt = 1,
    /// Output lengths.
    Output = 2,
}

/// How the cells of a sweep share randomness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Seeding {
    /// Common random numbers: differences between cells are far less noisy.
    #[default]
    Common,
    /// Each cell has streams of its own.
    Independent,
}

/// SHA-256 over the first draws of every kind, as hexadecimal digits.
///
/// Two builds that draw differently (another version of a random crate, another mathematics
/// library) have different fingerprints; their results must not be mixed.
pub fn draw_fingerprint() -> String {
    const DRAWS: usize = 256;
    let key = StreamKey::common(0);
    let mut hash = Sha256::new();
    for (role, lengths) in [
        (Role::Prompt, TokenLengths::UNIT_LOGNORMAL),
        (Role::Output, TokenLengths::UNIT_EXPONENTIAL),
    ] {
        let mut draws = [0.0; DRAWS];
        lengths.fill(&mut key.stream(0, role), &mut draws);
        for draw in draws {
            hash.update(draw.to_le_bytes());
        }
    }
    crate::hex(&hash.finalize())
}

/// The `ChaCha` key of all streams of one job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StreamKey([u8; 32]);

impl StreamKey {
    /// The key that all cells share: the seed in little-endian order, padded with zeros.
    pub fn common(seed: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        Self(key)
    }

    /// A key of its own for the cell with this canonical scenario: SHA-256 of seed and text.
    pub fn independent(seed: u64, canonical_scenario: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(seed.to_le_bytes());
        hash.update(canonical_scenario.as_bytes());
        Self(hash.finalize().into())
    }

    /// The key of the pilot replications that find a warm-up: SHA-256 of this key and a label.
    ///
    /// Another key is another family of `ChaCha` streams, so no pilot sees a stream of any replication
    /// of the sweep, and the streams of replications are what they are without pilots.
    #[must_use]
    pub fn pilots(&self) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(b"warm-up pilots");
        Self(hash.finalize().into())
    }

    /// The generator for one purpose of one replication, at its beginning.
    pub fn stream(&self, replication: u32, role: Role) -> ChaCha8Rng {
        let mut generator = ChaCha8Rng::from_seed(self.0);
        generator.set_stream((u64::from(replication) << 8) | role as u64);
        generator
    }
}
