//! The LIST grammar, and every way to get it wrong.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use sweep_engine::spec::{AxisValues, Kind, Value, parse_items, parse_list};

const WORDS: Kind = Kind::Word(&["mono", "disagg"]);

fn numbers(text: &str) -> Vec<f64> {
    let values = parse_list(text, Kind::Number).unwrap_or_else(|error| panic!("{error}"));
    values.iter().map(|value| value.as_number().expect("it is a number")).collect()
}

#[test]
fn lists_and_ranges_have_the_values_one_would_write() {
    let cases: [(&str, &[f64]); 19] = [
        ("2", &[2.0]),
        ("0.5,1,2", &[0.5, 1.0, 2.0]),
        (" 0.5 , 1 ", &[0.5, 1.0]),
        ("2,1,0.5", &[2.0, 1.0, 0.5]),
        ("-1,1e3,+2", &[-1.0, 1000.0, 2.0]),
        ("0:1:0.1", &[0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]),
        ("1:5:0.5", &[1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0]),
        ("1:2:0.3", &[1.0, 1.3, 1.6, 1.9]),
        ("1:2:3", &[1.0]),
        ("-0.2:0.1:0.1", &[-0.2, -0.1, 0.0, 0.1]),
        ("3:3:1", &[3.0]),
        ("1e-3:3e-3:1e-3", &[0.001, 0.002, 0.003]),
        ("0.1:0.3:0.1,5,lin:6:7:2", &[0.1, 0.2, 0.3, 5.0, 6.0, 7.0]),
        ("lin:1:5:9", &[1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0]),
        ("lin:0:1:11", &[0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]),
        ("log:0.1:10:3", &[0.1, 1.0, 10.0]),
        ("log:0.3:0.7:2", &[0.3, 0.7]),
        ("log:1:8:4", &[1.0, 2.0, 4.0, 8.0]),
        ("log:0.01:10:4", &[0.01, 0.1, 1.0, 10.0]),
    ];
    for (text, expected) in cases {
        assert_eq!(numbers(text), expected, "{text}");
    }
}

#[test]
fn logarithmic_ranges_have_equal_ratios_between_exact_ends() {
    let values = numbers("log:0.1:10:9");
    assert_eq!((values.len(), values[0], values[8]), (9, 0.1, 10.0));
    let ratio = libm::pow(100.0, 0.125);
    for pair in values.windows(2) {
        assert!((pair[1] / pair[0] / ratio - 1.0).abs() < 1e-14, "{values:?}");
    }
}

#[test]
fn lists_have_the_type_of_their_key() {
    let word = |text: &str| Value::Word(text.to_owned());
    let list = |text: &str, kind| parse_list(text, kind).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(list("1:3:1", Kind::Count), [1, 2, 3].map(Value::Count));
    assert_eq!(list("18446744073709551615,0", Kind::Seed), [u64::MAX, 0].map(Value::Seed));
    let mixed = [Value::Number(0.0), Value::Number(30.0), Value::Number(60.0), word("auto")];
    assert_eq!(list("0:60:30,auto", Kind::NumberOr(&["auto"])), mixed);
    assert_eq!(list("true,false", Kind::Flag), [true, false].map(Value::Flag));
    assert_eq!(list("disagg, mono", WORDS), [word("disagg"), word("mono")]);
    assert_eq!(list("C:\\a.csv,b.csv", Kind::Path), [word("C:\\a.csv"), word("b.csv")]);
}

