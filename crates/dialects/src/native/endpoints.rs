//! Webhook endpoints: the forms that make and change them, and how they, their deliveries and attempts are shown.
//!
//! A secret appears in the answer that makes it and nowhere else.

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    callback::WebhookSecret,
    errors::ApiError,
    events::EventName,
    form::Form,
    web_address::{self, PlainHttp},
};

/// The most event names in one request.
const EVENTS_MAX: usize = 50;

/// How long an old secret signs beside the new one where nothing else was asked for, in seconds: a day.
const OVERLAP_SECONDS_DEFAULT: i64 = 86_400;

/// The longest overlap, in seconds: a week.
const OVERLAP_SECONDS_MAX: i64 = 604_800;

/// A new webhook endpoint: `POST /api/v1/webhook-endpoints`.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(as = CreateWebhookEndpointBody, example = json!({ "url": "https://shop.example/webhooks", "events": ["invoice.paid"] }))]
pub struct CreateEndpoint {
    /// Where to send events: an `https` URL.
    #[schema(max_length = 2048, format = "uri", example = "https://shop.example/webhooks")]
    pub url: String,
    /// Which events; left out: the documented fifteen.
    #[schema(value_type = Option<Vec<String>>, example = json!(["invoice.paid", "invoice.expired"]))]
    pub events: Vec<EventName>,
}

impl CreateEndpoint {
    /// Reads the body.
    ///
    /// # Errors
    /// 400 naming every wrong field.
    pub fn parse(body: &[u8], plain: PlainHttp) -> Result<Self, ApiError> {
        let mut form = Form::parse(body)?;
        let url = url(&mut form, plain);
        if url.is_none() && !form.has("url") {
            form.require("url", "is required");
        }
        let events = events(&mut form).unwrap_or_else(|| EventName::DOCUMENTED.to_vec());
        form.finish(url.map(|url| Self { url, events }))
    }

    /// The same from a command line: `events` are names, none of them for the documented fifteen.
    ///
    /// # Errors
    /// 400 naming what is wrong.
    pub fn of(url: &str, events: &[String], plain: PlainHttp) -> Result<Self, ApiError> {
        if url.chars().count() > web_address::CHARS_MAX {
            return Err(ApiError::field("url", "is too long"));
        }
        web_address::vet(url, plain).map_err(|problem| ApiError::field("url", problem))?;
        let names = if events.is_empty() {
            EventName::DOCUMENTED.to_vec()
        } else {
            named(events).map_err(|p| ApiError::field("events", &p))?
        };
        Ok(Self { url: url.to_owned(), events: names })
    }
}

/// What changes of a webhook endpoint; what is left out stays.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(as = UpdateWebhookEndpointBody, example = json!({ "events": ["invoice.paid", "invoice.created"] }))]
pub struct UpdateEndpoint {
    /// Where to send events.
    #[schema(max_length = 2048, format = "uri", example = "https://shop.example/webhooks")]
    pub url: Option<String>,
    /// Which events.
    #[schema(value_type = Option<Vec<String>>, example = json!(["invoice.paid"]))]
    pub events: Option<Vec<EventName>>,
}

impl UpdateEndpoint {
    /// Reads the body.
    ///
    /// # Errors
    /// 400 naming every wrong field.
    pub fn parse(body: &[u8], plain: PlainHttp) -> Result<Self, ApiError> {
        let mut form = Form::parse(body)?;
        let update = Self { url: url(&mut form, plain), events: events(&mut form) };
        form.finish(Some(update))
    }
}

/// A request for a new secret. The body may be empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(as = RotateWebhookSecretBody, example = json!({ "overlap_seconds": 86400 }))]
pub struct RotateSecret {
    /// For how long the old secret signs beside the new one; 0 ends it at once.
    #[schema(minimum = 0, maximum = 604800, default = 86400, value_type = Option<i64>)]
    pub overlap_seconds: i64,
}

impl RotateSecret {
    /// Reads the body.
    ///
    /// # Errors
    /// 400 naming `overlap_seconds`.
    pub fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let mut form = Form::parse_optional(body)?;
        let overlap = form.integer("overlap_seconds", 0..=OVERLAP_SECONDS_MAX);
        form.finish(Some(Self { overlap_seconds: overlap.unwrap_or(OVERLAP_SECONDS_DEFAULT) }))
    }
}

