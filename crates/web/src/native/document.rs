//! The API's description (OpenAPI 3.1), from the route table: what is described is what is mounted, and who may call it.
//!
//! Success is documented at each function; the errors that any route can answer are added here, from its access and shape.

use super::{
    errors::{ApiError, ErrorBody, ErrorCode},
    route::Route,
};
use farthing_dialects::native::{
    api_keys::Permission,
    envelope::Meta,
    errors::ErrorView,
    events::{InvoiceEventBody, TestEventBody},
};
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Components, Content, ContentBuilder, Header, HttpMethod, InfoBuilder, OpenApi, OpenApiBuilder, Paths, Ref,
        RefOr, Required, Response, ResponseBuilder, Server,
        extensions::ExtensionsBuilder,
        path::Operation,
        schema::Schema,
        security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme},
        tag::TagBuilder,
    },
};

pub(crate) mod example;
mod webhooks;

/// The key's header, which names its scheme too.
const KEY: &str = "X-API-Key";

/// The media type of all bodies.
const JSON: &str = "application/json";

const DESCRIPTION: &str = "A self-hosted gateway for crypto payments: create an invoice, send the payer to its checkout page, and hear of the money by \
signed webhooks or the event feed.

Every answer is `{\"data\": …, \"meta\": {\"request_id\": …}}` or `{\"error\": {\"code\", \"message\", \"details\"}, \"meta\": …}`. Amounts are decimal \
strings, times are RFC 3339 in UTC, ids are UUIDs. Lists take `limit` (1 to 100, default 20) and `offset`. Fields may be added at any time: ignore \
those that you do not know.

A key is sent in the header `X-API-Key`, and nowhere else. `sk_test_…` keys act in the test environment, with simulated networks and a clock of \
their own; `sk_live_…` keys act on real ones. Neither sees the other's resources. Requests are limited per key and minute; after 429 wait as \
`Retry-After` says. Repeat only after 429 and 5xx.";

/// What the groups of routes are for.
const TAGS: [(&str, &str); 6] = [
    ("invoices", "What shops sell: an amount, an address to pay it to, and what became of it."),
    (
        "addresses",
        "Permanent (static) addresses: each deposit to one makes an invoice of its own, whatever its amount and time.",
    ),
    ("public", "What can be sold, and what it costs. No key is needed; 120 requests a minute and address."),
    ("events", "Everything that happened, in order: the feed from which a shop can heal itself."),
    ("webhooks", webhooks::DESCRIPTION),
    (
        "test mode",
        "Pay, mine, reorganise and move the clock of the simulated world. Only with a test key: a live key gets 403.",
    ),
];

/// Describes the routes of a server that is reached at `public_url`.
pub(super) fn of(routes: &[Route], public_url: &str) -> OpenApi {
    let components = components(routes);
    let mut paths = Paths::new();
    for route in routes {
        let operation = operation(route, &components);
        paths.add_path_operation(&route.path, vec![route.method.clone()], operation);
    }
    let info =
        InfoBuilder::new().title("Farthing").version(env!("CARGO_PKG_VERSION")).description(Some(DESCRIPTION)).build();
    let tags = TAGS.iter().map(|(name, text)| TagBuilder::new().name(*name).description(Some(*text)).build());
    OpenApiBuilder::new()
        .info(info)
        .servers(Some([Server::new(public_url)]))
        .tags(Some(tags.collect::<Vec<_>>()))
        .paths(paths)
        .webhooks(Some(webhooks::webhooks()))
        .components(Some(components))
        .build()
}

fn components(routes: &[Route]) -> Components {
    let mut components = Components::new();
    for route in routes {
        components.schemas.extend(route.schemas.iter().cloned());
    }
    let mut more: Vec<(String, RefOr<Schema>)> = vec![
        (ErrorBody::name().into_owned(), ErrorBody::schema()),
        (ErrorView::name().into_owned(), ErrorView::schema()),
        (Meta::name().into_owned(), Meta::schema()),
        (InvoiceEventBody::name().into_owned(), InvoiceEventBody::schema()),
        (TestEventBody::name().into_owned(), TestEventBody::schema()),
    ];
    ErrorBody::schemas(&mut more);
    InvoiceEventBody::schemas(&mut more);
    components.schemas.extend(more);
    let responses =
        errors().into_iter().map(|(name, description, error)| (name.to_owned(), response(description, error).into()));
    components.responses.extend(responses);
    let description = "`sk_live_` or `sk_test_` and 64 hexadecimal digits. What a key may do is listed with it: each operation here names the permission it needs.";
    let scheme = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(KEY, description)));
    components.add_security_scheme(KEY, scheme);
    components
}

