//! Traces: replayed, repeated, rescaled, cut, resampled.

use std::collections::BTreeSet;

use sweep_engine::model::SimError;
use sweep_engine::scenario::{ScenarioEcho, TraceError};
use sweep_engine::spec::Observe;

use crate::support::{
    Row, Setting, job, mean, mono, plan_with_trace, replayed, requests, run, trace, try_trace,
};

const TRACE: [Setting; 2] = [("arrival.kind", "trace"), ("arrival.path", "t.csv")];

/// Irregular gaps; a mean gap of 2 s; lengths that name their row.
const ROWS: [Row; 5] = [
    (10.0, 100.0, 1.0),
    (11.0, 101.0, 2.0),
    (11.5, 102.0, 3.0),
    (15.0, 103.0, 4.0),
    (18.0, 104.0, 5.0),
];

/// The first `count` requests of a replication under these settings.
fn replay(settings: &[Setting], rows: &[Row], replication: u32, count: usize) -> Vec<Row> {
    let plan = plan_with_trace(&[&TRACE, settings].concat(), 1, rows);
    requests(&plan.cells[0].scenario, replication, count)
}

fn times(rows: &[Row]) -> Vec<f64> {
    rows.iter().map(|row| row.0).collect()
}

#[test]
fn replication_0_is_the_trace_as_recorded() {
    let ours = replay(&[], &ROWS, 0, 5);
    let expected: Vec<Row> = ROWS.iter().map(|&(at_s, p, o)| (at_s - 10.0, p, o)).collect();
    assert_eq!(ours, expected);
}

#[test]
fn a_trace_starts_over_after_one_mean_gap() {
    let ours = replay(&[], &ROWS, 0, 11);
    assert_eq!(times(&ours), [0.0, 1.0, 1.5, 5.0, 8.0, 10.0, 11.0, 11.5, 15.0, 18.0, 20.0]);
    assert_eq!(ours[5].1, 100.0);
    // So the repeated trace keeps its mean rate: 5 requests per 10 s.
    let plan = plan_with_trace(&TRACE, 1, &ROWS);
    assert_eq!(plan.cells[0].scenario.arrivals.rate_per_s(), Some(0.5));
}

#[test]
fn a_trace_that_does_not_repeat_stops() {
    for replication in [0, 1] {
        let ours = replay(&[("arrival.repeat", "false")], &ROWS, replication, 100);
        assert_eq!(ours.len(), 5);
    }
}

#[test]
fn an_explicit_rate_stretches_the_clock() {
    let ours = replay(&[("rates", "2")], &ROWS, 0, 7);
    assert_eq!(times(&ours), [0.0, 0.25, 0.375, 1.25, 2.0, 2.5, 2.75]);
    assert_eq!(ours[3].1, 103.0, "lengths stay as recorded");
}

#[test]
fn a_part_of_a_trace_has_a_clock_of_its_own() {
    // On the clock of the trace, which starts at its first request, the rows are at 0, 1, 1.5, 5, 8.
    let part = [("arrival.window.start_s", "1"), ("arrival.window.end_s", "8")];
    let ours = replay(&[&part[..], &[("arrival.repeat", "false")]].concat(), &ROWS, 0, 100);
    assert_eq!(ours, [(0.0, 101.0, 2.0), (0.5, 102.0, 3.0), (4.0, 103.0, 4.0)]);
    // Its mean gap is its own.
    assert_eq!(times(&replay(&part, &ROWS, 0, 4)), [0.0, 0.5, 4.0, 6.0]);
}

#[test]
fn stated_bounds_apply_to_recorded_lengths_and_others_do_not() {
    let rows = [(0.0, 0.5, 0.0), (1.0, 3.0, 900.0), (2.0, 50.0, 7.0)];
    assert_eq!(replay(&[], &rows, 0, 3), rows);
    let bounds = [("prompt_tokens.min_value", "2"), ("output_tokens.max_value", "100")];
    let ours = replay(&bounds, &rows, 0, 3);
    assert_eq!(ours, [(0.0, 2.0, 0.0), (1.0, 3.0, 100.0), (2.0, 50.0, 7.0)]);
}

