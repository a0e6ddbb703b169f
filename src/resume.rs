//! What is left to do of a run: planned chunks without those that are there. Pure.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde_json::Value;

/// One of several machines that share out the chunks of a plan: `2/5`, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shard {
    index: u32,
    count: u32,
}

impl Shard {
    /// Its number, from 1.
    pub(crate) fn index(self) -> u32 {
        self.index
    }

    /// How many there are.
    pub(crate) fn count(self) -> u32 {
        self.count
    }

    /// Whether a chunk is its own. Every chunk belongs to one shard.
    pub(crate) fn has(self, chunk: u32) -> bool {
        chunk % self.count == self.index - 1
    }

    /// The one of them that has a chunk.
    pub(crate) fn owner_of(self, chunk: u32) -> Self {
        Self { index: chunk % self.count + 1, ..self }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        write!(out, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('/').and_then(|(index, count)| {
            Some((index.parse::<u32>().ok()?, count.parse::<u32>().ok()?))
        });
        match numbers {
            Some((index, count)) if (1..=count).contains(&index) => Ok(Self { index, count }),
            _ => Err("write i/N with i from 1 to N, such as 2/5".to_owned()),
        }
    }
}

/// The chunks that are to be done: those of the shard, or all, that are not there.
pub(crate) fn missing(chunks: u32, shard: Option<Shard>, present: &BTreeSet<u32>) -> Vec<u32> {
    let is_own = |chunk: &u32| shard.is_none_or(|shard| shard.has(*chunk));
    (0..chunks).filter(is_own).filter(|chunk| !present.contains(chunk)).collect()
}

/// Whether one record asks for less than another: fewer replications, less precision, intervals at another level,
/// shorter jobs.
pub(crate) fn asks_for_less(before: &Value, after: &Value) -> bool {
    let number = |record: &Value, path: &str| record.pointer(path).and_then(Value::as_f64);
    let falls = |path: &str| number(after, path) < number(before, path);
    let was_precise = before.get("precision").is_some();
    let is_precise = after.get("precision").is_some();
    let is_coarser = number(after, "/precision/relative") > number(before, "/precision/relative");
    before.get("confidence") != after.get("confidence")
        || falls("/replications")
        || !is_part_of(before.pointer("/precision/of"), after.pointer("/precision/of"))
        || was_precise && (!is_precise || is_coarser)
        || falls("/precision/max_replications")
        || falls("/max_requests")
}

/// Whether every item of one list is in the other; of none, yes.
fn is_part_of(some: Option<&Value>, all: Option<&Value>) -> bool {
    let items = |list: Option<&Value>| list.and_then(Value::as_array).cloned().unwrap_or_default();
    let all = items(all);
    items(some).iter().all(|item| all.contains(item))
}

/// The first few differences between two records of runs, each with its place and both values.
pub(crate) fn differences(before: &Value, after: &Value) -> Vec<String> {
    const SHOWN: usize = 4;
    let mut found = Vec::new();
    collect_differences("", before, after, &mut found);
    let more = found.len().saturating_sub(SHOWN);
    found.truncate(SHOWN);
    if more > 0 {
        found.push(format!("and {more} more"));
    }
    found
}

fn collect_differences(path: &str, before: &Value, after: &Value, found: &mut Vec<String>) {
    if let (Value::Object(one), Value::Object(other)) = (before, after) {
        let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
        for key in keys {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            let value = |object: &serde_json::Map<String, Value>| {
                object.get(key).cloned().unwrap_or(Value::Null)
            };
            collect_differences(&path, &value(one), &value(other), found);
        }
    } else if before != after {
        found.push(format!("{path} was {}, is {}", abridged(before), abridged(after)));
    }
}

/// A value on part of a line.
fn abridged(value: &Value) -> String {
    const MOST: usize = 60;
    let text = match value {
        Value::Null => "not stated".to_owned(),
        value => value.to_string(),
    };
    if text.chars().count() <= MOST {
        return text;
    }
    let start: String = text.chars().take(MOST).collect();
    format!("{start}...")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    proptest! {
        /// Against a plain model: every chunk is done by one shard, once.
        #[test]
        fn shards_share_out_all_chunks_and_what_is_there_is_left_out(
            chunks in 0_u32..200,
            count in 1_u32..30,
            present in proptest::collection::btree_set(0_u32..250, 0..80),
        ) {
            let mut done = present.clone();
            for index in 1..=count {
                let shard: Shard = format!("{index}/{count}").parse().unwrap();
                for chunk in missing(chunks, Some(shard), &present) {
                    prop_assert_eq!(shard.owner_of(chunk), shard);
                    prop_assert!(done.insert(chunk), "chunk {chunk} is done twice");
                }
            }
            done.retain(|chunk| *chunk < chunks);
            prop_assert!(done.iter().copied().eq(0..chunks));
            prop_assert!(missing(chunks, None, &done).is_empty());
            let alone = missing(chunks, None, &present);
            prop_assert!(alone.iter().all(|chunk| !present.contains(chunk)));
            let there = present.iter().filter(|chunk| **chunk < chunks).count();
            prop_assert_eq!(alone.len() + there, chunks as usize);
        }
    }

    #[test]
    fn a_shard_is_one_of_several() {
        let shard: Shard = "2/5".parse().unwrap();
        assert_eq!((shard.index(), shard.count(), shard.to_string()), (2, 5, "2/5".to_owned()));
        for wrong in ["", "2", "0/5", "6/5", "a/5", "2/", "/5", "1/0", "-1/5", "1/5/2", "1 / 5"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_run_that_has_grown_asks_for_no_less() {
        let record = |replications: u32, relative: Option<f64>, most: u32| {
            let mut record = json!({"replications": replications, "confidence": 0.95});
            if let Some(relative) = relative {
                record["precision"] = json!({"relative": relative, "max_replications": most});
            }
            record
        };
        let fixed = |replications| record(replications, None, 0);
        let precise = |relative, most| record(10, Some(relative), most);
        for (before, after) in [
            (fixed(10), fixed(10)),
            (fixed(10), fixed(11)),
            (fixed(10), precise(0.1, 1000)),
            (precise(0.1, 1000), precise(0.05, 1000)),
            (precise(0.1, 1000), precise(0.1, 2000)),
        ] {
            assert!(!asks_for_less(&before, &after), "{before} {after}");
        }
        let mut of_more = precise(0.1, 1000);
        of_more["precision"]["of"] = json!(["a", "b"]);
        let mut of_less = of_more.clone();
        of_less["precision"]["of"] = json!(["b"]);
        assert!(!asks_for_less(&of_less, &of_more));
        assert!(asks_for_less(&of_more, &of_less));
        let mut other_level = fixed(20);
        other_level["confidence"] = json!(0.9);
        for (before, after) in [
            (fixed(10), fixed(9)),
            (fixed(20), precise(0.1, 1000)),
            (fixed(10), other_level),
            (precise(0.1, 1000), precise(0.2, 1000)),
            (precise(0.1, 1000), precise(0.1, 500)),
            (precise(0.1, 1000), fixed(50)),
        ] {
            assert!(asks_for_less(&before, &after), "{before} {after}");
        }
    }

    #[test]
    fn differences_name_their_place() {
        let before =
            json!({"sweep": {"axes": {"rates": "1,2"}, "replications": 10}, "same": [1, 2]});
        let after = json!({"sweep": {"axes": {"rates": "1,2,3", "prefill": "9"}, "replications": 10}, "same": [1, 2]});
        assert_eq!(
            differences(&before, &after),
            [
                r#"sweep.axes.prefill was not stated, is "9""#,
                r#"sweep.axes.rates was "1,2", is "1,2,3""#,
            ]
        );
        assert!(differences(&before, &before).is_empty());
        let many = |offset: u32| -> Value {
            (0..9).map(|key| (key.to_string(), Value::from(key + offset))).collect()
        };
        let found = differences(&many(0), &many(1));
        assert_eq!((found.len(), found[4].as_str()), (5, "and 5 more"));
    }
}
