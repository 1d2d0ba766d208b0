//! Who may call what: every route of the document, which is made from the route table, against every kind of key.

use crate::native::{Answer, HALF_BITCOIN, Shop};
use farthing_dialects::native::api_keys::Permission;
use farthing_domain::id::{ApiKeyId, Environment};
use serde_json::Value;

/// A route as the document describes it.
struct Route {
    method: String,
    template: String,
    operation: String,
    permission: Option<Permission>,
    is_test_only: bool,
}

impl Route {
    /// Whether the path names something that belongs to somebody.
    fn names_a_resource(&self) -> bool {
        self.template.contains("{id}")
    }

    /// A body that is valid for it.
    fn body(&self) -> &'static str {
        match self.operation.as_str() {
            "createInvoice" => HALF_BITCOIN,
            "createWebhookEndpoint" => r#"{"url":"https://shop.example/hooks"}"#,
            "updateWebhookEndpoint" => r#"{"events":["invoice.paid"]}"#,
            "createAddress" => r#"{"currency":"BTC"}"#,
            "payTestInvoice" | "payTestAddress" => r#"{"amount":"0.1"}"#,
            "playScenario" => r#"{"scenario":"exact"}"#,
            "reorganiseTestNetwork" => r#"{"depth":1}"#,
            "advanceTestClock" => r#"{"seconds":1}"#,
            _ => "",
        }
    }
}

async fn routes(shop: &Shop) -> Vec<Route> {
    let document = shop.ask("GET", "/openapi.json", &[], "").await;
    let mut routes = Vec::new();
    for (template, item) in document.json["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let permission = operation["security"][0]["X-API-Key"][0].as_str();
            routes.push(Route {
                method: method.to_uppercase(),
                template: template.clone(),
                operation: operation["operationId"].as_str().expect("an id").to_owned(),
                permission: permission.map(|name| name.parse().expect("a permission")),
                is_test_only: operation["x-test-keys-only"] == Value::Bool(true),
            });
        }
    }
    assert!(routes.len() >= 28, "{}", routes.len());
    routes
}

/// Things of the shop that routes can name.
struct Things {
    invoice: String,
    address: String,
    endpoint: String,
    delivery: String,
}

