//! What the tests share: scenarios from a few words, traces from rows, jobs with their samples.

use std::error::Error;
use std::sync::Arc;

use sweep_engine::model::{Block, Job, RequestStream, Sample, Scratch, Summary, simulate_observed};
use sweep_engine::plan::{Limits, Plan, PlanError, plan};
use sweep_engine::progress::Silent;
use sweep_engine::random::StreamKey;
use sweep_engine::scenario::{
    Arrivals, Cluster, DisaggCluster, EmpiricalLengths, LengthColumn, MonoCluster, RecordedRequest,
    Scenario, TokenDistribution, TokenLengths, Trace, TraceReplay, TraceView, Traces,
};
use sweep_engine::spec::{AxisSpec, AxisValues, Observe, SweepSpec};

/// A key with its value or LIST.
pub(crate) type Setting<'a> = (&'a str, &'a str);

/// Arrival time, prompt tokens, output tokens.
pub(crate) type Row = (f64, f64, f64);

/// A sweep with these axes, in this order.
pub(crate) fn sweep(settings: &[Setting], replications: u32) -> SweepSpec {
    let axes = settings.iter().map(|&(name, values)| AxisSpec {
        name: name.to_owned(),
        values: AxisValues::Text(values.to_owned()),
    });
    SweepSpec { axes: axes.collect(), replications, ..SweepSpec::default() }
}

/// The plan of a sweep that needs no trace.
pub(crate) fn try_plan(spec: &SweepSpec) -> Result<Plan, PlanError> {
    plan(spec, &Traces::default(), Limits::default())
}

/// What a sweep that makes no plan is told.
pub(crate) fn plan_error(spec: &SweepSpec) -> String {
    match try_plan(spec) {
        Ok(plan) => panic!("it was planned with {} cells", plan.cells.len()),
        Err(error) => with_causes(&error),
    }
}

/// An error as the command prints it: with its causes.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", with_causes(source)),
        None => error.to_string(),
    }
}

/// The plan of these axes.
pub(crate) fn plan_of(settings: &[Setting], replications: u32) -> Plan {
    try_plan(&sweep(settings, replications)).expect("the settings are valid")
}

/// The plan of these axes, with the trace `rows` under the path `t.csv`.
pub(crate) fn plan_with_trace(settings: &[Setting], replications: u32, rows: &[Row]) -> Plan {
    let mut traces = Traces::default();
    traces.insert("t.csv", trace(rows));
    plan(&sweep(settings, replications), &traces, Limits::default())
        .expect("the settings are valid")
}

/// A trace of these rows.
pub(crate) fn trace(rows: &[Row]) -> Trace {
    try_trace(rows).expect("the rows are valid")
}

/// As [`trace`], for rows that may be wrong.
pub(crate) fn try_trace(rows: &[Row]) -> Result<Trace, sweep_engine::scenario::TraceError> {
    let record = |&(arrival_s, prompt_tokens, output_tokens): &Row| RecordedRequest {
        arrival_s,
        prompt_tokens,
        output_tokens,
    };
    Trace::new(&rows.iter().map(record).collect::<Vec<_>>())
}

/// A mono cluster with these speeds.
pub(crate) fn mono(num_gpus: u32, prefill_tokens_per_s: f64, decode_tokens_per_s: f64) -> Cluster {
    Cluster::Mono(MonoCluster { num_gpus, prefill_tokens_per_s, decode_tokens_per_s })
}

/// A disaggregated cluster with these speeds.
pub(crate) fn disagg(
    (prefill_gpus, decode_gpus): (u32, u32),
    prefill_tokens_per_s: f64,
    decode_tokens_per_s: f64,
) -> Cluster {
    Cluster::Disagg(DisaggCluster {
        prefill_gpus,
        decode_gpus,
        prefill_tokens_per_s,
        decode_tokens_per_s,
    })
}

