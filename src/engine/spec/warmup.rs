//! `warmup_seconds` as written: seconds, or the word `auto`.

use std::fmt;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// Where the observation window starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Warmup {
    /// At this time, seconds.
    Seconds(f64),
    /// Where pilot replications show that the influence of the empty start has worn off.
    Auto,
}

impl Warmup {
    /// The word that stands for [`Warmup::Auto`].
    pub const AUTO: &'static str = "auto";
}

impl Serialize for Warmup {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Seconds(seconds) => serializer.serialize_f64(*seconds),
            Self::Auto => serializer.serialize_str(Self::AUTO),
        }
    }
}

impl<'de> Deserialize<'de> for Warmup {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrAuto;
        impl Visitor<'_> for NumberOrAuto {
            type Value = Warmup;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or auto")
            }

            fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Warmup, E> {
                Ok(Warmup::Seconds(seconds))
            }

            #[expect(clippy::cast_precision_loss, reason = "far above the longest horizon")]
            fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Warmup, E> {
                Ok(Warmup::Seconds(seconds as f64))
            }

            #[expect(clippy::cast_precision_loss, reason = "far above the longest horizon")]
            fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Warmup, E> {
                Ok(Warmup::Seconds(seconds as f64))
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<Warmup, E> {
                if word == Warmup::AUTO {
                    Ok(Warmup::Auto)
                } else {
                    Err(E::invalid_value(de::Unexpected::Str(word), &self))
                }
            }
        }
        deserializer.deserialize_any(NumberOrAuto)
    }
}
