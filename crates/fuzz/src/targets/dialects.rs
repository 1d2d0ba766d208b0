//! Request bodies and queries of the other APIs.

use super::text;
use crate::Target;
use farthing_dialects::{
    coinspaid, native::web_address::PlainHttp, payhubix, strict_json::fields::Fields, txcash, txnpro,
};
use farthing_domain::{catalog::Catalog, fiat::Fiat, id::Environment, invoice::Terms, name::AssetCode};
use serde_json::{Value, value::RawValue};
use std::{collections::BTreeMap, fmt::Debug};
use url::{Url, form_urlencoded};

/// Bodies of `CoinsPaid`.
pub(super) const COINSPAID: Target = Target {
    name: "coinspaid",
    feed: coinspaid,
    seeds: &[
        b"",
        b"null",
        b"[]",
        br#"{"timer":true,"title":"Order 7","description":"tea","currency":"EUR","amount":"12.34","foreign_id":"order-7","sender_currency":"BTC","url_success":"https://shop.example/ok","url_failed":"https://shop.example/no","email_user":"a@b.co"}"#,
        br#"{"timer":false,"title":"t","currency":"BTC","sender_currency":"BTC","amount":0.5,"foreign_id":7,"description":"tea","url_success":"https://shop.example/a","url_failed":"https://shop.example/?a=b#c","email_user":"a@b.co","end_user_reference":"u","sender":{"type":"natural"}}"#,
        br#"{"currency":"USDTT","foreign_id":"user-1","convert_to":"USDTT","end_user_reference":"u"}"#,
        br#"{"currency":"ETH","foreign_id":"user-1","convert_to":"EUR"}"#,
        br#"{"currency_from":"BTC","currency_to":"EUR","visible":true}"#,
        br#"{"id":"7"}"#,
        br#"{"foreign_id":"order-7","txid":"aa"}"#,
        br#"{"amount":"1e400","amount":"1"}"#,
    ],
};

/// Bodies of `Payhubix`.
pub(super) const PAYHUBIX: Target = Target {
    name: "payhubix",
    feed: payhubix,
    seeds: &[
        br##"{"currency_amount":1,"currency_symbol":"USD","customer_email":"customer@example.com","time_for_payment":"02:00","currencies":[1],"order_id":"#12325425","order_description":"macbook air m3","callback_url":"https://example.com/callback"}"##,
        br#"{"currency_amount":19.99,"currency_symbol":"EUR","customer_email":"","time_for_payment":"02:00","currencies":[],"order_id":1042,"order_description":"","callback_url":"https://shop.example/?wc-api=x&key=y","shop_id":""}"#,
        br#"{"currency_amount":12.339999999999999,"currency_symbol":"USD","time_for_payment":"99:59"}"#,
        br#"{"currency_amount":"5.00","currency_symbol":"JPY","redirect_url":"https://good@evil.example/"}"#,
        br#"{"currency_amount":1e99,"currency_symbol":"USD"}"#,
    ],
};

/// Bodies of TX.Cash: objects and forms.
pub(super) const TXCASH: Target = Target {
    name: "txcash",
    feed: txcash,
    seeds: &[
        br#"{"amount":25.01,"currency":"EUR","payment_currencies":"eth_stables,polygon_eth","valid_for":"2h45m","name":"Order 7","meta_data1":"","meta_data2":"a&b"}"#,
        br#"{"amount":"25.01","payment_currencies":["eth_stables","polygon_eth"],"valid_for":"9900s","description":"tea","callback_url":"https://shop.example/hook"}"#,
        br#"{"amount":"5","name":"a"}"#,
        b"amount=25.01&currency=eur&payment_currencies=eth_stables%2Cpolygon_eth&valid_for=2h45m&name=Order+7&meta_data1=&meta_data2=a%26b",
        b"amount=1&amount=9",
        b"payment_currency=BTC",
        br#"{"payment_currency":"eth_usdt"}"#,
        b"amount=%ff",
        b"success_url=javascript:alert(1)&amount=1&fail_url=https%3A%2F%2Fshop.example%2F",
    ],
};

