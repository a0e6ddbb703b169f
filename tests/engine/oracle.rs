//! A second opinion: the model as an event calendar with explicit queues, and the window's
//! accounting straight from its definition. Slow, plain, and sharing nothing with the engine.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use sweep_engine::scenario::Cluster;
use sweep_engine::spec::Observe;

use crate::support::Row;

/// What happened to one request, seconds.
#[expect(clippy::struct_field_names, reason = "units stand last")]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Journey {
    pub(crate) arrival_s: f64,
    pub(crate) prefill_start_s: f64,
    pub(crate) decode_join_s: f64,
    pub(crate) decode_start_s: f64,
    pub(crate) first_token_s: f64,
    pub(crate) end_s: f64,
    pub(crate) ttft_s: f64,
}

/// What can happen. At equal times in this order, then by request number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    LeavesDecode,
    LeavesPrefill,
    Arrives,
}

/// A time that can be ordered.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Time(f64);

impl Eq for Time {}
impl PartialOrd for Time {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Time {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// A pool with a queue in front of it.
struct Station {
    free_gpus: u32,
    queue: VecDeque<usize>,
}

impl Station {
    fn new(gpus: u32) -> Self {
        Self { free_gpus: gpus, queue: VecDeque::new() }
    }

    /// The next request to start, if there is one and a GPU for it.
    fn start_next(&mut self) -> Option<usize> {
        if self.free_gpus == 0 {
            return None;
        }
        let request = self.queue.pop_front()?;
        self.free_gpus -= 1;
        Some(request)
    }
}

/// Serves all requests to their end.
pub(crate) fn serve(requests: &[Row], cluster: &Cluster) -> Vec<Journey> {
    let prefill_s = |i: usize| requests[i].1 / cluster.prefill_tokens_per_s();
    let decode_s = |i: usize| requests[i].2.max(1.0) / cluster.decode_tokens_per_s();
    let step_s = 1.0 / cluster.decode_tokens_per_s();
    let (mut first, mut second) = match *cluster {
        Cluster::Mono(mono) => (Station::new(mono.num_gpus), None),
        Cluster::Disagg(disagg) => {
            (Station::new(disagg.prefill_gpus), Some(Station::new(disagg.decode_gpus)))
        }
    };
    let mut journeys = vec![Journey::default(); requests.len()];
    let mut calendar: BinaryHeap<Reverse<(Time, Event, usize)>> = requests
        .iter()
        .enumerate()
        .map(|(i, request)| Reverse((Time(request.0), Event::Arrives, i)))
        .collect();
    while let Some(Reverse((Time(now_s), event, i))) = calendar.pop() {
        match (event, &mut second) {
            (Event::Arrives, _) => {
                journeys[i].arrival_s = now_s;
                first.queue.push_back(i);
            }
            (Event::LeavesPrefill, Some(second)) => {
                first.free_gpus += 1;
                journeys[i].decode_join_s = now_s;
                second.queue.push_back(i);
            }
            (Event::LeavesPrefill, None) => first.free_gpus += 1,
            (Event::LeavesDecode, Some(second)) => second.free_gpus += 1,
            (Event::LeavesDecode, None) => unreachable!("mono has one station"),
        }
        while let Some(k) = first.start_next() {
            let journey = &mut journeys[k];
            journey.prefill_start_s = now_s;
            let hold_s = if second.is_some() {
                prefill_s(k)
            } else {
                journey.first_token_s = now_s + (prefill_s(k) + step_s);
                journey.end_s = now_s + (prefill_s(k) + decode_s(k));
                prefill_s(k) + decode_s(k)
            };
            calendar.push(Reverse((Time(now_s + hold_s), Event::LeavesPrefill, k)));
        }
        while let Some(k) = second.as_mut().and_then(Station::start_next) {
            journeys[k].decode_start_s = now_s;
            journeys[k].first_token_s = now_s + step_s;
            journeys[k].end_s = now_s + decode_s(k);
            calendar.push(Reverse((Time(now_s + decode_s(k)), Event::LeavesDecode, k)));
        }
    }
    for journey in &mut journeys {
        journey.ttft_s = journey.first_token_s - journey.arrival_s;
    }
    journeys
}

/// The results of a window, in the order and with the names of `support::fields`.
#[expect(clippy::too_many_lines, reason = "a list of results, one after the other")]
pub(crate) fn account(
    requests: &[Row],
    cluster: &Cluster,
    window: (f64, f64),
    observe: Observe,
    slo_ttft_s: Option<f64>,
) -> [(&'static str, Option<f64>); 27] {
    let journeys = serve(requests, cluster);
    let (start_s, end_s) = window;
    let within = |at_s: f64| start_s <= at_s && at_s < end_s;
    let count = |keep: &dyn Fn(&Journey) -> bool| {
        Some(journeys.iter().filter(|journey| keep(journey)).count() as f64)
    };
    let samples: Vec<usize> = (0..journeys.len())
        .filter(|&i| match observe {
            Observe::Events => within(journeys[i].first_token_s),
            Observe::Arrivals => within(journeys[i].arrival_s),
        })
        .collect();
    let mean = |of: &dyn Fn(usize) -> f64| {
        let sum: f64 = samples.iter().map(|&i| of(i)).sum();
        (!samples.is_empty()).then(|| sum / samples.len() as f64)
    };
    let prefill_s = |i: usize| requests[i].1 / cluster.prefill_tokens_per_s();
    let decode_s = |i: usize| requests[i].2.max(1.0) / cluster.decode_tokens_per_s();
    let [p50, p90, p99, spread, trend, onset] = describe(&in_turn(&journeys, &samples));
    let arrivals = count(&|j| within(j.arrival_s));
    let late = count(&|j| within(j.arrival_s) && j.first_token_s >= end_s);
    let completed = count(&|j| within(j.end_s));
    let window_s = end_s - start_s;
    let is_disagg = matches!(cluster, Cluster::Disagg(_));
    let [first_gpus, second_gpus] = gpus(cluster);
    let busy = |spans: &dyn Fn(&Journey) -> (f64, f64)| {
        let clip = |(from, to): (f64, f64)| (to.min(end_s) - from.max(start_s)).max(0.0);
        journeys.iter().map(|journey| clip(spans(journey))).sum::<f64>() / window_s
    };
    let prefill_queue = journeys.iter().map(|j| (j.arrival_s, j.prefill_start_s));
    let decode_queue = journeys.iter().map(|j| (j.decode_join_s, j.decode_start_s));
    let attainment = slo_ttft_s.and_then(|slo_s| mean(&|i| f64::from(journeys[i].ttft_s <= slo_s)));
    let e2e_s = mean(&|i| journeys[i].end_s - journeys[i].arrival_s);
    let in_system = mean_length(journeys.iter().map(|j| (j.arrival_s, j.end_s)).collect(), window);
    let if_disagg = |value: f64| is_disagg.then_some(value);
    [
        ("num_in_system_start", count(&|j| j.arrival_s < start_s && j.end_s >= start_s)),
        ("num_arrivals", arrivals),
        ("num_samples", Some(samples.len() as f64)),
        ("num_completed", completed),
        ("num_unfinished", count(&|j| j.arrival_s < end_s && j.end_s >= end_s)),
        ("censored", arrivals.filter(|&n| n > 0.0).zip(late).map(|(n, late)| late / n)),
        ("mean_ttft_s", mean(&|i| journeys[i].ttft_s)),
        p50,
        p90,
        p99,
        spread,
        trend,
        onset,
        ("slo_attainment", attainment),
        (
            "goodput_rps",
            slo_ttft_s.zip(completed).map(|(_, n)| attainment.unwrap_or(0.0) * n / window_s),
        ),
        ("mean_wait_prefill_s", mean(&|i| journeys[i].prefill_start_s - journeys[i].arrival_s)),
        ("mean_service_prefill_s", mean(&prefill_s)),
        (
            "mean_wait_decode_s",
            mean(&|i| journeys[i].decode_start_s - journeys[i].decode_join_s).filter(|_| is_disagg),
        ),
        ("mean_service_decode_s", mean(&decode_s)),
        ("mean_queue_length_prefill", Some(mean_length(prefill_queue.collect(), window))),
        ("mean_queue_length_decode", if_disagg(mean_length(decode_queue.collect(), window))),
        (
            "utilization_prefill",
            if_disagg(busy(&|j| (j.prefill_start_s, j.decode_join_s)) / first_gpus),
        ),
        ("utilization_decode", if_disagg(busy(&|j| (j.decode_start_s, j.end_s)) / second_gpus)),
        (
            "utilization_gpu",
            (!is_disagg).then(|| busy(&|j| (j.prefill_start_s, j.end_s)) / first_gpus),
        ),
        ("throughput_rps", completed.map(|n| n / window_s)),
        ("mean_e2e_s", e2e_s),
        (
            "little_residual",
            e2e_s.zip(arrivals).and_then(|(w_s, n)| {
                (in_system > 0.0).then(|| 1.0 - n / window_s * w_s / in_system)
            }),
        ),
    ]
}

/// TTFT of the samples in the order in which the last pool takes requests in, seconds.
fn in_turn(journeys: &[Journey], samples: &[usize]) -> Vec<f64> {
    let mut by_turn = samples.to_vec();
    by_turn.sort_by(|&a, &b| {
        journeys[a].decode_join_s.total_cmp(&journeys[b].decode_join_s).then(a.cmp(&b))
    });
    by_turn.into_iter().map(|i| journeys[i].ttft_s).collect()
}

/// Percentiles, spread and trends of a sample.
fn describe(in_turn_s: &[f64]) -> [(&'static str, Option<f64>); 6] {
    let difference = |share: f64| {
        let (first, rest) = in_turn_s.split_at((in_turn_s.len() as f64 * share) as usize);
        let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
        (!first.is_empty() && !rest.is_empty()).then(|| mean(first) - mean(rest))
    };
    let mut sorted = in_turn_s.to_vec();
    sorted.sort_by(f64::total_cmp);
    [
        ("p50_ttft_s", type7(&sorted, 0.5)),
        ("p90_ttft_s", type7(&sorted, 0.9)),
        ("p99_ttft_s", type7(&sorted, 0.99).filter(|_| sorted.len() >= 100)),
        ("std_ttft_s", std(&sorted)),
        ("trend_ttft_s", difference(0.5).map(|difference| -difference)),
        ("onset_ttft_s", difference(0.1)),
    ]
}

/// Standard deviation, divisor n - 1.
fn std(sample: &[f64]) -> Option<f64> {
    let n = sample.len() as f64;
    let mean = sample.iter().sum::<f64>() / n;
    let squares: f64 = sample.iter().map(|x| (x - mean).powi(2)).sum();
    (n > 1.0).then(|| (squares / (n - 1.0)).sqrt())
}

/// GPUs of the first and the second station; 0 where there is none.
fn gpus(cluster: &Cluster) -> [f64; 2] {
    match *cluster {
        Cluster::Mono(mono) => [f64::from(mono.num_gpus), 0.0],
        Cluster::Disagg(pools) => [f64::from(pools.prefill_gpus), f64::from(pools.decode_gpus)],
    }
}

/// Time average of the number of open spans: the area under a step function.
fn mean_length(spans: Vec<(f64, f64)>, (start_s, end_s): (f64, f64)) -> f64 {
    let mut steps: Vec<(f64, f64)> =
        spans.into_iter().flat_map(|(from, to)| [(from, 1.0), (to, -1.0)]).collect();
    steps.push((end_s, 0.0));
    steps.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut area, mut open, mut since_s) = (0.0, 0.0, start_s);
    for (at_s, step) in steps {
        let at_s = at_s.clamp(start_s, end_s);
        area += open * (at_s - since_s);
        open += step;
        since_s = at_s;
    }
    area / (end_s - start_s)
}

/// Hyndman & Fan's type 7 on a sorted sample.
pub(crate) fn type7(sorted: &[f64], probability: f64) -> Option<f64> {
    let position = probability * (sorted.len().checked_sub(1)?) as f64;
    let low = position.floor();
    let upper = sorted[(low as usize + 1).min(sorted.len() - 1)];
    Some(sorted[low as usize] * (1.0 - (position - low)) + upper * (position - low))
}
