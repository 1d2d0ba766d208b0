//! `CoinsPaid`'s lists: currencies, pairs with their rates, balances (A.4). Nothing is charged, so fees are nothing.

use super::{currencies, php_json::Php, present::asset_code, request::PairFilter};
use farthing_domain::{
    asset::{Asset, AssetId},
    catalog::Catalog,
    decimal::{Decimal, power_of_ten},
    fiat::{Fiat, NATIVE},
    money::Amount,
    rate::Rate,
};

/// Places that amounts and rates have.
const PLACES: u8 = 8;
/// Fiat currencies are numbered from here, coins from 1.
const FIRST_FIAT_ID: i64 = 1001;

/// The fiat currencies that invoices can be priced in.
pub fn fiats() -> impl Iterator<Item = Fiat> {
    NATIVE.iter().filter_map(|code| code.parse().ok())
}

/// Whether a code is a coin or a fiat currency of this API.
#[must_use]
pub fn is_currency(code: &str, catalog: &Catalog) -> bool {
    currencies::asset(code, catalog).is_some() || fiats().any(|fiat| fiat.code() == code)
}

/// `currencies/list`: all are visible.
#[must_use]
pub fn currencies(catalog: &Catalog, visible: Option<bool>) -> Php {
    if visible == Some(false) {
        return Php::List(Vec::new());
    }
    let coins = (1..).zip(currencies::numbered()).filter_map(|(id, code)| {
        let asset = currencies::asset(code, catalog)?;
        (currencies::code(asset.id) == Some(code)).then(|| currency(id, "crypto", code, &smallest(asset)))
    });
    let fiats =
        (FIRST_FIAT_ID..).zip(fiats()).map(|(id, fiat)| currency(id, "fiat", fiat.code(), &smallest_fiat(fiat)));
    Php::List(coins.chain(fiats).collect())
}

fn currency(id: i64, kind: &str, code: &str, minimum: &str) -> Php {
    Php::Object(vec![
        ("id", Php::Int(id)),
        ("type", Php::text(kind)),
        ("currency", Php::text(code)),
        ("minimum_amount", Php::text(minimum)),
        ("deposit_fee_percent", Php::text("0.000000")),
        ("withdrawal_fee_percent", Php::text("0.000000")),
        ("precision", Php::Int(PLACES.into())),
    ])
}

/// The smallest amount that can be written: no deposit is too small to count.
fn smallest(asset: &Asset) -> String {
    one_at(asset.decimals.min(PLACES))
}

fn smallest_fiat(fiat: Fiat) -> String {
    one_at(fiat.minor_digits())
}

fn one_at(places: u8) -> String {
    Decimal::new(1, places).unwrap_or(Decimal::ZERO).to_fixed(PLACES)
}

/// A pair of a coin and a fiat currency with its rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair<'c> {
    /// The coin.
    pub asset: &'c Asset,
    /// What it costs.
    pub rate: Rate,
}

