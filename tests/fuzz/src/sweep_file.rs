//! Sweep files, up to their plans.

use sweep_engine::plan::plan;
use sweep_engine::spec::{AxisValues, ScenarioSpec, SweepSpec};

use crate::io::{Base, YamlError, read_sweep};
use crate::support::{LIMITS, check_plan, explain, is_long, through_file, traces};

/// Reads a sweep file and plans it. The sweep reads the same when it is printed as in `run.json`.
pub fn sweep_file(data: &[u8]) {
    let spec = match sweep(data) {
        Ok(spec) => spec,
        Err(error) => return explain(&error),
    };
    if spec.axes.iter().any(|axis| takes_long(&axis.values)) {
        return;
    }
    let traces = traces();
    match plan(&spec, &traces, LIMITS) {
        Ok(plan) => {
            check_plan(&plan, &traces);
            let json = serde_json::to_vec(&spec).expect("a sweep can be printed");
            let again = sweep(&json).expect("what is printed can be read");
            assert_eq!(again, spec, "a printed sweep is the sweep");
        }
        Err(error) => explain(&error),
    }
}

/// The sweep of a file; a base in another file is taken for an empty one.
fn sweep(data: &[u8]) -> Result<SweepSpec, YamlError> {
    let mut file = through_file(data, read_sweep)?;
    let base = match std::mem::take(&mut file.base) {
        Base::Inline(scenario) => *scenario,
        Base::Path(_) => ScenarioSpec::default(),
    };
    let (mut spec, _) = file.into_sweep(base);
    spec.add_default_modes();
    Ok(spec)
}

fn takes_long(values: &AxisValues) -> bool {
    match values {
        AxisValues::Text(text) => is_long(text),
        AxisValues::Items(items) => is_long(&items.join(",")),
    }
}
