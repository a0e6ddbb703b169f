//! Two stations in a row: what leaves the first joins the second.

use super::numeric::{exceedance, invert_tail, tail_at, whole_count};
use super::{Mdc, Mg1, Mmc, ServiceMoments, TheoryError};

/// M/M/c followed by M/M/c, in steady state.
///
/// The second station sees a Poisson stream (P. J. Burke, "The output of a queuing system",
/// Operations Research 4 (1956)), so it is an M/M/c queue of its own, and the two sojourn times
/// of one request are independent (E. Reich 1957 for one server; P. J. Burke, "The output
/// process of a stationary M/M/s queueing system", Annals of Mathematical Statistics 39 (1968)).
/// That holds for two stations, not for three.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MmcTandem {
    first: Mmc,
    second: Mmc,
}

impl MmcTandem {
    /// Connects two stations.
    ///
    /// # Errors
    ///
    /// [`TheoryError::ArrivalRatesDiffer`] unless both have exactly the same arrival rate.
    pub fn new(first: Mmc, second: Mmc) -> Result<Self, TheoryError> {
        let (first_per_s, second_per_s) = (first.arrival_rate_per_s(), second.arrival_rate_per_s());
        if first_per_s.total_cmp(&second_per_s).is_ne() {
            return Err(TheoryError::ArrivalRatesDiffer { first_per_s, second_per_s });
        }
        Ok(Self { first, second })
    }

    /// The station that requests visit first.
    pub fn first(&self) -> &Mmc {
        &self.first
    }

    /// The station that requests visit second.
    pub fn second(&self) -> &Mmc {
        &self.second
    }

    /// Mean time from the arrival at the first station to the departure from the second.
    pub fn mean_sojourn_s(&self) -> f64 {
        self.first.mean_sojourn_s() + self.second.mean_sojourn_s()
    }

    /// P(time from the arrival at the first station to the departure from the second > t);
    /// 1 for a negative `t_s`.
    ///
    /// The sojourn passes through up to four exponential stages: a wait, a service, a wait, a
    /// service. Its tail is evaluated as a power of a non-negative matrix, which adds no
    /// cancellation where stages have equal or nearly equal rates. The relative error is about
    /// `1e-16 * max(1, t_s * largest rate)`.
    pub fn sojourn_tail(&self, t_s: f64) -> f64 {
        let wait = self.first.probability_of_waiting();
        tail_at(t_s, |t_s| {
            let survival = Stages::of(&self.first, &self.second).survival(t_s);
            wait * survival[0] + (1.0 - wait) * survival[1]
        })
    }

    /// The time that the whole sojourn does not exceed with probability `level`.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Level`] unless `level` is in `[0, 1)`.
    pub fn sojourn_quantile_s(&self, level: f64) -> Result<f64, TheoryError> {
        let exceedance = exceedance(level)?;
        Ok(invert_tail(|t_s| self.sojourn_tail(t_s), exceedance, self.mean_sojourn_s()))
    }
}

type Matrix = [[f64; 4]; 4];

/// The stages wait 1, service 1, wait 2, service 2: their rates, and where each leads.
struct Stages {
    rates_per_s: [f64; 4],
    next: Matrix,
}

impl Stages {
    fn of(first: &Mmc, second: &Mmc) -> Self {
        let wait = second.probability_of_waiting();
        Self {
            rates_per_s: [
                first.spare_rate_per_s(),
                1.0 / first.mean_service_s(),
                second.spare_rate_per_s(),
                1.0 / second.mean_service_s(),
            ],
            next: [
                [0.0, 1.0, 0.0, 0.0],
                [0.0, 0.0, wait, 1.0 - wait],
                [0.0, 0.0, 0.0, 1.0],
                [0.0; 4],
            ],
        }
    }

    /// For each stage to start in, the probability that the last one is not over at `t_s`.
    fn survival(&self, t_s: f64) -> [f64; 4] {
        let fastest_per_s = self.rates_per_s.iter().copied().fold(0.0, f64::max);
        // Steps of at most one mean time of the fastest stage, so that few terms are needed.
        let halvings = whole_count(libm::log2(fastest_per_s * t_s).clamp(0.0, 1000.0));
        let step_s = t_s / libm::exp2(f64::from(halvings));
        let mut transition = self.transition(step_s, fastest_per_s);
        for _ in 0..halvings {
            transition = product(&transition, &transition);
        }
        transition.map(|row| row.iter().sum())
    }

