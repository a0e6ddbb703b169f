//! D/D/1 with more work than the server can do: the two ways to account for it at a horizon.

use super::TheoryError;
use super::numeric::positive;

/// Arrivals at 0, 1/lambda, 2/lambda, ... to one server that needs a constant time for each.
///
/// Request k (from 0) waits `k (s - 1/lambda)` and leaves at `(k + 1) s`, so that everything at
/// a horizon follows by counting. The two means differ because those that a horizon leaves
/// unfinished are the ones that wait longest.
///
/// The methods take a horizon T in seconds, 0 or more, and count requests as whole numbers. A
/// count that is within a few units in the last place of a whole number is taken to be that
/// number, so that T = 30 at 0.1 per second has 3 arrivals before it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeterministicOverload {
    arrival_rate_per_s: f64,
    service_s: f64,
}

impl DeterministicOverload {
    /// Describes a queue by its arrival rate (per second) and service time (seconds).
    ///
    /// # Errors
    ///
    /// [`TheoryError::NotFinite`] or [`TheoryError::NotPositive`] for an argument out of range,
    /// [`TheoryError::NotOverloaded`] if the offered load is below 1.
    pub fn new(arrival_rate_per_s: f64, service_s: f64) -> Result<Self, TheoryError> {
        let arrival_rate_per_s = positive("arrival_rate_per_s", arrival_rate_per_s)?;
        let service_s = positive("service_s", service_s)?;
        let utilization = arrival_rate_per_s * service_s;
        if utilization < 1.0 {
            return Err(TheoryError::NotOverloaded { utilization });
        }
        Ok(Self { arrival_rate_per_s, service_s })
    }

    /// Requests that arrive before the horizon.
    pub fn num_arrived(&self, horizon_s: f64) -> f64 {
        snap(horizon_s * self.arrival_rate_per_s).ceil().max(0.0)
    }

    /// Requests that leave up to and at the horizon.
    pub fn num_completed(&self, horizon_s: f64) -> f64 {
        snap(horizon_s / self.service_s).floor().max(0.0)
    }

    /// Requests in the system at the horizon.
    pub fn num_in_system(&self, horizon_s: f64) -> f64 {
        self.num_arrived(horizon_s) - self.num_completed(horizon_s)
    }

    /// Average wait of the requests that leave up to the horizon; `None` if there are none.
    pub fn mean_wait_of_completed_s(&self, horizon_s: f64) -> Option<f64> {
        self.mean_wait_of_first_s(self.num_completed(horizon_s))
    }

    /// Average wait of the requests that arrive before the horizon, each followed to its end;
    /// `None` if there are none.
    pub fn mean_wait_of_arrived_s(&self, horizon_s: f64) -> Option<f64> {
        self.mean_wait_of_first_s(self.num_arrived(horizon_s))
    }

    fn mean_wait_of_first_s(&self, count: f64) -> Option<f64> {
        let growth_s = self.service_s - 1.0 / self.arrival_rate_per_s;
        (count > 0.0).then_some(0.5 * (count - 1.0) * growth_s)
    }
}

/// `value`, or the whole number next to it if only rounding can have kept them apart.
fn snap(value: f64) -> f64 {
    let whole = value.round();
    if (value - whole).abs() <= 4.0 * f64::EPSILON * whole.abs() { whole } else { value }
}
