//! Exact first and second moments of clamped and floored distributions.
//!
//! With S(x) = P(X >= x), a clamped X has E = low + integral of S over [low, high], and a floored
//! one E = low + sum of S(k) over low < k <= high; second moments weigh S by 2x and 2k - 1. Sums
//! with millions of smooth terms end in the Euler-Maclaurin formula (Abramowitz & Stegun 23.1.30).

use super::distribution::TokenDistribution;
use crate::math::{self, normal_tail};

/// Mean and mean square of clamp(X, low, high).
pub(super) fn continuous(distribution: &TokenDistribution, low: f64, high: f64) -> (f64, f64) {
    let below = tail_integrals(distribution, low);
    let above = tail_integrals(distribution, high);
    (low + below.0 - above.0, low * low + below.1 - above.1)
}

/// Mean and mean square of clamp(floor(X), low, high), for whole `low` and `high`.
pub(super) fn floored(distribution: &TokenDistribution, low: f64, high: f64) -> (f64, f64) {
    let last = math::floor_non_negative(effective_maximum(distribution)).min(high);
    if last <= low {
        return (low, low * low);
    }
    let (sum, weighted) = sums(distribution, low + 1.0, last);
    (low + sum, low * low + weighted)
}

/// P(X >= x) for x >= 0.
fn survival(distribution: &TokenDistribution, x: f64) -> f64 {
    match *distribution {
        TokenDistribution::Lognormal { mu, sigma } => {
            if x > 0.0 {
                normal_tail((math::ln(x) - mu) / sigma)
            } else {
                1.0
            }
        }
        TokenDistribution::Exponential { mean } => math::exp(-x / mean),
        TokenDistribution::Uniform { low, high } => ((high - x) / (high - low)).clamp(0.0, 1.0),
        TokenDistribution::Fixed { value } => f64::from(u8::from(value >= x)),
        TokenDistribution::Empirical { .. } => unreachable!("samples have their own moments"),
    }
}

/// Integral of S(u) and of 2 u S(u) over [x, infinity): E[(X - x)+] and E[(X^2 - x^2)+].
fn tail_integrals(distribution: &TokenDistribution, x: f64) -> (f64, f64) {
    if x.is_infinite() {
        return (0.0, 0.0);
    }
    match *distribution {
        TokenDistribution::Lognormal { mu, sigma } => {
            let variance = sigma * sigma;
            let mean = math::exp(mu + variance / 2.0);
            let square = math::exp(2.0 * mu + 2.0 * variance);
            if x <= 0.0 {
                return (mean, square);
            }
            let z = (math::ln(x) - mu) / sigma;
            (
                mean * normal_tail(z - sigma) - x * normal_tail(z),
                square * normal_tail(z - 2.0 * sigma) - x * x * normal_tail(z),
            )
        }
        TokenDistribution::Exponential { mean } => {
            let reach = math::exp(-x / mean);
            (mean * reach, 2.0 * mean * (x + mean) * reach)
        }
        TokenDistribution::Uniform { low, high } => {
            let from = x.clamp(low, high);
            let certain = (low - x).max(0.0);
            let square_certain = (low * low - x * x).max(0.0);
            let width = high - low;
            let rest = high - from;
            (
                certain + rest * rest / (2.0 * width),
                square_certain
                    + (high * (high * high - from * from)
                        - 2.0 * (high.powi(3) - from.powi(3)) / 3.0)
                        / width,
            )
        }
        TokenDistribution::Fixed { value } => {
            ((value - x).max(0.0), (value * value - x * x).max(0.0))
        }
        TokenDistribution::Empirical { .. } => unreachable!("samples have their own moments"),
    }
}

