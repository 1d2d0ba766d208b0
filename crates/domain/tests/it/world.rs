//! Small builders that keep the noise out of the stories.

use farthing_domain::{
    asset::Asset,
    catalog::Catalog,
    decimal::Decimal,
    fiat::Fiat,
    id::{Environment, InvoiceId, MerchantId, Owner, StaticAddressId},
    invoice::{Choice, Invoice, NewInvoice, Source, Terms},
    money::{Amount, FiatAmount},
    payment::{BlockRef, Observation, PaymentKey, Place, Sighting},
    policy::{Dialect, Policy},
    price::Price,
    quote::Quote,
    rate::{Rate, unit_of_due},
    static_address::{StaticAddress, Total},
    time::Timestamp,
};
use std::sync::LazyLock;

static CATALOG: LazyLock<Catalog> = LazyLock::new(Catalog::shipped);

/// The moment `0s` of every story.
pub(crate) const START: Timestamp = Timestamp::from_seconds(1_700_000_000);

/// So many milliseconds after [`START`].
pub(crate) fn at(milliseconds: i64) -> Timestamp {
    Timestamp::from_milliseconds(START.milliseconds().saturating_add(milliseconds))
}

/// `BTC`, `USDT` (on tron), `ETH` (on ethereum), or with its network: `USDT@bsc`.
pub(crate) fn asset(name: &str) -> Option<Asset> {
    let (code, network) = name.split_once('@').unwrap_or(match name {
        "USDT" => ("USDT", "tron"),
        "ETH" => ("ETH", "ethereum"),
        code => (code, ""),
    });
    CATALOG.resolve(code, Some(network).filter(|network| !network.is_empty())).ok().cloned()
}

/// What one coin costs where a story does not say.
pub(crate) fn usual_rate(asset: &Asset) -> &'static str {
    match asset.id.code.as_str() {
        "BTC" => "50000",
        "ETH" => "2500",
        _ => "1",
    }
}

/// A quote of `price` in `asset`, valid while the invoice's rules hold it.
pub(crate) fn quote(price: Price, asset: &Asset, rate: &str, made_at: Timestamp, ends_at: Option<Timestamp>) -> Quote {
    let address = format!("address-of-{}", asset.id.network);
    match price {
        Price::Asset(due) => Quote { due, step: 1, rate: None, address, made_at, ends_at },
        Price::Fiat(fiat) => {
            let rate = Rate::fixed(rate.parse().unwrap(), fiat.currency, made_at, vec!["test".into()]).unwrap();
            let due = rate.due(fiat, asset).unwrap();
            Quote { due, step: unit_of_due(asset).unwrap(), rate: Some(rate), address, made_at, ends_at }
        }
    }
}

/// So many dollars.
pub(crate) fn dollars(text: &str) -> Price {
    Price::Fiat(FiatAmount::parse(Fiat::USD, text).unwrap())
}

/// So many coins.
pub(crate) fn coins(text: &str, name: &str) -> Price {
    Price::Asset(Amount::parse(&asset(name).unwrap(), text).unwrap())
}

pub(crate) fn terms(price: Price, choice: Choice) -> Terms {
    Terms {
        price,
        choice,
        is_deferred: false,
        tolerance: Decimal::ZERO,
        window_seconds: None,
        description: None,
        external_id: None,
        idempotency_key: None,
        metadata: "{}".into(),
        redirect_url: None,
        customer_email: None,
        coins: Vec::new(),
        foreign: None,
    }
}

/// The invoice's id in every story.
pub(crate) fn invoice_id() -> InvoiceId {
    InvoiceId(uuid::Uuid::from_u128(1))
}

/// A permanent address that accepts one asset.
pub(crate) fn static_address(dialect: Dialect, asset: &Asset) -> StaticAddress {
    StaticAddress {
        id: StaticAddressId(uuid::Uuid::from_u128(3)),
        owner: Owner { merchant: MerchantId(uuid::Uuid::from_u128(2)), environment: Environment::Test },
        dialect,
        asset: asset.id,
        decimals: asset.decimals,
        address: format!("address-of-{}", asset.id.network),
        label: None,
        external_id: None,
        extras: "{}".into(),
        created_at: START,
        invoice_count: 0,
        received: Total::default(),
    }
}

pub(crate) fn new_invoice(policy: Policy, terms: Terms, quote: Option<Quote>) -> NewInvoice {
    NewInvoice {
        id: invoice_id(),
        owner: Owner { merchant: MerchantId(uuid::Uuid::from_u128(2)), environment: Environment::Test },
        policy,
        source: Source::Api(Dialect::Native),
        token: "token".into(),
        terms,
        quote,
    }
}

/// A native invoice over `price` that the payer may pay with anything, with quotes in these assets at the usual rates.
pub(crate) fn invoice_in(price: Price, assets: &[&str]) -> Invoice {
    let (mut invoice, _) =
        Invoice::open(new_invoice(Policy::of(Dialect::Native), terms(price, Choice::Any), None), START);
    for name in assets {
        let asset = asset(name).unwrap();
        let made = quote(price, &asset, usual_rate(&asset), START, invoice.quote_end(START));
        invoice.activate(made, START).unwrap();
    }
    invoice
}

pub(crate) fn key(asset: &Asset, name: &str) -> PaymentKey {
    PaymentKey { network: asset.id.network, transaction: name.into(), position: "0".into() }
}

pub(crate) fn block(height: u64, time: Timestamp) -> Place {
    Place::Block { block: BlockRef { height, hash: format!("block-{height}") }, time }
}

pub(crate) fn sighting(asset: &Asset, name: &str, units: u128, place: Place) -> Sighting {
    Sighting { key: key(asset, name), asset: asset.id, decimals: asset.decimals, units, place, matures_at: None }
}

/// Money that is in a block and final at once.
pub(crate) fn pay_finally(invoice: &mut Invoice, asset: &Asset, name: &str, units: u128, now: Timestamp) {
    let seen = Observation::Seen(sighting(asset, name, units, block(1, now)));
    invoice.observe(vec![seen, Observation::Final(key(asset, name))], None, now);
}
