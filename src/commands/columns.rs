//! `sweep columns`: the column table, or the scenario keys.

use serde::Serialize;
use sweep_engine::spec::{Key, Kind};

use crate::cli::TextFormat;
use crate::failure::Failure;
use crate::report;
use crate::schema::documentation;

#[derive(Serialize)]
struct KeyDoc {
    key: &'static str,
    aliases: Vec<&'static str>,
    values: String,
    unit: &'static str,
    meaning: &'static str,
}

pub(super) fn columns(keys: bool, format: TextFormat) -> Result<(), Failure> {
    if keys { print_keys(format) } else { print_columns(format) }
}

fn print_columns(format: TextFormat) -> Result<(), Failure> {
    let docs = documentation(None);
    if format == TextFormat::Json {
        return report::print_json(&docs);
    }
    let rows = docs.into_iter().map(|doc| {
        vec![
            doc.name,
            doc.tables.to_owned(),
            doc.dtype.to_owned(),
            doc.unit,
            doc.meaning,
            doc.formula,
        ]
    });
    let header = ["column", "tables", "type", "unit", "meaning", "formula"];
    report::print_text_table(&header, rows.collect(), format == TextFormat::Markdown)
}

fn print_keys(format: TextFormat) -> Result<(), Failure> {
    let docs = Key::all().map(|key| KeyDoc {
        key: key.path,
        aliases: key.aliases.to_vec(),
        values: match key.kind {
            Kind::Number => "number".to_owned(),
            Kind::NumberOr(words) => format!("number, {}", words.join(", ")),
            Kind::Count | Kind::Seed => "whole number".to_owned(),
            Kind::Flag => "true, false".to_owned(),
            Kind::Word(words) => words.join(", "),
            Kind::Path => "path".to_owned(),
        },
        unit: key.unit,
        meaning: key.meaning,
    });
    if format == TextFormat::Json {
        return report::print_json(&docs.collect::<Vec<_>>());
    }
    let rows = docs.map(|doc| {
        let names = std::iter::once(doc.key).chain(doc.aliases).collect::<Vec<_>>().join(", ");
        vec![names, doc.values, doc.unit.to_owned(), doc.meaning.to_owned()]
    });
    let header = ["key", "values", "unit", "meaning"];
    report::print_text_table(&header, rows.collect(), format == TextFormat::Markdown)
}
