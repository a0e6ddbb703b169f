//! What the jobs of a bundle share: arrivals, lengths and service times of a block of requests, each
//! computed once. A graph: draws, and what is computed of them.
//!
//! The same draws in the same order, and the same operations on them, as `requests` and `simulate`.
#![expect(clippy::inline_always, reason = "vector instructions are inlined where they exist only")]

use std::collections::BTreeMap;

use pulp::Simd;
use rand_chacha::ChaCha8Rng;

use crate::model::Job;
use crate::model::requests::{BLOCK_REQUESTS, Gaps, Rows};
use crate::random::{Role, StreamKey};
use crate::scenario::{Arrivals, Scenario, TokenLengths, TraceReplay, Variate};

/// One value per request of the block.
pub(super) type Values = [f64; BLOCK_REQUESTS];

/// The nodes of the graph, each after those that it is computed of.
#[derive(Default)]
pub(super) struct Shared<'a> {
    nodes: Vec<Node<'a>>,
    known: BTreeMap<Identity, usize>,
}

/// Arrival times, prefill times and decode times of a job's requests, seconds: numbers of nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct JobInputs {
    pub(super) arrivals: usize,
    pub(super) prefill: usize,
    pub(super) decode: usize,
}

struct Node<'a> {
    recipe: Recipe<'a>,
    /// Who still needs it.
    users: usize,
    values: Values,
}

/// How the values of a node come about.
#[expect(clippy::large_enum_variant, reason = "few, and each has a block of values beside it")]
enum Recipe<'a> {
    /// Arrivals at unit rate.
    Units(Gaps),
    /// Drawn for lengths.
    Variates { generator: ChaCha8Rng, variate: Variate },
    /// Rows of a trace; the values are the recorded times, infinite past the end of the trace.
    Replayed { replay: &'a TraceReplay, rows: Rows, numbers: [usize; BLOCK_REQUESTS] },
    /// Arrivals at a rate, of those at unit rate.
    Arrivals { units: usize, rate_per_s: f64 },
    /// Arrivals of a trace on the clock of the simulation.
    Stretched { rows: usize, replay: &'a TraceReplay },
    /// Token counts, of variates.
    Counts { variates: usize, lengths: &'a TokenLengths },
    /// Token counts as recorded.
    Recorded { rows: usize, lengths: &'a TokenLengths },
    /// Times of at least `min_tokens` at a speed, of counts.
    Services { counts: usize, min_tokens: f64, tokens_per_s: f64 },
}

/// What tells one node from another. Numbers by their bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Identity {
    Units { stream: Stream, is_constant: bool },
    Variates { stream: Stream, role: Role, variate: Variate },
    Replayed { stream: Stream, trace: [u64; 3], repeat: bool, block_requests: usize },
    Arrivals { units: usize, rate: u64 },
    Stretched { rows: usize, rate: Option<u64> },
    Counts { variates: usize, lengths: [u64; 7] },
    Recorded { rows: usize, lengths: [u64; 7] },
    Services { counts: usize, min_tokens: u64, speed: u64 },
}

/// Key and replication.
type Stream = (StreamKey, u32);

impl<'a> Shared<'a> {
    /// The inputs of a job, shared with other jobs as far as they are the same.
    pub(super) fn inputs_of(&mut self, job: &Job<'a>) -> JobInputs {
        let scenario = job.scenario;
        let stream = (job.key, job.replication);
        let (arrivals, prompts, outputs) = match &scenario.arrivals {
            Arrivals::Trace(replay) => self.replayed(stream, scenario, replay),
            Arrivals::Poisson { rate_per_s } | Arrivals::Deterministic { rate_per_s } => {
                self.drawn(stream, scenario, *rate_per_s)
            }
        };
        let cluster = &scenario.cluster;
        JobInputs {
            arrivals,
            prefill: self.services(prompts, 0.0, cluster.prefill_tokens_per_s()),
            decode: self.services(outputs, 1.0, cluster.decode_tokens_per_s()),
        }
    }

    fn drawn(
        &mut self,
        stream: Stream,
        scenario: &'a Scenario,
        rate_per_s: f64,
    ) -> (usize, usize, usize) {
        let (key, replication) = stream;
        let is_constant = matches!(scenario.arrivals, Arrivals::Deterministic { .. });
        let units = self.node(Identity::Units { stream, is_constant }, || {
            Recipe::Units(Gaps::new(&scenario.arrivals, key.stream(replication, Role::Arrivals)))
        });
        let arrivals = self.node(Identity::Arrivals { units, rate: rate_per_s.to_bits() }, || {
            Recipe::Arrivals { units, rate_per_s }
        });
        let (prompt, output) = (&scenario.prompt_tokens, &scenario.output_tokens);
        let prompt_variates = self.variates(stream, Role::Prompt, prompt);
        let output_variates = if prompt.rows_shared_with(output).is_some() {
            prompt_variates
        } else {
            self.variates(stream, Role::Output, output)
        };
        (arrivals, self.counts(prompt_variates, prompt), self.counts(output_variates, output))
    }

    fn replayed(
        &mut self,
        stream: Stream,
        scenario: &'a Scenario,
        replay: &'a TraceReplay,
    ) -> (usize, usize, usize) {
        let (key, replication) = stream;
        let TraceReplay { view, repeat, block_requests, .. } = replay;
        let identity = Identity::Replayed {
            stream,
            trace: view.key(),
            repeat: *repeat,
            block_requests: *block_requests,
        };
        let rows = self.node(identity, || Recipe::Replayed {
            replay,
            rows: Rows::new(replication, key.stream(replication, Role::Arrivals)),
            numbers: [0; BLOCK_REQUESTS],
        });
        let rate = replay.rate_per_s.map(f64::to_bits);
        let arrivals =
            self.node(Identity::Stretched { rows, rate }, || Recipe::Stretched { rows, replay });
        let mut recorded = |lengths: &'a TokenLengths| {
            self.node(Identity::Recorded { rows, lengths: lengths.key() }, || Recipe::Recorded {
                rows,
                lengths,
            })
        };
        (arrivals, recorded(&scenario.prompt_tokens), recorded(&scenario.output_tokens))
    }

    fn variates(&mut self, stream: Stream, role: Role, lengths: &TokenLengths) -> usize {
        let (key, replication) = stream;
        let variate = lengths.variate();
        self.node(Identity::Variates { stream, role, variate }, || Recipe::Variates {
            generator: key.stream(replication, role),
            variate,
        })
    }

    fn counts(&mut self, variates: usize, lengths: &'a TokenLengths) -> usize {
        let identity = Identity::Counts { variates, lengths: lengths.key() };
        self.node(identity, || Recipe::Counts { variates, lengths })
    }

    fn services(&mut self, counts: usize, min_tokens: f64, tokens_per_s: f64) -> usize {
        let identity = Identity::Services {
            counts,
            min_tokens: min_tokens.to_bits(),
            speed: tokens_per_s.to_bits(),
        };
        self.node(identity, || Recipe::Services { counts, min_tokens, tokens_per_s })
    }

    fn node(&mut self, identity: Identity, recipe: impl FnOnce() -> Recipe<'a>) -> usize {
        let next = self.nodes.len();
        let number = *self.known.entry(identity).or_insert(next);
        if number == next {
            let node = Node { recipe: recipe(), users: 0, values: [0.0; BLOCK_REQUESTS] };
            self.nodes.push(node);
        }
        number
    }

    /// Counts one more user of a node, and of all that it is computed of.
    pub(super) fn retain(&mut self, number: usize) {
        self.nodes[number].users += 1;
        if let Some(source) = self.nodes[number].recipe.source() {
            self.retain(source);
        }
    }

    /// Counts one user less.
    pub(super) fn release(&mut self, number: usize) {
        self.nodes[number].users -= 1;
        if let Some(source) = self.nodes[number].recipe.source() {
            self.release(source);
        }
    }

    /// The values of a node for the current block.
    pub(super) fn values(&self, number: usize) -> &Values {
        &self.nodes[number].values
    }

    /// Goes on to the next block of requests, for all that has users.
    pub(super) fn next_block<S: Simd>(&mut self, simd: S) {
        for number in 0..self.nodes.len() {
            let (sources, rest) = self.nodes.split_at_mut(number);
            let node = &mut rest[0];
            if node.users > 0 {
                simd.vectorize(ComputeBlock { sources, node });
            }
        }
    }
}

impl Recipe<'_> {
    /// What the values are computed of.
    fn source(&self) -> Option<usize> {
        match *self {
            Self::Units(_) | Self::Variates { .. } | Self::Replayed { .. } => None,
            Self::Arrivals { units: source, .. }
            | Self::Stretched { rows: source, .. }
            | Self::Counts { variates: source, .. }
            | Self::Recorded { rows: source, .. }
            | Self::Services { counts: source, .. } => Some(source),
        }
    }
}

