//! The workload as textbooks simulate it: one heap of future events, a queue and idle GPUs per pool.
//!
//! Fair to it: events are plain values, of the arrivals only the next one waits in the heap, the generator
//! is among the fastest, the release profile is the most thorough one, and percentiles are selected, not sorted.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};
use std::error::Error;

use peers::{
    Cell, DECODE_GPUS, DECODE_TOKENS_PER_S, FIRST_TOKEN_S, Mode, NUM_GPUS, Outcome, PREFILL_GPUS,
    PoolTally, Request, Requests, SIM_S, Samples,
};

fn main() -> Result<(), Box<dyn Error>> {
    peers::run(|cell, requests| Simulation::new(cell, requests).run())
}

struct Simulation {
    cell: Cell,
    requests: Requests,
    calendar: BinaryHeap<Scheduled>,
    first: Pool,
    decode: Pool,
    samples: Samples,
}

#[derive(Clone, Copy)]
enum Event {
    Arrival(Request),
    FirstEnd(InFlight),
    DecodeEnd,
}

/// A request in a pool or between pools.
#[derive(Clone, Copy)]
struct InFlight {
    request: Request,
    joined_s: f64,
    wait_prefill_s: f64,
}

struct Pool {
    idle_gpus: u32,
    queue: VecDeque<InFlight>,
    tally: PoolTally,
}

impl Simulation {
    fn new(cell: &Cell, requests: Requests) -> Self {
        let first_gpus = if cell.mode == Mode::Mono { NUM_GPUS } else { PREFILL_GPUS };
        Self {
            cell: *cell,
            requests,
            calendar: BinaryHeap::new(),
            first: Pool::new(first_gpus),
            decode: Pool::new(DECODE_GPUS),
            samples: Samples::default(),
        }
    }

    fn run(mut self) -> Outcome {
        self.schedule_arrival();
        while let Some(Scheduled { at_s, event }) = self.calendar.pop() {
            if at_s >= SIM_S {
                break;
            }
            match event {
                Event::Arrival(request) => {
                    self.schedule_arrival();
                    let joining = InFlight { request, joined_s: at_s, wait_prefill_s: 0.0 };
                    if let Some(next) = self.first.join(joining) {
                        self.start_first(next, at_s);
                    }
                }
                Event::FirstEnd(ended) => {
                    if let Some(next) = self.first.leave() {
                        self.start_first(next, at_s);
                    }
                    if self.cell.mode == Mode::Disagg
                        && let Some(next) = self.decode.join(InFlight { joined_s: at_s, ..ended })
                    {
                        self.start_decode(next, at_s);
                    }
                }
                Event::DecodeEnd => {
                    if let Some(next) = self.decode.leave() {
                        self.start_decode(next, at_s);
                    }
                }
            }
        }
        let decode = (self.cell.mode == Mode::Disagg).then_some(self.decode.tally);
        Outcome { samples: self.samples, first: self.first.tally, decode }
    }

    fn schedule_arrival(&mut self) {
        if let Some(request) = self.requests.next() {
            self.calendar
                .push(Scheduled { at_s: request.arrival_s, event: Event::Arrival(request) });
        }
    }

    fn start_first(&mut self, mut starting: InFlight, now_s: f64) {
        let request = starting.request;
        starting.wait_prefill_s = now_s - starting.joined_s;
        let mut service_s = request.prompt_tokens / self.cell.prefill_tokens_per_s;
        if self.cell.mode == Mode::Mono {
            let first_token_s = now_s + service_s + FIRST_TOKEN_S;
            self.samples.count(request.arrival_s, first_token_s, starting.wait_prefill_s, 0.0);
            service_s += request.output_tokens / DECODE_TOKENS_PER_S;
        }
        self.first.tally.count_busy(now_s, service_s);
        self.calendar.push(Scheduled { at_s: now_s + service_s, event: Event::FirstEnd(starting) });
    }

    fn start_decode(&mut self, starting: InFlight, now_s: f64) {
        let request = starting.request;
        let service_s = request.output_tokens / DECODE_TOKENS_PER_S;
        let wait_s = now_s - starting.joined_s;
        self.samples.count(
            request.arrival_s,
            now_s + FIRST_TOKEN_S,
            starting.wait_prefill_s,
            wait_s,
        );
        self.decode.tally.count_busy(now_s, service_s);
        self.calendar.push(Scheduled { at_s: now_s + service_s, event: Event::DecodeEnd });
    }
}

impl Pool {
    fn new(gpus: u32) -> Self {
        Self { idle_gpus: gpus, queue: VecDeque::new(), tally: PoolTally::default() }
    }

    /// The request itself if a GPU is idle; otherwise it queues.
    fn join(&mut self, joining: InFlight) -> Option<InFlight> {
        self.tally.num_joined += 1;
        if self.idle_gpus > 0 {
            self.idle_gpus -= 1;
            return Some(joining);
        }
        self.queue.push_back(joining);
        None
    }

    /// The request that takes over the GPU of one that ended.
    fn leave(&mut self) -> Option<InFlight> {
        let next = self.queue.pop_front();
        self.idle_gpus += u32::from(next.is_none());
        next
    }
}

/// An event in the calendar; the earliest is the greatest, since the heap is one of maxima.
struct Scheduled {
    at_s: f64,
    event: Event,
}

impl Ord for Scheduled {
    fn cmp(&self, other: &Self) -> Ordering {
        other.at_s.total_cmp(&self.at_s)
    }
}

impl PartialOrd for Scheduled {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Scheduled {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Scheduled {}
