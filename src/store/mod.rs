//! What is written to disk: runs, chunk by chunk, and single files. Not what is in them.
//!
//! Whatever has its final name is complete: everything is written under a hidden name, synced, and renamed.

mod aside;
mod lock;
mod output;
mod parts;
mod probe;
mod run_folder;

pub(crate) use aside::AnotherRun;
pub(crate) use lock::is_open;
pub(crate) use output::{
    PartialFile, check_folder, check_output, check_way, create_file, prepare_folder, replace_file,
};
pub(crate) use parts::{parts_of, samples_path};
pub(crate) use probe::{Probed, probe};
pub(crate) use run_folder::{Existing, Opened, RunFolder, Wanted};
