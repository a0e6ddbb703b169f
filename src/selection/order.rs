//! In which order rows are shown.

use std::cmp::Ordering;

use sweep_engine::spec::Value;

/// A column to sort by.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SortKey {
    pub(crate) column: String,
    /// Whether the greatest comes first.
    pub(crate) is_falling: bool,
}

impl SortKey {
    /// Sorts rows by the values of the column; null comes last, and equal rows stay in their order.
    pub(crate) fn sort(&self, rows: &mut [usize], values: &[Option<Value>]) {
        rows.sort_by(|&one, &other| match (&values[one], &values[other]) {
            (Some(one), Some(other)) => {
                let ordering = one.compared(other).unwrap_or(Ordering::Equal);
                if self.is_falling { ordering.reverse() } else { ordering }
            }
            (one, other) => one.is_none().cmp(&other.is_none()),
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sorting_puts_null_last_and_loses_nothing(
            numbers in proptest::collection::vec(proptest::option::of(0_u64..9), 0..30),
            is_falling in any::<bool>(),
        ) {
            let values: Vec<Option<Value>> =
                numbers.iter().map(|number| number.map(|n| Value::Seed(u64::MAX - n))).collect();
            let mut rows: Vec<usize> = (0..values.len()).collect();
            SortKey { column: "n".to_owned(), is_falling }.sort(&mut rows, &values);
            let mut expected: Vec<usize> = (0..values.len()).collect();
            expected.sort_by_key(|&row| {
                let rank = numbers[row].map(|n| if is_falling { n } else { 9 - n });
                (rank.is_none(), rank)
            });
            prop_assert_eq!(rows, expected);
        }
    }
}
