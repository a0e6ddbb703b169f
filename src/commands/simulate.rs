//! `sweep simulate`: one scenario, once, as JSON.

use std::io::Write;
use std::path::{Path, PathBuf};

use polars::prelude::DataFrame;
use serde::ser::{Serialize, SerializeMap, Serializer};
use sweep_engine::model::{Job, Sample, Scratch, Summary, simulate_in_batches};
use sweep_engine::plan::{Limits, confidence, stream_key};
use sweep_engine::random::STREAM_VERSION;
use sweep_engine::scenario::{
    Defaults, MomentsCache, OfferedLoad, ScenarioEcho, Traces, lower, with_defaults,
};
use sweep_engine::spec::{ScenarioSpec, Warmup};
use sweep_engine::statistics::Estimate;
use sweep_engine::warmup::{Finding, PILOTS, detect};

use crate::aggregate::quantile_method;
use crate::assemble;
use crate::cli::SimulateArgs;
use crate::failure::Failure;
use crate::frame::{samples_frame, write_csv, write_parquet};
use crate::intervals::{Intervals, Levels};
use crate::report;
use crate::schema::{Field, METRICS, half_width_name};
use crate::signals::Interrupt;
use crate::store::{check_output, replace_file};

/// Said where half widths are null.
const NO_INTERVALS: &str = "no intervals: the run is too short for batches that are independent (2,000 samples, 200 \
    relaxation times, no correlation left); lengthen --sim-seconds, or run several --replications with `sweep run`";

/// What is printed.
#[derive(serde::Serialize)]
struct Printed {
    /// The scenario with its defaults: a valid scenario file.
    scenario: ScenarioSpec,
    /// What it means: distributions in both spaces, exact moments of the token counts.
    resolved: ScenarioEcho,
    /// How `auto` found `warmup_seconds`.
    #[serde(skip_serializing_if = "Option::is_none")]
    warmup: Option<WarmupEcho>,
    replication: u32,
    stream_version: u32,
    offered_load: Load,
    quantile_method: &'static str,
    /// Null where the run is too short for intervals.
    ci_method: Option<&'static str>,
    results: NamedResults,
}

#[derive(serde::Serialize)]
struct WarmupEcho {
    finding: Finding,
    pilots: u32,
}

/// The results of the run as an object, in table order, each with the half width of its interval;
/// null where nothing is known.
struct NamedResults {
    summary: Summary,
    estimates: Vec<Option<Estimate>>,
    level: f64,
}

impl Serialize for NamedResults {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (metric, estimate) in METRICS.iter().zip(&self.estimates) {
            match metric.field {
                Field::U64(count) => map.serialize_entry(metric.name, &count(&self.summary))?,
                _ => map.serialize_entry(metric.name, &metric.number(&self.summary))?,
            }
            if metric.has_half_width() {
                let half_width = estimate.and_then(|estimate| estimate.half_width);
                map.serialize_entry(&half_width_name(metric.name, self.level), &half_width)?;
            }
        }
        map.end()
    }
}

#[derive(serde::Serialize)]
struct Load {
    prefill: Option<f64>,
    decode: Option<f64>,
    gpu: Option<f64>,
    bottleneck: &'static str,
    saturated: bool,
}

pub(super) fn simulate(args: &SimulateArgs) -> Result<(), Failure> {
    let level = confidence(args.confidence)?;
    let (spec, traces) = assemble::scenario(args.mode.as_deref(), &args.scenario)?;
    let interrupt = Interrupt::install()?;
    simulate_scenario(args, level, spec, &traces, &interrupt)
        .map_err(|failure| interrupt.explain(failure, "nothing was written"))
}

