//! The other APIs: a credential of each, its routes with a good body, and the things that good requests name.

use super::{
    answer_to,
    request::{Key, Request},
    shop::Route,
};
use crate::program::{Installation, text};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::net::SocketAddr;

/// One merchant's credentials, one of each API.
#[derive(Debug, Clone)]
pub(super) struct Credentials {
    coinspaid: Key,
    payhubix: Key,
    txcash: Key,
    txnpro: Key,
}

impl Credentials {
    /// Makes them.
    pub(super) fn of(installation: &Installation, merchant: &str) -> Result<Self> {
        let made = |dialect: &str| {
            installation.json(&["dialects", "create", dialect, "--merchant", merchant, "--environment", "test"])
        };
        let coinspaid = made("coinspaid")?;
        Ok(Self {
            coinspaid: Key::Signing { key: text(&coinspaid, "/key")?, secret: text(&coinspaid, "/secret")? },
            payhubix: Key::Plain(text(&made("payhubix")?, "/api_key")?),
            txcash: Key::Bearer(text(&made("txcash")?, "/api_key")?),
            txnpro: Key::Bearer(text(&made("txnpro")?, "/api_key")?),
        })
    }

    /// What a request below a path is made with.
    pub(super) fn for_path(&self, path: &str) -> Option<&Key> {
        [
            ("/api/v2/", &self.coinspaid),
            ("/v1/", &self.payhubix),
            ("/invoice/v1/", &self.txcash),
            ("/api/public/v1/", &self.txnpro),
        ]
        .into_iter()
        .find_map(|(prefix, key)| path.starts_with(prefix).then_some(key))
    }
}

/// What good requests of a merchant name: one of each kind.
#[derive(Debug, Clone)]
pub(super) struct Things {
    /// The name of each placeholder's thing in paths.
    named: Vec<(&'static str, String)>,
}

impl Things {
    /// Makes new ones. What is said with them has the word in it.
    pub(super) async fn make(address: SocketAddr, credentials: &Credentials, word: &str) -> Result<Self> {
        let create = |path: &'static str, body: Value| async move {
            let mut request = Request::new("POST", path, body.to_string());
            request.header("Content-Type", "application/json");
            credentials.for_path(path).context("no credential for the path")?.unlock(&mut request);
            made(address, &request).await.with_context(|| format!("POST {path}"))
        };
        let reference = uuid::Uuid::from_bytes(random()?).to_string();
        create("/api/v2/invoices/create", coinspaid(&reference, word)).await?;
        create("/api/v2/addresses/take", json!({ "foreign_id": reference, "currency": "BTC" })).await?;
        let payhubix = create("/v1/invoices", payhubix(&reference, word)).await?;
        let txcash = create("/invoice/v1/testnet/invoice", txcash(word)).await?;
        let txnpro = create("/api/public/v1/invoices", txnpro(&reference, word)).await?;
        let channel = create("/api/public/v1/channels", channel(&reference)).await?;
        let named = vec![
            ("{foreign_id}", reference),
            ("{link}", text(&payhubix, "/message/link")?),
            ("{invoice}", text(&txcash, "/id")?),
            ("{record}", text(&txnpro, "/data/id")?),
            ("{channel}", text(&channel, "/data/id")?),
        ];
        Ok(Self { named })
    }

    /// A path with the things in their places.
    pub(super) fn in_path(&self, template: &str) -> String {
        self.named.iter().fold(template.to_owned(), |path, (place, thing)| path.replace(place, thing))
    }

    /// Their ids, and those among them that open a page to whoever has them.
    pub(super) fn ids(&self) -> (Vec<String>, Vec<String>) {
        let (secret, open) =
            self.named.iter().partition::<Vec<_>, _>(|(place, _)| ["{link}", "{invoice}"].contains(place));
        let things = |named: Vec<&(&str, String)>| named.into_iter().map(|(_, thing)| thing.clone()).collect();
        (things(open), things(secret))
    }
}

/// The JSON of a success.
async fn made(address: SocketAddr, request: &Request) -> Result<Value> {
    let answer = answer_to(address, &request.bytes(&request.framing())).await?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    ensure!(head.starts_with("HTTP/1.1 20"), "answered by {answer}");
    Ok(serde_json::from_str(body)?)
}

