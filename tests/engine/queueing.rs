//! The simulation against exact queueing theory, for every row of the reference table that a result
//! column can show.
//!
//! Each comparison is a t test over independent replications at a fixed seed. The family-wise
//! significance level of this file is [`SIGNIFICANCE`], by Bonferroni over all [`COMPARISONS`].
//! `cargo test -p sweep-engine queueing -- --nocapture` prints every t statistic.

use std::collections::BTreeMap;

use statrs::distribution::{ContinuousCDF, StudentsT};
use sweep_engine::model::{Scratch, Summary, simulate_observed};
use sweep_engine::plan::{Limits, Plan, plan};
use sweep_engine::progress::Silent;
use sweep_engine::scenario::{RecordedRequest, Trace, Traces};
use sweep_engine::spec::{AxisSpec, AxisValues, SweepSpec};

/// Replications of a steady-state comparison.
const REPLICATIONS: u32 = 40;

/// Bound on the number of comparisons in this file.
const COMPARISONS: f64 = 120.0;

/// Probability that a correct simulation fails any of them.
const SIGNIFICANCE: f64 = 0.01;

/// Speed of a pool that works at once.
const INSTANT: &str = "1e12";

/// Exact values by (system, arrival rate, service means, quantity).
struct Reference(BTreeMap<(String, String, String, String), f64>);

impl Reference {
    fn load() -> Self {
        let mut reader =
            csv::Reader::from_reader(include_str!("reference/queueing.csv").as_bytes());
        let rows = reader.records().map(|record| {
            let record = record.expect("the table is well formed");
            let text = |i: usize| record[i].to_owned();
            let key = (text(0), text(1), text(4), text(7));
            (key, record[8].parse().expect("values are numbers"))
        });
        Self(rows.collect())
    }

    fn get(&self, system: &str, rate: &str, service: &str, quantity: &str) -> f64 {
        let key = [system, rate, service, quantity].map(str::to_owned);
        let [a, b, c, d] = key;
        let found = self.0.get(&(a, b, c, d));
        *found.unwrap_or_else(|| panic!("no {quantity} of {system} at {rate}"))
    }
}

/// A plan with one cell.
fn one_cell(settings: &[(&str, &str)], replications: u32) -> Plan {
    one_cell_with(settings, replications, &Traces::default())
}

fn one_cell_with(settings: &[(&str, &str)], replications: u32, traces: &Traces) -> Plan {
    let axes = settings.iter().map(|(name, value)| AxisSpec {
        name: (*name).into(),
        values: AxisValues::Items(vec![(*value).into()]),
    });
    let spec = SweepSpec { axes: axes.collect(), replications, ..SweepSpec::default() };
    plan(&spec, traces, Limits::default()).expect("the scenario is valid")
}

/// One station: a pool of `servers`, of which prefill or decode takes no time.
fn station<'a>(
    (rate, servers): (&'a str, &'a str),
    prefill_tokens_per_s: &'a str,
    decode_tokens_per_s: &'a str,
    service: &[(&'static str, &'a str)],
) -> Vec<(&'static str, &'a str)> {
    let mut settings = vec![
        ("mode", "mono"),
        ("arrival.rate_per_s", rate),
        ("cluster_mono.num_gpus", servers),
        ("cluster_mono.prefill_tokens_per_s", prefill_tokens_per_s),
        ("cluster_mono.decode_tokens_per_s", decode_tokens_per_s),
    ];
    settings.extend_from_slice(service);
    settings
}

/// One pool of which the service is all decode, so that TTFT is the wait (plus a microsecond).
fn waiting_system<'a>(
    rate: &'a str,
    servers: &'a str,
    service: &[(&'static str, &'a str)],
) -> Vec<(&'static str, &'a str)> {
    let mut settings = station((rate, servers), INSTANT, "1e6", service);
    settings.extend([
        ("prompt_tokens.mode", "fixed"),
        ("prompt_tokens.value", "1"),
        ("output_tokens.integer", "false"),
        ("output_tokens.min_value", "0"),
    ]);
    settings
}

