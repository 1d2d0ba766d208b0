//! What the contract says of an invoice's fields (sections 5.1, 5.2, 11): every one is there, with its type, and null only where
//! it may be. Every invoice that a test sees is held against this.

use super::http::keys;
use serde_json::Value;

/// The kinds of values.
#[derive(Clone, Copy)]
enum Kind {
    Uuid,
    Text,
    Decimal,
    Time,
    Boolean,
    Count,
    Object,
    List,
    OneOf(&'static [&'static str]),
}

use Kind::{Boolean, Count, Decimal, List, Object, OneOf, Text, Time, Uuid};

const STATUSES: Kind = OneOf(&[
    "draft",
    "pending",
    "confirming",
    "paid",
    "overpaid",
    "underpaid",
    "expired",
    "draft_expired",
    "cancelled",
    "invalid",
]);

/// Name, type, whether it may be null; in the order of the vendor's page.
const INVOICE: [(&str, Kind, bool); 36] = [
    ("id", Uuid, false),
    ("merchant_id", Uuid, false),
    ("currency", Text, true),
    ("network", Text, true),
    ("amount_requested", Decimal, true),
    ("amount_paid", Decimal, false),
    ("amount_usd", Decimal, true),
    ("amount_fiat", Decimal, true),
    ("amount_in_base_currency", Decimal, true),
    ("fiat_currency", Text, true),
    ("status", STATUSES, false),
    ("environment", OneOf(&["live", "test"]), false),
    ("deposit_address", Text, true),
    ("deposit_address_tag", Text, true),
    ("description", Text, true),
    ("external_id", Text, true),
    ("idempotency_key", Text, true),
    ("metadata", Object, false),
    ("redirect_url", Text, true),
    ("source", OneOf(&["api", "static_address", "coinspaid", "payhubix", "txcash", "txnpro"]), false),
    ("static_address_id", Uuid, true),
    ("checkout_url", Text, false),
    ("payments", List, false),
    ("expires_at", Time, true),
    ("paid_at", Time, true),
    ("created_at", Time, false),
    ("is_deferred", Boolean, false),
    ("draft_expires_at", Time, true),
    ("activated_at", Time, true),
    ("activation_count", Count, false),
    ("is_locked_fiat", Boolean, false),
    ("target_settlement_asset", OneOf(&["passthrough"]), false),
    ("settlement_target_currency", Text, true),
    ("settlement_target_network", Text, true),
    ("payer_email", Text, true),
    ("sent_at", Time, true),
];

const PAYMENT: [(&str, Kind, bool); 9] = [
    ("tx_hash", Text, false),
    ("amount", Decimal, false),
    ("confirmations", Count, false),
    ("required_confirmations", Count, false),
    ("status", OneOf(&["detected", "confirming", "confirmed", "reversed", "rejected"]), false),
    ("detected_at", Time, false),
    ("settlement_conversion", Object, true),
    ("currency", Text, false),
    ("network", Text, false),
];

/// Section 5.3, in its order; then what section 11 adds.
const STATIC_ADDRESS: [(&str, Kind, bool); 13] = [
    ("id", Uuid, false),
    ("merchant_id", Uuid, false),
    ("currency", Text, false),
    ("environment", OneOf(&["live", "test"]), false),
    ("gate_id", Text, false),
    ("address", Text, false),
    ("address_tag", Text, true),
    ("label", Text, true),
    ("total_received", Decimal, false),
    ("invoice_count", Count, false),
    ("created_at", Time, false),
    ("network", Text, false),
    ("external_id", Text, true),
];

/// Holds a permanent address against the contract.
pub(crate) fn check_static_address(address: &Value) {
    check(address, &STATIC_ADDRESS);
    assert_eq!(address["gate_id"], address["network"], "the gate is the network's slug: {address}");
}

/// Holds an invoice against the contract.
pub(crate) fn check_invoice(invoice: &Value) {
    check(invoice, &INVOICE);
    for payment in invoice["payments"].as_array().unwrap() {
        check(payment, &PAYMENT);
        assert!(payment["settlement_conversion"].is_null(), "null under passthrough: {payment}");
    }
    check_what_applies(invoice);
}