fn random() -> Result<[u8; 16]> {
    let mut bytes = [0; 16];
    std::io::Read::read_exact(&mut std::fs::File::open("/dev/urandom")?, &mut bytes)?;
    Ok(bytes)
}

fn coinspaid(reference: &str, word: &str) -> Value {
    json!({
        "timer": true, "title": word, "foreign_id": reference, "currency": "EUR", "sender_currency": "BTC",
        "amount": 36, "url_success": "https://shop.example/ok", "url_failed": "https://shop.example/no",
        "email_user": "payer@shop.example", "description": word,
    })
}

fn payhubix(reference: &str, word: &str) -> Value {
    json!({
        "currency_amount": 60, "currency_symbol": "USD", "customer_email": "customer@example.com",
        "time_for_payment": "02:00", "currencies": [1], "order_id": reference,
        "order_description": word, "callback_url": "http://127.0.0.1:9/",
    })
}

fn txcash(word: &str) -> Value {
    json!({
        "amount": 10, "payment_currencies": "eth_usdt", "name": word, "description": word, "meta_data1": word,
        "callback_url": "http://127.0.0.1:9/", "valid_for": "1h",
    })
}

fn txnpro(reference: &str, word: &str) -> Value {
    json!({"data": {"type": "invoices", "attributes": {
        "billedCurrency": "usd", "reference": reference, "network": "TTRX:USDT", "amountBilled": "100",
        "chargedCurrency": "USDT", "successRedirectUrl": format!("https://shop.example/{word}"),
    }}})
}

fn channel(reference: &str) -> Value {
    json!({"data": {"type": "channels", "attributes": {
        "targetCurrency": "BTC", "payNetwork": "tbtc", "status": "enabled", "reference": reference,
    }}})
}

/// Every route of every API.
pub(super) fn routes() -> Vec<Route> {
    let mut routes = Vec::new();
    for (prefix, media_type, table) in [
        ("/api/v2", "application/json", coinspaid_routes()),
        ("/api/public/v1", "application/vnd.api+json", txnpro_routes()),
    ] {
        routes.extend(
            table
                .into_iter()
                .map(|(method, path, body)| Route::of(method, &format!("{prefix}{path}"), media_type, body)),
        );
    }
    let form = "amount=25.01&currency=eur&payment_currencies=eth_stables%2Cpolygon_eth&valid_for=2h45m&name=Order+7&meta_data2=a%26b";
    let (invoices, form_type) = ("/invoice/v1/testnet/invoice", "application/x-www-form-urlencoded");
    routes.push(Route::of("POST", invoices, "application/json", txcash("order").to_string()));
    routes.push(Route::of("POST", invoices, form_type, form.to_owned()));
    routes.push(Route::of("GET", "/invoice/v1/testnet/invoice/{invoice}", "", String::new()));
    let address = "/invoice/v1/testnet/invoice/{invoice}/payment/address";
    routes.push(Route::of("POST", address, "application/json", json!({ "payment_currency": "eth_usdt" }).to_string()));
    routes.push(Route::of("POST", address, form_type, "payment_currency=eth_usdt".to_owned()));
    routes.extend(payhubix_routes());
    routes
}

fn coinspaid_routes() -> Vec<(&'static str, String, String)> {
    let pair = json!({ "currency_from": "BTC", "currency_to": "EUR" }).to_string();
    let of = |method, path: &str, body: String| (method, path.to_owned(), body);
    vec![
        of("GET", "/ping", String::new()),
        of("POST", "/invoices/create", coinspaid("order", "tea").to_string()),
        of("POST", "/invoices/{foreign_id}/cancel", "{}".to_owned()),
        of("GET", "/transactions/info", json!({ "foreign_id": "order" }).to_string()),
        of("POST", "/addresses/take", json!({ "foreign_id": "user", "currency": "BTC" }).to_string()),
        of("POST", "/currencies/list", json!({ "visible": true }).to_string()),
        of("POST", "/currencies/pairs", pair.clone()),
        of("POST", "/currencies/rates", pair),
        of("POST", "/accounts/list", "[]".to_owned()),
        of(
            "POST",
            "/withdrawal/crypto",
            json!({ "foreign_id": "out", "currency": "BTC", "amount": "1", "address": "x" }).to_string(),
        ),
        of("POST", "/exchange/calculate", json!({ "sender_currency": "BTC", "receiver_currency": "EUR" }).to_string()),
        of("POST", "/exchange/fixed", "{}".to_owned()),
        of("POST", "/exchange/now", "{}".to_owned()),
        of("POST", "/futures/rates", json!({ "address": "x" }).to_string()),
        of("POST", "/futures/confirm", "{}".to_owned()),
    ]
}

