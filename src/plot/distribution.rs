//! The distribution of time to first token, from samples of single simulations.

use std::path::Path;

use sweep_engine::statistics::percentiles;

use super::design::LogAxes;
use super::picture::{Axis, Content, Curve, Panel, Picture, Point, Rule};
use super::scale::{Extent, Scale};
use super::stem::{file_stem, log_parts};
use super::style::{Ink, MAX_CURVES};
use crate::failure::Failure;
use crate::numbers::significant_two;

/// Most points of a curve: more cannot be seen.
const MAX_POINTS: usize = 400;

/// Samples of one simulation, and what they are called.
pub(crate) struct Samples {
    /// Name of their file.
    pub(crate) name: String,
    /// Times to first token, seconds, all above 0.
    pub(crate) ttft_s: Vec<f64>,
}

/// Draws which share of requests has its first token by which time; with a single file also its percentiles.
///
/// # Errors
/// Too many files, or one without samples.
pub(crate) fn distribution_picture(
    mut files: Vec<Samples>,
    log: LogAxes,
) -> Result<Picture, Failure> {
    if files.len() > MAX_CURVES {
        return Err(Failure::usage(format!(
            "{} files of samples: at most {MAX_CURVES} curves can be told apart; give fewer",
            files.len()
        )));
    }
    for Samples { name, ttft_s } in &mut files {
        if ttft_s.is_empty() {
            return Err(Failure::usage(format!(
                "{name} has no samples: no request got its first token in the window; simulate longer"
            )));
        }
        ttft_s.sort_by(f64::total_cmp);
    }
    let extent = Extent::of(files.iter().flat_map(|file| file.ttft_s.iter().copied()));
    let extent = extent.unwrap_or(Extent { least: 0.1, most: 1.0 });
    let is_log = log.x.unwrap_or(extent.is_wide());
    let scale = if is_log { Scale::log(extent) } else { Scale::linear(extent) };
    if log.y == Some(true) {
        return Err(Failure::usage("--log y: shares begin at 0; leave y out"));
    }
    let curve = |(index, file): (usize, &Samples)| Curve {
        label: if files.len() == 1 { String::new() } else { file.name.clone() },
        ink: Ink::of_curve(index, files.len(), false),
        points: steps(&file.ttft_s),
        has_markers: false,
    };
    let counts = files.iter().map(|file| match file.ttft_s.len() {
        1 => format!("{}: 1 request", file.name),
        count => format!("{}: {count} requests", file.name),
    });
    Ok(Picture {
        stem: stem(&files, log),
        title: "Share of requests that have their first token by a time".to_owned(),
        subtitle: counts.collect::<Vec<_>>().join("; "),
        legend: String::new(),
        captions: vec![
            "Steep where many requests get their first token at about the same time; the flat end is the tail."
                .to_owned(),
        ],
        panels: vec![Panel {
            title: String::new(),
            x: Axis::new("time to first token (s)".to_owned(), scale),
            y: Axis::new("requests (share)".to_owned(), Scale::Linear { low: 0.0, high: 1.04 }),
            content: Content::Curves {
                curves: files.iter().enumerate().map(curve).collect(),
                rules: if let [file] = files.as_slice() { rules(&file.ttft_s) } else { Vec::new() },
            },
        }],
    })
}

/// Points of the distribution function from 0 on, denser where it is steep in neither direction: evenly by rank, and
/// the highest ranks each.
#[expect(clippy::cast_precision_loss, reason = "samples are fewer than 2^53")]
fn steps(sorted: &[f64]) -> Vec<Option<Point>> {
    let count = sorted.len();
    let tail = count.saturating_sub(MAX_POINTS / 4);
    let every = count.div_ceil(MAX_POINTS).max(1);
    let shown = (0..count).filter(|rank| rank % every == 0 || *rank >= tail);
    let point = |x: f64, requests: usize| {
        Some(Point { x, y: requests as f64 / count as f64, half_width: None, is_saturated: false })
    };
    let start = sorted.first().map(|&least| point(least, 0));
    start.into_iter().chain(shown.map(|rank| point(sorted[rank], rank + 1))).collect()
}

/// Lines at percentiles, between order statistics as in the tables.
fn rules(sorted: &[f64]) -> Vec<Rule> {
    let found = percentiles(sorted, [0.5, 0.9, 0.99]).into_iter().flatten();
    let rule = |(name, value)| Rule {
        value,
        is_vertical: true,
        label: format!("{name} {} s", significant_two(value)),
    };
    ["P50", "P90", "P99"].into_iter().zip(found).map(rule).collect()
}

/// `ttft-distribution-of-mono-disagg`: the files without their endings.
fn stem(files: &[Samples], log: LogAxes) -> String {
    let of_file = |file: &Samples| Path::new(&file.name).with_extension("").display().to_string();
    let start = ["ttft-distribution-of".to_owned()].into_iter();
    file_stem(start.chain(files.iter().map(of_file)).chain(log_parts(log)))
}
