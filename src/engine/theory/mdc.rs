//! M/D/c: Poisson arrivals, constant service times, c servers.

use super::TheoryError;
use super::numeric::{exceedance, invert_tail, stable_utilization, tail_at, whole_count};

/// The M/D/c queue in steady state.
///
/// Looked at every D seconds, the number waiting is a random walk with steps Poisson(lambda D)
/// minus c, held at zero (C. D. Crommelin, "Delay probability formulae when the holding times
/// are constant", Post Office Electrical Engineers' Journal 25 (1932) and 26 (1934)). Its steady
/// state is that of the walk's maximum, a compound Poisson distribution whose Lévy weights are
/// `w_n = sum over k of P(Poisson(k lambda D) - k c = n) / k` (Spitzer's identity). The
/// distribution of the wait follows from it (G. J. Franx, "A simple solution for the M/D/c
/// waiting time distribution", Operations Research Letters 29 (2001)).
///
/// For one server this is the distribution that A. K. Erlang gave in 1909 as an alternating sum,
/// which loses all digits beyond a few tens of service times. Here every term is positive.
///
/// **Range**: up to [`Mdc::MAX_SERVERS`] servers and an offered load per server of up to
/// [`Mdc::MAX_UTILIZATION`]; beyond, [`Mdc::new`] returns an error. Within the range, moments and
/// the probability of waiting have a relative error below 1e-12, and the tail P(wait > t) has one
/// of about `1e-15 / sqrt(P)`: 1e-11 at P = 1e-8, nothing left of it at P = 1e-30, and in the end
/// the tail is 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Mdc {
    arrival_rate_per_s: f64,
    service_s: f64,
    servers: u32,
    utilization: f64,
    mean_queue_length: f64,
    /// E[Q (Q - 1)] of the number waiting.
    factorial_moment_queue: f64,
    /// P(Q > j) of the number waiting, for j from 0 until it is negligible.
    queue_tail: Vec<f64>,
}

impl Mdc {
    /// The largest supported number of servers.
    pub const MAX_SERVERS: u32 = 512;

    /// The largest supported offered load per server.
    pub const MAX_UTILIZATION: f64 = 0.99;

    /// Describes a queue by its arrival rate (per second), service time (seconds) and number of
    /// servers. The cost grows with the inverse square of `1 - utilization`: about 0.1 s at 0.99,
    /// a thousand times less at 0.7.
    ///
    /// # Errors
    ///
    /// [`TheoryError::NotFinite`] or [`TheoryError::NotPositive`] for an argument out of range,
    /// [`TheoryError::Saturated`] if the offered load per server is 1 or more,
    /// [`TheoryError::BeyondRange`] outside of the range above.
    pub fn new(arrival_rate_per_s: f64, service_s: f64, servers: u32) -> Result<Self, TheoryError> {
        let utilization = stable_utilization(arrival_rate_per_s, service_s, servers)?;
        for (name, value, max) in [
            ("servers", f64::from(servers), f64::from(Self::MAX_SERVERS)),
            ("utilization", utilization, Self::MAX_UTILIZATION),
        ] {
            if value > max {
                return Err(TheoryError::BeyondRange { name, value, max });
            }
        }
        let weights = levy_weights(f64::from(servers), utilization);
        let moment = |power: fn(f64) -> f64| -> f64 {
            (1u32..).zip(&weights).map(|(n, weight)| power(f64::from(n)) * weight).sum()
        };
        let mean_queue_length = moment(|n| n);
        Ok(Self {
            arrival_rate_per_s,
            service_s,
            servers,
            utilization,
            mean_queue_length,
            factorial_moment_queue: mean_queue_length * mean_queue_length
                + moment(|n| n * (n - 1.0)),
            queue_tail: tail_of_compound_poisson(&weights),
        })
    }

    /// Offered load per server: the share of time that a server is busy, in (0, 1).
    pub fn utilization(&self) -> f64 {
        self.utilization
    }

    /// The probability that an arrival finds all servers busy.
    pub fn probability_of_waiting(&self) -> f64 {
        self.wait_tail(0.0)
    }

    /// Mean wait in the queue.
    pub fn mean_wait_s(&self) -> f64 {
        self.mean_queue_length / self.arrival_rate_per_s
    }

    /// Second moment of the wait: `E[Q (Q - 1)] / lambda^2`, since the number waiting is what
    /// arrives during a wait (R. Haji and G. F. Newell, "A relation between stationary queue and
    /// waiting time distributions", J. Appl. Prob. 8 (1971)).
    pub fn second_moment_wait_s2(&self) -> f64 {
        self.factorial_moment_queue / (self.arrival_rate_per_s * self.arrival_rate_per_s)
    }

    /// Mean time in the system, wait and service.
    pub fn mean_sojourn_s(&self) -> f64 {
        self.mean_wait_s() + self.service_s
    }

    /// Mean number waiting.
    pub fn mean_queue_length(&self) -> f64 {
        self.mean_queue_length
    }

    /// Mean number in the system, waiting or in service.
    pub fn mean_number_in_system(&self) -> f64 {
        self.mean_queue_length + self.arrival_rate_per_s * self.service_s
    }

    /// P(wait > t); 1 for a negative `t_s`.
    ///
    /// Franx's formula in terms of tails: with `k = floor(t / D) + 1` and A the number of
    /// arrivals in `k D - t`, the wait exceeds t if and only if `Q + A >= k c`.
    pub fn wait_tail(&self, t_s: f64) -> f64 {
        tail_at(t_s, |t_s| self.wait_tail_at(t_s))
    }

    /// P(wait <= t); 0 for a negative `t_s`.
    pub fn wait_cdf(&self, t_s: f64) -> f64 {
        1.0 - self.wait_tail(t_s)
    }

