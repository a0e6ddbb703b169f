//! One page to send around: what a run says, its pictures, its cells and where it comes from, in one HTML file that
//! needs nothing else; or the same without pictures and controls as Markdown. Pure. The page itself is written in
//! `page.html`, `page.css` and `page.js`.

mod data;
mod html;
mod markdown;
mod origin;
mod report;
mod rows;

pub(crate) use html::to_html;
pub(crate) use markdown::to_markdown;
pub(crate) use origin::Origin;
pub(crate) use report::{Figure, Report, SHOWN};