/// The values of one node, for the next block.
struct ComputeBlock<'n, 'a> {
    sources: &'n [Node<'a>],
    node: &'n mut Node<'a>,
}

impl pulp::NullaryFnOnce for ComputeBlock<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { sources, node: Node { recipe, values, .. } } = self;
        match recipe {
            Recipe::Units(gaps) => gaps.fill_units(values),
            Recipe::Variates { generator, variate } => variate.fill(generator, values),
            Recipe::Replayed { replay, rows, numbers } => {
                for (recorded_s, number) in values.iter_mut().zip(numbers) {
                    (*number, *recorded_s) = rows.next(replay).unwrap_or((0, f64::INFINITY));
                }
            }
            Recipe::Arrivals { units, rate_per_s } => {
                *values = sources[*units].values;
                for value in values {
                    *value /= *rate_per_s;
                }
            }
            Recipe::Stretched { rows, replay } => {
                *values = sources[*rows].values;
                for value in values {
                    *value = replay.stretched_s(*value);
                }
            }
            Recipe::Counts { variates, lengths } => {
                *values = sources[*variates].values;
                lengths.replace_variates(values);
            }
            Recipe::Recorded { rows, lengths } => {
                if let Recipe::Replayed { numbers, .. } = &sources[*rows].recipe {
                    for (count, &number) in values.iter_mut().zip(numbers) {
                        *count = lengths.recorded(number).unwrap_or_default();
                    }
                }
            }
            Recipe::Services { counts, min_tokens, tokens_per_s } => {
                *values = sources[*counts].values;
                for value in values {
                    *value = value.max(*min_tokens) / *tokens_per_s;
                }
            }
        }
    }
}