/// A hundred rows with irregular gaps.
fn long_trace() -> Vec<Row> {
    let mut at_s = 0.0;
    (0..100_u32)
        .map(|i| {
            at_s += f64::from(i * i % 17) * 0.25;
            (at_s, f64::from(i), f64::from(1000 + i))
        })
        .collect()
}

#[test]
fn blocks_keep_rows_together_with_their_gaps() {
    let rows = long_trace();
    let mean_gap_s = rows[99].0 / 99.0;
    let ours = replay(&[("arrival.block_requests", "7")], &rows, 3, 700);
    let mut starts = BTreeSet::new();
    for (number, pair) in ours.windows(2).enumerate() {
        let [(at_s, row, _), (next_s, next_row, next_output)] = [pair[0], pair[1]];
        assert_eq!(next_output, next_row + 1000.0, "lengths stay in pairs");
        if (number + 1) % 7 == 0 {
            starts.insert(next_row as u32);
        } else {
            assert_eq!(next_row, (row + 1.0) % 100.0, "rows follow each other inside a block");
        }
        let next_row = next_row as usize;
        let recorded_s =
            if next_row == 0 { mean_gap_s } else { rows[next_row].0 - rows[next_row - 1].0 };
        assert!((next_s - at_s - recorded_s).abs() < 1e-9, "a row brings the gap before it");
    }
    assert!(starts.len() > 50, "99 starts of 100 rows: {starts:?}");
    assert_eq!(ours[0].0, 0.0);
}

#[test]
fn one_block_as_long_as_the_trace_is_a_rotation() {
    let rows = long_trace();
    let settings = [("arrival.block_requests", "100"), ("arrival.repeat", "false")];
    let ours = replay(&settings, &rows, 1, 1_000);
    let mut lengths: Vec<u32> = ours.iter().map(|row| row.1 as u32).collect();
    assert_ne!(lengths[0], 0, "the start is random");
    lengths.sort_unstable();
    assert_eq!(lengths, (0..100).collect::<Vec<_>>(), "every row once");
}

#[test]
fn replications_of_a_trace_differ_and_repeat_themselves() {
    let rows = long_trace();
    let first = replay(&[], &rows, 1, 300);
    assert_eq!(first, replay(&[], &rows, 1, 300));
    assert_ne!(first, replay(&[], &rows, 2, 300));
}

/// The gaps of a circular bootstrap have the mean of the trace, in expectation and hence over many
/// replications: within 4.9 standard errors, significance 1e-6.
#[test]
fn bootstrapped_gaps_have_the_mean_of_the_trace() {
    let rows = long_trace();
    let mean_gap_s = rows[99].0 / 99.0;
    let spans: Vec<f64> =
        (1..=400).map(|replication| replay(&[], &rows, replication, 101)[100].0 / 100.0).collect();
    let average = mean(spans.iter().copied());
    let variance = mean(spans.iter().map(|span| (span - average) * (span - average)));
    assert!(variance > 0.0);
    let limit = 4.9 * (variance / 400.0).sqrt();
    assert!((average - mean_gap_s).abs() < limit, "{average} against {mean_gap_s} +- {limit}");
}

#[test]
fn the_default_block_is_the_root_of_the_trace_rounded_up() {
    for (requests, block) in [(2_usize, 2), (4, 2), (5, 3), (9, 3), (10, 4), (100, 10)] {
        let rows: Vec<Row> = (0..requests).map(|i| (i as f64, 1.0, 1.0)).collect();
        let plan = plan_with_trace(&TRACE, 1, &rows);
        let echo = ScenarioEcho::of(&plan.cells[0].scenario).arrival;
        assert_eq!((echo.trace_requests, echo.block_requests), (Some(requests), Some(block)));
    }
}

#[test]
fn a_trace_of_one_request_is_simulated_once() {
    let plan = plan_with_trace(
        &[&TRACE[..], &[("arrival.repeat", "false"), ("warmup_seconds", "0"), ("mode", "mono")]]
            .concat(),
        3,
        &[(5.0, 8_000.0, 4_000.0)],
    );
    for number in 0..3 {
        let (summary, samples) = run(&plan.job(plan.job_id(number)));
        assert_eq!((summary.num_arrivals, summary.num_completed), (1, 1));
        assert_eq!((samples[0].arrival_s, samples[0].ttft_s), (0.0, 1.0 + 1.0 / 2000.0));
        assert_eq!(summary.mean_e2e_s, Some(3.0));
    }
    assert_eq!(plan.cells[0].load.gpu, None, "one request has no rate");
    assert!(!plan.cells[0].load.is_saturated());
}

