//! One typed value of a scenario key, read from text.

use std::cmp::Ordering;
use std::fmt;

use serde::{Serialize, Serializer};

/// What values a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A finite number.
    Number,
    /// A finite number or one of these words.
    NumberOr(&'static [&'static str]),
    /// A whole number that fits 32 bits.
    Count,
    /// A whole number that fits 64 bits.
    Seed,
    /// `true` or `false`.
    Flag,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A file path.
    Path,
}

/// A value of a key, typed.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// For [`Kind::Number`] and [`Kind::NumberOr`].
    Number(f64),
    /// For [`Kind::Count`].
    Count(u32),
    /// For [`Kind::Seed`].
    Seed(u64),
    /// For [`Kind::Flag`].
    Flag(bool),
    /// For [`Kind::Word`], [`Kind::NumberOr`] and [`Kind::Path`].
    Word(String),
}

impl Kind {
    /// Reads a value; an error says what is expected instead.
    ///
    /// # Errors
    /// The remedy, as a sentence for "…: ".
    pub fn parse(self, text: &str) -> Result<Value, String> {
        let text = text.trim();
        match self {
            Self::Number => number(text).ok_or_else(|| "it must be a finite number".into()),
            Self::NumberOr(words) => word(text, words)
                .or_else(|| number(text))
                .ok_or_else(|| format!("it must be a finite number or {}", words.join(" or "))),
            Self::Count => text
                .parse()
                .map(Value::Count)
                .map_err(|_| format!("it must be a whole number between 0 and {}", u32::MAX)),
            Self::Seed => text
                .parse()
                .map(Value::Seed)
                .map_err(|_| format!("it must be a whole number between 0 and {}", u64::MAX)),
            Self::Flag => {
                text.parse().map(Value::Flag).map_err(|_| "it must be true or false".into())
            }
            Self::Word(words) => {
                word(text, words).ok_or_else(|| format!("it must be one of {}", words.join(", ")))
            }
            Self::Path => {
                if text.is_empty() {
                    Err("it must be the path of a file".into())
                } else {
                    Ok(Value::Word(text.to_owned()))
                }
            }
        }
    }

    /// Whether ranges make sense for this kind.
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Number | Self::NumberOr(_) | Self::Count | Self::Seed)
    }
}

fn number(text: &str) -> Option<Value> {
    // Adding 0 turns -0 into 0.
    text.parse().ok().filter(|number: &f64| number.is_finite()).map(|n| Value::Number(n + 0.0))
}

fn word(text: &str, words: &[&str]) -> Option<Value> {
    words.contains(&text).then(|| Value::Word(text.to_owned()))
}

impl Value {
    /// The value as a number, where it is one.
    #[expect(clippy::cast_precision_loss, reason = "only for comparisons of axis values")]
    pub fn as_number(&self) -> Option<f64> {
        match *self {
            Self::Number(number) => Some(number),
            Self::Count(count) => Some(f64::from(count)),
            Self::Seed(seed) => Some(seed as f64),
            Self::Flag(_) | Self::Word(_) => None,
        }
    }

    /// How it stands to another: numbers by size, whole ones with all their digits. A number and a word have no order,
    /// and are not equal; of words only equality means something.
    pub fn compared(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Seed(one), Self::Seed(other)) => Some(one.cmp(other)),
            (Self::Flag(one), Self::Flag(other)) => Some(one.cmp(other)),
            (Self::Word(one), Self::Word(other)) => Some(one.cmp(other)),
            _ => self.as_number()?.partial_cmp(&other.as_number()?),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) if (1e-6..1e16).contains(&number.abs()) || *number == 0.0 => {
                write!(f, "{number}")
            }
            Self::Number(number) => write!(f, "{number:e}"),
            Self::Count(count) => write!(f, "{count}"),
            Self::Seed(seed) => write!(f, "{seed}"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Word(word) => f.write_str(word),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Count(count) => serializer.serialize_u32(*count),
            Self::Seed(seed) => serializer.serialize_u64(*seed),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Word(word) => serializer.serialize_str(word),
        }
    }
}
