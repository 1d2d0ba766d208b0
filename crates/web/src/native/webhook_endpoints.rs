//! Webhook endpoints: made, changed, rotated, tested; what was sent to them, and again.

use super::{call::KeyCall, failure::Failure};
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use farthing_dialects::native::{
    endpoints::{AttemptView, CreateEndpoint, DeliveryView, EndpointView, RotateSecret, UpdateEndpoint},
    envelope::{Data, List},
    errors::{ApiError, ErrorCode},
    events::EventName,
    forms::{PageParams, PageQuery},
    moment::rfc3339,
};
use farthing_domain::id::{DeliveryId, EndpointId};
use farthing_gateway::endpoints::EndpointChange;
use farthing_store::{
    Reader, StoreError,
    records::{Attempt, Delivery, DeliveryStage, Endpoint, Page},
};

/// Creates a webhook endpoint.
///
/// The answer carries the signing secret, this once. Without `events` it gets the fifteen documented ones.
#[utoipa::path(
    post,
    path = "/api/v1/webhook-endpoints",
    operation_id = "createWebhookEndpoint",
    tag = "webhooks",
    request_body = CreateEndpoint,
    responses((status = 201, description = "The new endpoint with its secret.", body = Data<EndpointView>)),
)]
pub(super) async fn create(call: KeyCall) -> Result<Response, Failure> {
    let form = CreateEndpoint::parse(&call.call.body, call.call.state.surface.plain_http)?;
    let events = names(&form.events);
    let (endpoint, secret) = call.call.gateway().create_endpoint(call.owner, form.url, events).await?;
    call.call.data(StatusCode::CREATED, view(&endpoint).with_secret(&secret))
}

/// Lists webhook endpoints, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/webhook-endpoints",
    operation_id = "listWebhookEndpoints",
    tag = "webhooks",
    params(PageParams),
    responses((status = 200, description = "A part of the list.", body = List<EndpointView>)),
)]
pub(super) async fn list(call: KeyCall) -> Result<Response, Failure> {
    let page = PageQuery::parse(call.call.query())?;
    let owner = call.owner;
    let endpoints = call.call.gateway().store().read(move |reader| reader.endpoints(owner)).await?;
    let total = u64::try_from(endpoints.len()).unwrap_or(u64::MAX);
    let (skipped, shown) =
        (usize::try_from(page.offset).unwrap_or(usize::MAX), usize::try_from(page.limit).unwrap_or(usize::MAX));
    let views = endpoints.iter().rev().skip(skipped).take(shown).map(view).collect();
    call.call.list(views, page, total)
}

/// Shows a webhook endpoint.
#[utoipa::path(
    get,
    path = "/api/v1/webhook-endpoints/{id}",
    operation_id = "getWebhookEndpoint",
    tag = "webhooks",
    params(("id" = String, Path, format = "uuid", description = "The endpoint's id.")),
    responses((status = 200, description = "The endpoint.", body = Data<EndpointView>)),
)]
pub(super) async fn get(call: KeyCall) -> Result<Response, Failure> {
    let (owner, id) = (call.owner, EndpointId(call.call.id("id")?));
    let found = call.call.gateway().store().read(move |reader| reader.endpoint(owner, id)).await?;
    let endpoint = found.ok_or_else(ApiError::endpoint_not_found)?;
    call.call.data(StatusCode::OK, view(&endpoint))
}

/// Changes a webhook endpoint's address or events; what is left out stays.
#[utoipa::path(
    patch,
    path = "/api/v1/webhook-endpoints/{id}",
    operation_id = "updateWebhookEndpoint",
    tag = "webhooks",
    params(("id" = String, Path, format = "uuid", description = "The endpoint's id.")),
    request_body = UpdateEndpoint,
    responses((status = 200, description = "The endpoint as it is now.", body = Data<EndpointView>)),
)]
pub(super) async fn update(call: KeyCall) -> Result<Response, Failure> {
    let id = EndpointId(call.call.id("id")?);
    let form = UpdateEndpoint::parse(&call.call.body, call.call.state.surface.plain_http)?;
    let change = EndpointChange { url: form.url, events: form.events.as_deref().map(names) };
    let endpoint = call.call.gateway().update_endpoint(call.owner, id, change).await?;
    call.call.data(StatusCode::OK, view(&endpoint))
}

