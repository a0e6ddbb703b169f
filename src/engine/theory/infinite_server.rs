//! M/G/infinity: a server for everyone, started empty and looked at after a finite time.

use super::TheoryError;
use super::numeric::positive;

/// Poisson arrivals from time 0 into an empty system with unlimited servers and lognormal
/// service times, `exp(mu + sigma Z)` seconds with a standard normal Z.
///
/// Nobody waits, so all that differs from the steady state is what the horizon cuts off. That
/// makes it the yardstick for counting at the end of a window. All values are integrals of the
/// service distribution G over the horizon, solved with the partial moments
/// `E[S^k; S <= t] = E[S^k] Phi((ln t - mu) / sigma - k sigma)`. Source: S. G. Eick,
/// W. A. Massey and W. Whitt, "The physics of the Mt/G/infinity queue", Operations Research 41
/// (1993).
///
/// Accurate to about 1e-14 where the horizon is not far below the bulk of the service times; at
/// k standard deviations (of the logarithm) below the median, differences of nearly equal terms
/// cost a factor of about k^2, k^4 in the censored mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LognormalInfiniteServer {
    arrival_rate_per_s: f64,
    mu_log: f64,
    sigma_log: f64,
}

impl LognormalInfiniteServer {
    /// Describes a system by its arrival rate (per second) and the mean and standard deviation of
    /// the logarithm of the service time in seconds.
    ///
    /// # Errors
    ///
    /// [`TheoryError::NotFinite`] or [`TheoryError::NotPositive`] for an argument out of range;
    /// `mu_log` may have any sign.
    pub fn new(arrival_rate_per_s: f64, mu_log: f64, sigma_log: f64) -> Result<Self, TheoryError> {
        if !mu_log.is_finite() {
            return Err(TheoryError::NotFinite { name: "mu_log", value: mu_log });
        }
        Ok(Self {
            arrival_rate_per_s: positive("arrival_rate_per_s", arrival_rate_per_s)?,
            mu_log,
            sigma_log: positive("sigma_log", sigma_log)?,
        })
    }

    /// Mean number in the system in steady state, where the number is Poisson distributed.
    pub fn mean_number_in_system(&self) -> f64 {
        self.arrival_rate_per_s * self.moment(1.0)
    }

    /// Expected number in the system at the horizon: `lambda E[min(S, T)]`. 0 for a horizon that
    /// is not positive, as everywhere below.
    pub fn mean_number_in_system_at(&self, horizon_s: f64) -> f64 {
        let part = self.partial_moments(horizon_s);
        self.arrival_rate_per_s * (part.horizon_s * part.above + part.first_s)
    }

    /// Expected number of departures up to the horizon: `lambda E[(T - S)+]`.
    pub fn mean_completed_by(&self, horizon_s: f64) -> f64 {
        let part = self.partial_moments(horizon_s);
        self.arrival_rate_per_s * (part.horizon_s * part.below - part.first_s)
    }

    /// Expected sum of the service times of those that departed up to the horizon, over their
    /// expected number: the biased mean that is seen when the unfinished are left out. `None`
    /// for a horizon so short that no departure can be expected in floating point.
    pub fn censored_mean_service_s(&self, horizon_s: f64) -> Option<f64> {
        let part = self.partial_moments(horizon_s);
        let completed_s = part.horizon_s * part.below - part.first_s;
        (completed_s > 0.0).then(|| (part.horizon_s * part.first_s - part.second_s2) / completed_s)
    }

    /// Expected server time used up to the horizon, services clipped there (server-seconds):
    /// the integral of the expected number in the system.
    pub fn mean_busy_time_s(&self, horizon_s: f64) -> f64 {
        let part = self.partial_moments(horizon_s);
        let horizon_s = part.horizon_s;
        self.arrival_rate_per_s
            * (horizon_s * part.first_s - 0.5 * part.second_s2
                + 0.5 * horizon_s * horizon_s * part.above)
    }

    /// Expected server time if every service that starts before the horizon is credited in full
    /// (server-seconds): what [`Self::mean_busy_time_s`] must not be confused with.
    pub fn mean_unclipped_busy_time_s(&self, horizon_s: f64) -> f64 {
        self.mean_number_in_system() * horizon_s.max(0.0)
    }

    fn partial_moments(&self, horizon_s: f64) -> PartialMoments {
        let horizon_s = horizon_s.max(0.0);
        let z = (libm::log(horizon_s) - self.mu_log) / self.sigma_log;
        PartialMoments {
            horizon_s,
            below: normal_cdf(z),
            above: normal_cdf(-z),
            first_s: self.moment(1.0) * normal_cdf(z - self.sigma_log),
            second_s2: self.moment(2.0) * normal_cdf(z - 2.0 * self.sigma_log),
        }
    }

    /// E[S^k].
    fn moment(&self, k: f64) -> f64 {
        libm::exp(k * self.mu_log + 0.5 * k * k * self.sigma_log * self.sigma_log)
    }
}

/// What the service distribution has below and above a horizon.
struct PartialMoments {
    horizon_s: f64,
    /// P(S <= T).
    below: f64,
    /// P(S > T), not taken from `below`, which would lose the digits of a small tail.
    above: f64,
    /// E[S; S <= T].
    first_s: f64,
    /// E[S^2; S <= T].
    second_s2: f64,
}

fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
}
