//! A shop with a credential of `CoinsPaid`'s API: it signs what it asks as the contract says (A.2), and nothing else.

use crate::{
    contract::{
        http::{Answer, Ask},
        receiver::Webhook,
    },
    dialects::{
        merchant::{self, Api},
        signatures::{self, is_coinspaid},
    },
};
use serde_json::{Value, json};

/// `CoinsPaid` v2.
pub(crate) struct CoinsPaid;

impl Api for CoinsPaid {
    const NAME: &'static str = "coinspaid";
    const TELLS_BY_CREDENTIAL: bool = true;
}

/// A shop.
pub(crate) type Merchant = merchant::Merchant<CoinsPaid>;

impl Merchant {
    /// Posts a signed body.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path, body.to_string().as_bytes())
    }

    /// Sends signed bytes.
    pub(crate) fn ask(&self, method: &'static str, path: &str, body: &[u8]) -> Answer {
        let signed = Ask::new(method, &format!("/api/v2{path}"))
            .bytes("application/json", body)
            .header("X-Processing-Key", &self.key)
            .header("X-Processing-Signature", &signatures::coinspaid(&self.secret, body));
        signed.send(self.host())
    }

    /// Makes an invoice and answers its `data`.
    pub(crate) fn create(&self, body: &Value) -> Value {
        data(&self.post("/invoices/create", body), 200)
    }

    /// Pays an invoice of this API in its own coin, by its number.
    pub(crate) fn pay(&self, invoice: &Value, amount: &str, confirmations: u32) -> Value {
        let body = json!({ "amount": amount, "confirmations": confirmations });
        self.pay_named(&invoice["id"].to_string(), &body)
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
        assert!(is_coinspaid(webhook, &self.key, &self.secret), "{webhook:?}");
    }
}

/// What a success has below `data`.
pub(crate) fn data(answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{answer}");
    assert_eq!(answer.header("content-type"), Some("application/json"), "{answer}");
    let body = answer.json();
    assert_eq!(body.as_object().map(serde_json::Map::len), Some(1), "{answer}");
    body["data"].clone()
}

/// The seed's request: timed, with a coin.
pub(crate) fn timed(foreign_id: &str) -> Value {
    json!({
        "timer": true, "title": "Order 1001", "foreign_id": foreign_id, "currency": "EUR", "sender_currency": "BTC",
        "amount": 36, "url_success": "https://shop.example/ok", "url_failed": "https://shop.example/no",
        "email_user": "payer@shop.example",
    })
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
