//! Where finished chunks are: one file each, and one beside it for samples.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::run_folder::PARTS;
use crate::failure::Failure;

/// The file of a chunk in the folder of a run.
pub(super) fn chunk_path(folder: &Path, chunk: u32) -> PathBuf {
    folder.join(PARTS).join(format!("{chunk:05}.parquet"))
}

/// The file of the samples that belong to a part.
pub(crate) fn samples_path(part: &Path) -> PathBuf {
    part.with_extension("samples")
}

/// The files of the chunks that are there, by number. Names do not say whether they are any good.
///
/// # Errors
/// The folder cannot be read, or holds a Parquet file that is called otherwise.
pub(crate) fn parts_of(folder: &Path) -> Result<BTreeMap<u32, PathBuf>, Failure> {
    let parts = folder.join(PARTS);
    let failed = |source| Failure::Io { action: "read", path: parts.clone(), source };
    let mut found = BTreeMap::new();
    let entries = match fs::read_dir(&parts) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        entries => entries.map_err(failed)?,
    };
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(stem) = name.strip_suffix(".parquet").filter(|_| !name.starts_with('.')) else {
            continue;
        };
        let number: Option<u32> = stem.parse().ok();
        let Some(number) = number.filter(|number| chunk_path(folder, *number) == path) else {
            let problem = "it is no part of this run: move it elsewhere".to_owned();
            return Err(Failure::Part { path, problem });
        };
        found.insert(number, path);
    }
    Ok(found)
}
