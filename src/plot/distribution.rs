//! The distribution of time to first token, from samples of single simulations.

use super::design::LogAxes;
use super::picture::{Axis, Content, Curve, Panel, Picture, Point, Rule};
use super::scale::{Extent, Scale};
use super::style::{Ink, MAX_CURVES};
use crate::failure::Failure;
use crate::numbers::significant_two;

/// Most points of a curve: more cannot be seen.
const MAX_POINTS: usize = 400;
/// Values that spread over a larger ratio get a logarithmic axis.
const WIDE: f64 = 10.0;

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
    let is_log = log.x.unwrap_or(extent.most > WIDE * extent.least);
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
    let counts = files.iter().map(|file| format!("{}: {} requests", file.name, file.ttft_s.len()));
    Ok(Picture {
        stem: "ttft-distribution".to_owned(),
        title: "Share of requests that have their first token by a time".to_owned(),
        subtitle: counts.collect::<Vec<_>>().join("; "),
        legend: String::new(),
        captions: vec![
            "Steep where many requests get their first token after about the same time; the flat end is the tail.".to_owned(),
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

/// Points of the distribution function, denser where it is steep in neither direction: evenly by rank, and the
/// highest ranks each.
#[expect(clippy::cast_precision_loss, reason = "samples are fewer than 2^53")]
fn steps(sorted: &[f64]) -> Vec<Option<Point>> {
    let count = sorted.len();
    let tail = count.saturating_sub(MAX_POINTS / 4);
    let every = count.div_ceil(MAX_POINTS).max(1);
    let shown = (0..count).filter(|rank| rank % every == 0 || *rank >= tail);
    let point = |rank: usize| Point {
        x: sorted[rank],
        y: (rank + 1) as f64 / count as f64,
        half_width: None,
        is_saturated: false,
    };
    shown.map(|rank| Some(point(rank))).collect()
}

/// Lines at percentiles, between order statistics as in the tables.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rank among samples"
)]
fn rules(sorted: &[f64]) -> Vec<Rule> {
    let percentile = |probability: f64| {
        let position = (sorted.len() - 1) as f64 * probability;
        let low = position.floor() as usize;
        let high = (low + 1).min(sorted.len() - 1);
        sorted[low] + (position - position.floor()) * (sorted[high] - sorted[low])
    };
    let named = [("P50", 0.5), ("P90", 0.9), ("P99", 0.99)];
    let rule = |(name, probability): (&str, f64)| {
        let value = percentile(probability);
        Rule { value, is_vertical: true, label: format!("{name} {} s", significant_two(value)) }
    };
    named.into_iter().map(rule).collect()
}