fn payhubix_routes() -> Vec<Route> {
    let page = [("page", "1"), ("per_page", "20"), ("created_at", "asc")];
    let mut routes: Vec<Route> = ["/v1/invoices", "/v1/payment/personal/invoices"]
        .into_iter()
        .map(|path| Route::of("POST", path, "application/json", payhubix("order", "tea").to_string()))
        .collect();
    for path in [
        "/v1/invoices",
        "/v1/payment/personal/invoices",
        "/v1/invoices/{link}",
        "/v1/payment/invoices/{link}",
        "/v1/shops",
        "/v1/payment/shops",
        "/v1/shops/{link}",
        "/v1/payment/shops/{link}/invoices",
        "/v1/assets/USD",
        "/v1/wallet/personal/assets/EUR",
        "/v1/wallet/shops/{link}/assets/EUR",
        "/v1/transfers",
        "/v1/wallet/personal/transfers",
        "/v1/wallet/shops/{link}/transfers",
        "/v1/currencies",
        "/v1/icons/btc.svg",
    ] {
        routes.push(Route::of("GET", path, "", String::new()).with(&page));
    }
    routes
}

fn txnpro_routes() -> Vec<(&'static str, String, String)> {
    let mut routes: Vec<(&'static str, String, String)> = Vec::new();
    for path in [
        "/invoices?page=1&per_page=20&order=created_at&order_type=asc&created_at_from=2026-01-01T00:00:00Z&reference=order",
        "/channels?page=1&per_page=20",
        "/channels/{channel}/transactions?page=1",
        "/channels/{channel}/transactions/{record}",
        "/invoices/currency_pairs",
        "/channels/currency_pairs",
        "/invoices/{record}",
        "/channels/{channel}",
        "/accounts",
        "/accounts/{record}",
        "/accounts/{record}/addresses",
        "/accounts/{record}/transactions",
        "/accounts/{record}/transactions/{record}",
        "/exchange/rate",
        "/exchange/quotes",
        "/exchange/quotes/{record}",
        "/payouts",
        "/payouts/currency_pairs",
        "/payouts/{record}",
        "/payment_links",
        "/payment_links/{record}",
    ] {
        routes.push(("GET", path.to_owned(), String::new()));
    }
    let validate = json!({ "address": "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", "network": "tbtc" });
    let status = json!({"data": {"type": "channels", "attributes": { "status": "disabled" }}}).to_string();
    for (method, path, body) in [
        ("POST", "/invoices", txnpro("order", "tea").to_string()),
        ("POST", "/channels", channel("user").to_string()),
        ("PATCH", "/channels/{channel}", status.clone()),
        ("PUT", "/channels/{channel}", status),
        ("POST", "/addresses/validate", validate.to_string()),
        ("POST", "/accounts/{record}/addresses", "{}".to_owned()),
        ("POST", "/exchange/quotes", "{}".to_owned()),
        ("PATCH", "/exchange/quotes/{record}", "{}".to_owned()),
        ("POST", "/payouts", "{}".to_owned()),
        ("POST", "/payouts/draft", "{}".to_owned()),
        ("PUT", "/payouts/{record}", "{}".to_owned()),
        ("POST", "/payment_links", "{}".to_owned()),
        ("POST", "/payment_links/{record}/expiration", "{}".to_owned()),
    ] {
        routes.push((method, path.to_owned(), body));
    }
    routes
}
