//! M/G/1: Poisson arrivals, any service time, one server.

use super::TheoryError;
use super::numeric::{positive, stable_utilization};

/// The first three moments of a service time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ServiceMoments {
    /// Mean, in seconds.
    pub mean_s: f64,
    /// Second moment about zero, in square seconds.
    pub second_s2: f64,
    /// Third moment about zero, in cubic seconds.
    pub third_s3: f64,
}

impl ServiceMoments {
    /// A service time that is always `service_s` seconds.
    pub fn deterministic(service_s: f64) -> Self {
        let second_s2 = service_s * service_s;
        Self { mean_s: service_s, second_s2, third_s3: second_s2 * service_s }
    }

    /// An exponential service time with the given mean in seconds.
    pub fn exponential(mean_s: f64) -> Self {
        let square_s2 = mean_s * mean_s;
        Self { mean_s, second_s2: 2.0 * square_s2, third_s3: 6.0 * square_s2 * mean_s }
    }

    /// A lognormal service time, `exp(mu + sigma Z)` seconds with a standard normal Z.
    pub fn lognormal(mu_log: f64, sigma_log: f64) -> Self {
        let moment = |k: f64| libm::exp(k * mu_log + 0.5 * k * k * sigma_log * sigma_log);
        Self { mean_s: moment(1.0), second_s2: moment(2.0), third_s3: moment(3.0) }
    }
}

/// The M/G/1 queue in steady state, by the formulas of Pollaczek and Khinchine.
///
/// Source: L. Kleinrock, *Queueing Systems*, volume 1 (1975), chapter 5; the second moment
/// follows from L. Takács, "A single-server queue with Poisson input", Operations Research 10
/// (1962).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mg1 {
    arrival_rate_per_s: f64,
    service: ServiceMoments,
    utilization: f64,
}

impl Mg1 {
    /// Describes a queue by its arrival rate (per second) and the moments of its service time.
    ///
    /// # Errors
    ///
    /// [`TheoryError::NotFinite`] or [`TheoryError::NotPositive`] for an argument out of range,
    /// [`TheoryError::Moments`] if no positive random variable has these moments,
    /// [`TheoryError::Saturated`] if the offered load is 1 or more.
    pub fn new(arrival_rate_per_s: f64, service: ServiceMoments) -> Result<Self, TheoryError> {
        let utilization = stable_utilization(arrival_rate_per_s, service.mean_s, 1)?;
        let ServiceMoments { mean_s, second_s2, third_s3 } = service;
        positive("second_s2", second_s2)?;
        positive("third_s3", third_s3)?;
        // A constant service time has equality in both, up to the rounding of its powers.
        let slack = 1.0 + 8.0 * f64::EPSILON;
        if mean_s * mean_s > second_s2 * slack || second_s2 * second_s2 > mean_s * third_s3 * slack
        {
            return Err(TheoryError::Moments { mean_s, second_s2, third_s3 });
        }
        Ok(Self { arrival_rate_per_s, service, utilization })
    }

    /// Offered load: the share of time that the server is busy, in (0, 1).
    pub fn utilization(&self) -> f64 {
        self.utilization
    }

    /// The probability that an arrival finds the server busy.
    pub fn probability_of_waiting(&self) -> f64 {
        self.utilization
    }

    /// Mean wait: `lambda E[S^2] / (2 (1 - rho))`.
    pub fn mean_wait_s(&self) -> f64 {
        self.arrival_rate_per_s * self.service.second_s2 / (2.0 * (1.0 - self.utilization))
    }

    /// Second moment of the wait: `2 E[W]^2 + lambda E[S^3] / (3 (1 - rho))`.
    pub fn second_moment_wait_s2(&self) -> f64 {
        let mean_wait_s = self.mean_wait_s();
        2.0 * mean_wait_s * mean_wait_s
            + self.arrival_rate_per_s * self.service.third_s3 / (3.0 * (1.0 - self.utilization))
    }

    /// Variance of the wait.
    pub fn variance_wait_s2(&self) -> f64 {
        let mean_wait_s = self.mean_wait_s();
        self.second_moment_wait_s2() - mean_wait_s * mean_wait_s
    }

    /// Mean time in the system, wait and service.
    pub fn mean_sojourn_s(&self) -> f64 {
        self.mean_wait_s() + self.service.mean_s
    }

    /// Mean number waiting.
    pub fn mean_queue_length(&self) -> f64 {
        self.arrival_rate_per_s * self.mean_wait_s()
    }

    /// Mean number in the system, waiting or in service.
    pub fn mean_number_in_system(&self) -> f64 {
        self.mean_queue_length() + self.utilization
    }
}
