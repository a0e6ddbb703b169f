//! The cells of a run as a table that fits the window. What matters least gives way first.

use sweep_engine::plan::{Cell, Plan};

use super::grid::{Grid, Spacing, Text};
use super::plan::{axis_title, factor_text};
use super::pools::{busiest, pool_text};
use super::style::{HEAD, LOUD, MINDED, PLAIN, SATURATED, cut, width};
use super::window::Letters;
use crate::numbers::{estimate, mean, significant};
use crate::problems::{CellFacts, words};
use crate::schema::CellRow;

/// A table for so many columns, and what was left out of it.
#[derive(Clone, Debug)]
pub(super) struct CellsTable {
    pub(super) lines: Vec<String>,
    pub(super) left_out: Vec<&'static str>,
}

/// A result that a column shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    P50,
    P90,
    P99,
    Mean,
    /// What a single run shows on average.
    P99OfRun,
    Attainment,
    Goodput,
    Load,
    Busiest,
    Runs,
    SimSeconds,
    Flags,
}

use Shown::{
    Attainment, Busiest, Flags, Goodput, Load, Mean, P50, P90, P99, P99OfRun, Runs, SimSeconds,
};

impl Shown {
    /// Percentiles are those of all requests of a cell: what share of them is slower, in the long run.
    const ALL: [Self; 12] = [
        P50, P90, P99, Mean, P99OfRun, Attainment, Goodput, Load, Busiest, Runs, SimSeconds, Flags,
    ];

    fn title(self) -> &'static str {
        match self {
            P50 => "p50 (s)",
            P90 => "p90 (s)",
            P99 => "p99 (s)",
            Mean => "mean (s)",
            P99OfRun => "p99 of a run (s)",
            Attainment => "slo_attainment",
            Goodput => "goodput_rps",
            Load => "load",
            Busiest => "busiest pool",
            Runs => "runs",
            SimSeconds => "sim_seconds",
            Flags => "",
        }
    }

    /// Its column in `cells`.
    fn result(self) -> Option<&'static str> {
        match self {
            P50 => Some("pooled_p50_ttft_s"),
            P90 => Some("pooled_p90_ttft_s"),
            P99 => Some("pooled_p99_ttft_s"),
            Mean => Some("mean_ttft_s"),
            P99OfRun => Some("p99_ttft_s"),
            Attainment => Some("slo_attainment"),
            Goodput => Some("goodput_rps"),
            Load | Busiest | Runs | SimSeconds | Flags => None,
        }
    }

    /// Whether the plan asks for it.
    fn is_of_interest(self, plan: &Plan) -> bool {
        match self {
            Attainment | Goodput => {
                plan.cells.iter().any(|cell| cell.scenario.slo_ttft_s.is_some())
            }
            Runs => plan.precision.is_some(),
            SimSeconds => {
                let is_axis = plan.axes.iter().any(|axis| axis.key.path == "sim_seconds");
                plan.precision.is_some() && !is_axis
            }
            _ => true,
        }
    }
}

/// How much room the table takes.
#[derive(Clone, Debug)]
struct Layout {
    shown: Vec<Shown>,
    /// Results without their half widths.
    bare: Vec<Shown>,
    /// Axes by the shortest of their names.
    has_short_names: bool,
    /// Longest value of an axis; with one, headers are no wider than values.
    longest_value: Option<usize>,
    /// Letters of a full bar.
    bar: usize,
    flags: FlagStyle,
    spacing: Spacing,
}

/// How much is said of what to mind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FlagStyle {
    All,
    /// The worst, and how many more.
    Counted,
    Worst,
}

/// What a narrower window goes without, step by step.
static CONCESSIONS: [fn(&mut Layout); 18] = [
    |layout| layout.has_short_names = true,
    |layout| layout.drop(P99OfRun),
    |layout| layout.flags = FlagStyle::Counted,
    |layout| layout.drop(SimSeconds),
    |layout| layout.bar = 5,
    |layout| layout.drop(Load),
    |layout| layout.drop(Goodput),
    |layout| layout.drop(Mean),
    |layout| layout.bare.push(P50),
    |layout| layout.bare.push(P90),
    |layout| layout.bar = 0,
    |layout| layout.drop(P90),
    |layout| layout.drop(P50),
    |layout| layout.drop(Runs),
    |layout| layout.drop(Busiest),
    |layout| layout.drop(Attainment),
    |layout| layout.longest_value = Some(12),
    |layout| (layout.flags, layout.spacing) = (FlagStyle::Worst, Spacing::TIGHT),
];

impl Layout {
    fn drop(&mut self, shown: Shown) {
        self.shown.retain(|known| *known != shown);
    }
}

