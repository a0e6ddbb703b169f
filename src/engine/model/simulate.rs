//! One job: requests through the pools of their cluster, counted in the window.

use thiserror::Error;

use super::batches::Batches;
use super::pool::{Departure, FifoPool};
use super::requests::{Block, RequestStream};
use super::summary::{Batch, Sample, Summary};
use super::tally::{PoolTally, Served, Tally, Window};
use crate::progress::{Progress, Silent};
use crate::random::StreamKey;
use crate::scenario::{Cluster, DisaggCluster, MonoCluster, Scenario};
use crate::spec::Observe;
use crate::statistics::{BATCHES, EXACT_VALUES, Keep, RunSample};

/// The smallest unit of a sweep: one replication of one cell. Plain data.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// The system.
    pub scenario: &'a Scenario,
    /// Key of its random streams.
    pub key: StreamKey,
    /// Which repetition, from 0.
    pub replication: u32,
    /// Most requests that it may simulate.
    pub max_requests: u64,
}

/// Why a job has no result.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum SimError {
    /// It would not end, or not soon enough.
    #[error(
        "more than {limit} requests had to be simulated: shorten the horizon, lower the rate, or raise the limit"
    )]
    TooManyRequests {
        /// The limit.
        limit: u64,
    },
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
}

/// Memory that jobs of one worker use one after the other, so that none is allocated per request.
#[derive(Debug, Default)]
pub struct Scratch {
    ttft_s: RunSample,
    block: Block,
}

impl Scratch {
    /// Times to first token of the last job, seconds.
    pub fn ttft_s(&mut self) -> &mut RunSample {
        &mut self.ttft_s
    }
}

/// Simulates one job. Same bits on any thread, in any order.
///
/// # Errors
/// The job exceeds its limit of requests.
pub fn simulate(job: &Job) -> Result<Summary, SimError> {
    simulate_observed(job, &mut Scratch::default(), &Silent, |_| ())
}

/// As [`simulate`], with memory to reuse, a listener to ask whether to stop, and a look at every
/// sample. Samples come in the order in which the last pool serves them.
///
/// # Errors
/// The job exceeds its limit of requests, or was interrupted.
pub fn simulate_observed(
    job: &Job,
    scratch: &mut Scratch,
    progress: &dyn Progress,
    mut on_sample: impl FnMut(Sample),
) -> Result<Summary, SimError> {
    simulate_served(job, scratch, progress, |_, sample| {
        if let Some(sample) = sample {
            on_sample(sample);
        }
    })
}

/// As [`simulate_observed`], together with the results of the same run cut into [`BATCHES`] windows
/// of equal length.
///
/// # Errors
/// The job exceeds its limit of requests, or was interrupted.
pub fn simulate_in_batches(
    job: &Job,
    scratch: &mut Scratch,
    progress: &dyn Progress,
    mut on_sample: impl FnMut(Sample),
) -> Result<(Summary, Vec<Batch>), SimError> {
    let mut samples = vec![RunSample::limited_to(EXACT_VALUES / BATCHES); BATCHES];
    let mut batches = Batches::new(job.scenario, &mut samples);
    let summary = simulate_served(job, scratch, progress, |request, sample| {
        batches.record(request);
        if let Some(sample) = sample {
            on_sample(sample);
        }
    })?;
    let summaries = batches.summaries();
    let batch = |(summary, mut sample): (Summary, RunSample)| Batch {
        summary,
        ttft_s: sample.keep(Keep::All),
    };
    Ok((summary, summaries.into_iter().zip(samples).map(batch).collect()))
}

/// Simulates, with a look at every request and whether it is a sample.
fn simulate_served(
    job: &Job,
    scratch: &mut Scratch,
    progress: &dyn Progress,
    on_served: impl FnMut(&Served, Option<Sample>),
) -> Result<Summary, SimError> {
    let Scratch { ttft_s, block } = scratch;
    let window = Window::of(job.scenario);
    let mut run =
        Run { window, tally: Tally::new(window, job.scenario.slo_ttft_s, ttft_s), on_served };
    let requests = Requests {
        stream: RequestStream::new(job.scenario, &job.key, job.replication),
        block,
        job,
        progress,
    };
    let (first, decode) = match &job.scenario.cluster {
        Cluster::Mono(mono) => (run.mono(mono, requests)?, PoolTally::default()),
        Cluster::Disagg(disagg) => run.disagg(disagg, requests)?,
    };
    Ok(run.tally.summary(&job.scenario.cluster, first, decode))
}

/// One arrival.
struct Arrival {
    number: u64,
    at_s: f64,
    prompt_tokens: f64,
    output_tokens: f64,
}

/// The stream with its limits.
struct Requests<'a> {
    stream: RequestStream<'a>,
    block: &'a mut Block,
    job: &'a Job<'a>,
    progress: &'a dyn Progress,
}

impl Requests<'_> {
    /// Hands over arrivals in order until `take` declines one or there are no more.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "part of the loop: calls cost 9 of 54 ns per request")]
    fn feed(mut self, mut take: impl FnMut(&Arrival) -> bool) -> Result<(), SimError> {
        let mut number = 0;
        loop {
            if self.progress.interrupted() {
                return Err(SimError::Interrupted);
            }
            self.stream.fill(self.block);
            let block = &*self.block;
            if block.len == 0 {
                return Ok(());
            }
            for i in 0..block.len {
                if number == self.job.max_requests {
                    return Err(SimError::TooManyRequests { limit: self.job.max_requests });
                }
                let arrival = Arrival {
                    number,
                    at_s: block.arrival_s[i],
                    prompt_tokens: block.prompt_tokens[i],
                    output_tokens: block.output_tokens[i],
                };
                if !take(&arrival) {
                    return Ok(());
                }
                number += 1;
            }
        }
    }
}

