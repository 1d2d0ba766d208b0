//! A shop with a credential of TX.Cash's API, and a payer with nothing but the invoice's id.

use crate::{
    contract::{
        http::{Answer, Ask, keys},
        receiver::Webhook,
    },
    dialects::{
        merchant::{self, Api, FORM},
        outside::standard_webhooks_takes_raw,
        signatures::is_standard,
    },
    eventually::eventually,
};
use serde_json::{Value, json};

/// Where a test credential's calls go.
pub(crate) const BASE: &str = "/invoice/v1/testnet";
/// Members that every invoice has.
const ALWAYS: [&str; 13] = [
    "account_name",
    "amount",
    "base_currency",
    "created_at",
    "expires_on",
    "id",
    "paid_amount",
    "payments",
    "prices",
    "status",
    "status_code",
    "updated_at",
    "url",
];
/// Members that an invoice has when the request had them.
const ECHOED: [&str; 7] = ["description", "fail_url", "meta_data1", "meta_data2", "name", "notify_url", "suceess_url"];

/// TX.Cash v1.
pub(crate) struct TxCash;

impl Api for TxCash {
    const NAME: &'static str = "txcash";
    const TELLS_BY_CREDENTIAL: bool = false;
}

/// A shop.
pub(crate) type Merchant = merchant::Merchant<TxCash>;

impl Merchant {
    pub(crate) fn ask(&self, ask: Ask) -> Answer {
        ask.header("Authorization", &format!("Bearer {}", self.key)).send(self.host())
    }

    pub(crate) fn post(&self, body: &Value) -> Answer {
        self.ask(Ask::post(&format!("{BASE}/invoice"), body))
    }

    /// Makes an invoice.
    pub(crate) fn create(&self, body: &Value) -> Value {
        checked(&self.post(body))
    }

    /// Makes one whose callbacks come to this shop's receiver.
    pub(crate) fn listening(&self, body: &Value) -> Value {
        let mut body = body.clone();
        body["callback_url"] = json!(self.receiver.url);
        self.create(&body)
    }

    /// The invoice as it is now.
    pub(crate) fn invoice(&self, of: &Value) -> Value {
        checked(&self.ask(Ask::get(&format!("{BASE}/invoice/{}", id(of)))))
    }

    /// Asserts that fields are refused with these codes.
    pub(crate) fn refuses(&self, body: &Value, problems: &[(&str, &str)]) {
        let answer = self.post(body);
        let told = told(&answer, 400);
        let told: Vec<(&str, &str)> = told.iter().map(|(field, code)| (field.as_str(), code.as_str())).collect();
        assert_eq!(told, problems, "{body}: {answer}");
    }

    /// Asks for an address as the vendor's page does: without a key.
    pub(crate) fn ask_address(&self, of: &Value, coin: &str) -> Answer {
        let path = format!("{BASE}/invoice/{}/payment/address", id(of));
        let form = format!("payment_currency={coin}");
        Ask::new("POST", &path).bytes(FORM, form.as_bytes()).header("Accept", "application/json").send(self.host())
    }

    /// Where to pay with a coin.
    pub(crate) fn address(&self, of: &Value, coin: &str) -> Value {
        let answer = self.ask_address(of, coin);
        assert_eq!(answer.status, 200, "{answer}");
        let address = answer.json();
        assert_eq!(keys(&address), ["address", "amount", "currency", "invoice_id"], "{answer}");
        assert_eq!((&address["invoice_id"], &address["currency"]), (&of["id"], &json!(coin)));
        address
    }

    /// Pays an amount of USDT on ethereum, by test mode.
    pub(crate) fn pay(&self, of: &Value, amount: &str, confirmations: u32) -> Value {
        self.pay_in(of, amount, ("USDT", "ethereum"), confirmations)
    }

    pub(crate) fn pay_in(&self, of: &Value, amount: &str, (code, network): (&str, &str), confirmations: u32) -> Value {
        let body = json!({ "amount": amount, "currency": code, "network": network, "confirmations": confirmations });
        self.pay_named(id(of), &body)
    }

    /// The next callback, after a look at its form and signature.
    pub(crate) fn callback(&self) -> Value {
        let webhook = self.receiver.next();
        self.vouches_for(&webhook);
        let invoice = webhook.json();
        check(&invoice);
        invoice
    }