fn simulate_scenario(
    args: &SimulateArgs,
    level: f64,
    mut spec: ScenarioSpec,
    traces: &Traces,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    let mut scenario = lower(&spec, Defaults::SIMULATE, traces)?;
    let load = OfferedLoad::of(&scenario, &mut MomentsCache::default());
    let dump = args.dump_ttft.as_deref().map(Dump::prepare).transpose()?;
    let key = stream_key(&scenario, args.seeding.map(Into::into).unwrap_or_default());
    let mut warmup = None;
    if spec.warmup_seconds == Some(Warmup::Auto) {
        let point = detect(&scenario, &load, &key, &mut Scratch::default(), interrupt)
            .map_err(|_| Failure::Interrupted)?;
        report::warn_of_warmup(&point);
        scenario.warmup_seconds = point.warmup_seconds;
        // What is printed gives the same result again.
        spec.warmup_seconds = Some(Warmup::Seconds(point.warmup_seconds));
        warmup = Some(WarmupEcho { finding: point.finding, pilots: PILOTS });
    }
    let job = Job {
        scenario: &scenario,
        key,
        replication: args.replication,
        max_requests: args.max_requests.unwrap_or(Limits::default().requests_per_job),
    };
    let mut samples = Vec::new();
    let simulated = simulate_in_batches(&job, &mut Scratch::default(), interrupt, |sample| {
        if dump.is_some() {
            samples.push(sample);
        }
    });
    let (summary, batches) = simulated.map_err(|error| {
        if interrupt.is_set() { Failure::Interrupted } else { Failure::Simulation(error) }
    })?;
    if let Some(dump) = dump {
        samples.sort_unstable_by_key(|sample| sample.request);
        dump.write(&samples)?;
    }
    let levels = Levels::new(level, 1);
    let summaries = [&summary];
    let intervals = Intervals::new(&levels, &summaries, &batches, load.relaxations(&scenario));
    if intervals.method().is_none() && summary.num_samples > 0 {
        report::note(NO_INTERVALS);
    }
    report::print_json(&Printed {
        scenario: with_defaults(&spec, Defaults::SIMULATE),
        resolved: ScenarioEcho::of(&scenario),
        warmup,
        replication: args.replication,
        stream_version: STREAM_VERSION,
        offered_load: Load {
            prefill: load.prefill,
            decode: load.decode,
            gpu: load.gpu,
            bottleneck: load.bottleneck.name(),
            saturated: load.is_saturated(),
        },
        quantile_method: quantile_method(summary.is_exact),
        ci_method: intervals.method(),
        results: NamedResults { summary, estimates: intervals.of_metrics(), level },
    })
}

/// Where samples go: a file of which the ending names the format.
struct Dump {
    path: PathBuf,
    format: DumpFormat,
}

#[derive(Clone, Copy)]
enum DumpFormat {
    Csv,
    Json,
    Parquet,
}

/// A sample as a JSON object.
#[derive(serde::Serialize)]
struct SampleRecord {
    request: u64,
    arrival_s: f64,
    ttft_s: f64,
}

impl Dump {
    /// Checks ending and folder before anything is simulated.
    fn prepare(path: &Path) -> Result<Self, Failure> {
        let format = match path.extension().and_then(|ending| ending.to_str()) {
            Some("csv") => DumpFormat::Csv,
            Some("json") => DumpFormat::Json,
            Some("parquet") => DumpFormat::Parquet,
            _ => {
                return Err(Failure::usage(format!(
                    "--dump-ttft {}: the file must end in .csv, .json or .parquet",
                    path.display()
                )));
            }
        };
        check_output("--dump-ttft", path)?;
        Ok(Self { path: path.to_owned(), format })
    }

    fn write(&self, samples: &[Sample]) -> Result<(), Failure> {
        replace_file(&self.path, |file| self.encode(samples, file))
    }

    fn encode(&self, samples: &[Sample], file: &mut impl Write) -> Result<(), Failure> {
        let failed = |error| Failure::encoding("the samples", error);
        let table = || -> Result<DataFrame, Failure> { samples_frame(samples).map_err(failed) };
        match self.format {
            DumpFormat::Csv => write_csv(&mut table()?, file).map_err(failed),
            DumpFormat::Parquet => write_parquet(&mut table()?, Vec::new(), file).map_err(failed),
            DumpFormat::Json => {
                let records = samples.iter().map(|sample| SampleRecord {
                    request: sample.request,
                    arrival_s: sample.arrival_s,
                    ttft_s: sample.ttft_s,
                });
                serde_json::to_writer(file, &records.collect::<Vec<_>>())
                    .map_err(|error| Failure::encoding("the samples", error))
            }
        }
    }
}
