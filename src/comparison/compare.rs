//! From cells and their results to the rows of a comparison.

use std::collections::{BTreeMap, BTreeSet};

use sweep_engine::plan::Axis;
use sweep_engine::spec::{Kind, Value};
use sweep_engine::statistics::{Confidence, Pair};

use super::axis::AxisChoice;
use super::matching::{CellPair, matching_pairs};
use super::sharing::Sharing;
use crate::failure::Failure;
use crate::io::{FinishedRun, JobPlace, RunResults};
use crate::schema::{ComparisonRow, FactorColumn};

/// A comparison, ready to be written.
#[derive(Clone, Debug)]
pub(crate) struct Comparisons {
    /// Columns that tell rows apart; the last one is what is compared with the baseline.
    pub(crate) factors: Vec<FactorColumn>,
    pub(crate) baseline: Value,
    /// By factors, then by metric in the order asked for.
    pub(crate) rows: Vec<ComparisonRow>,
    /// Confidence level of all intervals, in (0, 1).
    pub(crate) level: f64,
    pub(crate) sharing: Sharing,
    pub(crate) left_out: LeftOut,
    /// Number of pairs of cells, and how many have a saturated one.
    pub(crate) cell_pairs: usize,
    pub(crate) saturated_pairs: usize,
}

/// Cells that are not compared, by the reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LeftOut {
    /// No cell has the baseline and equal other axes.
    pub(crate) without_counterpart: usize,
    /// The axis means nothing in them.
    pub(crate) without_axis: usize,
}

/// A pair of cells and its factors, per factor column.
struct Labelled {
    pair: CellPair,
    factors: Vec<Option<Value>>,
}

/// The results that the two cells of a pair come from.
#[derive(Clone, Copy)]
struct Sides<'a> {
    baseline: &'a RunResults,
    other: &'a RunResults,
}

