//! The workload in NeXosim: a source and one or two pools, each a model, that send each other requests.
//!
//! Fair to it: the executor is the single-threaded one; each request costs only the messages and
//! scheduled events that the framework needs (an arrival, a service's end and a message per pool), and
//! what is counted stays in the models until the horizon.

use std::collections::VecDeque;
use std::error::Error;
use std::time::Duration;

use nexosim::model::{Context, Model, schedulable};
use nexosim::ports::{EventSinkReader, EventSource, Output, SinkState, event_slot};
use nexosim::simulation::{Mailbox, SimInit, SimulationError};
use nexosim::time::MonotonicTime;
use peers::{
    Cell, DECODE_GPUS, DECODE_TOKENS_PER_S, FIRST_TOKEN_S, Mode, NUM_GPUS, Outcome, PREFILL_GPUS,
    PoolTally, Request, Requests, SIM_S, Samples,
};
use serde::{Deserialize, Serialize};

fn main() -> Result<(), Box<dyn Error>> {
    peers::run(|cell, requests| simulate(cell, requests).expect("the bench is sound"))
}

fn simulate(cell: &Cell, requests: Requests) -> Result<Outcome, SimulationError> {
    let prefill_tokens_per_s = cell.prefill_tokens_per_s;
    let (stage, gpus) = match cell.mode {
        Mode::Mono => (Stage::Both { prefill_tokens_per_s }, NUM_GPUS),
        Mode::Disagg => (Stage::Prefill { prefill_tokens_per_s }, PREFILL_GPUS),
    };
    let mut source = Source { requests, next: None, arrivals: Output::default() };
    let mut first = Pool::new(stage, gpus);
    let (source_mailbox, first_mailbox) = (Mailbox::new(), Mailbox::new());
    source.arrivals.connect(Pool::join, &first_mailbox);

    let mut bench = SimInit::with_num_threads(1);
    let (sink, mut first_report) = event_slot(SinkState::Enabled);
    first.report.connect_sink(sink);
    let mut report = EventSource::new().connect(Pool::send_report, &first_mailbox);
    let mut decode_report = None;
    if cell.mode == Mode::Disagg {
        let mut decode = Pool::new(Stage::Decode, DECODE_GPUS);
        let decode_mailbox = Mailbox::new();
        first.served.connect(Pool::join, &decode_mailbox);
        let (sink, reader) = event_slot(SinkState::Enabled);
        decode.report.connect_sink(sink);
        decode_report = Some(reader);
        report = report.connect(Pool::send_report, &decode_mailbox);
        bench = bench.add_model(decode, decode_mailbox, "decode");
    }
    let report = report.register(&mut bench);
    let mut simulation = bench
        .add_model(source, source_mailbox, "source")
        .add_model(first, first_mailbox, "first")
        .init(MonotonicTime::EPOCH)?;

    simulation.step_until(Duration::from_secs_f64(SIM_S))?;
    simulation.process_event(&report, ())?;
    let (first, first_samples) = first_report.try_read().expect("the pool reports");
    Ok(match decode_report {
        None => Outcome { samples: first_samples, first, decode: None },
        Some(mut reader) => {
            let (decode, samples) = reader.try_read().expect("the pool reports");
            Outcome { samples, first, decode: Some(decode) }
        }
    })
}

/// Sends each request at its arrival.
#[derive(Serialize, Deserialize)]
struct Source {
    requests: Requests,
    next: Option<Request>,
    arrivals: Output<InFlight>,
}

#[Model]
impl Source {
    #[nexosim(init)]
    async fn init(&mut self, context: &Context<Self>) {
        self.schedule_next(context);
    }

    #[nexosim(schedulable)]
    async fn arrive(&mut self, (): (), context: &Context<Self>) {
        if let Some(request) = self.next.take() {
            let joined_s = now_s(context);
            self.arrivals.send(InFlight { request, joined_s, wait_prefill_s: 0.0 }).await;
        }
        self.schedule_next(context);
    }

