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
pub(super) const FORM: &str = "application/x-www-form-urlencoded";
/// Stands in a body for a reference that nothing has yet.
pub(super) const NEW: &str = "{new}";

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

    /// Whether nothing that is asked of it is ever done.
    pub(super) fn is_always_refused(&self) -> bool {
        let whole = format!("{} {}", self.method, self.template);
        ALWAYS_REFUSED.iter().any(|part| whole.contains(part))
    }

    /// The route with a query.
    pub(super) fn with(mut self, parameters: &[(&str, &str)]) -> Self {
        self.parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self
    }
}

/// What a gateway without private keys, or without such an environment, refuses however it is asked.
const ALWAYS_REFUSED: [&str; 12] = [
    "/api/v2/withdrawal/",
    "/api/v2/exchange/",
    "/api/v2/futures/",
    "/api/public/v1/accounts/{account}/",
    "/api/public/v1/exchange/rate",
    "/api/public/v1/exchange/quotes/",
    "/api/public/v1/payouts/{record}",
    "/api/public/v1/payment_links/",
    "POST /api/public/v1/exchange/quotes",
    "POST /api/public/v1/payouts",
    "POST /api/public/v1/payment_links",
    "/mainnet/",
];

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
        ("POST", "/pay/{token}/activate", "asset=BTC.bitcoin"),
        ("POST", "/pay/{token}/cancel", ""),
        ("POST", "/pay/{token}/simulate", "play=exact"),
        ("GET", "/docs", ""),
        ("GET", "/docs/docs.css", ""),
        ("GET", "/openapi.json", ""),
        ("GET", "/healthz", ""),
        ("GET", "/readyz", ""),
        ("GET", "/metrics", ""),
    ] {
        routes.push(Route::of(method, template, FORM, body.to_owned()));
    }
    routes.extend(dialects::routes()?);
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

/// A merchant, and how it shows who it is: its key of the native API, and its credentials of the others.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    pub(super) merchant: String,
    pub(super) native: String,
    pub(super) credentials: Credentials,
}

impl Keys {
    /// What a request below a path is made with.
    pub(super) fn for_path(&self, path: &str) -> Key {
        self.credentials.for_path(path).cloned().unwrap_or_else(|| Key::Plain(self.native.clone()))
    }
}

/// Things that a shop's good requests name.
pub(super) struct Shop {
    things: Things,
    /// An invoice that can be paid, and one on which a coin is to be chosen: their ids and their pages.
    payable: (String, String),
    open: (String, String),
    address: String,
    endpoint: String,
    delivery: String,
    /// How many references were new so far.
    references: u64,
}

