//! Amounts of memory as people write them: `512MiB`, `8 GB`.

use std::fmt;
use std::str::FromStr;

/// An amount of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bytes(pub(crate) u64);

/// Units and their sizes.
const UNITS: [(&str, u64); 8] = [
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KIB", 1 << 10),
    ("MIB", 1 << 20),
    ("GIB", 1 << 30),
    ("TIB", 1 << 40),
];

/// More than any machine has: a slip of the pen.
const MOST: f64 = 1e18;

impl Bytes {
    /// An amount that was computed, 0 or more.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "parts of a byte do not matter"
    )]
    pub(crate) fn rounded(bytes: f64) -> Self {
        Self(bytes as u64)
    }
}

impl FromStr for Bytes {
    type Err = String;

    /// A number above 0 and a unit, in small or capital letters. `8G` would mean either of two.
    #[expect(clippy::cast_precision_loss, reason = "sizes of units have few digits")]
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let is_digit = |c: char| c.is_ascii_digit() || c == '.';
        let (number, unit) = text.split_at(text.find(|c| !is_digit(c)).unwrap_or(text.len()));
        let Ok(number) = number.parse::<f64>() else {
            return Err("write a number and a unit, such as 8GB or 512MiB".to_owned());
        };
        let unit = unit.trim_start();
        let known = UNITS.iter().find(|(name, _)| unit.eq_ignore_ascii_case(name));
        let Some((_, size)) = known else {
            let problem = if unit.is_empty() { "it has no unit" } else { "its unit is not known" };
            return Err(format!(
                "{problem}: write KB, MB, GB, TB, KiB, MiB, GiB or TiB, such as 8GB or 512MiB"
            ));
        };
        let bytes = number * *size as f64;
        if bytes < 1.0 {
            Err("it must be above 0, such as 8GB or 512MiB".to_owned())
        } else if bytes > MOST {
            Err("no machine has as much: write less than 1000000TB".to_owned())
        } else {
            Ok(Self::rounded(bytes))
        }
    }
}

impl fmt::Display for Bytes {
    /// With three digits at most, in decimal units.
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let bytes = self.0 as f64;
        let rounded: f64 = format!("{bytes:.2e}").parse().unwrap_or(bytes);
        let units = UNITS[..4].iter().rev();
        let (name, size) =
            units.clone().find(|(_, size)| rounded >= *size as f64).unwrap_or(&UNITS[0]);
        let number: f64 = format!("{:.2e}", bytes / *size as f64).parse().unwrap_or(bytes);
        write!(out, "{number} {name}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_what_is_meant(
            number in 1_u64..1_000_000,
            unit in 0..UNITS.len(),
            space in "[ ]{0,2}",
            is_small in any::<bool>(),
        ) {
            let (name, size) = UNITS[unit];
            let name = if is_small { name.to_lowercase() } else { name.replace('I', "i") };
            let read: Result<Bytes, _> = format!("{number}{space}{name}").parse();
            match number.checked_mul(size).filter(|bytes| *bytes <= 1_000_000_000_000_000_000) {
                Some(bytes) => prop_assert_eq!(read, Ok(Bytes(bytes))),
                None => prop_assert!(read.is_err()),
            }
        }

        #[test]
        fn what_is_printed_reads_as_nearly_the_same(bytes in 1_000_u64..900_000_000_000_000_000) {
            let read: Bytes = Bytes(bytes).to_string().parse().unwrap();
            prop_assert!(read.0.abs_diff(bytes) <= bytes / 190, "{bytes}: {}", Bytes(bytes));
        }

        #[test]
        fn no_text_ends_the_process(text in "\\PC{0,12}|[0-9.eE+-]{0,6} ?[kKmMgGtTiIbB]{0,4}") {
            if let Ok(Bytes(bytes)) = text.parse() {
                prop_assert!((1..=1_000_000_000_000_000_000).contains(&bytes), "{text}");
            }
        }
    }

    #[test]
    fn amounts_are_printed_with_three_digits() {
        for (bytes, expected) in [
            (7, "0.007 KB"),
            (1_000, "1 KB"),
            (536_870_912, "537 MB"),
            (999_700_000, "1 GB"),
            (1_234_567_890, "1.23 GB"),
            (25_000_000_000_000, "25 TB"),
        ] {
            assert_eq!(Bytes(bytes).to_string(), expected);
        }
        assert_eq!("1.5GB".parse(), Ok(Bytes(1_500_000_000)));
    }

    #[test]
    fn what_is_no_amount_says_what_would_be() {
        for (text, problem) in [
            ("", "write a number"),
            (" ", "write a number"),
            ("-1", "write a number"),
            ("-1GB", "write a number"),
            ("abc", "write a number"),
            ("GB", "write a number"),
            ("1.2.3GB", "write a number"),
            ("NaN GB", "write a number"),
            ("inf", "write a number"),
            ("0", "no unit"),
            ("8", "no unit"),
            ("1e9", "not known"),
            ("8G", "not known"),
            ("8GBit", "not known"),
            ("999EB", "not known"),
            ("8GB 2", "not known"),
            ("0GB", "above 0"),
            ("0.0001KB", "above 0"),
            ("2000000TB", "no machine"),
            ("99999999999999999999999TiB", "no machine"),
        ] {
            let error = text.parse::<Bytes>().unwrap_err();
            assert!(
                error.contains(problem) && error.contains("GB") | error.contains("TB"),
                "{text}: {error}"
            );
        }
    }
}
