//! The LIST grammar of axes: `0.5,1,2`, `1:5:0.5`, `lin:1:5:9`, `log:0.1:10:9`, words.
//!
//! Ranges are computed in decimal arithmetic, so 0 to 1 by 0.1 has 11 points and each of them is
//! the double nearest to its decimal value.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use thiserror::Error;

use super::value::{Kind, Value};
use crate::math;

/// Most values that one list may have.
pub const MAX_LIST_VALUES: usize = 1_000_000;

/// Why a text is no list of values.
#[derive(Clone, Debug, Error, PartialEq)]
#[expect(missing_docs, reason = "the fields say what the message says")]
pub enum ListError {
    #[error("the list is empty: give at least one value")]
    Empty,
    #[error("an empty item in `{text}`: remove the extra comma")]
    EmptyItem { text: String },
    #[error("`{item}`: {remedy}")]
    BadItem { item: String, remedy: String },
    #[error("the value {value} stands twice: remove one")]
    Repeated { value: String },
    #[error("`{text}`: a range is start:stop:step, lin:start:stop:points or log:start:stop:points")]
    NotARange { text: String },
    #[error("`{text}`: ranges are for numbers; list these values with commas")]
    RangeOfWords { text: String },
    #[error("`{part}` in `{text}`: it must be a decimal number between -1e15 and 1e15")]
    BadNumber { part: String, text: String },
    #[error("`{text}`: the step must be above 0")]
    BadStep { text: String },
    #[error("`{text}`: stop lies below start; swap them")]
    Reversed { text: String },
    #[error("`{text}`: the number of points must be a whole number of at least 2")]
    BadPoints { text: String },
    #[error("`{text}`: a logarithmic range needs a start above 0")]
    BadLogStart { text: String },
    #[error("`{text}` has {points} points, the limit is {MAX_LIST_VALUES}: use a larger step")]
    TooLong { text: String, points: String },
    #[error("the list has more than {MAX_LIST_VALUES} values: drop some, or use larger steps")]
    TooManyValues,
}

/// Reads the values of one axis or flag. Values that stand twice are refused.
///
/// # Errors
/// Says what is wrong with which item, and what to write instead.
pub fn parse_list(text: &str, kind: Kind) -> Result<Vec<Value>, ListError> {
    if text.trim().is_empty() {
        return Err(ListError::Empty);
    }
    let mut values = Vec::new();
    for item in text.split(',').map(str::trim) {
        if item.is_empty() {
            return Err(ListError::EmptyItem { text: text.to_owned() });
        }
        parse_item(item, kind, &mut values)?;
    }
    check_distinct(&values)?;
    Ok(values)
}

/// Reads the items of a list that is written as such.
///
/// # Errors
/// As for [`parse_list`].
pub fn parse_items(items: &[String], kind: Kind) -> Result<Vec<Value>, ListError> {
    if items.is_empty() {
        return Err(ListError::Empty);
    }
    let mut values = Vec::with_capacity(items.len());
    for item in items {
        parse_item(item, kind, &mut values)?;
    }
    check_distinct(&values)?;
    Ok(values)
}

fn check_distinct(values: &[Value]) -> Result<(), ListError> {
    let mut seen = BTreeSet::new();
    match values.iter().map(Value::to_string).find(|text| !seen.insert(text.clone())) {
        Some(value) => Err(ListError::Repeated { value }),
        None => Ok(()),
    }
}

/// Adds the values of one item, a value or a range.
fn parse_item(item: &str, kind: Kind, values: &mut Vec<Value>) -> Result<(), ListError> {
    // Paths may contain colons.
    if item.contains(':') && kind != Kind::Path {
        values.extend(parse_range(item, kind)?);
    } else {
        values.push(parse_value(item, kind)?);
    }
    if values.len() > MAX_LIST_VALUES {
        return Err(ListError::TooManyValues);
    }
    Ok(())
}

fn parse_value(item: &str, kind: Kind) -> Result<Value, ListError> {
    kind.parse(item).map_err(|remedy| ListError::BadItem { item: item.to_owned(), remedy })
}

