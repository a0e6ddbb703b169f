//! Which pictures: those that are asked for, or a sensible set for the axes of a run.

use sweep_engine::plan::Axis;

use super::design::{Design, LogAxes, Subject};
use super::stem::{file_stem, log_parts};
use super::wishes::{Wishes, expanded, stated};
use crate::comparison::{choose_metrics, find_axis};
use crate::failure::Failure;
use crate::io::FinishedRun;
use crate::schema::documentation;
use crate::suggestion::nearest;
use crate::view::{Quantity, leader, named, numbers, quantities, swept};

/// What stands for several results at once.
const TTFT: [&str; 3] = ["pooled_p50_ttft_s", "pooled_p90_ttft_s", "pooled_p99_ttft_s"];
const UTILIZATION: &str = "utilization";
/// Percentiles of single runs: pairs of runs have differences.
const TTFT_OF_RUNS: [&str; 3] = ["p50_ttft_s", "p90_ttft_s", "p99_ttft_s"];
/// What a heatmap shows, and what curves show that stand for another axis.
const MAIN: &str = "pooled_p99_ttft_s";
/// Most axes beside the first that get pictures of their own.
const MAX_OTHERS: usize = 3;
/// An axis with so many numbers is worth a picture with it to the right, or a heatmap.
const MANY_VALUES: usize = 4;

/// The pictures of a run.
///
/// # Errors
/// An axis or column that does not exist, an axis that is used twice or has one value, a run without axes.
pub(crate) fn choose(run: &FinishedRun, wishes: &Wishes) -> Result<Vec<Design>, Failure> {
    if swept(run).is_empty() {
        return Err(Failure::usage(format!(
            "the run `{}` has no axis of several values, so that no curve can be drawn; the distribution of TTFT can: \
             sweep simulate --dump-ttft ttft.csv, then sweep plot ttft.csv",
            run.name
        )));
    }
    let stated = stated(run, &wishes.at)?;
    let chooser = Chooser { run, stated: &stated };
    if chooser.free().is_empty() {
        return Err(Failure::usage(
            "--at holds every axis of several values: leave one to be shown",
        ));
    }
    let designs = if wishes.is_free() { chooser.sensible() } else { vec![chooser.wished(wishes)?] };
    for (&(axis, _), text) in stated.iter().zip(&wishes.at) {
        if designs.iter().all(|design| design.shows(run, axis)) {
            return Err(chooser.cannot(&format!(
                "--at {text}: all values of {} are shown; name an axis that is not",
                chooser.column(axis)
            )));
        }
    }
    let finished = |design: Design| {
        let at = stated.iter().filter(|(axis, _)| !design.shows(run, *axis));
        let at = at.map(|&(axis, value)| {
            let Axis { key, values } = &run.axes[axis];
            format!("at-{}-{}", key.column, values[value as usize])
        });
        let stem =
            file_stem([design.stem.clone()].into_iter().chain(at).chain(log_parts(wishes.log)));
        Design { stem, log: wishes.log, ..design.hold(run, &stated) }
    };
    Ok(designs.into_iter().map(finished).collect())
}

/// Axes that were asked for by name.
struct Places {
    x: usize,
    by: Option<usize>,
    facet: Option<usize>,
    /// The axis of modes, if nothing else is done with it: modes are what one looks for first.
    mode: Option<usize>,
}

impl Places {
    fn design(&self, by: Option<usize>, facet: Option<usize>, subject: Subject) -> Design {
        let (stem, held, log) = (String::new(), Vec::new(), LogAxes::default());
        Design { stem, x: self.x, by, facet, held, subject, log }
    }
}

/// P99 against the main axis, a curve for each mode or else for each value of the next axis; `None` without axes.
pub(crate) fn main_curves(run: &FinishedRun) -> Option<Design> {
    let chooser = Chooser { run, stated: &[] };
    let (_, axes) = chooser.objectives_and_others();
    let x = chooser.main_axis(&axes)?;
    let mode = chooser.mode().filter(|&mode| mode != x);
    let by = mode.or_else(|| axes.into_iter().find(|&axis| axis != x));
    let places = Places { x, by: None, facet: None, mode };
    Some(places.design(by, None, Subject::Results(named(&[MAIN]))).hold(run, &[]))
}

struct Chooser<'a> {
    run: &'a FinishedRun,
    /// Axes that are held at a value, with its index.
    stated: &'a [(usize, u32)],
}

