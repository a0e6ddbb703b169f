//! The requests of one job, in arrival order: drawn, or read from a trace.
//!
//! They come in blocks, so that each generator draws many values in a row.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::Exp1;

use crate::math;
use crate::random::{Role, StreamKey};
use crate::scenario::{Arrivals, Scenario, TokenLengths, TraceReplay, index_below};

/// Requests per block: small enough that little is drawn past the horizon.
pub const BLOCK_REQUESTS: usize = 64;

/// Consecutive requests. Only the first `len` entries count; fewer than a full block only at the
/// end of a trace.
#[derive(Clone, Debug)]
pub struct Block {
    /// Number of requests.
    pub len: usize,
    /// Arrival times, seconds, rising.
    pub arrival_s: [f64; BLOCK_REQUESTS],
    /// Prompt tokens.
    pub prompt_tokens: [f64; BLOCK_REQUESTS],
    /// Output tokens.
    pub output_tokens: [f64; BLOCK_REQUESTS],
}

impl Default for Block {
    fn default() -> Self {
        Self {
            len: 0,
            arrival_s: [0.0; BLOCK_REQUESTS],
            prompt_tokens: [0.0; BLOCK_REQUESTS],
            output_tokens: [0.0; BLOCK_REQUESTS],
        }
    }
}

/// The requests of one replication of a scenario.
#[derive(Debug)]
pub struct RequestStream<'a> {
    prompt: &'a TokenLengths,
    output: &'a TokenLengths,
    source: Source<'a>,
}

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one per job, on the stack")]
enum Source<'a> {
    Drawn { gaps: Gaps, rate_per_s: f64, prompt: ChaCha8Rng, output: ChaCha8Rng },
    Replayed { replay: &'a TraceReplay, rows: Rows },
}

/// Arrivals at unit rate.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one per job, on the stack")]
pub(super) enum Gaps {
    Exponential { generator: ChaCha8Rng, unit_time: f64 },
    Constant { arrivals: u64 },
}

/// Which rows of a trace follow each other.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one per job, on the stack")]
pub(super) enum Rows {
    /// As recorded, again and again.
    Recorded { cycle: u64, next: usize },
    /// Blocks of consecutive rows with random starts, the trace closed to a circle (circular
    /// block bootstrap, Politis & Romano 1992).
    Bootstrapped {
        generator: ChaCha8Rng,
        next: usize,
        left_in_block: usize,
        served: u64,
        clock_s: f64,
    },
}

impl<'a> RequestStream<'a> {
    /// The requests of `replication`. Replication 0 of a trace is the trace as recorded.
    pub fn new(scenario: &'a Scenario, key: &StreamKey, replication: u32) -> Self {
        let arrivals = key.stream(replication, Role::Arrivals);
        let source = match &scenario.arrivals {
            Arrivals::Trace(replay) => {
                Source::Replayed { replay, rows: Rows::new(replication, arrivals) }
            }
            Arrivals::Poisson { rate_per_s } | Arrivals::Deterministic { rate_per_s } => {
                Source::Drawn {
                    gaps: Gaps::new(&scenario.arrivals, arrivals),
                    rate_per_s: *rate_per_s,
                    prompt: key.stream(replication, Role::Prompt),
                    output: key.stream(replication, Role::Output),
                }
            }
        };
        Self { prompt: &scenario.prompt_tokens, output: &scenario.output_tokens, source }
    }

