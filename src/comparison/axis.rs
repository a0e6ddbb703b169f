//! What the user names: an axis, its baseline, results.

use sweep_engine::plan::Axis;
use sweep_engine::spec::{Key, Value};

use crate::failure::Failure;
use crate::io::FinishedRun;
use crate::schema::METRICS;
use crate::suggestion::{listed, nearest_or_all};

/// Results that are compared when none are named.
const DEFAULT_METRICS: [&str; 4] = ["mean_ttft_s", "p50_ttft_s", "p90_ttft_s", "p99_ttft_s"];

/// An axis of a run and one of its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AxisChoice {
    pub(crate) axis: usize,
    /// Index of the value that others are compared with.
    pub(crate) baseline: u32,
}

impl AxisChoice {
    /// The baseline.
    pub(super) fn value(self, run: &FinishedRun) -> &Value {
        &run.axes[self.axis].values[self.baseline as usize]
    }
}

/// Finds an axis by path, alias or column, and its baseline: the first value unless one is stated.
///
/// # Errors
/// No axis of the run, or of one value; a baseline that is none of its values.
pub(crate) fn choose_axis(
    run: &FinishedRun,
    name: &str,
    baseline: Option<&str>,
) -> Result<AxisChoice, Failure> {
    let axis = find_axis(run, "--by", name)?;
    let Axis { key, values } = &run.axes[axis];
    if let [value] = values.as_slice() {
        return Err(Failure::usage(format!(
            "--by {name}: the run `{}` has one value of {}, {value}: there is nothing to compare it with",
            run.name, key.column
        )));
    }
    let Some(text) = baseline else { return Ok(AxisChoice { axis, baseline: 0 }) };
    let parsed = key.kind.parse(text).ok();
    let position = values.iter().position(|value| Some(value) == parsed.as_ref());
    if let Some(baseline) = position.and_then(|index| u32::try_from(index).ok()) {
        return Ok(AxisChoice { axis, baseline });
    }
    let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    Err(Failure::usage(format!(
        "--baseline {text}: the run `{}` has no such value of {}; choose from {}",
        run.name,
        key.column,
        listed(&texts)
    )))
}

/// Finds an axis by path, alias or column.
///
/// # Errors
/// No axis of the run, or one of several; names the flag that asked for it.
pub(crate) fn find_axis(run: &FinishedRun, flag: &str, name: &str) -> Result<usize, Failure> {
    let by_key = |key: &Key| key.path == name || key.aliases.contains(&name);
    if let Some(axis) = run.axes.iter().position(|axis| by_key(axis.key)) {
        return Ok(axis);
    }
    let by_column: Vec<usize> =
        (0..run.axes.len()).filter(|&i| run.axes[i].key.column == name).collect();
    match by_column.as_slice() {
        [axis] => Ok(*axis),
        [] if run.axes.is_empty() => {
            Err(Failure::usage(format!("{flag} {name}: the run `{}` has no axes", run.name)))
        }
        [] => {
            let columns = run.axes.iter().map(|axis| axis.key.column);
            let what = if Key::find(name).is_some() { "was not swept" } else { "is no axis" };
            Err(Failure::usage(format!(
                "{flag} {name}: it {what} in the run `{}`; {}",
                run.name,
                nearest_or_all(name, columns)
            )))
        }
        several => {
            let paths: Vec<&str> = several.iter().map(|&axis| run.axes[axis].key.path).collect();
            Err(Failure::usage(format!(
                "{flag} {name}: several axes of the run `{}` have this column; choose from {}",
                run.name,
                listed(&paths)
            )))
        }
    }
}

/// The results to compare: those named, each a floating-point result of a job, or the usual ones.
///
/// # Errors
/// An unknown name, or one that stands twice; names the flag.
pub(crate) fn choose_metrics(flag: &str, names: &[String]) -> Result<Vec<&'static str>, Failure> {
    if names.is_empty() {
        return Ok(DEFAULT_METRICS.to_vec());
    }
    let known =
        || METRICS.iter().filter(|metric| metric.has_half_width()).map(|metric| metric.name);
    let mut chosen = Vec::with_capacity(names.len());
    for name in names {
        let Some(metric) = known().find(|metric| metric == name) else {
            let hint = name.strip_prefix("pooled_").map_or_else(
                || nearest_or_all(name, known()),
                |of_runs| {
                    format!("pooled percentiles belong to cells, not to runs: compare {of_runs} of long runs")
                },
            );
            return Err(Failure::usage(format!(
                "{flag} {name}: it is no floating-point result of a job; {hint}"
            )));
        };
        if chosen.contains(&metric) {
            return Err(Failure::usage(format!("{flag} names `{metric}` twice: keep one")));
        }
        chosen.push(metric);
    }
    Ok(chosen)
}
