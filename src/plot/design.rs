//! What a picture is about: which axes and results go where.

use crate::io::FinishedRun;
use crate::view::{Quantity, RunView, numbers};

/// A picture that is to be drawn.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Design {
    /// Name of its file, without the ending.
    pub(crate) stem: String,
    /// Axis that runs to the right.
    pub(crate) x: usize,
    /// Axis with a curve for each value.
    pub(crate) by: Option<usize>,
    /// Axis with a panel for each value.
    pub(super) facet: Option<usize>,
    /// Axes that stay at one value: their index and that of the value.
    pub(super) held: Vec<(usize, u32)>,
    pub(crate) subject: Subject,
}

/// What is shown of the cells.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Subject {
    /// Results as curves, each with panels of its own.
    Results(Vec<Quantity>),
    /// The utilization of each pool as a curve, with the line of capacity.
    Utilization(Vec<Quantity>),
    /// A result as colours over x and a second axis.
    Tiles { y: usize, of: Quantity },
    /// By how much results of a job differ from those at the first value of an axis.
    Difference { axis: usize, of: Vec<Quantity> },
}

/// Which axes are logarithmic; where nothing is said, what fits the values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LogAxes {
    pub(crate) x: Option<bool>,
    pub(crate) y: Option<bool>,
}

impl Design {
    /// Results of `cells` that it needs. Differences come from `jobs`.
    pub(crate) fn quantities(&self) -> &[Quantity] {
        match &self.subject {
            Subject::Results(of) | Subject::Utilization(of) => of,
            Subject::Tiles { of, .. } => std::slice::from_ref(of),
            Subject::Difference { .. } => &[],
        }
    }

    /// Axes that it shows.
    pub(super) fn axes(&self) -> Vec<usize> {
        let own = match self.subject {
            Subject::Tiles { y, .. } => Some(y),
            Subject::Difference { axis, .. } => Some(axis),
            Subject::Results(_) | Subject::Utilization(_) => None,
        };
        [Some(self.x), self.by, self.facet, own].into_iter().flatten().collect()
    }

    /// Cells with the values at which other axes are held, as far as these mean something.
    pub(super) fn cells(&self, view: &RunView) -> Vec<usize> {
        let is_held = |&(axis, value): &(usize, u32), cell| {
            view.factor(axis, cell).is_none_or(|factor| factor == value)
        };
        let cells = 0..view.num_cells();
        cells.filter(|&cell| self.held.iter().all(|held| is_held(held, cell))).collect()
    }

    /// The run, what is held, and which axes go along with others.
    pub(super) fn subtitle(&self, view: &RunView) -> String {
        let held = self.held.iter().map(|&(axis, value)| view.setting(axis, value));
        let used = self.axes();
        let companions = view.run.zip.iter().filter_map(|group| {
            let leader = *group.iter().find(|axis| used.contains(axis))?;
            let others = group.iter().filter(|axis| !used.contains(axis));
            let others: Vec<String> = others.map(|&axis| view.axis_name(axis)).collect();
            let verb = if others.len() == 1 { "goes" } else { "go" };
            Some(format!("{} {verb} with {}", others.join(", "), view.axis_name(leader)))
        });
        let run = format!("run {}", view.run.name);
        std::iter::once(run).chain(held).chain(companions).collect::<Vec<_>>().join("; ")
    }

    /// Holds every other axis: at a stated value, else numbers in the middle and words at the first.
    pub(super) fn hold(mut self, run: &FinishedRun, stated: &[(usize, u32)]) -> Self {
        let zipped = |a: usize, b: usize| {
            run.zip.iter().any(|group| group.contains(&a) && group.contains(&b))
        };
        let mut settled = self.axes();
        for (axis, swept) in run.axes.iter().enumerate() {
            let is_settled = settled.iter().any(|&known| known == axis || zipped(known, axis));
            if is_settled || swept.values.len() < 2 {
                continue;
            }
            let middle = if numbers(run, axis).is_some() { swept.values.len() / 2 } else { 0 };
            let value = stated.iter().find(|(known, _)| *known == axis).map(|(_, value)| *value);
            self.held.push((axis, value.unwrap_or(u32::try_from(middle).unwrap_or(0))));
            settled.push(axis);
        }
        self
    }
}

/// At most `most` of the indices below `count`, evenly spread, with both ends.
#[expect(clippy::cast_possible_truncation, reason = "an axis has fewer than 2^32 values")]
pub(super) fn thinned(count: usize, most: usize) -> Vec<u32> {
    if count <= most {
        return (0..count as u32).collect();
    }
    (0..most).map(|i| ((i * (count - 1) + (most - 1) / 2) / (most - 1)) as u32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinned_indices_keep_both_ends() {
        assert_eq!(thinned(3, 7), [0, 1, 2]);
        assert_eq!(thinned(9, 5), [0, 2, 4, 6, 8]);
        assert_eq!(thinned(21, 7), [0, 3, 7, 10, 13, 17, 20]);
    }
}
