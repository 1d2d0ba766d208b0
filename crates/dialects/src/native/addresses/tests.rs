//! Requests for permanent addresses, and how they are shown.

use super::*;
use crate::native::present::tests::at;
use farthing_domain::{
    id::{Environment, MerchantId, Owner, StaticAddressId},
    policy::Dialect,
    static_address::Total,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

fn read(body: &Value) -> Result<CreateAddress, ApiError> {
    CreateAddress::parse(body.to_string().as_bytes(), None, &Catalog::shipped())
}

#[track_caller]
fn refuses(body: &Value, details: &[&str]) {
    let error = read(body).expect_err("it was taken");
    assert_eq!((error.status(), error.code.as_str()), (400, "validation_error"), "{body}");
    assert_eq!(error.details, details, "{body}");
}

/// An address that received 12.5 USDT in two deposits.
pub(in crate::native) fn example() -> StaticAddress {
    let asset = Catalog::shipped().resolve("USDT", Some("tron")).unwrap().clone();
    StaticAddress {
        id: StaticAddressId(Uuid::from_u128(7)),
        owner: Owner { merchant: MerchantId(Uuid::from_u128(2)), environment: Environment::Test },
        dialect: Dialect::Native,
        asset: asset.id,
        decimals: asset.decimals,
        address: "TLsV52sRDL79HXGGm9yzwKibb6BeruhUzy".to_owned(),
        label: None,
        external_id: Some("account-7".to_owned()),
        extras: "{}".to_owned(),
        created_at: at(0),
        invoice_count: 2,
        received: Total::default().replaced(0, 12_500_000).unwrap(),
    }
}

#[test]
fn section_4_4_currency_is_required_and_label_is_optional() {
    let address = read(&json!({ "currency": "btc" })).unwrap();
    assert_eq!(address.asset.to_string(), "BTC on bitcoin");
    assert_eq!((address.label, address.external_id, address.idempotency_key), (None, None, None));
    refuses(&json!({}), &["currency: is required"]);
    refuses(&json!({ "currency": "" }), &["currency: is required"]);
    refuses(&json!({ "currency": 5 }), &["currency: must be a string"]);
    refuses(&json!({ "currency": "XMR" }), &["currency: is not supported"]);
    let long = "a".repeat(1001);
    refuses(&json!({ "currency": "BTC", "label": long }), &["label: must be at most 1000 characters"]);
    assert!(read(&json!({ "currency": "BTC", "label": "ä".repeat(1000) })).is_ok());
}

#[test]
fn section_11_network_is_required_for_usdt_usdc_and_eth() {
    for code in ["USDT", "USDC", "ETH"] {
        let error = read(&json!({ "currency": code })).expect_err("it was taken");
        assert!(error.details[0].starts_with(&format!("network: is required for {code}")), "{:?}", error.details);
    }
    let address = read(&json!({ "currency": "USDT", "network": "tron" })).unwrap();
    assert_eq!(address.asset.to_string(), "USDT on tron");
    refuses(&json!({ "currency": "USDC", "network": "tron" }), &["network: does not carry USDC"]);
    refuses(&json!({ "currency": "BTC", "network": 5 }), &["network: must be a string"]);
}

#[test]
fn section_11_the_key_may_be_in_body_or_header_and_only_the_meaning_is_compared() {
    let header = |key| CreateAddress::parse(br#"{"currency":"BTC","idempotency_key":"k"}"#, key, &Catalog::shipped());
    assert_eq!(header(None).unwrap().idempotency_key.as_deref(), Some("k"));
    assert_eq!(header(Some("k")).unwrap().idempotency_key.as_deref(), Some("k"));
    assert_eq!(header(Some("j")).unwrap_err().details, ["idempotency_key: differs from the Idempotency-Key header"]);
    let print = |body: Value| read(&body).unwrap().fingerprint;
    let plain = print(json!({ "currency": "BTC" }));
    assert_eq!(plain, print(json!({ "network": "bitcoin", "currency": "btc", "label": "", "idempotency_key": "x" })));
    for other in [
        json!({ "currency": "LTC" }),
        json!({ "currency": "BTC", "label": "a" }),
        json!({ "currency": "BTC", "external_id": "a" }),
    ] {
        assert_ne!(plain, print(other));
    }
}

#[test]
fn section_4_5_addresses_are_listed_by_currency_and_reference() {
    let list = AddressListQuery::parse("currency=usdt&external_id=account+7&limit=5&offset=2").unwrap();
    assert_eq!((list.currency.unwrap().as_str(), list.external_id.as_deref()), ("USDT", Some("account 7")));
    assert_eq!(list.page, PageQuery { limit: 5, offset: 2 });
    assert!(AddressListQuery::parse("currency=%00&limit=0").is_err_and(|error| error.details.len() == 2));
}

#[test]
fn section_5_3_the_address_s_fields() {
    let expected = json!({
        "id": "00000000-0000-0000-0000-000000000007",
        "merchant_id": "00000000-0000-0000-0000-000000000002",
        "currency": "USDT",
        "environment": "test",
        "gate_id": "tron",
        "address": "TLsV52sRDL79HXGGm9yzwKibb6BeruhUzy",
        "address_tag": null,
        "label": null,
        "total_received": "12.5",
        "invoice_count": 2,
        "created_at": "2026-03-01T12:00:00Z",
        "network": "tron",
        "external_id": "account-7",
    });
    assert_eq!(serde_json::to_value(StaticAddressView::of(&example())).unwrap(), expected);
}

proptest! {
    #[test]
    fn no_body_and_no_query_panics(body: Vec<u8>, query: String) {
        drop(CreateAddress::parse(&body, Some(&query), &Catalog::shipped()));
        drop(AddressListQuery::parse(&query));
    }
}
