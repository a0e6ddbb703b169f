//! A folder of its own for every test, the real command run in it, and its tables read back.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;
use polars::prelude::{AnyValue, DataFrame, ParquetReader, SerReader};
use serde_json::Value as Json;
use tempfile::TempDir;

/// A horizon that takes no time to simulate.
pub(crate) const SHORT: &str = "--sim-seconds 30 --warmup-seconds 5";

/// A small trace: 5 requests in 8 s.
pub(crate) const TRACE: &str = "arrival_s,prompt_tokens,output_tokens\n\
    10,100,20\n11,400,40\n13,100,80\n14,800,10\n18,200,50\n";

/// Results, in the order in which tables and JSON have them.
pub(crate) const RESULTS: [&str; 27] = [
    "num_in_system_start",
    "num_arrivals",
    "num_samples",
    "num_completed",
    "num_unfinished",
    "censored",
    "mean_ttft_s",
    "p50_ttft_s",
    "p90_ttft_s",
    "p99_ttft_s",
    "mean_wait_prefill_s",
    "mean_service_prefill_s",
    "mean_wait_decode_s",
    "mean_service_decode_s",
    "mean_queue_length_prefill",
    "mean_queue_length_decode",
    "utilization_prefill",
    "utilization_decode",
    "utilization_gpu",
    "throughput_rps",
    "mean_e2e_s",
    "std_ttft_s",
    "trend_ttft_s",
    "onset_ttft_s",
    "slo_attainment",
    "goodput_rps",
    "little_residual",
];

/// Percentiles of pooled samples, in `cells`.
pub(crate) const POOLED: [&str; 3] =
    ["pooled_p50_ttft_s", "pooled_p90_ttft_s", "pooled_p99_ttft_s"];

/// Results that count requests; the others are floating-point numbers.
pub(crate) const COUNTS: [&str; 5] =
    ["num_in_system_start", "num_arrivals", "num_samples", "num_completed", "num_unfinished"];

/// A temporary folder that commands run in.
pub(crate) struct Place(TempDir);

/// What a command did.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn with_trace() -> Self {
        let place = Self::new();
        place.write("trace.csv", TRACE);
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn json(&self, name: &str) -> Json {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    /// The command with arguments as one would type them.
    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(cargo_bin("sweep"));
        command.args(shlex::split(arguments).unwrap()).current_dir(self.0.path());
        command
    }

    /// Runs the command, whatever comes of it.
    pub(crate) fn run(&self, arguments: &str) -> Ran {
        Ran::of(&self.command(arguments).output().unwrap())
    }

    /// Runs the command, which must succeed.
    pub(crate) fn sweep(&self, arguments: &str) -> Ran {
        let ran = self.run(arguments);
        assert_eq!(ran.code, Some(0), "sweep {arguments}\n{}", ran.stderr);
        ran
    }

    /// Runs a command that prints JSON.
    pub(crate) fn sweep_json(&self, arguments: &str) -> Json {
        let ran = self.sweep(arguments);
        serde_json::from_str(&ran.stdout).unwrap_or_else(|e| panic!("{e}: {}", ran.stdout))
    }

    /// Runs a sweep called `name` and reads its table of jobs.
    pub(crate) fn jobs(&self, name: &str, arguments: &str) -> Table {
        self.sweep(&format!("{arguments} --name {name} --quiet"));
        self.table(&format!("results/{name}/jobs.parquet"))
    }

    pub(crate) fn table(&self, name: &str) -> Table {
        Table::read(&self.path(name))
    }

    /// Everything in the folder, with the length of each file.
    pub(crate) fn listing(&self) -> Vec<String> {
        let mut entries = Vec::new();
        list(self.0.path(), "", &mut entries);
        entries.sort();
        entries
    }
}

fn list(folder: &Path, prefix: &str, entries: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let metadata = fs::symlink_metadata(entry.path()).unwrap();
        if metadata.is_dir() {
            list(&entry.path(), &format!("{name}/"), entries);
            entries.push(format!("{name}/"));
        } else {
            entries.push(format!("{name} {}", metadata.len()));
        }
    }
}

impl Ran {
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout.clone()).unwrap(),
            stderr: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }
}

