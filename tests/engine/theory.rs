//! The closed forms against values computed in multiple precision by other methods
//! (`scripts/reference/queueing.py`), and against the identities that tie them together.

use serde::Deserialize;
use sweep_engine::theory::{
    DeterministicOverload, DeterministicTandem, Dm1, LognormalInfiniteServer, Mdc, Mg1, Mmc,
    MmcTandem, ServiceMoments, TheoryError,
};

/// Relative difference to the table, whose values have 15 digits.
const TABLE_TOLERANCE: f64 = 1e-13;

const LEVELS: [f64; 6] = [0.0, 0.3, 0.5, 0.9, 0.99, 0.999_999];

#[derive(Deserialize)]
struct Row {
    system: String,
    arrival_rate: f64,
    servers: String,
    service_mean: String,
    extra: String,
    quantity: String,
    value: f64,
}

impl Row {
    fn describe(&self) -> String {
        format!("{} at {}: {}", self.system, self.arrival_rate, self.quantity)
    }

    fn servers(&self) -> u32 {
        self.servers.parse().expect("a number of servers")
    }

    /// The number between two pieces of text that the quantity starts with and contains next.
    fn argument(&self, before: &str, after: &str) -> Option<f64> {
        self.quantity.strip_prefix(before)?.split(after).next()?.parse().ok()
    }

    /// A number named in the column `extra`.
    fn extra(&self, name: &str) -> f64 {
        let text = self.extra.split(' ').find_map(|word| word.strip_prefix(name));
        text.expect("a named number").parse().expect("a number")
    }
}

/// Quantities of the table that no closed form of the module covers.
fn is_out_of_scope(row: &Row) -> bool {
    match row.system.as_str() {
        "M/M/1" => row.quantity.contains("empty start"),
        "M/LN/1" => row.quantity.starts_with("P(wait>") && row.quantity != "P(wait>0)",
        _ => false,
    }
}

#[test]
fn every_row_of_the_reference_table_is_reproduced() {
    let mut reader = csv::Reader::from_reader(include_str!("reference/queueing.csv").as_bytes());
    let (mut checked, mut skipped) = (0, 0);
    for row in reader.deserialize() {
        let row: Row = row.expect("a row of the table");
        if is_out_of_scope(&row) {
            skipped += 1;
            continue;
        }
        let computed = compute(&row).unwrap_or_else(|| panic!("not computed: {}", row.describe()));
        assert_close(computed, row.value, TABLE_TOLERANCE, &row.describe());
        checked += 1;
    }
    assert_eq!((checked, skipped), (190, 12));
}

fn compute(row: &Row) -> Option<f64> {
    let rate = row.arrival_rate;
    match row.system.as_str() {
        "M/M/1" | "M/M/2" | "M/M/4" => {
            of_mmc(row, &Mmc::new(rate, 1.0, row.servers()).expect("stable"))
        }
        "M/D/1" | "M/D/4" => of_mdc(row, &Mdc::new(rate, 1.0, row.servers()).expect("stable")),
        "M/LN/1" => {
            let service = ServiceMoments::lognormal(row.extra("mu_log="), row.extra("sigma_log="));
            of_mg1(row, &Mg1::new(rate, service).expect("stable"))
        }
        "D/M/1" => of_dm1(row, &Dm1::new(rate, 1.0).expect("stable")),
        "M/LN/inf" => of_infinite_server(row),
        "M/M/2->M/M/3" => of_mmc_tandem(row),
        "M/D/1->D/1" => of_deterministic_tandem(row),
        "D/D/1 overload" => of_overload(row),
        _ => None,
    }
}

