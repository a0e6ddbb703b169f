//! Pictures of a finished run: what is shown (`wishes`, `choose`, `design`), the values (`curves`, `tiles`,
//! `difference`, with what they share in `layout`; `distribution`) and how a page of them looks (`page`, `panel`), or a
//! chart in a terminal (`text`). Pure; only `canvas` knows the drawing library.

mod canvas;
mod choose;
mod curves;
mod design;
mod difference;
mod distribution;
mod layout;
mod page;
mod panel;
mod picture;
mod scale;
mod stem;
mod style;
mod text;
mod tiles;
mod wishes;

pub(crate) use choose::{choose, main_curves};
pub(crate) use curves::curves_picture;
pub(crate) use design::{Design, LogAxes, Subject};
pub(crate) use difference::difference_picture;
pub(crate) use distribution::{Samples, distribution_picture};
pub(crate) use page::{to_png, to_svg};
pub(crate) use picture::Picture;
pub(crate) use text::curves_text;
pub(crate) use tiles::tiles_picture;
pub(crate) use wishes::Wishes;