impl Things {
    async fn of(shop: &Shop) -> Self {
        let invoice = shop.invoice_id(HALF_BITCOIN).await;
        let address = shop.address_id(r#"{"currency":"BTC"}"#).await;
        let endpoint = shop.endpoint_id().await;
        let delivery = shop.delivery_id(&endpoint).await;
        Self { invoice, address, endpoint, delivery }
    }

    /// Whether a text names one of them that lists show.
    fn are_in(&self, text: &str) -> bool {
        [&self.invoice, &self.address].iter().any(|id| text.contains(id.as_str()))
    }

    fn path(&self, route: &Route) -> String {
        let of = |resource: &str| route.template.contains(resource);
        let id = match (of("webhook-endpoints"), of("addresses")) {
            (true, _) => &self.endpoint,
            (_, true) => &self.address,
            (false, false) => &self.invoice,
        };
        route.template.replace("{id}", id).replace("{delivery}", &self.delivery).replace("{network}", "bitcoin")
    }
}

async fn ask(shop: &Shop, route: &Route, path: &str, headers: &[(&str, &str)]) -> Answer {
    shop.ask(&route.method, path, headers, route.body()).await
}

#[tokio::test]
async fn without_a_valid_key_nothing_but_the_public_lists_is_answered() {
    let shop = Shop::open().await;
    let things = Things::of(&shop).await;
    let unknown = format!("sk_test_{}", "0".repeat(64));
    let revoked = revoked_key(&shop).await;
    let valid = shop.key.as_str();
    let bearer = format!("Bearer {valid}");
    let in_upper_case = valid.replace("sk_test_", "SK_TEST_");
    let as_live = valid.replace("sk_test_", "sk_live_");
    let refused: [&[(&str, &str)]; 11] = [
        &[],
        &[("X-API-Key", "")],
        &[("X-API-Key", "sk_test_123")],
        &[("X-API-Key", &in_upper_case)],
        &[("X-API-Key", &as_live)],
        &[("X-API-Key", &unknown)],
        &[("X-API-Key", &revoked)],
        &[("X-API-Key", valid), ("X-API-Key", valid)],
        &[("Authorization", &bearer)],
        &[("Api-Key", valid)],
        &[("Cookie", &bearer)],
    ];
    for route in routes(&shop).await {
        let path = things.path(&route);
        for headers in refused {
            let answer = ask(&shop, &route, &path, headers).await;
            is_refused_unless_public(&route, &answer);
        }
        let in_query = format!("{path}?api_key={valid}&X-API-Key={valid}");
        let answer = ask(&shop, &route, &in_query, &[]).await;
        assert_eq!(answer.status == 401, route.permission.is_some(), "{in_query}");
    }
    nothing_happened(&shop, &things).await;
}

fn is_refused_unless_public(route: &Route, answer: &Answer) {
    let expected = if route.permission.is_some() { (401, "unauthorized") } else { (200, "") };
    assert_eq!((answer.status, answer.code()), expected, "{} {}: {answer:?}", route.method, route.template);
    assert!(!answer.text.contains("sk_"), "{}", answer.text);
}

#[tokio::test]
async fn a_key_does_what_it_is_permitted_and_nothing_else() {
    let shop = Shop::open().await;
    let things = Things::of(&shop).await;
    for route in routes(&shop).await {
        let Some(permission) = route.permission else { continue };
        let others: Vec<Permission> = Permission::ALL.into_iter().filter(|other| *other != permission).collect();
        let without = shop.key(Environment::Test, &others).await;
        let path = things.path(&route);
        let answer = ask(&shop, &route, &path, &[("X-API-Key", &without)]).await;
        assert_eq!((answer.status, answer.code()), (403, "forbidden"), "{} {path}", route.method);
        assert!(answer.text.contains(permission.as_str()), "{}", answer.text);
    }
    nothing_happened(&shop, &things).await;
    for route in routes(&shop).await {
        let Some(permission) = route.permission else { continue };
        let with = shop.key(Environment::Test, &[permission]).await;
        let path = Things::of(&shop).await.path(&route);
        let answer = ask(&shop, &route, &path, &[("X-API-Key", &with)]).await;
        // An invoice that is pending already has its coin; choosing the same again is a state, not a right.
        assert!(answer.status < 300 || answer.code() == "invalid_state", "{} {path}: {answer:?}", route.method);
    }
}

#[tokio::test]
async fn another_merchants_and_another_environments_things_are_not_there() {
    let shop = Shop::open().await;
    let things = Things::of(&shop).await;
    let somebody_else = shop.somebody_elses_key().await;
    let own_live = shop.key(Environment::Live, &Permission::ALL).await;
    for route in routes(&shop).await {
        let path = things.path(&route);
        if route.names_a_resource() {
            let answer = ask(&shop, &route, &path, &[("X-API-Key", &somebody_else)]).await;
            assert_eq!((answer.status, answer.code()), (404, "not_found"), "{} {path}: {answer:?}", route.method);
        }
        let answer = ask(&shop, &route, &path, &[("X-API-Key", &own_live)]).await;
        if route.is_test_only {
            assert_eq!((answer.status, answer.code()), (403, "forbidden"), "{} {path}: {answer:?}", route.method);
        } else if route.names_a_resource() {
            assert_eq!((answer.status, answer.code()), (404, "not_found"), "{} {path}: {answer:?}", route.method);
        }
    }
    nothing_happened(&shop, &things).await;
    for path in ["/api/v1/invoices", "/api/v1/addresses", "/api/v1/webhook-endpoints", "/api/v1/events"] {
        for key in [&somebody_else, &own_live] {
            let answer = shop.ask("GET", path, &[("X-API-Key", key)], "").await;
            let mine = answer.data().as_array().expect("a list").iter().filter(|item| things.are_in(&item.to_string()));
            assert_eq!(mine.count(), 0, "{path}");
        }
    }
}

#[tokio::test]
async fn a_revoked_key_ends_within_a_second() {
    let shop = Shop::open().await;
    assert_eq!(shop.get("/api/v1/invoices").await.status, 200);
    let keys = shop.world.gateway.store().read({
        let merchant = shop.owner.merchant;
        move |reader| reader.api_keys(merchant)
    });
    revoke(&shop, keys.await.expect("keys")[0].id).await;
    shop.world.clock.move_by_ms(1000);
    assert_eq!(shop.get("/api/v1/invoices").await.status, 401);
}

async fn revoked_key(shop: &Shop) -> String {
    let made = shop.world.gateway.create_api_key(shop.owner.merchant, Environment::Test, &Permission::ALL).await;
    let (row, secret) = made.expect("a key");
    revoke(shop, row.id).await;
    secret.reveal().to_owned()
}

async fn revoke(shop: &Shop, id: ApiKeyId) {
    let now = shop.world.gateway.clocks().real();
    let revoked = shop.world.gateway.store().decide(move |transaction| transaction.revoke_api_key(id, now)).await;
    assert!(revoked.is_ok_and(|was_there| was_there));
}

/// What a refused call must not have changed.
async fn nothing_happened(shop: &Shop, things: &Things) {
    let invoice = shop.get(&format!("/api/v1/invoices/{}", things.invoice)).await;
    let invoice = invoice.data();
    assert_eq!((invoice["status"].as_str(), invoice["payments"].as_array().map(Vec::len)), (Some("pending"), Some(0)));
    assert_eq!(shop.get("/api/v1/invoices").await.json["meta"]["pagination"]["total"], 1);
    let addresses = shop.get("/api/v1/addresses").await;
    assert_eq!(addresses.json["meta"]["pagination"]["total"], 1);
    assert_eq!(addresses.data()[0]["invoice_count"], 0);
    let endpoints = shop.get("/api/v1/webhook-endpoints").await;
    assert_eq!(endpoints.json["meta"]["pagination"]["total"], 1);
    assert_eq!(endpoints.data()[0]["events"].as_array().map(Vec::len), Some(15));
    let deliveries = shop.get(&format!("/api/v1/webhook-endpoints/{}/deliveries", things.endpoint)).await;
    assert_eq!(deliveries.json["meta"]["pagination"]["total"], 1);
}
