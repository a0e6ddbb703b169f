//! From files and flags to a sweep: flags override what files say. Loads the traces it names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sweep_engine::plan::{Limits, Plan, plan};
use sweep_engine::random::Seeding;
use sweep_engine::scenario::Traces;
use sweep_engine::spec::{
    AxisSpec, AxisValues, Key, Kind, Rank, ScenarioSpec, SweepSpec, Value, parse_list,
};

use crate::cli::{FormatArg, LimitArgs, PrecisionArgs, RunArgs, ScenarioArgs, SeedingArg};
use crate::failure::Failure;
use crate::io::{Base, OutputSpec, TableFormat, read_scenario, read_sweep, read_trace};
use crate::schema::{AROUND_ZERO, OF_OBJECTIVE, names_with_intervals, unknown_result};

/// A sweep with everything that it takes to run it.
pub(crate) struct Assembled {
    pub(crate) spec: SweepSpec,
    pub(crate) plan: Plan,
    pub(crate) traces: Traces,
    pub(crate) folders: TraceFolders,
    pub(crate) output: Output,
}

/// Where tables go.
pub(crate) struct Output {
    /// As stated; otherwise the run is named after the plan.
    pub(crate) name: Option<String>,
    pub(crate) out: PathBuf,
    pub(crate) format: TableFormat,
}