    fn schedule_next(&mut self, context: &Context<Self>) {
        self.next = self.requests.next();
        if let Some(request) = &self.next {
            // The clock has whole nanoseconds, and no two arrivals within one.
            let gap_s = request.arrival_s - now_s(context);
            let gap = Duration::from_secs_f64(gap_s.max(0.0)).max(Duration::from_nanos(1));
            context
                .schedule_event(gap, schedulable!(Self::arrive), ())
                .expect("it is in the future");
        }
    }
}

/// A request in a pool or between pools.
#[derive(Clone, Serialize, Deserialize)]
struct InFlight {
    request: Request,
    joined_s: f64,
    wait_prefill_s: f64,
}

/// What a pool does for a request.
#[derive(Clone, Copy, Serialize, Deserialize)]
enum Stage {
    Prefill { prefill_tokens_per_s: f64 },
    Decode,
    Both { prefill_tokens_per_s: f64 },
}

/// Identical GPUs that serve in the order of joining.
#[derive(Serialize, Deserialize)]
struct Pool {
    stage: Stage,
    idle_gpus: u32,
    queue: VecDeque<InFlight>,
    tally: PoolTally,
    samples: Samples,
    served: Output<InFlight>,
    report: Output<(PoolTally, Samples)>,
}

#[Model]
impl Pool {
    fn new(stage: Stage, gpus: u32) -> Self {
        Self {
            stage,
            idle_gpus: gpus,
            queue: VecDeque::new(),
            tally: PoolTally::default(),
            samples: Samples::default(),
            served: Output::default(),
            report: Output::default(),
        }
    }

    async fn join(&mut self, joining: InFlight, context: &Context<Self>) {
        self.tally.num_joined += 1;
        if self.idle_gpus == 0 {
            self.queue.push_back(joining);
        } else {
            self.idle_gpus -= 1;
            self.start(joining, context);
        }
    }

    #[nexosim(schedulable)]
    async fn end(&mut self, mut ended: InFlight, context: &Context<Self>) {
        match self.queue.pop_front() {
            Some(next) => self.start(next, context),
            None => self.idle_gpus += 1,
        }
        ended.joined_s = now_s(context);
        self.served.send(ended).await;
    }

    fn start(&mut self, mut starting: InFlight, context: &Context<Self>) {
        let start_s = now_s(context);
        let wait_s = start_s - starting.joined_s;
        let Request { arrival_s, prompt_tokens, output_tokens } = starting.request;
        let decode_s = output_tokens / DECODE_TOKENS_PER_S;
        let service_s = match self.stage {
            Stage::Prefill { prefill_tokens_per_s } => {
                starting.wait_prefill_s = wait_s;
                prompt_tokens / prefill_tokens_per_s
            }
            Stage::Decode => {
                self.samples.count(
                    arrival_s,
                    start_s + FIRST_TOKEN_S,
                    starting.wait_prefill_s,
                    wait_s,
                );
                decode_s
            }
            Stage::Both { prefill_tokens_per_s } => {
                let prefill_s = prompt_tokens / prefill_tokens_per_s;
                self.samples.count(arrival_s, start_s + prefill_s + FIRST_TOKEN_S, wait_s, 0.0);
                prefill_s + decode_s
            }
        };
        self.tally.count_busy(start_s, service_s);
        let service = Duration::from_secs_f64(service_s);
        context
            .schedule_event(service, schedulable!(Self::end), starting)
            .expect("a service takes time");
    }

    async fn send_report(&mut self) {
        self.report
            .send((std::mem::take(&mut self.tally), std::mem::take(&mut self.samples)))
            .await;
    }
}

/// Seconds since the start.
fn now_s<M: Model>(context: &Context<M>) -> f64 {
    context.time().duration_since(MonotonicTime::EPOCH).as_secs_f64()
}
