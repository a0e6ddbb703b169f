//! What a column is.

use std::borrow::Cow;

/// A column: what it says, and how its values come from rows of type `R`.
pub(crate) struct Column<R: 'static> {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) meaning: &'static str,
    /// Empty where the meaning says it all.
    pub(crate) formula: &'static str,
    pub(crate) field: Field<R>,
}

/// Typed access to a value; null where nothing is known.
pub(crate) enum Field<R: 'static> {
    U32(fn(&R) -> Option<u32>),
    U64(fn(&R) -> Option<u64>),
    F64(fn(&R) -> Option<f64>),
    Bool(fn(&R) -> Option<bool>),
    Text(for<'a> fn(&'a R) -> Option<Cow<'a, str>>),
}

impl<R> Field<R> {
    /// Type, as documentation names it.
    pub(super) fn dtype(&self) -> &'static str {
        match self {
            Self::U32(_) => "u32",
            Self::U64(_) => "u64",
            Self::F64(_) => "f64",
            Self::Bool(_) => "bool",
            Self::Text(_) => "str",
        }
    }
}

/// A column, in the order of its documentation.
pub(super) const fn column<R>(
    name: &'static str,
    unit: &'static str,
    meaning: &'static str,
    formula: &'static str,
    field: Field<R>,
) -> Column<R> {
    Column { name, unit, meaning, formula, field }
}
