//! Samples that are kept beside a part.

use sweep_engine::statistics::KeptSample;

use crate::kept_samples::{places, read};
use crate::part_file::check;
use crate::support::through_file;

/// Of the jobs of a cell.
type Samples = Vec<Option<KeptSample>>;

/// Reads bytes as the samples of a cell, where and as they were written: they are samples, which read the same when
/// they are written, or an error names the file. What was cut short is an error, whatever it begins with.
pub fn samples_file(data: &[u8]) {
    let cells = [data, data];
    let Some(second) = places(cells.into_iter()).nth(1).flatten() else { return };
    through_file(&cells.concat(), |path| {
        let samples = read(path, second);
        check(path, &samples);
        if let Ok(samples) = samples {
            let samples = samples.expect("the file is there");
            let written = postcard::to_stdvec(&samples).expect("they can be written");
            let again: Samples = postcard::from_bytes(&written).expect("they were written so");
            // Not compared as they are: bytes may be those of no number.
            assert_eq!(postcard::to_stdvec(&again), Ok(written), "samples as written are samples");
        }
    });
    let other = [data, &data[1..]].concat();
    through_file(&other, |path| {
        let samples = read(path, second);
        assert!(samples.is_err(), "they were cut short");
        check(path, &samples);
    });
}
