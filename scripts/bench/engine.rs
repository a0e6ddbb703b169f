//! Kernels of the engine: what a simulated request costs alone and in a bundle, what its random draws
//! cost, percentiles, and planning. (Tables belong to the command: `growth.py` times them.)
//!
//! `cargo bench -p sweep-engine`; divan prints the time per request as throughput.

use divan::Bencher;
use divan::counter::ItemsCount;
use sweep_engine::model::{
    Block, BundleScratch, Job, RequestStream, Scratch, VectorWidth, simulate_bundle,
    simulate_observed,
};
use sweep_engine::plan::{Limits, Plan, plan};
use sweep_engine::progress::Silent;
use sweep_engine::scenario::Traces;
use sweep_engine::spec::{AxisSpec, AxisValues, SweepSpec};
use sweep_engine::statistics::{Confidence, KeptSample, PooledSample, RunSample};

fn main() {
    divan::main();
}

/// One cell: 600 s at 2 requests/s, unless `settings` say otherwise.
fn one_cell(settings: &[(&str, &str)]) -> Plan {
    plan_of(settings, 1)
}

fn plan_of(settings: &[(&str, &str)], replications: u32) -> Plan {
    let axes = settings
        .iter()
        .map(|(name, value)| AxisSpec {
            name: (*name).into(),
            values: AxisValues::Text((*value).into()),
        })
        .collect();
    let spec = SweepSpec { axes, replications, ..SweepSpec::default() };
    plan(&spec, &Traces::default(), Limits::default()).expect("the settings are valid")
}

fn bench_job(bencher: Bencher, settings: &[(&str, &str)]) {
    let plan = one_cell(settings);
    let job = plan.job(plan.job_id(0));
    let mut scratch = Scratch::default();
    let mut run = || simulate_observed(&job, &mut scratch, &Silent, |_| ()).expect("within limits");
    let requests = run().num_simulated;
    bencher.counter(ItemsCount::new(requests)).bench_local(run);
}

/// Arrivals and lengths of 10,000 requests, not simulated.
#[divan::bench]
fn draws(bencher: Bencher) {
    let plan = one_cell(&[("mode", "disagg")]);
    let job = plan.job(plan.job_id(0));
    let mut block = Block::default();
    bencher.counter(ItemsCount::new(10_048_u64)).bench_local(|| {
        let mut stream = RequestStream::new(job.scenario, &job.key, job.replication);
        for _ in 0..157 {
            stream.fill(&mut block);
        }
        block.arrival_s[0]
    });
}

/// The default systems: 4 GPUs, or 2 + 2.
#[divan::bench(args = ["mono", "disagg"])]
fn default_system(bencher: Bencher, mode: &str) {
    bench_job(bencher, &[("mode", mode), ("rates", "4")]);
}

/// Equal pools of growing size at the same load.
#[divan::bench(args = [1, 2, 8, 64, 512])]
fn pool_size(bencher: Bencher, gpus: u32) {
    let (rate, gpus) = (f64::from(gpus) * 2.0, gpus.to_string());
    bench_job(
        bencher,
        &[
            ("mode", "disagg"),
            ("rates", &rate.to_string()),
            ("cluster_disagg.prefill_gpus", &gpus),
            ("cluster_disagg.decode_gpus", &gpus),
        ],
    );
}

/// Requests per job from a thousand to ten million.
#[divan::bench(args = ["500", "50000", "5000000"])]
fn horizon(bencher: Bencher, sim_seconds: &str) {
    bench_job(bencher, &[("mode", "disagg"), ("sim_seconds", sim_seconds)]);
}

/// Cells side by side on the same draws, with as many replications as a bundle holds.
#[divan::bench(args = [1, 6, 12, 48])]
fn bundle_cells(bencher: Bencher, cells: u32) {
    let (rates, prefill, modes) = match cells {
        1 => ("2", "8000", "disagg"),
        6 => ("0.5,1,2,3,4,5", "8000", "disagg"),
        12 => ("0.5,1,2,3,4,5", "8000", "mono,disagg"),
        _ => ("0.5,1,2,3,4,5", "4000,8000,12000,16000", "mono,disagg"),
    };
    let axes = [("rates", rates), ("prefill", prefill), ("modes", modes)];
    bench_bundle(bencher, VectorWidth::widest(), &axes, 96 / cells);
}

