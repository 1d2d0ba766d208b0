//! `webhooks`: endpoints and what is sent to them. A secret is printed when it is made and never again.

use crate::{
    cli::{Json, Webhooks, Whose},
    config::Config,
    installation::open_for_command,
    output::{answer, table},
};
use anyhow::{Context, anyhow, bail};
use farthing_dialects::native::events::EventName;
use farthing_domain::id::{DeliveryId, EndpointId};
use farthing_gateway::gateway::Gateway;
use farthing_store::{
    Reader, StoreError,
    records::{Attempt, Delivery, DeliveryStage, Page},
};
use serde_json::json;
use std::sync::Arc;

/// Deliveries that are listed: the newest.
const DELIVERIES_SHOWN: u32 = 100;

const SHOWN_ONCE: &str = "This is the only time the secret is shown.";

pub(super) async fn execute(config: &Config, command: Webhooks) -> anyhow::Result<()> {
    let gateway = open_for_command(config).await?;
    match command {
        Webhooks::Create { whose, url, events, json } => create(&gateway, whose, (url, events), json).await,
        Webhooks::List { whose, json } => list(&gateway, whose, json).await,
        Webhooks::Delete { whose, id, json } => {
            gateway.delete_endpoint(whose.owner(), id).await.with_context(|| hint(whose))?;
            Ok(answer(json, &json!({"id": id.to_string(), "deleted": true}), &format!("Deleted {id}."))?)
        }
        Webhooks::Rotate { whose, id, overlap_seconds, json } => {
            rotate(&gateway, whose, (id, overlap_seconds), json).await
        }
        Webhooks::Test { whose, id, json } => test(&gateway, whose, id, json).await,
        Webhooks::Deliveries { whose, id, json } => deliveries(&gateway, whose, id, json).await,
        Webhooks::Redeliver { whose, id, json } => redeliver(&gateway, whose, id, json).await,
    }
}

fn hint(whose: Whose) -> String {
    format!(
        "farthing webhooks list --merchant {} --environment {} shows what there is",
        whose.merchant, whose.environment
    )
}

async fn create(
    gateway: &Arc<Gateway>,
    whose: Whose,
    (url, events): (String, Vec<String>),
    json: Json,
) -> anyhow::Result<()> {
    let merchant = whose.merchant;
    if gateway.store().read(move |reader| reader.merchant(merchant)).await?.is_none() {
        bail!("there is no merchant {merchant}; farthing merchants list shows them");
    }
    let events = event_names(events)?;
    let (endpoint, secret) =
        gateway.create_endpoint(whose.owner(), url, events).await.context("no endpoint was made")?;
    let text = format!("{}\n{SHOWN_ONCE} The endpoint's id: {}", secret.reveal(), endpoint.id);
    Ok(answer(json, &json!({"id": endpoint.id.to_string(), "secret": secret.reveal()}), &text)?)
}

fn event_names(events: Vec<String>) -> anyhow::Result<Vec<String>> {
    if events.is_empty() {
        return Ok(EventName::documented());
    }
    let known: Vec<&str> = EventName::all().map(EventName::as_str).collect();
    match events.iter().find(|event| !known.contains(&event.as_str())) {
        Some(unknown) => bail!("{unknown} is no event; {}", crate::config::suggestion(unknown, &known)),
        None => Ok(events),
    }
}

async fn list(gateway: &Arc<Gateway>, whose: Whose, json: Json) -> anyhow::Result<()> {
    let owner = whose.owner();
    let endpoints = gateway.store().read(move |reader| reader.endpoints(owner)).await?;
    let objects: Vec<_> = endpoints
        .iter()
        .map(|endpoint| json!({"id": endpoint.id.to_string(), "url": endpoint.url, "events": endpoint.events}))
        .collect();
    let rows: Vec<_> = endpoints
        .iter()
        .map(|endpoint| {
            vec![endpoint.id.to_string(), endpoint.url.clone(), format!("{} events", endpoint.events.len())]
        })
        .collect();
    let text = if rows.is_empty() { "There is no endpoint.".to_owned() } else { table(&rows) };
    Ok(answer(json, &json!({"webhooks": objects}), &text)?)
}

