//! A merchant that speaks all five APIs to one router: the same order in each of them.

use crate::native::{Answer, Shop, unlimited};
use farthing_dialects::{coinspaid::signature, credentials::base_path};
use farthing_domain::{
    id::{Environment, InvoiceId, Owner},
    invoice::Invoice,
    policy::Dialect,
};
use farthing_gateway::outgoing;
use farthing_sim::world::{Around, ManualClock, START, World};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

/// A callback as it came: where, by which headers, with what.
pub(crate) type Came = (String, Vec<(String, String)>, Vec<u8>);

/// What came to all shops, and how many of the next requests find them out of order.
#[derive(Clone, Default)]
pub(crate) struct Receivers {
    came: Arc<Mutex<Vec<Came>>>,
    failing: Arc<AtomicUsize>,
}

impl Receivers {
    /// What came to an address.
    pub(crate) fn at(&self, url: &str) -> Vec<Came> {
        let came = self.came.lock().expect("nobody panicked");
        came.iter().filter(|(to, ..)| to == url).cloned().collect()
    }

    /// The next requests fail, so many of them.
    pub(crate) fn fail(&self, requests: usize) {
        self.failing.store(requests, Ordering::SeqCst);
    }

    /// Keeps what comes; addresses that say so are dead.
    fn around(&self) -> Around {
        let came = self.clone();
        let receive = move |url: &str, headers: &[(&str, String)], body: &[u8]| {
            let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
            came.came.lock().expect("nobody panicked").push((url.to_owned(), headers, body.to_vec()));
            let less = |left: usize| left.checked_sub(1);
            let fails = came.failing.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok();
            let status = if fails || url.contains("dead") { 500 } else { 200 };
            Some(Ok(outgoing::Answer { status, first_bytes: String::new() }))
        };
        Around { receivers: Some(Arc::new(receive)), ..Around::default() }
    }
}

/// A shop's router in a world where a seed decides everything.
pub(crate) async fn ground(seed: u64) -> (Shop, Receivers) {
    let receivers = Receivers::default();
    let clock = Arc::new(ManualClock::at(START));
    let world = World::simulated(seed, clock, receivers.around()).await.expect("a world");
    world.gateway.scan_all(Environment::Test).await.expect("chains");
    (Shop::in_world(world, unlimited()).await, receivers)
}

/// A merchant with a credential of each API.
pub(crate) struct Merchant {
    pub(crate) owner: Owner,
    native_key: String,
    made: BTreeMap<Dialect, (String, String)>,
}

/// An invoice: what its API calls it, and its id.
pub(crate) struct Named {
    pub(crate) dialect: Dialect,
    pub(crate) name: String,
    pub(crate) id: InvoiceId,
}

impl Merchant {
    /// A new one, whose callbacks go to this address.
    pub(crate) async fn open(shop: &Shop, callback_url: &str) -> Self {
        let owner = shop.world.merchant().await.expect("a merchant");
        Self::of(shop, owner, callback_url).await
    }

    /// One that is there, with new credentials.
    pub(crate) async fn of(shop: &Shop, owner: Owner, callback_url: &str) -> Self {
        let native_key = shop.world.key(owner.merchant, owner.environment).await.expect("a key").reveal().to_owned();
        let mut made = BTreeMap::new();
        for dialect in Dialect::ALL.into_iter().filter(|dialect| *dialect != Dialect::Native) {
            let url = Some(callback_url.to_owned());
            let (_, new) = shop.world.gateway.create_credential(owner, dialect, url).await.expect("a credential");
            made.insert(dialect, (new.key, new.secret));
        }
        Self { owner, native_key, made }
    }

    /// What requests to an API carry, and what signs them; the native API signs nothing.
    pub(crate) fn shown_to(&self, dialect: Dialect) -> (&str, &str) {
        self.made.get(&dialect).map_or((&self.native_key, ""), |(key, secret)| (key, secret))
    }

    /// Asks an API as its clients do.
    pub(crate) async fn ask(&self, shop: &Shop, dialect: Dialect, (method, path): (&str, &str), body: &str) -> Answer {
        let path = format!("{}{path}", base_path(dialect, self.owner.environment));
        self.send(shop, dialect, (method, &path), body.as_bytes()).await
    }

    /// The same by the whole path, with any bytes.
    pub(crate) async fn send(&self, shop: &Shop, dialect: Dialect, at: (&str, &str), body: &[u8]) -> Answer {
        let (key, secret) = self.shown_to(dialect);
        let shown = shown(dialect, key, secret, body);
        ask_with(shop, dialect, at, &shown, body).await
    }

    /// Asks the native API.
    pub(crate) async fn native(&self, shop: &Shop, method: &str, path: &str, body: &Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.ask(shop, Dialect::Native, (method, path), &body).await;
        assert!([200, 201].contains(&answer.status), "{method} {path} {body}: {answer:?}");
        answer
    }

