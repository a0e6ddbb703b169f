//! What a comparison found: a table, and what it amounts to in a few sentences.

use serde::ser::{Serialize, SerializeMap, Serializer};
use sweep_engine::statistics::{Comparison, Estimate};

use super::output::{note, print, print_json, warning};
use super::tables::{aligned, print_text_table};
use crate::comparison::{Comparisons, Sharing};
use crate::failure::Failure;
use crate::numbers::{estimate, mean, signed, significant, significant_two};
use crate::schema::{COMPARISON_COLUMNS, ComparisonRow, Field, name_at_level};

/// Rows that the table for a terminal shows.
const SHOWN_ROWS: usize = 60;

/// Prints an aligned table, cut after a screenful, and what it amounts to.
pub(crate) fn print_comparisons(
    comparisons: &Comparisons,
    baseline_name: &str,
) -> Result<(), Failure> {
    let rows = comparisons.rows.iter().take(SHOWN_ROWS).map(texts);
    print(&aligned(&header(comparisons), rows.collect()))?;
    if comparisons.rows.len() > SHOWN_ROWS {
        let more = comparisons.rows.len() - SHOWN_ROWS;
        print(&format!("... and {more} more rows in the table"))?;
    }
    print(&format!("\n{}", sentences(comparisons, baseline_name).join("\n")))
}

/// Prints all rows as Markdown.
pub(crate) fn print_comparisons_markdown(comparisons: &Comparisons) -> Result<(), Failure> {
    let header = header(comparisons);
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    print_text_table(&header, comparisons.rows.iter().map(texts).collect(), true)
}

/// Prints all rows as a list of objects; null where nothing is known.
pub(crate) fn print_comparisons_json(comparisons: &Comparisons) -> Result<(), Failure> {
    let rows = comparisons.rows.iter().map(|row| NamedRow { comparisons, row });
    print_json(&rows.collect::<Vec<_>>())
}

/// What the comparison amounts to, for those who read a table on standard output with a program.
pub(crate) fn note_comparisons(comparisons: &Comparisons, baseline_name: &str) {
    note(&sentences(comparisons, baseline_name).join("\n"));
}

/// What to mind before trusting it.
pub(crate) fn warn_of_comparisons(comparisons: &Comparisons) {
    if comparisons.saturated_pairs > 0 {
        warning(&format!(
            "{} of {} comparisons have a saturated cell (offered load 1 or more): its queue grows for as \
             long as the run lasts, so they describe this horizon and no steady state",
            comparisons.saturated_pairs, comparisons.cell_pairs
        ));
    }
}

/// Runs of different length show different percentiles, whatever else differs.
pub(crate) fn warn_of_lengths(shortest_s: f64, longest_s: f64) {
    warning(&format!(
        "runs of {} s are compared with runs of {} s: what single runs show, percentiles most of all, depends on \
         their length; state --sim-seconds (and no --precision) to compare like with like",
        significant(shortest_s),
        significant(longest_s)
    ));
}

fn header(comparisons: &Comparisons) -> Vec<String> {
    let factors = comparisons.factors.iter().map(|factor| factor.name.clone());
    let rest = ["metric", "baseline", "mean", "difference", "ratio", "narrower", ""];
    factors.chain(rest.map(str::to_owned)).collect()
}

fn texts(row: &ComparisonRow) -> Vec<String> {
    let dash = || "-".to_owned();
    let factors =
        row.factors.iter().map(|factor| factor.as_ref().map_or_else(dash, ToString::to_string));
    let mut texts: Vec<String> = factors.chain([row.metric.to_owned()]).collect();
    let Some(found) = row.comparison else {
        texts.extend((0..5).map(|_| dash()).chain([String::new()]));
        return texts;
    };
    let half_width = found.difference.half_width;
    texts.push(mean(Some(Estimate { mean: found.baseline_mean, half_width, std: None })));
    texts.push(mean(Some(Estimate { mean: found.mean, half_width, std: None })));
    texts.push(signed(found.difference));
    texts.push(found.ratio.map_or_else(dash, |ratio| format!("×{}", estimate(Some(ratio)))));
    texts.push(found.narrowing.map_or_else(dash, times));
    texts.push(if is_significant(&found) { "*" } else { "" }.to_owned());
    texts
}

/// Whether the interval of the difference excludes 0.
fn is_significant(found: &Comparison) -> bool {
    let Estimate { mean, half_width, .. } = found.difference;
    half_width.is_some_and(|half_width| mean.abs() > half_width)
}

