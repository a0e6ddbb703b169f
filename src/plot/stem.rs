//! Names of files, from what is in them.

use super::design::LogAxes;

/// Longest name, in bytes: what file systems take, with room for endings and for names of unfinished files.
const MAX_BYTES: usize = 160;

/// The parts of a name as a name of a file. Of a long one the beginning, and a checksum that tells it from others.
pub(super) fn file_stem(parts: impl IntoIterator<Item = String>) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "._-+".contains(letter);
    let parts: Vec<String> = parts.into_iter().collect();
    let stem = parts.join("-").replace(|letter| !is_plain(letter), "-");
    if stem.len() <= MAX_BYTES {
        return stem;
    }
    let checksum = crc32fast::hash(stem.as_bytes());
    let letters = stem.char_indices().take_while(|(start, _)| *start < MAX_BYTES - 12);
    let start: String = letters.map(|(_, letter)| letter).collect();
    format!("{start}-{checksum:08x}")
}

/// What a name says of axes that were asked to be logarithmic.
pub(super) fn log_parts(log: LogAxes) -> Vec<String> {
    let named = [(log.x, "x"), (log.y, "y")].into_iter();
    let axes: Vec<&str> =
        named.filter(|(log, _)| *log == Some(true)).map(|(_, axis)| axis).collect();
    match axes.as_slice() {
        [] if log == LogAxes::default() => Vec::new(),
        [] => vec!["linear".to_owned()],
        axes => vec![format!("log-{}", axes.join("-"))],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut_and_told_apart() {
        let long =
            |last: &str| file_stem(vec!["x".repeat(30); 20].into_iter().chain([last.to_owned()]));
        assert!(long("a").len() <= MAX_BYTES && long("a") != long("b"));
        let wide = file_stem(["日本語".repeat(40)]);
        assert!(wide.starts_with("日本語日") && wide.len() <= MAX_BYTES, "{wide}");
    }

    #[test]
    fn names_have_no_separators_in_them() {
        let parts = ["ttft", "at", "arrival.path", "a/b c.csv"].map(str::to_owned);
        assert_eq!(file_stem(parts), "ttft-at-arrival.path-a-b-c.csv");
    }

    #[test]
    fn stated_logarithms_are_named() {
        let cases = [
            (None, None, ""),
            (Some(false), Some(false), "linear"),
            (Some(true), Some(false), "log-x"),
        ];
        for (x, y, expected) in cases {
            assert_eq!(log_parts(LogAxes { x, y }).concat(), expected);
        }
    }
}
