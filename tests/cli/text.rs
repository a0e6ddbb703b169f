//! What people read: wording, and where it goes.

use insta::assert_snapshot;

use crate::support::{Place, Ran, SHORT};

/// Runs a command; both streams with times taken out.
fn both_streams(place: &Place, arguments: &str) -> String {
    let Ran { code, stdout, stderr } = place.run(arguments);
    format!("sweep {arguments}\nexit code {code:?}\n--- stdout\n{stdout}--- stderr\n{stderr}")
}

/// Times differ between machines.
fn without_times(text: &str, check: impl Fn(&str)) {
    insta::with_settings!({filters => vec![
        (r"simulated in \S+ s \(\S+ M requests/s\)", "simulated in [TIME] s ([RATE] M requests/s)"),
        (r"Estimate: about .* on", "Estimate: about [TIME] on"),
        (r"Memory: up to .*", "Memory: up to [SIZE]"),
    ], omit_expression => true}, { check(text) });
}

#[test]
fn the_summary_of_a_run_has_axes_loads_and_half_widths() {
    let place = Place::new();
    let text = both_streams(&place, &format!("--rates 1,40 --prefill 4000 {SHORT} --name a"));
    without_times(&text, |text| assert_snapshot!(text));
}

#[test]
fn the_summary_of_a_run_with_failures_shows_dashes() {
    let place = Place::new();
    let arguments = "--rates 1,20 --modes disagg --prefill 500 --observe arrivals --replications 3 \
         --seed 2 --max-requests 8000";
    let text = both_streams(&place, &format!("{arguments} {SHORT} --name a"));
    without_times(&text, |text| assert_snapshot!(text));
}

#[test]
fn a_plan_reads_as_a_page() {
    let place = Place::with_trace();
    place.write(
        "file.yaml",
        "why: where does the second decode GPU pay\nbase:\n  prompt_tokens: {mode: p50_p90, p50: 300, \
         p90: 900}\naxes:\n  rates: 2,20\n  modes: [mono, disagg]\n  cluster_disagg.decode_gpus: 1,2\n",
    );
    let text = both_streams(&place, "plan file.yaml --threads 2");
    without_times(&text, |text| assert_snapshot!(text));
}

#[test]
fn a_trace_reads_as_a_page() {
    let text = both_streams(&Place::with_trace(), "trace trace.csv");
    without_times(&text, |text| assert_snapshot!(text));
}

#[test]
fn columns_as_markdown() {
    let text = both_streams(&Place::new(), "columns --format markdown");
    without_times(&text, |text| assert_snapshot!(text));
}

#[test]
fn quiet_says_nothing_on_success() {
    let ran = Place::new().sweep("--rates 8 --modes mono --set num_gpus=8 --quiet");
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
}

#[test]
fn quiet_silences_neither_warnings_nor_errors() {
    let place = Place::new();
    let ran = place.sweep(&format!("--rates 90 {SHORT} --quiet"));
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.lines().all(|line| line.starts_with("warning: ")), "{}", ran.stderr);
    assert!(!ran.stderr.is_empty());
    let ran = place.run(&format!("--rates 0 {SHORT} --quiet"));
    assert!(ran.stderr.starts_with("error: "), "{}", ran.stderr);
}

#[test]
fn notes_and_progress_never_reach_standard_output() {
    let ran = Place::new().sweep(&format!("--rates 1 {SHORT}"));
    assert!(ran.stdout.starts_with(" mode "), "{}", ran.stdout);
    for note in ["simulated in", "written to", "jobs"] {
        assert!(!ran.stdout.contains(note), "{}", ran.stdout);
    }
}

#[test]
fn nothing_has_escape_codes_where_there_is_no_terminal() {
    let place = Place::with_trace();
    for arguments in [
        "",
        "--help",
        "simulate --help",
        "--rates 1,2 --sim-seconds 30 --warmup-seconds 5",
        "plan --rates 1,2",
        "simulate",
        "trace trace.csv",
        "columns",
        "columns --keys",
        "--rates",
        "plan --rates 0",
        "run nothing.yaml",
    ] {
        let ran = place.run(arguments);
        let text = ran.stdout + &ran.stderr;
        assert!(!text.contains('\u{1b}'), "sweep {arguments}: {text}");
    }
}

#[test]
fn lines_have_no_trailing_blanks() {
    let place = Place::with_trace();
    for arguments in
        ["plan --rates 1,90", "trace trace.csv", "columns", "--rates 1,90 --sim-seconds 70"]
    {
        let ran = place.run(arguments);
        let blank = ran.stdout.lines().find(|line| line.ends_with(' '));
        assert_eq!(blank, None, "sweep {arguments}");
    }
}