    /// Waits until the invoice has this status.
    pub(crate) fn becomes(&self, of: &Value, status: &str) -> Value {
        eventually(status, || Some(self.invoice(of)).filter(|invoice| invoice["status"] == status))
    }

    /// What A8 and A10 say of every callback: JSON, posted to the address as it was sent, signed as Standard Webhooks has it,
    /// keyed by the API key's bytes.
    pub(crate) fn vouches_for(&self, webhook: &Webhook) {
        assert!(webhook.request_line.starts_with("POST /hook?shop=1 HTTP/1.1"), "{webhook:?}");
        assert_eq!(webhook.header("content-type"), "application/json");
        assert!(is_standard(webhook, "webhook", self.key.as_bytes()), "{webhook:?}");
        standard_webhooks_takes_raw(webhook, &self.key);
    }

    /// Presses a button of the hosted page, as a browser does.
    pub(crate) fn press(&self, of: &Value, action: &str, form: &str) -> Answer {
        self.press_on(&of["url"], action, form)
    }

    /// The hosted page.
    pub(crate) fn page(&self, of: &Value) -> String {
        self.read_page(&of["url"])
    }
}

/// A success: a bare invoice of documented members.
pub(crate) fn checked(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer}");
    assert_eq!(answer.header("content-type"), Some("application/json"), "{answer}");
    let invoice = answer.json();
    check(&invoice);
    invoice
}

fn check(invoice: &Value) {
    let mut names = keys(invoice);
    names.retain(|name| !ECHOED.contains(&name.as_str()));
    assert_eq!(names, ALWAYS, "{invoice}");
    for name in ["id", "url", "base_currency", "status", "created_at"] {
        assert!(invoice[name].is_string(), "{name}: {invoice}");
    }
    assert!(invoice["amount"].is_number() && invoice["paid_amount"].is_number(), "{invoice}");
    let statuses = ["pending", "paid", "under paid", "over paid", "expired", "cancelled"];
    let code = usize::try_from(invoice["status_code"].as_u64().unwrap()).unwrap();
    assert_eq!(invoice["status"], statuses[code], "{invoice}");
    for payment in invoice["payments"].as_array().unwrap() {
        assert_eq!(keys(payment), ["amount", "confirmation", "currency", "date", "explorer_url", "tx_hash"]);
        assert!(payment["amount"].is_number() && payment["confirmation"].is_u64(), "{payment}");
    }
    for price in invoice["prices"].as_array().unwrap() {
        assert_eq!(keys(price), ["amount", "currency", "network"]);
        assert!(price["amount"].is_number(), "{price}");
    }
    for name in ["created_at", "updated_at", "expires_on"] {
        assert!(seconds(&invoice[name]) > 0, "{name}: {invoice}");
    }
}

/// What an error says is wrong: field and code of each, after a look at its form (A7).
pub(crate) fn told(answer: &Answer, status: u16) -> Vec<(String, String)> {
    assert_eq!(answer.status, status, "{answer}");
    assert_eq!(answer.header("content-type"), Some("application/json"), "{answer}");
    let body = answer.json();
    assert_eq!(keys(&body), ["errors", "message"], "{answer}");
    assert!(!body["message"].as_str().unwrap().is_empty(), "{answer}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let problem = |problem: &Value| {
        assert_eq!(keys(problem), ["code", "description", "field", "resource"], "{answer}");
        assert_eq!(problem["resource"], "Invoice");
        assert!(problem["description"].as_str().unwrap().starts_with(problem["field"].as_str().unwrap()), "{answer}");
        (text(&problem["field"]), text(&problem["code"]))
    };
    body["errors"].as_array().unwrap().iter().map(problem).collect()
}

/// The id of an invoice.
pub(crate) fn id(of: &Value) -> &str {
    of["id"].as_str().unwrap_or_else(|| panic!("{of}"))
}

/// A moment's seconds, read as RFC 3339.
pub(crate) fn seconds(moment: &Value) -> i64 {
    let moment: jiff::Timestamp = moment.as_str().unwrap_or_else(|| panic!("{moment}")).parse().unwrap();
    moment.as_second()
}

/// Ten dollars for USDT on ethereum.
pub(crate) fn ten_dollars() -> Value {
    json!({ "amount": 10, "payment_currencies": "eth_usdt" })
}

/// Blocks after which money on ethereum is final.
pub(crate) const FINAL: u32 = 12;