/// What flags say of the scenario, in the order in which it is applied.
#[derive(Default)]
struct Overrides(Vec<(&'static Key, String)>);

/// Traces by the path as written, with the folder that a relative path starts from: the folder of
/// the file that names it, or the current one for flags.
#[derive(Default)]
pub(crate) struct TraceFolders(BTreeMap<String, PathBuf>);

/// Reads files, applies flags, loads traces and plans.
pub(crate) fn sweep(file: Option<&Path>, args: &RunArgs) -> Result<Assembled, Failure> {
    let mut folders = TraceFolders::default();
    let (mut spec, output) = sweep_from_file(file, &mut folders)?;
    if let Some(config) = &args.scenario.config {
        spec.base = read_scenario(config)?;
        folders.add(spec.base.trace_paths(), &folder_of(config));
    }
    let overrides = Overrides::of_sweep(args)?;
    for (key, text) in &overrides.0 {
        override_key(&mut spec, key, text, &mut folders)?;
    }
    if let Some(replications) = args.replications {
        spec.replications = replications;
    }
    if let Some(seeding) = args.seeding {
        spec.seeding = seeding.into();
    }
    spec.confidence = args.confidence.or(spec.confidence);
    override_precision(&mut spec, &args.precision)?;
    spec.add_default_modes();
    let traces = folders.load(spec.trace_paths().iter().map(String::as_str))?;
    let plan = plan(&spec, &traces, limits(&args.limits))?;
    overrides.check_meaning(&plan)?;
    check_precise_results(&plan)?;
    let output = Output::merge(file, output, args)?;
    Ok(Assembled { spec, plan, traces, folders, output })
}

/// A single scenario: a file and flags with one value each.
pub(crate) fn scenario(
    mode: Option<&str>,
    args: &ScenarioArgs,
) -> Result<(ScenarioSpec, Traces), Failure> {
    let mut folders = TraceFolders::default();
    let mut spec = ScenarioSpec::default();
    if let Some(config) = &args.config {
        spec = read_scenario(config)?;
        folders.add(spec.trace_paths(), &folder_of(config));
    }
    let mut overrides = Overrides::default();
    overrides.add_named("mode", mode)?;
    overrides.add_scenario(args)?;
    overrides.sort();
    for (key, text) in &overrides.0 {
        let [value] = values(key, text)?.try_into().map_err(|values: Vec<_>| {
            Failure::usage(format!(
                "`{}` has {} values: a single simulation takes one; sweeps take lists",
                key.path,
                values.len()
            ))
        })?;
        folders.add_value(key, &value);
        (key.set)(&mut spec, &value);
    }
    if let Some((key, _)) = overrides.0.iter().find(|(key, _)| !(key.applies)(&spec)) {
        return Err(no_meaning(key, "this scenario"));
    }
    let traces = folders.load(spec.trace_paths())?;
    Ok((spec, traces))
}

fn sweep_from_file(
    file: Option<&Path>,
    folders: &mut TraceFolders,
) -> Result<(SweepSpec, OutputSpec), Failure> {
    let mut parsed = file.map(read_sweep).transpose()?.unwrap_or_default();
    let folder = file.map_or_else(PathBuf::new, folder_of);
    let base = match std::mem::take(&mut parsed.base) {
        Base::Inline(scenario) => {
            folders.add(scenario.trace_paths(), &folder);
            *scenario
        }
        Base::Path(path) => {
            let path = folder.join(path);
            let scenario = read_scenario(&path)?;
            folders.add(scenario.trace_paths(), &folder_of(&path));
            scenario
        }
    };
    let (spec, output) = parsed.into_sweep(base);
    let in_axes = spec.trace_paths();
    folders.add_new(&in_axes, &folder);
    Ok((spec, output))
}

/// `--of` and `--max-replications` say how; `--precision` or the file says that there is one.
fn override_precision(spec: &mut SweepSpec, args: &PrecisionArgs) -> Result<(), Failure> {
    let PrecisionArgs { precision, of, max_replications } = args;
    if spec.precision.is_none() && precision.is_none() {
        let idle = [("--of", of.is_some()), ("--max-replications", max_replications.is_some())];
        return match idle.iter().find(|(_, is_stated)| *is_stated) {
            Some((flag, _)) => Err(Failure::usage(format!(
                "`{flag}` means nothing without a wanted precision: add --precision 0.05"
            ))),
            None => Ok(()),
        };
    }
    let stated = spec.precision.get_or_insert_default();
    stated.relative = precision.or(stated.relative);
    let of = of.as_ref().map(|names| names.iter().map(|name| name.trim().to_owned()).collect());
    stated.of = of.or(stated.of.take());
    stated.max_replications = max_replications.or(stated.max_replications);
    Ok(())
}

/// Results that must be precise are columns with intervals, and one that needs an objective has it.
fn check_precise_results(plan: &Plan) -> Result<(), Failure> {
    let Some(precision) = &plan.precision else { return Ok(()) };
    let has_objective = plan.cells.iter().any(|cell| cell.scenario.slo_ttft_s.is_some());
    for name in &precision.of {
        if !names_with_intervals().any(|known| known == name) {
            return Err(unknown_result(name));
        }
        if AROUND_ZERO.contains(&name.as_str()) {
            return Err(Failure::usage(format!(
                "--of {name}: it lies around 0, where no relative precision is ever reached; name another result"
            )));
        }
        if OF_OBJECTIVE.contains(&name.as_str()) && !has_objective {
            return Err(Failure::usage(format!(
                "`{name}` needs an objective: add --slo ttft_s=0.5, or drop it from --of"
            )));
        }
    }
    Ok(())
}

/// One value sets a key of the base and ends its axis; several values become its axis, at the place
/// of the axis that they replace.
fn override_key(
    spec: &mut SweepSpec,
    key: &'static Key,
    text: &str,
    folders: &mut TraceFolders,
) -> Result<(), Failure> {
    let values = values(key, text)?;
    for value in &values {
        folders.add_value(key, value);
    }
    check_covers(spec, key)?;
    let replaced = spec
        .axes
        .iter()
        .position(|axis| Key::find(&axis.name).is_some_and(|known| known.overlaps(key)));
    spec.axes.retain(|axis| !Key::find(&axis.name).is_some_and(|known| known.overlaps(key)));
    if let [value] = values.as_slice() {
        (key.set)(&mut spec.base, value);
        unzip(spec, key);
    } else {
        let place = replaced.unwrap_or(spec.axes.len()).min(spec.axes.len());
        let values = AxisValues::Text(text.to_owned());
        spec.axes.insert(place, AxisSpec { name: key.path.to_owned(), values });
    }
    Ok(())
}

/// A flag for one cluster cannot replace an axis of both.
fn check_covers(spec: &SweepSpec, key: &Key) -> Result<(), Failure> {
    let both = spec
        .axes
        .iter()
        .filter_map(|axis| Key::find(&axis.name))
        .find(|axis| axis.path == axis.column && axis.path != key.path && axis.overlaps(key));
    match both {
        Some(axis) => Err(Failure::usage(format!(
            "`{}` is set for one cluster, but the axis `{}` sets it for both: override that axis, or \
             replace it in the file by one axis per cluster",
            key.path, axis.path
        ))),
        None => Ok(()),
    }
}

/// A key that is no axis any more advances with no other.
fn unzip(spec: &mut SweepSpec, key: &Key) {
    for group in &mut spec.zip {
        group.retain(|name| !Key::find(name).is_some_and(|known| known.overlaps(key)));
    }
    spec.zip.retain(|group| group.len() > 1);
}

fn values(key: &Key, text: &str) -> Result<Vec<Value>, Failure> {
    parse_list(text, key.kind).map_err(|error| Failure::usage(format!("`{}`: {error}", key.path)))
}

fn limits(args: &LimitArgs) -> Limits {
    let defaults = Limits::default();
    Limits {
        jobs: args.max_jobs.unwrap_or(defaults.jobs),
        requests_per_job: args.max_requests.unwrap_or(defaults.requests_per_job),
        requests_per_chunk: args.chunk_requests.unwrap_or(defaults.requests_per_chunk),
        ..defaults
    }
}

fn no_meaning(key: &Key, place: &str) -> Failure {
    Failure::usage(format!("`{}` means nothing in {place}: {}", key.path, key.meaning))
}

impl Overrides {
    fn of_sweep(args: &RunArgs) -> Result<Self, Failure> {
        let mut overrides = Self::default();
        overrides.add_named("rates", args.axes.rates.as_deref())?;
        overrides.add_named("prefill", args.axes.prefill.as_deref())?;
        overrides.add_named("modes", args.axes.modes.as_deref())?;
        overrides.add_scenario(&args.scenario)?;
        overrides.check_distinct()?;
        overrides.sort();
        Ok(overrides)
    }

    fn add_scenario(&mut self, args: &ScenarioArgs) -> Result<(), Failure> {
        self.add_named("sim_seconds", args.sim_seconds.as_deref())?;
        self.add_named("warmup_seconds", args.warmup_seconds.as_deref())?;
        self.add_named("random_seed", args.seed.as_deref())?;
        self.add_named("observe", args.observe.as_deref())?;
        self.add_objectives(&args.slo)?;
        for setting in &args.set {
            let (name, text) = setting.split_once('=').ok_or_else(|| {
                Failure::usage(format!(
                    "`--set {setting}`: write PATH=VALUE, for example --set arrival.rate_per_s=2"
                ))
            })?;
            self.add_named(name.trim(), Some(text))?;
        }
        self.check_distinct()
    }

    /// Several objectives are values of one axis.
    fn add_objectives(&mut self, objectives: &[String]) -> Result<(), Failure> {
        let values = objectives
            .iter()
            .map(|objective| match objective.split_once('=') {
                Some((name, values)) if name.trim() == "ttft_s" => Ok(values),
                _ => Err(Failure::usage(format!(
                    "`--slo {objective}`: write --slo ttft_s=SECONDS, for example --slo ttft_s=0.5"
                ))),
            })
            .collect::<Result<Vec<_>, _>>()?;
        let list = values.join(",");
        self.add_named("slo.ttft_s", (!values.is_empty()).then_some(list.as_str()))
    }

    fn add_named(&mut self, name: &str, text: Option<&str>) -> Result<(), Failure> {
        let Some(text) = text else { return Ok(()) };
        let key = Key::find(name).ok_or_else(|| {
            let hint = Key::nearest(name).map_or_else(
                || "`sweep columns --keys` lists all keys".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            Failure::usage(format!("unknown key `{name}`: {hint}"))
        })?;
        self.0.push((key, text.to_owned()));
        Ok(())
    }

    /// Two flags for one key would leave open which one counts.
    fn check_distinct(&self) -> Result<(), Failure> {
        for (i, (key, _)) in self.0.iter().enumerate() {
            if let Some((other, _)) = self.0[..i].iter().find(|(other, _)| other.overlaps(key)) {
                let names = if other.path == key.path {
                    format!("`{}`", key.path)
                } else {
                    format!("`{}` and `{}`, which are the same parameter", other.path, key.path)
                };
                return Err(Failure::usage(format!("two flags set {names}: keep one")));
            }
        }
        Ok(())
    }

    /// Single values of keys that decide over the meaning of others go first, as in the expansion
    /// of a plan. Lists keep their order: it becomes that of the axes.
    fn sort(&mut self) {
        self.0.sort_by_key(|(key, text)| if is_list(key, text) { Rank::Value } else { key.rank });
    }

    /// A flag that changes nothing is a mistake of the user's.
    fn check_meaning(&self, plan: &Plan) -> Result<(), Failure> {
        for (key, _) in &self.0 {
            if !plan.cells.iter().any(|cell| (key.applies)(&plan.cell_spec(cell))) {
                return Err(no_meaning(key, "any cell of this sweep"));
            }
        }
        Ok(())
    }
}

fn is_list(key: &Key, text: &str) -> bool {
    parse_list(text, key.kind).is_ok_and(|values| values.len() > 1)
}

impl TraceFolders {
    fn add<'a>(&mut self, paths: impl Iterator<Item = &'a str>, folder: &Path) {
        for path in paths {
            self.0.insert(path.to_owned(), folder.to_owned());
        }
    }

    /// Leaves paths alone that another file names, too.
    fn add_new(&mut self, paths: &[String], folder: &Path) {
        for path in paths {
            self.0.entry(path.clone()).or_insert_with(|| folder.to_owned());
        }
    }

    fn add_value(&mut self, key: &Key, value: &Value) {
        if key.kind == Kind::Path {
            self.0.insert(value.to_string(), PathBuf::new());
        }
    }

    /// The file of a path as written, seen from the current folder.
    pub(crate) fn file_of(&self, path: &str) -> PathBuf {
        self.0.get(path).map_or_else(|| PathBuf::from(path), |folder| folder.join(path))
    }

    fn load<'a>(&self, paths: impl Iterator<Item = &'a str>) -> Result<Traces, Failure> {
        let mut traces = Traces::default();
        for path in paths {
            if traces.get(path).is_none() {
                traces.insert(path, read_trace(&self.file_of(path))?);
            }
        }
        Ok(traces)
    }
}

fn folder_of(file: &Path) -> PathBuf {
    file.parent().map(Path::to_owned).unwrap_or_default()
}

impl Output {
    /// Flags before the file, the file before defaults.
    fn merge(file: Option<&Path>, stated: OutputSpec, args: &RunArgs) -> Result<Self, Failure> {
        let stem =
            || file.and_then(Path::file_stem).map(|stem| stem.to_string_lossy().into_owned());
        let name = args.name.clone().or(stated.name).or_else(stem);
        if let Some(name) = &name {
            check_name(name)?;
        }
        let format = args.format.map(TableFormat::from).or(stated.format).unwrap_or_default();
        let out = args.out.clone().or(stated.out).unwrap_or_else(|| PathBuf::from("results"));
        Ok(Self { name, out, format })
    }
}

/// A name becomes a folder beside other runs.
pub(crate) fn check_name(name: &str) -> Result<(), Failure> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if name.is_empty() || name.starts_with('.') || !name.chars().all(is_plain) {
        return Err(Failure::usage(format!(
            "the run name `{name}` must be letters, digits, `.`, `_` and `-`, not starting with `.`: \
             set --name; --out chooses the folder"
        )));
    }
    if name == "latest" {
        return Err(Failure::usage(
            "the run name `latest` is reserved for the link to the newest run: choose another",
        ));
    }
    Ok(())
}

impl From<FormatArg> for TableFormat {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Parquet => Self::Parquet,
            FormatArg::Csv => Self::Csv,
        }
    }
}

impl From<SeedingArg> for Seeding {
    fn from(seeding: SeedingArg) -> Self {
        match seeding {
            SeedingArg::Common => Self::Common,
            SeedingArg::Independent => Self::Independent,
        }
    }
}
