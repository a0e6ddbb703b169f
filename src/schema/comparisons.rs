//! The table of a comparison: rows, and the columns that follow its factors.

use std::borrow::Cow;

use sweep_engine::spec::{Kind, Value};
use sweep_engine::statistics::{Comparison, Estimate};

use super::column::{Column, Field, column};
use super::docs::ColumnDoc;
use super::metrics::half_width_name;

/// A column of factors, in front of the others.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FactorColumn {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) unit: &'static str,
    pub(crate) meaning: String,
}

/// One cell and one result, compared with the baseline.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ComparisonRow {
    /// Per factor column its value; `None` where it means nothing in both cells.
    pub(crate) factors: Vec<Option<Value>>,
    pub(crate) metric: &'static str,
    /// Whether one of the two cells is.
    pub(crate) is_saturated: bool,
    /// `None` if no replication has the result in both cells.
    pub(crate) comparison: Option<Comparison>,
}

/// How half-width columns end before the confidence level is known.
const HALF_WIDTH: &str = "_ci";

const RATIO: &str =
    "mean / baseline_mean; its interval from the residuals value - ratio x baseline";
const PAIRED_T: &str =
    "Student t over value - baseline per replication; Welch where nothing is shared";

/// Columns after the factors and `baseline`. Names in `_ci` get the level, as in `_ci95`.
pub(crate) static COMPARISON_COLUMNS: [Column<ComparisonRow>; 11] = [
    column("metric", "", "result that is compared", "", Field::Text(|row| Some(row.metric.into()))),
    column(
        "replications",
        "",
        "replications that have the result in both cells",
        "",
        Field::U32(|row| Some(row.comparison.map_or(0, |found| found.pairs))),
    ),
    column(
        "baseline_mean",
        "of the metric",
        "mean over these replications at the baseline",
        "",
        Field::F64(|row| row.comparison.map(|found| found.baseline_mean)),
    ),
    column(
        "mean",
        "of the metric",
        "mean over these replications in the cell that is compared",
        "",
        Field::F64(|row| row.comparison.map(|found| found.mean)),
    ),
    column(
        "difference",
        "of the metric",
        "by how much the cell exceeds the baseline",
        "mean - baseline_mean",
        Field::F64(|row| row.comparison.map(|found| found.difference.mean)),
    ),
    column(
        "difference_ci",
        "of the metric",
        "half width of the confidence interval of difference; null until there are two replications",
        PAIRED_T,
        Field::F64(|row| row.comparison?.difference.half_width),
    ),
    column(
        "ratio",
        "",
        "how many times the baseline it is; null if the baseline is 0",
        "mean / baseline_mean",
        Field::F64(|row| ratio(row).map(|ratio| ratio.mean)),
    ),
    column(
        "ratio_ci",
        "",
        "half width of the confidence interval of ratio; null also where the baseline's own interval has 0 in it",
        RATIO,
        Field::F64(|row| ratio(row)?.half_width),
    ),
    column(
        "unpaired_ci",
        "of the metric",
        "half width that difference would have from independent runs",
        "Welch, from the two variances over replications",
        Field::F64(|row| row.comparison?.unpaired_half_width),
    ),
    column(
        "narrowing",
        "",
        "how many times narrower pairing makes the interval; null where nothing is shared or varies",
        "half width unpaired / paired",
        Field::F64(|row| row.comparison?.narrowing),
    ),
    column(
        "correlation",
        "",
        "correlation of the two results over replications; null where one never varies",
        "Pearson",
        Field::F64(|row| row.comparison?.correlation),
    ),
];

fn ratio(row: &ComparisonRow) -> Option<Estimate> {
    row.comparison?.ratio
}

/// Name of a column at a confidence level: `difference_ci` becomes `difference_ci95`.
pub(crate) fn name_at_level(name: &str, level: f64) -> Cow<'_, str> {
    match name.strip_suffix(HALF_WIDTH) {
        Some(stem) => half_width_name(stem, level).into(),
        None => name.into(),
    }
}

/// Documentation of a comparison's columns, in table order.
pub(crate) fn comparison_documentation(factors: &[FactorColumn], level: f64) -> Vec<ColumnDoc> {
    let of_factor = |factor: &FactorColumn| {
        ColumnDoc::of_kind(&factor.name, "compare", factor.kind, factor.unit, &factor.meaning)
    };
    let mut docs: Vec<ColumnDoc> = factors.iter().map(of_factor).collect();
    docs.extend(factors.last().map(|by| ColumnDoc {
        name: "baseline".to_owned(),
        meaning: format!("what {} is compared with", by.name),
        ..of_factor(by)
    }));
    docs.extend(COMPARISON_COLUMNS.iter().map(|column| ColumnDoc {
        name: name_at_level(column.name, level).into_owned(),
        ..ColumnDoc::of(column, "compare")
    }));
    docs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_widths_are_named_by_their_level() {
        let cases = [
            (0.95, "x_ci95"),
            (0.9, "x_ci90"),
            (0.995, "x_ci99.5"),
            (0.07, "x_ci7"),
            (0.999_999, "x_ci99.9999"),
        ];
        for (level, expected) in cases {
            assert_eq!(name_at_level("x_ci", level), expected);
            assert_eq!(name_at_level("mean", level), "mean");
        }
    }
}
