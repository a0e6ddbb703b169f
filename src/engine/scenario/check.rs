//! Checks of single values, and the errors that name key, value and remedy.

use std::fmt::Display;

use thiserror::Error;

use super::trace::MAX_TOKENS;
use crate::spec::{Key, Kind, ScenarioSpec, Value};

/// Why a scenario makes no sense. Fit for "failed to …: ".
#[derive(Clone, Debug, Error, PartialEq)]
#[expect(missing_docs, reason = "the fields say what the message says")]
pub enum SpecError {
    #[error("`{path}` is {value}: {remedy}")]
    Invalid { path: String, value: String, remedy: String },
    #[error("`{path}` is missing: {remedy}")]
    Missing { path: String, remedy: String },
    #[error("`{path}` has no meaning with `{name}: {value}`: remove it, or set {name} to {others}")]
    Foreign { path: &'static str, name: String, value: &'static str, others: String },
}

/// A number above 0.
pub(super) fn positive(key: &str, number: Option<f64>) -> Result<f64, SpecError> {
    let number = stated(key, number)?;
    if number > 0.0 { Ok(number) } else { Err(invalid(key, number, "it must be above 0")) }
}

/// Above the lower end (if that is 0) or from it on, up to the upper end.
pub(super) fn within(
    key: &str,
    number: Option<f64>,
    (low, high): (f64, f64),
) -> Result<f64, SpecError> {
    let number = positive(key, number)?;
    if (low..=high).contains(&number) {
        Ok(number)
    } else {
        Err(invalid(
            key,
            Value::Number(number),
            &format!("it must lie between {} and {}", Value::Number(low), Value::Number(high)),
        ))
    }
}

/// A number of at least 0.
pub(super) fn not_negative(key: &str, number: Option<f64>) -> Result<f64, SpecError> {
    let number = stated(key, number)?;
    if number >= 0.0 { Ok(number) } else { Err(invalid(key, number, "it must not be negative")) }
}

/// A number of tokens: at least 0, within the limit.
pub(super) fn token_count(key: &str, number: Option<f64>) -> Result<f64, SpecError> {
    let number = not_negative(key, number)?;
    if number <= MAX_TOKENS {
        Ok(number)
    } else {
        Err(invalid(key, number, &format!("the limit is {MAX_TOKENS:e} tokens")))
    }
}

/// No number is infinite or none at all, whether or not it has a meaning here: the scenario could not be printed as
/// JSON and read again.
pub(super) fn all_finite(spec: &ScenarioSpec) -> Result<(), SpecError> {
    let numbers = Key::all().filter(|key| matches!(key.kind, Kind::Number | Kind::NumberOr(_)));
    for key in numbers {
        if let Some(Value::Number(number)) = (key.get)(spec)
            && !number.is_finite()
        {
            return Err(invalid(key.path, number, "it must be a finite number"));
        }
    }
    Ok(())
}

/// The value of a key that must be stated.
pub(super) fn stated<T>(key: &str, value: Option<T>) -> Result<T, SpecError> {
    value.ok_or_else(|| missing(key, "this mode needs it"))
}

/// The error for a key that is not stated.
pub(super) fn missing(key: &str, remedy: &str) -> SpecError {
    SpecError::Missing { path: key.to_owned(), remedy: remedy.to_owned() }
}

/// The error for a value that makes no sense.
pub(super) fn invalid(key: &str, value: impl Display, remedy: &str) -> SpecError {
    SpecError::Invalid { path: key.to_owned(), value: value.to_string(), remedy: remedy.to_owned() }
}