/// One line per cell under a header: axes of several values, TTFT, pools, and what to mind.
pub(super) fn cells_table(
    plan: &Plan,
    rows: &[&CellRow],
    columns: usize,
    letters: Letters,
) -> CellsTable {
    let asked: Vec<Shown> =
        Shown::ALL.into_iter().filter(|shown| shown.is_of_interest(plan)).collect();
    let mut layout = Layout {
        shown: asked.clone(),
        bare: Vec::new(),
        has_short_names: false,
        longest_value: None,
        bar: 10,
        flags: FlagStyle::All,
        spacing: Spacing::USUAL,
    };
    let mut grid = grid(plan, rows, &layout, letters);
    for concede in CONCESSIONS {
        if grid.width() <= columns {
            break;
        }
        concede(&mut layout);
        grid = self::grid(plan, rows, &layout, letters);
    }
    let left_out = asked.iter().filter(|shown| !layout.shown.contains(shown));
    CellsTable {
        lines: grid.lines(columns, letters),
        left_out: left_out.map(|shown| shown.title()).collect(),
    }
}

fn grid(plan: &Plan, rows: &[&CellRow], layout: &Layout, letters: Letters) -> Grid {
    let axes: Vec<usize> =
        (0..plan.axes.len()).filter(|&axis| plan.axes[axis].values.len() > 1).collect();
    let pool = rows.iter().filter_map(|row| busiest(row)).map(|(name, _)| name.len()).max();
    let head = |text: String| Text { text, style: HEAD };
    let mut lines = vec![Vec::with_capacity(axes.len() + layout.shown.len())];
    lines[0].extend(axes.iter().map(|&axis| head(name(plan, axis, layout))));
    lines[0].extend(layout.shown.iter().map(|shown| head(shown.title().to_owned())));
    for row in rows {
        let cell = &plan.cells[row.cell as usize];
        let style = if cell.load.is_saturated() { SATURATED } else { PLAIN };
        let values =
            axes.iter().map(|&axis| value(&factor_text(plan, cell, axis), layout, letters));
        let results = layout.shown.iter().map(|shown| match shown {
            Flags => (flag_text(row, cell, layout.flags), flag_style(cell)),
            Busiest => (pool_text(row, layout.bar, pool.unwrap_or(0), letters), style),
            shown => (result_text(*shown, row, cell, layout, letters), style),
        });
        let texts = values.map(|text| (text, style)).chain(results);
        lines.push(texts.map(|(text, style)| Text { text, style }).collect());
    }
    if layout.longest_value.is_some() {
        for column in 0..axes.len() {
            let widest = lines[1..].iter().map(|line| width(&line[column].text)).max();
            let header = &mut lines[0][column].text;
            *header = cut(header, widest.unwrap_or(0).max(4), letters);
        }
    }
    Grid::new(lines, layout.spacing)
}

/// The column of an axis, or a shorter name by which flags know it.
fn name(plan: &Plan, axis: usize, layout: &Layout) -> String {
    let title = axis_title(plan, axis);
    let aliases = plan.axes[axis].key.aliases.iter().filter(|_| layout.has_short_names);
    let shorter = aliases.filter(|alias| alias.len() < title.len()).min_by_key(|alias| alias.len());
    shorter.map_or(title, |alias| (*alias).to_owned())
}

/// The end of a long value: files of a folder differ there.
fn value(text: &str, layout: &Layout, letters: Letters) -> String {
    let longest = layout.longest_value.unwrap_or(usize::MAX);
    if width(text) <= longest {
        return text.to_owned();
    }
    let backwards = |text: &str| text.chars().rev().collect::<String>();
    backwards(&cut(&backwards(text), longest, letters))
}

fn result_text(
    shown: Shown,
    row: &CellRow,
    cell: &Cell,
    layout: &Layout,
    letters: Letters,
) -> String {
    let result = |name| {
        let found = row.estimate(name);
        if layout.bare.contains(&shown) {
            mean(found)
        } else {
            estimate(found).replace('±', letters.choose("±", "+-"))
        }
    };
    match shown {
        Load => cell.load.largest().map_or_else(|| "-".to_owned(), |load| format!("{load:.2}")),
        Runs => row.replications.to_string(),
        SimSeconds => significant(cell.scenario.sim_seconds),
        _ => shown.result().map_or_else(String::new, result),
    }
}

fn flag_text(row: &CellRow, cell: &Cell, style: FlagStyle) -> String {
    let flags = words(&CellFacts::of(row, cell));
    match (style, flags.as_slice()) {
        (FlagStyle::Counted, [first, rest @ ..]) if !rest.is_empty() => {
            format!("{first} +{}", rest.len())
        }
        (FlagStyle::Worst, [first, ..]) => first.clone(),
        (_, all) => all.join(", "),
    }
}

fn flag_style(cell: &Cell) -> anstyle::Style {
    if cell.load.is_saturated() { LOUD } else { MINDED }
}

#[cfg(test)]
mod tests {
    use anstream::adapter::strip_str;
    use proptest::prelude::*;
    use sweep_engine::plan::{Limits, plan};
    use sweep_engine::scenario::Traces;
    use sweep_engine::spec::{AxisSpec, AxisValues, PrecisionSpec, SweepSpec};
    use sweep_engine::statistics::{Estimate, PooledPercentile};

    use super::*;
    use crate::precision::StopReason;
    use crate::schema::METRICS;

