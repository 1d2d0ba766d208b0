//! Who asks: a shop with things of its own, and a stranger whose things must stay unseen and untouched.

use super::{
    dialects::{self, Credentials, Things},
    request::{Key, Request},
};
use crate::{client::Client, program::text};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::net::SocketAddr;

/// Invoices of the stranger.
const STRANGERS_INVOICES: usize = 20;
/// A good body of each form, by the end of its path, where the document's own example would not be taken twice.
const FORM: &str = "application/x-www-form-urlencoded";

/// A route to ask.
#[derive(Debug, Clone)]
pub(super) struct Route {
    method: String,
    template: String,
    /// What is asked for in the query.
    parameters: Vec<(String, String)>,
    content_type: &'static str,
    body: String,
}

impl Route {
    pub(super) fn of(method: &str, template: &str, content_type: &'static str, body: String) -> Self {
        let (method, template) = (method.to_owned(), template.to_owned());
        Self { method, template, parameters: Vec::new(), content_type, body }
    }

    /// The route with a query.
    pub(super) fn with(mut self, parameters: &[(&str, &str)]) -> Self {
        self.parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self
    }
}

/// Every documented route with the example of its body, and those that are not in the document.
pub(super) async fn routes(client: &mut Client) -> Result<Vec<Route>> {
    let document = client.call("GET", "/openapi.json", "", 200).await?;
    let paths = document.get("paths").and_then(Value::as_object).context("no paths in the document")?;
    let mut routes = Vec::new();
    for (template, item) in paths {
        for (method, operation) in item.as_object().context("no operations")? {
            routes.push(documented(&document, template, method, operation));
        }
    }
    ensure!(routes.len() >= 23, "{} routes are documented", routes.len());
    for (method, template, body) in [
        ("GET", "/pay/{token}", ""),
        ("GET", "/pay/{token}/events", ""),
        ("POST", "/pay/{token}/activate", "currency=BTC&network=bitcoin"),
        ("POST", "/pay/{token}/cancel", ""),
        ("POST", "/pay/{token}/simulate", "payment=exact"),
        ("GET", "/", ""),
        ("GET", "/docs", ""),
        ("GET", "/openapi.json", ""),
        ("GET", "/healthz", ""),
        ("GET", "/readyz", ""),
        ("GET", "/metrics", ""),
    ] {
        routes.push(Route::of(method, template, FORM, body.to_owned()));
    }
    routes.extend(dialects::routes());
    Ok(routes)
}

fn documented(document: &Value, template: &str, method: &str, operation: &Value) -> Route {
    let parameters = operation.get("parameters").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let in_query = parameters.iter().filter(|parameter| parameter.get("in").is_some_and(|place| place == "query"));
    let named = in_query.filter_map(|parameter| {
        let value = parameter.get("example").or_else(|| parameter.pointer("/schema/default")).map(plain);
        Some((parameter.get("name")?.as_str()?.to_owned(), value.unwrap_or_default()))
    });
    let media = operation.pointer("/requestBody/content/application~1json");
    let schema = media.and_then(|media| media.pointer("/schema/$ref")).and_then(Value::as_str);
    let schema = schema.and_then(|path| document.pointer(path.trim_start_matches('#')));
    let example =
        media.and_then(|media| media.get("example")).or_else(|| schema.and_then(|schema| schema.get("example")));
    Route {
        method: method.to_uppercase(),
        template: template.to_owned(),
        parameters: named.collect(),
        content_type: "application/json",
        body: example.map(Value::to_string).unwrap_or_default(),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// How a merchant shows who it is: its key of the native API, and its credentials of the others.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    pub(super) native: String,
    pub(super) credentials: Credentials,
}

/// Things that a shop's good requests name.
pub(super) struct Shop {
    things: Things,
    invoice: String,
    token: String,
    endpoint: String,
    delivery: String,
}

impl Shop {
    /// Makes new ones.
    pub(super) async fn open(address: SocketAddr, keys: &Keys) -> Result<Self> {
        // Before the connection: the server closes one that says nothing for long.
        let things = Things::make(address, &keys.credentials, "tea").await?;
        let mut client = Client::connect(address, &keys.native).await?;
        let invoice = r#"{"currency":"BTC","amount":"0.5"}"#;
        let invoice = client.call("POST", "/api/v1/invoices", invoice, 201).await?;
        let page = text(&invoice, "/data/checkout_url")?;
        // Nobody listens on the discard port.
        let endpoint = json!({"url": "http://127.0.0.1:9/"}).to_string();
        let endpoint = client.call("POST", "/api/v1/webhook-endpoints", &endpoint, 201).await?;
        let endpoint = text(&endpoint, "/data/id")?;
        let test = format!("/api/v1/webhook-endpoints/{endpoint}/test");
        let delivery = client.call("POST", &test, "", 201).await?;
        let token = page.rsplit('/').next().unwrap_or_default().to_owned();
        let (invoice, delivery) = (text(&invoice, "/data/id")?, text(&delivery, "/data/id")?);
        Ok(Self { things, invoice, token, endpoint, delivery })
    }

    /// Removes every endpoint, of which a merchant may have a few only.
    pub(super) async fn close(self, address: SocketAddr, keys: &Keys) -> Result<()> {
        let mut client = Client::connect(address, &keys.native).await?;
        let list = client.call("GET", "/api/v1/webhook-endpoints?limit=100", "", 200).await?;
        let all = list.get("data").and_then(Value::as_array).context("no endpoints")?;
        // Those of the other workers stay as long as there is room.
        let surplus = all.iter().filter_map(|endpoint| endpoint.get("id")?.as_str());
        for id in surplus.skip(10).chain([self.endpoint.as_str()]) {
            client.ask("DELETE", &format!("/api/v1/webhook-endpoints/{id}"), "").await?;
        }
        Ok(())
    }

    /// A good request to a route.
    pub(super) fn request(&self, route: &Route, keys: &Keys) -> Request {
        let id = if route.template.contains("webhook-endpoints") { &self.endpoint } else { &self.invoice };
        let path = route.template.replace("{id}", id).replace("{delivery}", &self.delivery);
        let path = path.replace("{network}", "bitcoin").replace("{token}", &self.token);
        let path = self.things.in_path(&path);
        let query: Vec<_> = route.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let target = if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) };
        let mut request = Request::new(&route.method, target, route.body.clone());
        match keys.credentials.for_path(&route.template) {
            Some(key) => key.unlock(&mut request),
            None => Key::Plain(keys.native.clone()).unlock(&mut request),
        }
        if !request.body.is_empty() {
            request.header("Content-Type", route.content_type);
        }
        request
    }
}

