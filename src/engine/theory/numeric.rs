//! Checks and numerical tools shared by the closed forms.

use super::TheoryError;

/// `value` itself, if it is finite and greater than zero.
pub(super) fn positive(name: &'static str, value: f64) -> Result<f64, TheoryError> {
    if !value.is_finite() {
        return Err(TheoryError::NotFinite { name, value });
    }
    if value <= 0.0 {
        return Err(TheoryError::NotPositive { name, value });
    }
    Ok(value)
}

/// Offered load per server, if it allows a steady state.
pub(super) fn stable_utilization(
    arrival_rate_per_s: f64,
    mean_service_s: f64,
    servers: u32,
) -> Result<f64, TheoryError> {
    let arrival_rate_per_s = positive("arrival_rate_per_s", arrival_rate_per_s)?;
    let mean_service_s = positive("mean_service_s", mean_service_s)?;
    let servers = positive("servers", f64::from(servers))?;
    let utilization = positive("utilization", arrival_rate_per_s * mean_service_s / servers)?;
    if utilization >= 1.0 {
        return Err(TheoryError::Saturated { utilization });
    }
    Ok(utilization)
}

/// The probability that a quantile of `level` leaves above itself.
pub(super) fn exceedance(level: f64) -> Result<f64, TheoryError> {
    if (0.0..1.0).contains(&level) { Ok(1.0 - level) } else { Err(TheoryError::Level { level }) }
}

/// P(X > t) of a non-negative X at any `t_s`, from a formula for finite times that are no less
/// than zero. The minimum takes care of sums that round to more than one.
pub(super) fn tail_at(t_s: f64, formula: impl FnOnce(f64) -> f64) -> f64 {
    if t_s < 0.0 {
        1.0
    } else if t_s == f64::INFINITY {
        0.0
    } else if t_s.is_nan() {
        f64::NAN
    } else {
        formula(t_s).min(1.0)
    }
}

/// The time at which an exponential tail `probability * exp(-rate_per_s * t)` falls to
/// `exceedance`, or 0 if it starts no higher.
pub(super) fn exponential_tail_quantile(probability: f64, rate_per_s: f64, exceedance: f64) -> f64 {
    if exceedance >= probability { 0.0 } else { libm::log(probability / exceedance) / rate_per_s }
}

/// The smallest time at which a decreasing `tail` is no more than `exceedance`.
///
/// Bisection down to neighbouring floats: slower than Newton's method, but it needs no density
/// and cannot leave the bracket. `scale_s` is a guess of the order of magnitude.
pub(super) fn invert_tail(tail: impl Fn(f64) -> f64, exceedance: f64, scale_s: f64) -> f64 {
    if tail(0.0) <= exceedance {
        return 0.0;
    }
    let (mut low, mut high) = (0.0, scale_s);
    while tail(high) > exceedance && high < f64::MAX / 2.0 {
        low = high;
        high *= 2.0;
    }
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            return high;
        }
        if tail(middle) > exceedance {
            low = middle;
        } else {
            high = middle;
        }
    }
}

/// The density at `t` of the sum of two exponential times, divided by the product of their rates.
///
/// Written with the difference of the rates in one place only, so that nothing happens where
/// they are equal.
pub(super) fn two_stage_kernel_s(first_per_s: f64, second_per_s: f64, t_s: f64) -> f64 {
    let slower = first_per_s.min(second_per_s);
    let gap = (first_per_s - second_per_s).abs();
    libm::exp(-slower * t_s) * truncated_exponential_integral_s(gap, t_s)
}

/// The integral of `exp(-rate * u)` over `u` from 0 to `t`.
fn truncated_exponential_integral_s(rate_per_s: f64, t_s: f64) -> f64 {
    if rate_per_s > 0.0 { -libm::expm1(-rate_per_s * t_s) / rate_per_s } else { t_s }
}

/// The smallest whole number that is no less than `value`, for sizes of loops and tables.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "callers pass numbers that fit, and the cast saturates where they do not"
)]
pub(super) fn whole_count(value: f64) -> u32 {
    value.ceil() as u32
}
