//! SIGINT (Ctrl-C) and SIGTERM: the first one asks to stop, a second one ends the process at once.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use sweep_engine::progress::Progress;

use crate::failure::Failure;

/// A signal that asks to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    Interrupt,
    Terminate,
}

impl Signal {
    const ALL: [Self; 2] = [Self::Interrupt, Self::Terminate];

    fn number(self) -> u8 {
        match self {
            Self::Interrupt => u8::try_from(SIGINT).unwrap_or_default(),
            Self::Terminate => u8::try_from(SIGTERM).unwrap_or_default(),
        }
    }

    /// 128 and the number of the signal, as shells have it.
    pub(crate) fn exit_code(self) -> u8 {
        128 + self.number()
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str(match self {
            Self::Interrupt => "interrupted",
            Self::Terminate => "terminated",
        })
    }
}

/// Set by a signal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupt {
    is_set: Arc<AtomicBool>,
    number: Arc<AtomicUsize>,
}

impl Interrupt {
    /// Listens from now on.
    ///
    /// # Errors
    /// The system does not let it listen.
    pub(crate) fn install() -> Result<Self, Failure> {
        let interrupt = Self::default();
        for signal in Signal::ALL {
            let Self { is_set, number } = interrupt.clone();
            let own = i32::from(signal.number());
            // In this order: the second signal finds the flag that the first has set.
            flag::register_conditional_shutdown(own, i32::from(signal.exit_code()), is_set.clone())
                .and_then(|_| flag::register_usize(own, number, signal.number().into()))
                .and_then(|_| flag::register(own, is_set))
                .map_err(|error| Failure::usage(format!("cannot listen to signals: {error}")))?;
        }
        survive_large_files()
            .map_err(|error| Failure::usage(format!("cannot listen to signals: {error}")))?;
        Ok(interrupt)
    }

    pub(crate) fn is_set(&self) -> bool {
        self.is_set.load(Ordering::Relaxed)
    }

    /// An error if there was a signal.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if self.is_set() { Err(Failure::Interrupted) } else { Ok(()) }
    }

    /// The signal, if there was one.
    pub(crate) fn signal(&self) -> Option<Signal> {
        let number = self.number.load(Ordering::Relaxed);
        Signal::ALL.into_iter().find(|signal| usize::from(signal.number()) == number)
    }

    /// Says which signal it was that interrupted, and what is kept.
    pub(crate) fn explain(&self, failure: Failure, kept: &str) -> Failure {
        match (failure, self.signal()) {
            (Failure::Interrupted, Some(signal)) => {
                Failure::Stopped { signal, kept: kept.to_owned() }
            }
            (failure, _) => failure,
        }
    }
}

/// Beyond a limit on the size of files a signal comes that ends the process; caught, it is an error of writing, which
/// has a message.
#[cfg(unix)]
fn survive_large_files() -> io::Result<()> {
    flag::register(signal_hook::consts::SIGXFSZ, Arc::default()).map(|_| ())
}

/// Elsewhere there is no such signal.
#[cfg(not(unix))]
fn survive_large_files() -> io::Result<()> {
    Ok(())
}

/// For work that reports nothing and can be interrupted.
impl Progress for Interrupt {
    fn interrupted(&self) -> bool {
        self.is_set()
    }
}