/// Bodies of txn.pro.
pub(super) const TXNPRO: Target = Target {
    name: "txnpro",
    feed: txnpro,
    seeds: &[
        br#"{"data":{"type":"invoices","attributes":{"billedCurrency":"usd","reference":"order-7","network":"TTRX:USDT","amountBilled":"100","chargedCurrency":"USDT"}}}"#,
        br#"{"data":{"type":"invoices","attributes":{"billedCurrency":"EUR","network":"tbtc","amountBilled":"12.34","chargedCurrency":"BTC","targetCurrency":"BTC","successRedirectUrl":"https://shop.example/ok","paymentMethods":["on_chain"]}}}"#,
        br#"{"data":{"type":"invoices","attributes":{"billedCurrency":"EUR","network":"eth:usdc","amountBilled":"12.34","chargedCurrency":"USDC"}}}"#,
        br#"{"data":{"type":"channels","attributes":{"targetCurrency":"BTC","status":"enabled","payNetwork":"TBTC","localCurrency":"EUR","reference":"user-1"}}}"#,
        br#"{"data":{"type":"channels","attributes":{"status":"disabled"}}}"#,
        br#"{"address":"tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx","network":"tbtc"}"#,
        br#"{"data":{"type":"invoices","attributes":{"amountBilled":"1","amountBilled":"9"}}}"#,
        br#"{"data":[],"meta":null}"#,
    ],
};

/// Queries of all of them.
pub(super) const QUERIES: Target = Target {
    name: "dialect_queries",
    feed: queries,
    seeds: &[
        b"",
        b"order=created_at&order_type=asc&page=2&per_page=50&reference=a%20b",
        b"created_at_from=2026-01-01T00:00:00Z&created_at_to=2026-01-01T00:00:00+02:00",
        b"created_at_from=-009999-01-01T00:00:00Z&created_at_to=9999-12-31T23:59:59.999999999Z",
        b"created_at_from=2026-01-01&per_page=4294967296",
        b"page=1000000000&per_page=100&status=Created&currency_symbol=usd&created_at=asc",
        b"status=Enable&created_at=desc",
        b"side=Invoice&type=Incomig&symbol=BTC&amount=asc&create_at=desc",
        b"page=%31&page=2&per_page=0",
    ],
};

fn coinspaid(bytes: &[u8]) {
    use coinspaid::{deposits::TakeAddress, request};
    let catalog = Catalog::shipped();
    let parse = |body: &[u8]| {
        let on_sale = request::OnSale { catalog: &catalog, has_rate: &has_rate };
        request::CreateInvoice::parse(body, &on_sale)
    };
    let created = parse(bytes);
    match &created {
        Ok(read) => {
            is_sound(&read.terms, &catalog);
            leads_to_a_page(&read.said.url_success);
            leads_to_a_page(&read.said.url_failed);
            is_kept(&read.said);
        }
        Err(request::Refused::Fault(fault)) => is_json(&fault.body()),
        Err(request::Refused::Errors(errors)) => {
            assert!(!errors.is_empty());
            is_json(&errors.body());
        }
    }
    means_the_same_in_another_order(bytes, created.ok(), |body| parse(body).ok());
    let taken = TakeAddress::parse(bytes, &catalog);
    if let Ok(read) = &taken {
        assert!(catalog.asset(read.asset).is_some());
        is_kept(&read.said);
    }
    means_the_same_in_another_order(bytes, taken.ok(), |body| TakeAddress::parse(body, &catalog).ok());
    if let Ok(fields) = request::fields(bytes) {
        told(request::visible(&fields), coinspaid::errors::Errors::body);
        told(request::PairFilter::read(&fields, &|code| code == "BTC"), coinspaid::errors::Errors::body);
        told(request::Wanted::read(&fields), coinspaid::errors::Errors::body);
    }
}

fn payhubix(bytes: &[u8]) {
    let catalog = Catalog::shipped();
    for plain_http in [PlainHttp::Never, PlainHttp::OnLoopback, PlainHttp::Everywhere] {
        let parse = |body: &[u8]| {
            let on_sale = payhubix::request::OnSale { catalog: &catalog, has_rate: &has_rate, plain_http };
            payhubix::request::CreateInvoice::parse(body, &on_sale)
        };
        let created = parse(bytes);
        match &created {
            Ok(read) => {
                is_sound(&read.terms, &catalog);
                let pages = [&read.said.callback_url, &read.said.redirect_url];
                pages.into_iter().flatten().for_each(|page| leads_to_a_page(page));
                is_kept(&read.said);
            }
            Err(refused) => {
                assert!(!refused.message.is_empty());
                is_json(&refused.body());
            }
        }
        means_the_same_in_another_order(bytes, created.ok(), |body| parse(body).ok());
    }
}

