//! Endpoints and deliveries.

use super::{Outcome, done, unexpected};
use crate::{memory::KnownEndpoint, receivers::Mood, simulation::Simulation};
use farthing_domain::{
    id::{EndpointId, Owner},
    time::Timestamp,
};
use farthing_gateway::{clock::Clock, endpoints::EndpointError};
use farthing_store::records::Page;
use std::sync::Arc;

impl Simulation {
    pub(super) async fn add_endpoint(&mut self, owner: Owner, events: Vec<String>) -> Outcome<String> {
        self.count = self.count.saturating_add(1);
        let url = format!("http://10.0.0.1/hook/{}", self.count);
        let gateway = Arc::clone(self.gateway()?);
        self.receivers.doubt(&url);
        let after = gateway.store().read(move |reader| reader.last_event(owner)).await.map_err(unexpected)?;
        let (endpoint, secret) = match gateway.create_endpoint(owner, url.clone(), events.clone()).await {
            Ok(made) => made,
            Err(EndpointError::TooMany) => return Ok("refused: too many".to_owned()),
            Err(error) => return Err(unexpected(error)),
        };
        self.receivers.learn_secret(&url, secret, Timestamp::from_milliseconds(i64::MAX));
        self.memory.endpoints.insert(endpoint.id, KnownEndpoint { owner, url, events, after, is_deleted: false });
        Ok(endpoint.id.to_string())
    }

    pub(super) async fn delete_endpoint(&mut self, id: EndpointId) -> Outcome<String> {
        let (owner, url) = (self.owner_of(id)?, self.url_of(id)?);
        if let Some(known) = self.memory.endpoints.get_mut(&id) {
            known.is_deleted = true;
        }
        self.receivers.doubt(&url);
        self.gateway()?.delete_endpoint(owner, id).await.map_err(unexpected)?;
        self.receivers.forget(&url);
        done()
    }

    pub(super) async fn rotate(&mut self, id: EndpointId, overlap: i64) -> Outcome<String> {
        let (owner, url) = (self.owner_of(id)?, self.url_of(id)?);
        let end = self.clock.now().plus_seconds(overlap);
        let was_doubted = self.receivers.doubt(&url);
        let (_, secret) = self.gateway()?.rotate_secret(owner, id, overlap).await.map_err(unexpected)?;
        self.receivers.learn_secret(&url, secret, end);
        if was_doubted {
            self.receivers.doubt(&url);
        }
        done()
    }

    pub(super) async fn send_test_event(&mut self, id: EndpointId) -> Outcome<String> {
        let owner = self.owner_of(id)?;
        self.gateway()?.send_test_event(owner, id).await.map_err(unexpected)?;
        done()
    }

    pub(super) async fn redeliver(&mut self, id: EndpointId) -> Outcome<String> {
        let owner = self.owner_of(id)?;
        let gateway = Arc::clone(self.gateway()?);
        let page = Page { limit: 20, offset: 0 };
        let (deliveries, _) =
            gateway.store().read(move |reader| reader.deliveries(id, page)).await.map_err(unexpected)?;
        let Some(delivery) = self.dice.pick(&deliveries).map(|delivery| delivery.id) else { return done() };
        gateway.redeliver(owner, delivery).await.map_err(unexpected)?;
        Ok(delivery.to_string())
    }

    /// Sends everything that is due, as the outbox's loop does.
    pub(crate) async fn deliver(&mut self) -> Outcome<String> {
        let gateway = Arc::clone(self.gateway()?);
        let mut attempts: usize = 0;
        for woken in gateway.outbox_woken_now() {
            attempts = attempts.saturating_add(gateway.deliver(woken).await.map_err(unexpected)?);
        }
        for endpoint in gateway.due_endpoints().await.map_err(unexpected)? {
            attempts = attempts.saturating_add(gateway.deliver_to(endpoint).await.map_err(unexpected)?);
        }
        Ok(format!("{attempts} attempts"))
    }

    /// The process ends after a receiver took a request, before anything of that is written down.
    pub(super) async fn die_delivering(&mut self) -> Outcome<String> {
        let gateway = Arc::clone(self.gateway()?);
        let due = gateway.due_endpoints().await.map_err(unexpected)?;
        let Some(id) = self.dice.pick(&due).copied() else { return done() };
        let url = self.url_of(id)?;
        self.receivers.set_mood(&url, Mood::OutlivesTheSender);
        let has_ended = tokio::select! {
            biased;
            _ = gateway.deliver_to(id) => true,
            () = std::future::ready(()) => false,
        };
        drop(gateway);
        self.receivers.set_mood(&url, Mood::Healthy);
        self.restart().await?;
        Ok(if has_ended { "nothing was due" } else { "died" }.to_owned())
    }

    fn owner_of(&self, id: EndpointId) -> Outcome<Owner> {
        Ok(self.memory.endpoints.get(&id).ok_or("no such endpoint")?.owner)
    }

    pub(super) fn url_of(&self, id: EndpointId) -> Outcome<String> {
        Ok(self.memory.endpoints.get(&id).ok_or("no such endpoint")?.url.clone())
    }
}
