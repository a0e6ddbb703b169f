//! What a plan looks like.

use std::fmt::Write;

use sweep_engine::plan::{Cell, Plan};
use sweep_engine::scenario::{
    Arrivals, Defaults, OfferedLoad, Scenario, ScenarioEcho, TokenEcho, with_defaults,
};
use sweep_engine::spec::{SweepSpec, Value, Warmup};

use super::output::print;
use super::tables::aligned;
use super::warmup::{warmup_note, warmup_text};
use crate::estimate::Estimate;
use crate::failure::Failure;
use crate::numbers::{duration, grouped, significant};
use crate::problems::{lost_warmups, warmup_sentence};

/// Cells that are listed unless all are asked for.
pub(super) const LISTED_CELLS: usize = 40;

/// Prints axes, cells with their loads, distributions, counts and the estimate.
pub(crate) fn print_plan(
    spec: &SweepSpec,
    plan: &Plan,
    estimate: &Estimate,
    all: bool,
) -> Result<(), Failure> {
    print(&plan_text(spec, plan, all))?;
    print(&format!(
        "Estimate: {} {} on {} {}",
        if plan.precision.is_some() { "at least" } else { "about" },
        duration(estimate.wall_s),
        estimate.threads,
        if estimate.threads == 1 { "thread" } else { "threads" },
    ))
}

/// All but the estimate, which differs between machines.
fn plan_text(spec: &SweepSpec, plan: &Plan, all: bool) -> String {
    let mut lines = Vec::new();
    if let Some(why) = &spec.why {
        lines.push(format!("Question: {why}"));
    }
    lines.push("Axes:".to_owned());
    if plan.axes.is_empty() {
        lines.push("  none (one cell)".to_owned());
    }
    for axis in &plan.axes {
        let values: Vec<String> = axis.values.iter().map(ToString::to_string).collect();
        let count = if values.len() == 1 { "value" } else { "values" };
        let (path, shown) = (axis.key.path, abridged(&values));
        lines.push(format!("  {path} = {shown} ({} {count})", values.len()));
    }
    lines.push("Lengths:".to_owned());
    let echoes = distinct_echoes(plan);
    lines.extend(echoes.iter().take(4).cloned());
    if echoes.len() > 4 {
        lines.push(format!("  ... and {} more, one per value of their axes", echoes.len() - 4));
    }
    lines.extend(trace_lines(plan));
    lines.push(window_line(&plan.cells[0], spec));
    lines.extend(warmup_note(plan).map(|note| note.replacen('w', "W", 1)));
    lines.push(String::new());
    lines.push(cells_table(plan, if all { usize::MAX } else { LISTED_CELLS }));
    if plan.cells.len() > LISTED_CELLS && !all {
        lines.push(format!(
            "... and {} more cells (--all lists them)",
            plan.cells.len() - LISTED_CELLS
        ));
    }
    lines.push(String::new());
    lines.push(totals(plan));
    lines.join("\n")
}

fn totals(plan: &Plan) -> String {
    let chunks = plan.chunks().len() as u64;
    let saturated = plan.cells.iter().filter(|cell| cell.load.is_saturated()).count();
    let mut text = format!(
        "{} cells x {} replications = {} jobs in {} {}, about {} requests",
        grouped(plan.cells.len() as u64),
        plan.replications,
        grouped(plan.num_jobs()),
        grouped(chunks),
        if chunks == 1 { "chunk" } else { "chunks" },
        significant(plan.expected_requests()),
    );
    if let Some(precision) = &plan.precision {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\nPrecision: a first look; each cell goes on, up to {} replications, until the intervals of \
             {} are within {} % (longer runs, if these are too short for percentiles)",
            grouped(precision.max_replications.into()),
            precision.of.join(", "),
            significant(100.0 * precision.relative),
        );
    }
    let _ = write!(text, "\n{}", path_line(plan));
    if saturated > 0 {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\nSATURATED cells: {saturated} (offered load 1 or more, queues grow for as long as the run lasts)"
        );
    }
    if let Some(warning) = warmup_sentence(lost_warmups(plan)) {
        let _ = write!(text, "\nWarm-up not found: {warning}");
    }
    text
}

/// How jobs are simulated. Not how wide vectors are: that differs between machines.
fn path_line(plan: &Plan) -> String {
    let alone = plan.cells.iter().filter(|cell| plan.cuts_into_batches(cell)).count();
    if alone == 0 {
        return "Path: jobs side by side, on draws that the cells of a replication share"
            .to_owned();
    }
    let others = if alone == plan.cells.len() { "" } else { ", the others side by side" };
    format!(
        "Path: {alone} of {} jobs one at a time (single runs long enough to be cut into batches){others}",
        plan.cells.len()
    )
}

/// The first three values and the last.
fn abridged(values: &[String]) -> String {
    match values {
        [first, second, third, _, .., last] if values.len() > 8 => {
            format!("{first}, {second}, {third}, ..., {last}")
        }
        _ => values.join(", "),
    }
}