    /// Probabilities to be in each stage after `step_s`, by uniformisation: jumps at the rate of
    /// the fastest stage, some of which lead back to where they came from.
    fn transition(&self, step_s: f64, fastest_per_s: f64) -> Matrix {
        let mut jump = self.next;
        for (stage, row) in jump.iter_mut().enumerate() {
            let leave = self.rates_per_s[stage] / fastest_per_s;
            for entry in row.iter_mut() {
                *entry *= leave;
            }
            row[stage] = 1.0 - leave;
        }
        let jumps = fastest_per_s * step_s;
        let mut power: Matrix =
            [0, 1, 2, 3].map(|i| [0, 1, 2, 3].map(|j| f64::from(u8::from(i == j))));
        let mut weight = libm::exp(-jumps);
        let mut sum = scaled(&power, weight);
        // At most one jump is expected, so 1/24! bounds what is left out.
        for count in 1..24 {
            power = product(&power, &jump);
            weight *= jumps / f64::from(count);
            for (row, term) in sum.iter_mut().zip(scaled(&power, weight)) {
                for (entry, add) in row.iter_mut().zip(term) {
                    *entry += add;
                }
            }
        }
        sum
    }
}

fn product(left: &Matrix, right: &Matrix) -> Matrix {
    left.map(|row| {
        [0, 1, 2, 3].map(|j| row.iter().zip(right).map(|(entry, other)| entry * other[j]).sum())
    })
}

fn scaled(matrix: &Matrix, factor: f64) -> Matrix {
    matrix.map(|row| row.map(|entry| entry * factor))
}

/// M/D/1 followed by a single server with another constant service time, in steady state.
///
/// The total wait is that of one M/D/1 queue with the longer of the two service times, whatever
/// their order. Source: H. D. Friedman, "Reduction methods for tandem queuing systems",
/// Operations Research 13 (1965).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeterministicTandem {
    arrival_rate_per_s: f64,
    first_service_s: f64,
    second_service_s: f64,
    first: Mg1,
    slower: Mg1,
}

impl DeterministicTandem {
    /// Describes a tandem by its arrival rate (per second) and the two service times (seconds).
    ///
    /// # Errors
    ///
    /// [`TheoryError::NotFinite`] or [`TheoryError::NotPositive`] for an argument out of range,
    /// [`TheoryError::Saturated`] if the offered load of a station is 1 or more.
    pub fn new(
        arrival_rate_per_s: f64,
        first_service_s: f64,
        second_service_s: f64,
    ) -> Result<Self, TheoryError> {
        let station =
            |service_s| Mg1::new(arrival_rate_per_s, ServiceMoments::deterministic(service_s));
        let (first, second) = (station(first_service_s)?, station(second_service_s)?);
        Ok(Self {
            arrival_rate_per_s,
            first_service_s,
            second_service_s,
            first,
            slower: if second_service_s > first_service_s { second } else { first },
        })
    }

    /// Mean wait at the first station, an M/D/1 queue.
    pub fn mean_wait_first_s(&self) -> f64 {
        self.first.mean_wait_s()
    }

    /// Mean wait at the second station: zero if its service is no longer than the first.
    pub fn mean_wait_second_s(&self) -> f64 {
        self.mean_total_wait_s() - self.mean_wait_first_s()
    }

    /// Mean wait at both stations together.
    pub fn mean_total_wait_s(&self) -> f64 {
        self.slower.mean_wait_s()
    }

    /// Mean time from the arrival at the first station to the departure from the second.
    pub fn mean_sojourn_s(&self) -> f64 {
        self.mean_total_wait_s() + self.first_service_s + self.second_service_s
    }

    /// The queue whose wait has the distribution of the total wait.
    ///
    /// # Errors
    ///
    /// [`TheoryError::BeyondRange`] for a load at which [`Mdc`] is not evaluated.
    pub fn total_wait(&self) -> Result<Mdc, TheoryError> {
        Mdc::new(self.arrival_rate_per_s, self.first_service_s.max(self.second_service_s), 1)
    }
}