/// Text, kind, message.
const BAD_LISTS: [(&str, Kind, &str); 39] = [
    ("", Kind::Number, "the list is empty: give at least one value"),
    ("  ", WORDS, "the list is empty: give at least one value"),
    ("1,,2", Kind::Number, "an empty item in `1,,2`: remove the extra comma"),
    ("1,", Kind::Number, "an empty item in `1,`: remove the extra comma"),
    (",", Kind::Path, "an empty item in `,`: remove the extra comma"),
    ("1,x", Kind::Number, "`x`: it must be a finite number"),
    ("1,soon", Kind::NumberOr(&["auto"]), "`soon`: it must be a finite number or auto"),
    ("auto,auto", Kind::NumberOr(&["auto"]), "the value auto stands twice: remove one"),
    (
        "auto:3:1",
        Kind::NumberOr(&["auto"]),
        "`auto` in `auto:3:1`: it must be a decimal number between -1e15 and 1e15",
    ),
    ("nan", Kind::Number, "`nan`: it must be a finite number"),
    ("inf", Kind::Number, "`inf`: it must be a finite number"),
    ("1e999", Kind::Number, "`1e999`: it must be a finite number"),
    ("1.5", Kind::Count, "`1.5`: it must be a whole number between 0 and 4294967295"),
    ("-1", Kind::Count, "`-1`: it must be a whole number between 0 and 4294967295"),
    ("4294967296", Kind::Count, "`4294967296`: it must be a whole number between 0 and 4294967295"),
    ("0:1:0.5", Kind::Count, "`0.5`: it must be a whole number between 0 and 4294967295"),
    ("-1", Kind::Seed, "`-1`: it must be a whole number between 0 and 18446744073709551615"),
    ("yes", Kind::Flag, "`yes`: it must be true or false"),
    ("mono,dis", WORDS, "`dis`: it must be one of mono, disagg"),
    ("1,2,1", Kind::Number, "the value 1 stands twice: remove one"),
    ("1,1.0", Kind::Number, "the value 1 stands twice: remove one"),
    ("1:3:1,2", Kind::Number, "the value 2 stands twice: remove one"),
    ("mono,mono", WORDS, "the value mono stands twice: remove one"),
    (
        "1:2",
        Kind::Number,
        "`1:2`: a range is start:stop:step, lin:start:stop:points or log:start:stop:points",
    ),
    (
        "1:2:3:4",
        Kind::Number,
        "`1:2:3:4`: a range is start:stop:step, lin:start:stop:points or log:start:stop:points",
    ),
    (
        "lin:1:2",
        Kind::Number,
        "`lin:1:2`: a range is start:stop:step, lin:start:stop:points or log:start:stop:points",
    ),
    (
        "mono:disagg:1",
        WORDS,
        "`mono:disagg:1`: ranges are for numbers; list these values with commas",
    ),
    ("a:2:1", Kind::Number, "`a` in `a:2:1`: it must be a decimal number between -1e15 and 1e15"),
    ("1_000,2", Kind::Number, "`1_000`: it must be a finite number"),
    (
        "1_000:2000:1",
        Kind::Number,
        "`1_000` in `1_000:2000:1`: it must be a decimal number between -1e15 and 1e15",
    ),
    (
        "0:1e16:1",
        Kind::Number,
        "`1e16` in `0:1e16:1`: it must be a decimal number between -1e15 and 1e15",
    ),
    ("1:2:0", Kind::Number, "`1:2:0`: the step must be above 0"),
    ("2:1:-1", Kind::Number, "`2:1:-1`: the step must be above 0"),
    ("2:1:1", Kind::Number, "`2:1:1`: stop lies below start; swap them"),
    ("log:2:1:3", Kind::Number, "`log:2:1:3`: stop lies below start; swap them"),
    (
        "lin:1:2:1",
        Kind::Number,
        "`lin:1:2:1`: the number of points must be a whole number of at least 2",
    ),
    (
        "log:1:2:2.5",
        Kind::Number,
        "`log:1:2:2.5`: the number of points must be a whole number of at least 2",
    ),
    ("log:0:1:3", Kind::Number, "`log:0:1:3`: a logarithmic range needs a start above 0"),
    (
        "0:1e6:1",
        Kind::Number,
        "`0:1e6:1` has 1000001 points, the limit is 1000000: use a larger step",
    ),
];

#[test]
fn bad_lists_say_what_to_write_instead() {
    for (text, kind, message) in BAD_LISTS {
        match parse_list(text, kind) {
            Ok(values) => panic!("`{text}` was read as {values:?}"),
            Err(error) => assert_eq!(error.to_string(), message),
        }
    }
}

#[test]
fn endless_ranges_are_refused_before_they_are_built() {
    let far = |text: &str| parse_list(text, Kind::Number).expect_err("it is too long").to_string();
    assert_eq!(
        far("0:1e15:1e-28"),
        "`0:1e15:1e-28` has far too many points, the limit is 1000000: use a larger step"
    );
    assert_eq!(
        far("lin:0:1:1000000000000"),
        "`lin:0:1:1000000000000` has 1000000000000 points, the limit is 1000000: use a larger step"
    );
    // A range may fill the list to its limit, and then nothing more fits.
    assert_eq!(
        far("1:1e6:1,0"),
        "the list has more than 1000000 values: drop some, or use larger steps"
    );
}