/// One pool of which the service is all prefill, so that TTFT is the sojourn time.
fn sojourn_system<'a>(
    rate: &'a str,
    servers: &'a str,
    service: &[(&'static str, &'a str)],
) -> Vec<(&'static str, &'a str)> {
    let mut settings = station((rate, servers), "1", INSTANT, service);
    settings.extend([
        ("output_tokens.mode", "fixed"),
        ("output_tokens.value", "1"),
        ("prompt_tokens.integer", "false"),
        ("prompt_tokens.min_value", "0"),
    ]);
    settings
}

/// Wait quantiles to compare. Where half of all requests do not wait, the median lies at the edge of
/// an atom: the sample median is 0 or above, and its expectation above 0, however long the run.
fn wait_quantiles(rate: &str) -> &'static [&'static str] {
    if rate == "0.5" { &["0.9", "0.99"] } else { &["0.5", "0.9", "0.99"] }
}

const LONG_RUN: [(&str, &str); 3] =
    [("sim_seconds", "60000"), ("warmup_seconds", "4000"), ("observe", "arrivals")];

/// Simulates all replications; `share` adds the share of TTFTs above each of some thresholds.
fn summaries(plan: &Plan, thresholds: &[f64]) -> Vec<(Summary, Vec<f64>)> {
    let mut scratch = Scratch::default();
    (0..plan.num_jobs())
        .map(|number| {
            let job = plan.job(plan.job_id(number));
            let mut above = vec![0_u32; thresholds.len()];
            let mut samples = 0_u32;
            let summary = simulate_observed(&job, &mut scratch, &Silent, |sample| {
                samples += 1;
                for (count, threshold) in above.iter_mut().zip(thresholds) {
                    *count += u32::from(sample.ttft_s > *threshold);
                }
            })
            .expect("within limits");
            let share = |count: u32| f64::from(count) / f64::from(samples.max(1));
            (summary, above.into_iter().map(share).collect())
        })
        .collect()
}

/// t statistic of `values` against `exact`; an exact match without spread counts as 0.
fn t_statistic(values: &[f64], exact: f64) -> f64 {
    let n = f64::from(u32::try_from(values.len()).expect("few values"));
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let error = mean - exact;
    if error.abs() < 2e-6 { 0.0 } else { error / (variance / n).sqrt() }
}

/// Largest |t| that counts as sampling error: a two-sided quantile at the fewest degrees of freedom
/// of any comparison (conservative for those with more).
fn limit() -> f64 {
    StudentsT::new(0.0, 1.0, f64::from(REPLICATIONS - 1))
        .expect("valid parameters")
        .inverse_cdf(1.0 - SIGNIFICANCE / (2.0 * COMPARISONS))
}

/// Comparisons of one system, reported together.
#[derive(Default)]
struct Comparisons(Vec<(String, f64)>);

impl Comparisons {
    fn add(&mut self, name: &str, values: &[f64], exact: f64) {
        self.0.push((name.to_owned(), t_statistic(values, exact)));
    }

    #[expect(clippy::print_stderr, reason = "shown by `-- --nocapture`, for reports")]
    fn check(&self, at_least: usize) {
        assert!(self.0.len() >= at_least, "only {} comparisons", self.0.len());
        for (name, t) in &self.0 {
            eprintln!("{t:6.2}  {name}");
        }
        let failed: Vec<_> =
            self.0.iter().filter(|(_, t)| t.is_nan() || t.abs() > limit()).collect();
        assert!(failed.is_empty(), "outside of sampling error: {failed:?}");
    }
}

fn column(runs: &[(Summary, Vec<f64>)], value: impl Fn(&Summary) -> Option<f64>) -> Vec<f64> {
    runs.iter().map(|(summary, _)| value(summary).expect("the column has a value")).collect()
}

const EXPONENTIAL_DECODE: [(&str, &str); 2] =
    [("output_tokens.mode", "exponential"), ("output_tokens.mean", "1e6")];
const EXPONENTIAL_PREFILL: [(&str, &str); 2] =
    [("prompt_tokens.mode", "exponential"), ("prompt_tokens.mean", "1")];
