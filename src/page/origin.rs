//! Where a run comes from: its record, in words, and the command that makes it again.

use serde_json::{Value, json};

use crate::io::FinishedRun;
use crate::numbers::{duration, grouped};

/// Runs of more jobs were allowed to be so large.
const DEFAULT_MAX_JOBS: u64 = 10_000_000;

/// The record of a run, `run.json`.
pub(crate) struct Origin {
    record: Value,
    name: String,
}

impl Origin {
    pub(crate) fn new(run: &FinishedRun, record: Value) -> Self {
        Self { record, name: run.name.clone() }
    }

    /// `54 cells, 1,080 jobs, simulated 2026-11-24 by sweep 0.1.0`.
    pub(super) fn summary(&self) -> String {
        let counted = |count: u64, one: &str| {
            format!("{} {one}{}", grouped(count), if count == 1 { "" } else { "s" })
        };
        let date = self.text("/outcome/started_at");
        format!(
            "{}, {}, {} simulated requests; {} by sweep {}",
            counted(self.count("/cells"), "cell"),
            counted(self.count("/jobs"), "job"),
            grouped(self.count("/outcome/simulated_requests")),
            date.split('T').next().unwrap_or_default(),
            self.text("/versions/sweep"),
        )
    }

    /// The command that makes the run again, from nothing but itself. Traces are no part of it: with one, the command
    /// that was given, or after a merge one that looks for the trace beside itself.
    pub(super) fn command(&self) -> String {
        let has_traces = self.record["traces"].as_object().is_some_and(|traces| !traces.is_empty());
        let given = self.text("/command");
        if has_traces && !given.starts_with("sweep merge ") {
            return given;
        }
        let number = |key: &str| self.record[key].to_string();
        let mut words = vec![
            "sweep".to_owned(),
            "run".to_owned(),
            "/dev/stdin".to_owned(),
            "--name".to_owned(),
            self.name.clone(),
            "--format".to_owned(),
            self.text("/tables"),
            "--chunk-requests".to_owned(),
            number("chunk_requests"),
            "--max-requests".to_owned(),
            number("max_requests"),
        ];
        if self.count("/jobs") > DEFAULT_MAX_JOBS {
            words.extend(["--max-jobs".to_owned(), number("jobs")]);
        }
        let words = shlex::try_join(words.iter().map(String::as_str)).unwrap_or_default();
        let sweep = serde_json::to_string_pretty(&self.record["sweep"]).unwrap_or_default();
        if has_traces {
            // Paths of traces are those from the folder of the sweep file.
            let file = format!("{}.sweep.json", self.name);
            let words = words.replacen("/dev/stdin", &file, 1);
            return format!("cat > {file} <<'SWEEP'\n{sweep}\nSWEEP\n{words}");
        }
        format!("{words} <<'SWEEP'\n{sweep}\nSWEEP")
    }

    /// Names and values for who wants to know it exactly.
    pub(super) fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = vec![
            ("Run", self.name.clone()),
            ("Command as it was given", self.text("/command")),
            ("Started", self.text("/outcome/started_at")),
            ("Took", self.took()),
            ("Program", self.program()),
            ("Cells", grouped(self.count("/cells"))),
            ("Jobs", self.jobs()),
            ("Replications", self.replications()),
            ("Confidence level", self.record["confidence"].to_string()),
            ("Random numbers", self.random_numbers()),
            ("Hash of the plan", self.text("/plan_hash")),
        ];
        let traces = self.record["traces"].as_object().into_iter().flatten();
        facts.extend(traces.map(|(path, trace)| {
            let hash = trace["sha256"].as_str().unwrap_or_default();
            ("Trace", format!("{path}, {} requests, SHA-256 {hash}", trace["requests"]))
        }));
        facts
    }

    /// The whole record.
    pub(super) fn record_text(&self) -> String {
        serde_json::to_string_pretty(&self.record).unwrap_or_default()
    }

    fn took(&self) -> String {
        let seconds = self.record.pointer("/outcome/wall_s").and_then(Value::as_f64);
        let threads = self.count("/outcome/threads");
        let threads = format!("{threads} thread{}", if threads == 1 { "" } else { "s" });
        format!("{} on {threads}", duration(seconds.unwrap_or_default()))
    }

    fn program(&self) -> String {
        let version = format!("sweep {}", self.text("/versions/sweep"));
        match self.record.pointer("/versions/git_commit").and_then(Value::as_str) {
            Some(commit) => format!("{version}, commit {commit}"),
            None => version,
        }
    }

    fn jobs(&self) -> String {
        let mut text = grouped(self.count("/jobs"));
        for (path, what) in [
            ("/outcome/failed_jobs", "failed"),
            ("/outcome/reused_jobs", "taken over from earlier runs"),
        ] {
            let count = self.count(path);
            if count > 0 {
                text = format!("{text}, {} {what}", grouped(count));
            }
        }
        text
    }

    fn replications(&self) -> String {
        let least = self.count("/replications");
        match self.record.get("precision") {
            Some(precision) => format!("{least} or more, for a precision of {precision}"),
            None => format!("{least} of each cell"),
        }
    }

    fn random_numbers(&self) -> String {
        let swept =
            ["random_seed", "seed"].iter().find_map(|key| self.record["sweep"]["axes"].get(key));
        let seed = self.record.pointer("/resolved_base/random_seed").unwrap_or(&Value::Null);
        let seed = match swept {
            Some(values) => format!("seeds {values}"),
            None => format!("seed {seed}"),
        };
        let seeding = self.record.pointer("/sweep/seeding").and_then(Value::as_str);
        let how = match seeding {
            Some("independent") => "each cell has its own",
            _ => "common to all cells",
        };
        format!(
            "{seed}, {how}; streams of version {}, first draws {}",
            self.record.get("stream_version").unwrap_or(&json!(null)),
            self.text("/draw_fingerprint")
        )
    }

    fn text(&self, path: &str) -> String {
        self.record.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    fn count(&self, path: &str) -> u64 {
        self.record.pointer(path).and_then(Value::as_u64).unwrap_or_default()
    }
}