fn of_mmc(row: &Row, queue: &Mmc) -> Option<f64> {
    if let Some(level) = row.argument("wait quantile ", " ") {
        return queue.wait_quantile_s(level).ok();
    }
    if let Some(level) = row.argument("sojourn quantile ", " ") {
        return queue.sojourn_quantile_s(level).ok();
    }
    if let Some(number) = row.argument("P(N=", ")") {
        return (0..4).find(|n| f64::from(*n) >= number).map(|n| queue.state_probability(n));
    }
    if let Some(time) = row.argument("P(wait>", ")") {
        return Some(queue.wait_tail(time));
    }
    if let Some(time) = row.argument("P(sojourn>", ")") {
        return Some(queue.sojourn_tail(time));
    }
    match row.quantity.as_str() {
        "mean wait" => Some(queue.mean_wait_s()),
        "second moment wait" => Some(queue.second_moment_wait_s2()),
        "variance wait" => Some(queue.variance_wait_s2()),
        "mean sojourn" => Some(queue.mean_sojourn_s()),
        "mean queue length" => Some(queue.mean_queue_length()),
        "mean number in system" => Some(queue.mean_number_in_system()),
        "utilization" => Some(queue.utilization()),
        "asymptotic variance of mean of waits (lim n Var(mean))" => {
            queue.asymptotic_variance_of_mean_wait_s2()
        }
        "variance inflation of mean wait vs iid (n/n_eff)" => {
            queue.variance_inflation_of_mean_wait()
        }
        "asymptotic variance of time-average number in system (lim t Var)" => {
            queue.asymptotic_variance_of_mean_number_s()
        }
        _ => None,
    }
}

fn of_mdc(row: &Row, queue: &Mdc) -> Option<f64> {
    if let Some(level) = row.argument("wait quantile ", " ") {
        return queue.wait_quantile_s(level).ok();
    }
    if let Some(time) = row.argument("P(wait<=", ")") {
        return Some(queue.wait_cdf(time));
    }
    match row.quantity.as_str() {
        "P(wait>0)" => Some(queue.probability_of_waiting()),
        "mean wait" => Some(queue.mean_wait_s()),
        "second moment wait" => Some(queue.second_moment_wait_s2()),
        "mean sojourn" => Some(queue.mean_sojourn_s()),
        "mean queue length" => Some(queue.mean_queue_length()),
        _ => None,
    }
}

fn of_mg1(row: &Row, queue: &Mg1) -> Option<f64> {
    match row.quantity.as_str() {
        "P(wait>0)" => Some(queue.probability_of_waiting()),
        "mean wait" => Some(queue.mean_wait_s()),
        "second moment wait" => Some(queue.second_moment_wait_s2()),
        "mean sojourn" => Some(queue.mean_sojourn_s()),
        _ => None,
    }
}

fn of_dm1(row: &Row, queue: &Dm1) -> Option<f64> {
    if let Some(level) = row.argument("wait quantile ", " ") {
        return queue.wait_quantile_s(level).ok();
    }
    match row.quantity.as_str() {
        "sigma" | "P(wait>0)" => Some(queue.probability_of_waiting()),
        "mean wait" => Some(queue.mean_wait_s()),
        "second moment wait" => Some(queue.second_moment_wait_s2()),
        _ => None,
    }
}

fn of_infinite_server(row: &Row) -> Option<f64> {
    let (mu_log, sigma_log) = (row.extra("mu_log="), row.extra("sigma_log="));
    let system = LognormalInfiniteServer::new(row.arrival_rate, mu_log, sigma_log).ok()?;
    if let Some(horizon) = row.argument("E[number in system at T=", "]") {
        return Some(system.mean_number_in_system_at(horizon));
    }
    if let Some(horizon) = row.argument("E[number completed in [0,", "]") {
        return Some(system.mean_completed_by(horizon));
    }
    let ratio = "ratio E[sum of sojourns of completed]/E[completed] by T=";
    if let Some(horizon) = row.argument(ratio, " ") {
        return system.censored_mean_service_s(horizon);
    }
    if let Some(horizon) = row.argument("E[busy server-time in [0,", "]") {
        return Some(system.mean_busy_time_s(horizon));
    }
    let unclipped = "E[service time credited if full service counted at start, arrivals in [0,";
    if let Some(horizon) = row.argument(unclipped, "]") {
        return Some(system.mean_unclipped_busy_time_s(horizon));
    }
    row.quantity.starts_with("mean number in system").then(|| system.mean_number_in_system())
}

