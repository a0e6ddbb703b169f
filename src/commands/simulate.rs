//! `sweep simulate`: one scenario, once, as JSON.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use polars::prelude::DataFrame;
use serde::Serialize;
use sweep_engine::model::{Job, Sample, Scratch, simulate_observed};
use sweep_engine::plan::{Limits, stream_key};
use sweep_engine::random::STREAM_VERSION;
use sweep_engine::scenario::{
    Defaults, MomentsCache, OfferedLoad, ScenarioEcho, lower, with_defaults,
};
use sweep_engine::spec::{ScenarioSpec, Warmup};
use sweep_engine::warmup::{Finding, PILOTS, detect};

use crate::assemble;
use crate::cli::SimulateArgs;
use crate::failure::Failure;
use crate::frame::{samples_frame, write_csv, write_parquet};
use crate::progress::Interrupt;
use crate::report;
use crate::schema::NamedResults;

/// What is printed.
#[derive(Serialize)]
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
    results: NamedResults,
}

#[derive(Serialize)]
struct WarmupEcho {
    finding: Finding,
    pilots: u32,
}

#[derive(Serialize)]
struct Load {
    prefill: Option<f64>,
    decode: Option<f64>,
    gpu: Option<f64>,
    bottleneck: &'static str,
    saturated: bool,
}

pub(super) fn simulate(args: &SimulateArgs) -> Result<(), Failure> {
    let (mut spec, traces) = assemble::scenario(args.mode.as_deref(), &args.scenario)?;
    let interrupt = Interrupt::install()?;
    let mut scenario = lower(&spec, Defaults::SIMULATE, &traces)?;
    let load = OfferedLoad::of(&scenario, &mut MomentsCache::default());
    let dump = args.dump_ttft.as_deref().map(Dump::prepare).transpose()?;
    let key = stream_key(&scenario, args.seeding.map(Into::into).unwrap_or_default());
    let mut warmup = None;
    if spec.warmup_seconds == Some(Warmup::Auto) {
        let point = detect(&scenario, &load, &key, &mut Scratch::default(), &interrupt)
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
    let summary = simulate_observed(&job, &mut Scratch::default(), &interrupt, |sample| {
        if dump.is_some() {
            samples.push(sample);
        }
    })
    .map_err(|error| {
        if interrupt.is_set() { Failure::Interrupted } else { Failure::Simulation(error) }
    })?;
    if let Some(dump) = dump {
        samples.sort_unstable_by_key(|sample| sample.request);
        dump.write(&samples)?;
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
        results: NamedResults(summary),
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
#[derive(Serialize)]
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
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            return Err(Failure::usage(format!(
                "--dump-ttft {}: the folder {} does not exist; create it first",
                path.display(),
                folder.display()
            )));
        }
        Ok(Self { path: path.to_owned(), format })
    }

    /// Writes beside the target, then renames: a broken file never has the name.
    fn write(&self, samples: &[Sample]) -> Result<(), Failure> {
        let failed = |source| Failure::Io { action: "write", path: self.path.clone(), source };
        let mut partial = self.path.clone().into_os_string();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let mut file = BufWriter::new(File::create(&partial).map_err(failed)?);
        let written = self
            .encode(samples, &mut file)
            .and_then(|()| file.flush().and_then(|()| file.get_ref().sync_all()).map_err(failed))
            .and_then(|()| fs::rename(&partial, &self.path).map_err(failed));
        if written.is_err() {
            // The first error is the one to report.
            let _ = fs::remove_file(&partial);
        }
        written
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
