//! What is seen in a terminal: what fits its window, colours where they are wanted, a chart below the table.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::process::Stdio;

use insta::assert_snapshot;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::support::{Place, repository};

/// A small run: both modes, one of them saturated at the highest rate.
const GRID: &str =
    "--rates 0.5,2,8 --prefill 4000,8000 --replications 5 --sim-seconds 300 --name grid";

/// What the variables say that a terminal is asked by.
const COLOURLESS: [(&str, &str); 3] = [("NO_COLOR", "1"), ("TERM", "xterm"), ("LC_ALL", "C.UTF-8")];
const COLOURED: [(&str, &str); 2] = [("TERM", "xterm"), ("LC_ALL", "C.UTF-8")];

/// Standard output of a command in a window of so many columns, and what it says to standard error, which is none.
fn seen(place: &Place, arguments: &str, columns: u16, variables: &[(&str, &str)]) -> [String; 2] {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let window = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&master, window).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let path = std::ffi::OsStr::from_bytes(name.to_bytes());
    let terminal = File::options().read(true).write(true).open(path).unwrap();
    let mut command = place.command(arguments);
    for variable in ["COLUMNS", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI", "LC_CTYPE", "LANG"]
    {
        command.env_remove(variable);
    }
    command.envs(variables.iter().copied()).stdout(terminal).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    // The last one that holds the other end is the child.
    drop(command);
    let mut bytes = Vec::new();
    // It ends with an error when the other end is closed.
    let _ = File::from(master).read_to_end(&mut bytes);
    let stderr = String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap();
    [String::from_utf8(bytes).unwrap().replace("\r\n", "\n"), stderr]
}

fn with_grid() -> Place {
    let place = Place::new();
    place.sweep(&format!("{GRID} --quiet"));
    place
}

#[test]
fn a_run_fits_every_window() {
    let place = with_grid();
    let mut text = String::new();
    for columns in [200, 120, 80, 60, 40] {
        let [stdout, _] = seen(&place, GRID, columns, &COLOURLESS);
        let widest = stdout.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= usize::from(columns), "{columns}: {widest}\n{stdout}");
        writeln!(text, "--- {columns} columns\n{stdout}").unwrap();
    }
    writeln!(text, "--- no terminal\n{}", place.sweep(GRID).stdout).unwrap();
    assert_snapshot!(text);
}

#[test]
fn a_pipe_gets_the_table_of_120_columns_whatever_the_window() {
    let place = with_grid();
    let [stdout, _] = seen(&place, GRID, 120, &COLOURLESS);
    let piped = place.sweep(GRID).stdout;
    assert_eq!(Some(piped.trim_end()), stdout.split("\n\n").next());
    let mut command = place.command(GRID);
    let output = command.env("COLUMNS", "40").env("LC_ALL", "C").output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), piped);
}

#[test]
fn the_readme_shows_the_chart_of_its_first_command() {
    let readme = std::fs::read_to_string(repository().join("README.md")).unwrap();
    let command = "--rates 0.5,1,2 --prefill 4000,8000";
    let [stdout, _] = seen(&Place::new(), command, 80, &COLOURLESS);
    let (_, chart) = stdout.split_once("\n\n").unwrap();
    assert!(
        readme.contains(&format!("```text\n{chart}```")),
        "README.md is out of date: it shows\n{chart}"
    );
}

#[test]
fn stated_columns_come_before_those_of_the_window() {
    let place = with_grid();
    let stated = [&COLOURLESS[..], &[("COLUMNS", "60")]].concat();
    assert_eq!(seen(&place, GRID, 120, &stated)[0], seen(&place, GRID, 60, &COLOURLESS)[0]);
    for nonsense in ["0", "", "wide", "-1"] {
        let stated = [&COLOURLESS[..], &[("COLUMNS", nonsense)]].concat();
        assert_eq!(seen(&place, GRID, 60, &stated)[0], seen(&place, GRID, 60, &COLOURLESS)[0]);
    }
}

