//! A wanted precision: how replications are added to a cell, look by look.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use serde::Serialize;

use super::error::PlanError;
use crate::spec::{DEFAULT_CONFIDENCE, PrecisionSpec, SweepSpec};

/// Results that must be precise when nothing is said.
const DEFAULT_OF: [&str; 2] = ["pooled_p99_ttft_s", "mean_ttft_s"];

/// Most replications of a cell when nothing is said.
const DEFAULT_MAX_REPLICATIONS: u32 = 1000;

/// Replications are added until every one of these results is known well enough.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Precision {
    /// Half width of the interval relative to the value, in (0, 1).
    pub relative: f64,
    /// Columns of `cells` that must reach it.
    pub of: Vec<String>,
    /// Most replications of a cell.
    pub max_replications: u32,
}

impl Precision {
    /// Checks what is written. The names in `of` are those of columns, which the tables know.
    pub(super) fn lower(spec: &SweepSpec) -> Result<Option<Self>, PlanError> {
        let Some(PrecisionSpec { relative, of, max_replications }) = &spec.precision else {
            return Ok(None);
        };
        let relative = relative.ok_or(PlanError::NoRelativePrecision)?;
        if !(relative > 0.0 && relative < 1.0) {
            return Err(PlanError::BadPrecision { relative });
        }
        let max_replications = max_replications.unwrap_or(DEFAULT_MAX_REPLICATIONS);
        // A single run has no interval over replications.
        if spec.replications < 2 {
            return Err(PlanError::PrecisionOfOneRun { replications: spec.replications });
        }
        if max_replications < spec.replications {
            return Err(PlanError::CapTooLow { max_replications, fewest: spec.replications });
        }
        let defaults = || DEFAULT_OF.map(str::to_owned).to_vec();
        let of = of.clone().unwrap_or_else(defaults);
        if of.is_empty() {
            return Err(PlanError::PrecisionOfNothing);
        }
        let mut seen = BTreeSet::new();
        if let Some(name) = of.iter().find(|name| !seen.insert(*name)) {
            return Err(PlanError::PrecisionTwice { name: name.clone() });
        }
        Ok(Some(Self { relative, of, max_replications }))
    }

    /// Replications at the next look: twice as many, up to the cap; `None` at the cap.
    pub fn next_look(&self, replications: u32) -> Option<u32> {
        let next = replications.saturating_mul(2).min(self.max_replications);
        (next > replications).then_some(next)
    }
}

/// Levels that have finite intervals of some width.
const LEVELS: RangeInclusive<f64> = 1e-6..=1.0 - 1e-9;

/// The stated confidence level of intervals, or the default.
///
/// # Errors
/// Intervals at this level are not finite, or have no width.
pub fn confidence(stated: Option<f64>) -> Result<f64, PlanError> {
    let level = stated.unwrap_or(DEFAULT_CONFIDENCE);
    if LEVELS.contains(&level) { Ok(level) } else { Err(PlanError::BadConfidence { level }) }
}
