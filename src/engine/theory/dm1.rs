//! D/M/1: evenly spaced arrivals, exponential service times, one server.

use super::TheoryError;
use super::numeric::{exceedance, exponential_tail_quantile, stable_utilization, tail_at};

/// The D/M/1 queue in steady state.
///
/// An arrival waits with probability sigma, the root in (0, 1) of
/// `sigma = exp(-mu (1 - sigma) / lambda)`; the wait, given that there is one, is exponential
/// with rate `mu (1 - sigma)`. Source: L. Takács, *Introduction to the Theory of Queues* (1962);
/// L. Kleinrock, *Queueing Systems*, volume 1 (1975), chapter 6.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dm1 {
    arrival_rate_per_s: f64,
    mean_service_s: f64,
    /// `1 - sigma`, which keeps its digits where sigma is close to one.
    probability_of_no_wait: f64,
    utilization: f64,
}

impl Dm1 {
    /// Describes a queue by its arrival rate (per second) and the mean service time (seconds).
    ///
    /// # Errors
    ///
    /// [`TheoryError::NotFinite`] or [`TheoryError::NotPositive`] for an argument out of range,
    /// [`TheoryError::Saturated`] if the offered load is 1 or more.
    pub fn new(arrival_rate_per_s: f64, mean_service_s: f64) -> Result<Self, TheoryError> {
        let utilization = stable_utilization(arrival_rate_per_s, mean_service_s, 1)?;
        Ok(Self {
            arrival_rate_per_s,
            mean_service_s,
            probability_of_no_wait: probability_of_no_wait(utilization),
            utilization,
        })
    }

    /// Offered load: the share of time that the server is busy, in (0, 1).
    pub fn utilization(&self) -> f64 {
        self.utilization
    }

    /// The probability sigma that an arrival finds the server busy.
    pub fn probability_of_waiting(&self) -> f64 {
        // The fixed point once more: `1 - (1 - sigma)` would lose the digits of a small sigma.
        libm::exp(-self.probability_of_no_wait / self.utilization)
    }

    /// The rate at which a wait ends, given that there is one: `mu (1 - sigma)`.
    pub fn wait_rate_per_s(&self) -> f64 {
        self.probability_of_no_wait / self.mean_service_s
    }

    /// Mean wait in the queue.
    pub fn mean_wait_s(&self) -> f64 {
        self.probability_of_waiting() / self.wait_rate_per_s()
    }

    /// Second moment of the wait.
    pub fn second_moment_wait_s2(&self) -> f64 {
        2.0 * self.mean_wait_s() / self.wait_rate_per_s()
    }

    /// P(wait > t); 1 for a negative `t_s`.
    pub fn wait_tail(&self, t_s: f64) -> f64 {
        tail_at(t_s, |t_s| self.probability_of_waiting() * libm::exp(-self.wait_rate_per_s() * t_s))
    }

    /// The time that the wait does not exceed with probability `level`.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Level`] unless `level` is in `[0, 1)`.
    pub fn wait_quantile_s(&self, level: f64) -> Result<f64, TheoryError> {
        Ok(exponential_tail_quantile(
            self.probability_of_waiting(),
            self.wait_rate_per_s(),
            exceedance(level)?,
        ))
    }

    /// Mean time in the system, wait and service: `1 / (mu (1 - sigma))`.
    pub fn mean_sojourn_s(&self) -> f64 {
        1.0 / self.wait_rate_per_s()
    }

    /// Mean number waiting.
    pub fn mean_queue_length(&self) -> f64 {
        self.arrival_rate_per_s * self.mean_wait_s()
    }
}

/// The root in (0, 1) of `1 - y = exp(-y / rho)`, by bisection down to neighbouring floats.
fn probability_of_no_wait(utilization: f64) -> f64 {
    // The concave left side minus the right is positive between the roots 0 and y. It is
    // largest at the point where the slope of the exponential is one.
    let mut low = -utilization * libm::log(utilization);
    let mut high = 1.0;
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            return middle;
        }
        if -libm::expm1(-middle / utilization) > middle {
            low = middle;
        } else {
            high = middle;
        }
    }
}
