//! What the strict reader takes and refuses, beside what `serde_json` does with the same bytes.

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{DEPTH_MAX, JsonError, JsonFault, check, fields::Fields, parse, scan::unescape};

fn fault(text: impl AsRef<[u8]>) -> JsonFault {
    check(text.as_ref()).expect_err("refused").fault
}

fn path(text: &str) -> Option<String> {
    check(text.as_bytes()).expect_err("refused").path
}

#[test]
fn a_duplicate_is_refused_at_any_level_and_named() {
    assert_eq!(path(r#"{"amount":"1","amount":"9"}"#).as_deref(), Some("amount"));
    assert_eq!(path(r#"{"metadata":{"color":1,"color":1}}"#).as_deref(), Some("metadata.color"));
    assert_eq!(path(r#"{"a":[{},{"b":1,"c":2,"b":3}]}"#).as_deref(), Some("a[1].b"));
    assert_eq!(path(r#"[{"a":1,"a":1}]"#).as_deref(), Some("[0].a"));
    assert_eq!(path(r#"{"":1,"":1}"#).as_deref(), None);
    assert_eq!(fault(r#"{"":1,"":1}"#), JsonFault::Duplicate);
}

#[test]
fn a_name_is_compared_by_its_characters_not_by_how_it_was_written() {
    assert_eq!(path(r#"{"amount":"1","\u0061mount":"9"}"#).as_deref(), Some("amount"));
    assert_eq!(path(r#"{"😀":1,"\ud83d\ude00":2}"#).as_deref(), Some("😀"));
    assert_eq!(path(r#"{"a/b":1,"a\/b":2}"#).as_deref(), Some("a/b"));
    assert!(check(br#"{"a":1,"A":1,"a ":1}"#).is_ok());
}

#[test]
fn a_duplicate_among_many_names_is_found_wherever_it_stands() {
    for first in [0, 15, 16, 17, 4_000] {
        let mut names: Vec<String> = (0..5_000).map(|number| format!("\"n{number}\":1")).collect();
        assert!(check(format!("{{{}}}", names.join(",")).as_bytes()).is_ok());
        names.push(format!("\"n{first}\":2"));
        assert_eq!(path(&format!("{{{}}}", names.join(","))), Some(format!("n{first}")));
    }
}

#[test]
fn the_same_name_in_two_objects_is_no_duplicate() {
    assert!(check(br#"{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}"#).is_ok());
}

#[test]
fn thirty_two_levels_are_read_and_thirty_three_are_not() {
    let arrays = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let objects = |depth| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    assert!(check(arrays(DEPTH_MAX).as_bytes()).is_ok());
    assert!(check(objects(DEPTH_MAX).as_bytes()).is_ok());
    assert_eq!(fault(arrays(DEPTH_MAX + 1)), JsonFault::TooDeep);
    assert_eq!(fault(objects(DEPTH_MAX + 1)), JsonFault::TooDeep);
    assert_eq!(fault("[".repeat(100_000)), JsonFault::TooDeep);
    assert!(check(objects(DEPTH_MAX + 1).as_bytes()).expect_err("refused").to_string().chars().count() < 250);
}

#[test]
fn what_is_not_one_utf8_json_value_is_refused() {
    assert_eq!(fault(""), JsonFault::Empty);
    assert_eq!(fault(" \r\n\t"), JsonFault::Empty);
    assert_eq!(fault("\u{FEFF}{}"), JsonFault::ByteOrderMark);
    assert_eq!(fault(b"{\"a\":\"\xFF\"}"), JsonFault::Encoding);
    assert_eq!(fault(b"{\"a\":\"\xED\xA0\x80\"}"), JsonFault::Encoding);
    assert_eq!(fault(b"{\"a\":\"\xC0\x80\"}"), JsonFault::Encoding);
    assert_eq!(fault("{} {}"), JsonFault::Trailing { byte: 3 });
    assert_eq!(fault("{}x"), JsonFault::Trailing { byte: 2 });
    assert_eq!(fault("{\"a\":1}\0"), JsonFault::Trailing { byte: 7 });
    for broken in [
        "{",
        "[",
        "\"",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{a:1}",
        "{'a':1}",
        "[1,]",
        "[,1]",
        "[1 2]",
        "nul",
        "nulll",
        "NaN",
        "Infinity",
        "-",
        "+1",
        "01",
        "-01",
        "1.",
        ".5",
        "1e",
        "1e+",
        "0x10",
        "1_0",
        "1,5",
        "٣",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12G4\"",
        "\"\\u+123\"",
        "\"a\nb\"",
        "\"\t\"",
        "// x\n1",
        "{\"a\":1 \"b\":2}",
        "}",
        "\u{a0}1",
    ] {
        assert!(check(broken.as_bytes()).is_err(), "{broken}");
        assert!(serde_json::from_str::<Value>(broken).is_err(), "{broken}");
    }
}

#[test]
fn halves_of_characters_and_nul_are_refused_in_names_and_texts() {
    for lone in
        [r#""\ud83d""#, r#""\ude00""#, r#""\ud83dx""#, r#""\ud83d\n""#, r#""\ud83d\ud83d""#, r#""\ud83d\u0041""#]
    {
        assert_eq!(fault(lone), JsonFault::Surrogate, "{lone}");
        assert_eq!(fault(format!("{{{lone}:1}}")), JsonFault::Surrogate, "{lone}");
    }
    assert_eq!(fault(r#""a\u0000b""#), JsonFault::Nul);
    assert_eq!(fault("\"a\0b\""), JsonFault::Nul);
    assert!(check(r#""\ud83d\ude00 \u00e9 \\u0000 \u0001""#.as_bytes()).is_ok());
}

#[test]
fn numbers_of_any_size_are_left_as_text() {
    for number in ["1e400", "-1E-999999999999", "9007199254740993", "-0", &"9".repeat(10_000), "0.1e+1"] {
        assert!(check(number.as_bytes()).is_ok(), "{number}");
    }
}

#[test]
fn an_escape_reads_as_serde_reads_it() {
    let inner = r#"\"\\\/\b\f\n\r\t\u00e9\u20AC\ud83d\ude00\uFFFF é€😀 \uD800\uDC00\uDBFF\uDFFF"#;
    assert_eq!(unescape(inner), serde_json::from_str::<String>(&format!("\"{inner}\"")).expect("valid"));
}

#[derive(Debug, Deserialize)]
struct Order {
    #[expect(dead_code, reason = "only its reading is looked at")]
    items: Vec<Item>,
}
#[derive(Debug, Deserialize)]
struct Item {
    #[expect(dead_code, reason = "only its reading is looked at")]
    name: String,
}

#[test]
fn a_wrong_shape_names_the_field() {
    let refused = |text: &str| parse::<Order>(text.as_bytes()).expect_err("refused").to_string();
    assert_eq!(
        refused("{\"items\":[{\"name\":\"a\"},\n {\"x\":1,\"name\":5}]}"),
        "items[1].name: invalid type: integer `5`, expected a string"
    );
    assert_eq!(refused(r#"{"items":[{}]}"#), "items[0]: missing field `name`");
    assert_eq!(refused(r#"{}"#), "missing field `items`");
    assert_eq!(refused(r#"{"items":[],"items":[]}"#), "items: the field appears twice");
    assert!(parse::<Order>(br#"{"items":[{"name":"a"}],"more":null}"#).is_ok());
}

fn fields(text: &str) -> Fields<'_> {
    Fields::parse(text.as_bytes()).expect("an object")
}

fn problem(text: &str, read: impl FnOnce(&mut Fields<'_>) -> bool) -> String {
    let mut fields = fields(text);
    assert!(read(&mut fields), "a wrong field reads as absent");
    let problems = fields.finish().expect_err("a problem");
    assert_eq!(problems.len(), 1);
    format!("{} {}", problems[0].field, problems[0].message)
}

#[test]
fn only_an_object_is_a_form() {
    for text in ["[]", "1", "null", "\"a\""] {
        let refused = Fields::parse(text.as_bytes()).expect_err("refused");
        assert_eq!(refused, JsonError { path: None, fault: JsonFault::NotAnObject });
    }
    assert_eq!(Fields::parse(b"[").expect_err("refused").fault, JsonFault::Syntax { byte: 1 });
    assert_eq!(Fields::parse(br#"{"a":1}x"#).expect_err("refused").fault, JsonFault::Trailing { byte: 7 });
    assert!(fields("{}").finish().is_ok());
}

#[test]
fn every_type_is_read_and_null_is_absent() {
    let mut form = fields(
        r#" { "t" : "a\u00e9\n" , "d":"10.50","b":true,"i":-5,"o":{"b":1,"a":"x"},"l":["x","y"],"n":null,"unknown":[{}] } "#,
    );
    assert_eq!(form.text("t", 3).as_deref(), Some("aé\n"));
    assert_eq!(form.decimal_text("d", 50).as_deref(), Some("10.50"));
    assert_eq!(form.boolean("b"), Some(true));
    assert_eq!(form.integer("i", -5..=5), Some(-5));
    assert_eq!(form.object("o", 2).map(|map| Value::Object(map).to_string()).as_deref(), Some(r#"{"a":"x","b":1}"#));
    assert_eq!(form.text_list("l", 2, 1), Some(vec!["x".to_owned(), "y".to_owned()]));
    assert!(form.has("t") && !form.has("n") && !form.has("absent"));
    for name in ["n", "absent"] {
        assert_eq!(form.text(name, 1), None);
        assert_eq!(form.decimal_text(name, 1), None);
        assert_eq!(form.boolean(name), None);
        assert_eq!(form.integer(name, 0..=1), None);
        assert_eq!(form.object(name, 1), None);
        assert_eq!(form.text_list(name, 1, 1), None);
    }
    assert_eq!(form.finish(), Ok(()));
}

#[test]
fn all_problems_are_told_with_their_names() {
    let mut form = fields(r#"{"amount":10.5,"deferred":"true","expiry_minutes":1.0,"description":7}"#);
    assert_eq!(form.decimal_text("amount", 50), None);
    assert_eq!(form.boolean("deferred"), None);
    assert_eq!(form.integer("expiry_minutes", 0..=60), None);
    assert_eq!(form.text("description", 10), None);
    form.refuse("network", "is required");
    let told: Vec<String> =
        form.finish().expect_err("problems").iter().map(|it| format!("{} {}", it.field, it.message)).collect();
    assert_eq!(
        told,
        [
            r#"amount must be a decimal string, e.g. "10.50""#,
            "deferred must be true or false",
            "expiry_minutes must be an integer from 0 to 60",
            "description must be a string",
            "network is required",
        ]
    );
}

#[test]
fn limits_are_counted_in_characters_items_and_properties() {
    let long = format!(r#"{{"t":"{}"}}"#, "é".repeat(11));
    assert_eq!(fields(&long).text("t", 11).map(|text| text.len()), Some(22));
    assert_eq!(problem(&long, |it| it.text("t", 10).is_none()), "t must be at most 10 characters");
    assert_eq!(problem(r#"{"i":61}"#, |it| it.integer("i", 0..=60).is_none()), "i must be from 0 to 60");
    assert_eq!(
        problem(r#"{"i":99999999999999999999}"#, |it| it.integer("i", 0..=60).is_none()),
        "i must be from 0 to 60"
    );
    assert_eq!(problem(r#"{"i":"5"}"#, |it| it.integer("i", 0..=60).is_none()), "i must be an integer from 0 to 60");
    assert_eq!(problem(r#"{"l":["a","b"]}"#, |it| it.text_list("l", 1, 1).is_none()), "l must have at most 1 items");
    assert_eq!(problem(r#"{"l":["a",5]}"#, |it| it.text_list("l", 2, 1).is_none()), "l[1] must be a string");
    assert_eq!(problem(r#"{"l":"a"}"#, |it| it.text_list("l", 2, 1).is_none()), "l must be a list of strings");
    let members: Vec<String> = (0..51).map(|number| format!("\"k{number}\":{number}")).collect();
    let text = format!(r#"{{"metadata":{{{}}}}}"#, members.join(","));
    assert!(fields(&text).object("metadata", 51).is_some());
    assert_eq!(problem(&text, |it| it.object("metadata", 50).is_none()), "metadata must have at most 50 properties");
    assert_eq!(problem(r#"{"metadata":[]}"#, |it| it.object("metadata", 50).is_none()), "metadata must be an object");
}

#[test]
fn metadata_keeps_numbers_exactly_or_refuses_them() {
    for (written, kept) in [
        ("9007199254740993", "9007199254740993"),
        ("18446744073709551615", "18446744073709551615"),
        ("-1", "-1"),
        ("0.1", "0.1"),
        ("1.10", "1.1"),
        ("1e3", "1000.0"),
        ("0.30000000000000004", "0.30000000000000004"),
        ("1e21", "1e+21"),
    ] {
        let text = format!(r#"{{"m":{{"n":[{written}]}}}}"#);
        let map = fields(&text).object("m", 1).unwrap_or_else(|| panic!("{written}"));
        assert_eq!(map["n"][0].to_string(), kept);
    }
    for written in [
        "18446744073709551616",
        "1e400",
        "1e99999999999999999999",
        "0.1000000000000000055511151231257827",
        "9007199254740993.0",
    ] {
        let told = problem(&format!(r#"{{"m":{{"n":[0,{written}]}}}}"#), |it| it.object("m", 1).is_none());
        assert_eq!(told, "m.n[1] is a number that cannot be kept exactly; send it as a string", "{written}");
    }
}

#[test]
fn two_ways_to_write_an_object_are_equal() {
    let read = |text: &str| fields(text).object("m", 9).map(|map| Value::Object(map).to_string());
    let (one, two) = (r#"{"m":{"b":{"y":1,"x":"é"},"a":null}}"#, r#"{ "m" : {"a":null,"b":{"x":"\u00E9","y":1.0e0}}}"#);
    assert_eq!(read(one), Some(r#"{"a":null,"b":{"x":"é","y":1}}"#.to_owned()));
    assert!(read(two).is_some());
}

/// Any JSON of moderate size.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        "[^\u{0}]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[^\u{0}]{0,4}", inner, 0..24).prop_map(|map| json!(map)),
        ]
    })
}

/// Bytes that look like JSON often enough to get far.
fn near_json() -> impl Strategy<Value = String> {
    let token = prop_oneof![
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(","),
        Just(":"),
        Just("\"a\""),
        Just("\"b\""),
        Just("\"\\u00e9\""),
        Just("\"\\ud800\""),
        Just("1"),
        Just("-0.5e3"),
        Just("1e400"),
        Just("true"),
        Just("null"),
        Just(" "),
        Just("\""),
        Just("\\"),
        Just("é"),
        Just("\0"),
    ];
    prop::collection::vec(token, 0..24).prop_map(|tokens| tokens.concat())
}

proptest! {
    #[test]
    fn what_serde_writes_is_accepted_and_read_the_same(value in any_json()) {
        for text in [value.to_string(), serde_json::to_string_pretty(&value).expect("text")] {
            prop_assert_eq!(check(text.as_bytes()), Ok(()));
            prop_assert_eq!(parse::<Value>(text.as_bytes()), Ok(value.clone()));
        }
    }

    #[test]
    fn a_repeated_name_is_never_accepted(value in any_json(), name in "[^\u{0}]{0,4}", depth in 0_usize..8) {
        let name = json!(name).to_string();
        let twice = format!("{{{name}:{value},\"other\":1,{name}:{value}}}");
        let text = format!("{}{twice}{}", "[".repeat(depth), "]".repeat(depth));
        prop_assert_eq!(fault(text), JsonFault::Duplicate);
    }

    #[test]
    fn what_is_accepted_is_json_to_serde_too(text in near_json()) {
        let ours = check(text.as_bytes());
        let theirs = serde_json::from_str::<Value>(&text);
        match ours {
            Ok(()) => {
                let out_of_range = text.contains("1e400");
                prop_assert!(theirs.is_ok() || out_of_range, "{}", text);
            }
            Err(error) => {
                let stricter = matches!(error.fault, JsonFault::Duplicate | JsonFault::Nul);
                prop_assert!(theirs.is_err() || stricter, "{}", text);
            }
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..64), text in ".{0,40}", near in near_json()) {
        for body in [bytes.as_slice(), text.as_bytes(), near.as_bytes()] {
            let seen = check(body).is_ok();
            prop_assert_eq!(seen, parse::<Box<serde_json::value::RawValue>>(body).is_ok());
            if let Ok(mut fields) = Fields::parse(body) {
                prop_assert!(seen);
                fields.text("a", 1);
                fields.object("a", 1);
                fields.text_list("b", 1, 1);
                fields.integer("b", 0..=1);
            }
        }
    }
}