fn txcash(bytes: &[u8]) {
    const FORM: &str = "application/x-www-form-urlencoded";
    let catalog = Catalog::shipped();
    let parse = |content_type: Option<&str>, body: &[u8]| {
        let on_sale = txcash::request::OnSale { catalog: &catalog, has_rate: &has_rate };
        txcash::request::CreateInvoice::parse(content_type, body, &on_sale)
    };
    for content_type in [None, Some("application/json"), Some(FORM), Some("multipart/form-data; boundary=x")] {
        match parse(content_type, bytes) {
            Ok(read) => {
                is_sound(&read.terms, &catalog);
                let pages = [&read.said.success_url, &read.said.fail_url, &read.callback_url];
                pages.into_iter().flatten().for_each(|page| leads_to_a_page(page));
                is_kept(&read.said);
            }
            Err(errors) => {
                assert!(!errors.is_empty());
                is_json(&errors.body());
            }
        }
        told(txcash::request::payment_currency(content_type, bytes), txcash::errors::Errors::body);
    }
    let created = parse(Some("application/json"), bytes).ok();
    // An object of texts is the same as the form of them.
    if let (Some(created), Ok(texts)) = (&created, serde_json::from_slice::<BTreeMap<String, String>>(bytes)) {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(&texts).finish();
        assert_eq!(parse(Some(FORM), form.as_bytes()).ok().as_ref(), Some(created), "as the form {form}");
    }
    means_the_same_in_another_order(bytes, created, |body| parse(None, body).ok());
}

fn txnpro(bytes: &[u8]) {
    use txnpro::{channels, request};
    let catalog = Catalog::shipped();
    for environment in [Environment::Live, Environment::Test] {
        let on_sale = request::OnSale { environment, catalog: &catalog, has_rate: &has_rate };
        let created = request::CreateInvoice::parse(bytes, &on_sale);
        if let Ok(read) = &created {
            is_sound(&read.terms, &catalog);
            is_kept(&read.said);
        }
        told(created.clone(), txnpro::errors::Errors::body);
        means_the_same_in_another_order(bytes, created.ok(), |body| request::CreateInvoice::parse(body, &on_sale).ok());
        let channel = channels::CreateChannel::parse(bytes, &on_sale);
        if let Ok(read) = &channel {
            assert!(catalog.asset(read.asset).is_some());
            is_kept(&read.said);
        }
        told(channel, txnpro::errors::Errors::body);
    }
    told(channels::parse_change(bytes), txnpro::errors::Errors::body);
    told(request::ValidateAddress::parse(bytes), txnpro::errors::Errors::body);
}

fn queries(bytes: &[u8]) {
    let text = text(bytes);
    let list = txnpro::query::ListQuery::parse(text);
    if let Ok(read) = &list {
        assert!((1..=100).contains(&read.paging.limit()));
        let meta = read.paging.meta(0);
        let pages = ["page", "per_page"]
            .map(|name| format!("{name}={}", meta.get(name).and_then(Value::as_str).unwrap_or_default()));
        let again = txnpro::query::ListQuery::parse(&pages.join("&"));
        assert_eq!(again.ok().map(|again| again.paging).as_ref(), Some(&read.paging));
        assert!(read.reference.as_ref().is_none_or(|reference| !reference.contains('\0')));
    }
    told(list, txnpro::errors::Errors::body);
    let pages = [
        told(payhubix::lists::InvoicesQuery::parse(text), payhubix::errors::Refused::body).map(|read| read.page),
        told(payhubix::lists::ShopsQuery::parse(text), payhubix::errors::Refused::body).map(|read| read.page),
        told(payhubix::lists::TransfersQuery::parse(text), payhubix::errors::Refused::body).map(|read| read.page),
    ];
    for page in pages.into_iter().flatten() {
        assert!((1..=100).contains(&page.per_page) && page.first_index() == page.offset().saturating_add(1));
        let query = format!("page={}&per_page={}", page.page, page.per_page);
        assert_eq!(payhubix::lists::ShopsQuery::parse(&query).ok().map(|read| read.page), Some(page));
    }
}

/// There is a rate for some currencies, so that both answers come up.
fn has_rate(_: AssetCode, fiat: Fiat) -> bool {
    fiat.code() != "ZWG"
}

/// What every API's terms have in common: a price, choices that are on sale, pages that are web pages; kept as they are.
fn is_sound(terms: &Terms, catalog: &Catalog) {
    assert!(terms.price.units() > 0, "{terms:?}");
    assert!(terms.window_seconds.is_none_or(|seconds| (1..=31_622_400).contains(&seconds)), "{terms:?}");
    assert!(terms.coins.iter().all(|coin| catalog.asset(*coin).is_some()), "{terms:?}");
    terms.redirect_url.iter().for_each(|page| leads_to_a_page(page));
    let texts = [&terms.description, &terms.external_id, &terms.customer_email];
    assert!(texts.into_iter().flatten().all(|text| !text.contains('\0')), "{terms:?}");
    assert!(Fields::parse(terms.metadata.as_bytes()).is_ok(), "{terms:?}");
    let kept = serde_json::to_string(terms).ok().and_then(|text| serde_json::from_str::<Terms>(&text).ok());
    assert_eq!(kept.as_ref(), Some(terms));
}

