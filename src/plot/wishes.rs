//! What the user asks for, and how it is read.

use sweep_engine::plan::Axis;

use super::design::LogAxes;
use crate::comparison::find_axis;
use crate::failure::Failure;
use crate::io::FinishedRun;
use crate::suggestion::listed;
use crate::view::leader;

/// Most results of a picture.
const MAX_RESULTS: usize = 12;

/// What the user asks for, as it was written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wishes {
    pub(crate) x: Option<String>,
    pub(crate) y: Vec<String>,
    pub(crate) by: Option<String>,
    pub(crate) facet: Option<String>,
    pub(crate) of: Option<String>,
    pub(crate) difference: Option<String>,
    pub(crate) at: Vec<String>,
    pub(crate) log: LogAxes,
}

impl Wishes {
    /// Whether nothing is said of what is shown.
    pub(super) fn is_free(&self) -> bool {
        let Self { x, y, by, facet, of, difference, .. } = self;
        y.is_empty() && [x, by, facet, of, difference].iter().all(|flag| flag.is_none())
    }

    /// # Errors
    /// A column for colours where there are none.
    pub(super) fn refuse_colour(&self) -> Result<(), Failure> {
        match &self.of {
            Some(of) => Err(Failure::usage(format!(
                "--of {of}: it is the colour of a heatmap; give --y an axis, or say --y {of} for curves"
            ))),
            None => Ok(()),
        }
    }
}

/// `--at AXIS=VALUE`, as indices; of axes that advance together for the first.
///
/// # Errors
/// An axis or a value that the run does not have, an axis that is held twice.
pub(super) fn stated(run: &FinishedRun, texts: &[String]) -> Result<Vec<(usize, u32)>, Failure> {
    let mut stated: Vec<(usize, u32)> = Vec::with_capacity(texts.len());
    for text in texts {
        let Some((name, value)) = text.split_once('=') else {
            return Err(Failure::usage(format!(
                "--at {text}: write it as AXIS=VALUE, such as prefill=8000"
            )));
        };
        let index = find_axis(run, "--at", name)?;
        let Axis { key, values } = &run.axes[index];
        let parsed = key.kind.parse(value).ok();
        let position = values.iter().position(|known| Some(known) == parsed.as_ref());
        let Some(position) = position.and_then(|position| u32::try_from(position).ok()) else {
            let known: Vec<String> = values.iter().map(ToString::to_string).collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            return Err(Failure::usage(format!(
                "--at {text}: the run `{}` has no such value; choose from {}",
                run.name,
                listed(&known)
            )));
        };
        let axis = leader(run, index);
        if stated.iter().any(|(known, _)| *known == axis) {
            let known = run.axes[axis].key.column;
            return Err(Failure::usage(format!(
                "--at {text}: {known} is held already; an axis, or axes that advance together, has one value"
            )));
        }
        stated.push((axis, position));
    }
    Ok(stated)
}

/// The names of results, with those that `ttft` stands for, or else the usual ones.
///
/// # Errors
/// A name that stands twice, or too many of them.
pub(super) fn expanded(
    names: &[String],
    ttft: &[&str],
    usual: &[&str],
) -> Result<Vec<String>, Failure> {
    let mut all: Vec<String> = Vec::new();
    for name in names {
        match name.as_str() {
            "ttft" => all.extend(ttft.iter().map(|&name| name.to_owned())),
            name => all.push(name.to_owned()),
        }
    }
    if let Some((_, twice)) = all.iter().enumerate().find(|(i, name)| all[..*i].contains(name)) {
        return Err(Failure::usage(format!("--y names `{twice}` twice: keep one")));
    }
    if all.len() > MAX_RESULTS {
        return Err(Failure::usage(format!(
            "--y names {} results: at most {MAX_RESULTS} panels of results fit on a page; name fewer",
            all.len()
        )));
    }
    Ok(if all.is_empty() { usual.iter().map(|&name| name.to_owned()).collect() } else { all })
}
