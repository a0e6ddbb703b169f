//! The sweep as written: a base scenario, axes, and how they combine.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use super::keys::Key;
use super::list::{ListError, parse_items, parse_list};
use super::scenario::ScenarioSpec;
use super::value::{Kind, Value};
use crate::random::Seeding;

/// A sweep with its base scenario at hand. The outer crate builds it from a file and flags.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SweepSpec {
    /// The question in one sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What all cells have in common.
    pub base: ScenarioSpec,
    /// Axes in declared order.
    #[serde(serialize_with = "axes_as_map")]
    pub axes: Vec<AxisSpec>,
    /// Groups of axes that advance together.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub zip: Vec<Vec<String>>,
    /// Conditions of cells that are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// Replications per cell; with a wanted precision, the fewest.
    pub replications: u32,
    /// How cells share randomness.
    pub seeding: Seeding,
    /// Confidence level of intervals, in (0, 1); `None` for [`DEFAULT_CONFIDENCE`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// Precision that decides how often a cell is replicated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub precision: Option<PrecisionSpec>,
}

/// Confidence level of intervals when nothing is said.
pub const DEFAULT_CONFIDENCE: f64 = 0.95;

/// A wanted precision as written: `0.05`, or `{relative: 0.05, of: [...], max_replications: 400}`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PrecisionSpec {
    /// Half width of the interval relative to the value, in (0, 1).
    pub relative: Option<f64>,
    /// Results that must reach it; `None` for the defaults.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<Vec<String>>,
    /// Most replications of a cell; `None` for the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_replications: Option<u32>,
}

/// One axis as written.
#[derive(Clone, Debug, PartialEq)]
pub struct AxisSpec {
    /// Key path or alias.
    pub name: String,
    /// Its values.
    pub values: AxisValues,
}

/// Values of an axis as written.
#[derive(Clone, Debug, PartialEq)]
pub enum AxisValues {
    /// LIST grammar: `0.5,1,2` or `1:5:0.5`.
    Text(String),
    /// A written-out list; numbers and flags as text.
    Items(Vec<String>),
}

impl SweepSpec {
    /// A sweep that says nothing about the mode takes both.
    pub fn add_default_modes(&mut self) {
        let is_mode = |axis: &AxisSpec| Key::find(&axis.name).is_some_and(|key| key.path == "mode");
        if self.base.mode.is_none() && !self.axes.iter().any(is_mode) {
            let values = AxisValues::Text("mono,disagg".into());
            self.axes.push(AxisSpec { name: "mode".into(), values });
        }
    }

    /// Paths of the traces that the base or an axis names.
    pub fn trace_paths(&self) -> Vec<String> {
        let in_axes = self.axes.iter().filter_map(|axis| {
            let key = Key::find(&axis.name).filter(|key| key.kind == Kind::Path)?;
            axis.values.parse(key.kind).ok()
        });
        let in_base = self.base.trace_paths().map(str::to_owned);
        in_base.chain(in_axes.flatten().map(|value| value.to_string())).collect()
    }
}

impl AxisValues {
    /// The items as they are, for lists that are of no key: `a,b` or `[a, b]`.
    fn words(self) -> Vec<String> {
        match self {
            Self::Text(text) => text.split(',').map(|word| word.trim().to_owned()).collect(),
            Self::Items(items) => items,
        }
    }

    /// Reads the values.
    ///
    /// # Errors
    /// Says which item is wrong, and what to write instead.
    pub fn parse(&self, kind: Kind) -> Result<Vec<Value>, ListError> {
        match self {
            Self::Text(text) => parse_list(text, kind),
            Self::Items(items) => parse_items(items, kind),
        }
    }
}

impl Serialize for AxisValues {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Items(items) => items.serialize(serializer),
        }
    }
}

/// Axes are a mapping in files; its order is theirs.
fn axes_as_map<S: Serializer>(axes: &[AxisSpec], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(axes.len()))?;
    for axis in axes {
        map.serialize_entry(&axis.name, &axis.values)?;
    }
    map.end()
}

/// Reads the mapping of axes in its written order.
///
/// # Errors
/// Those of the deserializer, and values that are neither text nor a list.
pub fn axes_in_order<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<AxisSpec>, D::Error> {
    struct Axes;
    impl<'de> Visitor<'de> for Axes {
        type Value = Vec<AxisSpec>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a mapping from scenario keys to their values")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut axes = Vec::new();
            while let Some((name, values)) = map.next_entry()? {
                axes.push(AxisSpec { name, values });
            }
            Ok(axes)
        }
    }
    deserializer.deserialize_map(Axes)
}

/// Visits any scalar as its text: the key decides its type later.
macro_rules! visit_scalars_as_text {
    ($wrap:expr) => {
        fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
            Ok($wrap(text.to_owned()))
        }
        fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
            Ok($wrap(number.to_string()))
        }
        fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
            Ok($wrap(number.to_string()))
        }
        fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
            Ok($wrap(number.to_string()))
        }
        fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Self::Value, E> {
            Ok($wrap(flag.to_string()))
        }
    };
}

impl<'de> Deserialize<'de> for AxisValues {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListOrText;
        impl<'de> Visitor<'de> for ListOrText {
            type Value = AxisValues;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of values, or a range such as 1:5:0.5")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(Scalar(item)) = seq.next_element()? {
                    items.push(item);
                }
                Ok(AxisValues::Items(items))
            }

            visit_scalars_as_text!(AxisValues::Text);
        }
        deserializer.deserialize_any(ListOrText)
    }
}

impl<'de> Deserialize<'de> for PrecisionSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Fields {
            relative: Option<f64>,
            of: Option<AxisValues>,
            max_replications: Option<u32>,
        }
        struct NumberOrFields;
        impl<'de> Visitor<'de> for NumberOrFields {
            type Value = PrecisionSpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number such as 0.05, or a mapping {relative: 0.05, of: [...]}")
            }

            fn visit_f64<E: de::Error>(self, relative: f64) -> Result<PrecisionSpec, E> {
                Ok(PrecisionSpec { relative: Some(relative), ..PrecisionSpec::default() })
            }

            fn visit_u64<E: de::Error>(self, whole: u64) -> Result<PrecisionSpec, E> {
                // Out of range in any case; the plan says so.
                self.visit_f64(f64::from(u32::try_from(whole).unwrap_or(u32::MAX)))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<PrecisionSpec, A::Error> {
                let fields = Fields::deserialize(MapAccessDeserializer::new(map))?;
                let Fields { relative, of, max_replications } = fields;
                Ok(PrecisionSpec { relative, of: of.map(AxisValues::words), max_replications })
            }
        }
        deserializer.deserialize_any(NumberOrFields)
    }
}

/// An item of a list.
struct Scalar(String);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyScalar;
        impl Visitor<'_> for AnyScalar {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, a word, true or false")
            }

            visit_scalars_as_text!(Scalar);
        }
        deserializer.deserialize_any(AnyScalar)
    }
}
