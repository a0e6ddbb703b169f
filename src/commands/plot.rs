//! `sweep plot`: pictures of a finished run, or of the samples of single simulations.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::pictures::draw;
use crate::cli::{LogArg, PictureFormat, PlotArgs};
use crate::failure::Failure;
use crate::io::{FinishedRun, read_samples};
use crate::plot::{
    LogAxes, Picture, Samples, Wishes, choose, distribution_picture, to_png, to_svg,
};
use crate::report;
use crate::store::{check_folder, prepare_folder, replace_file};

/// Sharp on a screen with many pixels.
const PIXELS_PER_UNIT: f32 = 2.0;

pub(super) fn plot(args: &PlotArgs) -> Result<(), Failure> {
    if let Some(folder) = &args.output {
        check_folder("--output", folder)?;
    }
    let log = log_axes(&args.log)?;
    let files: Vec<&Path> =
        args.runs.iter().map(Path::new).filter(|path| is_samples(path)).collect();
    let (folder, pictures) = match args.runs.as_slice() {
        _ if files.len() == args.runs.len() => {
            refuse_flags(args)?;
            let beside = files[0].parent().unwrap_or(Path::new("")).to_owned();
            (beside, vec![distribution_picture(samples(&files)?, log)?])
        }
        [run] => {
            let runs = args.out.as_deref().unwrap_or(Path::new("results"));
            let run = FinishedRun::open(run, runs)?;
            (run.folder.join("plots"), of_run(&run, args, log)?)
        }
        _ => {
            return Err(Failure::usage(
                "several names: give one run, or only files of samples (.csv, .json, .parquet)",
            ));
        }
    };
    let folder = args.output.clone().unwrap_or(folder);
    prepare_folder(&folder)?;
    for picture in &pictures {
        for format in &args.format {
            let path = write(&folder, picture, *format)?;
            report::print(&path.display().to_string())?;
        }
    }
    Ok(())
}

/// Whether a name is that of a file, not of a run.
fn is_samples(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    matches!(ending, Some("csv" | "json" | "parquet")) && !path.is_dir()
}

/// Samples of one simulation have no axes.
fn refuse_flags(args: &PlotArgs) -> Result<(), Failure> {
    let PlotArgs { x, y, by, facet, of, difference, at, out, .. } = args;
    let given = [
        ("--x", x.is_some()),
        ("--y", !y.is_empty()),
        ("--by", by.is_some()),
        ("--facet", facet.is_some()),
        ("--of", of.is_some()),
        ("--difference", difference.is_some()),
        ("--at", !at.is_empty()),
        ("--out", out.is_some()),
    ];
    match given.iter().find(|(_, is_given)| *is_given) {
        Some(("--out", _)) => Err(Failure::usage(
            "--out: it is the folder of runs, and these are files of samples; --output is the folder for pictures",
        )),
        Some((flag, _)) => Err(Failure::usage(format!(
            "{flag}: samples of one simulation have no axes, only a distribution; name a run instead"
        ))),
        None => Ok(()),
    }
}

fn log_axes(named: &[LogArg]) -> Result<LogAxes, Failure> {
    if named.is_empty() {
        return Ok(LogAxes::default());
    }
    if named.len() > 1 && named.contains(&LogArg::None) {
        return Err(Failure::usage("--log none goes alone: name the logarithmic axes, or none"));
    }
    let is_named = |axis| Some(named.contains(&axis));
    Ok(LogAxes { x: is_named(LogArg::X), y: is_named(LogArg::Y) })
}

fn samples(files: &[&Path]) -> Result<Vec<Samples>, Failure> {
    let read = |(name, path): (String, &&Path)| Ok(Samples { name, ttft_s: read_samples(path)? });
    distinct_names(files).into_iter().zip(files).map(read).collect()
}

/// Names of files, with as many of their folders as tell them apart.
fn distinct_names(files: &[&Path]) -> Vec<String> {
    let tail = |path: &Path, parts: usize| {
        let all = path.components().count();
        path.components().skip(all.saturating_sub(parts)).collect::<PathBuf>()
    };
    let name = |path: &&Path| {
        let others = || files.iter().filter(|other| *other != path);
        let is_distinct =
            |parts: &usize| others().all(|other| tail(other, *parts) != tail(path, *parts));
        let parts = (1..=path.components().count()).find(is_distinct).unwrap_or(1);
        tail(path, parts).to_string_lossy().into_owned()
    };
    files.iter().map(name).collect()
}

fn of_run(run: &FinishedRun, args: &PlotArgs, log: LogAxes) -> Result<Vec<Picture>, Failure> {
    let wishes = Wishes {
        x: args.x.clone(),
        y: args.y.clone(),
        by: args.by.clone(),
        facet: args.facet.clone(),
        of: args.of.clone(),
        difference: args.difference.clone(),
        at: args.at.clone(),
        log,
    };
    let designs = choose(run, &wishes)?;
    let pictures = draw(run, &designs)?;
    if pictures.is_empty() {
        return Err(Failure::usage(format!(
            "the run `{}` has no cell with a value of {}; choose another --y",
            run.name,
            designs.iter().map(|design| design.stem.as_str()).collect::<Vec<_>>().join(", ")
        )));
    }
    Ok(pictures)
}

fn write(folder: &Path, picture: &Picture, format: PictureFormat) -> Result<PathBuf, Failure> {
    let ending = match format {
        PictureFormat::Svg => "svg",
        PictureFormat::Png => "png",
    };
    let path = folder.join(format!("{}.{ending}", picture.stem));
    let bytes = match format {
        PictureFormat::Svg => to_svg(picture).into_bytes(),
        PictureFormat::Png => {
            to_png(picture, PIXELS_PER_UNIT).map_err(|problem| Failure::Encoding {
                what: format!("the picture {}", path.display()),
                source: problem.into(),
            })?
        }
    };
    replace_file(&path, |file| {
        file.write_all(&bytes).map_err(|source| Failure::Io {
            action: "write",
            path: path.clone(),
            source,
        })
    })?;
    Ok(path)
}
