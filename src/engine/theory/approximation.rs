//! Named approximations of mean waits and departure streams of which no exact value is known.
//!
//! All take squared coefficients of variation (variance / mean^2, "scv"): 0 for constant times, 1
//! for exponential ones. They start from the M/M/c queue of the same load and scale its wait.

use super::Mmc;

/// Mean wait of GI/G/1: `W(M/M/1) (c_a^2 + c_s^2) / 2`, for regular arrivals (`c_a^2 < 1`) times
/// `exp(-2 (1 - rho) (1 - c_a^2)^2 / (3 rho (c_a^2 + c_s^2)))`. Exact for Poisson arrivals (the
/// formula of Pollaczek and Khinchine), and 0 where nothing varies.
///
/// Source: W. Kraemer and M. Langenbach-Belz, "Approximate formulae for the delay in the queueing
/// system GI/G/1", 8th International Teletraffic Congress (1976), with no correction for
/// `c_a^2 > 1`, as in W. Whitt, "The queueing network analyzer", Bell System Technical Journal 62
/// (1983).
pub fn kraemer_langenbach_belz_mean_wait_s(
    markov: &Mmc,
    arrival_scv: f64,
    service_scv: f64,
) -> f64 {
    let both = arrival_scv + service_scv;
    if both <= 0.0 {
        return 0.0;
    }
    let irregularity = 1.0 - arrival_scv.min(1.0);
    let idle_per_busy = (1.0 - markov.utilization()) / markov.utilization();
    let correction = libm::exp(-2.0 / 3.0 * idle_per_busy * irregularity * irregularity / both);
    markov.mean_wait_s() * both / 2.0 * correction
}

/// Mean wait of GI/G/c: `W(M/M/c) (c_a^2 + c_s^2) / 2` (the formula of Lee and Longton for Poisson
/// arrivals, of Allen and Cunneen for others) times a correction that vanishes near saturation.
/// Exact for M/M/c, Cosmetatos' approximation for M/D/c, and 0 where nothing varies.
///
/// Source: W. Whitt, "Approximations for the GI/G/m queue", Production and Operations Management 2
/// (1993), equations 2.16 to 2.25.
pub fn whitt_mean_wait_s(markov: &Mmc, arrival_scv: f64, service_scv: f64) -> f64 {
    let both = arrival_scv + service_scv;
    if both <= 0.0 {
        return 0.0;
    }
    let utilization = markov.utilization();
    let idle_per_busy = (1.0 - utilization) / utilization;
    let servers = f64::from(markov.servers());
    let gamma = (idle_per_busy * (servers - 1.0) * ((4.0 + 5.0 * servers).sqrt() - 2.0)
        / (16.0 * servers))
        .min(0.24);
    // Ratios to W(M/M/c) / 2 of constant service, and of evenly spaced arrivals.
    let of_mdc = 1.0 + gamma;
    let of_dmc = (1.0 - 4.0 * gamma) * libm::exp(-2.0 / 3.0 * idle_per_busy);
    let of_equals = if both >= 2.0 {
        1.0
    } else {
        libm::pow((f64::midpoint(of_mdc, of_dmc)).min(1.0), 2.0 - both)
    };
    let correction = if arrival_scv >= service_scv {
        let scale = 4.0 * arrival_scv - 3.0 * service_scv;
        (4.0 * (arrival_scv - service_scv) * of_mdc + service_scv * of_equals) / scale
    } else {
        ((service_scv - arrival_scv) * of_dmc + (service_scv + 3.0 * arrival_scv) * of_equals)
            / (2.0 * both)
    };
    markov.mean_wait_s() * both / 2.0 * correction
}

/// Squared coefficient of variation of the gaps between departures from GI/G/c:
/// `1 + (1 - rho^2) (c_a^2 - 1) + rho^2 (c_s^2 - 1) / sqrt(c)`. Exact for M/M/c (1), for M/G/1 and
/// for D/D/1 (0).
///
/// It describes single gaps. The queue that they feed also feels how gaps hang together: behind a
/// regular server and close to saturation of its own it waits longer than gaps alone let expect.
///
/// Source: W. Whitt, "The queueing network analyzer", Bell System Technical Journal 62 (1983),
/// equation 39, without its lower bound on `c_s^2`.
pub fn qna_departure_scv(markov: &Mmc, arrival_scv: f64, service_scv: f64) -> f64 {
    let square = markov.utilization() * markov.utilization();
    let through_service = square / f64::from(markov.servers()).sqrt();
    (1.0 + (1.0 - square) * (arrival_scv - 1.0) + through_service * (service_scv - 1.0)).max(0.0)
}