    fn plan_of(axes: &[(&str, &str)], with_precision: bool) -> Plan {
        let axis = |&(name, values): &(&str, &str)| AxisSpec {
            name: name.to_owned(),
            values: AxisValues::Text(values.to_owned()),
        };
        let spec = SweepSpec {
            axes: axes.iter().map(axis).collect(),
            replications: 2,
            precision: with_precision
                .then(|| PrecisionSpec { relative: Some(0.1), ..PrecisionSpec::default() }),
            ..SweepSpec::default()
        };
        plan(&spec, &Traces::default(), Limits::default()).unwrap()
    }

    /// Every result, and every flag that a row has, raised or not.
    fn row(
        cell: u32,
        results: &[Option<Estimate>],
        flag: Option<bool>,
        replications: u32,
    ) -> CellRow {
        let result = |index: usize| results[index % results.len()];
        let pooled = |index| {
            let estimate = result(index)?;
            Some(PooledPercentile { estimate, is_within: true })
        };
        CellRow {
            cell,
            replications,
            failed: 3,
            estimates: (0..METRICS.len()).map(result).collect(),
            pooled: [pooled(0), pooled(1), pooled(2)],
            ci_method: None,
            quantile_method: None,
            stop_reason: StopReason::MaxReplications,
            steady: flag,
            low_samples: flag,
            low_slo_samples: flag,
            short_runs: flag,
            short_warmup: flag.map(|flag| !flag),
        }
    }

    fn numbers() -> impl Strategy<Value = Option<Estimate>> {
        let magnitude =
            (-9_i32..9, 1.0_f64..10.0).prop_map(|(power, number)| number * 10_f64.powi(power));
        let half_width = proptest::option::of(magnitude.clone());
        let estimate = (magnitude, half_width).prop_map(|(mean, half_width)| Estimate {
            mean,
            half_width,
            std: None,
        });
        proptest::option::of(estimate)
    }

    proptest! {
        /// Whatever the axes and results, and also where not even the axes fit.
        #[test]
        fn no_line_is_wider_than_the_window(
            num_axes in 0_usize..6,
            with_precision in any::<bool>(),
            results in proptest::collection::vec(numbers(), 1..7),
            flag in proptest::option::of(any::<bool>()),
            replications in 0_u32..2_000_000,
            columns in 1_usize..260,
            is_ascii in any::<bool>(),
        ) {
            let axes = [
                ("rates", "0.5,123.4567"),
                ("modes", "mono,disagg"),
                ("prefill", "4000,8000.125"),
                ("slo_ttft_s", "0.5,2"),
                ("decode_gpus", "1,2"),
                ("sim_seconds", "600,1e5"),
            ];
            let plan = plan_of(&axes[..num_axes], with_precision);
            let cells = 0..u32::try_from(plan.cells.len()).unwrap();
            let rows: Vec<CellRow> =
                cells.map(|cell| row(cell, &results, flag, replications)).collect();
            let rows: Vec<&CellRow> = rows.iter().collect();
            let letters = if is_ascii { Letters::Ascii } else { Letters::Unicode };
            let table = cells_table(&plan, &rows, columns, letters);
            prop_assert_eq!(table.lines.len(), rows.len() + 1);
            for line in &table.lines {
                let plain = strip_str(line).to_string();
                prop_assert!(width(&plain) <= columns, "{columns}: {plain:?}");
                prop_assert!(!plain.ends_with(' '), "{plain:?}");
                prop_assert!(!is_ascii || plain.is_ascii(), "{plain:?}");
            }
        }
    }

    #[test]
    fn wider_windows_show_no_less() {
        let plan = plan_of(&[("rates", "1,90"), ("slo_ttft_s", "0.5,2")], true);
        let results = [Some(Estimate { mean: 0.5, half_width: Some(0.02), std: None })];
        let rows: Vec<CellRow> = (0..4).map(|cell| row(cell, &results, Some(true), 10)).collect();
        let rows: Vec<&CellRow> = rows.iter().collect();
        let left_out = |columns| cells_table(&plan, &rows, columns, Letters::Unicode).left_out;
        for columns in 1..300 {
            let (narrow, wide) = (left_out(columns), left_out(columns + 1));
            assert!(wide.iter().all(|title| narrow.contains(title)), "{columns}");
        }
        assert_eq!(left_out(300), Vec::<&str>::new());
        // What a run is about, and what not to trust, go last.
        let narrow = left_out(40);
        assert!(!narrow.contains(&"p99 (s)") && !narrow.contains(&""), "{narrow:?}");
    }

    #[test]
    fn of_a_long_value_the_end_is_kept() {
        let mut layout = Layout {
            shown: Vec::new(),
            bare: Vec::new(),
            has_short_names: true,
            longest_value: Some(12),
            bar: 0,
            flags: FlagStyle::All,
            spacing: Spacing::TIGHT,
        };
        let path = "traces/2024/chat.csv";
        assert_eq!(value(path, &layout, Letters::Unicode), "…24/chat.csv");
        layout.longest_value = None;
        assert_eq!(value(path, &layout, Letters::Unicode), path);
    }
}