/// The 48 cells on every vector width of the machine.
#[divan::bench(args = VectorWidth::available().into_iter().map(VectorWidth::lanes))]
fn bundle_lanes(bencher: Bencher, lanes: usize) {
    let width = VectorWidth::available().into_iter().find(|width| width.lanes() == lanes);
    let axes = [
        ("rates", "0.5,1,2,3,4,5"),
        ("prefill", "4000,8000,12000,16000"),
        ("modes", "mono,disagg"),
    ];
    bench_bundle(bencher, width.expect("it is available"), &axes, 2);
}

/// Equal pools of growing size at the same load, side by side.
#[divan::bench(args = [1, 2, 4, 8, 16, 64, 512])]
fn bundle_pool_size(bencher: Bencher, gpus: u32) {
    let rate = f64::from(gpus) * 2.0;
    let (rate, sim_seconds) = (rate.to_string(), (60.0 + 10_000.0 / rate).to_string());
    let gpus = gpus.to_string();
    let axes = [
        ("mode", "disagg"),
        ("rates", &rate),
        ("sim_seconds", &sim_seconds),
        ("cluster_disagg.prefill_gpus", &gpus),
        ("cluster_disagg.decode_gpus", &gpus),
        ("prefill", "4000,8000,12000,16000"),
    ];
    bench_bundle(bencher, VectorWidth::widest(), &axes, 8);
}

fn bench_bundle(bencher: Bencher, width: VectorWidth, axes: &[(&str, &str)], replications: u32) {
    let plan = plan_of(axes, replications);
    let jobs: Vec<Job> = (0..plan.num_jobs()).map(|n| plan.job(plan.job_id(n))).collect();
    let mut scratch = BundleScratch::default();
    let mut run = || {
        let mut requests = 0;
        simulate_bundle(width, &jobs, &mut scratch, &Silent, |_, outcome, _| {
            requests += outcome.expect("within limits").num_simulated;
        })
        .expect("nobody interrupts");
        requests
    };
    let requests = run();
    bencher.counter(ItemsCount::new(requests)).bench_local(run);
}

/// Lognormal values, as times to first token nearly are.
fn lognormal(count: usize) -> Vec<f64> {
    let plan = one_cell(&[("prompt_tokens.integer", "false"), ("mode", "mono")]);
    let job = plan.job(plan.job_id(0));
    let mut stream = RequestStream::new(job.scenario, &job.key, 0);
    let mut block = Block::default();
    let mut values = Vec::new();
    while values.len() < count {
        stream.fill(&mut block);
        values.extend(block.prompt_tokens);
    }
    values.truncate(count);
    values
}

/// Exact p50, p90 and p99, spread and trends of one run.
#[divan::bench(args = [300, 2_000, 100_000, 5_000_000])]
fn describe_run(bencher: Bencher, count: usize) {
    let values = lognormal(count);
    let mut sample = RunSample::default();
    bencher.counter(ItemsCount::new(count)).bench_local(|| {
        sample.clear();
        sample.extend(values.iter().copied());
        sample.describe()
    });
}

/// Percentiles of ten runs together, with their intervals.
#[divan::bench(args = [300, 2_000, 100_000])]
fn pool_runs(bencher: Bencher, count: usize) {
    let confidence = Confidence::new(0.95, 10);
    let values = lognormal(10 * count);
    let runs: Vec<KeptSample> = values.chunks(count).map(KeptSample::exact).collect();
    bencher.counter(ItemsCount::new(10 * count)).bench_local(|| {
        PooledSample::new(runs.iter().collect()).percentiles([0.5, 0.9, 0.99], &confidence)
    });
}

/// Cells of a grid, resolved and checked.
#[divan::bench(args = [48, 4_800])]
fn plan_grid(bencher: Bencher, cells: usize) {
    let rates = format!("lin:0.5:5:{}", cells / 8);
    let axes =
        [("rates", rates.as_str()), ("prefill", "4000,8000,12000,16000"), ("modes", "mono,disagg")];
    bencher.counter(ItemsCount::new(cells)).bench_local(|| plan_of(&axes, 10));
}
