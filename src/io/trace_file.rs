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
    let mut starts = Vec::new();
    let mut origin = None;
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(bad_csv)? {
        let start = record.position().cloned().unwrap_or_else(csv::Position::new);
        let request = layout
            .request(&record, &mut origin)
            .map_err(|problem| bad_line(path, &start, problem))?;
        requests.push(request);
        starts.push(start);
    }
    Trace::new(&requests).map_err(|error| match error.row() {
        Some(row) => bad_line(path, &starts[row], error.to_string()),
        None => TraceFileError::BadTrace { path: path.to_owned(), source: error },
    })
}

/// The reader says where a record starts, which is before the blank lines that precede it.
fn bad_line(path: &Path, start: &csv::Position, problem: String) -> TraceFileError {
    let text = fs::read(path).unwrap_or_default();
    let rest = text.iter().skip(usize::try_from(start.byte()).unwrap_or(usize::MAX));
    let blank = rest.take_while(|byte| byte.is_ascii_whitespace());
    let blank_lines = blank.filter(|byte| **byte == b'\n').count() as u64;
    TraceFileError::BadLine { path: path.to_owned(), line: start.line() + blank_lines, problem }
}

fn bad_csv(path: &Path, error: &csv::Error) -> TraceFileError {
    let problem = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("it has {len} fields, the header has {expected_len}")
        }
        csv::ErrorKind::Utf8 { err, .. } => {
            format!("field {} is not valid UTF-8: save it as UTF-8 text", err.field() + 1)
        }
        _ => error.to_string(),
    };
    bad_line(path, error.position().unwrap_or(&csv::Position::new()), problem)
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
