//! Where a table comes from: `run.json`, and the metadata inside Parquet files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sweep_engine::plan::{Plan, Precision, WarmupOrigin};
use sweep_engine::random::{STREAM_VERSION, draw_fingerprint};
use sweep_engine::scenario::{Defaults, with_defaults};
use sweep_engine::spec::{ScenarioSpec, SweepSpec};
use sweep_engine::warmup::{Finding, PILOTS, RULE};

use crate::assemble::Assembled;
use crate::io::TableFormat;
use crate::problems::trace_sentences;
use crate::resume::Shard;
use crate::schema::{ColumnDoc, documentation};

/// Version of the layout of a run's folder.
pub(crate) const FORMAT_VERSION: u32 = 1;

/// `run.json`: what was run, by which program, and what came of it.
#[derive(Debug, Serialize)]
pub(crate) struct RunRecord<'a> {
    format_version: u32,
    name: &'a str,
    /// Which goes on with it.
    command: &'a str,
    /// Which part of the chunks it has; nothing for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    shard: Option<String>,
    sweep: &'a SweepSpec,
    /// The base scenario with its defaults, as one cell of the default mode sees it.
    resolved_base: ScenarioSpec,
    traces: BTreeMap<&'a str, TraceRecord<'a>>,
    /// What `warmup_seconds: auto` came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    warmup: Option<WarmupRecord>,
    /// What to mind about traces.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    plan_hash: &'a str,
    stream_version: u32,
    draw_fingerprint: String,
    cells: usize,
    /// Of every cell; with a wanted precision, the fewest.
    replications: u32,
    jobs: u64,
    confidence: f64,
    /// The wanted precision with its defaults.
    #[serde(skip_serializing_if = "Option::is_none")]
    precision: Option<&'a Precision>,
    chunks: u32,
    chunk_requests: u64,
    max_requests: u64,
    tables: TableFormat,
    versions: Versions,
    /// Nothing as long as it is not complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
}

#[derive(Debug, Serialize)]
struct TraceRecord<'a> {
    requests: usize,
    sha256: &'a str,
}

/// How warm-ups were found, and where the window of each cell with `auto` starts.
#[derive(Debug, Serialize)]
struct WarmupRecord {
    rule: &'static str,
    pilots: u32,
    cells: Vec<FrozenWarmup>,
}

#[derive(Debug, Serialize)]
struct FrozenWarmup {
    cell: usize,
    warmup_seconds: f64,
    finding: Finding,
}

impl WarmupRecord {
    fn of(plan: &Plan) -> Option<Self> {
        let frozen = plan.cells.iter().enumerate().filter_map(|(number, cell)| {
            let WarmupOrigin::Frozen(finding) = cell.warmup else { return None };
            let warmup_seconds = cell.scenario.warmup_seconds;
            Some(FrozenWarmup { cell: number, warmup_seconds, finding })
        });
        let cells: Vec<FrozenWarmup> = frozen.collect();
        (!cells.is_empty()).then_some(Self { rule: RULE, pilots: PILOTS, cells })
    }
}

/// The program, by its own version, its commit, and the crates that decide over values and files.
#[derive(Debug, Serialize)]
pub(crate) struct Versions {
    pub(crate) sweep: &'static str,
    /// With `-dirty-` and a hash behind it where sources differed from the commit; null where the program was not
    /// built from a git checkout.
    pub(crate) git_commit: Option<&'static str>,
    pub(crate) crates: BTreeMap<&'static str, &'static str>,
}

impl Versions {
    /// What the build script found in git and in Cargo.lock.
    pub(crate) fn of_this_build() -> Self {
        let pairs = env!("SWEEP_CRATE_VERSIONS").split(' ');
        Self {
            sweep: env!("CARGO_PKG_VERSION"),
            git_commit: option_env!("SWEEP_GIT_COMMIT"),
            crates: pairs.filter_map(|pair| pair.split_once('=')).collect(),
        }
    }
}

