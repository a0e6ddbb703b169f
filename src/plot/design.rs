//! What a picture is about: which axes and results go where.

use crate::io::FinishedRun;
use crate::view::{Quantity, RunView, companions, leader, named, swept, typical};

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
    pub(super) log: LogAxes,
}

/// What is shown of the cells.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Subject {
    /// Results as curves, each with panels of its own.
    Results(Vec<Quantity>),
    /// The utilization of each pool as a curve, with the line of capacity.
    Utilization,
    /// A result as colours over x and a second axis.
    Tiles { y: usize, of: Quantity },
    /// By how much results of a job differ from those at the first value of an axis.
    Difference { axis: usize, metrics: Vec<&'static str> },
}

/// The pools: their utilization, and the load that they are offered.
pub(super) const POOLS: [(&str, &str); 3] = [
    ("utilization_prefill", "offered_load_prefill"),
    ("utilization_decode", "offered_load_decode"),
    ("utilization_gpu", "offered_load_gpu"),
];

/// Which axes are logarithmic; where nothing is said, what fits the values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LogAxes {
    pub(crate) x: Option<bool>,
    pub(crate) y: Option<bool>,
}

impl Design {
    /// Results of `cells` that it needs. Differences come from `jobs`.
    pub(crate) fn quantities(&self) -> Vec<Quantity> {
        match &self.subject {
            Subject::Results(of) => of.clone(),
            Subject::Utilization => named(&POOLS.map(|(busy, load)| [busy, load]).concat()),
            Subject::Tiles { of, .. } => vec![of.clone()],
            Subject::Difference { .. } => Vec::new(),
        }
    }

    /// How many results have panels of their own.
    pub(super) fn results(&self) -> usize {
        match &self.subject {
            Subject::Results(of) => of.len(),
            Subject::Difference { metrics, .. } => metrics.len(),
            Subject::Utilization | Subject::Tiles { .. } => 1,
        }
    }

    /// The axis whose values are compared.
    pub(super) fn contrast(&self) -> Option<usize> {
        match self.subject {
            Subject::Difference { axis, .. } => Some(axis),
            _ => None,
        }
    }

    /// Axes that it shows.
    pub(super) fn axes(&self) -> Vec<usize> {
        let y = match self.subject {
            Subject::Tiles { y, .. } => Some(y),
            _ => None,
        };
        [Some(self.x), self.by, self.facet, y, self.contrast()].into_iter().flatten().collect()
    }

    /// Whether it shows an axis, or one that advances together with it.
    pub(super) fn shows(&self, run: &FinishedRun, axis: usize) -> bool {
        self.axes().iter().any(|&shown| leader(run, shown) == leader(run, axis))
    }

    /// Whether something has the values at which other axes are held, as far as these mean something in it.
    pub(super) fn is_held(&self, factor: impl Fn(usize) -> Option<u32>) -> bool {
        self.held.iter().all(|&(axis, value)| factor(axis).is_none_or(|factor| factor == value))
    }

    /// Cells that it is about.
    pub(super) fn cells(&self, view: &RunView) -> Vec<usize> {
        (0..view.num_cells()).filter(|&cell| self.is_held(|axis| view.factor(axis, cell))).collect()
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

    /// Holds every other axis, with those that advance together with it: at a stated value, else at the typical one.
    pub(super) fn hold(mut self, run: &FinishedRun, stated: &[(usize, u32)]) -> Self {
        for axis in
            swept(run).into_iter().filter(|&axis| !self.shows(run, axis)).collect::<Vec<_>>()
        {
            let value = stated.iter().find(|(known, _)| *known == axis).map(|(_, value)| *value);
            let value = value.unwrap_or_else(|| typical(run, axis));
            self.held.extend(companions(run, axis).into_iter().map(|companion| (companion, value)));
        }
        self
    }
}

/// At most `most` of some values, evenly spread, with both ends.
pub(super) fn thinned(values: &[u32], most: usize) -> Vec<u32> {
    let count = values.len();
    match most {
        most if count <= most => values.to_vec(),
        0 | 1 => values[..most].to_vec(),
        _ => (0..most).map(|i| values[(i * (count - 1) + (most - 1) / 2) / (most - 1)]).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinned_values_keep_both_ends() {
        let all: Vec<u32> = (0..21).collect();
        assert_eq!(thinned(&all[..3], 7), [0, 1, 2]);
        assert_eq!(thinned(&all[..9], 5), [0, 2, 4, 6, 8]);
        assert_eq!(thinned(&all, 7), [0, 3, 7, 10, 13, 17, 20]);
        assert_eq!(thinned(&all, 1), [0]);
    }
}
