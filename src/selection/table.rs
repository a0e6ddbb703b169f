//! What is shown of a table.

use serde_json::Value as Json;
use sweep_engine::spec::Value;

/// Some columns and rows of a table; null where nothing is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Table {
    pub(crate) names: Vec<String>,
    /// Rows of as many values as there are names.
    pub(crate) rows: Vec<Vec<Json>>,
}

impl Table {
    /// A table of so many rows, without columns.
    pub(crate) fn with_rows(rows: usize) -> Self {
        Self { names: Vec::new(), rows: vec![Vec::new(); rows] }
    }

    /// Adds a column that has a value for each row.
    pub(crate) fn add<'a>(
        &mut self,
        name: String,
        values: impl Iterator<Item = Option<&'a Value>>,
    ) {
        self.names.push(name);
        for (row, value) in self.rows.iter_mut().zip(values) {
            row.push(value.map_or(Json::Null, json));
        }
    }
}

fn json(value: &Value) -> Json {
    match value {
        Value::Number(number) => Json::from(*number),
        Value::Count(count) => Json::from(*count),
        Value::Seed(seed) => Json::from(*seed),
        Value::Flag(flag) => Json::from(*flag),
        Value::Word(word) => Json::from(word.as_str()),
    }
}