    /// Asks an API for so many cents in USDT on ethereum, the coin chosen; answers what it said, too.
    pub(crate) async fn order(&self, shop: &Shop, dialect: Dialect, cents: u64, reference: &str) -> (Named, Answer) {
        let (path, body) = wanted(dialect, &format!("{}.{:02}", cents / 100, cents % 100), reference);
        let answer = self.ask(shop, dialect, ("POST", path), &body).await;
        assert!([200, 201].contains(&answer.status), "{dialect}: {answer:?}");
        let name = match dialect {
            Dialect::Native | Dialect::TxnPro => answer.json["data"]["id"].clone(),
            Dialect::CoinsPaid => json!(answer.json["data"]["id"].to_string()),
            Dialect::Payhubix => answer.json["message"]["link"].clone(),
            Dialect::TxCash => answer.json["id"].clone(),
        };
        let name = name.as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned();
        let newest = self.native(shop, "GET", "/invoices?limit=1", &Value::Null).await.json["data"][0].clone();
        let id = newest["id"].as_str().expect("an id").to_owned();
        match dialect {
            // In these two the payer's choice fixes the rate.
            Dialect::Native => {
                let choice = json!({ "currency": "USDT", "network": "ethereum" });
                self.native(shop, "POST", &format!("/invoices/{id}/activate"), &choice).await;
            }
            Dialect::TxCash => {
                let path = format!("/invoice/{name}/payment/address");
                let body = r#"{"payment_currency":"eth_usdt"}"#;
                assert_eq!(self.ask(shop, dialect, ("POST", &path), body).await.status, 200);
            }
            Dialect::CoinsPaid | Dialect::Payhubix | Dialect::TxnPro => {}
        }
        (Named { dialect, name, id: InvoiceId(id.parse().expect("an id")) }, answer)
    }

    /// Pays by what the API calls the invoice.
    pub(crate) async fn pay(&self, shop: &Shop, named: &Named, units: u128) -> Answer {
        let amount = format!("{}.{:06}", units / 1_000_000, units % 1_000_000);
        let body = json!({ "amount": amount, "currency": "USDT", "network": "ethereum" });
        self.native(shop, "POST", &format!("/test/invoices/{}/payments", named.name), &body).await
    }

    pub(crate) async fn mine(&self, shop: &Shop) -> Answer {
        self.native(shop, "POST", "/test/networks/ethereum/blocks", &json!({ "count": 12 })).await
    }

    pub(crate) async fn advance(&self, shop: &Shop, seconds: u32) -> Answer {
        self.native(shop, "POST", "/test/clock/advance", &json!({ "seconds": seconds })).await
    }

    /// What its own API says of an invoice.
    pub(crate) async fn read(&self, shop: &Shop, named: &Named) -> Answer {
        let Named { dialect, name, .. } = named;
        let (path, body) = match dialect {
            Dialect::Native | Dialect::Payhubix | Dialect::TxnPro => (format!("/invoices/{name}"), String::new()),
            Dialect::CoinsPaid => ("/transactions/info".to_owned(), json!({ "id": name }).to_string()),
            Dialect::TxCash => (format!("/invoice/{name}"), String::new()),
        };
        let answer = self.ask(shop, *dialect, ("GET", &path), &body).await;
        assert_eq!(answer.status, 200, "{dialect}: {answer:?}");
        answer
    }

    /// The invoice in the core.
    pub(crate) async fn core(&self, shop: &Shop, named: &Named) -> Invoice {
        let found = shop.world.gateway.invoice(self.owner, named.id).await;
        found.expect("the store reads").expect("it is there")
    }
}

/// The headers by which an API's clients show who they are.
pub(crate) fn shown(dialect: Dialect, key: &str, secret: &str, body: &[u8]) -> Vec<(&'static str, String)> {
    match dialect {
        Dialect::Native | Dialect::Payhubix => vec![("X-API-Key", key.to_owned())],
        Dialect::CoinsPaid => {
            vec![("X-Processing-Key", key.to_owned()), ("X-Processing-Signature", signature::sign(secret, body))]
        }
        Dialect::TxCash | Dialect::TxnPro => vec![("Authorization", format!("Bearer {key}"))],
    }
}

/// A request with these headers and the media type that an API's clients send.
pub(crate) async fn ask_with(
    shop: &Shop,
    dialect: Dialect,
    (method, path): (&str, &str),
    headers: &[(&str, String)],
    body: &[u8],
) -> Answer {
    let media_type = if dialect == Dialect::TxnPro { "application/vnd.api+json" } else { "application/json" };
    let own = headers.iter().map(|(name, value)| (*name, value.as_str()));
    let headers: Vec<_> = own.chain([("Content-Type", media_type)]).collect();
    shop.ask(method, path, &headers, body.to_vec()).await
}

/// Where and how an API is asked for it.
pub(crate) fn wanted(dialect: Dialect, price: &str, reference: &str) -> (&'static str, String) {
    match dialect {
        Dialect::Native => {
            let body = json!({
                "amount_fiat": price, "fiat_currency": "USD", "currency": "USDT", "network": "ethereum",
                "external_id": reference, "expiry_minutes": 15, "deferred": true,
            });
            ("/invoices", body.to_string())
        }
        Dialect::CoinsPaid => {
            let body = json!({
                "timer": true, "title": "Order", "foreign_id": reference, "currency": "USD", "amount": price,
                "sender_currency": "USDTE", "url_success": "https://shop.example/ok",
                "url_failed": "https://shop.example/no", "email_user": "payer@shop.example",
            });
            ("/invoices/create", body.to_string())
        }
        Dialect::Payhubix => {
            let body = json!({
                "currency_amount": price, "currency_symbol": "USD", "time_for_payment": "00:15", "currencies": [10],
                "order_id": reference,
            });
            ("/invoices/", body.to_string())
        }
        Dialect::TxCash => {
            let body = json!({
                "amount": price, "currency": "USD", "payment_currencies": "eth_usdt", "valid_for": "15m",
                "meta_data1": reference,
            });
            ("/invoice", body.to_string())
        }
        Dialect::TxnPro => {
            let attributes = json!({
                "amountBilled": price, "billedCurrency": "USD", "chargedCurrency": "USDT", "network": "hterc6dp",
                "reference": reference,
            });
            ("/invoices", json!({ "data": { "type": "invoices", "attributes": attributes } }).to_string())
        }
    }
}
