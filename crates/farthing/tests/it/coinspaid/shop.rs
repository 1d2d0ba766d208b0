//! A shop with a credential of `CoinsPaid`'s API: it signs what it asks as the contract says (A.2), and nothing else.

use crate::contract::{
    http::{Answer, Ask},
    receiver::{Receiver, Webhook},
    server::Server,
    shop::Shop,
};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha512;

/// A shop.
pub(crate) struct Merchant {
    /// The same shop by the native API, for what this one cannot do.
    pub(crate) native: Shop<'static>,
    /// Where its callbacks come.
    pub(crate) receiver: Receiver,
    pub(crate) key: String,
    pub(crate) secret: String,
}

impl Merchant {
    /// A shop of its own on the shared server.
    pub(crate) fn fresh() -> Self {
        Self::of(Shop::fresh(), Receiver::new())
    }

    /// A shop of its own where chains and clock may be moved, in turn with others.
    pub(crate) fn moving() -> Self {
        Self::of(Shop::moving(), Receiver::new())
    }

    /// A shop whose callbacks come to this receiver.
    pub(crate) fn of(native: Shop<'static>, receiver: Receiver) -> Self {
        let (key, secret) = credential(native.server, &native.merchant, Some(&receiver.url));
        Self { native, receiver, key, secret }
    }

    /// Posts a signed body.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path, body.to_string().as_bytes())
    }

    /// Sends signed bytes.
    pub(crate) fn ask(&self, method: &'static str, path: &str, body: &[u8]) -> Answer {
        let signed = Ask::new(method, &format!("/api/v2{path}"))
            .bytes("application/json", body)
            .header("X-Processing-Key", &self.key)
            .header("X-Processing-Signature", &signature(&self.secret, body));
        signed.send(self.native.server.host())
    }

    /// Makes an invoice and answers its `data`.
    pub(crate) fn create(&self, body: &Value) -> Value {
        data(&self.post("/invoices/create", body), 200)
    }

    /// Pays an invoice of this API in its own coin, by its number.
    pub(crate) fn pay(&self, invoice: &Value, amount: &str, confirmations: u32) -> Value {
        let body = json!({ "amount": amount, "confirmations": confirmations });
        self.native.post(&format!("test/invoices/{}/payments", invoice["id"]), &body).data(201)
    }

    /// Asserts that fields are refused with these messages.
    pub(crate) fn refuses(&self, path: &str, body: &Value, errors: &Value) {
        let answer = self.post(path, body);
        assert_eq!((answer.status, answer.json()), (400, json!({ "errors": errors })), "{body}");
    }

    /// The next callback, after a look at its headers and signature.
    pub(crate) fn callback(&self) -> Value {
        let webhook = self.receiver.next();
        self.vouches_for(&webhook);
        webhook.json()
    }

    /// Asserts what A.9.1 says of every callback.
    pub(crate) fn vouches_for(&self, webhook: &Webhook) {
        assert!(webhook.request_line.starts_with("POST /hook?shop=1 HTTP/1.1"), "{webhook:?}");
        assert_eq!(webhook.header("content-type"), "application/json");
        assert_eq!(webhook.header("x-processing-key"), self.key);
        assert_eq!(webhook.header("x-processing-signature"), signature(&self.secret, &webhook.body));
    }
}

/// Makes a credential by the command line.
pub(crate) fn credential(server: &Server, merchant: &str, callback_url: Option<&str>) -> (String, String) {
    let mut arguments = vec!["dialects", "create", "coinspaid", "--merchant", merchant, "--environment", "test"];
    arguments.extend(callback_url.into_iter().flat_map(|url| ["--callback-url", url]));
    let made = server.command(&arguments);
    let text = |name: &str| made[name].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
    (text("key"), text("secret"))
}

/// What a success has below `data`.
pub(crate) fn data(answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{answer}");
    assert_eq!(answer.header("content-type"), Some("application/json"), "{answer}");
    let body = answer.json();
    assert_eq!(body.as_object().map(serde_json::Map::len), Some(1), "{answer}");
    body["data"].clone()
}

/// HMAC-SHA512 of a body, keyed by the secret as it was shown, in hex.
pub(crate) fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha512>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

/// The seed's request: timed, with a coin.
pub(crate) fn timed(foreign_id: &str) -> Value {
    json!({
        "timer": true, "title": "Order 1001", "foreign_id": foreign_id, "currency": "EUR", "sender_currency": "BTC",
        "amount": 36, "url_success": "https://shop.example/ok", "url_failed": "https://shop.example/no",
        "email_user": "payer@shop.example",
    })
}

/// A body with another value of a field.
pub(crate) fn with(base: &Value, name: &str, value: Value) -> Value {
    let mut body = base.clone();
    body[name] = value;
    body
}

/// A body without a field.
pub(crate) fn without(base: &Value, name: &str) -> Value {
    let mut body = base.clone();
    body.as_object_mut().unwrap().remove(name);
    body
}

/// Chooses a coin as the payer does on the page; by the native API, which does the same.
pub(crate) fn choose(shop: &Merchant, foreign_id: &str, currency: &str, network: &str) {
    let list = shop.native.get(&format!("invoices?external_id={foreign_id}")).success(200);
    let id = list["data"][0]["id"].as_str().unwrap().to_owned();
    let choice = json!({ "currency": currency, "network": network });
    shop.native.post(&format!("invoices/{id}/activate"), &choice).data(200);
}

/// The hosted page, as the payer gets it.
pub(crate) fn page(shop: &Merchant, invoice: &Value) -> String {
    let host = shop.native.server.host();
    let path = invoice["url"].as_str().unwrap().split_once(host).unwrap().1.to_owned();
    let answer = Ask::get(&path).send(host);
    assert_eq!(answer.status, 200, "{answer}");
    answer.text()
}
