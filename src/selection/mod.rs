//! Which rows and columns of a table people want to see, and in which order. Pure.

mod columns;
mod filter;
mod order;
mod table;

pub(crate) use columns::Columns;
pub(crate) use filter::Test;
pub(crate) use order::SortKey;
pub(crate) use table::Table;
