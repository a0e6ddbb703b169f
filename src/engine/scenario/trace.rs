//! Recorded requests: arrival times and lengths, validated, and the part of them that is used.
//!
//! Reading a trace from a file belongs to the outer crate; it hands over a [`Trace`].

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::math;

/// Largest mean, bound or recorded value of a token length; far above every context window.
pub(super) const MAX_TOKENS: f64 = 1e9;

/// Largest arrival time, seconds from the origin of the clock and from the first request.
const MAX_ARRIVAL_S: f64 = 1e12;

/// Shortest span that has a mean rate, seconds.
const MIN_SPAN_S: f64 = 1e-9;

/// One recorded request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RecordedRequest {
    /// Seconds since any origin; the first request becomes clock 0.
    pub arrival_s: f64,
    /// Prompt tokens, >= 0.
    pub prompt_tokens: f64,
    /// Output tokens, >= 0.
    pub output_tokens: f64,
}

/// Why records are no trace. `row` counts from 0.
#[derive(Clone, Copy, Debug, Error, PartialEq)]
#[expect(missing_docs, reason = "the fields say what the message says")]
pub enum TraceError {
    /// There is no request at all.
    #[error("the trace has no requests")]
    Empty,
    /// A number is negative, infinite or not a number.
    #[error("{column} is {value}: it must lie between {low} and {high}")]
    BadValue { row: usize, column: &'static str, value: f64, low: f64, high: f64 },
    /// A request arrives before its predecessor.
    #[error("the arrival lies {back_s} s before its predecessor: sort the trace by time")]
    Unsorted { row: usize, back_s: f64 },
    /// A request arrives too long after the first.
    #[error(
        "the arrival lies {after_s} s after the first: the limit is {MAX_ARRIVAL_S}; cut the trace into parts"
    )]
    TooLong { row: usize, after_s: f64 },
}

impl TraceError {
    /// The row at fault, from 0.
    pub fn row(&self) -> Option<usize> {
        match *self {
            Self::Empty => None,
            Self::BadValue { row, .. } | Self::Unsorted { row, .. } | Self::TooLong { row, .. } => {
                Some(row)
            }
        }
    }
}

/// Recorded requests in arrival order, at least one, with finite values.
#[derive(Debug, PartialEq)]
pub struct Trace {
    arrival_s: Vec<f64>,
    prompt_tokens: Vec<f64>,
    output_tokens: Vec<f64>,
    content_hash: String,
}

impl Trace {
    /// Checks records and moves their clock so that the first arrives at 0.
    ///
    /// # Errors
    /// No records, a value out of range, or arrivals that are not sorted or span too long a time.
    pub fn new(records: &[RecordedRequest]) -> Result<Self, TraceError> {
        let origin_s = records.first().ok_or(TraceError::Empty)?.arrival_s;
        for (row, record) in records.iter().enumerate() {
            check_record(row, record)?;
            let back_s = row.checked_sub(1).map_or(0.0, |before| records[before].arrival_s)
                - record.arrival_s;
            if row > 0 && back_s > 0.0 {
                return Err(TraceError::Unsorted { row, back_s });
            }
            let after_s = record.arrival_s - origin_s;
            if after_s > MAX_ARRIVAL_S {
                return Err(TraceError::TooLong { row, after_s });
            }
        }
        let mut trace = Self {
            arrival_s: records.iter().map(|record| record.arrival_s - origin_s).collect(),
            prompt_tokens: records.iter().map(|record| record.prompt_tokens).collect(),
            output_tokens: records.iter().map(|record| record.output_tokens).collect(),
            content_hash: String::new(),
        };
        trace.content_hash = trace.hash();
        Ok(trace)
    }

    /// Number of requests, at least 1.
    #[expect(clippy::len_without_is_empty, reason = "a trace is never empty")]
    pub fn len(&self) -> usize {
        self.arrival_s.len()
    }

    /// SHA-256 of the values, as hexadecimal digits: names the content, wherever the file lies.
    pub fn content_hash(&self) -> &str {
        &self.content_hash
    }

    fn hash(&self) -> String {
        let mut hash = Sha256::new();
        for column in [&self.arrival_s, &self.prompt_tokens, &self.output_tokens] {
            for value in column {
                hash.update(value.to_le_bytes());
            }
        }
        crate::hex(&hash.finalize())
    }
}

