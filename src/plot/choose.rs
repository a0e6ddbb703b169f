//! Which pictures: those that are asked for, or a sensible set for the axes of a run.

use sweep_engine::plan::Axis;

use super::design::{Design, Subject};
use crate::comparison::{choose_metrics, find_axis};
use crate::failure::Failure;
use crate::io::FinishedRun;
use crate::suggestion::{listed, nearest_or_all};
use crate::view::{Quantity, numbers, quantities, swept};

/// What stands for several results at once.
const TTFT: [&str; 3] = ["pooled_p50_ttft_s", "pooled_p90_ttft_s", "pooled_p99_ttft_s"];
const UTILIZATION: [&str; 3] = ["utilization_prefill", "utilization_decode", "utilization_gpu"];
/// Percentiles of single runs: pairs of runs have differences.
const TTFT_OF_RUNS: [&str; 3] = ["p50_ttft_s", "p90_ttft_s", "p99_ttft_s"];
/// What a heatmap shows, and what curves show that stand for another axis.
const MAIN: &str = "pooled_p99_ttft_s";
/// Most axes beside the first that get pictures of their own.
const MAX_OTHERS: usize = 3;
/// An axis with so many numbers is worth a picture with it to the right, or a heatmap.
const MANY_VALUES: usize = 4;

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
}

/// The pictures of a run.
///
/// # Errors
/// An axis or column that does not exist, an axis that is used twice or has one value, a run without axes.
pub(crate) fn choose(run: &FinishedRun, wishes: &Wishes) -> Result<Vec<Design>, Failure> {
    let chooser = Chooser { run, all: quantities() };
    if chooser.swept().is_empty() {
        return Err(Failure::usage(format!(
            "the run `{}` has no axis of several values, so that no curve can be drawn; the distribution of TTFT can: \
             sweep simulate --dump-ttft ttft.csv, then sweep plot ttft.csv",
            run.name
        )));
    }
    let stated = chooser.stated(&wishes.at)?;
    let is_free = wishes.x.is_none() && wishes.y.is_empty() && wishes.by.is_none();
    let is_free =
        is_free && wishes.facet.is_none() && wishes.of.is_none() && wishes.difference.is_none();
    let designs = if is_free { chooser.sensible() } else { vec![chooser.wished(wishes)?] };
    Ok(designs.into_iter().map(|design| design.hold(run, &stated)).collect())
}

/// P99 against the main axis, a curve for each mode or else for each value of the next axis; `None` without axes.
pub(crate) fn main_curves(run: &FinishedRun) -> Option<Design> {
    let chooser = Chooser { run, all: quantities() };
    let x = chooser.main_axis(&[])?;
    let (mode, others) = chooser.beside(x);
    let subject = Subject::Results(chooser.named(&[MAIN]));
    let by = mode.or(others.first().copied());
    let design = Design { stem: String::new(), x, by, facet: None, held: Vec::new(), subject };
    Some(design.hold(run, &[]))
}

struct Chooser<'a> {
    run: &'a FinishedRun,
    all: Vec<Quantity>,
}