/// What was compared, how many differences stand out, and what pairing gained.
fn sentences(comparisons: &Comparisons, baseline_name: &str) -> Vec<String> {
    let mut texts = vec![format!("compared with {baseline_name}")];
    let found: Vec<Comparison> = comparisons.rows.iter().filter_map(|row| row.comparison).collect();
    let with_interval = found.iter().filter(|found| found.difference.half_width.is_some()).count();
    if with_interval == 0 {
        texts.push(
            "no intervals: they take two replications that both cells have; raise --replications"
                .to_owned(),
        );
    } else {
        texts.push(significance(comparisons, &found, with_interval));
        texts.extend(gain(comparisons.sharing, &found));
    }
    let left_out = comparisons.left_out;
    let by = comparisons.factors.last().map_or("", |factor| factor.name.as_str());
    if left_out.without_counterpart > 0 {
        texts.push(format!(
            "left out: {} without a counterpart at the baseline",
            cells(left_out.without_counterpart)
        ));
    }
    if left_out.without_axis > 0 {
        texts.push(format!(
            "left out: {} in which {by} means nothing",
            cells(left_out.without_axis)
        ));
    }
    texts
}

#[expect(clippy::cast_precision_loss, reason = "shown with four digits")]
fn significance(comparisons: &Comparisons, found: &[Comparison], with_interval: usize) -> String {
    let significant_rows = found.iter().filter(|found| is_significant(found)).count();
    let by_chance = (1.0 - comparisons.level) * with_interval as f64;
    format!(
        "* {significant_rows} of {with_interval} differences {} significant: the {} % interval excludes 0 (without \
         any true difference about {} would)",
        if significant_rows == 1 { "is" } else { "are" },
        significant(100.0 * comparisons.level),
        significant_two(by_chance),
    )
}

/// What pairing did to the intervals, or why there was none.
fn gain(sharing: Sharing, found: &[Comparison]) -> Option<String> {
    let unpaired = "intervals are those of independent runs (Welch)";
    match sharing {
        Sharing::IndependentSeeding => Some(format!(
            "the run has independent seeding, so pairing is not in effect: {unpaired}"
        )),
        Sharing::OtherSeeds => Some(format!(
            "cells of different seeds share no random numbers, so pairing is not in effect: {unpaired}"
        )),
        Sharing::Common => {
            let mut factors: Vec<f64> = found.iter().filter_map(|found| found.narrowing).collect();
            factors.sort_by(f64::total_cmp);
            let (least, most) = (factors.first()?, factors.last()?);
            let middle = factors.len() / 2;
            let median = f64::midpoint(factors[middle], factors[(factors.len() - 1) / 2]);
            let [median, least, most] = [median, *least, *most].map(times);
            Some(format!(
                "pairing by common random numbers makes these intervals {median} times narrower (median, from \
                 {least} to {most}) than independent runs would have"
            ))
        }
    }
}

/// A factor with two significant digits: `0.97`, `1.0`, `35`.
fn times(factor: f64) -> String {
    let decimals = match factor {
        ..0.995 => 2,
        0.995..9.95 => 1,
        _ => 0,
    };
    format!("{factor:.decimals$}")
}

fn cells(count: usize) -> String {
    if count == 1 { "1 cell".to_owned() } else { format!("{count} cells") }
}

/// A row as an object, in table order.
struct NamedRow<'a> {
    comparisons: &'a Comparisons,
    row: &'a ComparisonRow,
}

impl Serialize for NamedRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { comparisons, row } = self;
        let mut map = serializer.serialize_map(None)?;
        for (factor, value) in comparisons.factors.iter().zip(&row.factors) {
            map.serialize_entry(&factor.name, value)?;
        }
        map.serialize_entry("baseline", &comparisons.baseline)?;
        for column in &COMPARISON_COLUMNS {
            let name = name_at_level(column.name, comparisons.level);
            match column.field {
                Field::U32(value) => map.serialize_entry(&name, &value(row))?,
                Field::U64(value) => map.serialize_entry(&name, &value(row))?,
                Field::F64(value) => map.serialize_entry(&name, &value(row))?,
                Field::Bool(value) => map.serialize_entry(&name, &value(row))?,
                Field::Text(value) => map.serialize_entry(&name, &value(row))?,
            }
        }
        map.end()
    }
}