fn of_mmc_tandem(row: &Row) -> Option<f64> {
    let first = Mmc::new(row.arrival_rate, 1.0, 2).expect("stable");
    let second = Mmc::new(row.arrival_rate, 1.0 / 0.7, 3).expect("stable");
    let tandem = MmcTandem::new(first, second).expect("one arrival rate");
    if let Some(level) = row.argument("total sojourn quantile ", " ") {
        return tandem.sojourn_quantile_s(level).ok();
    }
    match row.quantity.as_str() {
        "mean wait station 1" => Some(tandem.first().mean_wait_s()),
        "P(wait>0) station 1" => Some(tandem.first().probability_of_waiting()),
        "mean wait station 2" => Some(tandem.second().mean_wait_s()),
        "P(wait>0) station 2" => Some(tandem.second().probability_of_waiting()),
        "mean total sojourn" => Some(tandem.mean_sojourn_s()),
        _ => None,
    }
}

fn of_deterministic_tandem(row: &Row) -> Option<f64> {
    let (first, second) = row.service_mean.split_once('+')?;
    let (first, second) = (first.parse().ok()?, second.parse().ok()?);
    let tandem = DeterministicTandem::new(row.arrival_rate, first, second).expect("stable");
    if let Some(level) = row.argument("total wait quantile ", " ") {
        return tandem.total_wait().ok()?.wait_quantile_s(level).ok();
    }
    match row.quantity.as_str() {
        "mean wait station 1" => Some(tandem.mean_wait_first_s()),
        "mean wait station 2 (D2<=D1)" => Some(tandem.mean_wait_second_s()),
        "mean total wait" => Some(tandem.mean_total_wait_s()),
        _ => None,
    }
}

fn of_overload(row: &Row) -> Option<f64> {
    let queue = DeterministicOverload::new(row.arrival_rate, 1.0).expect("overloaded");
    if let Some(horizon) = row.argument("mean wait over requests completed by T=", " ") {
        return queue.mean_wait_of_completed_s(horizon);
    }
    if let Some(horizon) = row.argument("mean wait over requests arrived before T=", " ") {
        return queue.mean_wait_of_arrived_s(horizon);
    }
    row.argument("number in system at T=", " ").map(|horizon| queue.num_in_system(horizon))
}

/// Relative agreement; for an expected zero, absolute.
#[track_caller]
fn assert_close(computed: f64, expected: f64, tolerance: f64, what: &str) {
    let scale = if expected.abs() > 0.0 { expected.abs() } else { 1.0 };
    let error = (computed - expected).abs() / scale;
    assert!(error <= tolerance, "{what}: {computed} instead of {expected}, off by {error:e}");
}

fn mmc(rate: f64, mean: f64, servers: u32) -> Mmc {
    Mmc::new(rate, mean, servers).expect("a stable queue")
}

fn mdc(rate: f64, service: f64, servers: u32) -> Mdc {
    Mdc::new(rate, service, servers).expect("a stable queue within the range")
}

#[test]
fn mmc_with_one_server_is_mm1() {
    for (rate, mean) in [(0.1, 1.0), (3.0, 0.25), (0.99, 1.0)] {
        let (queue, rho) = (mmc(rate, mean, 1), rate * mean);
        let spare = 1.0 / mean - rate;
        assert_close(queue.probability_of_waiting(), rho, 1e-14, "probability of waiting");
        assert_close(queue.mean_number_in_system(), rho / (1.0 - rho), 1e-13, "number");
        for time in [0.1, 1.0, 7.0] {
            let expected = libm::exp(-spare * time);
            assert_close(queue.sojourn_tail(time), expected, 1e-13, "sojourn tail");
        }
        for n in 0..50 {
            let expected = (1.0 - rho) * libm::pow(rho, f64::from(n));
            assert_close(queue.state_probability(n), expected, 1e-13, "state");
        }
    }
}

#[test]
fn mmc_states_add_up_for_any_number_of_servers() {
    for (servers, rho) in [(1, 0.3), (3, 0.9), (64, 0.5), (512, 0.01), (512, 0.97), (5000, 0.999)] {
        let queue = mmc(rho * f64::from(servers), 1.0, servers);
        let below: f64 = (0..servers).map(|n| queue.state_probability(n)).sum();
        let waiting = queue.state_probability(servers) / (1.0 - rho);
        assert_close(queue.probability_of_waiting(), waiting, 1e-11, "probability of waiting");
        assert_close(below + waiting, 1.0, 1e-12, "sum of states");
    }
}