async fn rotate(
    gateway: &Arc<Gateway>,
    whose: Whose,
    (id, overlap): (EndpointId, i64),
    json: Json,
) -> anyhow::Result<()> {
    let (_, secret) = gateway.rotate_secret(whose.owner(), id, overlap).await.with_context(|| hint(whose))?;
    let text = format!("{}\n{SHOWN_ONCE} The old one goes on signing for {overlap} seconds.", secret.reveal());
    Ok(answer(json, &json!({"id": id.to_string(), "secret": secret.reveal()}), &text)?)
}

async fn test(gateway: &Arc<Gateway>, whose: Whose, id: EndpointId, json: Json) -> anyhow::Result<()> {
    let delivery = gateway.send_test_event(whose.owner(), id).await.with_context(|| hint(whose))?;
    let text = format!("The test event waits as delivery {}; the running gateway sends it.", delivery.id);
    Ok(answer(json, &json!({"delivery": delivery.id.to_string()}), &text)?)
}

async fn deliveries(gateway: &Arc<Gateway>, whose: Whose, id: EndpointId, json: Json) -> anyhow::Result<()> {
    let owner = whose.owner();
    let read = move |reader: &Reader<'_>| {
        let Some(_) = reader.endpoint(owner, id)? else { return Ok(None) };
        let (deliveries, _) = reader.deliveries(id, Page { limit: DELIVERIES_SHOWN, offset: 0 })?;
        let with_last = deliveries.into_iter().map(|delivery| {
            let last = reader.attempts(delivery.id)?.pop();
            Ok((delivery, last))
        });
        with_last.collect::<Result<Vec<_>, StoreError>>().map(Some)
    };
    let found = gateway.store().read(read).await?;
    let found = found.ok_or_else(|| anyhow!("there is no endpoint {id}")).with_context(|| hint(whose))?;
    let objects: Vec<_> = found
        .iter()
        .map(|(delivery, last)| {
            json!({
                "id": delivery.id.to_string(), "event": delivery.kind, "event_id": delivery.event.to_string(),
                "state": state(delivery.stage), "attempts": delivery.attempts, "last": last.as_ref().map(outcome),
            })
        })
        .collect();
    let row = |(delivery, last): &(Delivery, Option<Attempt>)| {
        let last = last.as_ref().map_or_else(|| "not tried yet".to_owned(), outcome);
        let attempts = format!("{} attempts", delivery.attempts);
        vec![delivery.id.to_string(), delivery.kind.clone(), state(delivery.stage).to_owned(), attempts, last]
    };
    let rows: Vec<_> = found.iter().map(row).collect();
    let text = if rows.is_empty() { "Nothing was sent to it yet.".to_owned() } else { table(&rows) };
    Ok(answer(json, &json!({"deliveries": objects}), &text)?)
}

/// How far a delivery is, in the native API's word.
pub(super) const fn state(stage: DeliveryStage) -> &'static str {
    match stage {
        DeliveryStage::Waiting => "waiting",
        DeliveryStage::Delivered => "delivered",
        DeliveryStage::GivenUp => "failed",
        DeliveryStage::Overtaken => "overtaken",
    }
}

/// `answered 200`, or why there was no answer.
fn outcome(attempt: &Attempt) -> String {
    match (attempt.status, &attempt.error) {
        (Some(status), _) => format!("answered {status}"),
        (None, Some(error)) => error.clone(),
        (None, None) => "no answer".to_owned(),
    }
}

async fn redeliver(gateway: &Arc<Gateway>, whose: Whose, id: DeliveryId, json: Json) -> anyhow::Result<()> {
    let delivery = gateway.redeliver(whose.owner(), id).await?;
    let text = format!("Delivery {} is due again; the running gateway sends it.", delivery.id);
    Ok(answer(json, &json!({"delivery": delivery.id.to_string()}), &text)?)
}