    /// Overwrites `block` with the next requests; an empty block means that there are no more.
    pub fn fill(&mut self, block: &mut Block) {
        match &mut self.source {
            Source::Drawn { gaps, rate_per_s, prompt, output } => {
                block.len = BLOCK_REQUESTS;
                gaps.fill_units(&mut block.arrival_s);
                for arrival_s in &mut block.arrival_s {
                    *arrival_s /= *rate_per_s;
                }
                self.prompt.fill_pair(self.output, prompt, output, block);
            }
            Source::Replayed { replay, rows } => {
                block.len = 0;
                while block.len < BLOCK_REQUESTS {
                    let Some((row, recorded_s)) = rows.next(replay) else { break };
                    let i = block.len;
                    block.arrival_s[i] = replay.stretched_s(recorded_s);
                    block.prompt_tokens[i] = self.prompt.recorded(row).unwrap_or_default();
                    block.output_tokens[i] = self.output.recorded(row).unwrap_or_default();
                    block.len += 1;
                }
            }
        }
    }
}

impl Gaps {
    /// Those of a process other than a trace.
    pub(super) fn new(arrivals: &Arrivals, generator: ChaCha8Rng) -> Self {
        if matches!(arrivals, Arrivals::Deterministic { .. }) {
            Self::Constant { arrivals: 0 }
        } else {
            Self::Exponential { generator, unit_time: 0.0 }
        }
    }

    /// The next arrivals at unit rate. The n-th arrival is (sum of the first n unit-rate gaps) / rate, in
    /// that order of operations: cells that differ in rate share the sum.
    pub(super) fn fill_units(&mut self, units: &mut [f64]) {
        match self {
            Self::Exponential { generator, unit_time } => units.fill_with(|| {
                let gap: f64 = generator.sample(Exp1);
                *unit_time += gap;
                *unit_time
            }),
            Self::Constant { arrivals } => units.fill_with(|| {
                *arrivals += 1;
                math::count(*arrivals)
            }),
        }
    }
}

impl TokenLengths {
    /// Lengths of a block of requests; columns of one trace are resampled as pairs.
    fn fill_pair(
        &self,
        output_lengths: &Self,
        prompt: &mut ChaCha8Rng,
        output: &mut ChaCha8Rng,
        block: &mut Block,
    ) {
        if let Some(rows) = self.rows_shared_with(output_lengths) {
            for i in 0..BLOCK_REQUESTS {
                let row = index_below(prompt, rows);
                block.prompt_tokens[i] = self.recorded(row).unwrap_or_default();
                block.output_tokens[i] = output_lengths.recorded(row).unwrap_or_default();
            }
        } else {
            self.fill(prompt, &mut block.prompt_tokens);
            output_lengths.fill(output, &mut block.output_tokens);
        }
    }
}

impl Rows {
    /// Those of a replication; the first one is the trace as recorded.
    pub(super) fn new(replication: u32, generator: ChaCha8Rng) -> Self {
        if replication == 0 {
            Self::Recorded { cycle: 0, next: 0 }
        } else {
            Self::Bootstrapped { generator, next: 0, left_in_block: 0, served: 0, clock_s: 0.0 }
        }
    }

    /// The next row and its time on the clock of the trace, seconds.
    pub(super) fn next(&mut self, replay: &TraceReplay) -> Option<(usize, f64)> {
        let view = &replay.view;
        match self {
            Self::Recorded { cycle, next } => {
                if *next == view.len() {
                    if !replay.repeat {
                        return None;
                    }
                    *cycle += 1;
                    *next = 0;
                }
                let row = *next;
                *next += 1;
                let cycle_s = view.span_s() + view.gap_before_s(0);
                Some((row, math::count(*cycle) * cycle_s + view.arrival_s(row)))
            }
            Self::Bootstrapped { generator, next, left_in_block, served, clock_s } => {
                if !replay.repeat && *served == view.len() as u64 {
                    return None;
                }
                if *left_in_block == 0 {
                    *next = index_below(generator, view.len());
                    *left_in_block = replay.block_requests;
                }
                let row = *next;
                // As in the recording, the first request arrives at 0.
                if *served > 0 {
                    *clock_s += view.gap_before_s(row);
                }
                *served += 1;
                *left_in_block -= 1;
                *next = (row + 1) % view.len();
                Some((row, *clock_s))
            }
        }
    }
}
