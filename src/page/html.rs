//! The page as HTML.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::data::packed_data;
use super::report::{Figure, Report};
use super::rows::{Row, header, rows};
use crate::failure::Failure;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Cells in the table that needs no script.
const STATIC_CELLS: usize = 50;

/// One HTML file that needs nothing else.
///
/// # Errors
/// The data of the table cannot be encoded.
pub(crate) fn to_html(report: &Report) -> Result<String, Failure> {
    let run = report.view.run;
    let question = run.why.as_ref().map(|why| format!("<p>{}</p>", escaped(why)));
    let answers = report.answers.iter().map(|answer| {
        let text = with_code(&answer.text);
        item(&answer.cells, &format!("<strong>{}.</strong> {text}", answer.topic.name()))
    });
    let warnings = report.warnings.iter().map(|(text, cells)| item(cells, &with_code(text)));
    let head = header(report.view)
        .into_iter()
        .map(|name| format!("<th scope=\"col\">{}</th>", escaped(&name)));
    let rows = rows(report, STATIC_CELLS).into_iter().map(|row| static_row(&row));
    let data = packed_data(report)?;
    let slots = [
        ("title", escaped(&run.name)),
        ("style", STYLE.to_owned()),
        ("script", SCRIPT.to_owned()),
        ("question", question.unwrap_or_default()),
        ("summary", escaped(&report.origin.summary())),
        ("answers", answers.collect()),
        ("warnings", warnings.collect()),
        ("figures", report.figures.iter().map(figure).collect()),
        ("command", escaped(&report.origin.command())),
        ("provenance", provenance(report)),
        ("head", format!("<tr>{}</tr>", head.collect::<String>())),
        ("rows", rows.collect()),
        ("data", STANDARD.encode(data)),
    ];
    Ok(filled(PAGE, &slots))
}

/// Puts contents into the slots of a template, `{{name}}`; what they contain is no slot.
fn filled(template: &str, slots: &[(&str, String)]) -> String {
    let mut page = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        page.push_str(before);
        let (name, after) = after.split_once("}}").unwrap_or((after, ""));
        let content = slots.iter().find(|(slot, _)| *slot == name);
        page.push_str(content.map_or("", |(_, content)| content));
        rest = after;
    }
    page + rest
}

/// A sentence, with the numbers of the cells that it is about.
fn item(cells: &[usize], html: &str) -> String {
    let cells: Vec<String> = cells.iter().map(ToString::to_string).collect();
    format!("<li data-cells=\"{}\">{html}</li>\n", cells.join(" "))
}

fn static_row(row: &Row) -> String {
    let cells = row.texts.iter().map(|text| format!("<td>{}</td>", escaped(text)));
    format!("<tr>{}</tr>\n", cells.collect::<String>())
}

fn figure(figure: &Figure) -> String {
    let title = escaped(&figure.title);
    let picture = if let Some(png) = &figure.png {
        format!("<img src=\"data:image/png;base64,{}\" alt=\"{title}\">", STANDARD.encode(png))
    } else {
        // The sheet is an image to who listens, and can be scaled; spaces between shapes are of no use.
        let size = ["width", "height"].map(|name| attribute(&figure.svg, name));
        let named =
            format!("<svg role=\"img\" aria-label=\"{title}\" viewBox=\"0 0 {}\" ", size.join(" "));
        figure.svg.lines().map(str::trim_start).collect::<String>().replacen("<svg ", &named, 1)
    };
    format!(
        "<figure id=\"picture-{}\">{picture}<figcaption>{title}</figcaption></figure>\n",
        escaped(&figure.stem)
    )
}

/// The first value of an attribute.
fn attribute<'a>(svg: &'a str, name: &str) -> &'a str {
    let rest = svg.split_once(&format!(" {name}=\"")).map_or("", |(_, rest)| rest);
    rest.split('"').next().unwrap_or_default()
}

fn provenance(report: &Report) -> String {
    let facts = report.origin.facts();
    let facts = facts.iter().map(|(name, value)| {
        format!("<div><dt>{}</dt><dd>{}</dd></div>\n", escaped(name), escaped(value))
    });
    format!(
        "<dl>{}</dl>\n<details><summary>run.json</summary><pre>{}</pre></details>",
        facts.collect::<String>(),
        escaped(&report.origin.record_text())
    )
}

/// Text in which flags stand as code, so that they are not broken.
fn with_code(text: &str) -> String {
    let word = |word: &str| {
        let is_flag = word.starts_with("--") && word.len() > 2;
        let end = word.find([';', ',', '.', ')', ':']).unwrap_or(word.len());
        let (flag, rest) = word.split_at(if is_flag { end } else { 0 });
        let code = if is_flag { format!("<code>{}</code>", escaped(flag)) } else { String::new() };
        code + &escaped(rest)
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// Text as it stands in HTML, between tags or in an attribute.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn slots_are_filled_once_and_contents_are_no_slots() {
        let slots = [("a", "{{b}}".to_owned()), ("b", "2".to_owned())];
        assert_eq!(filled("x{{a}}y{{b}}z{{c}}.", &slots), "x{{b}}y2z.");
    }

    #[test]
    fn flags_stand_as_code() {
        assert_eq!(
            with_code("a < b -- lengthen --sim-seconds, or --x; (sweep compare a --by b)"),
            "a &lt; b -- lengthen <code>--sim-seconds</code>, or <code>--x</code>; (sweep compare a \
             <code>--by</code> b)"
        );
    }

    proptest! {
        #[test]
        fn no_text_gets_out_of_its_place(text in ".*") {
            let safe = escaped(&text);
            prop_assert!(!safe.contains(['<', '>', '"', '\'']));
            let back = safe.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
            prop_assert_eq!(back.replace("&#39;", "'").replace("&amp;", "&"), text);
        }
    }
}
