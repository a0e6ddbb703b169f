//! What a fuzzer tries: bytes in, the reader of the command or of the engine, and properties of what was understood.
//!
//! Each target is a function of bytes that panics where a property fails. libFuzzer feeds them through `targets/`;
//! `replay.rs` feeds them the corpus as an ordinary test.

mod exclude;
mod list;
mod scenario_file;
mod support;
mod sweep_file;
mod trace;

pub use exclude::exclude;
pub use list::list;
pub use scenario_file::scenario_file;
pub use sweep_file::sweep_file;
pub use trace::trace;

/// The readers of the command, which is no library and links polars: as they stand there, without the rest.
#[path = "../../../src/io"]
#[expect(dead_code, reason = "the command uses more of them")]
mod io {
    mod sweep_file;
    mod trace_file;
    mod yaml;

    pub(crate) use sweep_file::{Base, SweepFile};
    pub(crate) use trace_file::read_trace;
    pub(crate) use yaml::{read_scenario, read_sweep};
}

/// Takes bytes, and panics where a property does not hold.
pub type Target = fn(&[u8]);

/// All targets by the names of their corpora.
pub const TARGETS: [(&str, Target); 5] = [
    ("list", list),
    ("exclude", exclude),
    ("sweep_file", sweep_file),
    ("scenario_file", scenario_file),
    ("trace", trace),
];
