//! Scenario files, up to what they mean.

use sweep_engine::scenario::{Defaults, lower, with_defaults};

use crate::io::read_scenario;
use crate::support::{check_scenario, explain, through_file, traces};

/// Reads a scenario file and lowers it. With its defaults written out it reads the same, and means the same.
pub fn scenario_file(data: &[u8]) {
    let spec = match through_file(data, read_scenario) {
        Ok(spec) => spec,
        Err(error) => return explain(&error),
    };
    let traces = traces();
    for defaults in [Defaults::SWEEP, Defaults::SIMULATE] {
        match lower(&spec, defaults, &traces) {
            Ok(scenario) => {
                check_scenario(&scenario);
                let full = with_defaults(&spec, defaults);
                let json = serde_json::to_vec(&full).expect("a scenario can be printed");
                let again =
                    through_file(&json, read_scenario).expect("what is printed can be read");
                assert_eq!(again, full, "a printed scenario is the scenario");
                assert_eq!(lower(&again, defaults, &traces).as_ref(), Ok(&scenario));
            }
            Err(error) => explain(&error),
        }
    }
}
