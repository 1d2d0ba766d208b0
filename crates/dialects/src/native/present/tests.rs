//! Whole invoices as the native API shows them.

use super::*;
use farthing_domain::{
    fiat::Fiat,
    id::{InvoiceId, MerchantId, Owner},
    invoice::{NewInvoice, Source, Terms},
    money::FiatAmount,
    payment::{BlockRef, Observation, PaymentKey, Place, Sighting},
    policy::{Dialect, Policy},
    quote::Quote,
    rate::{Rate, unit_of_due},
    time::Timestamp,
};
use uuid::Uuid;

/// 2026-03-01T12:00:00Z and so many seconds.
pub(in crate::native) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_772_366_400).plus_seconds(seconds)
}

/// Shows by a head of 103 everywhere and the catalogue's confirmations.
pub(in crate::native) fn with_context<T>(show: impl FnOnce(&Context<'_>) -> T) -> T {
    let catalog = Catalog::shipped();
    show(&Context {
        public_url: "https://pay.shop.example/",
        catalog: &catalog,
        heads: &|_| Some(103),
        required_confirmations: &|_| None,
    })
}

fn shown(invoice: &Invoice) -> String {
    with_context(|context| serde_json::to_string_pretty(&InvoiceView::of(invoice, context)).unwrap())
}

fn asset(code: &str, network: &str) -> farthing_domain::asset::Asset {
    Catalog::shipped().resolve(code, Some(network)).unwrap().clone()
}

fn terms(price: Price, choice: Choice, is_deferred: bool) -> Terms {
    Terms {
        price,
        choice,
        is_deferred,
        tolerance: farthing_domain::decimal::Decimal::ZERO,
        window_seconds: None,
        description: Some("Order 1042".to_owned()),
        external_id: Some("order-1042".to_owned()),
        idempotency_key: None,
        metadata: r#"{"cart":"9f1c"}"#.to_owned(),
        redirect_url: None,
        customer_email: Some("payer@example.com".to_owned()),
        coins: Vec::new(),
        foreign: None,
    }
}

fn open(terms: Terms, quote: Option<Quote>) -> Invoice {
    let new = NewInvoice {
        id: InvoiceId(Uuid::from_u128(0x0197_f6a2_c1d2_7b7e_8a51_3b2f_3a6f_9b10)),
        owner: Owner {
            merchant: MerchantId(Uuid::from_u128(0x0197_f69f_02aa_7d1c_9a43_0d5a_1d6b_7c55)),
            environment: farthing_domain::id::Environment::Test,
        },
        policy: Policy::of(Dialect::Native),
        source: Source::Api(Dialect::Native),
        token: "3kTmX0h3p9v1QzjN2sW8yA".to_owned(),
        terms,
        quote,
    };
    Invoice::open(new, at(0)).0
}

fn quote(due: Amount, rate: Option<Rate>, made_at: Timestamp) -> Quote {
    let asset = asset(due.asset.code.as_str(), due.asset.network.as_str());
    let step = if rate.is_some() { unit_of_due(&asset).unwrap() } else { 1 };
    Quote {
        due,
        step,
        rate,
        address: if due.asset.network.as_str() == "bitcoin" { "tb1qaddress" } else { "0xaddress" }.to_owned(),
        made_at,
        ends_at: None,
    }
}

/// Half a bitcoin, to be paid at once.
pub(in crate::native) fn half_a_bitcoin() -> Invoice {
    let due = Amount::parse(&asset("BTC", "bitcoin"), "0.5").unwrap();
    open(terms(Price::Asset(due), Choice::Fixed(due.asset), false), Some(quote(due, None, at(0))))
}

pub(in crate::native) fn key(name: &str) -> PaymentKey {
    PaymentKey { network: NetworkId::new("bitcoin").unwrap(), transaction: name.to_owned(), position: "0".to_owned() }
}

/// A transfer of bitcoin in a block of height 101, or in the mempool.
pub(in crate::native) fn sighting(name: &str, amount: &str, block_time: Option<i64>) -> Observation {
    let btc = asset("BTC", "bitcoin");
    let place = block_time.map_or(Place::Mempool { since: None }, |time| Place::Block {
        block: BlockRef { height: 101, hash: "aa".to_owned() },
        time: at(time),
    });
    Observation::Seen(Sighting {
        key: key(name),
        asset: btc.id,
        decimals: btc.decimals,
        units: Amount::parse(&btc, amount).unwrap().units,
        place,
        matures_at: None,
    })
}

fn euros(minor: u128) -> Price {
    Price::Fiat(FiatAmount { currency: "EUR".parse().unwrap(), minor })
}

#[test]
fn a_pending_crypto_invoice() {
    insta::assert_snapshot!(shown(&half_a_bitcoin()));
}

#[test]
fn a_fiat_draft_for_the_payer_to_choose() {
    insta::assert_snapshot!(shown(&open(terms(euros(4990), Choice::Any, true), None)));
}

#[test]
fn a_locked_fiat_invoice_after_activation() {
    let usdt = asset("USDT", "bsc");
    let price = FiatAmount { currency: Fiat::USD, minor: 4990 };
    let mut invoice = open(terms(Price::Fiat(price), Choice::Fixed(usdt.id), true), None);
    let draft: serde_json::Value = serde_json::from_str(&shown(&invoice)).unwrap();
    assert_eq!(
        (&draft["currency"], &draft["network"], &draft["amount_requested"]),
        (&"USDT".into(), &"bsc".into(), &serde_json::Value::Null)
    );
    let rate = Rate::fixed("0.9997".parse().unwrap(), Fiat::USD, at(60), vec!["offline".to_owned()]).unwrap();
    let due = rate.due(price, &usdt).unwrap();
    invoice.activate(quote(due, Some(rate), at(60)), at(60)).unwrap();
    insta::assert_snapshot!(shown(&invoice));
}

#[test]
fn a_paid_invoice_with_its_payments() {
    let mut invoice = half_a_bitcoin();
    invoice.observe(vec![sighting("a1", "0.2", Some(250))], None, at(300));
    invoice.observe(
        vec![sighting("b2", "0.3", Some(350)), Observation::Final(key("a1")), Observation::Final(key("b2"))],
        None,
        at(400),
    );
    insta::assert_snapshot!(shown(&invoice));
}

#[test]
fn an_expired_invoice_with_a_late_payment() {
    let mut invoice = half_a_bitcoin();
    invoice.scanned(at(1900), at(1900));
    invoice.observe(vec![sighting("c3", "0.5", Some(2000))], None, at(2000));
    insta::assert_snapshot!(shown(&invoice));
}

#[test]
fn section_5_1_every_field_of_the_documented_example_is_present_in_its_order() {
    let documented = [
        "id",
        "merchant_id",
        "currency",
        "network",
        "amount_requested",
        "amount_paid",
        "amount_usd",
        "amount_fiat",
        "amount_in_base_currency",
        "fiat_currency",
        "status",
        "environment",
        "deposit_address",
        "deposit_address_tag",
        "description",
        "external_id",
        "idempotency_key",
        "metadata",
        "redirect_url",
        "source",
        "static_address_id",
        "checkout_url",
        "payments",
        "expires_at",
        "paid_at",
        "created_at",
        "is_deferred",
        "draft_expires_at",
        "activated_at",
        "activation_count",
        "is_locked_fiat",
        "target_settlement_asset",
        "settlement_target_currency",
        "settlement_target_network",
        "payer_email",
        "sent_at",
    ];
    let text = shown(&half_a_bitcoin());
    let places: Vec<usize> = documented
        .iter()
        .map(|field| text.find(&format!("\n  \"{field}\":")).unwrap_or_else(|| panic!("{field}")))
        .collect();
    assert!(places.is_sorted());
    let shown: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(shown.as_object().unwrap().len(), documented.len());
}

#[test]
fn section_11_never_null() {
    let drafts = [open(terms(euros(4990), Choice::Any, true), None), half_a_bitcoin()];
    for invoice in &drafts {
        let shown: serde_json::Value = serde_json::from_str(&shown(invoice)).unwrap();
        for field in [
            "id",
            "merchant_id",
            "amount_paid",
            "status",
            "environment",
            "source",
            "checkout_url",
            "payments",
            "created_at",
            "is_deferred",
            "is_locked_fiat",
            "activation_count",
            "metadata",
            "target_settlement_asset",
        ] {
            assert!(!shown[field].is_null(), "{field}");
        }
        assert_eq!(shown["amount_paid"], "0");
    }
}

#[test]
fn money_that_is_not_final_is_not_paid() {
    let mut invoice = half_a_bitcoin();
    invoice.observe(vec![sighting("a1", "0.5", None)], None, at(300));
    let shown: serde_json::Value = serde_json::from_str(&shown(&invoice)).unwrap();
    assert_eq!((&shown["status"], &shown["amount_paid"]), (&"confirming".into(), &"0".into()));
    let payment = &shown["payments"][0];
    assert_eq!((&payment["status"], &payment["confirmations"]), (&"detected".into(), &0.into()));
}

#[test]
fn confirmations_are_zero_while_the_head_is_unknown_and_enough_once_final() {
    let mut invoice = half_a_bitcoin();
    invoice.observe(vec![sighting("a1", "0.5", Some(250))], None, at(300));
    let confirmations = |invoice: &Invoice, head: Option<u64>| {
        let catalog = Catalog::shipped();
        let heads = |_| head;
        let context =
            Context { public_url: "", catalog: &catalog, heads: &heads, required_confirmations: &|_| Some(6) };
        let payment = InvoiceView::of(invoice, &context).payments.remove(0);
        (payment.confirmations, payment.required_confirmations)
    };
    assert_eq!(confirmations(&invoice, None), (0, 6));
    assert_eq!(confirmations(&invoice, Some(103)), (3, 6));
    assert_eq!(confirmations(&invoice, Some(50)), (0, 6));
    invoice.observe(vec![Observation::Final(key("a1"))], None, at(310));
    assert_eq!(confirmations(&invoice, Some(103)), (6, 6));
    invoice.observe(vec![Observation::Gone(key("a1"))], None, at(320));
    assert_eq!(confirmations(&invoice, Some(103)), (0, 6));
}