#[test]
fn mmc_sojourn_is_continuous_where_both_stages_have_the_same_rate() {
    // c mu - lambda = mu for two servers at lambda = mu = 1.
    let same = mmc(1.0, 1.0, 2);
    for time in [0.0, 0.5, 3.0, 40.0] {
        let expected = (1.0 + same.probability_of_waiting() * time) * libm::exp(-time);
        assert_close(same.sojourn_tail(time), expected, 1e-14, "equal rates");
        for rate in [1.0 - 1e-9, 1.0 - 1e-15, 1.0 + 1e-15, 1.0 + 1e-9] {
            let near = mmc(rate, 1.0, 2);
            let slope = 10.0 * (1.0 + time) * (rate - 1.0).abs();
            let what = "nearly equal rates";
            assert_close(near.sojourn_tail(time), same.sojourn_tail(time), slope, what);
        }
    }
}

#[test]
fn md1_has_the_distribution_of_erlang_and_the_moments_of_pollaczek_and_khinchine() {
    for rho in [1e-6, 0.01, 0.2, 0.5, 0.8, 0.9, 0.95, 0.99] {
        let queue = mdc(rho / 0.25, 0.25, 1);
        let service = ServiceMoments::deterministic(0.25);
        let expected = Mg1::new(rho / 0.25, service).expect("stable");
        assert_close(queue.probability_of_waiting(), rho, 1e-12, "probability of waiting");
        assert_close(queue.mean_wait_s(), expected.mean_wait_s(), 1e-12, "mean wait");
        let second = expected.second_moment_wait_s2();
        assert_close(queue.second_moment_wait_s2(), second, 1e-12, "second moment");
        for time in [0.0, 0.3, 1.0, 1.7, 2.0, 4.5] {
            let what = format!("P(wait <= {time} services) at {rho}");
            assert_close(queue.wait_cdf(0.25 * time), erlang_1909(rho, time), 1e-12, &what);
        }
    }
}

/// P(wait <= t) of M/D/1 with service time 1, by the alternating sum: for small t only.
fn erlang_1909(rho: f64, time: f64) -> f64 {
    let (mut sum, mut factorial) = (0.0, 1.0);
    let mut k = 0.0;
    while k <= time {
        let x = rho * (k - time);
        sum += libm::pow(x, k) / factorial * libm::exp(-x);
        k += 1.0;
        factorial *= k;
    }
    (1.0 - rho) * sum
}

#[test]
fn mdc_moments_are_the_integrals_of_its_tail() {
    for (servers, rho) in [(1, 0.6), (2, 0.9), (3, 0.5), (16, 0.8), (100, 0.95)] {
        let queue = mdc(rho * f64::from(servers), 1.0, servers);
        // The tail has kinks at whole services: Simpson's rule between them.
        let (mut first, mut second) = (0.0, 0.0);
        for step in 0..120 * 256 {
            let left = f64::from(step) / 256.0;
            for (time, weight) in
                [(left, 1.0), (left + 0.5 / 256.0, 4.0), (left + 1.0 / 256.0, 1.0)]
            {
                let part = weight * queue.wait_tail(time) / (6.0 * 256.0);
                first += part;
                second += 2.0 * time * part;
            }
        }
        assert_close(first, queue.mean_wait_s(), 1e-9, "mean wait");
        assert_close(second, queue.second_moment_wait_s2(), 1e-9, "second moment");
    }
}

#[test]
fn mdc_queue_length_is_the_series_of_crommelin() {
    for (servers, rho) in
        [(1, 0.9), (2, 0.05), (4, 0.97), (8, 0.3), (30, 0.95), (64, 0.3), (512, 0.9)]
    {
        let queue = mdc(rho * f64::from(servers), 1.0, servers);
        let expected = crommelin_1934(f64::from(servers), rho);
        let what = format!("{servers} servers at {rho}");
        assert_close(queue.mean_queue_length(), expected, 1e-10, &what);
    }
}

