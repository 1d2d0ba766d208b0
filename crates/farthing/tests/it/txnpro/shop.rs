//! A shop with a credential of txn.pro's API: it speaks JSON:API with a bearer key, and nothing else.

use super::json_api::{is_a_document, is_whole};
use crate::{
    contract::{
        http::{Answer, Ask},
        receiver::Webhook,
    },
    dialects::{
        merchant::{self, Api},
        outside::{json_api_takes, svix_takes},
        signatures::{is_standard, key_of},
    },
};
use serde_json::{Value, json};

/// The media type (B.1).
pub(crate) const MEDIA_TYPE: &str = "application/vnd.api+json";

/// txn.pro v1.
pub(crate) struct TxnPro;

impl Api for TxnPro {
    const NAME: &'static str = "txnpro";
    const TELLS_BY_CREDENTIAL: bool = true;
}

/// A shop.
pub(crate) type Merchant = merchant::Merchant<TxnPro>;

impl Merchant {
    /// Sends bytes, as JSON:API.
    pub(crate) fn ask(&self, method: &'static str, path: &str, body: &[u8]) -> Answer {
        self.send(Ask::new(method, &format!("/api/public/v1{path}")).bytes(MEDIA_TYPE, body))
    }

    /// Sends a request with the key.
    pub(crate) fn send(&self, ask: Ask) -> Answer {
        ask.header("Authorization", &format!("Bearer {}", self.key)).send(self.host())
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path, body.to_string().as_bytes())
    }

    /// Reads a document, after a look at its form.
    pub(crate) fn get(&self, path: &str) -> Value {
        document(&self.read(path), 200)
    }

    pub(crate) fn read(&self, path: &str) -> Answer {
        self.send(Ask::get(&format!("/api/public/v1{path}")))
    }

    /// Makes an invoice of these attributes and answers its document.
    pub(crate) fn create(&self, attributes: &Value) -> Value {
        document(&self.post("/invoices", &invoices(attributes)), 201)
    }

    /// An invoice as it is now.
    pub(crate) fn invoice(&self, of: &Value) -> Value {
        self.get(&format!("/invoices/{}", id(of)))
    }

    /// The three words of an invoice as it is now.
    pub(crate) fn status(&self, of: &Value) -> [String; 3] {
        triple(&self.invoice(of))
    }

    /// Asserts that a call is refused with these errors, as status, code and title.
    pub(crate) fn refuses(&self, path: &str, body: &Value, errors: &[(u16, &str, &str)]) {
        refused(&self.post(path, body), errors);
    }

    /// Pays an amount of the invoice's currency.
    pub(crate) fn pay(&self, of: &Value, amount: &str, confirmations: u32) {
        self.native.pay(&json!({ "id": id(of) }), amount, confirmations);
    }

    /// The next callback, after a look at its headers, signature and form.
    pub(crate) fn callback(&self) -> Value {
        let webhook = self.receiver.next();
        self.vouches_for(&webhook);
        let body = webhook.json();
        is_a_document(&body);
        is_whole(&body);
        body
    }

    /// Asserts what B.11 says of every webhook.
    pub(crate) fn vouches_for(&self, webhook: &Webhook) {
        assert!(webhook.request_line.starts_with("POST /hook?shop=1 HTTP/1.1"), "{webhook:?}");
        assert_eq!(webhook.header("content-type"), "application/json");
        assert!(is_standard(webhook, "svix", &key_of(&self.secret)), "{webhook:?}");
        svix_takes(webhook, &self.secret);
        let text = String::from_utf8(webhook.body.clone()).unwrap();
        assert_eq!(text, alphabetical(&webhook.json()), "keys are in alphabetical order");
        assert!(webhook.json().get("jsonapi").is_none(), "{text}");
    }
}

/// A value with its keys in alphabetical order, without blanks.
fn alphabetical(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort();
            let members: Vec<String> =
                names.iter().map(|name| format!("\"{name}\":{}", alphabetical(&members[*name]))).collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(alphabetical).collect::<Vec<_>>().join(",")),
        plain => plain.to_string(),
    }
}

/// The document of a success, after a look at its form.
pub(crate) fn document(answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{answer}");
    assert_eq!(answer.header("content-type"), Some(MEDIA_TYPE), "{answer}");
    let body = answer.json();
    is_a_document(&body);
    assert_eq!(body["jsonapi"], json!({ "version": "1.0" }), "{answer}");
    assert!(body["meta"].is_object(), "{answer}");
    body
}

/// Asserts a refusal with these errors, as status, code and title; the status of the answer is the first one's.
pub(crate) fn refused(answer: &Answer, errors: &[(u16, &str, &str)]) {
    assert_eq!(answer.header("content-type"), Some(MEDIA_TYPE), "{answer}");
    let body = answer.json();
    assert_eq!(body.as_object().map(serde_json::Map::len), Some(1), "{answer}");
    let told = body["errors"].as_array().unwrap_or_else(|| panic!("{answer}"));
    // But for this API's own numbers as statuses (B.2), an error is JSON:API's.
    let mut by_schema = body.clone();
    for error in by_schema["errors"].as_array_mut().unwrap() {
        error["status"] = json!(error["status"].to_string());
    }
    json_api_takes(&by_schema);
    let short: Vec<(u64, &str, &str)> = told
        .iter()
        .map(|error| {
            assert!(error.get("detail").is_none_or(Value::is_string), "{answer}");
            (error["status"].as_u64().unwrap(), error["code"].as_str().unwrap(), error["title"].as_str().unwrap())
        })
        .collect();
    let expected: Vec<(u64, &str, &str)> =
        errors.iter().map(|(status, code, title)| (u64::from(*status), *code, *title)).collect();
    assert_eq!(short, expected, "{answer}");
    assert_eq!(answer.status, errors[0].0, "{answer}");
}

/// A request for an invoice.
pub(crate) fn invoices(attributes: &Value) -> Value {
    json!({ "data": { "type": "invoices", "attributes": attributes } })
}

/// What the seed asks for.
pub(crate) fn seed(reference: &str) -> Value {
    json!({
        "billedCurrency": "usd", "reference": reference, "network": "TTRX:USDT", "amountBilled": "100",
        "chargedCurrency": "USDT",
    })
}

/// The id of a document's resource.
pub(crate) fn id(document: &Value) -> &str {
    document["data"]["id"].as_str().unwrap_or_else(|| panic!("{document}"))
}

/// `status`, `statusContext`, `paymentStatus`.
pub(crate) fn triple(document: &Value) -> [String; 3] {
    ["status", "statusContext", "paymentStatus"]
        .map(|name| document["data"]["attributes"][name].as_str().unwrap_or_else(|| panic!("{document}")).to_owned())
}

/// The included resources of a type.
pub(crate) fn included<'d>(document: &'d Value, kind: &str) -> Vec<&'d Value> {
    document["included"].as_array().unwrap().iter().filter(|resource| resource["type"] == kind).collect()
}
