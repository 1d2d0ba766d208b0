//! Delivering webhooks: at least once, one lane an endpoint, the same bytes each time, signed afresh.
//!
//! A delivery is read, attempted, and written down; a process that dies in between attempts it again at its next start. Retries
//! and signatures follow real time in both environments. What is not as it was written, or cannot be signed, is not sent: it
//! waits as if the attempt had failed, and those behind it are sent. Failures of one endpoint are written down together.

mod lanes;
mod unwritten;

pub use lanes::Woken;
pub(crate) use lanes::{Awakened, Lanes};

use crate::{
    gateway::Gateway,
    outgoing::{Answer, SendError},
    read_invoice::note_altered,
};
use farthing_dialects::{callbacks, native::callback};
use farthing_domain::{
    id::EndpointId,
    planted::{self, Bug},
    policy::Dialect,
    time::Timestamp,
};
use farthing_store::{
    Reader, StoreError,
    records::{Attempt, Credential, Delivery, DeliveryStage, DueDelivery, Endpoint},
};
use lanes::Lane;
use unwritten::{Finished, Unwritten};

/// Deliveries read at once for an endpoint.
pub const BATCH: u32 = 16;
/// Endpoints looked at in one step.
const ENDPOINTS: u32 = 1000;

impl Gateway {
    /// Waits until endpoints have something new; answers which, and what. It starts a lane without looking for what is due first.
    pub async fn outbox_woken(&self) -> Vec<Woken> {
        self.awakened.next().await
    }

    /// Which endpoints have something new by now.
    pub fn outbox_woken_now(&self) -> Vec<Woken> {
        self.awakened.take()
    }

    /// Delivers to an endpoint that has something new, what was handed over before all else. Answers how many attempts were
    /// made: none while another call delivers to the same endpoint. Callbacks are read from the store again, which alone knows
    /// whether a later one has overtaken them.
    ///
    /// # Errors
    /// As [`Self::deliver_to`].
    pub async fn deliver(&self, woken: Woken) -> Result<usize, StoreError> {
        if woken.fresh.is_empty() {
            return self.deliver_to(woken.endpoint).await;
        }
        let Some(_lane) = Lane::enter(&self.lanes, woken.endpoint) else { return Ok(0) };
        let Some(receiver) = self.store().glance(move |reader| Receiver::read(reader, woken.endpoint)).await? else {
            return Ok(0);
        };
        // A lane that looked into the store between the commit and its news has had some of it.
        let is_new = |due: &DueDelivery| !self.lanes.has_attempted(due.delivery.id);
        self.attempt_all(&receiver, woken.fresh.into_iter().filter(is_new).collect()).await
    }