/// Deletes a webhook endpoint. What waited for it is not sent; the event feed still has it.
#[utoipa::path(
    delete,
    path = "/api/v1/webhook-endpoints/{id}",
    operation_id = "deleteWebhookEndpoint",
    tag = "webhooks",
    params(("id" = String, Path, format = "uuid", description = "The endpoint's id.")),
    responses((status = 204, description = "It is deleted.")),
)]
pub(super) async fn delete(call: KeyCall) -> Result<Response, Failure> {
    let id = EndpointId(call.call.id("id")?);
    call.call.gateway().delete_endpoint(call.owner, id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Gives a webhook endpoint a new secret, which the answer carries this once.
///
/// Until the overlap ends, messages are signed with the old secret as well.
#[utoipa::path(
    post,
    path = "/api/v1/webhook-endpoints/{id}/rotate-secret",
    operation_id = "rotateWebhookSecret",
    tag = "webhooks",
    params(("id" = String, Path, format = "uuid", description = "The endpoint's id.")),
    request_body(content = RotateSecret, description = "May be left out."),
    responses((status = 200, description = "The endpoint with its new secret.", body = Data<EndpointView>)),
)]
pub(super) async fn rotate_secret(call: KeyCall) -> Result<Response, Failure> {
    let id = EndpointId(call.call.id("id")?);
    let form = RotateSecret::parse(&call.call.body)?;
    let (endpoint, secret) = call.call.gateway().rotate_secret(call.owner, id, form.overlap_seconds).await?;
    call.call.data(StatusCode::OK, view(&endpoint).with_secret(&secret))
}

/// Sends a webhook endpoint the test event, whatever events it gets.
#[utoipa::path(
    post,
    path = "/api/v1/webhook-endpoints/{id}/test",
    operation_id = "sendTestEvent",
    tag = "webhooks",
    params(("id" = String, Path, format = "uuid", description = "The endpoint's id.")),
    responses((status = 201, description = "The delivery of the test event, on its way.", body = Data<DeliveryView>)),
)]
pub(super) async fn send_test(call: KeyCall) -> Result<Response, Failure> {
    let id = EndpointId(call.call.id("id")?);
    let delivery = call.call.gateway().send_test_event(call.owner, id).await?;
    call.call.data(StatusCode::CREATED, delivery_view(&delivery, &[]))
}

/// Lists what was or will be sent to a webhook endpoint, newest first, with what came of each attempt.
#[utoipa::path(
    get,
    path = "/api/v1/webhook-endpoints/{id}/deliveries",
    operation_id = "listWebhookDeliveries",
    tag = "webhooks",
    params(("id" = String, Path, format = "uuid", description = "The endpoint's id."), PageParams),
    responses((status = 200, description = "A part of the list.", body = List<DeliveryView>)),
)]
pub(super) async fn list_deliveries(call: KeyCall) -> Result<Response, Failure> {
    let page = PageQuery::parse(call.call.query())?;
    let (owner, id) = (call.owner, EndpointId(call.call.id("id")?));
    let read = move |reader: &Reader<'_>| {
        if reader.endpoint(owner, id)?.is_none() {
            return Ok(None);
        }
        let (deliveries, total) = reader.deliveries(id, Page { limit: page.limit, offset: page.offset })?;
        let with_attempts = deliveries.into_iter().map(|delivery| {
            let attempts = reader.attempts(delivery.id)?;
            Ok((delivery, attempts))
        });
        Ok(Some((with_attempts.collect::<Result<Vec<_>, StoreError>>()?, total)))
    };
    let found = call.call.gateway().store().read(read).await?;
    let (deliveries, total) = found.ok_or_else(ApiError::endpoint_not_found)?;
    let views = deliveries.iter().map(|(delivery, attempts)| delivery_view(delivery, attempts)).collect();
    call.call.list(views, page, total)
}

