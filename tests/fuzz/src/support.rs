//! What the targets share.

use std::error::Error;
use std::io::Write;
use std::path::Path;

use sweep_engine::plan::{Limits, Plan};
use sweep_engine::scenario::{
    Defaults, MomentsCache, OfferedLoad, RecordedRequest, Scenario, ScenarioEcho, Trace, Traces,
    lower,
};
use tempfile::NamedTempFile;

/// Small, so that a plan takes a moment.
pub(crate) const LIMITS: Limits = Limits {
    jobs: 400,
    requests_per_job: 1_000_000,
    samples_at_once: 100_000,
    requests_per_chunk: 100_000,
};

/// Has a reader of files read these bytes.
pub(crate) fn through_file<T>(bytes: &[u8], read: impl Fn(&Path) -> T) -> T {
    let mut file = NamedTempFile::new().expect("there is room for a small file");
    file.write_all(bytes).expect("there is room for a small file");
    read(file.path())
}

/// An error is a text for people: making it must not fail either.
pub(crate) fn explain(error: &dyn Error) {
    assert!(!error.to_string().is_empty(), "an error says what is wrong: {error:?}");
    if let Some(cause) = error.source() {
        explain(cause);
    }
}

/// Whether a LIST has so many values that reading it takes its time: thousands of short inputs are worth more.
pub(crate) fn is_long(text: &str) -> bool {
    /// Beyond the first number of values it takes its time, beyond the second a range is refused before it is made.
    const LONG: (f64, f64) = (2e3, 1e6);
    let number = |part: &str| part.trim().parse().unwrap_or(0.0);
    let values = |item: &str| match item.split(':').collect::<Vec<_>>().as_slice() {
        [_, _, _, points] => number(points),
        [start, stop, step] => (number(stop) - number(start)) / number(step),
        _ => 1.0,
    };
    let lengths = text.split(',').map(values).filter(|&length| length <= LONG.1);
    lengths.sum::<f64>() > LONG.0
}

/// The traces that specifications may name: `t.csv`, and `one.csv` with a single request.
pub(crate) fn traces() -> Traces {
    let records = [(0.0, 5.0, 5.0), (2.0, 6.0, 0.0), (4.5, 7.0, 7.0)].map(
        |(arrival_s, prompt_tokens, output_tokens)| RecordedRequest {
            arrival_s,
            prompt_tokens,
            output_tokens,
        },
    );
    let mut traces = Traces::default();
    traces.insert("t.csv", Trace::new(&records).expect("it is sorted"));
    traces.insert("one.csv", Trace::new(&records[..1]).expect("it is sorted"));
    traces
}

/// What is said of a scenario is said in finite numbers.
pub(crate) fn check_scenario(scenario: &Scenario) {
    let echo = ScenarioEcho::of(scenario);
    for (lengths, tokens) in [
        (&scenario.prompt_tokens, &echo.prompt_tokens),
        (&scenario.output_tokens, &echo.output_tokens),
    ] {
        let high = lengths.max_value.unwrap_or(f64::MAX);
        let (mean, slack) = (tokens.count_mean, 1.0 + 1e-9);
        assert!(
            lengths.min_value <= mean * slack && mean <= high * slack,
            "mean {mean}: {lengths:?}"
        );
        assert!(tokens.count_std.is_finite(), "{lengths:?}");
        if let Some(spaces) = tokens.lognormal {
            let real = [spaces.real_mean, spaces.real_std, spaces.p50, spaces.p90];
            assert!(real.into_iter().all(f64::is_finite), "{spaces:?}");
        }
    }
    let load = OfferedLoad::of(scenario, &mut MomentsCache::default());
    let loads = [load.prefill, load.decode, load.gpu, load.relaxation_s];
    assert!(loads.into_iter().flatten().all(f64::is_finite), "{load:?}");
    assert!(load.expected_requests(scenario) >= 0.0, "{load:?}");
}

/// A plan keeps its limits, covers itself, and its cells can be written down.
#[expect(clippy::cast_precision_loss, reason = "limits are small")]
pub(crate) fn check_plan(plan: &Plan, traces: &Traces) {
    let Limits { jobs, requests_per_job, .. } = plan.limits;
    let most = plan.precision.as_ref().map_or(plan.replications, |rule| rule.max_replications);
    assert!(plan.num_jobs() <= jobs && plan.cells.len() as u64 * u64::from(most) <= jobs);
    let mut next = 0;
    for wave in plan.waves() {
        assert!(wave.start == next && wave.end > next, "waves are contiguous");
        next = wave.end;
    }
    assert_eq!(next, plan.cells.len(), "waves cover all cells");
    assert!((1..=jobs).contains(&plan.slice_size));
    for cell in &plan.cells {
        assert!(cell.expected_requests() <= requests_per_job as f64, "{}", plan.cell_name(cell));
        check_scenario(&cell.scenario);
        let again = lower(&plan.cell_spec(cell), Defaults::SWEEP, traces);
        assert_eq!(again.as_ref(), Ok(&cell.scenario), "a cell as written is the cell");
    }
}
