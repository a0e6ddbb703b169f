//! Cells whose samples do not fit into memory together, and those that do not fit at all: the same
//! rows, and percentiles that say how they were found.

use std::fmt::Write;

use crate::support::{Place, Table};

/// 20,000 requests in 10 s: a run of many samples that costs next to nothing.
fn place() -> Place {
    let place = Place::new();
    let mut trace = "arrival_s,prompt_tokens,output_tokens\n".to_owned();
    for i in 0..20_000_u32 {
        let at_s = f64::from(i) * 5e-4;
        writeln!(trace, "{at_s},{},{}", 10 + i * 7919 % 997, 1 + i * 104_729 % 61).unwrap();
    }
    place.write("dense.csv", trace);
    place
}

const REPLAY: &str = "--modes mono --set arrival.kind=trace --set arrival.path=dense.csv \
    --set arrival.repeat=false --set num_gpus=192 --sim-seconds 12 --warmup-seconds 0 \
    --set arrival.block_requests=500";

/// The same trace again and again.
fn longer(sim_seconds: u32) -> String {
    let horizon = format!("sim-seconds {sim_seconds}");
    REPLAY.replace("repeat=false", "repeat=true").replace("sim-seconds 12", &horizon)
}

fn cells(place: &Place, name: &str, arguments: &str) -> Table {
    place.sweep(&format!("{arguments} --name {name} --quiet"));
    place.table(&format!("results/{name}/cells.parquet"))
}

#[test]
fn cells_that_do_not_fit_together_have_the_rows_of_cells_alone() {
    let place = place();
    // 2 cells x 32 of 34 replications x 200,000 samples fit, 3 do not.
    let long = longer(100);
    let sweep = |speeds: &str| format!("{long} --prefill {speeds} --replications 34");
    let together = cells(&place, "together", &sweep("8000,9000,10000"));
    let jobs = place.table("results/together/jobs.parquet");
    assert_eq!(jobs.rows.len(), 102);
    for (cell, speed) in ["8000", "9000", "10000"].into_iter().enumerate() {
        let alone = cells(&place, speed, &sweep(speed));
        assert_eq!(together.results(cell), alone.results(0), "{speed}");
        for name in ["pooled_p50_ttft_s", "pooled_p99_ttft_s", "pooled_p99_ttft_s_ci95"] {
            assert_eq!(together.value(cell, name), alone.value(0, name), "{name} at {speed}");
        }
        let jobs_alone = place.table(&format!("results/{speed}/jobs.parquet"));
        for replication in 0..34 {
            assert_eq!(jobs.results(34 * cell + replication), jobs_alone.results(replication));
        }
    }
    assert_eq!(together.column("quantile_method"), ["exact"; 3]);
}

#[test]
fn a_cell_that_does_not_fit_has_a_histogram_within_a_thousandth() {
    let place = place();
    // 8 x 2,000,000 samples fit, 9 x 2,000,000 do not.
    let long = longer(1000);
    let exact = cells(&place, "exact", &format!("{long} --replications 8"));
    let binned = cells(&place, "binned", &format!("{long} --replications 9"));
    assert_eq!(exact.text(0, "quantile_method"), Some("exact"));
    assert_eq!(binned.text(0, "quantile_method"), Some("histogram"));
    for name in ["pooled_p50_ttft_s", "pooled_p90_ttft_s", "pooled_p99_ttft_s"] {
        let (exact, binned) = (exact.number(0, name).unwrap(), binned.number(0, name).unwrap());
        // One run in 9 more, and half a bucket.
        assert!((binned / exact - 1.0).abs() < 0.002, "{name}: {exact}, {binned}");
    }
}

#[test]
fn cells_that_take_turns_have_the_rows_of_cells_alone() {
    let place = place();
    let long = longer(100);
    let sweep = |speeds: &str| {
        format!(
            "{long} --prefill {speeds} --replications 20 --precision 0.0001 --of mean_ttft_s \
             --max-replications 36"
        )
    };
    let together = cells(&place, "together", &sweep("8000,9000,10000"));
    assert_eq!(together.column("replications"), [36, 36, 36]);
    for (cell, speed) in ["8000", "9000", "10000"].into_iter().enumerate() {
        let alone = cells(&place, speed, &sweep(speed));
        assert_eq!(together.results(cell), alone.results(0), "{speed}");
    }
}
