//! Why a command ends without success, and the exit code that says so.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::ExitCode;

use sweep_engine::model::SimError;
use sweep_engine::plan::PlanError;
use sweep_engine::scenario::SpecError;
use thiserror::Error;

use crate::io::{RunError, TraceFileError, YamlError};
use crate::signals::Signal;

/// Finished, but some jobs failed.
const JOBS_FAILED: u8 = 3;
/// Bad usage or bad input; nothing was run or written.
const BAD_INPUT: u8 = 2;
/// Reading or writing failed (disk, permissions).
const IO_FAILED: u8 = 4;

/// Any failure of a command.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Yaml(#[from] YamlError),
    #[error(transparent)]
    Trace(#[from] TraceFileError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// What the user asked for makes no sense; the text has place, value and remedy.
    #[error("{0}")]
    Usage(String),
    /// The one job of `simulate`.
    #[error("the simulation failed")]
    Simulation(#[source] SimError),
    #[error(
        "{failed} of {jobs} jobs failed; the columns `error` and `rerun` of {table} say why and how to run them alone; \
         --retry-failed runs them again"
    )]
    Jobs { failed: u64, jobs: u64, table: String },
    #[error("failed to {action} {}", path.display())]
    Io { action: &'static str, path: PathBuf, source: std::io::Error },
    /// Encoders write as they go, so a full disk shows here, too.
    #[error("failed to encode or write {what}")]
    Encoding { what: String, source: Box<dyn std::error::Error + Send + Sync> },
    /// Before it is known by what.
    #[error("interrupted")]
    Interrupted,
    /// By a signal.
    #[error("{signal}; {kept}")]
    Stopped { signal: Signal, kept: String },
    /// A file in the folder of a run that is not what it should be.
    #[error("{}: {problem}", path.display())]
    Part { path: PathBuf, problem: String },
}

impl Failure {
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::Usage(text.into())
    }

    pub(crate) fn encoding(
        what: impl Into<String>,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        Self::Encoding { what: what.into(), source: Box::new(source) }
    }

    /// What to do where the message does not say it.
    pub(crate) fn advice(&self) -> Option<&'static str> {
        let cause = match self {
            Self::Io { source, .. } => source.kind(),
            Self::Encoding { .. } => ErrorKind::Other,
            _ => return None,
        };
        Some(match cause {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                "free some space there, then give the same command again"
            }
            ErrorKind::FileTooLarge => {
                "raise the limit on the size of files (ulimit -f), then give the same command again"
            }
            ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => {
                "allow it there, then give the same command again"
            }
            _ => "when that is mended, give the same command again",
        })
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Yaml(_)
            | Self::Trace(_)
            | Self::Run(_)
            | Self::Plan(_)
            | Self::Spec(_)
            | Self::Usage(_) => BAD_INPUT,
            Self::Simulation(_) | Self::Jobs { .. } => JOBS_FAILED,
            Self::Io { .. } | Self::Encoding { .. } | Self::Part { .. } => IO_FAILED,
            Self::Interrupted => Signal::Interrupt.exit_code(),
            Self::Stopped { signal, .. } => signal.exit_code(),
        })
    }
}
