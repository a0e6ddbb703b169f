//! LISTs of values, for every key.

use std::collections::BTreeSet;

use sweep_engine::spec::{Key, Kind, MAX_LIST_VALUES, Value, parse_items, parse_list};

use crate::support::{explain, is_long};

/// Reads `KEY=LIST`, as in `--set`. Values are distinct, within their limit, and read the same when they are printed,
/// as a text and as the items of a list.
pub fn list(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some((name, list)) = text.split_once('=') else { return };
    let Some(key) = Key::find(name) else {
        let near = Key::nearest(name);
        return assert!(near.is_none_or(|near| Key::find(near).is_some()), "{near:?} is a key");
    };
    if is_long(list) {
        return;
    }
    match parse_list(list, key.kind) {
        Ok(values) => check(&values, key.kind),
        Err(error) => explain(&error),
    }
}

fn check(values: &[Value], kind: Kind) {
    assert!((1..=MAX_LIST_VALUES).contains(&values.len()));
    let items: Vec<String> = values.iter().map(Value::to_string).collect();
    assert_eq!(items.iter().collect::<BTreeSet<_>>().len(), items.len(), "values are distinct");
    assert_eq!(parse_items(&items, kind).as_deref(), Ok(values));
    assert_eq!(parse_list(&items.join(","), kind).as_deref(), Ok(values));
}