impl Chooser<'_> {
    fn swept(&self) -> Vec<usize> {
        swept(self.run)
    }

    fn column(&self, axis: usize) -> &'static str {
        self.run.axes[axis].key.column
    }

    fn is_numeric(&self, axis: usize) -> bool {
        numbers(self.run, axis).is_some()
    }

    fn values(&self, axis: usize) -> usize {
        self.run.axes[axis].values.len()
    }

    fn mode(&self) -> Option<usize> {
        self.swept().into_iter().find(|&axis| self.column(axis) == "mode")
    }

    fn named(&self, names: &[&str]) -> Vec<Quantity> {
        self.all
            .iter()
            .filter(|quantity| names.contains(&quantity.name.as_str()))
            .cloned()
            .collect()
    }

    /// The axis to the right unless one is wished: the rate, else the numbers or words that are most.
    fn main_axis(&self, taken: &[usize]) -> Option<usize> {
        let swept: Vec<usize> =
            self.swept().into_iter().filter(|axis| !taken.contains(axis)).collect();
        let rate = swept.iter().copied().find(|&axis| self.column(axis) == "rate_per_s");
        let most = |axes: Vec<usize>| axes.into_iter().rev().max_by_key(|&axis| self.values(axis));
        let numeric = swept.iter().copied().filter(|&axis| self.is_numeric(axis)).collect();
        rate.or_else(|| most(numeric)).or_else(|| most(swept))
    }

    /// The axes beside the one to the right: modes, and the others.
    fn beside(&self, x: usize) -> (Option<usize>, Vec<usize>) {
        let mode = self.mode().filter(|&mode| mode != x);
        let is_other = |axis: &usize| *axis != x && Some(*axis) != mode;
        (mode, self.swept().into_iter().filter(is_other).collect())
    }

    /// Pictures for a run of which nothing is said.
    fn sensible(&self) -> Vec<Design> {
        let Some(x) = self.main_axis(&[]) else { return Vec::new() };
        let (mode, others) = self.beside(x);
        let design = |stem: &str, by: Option<usize>, facet: Option<usize>, subject: Subject| {
            Design { stem: stem.to_owned(), x, by, facet, held: Vec::new(), subject }
        };
        let main = || Subject::Results(self.named(&[MAIN]));
        let by = mode.or(others.first().copied());
        let mut designs = vec![design("ttft", by, None, Subject::Results(self.named(&TTFT)))];
        for &other in others.iter().take(MAX_OTHERS) {
            let column = self.run.axes[other].key.column;
            if Some(other) != by {
                designs.push(design(&format!("ttft-by-{column}"), Some(other), mode, main()));
            }
            if self.is_numeric(other) && self.values(other) >= MANY_VALUES {
                let stem = format!("ttft-against-{column}");
                designs.push(Design { x: other, ..design(&stem, Some(x), mode, main()) });
            }
        }
        let utilization = Subject::Utilization(self.named(&UTILIZATION));
        designs.push(design("utilization", None, mode, utilization));
        let is_worth = |axis: usize| self.is_numeric(axis) && self.values(axis) > 2;
        if let Some(&y) = others.iter().find(|&&axis| is_worth(axis) && is_worth(x)) {
            let of = self.named(&[MAIN]).remove(0);
            designs.push(design("heatmap", None, mode, Subject::Tiles { y, of }));
        }
        if let Some(axis) = mode {
            let of = self.named(&TTFT_OF_RUNS);
            let by = others.first().copied();
            designs.push(design("difference", by, None, Subject::Difference { axis, of }));
        }
        let objective = others.iter().copied().find(|&axis| self.column(axis) == "slo_ttft_s");
        designs.push(design(
            "slo",
            by,
            objective,
            Subject::Results(self.named(&["slo_attainment"])),
        ));
        designs
    }

    /// The picture that was asked for.
    fn wished(&self, wishes: &Wishes) -> Result<Design, Failure> {
        let find = |flag: &str, name: &Option<String>| {
            name.as_ref().map(|name| self.several(flag, name)).transpose()
        };
        let by = find("--by", &wishes.by)?;
        let facet = find("--facet", &wishes.facet)?;
        let difference = find("--difference", &wishes.difference)?;
        let x = find("--x", &wishes.x)?;
        let tiles = match wishes.y.as_slice() {
            [name] if self.is_axis(name) => find("--y", &Some(name.clone()))?,
            _ => None,
        };
        let taken: Vec<usize> = [by, facet, difference, tiles].into_iter().flatten().collect();
        let Some(x) = x.or_else(|| self.main_axis(&taken)) else {
            return Err(
                self.cannot("no axis is left for the x axis: drop one of --y, --by, --facet")
            );
        };
        // Modes are what one looks for first.
        let free_mode = self.mode().filter(|mode| *mode != x && !taken.contains(mode));
        let is_utilization = wishes.y == ["utilization"];
        let (by, facet) = match (by, facet) {
            (None, facet) if facet.is_some() && !is_utilization && tiles.is_none() => {
                (free_mode, facet)
            }
            (by, None) if by.is_some() || is_utilization || tiles.is_some() => (by, free_mode),
            (None, None) if difference.is_none() => (free_mode, None),
            given => given,
        };
        let subject = self.subject(wishes, tiles, difference)?;
        let facet = if difference.is_some() { None } else { facet };
        let design = Design { stem: String::new(), x, by, facet, held: Vec::new(), subject };
        self.check(&design, wishes)?;
        Ok(Design { stem: self.stem(&design, wishes), ..design })
    }

    fn subject(
        &self,
        wishes: &Wishes,
        tiles: Option<usize>,
        difference: Option<usize>,
    ) -> Result<Subject, Failure> {
        if let Some(y) = tiles {
            let name = wishes.of.as_deref().unwrap_or(MAIN);
            return Ok(Subject::Tiles { y, of: self.quantity("--of", name)? });
        }
        if let Some(of) = &wishes.of {
            return Err(Failure::usage(format!(
                "--of {of}: it is the colour of a heatmap; give --y an axis, or say --y {of} for curves"
            )));
        }
        let mut names: Vec<&str> = Vec::new();
        for name in &wishes.y {
            match name.as_str() {
                "ttft" if difference.is_some() => names.extend(TTFT_OF_RUNS),
                "ttft" => names.extend(TTFT),
                name => names.push(name),
            }
        }
        if let Some(axis) = difference {
            let names = if names.is_empty() { TTFT_OF_RUNS.to_vec() } else { names };
            let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
            let metrics = choose_metrics("--y", &names)?;
            return Ok(Subject::Difference { axis, of: self.named(&metrics) });
        }
        if names == ["utilization"] {
            return Ok(Subject::Utilization(self.named(&UTILIZATION)));
        }
        let usual: &[&str] = if wishes.facet.is_some() { &[MAIN] } else { &TTFT };
        let names = if names.is_empty() { usual.to_vec() } else { names };
        let found = names.into_iter().map(|name| self.quantity("--y", name));
        Ok(Subject::Results(found.collect::<Result<_, _>>()?))
    }

    /// Axes that are used twice, and flags that go with other subjects.
    fn check(&self, design: &Design, wishes: &Wishes) -> Result<(), Failure> {
        let used = design.axes();
        let together = |a: usize, b: usize| {
            a == b || self.run.zip.iter().any(|group| group.contains(&a) && group.contains(&b))
        };
        for (i, &a) in used.iter().enumerate() {
            if let Some(&b) = used[..i].iter().find(|&&b| together(a, b)) {
                let (a, b) = (self.column(a), self.column(b));
                let why = if a == b {
                    format!("{a} is used twice")
                } else {
                    format!("{a} and {b} advance together, and so are one axis")
                };
                return Err(self.cannot(&format!("{why}: choose different axes")));
            }
        }
        match (&design.subject, &wishes.by, &wishes.facet) {
            (Subject::Utilization(_), Some(by), _) => Err(self.cannot(&format!(
                "--by {by}: utilization has a curve for each pool; say --facet {by}"
            ))),
            (Subject::Tiles { .. }, Some(by), _) => {
                Err(self.cannot(&format!("--by {by}: a heatmap has no curves; say --facet {by}")))
            }
            (Subject::Difference { .. }, _, Some(facet)) => Err(self.cannot(&format!(
                "--facet {facet}: differences have a panel for each result; say --by {facet}"
            ))),
            _ => Ok(()),
        }
    }

    fn stem(&self, design: &Design, wishes: &Wishes) -> String {
        let name = |axis: usize| self.column(axis);
        let mut parts = match &design.subject {
            Subject::Tiles { y, of } => {
                vec![format!("{}-over-{}-and-{}", of.name, name(design.x), name(*y))]
            }
            subject => {
                let what = if wishes.y.is_empty() { "ttft".to_owned() } else { wishes.y.join("-") };
                let what = match subject {
                    Subject::Difference { axis, .. } => {
                        format!("difference-{}-of-{what}", name(*axis))
                    }
                    _ => what,
                };
                vec![format!("{what}-against-{}", name(design.x))]
            }
        };
        parts.extend(design.by.map(|axis| format!("by-{}", name(axis))));
        parts.extend(design.facet.map(|axis| format!("for-{}", name(axis))));
        parts.join("-")
    }

    fn is_axis(&self, name: &str) -> bool {
        find_axis(self.run, "--y", name).is_ok()
    }

    /// An axis with several values.
    fn several(&self, flag: &str, name: &str) -> Result<usize, Failure> {
        let index = find_axis(self.run, flag, name)?;
        let Axis { key, values } = &self.run.axes[index];
        match values.as_slice() {
            [value] => Err(self.cannot(&format!(
                "{flag} {name}: the run `{}` has one value of {}, {value}",
                self.run.name, key.column
            ))),
            _ => Ok(index),
        }
    }

    fn quantity(&self, flag: &str, name: &str) -> Result<Quantity, Failure> {
        let found = self.all.iter().find(|quantity| quantity.name == name).cloned();
        found.ok_or_else(|| {
            let axes = self.run.axes.iter().map(|axis| axis.key.column);
            let known = ["ttft", "utilization"].into_iter();
            let results = self.all.iter().map(|quantity| quantity.name.as_str());
            let hint = nearest_or_all(name, known.chain(axes).chain(results));
            Failure::usage(format!(
                "{flag} {name}: it is neither a number of `cells` nor an axis; {hint}"
            ))
        })
    }

    /// `--at AXIS=VALUE`, as indices.
    fn stated(&self, texts: &[String]) -> Result<Vec<(usize, u32)>, Failure> {
        let mut stated = Vec::with_capacity(texts.len());
        for text in texts {
            let Some((name, value)) = text.split_once('=') else {
                return Err(Failure::usage(format!(
                    "--at {text}: write it as AXIS=VALUE, such as prefill=8000"
                )));
            };
            let index = find_axis(self.run, "--at", name)?;
            let Axis { key, values } = &self.run.axes[index];
            let parsed = key.kind.parse(value).ok();
            let position = values.iter().position(|known| Some(known) == parsed.as_ref());
            let Some(position) = position.and_then(|position| u32::try_from(position).ok()) else {
                let known: Vec<String> = values.iter().map(ToString::to_string).collect();
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                return Err(Failure::usage(format!(
                    "--at {text}: the run `{}` has no such value; choose from {}",
                    self.run.name,
                    listed(&known)
                )));
            };
            stated.push((index, position));
        }
        Ok(stated)
    }

    /// An error that also says which pictures the axes give.
    fn cannot(&self, why: &str) -> Failure {
        let axes: Vec<&str> = self.swept().into_iter().map(|axis| self.column(axis)).collect();
        // Attainment needs an objective, of which axes say nothing.
        let stems = self.sensible().into_iter().map(|design| design.stem);
        let pictures: Vec<String> = stems.filter(|stem| stem != "slo").collect();
        Failure::usage(format!(
            "{why}; axes with several values: {}; pictures without flags: {}",
            axes.join(", "),
            pictures.join(", ")
        ))
    }
}
