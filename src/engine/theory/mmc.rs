//! M/M/c: Poisson arrivals, exponential service times, c servers.

use super::TheoryError;
use super::numeric::{
    exceedance, exponential_tail_quantile, invert_tail, stable_utilization, tail_at,
    two_stage_kernel_s, whole_count,
};

/// A share of a sum that leaves its digits alone.
const NO_DIGIT: f64 = 1e-18;

/// The M/M/c queue in steady state.
///
/// With offered load per server rho, C the probability of waiting (Erlang's C formula) and
/// `delta = c mu - lambda` the spare capacity, the wait exceeds t with probability
/// `C exp(-delta t)`. Source of all formulas unless another is named: D. Gross and C. M. Harris,
/// *Fundamentals of Queueing Theory* (1974 and later), the sections on M/M/1 and M/M/c.
///
/// Any number of servers works. The cost of [`Mmc::state_probability`] is linear in it; the sum of
/// [`Mmc::new`] ends sooner (65,536 servers take microseconds).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mmc {
    arrival_rate_per_s: f64,
    mean_service_s: f64,
    servers: u32,
    utilization: f64,
    probability_of_waiting: f64,
}

impl Mmc {
    /// Describes a queue by its arrival rate (per second), the mean service time (seconds) and
    /// the number of servers.
    ///
    /// # Errors
    ///
    /// [`TheoryError::NotFinite`] or [`TheoryError::NotPositive`] for an argument out of range,
    /// [`TheoryError::Saturated`] if the offered load per server is 1 or more.
    pub fn new(
        arrival_rate_per_s: f64,
        mean_service_s: f64,
        servers: u32,
    ) -> Result<Self, TheoryError> {
        let utilization = stable_utilization(arrival_rate_per_s, mean_service_s, servers)?;
        let blocking = erlang_b(arrival_rate_per_s * mean_service_s, servers);
        Ok(Self {
            arrival_rate_per_s,
            mean_service_s,
            servers,
            utilization,
            probability_of_waiting: blocking / (1.0 - utilization * (1.0 - blocking)),
        })
    }

    /// Arrivals per second.
    pub fn arrival_rate_per_s(&self) -> f64 {
        self.arrival_rate_per_s
    }

    /// Mean service time.
    pub fn mean_service_s(&self) -> f64 {
        self.mean_service_s
    }

    /// Number of servers.
    pub fn servers(&self) -> u32 {
        self.servers
    }

    /// Offered load per server: the share of time that a server is busy, in (0, 1).
    pub fn utilization(&self) -> f64 {
        self.utilization
    }

    /// The probability that an arrival finds all servers busy (Erlang's C formula).
    pub fn probability_of_waiting(&self) -> f64 {
        self.probability_of_waiting
    }

    /// Spare capacity `c mu - lambda`: the rate at which a wait ends, given that there is one.
    pub fn spare_rate_per_s(&self) -> f64 {
        f64::from(self.servers) * (1.0 - self.utilization) / self.mean_service_s
    }

    /// Mean wait in the queue.
    pub fn mean_wait_s(&self) -> f64 {
        self.probability_of_waiting / self.spare_rate_per_s()
    }

    /// Second moment of the wait.
    pub fn second_moment_wait_s2(&self) -> f64 {
        2.0 * self.mean_wait_s() / self.spare_rate_per_s()
    }

    /// Variance of the wait.
    pub fn variance_wait_s2(&self) -> f64 {
        self.mean_wait_s() * (2.0 - self.probability_of_waiting) / self.spare_rate_per_s()
    }

    /// P(wait > t); 1 for a negative `t_s`.
    pub fn wait_tail(&self, t_s: f64) -> f64 {
        tail_at(t_s, |t_s| self.probability_of_waiting * libm::exp(-self.spare_rate_per_s() * t_s))
    }

    /// The time that the wait does not exceed with probability `level`.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Level`] unless `level` is in `[0, 1)`.
    pub fn wait_quantile_s(&self, level: f64) -> Result<f64, TheoryError> {
        Ok(exponential_tail_quantile(
            self.probability_of_waiting,
            self.spare_rate_per_s(),
            exceedance(level)?,
        ))
    }

    /// Mean time in the system, wait and service.
    pub fn mean_sojourn_s(&self) -> f64 {
        self.mean_wait_s() + self.mean_service_s
    }