#[test]
fn written_lists_follow_the_same_rules() {
    let items = |texts: &[&str], kind| {
        parse_items(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>(), kind)
            .map_err(|error| error.to_string())
    };
    assert_eq!(items(&["2", "0.5"], Kind::Number), Ok([2.0, 0.5].map(Value::Number).to_vec()));
    assert_eq!(
        items(&["a,b:c.csv"], Kind::Path),
        Ok(vec![Value::Word("a,b:c.csv".to_owned())]),
        "an item is never split"
    );
    let message = |result: Result<Vec<Value>, String>| result.expect_err("it is wrong");
    assert_eq!(message(items(&[], Kind::Number)), "the list is empty: give at least one value");
    assert_eq!(message(items(&["1", "1.0"], Kind::Number)), "the value 1 stands twice: remove one");
    assert_eq!(message(items(&["x"], Kind::Flag)), "`x`: it must be true or false");
}

#[test]
fn axis_values_are_read_from_json_as_text() {
    let read = |json: &str| serde_json::from_str::<AxisValues>(json).map_err(|e| e.to_string());
    let texts = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>();
    assert_eq!(read("\"1:5:1\""), Ok(AxisValues::Text("1:5:1".into())));
    assert_eq!(read("0.5"), Ok(AxisValues::Text("0.5".into())));
    assert_eq!(
        read("[0.1, 2, true, \"mono\"]"),
        Ok(AxisValues::Items(texts(&["0.1", "2", "true", "mono"])))
    );
    assert_eq!(
        read("[-3, 18446744073709551615]"),
        Ok(AxisValues::Items(texts(&["-3", "18446744073709551615"])))
    );
    assert!(read("[[1]]").is_err_and(|error| error.contains("a number, a word, true or false")));
    assert!(read("{}").is_err_and(|error| error.contains("a list of values, or a range")));
}

/// `mantissa` / 10^`scale`, as one would write it.
fn decimal(mantissa: i64, scale: usize) -> String {
    let digits = format!("{:0>width$}", mantissa.abs(), width = scale + 1);
    let (whole, part) = digits.split_at(digits.len() - scale);
    let sign = if mantissa < 0 { "-" } else { "" };
    if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}

proptest! {
    #![proptest_config(Config { cases: 300, rng_seed: RngSeed::Fixed(7), ..Config::default() })]

    #[test]
    fn a_range_equals_its_values_written_out(
        start in -10_000_i64..10_000,
        step in 1_i64..5_000,
        intervals in 0_i64..50,
        rest in 0.0_f64..1.0,
        scale in 0_usize..7,
    ) {
        // Stop somewhere between the last point and the next one.
        let stop = start + step * intervals + (step as f64 * rest).floor() as i64;
        let [first, last, by] = [start, stop, step].map(|mantissa| decimal(mantissa, scale));
        let points: Vec<String> =
            (0..=intervals).map(|i| decimal(start + step * i, scale)).collect();
        prop_assert_eq!(
            numbers(&format!("{first}:{last}:{by}")),
            numbers(&points.join(","))
        );
    }

    #[test]
    fn values_survive_being_written_and_read(
        values in prop::collection::btree_set(any::<u64>(), 1..20)
    ) {
        let values: Vec<f64> =
            values.into_iter().map(f64::from_bits).filter(|value| value.is_finite()).collect();
        prop_assume!(!values.is_empty());
        let text: Vec<String> =
            values.iter().map(|&value| Value::Number(value).to_string()).collect();
        prop_assert_eq!(numbers(&text.join(",")), values);
    }

    #[test]
    fn spaced_ranges_rise_from_start_to_stop(
        start in 1_u32..1000,
        length in 1_u32..1000,
        points in 2_usize..60,
        is_log in any::<bool>(),
    ) {
        let kind = if is_log { "log" } else { "lin" };
        let values = numbers(&format!("{kind}:{start}:{}:{points}", start + length));
        prop_assert_eq!(values.len(), points);
        prop_assert_eq!(values[0], f64::from(start));
        prop_assert_eq!(values[points - 1], f64::from(start + length));
        prop_assert!(values.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn no_text_makes_it_panic(text in "[0-9a-z.,:+ -]{0,24}") {
        for kind in [Kind::Number, Kind::Count, Kind::Seed, Kind::Flag, WORDS, Kind::Path] {
            let _ = parse_list(&text, kind);
        }
        let _ = sweep_engine::spec::Condition::parse(&text);
    }
}