impl Shop {
    /// Makes new ones.
    pub(super) async fn open(address: SocketAddr, keys: &Keys) -> Result<Self> {
        // Before the connection: the server closes one that says nothing for long.
        let things = Things::make(address, keys, "tea").await?.with_deposit(address, keys).await?;
        let mut client = Client::connect(address, &keys.native).await?;
        let payable = invoice(&mut client, r#"{"currency":"BTC","amount":"0.5"}"#).await?;
        let open = invoice(&mut client, r#"{"amount_fiat":"5"}"#).await?;
        let permanent = client.call("POST", "/api/v1/addresses", r#"{"currency":"BTC"}"#, 201).await?;
        // Nobody listens on the discard port.
        let endpoint = json!({"url": "http://127.0.0.1:9/"}).to_string();
        let endpoint = client.call("POST", "/api/v1/webhook-endpoints", &endpoint, 201).await?;
        let endpoint = text(&endpoint, "/data/id")?;
        let test = format!("/api/v1/webhook-endpoints/{endpoint}/test");
        let delivery = client.call("POST", &test, "", 201).await?;
        let (address, delivery) = (text(&permanent, "/data/id")?, text(&delivery, "/data/id")?);
        Ok(Self { things, payable, open, address, endpoint, delivery, references: 0 })
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
    pub(super) fn request(&mut self, route: &Route, keys: &Keys) -> Result<Request> {
        let is_native = keys.credentials.for_path(&route.template).is_none();
        let path = if is_native { self.native_path(&route.template) } else { self.things.placed_in(&route.template) };
        ensure!(!path.contains('{'), "nobody wrote down what stands in {path}");
        self.references = self.references.saturating_add(1);
        let new = format!("{}-{}", self.things.placed_in("{foreign_id}"), self.references);
        let body = self.things.placed_in(&route.body).replace(NEW, &new);
        let query: Vec<_> = route.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let target = if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) };
        let mut request = Request::new(&route.method, target, body);
        keys.for_path(&route.template).unlock(&mut request);
        if !request.body.is_empty() {
            request.header("Content-Type", route.content_type);
        }
        let invoices = [&self.payable.0, &self.payable.1, &self.open.0, &self.open.1];
        let own = invoices.into_iter().chain([&self.address, &self.endpoint, &self.delivery]);
        request.names = own.chain(self.things.names()).cloned().collect();
        Ok(request)
    }

    fn native_path(&self, template: &str) -> String {
        let of = |resource: &str| template.contains(resource);
        let (invoice, token) = if of("/activate") { &self.open } else { &self.payable };
        // The page of another API's invoice, which its payer may cancel.
        let cancellable = self.things.placed_in("{token}");
        let token = if of("/pay/{token}/cancel") { &cancellable } else { token };
        let id = match (of("webhook-endpoints"), of("addresses")) {
            (true, _) => &self.endpoint,
            (false, true) => &self.address,
            (false, false) => invoice,
        };
        let named = [("{id}", id.as_str()), ("{delivery}", &self.delivery), ("{token}", token)];
        let named = named.into_iter().chain([("{network}", "bitcoin")]);
        named.fold(template.to_owned(), |path, (place, name)| path.replace(place, name))
    }
}

/// A new invoice's id, and the secret part of its page's address.
async fn invoice(client: &mut Client, body: &str) -> Result<(String, String)> {
    let made = client.call("POST", "/api/v1/invoices", body, 201).await?;
    let page = text(&made, "/data/checkout_url")?;
    Ok((text(&made, "/data/id")?, page.rsplit('/').next().unwrap_or_default().to_owned()))
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
    /// Its invoices, permanent addresses and endpoints.
    lists: Vec<Value>,
}

impl Stranger {
    /// Makes its things.
    pub(super) async fn settle(address: SocketAddr, keys: &Keys) -> Result<Self> {
        // Part of a random key, so that no request contains it by chance.
        let word: String = format!("canary{}", keys.native.chars().rev().take(16).collect::<String>());
        let (mut ids, page_ids) = Things::make(address, keys, &word).await?.ids();
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
        let permanent = json!({"currency": "BTC", "label": word}).to_string();
        let permanent = client.call("POST", "/api/v1/addresses", &permanent, 201).await?;
        ids.push(text(&permanent, "/data/id")?);
        let endpoint = json!({"url": format!("http://127.0.0.1:9/{word}")}).to_string();
        let endpoint = client.call("POST", "/api/v1/webhook-endpoints", &endpoint, 201).await?;
        let endpoint = text(&endpoint, "/data/id")?;
        let delivery = client.call("POST", &format!("/api/v1/webhook-endpoints/{endpoint}/test"), "", 201).await?;
        ids.push(text(&delivery, "/data/id")?);
        ids.push(endpoint);
        let lists = look(client).await?;
        Ok(Self { word, ids, page_ids, lists })
    }

    /// Ids of its things that a request may name.
    pub(super) fn ids_for(&self, request: &Request) -> Vec<String> {
        let is_of_payers = request.target.starts_with("/pay/") || request.target.contains("/payment/address");
        let page_ids = if is_of_payers { &[] } else { self.page_ids.as_slice() };
        self.ids.iter().chain(page_ids).cloned().collect()
    }

    /// Its things are as they were.
    pub(super) async fn is_untouched(&self, client: &mut Client) -> Result<()> {
        let lists = look(client).await?;
        ensure!(lists == self.lists, "another merchant's things changed: {lists:?}");
        Ok(())
    }
}

/// Invoices without what time changes, permanent addresses, and endpoints.
async fn look(client: &mut Client) -> Result<Vec<Value>> {
    let mut lists = Vec::new();
    for resource in ["invoices", "addresses", "webhook-endpoints"] {
        let list = client.call("GET", &format!("/api/v1/{resource}?limit=100"), "", 200).await?;
        let mut rows = list.get("data").and_then(Value::as_array).context("no list")?.clone();
        for row in &mut rows {
            let fields = row.as_object_mut().context("a row that is no object")?;
            // The clock of the test environment is everybody's, and invoices expire by it.
            for field in ["status", "updated_at", "expired_at"] {
                fields.remove(field);
            }
        }
        lists.push(Value::Array(rows));
    }
    Ok(lists)
}