/// Compares every other value of an axis with the baseline, cell by cell.
///
/// `results` are those of `metrics`.
///
/// # Errors
/// No cell has a counterpart, or there are too many pairs.
pub(crate) fn compare_along(
    run: &FinishedRun,
    results: &RunResults,
    choice: AxisChoice,
    metrics: &[&'static str],
    level: f64,
) -> Result<Comparisons, Failure> {
    let axis = choice.axis;
    let moving = run.zip.iter().find(|group| group.contains(&axis)).cloned().unwrap_or_default();
    let remaining: Vec<usize> =
        (0..run.axes.len()).filter(|i| *i != axis && !moving.contains(i)).collect();
    let with = |test: &dyn Fn(Option<u32>) -> bool| -> Vec<(usize, &[Option<u32>])> {
        let cells = results.cells.iter().map(|cell| &cell.factors[..]).enumerate();
        cells.filter(|(_, factors)| test(factors[axis])).collect()
    };
    let others = with(&|factor| factor.is_some_and(|value| value != choice.baseline));
    let baseline = with(&|factor| factor == Some(choice.baseline));
    let pairs = matching_pairs(&baseline, &others, &remaining)?;
    if pairs.is_empty() {
        return Err(Failure::usage(format!(
            "no cell of the run `{}` has a counterpart with {}={} and equal other axes: choose another --baseline",
            run.name,
            run.axes[axis].key.column,
            choice.value(run),
        )));
    }
    let matched: BTreeSet<usize> = pairs.iter().map(|pair| pair.other).collect();
    let left_out = LeftOut {
        without_counterpart: others.len() - matched.len(),
        without_axis: with(&|factor| factor.is_none()).len(),
    };
    // Axes that are zipped with it go with it; it stands last.
    let partners = moving.iter().copied().filter(|&partner| partner != axis);
    let columns: Vec<usize> = remaining.iter().copied().chain(partners).chain([axis]).collect();
    let labelled = labelled_along(run, results, pairs, &remaining, &columns);
    let sides = Sides { baseline: results, other: results };
    let sharing = Sharing::of_axes(run, columns[remaining.len()..].iter().copied());
    Ok(Comparisons {
        factors: columns.iter().map(|&column| factor_column(&run.axes, column)).collect(),
        baseline: choice.value(run).clone(),
        rows: rows(sides, &labelled, metrics, level, sharing),
        level,
        sharing,
        left_out,
        cell_pairs: labelled.len(),
        saturated_pairs: saturated(sides, &labelled),
    })
}

/// Compares each cell of a run with the same cell of a baseline run. Both have the axes of the
/// baseline run, in which factors are counted.
///
/// # Errors
/// A cell that only one of them has.
pub(crate) fn compare_runs(
    run: &FinishedRun,
    other: &FinishedRun,
    results: [&RunResults; 2],
    metrics: &[&'static str],
    level: f64,
) -> Result<Comparisons, Failure> {
    let sides = Sides { baseline: results[0], other: results[1] };
    let [cells, other_cells] = results.map(|results| -> BTreeMap<&[Option<u32>], usize> {
        results.cells.iter().map(|cell| &cell.factors[..]).zip(0..).collect()
    });
    let only_in = |name: &str, factors: &[Option<u32>]| {
        Failure::usage(format!(
            "the runs `{}` and `{}` are of different plans: the cell {} is only in `{name}`; exclude the same \
             cells in both",
            run.name,
            other.name,
            cell_name(&run.axes, factors)
        ))
    };
    if let Some((factors, _)) =
        other_cells.iter().find(|(factors, _)| !cells.contains_key(*factors))
    {
        return Err(only_in(&other.name, factors));
    }
    let mut labelled = Vec::with_capacity(cells.len());
    for (factors, baseline) in cells {
        let Some(&other_cell) = other_cells.get(factors) else {
            return Err(only_in(&run.name, factors));
        };
        let values = run.axes.iter().zip(factors).map(|(axis, factor)| value_of(axis, *factor));
        let own = Some(Value::Word(other.name.clone()));
        labelled.push(Labelled {
            pair: CellPair { baseline, other: other_cell },
            factors: values.chain([own]).collect(),
        });
    }
    let runs = FactorColumn {
        name: "run".to_owned(),
        kind: Kind::Path,
        unit: "",
        meaning: "run that is compared".to_owned(),
    };
    let axes = (0..run.axes.len()).map(|axis| factor_column(&run.axes, axis));
    Ok(Comparisons {
        factors: axes.chain([runs]).collect(),
        baseline: Value::Word(run.name.clone()),
        rows: rows(sides, &labelled, metrics, level, Sharing::Common),
        level,
        sharing: Sharing::Common,
        left_out: LeftOut::default(),
        cell_pairs: labelled.len(),
        saturated_pairs: saturated(sides, &labelled),
    })
}

/// Pairs of one run with their factors, sorted by them. A remaining axis that means nothing in the
/// cell has the baseline's value.
fn labelled_along(
    run: &FinishedRun,
    results: &RunResults,
    mut pairs: Vec<CellPair>,
    remaining: &[usize],
    columns: &[usize],
) -> Vec<Labelled> {
    let factor = |pair: &CellPair, position: usize| {
        let column = columns[position];
        let of_baseline = results.cells[pair.baseline].factors[column];
        let inherited = of_baseline.filter(|_| position < remaining.len());
        results.cells[pair.other].factors[column].or(inherited)
    };
    let factors = |pair: &CellPair| (0..columns.len()).map(|i| factor(pair, i)).collect::<Vec<_>>();
    pairs.sort_by_cached_key(|pair| (factors(pair), *pair));
    let label = |pair: CellPair| Labelled {
        factors: columns
            .iter()
            .zip(factors(&pair))
            .map(|(&column, factor)| value_of(&run.axes[column], factor))
            .collect(),
        pair,
    };
    pairs.into_iter().map(label).collect()
}

/// One row per pair of cells and metric.
fn rows(
    sides: Sides,
    labelled: &[Labelled],
    metrics: &[&'static str],
    level: f64,
    sharing: Sharing,
) -> Vec<ComparisonRow> {
    let most = |results: &RunResults| results.cells.iter().map(|cell| cell.jobs.len()).max();
    let most = most(sides.baseline).min(most(sides.other)).unwrap_or(0);
    let confidence = Confidence::new(level, u32::try_from(most).unwrap_or(u32::MAX));
    let mut pairs = Vec::with_capacity(most);
    let mut rows = Vec::with_capacity(labelled.len() * metrics.len());
    for Labelled { pair, factors } in labelled {
        for (i, &metric) in metrics.iter().enumerate() {
            pairs.clear();
            pairs.extend(common_replications(sides, *pair, i));
            let comparison = match sharing {
                Sharing::Common => confidence.compare_paired(&pairs),
                Sharing::IndependentSeeding | Sharing::OtherSeeds => {
                    confidence.compare_independent(&pairs)
                }
            };
            let is_saturated = is_saturated(sides, *pair);
            rows.push(ComparisonRow { factors: factors.clone(), metric, is_saturated, comparison });
        }
    }
    rows
}

/// Both values of a metric, for the replications that have it in both cells.
fn common_replications(sides: Sides, pair: CellPair, metric: usize) -> impl Iterator<Item = Pair> {
    let mut others = sides.other.cells[pair.other].jobs.iter().peekable();
    let values = (&sides.baseline.columns[metric], &sides.other.columns[metric]);
    sides.baseline.cells[pair.baseline].jobs.iter().filter_map(move |job: &JobPlace| {
        while others.next_if(|other| other.replication < job.replication).is_some() {}
        let other = others.next_if(|other| other.replication == job.replication)?;
        Some(Pair { baseline: values.0[job.row]?, value: values.1[other.row]? })
    })
}

fn saturated(sides: Sides, labelled: &[Labelled]) -> usize {
    labelled.iter().filter(|labelled| is_saturated(sides, labelled.pair)).count()
}

/// Whether one of the two cells is.
fn is_saturated(sides: Sides, pair: CellPair) -> bool {
    sides.baseline.cells[pair.baseline].is_saturated || sides.other.cells[pair.other].is_saturated
}

fn value_of(axis: &Axis, factor: Option<u32>) -> Option<Value> {
    factor.map(|index| axis.values[index as usize].clone())
}

/// The column of an axis, named by its path where two axes would share one.
pub(crate) fn factor_column(axes: &[Axis], axis: usize) -> FactorColumn {
    let key = axes[axis].key;
    let sharers = axes.iter().filter(|other| other.key.column == key.column).count();
    FactorColumn {
        name: if sharers == 1 { key.column } else { key.path }.to_owned(),
        kind: key.kind,
        unit: key.unit,
        meaning: key.meaning.to_owned(),
    }
}

/// `rate_per_s=2, mode=mono`.
fn cell_name(axes: &[Axis], factors: &[Option<u32>]) -> String {
    let pairs = axes.iter().zip(factors).filter_map(|(axis, factor)| {
        Some(format!("{}={}", axis.key.column, axis.values[factor.as_ref().copied()? as usize]))
    });
    pairs.collect::<Vec<_>>().join(", ")
}