impl Chooser<'_> {
    /// Axes that may be shown without being asked for.
    fn free(&self) -> Vec<usize> {
        let is_stated = |axis: &usize| self.stated.iter().any(|(held, _)| held == axis);
        swept(self.run).into_iter().filter(|axis| !is_stated(axis)).collect()
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
        self.free().into_iter().find(|&axis| self.column(axis) == "mode")
    }

    /// Of some axes the one to the right unless one is wished: the rate, else the numbers or words that are most.
    fn main_axis(&self, axes: &[usize]) -> Option<usize> {
        let rate = axes.iter().copied().find(|&axis| self.column(axis) == "rate_per_s");
        let most = |axes: Vec<usize>| axes.into_iter().rev().max_by_key(|&axis| self.values(axis));
        let numeric = axes.iter().copied().filter(|&axis| self.is_numeric(axis)).collect();
        rate.or_else(|| most(numeric)).or_else(|| most(axes.to_vec()))
    }

    fn objectives_and_others(&self) -> (Vec<usize>, Vec<usize>) {
        let is_objective = |axis: &usize| self.run.axes[*axis].key.path.starts_with("slo.");
        self.free().into_iter().partition(is_objective)
    }

    /// Pictures for a run of which nothing is said. Objectives change nothing but attainment.
    fn sensible(&self) -> Vec<Design> {
        let (objectives, axes) = self.objectives_and_others();
        let attainment = || Subject::Results(named(&["slo_attainment"]));
        let mode = self.mode();
        let Some(x) = self.main_axis(&axes) else {
            let places = objectives.first().map(|&x| Places { x, by: None, facet: None, mode });
            let design = places.map(|places| places.design(None, None, attainment()));
            return design
                .map(|design| Design { stem: "slo".to_owned(), ..design })
                .into_iter()
                .collect();
        };
        let mode = mode.filter(|&mode| mode != x);
        let others: Vec<usize> =
            axes.into_iter().filter(|&axis| axis != x && Some(axis) != mode).collect();
        let places = Places { x, by: None, facet: None, mode };
        let design = |stem: &str, by: Option<usize>, facet: Option<usize>, subject: Subject| {
            Design { stem: stem.to_owned(), ..places.design(by, facet, subject) }
        };
        let main = || Subject::Results(named(&[MAIN]));
        let by = mode.or(others.first().copied());
        let mut designs = vec![design("ttft", by, None, Subject::Results(named(&TTFT)))];
        for &other in others.iter().take(MAX_OTHERS) {
            let column = self.column(other);
            if Some(other) != by {
                designs.push(design(&format!("ttft-by-{column}"), Some(other), mode, main()));
            }
            if self.is_numeric(other) && self.values(other) >= MANY_VALUES {
                let stem = format!("ttft-against-{column}");
                designs.push(Design { x: other, ..design(&stem, Some(x), mode, main()) });
            }
        }
        designs.push(design(UTILIZATION, None, mode, Subject::Utilization));
        let is_worth = |axis: usize| self.is_numeric(axis) && self.values(axis) > 2;
        if let Some(&y) = others.iter().find(|&&axis| is_worth(axis) && is_worth(x)) {
            let of = named(&[MAIN]).remove(0);
            designs.push(design("heatmap", None, mode, Subject::Tiles { y, of }));
        }
        if let Some(axis) = mode {
            let metrics = TTFT_OF_RUNS.to_vec();
            let by = others.first().copied();
            designs.push(design("difference", by, None, Subject::Difference { axis, metrics }));
        }
        designs.push(design("slo", by, objectives.first().copied(), attainment()));
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
        let taken: Vec<usize> = [by, facet, difference, tiles, x].into_iter().flatten().collect();
        let is_taken = |axis: usize| taken.iter().any(|&taken| leader(self.run, taken) == axis);
        let free: Vec<usize> = self.free().into_iter().filter(|&axis| !is_taken(axis)).collect();
        let Some(x) = x.or_else(|| self.main_axis(&free)) else {
            return Err(
                self.cannot("no axis is left for the x axis: drop one of --y, --by, --facet")
            );
        };
        let mode = self.mode().filter(|&mode| mode != x && !is_taken(mode));
        let places = Places { x, by, facet, mode };
        let design = match (tiles, difference) {
            (Some(y), None) => self.tiles(wishes, y, &places),
            (None, Some(axis)) => self.difference(wishes, axis, &places),
            (None, None) if wishes.y == [UTILIZATION] => self.utilization(wishes, &places),
            (None, None) => self.results(wishes, &places),
            (Some(_), Some(_)) => Err(self.cannot(&format!(
                "--y {}: a heatmap has no differences; give --y results, such as mean_ttft_s, and --by {0}",
                wishes.y[0]
            ))),
        }?;
        self.check_distinct(&design)?;
        Ok(Design { stem: self.stem(&design, wishes), ..design })
    }

    fn tiles(&self, wishes: &Wishes, y: usize, places: &Places) -> Result<Design, Failure> {
        if let Some(by) = &wishes.by {
            return Err(
                self.cannot(&format!("--by {by}: a heatmap has no curves; say --facet {by}"))
            );
        }
        if wishes.log.x == Some(true) {
            return Err(Failure::usage(
                "--log x: a heatmap has a column for each value; --log y is for its colours",
            ));
        }
        let of = self.quantity("--of", wishes.of.as_deref().unwrap_or(MAIN))?;
        Ok(places.design(None, places.facet.or(places.mode), Subject::Tiles { y, of }))
    }

    fn difference(&self, wishes: &Wishes, axis: usize, places: &Places) -> Result<Design, Failure> {
        wishes.refuse_colour()?;
        if let Some(facet) = &wishes.facet {
            return Err(self.cannot(&format!(
                "--facet {facet}: differences have a panel for each result; say --by {facet}"
            )));
        }
        let metrics = choose_metrics("--y", &expanded(&wishes.y, &TTFT_OF_RUNS, &TTFT_OF_RUNS)?)?;
        Ok(places.design(places.by.or(places.mode), None, Subject::Difference { axis, metrics }))
    }

    fn utilization(&self, wishes: &Wishes, places: &Places) -> Result<Design, Failure> {
        wishes.refuse_colour()?;
        if let Some(by) = &wishes.by {
            return Err(self.cannot(&format!(
                "--by {by}: utilization has a curve for each pool; say --facet {by}"
            )));
        }
        Ok(places.design(None, places.facet.or(places.mode), Subject::Utilization))
    }

    fn results(&self, wishes: &Wishes, places: &Places) -> Result<Design, Failure> {
        wishes.refuse_colour()?;
        let usual: &[&str] = if wishes.facet.is_some() { &[MAIN] } else { &TTFT };
        let names = expanded(&wishes.y, &TTFT, usual)?;
        let found = names.iter().map(|name| self.quantity("--y", name));
        let subject = Subject::Results(found.collect::<Result<_, _>>()?);
        let (by, facet) = match (places.by, places.facet) {
            (None, facet) => (places.mode, facet),
            (by, None) => (by, places.mode),
            both => both,
        };
        Ok(places.design(by, facet, subject))
    }

    /// No axis stands in two places, and no two that advance together.
    fn check_distinct(&self, design: &Design) -> Result<(), Failure> {
        let used = design.axes();
        for (i, &a) in used.iter().enumerate() {
            if let Some(&b) =
                used[..i].iter().find(|&&b| leader(self.run, a) == leader(self.run, b))
            {
                let (a, b) = (self.column(a), self.column(b));
                let why = if a == b {
                    format!("{a} is used twice")
                } else {
                    format!("{a} and {b} advance together, and so are one axis")
                };
                return Err(self.cannot(&format!("{why}: choose different axes")));
            }
        }
        Ok(())
    }

    fn stem(&self, design: &Design, wishes: &Wishes) -> String {
        let name = |axis: usize| self.column(axis);
        let x = name(design.x);
        let what = if wishes.y.is_empty() { "ttft".to_owned() } else { wishes.y.join("-") };
        let what = match &design.subject {
            Subject::Tiles { y, of } => format!("{}-over-{x}-and-{}", of.name, name(*y)),
            Subject::Difference { axis, .. } => {
                format!("difference-{}-of-{what}-against-{x}", name(*axis))
            }
            Subject::Results(_) | Subject::Utilization => format!("{what}-against-{x}"),
        };
        let by = design.by.map(|axis| format!("-by-{}", name(axis))).unwrap_or_default();
        let facet = design.facet.map(|axis| format!("-for-{}", name(axis))).unwrap_or_default();
        format!("{what}{by}{facet}")
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

    /// A result by the name of its column.
    fn quantity(&self, flag: &str, name: &str) -> Result<Quantity, Failure> {
        let all = quantities();
        if let Some(found) = all.iter().find(|quantity| quantity.name == name) {
            return Ok(found.clone());
        }
        let is_of_curves = flag == "--y";
        let why = if name == UTILIZATION && is_of_curves {
            "it goes alone, with a curve for each pool; beside others name a pool, as utilization_gpu".to_owned()
        } else if self.is_axis(name) {
            format!("it is an axis: for a heatmap say --y {name} alone, with one result as --of")
        } else if documentation(None).iter().any(|doc| doc.name == name && doc.is_in("cells")) {
            "it is no measured result; `sweep columns` lists them (type f64)".to_owned()
        } else {
            let words = [UTILIZATION, "ttft"].into_iter().filter(|_| is_of_curves);
            let axes =
                swept(self.run).into_iter().map(|axis| self.column(axis)).filter(|_| is_of_curves);
            let results = all.iter().map(|quantity| quantity.name.as_str());
            let hint = match nearest(name, words.chain(axes).chain(results)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`sweep columns` lists them".to_owned(),
            };
            let nor = if is_of_curves { ", nor an axis of this run" } else { "" };
            format!("it is no result in `cells`{nor}; {hint}")
        };
        Err(Failure::usage(format!("{flag} {name}: {why}")))
    }

    /// An error that also says which pictures the axes give.
    fn cannot(&self, why: &str) -> Failure {
        let axes: Vec<&str> = swept(self.run).into_iter().map(|axis| self.column(axis)).collect();
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
