//! A shop that talks to a server: one merchant, one key, and short ways to say what shops say.

use super::{
    documented::{check_invoice, check_static_address},
    http::{Answer, Ask},
    server::{Server, movable, shared},
};
use serde_json::{Value, json};
use std::sync::MutexGuard;

/// A shop.
pub(crate) struct Shop<'s> {
    pub(crate) server: &'s Server,
    pub(crate) key: String,
    /// Empty for the demo's own shop.
    pub(crate) merchant: String,
    _turn: Option<MutexGuard<'static, ()>>,
}

/// A price in bitcoin.
pub(crate) fn half_a_bitcoin() -> Value {
    json!({ "amount": "0.5", "currency": "BTC" })
}

/// A price in dollars that leaves the choice to the payer.
pub(crate) fn ten_dollars() -> Value {
    json!({ "amount_fiat": "10.00" })
}

impl Shop<'static> {
    /// The demo's shop, which tests share.
    pub(crate) fn shared() -> Self {
        let server = shared();
        let key = server.demo["api_key"].as_str().unwrap().to_owned();
        Self { server, key, merchant: String::new(), _turn: None }
    }

    /// A shop of its own on the shared server.
    pub(crate) fn fresh() -> Self {
        Self::on(shared())
    }

    /// A shop of its own where chains and clock may be moved, in turn with others.
    pub(crate) fn moving() -> Self {
        let (server, turn) = movable();
        Self { _turn: Some(turn), ..Self::on(server) }
    }
}

impl<'s> Shop<'s> {
    /// A shop of its own on a server, with a test key.
    pub(crate) fn on(server: &'s Server) -> Self {
        let merchant = server.merchant();
        let key = server.key(&merchant, "test", "");
        Self { server, key, merchant, _turn: None }
    }

    /// The same shop with another key.
    pub(crate) fn with_key(&self, key: &str) -> Shop<'s> {
        Shop { server: self.server, key: key.to_owned(), merchant: self.merchant.clone(), _turn: None }
    }

    pub(crate) fn ask(&self, ask: Ask) -> Answer {
        self.server.ask(&ask.key(&self.key))
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask(Ask::get(&format!("/api/v1/{path}")))
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask(Ask::post(&format!("/api/v1/{path}"), body))
    }

    pub(crate) fn patch(&self, path: &str, body: &Value) -> Answer {
        self.ask(Ask::new("PATCH", &format!("/api/v1/{path}")).json(body))
    }

    pub(crate) fn delete(&self, path: &str) -> Answer {
        self.ask(Ask::new("DELETE", &format!("/api/v1/{path}")))
    }

    pub(crate) fn create(&self, body: &Value) -> Value {
        let invoice = self.post("invoices", body).data(201);
        check_invoice(&invoice);
        invoice
    }

    /// Asserts that an invoice is refused, with these details.
    pub(crate) fn refuses(&self, body: &Value, code: &str, details: &[&str]) {
        let answer = self.post("invoices", body);
        assert_eq!(answer.refusal(400, code), details, "{body}");
    }

    pub(crate) fn invoice(&self, of: &Value) -> Value {
        let invoice = self.get(&format!("invoices/{}", id(of))).data(200);
        check_invoice(&invoice);
        invoice
    }

    pub(crate) fn activate(&self, of: &Value, choice: &Value) -> Value {
        let invoice = self.post(&format!("invoices/{}/activate", id(of)), choice).data(200);
        check_invoice(&invoice);
        invoice
    }

    pub(crate) fn cancel(&self, of: &Value) -> Value {
        let invoice = self.post(&format!("invoices/{}/cancel", id(of)), &json!({})).data(200);
        check_invoice(&invoice);
        invoice
    }

    /// Pays an amount of the invoice's currency.
    pub(crate) fn pay(&self, of: &Value, amount: &str, confirmations: u32) -> Value {
        let body = json!({ "amount": amount, "confirmations": confirmations });
        self.post(&format!("test/invoices/{}/payments", id(of)), &body).data(201)
    }

    pub(crate) fn play(&self, of: &Value, scenario: &str) -> Value {
        self.post(&format!("test/invoices/{}/scenarios", id(of)), &json!({ "scenario": scenario })).data(201)
    }

    /// A new permanent address.
    pub(crate) fn address(&self, body: &Value) -> Value {
        let address = self.post("addresses", body).data(201);
        check_static_address(&address);
        address
    }

    /// The address as it is now.
    pub(crate) fn address_now(&self, of: &Value) -> Value {
        let address = self.get(&format!("addresses/{}", id(of))).data(200);
        check_static_address(&address);
        address
    }

    /// Pays an amount of the address's currency.
    pub(crate) fn deposit(&self, to: &Value, amount: &str, confirmations: u32) -> Value {
        let body = json!({ "amount": amount, "confirmations": confirmations });
        self.post(&format!("test/addresses/{}/payments", id(to)), &body).data(201)
    }

    /// The invoices of an address's deposits, newest first.
    pub(crate) fn deposits(&self, of: &Value) -> Vec<Value> {
        let invoices = self.get(&format!("addresses/{}/invoices?limit=100", id(of))).data(200);
        let invoices = invoices.as_array().unwrap().clone();
        invoices.iter().for_each(check_invoice);
        invoices
    }

    pub(crate) fn mine(&self, network: &str, count: u32) -> Value {
        self.post(&format!("test/networks/{network}/blocks"), &json!({ "count": count })).data(201)
    }

    pub(crate) fn reorganise(&self, network: &str, depth: u32, drop: &[&str]) -> Value {
        self.post(&format!("test/networks/{network}/reorg"), &json!({ "depth": depth, "drop": drop })).data(200)
    }

    pub(crate) fn advance(&self, seconds: i64) -> Value {
        self.post("test/clock/advance", &json!({ "seconds": seconds })).data(200)
    }

    /// The whole feed, read in pages.
    pub(crate) fn feed(&self) -> Vec<Value> {
        let mut items = Vec::new();
        let mut after = 0;
        loop {
            let page = self.get(&format!("events?after={after}&limit=100")).success(200);
            items.extend(page["data"].as_array().unwrap().iter().cloned());
            after = page["meta"]["next_after"].as_u64().unwrap();
            if page["meta"]["has_more"] == false {
                return items;
            }
        }
    }

    /// The names of an invoice's events, in order, without their common beginning.
    pub(crate) fn told(&self, of: &Value) -> Vec<String> {
        let feed = self.feed();
        let of_invoice = feed.iter().filter(|item| item["data"]["invoice_id"] == of["id"]);
        of_invoice.map(|item| item["event"].as_str().unwrap().strip_prefix("invoice.").unwrap().to_owned()).collect()
    }

    /// How many invoices the shop has.
    pub(crate) fn total(&self) -> u64 {
        self.get("invoices?limit=1").success(200)["meta"]["pagination"]["total"].as_u64().unwrap()
    }

    /// Makes an endpoint and answers it with its secret.
    pub(crate) fn endpoint(&self, body: &Value) -> Value {
        self.post("webhook-endpoints", body).data(201)
    }
}

/// The id of a resource.
pub(crate) fn id(of: &Value) -> &str {
    of["id"].as_str().unwrap_or_else(|| panic!("{of}"))
}

/// A body with one more field.
pub(crate) fn with(base: &Value, name: &str, value: impl Into<Value>) -> Value {
    let mut body = base.clone();
    body[name] = value.into();
    body
}
