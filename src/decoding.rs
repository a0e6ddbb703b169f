//! Decoders at work on files that may have been altered.

use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

/// What a decoder makes of a file; nothing if it panics. Of the panic nothing is printed, on whichever thread it is:
/// decoders have threads of their own. So the silence is one of the whole process, and one decoder works at a time.
pub(crate) fn unpanicked<T>(decode: impl FnOnce() -> T) -> Option<T> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let loud = panic::take_hook();
    panic::set_hook(Box::new(|_| ()));
    let decoded = catch_unwind(AssertUnwindSafe(decode));
    panic::set_hook(loud);
    drop(turn);
    decoded.ok()
}