/// Holds a payment against the contract.
pub(crate) fn check_payment(payment: &Value) {
    check(payment, &PAYMENT);
}

/// The names of all fields of an invoice, in the documented order.
pub(crate) fn invoice_fields() -> impl Iterator<Item = &'static str> {
    INVOICE.iter().map(|(name, ..)| *name)
}

fn check(object: &Value, table: &[(&str, Kind, bool)]) {
    let mut names: Vec<&str> = table.iter().map(|(name, ..)| *name).collect();
    names.sort_unstable();
    assert_eq!(keys(object), names, "{object}");
    for (name, kind, may_be_null) in table {
        let value = &object[*name];
        let is_right = if value.is_null() { *may_be_null } else { is_a(value, *kind) };
        assert!(is_right, "{name} is {value} in {object}");
    }
}

/// Section 11: null where it does not apply, and there where it does.
fn check_what_applies(invoice: &Value) {
    let is = |name: &str| !invoice[name].is_null();
    let status = invoice["status"].as_str().unwrap();
    assert_eq!(is("draft_expires_at"), invoice["is_deferred"] == true, "{invoice}");
    let waits = invoice["is_deferred"] == true && !is("activated_at");
    let is_deposit = invoice["source"] == "static_address";
    assert_eq!(is("static_address_id"), is_deposit, "{invoice}");
    assert_eq!(is("expires_at"), !waits && !is_deposit, "{invoice}");
    assert_eq!(is("deposit_address"), !waits, "{invoice}");
    assert_eq!(is("amount_fiat"), is("fiat_currency"), "{invoice}");
    assert_eq!(is("amount_usd"), invoice["fiat_currency"] == "USD", "{invoice}");
    assert_eq!(is("currency"), is("network"), "{invoice}");
    let is_paid = matches!(status, "paid" | "overpaid");
    assert!(is("paid_at") || !is_paid, "{invoice}");
    let is_locked = is("amount_fiat") && invoice["is_locked_fiat"] == true;
    assert!(!is_locked || is("currency"), "{invoice}");
    for never in ["deposit_address_tag", "amount_in_base_currency", "sent_at"] {
        assert!(!is(never), "{never} applies to nothing yet: {invoice}");
    }
    for under_passthrough in ["settlement_target_currency", "settlement_target_network"] {
        assert!(!is(under_passthrough), "{invoice}");
    }
}

fn is_a(value: &Value, kind: Kind) -> bool {
    match kind {
        Uuid => value.as_str().is_some_and(is_uuid),
        Text => value.as_str().is_some_and(|text| !text.is_empty()),
        Decimal => value.as_str().is_some_and(is_decimal),
        Time => is_utc_time(value),
        Boolean => value.is_boolean(),
        Count => value.is_u64(),
        Object => value.is_object(),
        List => value.is_array(),
        OneOf(texts) => value.as_str().is_some_and(|text| texts.contains(&text)),
    }
}

/// Whether it is a UUID as it is written everywhere: lower-case and with hyphens.
pub(crate) fn is_uuid(text: &str) -> bool {
    let has_hyphens = [8, 13, 18, 23].iter().all(|at| text.as_bytes().get(*at) == Some(&b'-'));
    let digits = text.bytes().filter(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')).count();
    text.len() == 36 && has_hyphens && digits == 32
}

/// Whether it is a plain decimal: digits, and a point between digits.
fn is_decimal(text: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    is_number(whole) && is_number(fraction) && (whole == "0" || !whole.starts_with('0'))
}

/// Whether it is an RFC 3339 time in UTC, written with `Z`.
pub(crate) fn is_utc_time(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok())
}

/// A time in seconds.
pub(crate) fn seconds(value: &Value) -> i64 {
    let text = value.as_str().unwrap_or_else(|| panic!("{value} is no time"));
    text.parse::<jiff::Timestamp>().unwrap().as_second()
}