const FIXED_DECODE: [(&str, &str); 2] =
    [("output_tokens.mode", "fixed"), ("output_tokens.value", "1e6")];

/// Waits, queue length, utilization and throughput of a single station.
fn compare_waits(
    comparisons: &mut Comparisons,
    reference: &Reference,
    system: &str,
    (rate, servers): (&str, &str),
    service: &[(&'static str, &str)],
) {
    let mut settings = waiting_system(rate, servers, service);
    settings.extend(LONG_RUN);
    if system == "D/M/1" {
        settings.push(("arrival.kind", "deterministic"));
    }
    let runs = summaries(&one_cell(&settings, REPLICATIONS), &[]);
    let exact = |quantity: &str| reference.get(system, rate, "1", quantity);
    let mut add = |name: &str, values: Vec<f64>, exact: f64| {
        comparisons.add(&format!("{system} at {rate}: {name}"), &values, exact);
    };
    add("mean wait", column(&runs, |s| s.mean_wait_prefill_s), exact("mean wait"));
    let offered = rate.parse::<f64>().expect("a number");
    let queue_length = column(&runs, |s| Some(s.mean_queue_length_prefill));
    add("mean queue length (Little)", queue_length, offered * exact("mean wait"));
    let utilization = column(&runs, |s| s.utilization_gpu);
    add("utilization", utilization, offered / servers.parse::<f64>().expect("a number"));
    add("throughput", column(&runs, |s| Some(s.throughput_rps)), offered);
    for quantile in wait_quantiles(rate) {
        let values = column(&runs, |s| match *quantile {
            "0.5" => s.p50_ttft_s,
            "0.9" => s.p90_ttft_s,
            _ => s.p99_ttft_s,
        });
        add(
            &format!("wait quantile {quantile}"),
            values,
            exact(&format!("wait quantile {quantile}")),
        );
    }
}

#[test]
fn waits_of_mmc_are_exact_within_sampling_error() {
    let reference = Reference::load();
    let mut comparisons = Comparisons::default();
    for (system, rate, servers) in
        [("M/M/1", "0.5", "1"), ("M/M/1", "0.8", "1"), ("M/M/2", "1.6", "2"), ("M/M/4", "3.6", "4")]
    {
        let service = &EXPONENTIAL_DECODE;
        compare_waits(&mut comparisons, &reference, system, (rate, servers), service);
    }
    comparisons.check(27);
}

#[test]
fn sojourn_times_of_mmc_are_exact_within_sampling_error() {
    let reference = Reference::load();
    let mut comparisons = Comparisons::default();
    for (system, rate, servers) in
        [("M/M/1", "0.5", "1"), ("M/M/1", "0.8", "1"), ("M/M/2", "1.6", "2"), ("M/M/4", "3.6", "4")]
    {
        let mut settings = sojourn_system(rate, servers, &EXPONENTIAL_PREFILL);
        settings.extend(LONG_RUN);
        settings.push(("random_seed", "7"));
        let runs = summaries(&one_cell(&settings, REPLICATIONS), &[]);
        let exact = |quantity: &str| reference.get(system, rate, "1", quantity);
        for (quantity, values) in [
            ("mean sojourn", column(&runs, |s| s.mean_ttft_s)),
            ("sojourn quantile 0.5", column(&runs, |s| s.p50_ttft_s)),
            ("sojourn quantile 0.9", column(&runs, |s| s.p90_ttft_s)),
            ("sojourn quantile 0.99", column(&runs, |s| s.p99_ttft_s)),
        ] {
            let name = format!("{system} at {rate}: {quantity}");
            comparisons.add(&name, &values, exact(quantity));
        }
    }
    comparisons.check(16);
}

#[test]
fn waits_of_mdc_and_dm1_are_exact_within_sampling_error() {
    let reference = Reference::load();
    let mut comparisons = Comparisons::default();
    for (system, rate, servers) in
        [("M/D/1", "0.5", "1"), ("M/D/1", "0.8", "1"), ("M/D/4", "3.6", "4")]
    {
        let service = &FIXED_DECODE;
        compare_waits(&mut comparisons, &reference, system, (rate, servers), service);
    }
    let service = &EXPONENTIAL_DECODE;
    compare_waits(&mut comparisons, &reference, "D/M/1", ("0.8", "1"), service);
    comparisons.check(27);
}

#[test]
fn waits_of_mg1_with_lognormal_service_are_exact_within_sampling_error() {
    let reference = Reference::load();
    // Mean of the logarithm: ln(1e6) + mu_log, in tokens served at 1e6 tokens/s.
    let service = [
        ("output_tokens.mode", "log"),
        ("output_tokens.mean", "13.468936967684301"),
        ("output_tokens.sigma", "0.832554611157698"),
    ];
    let mut settings = waiting_system("0.7", "1", &service);
    settings.extend(LONG_RUN);
    let thresholds = ["0.5", "1", "2", "5", "10", "20"];
    // TTFT is the wait plus one decode step of a microsecond.
    let seconds = thresholds.map(|t| t.parse::<f64>().expect("a number") + 1e-6);
    let runs = summaries(&one_cell(&settings, REPLICATIONS), &seconds);
    let exact = |quantity: &str| reference.get("M/LN/1", "0.7", "1", quantity);
    let mut comparisons = Comparisons::default();
    comparisons.add("mean wait", &column(&runs, |s| s.mean_wait_prefill_s), exact("mean wait"));
    comparisons.add("mean sojourn", &column(&runs, |s| s.mean_e2e_s), exact("mean sojourn"));
    for (i, threshold) in thresholds.iter().enumerate() {
        let shares: Vec<f64> = runs.iter().map(|(_, shares)| shares[i]).collect();
        let quantity = format!("P(wait>{threshold})");
        comparisons.add(&quantity, &shares, exact(&quantity));
    }
    comparisons.check(8);
}

#[test]
fn waits_after_an_empty_start_are_exact_within_sampling_error() {
    let reference = Reference::load();
    let mut settings = waiting_system("0.8", "1", &EXPONENTIAL_DECODE);
    settings.extend([("sim_seconds", "1700"), ("warmup_seconds", "0"), ("observe", "arrivals")]);
    let plan = one_cell(&settings, 2_000);
    let mut scratch = Scratch::default();
    let mut waits: Vec<Vec<f64>> = Vec::new();
    for number in 0..plan.num_jobs() {
        let mut run = Vec::with_capacity(1_500);
        simulate_observed(&plan.job(plan.job_id(number)), &mut scratch, &Silent, |sample| {
            run.push(sample.ttft_s - 1e-6);
        })
        .expect("within limits");
        waits.push(run);
    }
    let mut comparisons = Comparisons::default();
    for n in [2_usize, 10, 100, 1_000] {
        let quantity = format!("E[wait of customer n], n={n}, empty start (customer 1 waits 0)");
        let values: Vec<f64> = waits.iter().map(|run| run[n - 1]).collect();
        comparisons.add(&quantity, &values, reference.get("M/M/1", "0.8", "1", &quantity));
    }
    for n in [100_u32, 1_000] {
        let quantity = format!("E[average wait of first n customers], n={n}, empty start");
        let average = |run: &Vec<f64>| run[..n as usize].iter().sum::<f64>() / f64::from(n);
        let values: Vec<f64> = waits.iter().map(average).collect();
        comparisons.add(&quantity, &values, reference.get("M/M/1", "0.8", "1", &quantity));
    }
    comparisons.check(6);
}

#[test]
fn tandems_are_exact_within_sampling_error() {
    let reference = Reference::load();
    let mut settings = vec![
        ("mode", "disagg"),
        ("arrival.rate_per_s", "1.6"),
        ("cluster_disagg.prefill_gpus", "2"),
        ("cluster_disagg.decode_gpus", "3"),
        ("cluster_disagg.prefill_tokens_per_s", "1"),
        ("cluster_disagg.decode_tokens_per_s", "0.7e6"),
        ("prompt_tokens.integer", "false"),
        ("prompt_tokens.min_value", "0"),
        ("output_tokens.integer", "false"),
        ("output_tokens.min_value", "0"),
    ];
    settings.extend(EXPONENTIAL_PREFILL);
    settings.extend(EXPONENTIAL_DECODE);
    settings.extend(LONG_RUN);
    let runs = summaries(&one_cell(&settings, REPLICATIONS), &[]);
    let exact = |quantity: &str| reference.get("M/M/2->M/M/3", "1.6", "1/1+1/0.7", quantity);
    let mut comparisons = Comparisons::default();
    for (quantity, values) in [
        ("mean wait station 1", column(&runs, |s| s.mean_wait_prefill_s)),
        ("mean wait station 2", column(&runs, |s| s.mean_wait_decode_s)),
        ("mean total sojourn", column(&runs, |s| s.mean_e2e_s)),
    ] {
        comparisons.add(quantity, &values, exact(quantity));
    }
    comparisons.check(3);
}

/// Two constant services in a row, of which the first is the slower or the faster one.
fn deterministic_tandem(prefill_s: &str, decode_tokens: &str) -> Vec<(Summary, Vec<f64>)> {
    let mut settings = vec![
        ("mode", "disagg"),
        ("arrival.rate_per_s", "0.8"),
        ("cluster_disagg.prefill_gpus", "1"),
        ("cluster_disagg.decode_gpus", "1"),
        ("cluster_disagg.prefill_tokens_per_s", "1"),
        ("cluster_disagg.decode_tokens_per_s", "1e6"),
        ("prompt_tokens.mode", "fixed"),
        ("prompt_tokens.value", prefill_s),
        ("prompt_tokens.integer", "false"),
        ("prompt_tokens.min_value", "0"),
        ("output_tokens.mode", "fixed"),
        ("output_tokens.value", decode_tokens),
    ];
    settings.extend(LONG_RUN);
    summaries(&one_cell(&settings, REPLICATIONS), &[])
}

#[test]
fn deterministic_tandems_are_exact_within_sampling_error() {
    let reference = Reference::load();
    let mut comparisons = Comparisons::default();
    let total_wait = |s: &Summary| Some(s.mean_wait_prefill_s? + s.mean_wait_decode_s?);

    let runs = deterministic_tandem("1", "0.6e6");
    let exact = |quantity: &str| reference.get("M/D/1->D/1", "0.8", "1+0.6", quantity);
    let second = column(&runs, |s| s.mean_wait_decode_s);
    comparisons.add("slow, fast: second wait", &second, exact("mean wait station 2 (D2<=D1)"));
    let total = column(&runs, total_wait);
    comparisons.add("slow, fast: total wait", &total, exact("mean total wait"));

    let runs = deterministic_tandem("0.6", "1e6");
    let exact = |quantity: &str| reference.get("M/D/1->D/1", "0.8", "0.6+1", quantity);
    let first = column(&runs, |s| s.mean_wait_prefill_s);
    comparisons.add("fast, slow: first wait", &first, exact("mean wait station 1"));
    let total = column(&runs, total_wait);
    comparisons.add("fast, slow: total wait", &total, exact("mean total wait"));
    // TTFT is the total wait plus the first service and one decode step.
    let tail = column(&runs, |s| Some(s.p99_ttft_s? - 0.6 - 1e-6));
    comparisons.add("fast, slow: p99 of the total wait", &tail, exact("total wait quantile 0.99"));
    comparisons.check(5);
}

#[test]
fn start_up_of_many_servers_is_exact_within_sampling_error() {
    let reference = Reference::load();
    let mut comparisons = Comparisons::default();
    for horizon in ["1.0", "5.0", "20.0"] {
        let mut settings = sojourn_system(
            "5",
            "1000",
            &[
                ("prompt_tokens.mode", "log"),
                ("prompt_tokens.mean", "-0.346573590279973"),
                ("prompt_tokens.sigma", "0.832554611157698"),
            ],
        );
        settings.extend([
            ("sim_seconds", horizon),
            ("warmup_seconds", "0"),
            ("observe", "arrivals"),
        ]);
        let runs = summaries(&one_cell(&settings, 4_000), &[]);
        let exact = |quantity: &str| reference.get("M/LN/inf", "5", "1", quantity);
        let seconds: f64 = horizon.parse().expect("a number");
        let count = |n: u64| Some(f64::from(u32::try_from(n).expect("few requests")));
        let unfinished = column(&runs, |s| count(s.num_unfinished));
        let completed = column(&runs, |s| count(s.num_completed));
        let busy = column(&runs, |s| Some(s.utilization_gpu? * 1_000.0 * seconds));
        for (quantity, values) in [
            (format!("E[number in system at T={horizon}], empty start"), &unfinished),
            (format!("E[number completed in [0,{horizon}]], empty start"), &completed),
            (
                format!("E[busy server-time in [0,{horizon}]] clipped at horizon, empty start"),
                &busy,
            ),
        ] {
            comparisons.add(&quantity, values, exact(&quantity));
        }
        // Accountings that ours must not be: service credited in full at its start, and means over
        // completed requests only. Ours follows every arrival: the mean is the true one, 1 s.
        let unclipped = format!(
            "E[service time credited if full service counted at start, arrivals in [0,{horizon}]]"
        );
        assert!(t_statistic(&busy, exact(&unclipped)).abs() > limit(), "busy time is not clipped");
        let sojourns: Vec<f64> = runs.iter().filter_map(|(s, _)| s.mean_ttft_s).collect();
        let completed_only = exact(&format!(
            "ratio E[sum of sojourns of completed]/E[completed] by T={horizon} (censored mean; true mean 1)"
        ));
        assert!(t_statistic(&sojourns, 1.0).abs() < limit(), "{horizon}: mean sojourn");
        assert!(t_statistic(&sojourns, completed_only).abs() > limit(), "{horizon}: censored mean");
    }
    comparisons.check(9);
}

#[test]
fn deterministic_overload_is_exact() {
    let reference = Reference::load();
    for horizon in [100_u32, 1_000] {
        let records: Vec<RecordedRequest> = (0..4 * horizon)
            .map(|i| RecordedRequest {
                arrival_s: f64::from(i) / 2.0,
                prompt_tokens: 1.0,
                output_tokens: 0.0,
            })
            .collect();
        let mut traces = Traces::default();
        traces.insert("half-seconds", Trace::new(&records).expect("the trace is valid"));
        let result = |observe: &str, sim_seconds: &str| {
            let plan = one_cell_with(
                &[
                    ("mode", "mono"),
                    ("arrival.kind", "trace"),
                    ("arrival.path", "half-seconds"),
                    ("cluster_mono.num_gpus", "1"),
                    ("cluster_mono.prefill_tokens_per_s", "1"),
                    ("cluster_mono.decode_tokens_per_s", "1e15"),
                    ("sim_seconds", sim_seconds),
                    ("warmup_seconds", "0"),
                    ("observe", observe),
                ],
                1,
                &traces,
            );
            summaries(&plan, &[]).remove(0).0
        };
        let exact = |what: &str| {
            let quantity = if what == "number" {
                format!("number in system at T={horizon}")
            } else {
                format!("mean wait over requests {what}")
            };
            reference.get("D/D/1 overload", "2", "1", &quantity)
        };
        let close = |value: Option<f64>, exact: f64| {
            let value = value.expect("there are samples");
            assert!((value - exact).abs() < 1e-9, "{value} instead of {exact}");
        };
        let followed = result("arrivals", &horizon.to_string());
        let arrived = format!("arrived before T={horizon} (followed to completion)");
        close(followed.mean_wait_prefill_s, exact(&arrived));
        // The request that ends exactly at the horizon is completed in the reference, and outside
        // of our half-open window: a horizon a little later takes it in.
        let censored = result("events", &format!("{horizon}.0001"));
        close(censored.mean_wait_prefill_s, exact(&format!("completed by T={horizon}")));
        let number = f64::from(u32::try_from(followed.num_unfinished).expect("few requests"));
        // One request ends at the horizon itself: still in the system under our rule.
        close(Some(number), exact("number") + 1.0);
    }
}