/// Sum of S(k) and of (2k - 1) S(k) over the whole numbers `first` <= k <= `last`.
fn sums(distribution: &TokenDistribution, first: f64, last: f64) -> (f64, f64) {
    let certain_until = certain_value(distribution).min(last);
    let (mut sum, mut weighted) = (0.0, 0.0);
    let mut k = first;
    if certain_until >= first {
        sum = certain_until - first + 1.0;
        weighted = certain_until * certain_until - (first - 1.0) * (first - 1.0);
        k = certain_until + 1.0;
    }
    let smooth = smooth_from(distribution);
    while k <= last && k < smooth {
        let reach = survival(distribution, k);
        sum += reach;
        weighted += (2.0 * k - 1.0) * reach;
        k += 1.0;
    }
    if k <= last {
        let (rest, rest_weighted) = smooth_sums(distribution, k, last);
        sum += rest;
        weighted += rest_weighted;
    }
    (sum, weighted)
}

/// As [`sums`], by Euler-Maclaurin: integral + (f(a) + f(b)) / 2 + (f'(b) - f'(a)) / 12.
fn smooth_sums(distribution: &TokenDistribution, first: f64, last: f64) -> (f64, f64) {
    let from = tail_integrals(distribution, first);
    let to = tail_integrals(distribution, last);
    let end = |k: f64| {
        let reach = survival(distribution, k);
        let slope = -density(distribution, k);
        (reach, slope, (2.0 * k - 1.0) * reach, 2.0 * reach + (2.0 * k - 1.0) * slope)
    };
    let (a, b) = (end(first), end(last));
    let plain_integral = from.0 - to.0;
    (
        plain_integral + f64::midpoint(a.0, b.0) + (b.1 - a.1) / 12.0,
        (from.1 - to.1) - plain_integral + f64::midpoint(a.2, b.2) + (b.3 - a.3) / 12.0,
    )
}

/// Density of the smooth distributions.
fn density(distribution: &TokenDistribution, x: f64) -> f64 {
    match *distribution {
        TokenDistribution::Lognormal { mu, sigma } => {
            let z = (math::ln(x) - mu) / sigma;
            math::exp(-z * z / 2.0) / (x * sigma * (2.0 * std::f64::consts::PI).sqrt())
        }
        TokenDistribution::Exponential { mean } => math::exp(-x / mean) / mean,
        TokenDistribution::Uniform { low, high } => 1.0 / (high - low),
        TokenDistribution::Fixed { .. } | TokenDistribution::Empirical { .. } => 0.0,
    }
}

/// The largest whole number that X reaches with probability 1 (to double precision).
fn certain_value(distribution: &TokenDistribution) -> f64 {
    math::floor_non_negative(match *distribution {
        TokenDistribution::Lognormal { mu, sigma } => math::exp(mu - 9.0 * sigma),
        TokenDistribution::Uniform { low, .. } => low,
        TokenDistribution::Fixed { value } => value,
        TokenDistribution::Exponential { .. } | TokenDistribution::Empirical { .. } => 0.0,
    })
}

/// The value that X exceeds with a probability that no moment notices (below 1e-25).
fn effective_maximum(distribution: &TokenDistribution) -> f64 {
    match *distribution {
        // Second moments see the tail shifted by 2 sigma.
        TokenDistribution::Lognormal { mu, sigma } => {
            math::exp(mu + 2.0 * sigma * sigma + 10.5 * sigma)
        }
        TokenDistribution::Exponential { mean } => 80.0 * mean + 1.0,
        TokenDistribution::Uniform { high, .. } => high,
        TokenDistribution::Fixed { value } => value,
        TokenDistribution::Empirical { .. } => 0.0,
    }
}

/// From where on S varies so slowly between neighbouring whole numbers that two terms of
/// Euler-Maclaurin are exact to double precision.
fn smooth_from(distribution: &TokenDistribution) -> f64 {
    match *distribution {
        // Relative to its value S changes on the scale x sigma / z, with z < 20.
        TokenDistribution::Lognormal { sigma, .. } => 2_000.0 / sigma.min(1.0),
        TokenDistribution::Exponential { mean } if mean >= 2_000.0 => 0.0,
        // Linear between low and high, which is where it is summed.
        TokenDistribution::Uniform { .. } => 0.0,
        TokenDistribution::Exponential { .. }
        | TokenDistribution::Fixed { .. }
        | TokenDistribution::Empirical { .. } => f64::INFINITY,
    }
}
