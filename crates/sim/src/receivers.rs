//! The shops' ends of webhooks: they fail, hang, vanish and come back, and keep a log of everything that they were sent.
//!
//! Each request's signature is checked as it comes in, against the secrets that the shop was told.

use crate::world::ManualClock;
use farthing_dialects::{
    callbacks,
    native::callback::{self, WebhookSecret},
};
use farthing_domain::{policy::Dialect, time::Timestamp};
use farthing_gateway::{
    clock::Clock,
    outgoing::{Answer, SendError, SimulatedReceivers},
};
use farthing_store::records::Credential;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// What a healthy receiver answers, by the native API and to every dialect.
const NO_CONTENT: u16 = 204;
const OK: u16 = 200;
/// How long a hanging receiver takes until the sender gives up, in milliseconds.
const HANGS_MS: i64 = 15_000;

/// How a receiver behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// It acknowledges.
    Healthy,
    /// It answers this status.
    Answers(u16),
    /// It takes the request and never answers; the sender waits until its deadline.
    Hangs,
    /// It takes and processes the request, and the answer gets lost.
    LosesAnswers,
    /// The sender's process ends while it waits.
    OutlivesTheSender,
}

/// A secret of an endpoint, and until when it signs.
#[derive(Clone)]
pub struct KnownSecret {
    /// The secret.
    pub secret: WebhookSecret,
    /// Its end by real time; `None` for the current one.
    pub ends_at: Option<Timestamp>,
}

/// A request that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Where.
    pub url: String,
    /// The `webhook-id` header: the event's id.
    pub id: String,
    /// The `x-halfin-event` header.
    pub event: String,
    /// The bytes.
    pub body: Vec<u8>,
    /// Whether its headers are those that the secrets valid at that moment make.
    pub is_signed: bool,
    /// Whether the sender got an acknowledgement.
    pub is_acknowledged: bool,
}

/// A dialect's callback that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalledBack {
    /// Where.
    pub url: String,
    /// The bytes.
    pub body: Vec<u8>,
    /// Whether its headers are those that the credential makes.
    pub is_signed: bool,
    /// Whether the sender got an acknowledgement, and its process lived long enough to write that down.
    pub is_acknowledged: bool,
}

/// Who signs the callbacks to an address.
#[derive(Clone)]
struct Signer {
    dialect: Dialect,
    public_key: String,
    secret: String,
}

#[derive(Default)]
struct State {
    signers: BTreeMap<String, Signer>,
    called_back: Vec<CalledBack>,
    moods: BTreeMap<String, Mood>,
    secrets: BTreeMap<String, Vec<KnownSecret>>,
    doubted: BTreeSet<String>,
    log: Vec<Received>,
}

/// All receivers. Clones share them.
#[derive(Clone)]
pub struct Receivers {
    clock: Arc<ManualClock>,
    state: Arc<Mutex<State>>,
}

impl Receivers {
    /// No receivers yet, over a clock that a hanging one moves.
    #[must_use]
    pub fn new(clock: Arc<ManualClock>) -> Self {
        Self { clock, state: Arc::default() }
    }

    /// As the gateway's way out.
    #[must_use]
    pub fn as_outgoing(&self) -> SimulatedReceivers {
        let receivers = self.clone();
        Arc::new(move |url, headers, body| receivers.receive(url, headers, body))
    }

    /// How the receiver at a URL behaves from now on.
    pub fn set_mood(&self, url: &str, mood: Mood) {
        self.state().moods.insert(url.to_owned(), mood);
    }

