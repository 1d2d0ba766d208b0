//! Webhook endpoints: made, changed, rotated, tested, and their deliveries looked at and repeated.

use crate::{gateway::Gateway, outgoing::UrlRefusal};
use farthing_dialects::native::{callback::WebhookSecret, events};
use farthing_domain::{
    id::{DeliveryId, EndpointId, EventId, Owner},
    time::Timestamp,
};
use farthing_store::{
    StoreError, Transaction,
    records::{Delivery, DeliveryStage, Endpoint, SealedSecret},
};

/// Endpoints that one merchant may have in one environment.
const ENDPOINTS_MAX: usize = 50;

/// Why an endpoint was not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// The store's reason.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such endpoint or delivery, or it is somebody else's.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// The address is not one that webhooks may go to.
    #[error(transparent)]
    Url(#[from] UrlRefusal),
    /// There are enough.
    #[error("there may be at most {ENDPOINTS_MAX} webhook endpoints")]
    TooMany,
}

/// What to change of an endpoint; `None` leaves it as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndpointChange {
    /// A new address.
    pub url: Option<String>,
    /// New subscriptions.
    pub events: Option<Vec<String>>,
}

impl Gateway {
    /// Makes an endpoint, and its secret, which is shown this once.
    ///
    /// # Errors
    /// When the address may not be used, there are too many, or the store fails.
    pub async fn create_endpoint(
        &self,
        owner: Owner,
        url: String,
        events: Vec<String>,
    ) -> Result<(Endpoint, WebhookSecret), EndpointError> {
        self.parts.outgoing.vet(&url)?;
        let now = self.clocks().real();
        let secret = WebhookSecret::from_bytes(self.ids().bytes());
        let id = EndpointId(self.ids().uuid(now));
        let endpoint = Endpoint {
            id,
            owner,
            url,
            events,
            secrets: vec![self.sealed(id, &secret)?],
            created_at: now,
            credential: None,
            is_whole: true,
        };
        let row = endpoint.clone();
        self.store()
            .decide(move |transaction| {
                if transaction.endpoints(owner)?.len() >= ENDPOINTS_MAX {
                    return Err(EndpointError::TooMany);
                }
                Ok(transaction.put_endpoint(&row)?)
            })
            .await?;
        Ok((endpoint, secret))
    }

    /// Changes an endpoint's address or subscriptions.
    ///
    /// # Errors
    /// When there is none, the address may not be used, or the store fails.
    pub async fn update_endpoint(
        &self,
        owner: Owner,
        id: EndpointId,
        change: EndpointChange,
    ) -> Result<Endpoint, EndpointError> {
        if let Some(url) = &change.url {
            self.parts.outgoing.vet(url)?;
        }
        self.change_endpoint(owner, id, move |endpoint| {
            endpoint.url = change.url.clone().unwrap_or_else(|| endpoint.url.clone());
            endpoint.events = change.events.clone().unwrap_or_else(|| endpoint.events.clone());
        })
        .await
    }

    /// Gives an endpoint a new secret. The old ones go on signing for `overlap_seconds`.
    ///
    /// # Errors
    /// When there is none or the store fails.
    pub async fn rotate_secret(
        &self,
        owner: Owner,
        id: EndpointId,
        overlap_seconds: i64,
    ) -> Result<(Endpoint, WebhookSecret), EndpointError> {
        let secret = WebhookSecret::from_bytes(self.ids().bytes());
        let sealed = self.sealed(id, &secret)?;
        let now = self.clocks().real();
        let end = now.plus_seconds(overlap_seconds);
        let endpoint = self
            .change_endpoint(owner, id, move |endpoint| {
                endpoint.secrets.retain(|old| old.ends_at.is_none_or(|ends_at| ends_at > now));
                for old in &mut endpoint.secrets {
                    old.ends_at = Some(old.ends_at.map_or(end, |ends_at| ends_at.min(end)));
                }
                endpoint.secrets.insert(0, sealed.clone());
            })
            .await?;
        Ok((endpoint, secret))
    }