/// What a request carries from the prefill pool to the decode pool.
#[derive(Clone, Copy, Debug)]
struct Prefilled {
    arrival_s: f64,
    service_s: f64,
    output_tokens: f64,
}

/// A job under way.
struct Run<'a, F> {
    window: Window,
    tally: Tally<'a>,
    on_served: F,
}

impl<F: FnMut(&Served, Option<Sample>)> Run<'_, F> {
    /// One pool: a request holds its GPU for prefill and decode. Requests that arrive past the
    /// horizon cannot delay earlier ones.
    fn mono(&mut self, mono: &MonoCluster, requests: Requests) -> Result<PoolTally, SimError> {
        let mut pool = FifoPool::new(mono.num_gpus);
        let mut pool_tally = PoolTally::default();
        let first_decode_s = 1.0 / mono.decode_tokens_per_s;
        requests.feed(|arrival| {
            if arrival.at_s >= self.window.end_s {
                return false;
            }
            let service_prefill_s = arrival.prompt_tokens / mono.prefill_tokens_per_s;
            let service_decode_s = arrival.output_tokens.max(1.0) / mono.decode_tokens_per_s;
            let service_s = service_prefill_s + service_decode_s;
            let admission = pool.admit(arrival.number, arrival.at_s, service_s, ());
            pool_tally.add(&self.window, arrival.at_s, admission.start_s, admission.end_s);
            let wait_s = admission.start_s - arrival.at_s;
            let to_first_token_s = service_prefill_s + first_decode_s;
            self.record(&Served {
                number: arrival.number,
                arrival_s: arrival.at_s,
                wait_prefill_s: wait_s,
                service_prefill_s,
                wait_decode_s: 0.0,
                service_decode_s,
                ttft_s: wait_s + to_first_token_s,
                first_token_s: admission.start_s + to_first_token_s,
                end_s: admission.end_s,
            });
            true
        })?;
        Ok(pool_tally)
    }

    /// Two pools in tandem: departures of the first are arrivals of the second.
    fn disagg(
        &mut self,
        disagg: &DisaggCluster,
        requests: Requests,
    ) -> Result<(PoolTally, PoolTally), SimError> {
        let mut prefill = FifoPool::new(disagg.prefill_gpus);
        let mut prefill_tally = PoolTally::default();
        let mut decode = Decode::new(disagg);
        // Until when arrivals can still overtake a sampled request on its way to decode.
        let mut last_needed_s = self.window.end_s;
        let follow = requests.job.scenario.observe == Observe::Arrivals;
        requests.feed(|arrival| {
            let is_past = arrival.at_s >= self.window.end_s;
            if is_past && (!follow || arrival.at_s > last_needed_s) {
                return false;
            }
            let service_s = arrival.prompt_tokens / disagg.prefill_tokens_per_s;
            let carried = Prefilled {
                arrival_s: arrival.at_s,
                service_s,
                output_tokens: arrival.output_tokens,
            };
            let admission = prefill.admit(arrival.number, arrival.at_s, service_s, carried);
            prefill_tally.add(&self.window, arrival.at_s, admission.start_s, admission.end_s);
            if self.window.contains(arrival.at_s) {
                last_needed_s = last_needed_s.max(admission.end_s);
            }
            if let Some(departure) = admission.departure {
                self.decode(&mut decode, &departure);
            }
            true
        })?;
        while let Some(departure) = prefill.next_departure() {
            self.decode(&mut decode, &departure);
        }
        Ok((prefill_tally, decode.tally))
    }

    /// The second station of disagg: requests come in the order in which prefill ends.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "part of the loop: calls cost 9 of 54 ns per request")]
    fn decode(&mut self, decode: &mut Decode, prefilled: &Departure<Prefilled>) {
        let joined_s = prefilled.end_s;
        let Prefilled { arrival_s, service_s: service_prefill_s, output_tokens } =
            prefilled.payload;
        let wait_prefill_s = prefilled.start_s - arrival_s;
        let service_decode_s = output_tokens.max(1.0) / decode.tokens_per_s;
        let admission = decode.pool.admit(decode.joined, joined_s, service_decode_s, ());
        decode.joined += 1;
        decode.tally.add(&self.window, joined_s, admission.start_s, admission.end_s);
        let wait_decode_s = admission.start_s - joined_s;
        self.record(&Served {
            number: prefilled.position,
            arrival_s,
            wait_prefill_s,
            service_prefill_s,
            wait_decode_s,
            service_decode_s,
            ttft_s: wait_prefill_s + service_prefill_s + wait_decode_s + decode.first_token_s,
            first_token_s: admission.start_s + decode.first_token_s,
            end_s: admission.end_s,
        });
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "part of the loop: calls cost 9 of 54 ns per request")]
    fn record(&mut self, request: &Served) {
        let sample = self.tally.record(request);
        (self.on_served)(request, sample);
    }
}

/// The decode pool of disagg.
struct Decode {
    pool: FifoPool<()>,
    tally: PoolTally,
    tokens_per_s: f64,
    /// Time of one decode step, seconds.
    first_token_s: f64,
    /// Requests that have joined so far.
    joined: u64,
}

impl Decode {
    fn new(disagg: &DisaggCluster) -> Self {
        Self {
            pool: FifoPool::new(disagg.decode_gpus),
            tally: PoolTally::default(),
            tokens_per_s: disagg.decode_tokens_per_s,
            first_token_s: 1.0 / disagg.decode_tokens_per_s,
            joined: 0,
        }
    }
}
