//! A shop with an API key of Payhubix' API.

use crate::{
    contract::{
        http::{Answer, Ask, keys},
        receiver::Webhook,
    },
    dialects::{
        merchant::{self, Api},
        outside::standard_webhooks_takes_raw,
        signatures::is_standard,
    },
    eventually::eventually,
};
use serde_json::{Value, json};

/// Payhubix v1.
pub(crate) struct Payhubix;

impl Api for Payhubix {
    const NAME: &'static str = "payhubix";
    const TELLS_BY_CREDENTIAL: bool = false;
}

/// A shop.
pub(crate) type Merchant = merchant::Merchant<Payhubix>;

impl Merchant {
    /// Asks without a key.
    pub(crate) fn send(&self, ask: &Ask) -> Answer {
        ask.send(self.host())
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        // As the plugins do, who name a media type where there is no body.
        let ask = Ask::get(&format!("/v1{path}")).header("Content-Type", "application/json");
        self.send(&ask.header("X-Api-key", &self.key))
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_bytes(path, body.to_string().as_bytes())
    }

    pub(crate) fn post_bytes(&self, path: &str, body: &[u8]) -> Answer {
        let ask = Ask::new("POST", &format!("/v1{path}")).bytes("application/json", body);
        self.send(&ask.header("X-Api-Key", &self.key))
    }

    /// Makes an invoice by the newer path.
    pub(crate) fn create(&self, body: &Value) -> Value {
        message(&self.post("/invoices/", body))
    }

    /// The invoice as it is now.
    pub(crate) fn now(&self, of: &Value) -> Value {
        message(&self.get(&format!("/invoices/{}/", link(of))))
    }

    /// The invoice once it has a status.
    pub(crate) fn becomes(&self, of: &Value, status: &str) -> Value {
        eventually(status, || Some(self.now(of)).filter(|invoice| invoice["status"] == status))
    }

    /// Asserts that a body is refused by a sentence about `field`.
    pub(crate) fn refuses(&self, body: &Value, field: &str) {
        let told = refusal(&self.post("/invoices/", body), 400);
        assert!(told.starts_with(&format!("{field} ")), "{body}: {told}");
    }

    /// Pays in one of the invoice's coins.
    pub(crate) fn pay(&self, of: &Value, (amount, currency): (&str, &str), confirmations: u32) {
        let body = json!({ "amount": amount, "currency": currency, "confirmations": confirmations });
        self.pay_named(link(of), &body);
    }

    /// Chooses a coin as a payer does, on the page.
    pub(crate) fn choose(&self, of: &Value, currency: &str, network: &str) {
        let id = self.native_invoice(of)["id"].as_str().unwrap().to_owned();
        let body = json!({ "currency": currency, "network": network });
        self.native.post(&format!("invoices/{id}/activate"), &body).data(200);
    }

    /// The invoice by the native API.
    pub(crate) fn native_invoice(&self, of: &Value) -> Value {
        let listed = self.native.get("invoices?limit=100").data(200);
        let is_it = |invoice: &&Value| invoice["checkout_url"] == of["invoice_url"];
        listed.as_array().unwrap().iter().find(is_it).unwrap_or_else(|| panic!("{listed}")).clone()
    }

    /// The payer's page.
    pub(crate) fn page(&self, of: &Value) -> String {
        self.read_page(&of["invoice_url"])
    }

    /// Cancels as a payer does, on the page.
    pub(crate) fn cancel_on_page(&self, of: &Value) {
        let answer = self.press_on(&of["invoice_url"], "cancel", "");
        assert_eq!(answer.status, 303, "{answer}");
    }

    /// Asserts that a callback is posted to the address as it was sent, and signed as Standard Webhooks says, keyed by the API
    /// key's bytes (B16).
    pub(crate) fn vouches_for(&self, webhook: &Webhook) {
        assert!(webhook.request_line.starts_with("POST /hook?shop=1 HTTP/1.1"), "{webhook:?}");
        assert_eq!(webhook.header("content-type"), "application/json");
        assert!(is_standard(webhook, "webhook", self.key.as_bytes()), "{webhook:?}");
        standard_webhooks_takes_raw(webhook, &self.key);
    }

    /// The documented example, for 60 dollars, told to this shop's receiver.
    pub(crate) fn order(&self) -> Value {
        json!({
            "currency_amount": 60, "currency_symbol": "USD", "customer_email": "customer@example.com",
            "time_for_payment": "02:00", "currencies": [1], "order_id": "#12325425",
            "order_description": "macbook air m3", "callback_url": self.receiver.url,
        })
    }
}

/// The payload of a success, after a look at its envelope (B2).
pub(crate) fn message(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer}");
    let body = envelope(answer);
    assert_eq!((&body["error"], &body["number"]), (&json!(false), &json!(0)), "{answer}");
    body["message"].clone()
}

/// The sentence of a failure, after a look at its envelope (B2, B16).
pub(crate) fn refusal(answer: &Answer, status: u16) -> String {
    assert_eq!(answer.status, status, "{answer}");
    let body = envelope(answer);
    assert_eq!((&body["error"], &body["number"]), (&json!(true), &json!(status)), "{answer}");
    let told = body["message"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    assert!(!told.is_empty(), "{answer}");
    told
}

fn envelope(answer: &Answer) -> Value {
    assert_eq!(answer.header("content-type"), Some("application/json"), "{answer}");
    let body = answer.json();
    assert_eq!(keys(&body), ["error", "message", "number"], "{answer}");
    body
}

pub(crate) fn link(of: &Value) -> &str {
    of["link"].as_str().unwrap_or_else(|| panic!("{of}"))
}