/// The sum over k of `E[(Poisson(k c rho) - k c)+] / k`, term by term.
fn crommelin_1934(servers: f64, rho: f64) -> f64 {
    let (mut total, mut excess, mut k) = (0.0, f64::INFINITY, 0.0);
    while excess > 1e-15 * total {
        k += 1.0;
        let (mean, threshold) = (k * servers * rho, k * servers);
        let log = threshold * libm::log(mean) - mean - libm::lgamma(threshold + 1.0);
        let (mut probability, mut surplus) = (libm::exp(log), 0.0);
        excess = 0.0;
        while probability * (surplus + 1.0) > 1e-16 * excess {
            excess += probability * surplus;
            surplus += 1.0;
            probability *= mean / (threshold + surplus);
        }
        total += excess / k;
    }
    total
}

#[test]
fn constant_services_halve_the_wait_in_heavy_traffic() {
    for servers in [1, 4, 32] {
        let rate = 0.99 * f64::from(servers);
        let ratio = mdc(rate, 1.0, servers).mean_wait_s() / mmc(rate, 1.0, servers).mean_wait_s();
        assert!((ratio - 0.5).abs() < 0.02, "ratio {ratio} for {servers} servers");
    }
}

#[test]
fn little_s_law_holds() {
    for (servers, rate) in [(1, 0.7), (5, 4.0), (40, 36.0)] {
        let markov = mmc(rate, 1.0, servers);
        assert_close(markov.mean_queue_length(), rate * markov.mean_wait_s(), 1e-15, "M/M/c");
        let number = markov.mean_number_in_system();
        assert_close(number, rate * markov.mean_sojourn_s(), 1e-14, "M/M/c");
        let by_states: f64 = (0..2000).map(|n| f64::from(n) * markov.state_probability(n)).sum();
        assert_close(number, by_states, 1e-12, "M/M/c");
        let constant = mdc(rate, 1.0, servers);
        let number = constant.mean_number_in_system();
        assert_close(number, rate * constant.mean_sojourn_s(), 1e-14, "M/D/c");
    }
}

#[test]
fn mg1_with_exponential_services_is_mm1() {
    let general = Mg1::new(1.6, ServiceMoments::exponential(0.5)).expect("stable");
    let markov = mmc(1.6, 0.5, 1);
    assert_close(general.mean_wait_s(), markov.mean_wait_s(), 1e-14, "mean");
    assert_close(general.variance_wait_s2(), markov.variance_wait_s2(), 1e-14, "variance");
    assert_close(general.mean_queue_length(), markov.mean_queue_length(), 1e-14, "queue");
    assert_close(general.mean_number_in_system(), markov.mean_number_in_system(), 1e-14, "number");
}

#[test]
fn dm1_solves_its_equation_from_light_load_to_saturation() {
    for rho in [0.02, 0.3, 0.8, 0.999, 1.0 - 1e-9] {
        let queue = Dm1::new(2.0, 0.5 * rho).expect("stable");
        let sigma = queue.probability_of_waiting();
        let expected = libm::exp(-queue.wait_rate_per_s() * 0.5);
        assert_close(sigma, expected, 1e-13, "sigma");
        assert!(sigma < rho, "evenly spaced arrivals wait less often than Poisson ones");
    }
    let light = Dm1::new(1.0, 0.02).expect("stable").probability_of_waiting();
    assert_close(light, libm::exp(-50.0), 1e-12, "almost no wait");
}

#[test]
fn quantiles_invert_tails() {
    type Pair = (Box<dyn Fn(f64) -> Result<f64, TheoryError>>, Box<dyn Fn(f64) -> f64>);
    let markov = mmc(3.6, 1.0, 4);
    let constant = mdc(3.6, 1.0, 4);
    let even = Dm1::new(0.8, 1.0).expect("stable");
    let tandem = MmcTandem::new(markov, mmc(3.6, 0.5, 2)).expect("one arrival rate");
    let pairs: [Pair; 5] = [
        (Box::new(move |p| markov.wait_quantile_s(p)), Box::new(move |t| markov.wait_tail(t))),
        (
            Box::new(move |p| markov.sojourn_quantile_s(p)),
            Box::new(move |t| markov.sojourn_tail(t)),
        ),
        (
            Box::new({
                let queue = constant.clone();
                move |p| queue.wait_quantile_s(p)
            }),
            Box::new(move |t| constant.wait_tail(t)),
        ),
        (Box::new(move |p| even.wait_quantile_s(p)), Box::new(move |t| even.wait_tail(t))),
        (
            Box::new(move |p| tandem.sojourn_quantile_s(p)),
            Box::new(move |t| tandem.sojourn_tail(t)),
        ),
    ];
    for (place, (quantile, tail)) in pairs.iter().enumerate() {
        for level in LEVELS {
            let time = quantile(level).expect("a valid level");
            if time > 0.0 {
                assert_close(tail(time), 1.0 - level, 1e-11, &format!("pair {place} at {level}"));
            } else {
                assert!(tail(0.0) <= 1.0 - level, "pair {place} at {level}");
            }
        }
        assert_eq!(quantile(1.0), Err(TheoryError::Level { level: 1.0 }));
    }
}