/// Everything waits in one queue, and all of it ends inside the window: the area under the queue
/// is the sum of the waits.
#[test]
fn a_burst_is_accounted_for_to_the_last_second() {
    let rows = [(0.0, 2.0, 1.0); 4];
    let summary = run(&job(&replayed(&rows, mono(2, 1.0, 1.0), (0.0, 12.0), Observe::Events))).0;
    // Two at a time for 3 s each: waits 0, 0, 3, 3.
    assert_eq!(summary.mean_wait_prefill_s, Some(1.5));
    assert_eq!(summary.mean_queue_length_prefill, 0.5);
    assert_eq!(summary.utilization_gpu, Some(0.5));
    assert_eq!((summary.mean_ttft_s, summary.p50_ttft_s), (Some(4.5), Some(4.5)));
    assert_eq!((summary.num_completed, summary.mean_e2e_s), (4, Some(4.5)));
}

#[test]
fn a_job_stops_at_its_limit_of_requests() {
    let plan = plan_with_trace(&[&TRACE[..], &[("sim_seconds", "1000")]].concat(), 1, &ROWS);
    let job = plan.job(plan.job_id(0));
    assert_eq!(run(&job).0.num_simulated, 500);
    let short = sweep_engine::model::Job { max_requests: 100, ..job };
    let error = sweep_engine::model::simulate(&short);
    assert_eq!(error, Err(SimError::TooManyRequests { limit: 100 }));
}

#[test]
fn the_content_hash_names_the_values() {
    let hash = |rows: &[Row]| trace(rows).content_hash().to_owned();
    let later: Vec<Row> = ROWS.iter().map(|&(at_s, p, o)| (at_s + 50.0, p, o)).collect();
    assert_eq!(hash(&ROWS), hash(&later), "only the clock of the trace counts");
    for i in 0..5 {
        let mut other = ROWS;
        other[i].2 += 1.0;
        assert_ne!(hash(&ROWS), hash(&other));
    }
    assert_eq!(hash(&ROWS).len(), 64);
}

#[test]
fn bad_records_are_refused_with_their_row() {
    let finite = "it must lie between 0 and 1000000000";
    let time = "it must lie between -1000000000000 and 1000000000000";
    let cases: [(&[Row], Option<usize>, String); 8] = [
        (&[], None, "the trace has no requests".into()),
        (&[(0.0, 1.0, 1.0), (2.0, -1.0, 1.0)], Some(1), format!("prompt_tokens is -1: {finite}")),
        (&[(0.0, 1.0, -0.5)], Some(0), format!("output_tokens is -0.5: {finite}")),
        (&[(0.0, f64::NAN, 1.0)], Some(0), format!("prompt_tokens is NaN: {finite}")),
        (&[(0.0, 1.0, f64::INFINITY)], Some(0), format!("output_tokens is inf: {finite}")),
        (
            &[(0.0, 1.0, 1.0), (f64::NAN, 1.0, 1.0)],
            Some(1),
            format!("the arrival time is NaN: {time}"),
        ),
        (
            &[(0.0, 1.0, 1.0), (3.0, 1.0, 1.0), (2.5, 1.0, 1.0)],
            Some(2),
            "the arrival lies 0.5 s before its predecessor: sort the trace by time".into(),
        ),
        (
            &[(-1e12, 1.0, 1.0), (0.0, 1.0, 1.0), (1.0, 1.0, 1.0)],
            Some(2),
            "the arrival lies 1000000000001 s after the first: the limit is 1000000000000; cut the trace into parts"
                .into(),
        ),
    ];
    for (rows, row, message) in cases {
        let error = try_trace(rows).expect_err(&message);
        assert_eq!((error.row(), error.to_string()), (row, message));
    }
    assert_eq!(try_trace(&[]).expect_err("it is empty"), TraceError::Empty);
}
