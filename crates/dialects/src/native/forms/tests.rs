//! Query strings, path ids and activations.

use super::*;
use proptest::prelude::*;

fn details<T: core::fmt::Debug>(read: Result<T, ApiError>) -> Vec<String> {
    let error = read.unwrap_err();
    assert_eq!((error.status(), error.code.as_str()), (400, "validation_error"));
    error.details
}

#[test]
fn section_2_pagination_has_its_defaults_and_bounds() {
    let page = |limit, offset| Ok(PageQuery { limit, offset });
    assert_eq!(PageQuery::parse(""), page(20, 0));
    assert_eq!(PageQuery::parse("limit=&offset="), page(20, 0));
    assert_eq!(PageQuery::parse("limit=100&offset=40&x=1"), page(100, 40));
    assert_eq!(PageQuery::parse("limit=1"), page(1, 0));
    for wrong in ["0", "101", "-1", "+5", "1.5", "ten", "1e1", "99999999999999999999999", " 5"] {
        assert_eq!(
            details(PageQuery::parse(&format!("limit={wrong}"))),
            ["limit: must be an integer from 1 to 100"],
            "{wrong}"
        );
    }
    for wrong in ["-1", "x", "9223372036854775808"] {
        let problem = "offset: must be an integer from 0 to 9223372036854775807";
        assert_eq!(details(PageQuery::parse(&format!("offset={wrong}"))), [problem], "{wrong}");
    }
    assert_eq!(details(PageQuery::parse("limit=0&offset=-1")).len(), 2);
    assert_eq!(details(PageQuery::parse("limit=5&limit=6")), ["limit: appears twice"]);
}

#[test]
fn section_4_2_invoices_are_listed_by_status_currency_and_external_id() {
    let list =
        ListQuery::parse("status=paid,overpaid%2Cpaid&currency=btc&external_id=order%201&limit=5&offset=10").unwrap();
    assert_eq!(list.statuses, [Status::Paid, Status::Overpaid]);
    assert_eq!(list.currency.unwrap().as_str(), "BTC");
    assert_eq!((list.external_id.as_deref(), list.page), (Some("order 1"), PageQuery { limit: 5, offset: 10 }));
    let all = ListQuery::parse("").unwrap();
    assert!(all.statuses.is_empty() && all.currency.is_none() && all.external_id.is_none());
}

#[test]
fn unknown_filters_values_are_named() {
    assert!(details(ListQuery::parse("status=open"))[0].starts_with("status: must be one of draft, pending"));
    assert!(details(ListQuery::parse("status=paid,"))[0].starts_with("status: must be one of"));
    assert_eq!(
        details(ListQuery::parse(&format!("status={}", "a".repeat(256)))),
        ["status: must be at most 255 characters"]
    );
    assert_eq!(details(ListQuery::parse("currency=B+T")), ["currency: must be a currency code such as BTC"]);
    assert_eq!(
        details(ListQuery::parse(&format!("currency={}", "B".repeat(21)))),
        ["currency: must be at most 20 characters"]
    );
    assert_eq!(details(ListQuery::parse("external_id=%00")), ["external_id: must be text in UTF-8"]);
    assert_eq!(details(ListQuery::parse("external_id=%ff")), ["external_id: must be text in UTF-8"]);
}

#[test]
fn the_feed_is_read_from_a_number_on() {
    assert_eq!(EventsQuery::parse(""), Ok(EventsQuery { after: 0, limit: 20 }));
    assert_eq!(EventsQuery::parse("after=17&limit=100"), Ok(EventsQuery { after: 17, limit: 100 }));
    assert_eq!(details(EventsQuery::parse("after=-1&limit=0")).len(), 2);
}

#[test]
fn section_1_public_lists_take_an_environment() {
    let environment = |query, key| PublicQuery::parse(query, key).unwrap().environment;
    assert_eq!(environment("", None), Environment::Live);
    assert_eq!(environment("environment=test", None), Environment::Test);
    assert_eq!(environment("", Some(Environment::Test)), Environment::Test);
    assert_eq!(environment("", Some(Environment::Live)), Environment::Live);
    assert_eq!(environment("environment=live", Some(Environment::Test)), Environment::Live);
    assert_eq!(details(PublicQuery::parse("environment=stage", None)), ["environment: must be live or test"]);
}

#[test]
fn an_id_is_the_36_characters_of_a_uuid() {
    let text = "0197f6a2-c1d2-7b7e-8a51-3b2f3a6f9b10";
    assert_eq!(parse_id(text).unwrap().to_string(), text);
    assert!(parse_id(&text.to_uppercase()).is_ok());
    for wrong in [
        "",
        "1",
        "0197f6a2c1d27b7e8a513b2f3a6f9b10",
        "{0197f6a2-c1d2-7b7e-8a51-3b2f3a6f9b10}",
        "0197f6a2-c1d2-7b7e-8a51-3b2f3a6f9b1g",
    ] {
        assert_eq!(details(parse_id(wrong)), ["id: must be a UUID"], "{wrong}");
    }
}

#[test]
fn an_activation_names_an_asset_or_nothing() {
    let catalog = Catalog::shipped();
    let asset = |body: &str| {
        Activate::parse(body.as_bytes())
            .and_then(|choice| Ok(choice.asset(&catalog)?.map(|asset| asset.id.to_string())))
    };
    assert_eq!(asset(r#"{"currency":"USDT","network":"tron"}"#).unwrap().as_deref(), Some("USDT on tron"));
    assert_eq!(asset(r#"{"currency":"btc"}"#).unwrap().as_deref(), Some("BTC on bitcoin"));
    assert_eq!((asset("{}"), asset("")), (Ok(None), Ok(None)));
    assert_eq!(details(asset(r#"{"network":"tron"}"#)), ["currency: is required when network is sent"]);
    assert_eq!(details(asset(r#"{"currency":7,"network":"tron"}"#)), ["currency: must be a string"]);
    assert_eq!(details(asset(r#"{"currency":"BTC","network":"tron"}"#)), ["network: does not carry BTC"]);
    assert!(details(asset(r#"{"currency":"USDT"}"#))[0].starts_with("network: is required for USDT"));
}

proptest! {
    #[test]
    fn no_query_panics(query: String) {
        drop(ListQuery::parse(&query));
        drop(ListQuery::parse(&format!("status={query}&limit={query}&currency={query}")));
        drop(EventsQuery::parse(&query));
        drop(PublicQuery::parse(&query, None));
        drop(parse_id(&query));
    }

    #[test]
    fn no_body_panics(body: Vec<u8>) {
        drop(Activate::parse(&body));
    }
}
