//! What a trace is like, as text.

use std::path::Path;

use sweep_engine::scenario::{LengthProfile, TraceProfile};

use super::output::print;
use super::tables::aligned;
use crate::failure::Failure;
use crate::numbers::{grouped, significant};

/// Prints rate, burstiness, lengths and fits, and how to use them.
pub(crate) fn print_trace_profile(file: &Path, profile: &TraceProfile) -> Result<(), Failure> {
    print(&trace_text(file, profile))
}

fn trace_text(file: &Path, profile: &TraceProfile) -> String {
    let or_dash = |number: Option<f64>| number.map_or_else(|| "-".to_owned(), significant);
    let mut lines = vec![
        format!(
            "{}: {} requests in {} s",
            file.display(),
            grouped(profile.requests as u64),
            significant(profile.span_s)
        ),
        format!("mean rate           {} requests/s", or_dash(profile.rate_per_s)),
        format!("CV of the gaps      {} (1: Poisson, more: bursts)", or_dash(profile.gap_cv)),
        String::new(),
        lengths_table(profile),
        String::new(),
        "The same lengths as a scenario, fitted or resampled:".to_owned(),
    ];
    for (key, lengths) in
        [("prompt_tokens", &profile.prompt_tokens), ("output_tokens", &profile.output_tokens)]
    {
        let fitted = match lengths.lognormal {
            Some(fit) => format!(
                "mode: log, mean: {}, sigma: {}",
                significant(fit.mu),
                significant(fit.sigma)
            ),
            None if lengths.std <= 0.0 => format!("mode: fixed, value: {}", lengths.max),
            None => continue,
        };
        let path = file.display();
        lines.push(format!("  {key}: {{{fitted}}}   # or {{mode: empirical, path: {path}}}"));
    }
    lines.join("\n")
}

fn lengths_table(profile: &TraceProfile) -> String {
    let header = [
        "tokens",
        "mean",
        "std",
        "min",
        "p50",
        "p90",
        "p99",
        "max",
        "fit mu",
        "sigma",
        "KS distance",
    ];
    let row = |name: &str, lengths: &LengthProfile| {
        let mut row = vec![name.to_owned()];
        let numbers = [
            lengths.mean,
            lengths.std,
            lengths.min,
            lengths.p50,
            lengths.p90,
            lengths.p99,
            lengths.max,
        ];
        row.extend(numbers.map(significant));
        match lengths.lognormal {
            Some(fit) => row.extend([fit.mu, fit.sigma, fit.ks_distance].map(significant)),
            None => row.extend(["-", "-", "-"].map(str::to_owned)),
        }
        row
    };
    let rows = vec![row("prompt", &profile.prompt_tokens), row("output", &profile.output_tokens)];
    aligned(&header.map(str::to_owned), rows)
}
