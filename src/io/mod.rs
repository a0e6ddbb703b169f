//! Files in: sweep and scenario files, traces, finished runs. Files out live in `store` and `frame`.

mod run_cells;
mod run_columns;
mod run_reader;
mod run_record;
mod run_state;
mod run_table;
mod samples_file;
mod sweep_file;
mod trace_file;
mod yaml;

pub(crate) use run_cells::RunCells;
pub(crate) use run_reader::{FinishedRun, JobPlace, RunError, RunResults};
pub(crate) use run_state::RunState;
pub(crate) use run_table::RunTable;
pub(crate) use samples_file::read_samples;
pub(crate) use sweep_file::{Base, OutputSpec, TableFormat};
pub(crate) use trace_file::{TraceFileError, read_trace};
pub(crate) use yaml::{YamlError, read_scenario, read_sweep};