fn parse_range(item: &str, kind: Kind) -> Result<Vec<Value>, ListError> {
    let text = || item.to_owned();
    if !kind.is_numeric() {
        return Err(ListError::RangeOfWords { text: text() });
    }
    let parts: Vec<&str> = item.split(':').map(str::trim).collect();
    let points = match parts.as_slice() {
        ["lin", start, stop, points] => {
            linear_range(item, decimal(start, item)?, decimal(stop, item)?, points)?
        }
        ["log", start, stop, points] => {
            logarithmic_range(item, decimal(start, item)?, decimal(stop, item)?, points)?
        }
        ["lin" | "log", ..] => return Err(ListError::NotARange { text: text() }),
        [start, stop, step] => {
            step_range(item, decimal(start, item)?, decimal(stop, item)?, decimal(step, item)?)?
        }
        _ => return Err(ListError::NotARange { text: text() }),
    };
    points.iter().map(|point| parse_value(point, kind)).collect()
}

/// start, start + step, ... up to and including stop.
fn step_range(
    item: &str,
    start: Decimal,
    stop: Decimal,
    step: Decimal,
) -> Result<Vec<String>, ListError> {
    if step <= Decimal::ZERO {
        return Err(ListError::BadStep { text: item.to_owned() });
    }
    check_order(item, start, stop)?;
    let too_long = |points: String| ListError::TooLong { text: item.to_owned(), points };
    let intervals =
        (stop - start).checked_div(step).ok_or_else(|| too_long("far too many".into()))?.floor();
    let intervals = usize::try_from(intervals)
        .ok()
        .filter(|&n| n < MAX_LIST_VALUES)
        .ok_or_else(|| too_long((intervals + Decimal::ONE).to_string()))?;
    Ok((0..=intervals).map(|i| plain(start + step * Decimal::from(i))).collect())
}

/// `points` equal steps from start to stop, both included.
fn linear_range(
    item: &str,
    start: Decimal,
    stop: Decimal,
    points: &str,
) -> Result<Vec<String>, ListError> {
    check_order(item, start, stop)?;
    let points = point_count(item, points)?;
    let intervals = Decimal::from(points - 1);
    let point = |i: usize| start + (stop - start) * Decimal::from(i) / intervals;
    Ok((0..points).map(|i| plain(point(i))).collect())
}

/// `points` equal ratios from start to stop, both included and exact.
fn logarithmic_range(
    item: &str,
    start: Decimal,
    stop: Decimal,
    points: &str,
) -> Result<Vec<String>, ListError> {
    if start <= Decimal::ZERO {
        return Err(ListError::BadLogStart { text: item.to_owned() });
    }
    check_order(item, start, stop)?;
    let points = point_count(item, points)?;
    let (low, high) = (nearest_double(start), nearest_double(stop));
    let between = |i: usize| {
        let share = math::count(i as u64) / math::count(points as u64 - 1);
        let exact = low * math::pow(high / low, share);
        // Fifteen digits: 4 and 0.1, not 3.9999999999999996 and 0.09999999999999998.
        format!("{}", format!("{exact:.14e}").parse::<f64>().unwrap_or(exact))
    };
    let mut values: Vec<String> = (0..points).map(between).collect();
    values[0] = plain(start);
    values[points - 1] = plain(stop);
    Ok(values)
}

fn check_order(item: &str, start: Decimal, stop: Decimal) -> Result<(), ListError> {
    if stop < start {
        return Err(ListError::Reversed { text: item.to_owned() });
    }
    Ok(())
}

fn point_count(item: &str, points: &str) -> Result<usize, ListError> {
    let count = points
        .parse::<usize>()
        .ok()
        .filter(|&count| count >= 2)
        .ok_or_else(|| ListError::BadPoints { text: item.to_owned() })?;
    if count > MAX_LIST_VALUES {
        return Err(too_long(item, count));
    }
    Ok(count)
}

fn too_long(text: &str, points: usize) -> ListError {
    ListError::TooLong { text: text.to_owned(), points: points.to_string() }
}

/// Bounded, so that no arithmetic on range ends can overflow.
fn decimal(part: &str, text: &str) -> Result<Decimal, ListError> {
    let largest = Decimal::from(10_i64.pow(15));
    part.parse::<Decimal>()
        .or_else(|_| Decimal::from_scientific(part))
        .ok()
        .filter(|number| number.abs() <= largest)
        // Decimals may be written as `1_000`, single values may not.
        .filter(|_| part.parse::<f64>().is_ok())
        .ok_or_else(|| ListError::BadNumber { part: part.to_owned(), text: text.to_owned() })
}

/// Without trailing zeros, so that whole numbers read as such.
fn plain(number: Decimal) -> String {
    number.normalize().to_string()
}

fn nearest_double(number: Decimal) -> f64 {
    // The text of a decimal is always a valid double.
    plain(number).parse().unwrap_or(f64::NAN)
}
