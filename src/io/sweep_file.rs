//! The sweep file as written.

use std::fmt;
use std::path::PathBuf;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use sweep_engine::random::Seeding;
use sweep_engine::spec::{AxisSpec, PrecisionSpec, ScenarioSpec, SweepSpec, axes_in_order};

/// Replications of a cell when nothing is said.
const DEFAULT_REPLICATIONS: u32 = 10;

/// A sweep file: the question, a base scenario, axes and how they combine.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SweepFile {
    pub(crate) why: Option<String>,
    pub(crate) base: Base,
    #[serde(deserialize_with = "axes_in_order")]
    pub(crate) axes: Vec<AxisSpec>,
    pub(crate) zip: Vec<Vec<String>>,
    pub(crate) exclude: Vec<String>,
    pub(crate) replications: Option<u32>,
    pub(crate) seeding: Option<Seeding>,
    pub(crate) confidence: Option<f64>,
    pub(crate) precision: Option<PrecisionSpec>,
    pub(crate) output: OutputSpec,
}

impl SweepFile {
    /// The sweep with its base scenario at hand, and where its tables go.
    pub(crate) fn into_sweep(self, base: ScenarioSpec) -> (SweepSpec, OutputSpec) {
        let spec = SweepSpec {
            why: self.why,
            base,
            axes: self.axes,
            zip: self.zip,
            exclude: self.exclude,
            replications: self.replications.unwrap_or(DEFAULT_REPLICATIONS),
            seeding: self.seeding.unwrap_or_default(),
            confidence: self.confidence,
            precision: self.precision,
        };
        (spec, self.output)
    }
}

/// `output` of a sweep file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct OutputSpec {
    pub(crate) name: Option<String>,
    pub(crate) out: Option<PathBuf>,
    pub(crate) format: Option<TableFormat>,
}

/// File format of the tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TableFormat {
    #[default]
    Parquet,
    Csv,
}

impl TableFormat {
    /// `jobs.parquet` or `jobs.csv`.
    pub(crate) fn file_name(self, table: &str) -> String {
        match self {
            Self::Parquet => format!("{table}.parquet"),
            Self::Csv => format!("{table}.csv"),
        }
    }
}

/// `base` of a sweep file: a scenario, or the path of one.
#[derive(Debug)]
pub(crate) enum Base {
    Inline(Box<ScenarioSpec>),
    Path(PathBuf),
}

impl Default for Base {
    fn default() -> Self {
        Self::Inline(Box::default())
    }
}

impl<'de> Deserialize<'de> for Base {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InlineOrPath;
        impl<'de> Visitor<'de> for InlineOrPath {
            type Value = Base;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a scenario, or the path of a scenario file")
            }

            fn visit_str<E: de::Error>(self, path: &str) -> Result<Base, E> {
                Ok(Base::Path(PathBuf::from(path)))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Base, A::Error> {
                let scenario = ScenarioSpec::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Base::Inline(Box::new(scenario)))
            }
        }
        deserializer.deserialize_any(InlineOrPath)
    }
}