/// Another merchant.
#[derive(Debug, Clone)]
pub(super) struct Stranger {
    /// In every text of its own; in no answer to anybody else.
    pub(super) word: String,
    /// Of its invoices, endpoints and deliveries: anybody may name them.
    ids: Vec<String>,
    /// As secret as a page's address, which they are: to who has a key they open nothing, and the page is not asked for by them.
    page_ids: Vec<String>,
    invoices: Vec<Value>,
    endpoints: Vec<Value>,
}

impl Stranger {
    /// Makes its things.
    pub(super) async fn settle(address: SocketAddr, keys: &Keys) -> Result<Self> {
        // Part of a random key, so that no request contains it by chance.
        let word: String = format!("canary{}", keys.native.chars().rev().take(16).collect::<String>());
        let (mut ids, page_ids) = Things::make(address, &keys.credentials, &word).await?.ids();
        let client = &mut Client::connect(address, &keys.native).await?;
        for number in 0..STRANGERS_INVOICES {
            let body = json!({
                "currency": "BTC", "amount": "0.25", "description": word, "external_id": format!("{word}-{number}"),
                "idempotency_key": format!("{word}-{number}"), "metadata": {word.as_str(): word}, "customer_email": format!("{word}@shop.example"),
                "redirect_url": format!("https://shop.example/{word}"),
            });
            let invoice = client.call("POST", "/api/v1/invoices", &body.to_string(), 201).await?;
            ids.push(text(&invoice, "/data/id")?);
        }
        let endpoint = json!({"url": format!("http://127.0.0.1:9/{word}")}).to_string();
        let endpoint = client.call("POST", "/api/v1/webhook-endpoints", &endpoint, 201).await?;
        let endpoint = text(&endpoint, "/data/id")?;
        let delivery = client.call("POST", &format!("/api/v1/webhook-endpoints/{endpoint}/test"), "", 201).await?;
        ids.push(text(&delivery, "/data/id")?);
        ids.push(endpoint);
        let (invoices, endpoints) = look(client).await?;
        Ok(Self { word, ids, page_ids, invoices, endpoints })
    }

    /// Ids of its things that a request may name.
    pub(super) fn ids_for(&self, request: &Request) -> Vec<String> {
        let is_of_payers = request.target.starts_with("/pay/") || request.target.contains("/payment/address");
        let page_ids = if is_of_payers { &[] } else { self.page_ids.as_slice() };
        self.ids.iter().chain(page_ids).cloned().collect()
    }

    /// Its things are as they were.
    pub(super) async fn is_untouched(&self, client: &mut Client) -> Result<()> {
        let (invoices, endpoints) = look(client).await?;
        ensure!(invoices == self.invoices, "another merchant's invoices changed: {invoices:?}");
        ensure!(endpoints == self.endpoints, "another merchant's endpoints changed: {endpoints:?}");
        Ok(())
    }
}

/// Invoices without what time changes, and endpoints.
async fn look(client: &mut Client) -> Result<(Vec<Value>, Vec<Value>)> {
    let mut lists = Vec::new();
    for path in ["/api/v1/invoices?limit=100", "/api/v1/webhook-endpoints?limit=100"] {
        let list = client.call("GET", path, "", 200).await?;
        let mut rows = list.get("data").and_then(Value::as_array).context("no list")?.clone();
        for row in &mut rows {
            let fields = row.as_object_mut().context("a row that is no object")?;
            // The clock of the test environment is everybody's, and invoices expire by it.
            for field in ["status", "updated_at", "expired_at"] {
                fields.remove(field);
            }
        }
        lists.push(rows);
    }
    let endpoints = lists.pop().unwrap_or_default();
    Ok((lists.pop().unwrap_or_default(), endpoints))
}