/// What the run did: the process that completed it, and all jobs. The only place with times and dates.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Outcome {
    pub(crate) started_at: String,
    pub(crate) wall_s: f64,
    pub(crate) threads: usize,
    pub(crate) jobs: u64,
    pub(crate) failed_jobs: u64,
    /// Those that were taken from earlier runs.
    pub(crate) reused_jobs: u64,
    pub(crate) simulated_requests: u64,
}

impl<'a> RunRecord<'a> {
    pub(crate) fn new(
        name: &'a str,
        command: &'a str,
        assembled: &'a Assembled,
        chunks: u32,
        shard: Option<Shard>,
        outcome: Option<Outcome>,
    ) -> Self {
        let Assembled { spec, plan, traces, output, .. } = assembled;
        let traces = traces.iter().map(|(path, trace)| {
            (path, TraceRecord { requests: trace.len(), sha256: trace.content_hash() })
        });
        Self {
            format_version: FORMAT_VERSION,
            name,
            command,
            shard: shard.map(|shard| shard.to_string()),
            sweep: spec,
            resolved_base: with_defaults(&spec.base, Defaults::SWEEP),
            traces: traces.collect(),
            warmup: WarmupRecord::of(plan),
            warnings: trace_sentences(plan),
            plan_hash: &plan.hash,
            stream_version: STREAM_VERSION,
            draw_fingerprint: draw_fingerprint(),
            cells: plan.cells.len(),
            replications: plan.replications,
            jobs: outcome.as_ref().map_or(plan.num_jobs(), |outcome| outcome.jobs),
            confidence: plan.confidence,
            precision: plan.precision.as_ref(),
            chunks,
            chunk_requests: plan.limits.requests_per_chunk,
            max_requests: plan.limits.requests_per_job,
            tables: output.format,
            versions: Versions::of_this_build(),
            outcome,
        }
    }
}

/// Metadata of the Parquet table of a comparison.
pub(crate) fn comparison_metadata(
    columns: &[ColumnDoc],
    level: f64,
) -> Result<Vec<(String, String)>, serde_json::Error> {
    let entries = [
        ("sweep.version", env!("CARGO_PKG_VERSION").to_owned()),
        ("sweep.format_version", FORMAT_VERSION.to_string()),
        ("sweep.confidence", level.to_string()),
        ("sweep.columns", serde_json::to_string(columns)?),
    ];
    Ok(entries.map(|(key, value)| (key.to_owned(), value)).to_vec())
}

/// What a part is of: its key in the metadata of its file.
const LABEL: &str = "sweep.part";

/// The columns of both tables are described in a part, of one in a table.
const COLUMNS: &str = "sweep.columns";

/// What a part is of, and a summary of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PartLabel {
    pub(crate) origin: PartOrigin,
    pub(crate) chunk: u32,
    pub(crate) jobs: u64,
    pub(crate) failed_jobs: u64,
    /// Those that were taken from earlier runs.
    pub(crate) reused_jobs: u64,
    /// Whether they were taken from earlier runs or not.
    pub(crate) simulated_requests: u64,
}

/// The run that parts belong to: those of one origin fit together, whoever wrote them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PartOrigin {
    pub(crate) format_version: u32,
    pub(crate) plan_hash: String,
    pub(crate) settings: String,
    /// Requests of a chunk and of a job.
    pub(crate) limits: [u64; 2],
    pub(crate) draw_fingerprint: String,
    /// Null where the program was not built from a git checkout.
    pub(crate) git_commit: Option<String>,
    pub(crate) chunks: u32,
}

impl PartOrigin {
    /// Limit of requests of a job.
    pub(crate) fn requests_per_job(&self) -> u64 {
        self.limits[1]
    }

    /// Whether its jobs have the results that those of the other would have.
    pub(crate) fn has_results_like(&self, other: &Self) -> bool {
        let program = |origin: &Self| {
            let Self { format_version, draw_fingerprint, git_commit, .. } = origin;
            (*format_version, draw_fingerprint.clone(), git_commit.clone())
        };
        program(self) == program(other)
    }

