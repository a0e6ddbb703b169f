//! Replays the corpus through the targets, without a fuzzer.

use std::fs;
use std::path::Path;

use sweep_fuzz::TARGETS;

#[test]
fn every_corpus_file_keeps_the_properties() {
    for (name, target) in TARGETS {
        let folder = corpus().join(name);
        let files: Vec<_> = fs::read_dir(folder).expect("a target has a corpus").collect();
        assert!(!files.is_empty(), "the corpus of {name} is empty");
        for file in files {
            let path = file.expect("the folder can be read").path();
            // Said where a property fails; the panic itself names no file.
            println!("{}", path.display());
            target(&fs::read(path).expect("the file can be read"));
        }
    }
}

#[test]
fn every_corpus_has_a_target() {
    for folder in fs::read_dir(corpus()).expect("there are corpora") {
        let name = folder.expect("the folder can be read").file_name();
        assert!(TARGETS.iter().any(|(known, _)| name == *known), "no target reads {name:?}");
    }
}

fn corpus() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus"))
}
