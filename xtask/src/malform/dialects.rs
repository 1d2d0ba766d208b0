//! The other APIs: a credential of each, good requests to every route of their tables, and the things that those name.

use super::{
    answer_to,
    request::{Key, Request},
    shop::{FORM, Keys, NEW, Route},
};
use crate::program::{Installation, text};
use anyhow::{Context, Result, ensure};
use farthing_domain::policy::Dialect;
use farthing_web::dialects::{Mounted, mounted};
use serde_json::{Value, json};
use std::net::SocketAddr;

const JSON: &str = "application/json";

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
    /// The name of each placeholder's thing.
    named: Vec<(&'static str, String)>,
}

impl Things {
    /// Makes new ones. What is said with them has the word in it.
    pub(super) async fn make(address: SocketAddr, keys: &Keys, word: &str) -> Result<Self> {
        let reference = uuid::Uuid::from_bytes(random()?).to_string();
        let new = |body: Value| body.to_string().replace(NEW, &reference);
        let create = |path: &'static str, body: String| async move {
            let mut request = Request::new("POST", path, body);
            request.header("Content-Type", "application/json");
            keys.for_path(path).unlock(&mut request);
            made(address, &request).await.with_context(|| format!("POST {path}"))
        };
        create("/api/v2/invoices/create", new(coinspaid(word))).await?;
        create("/api/v2/addresses/take", new(json!({ "foreign_id": NEW, "currency": "BTC" }))).await?;
        let payhubix = create("/v1/invoices", new(payhubix(word, &keys.merchant))).await?;
        let txcash = create("/invoice/v1/testnet/invoice", new(txcash(word))).await?;
        let txnpro = create("/api/public/v1/invoices", new(txnpro(word))).await?;
        let channel = create("/api/public/v1/channels", new(channel())).await?;
        let mut accounts = Request::new("GET", "/api/public/v1/accounts", "");
        keys.for_path("/api/public/v1/").unlock(&mut accounts);
        let accounts = made(address, &accounts).await.context("GET accounts")?;
        let named = vec![
            ("{foreign_id}", reference),
            ("{link}", text(&payhubix, "/message/link")?),
            ("{token}", text(&txcash, "/id")?),
            ("{record}", text(&txnpro, "/data/id")?),
            ("{channel}", text(&channel, "/data/id")?),
            ("{account}", text(&accounts, "/data/0/id")?),
            ("{shop_id}", keys.merchant.clone()),
        ];
        Ok(Self { named })
    }

    /// The same with a deposit to the channel.
    pub(super) async fn with_deposit(mut self, address: SocketAddr, keys: &Keys) -> Result<Self> {
        let target = self.placed_in("/api/v1/test/addresses/{channel}/payments");
        let mut payment = Request::new("POST", target, r#"{"amount":"0.1","confirmations":1}"#);
        payment.header("Content-Type", "application/json");
        keys.for_path("/api/v1/").unlock(&mut payment);
        made(address, &payment).await.context("paying a channel")?;
        let list = self.placed_in("/api/public/v1/channels/{channel}/transactions");
        let mut list = Request::new("GET", list, "");
        keys.for_path("/api/public/v1/").unlock(&mut list);
        let deposits = made(address, &list).await.context("GET transactions")?;
        self.named.push(("{deposit}", text(&deposits, "/data/0/id")?));
        Ok(self)
    }

    /// A text with the things in their places.
    pub(super) fn placed_in(&self, template: &str) -> String {
        self.named.iter().fold(template.to_owned(), |path, (place, thing)| path.replace(place, thing))
    }

    /// What they are called.
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.named.iter().map(|(_, thing)| thing)
    }

    /// Their names, and those among them that open a page to whoever has them.
    pub(super) fn ids(&self) -> (Vec<String>, Vec<String>) {
        let (secret, open) =
            self.named.iter().partition::<Vec<_>, _>(|(place, _)| ["{link}", "{token}"].contains(place));
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

fn coinspaid(word: &str) -> Value {
    json!({
        "timer": true, "title": word, "foreign_id": NEW, "currency": "EUR", "sender_currency": "BTC",
        "amount": 36, "url_success": "https://shop.example/ok", "url_failed": "https://shop.example/no",
        "email_user": "payer@shop.example", "description": word,
    })
}

fn payhubix(word: &str, shop_id: &str) -> Value {
    json!({
        "currency_amount": 60, "currency_symbol": "USD", "customer_email": "customer@example.com",
        "time_for_payment": "02:00", "currencies": [1], "order_id": NEW, "shop_id": shop_id,
        "order_description": word, "callback_url": "http://127.0.0.1:9/",
    })
}

fn txcash(word: &str) -> Value {
    json!({
        "amount": 10, "payment_currencies": "eth_usdt", "name": word, "description": word, "meta_data1": word,
        "callback_url": "http://127.0.0.1:9/", "valid_for": "1h",
    })
}

fn txnpro(word: &str) -> Value {
    json!({"data": {"type": "invoices", "attributes": {
        "billedCurrency": "usd", "reference": NEW, "network": "TTRX:USDT", "amountBilled": "100",
        "chargedCurrency": "USDT", "successRedirectUrl": format!("https://shop.example/{word}"),
    }}})
}

fn channel() -> Value {
    json!({"data": {"type": "channels", "attributes": {
        "targetCurrency": "BTC", "payNetwork": "tbtc", "status": "enabled", "reference": NEW,
    }}})
}

/// Every route of these APIs' own tables, with good requests to it.
///
/// # Errors
/// For a route of which nobody wrote down here how it is asked.
pub(super) fn routes() -> Result<Vec<Route>> {
    let mut routes = Vec::new();
    for Mounted { dialect, method, path, .. } in mounted() {
        let asked = match dialect {
            Dialect::Native => Vec::new(),
            Dialect::CoinsPaid => coinspaid_requests(method, path.trim_start_matches("/api/v2")),
            Dialect::Payhubix => payhubix_requests(method, &path),
            Dialect::TxCash => txcash_requests(method, &path),
            Dialect::TxnPro => txnpro_requests(method, path.trim_start_matches("/api/public/v1")),
        };
        ensure!(!asked.is_empty(), "nobody wrote down how {method} {path} is asked");
        for asked in asked {
            let template = placed(dialect, &path, asked.network);
            routes.push(Route::of(method, &template, asked.media_type, asked.body).with(asked.query));
        }
    }
    Ok(routes)
}

/// A route's path with placeholders that say of what kind their things are.
fn placed(dialect: Dialect, path: &str, network: &str) -> String {
    let id = match dialect {
        Dialect::TxCash => "{token}",
        _ if path.contains("/channels/") => "{channel}",
        _ if path.contains("/accounts/") => "{account}",
        _ => "{record}",
    };
    let kinds = [
        ("{network}", network),
        ("{deposit_id}", "{deposit}"),
        ("{txid}", "{deposit}"),
        ("{id}", id),
        ("{fiat}", "EUR"),
        ("{file}", "BTC.svg"),
    ];
    kinds.into_iter().fold(path.to_owned(), |path, (place, kind)| path.replace(place, kind))
}

/// A good request to a route.
struct Asked {
    media_type: &'static str,
    query: &'static [(&'static str, &'static str)],
    body: String,
    /// What stands for the network, where a path has one.
    network: &'static str,
}

impl Asked {
    fn by(body: impl ToString) -> Self {
        Self { media_type: JSON, query: &[], body: body.to_string(), network: "testnet" }
    }

    fn query(query: &'static [(&'static str, &'static str)]) -> Self {
        Self { query, ..Self::by("") }
    }
}

fn coinspaid_requests(method: &str, path: &str) -> Vec<Asked> {
    let pair = json!({ "currency_from": "BTC", "currency_to": "EUR" });
    let body = match (method, path) {
        ("GET", "/ping") => Value::Null,
        ("POST", "/invoices/create") => coinspaid("tea"),
        ("POST", "/invoices/{foreign_id}/cancel" | "/exchange/fixed" | "/exchange/now" | "/futures/confirm") => {
            json!({})
        }
        ("GET", "/transactions/info") => json!({ "foreign_id": "{foreign_id}" }),
        ("POST", "/addresses/take") => json!({ "foreign_id": NEW, "currency": "BTC" }),
        ("POST", "/currencies/list") => json!({ "visible": true }),
        ("POST", "/currencies/pairs" | "/currencies/rates") => pair,
        ("POST", "/accounts/list") => json!([]),
        ("POST", "/withdrawal/crypto") => {
            json!({ "foreign_id": NEW, "currency": "BTC", "amount": "1", "address": "x" })
        }
        ("POST", "/exchange/calculate") => json!({ "sender_currency": "BTC", "receiver_currency": "EUR" }),
        ("POST", "/futures/rates") => json!({ "address": "x" }),
        _ => return Vec::new(),
    };
    vec![if body.is_null() { Asked::by("") } else { Asked::by(body) }]
}

fn payhubix_requests(method: &str, path: &str) -> Vec<Asked> {
    match method {
        "GET" => vec![Asked::query(&[("page", "1"), ("per_page", "20"), ("created_at", "asc")])],
        "POST" if path.ends_with("/invoices") => vec![Asked::by(payhubix("tea", "{shop_id}"))],
        _ => Vec::new(),
    }
}

fn txcash_requests(method: &str, path: &str) -> Vec<Asked> {
    let form = |body: &str| Asked { media_type: FORM, ..Asked::by(body) };
    let on_both = |asked: fn() -> Asked| vec![asked(), Asked { network: "mainnet", ..asked() }];
    let order = "amount=25.01&currency=eur&payment_currencies=eth_stables%2Cpolygon_eth&valid_for=2h45m&name=Order+7&meta_data2=a%26b";
    match method {
        "GET" => on_both(|| Asked::by("")),
        "POST" if path.ends_with("/payment/address") => {
            let mut all = on_both(|| Asked::by(json!({ "payment_currency": "eth_usdt" })));
            all.push(form("payment_currency=eth_usdt"));
            all
        }
        "POST" if path.ends_with("/invoice") => {
            let mut all = on_both(|| Asked::by(txcash("order")));
            all.push(form(order));
            all
        }
        _ => Vec::new(),
    }
}

fn txnpro_requests(method: &str, path: &str) -> Vec<Asked> {
    let status = json!({"data": {"type": "channels", "attributes": { "status": "disabled" }}});
    let body = match (method, path) {
        ("GET", "/invoices") => {
            return vec![Asked::query(&[
                ("page", "1"),
                ("per_page", "20"),
                ("order", "created_at"),
                ("order_type", "asc"),
                ("created_at_from", "2026-01-01T00:00:00Z"),
                ("reference", "order"),
            ])];
        }
        ("GET", _) => return vec![Asked::query(&[("page", "1"), ("per_page", "20")])],
        ("POST", "/invoices") => txnpro("tea"),
        ("POST", "/channels") => channel(),
        ("PATCH" | "PUT", "/channels/{id}") => status,
        ("POST", "/addresses/validate") => {
            json!({ "address": "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", "network": "tbtc" })
        }
        ("POST", "/accounts/{id}/addresses" | "/exchange/quotes" | "/payouts" | "/payouts/draft")
        | ("POST", "/payment_links" | "/payment_links/{id}/expiration")
        | ("PATCH", "/exchange/quotes/{id}")
        | ("PUT", "/payouts/{id}") => json!({}),
        _ => return Vec::new(),
    };
    vec![Asked { media_type: "application/vnd.api+json", ..Asked::by(body) }]
}