    /// Deletes an endpoint. What waited for it is given up; the event feed still has it.
    ///
    /// # Errors
    /// When there is none or the store fails.
    pub async fn delete_endpoint(&self, owner: Owner, id: EndpointId) -> Result<(), EndpointError> {
        let now = self.clocks().real();
        self.store()
            .decide(move |transaction| {
                transaction.endpoint(owner, id)?.ok_or(EndpointError::NotFound("webhook endpoint"))?;
                Ok(transaction.delete_endpoint(id, now)?)
            })
            .await
    }

    /// Sends an endpoint the test event, whatever it subscribed to.
    ///
    /// # Errors
    /// When there is none or the store fails.
    pub async fn send_test_event(&self, owner: Owner, id: EndpointId) -> Result<Delivery, EndpointError> {
        let now = self.clocks().real();
        let body = events::test_body(owner.environment, self.clocks().now(owner.environment));
        let delivery = Delivery {
            id: DeliveryId(self.ids().uuid(now)),
            endpoint: id,
            owner,
            event: EventId(self.ids().uuid(now)),
            kind: "test".to_owned(),
            created_at: now,
            stage: DeliveryStage::Waiting,
            attempts: 0,
            due_at: now,
        };
        let row = delivery.clone();
        self.store()
            .decide(move |transaction| {
                transaction.endpoint(owner, id)?.ok_or(EndpointError::NotFound("webhook endpoint"))?;
                Ok::<_, EndpointError>(transaction.insert_test_delivery(&row, &body)?)
            })
            .await?;
        self.awakened.wake(delivery.endpoint, delivery.owner);
        Ok(delivery)
    }

    /// Makes a delivery due again, with the same bytes, however it ended.
    ///
    /// # Errors
    /// When there is none, its endpoint was deleted, or the store fails.
    pub async fn redeliver(&self, owner: Owner, id: DeliveryId) -> Result<Delivery, EndpointError> {
        let now = self.clocks().real();
        let delivery = self
            .store()
            .decide(move |transaction| {
                let missing = || EndpointError::NotFound("delivery");
                let delivery = transaction.delivery(owner, id)?.ok_or_else(missing)?;
                transaction.any_endpoint(delivery.endpoint)?.ok_or_else(missing)?;
                transaction.redeliver(&delivery, now)?;
                transaction.delivery(owner, id)?.ok_or_else(missing)
            })
            .await?;
        self.awakened.wake(delivery.endpoint, delivery.owner);
        Ok(delivery)
    }

    /// The secrets that sign at `now`, newest first. One that cannot be unsealed is left out and logged: an endpoint without any
    /// is sent nothing unsigned.
    pub(crate) fn signing_secrets(&self, endpoint: &Endpoint, now: Timestamp) -> Vec<WebhookSecret> {
        let valid = endpoint.secrets.iter().filter(|secret| secret.ends_at.is_none_or(|ends_at| ends_at > now));
        valid
            .filter_map(|secret| {
                let sealed = hex::decode(&secret.sealed).ok()?;
                let plain = self.parts.sealer.unseal(endpoint.id.0.as_bytes(), &sealed);
                plain
                    .inspect_err(
                        |error| tracing::error!(endpoint = %endpoint.id, %error, "a webhook secret cannot be unsealed"),
                    )
                    .ok()
            })
            .filter_map(|plain| String::from_utf8(plain).ok()?.parse().ok())
            .collect()
    }

    fn sealed(&self, id: EndpointId, secret: &WebhookSecret) -> Result<SealedSecret, StoreError> {
        let sealed = self.parts.sealer.seal(id.0.as_bytes(), secret.reveal().as_bytes())?;
        Ok(SealedSecret { sealed: hex::encode(sealed), ends_at: None })
    }

    async fn change_endpoint(
        &self,
        owner: Owner,
        id: EndpointId,
        mut change: impl FnMut(&mut Endpoint) + Send + 'static,
    ) -> Result<Endpoint, EndpointError> {
        let decide = move |transaction: &mut Transaction<'_>| {
            let mut endpoint = transaction.endpoint(owner, id)?.ok_or(EndpointError::NotFound("webhook endpoint"))?;
            if !endpoint.is_whole {
                return Err(StoreError::Corrupt(format!("endpoint {id} is not as it was written")).into());
            }
            change(&mut endpoint);
            transaction.put_endpoint(&endpoint)?;
            Ok::<_, EndpointError>(endpoint)
        };
        self.store().decide(decide).await
    }
}
