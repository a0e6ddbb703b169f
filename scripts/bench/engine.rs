//! Kernels of the engine: what one simulated request costs, and what its random draws cost alone.
//!
//! `cargo bench -p sweep-engine`; divan prints the time per request as throughput.

use divan::Bencher;
use divan::counter::ItemsCount;
use sweep_engine::model::{Block, RequestStream, Scratch, simulate_observed};
use sweep_engine::plan::{Limits, Plan, plan};
use sweep_engine::progress::Silent;
use sweep_engine::scenario::Traces;
use sweep_engine::spec::{AxisSpec, AxisValues, SweepSpec};

fn main() {
    divan::main();
}

/// One cell: 600 s at 2 requests/s, unless `settings` say otherwise.
fn one_cell(settings: &[(&str, &str)]) -> Plan {
    let axes = settings
        .iter()
        .map(|(name, value)| AxisSpec {
            name: (*name).into(),
            values: AxisValues::Text((*value).into()),
        })
        .collect();
    let spec = SweepSpec { axes, replications: 1, ..SweepSpec::default() };
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
