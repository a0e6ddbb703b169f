//! `sweep report`: one page of a finished run.

use std::io::Write;
use std::path::Path;

use super::pictures::{compare_with_first, draw};
use crate::answers::{COLUMNS, Grid, RESULTS, WARNING_COLUMNS, answers, facts, warnings};
use crate::cli::{PageFormat, ReportArgs};
use crate::failure::Failure;
use crate::io::{FinishedRun, RunState};
use crate::page::{Figure, Origin, Report, SHOWN, to_html, to_markdown};
use crate::plot::{Design, Picture, Wishes, choose, to_png, to_svg};
use crate::problems::words;
use crate::report;
use crate::store::{check_output, replace_file};
use crate::view::{Quantity, RunView, quantities};

/// An SVG of more bytes stands in a page as PNG, which is smaller for shapes by the thousand.
const MAX_SVG_BYTES: usize = 200_000;

pub(super) fn report(args: &ReportArgs) -> Result<(), Failure> {
    let runs = args.out.as_deref().unwrap_or(Path::new("results"));
    let run = FinishedRun::open(&args.run, runs)?;
    let record = RunState::read(&args.run, runs)?.record;
    if let Some(path) = &args.output {
        check_output("--output", path)?;
    }
    let view = read_view(&run)?;
    let facts = facts(&view)?;
    let grid = Grid::new(&view, &facts)?;
    let comparisons = match grid.mode().filter(|_| !grid.has_other_hardware()) {
        Some(mode) => Some(compare_with_first(&run, mode, &["p99_ttft_s"])?),
        None => None,
    };
    let designs =
        if view.swept().is_empty() { Vec::new() } else { choose(&run, &Wishes::default())? };
    let figures = match args.format {
        PageFormat::Html => draw(&run, &designs)?,
        PageFormat::Markdown => Vec::new(),
    };
    let report = Report {
        view: &view,
        replications: facts.iter().map(|cell| cell.replications).collect(),
        flags: facts.iter().map(|cell| words(cell).join(", ")).collect(),
        start: designs.first().map(|Design { x, by, .. }| (*x, *by)),
        answers: answers(&grid, comparisons.as_ref()),
        warnings: warnings(&view, &facts),
        figures: figures.iter().map(figure).collect::<Result<_, _>>()?,
        origin: Origin::new(&run, record),
    };
    let path = match (args.format, &args.output) {
        (PageFormat::Markdown, None) => return report::print(&to_markdown(&report)),
        (_, Some(path)) => path.clone(),
        (PageFormat::Html, None) => run.folder.join("report.html"),
    };
    let text = match args.format {
        PageFormat::Html => to_html(&report)?,
        PageFormat::Markdown => to_markdown(&report) + "\n",
    };
    write(&path, &text)?;
    report::print(&path.display().to_string())
}

/// The cells with all that a page says of them.
fn read_view(run: &FinishedRun) -> Result<RunView<'_>, Failure> {
    let is_wanted = |name: &str| SHOWN.contains(&name) || RESULTS.contains(&name);
    let mut wanted: Vec<Quantity> =
        quantities().into_iter().filter(|quantity| is_wanted(quantity.name())).collect();
    wanted.sort_by_key(|quantity| SHOWN.iter().position(|name| *name == quantity.name()));
    let others: Vec<_> = COLUMNS.iter().chain(&WARNING_COLUMNS).copied().collect();
    Ok(RunView::read(run, &wanted, &others)?)
}

fn figure(picture: &Picture) -> Result<Figure, Failure> {
    let svg = to_svg(picture);
    let png = if svg.len() > MAX_SVG_BYTES {
        Some(to_png(picture, 1.0).map_err(|problem| Failure::Encoding {
            what: format!("the picture {}", picture.stem),
            source: problem.into(),
        })?)
    } else {
        None
    };
    Ok(Figure { stem: picture.stem.clone(), title: picture.title.clone(), svg, png })
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    replace_file(path, |file| {
        file.write_all(text.as_bytes()).map_err(|source| Failure::Io {
            action: "write",
            path: path.to_owned(),
            source,
        })
    })
}
