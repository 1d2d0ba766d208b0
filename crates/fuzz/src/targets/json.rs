//! Bodies as JSON with one meaning, held against another reader.

use crate::Target;
use farthing_dialects::strict_json::{self, DEPTH_MAX, JsonFault};
use serde_json::{Value, value::RawValue};

/// What `strict_json` lets through.
pub(super) const STRICT: Target = Target {
    name: "strict_json",
    feed,
    seeds: &[
        b"{}",
        b"[]",
        b"null",
        b"0",
        b"-1.5e3",
        b"\"a\\u00e9\"",
        b"{\"a\":{\"b\":[1,2,{\"c\":null}]}}",
        b"{\"a\":1,\"a\":2}",
        b"{\"a\":1,\"\\u0061\":2}",
        b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
        b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
        b"\"\\ud83d\\ude00\"",
        b"\"\\ud800\"",
        b"\"\\u0000\"",
        b"\xef\xbb\xbf{}",
        b"{} {}",
        b"1e400",
        b"9007199254740993",
        b"01",
        b"tru",
        b"974093007193925474093",
        b"{\"__proto__\":{}}",
        b"\"\x7f\"",
        b"\"\t\"",
        b"{\"x\":1,\"y\":[true,false,null,\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]}",
    ],
};

fn feed(bytes: &[u8]) {
    let outcome = strict_json::check(bytes);
    assert_eq!(outcome, strict_json::check(bytes));
    match outcome {
        Ok(()) => is_read_by_others(bytes),
        // A number that another reader refuses for its size is still read as text by ours.
        Err(fault)
            if matches!(fault.fault, JsonFault::Syntax { .. } | JsonFault::Trailing { .. } | JsonFault::Empty) =>
        {
            let other = serde_json::from_slice::<&RawValue>(bytes);
            assert!(other.is_err(), "{fault:?}, yet another reader takes it");
        }
        Err(_) => {}
    }
}

fn is_read_by_others(bytes: &[u8]) {
    let raw = serde_json::from_slice::<&RawValue>(bytes);
    assert!(raw.is_ok(), "another reader refuses it: {raw:?}");
    // Numbers beyond what a float holds are refused by it, and by nothing of ours.
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else { return };
    assert!(depth(&value) <= DEPTH_MAX, "deeper than {DEPTH_MAX}");
    assert!(!has_nul(&value), "a NUL came through");
    let written = value.to_string();
    assert_eq!(strict_json::check(written.as_bytes()), Ok(()), "{written}");
    // The other reader's floats are not exact; nothing of ours reads numbers through it.
    if !written.contains(['.', 'e', 'E']) {
        assert_eq!(serde_json::from_str::<Value>(&written).ok().as_ref(), Some(&value));
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(depth).max().unwrap_or_default().saturating_add(1),
        Value::Object(fields) => fields.values().map(depth).max().unwrap_or_default().saturating_add(1),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
