//! The pure core of `sweep`: specifications, plans, the simulation model, statistics, theory.
//!
//! No file, no clock, no thread, no printing, no global state: those live in the crate around it.
//! Data flows one way, and the modules stand in that order:
//!
//! ```text
//! spec      what is written         ScenarioSpec, SweepSpec, the key table, LIST grammar
//! scenario  what is meant           Scenario, token distributions, traces, offered load
//! plan      what is to be done      Plan: cells, jobs, chunks
//! random    where numbers come from streams by seed, replication and role
//! model     what happens            simulate(job) -> Summary
//! statistics, theory                what it says, and what it should say
//! warmup    from when on it counts  deletion points from pilot replications
//! ```
//!
//! ```
//! use sweep_engine::plan::{Limits, plan};
//! use sweep_engine::model::simulate;
//! use sweep_engine::scenario::Traces;
//! use sweep_engine::spec::{AxisSpec, AxisValues, SweepSpec};
//!
//! let rates = AxisSpec { name: "rates".into(), values: AxisValues::Text("0.5,1,2".into()) };
//! let spec = SweepSpec { axes: vec![rates], replications: 1, ..SweepSpec::default() };
//! let plan = plan(&spec, &Traces::default(), Limits::default())?;
//! assert_eq!(plan.num_jobs(), 3);
//!
//! let summary = simulate(&plan.job(plan.job_id(2)))?;
//! assert!(summary.mean_ttft_s.is_some_and(|ttft_s| ttft_s > 0.0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod spec;

pub mod scenario;

pub mod plan;

pub mod random;

pub mod model;

pub mod statistics;

pub mod warmup;

pub mod theory;

pub mod progress;

mod math;

/// Lower-case hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"))
}