/// By an independent reader: a page over HTTP that names no user.
fn leads_to_a_page(address: &str) {
    let url = Url::parse(address).unwrap_or_else(|error| panic!("{address:?}: {error}"));
    assert!(matches!(url.scheme(), "https" | "http") && url.has_host(), "{address:?}");
    assert!(url.username().is_empty() && url.password().is_none(), "{address:?}");
    assert!(!address.contains(|character: char| character.is_control() || character == '\\'), "{address:?}");
}

/// What is kept with an invoice is read back the same.
fn is_kept<T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + Debug>(said: &T) {
    let kept = serde_json::to_string(said).ok().and_then(|text| serde_json::from_str::<T>(&text).ok());
    assert_eq!(kept.as_ref(), Some(said));
}

/// The same members, the last first, each as it was written.
fn means_the_same_in_another_order<T: PartialEq + Debug>(
    bytes: &[u8],
    read: Option<T>,
    parse: impl Fn(&[u8]) -> Option<T>,
) {
    let Some(read) = read else { return };
    let Ok(members) = serde_json::from_slice::<BTreeMap<String, Box<RawValue>>>(bytes) else { return };
    let mut other = String::from("{\n");
    for (number, (name, value)) in members.iter().rev().enumerate() {
        let comma = if number == 0 { "" } else { "\t,\r\n " };
        other.push_str(&format!("{comma}{} : {value}", Value::from(name.as_str())));
    }
    other.push('}');
    assert_eq!(parse(other.as_bytes()), Some(read), "written as {other}");
}

/// A refusal is told in JSON, whatever was sent. Answers what was read.
fn told<T, E>(read: Result<T, E>, body: impl Fn(&E) -> Vec<u8>) -> Option<T> {
    read.inspect_err(|error| is_json(&body(error))).ok()
}

fn is_json(body: &[u8]) {
    let read = serde_json::from_slice::<Value>(body);
    assert!(read.is_ok_and(|value| value.is_object()), "{}", body.escape_ascii());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is never read tests nothing.
    #[test]
    fn the_good_seeds_are_read() {
        let catalog = Catalog::shipped();
        let read = |name: &str, seeds: &[&[u8]], parse: &dyn Fn(&[u8]) -> bool| {
            for seed in seeds {
                assert!(parse(seed), "{name}: {}", seed.escape_ascii());
            }
        };
        let on_sale = coinspaid::request::OnSale { catalog: &catalog, has_rate: &has_rate };
        let create = |body: &[u8]| coinspaid::request::CreateInvoice::parse(body, &on_sale).is_ok();
        read("coinspaid", &COINSPAID.seeds[3..5], &create);
        let take = |body: &[u8]| coinspaid::deposits::TakeAddress::parse(body, &catalog).is_ok();
        read("coinspaid", &COINSPAID.seeds[5..6], &take);
        let on_sale =
            payhubix::request::OnSale { catalog: &catalog, has_rate: &has_rate, plain_http: PlainHttp::Never };
        let create = |body: &[u8]| payhubix::request::CreateInvoice::parse(body, &on_sale).is_ok();
        read("payhubix", &PAYHUBIX.seeds[..3], &create);
        let on_sale = txcash::request::OnSale { catalog: &catalog, has_rate: &has_rate };
        let create = |body: &[u8]| txcash::request::CreateInvoice::parse(None, body, &on_sale).is_ok();
        read("txcash", &TXCASH.seeds[..4], &create);
        let of = |environment| txnpro::request::OnSale { environment, catalog: &catalog, has_rate: &has_rate };
        let create = |body: &[u8]| {
            let environments = [Environment::Live, Environment::Test];
            environments
                .into_iter()
                .any(|environment| txnpro::request::CreateInvoice::parse(body, &of(environment)).is_ok())
        };
        read("txnpro", &TXNPRO.seeds[..3], &create);
        let channel = |body: &[u8]| txnpro::channels::CreateChannel::parse(body, &of(Environment::Test)).is_ok();
        read("txnpro", &TXNPRO.seeds[3..4], &channel);
        let query = |seed: &[u8]| txnpro::query::ListQuery::parse(text(seed)).is_ok();
        read("queries", &QUERIES.seeds[..3], &query);
    }
}