/// Lists the attempts of a delivery, oldest first.
#[utoipa::path(
    get,
    path = "/api/v1/webhook-endpoints/{id}/deliveries/{delivery}/attempts",
    operation_id = "listWebhookAttempts",
    tag = "webhooks",
    params(
        ("id" = String, Path, format = "uuid", description = "The endpoint's id."),
        ("delivery" = String, Path, format = "uuid", description = "The delivery's id."),
    ),
    responses((status = 200, description = "The attempts.", body = Data<Vec<AttemptView>>)),
)]
pub(super) async fn list_attempts(call: KeyCall) -> Result<Response, Failure> {
    let (_, attempts) = find_delivery(&call).await?;
    call.call.data(StatusCode::OK, attempts.iter().map(attempt_view).collect::<Vec<_>>())
}

/// Sends a delivery again: the same bytes, signed afresh, however it ended.
#[utoipa::path(
    post,
    path = "/api/v1/webhook-endpoints/{id}/deliveries/{delivery}/redeliver",
    operation_id = "redeliverWebhook",
    tag = "webhooks",
    params(
        ("id" = String, Path, format = "uuid", description = "The endpoint's id."),
        ("delivery" = String, Path, format = "uuid", description = "The delivery's id."),
    ),
    responses((status = 200, description = "The delivery, due again.", body = Data<DeliveryView>)),
)]
pub(super) async fn redeliver(call: KeyCall) -> Result<Response, Failure> {
    let (delivery, attempts) = find_delivery(&call).await?;
    let delivery = call.call.gateway().redeliver(call.owner, delivery.id).await?;
    call.call.data(StatusCode::OK, delivery_view(&delivery, &attempts))
}

/// The delivery of the path, of the endpoint of the path, with its attempts.
async fn find_delivery(call: &KeyCall) -> Result<(Delivery, Vec<Attempt>), Failure> {
    let (owner, endpoint) = (call.owner, EndpointId(call.call.id("id")?));
    let id = DeliveryId(call.call.id("delivery")?);
    let read = move |reader: &Reader<'_>| {
        let found = reader.delivery(owner, id)?.filter(|delivery| delivery.endpoint == endpoint);
        found.map(|delivery| Ok((delivery, reader.attempts(id)?))).transpose()
    };
    let found = call.call.gateway().store().read(read).await?;
    found.ok_or_else(|| ApiError::new(ErrorCode::NotFound, "delivery not found").into())
}

fn names(events: &[EventName]) -> Vec<String> {
    events.iter().map(ToString::to_string).collect()
}

fn view(endpoint: &Endpoint) -> EndpointView {
    EndpointView {
        id: endpoint.id.to_string(),
        url: endpoint.url.clone(),
        events: endpoint.events.clone(),
        environment: endpoint.owner.environment.to_string(),
        created_at: rfc3339(endpoint.created_at),
        secret: None,
    }
}

fn delivery_view(delivery: &Delivery, attempts: &[Attempt]) -> DeliveryView {
    let (status, is_waiting) = match delivery.stage {
        DeliveryStage::Waiting => ("waiting", true),
        DeliveryStage::Delivered => ("delivered", false),
        // No webhook of this API is overtaken: only dialects' callbacks are.
        DeliveryStage::GivenUp | DeliveryStage::Overtaken => ("failed", false),
    };
    DeliveryView {
        id: delivery.id.to_string(),
        event_id: delivery.event.to_string(),
        event: delivery.kind.clone(),
        status: status.to_owned(),
        created_at: rfc3339(delivery.created_at),
        next_attempt_at: is_waiting.then(|| rfc3339(delivery.due_at)),
        attempts: attempts.iter().map(attempt_view).collect(),
    }
}

fn attempt_view(attempt: &Attempt) -> AttemptView {
    AttemptView {
        number: attempt.number,
        at: rfc3339(attempt.at),
        status_code: attempt.status,
        latency_ms: attempt.latency_ms,
        error: attempt.error.clone(),
        answer: attempt.answer.clone(),
    }
}