    pub(crate) fn of(plan: &Plan, chunks: u32) -> Self {
        let Plan { limits, .. } = plan;
        let limits = [limits.requests_per_chunk, limits.requests_per_job];
        Self {
            format_version: FORMAT_VERSION,
            plan_hash: plan.hash.clone(),
            settings: settings_of(plan),
            limits,
            draw_fingerprint: draw_fingerprint(),
            git_commit: option_env!("SWEEP_GIT_COMMIT").map(ToOwned::to_owned),
            chunks,
        }
    }
}

/// What decides over a row of `cells` beside the results of its replications: how many they are, confidence level
/// and wanted precision, as JSON.
pub(crate) fn settings_of(plan: &Plan) -> String {
    let Plan { replications, confidence, precision, .. } = plan;
    serde_json::json!([replications, confidence, precision]).to_string()
}

/// Metadata of the file of a part: its label, and in the first part that of both tables, which would make
/// many small parts several times as large.
pub(crate) fn part_metadata(
    spec: &SweepSpec,
    plan: &Plan,
    label: &PartLabel,
) -> Result<Vec<(String, String)>, serde_json::Error> {
    let own = (LABEL.to_owned(), serde_json::to_string(label)?);
    if label.chunk > 0 {
        return Ok(vec![own]);
    }
    let mut entries = parquet_metadata("jobs", spec, plan)?;
    for (key, _) in &mut entries {
        if key == COLUMNS {
            *key = format!("{COLUMNS}.jobs");
        }
    }
    let of_cells = parquet_metadata("cells", spec, plan)?;
    let columns = of_cells.into_iter().find(|(key, _)| key == COLUMNS);
    entries.extend(columns.map(|(key, columns)| (format!("{key}.cells"), columns)));
    entries.push(own);
    Ok(entries)
}

/// The label in the metadata of a file; nothing if it is no part.
pub(crate) fn label_of(metadata: &[(String, String)]) -> Option<PartLabel> {
    let (_, label) = metadata.iter().find(|(key, _)| key == LABEL)?;
    serde_json::from_str(label).ok()
}

/// The metadata of a table that is made of parts of which the first has this metadata.
pub(crate) fn table_metadata(part: &[(String, String)], table: &str) -> Vec<(String, String)> {
    let own = format!("{COLUMNS}.{table}");
    let of_table = part.iter().filter_map(|(key, value)| {
        let key = if *key == own { COLUMNS } else { key };
        let is_of_part = key.starts_with(LABEL) || key.starts_with(COLUMNS) && key != COLUMNS;
        // Encoders add entries of their own.
        (key.starts_with("sweep.") && !is_of_part).then(|| (key.to_owned(), value.clone()))
    });
    of_table.collect()
}

/// Metadata of a Parquet table. No names, threads or dates: they would change its bytes.
fn parquet_metadata(
    table: &str,
    spec: &SweepSpec,
    plan: &Plan,
) -> Result<Vec<(String, String)>, serde_json::Error> {
    let columns: Vec<ColumnDoc> =
        documentation(Some(plan)).into_iter().filter(|doc| doc.is_in(table)).collect();
    let axes: BTreeMap<&str, _> =
        plan.axes.iter().map(|axis| (axis.key.path, &axis.values)).collect();
    let resolved_base = with_defaults(&spec.base, Defaults::SWEEP);
    let entries = [
        ("sweep.version", env!("CARGO_PKG_VERSION").to_owned()),
        ("sweep.format_version", FORMAT_VERSION.to_string()),
        ("sweep.stream_version", STREAM_VERSION.to_string()),
        ("sweep.seed", resolved_base.random_seed.unwrap_or_default().to_string()),
        ("sweep.draw_fingerprint", draw_fingerprint()),
        ("sweep.plan_hash", plan.hash.clone()),
        ("sweep.columns", serde_json::to_string(&columns)?),
        ("sweep.axes", serde_json::to_string(&axes)?),
        ("sweep.spec", serde_json::to_string(spec)?),
        ("sweep.resolved_base", serde_json::to_string(&resolved_base)?),
    ];
    Ok(entries.map(|(key, value)| (key.to_owned(), value)).to_vec())
}