    /// P(wait + service > t); 1 for a negative `t_s`.
    ///
    /// The sojourn is a service time, preceded with probability C by an independent exponential
    /// wait. Continuous where the two rates coincide (`c mu - lambda = mu`).
    pub fn sojourn_tail(&self, t_s: f64) -> f64 {
        let service_rate_per_s = 1.0 / self.mean_service_s;
        tail_at(t_s, |t_s| {
            let kernel_s = two_stage_kernel_s(service_rate_per_s, self.spare_rate_per_s(), t_s);
            libm::exp(-service_rate_per_s * t_s)
                + self.probability_of_waiting * service_rate_per_s * kernel_s
        })
    }

    /// The time that the sojourn does not exceed with probability `level`.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Level`] unless `level` is in `[0, 1)`.
    pub fn sojourn_quantile_s(&self, level: f64) -> Result<f64, TheoryError> {
        let exceedance = exceedance(level)?;
        Ok(invert_tail(|t_s| self.sojourn_tail(t_s), exceedance, self.mean_sojourn_s()))
    }

    /// Mean number waiting.
    pub fn mean_queue_length(&self) -> f64 {
        self.arrival_rate_per_s * self.mean_wait_s()
    }

    /// Mean number in the system, waiting or in service.
    pub fn mean_number_in_system(&self) -> f64 {
        self.mean_queue_length() + self.arrival_rate_per_s * self.mean_service_s
    }

    /// P(N = n), the probability of `number` in the system, waiting or in service.
    ///
    /// Weights are taken relative to the largest one, so that a factorial of hundreds neither
    /// overflows nor underflows where the result does not.
    pub fn state_probability(&self, number: u32) -> f64 {
        let offered = self.arrival_rate_per_s * self.mean_service_s;
        let mode = whole_count(offered.floor()).min(self.servers - 1);
        let (mut sum, mut wanted, mut weight) = (1.0, 1.0, 1.0);
        for n in (0..mode).rev() {
            weight *= f64::from(n + 1) / offered;
            sum += weight;
            if n == number {
                wanted = weight;
            }
        }
        weight = 1.0;
        for n in mode + 1..self.servers {
            weight *= offered / f64::from(n);
            sum += weight;
            if n == number {
                wanted = weight;
            }
        }
        let all_busy = weight * self.utilization;
        sum += all_busy / (1.0 - self.utilization);
        if number >= self.servers {
            let queued = f64::from(number - self.servers);
            wanted = all_busy * libm::pow(self.utilization, queued);
        }
        wanted / sum
    }

    /// The limit of n times the variance of the average wait of n successive arrivals, known
    /// for one server only: `rho (2 + 5 rho - 4 rho^2 + rho^3) / (mu^2 (1 - rho)^4)`.
    ///
    /// Source: D. J. Daley, "The serial correlation coefficients of waiting times in a
    /// stationary single server queue", J. Austral. Math. Soc. 8 (1968); W. Whitt, "Planning
    /// queueing simulations", Management Science 35 (1989).
    pub fn asymptotic_variance_of_mean_wait_s2(&self) -> Option<f64> {
        let rho = self.utilization;
        let polynomial = rho * (2.0 + rho * (5.0 + rho * (rho - 4.0)));
        let scale_s2 = self.mean_service_s * self.mean_service_s;
        (self.servers == 1).then(|| polynomial * scale_s2 / fourth_power(1.0 - rho))
    }

    /// How many correlated waits are worth one independent wait when a mean is estimated, known
    /// for one server only: the asymptotic variance over the variance of one wait.
    pub fn variance_inflation_of_mean_wait(&self) -> Option<f64> {
        Some(self.asymptotic_variance_of_mean_wait_s2()? / self.variance_wait_s2())
    }

    /// The limit of t times the variance of the average number in the system over t seconds (in
    /// seconds), known for one server only: `2 rho (1 + rho) / (mu (1 - rho)^4)`.
    ///
    /// Source: W. Whitt, "Planning queueing simulations", Management Science 35 (1989).
    pub fn asymptotic_variance_of_mean_number_s(&self) -> Option<f64> {
        let rho = self.utilization;
        (self.servers == 1)
            .then(|| 2.0 * rho * (1.0 + rho) * self.mean_service_s / fourth_power(1.0 - rho))
    }
}

/// The blocking probability of a system without a queue: the inverse of
/// `1 + c / a + c (c - 1) / a^2 + ...`, a sum of positive terms that ends when they no longer
/// count. Where it overflows, the probability is below the smallest positive number.
fn erlang_b(offered: f64, servers: u32) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for free in (1..=servers).rev() {
        let ratio = f64::from(free) / offered;
        term *= ratio;
        sum += term;
        let is_settled = ratio < 1.0 && term < sum * NO_DIGIT * (1.0 - ratio);
        if is_settled || sum == f64::INFINITY {
            break;
        }
    }
    1.0 / sum
}

fn fourth_power(value: f64) -> f64 {
    let square = value * value;
    square * square
}
