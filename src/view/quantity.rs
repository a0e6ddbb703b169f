//! What results and axes are called on paper, with their units. Units come from the column table.

use std::collections::BTreeSet;

use crate::schema::{
    CELL_COLUMNS, FACTOR_COLUMNS, documentation, half_width_name, names_with_intervals,
};

/// Longest name that stands on an axis as it is in the column table.
const MAX_NAME: usize = 44;

/// Times to first token.
const TTFT: [&str; 8] = [
    "mean_ttft_s",
    "p50_ttft_s",
    "p90_ttft_s",
    "p99_ttft_s",
    "pooled_p50_ttft_s",
    "pooled_p90_ttft_s",
    "pooled_p99_ttft_s",
    "theory_mean_ttft_s",
];

/// A result that can be shown: a floating-point column of `cells` that is neither an axis nor an interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Quantity {
    /// Its column.
    pub(crate) name: String,
    /// What it is called on paper.
    pub(crate) short: String,
    /// `s`; of a number without one, what kind of number it is.
    pub(crate) unit: String,
    /// Whether there is a half width of it.
    pub(crate) has_interval: bool,
}

impl Quantity {
    /// Its column.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Its columns: of its value and, if it has one, of its half width.
    pub(super) fn columns(&self, level: f64) -> impl Iterator<Item = String> {
        let half_width = self.has_interval.then(|| half_width_name(&self.name, level));
        [Some(self.name.clone()), half_width].into_iter().flatten()
    }

    /// With its unit.
    pub(crate) fn label(&self) -> String {
        format!("{} ({})", self.short, self.unit)
    }

    /// Whether it is a time to first token: a mean or a percentile, not a spread or a trend of one.
    pub(crate) fn is_ttft(&self) -> bool {
        TTFT.contains(&self.name.as_str())
    }

    /// Whether it grows with the length of the run where queues grow without bound.
    pub(crate) fn grows(&self) -> bool {
        let is_measured_time = self.unit == "s"
            && !["mean_service_", "theory_", "relaxation_"]
                .iter()
                .any(|start| self.name.starts_with(start));
        is_measured_time || self.name.starts_with("mean_queue_length_")
    }
}

/// All of them, in the order of the table.
pub(crate) fn quantities() -> Vec<Quantity> {
    let with_intervals: BTreeSet<&str> = names_with_intervals().collect();
    let factors: Vec<&str> =
        CELL_COLUMNS[..FACTOR_COLUMNS].iter().map(|column| column.name).collect();
    let docs = documentation(None).into_iter();
    let results = docs.filter(|doc| {
        let is_half_width = doc.meaning.starts_with("half width");
        doc.is_in("cells")
            && doc.dtype == "f64"
            && !is_half_width
            && !factors.contains(&doc.name.as_str())
    });
    results
        .map(|doc| Quantity {
            short: short(&doc.name, &doc.meaning),
            unit: if doc.unit.is_empty() { unit_of_share(&doc.name).to_owned() } else { doc.unit },
            has_interval: with_intervals.contains(doc.name.as_str()),
            name: doc.name,
        })
        .collect()
}

/// Those of some names, in their order.
pub(crate) fn named(names: &[&str]) -> Vec<Quantity> {
    let all = quantities();
    let find = |name: &&str| all.iter().find(|quantity| quantity.name == **name).cloned();
    names.iter().filter_map(find).collect()
}

fn unit_of_share(name: &str) -> &'static str {
    let is_share = ["utilization", "slo_attainment", "censored", "theory_prob"];
    if is_share.iter().any(|start| name.starts_with(start)) { "share" } else { "no unit" }
}

/// What a column is called on paper: the head of its meaning, if that is short.
pub(crate) fn short(name: &str, meaning: &str) -> String {
    let known = match name {
        "pooled_p50_ttft_s" => "P50 TTFT",
        "pooled_p90_ttft_s" => "P90 TTFT",
        "pooled_p99_ttft_s" => "P99 TTFT",
        "p50_ttft_s" => "P50 TTFT of a run",
        "p90_ttft_s" => "P90 TTFT of a run",
        "p99_ttft_s" => "P99 TTFT of a run",
        "mean_ttft_s" => "mean TTFT",
        "slo_attainment" => "requests within the objective",
        "throughput_rps" => "throughput",
        _ => {
            let head = meaning.split([';', ',', ':', '(']).next().unwrap_or_default().trim();
            return if head.chars().count() <= MAX_NAME { head } else { name }.to_owned();
        }
    };
    known.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_result_has_a_unit_and_a_short_name() {
        let all = quantities();
        assert!(all.len() > 40, "{}", all.len());
        for Quantity { name, short, unit, .. } in &all {
            assert!(
                !unit.is_empty() && !short.is_empty() && short.chars().count() <= MAX_NAME,
                "{name}"
            );
        }
        assert!(
            all.iter().any(|quantity| quantity.name == "pooled_p99_ttft_s" && quantity.unit == "s")
        );
        assert!(all.iter().all(|quantity| quantity.name != "rate_per_s"));
    }

    #[test]
    fn what_is_a_time_to_first_token_and_what_grows() {
        assert_eq!(named(&TTFT).len(), TTFT.len(), "each is a column");
        for (name, is_ttft, grows) in [
            ("pooled_p99_ttft_s", true, true),
            ("trend_ttft_s", false, true),
            ("std_ttft_s", false, true),
            ("mean_queue_length_decode", false, true),
            ("mean_service_prefill_s", false, false),
            ("throughput_rps", false, false),
            ("utilization_gpu", false, false),
        ] {
            let quantity = &named(&[name])[0];
            assert_eq!((quantity.is_ttft(), quantity.grows()), (is_ttft, grows), "{name}");
        }
    }

    #[test]
    fn results_alone_are_called_by_what_they_are() {
        let labels = named(&["throughput_rps", "utilization_gpu"])
            .iter()
            .map(Quantity::label)
            .collect::<Vec<_>>();
        assert_eq!(labels, ["throughput (requests/s)", "busy share of the one pool (share)"]);
    }
}