    /// The time that the wait does not exceed with probability `level`, by bisection.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Level`] unless `level` is in `[0, 1)`.
    pub fn wait_quantile_s(&self, level: f64) -> Result<f64, TheoryError> {
        let exceedance = exceedance(level)?;
        Ok(invert_tail(|t_s| self.wait_tail(t_s), exceedance, self.service_s))
    }

    fn wait_tail_at(&self, t_s: f64) -> f64 {
        let services = t_s / self.service_s;
        let periods = services.floor() + 1.0;
        let arrivals_mean = self.arrival_rate_per_s * self.service_s * (periods - services);
        let threshold = periods * f64::from(self.servers);
        let (mut sum, mut probability, mut arrivals) = (0.0, libm::exp(-arrivals_mean), 0.0);
        while arrivals < arrivals_mean || probability > sum * f64::EPSILON * 0.01 {
            sum += probability * self.probability_queue_at_least(threshold - arrivals);
            arrivals += 1.0;
            probability *= arrivals_mean / arrivals;
        }
        sum
    }

    fn probability_queue_at_least(&self, number: f64) -> f64 {
        if number <= 0.0 {
            return 1.0;
        }
        let index = usize::try_from(whole_count(number) - 1).unwrap_or(usize::MAX);
        self.queue_tail.get(index).copied().unwrap_or(0.0)
    }
}

/// The Lévy weights `w_1, w_2, ...` up to where they are negligible.
///
/// They are Laurent coefficients of `-ln(1 - exp(lambda D (z - 1)) / z^c)`, taken from the
/// values on a circle. With the radius `1 / utilization`, a saddle point, the values are as small
/// as the probability of waiting, which keeps relative accuracy at light load; aliasing falls by
/// `utilization` with each further point. Summing the definition of the weights instead takes
/// millions of terms near saturation.
fn levy_weights(servers: f64, utilization: f64) -> Vec<f64> {
    let decay = -libm::log(utilization);
    let exponent = servers * large_deviation_rate(utilization);
    let length = whole_count(40.0 / decay);
    let half = whole_count((45.0 + exponent) / decay).max(32);
    let step = std::f64::consts::PI / f64::from(half);
    // The values at conjugate points are conjugate: the upper half circle counts twice.
    let values: Vec<(f64, f64)> = (0..=half)
        .map(|point| {
            let share = if point == 0 || point == half { 0.5 } else { 1.0 } / f64::from(half);
            let (real, imaginary) = log_on_circle(servers, exponent, f64::from(point) * step);
            (real * share, imaginary * share)
        })
        .collect();
    let turns: Vec<(f64, f64)> = (0..2 * half)
        .map(|point| f64::from(point) * step)
        .map(|angle| (libm::cos(angle), libm::sin(angle)))
        .collect();
    (1..=length)
        .map(|n| {
            let (mut coefficient, mut turn) = (0.0, 0);
            for (real, imaginary) in &values {
                let (cos, sin) = turns[turn];
                coefficient += real * cos + imaginary * sin;
                turn += n as usize;
                if turn >= turns.len() {
                    turn -= turns.len();
                }
            }
            (coefficient * libm::exp(-decay * f64::from(n))).max(0.0)
        })
        .collect()
}

/// Real and imaginary part of `-ln(1 - e^u)` with
/// `u = servers (cos(angle) - 1 + i (sin(angle) - angle)) - exponent`, which is the logarithm
/// above on its circle. Nothing is subtracted from one where the result would be small.
fn log_on_circle(servers: f64, exponent: f64, angle: f64) -> (f64, f64) {
    let half_sine = libm::sin(0.5 * angle);
    let log_size = -2.0 * servers * half_sine * half_sine - exponent;
    let phase = servers * (libm::sin(angle) - angle);
    let size = libm::exp(log_size);
    let lag = libm::sin(0.5 * phase);
    let shortfall = 2.0 * size * lag * lag;
    let one_minus_size = -libm::expm1(log_size);
    let log_modulus = if size < 0.5 {
        0.5 * libm::log1p(size * (size - 2.0 * libm::cos(phase)))
    } else {
        0.5 * libm::log(one_minus_size * one_minus_size + 2.0 * shortfall)
    };
    (-log_modulus, libm::atan2(size * libm::sin(phase), one_minus_size + shortfall))
}

/// `rho - 1 - ln rho`: the rate at which P(Poisson(rho n) >= n) decays in n.
fn large_deviation_rate(utilization: f64) -> f64 {
    let slack = 1.0 - utilization;
    if slack > 0.1 {
        return -slack - libm::log(utilization);
    }
    // The leading terms of the logarithm cancel: sum the others, of which 20 reach 1e-20.
    let (mut sum, mut power) = (0.0, slack);
    for order in 2..22 {
        power *= slack;
        sum += power / f64::from(order);
    }
    sum
}

/// P(Q > j) for j from 0, where Q is compound Poisson with the weights `w_1, w_2, ...`, by
/// Panjer's recursion `n q_n = sum of j w_j q_(n-j)`, in which all terms are positive.
fn tail_of_compound_poisson(weights: &[f64]) -> Vec<f64> {
    let graded: Vec<f64> = (1u32..).zip(weights).map(|(n, weight)| f64::from(n) * weight).collect();
    let mut pmf = vec![libm::exp(-weights.iter().sum::<f64>())];
    for n in (1u32..).take(weights.len()) {
        let sum: f64 = graded.iter().zip(pmf.iter().rev()).map(|(left, right)| left * right).sum();
        pmf.push(sum / f64::from(n));
    }
    let mut tail = Vec::with_capacity(weights.len());
    let mut above = 0.0;
    for probability in pmf.iter().skip(1).rev() {
        above += probability;
        tail.push(above);
    }
    tail.reverse();
    tail
}