/// A trace that is replayed once as recorded, observed in `[window.0, window.1)`.
pub(crate) fn replayed(
    rows: &[Row],
    cluster: Cluster,
    window: (f64, f64),
    observe: Observe,
) -> Scenario {
    let view = TraceView::new(Arc::new(trace(rows)), 0.0, f64::INFINITY).expect("it has rows");
    let lengths = |column| TokenLengths {
        distribution: TokenDistribution::Empirical {
            lengths: EmpiricalLengths { view: view.clone(), column },
        },
        min_value: 0.0,
        max_value: None,
        integer: false,
    };
    Scenario {
        sim_seconds: window.1,
        warmup_seconds: window.0,
        random_seed: 42,
        observe,
        slo_ttft_s: None,
        prompt_tokens: lengths(LengthColumn::Prompt),
        output_tokens: lengths(LengthColumn::Output),
        cluster,
        arrivals: Arrivals::Trace(TraceReplay {
            view: view.clone(),
            rate_per_s: None,
            repeat: false,
            block_requests: 1,
        }),
    }
}

/// Replication 0 of a scenario.
pub(crate) fn job(scenario: &Scenario) -> Job<'_> {
    Job {
        scenario,
        key: StreamKey::common(scenario.random_seed),
        replication: 0,
        max_requests: 10_000_000,
    }
}

/// Result and samples of a job, the samples by request number.
pub(crate) fn run(job: &Job) -> (Summary, Vec<Sample>) {
    let mut samples = Vec::new();
    let summary =
        simulate_observed(job, &mut Scratch::default(), &Silent, |sample| samples.push(sample))
            .expect("the job is within its limits");
    samples.sort_by_key(|sample| sample.request);
    (summary, samples)
}

/// The result of a scenario's replication 0.
pub(crate) fn summary(scenario: &Scenario) -> Summary {
    run(&job(scenario)).0
}

/// All results of a plan, by job number.
pub(crate) fn simulate_all(plan: &Plan) -> Vec<Summary> {
    (0..plan.num_jobs()).map(|number| run(&plan.job(plan.job_id(number))).0).collect()
}

/// The first `count` requests that a scenario sees in a replication (fewer if it has fewer).
pub(crate) fn requests(scenario: &Scenario, replication: u32, count: usize) -> Vec<Row> {
    let key = StreamKey::common(scenario.random_seed);
    let mut stream = RequestStream::new(scenario, &key, replication);
    let mut block = Block::default();
    let mut rows = Vec::new();
    while rows.len() < count {
        stream.fill(&mut block);
        if block.len == 0 {
            break;
        }
        rows.extend(
            (0..block.len)
                .map(|i| (block.arrival_s[i], block.prompt_tokens[i], block.output_tokens[i])),
        );
    }
    rows.truncate(count);
    rows
}

/// Every result but the measure of work, by column name; counts as numbers.
pub(crate) fn fields(s: &Summary) -> [(&'static str, Option<f64>); 27] {
    let count = |n: u64| Some(n as f64);
    [
        ("num_in_system_start", count(s.num_in_system_start)),
        ("num_arrivals", count(s.num_arrivals)),
        ("num_samples", count(s.num_samples)),
        ("num_completed", count(s.num_completed)),
        ("num_unfinished", count(s.num_unfinished)),
        ("censored", s.censored),
        ("mean_ttft_s", s.mean_ttft_s),
        ("p50_ttft_s", s.p50_ttft_s),
        ("p90_ttft_s", s.p90_ttft_s),
        ("p99_ttft_s", s.p99_ttft_s),
        ("std_ttft_s", s.std_ttft_s),
        ("trend_ttft_s", s.trend_ttft_s),
        ("onset_ttft_s", s.onset_ttft_s),
        ("slo_attainment", s.slo_attainment),
        ("goodput_rps", s.goodput_rps),
        ("mean_wait_prefill_s", s.mean_wait_prefill_s),
        ("mean_service_prefill_s", s.mean_service_prefill_s),
        ("mean_wait_decode_s", s.mean_wait_decode_s),
        ("mean_service_decode_s", s.mean_service_decode_s),
        ("mean_queue_length_prefill", Some(s.mean_queue_length_prefill)),
        ("mean_queue_length_decode", s.mean_queue_length_decode),
        ("utilization_prefill", s.utilization_prefill),
        ("utilization_decode", s.utilization_decode),
        ("utilization_gpu", s.utilization_gpu),
        ("throughput_rps", Some(s.throughput_rps)),
        ("mean_e2e_s", s.mean_e2e_s),
        ("little_residual", s.little_residual),
    ]
}

/// Mean of an iterator of numbers.
pub(crate) fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.into_iter().collect();
    values.iter().sum::<f64>() / values.len() as f64
}