#[test]
fn a_terminal_without_a_size_has_80_columns() {
    let place = with_grid();
    assert_eq!(seen(&place, GRID, 0, &COLOURLESS)[0], seen(&place, GRID, 80, &COLOURLESS)[0]);
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let place = with_grid();
    let coloured = |variables: &[(&str, &str)]| {
        let variables = [&COLOURED[..], variables].concat();
        seen(&place, GRID, 100, &variables)[0].contains('\u{1b}')
    };
    assert!(coloured(&[]));
    assert!(coloured(&[("NO_COLOR", "")]), "an empty NO_COLOR says nothing");
    assert!(!coloured(&[("NO_COLOR", "1")]));
    assert!(!coloured(&[("TERM", "dumb")]));
    assert!(!coloured(&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]));
    let piped = |name: &str| {
        let output = place.command(GRID).env_remove("NO_COLOR").env(name, "1").output().unwrap();
        String::from_utf8(output.stdout).unwrap().contains('\u{1b}')
    };
    assert!(!piped("TERM"));
    assert!(piped("CLICOLOR_FORCE"));
}

#[test]
fn colours_add_nothing_and_mark_what_is_saturated() {
    let place = with_grid();
    let [plain, _] = seen(&place, GRID, 120, &COLOURLESS);
    let [coloured, _] = seen(&place, GRID, 120, &COLOURED);
    assert_eq!(String::from_utf8(strip(&coloured)).unwrap(), plain);
    let red = "\u{1b}[31m";
    for (plain, coloured) in plain.lines().zip(coloured.lines()) {
        assert_eq!(coloured.contains(red), plain.contains("SATURATED"), "{coloured:?}");
    }
    assert!(plain.contains("SATURATED"));
    assert!(coloured.contains("\u{1b}[33mfew samples"), "{coloured:?}");
}

/// Text without the codes of colours.
fn strip(text: &str) -> Vec<u8> {
    let mut is_code = false;
    let kept = text.bytes().filter(|&byte| {
        let begins = byte == 0x1b;
        let is_kept = !is_code && !begins;
        is_code = begins || is_code && byte != b'm';
        is_kept
    });
    kept.collect()
}

#[test]
fn a_locale_without_unicode_gets_ascii() {
    let place = with_grid();
    let ascii = [&COLOURLESS[..], &[("LC_ALL", "C")]].concat();
    let [stdout, _] = seen(&place, GRID, 80, &ascii);
    assert!(stdout.is_ascii(), "{stdout}");
    assert_snapshot!(stdout);
}

#[test]
fn there_is_a_chart_only_where_there_is_something_to_see() {
    let place = Place::new();
    let short = "--sim-seconds 60 --warmup-seconds 5 --replications 3";
    let chart = |arguments: &str| {
        let [stdout, stderr] = seen(&place, &format!("{arguments} {short}"), 100, &COLOURLESS);
        assert!(!stderr.contains("error"), "{stderr}");
        stdout.contains("P99 TTFT (s)")
    };
    assert!(chart("--rates 4,8 --modes mono --name two"));
    assert!(!chart("--rates 4 --modes mono --name one"));
    assert!(!chart("--rates 60,90 --name saturated"));
    assert!(!chart("--rates 4,8 --modes mono --name two --quiet"));
}

#[test]
fn what_a_chart_does_not_show_is_held_and_said() {
    let place = Place::new();
    let arguments =
        "--rates 1,2,4 --prefill 4000,8000,16000 --sim-seconds 60 --warmup-seconds 5 --name a";
    let [stdout, _] = seen(&place, arguments, 100, &COLOURLESS);
    assert!(stdout.contains("P99 TTFT (s); prefill_tokens_per_s = 8000 tokens/s"), "{stdout}");
    let words = "--prefill 4000,8000,16000,32000,64000,128000 --rates 1,2 --modes mono \
                 --sim-seconds 60 --warmup-seconds 5 --name b";
    let [stdout, _] = seen(&place, words, 100, &COLOURLESS);
    assert!(stdout.contains("prefill speed of one GPU (tokens/s), 5 of 6:"), "{stdout}");
}

