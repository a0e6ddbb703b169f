//! Reading sweep and scenario files. YAML errors carry file, line, column and an excerpt.

use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_saphyr::{MessageFormatter, UserMessageFormatter};
use sweep_engine::spec::ScenarioSpec;
use thiserror::Error;

use super::sweep_file::SweepFile;

/// Largest sweep or scenario file, bytes.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// Largest number of YAML nodes: room for lists of a million values.
const MAX_NODES: usize = 4_000_000;

/// Why a sweep or scenario file cannot be used.
#[derive(Debug, Error)]
pub(crate) enum YamlError {
    #[error("failed to read {}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{} is larger than {MAX_FILE_BYTES} bytes: use ranges (1:5:0.5) instead of long lists", path.display())]
    TooLarge { path: PathBuf },
    #[error("{} is not valid UTF-8 at byte {offset}: save it as UTF-8 text", path.display())]
    NotUtf8 { path: PathBuf, offset: usize },
    #[error("bad file {}: {message}{hint}", path.display())]
    Malformed { path: PathBuf, message: String, hint: &'static str },
}

/// Reads a sweep file.
pub(crate) fn read_sweep(path: &Path) -> Result<SweepFile, YamlError> {
    let text = read_text(path)?;
    parse(path, &text, |_| {
        if parse_text::<ScenarioSpec>(&text).is_ok() {
            "\nThis looks like a scenario file: give it with --config"
        } else {
            ""
        }
    })
}

/// Reads a scenario file.
pub(crate) fn read_scenario(path: &Path) -> Result<ScenarioSpec, YamlError> {
    let text = read_text(path)?;
    parse(path, &text, |_| {
        if parse_text::<SweepFile>(&text).is_ok() {
            "\nThis looks like a sweep file: give it to `sweep run`"
        } else {
            ""
        }
    })
}

fn parse<T: DeserializeOwned>(
    path: &Path,
    text: &str,
    hint: impl Fn(&str) -> &'static str,
) -> Result<T, YamlError> {
    parse_text(text).map_err(|error| {
        let message = render(path, &error);
        YamlError::Malformed { path: path.to_owned(), hint: hint(&message), message }
    })
}

/// Line, column, what is wrong, and an excerpt under the name of the file.
fn render(path: &Path, error: &serde_saphyr::Error) -> String {
    let name = path.display().to_string();
    let text = error.render_with_options(serde_saphyr::render_options! {
        formatter: &Wording,
        source_name: Some(name.as_str()),
    });
    text.strip_prefix("error: ").unwrap_or(&text).trim_end().to_owned()
}

/// The library's wording for users, less the names of Rust types.
struct Wording;

impl MessageFormatter for Wording {
    fn format_message<'a>(&self, error: &'a serde_saphyr::Error) -> Cow<'a, str> {
        match error {
            serde_saphyr::Error::InvalidScalar { ty: "u32" | "u64", .. } => {
                "it must be a whole number of at least 0".into()
            }
            serde_saphyr::Error::InvalidScalar { ty: "floating point", .. } => {
                "it must be a number".into()
            }
            serde_saphyr::Error::InvalidScalar { ty: "boolean", .. } => {
                "it must be true or false".into()
            }
            _ => UserMessageFormatter.format_message(error),
        }
    }
}

fn parse_text<T: DeserializeOwned>(text: &str) -> Result<T, serde_saphyr::Error> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: MAX_NODES,
            max_events: 2 * MAX_NODES,
        },
        // Checked with all other values, where the message can name the key.
        non_finite_float_policy: serde_saphyr::NonFiniteFloatPolicy::PassThrough,
    };
    serde_saphyr::from_str_with_options(text, options)
}

fn read_text(path: &Path) -> Result<String, YamlError> {
    let unreadable = |source| YamlError::Unreadable { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(YamlError::TooLarge { path: path.to_owned() });
    }
    String::from_utf8(bytes).map_err(|error| YamlError::NotUtf8 {
        path: path.to_owned(),
        offset: error.utf8_error().valid_up_to(),
    })
}
