//! Reading recorded traces from CSV.
//!
//! Two layouts, told apart by the header: `arrival_s,prompt_tokens,output_tokens`, and
//! `TIMESTAMP,ContextTokens,GeneratedTokens` with times such as `2023-11-16 18:17:03.9799600`.
//! Columns may stand in any order, beside others.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use csv::StringRecord;
use jiff::civil::DateTime;
use sweep_engine::scenario::{RecordedRequest, Trace, TraceError};
use thiserror::Error;

/// Largest trace file, bytes.
const MAX_TRACE_BYTES: u64 = 1 << 30;

/// Why a trace cannot be used. Lines count from 1, with the header.
#[derive(Debug, Error)]
pub(crate) enum TraceFileError {
    #[error("failed to read the trace {}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("the trace {} is no regular file: save it as a CSV file first", path.display())]
    NotAFile { path: PathBuf },
    #[error("the trace {} has {bytes} bytes, the limit is {MAX_TRACE_BYTES}: cut it into parts", path.display())]
    TooLarge { path: PathBuf, bytes: u64 },
    #[error(
        "the trace {} has the columns `{found}`: they must include `arrival_s,prompt_tokens,output_tokens` \
         or `TIMESTAMP,ContextTokens,GeneratedTokens`",
        path.display()
    )]
    UnknownColumns { path: PathBuf, found: String },
    #[error("bad trace {}, line {line}: {problem}", path.display())]
    BadLine { path: PathBuf, line: u64, problem: String },
    #[error("bad trace {}", path.display())]
    BadTrace { path: PathBuf, source: TraceError },
}

/// Where a layout has its columns, and how it writes times.
struct Layout {
    arrival: usize,
    prompt: usize,
    output: usize,
    has_timestamps: bool,
}

/// Reads a trace.
///
/// # Errors
/// Unreadable, too large, unknown columns, a malformed line, or arrivals that are not sorted.
pub(crate) fn read_trace(path: &Path) -> Result<Trace, TraceFileError> {
    let unreadable = |source| TraceFileError::Unreadable { path: path.to_owned(), source };
    // Before it is opened: a pipe would wait for its writer, a device might never end.
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(TraceFileError::NotAFile { path: path.to_owned() });
    }
    if metadata.len() > MAX_TRACE_BYTES {
        return Err(TraceFileError::TooLarge { path: path.to_owned(), bytes: metadata.len() });
    }
    let file = File::open(path).map_err(unreadable)?;
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file);
    let bad_csv = |error: csv::Error| bad_csv(path, &error);
    let header = reader.headers().map_err(bad_csv)?;
    if header.is_empty() {
        return Err(TraceFileError::BadTrace { path: path.to_owned(), source: TraceError::Empty });
    }
    let layout = Layout::of(header).ok_or_else(|| TraceFileError::UnknownColumns {
        path: path.to_owned(),
        found: header.iter().collect::<Vec<_>>().join(","),
    })?;
    let mut requests = Vec::new();
    let mut lines = Vec::new();
    let mut origin = None;
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(bad_csv)? {
        let line = record.position().map_or(0, csv::Position::line);
        let request = layout
            .request(&record, &mut origin)
            .map_err(|problem| TraceFileError::BadLine { path: path.to_owned(), line, problem })?;
        requests.push(request);
        lines.push(line);
    }
    Trace::new(&requests).map_err(|error| match error.row() {
        Some(row) => TraceFileError::BadLine {
            path: path.to_owned(),
            line: lines[row],
            problem: error.to_string(),
        },
        None => TraceFileError::BadTrace { path: path.to_owned(), source: error },
    })
}

fn bad_csv(path: &Path, error: &csv::Error) -> TraceFileError {
    let line = error.position().map_or(1, csv::Position::line);
    let problem = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("it has {len} fields, the header has {expected_len}")
        }
        csv::ErrorKind::Utf8 { err, .. } => {
            format!("field {} is not valid UTF-8: save it as UTF-8 text", err.field() + 1)
        }
        _ => error.to_string(),
    };
    TraceFileError::BadLine { path: path.to_owned(), line, problem }
}

impl Layout {
    fn of(header: &StringRecord) -> Option<Self> {
        let find = |name: &str| {
            header.iter().position(|column| column.trim_start_matches('\u{feff}') == name)
        };
        let plain = (find("arrival_s"), find("prompt_tokens"), find("output_tokens"));
        let azure = (find("TIMESTAMP"), find("ContextTokens"), find("GeneratedTokens"));
        match (plain, azure) {
            ((Some(arrival), Some(prompt), Some(output)), _) => {
                Some(Self { arrival, prompt, output, has_timestamps: false })
            }
            (_, (Some(arrival), Some(prompt), Some(output))) => {
                Some(Self { arrival, prompt, output, has_timestamps: true })
            }
            _ => None,
        }
    }

    /// One request; `origin` becomes the first timestamp, so that seconds keep their precision.
    fn request(
        &self,
        record: &StringRecord,
        origin: &mut Option<DateTime>,
    ) -> Result<RecordedRequest, String> {
        let arrival = &record[self.arrival];
        let arrival_s = if self.has_timestamps {
            let at: DateTime = arrival.parse().map_err(|_| {
                format!("`{arrival}` is no time such as 2023-11-16 18:17:03.9799600")
            })?;
            at.duration_since(*origin.get_or_insert(at)).as_secs_f64()
        } else {
            number(arrival)?
        };
        Ok(RecordedRequest {
            arrival_s,
            prompt_tokens: number(&record[self.prompt])?,
            output_tokens: number(&record[self.output])?,
        })
    }
}

fn number(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| format!("`{text}` is no number"))
}