/// The errors that many routes share: name, description, example.
fn errors() -> Vec<(&'static str, &'static str, ApiError)> {
    vec![
        (
            "BadRequest",
            "The request is not valid: `validation_error` with every wrong field in `details`, `invalid_state`, `conflicting_amount_fields`, \
             `invalid_fiat_currency`.",
            ApiError::field("amount", "must be greater than zero"),
        ),
        (
            "Unauthorized",
            "`unauthorized`: the key is missing, malformed, unknown or revoked.",
            ApiError::unauthorized(),
        ),
        (
            "Forbidden",
            "`forbidden`: the key lacks the permission, or belongs to the other environment.",
            ApiError::lacks_permission(Permission::InvoicesWrite),
        ),
        ("NotFound", "`not_found`: there is no such resource in the key's environment.", ApiError::invoice_not_found()),
        ("PayloadTooLarge", "`validation_error`: the body is too large.", ApiError::payload_too_large(65_536)),
        (
            "UnsupportedMediaType",
            "`validation_error`: the body was sent as a form.",
            ApiError::new(
                ErrorCode::UnsupportedMediaType,
                "the body must be JSON, sent as Content-Type: application/json",
            ),
        ),
        ("RateLimited", "`rate_limited`: too many requests; wait as the header says.", ApiError::rate_limited(7)),
        ("InternalError", "`internal_error`: a fault of ours; quote the request id.", ApiError::internal()),
        (
            "Unavailable",
            "`unavailable`: nothing was acknowledged, send the same request again; `gate_offline`: the network has been out of reach for long.",
            ApiError::unavailable(1),
        ),
    ]
}

fn response(description: &str, error: ApiError) -> Response {
    let retries = error.retry_after_seconds.is_some();
    let example = serde_json::to_value(error.body("req_0197f6a2c1d24b7e")).ok();
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(ErrorBody::name()))).example(example).build();
    let builder = ResponseBuilder::new().description(description).content(JSON, content);
    if retries { builder.header("Retry-After", Header::new(u64::schema())).build() } else { builder.build() }
}

fn operation(route: &Route, components: &Components) -> Operation {
    let mut operation = route.operation.clone();
    operation.security = Some(match route.access.permission() {
        // For other schemes than OAuth the list may name roles (OpenAPI 3.1, Security Requirement Object).
        Some(permission) => vec![SecurityRequirement::new(KEY, [permission.as_str()])],
        None => Vec::new(),
    });
    if route.access.is_test_only() {
        operation.extensions = Some(ExtensionsBuilder::new().add("x-test-keys-only", true).build());
    }
    for (status, name) in possible_errors(route) {
        let shared = RefOr::Ref(Ref::from_response_name(name));
        operation.responses.responses.entry(status.to_owned()).or_insert(shared);
    }
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response {
            response.content.values_mut().for_each(|content| add_example(content, components));
        }
    }
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        body.content.values_mut().for_each(|content| add_example(content, components));
        // utoipa requires every body; these say themselves that they are not.
        if body.description.as_deref().is_some_and(|text| text.starts_with("May be left out")) {
            body.required = Some(Required::False);
        }
    }
    operation
}

fn possible_errors(route: &Route) -> Vec<(&'static str, &'static str)> {
    let mut errors = vec![("429", "RateLimited"), ("500", "InternalError"), ("503", "Unavailable")];
    if route.access.permission().is_some() {
        errors.extend([("401", "Unauthorized"), ("403", "Forbidden")]);
    }
    if route.has_parameters() {
        errors.push(("404", "NotFound"));
    }
    let takes_body = matches!(route.method, HttpMethod::Post | HttpMethod::Patch);
    if takes_body {
        errors.extend([("413", "PayloadTooLarge"), ("415", "UnsupportedMediaType")]);
    }
    if takes_body || route.has_parameters() || route.operation.parameters.is_some() {
        errors.push(("400", "BadRequest"));
    }
    errors
}

fn add_example(content: &mut RefOr<Content>, components: &Components) {
    if let RefOr::T(content) = content
        && content.example.is_none()
        && let Some(schema) = &content.schema
    {
        content.example = Some(example::of(schema, components)).filter(|example| *example != Value::Null);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native::table;
    use std::collections::BTreeSet;

    #[test]
    fn every_route_of_the_table_is_described_and_nothing_else() {
        let described = serde_json::to_value(of(&table::routes(), "https://pay.shop.example")).unwrap();
        let in_document: BTreeSet<String> = described["paths"]
            .as_object()
            .unwrap()
            .iter()
            .flat_map(|(path, item)| {
                item.as_object().unwrap().keys().map(move |method| format!("{} {path}", method.to_uppercase()))
            })
            .collect();
        let in_table: BTreeSet<String> = table::routes()
            .iter()
            .map(|route| {
                let method = serde_json::to_value(route.method.clone()).unwrap();
                format!("{} {}", method.as_str().unwrap().to_uppercase(), route.path)
            })
            .collect();
        assert_eq!(in_document, in_table);
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = serde_json::to_value(of(&table::routes(), "https://pay.shop.example")).unwrap();
        let mut references = Vec::new();
        find(&document, &mut references);
        assert!(references.len() > 50);
        for reference in references {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }

    fn find(value: &Value, references: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                references.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
                map.values().for_each(|value| find(value, references));
            }
            Value::Array(items) => items.iter().for_each(|value| find(value, references)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}
