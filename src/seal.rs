//! A checksum inside a file: CRC-32 of all its bytes, with the place of the checksum itself as zeros. Pure.
//!
//! Parquet has none of its own that is written here, and a flipped bit in a column is still a number.

/// Begins the text that is to become the checksum.
const MARK: &[u8] = b"crc32:";

/// To be put into a file before it is sealed, where nothing like it comes after.
pub(crate) const PLACE: &str = "crc32:00000000";

/// Digits of a checksum.
const DIGITS: usize = 8;

/// Puts the checksum into its place. Without one the file stays as it is, and is not intact.
pub(crate) fn seal(file: &mut [u8]) {
    if let Some(place) = place_of(file) {
        let checksum = format!("{:08x}", checksum(file, place));
        file[place..place + DIGITS].copy_from_slice(checksum.as_bytes());
    }
}

/// Whether a file was sealed, and is what it was then.
pub(crate) fn is_intact(file: &[u8]) -> bool {
    place_of(file).is_some_and(|place| {
        format!("{:08x}", checksum(file, place)).as_bytes() == &file[place..place + DIGITS]
    })
}

/// Where the digits are: after the last mark.
fn place_of(file: &[u8]) -> Option<usize> {
    let mark = file.windows(MARK.len()).rposition(|bytes| bytes == MARK)?;
    let place = mark + MARK.len();
    (place + DIGITS <= file.len()).then_some(place)
}

fn checksum(file: &[u8], place: usize) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&file[..place]);
    hasher.update(&[b'0'; DIGITS]);
    hasher.update(&file[place + DIGITS..]);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_change_shows(
            before in proptest::collection::vec(any::<u8>(), 0..200),
            after in proptest::collection::vec(any::<u8>(), 0..200),
            place in any::<prop::sample::Index>(),
            flipped in 1_u8..,
        ) {
            let mut file = [&before, PLACE.as_bytes(), &after].concat();
            prop_assume!(place_of(&file) == Some(before.len() + MARK.len()));
            prop_assert!(!is_intact(&file));
            seal(&mut file);
            prop_assert!(is_intact(&file));
            let changed = place.index(file.len());
            file[changed] ^= flipped;
            prop_assert!(!is_intact(&file));
            file[changed] ^= flipped;
            prop_assert!(!is_intact(&file[..file.len() - 1]));
        }
    }

    #[test]
    fn what_was_never_sealed_is_not_intact() {
        for file in ["", "crc32:", "crc32:1234567", "nothing", PLACE] {
            assert!(!is_intact(file.as_bytes()), "{file}");
        }
    }
}