    /// Endpoints that have something due now, each with its owner.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn outbox_due(&self) -> Result<Vec<Woken>, StoreError> {
        let now = self.clocks().real();
        let count = if planted::is(Bug::OneEndpointATurn) { 1 } else { ENDPOINTS };
        let due = self.store().read(move |reader| reader.due_endpoints(now, count)).await?;
        Ok(due.into_iter().map(|(endpoint, owner)| Woken::new(endpoint, owner)).collect())
    }

    /// The same, without their owners.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn due_endpoints(&self) -> Result<Vec<EndpointId>, StoreError> {
        Ok(self.outbox_due().await?.iter().map(Woken::endpoint).collect())
    }

    /// When the next delivery is due; `None` when nothing waits. No attempt waits longer than the longest wait there is: what
    /// was put off by a clock that has been set back since is due now.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn next_delivery_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let Some((next, last)) = self.store().glance(deliveries_due).await? else { return Ok(None) };
        let now = self.clocks().real();
        let latest = now.plus_seconds(longest_wait_seconds());
        if last <= latest {
            return Ok(Some(next));
        }
        self.store().decide(move |transaction| transaction.pull_in_deliveries(latest, now)).await?;
        Ok(Some(next.min(now)))
    }

    /// Delivers what is due to one endpoint, in the order in which it became due. Answers how many attempts were made: none
    /// while another call delivers to the same endpoint. Callbacks that are due together go in the order in which they were made:
    /// shops take the last word that they hear for the invoice's state.
    ///
    /// # Errors
    /// When the store fails. An endpoint that fails is no error: its deliveries wait for their next attempt.
    pub async fn deliver_to(&self, id: EndpointId) -> Result<usize, StoreError> {
        let Some(_lane) = Lane::enter(&self.lanes, id) else { return Ok(0) };
        let now = self.clocks().real();
        let found = self
            .store()
            .glance(move |reader| {
                let Some(receiver) = Receiver::read(reader, id)? else { return Ok(None) };
                Ok(Some((receiver, reader.due_deliveries(id, now, BATCH)?)))
            })
            .await?;
        let Some((receiver, mut due)) = found else { return Ok(0) };
        if receiver.credential.is_some() {
            due.sort_by_key(|due| due.place);
        }
        self.attempt_all(&receiver, due).await
    }

    async fn attempt_all(&self, receiver: &Receiver, due: Vec<DueDelivery>) -> Result<usize, StoreError> {
        let (count, mut unwritten) = (due.len(), Unwritten::default());
        for delivery in due {
            self.attempt(receiver, delivery, &mut unwritten).await?;
        }
        self.write_down(&mut unwritten).await?;
        Ok(count)
    }

    /// Whether the last attempt at an endpoint failed. There is no hurry with what else it is to be sent.
    #[must_use]
    pub fn is_failing(&self, id: EndpointId) -> bool {
        self.lanes.is_failing(id)
    }

    /// Attempts a delivery, and writes down what came of it when it is time to.
    async fn attempt(
        &self,
        receiver: &Receiver,
        due: DueDelivery,
        unwritten: &mut Unwritten,
    ) -> Result<(), StoreError> {
        self.lanes.note_attempt(due.delivery.id);
        let began = self.clocks().real();
        let repeats = due.repeats;
        self.planted_taken_for_sent(&due, began).await?;
        let outcome = self.send(receiver, &due, began).await?;
        let ended = self.clocks().real();
        let attempt = attempt_of(&due.delivery, &outcome, began, ended);
        let delivery = self.after(receiver.dialect(), due, &outcome, ended);
        metrics::counter!("farthing_webhook_attempts_total", "acknowledged" => if delivery.stage == DeliveryStage::Delivered { "yes" } else { "no" })
            .increment(1);
        self.lanes.note_outcome(receiver.endpoint.id, delivery.stage == DeliveryStage::Delivered);
        if unwritten.add(Finished { delivery, repeats, attempt }) { self.write_down(unwritten).await } else { Ok(()) }
    }

    async fn write_down(&self, unwritten: &mut Unwritten) -> Result<(), StoreError> {
        let finished = unwritten.take();
        if finished.is_empty() {
            return Ok(());
        }
        self.store()
            .decide(move |transaction| {
                finished.iter().try_for_each(|Finished { delivery, repeats, attempt }| {
                    transaction.finish_attempt(delivery, *repeats, attempt)
                })
            })
            .await
    }

    /// [`Bug::DeliveredBeforeSent`]: the delivery is written down as acknowledged before it is sent.
    async fn planted_taken_for_sent(&self, due: &DueDelivery, now: Timestamp) -> Result<(), StoreError> {
        if !planted::is(Bug::DeliveredBeforeSent) {
            return Ok(());
        }
        let answer = Ok(Answer { status: 204, first_bytes: String::new() });
        let attempt = attempt_of(&due.delivery, &answer, now, now);
        let (repeats, delivery) = (due.repeats, self.after(Dialect::Native, due.clone(), &answer, now));
        self.store().decide(move |transaction| transaction.finish_attempt(&delivery, repeats, &attempt)).await
    }

    /// Sends it as its dialect does; the outer error is the store's.
    async fn send(
        &self,
        receiver: &Receiver,
        due: &DueDelivery,
        now: Timestamp,
    ) -> Result<Result<Answer, SendError>, StoreError> {
        if is_altered(receiver, due) {
            let Delivery { id, event, endpoint, .. } = &due.delivery;
            tracing::error!(delivery = %id, %event, %endpoint, "a delivery is not as it was written; it is not sent");
            note_altered("delivery");
            return Ok(Err(SendError::Altered));
        }
        let mut body = due.body.clone();
        if planted::is(Bug::BodyRenderedAgain) && due.delivery.attempts > 0 {
            body.push(b' ');
        }
        let headers = match &receiver.credential {
            None => match self.native_headers(&receiver.endpoint, &due.delivery, &body, now) {
                Some(headers) => headers,
                None => return Ok(Err(SendError::Unsigned)),
            },
            Some(credential) => match self.callback_headers(credential, &due.delivery, &body, now)? {
                Some(headers) => headers,
                None => return Ok(Err(SendError::Unsigned)),
            },
        };
        let url = due.url.as_ref().unwrap_or(&receiver.endpoint.url);
        Ok(self.parts.outgoing.post(url, &headers, body).await)
    }

    /// `None` without a secret to sign with.
    fn callback_headers(
        &self,
        credential: &Credential,
        delivery: &Delivery,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Option<Vec<(&'static str, String)>>, StoreError> {
        let secret = match self.secret_of(credential) {
            Err(StoreError::Sealing(why)) => {
                tracing::error!(credential = %credential.id, why, "a callback cannot be signed; it is not sent");
                return Ok(None);
            }
            secret => secret?,
        };
        let attempt = callbacks::Attempt {
            id: &delivery.event.to_string(),
            timestamp_seconds: now.seconds(),
            body,
            public_key: credential.public_key.as_deref().unwrap_or_default(),
            secret: &secret,
        };
        Ok(Some(callbacks::headers(credential.dialect, &attempt)))
    }

    /// `None` without a secret to sign with.
    fn native_headers(
        &self,
        endpoint: &Endpoint,
        delivery: &Delivery,
        body: &[u8],
        now: Timestamp,
    ) -> Option<Vec<(&'static str, String)>> {
        let secrets = self.signing_secrets(endpoint, now);
        if secrets.is_empty() {
            return None;
        }
        let message = callback::Attempt {
            id: &delivery.event.to_string(),
            event: &delivery.kind,
            timestamp_seconds: now.seconds(),
            body,
        };
        Some(callback::headers(&secrets, &message).into())
    }

    /// Where a delivery stands after an attempt, by its dialect's rules (native, section 11: ten attempts, waits that double, and a jitter).
    /// One that was repeated by hand gets all of its schedule again (`CoinsPaid`, A.9.1: the repeat resets the queue).
    fn after(
        &self,
        dialect: Dialect,
        DueDelivery { delivery, attempts_before, .. }: DueDelivery,
        outcome: &Result<Answer, SendError>,
        now: Timestamp,
    ) -> Delivery {
        let attempts = delivery.attempts.saturating_add(1);
        let acknowledged = outcome.as_ref().is_ok_and(|answer| callbacks::is_acknowledged(dialect, answer.status));
        let jitter = u64::from(u32::from_be_bytes(self.ids().bytes()))
            .checked_rem(callback::JITTER_SECONDS_MAX.saturating_add(1));
        let of_schedule = attempts.saturating_sub(attempts_before);
        let wait = callbacks::retry_wait_seconds(dialect, of_schedule, jitter.unwrap_or_default())
            .and_then(|seconds| i64::try_from(seconds).ok());
        match wait {
            _ if acknowledged => Delivery { attempts, stage: DeliveryStage::Delivered, due_at: now, ..delivery },
            Some(seconds) => Delivery { attempts, due_at: now.plus_seconds(seconds), ..delivery },
            None => Delivery { attempts, stage: DeliveryStage::GivenUp, due_at: now, ..delivery },
        }
    }
}