    /// How many requests came so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.state().log.len()
    }

    /// Callbacks of a credential come here.
    pub fn learn_credential(&self, url: &str, credential: &Credential, secret: &str) {
        let public_key = credential.public_key.clone().unwrap_or_default();
        let signer = Signer { dialect: credential.dialect, public_key, secret: secret.to_owned() };
        self.state().signers.insert(url.to_owned(), signer);
    }

    /// Every callback that came in, oldest first.
    #[must_use]
    pub fn called_back(&self) -> Vec<CalledBack> {
        self.state().called_back.clone()
    }

    /// The sender's process ended: only what it had written down counts as acknowledged.
    pub fn keep_acknowledged(&self, written_down: &BTreeSet<(String, Vec<u8>)>) {
        for got in &mut self.state().called_back {
            got.is_acknowledged &= written_down.contains(&(got.url.clone(), got.body.clone()));
        }
    }

    /// Everybody is well again.
    pub fn heal(&self) {
        self.state().moods.clear();
    }

    /// The shop learned a new secret; the ones before go on until `old_end` at the latest.
    pub fn learn_secret(&self, url: &str, secret: WebhookSecret, old_end: Timestamp) {
        let now = self.clock.now();
        let mut state = self.state();
        let secrets = state.secrets.entry(url.to_owned()).or_default();
        secrets.retain(|old| old.ends_at.is_none_or(|end| end > now));
        for old in secrets.iter_mut() {
            old.ends_at = Some(old.ends_at.map_or(old_end, |end| end.min(old_end)));
        }
        secrets.insert(0, KnownSecret { secret, ends_at: None });
        state.doubted.remove(url);
    }

    /// The shop asked for a change of its endpoint and may never hear what came of it: no signature can be judged. Answers
    /// whether that was so before.
    pub fn doubt(&self, url: &str) -> bool {
        !self.state().doubted.insert(url.to_owned())
    }

    /// The endpoint was deleted: nothing may come any more.
    pub fn forget(&self, url: &str) {
        let mut state = self.state();
        state.secrets.remove(url);
        state.doubted.remove(url);
    }

    /// Everything that came in, oldest first.
    #[must_use]
    pub fn log(&self) -> Vec<Received> {
        self.state().log.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn receive(&self, url: &str, headers: &[(&str, String)], body: &[u8]) -> Option<Result<Answer, SendError>> {
        let now = self.clock.now();
        let mut state = self.state();
        let mood = state.moods.get(url).copied().unwrap_or(Mood::Healthy);
        if let Some(signer) = state.signers.get(url).cloned() {
            let outcome = self.answer(mood, OK);
            state.called_back.push(called_back(url, headers, body, (&signer, now, &outcome)));
            return outcome;
        }
        let header = |name: &str| {
            headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let (id, event) = (header("webhook-id"), header("x-halfin-event"));
        let valid: Vec<WebhookSecret> = state.secrets.get(url).map_or_else(Vec::new, |secrets| {
            let valid = secrets.iter().filter(|known| known.ends_at.is_none_or(|end| end > now));
            valid.map(|known| known.secret.clone()).collect()
        });
        let attempt = callback::Attempt { id: &id, event: &event, timestamp_seconds: now.seconds(), body };
        let is_doubted = state.doubted.contains(url);
        let is_signed = is_doubted || !valid.is_empty() && callback::headers(&valid, &attempt).as_slice() == headers;
        let outcome = self.answer(mood, NO_CONTENT);
        let is_acknowledged = matches!(&outcome, Some(Ok(answer)) if callback::is_acknowledged(answer.status));
        state.log.push(Received { url: url.to_owned(), id, event, body: body.to_vec(), is_signed, is_acknowledged });
        outcome
    }
    /// What the sender gets; `None`: its process ends before.
    fn answer(&self, mood: Mood, healthy: u16) -> Option<Result<Answer, SendError>> {
        let answer = |status| Some(Ok(Answer { status, first_bytes: String::new() }));
        match mood {
            Mood::Healthy => answer(healthy),
            Mood::Answers(status) => answer(status),
            Mood::Hangs => {
                self.clock.move_by_ms(HANGS_MS);
                Some(Err(SendError::Timeout))
            }
            Mood::LosesAnswers => Some(Err(SendError::Protocol)),
            Mood::OutlivesTheSender => None,
        }
    }
}

fn called_back(
    url: &str,
    headers: &[(&str, String)],
    body: &[u8],
    (signer, now, outcome): (&Signer, Timestamp, &Option<Result<Answer, SendError>>),
) -> CalledBack {
    let of_id = |(key, _): &&(&str, String)| matches!(*key, "webhook-id" | "svix-id");
    let id = headers.iter().find(of_id).map(|(_, value)| value.as_str()).unwrap_or_default();
    let attempt = callbacks::Attempt {
        id,
        timestamp_seconds: now.seconds(),
        body,
        public_key: &signer.public_key,
        secret: &signer.secret,
    };
    let is_acknowledged =
        matches!(outcome, Some(Ok(answer)) if callbacks::is_acknowledged(signer.dialect, answer.status));
    CalledBack {
        url: url.to_owned(),
        body: body.to_vec(),
        is_signed: callbacks::headers(signer.dialect, &attempt).as_slice() == headers,
        is_acknowledged,
    }
}
