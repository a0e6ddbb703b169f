//! Standard output for tables and JSON, standard error for everything else.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use serde::Serialize;

use crate::failure::Failure;

/// An error with its causes.
pub(crate) fn error(error: &anyhow::Error) {
    say(&format!("error: {error:#}"));
}

/// Something that the user should know before trusting a result.
pub(crate) fn warning(text: &str) {
    say(&format!("warning: {text}"));
}

/// Something nice to know.
pub(crate) fn note(text: &str) {
    say(text);
}

/// Where that cannot be said, as when it goes to a file on a full disk, there is nobody left to tell.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Whether somebody reads standard output, and standard error.
pub(super) fn goes_to_terminal() -> [bool; 2] {
    [io::stdout().is_terminal(), io::stderr().is_terminal()]
}

/// Text for standard output. A closed pipe (`| head`) is no error, a full disk is.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    print_to(io::stdout().lock(), text)
}

/// The same with styles, which are kept where they are wanted: on terminals, unless `NO_COLOR` or `TERM=dumb` say
/// otherwise, and wherever `CLICOLOR_FORCE` says so.
pub(super) fn print_styled(text: &str) -> Result<(), Failure> {
    print_to(anstream::stdout().lock(), text)
}

fn print_to(mut output: impl Write, text: &str) -> Result<(), Failure> {
    match writeln!(output, "{text}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|source| Failure::Io {
            action: "write to",
            path: PathBuf::from("standard output"),
            source,
        }),
    }
}

/// JSON for standard output.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let text =
        serde_json::to_string_pretty(value).map_err(|error| Failure::encoding("JSON", error))?;
    print(&text)
}