/// `currencies/pairs` and `currencies/rates`: every coin in every fiat currency that it has a rate in, and the other way.
#[must_use]
pub fn pairs(pairs: &[Pair<'_>], filter: &PairFilter) -> Php {
    let wanted = |wanted: Option<&String>, code: &str| wanted.is_none_or(|wanted| wanted == code);
    let mut items = Vec::new();
    for pair in pairs {
        let coin = asset_code(pair.asset.id);
        let fiat = pair.rate.currency;
        if wanted(filter.from.as_ref(), &coin) && wanted(filter.to.as_ref(), fiat.code()) {
            items.push(item(coin_side(&coin, pair.asset), other_side(fiat.code(), "fiat"), pair.rate.value));
        }
        let inverse = inverse(pair.rate.value);
        if wanted(filter.from.as_ref(), fiat.code()) && wanted(filter.to.as_ref(), &coin) {
            items.push(item(fiat_side(fiat), other_side(&coin, "crypto"), inverse));
        }
    }
    Php::List(items)
}

fn item(from: Php, to: Php, rate: Decimal) -> Php {
    Php::Object(vec![
        ("currency_from", from),
        ("currency_to", to),
        ("rate_from", Php::text("1")),
        ("rate_to", Php::text(eight(rate))),
    ])
}

fn coin_side(code: &str, asset: &Asset) -> Php {
    let minimum = smallest(asset);
    Php::Object(vec![
        ("currency", Php::text(code)),
        ("type", Php::text("crypto")),
        ("min_amount", Php::text(minimum.as_str())),
        ("min_amount_deposit_with_exchange", Php::text(minimum)),
    ])
}

fn fiat_side(fiat: Fiat) -> Php {
    Php::Object(vec![
        ("currency", Php::text(fiat.code())),
        ("type", Php::text("fiat")),
        ("min_amount", Php::text(smallest_fiat(fiat))),
    ])
}

fn other_side(code: &str, kind: &str) -> Php {
    Php::Object(vec![("currency", Php::text(code)), ("type", Php::text(kind))])
}

/// Eight decimals, the rest cut off: rates here are for reference only.
fn eight(rate: Decimal) -> String {
    let beyond = rate.scale().saturating_sub(PLACES);
    let mantissa = power_of_ten(beyond).and_then(|factor| rate.mantissa().checked_div(factor)).unwrap_or_default();
    Decimal::new(mantissa, rate.scale().min(PLACES)).unwrap_or(Decimal::ZERO).to_fixed(PLACES)
}

/// `1 / rate` to eight decimals, cut off.
fn inverse(rate: Decimal) -> Decimal {
    let places = rate.scale().saturating_add(PLACES);
    let above = power_of_ten(places).unwrap_or_default();
    Decimal::new(above.checked_div(rate.mantissa()).unwrap_or_default(), PLACES).unwrap_or(Decimal::ZERO)
}

/// `accounts/list`: what was received in each coin, the untouched ones included. Fiat accounts stay empty, since nothing is
/// exchanged.
#[must_use]
pub fn accounts(catalog: &Catalog, received: &dyn Fn(AssetId) -> u128) -> Php {
    let coins = currencies::assets(catalog).map(|(code, asset)| {
        let balance = super::present::rounded_down(Amount::of(asset, received(asset.id)));
        account(code, "crypto", &balance)
    });
    let fiats = fiats().map(|fiat| account(fiat.code(), "fiat", &eight(Decimal::ZERO)));
    Php::List(coins.chain(fiats).collect())
}

fn account(code: &str, kind: &str, balance: &str) -> Php {
    Php::Object(vec![("currency", Php::text(code)), ("type", Php::text(kind)), ("balance", Php::text(balance))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use farthing_domain::time::Timestamp;

    #[test]
    fn rates_have_eight_decimals_in_both_directions() {
        let shown = |text: &str| {
            let rate: Decimal = text.parse().unwrap();
            (eight(rate), eight(inverse(rate)))
        };
        assert_eq!(shown("48000"), ("48000.00000000".to_owned(), "0.00002083".to_owned()));
        assert_eq!(shown("0.8"), ("0.80000000".to_owned(), "1.25000000".to_owned()));
        assert_eq!(shown("1.23456789999").0, "1.23456789");
        assert_eq!(shown("0.000000000000000001").1, "1000000000000000000.00000000");
    }

    #[test]
    fn a_pair_is_found_from_both_sides() {
        let catalog = Catalog::shipped();
        let asset = catalog.resolve("BTC", None).unwrap();
        let rate =
            Rate::fixed("48000".parse().unwrap(), "EUR".parse().unwrap(), Timestamp::from_seconds(1), Vec::new());
        let pair = [Pair { asset, rate: rate.unwrap() }];
        let count = |from: Option<&str>, to: Option<&str>| {
            let filter = PairFilter { from: from.map(str::to_owned), to: to.map(str::to_owned) };
            match pairs(&pair, &filter) {
                Php::List(items) => items.len(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(count(None, None), 2);
        assert_eq!((count(Some("BTC"), None), count(None, Some("BTC")), count(Some("EUR"), Some("BTC"))), (1, 1, 1));
        assert_eq!(count(Some("BTC"), Some("BTC")), 0);
    }
}
