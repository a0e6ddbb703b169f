//! Files of parts, whatever is in them.

use std::path::Path;

use crate::failure::Failure;
use crate::part::{Part, broken, read_cell_records, read_label, read_summaries};
use crate::support::{explain, through_file};

/// Reads a part: what cannot be read is an error that names the file.
pub fn part_file(data: &[u8]) {
    through_file(data, read_all);
}

/// Reads all that the command reads of a part.
pub(crate) fn read_all(path: &Path) {
    check(path, &read_label(path));
    check(path, &read_cell_records(path));
    check(path, &read_summaries(path));
    let part = Part::read(path);
    check(path, &part);
    if let Ok(part) = part {
        for table in [part.jobs(), part.cells()] {
            check(path, &table.map_err(|error| broken(path, &error)));
        }
    }
}

/// An error names the file.
pub(crate) fn check<T>(path: &Path, read: &Result<T, Failure>) {
    if let Err(error) = read {
        let text = error.to_string();
        assert!(text.contains(&path.display().to_string()), "of which file? {text}");
        explain(error);
    }
}
