//! The event feed: the same events that webhooks tell, for shops that poll or heal themselves.

use super::{
    call::{KeyCall, json},
    failure::Failure,
};
use axum::{http::StatusCode, response::Response};
use farthing_dialects::native::{
    envelope::Feed,
    events::EventItem,
    forms::{EventsParams, EventsQuery},
};

/// Lists events, oldest first, after a sequence number.
///
/// Sequence numbers have no gaps. Pass `meta.next_after` as `after` to read on; nothing is ever skipped.
#[utoipa::path(
    get,
    path = "/api/v1/events",
    operation_id = "listEvents",
    tag = "events",
    params(EventsParams),
    responses((status = 200, description = "The events after `after`.", body = Feed)),
)]
pub(super) async fn list(call: KeyCall) -> Result<Response, Failure> {
    let query = EventsQuery::parse(call.call.query())?;
    let owner = call.owner;
    // One more than was asked for shows whether there are more.
    let one_more = query.limit.saturating_add(1);
    let mut stored =
        call.call.gateway().store().read(move |reader| reader.events(owner, query.after, one_more)).await?;
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let has_more = stored.len() > limit;
    stored.truncate(limit);
    let items = stored.iter().map(|event| EventItem::of(event.id.to_string(), event.sequence, &event.body));
    let items: Vec<EventItem> = items.collect::<Result<_, _>>().map_err(Failure::internal)?;
    json(StatusCode::OK, &Feed::new(items, query.after, has_more, call.call.request_id()))
}