fn url(form: &mut Form<'_>, plain: PlainHttp) -> Option<String> {
    let url = form.text("url", web_address::CHARS_MAX);
    let Some(text) = url.as_deref() else {
        if form.has("url") {
            form.require("url", "must not be empty");
        }
        return None;
    };
    if let Err(problem) = web_address::vet(text, plain) {
        form.refuse("url", problem);
        return None;
    }
    url
}

fn events(form: &mut Form<'_>) -> Option<Vec<EventName>> {
    let names = form.text_list("events", EVENTS_MAX, 64)?;
    named(&names).map_err(|problem| form.refuse("events", problem)).ok()
}

/// Each name once, in the order given.
fn named(texts: &[String]) -> Result<Vec<EventName>, String> {
    if texts.is_empty() {
        return Err("must name at least one event; leave it out for the documented ones".to_owned());
    }
    let mut names = Vec::with_capacity(texts.len());
    for text in texts {
        let name: EventName = text.parse().map_err(|error| format!("has an unknown name: {text:?} {error}"))?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

/// A webhook endpoint. It has no `Debug`: it may carry a secret.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = WebhookEndpoint)]
pub struct EndpointView {
    /// Its id.
    #[schema(format = "uuid", example = "0197f6b0-7d11-7c3e-9f0a-6a1b2c3d4e5f")]
    pub id: String,
    /// Where events go.
    #[schema(format = "uri", example = "https://shop.example/webhooks")]
    pub url: String,
    /// Which events.
    #[schema(example = json!(["invoice.paid"]))]
    pub events: Vec<String>,
    /// `live` or `test`.
    #[schema(example = "test")]
    pub environment: String,
    /// When it was made.
    #[schema(format = DateTime, example = "2026-03-01T12:00:00Z")]
    pub created_at: String,
    /// The signing secret: only in the answer that made it, to a creation or a rotation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    pub secret: Option<String>,
}

impl EndpointView {
    /// The same with its new secret.
    #[must_use]
    pub fn with_secret(self, secret: &WebhookSecret) -> Self {
        Self { secret: Some(secret.reveal().to_owned()), ..self }
    }
}

/// One event on its way to one endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
pub struct DeliveryView {
    /// Its id.
    #[schema(format = "uuid", example = "0197f6b1-11aa-7b4c-8c2d-9e8f7a6b5c4d")]
    pub id: String,
    /// The event's id: the `webhook-id` header.
    #[schema(format = "uuid", example = "0197f6ab-0c3d-7a52-b0f4-5e2c8d1f9a77")]
    pub event_id: String,
    /// The event's name.
    #[schema(example = "invoice.paid")]
    pub event: String,
    /// `waiting`, `delivered` or `failed`.
    #[schema(example = "delivered")]
    pub status: String,
    /// When it was written.
    #[schema(format = DateTime, example = "2026-03-01T12:09:30Z")]
    pub created_at: String,
    /// When it is tried next; null where it is not any more.
    #[schema(required = true, format = DateTime, example = json!(null))]
    pub next_attempt_at: Option<String>,
    /// What came of each attempt.
    pub attempts: Vec<AttemptView>,
}

/// What came of one attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = WebhookAttempt)]
pub struct AttemptView {
    /// Its number, from 1.
    #[schema(example = 1)]
    pub number: u32,
    /// When it began.
    #[schema(format = DateTime, example = "2026-03-01T12:09:30.250Z")]
    pub at: String,
    /// The answer's HTTP status; null when there was none.
    #[schema(required = true, example = 200)]
    pub status_code: Option<u16>,
    /// How long it took, in milliseconds.
    #[schema(example = 83)]
    pub latency_ms: u64,
    /// The class of the failure; null for an answer.
    #[schema(required = true, example = json!(null))]
    pub error: Option<String>,
    /// The answer's first bytes, as text.
    #[schema(example = "ok")]
    pub answer: String,
}

#[cfg(test)]
mod tests;
