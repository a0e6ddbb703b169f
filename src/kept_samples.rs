//! Samples of a chunk's jobs that are kept for sweeps that grow: a file beside its part, cell after cell. It may be
//! removed; then further replications of a cell find nobody to be pooled with.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sweep_engine::statistics::KeptSample;

use crate::failure::Failure;
use crate::runner::JobOutput;

/// What a sample takes beside its values, more or less, in numbers: the ends of its windows, and how many lie below.
pub(crate) const NUMBERS_PER_SAMPLE: usize = 8;

/// Where the samples of a cell are in their file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    offset: u64,
    len: u64,
    /// CRC-32 of the bytes.
    checksum: u32,
}

/// Samples of the jobs of a cell as bytes, taken from them; nothing if there are none.
pub(crate) fn encode(outputs: &mut [JobOutput]) -> Vec<u8> {
    let samples: Vec<Option<KeptSample>> =
        outputs.iter_mut().map(|output| output.ttft_s.take()).collect();
    if samples.iter().all(Option::is_none) {
        return Vec::new();
    }
    let numbers = samples.iter().flatten().map(|sample| sample.num_kept() + NUMBERS_PER_SAMPLE);
    let bytes = Vec::with_capacity(numbers.sum::<usize>() * size_of::<f64>());
    // Numbers in memory can always be written.
    postcard::to_extend(&samples, bytes).unwrap_or_default()
}

/// Where samples of cells will be when they are written one after the other.
pub(crate) fn places<'a>(
    cells: impl Iterator<Item = &'a [u8]>,
) -> impl Iterator<Item = Option<Place>> {
    let mut end = 0;
    cells.map(move |samples| {
        let place =
            Place { offset: end, len: samples.len() as u64, checksum: crc32fast::hash(samples) };
        end += place.len;
        (place.len > 0).then_some(place)
    })
}

/// Samples of the jobs of a cell; nothing if the file was removed.
///
/// # Errors
/// It is unreadable or damaged.
pub(crate) fn read(path: &Path, place: Place) -> Result<Option<Vec<Option<KeptSample>>>, Failure> {
    let bytes = match read_bytes(path, place) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() != ErrorKind::UnexpectedEof => {
            return Err(Failure::Io { action: "read", path: path.to_owned(), source: error });
        }
        bytes => bytes.unwrap_or_default(),
    };
    let decoded = if crc32fast::hash(&bytes) == place.checksum {
        postcard::from_bytes(&bytes).ok()
    } else {
        None
    };
    decoded.map(Some).ok_or_else(|| Failure::Part {
        path: path.to_owned(),
        problem: "the samples are damaged: remove the file, and jobs are simulated again"
            .to_owned(),
    })
}

fn read_bytes(path: &Path, place: Place) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(place.offset))?;
    let mut bytes = Vec::new();
    file.take(place.len).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == place.len { Ok(bytes) } else { Err(ErrorKind::UnexpectedEof.into()) }
}
