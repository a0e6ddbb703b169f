//! The repository reads itself: who may know what, and no leftovers.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::repository;

/// A source file by its path from the root.
struct Source {
    path: String,
    text: String,
}

/// All files below a folder of the root that end so, but for what a build leaves there.
fn files(folder: &str, ending: &str) -> Vec<Source> {
    let mut sources = Vec::new();
    let mut folders = vec![repository().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if path.file_name().is_none_or(|name| name != "target") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|known| known == ending) {
                sources.push(Source {
                    path: relative(&path),
                    text: fs::read_to_string(&path).unwrap(),
                });
            }
        }
    }
    assert!(!sources.is_empty(), "no .{ending} in {folder}");
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

fn relative(path: &Path) -> String {
    path.strip_prefix(repository()).unwrap().display().to_string()
}

/// Sources of the command without those of the engine.
fn command_sources() -> Vec<Source> {
    files("src", "rs")
        .into_iter()
        .filter(|source| !source.path.starts_with("src/engine/"))
        .collect()
}

/// Every Rust file of the repository.
fn all_sources() -> Vec<Source> {
    ["src", "tests", "scripts"].iter().flat_map(|folder| files(folder, "rs")).collect()
}

/// A line without its comment.
fn code(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

/// Whether a word stands in a line as a word of its own.
fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        let after = line[start + word.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

/// Files of which the code names a word.
fn naming(sources: &[Source], word: &str) -> Vec<String> {
    let names = |source: &&Source| source.text.lines().any(|line| has_word(code(line), word));
    sources.iter().filter(names).map(|source| source.path.clone()).collect()
}

#[test]
fn the_engine_knows_no_file_no_clock_and_no_terminal() {
    let engine = files("src/engine", "rs");
    for word in [
        "std::fs",
        "std::io",
        "std::env",
        "std::time",
        "std::process",
        "std::thread",
        "Instant",
        "SystemTime",
        "println",
        "eprintln",
        "polars",
        "rayon",
        "indicatif",
        "clap",
        "thread_rng",
        "thread_local",
        "HashMap",
        "mul_add",
    ] {
        assert_eq!(naming(&engine, word), Vec::<String>::new(), "the engine names {word}");
    }
    let manifest = fs::read_to_string(repository().join("src/engine/Cargo.toml")).unwrap();
    // Experiments and benchmarks may use more.
    let (manifest, _) = manifest.split_once("[dev-dependencies]").unwrap();
    for name in ["polars", "rayon", "indicatif", "clap", "anyhow"] {
        let depends = manifest.lines().any(|line| line.starts_with(name));
        assert!(!depends, "the engine depends on {name}");
    }
}

#[test]
fn each_library_of_the_command_has_its_place() {
    let sources = command_sources();
    let places: [(&str, &[&str]); 13] = [
        (
            "clap",
            &[
                "src/cli/command.rs",
                "src/cli/flags.rs",
                "src/cli/plot.rs",
                "src/cli/report.rs",
                "src/cli/show.rs",
                "src/commands/completions.rs",
                "src/commands/man.rs",
                "src/main.rs",
            ],
        ),
        ("clap_complete", &["src/cli/command.rs", "src/commands/completions.rs"]),
        ("clap_mangen", &["src/commands/man.rs"]),
        ("indicatif", &["src/progress.rs"]),
        ("signal_hook", &["src/signals.rs"]),
        (
            "polars",
            &[
                "src/commands/assembly.rs",
                "src/commands/simulate.rs",
                "src/frame.rs",
                "src/io/run_table.rs",
                "src/parquet_pages.rs",
                "src/part.rs",
            ],
        ),
        ("polars_parquet", &["src/parquet_pages.rs"]),
        ("anyhow", &["src/main.rs", "src/report/output.rs"]),
        ("rayon", &["src/runner/run.rs"]),
        ("kuva", &["src/plot/canvas.rs"]),
        ("base64", &["src/page/html.rs"]),
        ("flate2", &["src/page/data.rs"]),
        ("terminal_size", &["src/report/window.rs"]),
    ];
    for (library, expected) in places {
        let named = naming(&sources, library);
        let named: Vec<&str> =
            named.iter().map(String::as_str).filter(|path| *path != "src/build.rs").collect();
        assert_eq!(named, expected, "who knows {library}");
    }
}

#[test]
fn only_the_report_prints() {
    let sources = command_sources();
    for printer in ["println", "print!", "eprint!", "eprintln"] {
        let named: Vec<String> =
            naming(&sources, printer).into_iter().filter(|path| path != "src/build.rs").collect();
        assert_eq!(named, Vec::<String>::new(), "who prints to standard output with {printer}");
    }
    for stream in ["stdout", "stderr"] {
        let outside: Vec<String> = naming(&sources, stream)
            .into_iter()
            .filter(|path| {
                !["src/build.rs", "src/report/output.rs", "src/progress.rs"]
                    .contains(&path.as_str())
            })
            .collect();
        assert_eq!(outside, Vec::<String>::new(), "who writes to {stream}");
    }
}

#[test]
fn module_files_only_declare() {
    let sources = files("src", "rs");
    for Source { path, text } in sources.iter().filter(|source| source.path.ends_with("/mod.rs")) {
        // Re-exports may span lines; all that they hold are names.
        let mut is_inside = false;
        for line in text.lines().map(str::trim) {
            assert!(line.is_empty() || is_inside || is_declaration(line), "{path}: {line}");
            is_inside = (is_inside || line.contains('{')) && !line.contains('}');
        }
    }
}

fn is_declaration(line: &str) -> bool {
    let public = ["pub(crate) ", "pub(super) ", "pub "];
    let line = public.iter().find_map(|start| line.strip_prefix(start)).unwrap_or(line);
    ["//", "mod ", "use ", "#["].iter().any(|start| line.starts_with(start))
}

#[test]
fn nothing_is_left_over() {
    // Split, so that this file does not find itself.
    let leftovers = [
        ("TO", "DO"),
        ("FIX", "ME"),
        ("XX", "X"),
        ("todo", "!"),
        ("unimplemented", "!"),
        ("dbg", "!"),
        ("#[ig", "nore"),
        ("#[al", "low"),
        ("#![al", "low"),
    ];
    for Source { path, text } in all_sources() {
        for (number, line) in text.lines().enumerate() {
            for (start, end) in leftovers {
                let leftover = format!("{start}{end}");
                assert!(!line.contains(&leftover), "{path}:{}: {leftover}", number + 1);
            }
        }
    }
}

#[test]
fn lines_fit_120_columns() {
    for Source { path, text } in all_sources() {
        for (number, line) in text.lines().enumerate() {
            // A message that stands whole in one line can be searched for.
            let is_text = line.trim().starts_with('"');
            let columns = line.chars().count();
            assert!(columns <= 120 || is_text, "{path}:{} has {columns} columns", number + 1);
        }
    }
}

#[test]
fn files_of_the_command_stay_short() {
    for Source { path, text } in files("src", "rs") {
        let lines = text.lines().count();
        assert!(lines <= 450, "{path} has {lines} lines");
    }
}

#[test]
fn every_source_file_begins_with_what_it_is_for() {
    for Source { path, text } in all_sources() {
        assert!(text.starts_with("//! "), "{path} has no documentation");
    }
}

#[test]
fn every_source_file_is_part_of_a_crate() {
    let sources = all_sources();
    let roots: [PathBuf; 22] = [
        "src/main.rs",
        "src/build.rs",
        "src/engine/lib.rs",
        "tests/cli/main.rs",
        "tests/engine/main.rs",
        "tests/fuzz/replay.rs",
        "tests/fuzz/src/lib.rs",
        "tests/fuzz/targets/altered_part.rs",
        "tests/fuzz/targets/exclude.rs",
        "tests/fuzz/targets/list.rs",
        "tests/fuzz/targets/part_file.rs",
        "tests/fuzz/targets/resealed_part.rs",
        "tests/fuzz/targets/samples_file.rs",
        "tests/fuzz/targets/scenario_file.rs",
        "tests/fuzz/targets/sweep_file.rs",
        "tests/fuzz/targets/trace.rs",
        "scripts/bench/engine.rs",
        "scripts/bench/peers/nexosim/src/lib.rs",
        "scripts/bench/peers/nexosim/src/bin/event_heap.rs",
        "scripts/bench/peers/nexosim/src/bin/nexosim.rs",
        "scripts/experiments/pooled_intervals.rs",
        "scripts/experiments/warmup.rs",
    ]
    .map(PathBuf::from);
    for Source { path, .. } in &sources {
        let path = Path::new(path);
        if roots.iter().any(|root| root == path) {
            continue;
        }
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let is_module = stem == "mod";
        let folder = path.parent().unwrap();
        let (name, parents) = if is_module {
            (folder.file_name().unwrap().to_str().unwrap(), folder.parent().unwrap())
        } else {
            (stem, folder)
        };
        let declaration = format!("mod {name};");
        let declared = sources.iter().any(|source| {
            Path::new(&source.path).parent() == Some(parents)
                && source.text.lines().any(|line| line.trim().ends_with(&declaration))
        });
        assert!(declared, "{} is declared nowhere", path.display());
    }
}
