//! What a fuzzer tries: bytes in, the reader of the command or of the engine, and properties of what was understood.
//!
//! Each target is a function of bytes that panics where a property fails. libFuzzer feeds them through `targets/`;
//! `replay.rs` feeds them the corpus as an ordinary test.
//!
//! The command is no library, so what reads for it is compiled in here, as it stands there, with all that it uses.
#![expect(dead_code, unused_imports, reason = "the command uses more of its modules")]

mod altered_part;
mod exclude;
mod list;
mod part_file;
mod samples_file;
mod scenario_file;
mod support;
mod sweep_file;
mod trace;

pub use altered_part::{altered_part, resealed_part};
pub use exclude::exclude;
pub use list::list;
pub use part_file::part_file;
pub use samples_file::samples_file;
pub use scenario_file::scenario_file;
pub use sweep_file::sweep_file;
pub use trace::trace;

#[path = "../../../src/aggregate.rs"]
mod aggregate;
#[path = "../../../src/assemble.rs"]
mod assemble;
#[path = "../../../src/bytes.rs"]
mod bytes;
#[path = "../../../src/cli/mod.rs"]
mod cli;
#[path = "../../../src/comparison/mod.rs"]
mod comparison;
#[path = "../../../src/decoding.rs"]
mod decoding;
#[path = "../../../src/failure.rs"]
mod failure;
#[path = "../../../src/frame.rs"]
mod frame;
#[path = "../../../src/intervals.rs"]
mod intervals;
#[path = "../../../src/io/mod.rs"]
mod io;
#[path = "../../../src/kept_samples.rs"]
mod kept_samples;
#[path = "../../../src/numbers.rs"]
mod numbers;
#[path = "../../../src/parquet_pages.rs"]
mod parquet_pages;
#[path = "../../../src/part.rs"]
mod part;
#[path = "../../../src/precision.rs"]
mod precision;
#[path = "../../../src/problems.rs"]
mod problems;
#[path = "../../../src/provenance.rs"]
mod provenance;
#[path = "../../../src/replication/mod.rs"]
mod replication;
#[path = "../../../src/rerun.rs"]
mod rerun;
#[path = "../../../src/resume.rs"]
mod resume;
#[path = "../../../src/runner/mod.rs"]
mod runner;
#[path = "../../../src/schema/mod.rs"]
mod schema;
#[path = "../../../src/seal.rs"]
mod seal;
#[path = "../../../src/selection/mod.rs"]
mod selection;
#[path = "../../../src/signals.rs"]
mod signals;
#[path = "../../../src/stock.rs"]
mod stock;
#[path = "../../../src/store/mod.rs"]
mod store;
#[path = "../../../src/suggestion.rs"]
mod suggestion;

/// Takes bytes, and panics where a property does not hold.
pub type Target = fn(&[u8]);

/// All targets by the names of their corpora.
pub const TARGETS: [(&str, Target); 9] = [
    ("list", list),
    ("exclude", exclude),
    ("sweep_file", sweep_file),
    ("scenario_file", scenario_file),
    ("trace", trace),
    ("part_file", part_file),
    ("altered_part", altered_part),
    ("resealed_part", resealed_part),
    ("samples_file", samples_file),
];
