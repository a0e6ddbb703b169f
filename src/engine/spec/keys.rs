//! What is known of a scenario key: type, unit, meaning, and when it matters.
//!
//! It feeds `--set`, axes, the null rule of the tables, the command that reruns a job, and the
//! reference page. Files are read by serde through [`ScenarioSpec`]; a test holds the two together.

use super::scenario::ScenarioSpec;
use super::value::{Kind, Value};

/// One scenario key.
#[derive(Debug)]
pub struct Key {
    /// Dotted path in a scenario.
    pub path: &'static str,
    /// Other names that axes and flags may use.
    pub aliases: &'static [&'static str],
    /// Name of the column that shows it in tables.
    pub column: &'static str,
    /// Type of its values.
    pub kind: Kind,
    /// Unit; empty where there is none.
    pub unit: &'static str,
    /// What it means, with its default.
    pub meaning: &'static str,
    /// When it is set, relative to keys that it gives a meaning or takes it from.
    pub rank: Rank,
    /// Whether it has a meaning in this scenario.
    pub applies: fn(&ScenarioSpec) -> bool,
    /// Its value, if it is stated.
    pub get: fn(&ScenarioSpec) -> Option<Value>,
    /// States it. The value must be of the key's kind; another is ignored.
    pub set: fn(&mut ScenarioSpec, &Value),
}

/// The order in which keys are set: each rank decides over the meaning of later ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// The architecture and the kind of arrivals.
    System,
    /// How a token-length distribution is spelled.
    Spelling,
    /// Everything else.
    Value,
}

impl Rank {
    /// All ranks, in order.
    pub const ALL: [Self; 3] = [Self::System, Self::Spelling, Self::Value];
}

impl Key {
    /// Whether it and another key set the same thing: one key, or one cluster's key and the
    /// own-mode key that covers it.
    pub fn overlaps(&self, other: &Self) -> bool {
        let covers = |own: &Self, key: &Self| own.path == own.column && key.column == own.column;
        self.path == other.path || covers(self, other) || covers(other, self)
    }
}