/// The root of the repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A Parquet table: values as JSON, so that rows compare by content.
#[derive(Debug, PartialEq)]
pub(crate) struct Table {
    pub(crate) names: Vec<String>,
    pub(crate) dtypes: Vec<String>,
    pub(crate) rows: Vec<Vec<Json>>,
}

impl Table {
    fn read(path: &Path) -> Self {
        let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self::of(&ParquetReader::new(file).finish().unwrap())
    }

    fn of(frame: &DataFrame) -> Self {
        let columns = frame.columns();
        let value =
            |row| move |column: &polars::prelude::Column| to_json(&column.get(row).unwrap());
        Self {
            names: columns.iter().map(|column| column.name().to_string()).collect(),
            dtypes: columns.iter().map(|column| column.dtype().to_string()).collect(),
            rows: (0..frame.height()).map(|row| columns.iter().map(value(row)).collect()).collect(),
        }
    }

    pub(crate) fn index(&self, name: &str) -> usize {
        let index = self.names.iter().position(|known| known == name);
        index.unwrap_or_else(|| panic!("no column {name} in {:?}", self.names))
    }

    pub(crate) fn column(&self, name: &str) -> Vec<Json> {
        let index = self.index(name);
        self.rows.iter().map(|row| row[index].clone()).collect()
    }

    pub(crate) fn value(&self, row: usize, name: &str) -> &Json {
        &self.rows[row][self.index(name)]
    }

    pub(crate) fn number(&self, row: usize, name: &str) -> Option<f64> {
        self.value(row, name).as_f64()
    }

    pub(crate) fn text(&self, row: usize, name: &str) -> Option<&str> {
        self.value(row, name).as_str()
    }

    /// All rows without some columns.
    pub(crate) fn rows_without(&self, left_out: &[&str]) -> Vec<Vec<Json>> {
        let kept: Vec<usize> = (0..self.names.len())
            .filter(|&i| !left_out.contains(&self.names[i].as_str()))
            .collect();
        self.rows.iter().map(|row| kept.iter().map(|&i| row[i].clone()).collect()).collect()
    }

    /// The results of a row, in order.
    pub(crate) fn results(&self, row: usize) -> Vec<Json> {
        RESULTS.iter().map(|name| self.value(row, name).clone()).collect()
    }
}

fn to_json(value: &AnyValue) -> Json {
    match value {
        AnyValue::Null => Json::Null,
        AnyValue::Boolean(flag) => Json::from(*flag),
        AnyValue::UInt32(count) => Json::from(*count),
        AnyValue::UInt64(count) => Json::from(*count),
        AnyValue::Float64(number) => Json::from(*number),
        AnyValue::String(text) => Json::from(*text),
        AnyValue::StringOwned(text) => Json::from(text.as_str()),
        other => panic!("a table has a value of an unknown type: {other:?}"),
    }
}

/// The key-value metadata of a Parquet file.
pub(crate) fn metadata(path: &Path) -> Vec<(String, String)> {
    let mut reader = ParquetReader::new(File::open(path).unwrap());
    let entries = reader.get_metadata().unwrap().key_value_metadata().clone().unwrap_or_default();
    entries.into_iter().filter_map(|entry| Some((entry.key, entry.value?))).collect()
}

/// Percentile by linear interpolation between order statistics (Hyndman-Fan type 7).
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a position in a small sample"
)]
pub(crate) fn percentile(sample: &[f64], probability: f64) -> f64 {
    let mut sorted = sample.to_vec();
    sorted.sort_by(f64::total_cmp);
    let position = (sorted.len() - 1) as f64 * probability;
    let low = position.floor() as usize;
    let high = (low + 1).min(sorted.len() - 1);
    sorted[low] + (position - position.floor()) * (sorted[high] - sorted[low])
}

#[expect(clippy::cast_precision_loss, reason = "a small sample")]
pub(crate) fn mean(sample: &[f64]) -> f64 {
    sample.iter().sum::<f64>() / sample.len() as f64
}

/// Equal up to rounding.
pub(crate) fn assert_close(actual: f64, expected: f64, what: &str) {
    let scale = actual.abs().max(expected.abs()).max(1e-12);
    assert!((actual - expected).abs() <= 1e-9 * scale, "{what}: {actual} is not {expected}");
}
