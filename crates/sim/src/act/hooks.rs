//! Endpoints and deliveries.

use super::{Outcome, done, unexpected};
use crate::{
    memory::{KnownEndpoint, KnownRedelivery},
    receivers::{Mood, Receivers},
    simulation::Simulation,
};
use farthing_domain::{
    id::{EndpointId, Owner},
    time::Timestamp,
};
use farthing_gateway::{
    clock::Clock,
    endpoints::{EndpointChange, EndpointError},
    gateway::Gateway,
};
use farthing_store::records::Page;
use std::sync::Arc;

/// Deliveries of which one is asked for again.
const LATEST: u32 = 20;

/// A shop's wish to have one of an endpoint's latest deliveries again.
pub(crate) struct Wish {
    owner: Owner,
    endpoint: EndpointId,
    /// Which, counted from the newest one and around.
    which: u64,
    receivers: Receivers,
}

impl Wish {
    /// Asks for it; `None` when there is nothing to repeat.
    ///
    /// # Errors
    /// The gateway's.
    pub(crate) async fn ask(self, gateway: Arc<Gateway>) -> Result<Option<KnownRedelivery>, EndpointError> {
        let Self { owner, endpoint, which, receivers } = self;
        let page = Page { limit: LATEST, offset: 0 };
        let (deliveries, _) = gateway.store().read(move |reader| reader.deliveries(endpoint, page)).await?;
        let count = u64::try_from(deliveries.len()).unwrap_or_default();
        let turn = which.checked_rem(count).and_then(|turn| usize::try_from(turn).ok());
        let Some(delivery) = turn.and_then(|turn| deliveries.get(turn)) else { return Ok(None) };
        // An attempt that is under way by now is not the one that is asked for.
        let after = receivers.count();
        let promised = gateway.redeliver(owner, delivery.id).await?;
        Ok(Some(KnownRedelivery { endpoint, event: promised.event, after }))
    }
}

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

    pub(super) async fn change_endpoint(&mut self, id: EndpointId, events: Vec<String>) -> Outcome<String> {
        let owner = self.owner_of(id)?;
        let gateway = Arc::clone(self.gateway()?);
        // As long as nobody knows what came of it, only what is in both is sure to come.
        if let Some(known) = self.memory.endpoints.get_mut(&id) {
            known.events.retain(|event| events.contains(event));
        }
        let change = EndpointChange { url: None, events: Some(events.clone()) };
        gateway.update_endpoint(owner, id, change).await.map_err(unexpected)?;
        let after = gateway.store().read(move |reader| reader.last_event(owner)).await.map_err(unexpected)?;
        if let Some(known) = self.memory.endpoints.get_mut(&id) {
            (known.events, known.after) = (events, after);
        }
        done()
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
        let which = self.dice.below(u64::from(LATEST));
        let wish = self.wish(id, which)?;
        let gateway = Arc::clone(self.gateway()?);
        let answered = wish.ask(gateway).await;
        self.judge_wish(answered)
    }

    pub(super) fn wish(&self, endpoint: EndpointId, which: u64) -> Outcome<Wish> {
        Ok(Wish { owner: self.owner_of(endpoint)?, endpoint, which, receivers: self.receivers.clone() })
    }

    pub(super) fn judge_wish(&mut self, answered: Result<Option<KnownRedelivery>, EndpointError>) -> Outcome<String> {
        let Some(promised) = answered.map_err(unexpected)? else { return done() };
        let told = promised.event.to_string();
        self.memory.redeliveries.push(promised);
        Ok(told)
    }

    /// Sends everything that is due, as the outbox's loop does.
    pub(crate) async fn deliver(&mut self) -> Outcome<String> {
        let gateway = Arc::clone(self.gateway()?);
        let mut attempts: usize = 0;
        for woken in gateway.outbox_woken_now() {
            let endpoint = woken.endpoint();
            let made = gateway.deliver(woken).await.map_err(unexpected)?;
            self.memory.attempted(endpoint, made);
            attempts = attempts.saturating_add(made);
        }
        for endpoint in gateway.due_endpoints().await.map_err(unexpected)? {
            let made = gateway.deliver_to(endpoint).await.map_err(unexpected)?;
            self.memory.attempted(endpoint, made);
            attempts = attempts.saturating_add(made);
        }
        Ok(format!("{attempts} attempts"))
    }

    /// The process ends after a receiver took a request, before anything of that is written down.
    pub(super) async fn die_delivering(&mut self) -> Outcome<String> {
        let gateway = Arc::clone(self.gateway()?);
        let mut due = gateway.due_endpoints().await.map_err(unexpected)?;
        // An endpoint whose creation was never answered is nobody's to watch.
        due.retain(|id| self.memory.endpoints.contains_key(id));
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