fn check_record(row: usize, record: &RecordedRequest) -> Result<(), TraceError> {
    // An origin before 0 is fine for a clock, not for a count.
    for (column, value, low, high) in [
        ("the arrival time", record.arrival_s, -MAX_ARRIVAL_S, MAX_ARRIVAL_S),
        ("prompt_tokens", record.prompt_tokens, 0.0, MAX_TOKENS),
        ("output_tokens", record.output_tokens, 0.0, MAX_TOKENS),
    ] {
        if !(low..=high).contains(&value) {
            return Err(TraceError::BadValue { row, column, value, low, high });
        }
    }
    Ok(())
}

/// A contiguous part of a trace, with a clock of its own: its first request arrives at 0.
#[derive(Clone, Debug)]
pub struct TraceView {
    trace: Arc<Trace>,
    start: usize,
    end: usize,
}

impl PartialEq for TraceView {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.trace, &other.trace) && self.start == other.start && self.end == other.end
    }
}

impl TraceView {
    /// The requests that arrive in `[start_s, end_s)` of the trace's clock; `None` if there are none.
    pub fn new(trace: Arc<Trace>, start_s: f64, end_s: f64) -> Option<Self> {
        let start = trace.arrival_s.partition_point(|&arrival_s| arrival_s < start_s);
        let end = trace.arrival_s.partition_point(|&arrival_s| arrival_s < end_s);
        (start < end).then_some(Self { trace, start, end })
    }

    /// Number of requests, at least 1.
    #[expect(clippy::len_without_is_empty, reason = "a view is never empty")]
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// Arrival of request `index` after the first one, seconds.
    #[inline]
    pub fn arrival_s(&self, index: usize) -> f64 {
        self.trace.arrival_s[self.start + index] - self.trace.arrival_s[self.start]
    }

    /// Prompt tokens as recorded.
    pub fn prompt_tokens(&self) -> &[f64] {
        &self.trace.prompt_tokens[self.start..self.end]
    }

    /// Output tokens as recorded.
    pub fn output_tokens(&self) -> &[f64] {
        &self.trace.output_tokens[self.start..self.end]
    }

    /// Time from the first to the last arrival, seconds.
    pub fn span_s(&self) -> f64 {
        self.arrival_s(self.len() - 1)
    }

    /// Mean gap, seconds: span / (n - 1). `None` for a single request or a span of nearly zero.
    pub fn mean_gap_s(&self) -> Option<f64> {
        let span_s = self.span_s();
        (span_s >= MIN_SPAN_S).then(|| span_s / math::count(self.len() as u64 - 1))
    }

    /// Mean rate (n - 1) / span, requests per second. `None` where there is no mean gap.
    pub fn mean_rate_per_s(&self) -> Option<f64> {
        self.mean_gap_s().map(|gap_s| 1.0 / gap_s)
    }

    /// The gap that precedes request `index`; the first one follows the last after a mean gap.
    #[inline]
    pub(crate) fn gap_before_s(&self, index: usize) -> f64 {
        match index.checked_sub(1) {
            Some(before) => self.arrival_s(index) - self.arrival_s(before),
            None => self.mean_gap_s().unwrap_or(0.0),
        }
    }

    /// Equal for equal views, different for others; cheap, but of this process only.
    pub(crate) fn key(&self) -> [u64; 3] {
        [Arc::as_ptr(&self.trace).addr() as u64, self.start as u64, self.end as u64]
    }

    /// What identifies the requests of this view: content of the trace and range of rows.
    pub(crate) fn identity(&self) -> String {
        format!("{}[{}..{}]", self.trace.content_hash, self.start, self.end)
    }
}

/// The traces that a specification names, by the path as it is written there.
#[derive(Clone, Debug, Default)]
pub struct Traces(BTreeMap<String, Arc<Trace>>);

impl Traces {
    /// Adds a trace under the path that specifications call it by.
    pub fn insert(&mut self, path: &str, trace: Trace) {
        self.0.insert(path.to_owned(), Arc::new(trace));
    }

    /// The trace of that path.
    pub fn get(&self, path: &str) -> Option<&Arc<Trace>> {
        self.0.get(path)
    }

    /// Paths and contents, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Trace)> {
        self.0.iter().map(|(path, trace)| (path.as_str(), trace.as_ref()))
    }
}
