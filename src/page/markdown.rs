//! The page as Markdown, for wikis and pull requests: without pictures and controls.

use super::report::Report;
use super::rows::{header, rows};
use crate::numbers::grouped;

/// Cells in the table.
const CELLS: usize = 20;

/// What readers must know of the model.
const MODEL: &str = "What is simulated: a GPU serves one request at a time, without batching, limits of KV cache, or \
    transfer times.";

/// What a run says, its first cells, and how to make it again.
pub(crate) fn to_markdown(report: &Report) -> String {
    let run = report.view.run;
    let mut lines = vec![format!("# {}", run.name), String::new()];
    if let Some(why) = &run.why {
        lines.extend([why.clone(), String::new()]);
    }
    lines.extend([report.origin.summary(), String::new()]);
    let answers = report.answers.iter();
    let answers = answers.map(|answer| format!("**{}.** {}", answer.topic.name(), answer.text));
    lines.extend(section("Answers", answers));
    lines.extend([MODEL.to_owned(), String::new()]);
    lines.extend(section("What to mind", report.warnings.iter().map(|(text, _)| text.clone())));
    lines.extend(["## Cells".to_owned(), String::new()]);
    let names = header(report.view);
    lines.push(row(&names));
    lines.push(row(&vec!["---".to_owned(); names.len()]));
    lines.extend(rows(report, CELLS).iter().map(|cells| row(&cells.texts)));
    if report.view.num_cells() > CELLS {
        let more = (report.view.num_cells() - CELLS) as u64;
        lines.extend([String::new(), format!("{} more cells are in the table.", grouped(more))]);
    }
    lines.extend([String::new(), "## How it was made".to_owned(), String::new()]);
    lines.extend(["```sh".to_owned(), report.origin.command(), "```".to_owned(), String::new()]);
    lines.extend(report.origin.facts().iter().map(|(name, value)| format!("- {name}: {value}")));
    lines.join("\n")
}

fn section(title: &str, items: impl Iterator<Item = String>) -> Vec<String> {
    let items: Vec<String> = items.map(|text| format!("- {text}")).collect();
    if items.is_empty() {
        return Vec::new();
    }
    let head = [format!("## {title}"), String::new()];
    head.into_iter().chain(items).chain([String::new()]).collect()
}

fn row(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| text.replace('|', "\\|")).collect();
    format!("| {} |", texts.join(" | "))
}
