//! A shop that speaks the native API to the router of a real gateway.

use axum::{Router, body::Body, http::Request};
use farthing_dialects::native::api_keys::Permission;
use farthing_domain::id::{Environment, Owner};
use farthing_sim::world::World;
use farthing_web::{edge::PeerAddr, router, settings::WebSettings};
use http_body_util::BodyExt;
use hyper::HeaderMap;
use serde_json::Value;
use std::{net::SocketAddr, sync::Arc};
use tower::ServiceExt;

/// A price that can be quoted at once.
pub(crate) const HALF_BITCOIN: &str = r#"{"currency":"BTC","amount":"0.5"}"#;

/// Settings without limits.
pub(crate) fn unlimited() -> WebSettings {
    WebSettings { requests_per_minute: 0, public_per_minute: 0, allow_http_webhooks: true, ..WebSettings::default() }
}

/// An answer as a client sees it.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// The body as JSON; null where it is none.
    pub(crate) json: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    pub(crate) fn code(&self) -> &str {
        self.json["error"]["code"].as_str().unwrap_or_default()
    }

    /// The value at `data`.
    pub(crate) fn data(&self) -> &Value {
        assert!(self.json["data"] != Value::Null, "{self:?}");
        &self.json["data"]
    }
}

/// A merchant with a test key, and the router it speaks to.
pub(crate) struct Shop {
    pub(crate) world: World,
    pub(crate) app: Router,
    pub(crate) owner: Owner,
    pub(crate) key: String,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        Self::with(unlimited()).await
    }

    pub(crate) async fn with(settings: WebSettings) -> Self {
        Self::in_world(World::new().await.expect("a world"), settings).await
    }

    /// A merchant of a world that is there.
    pub(crate) async fn in_world(world: World, settings: WebSettings) -> Self {
        let owner = world.merchant().await.expect("a merchant");
        let app = router(Arc::clone(&world.gateway), settings);
        let key = world.key(owner.merchant, owner.environment).await.expect("a key").reveal().to_owned();
        Self { world, app, owner, key }
    }

    /// A key of this merchant with these permissions.
    pub(crate) async fn key(&self, environment: Environment, permissions: &[Permission]) -> String {
        let made = self.world.gateway.create_api_key(self.owner.merchant, environment, permissions).await;
        made.expect("a key").1.reveal().to_owned()
    }

    /// Another merchant's key of the test environment with all permissions.
    pub(crate) async fn somebody_elses_key(&self) -> String {
        let other = self.world.merchant().await.expect("a merchant");
        self.world.key(other.merchant, Environment::Test).await.expect("a key").reveal().to_owned()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[("X-API-Key", &self.key)], "").await
    }

    pub(crate) async fn post(&self, path: &str, body: impl Into<Body>) -> Answer {
        let headers = [("X-API-Key", self.key.as_str()), ("Content-Type", "application/json")];
        self.ask("POST", path, &headers, body).await
    }

    /// Any request, with these headers and no others.
    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(body.into()).expect("a request")).await
    }

    /// A request, from this machine where it says nothing else.
    pub(crate) async fn send(&self, mut request: Request<Body>) -> Answer {
        if request.extensions().get::<PeerAddr>().is_none() {
            request.extensions_mut().insert(PeerAddr(SocketAddr::from(([127, 0, 0, 1], 40_000))));
        }
        let response = self.app.clone().oneshot(request).await.expect("an answer");
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        let text = String::from_utf8(bytes.to_vec()).expect("text");
        let json = serde_json::from_str(&text).unwrap_or_default();
        Answer { status: head.status.as_u16(), headers: head.headers, text, json }
    }

    /// A new invoice.
    pub(crate) async fn invoice(&self, body: &str) -> Value {
        let answer = self.post("/api/v1/invoices", body.to_owned()).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.data().clone()
    }

    /// A new invoice's id.
    pub(crate) async fn invoice_id(&self, body: &str) -> String {
        self.invoice(body).await["id"].as_str().expect("an id").to_owned()
    }

    /// A new permanent address's id.
    pub(crate) async fn address_id(&self, body: &str) -> String {
        let answer = self.post("/api/v1/addresses", body.to_owned()).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.data()["id"].as_str().expect("an id").to_owned()
    }

    /// A new webhook endpoint's id.
    pub(crate) async fn endpoint_id(&self) -> String {
        let answer = self.post("/api/v1/webhook-endpoints", r#"{"url":"https://shop.example/hooks"}"#).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.data()["id"].as_str().expect("an id").to_owned()
    }

    /// A test delivery to that endpoint.
    pub(crate) async fn delivery_id(&self, endpoint: &str) -> String {
        let answer = self.post(&format!("/api/v1/webhook-endpoints/{endpoint}/test"), "").await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.data()["id"].as_str().expect("an id").to_owned()
    }
}