#[test]
fn a_run_whose_chart_cannot_be_drawn_is_as_good_as_any() {
    let place = with_grid();
    let path = "results/grid/cells.parquet";
    let whole = place.bytes(path);
    place.write(path, &whole[..whole.len() / 2]);
    let [stdout, stderr] = seen(&place, GRID, 100, &COLOURLESS);
    assert!(stdout.starts_with(" rates"), "{stdout}");
    assert!(stderr.contains("warning: no chart: ") && stderr.contains("complete"), "{stderr}");
}

#[test]
fn the_words_of_rows_are_those_of_the_warnings() {
    let place = Place::new();
    let sentences = [
        ("SATURATED", "saturated"),
        ("censored", "censored"),
        ("no samples", "without a single sample"),
        ("no intervals", "a single run and no intervals"),
        ("few samples", "few samples"),
        ("few beyond objective", "with next to none"),
        ("short runs", "too short for percentiles"),
        ("short window", "less than 20 relaxation times"),
        ("short warm-up", "observed before the system has filled up"),
        ("no steady state", "a trend left"),
        ("Little's law", "Little's law"),
        ("missed precision", "missed the wanted precision"),
    ];
    let wide = [&COLOURLESS[..], &[("COLUMNS", "500")]].concat();
    let mut met = Vec::new();
    for (number, arguments) in [
        "--rates 1,8 --sim-seconds 60 --warmup-seconds 5 --slo ttft_s=5",
        "--rates 5,5.5,8 --replications 30 --warmup-seconds 0 --sim-seconds 200",
        "--rates 0.01 --modes mono --sim-seconds 20 --warmup-seconds 10 --replications 2",
        "--rates 1 --modes mono --sim-seconds 30 --warmup-seconds 5 --replications 1",
        "--rates 2 --modes disagg --precision 0.001 --max-replications 12 --sim-seconds 100",
        "--rates 4 --modes mono --warmup-seconds 2 --sim-seconds 4 --replications 200",
        "--rates 1 --modes disagg --prefill 500 --observe arrivals --replications 3 --seed 2 \
         --warmup-seconds 5 --sim-seconds 30",
    ]
    .into_iter()
    .enumerate()
    {
        let [stdout, stderr] = seen(&place, &format!("{arguments} --name r{number}"), 100, &wide);
        let table = stdout.split("\n\n").next().unwrap();
        for (word, sentence) in sentences {
            let rows = table.lines().filter(|row| row.contains(word)).count();
            let said = stderr.lines().find(|line| line.contains(sentence));
            let said = said.map_or(0, |line| {
                let count = line.trim_start_matches("warning: ").split(' ').next().unwrap();
                count.parse().unwrap()
            });
            assert_eq!(rows, said, "{word}: {arguments}\n{stdout}\n{stderr}");
            met.extend((rows > 0).then_some(word));
        }
    }
    let unmet: Vec<&str> =
        sentences.iter().map(|(word, _)| *word).filter(|word| !met.contains(word)).collect();
    assert_eq!(unmet, Vec::<&str>::new(), "no example");
}

#[test]
fn rows_that_are_asked_for_fit_the_window_and_stand_out() {
    let place = with_grid();
    let mut text = String::new();
    for columns in [200, 100, 60] {
        let [stdout, stderr] = seen(&place, "show grid --limit 4", columns, &COLOURLESS);
        writeln!(text, "--- {columns} columns\n{stdout}{stderr}").unwrap();
    }
    assert_snapshot!(text);
    let asked = "show grid --columns mode,mean_ttft_s,p50_ttft_s,p90_ttft_s,p99_ttft_s --limit 1";
    let [stdout, _] = seen(&place, asked, 20, &COLOURLESS);
    assert!(stdout.contains("p99_ttft_s"), "what was asked for is shown: {stdout}");
    let [stdout, _] = seen(&place, "show grid", 200, &COLOURED);
    for line in stdout.lines() {
        assert_eq!(line.contains("\u{1b}[31m"), line.contains("yes"), "{line}");
    }
    assert!(stdout.contains("yes"));
}
