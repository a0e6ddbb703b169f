//! One pool as queueing theory sees it, and the best answer that there is for its wait.

use super::approximation::{
    kraemer_langenbach_belz_mean_wait_s, qna_departure_scv, whitt_mean_wait_s,
};
use super::{Dm1, Mdc, Method, Mmc};

/// Level of the quantile of waits.
const P99: f64 = 0.99;

/// Offered load per server up to which M/D/c is evaluated exactly, which takes up to a millisecond
/// there. The cost rises with the square of 1 / (1 - load), and a sweep may have 100,000 cells;
/// beyond, Whitt's formula is within 1.5 % whatever the number of servers.
const MDC_MAX_UTILIZATION: f64 = 0.95;

/// The steady-state wait in one pool.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Waiting {
    /// How the mean was computed.
    pub method: Method,
    /// Mean over all requests, seconds.
    pub mean_s: f64,
    /// Probability of a wait; `None` where it is not known exactly.
    pub probability: Option<f64>,
    /// 99th percentile over all requests, seconds; `None` where it is not known exactly.
    pub p99_s: Option<f64>,
}

/// How requests arrive at a pool.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stream {
    /// A Poisson process.
    Poisson,
    /// Constant gaps.
    EvenlySpaced,
    /// Gaps of which little more than this squared coefficient of variation is known.
    Approximate { scv: f64 },
}

/// The family that a service time belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Law {
    /// Always the same.
    Constant,
    /// Exponential.
    Exponential,
    /// Anything else.
    General,
}

/// A service time by its first two moments and its family.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ServiceTime {
    /// Mean, seconds.
    pub(super) mean_s: f64,
    /// Squared coefficient of variation: 0 if constant, 1 if exponential.
    pub(super) scv: f64,
    /// Family.
    pub(super) law: Law,
}

/// A pool: arrivals, service, servers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Station {
    /// Arrivals per second.
    pub(super) rate_per_s: f64,
    /// How they are spaced.
    pub(super) stream: Stream,
    /// What each takes.
    pub(super) service: ServiceTime,
    /// GPUs.
    pub(super) servers: u32,
}

impl Stream {
    fn scv(self) -> f64 {
        match self {
            Self::Poisson => 1.0,
            Self::EvenlySpaced => 0.0,
            Self::Approximate { scv } => scv,
        }
    }
}

impl Station {
    /// The wait in steady state; `None` if there is no steady state.
    pub(super) fn waiting(&self) -> Option<Waiting> {
        if self.takes_no_time() {
            let method =
                if self.stream == Stream::EvenlySpaced { Method::Ddc } else { Method::Mdc };
            return Some(Waiting::none(method));
        }
        let markov = self.markov()?;
        Some(match (self.stream, self.service.law, self.servers) {
            (Stream::Poisson, Law::Exponential, _) => of_mmc(&markov),
            (Stream::Poisson, Law::Constant, _) => {
                self.exact_mdc().unwrap_or_else(|| self.of_poisson_arrivals(&markov))
            }
            (Stream::Poisson, Law::General, _) => self.of_poisson_arrivals(&markov),
            (Stream::EvenlySpaced, Law::Constant, _) => Waiting::none(Method::Ddc),
            (Stream::EvenlySpaced, Law::Exponential, 1) => self.of_dm1()?,
            (Stream::EvenlySpaced, _, 1) => {
                self.approximate(&markov, Method::KraemerLangenbachBelz)
            }
            (Stream::EvenlySpaced, _, _) => self.approximate(&markov, Method::Whitt),
            (Stream::Approximate { .. }, _, _) => self.approximate(&markov, Method::Qna),
        })
    }

    /// How requests leave; `None` if there is no steady state.
    ///
    /// What leaves M/M/c is a Poisson process again (P. J. Burke, "The output of a queuing system",
    /// Operations Research 4 (1956)).
    pub(super) fn departures(&self) -> Option<Stream> {
        if self.takes_no_time() {
            return Some(self.stream);
        }
        let markov = self.markov()?;
        Some(match (self.stream, self.service.law) {
            (Stream::Poisson, Law::Exponential) => Stream::Poisson,
            (Stream::EvenlySpaced, Law::Constant) => Stream::EvenlySpaced,
            (stream, _) => Stream::Approximate {
                scv: qna_departure_scv(&markov, stream.scv(), self.service.scv),
            },
        })
    }

    fn takes_no_time(&self) -> bool {
        self.service.mean_s <= 0.0
    }

    /// The M/M/c queue of the same load.
    fn markov(&self) -> Option<Mmc> {
        Mmc::new(self.rate_per_s, self.service.mean_s, self.servers).ok()
    }

    /// `None` where an evaluation is too expensive.
    fn exact_mdc(&self) -> Option<Waiting> {
        let utilization = self.rate_per_s * self.service.mean_s / f64::from(self.servers);
        if utilization > MDC_MAX_UTILIZATION {
            return None;
        }
        let queue = Mdc::new(self.rate_per_s, self.service.mean_s, self.servers).ok()?;
        Some(Waiting {
            method: Method::Mdc,
            mean_s: queue.mean_wait_s(),
            probability: Some(queue.probability_of_waiting()),
            p99_s: queue.wait_quantile_s(P99).ok(),
        })
    }

    fn of_poisson_arrivals(&self, markov: &Mmc) -> Waiting {
        if self.servers > 1 {
            return self.approximate(markov, Method::Whitt);
        }
        Waiting {
            method: Method::Mg1,
            // Pollaczek and Khinchine's formula, from two moments.
            mean_s: markov.mean_wait_s() * f64::midpoint(1.0, self.service.scv),
            probability: Some(markov.utilization()),
            p99_s: None,
        }
    }

    fn of_dm1(&self) -> Option<Waiting> {
        let queue = Dm1::new(self.rate_per_s, self.service.mean_s).ok()?;
        Some(Waiting {
            method: Method::Dm1,
            mean_s: queue.mean_wait_s(),
            probability: Some(queue.probability_of_waiting()),
            p99_s: queue.wait_quantile_s(P99).ok(),
        })
    }

    fn approximate(&self, markov: &Mmc, method: Method) -> Waiting {
        let mean_wait_s = match self.servers {
            1 => kraemer_langenbach_belz_mean_wait_s,
            _ => whitt_mean_wait_s,
        };
        let mean_s = mean_wait_s(markov, self.stream.scv(), self.service.scv);
        Waiting { method, mean_s, probability: None, p99_s: None }
    }
}

impl Waiting {
    /// Nobody waits.
    fn none(method: Method) -> Self {
        Self { method, mean_s: 0.0, probability: Some(0.0), p99_s: Some(0.0) }
    }
}

fn of_mmc(queue: &Mmc) -> Waiting {
    Waiting {
        method: Method::Mmc,
        mean_s: queue.mean_wait_s(),
        probability: Some(queue.probability_of_waiting()),
        p99_s: queue.wait_quantile_s(P99).ok(),
    }
}
