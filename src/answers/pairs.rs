//! One mode against the other, request by request where both had the same.

use std::collections::BTreeSet;

use sweep_engine::spec::Value;
use sweep_engine::statistics::{Comparison, Estimate};

use super::answer::{Answer, Topic};
use super::grid::sentence;
use crate::comparison::{Comparisons, Sharing};
use crate::numbers::signed;
use crate::schema::ComparisonRow;

/// How many pairs of cells differ, and by how much; `None` without intervals.
pub(super) fn pair_sentences(comparisons: &Comparisons) -> Vec<Answer> {
    let mut others: Vec<String> = Vec::new();
    let name = |factors: &[Option<Value>]| {
        factors.last().and_then(Option::as_ref).map(ToString::to_string).unwrap_or_default()
    };
    for row in &comparisons.rows {
        let other = name(&row.factors);
        if !others.contains(&other) {
            others.push(other);
        }
    }
    let told = others.iter().filter_map(|other| {
        let rows = comparisons.rows.iter().filter(|row| name(&row.factors) == *other);
        let steady = rows.filter(|row| !row.is_saturated);
        // Pairs that differ by their objective alone are the same simulations.
        let mut known = BTreeSet::new();
        let distinct = steady.filter(|row| known.insert(without_objective(comparisons, row)));
        let found: Vec<Comparison> = distinct.filter_map(|row| row.comparison).collect();
        Some(Answer::new(Topic::Modes, told(comparisons, other, &found)?, Vec::new()))
    });
    told.collect()
}

/// What tells a row from others, but for the objective.
fn without_objective(comparisons: &Comparisons, row: &ComparisonRow) -> Vec<String> {
    let factors = comparisons.factors.iter().zip(&row.factors);
    let others =
        factors.filter(|(column, _)| !["slo_ttft_s", "slo.ttft_s"].contains(&column.name.as_str()));
    others.map(|(_, value)| value.as_ref().map(ToString::to_string).unwrap_or_default()).collect()
}

fn told(comparisons: &Comparisons, other: &str, found: &[Comparison]) -> Option<String> {
    let differences: Vec<Estimate> = found
        .iter()
        .map(|pair| pair.difference)
        .filter(|difference| difference.half_width.is_some())
        .collect();
    let order = |a: &&Estimate, b: &&Estimate| a.mean.total_cmp(&b.mean);
    let (least, most) = (differences.iter().min_by(order)?, differences.iter().max_by(order)?);
    let is_clear = |difference: &Estimate| difference.contains(0.0) == Some(false);
    let count = |test: &dyn Fn(&Estimate) -> bool| {
        differences.iter().filter(|difference| test(difference)).count()
    };
    let parts = [
        ("higher", count(&|found| is_clear(found) && found.mean > 0.0)),
        ("lower", count(&|found| is_clear(found) && found.mean < 0.0)),
        ("not told apart", count(&|found| !is_clear(found))),
    ];
    let baseline = &comparisons.baseline;
    let all = differences.len();
    let parts = parts.into_iter().filter(|(_, count)| *count > 0).enumerate();
    let parts = parts.map(|(index, (relation, count))| match (index, count == all) {
        (0, true) if all == 1 => relation.to_owned(),
        (0, true) => format!("{relation} in all {all} pairs of cells"),
        (0, false) => format!("{relation} in {count} of {all} pairs of cells"),
        _ => format!("{relation} in {count}"),
    });
    let parts: Vec<String> = parts.collect();
    let how = match comparisons.sharing {
        Sharing::Common => "for the same requests, ",
        Sharing::IndependentSeeding | Sharing::OtherSeeds => "",
    };
    let steady = if comparisons.saturated_pairs > 0 { " without saturation" } else { "" };
    let span = if all == 1 {
        format!("by {} s", signed(*least))
    } else {
        format!("the differences are {} to {} s", signed(*least), signed(*most))
    };
    let unknown = match found.len() - all {
        0 => String::new(),
        count => format!("; {count} more have no interval"),
    };
    let text = format!(
        "{how}P99 TTFT of a run, against {baseline}, is {}{steady}; {span}{unknown}",
        parts.join(", ")
    );
    Some(sentence(&format!("{other}: "), &text))
}
