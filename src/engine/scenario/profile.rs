//! What a recorded trace is like: rate, burstiness, lengths, and lognormals fitted to them.

use serde::Serialize;

use super::tokens::sample_moments;
use super::trace::TraceView;
use crate::math;
use crate::statistics::percentiles;

/// Description of a trace.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TraceProfile {
    /// Number of requests.
    pub requests: usize,
    /// From the first to the last arrival, seconds.
    pub span_s: f64,
    /// Mean rate (n - 1) / span, requests per second.
    pub rate_per_s: Option<f64>,
    /// Coefficient of variation of the gaps: 1 for Poisson arrivals, more for bursts.
    pub gap_cv: Option<f64>,
    /// Prompt lengths.
    pub prompt_tokens: LengthProfile,
    /// Output lengths.
    pub output_tokens: LengthProfile,
}

/// Description of one length column. Units: tokens.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LengthProfile {
    /// Mean.
    pub mean: f64,
    /// Standard deviation (divisor n).
    pub std: f64,
    /// Smallest length.
    pub min: f64,
    /// Median.
    pub p50: f64,
    /// 90th percentile.
    pub p90: f64,
    /// 99th percentile.
    pub p99: f64,
    /// Largest length.
    pub max: f64,
    /// Maximum-likelihood lognormal of the lengths above 0; `None` if fewer than two differ.
    pub lognormal: Option<LognormalFit>,
}

/// A fitted lognormal and how well it fits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LognormalFit {
    /// Mean of the logarithm.
    pub mu: f64,
    /// Standard deviation of the logarithm (divisor n).
    pub sigma: f64,
    /// Kolmogorov-Smirnov distance: the largest difference between the fitted and the empirical
    /// distribution function, 0 (perfect) to 1.
    pub ks_distance: f64,
    /// Lengths of 0, which no lognormal can have and the fit leaves out.
    pub zeros: usize,
}

impl TraceProfile {
    /// Describes a trace.
    pub fn of(view: &TraceView) -> Self {
        let gaps = (1..view.len()).map(|row| view.arrival_s(row) - view.arrival_s(row - 1));
        let gap_cv = view.mean_gap_s().map(|_| {
            let gaps = sample_moments(gaps);
            gaps.std / gaps.mean
        });
        Self {
            requests: view.len(),
            span_s: view.span_s(),
            rate_per_s: view.mean_rate_per_s(),
            gap_cv,
            prompt_tokens: LengthProfile::of(view.prompt_tokens()),
            output_tokens: LengthProfile::of(view.output_tokens()),
        }
    }
}

impl LengthProfile {
    fn of(lengths: &[f64]) -> Self {
        let moments = sample_moments(lengths.iter().copied());
        // A view is never empty, so neither is the sample.
        let [min, p50, p90, p99, max] =
            percentiles(lengths, [0.0, 0.5, 0.9, 0.99, 1.0]).unwrap_or([f64::NAN; 5]);
        Self {
            mean: moments.mean,
            std: moments.std,
            min,
            p50,
            p90,
            p99,
            max,
            lognormal: LognormalFit::of(lengths),
        }
    }
}

impl LognormalFit {
    fn of(lengths: &[f64]) -> Option<Self> {
        let mut logs: Vec<f64> = lengths
            .iter()
            .filter(|&&length| length > 0.0)
            .map(|&length| math::ln(length))
            .collect();
        if logs.is_empty() {
            return None;
        }
        let moments = sample_moments(logs.iter().copied());
        if moments.std <= 0.0 {
            return None;
        }
        logs.sort_unstable_by(f64::total_cmp);
        Some(Self {
            mu: moments.mean,
            sigma: moments.std,
            ks_distance: ks_distance(&logs, |x| {
                1.0 - math::normal_tail((x - moments.mean) / moments.std)
            }),
            zeros: lengths.len() - logs.len(),
        })
    }
}

/// Largest distance between the empirical distribution of a sorted sample and `cdf`.
fn ks_distance(sorted: &[f64], cdf: impl Fn(f64) -> f64) -> f64 {
    let n = math::count(sorted.len() as u64);
    let distances = sorted.iter().enumerate().map(|(i, &x)| {
        let (below, upto) = (math::count(i as u64) / n, math::count(i as u64 + 1) / n);
        let expected = cdf(x);
        (expected - below).max(upto - expected)
    });
    distances.fold(0.0, f64::max)
}
