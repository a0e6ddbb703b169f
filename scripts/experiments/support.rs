//! What the experiments share: scenarios from a few settings.

use sweep_engine::plan::{Cell, Limits, plan};
use sweep_engine::scenario::Traces;
use sweep_engine::spec::{AxisSpec, AxisValues, SweepSpec};

/// Keys with their values.
pub(crate) type Settings = Vec<(&'static str, String)>;

/// The cell with these settings.
pub(crate) fn one_cell(settings: Settings) -> Cell {
    let axes = settings
        .into_iter()
        .map(|(name, value)| AxisSpec { name: name.to_owned(), values: AxisValues::Text(value) });
    let spec = SweepSpec { axes: axes.collect(), replications: 1, ..SweepSpec::default() };
    let mut plan =
        plan(&spec, &Traces::default(), Limits::default()).expect("the settings are valid");
    plan.cells.remove(0)
}

/// M/M/c with a service of mean 1 s, all of it prefill, so that TTFT is the sojourn time.
pub(crate) fn mmc(servers: u32, load: f64) -> Settings {
    vec![
        ("mode", "mono".to_owned()),
        ("num_gpus", servers.to_string()),
        ("rates", (load * f64::from(servers)).to_string()),
        ("prompt_tokens.mode", "exponential".to_owned()),
        ("prompt_tokens.mean", "1".to_owned()),
        ("prompt_tokens.integer", "false".to_owned()),
        ("prompt_tokens.min_value", "0".to_owned()),
        ("output_tokens.mode", "fixed".to_owned()),
        ("output_tokens.value", "1".to_owned()),
        ("cluster_mono.prefill_tokens_per_s", "1".to_owned()),
        ("cluster_mono.decode_tokens_per_s", "1e15".to_owned()),
    ]
}