#[test]
fn tails_are_probabilities_at_any_time() {
    let (markov, constant) = (mmc(1.0, 1.0, 2), mdc(0.9, 1.0, 1));
    let even = Dm1::new(0.8, 1.0).expect("stable");
    let tandem = MmcTandem::new(markov, markov).expect("one arrival rate");
    let tails: [&dyn Fn(f64) -> f64; 5] = [
        &|t| markov.wait_tail(t),
        &|t| markov.sojourn_tail(t),
        &|t| constant.wait_tail(t),
        &|t| even.wait_tail(t),
        &|t| tandem.sojourn_tail(t),
    ];
    for tail in tails {
        assert_close(tail(-1.0), 1.0, 0.0, "before zero");
        assert_close(tail(f64::INFINITY), 0.0, 0.0, "at infinity");
        assert_close(tail(1e300), 0.0, 0.0, "far out");
        assert!(tail(f64::NAN).is_nan());
        let mut last = 1.0;
        for step in 0..2000 {
            let now = tail(f64::from(step) * 0.05);
            assert!((0.0..=last * (1.0 + 1e-13)).contains(&now), "{now} after {last}");
            last = now;
        }
    }
}

#[test]
fn equal_stations_in_tandem_have_an_erlang_sojourn() {
    let station = mmc(0.75, 1.0, 1);
    let tandem = MmcTandem::new(station, station).expect("one arrival rate");
    for time in [0.0, 0.1, 4.0, 30.0, 400.0] {
        let expected = (1.0 + 0.25 * time) * libm::exp(-0.25 * time);
        assert_close(tandem.sojourn_tail(time), expected, 1e-13, "sojourn tail");
    }
}

#[test]
fn order_of_constant_stations_does_not_change_the_total_wait() {
    let forth = DeterministicTandem::new(0.8, 1.0, 0.6).expect("stable");
    let back = DeterministicTandem::new(0.8, 0.6, 1.0).expect("stable");
    assert_close(forth.mean_total_wait_s(), back.mean_total_wait_s(), 0.0, "mean total wait");
    assert_close(forth.mean_sojourn_s(), 3.6, 1e-14, "sojourn");
    assert_eq!(forth.total_wait(), back.total_wait());
}

#[test]
fn infinite_server_accounts_for_every_arrival_and_every_second() {
    let (rate, mu_log, sigma_log) = (5.0, 0.4, 1.3);
    let system = LognormalInfiniteServer::new(rate, mu_log, sigma_log).expect("valid");
    let (mut busy, mut last) = (0.0, 0.0);
    for step in 1..=4000 {
        let horizon = f64::from(step) * 0.005;
        let number = system.mean_number_in_system_at(horizon);
        let arrived = number + system.mean_completed_by(horizon);
        assert_close(arrived, rate * horizon, 1e-13, "arrivals");
        busy += 0.5 * (last + number) * 0.005;
        last = number;
    }
    assert_close(system.mean_busy_time_s(20.0), busy, 1e-5, "busy time");
    let mean = libm::exp(mu_log + 0.5 * sigma_log * sigma_log);
    let censored = system.censored_mean_service_s(1e9).expect("departures");
    assert_close(censored, mean, 1e-6, "a long horizon censors nothing");
    let none = [system.mean_number_in_system_at(0.0), system.mean_completed_by(0.0)];
    assert!(none.iter().all(|count| *count <= 0.0), "{none:?}");
    assert_eq!(system.censored_mean_service_s(0.0), None);
}

