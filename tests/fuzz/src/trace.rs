//! Trace files of both layouts.

use std::fmt::Write;
use std::sync::Arc;

use sweep_engine::scenario::{TraceProfile, TraceView};

use crate::io::read_trace;
use crate::support::{explain, through_file};

/// Reads a trace and describes it. Its requests read the same when they are printed in the plain layout.
pub fn trace(data: &[u8]) {
    let trace = match through_file(data, read_trace) {
        Ok(trace) => Arc::new(trace),
        Err(error) => return explain(&error),
    };
    let view = TraceView::new(trace.clone(), 0.0, f64::INFINITY).expect("no trace is empty");
    assert_eq!(view.len(), trace.len(), "the first request arrives at 0");
    check(&TraceProfile::of(&view));
    let again = through_file(printed(&view).as_bytes(), read_trace);
    assert_eq!(&again.expect("what is printed can be read"), trace.as_ref());
}

/// What is said of a trace is said in finite numbers.
fn check(profile: &TraceProfile) {
    let optional = [profile.rate_per_s, profile.gap_cv];
    assert!(optional.into_iter().flatten().all(f64::is_finite), "{profile:?}");
    for lengths in [&profile.prompt_tokens, &profile.output_tokens] {
        assert!(lengths.min <= lengths.mean && lengths.mean <= lengths.max, "{lengths:?}");
        assert!(lengths.p50 <= lengths.p90 && lengths.p90 <= lengths.p99, "{lengths:?}");
        assert!(lengths.std.is_finite(), "{lengths:?}");
        if let Some(fit) = lengths.lognormal {
            assert!((0.0..=1.0).contains(&fit.ks_distance), "{fit:?}");
        }
    }
}

fn printed(view: &TraceView) -> String {
    let mut text = "arrival_s,prompt_tokens,output_tokens\n".to_owned();
    for row in 0..view.len() {
        let (prompt, output) = (view.prompt_tokens()[row], view.output_tokens()[row]);
        writeln!(text, "{:?},{prompt:?},{output:?}", view.arrival_s(row)).expect("a string grows");
    }
    text
}