/// Distributions as understood, each once.
fn distinct_echoes(plan: &Plan) -> Vec<String> {
    let mut seen: Vec<(&Scenario, Vec<String>)> = Vec::new();
    let mut lines: Vec<String> = Vec::new();
    for cell in &plan.cells {
        let scenario = &cell.scenario;
        let is_known = seen.iter().any(|(known, _)| {
            known.prompt_tokens == scenario.prompt_tokens
                && known.output_tokens == scenario.output_tokens
        });
        if is_known || seen.len() > 64 {
            continue;
        }
        let echo = ScenarioEcho::of(scenario);
        let texts =
            vec![lengths("prompt", &echo.prompt_tokens), lengths("output", &echo.output_tokens)];
        lines
            .extend(texts.iter().filter(|text| !lines.contains(text)).cloned().collect::<Vec<_>>());
        seen.push((scenario, texts));
    }
    lines
}

/// The traces that are replayed, and how their replications are made; each once.
fn trace_lines(plan: &Plan) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for cell in &plan.cells {
        let Arrivals::Trace(replay) = &cell.scenario.arrivals else { continue };
        let line = format!(
            "Trace: {} requests in {} s; replication 0 as recorded, others from blocks of {} requests",
            grouped(replay.view.len() as u64),
            significant(replay.view.span_s()),
            grouped(replay.block_requests as u64),
        );
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

fn lengths(name: &str, echo: &TokenEcho) -> String {
    let exact = format!(
        "mean {} and std {} tokens",
        significant(echo.count_mean),
        significant(echo.count_std)
    );
    match echo.lognormal {
        None => format!("  {name}: {}, {exact}", echo.distribution),
        Some(spaces) => format!(
            "  {name}: lognormal, log space mean {} sigma {}, real space mean {} std {} p50 {} p90 {}; \
             floored and clamped: {exact}",
            significant(spaces.log_mean),
            significant(spaces.log_sigma),
            significant(spaces.real_mean),
            significant(spaces.real_std),
            significant(spaces.p50),
            significant(spaces.p90),
        ),
    }
}

fn window_line(cell: &Cell, spec: &SweepSpec) -> String {
    let full = with_defaults(&spec.base, Defaults::SWEEP);
    let seed = full.random_seed.unwrap_or_default();
    let scenario = &cell.scenario;
    let start = if cell.has_auto_warmup() {
        Warmup::AUTO.to_owned()
    } else {
        format!("{} s", scenario.warmup_seconds)
    };
    format!(
        "Window: {start} to {} s, observing {}; seed {seed}, {} random numbers",
        scenario.sim_seconds,
        match scenario.observe {
            sweep_engine::spec::Observe::Events => "events (first token in the window)",
            sweep_engine::spec::Observe::Arrivals => "arrivals (arrival in the window)",
        },
        match spec.seeding {
            sweep_engine::random::Seeding::Common => "common",
            sweep_engine::random::Seeding::Independent => "independent",
        },
    )
}

/// A pool's name and its offered load in a cell.
type PoolLoad = (&'static str, fn(&OfferedLoad) -> Option<f64>);

fn cells_table(plan: &Plan, most: usize) -> String {
    let pools: [PoolLoad; 3] = [
        ("load prefill", |load| load.prefill),
        ("load decode", |load| load.decode),
        ("load gpu", |load| load.gpu),
    ];
    let exists = |(_, load): &PoolLoad| plan.cells.iter().any(|cell| load(&cell.load).is_some());
    let pools: Vec<PoolLoad> = pools.into_iter().filter(exists).collect();
    let axes: Vec<usize> = (0..plan.axes.len()).collect();
    let mut header = vec!["cell".to_owned()];
    header.extend(axes.iter().map(|&axis| axis_title(plan, axis)));
    header.extend(pools.iter().map(|(name, _)| (*name).to_owned()));
    let has_auto = plan.cells.iter().any(Cell::has_auto_warmup);
    header.extend(has_auto.then(|| "warm-up s".to_owned()));
    header.extend(["bottleneck", ""].map(str::to_owned));
    let rows = plan.cells.iter().take(most).enumerate().map(|(number, cell)| {
        let mut row = vec![number.to_string()];
        row.extend(axes.iter().map(|&axis| factor_text(plan, cell, axis)));
        row.extend(pools.iter().map(|(_, load)| {
            load(&cell.load).map_or_else(|| "-".to_owned(), |load| format!("{load:.3}"))
        }));
        row.extend(has_auto.then(|| warmup_text(cell)));
        row.push(cell.load.bottleneck.name().to_owned());
        row.push(if cell.load.is_saturated() { "SATURATED" } else { "" }.to_owned());
        row
    });
    aligned(&header, rows.collect())
}

/// The column of an axis; its path where another axis has the same column in the other mode.
pub(super) fn axis_title(plan: &Plan, axis: usize) -> String {
    let key = plan.axes[axis].key;
    let shares =
        plan.axes.iter().any(|other| other.key.column == key.column && other.key.path != key.path);
    if shares { key.path.to_owned() } else { key.column.to_owned() }
}

/// The value of an axis in a cell, as text; long decimals are rounded.
pub(super) fn factor_text(plan: &Plan, cell: &Cell, axis: usize) -> String {
    match plan.factor(cell, axis) {
        Some(Value::Number(number)) => {
            let rounded: f64 = format!("{number:.5e}").parse().unwrap_or(*number);
            rounded.to_string()
        }
        Some(value) => value.to_string(),
        None => "-".to_owned(),
    }
}