#[test]
fn overload_counts_like_a_simulation_does() {
    for (rate, service, horizon) in [(2.0, 1.0, 10.0), (0.1, 12.0, 30.0), (3.0, 0.7, 11.3)] {
        let queue = DeterministicOverload::new(rate, service).expect("overloaded");
        let (mut arrived, mut completed) = (0.0, 0.0);
        let (mut wait_arrived, mut wait_completed, mut free) = (0.0, 0.0, 0.0_f64);
        while arrived / rate < horizon {
            let start = free.max(arrived / rate);
            free = start + service;
            let wait = start - arrived / rate;
            arrived += 1.0;
            wait_arrived += wait;
            if free <= horizon {
                completed += 1.0;
                wait_completed += wait;
            }
        }
        assert_close(queue.num_arrived(horizon), arrived, 0.0, "arrived");
        assert_close(queue.num_completed(horizon), completed, 0.0, "completed");
        assert_close(queue.num_in_system(horizon), arrived - completed, 0.0, "in system");
        let mean = queue.mean_wait_of_arrived_s(horizon).expect("arrivals");
        assert_close(mean, wait_arrived / arrived, 1e-13, "wait of the arrived");
        let mean = queue.mean_wait_of_completed_s(horizon).expect("departures");
        assert_close(mean, wait_completed / completed, 1e-13, "wait of the completed");
    }
    let queue = DeterministicOverload::new(2.0, 1.0).expect("overloaded");
    assert_eq!(queue.mean_wait_of_completed_s(0.5), None);
}

#[test]
fn asymptotic_variances_exist_for_one_server_only() {
    let queue = mmc(1.6, 1.0, 2);
    assert_eq!(queue.asymptotic_variance_of_mean_wait_s2(), None);
    assert_eq!(queue.variance_inflation_of_mean_wait(), None);
    assert_eq!(queue.asymptotic_variance_of_mean_number_s(), None);
}

#[test]
fn impossible_systems_are_refused_with_a_reason() {
    let negative = ServiceMoments { mean_s: 1.0, second_s2: 0.5, third_s3: 1.0 };
    let cases: [(TheoryError, &str); 8] = [
        (
            Mmc::new(0.0, 1.0, 1).expect_err("no arrivals"),
            "use arrival_rate_per_s = 0: it must be greater than zero",
        ),
        (
            Mmc::new(1.0, f64::NAN, 1).expect_err("no service"),
            "use mean_service_s = NaN: it must be a finite number",
        ),
        (
            Mmc::new(1.0, 1.0, 0).expect_err("no servers"),
            "use servers = 0: it must be greater than zero",
        ),
        (
            Mmc::new(3.0, 1.0, 2).expect_err("saturated"),
            "find a steady state at an offered load of 1.5 per server: it must stay below 1",
        ),
        (
            Mdc::new(1.0, 1.0, 513).expect_err("too many servers"),
            "evaluate it for servers = 513: the supported maximum is 512",
        ),
        (
            Mg1::new(0.5, negative).expect_err("a negative variance"),
            "find a service time with moments 1, 0.5, 1: \
             they need mean^2 <= second and second^2 <= mean * third",
        ),
        (
            MmcTandem::new(mmc(0.5, 1.0, 1), mmc(0.6, 1.0, 1)).expect_err("lost arrivals"),
            "connect stations with arrival rates 0.5 and 0.6: they must be equal",
        ),
        (
            DeterministicOverload::new(0.5, 1.0).expect_err("no overload"),
            "describe an overload at an offered load of 0.5: it must be 1 or more",
        ),
    ];
    for (error, message) in cases {
        assert_eq!(error.to_string(), message);
    }
    let saturated = TheoryError::Saturated { utilization: 1.0 };
    assert_eq!(Dm1::new(1.0, 1.0), Err(saturated));
    assert_eq!(DeterministicTandem::new(1.0, 0.5, 1.0), Err(saturated));
    assert!(matches!(Mdc::new(0.995, 1.0, 1), Err(TheoryError::BeyondRange { .. })));
    assert!(matches!(mmc(0.5, 1.0, 1).wait_quantile_s(f64::NAN), Err(TheoryError::Level { .. })));
    assert!(LognormalInfiniteServer::new(1.0, f64::INFINITY, 1.0).is_err());
}