fn deliveries_due(reader: &Reader<'_>) -> Result<Option<(Timestamp, Timestamp)>, StoreError> {
    reader.deliveries_due()
}

fn longest_wait_seconds() -> i64 {
    let waits = Dialect::ALL.into_iter().flat_map(|dialect| {
        let of_attempt = move |attempts| callbacks::retry_wait_seconds(dialect, attempts, callback::JITTER_SECONDS_MAX);
        (1..).map_while(of_attempt)
    });
    waits.max().and_then(|seconds| i64::try_from(seconds).ok()).unwrap_or_default()
}

/// Who is delivered to.
struct Receiver {
    endpoint: Endpoint,
    /// Whose callbacks it gets; `None` for webhooks of the native API.
    credential: Option<Credential>,
}

impl Receiver {
    /// An endpoint as it is now; `None` when it was deleted.
    fn read(reader: &Reader<'_>, id: EndpointId) -> Result<Option<Self>, StoreError> {
        let Some(endpoint) = reader.any_endpoint(id)? else { return Ok(None) };
        let credential = endpoint.credential.map(|id| reader.any_credential(id)).transpose()?.flatten();
        Ok(Some(Self { endpoint, credential }))
    }

    fn dialect(&self) -> Dialect {
        self.credential.as_ref().map_or(Dialect::Native, |credential| credential.dialect)
    }
}

/// Whether what is to be sent is not what was written, or would go to somebody else's endpoint.
fn is_altered(receiver: &Receiver, due: &DueDelivery) -> bool {
    let is_theirs = receiver.endpoint.owner == due.delivery.owner || planted::is(Bug::OtherOwnersEndpoint);
    !due.is_whole || !receiver.endpoint.is_whole || !is_theirs
}

fn attempt_of(delivery: &Delivery, outcome: &Result<Answer, SendError>, began: Timestamp, ended: Timestamp) -> Attempt {
    let latency = ended.milliseconds().saturating_sub(began.milliseconds());
    Attempt {
        number: delivery.attempts.saturating_add(1),
        at: began,
        status: outcome.as_ref().ok().map(|answer| answer.status),
        latency_ms: u64::try_from(latency).unwrap_or_default(),
        error: outcome.as_ref().err().map(|error| error.class().to_owned()),
        answer: outcome.as_ref().map_or_else(|_| String::new(), |answer| answer.first_bytes.clone()),
    }
}
