//! The result of one job, its batches, and a sample of it.

use serde::{Deserialize, Serialize};

use crate::statistics::KeptSample;

/// What one replication of one cell showed in its window. `None` where nothing is known: no
/// samples, or a pool that the mode does not have.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Requests that were simulated, inside the window or not. Not a column: it measures work.
    pub num_simulated: u64,
    /// Requests that arrived before the window and had not ended at its start.
    pub num_in_system_start: u64,
    /// Requests that arrived in the window.
    pub num_arrivals: u64,
    /// Requests that the figures below describe.
    pub num_samples: u64,
    /// Requests that ended in the window.
    pub num_completed: u64,
    /// Requests that arrived before the horizon and had not ended at it.
    pub num_unfinished: u64,
    /// Share of the window's arrivals without a first token at the horizon.
    pub censored: Option<f64>,
    /// Mean time to first token, seconds.
    pub mean_ttft_s: Option<f64>,
    /// Median time to first token, seconds.
    pub p50_ttft_s: Option<f64>,
    /// 90th percentile of the time to first token, seconds.
    pub p90_ttft_s: Option<f64>,
    /// 99th percentile of the time to first token, seconds; `None` for fewer than 100 samples.
    pub p99_ttft_s: Option<f64>,
    /// Standard deviation of the time to first token between requests, seconds.
    pub std_ttft_s: Option<f64>,
    /// Mean time to first token of the later half of the samples minus that of the earlier, seconds.
    pub trend_ttft_s: Option<f64>,
    /// Mean time to first token of the first tenth of the samples minus that of the rest, seconds.
    pub onset_ttft_s: Option<f64>,
    /// Correlation of neighbours among mean times to first token of 100 consecutive parts of the
    /// samples. Not a column: it judges batches.
    pub part_correlation: Option<f64>,
    /// Share of samples within the service-level objective; `None` without one.
    pub slo_attainment: Option<f64>,
    /// Completions per second of the window within the service-level objective.
    pub goodput_rps: Option<f64>,
    /// Mean wait for prefill (mono: for the one pool), seconds.
    pub mean_wait_prefill_s: Option<f64>,
    /// Mean prefill time, seconds.
    pub mean_service_prefill_s: Option<f64>,
    /// Mean wait for decode, seconds.
    pub mean_wait_decode_s: Option<f64>,
    /// Mean decode time, seconds.
    pub mean_service_decode_s: Option<f64>,
    /// Time average of requests waiting for prefill (mono: for the one pool).
    pub mean_queue_length_prefill: f64,
    /// Time average of requests waiting for decode.
    pub mean_queue_length_decode: Option<f64>,
    /// Busy share of the prefill pool's GPU time, 0 to 1.
    pub utilization_prefill: Option<f64>,
    /// Busy share of the decode pool's GPU time, 0 to 1.
    pub utilization_decode: Option<f64>,
    /// Busy share of the one pool's GPU time, 0 to 1.
    pub utilization_gpu: Option<f64>,
    /// Completions per second of the window.
    pub throughput_rps: f64,
    /// Mean time from arrival to the last token, seconds.
    pub mean_e2e_s: Option<f64>,
    /// What Little's law leaves unexplained: 1 - lambda W / L, with L, the time average of requests
    /// in the system, lambda, the arrivals per second, and W, the mean time in the system, counted
    /// independently of each other. `None` for an empty system.
    pub little_residual: Option<f64>,
    /// Whether percentiles are exact; else they have a relative error of at most 0.1 %.
    pub is_exact: bool,
}

/// One of the windows that a run is cut into.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// What the run showed in it.
    pub summary: Summary,
    /// Times to first token of its samples, seconds.
    pub ttft_s: KeptSample,
}

/// One request of the sample set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Its number in order of arrival, from 0.
    pub request: u64,
    /// When it arrived, seconds.
    pub arrival_s: f64,
    /// Its time to first token, seconds.
    pub ttft_s: f64,
}
