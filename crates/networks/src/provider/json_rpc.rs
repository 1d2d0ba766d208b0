//! A strict JSON-RPC client: what is not a whole, matching answer is an error.
//!
//! It never takes an error for an empty result, whatever the HTTP status beside it.

use super::{
    CallError, Usage,
    http::{HttpAnswer, HttpNode},
};
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use reqwest::StatusCode;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};
use std::collections::BTreeMap;

/// Calls in one request; hosted providers refuse more than a few dozen.
const BATCH_MAX: usize = 20;
/// Characters of a node's words that are kept.
const WORDS_MAX: usize = 300;

/// A method and its parameters.
#[derive(Debug, Clone)]
pub struct Call {
    /// The method's name.
    pub method: &'static str,
    /// Its parameters, an array.
    pub params: Value,
}

impl Call {
    /// A call of this method.
    #[must_use]
    pub const fn new(method: &'static str, params: Value) -> Self {
        Self { method, params }
    }
}

#[derive(Serialize)]
struct Request<'a> {
    jsonrpc: &'static str,
    id: u64,
    method: &'a str,
    params: &'a Value,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

/// A result that is there, also when it is null.
fn present<'de: 'a, 'a, D: serde::Deserializer<'de>>(from: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(from).map(Some)
}

#[derive(Deserialize)]
struct ErrorObject {
    #[serde(default)]
    code: i64,
    #[serde(default)]
    message: String,
}

/// A node that speaks JSON-RPC over HTTP.
#[derive(Debug)]
pub struct JsonRpc {
    node: HttpNode,
    next_id: AtomicU64,
    /// It refused a batch and answered the same calls one by one.
    refuses_batches: AtomicBool,
}

impl JsonRpc {
    /// JSON-RPC with a node.
    #[must_use]
    pub const fn new(node: HttpNode) -> Self {
        Self { node, next_id: AtomicU64::new(1), refuses_batches: AtomicBool::new(false) }
    }

    /// The node's name, without secrets.
    #[must_use]
    pub fn name(&self) -> &str {
        self.node.name()
    }

    /// What it was asked so far.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.node.usage()
    }

    /// Calls a method. Where null is an answer, `T` is an `Option`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn call<T: DeserializeOwned>(&self, method: &'static str, params: Value) -> Result<T, CallError> {
        read(&self.raw(&Call { method, params }).await?)
    }

    /// Calls a method; with the result as it was written, for answers that are read in parts.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn raw(&self, call: &Call) -> Result<Box<RawValue>, CallError> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let request = encode(&Request { jsonrpc: "2.0", id, method: call.method, params: &call.params })?;
        let answer = self.node.post(request, 1).await?;
        self.single(&answer, id)
    }

    /// Calls several methods, in as few requests as the node takes; one result each, in the order of the calls. An answer
    /// that lacks one of them, or has one too many, is an error as a whole.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn batch(&self, calls: &[Call]) -> Result<Vec<Result<Box<RawValue>, CallError>>, CallError> {
        let mut results = Vec::with_capacity(calls.len());
        for part in calls.chunks(BATCH_MAX) {
            if part.len() == 1 || self.refuses_batches.load(Ordering::Relaxed) {
                results.extend(self.one_by_one(part).await?);
                continue;
            }
            match self.one_batch(part).await {
                Ok(answers) => results.extend(answers),
                Err(error) if refuses_the_form(&error) => {
                    results.extend(self.one_by_one(part).await?);
                    self.refuses_batches.store(true, Ordering::Relaxed);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(results)
    }

    /// Only the node's own errors are results; whatever else fails ends it.
    async fn one_by_one(&self, calls: &[Call]) -> Result<Vec<Result<Box<RawValue>, CallError>>, CallError> {
        let mut results = Vec::with_capacity(calls.len());
        for call in calls {
            match self.raw(call).await {
                Err(error) if !matches!(error, CallError::Node { .. }) => return Err(error),
                result => results.push(result),
            }
        }
        Ok(results)
    }

    async fn one_batch(&self, calls: &[Call]) -> Result<Vec<Result<Box<RawValue>, CallError>>, CallError> {
        let count = u64::try_from(calls.len()).unwrap_or(u64::MAX);
        let first = self.next_id.fetch_add(count, Ordering::Relaxed);
        let requests: Vec<Request<'_>> = (first..)
            .zip(calls)
            .map(|(id, call)| Request { jsonrpc: "2.0", id, method: call.method, params: &call.params })
            .collect();
        let answer = self.node.post(encode(&requests)?, count).await?;
        self.several(&answer, first, count)
    }

    /// A JSON error may come with any status; where there is none, the status tells.
    fn single(&self, answer: &HttpAnswer, id: u64) -> Result<Box<RawValue>, CallError> {
        let envelope = serde_json::from_slice::<Envelope<'_>>(&answer.body);
        match envelope {
            _ if is_overload(answer.status) => Err(answer.status_error()),
            Ok(envelope) if answer.status.is_success() || envelope.error.is_some() => self.open(&envelope, id),
            Err(error) if answer.status.is_success() => Err(not_json(&answer.body, &error)),
            _ => Err(answer.status_error()),
        }
    }

    fn several(
        &self,
        answer: &HttpAnswer,
        first: u64,
        count: u64,
    ) -> Result<Vec<Result<Box<RawValue>, CallError>>, CallError> {
        if is_overload(answer.status) {
            return Err(answer.status_error());
        }
        let Ok(envelopes) = serde_json::from_slice::<Vec<Envelope<'_>>>(&answer.body) else {
            // One answer to all of it can only be an error.
            return Err(match self.single(answer, first) {
                Err(error) => error,
                Ok(_) => CallError::Malformed("one result to a batch of calls".to_owned()),
            });
        };
        let mut by_id = BTreeMap::new();
        for envelope in &envelopes {
            let id = envelope.id.and_then(|id| id.get().parse::<u64>().ok());
            let place = id.and_then(|id| id.checked_sub(first)).filter(|place| *place < count);
            let place = place.ok_or_else(|| CallError::Malformed("an id that was not asked".to_owned()))?;
            if by_id.insert(place, self.open(envelope, first.saturating_add(place))).is_some() {
                return Err(CallError::Malformed("two answers to one call of a batch".to_owned()));
            }
        }
        let missing = calls_missing(count, by_id.len());
        if missing > 0 {
            return Err(CallError::Malformed(format!("{missing} of {count} answers of a batch are missing")));
        }
        Ok(by_id.into_values().collect())
    }

    fn open(&self, envelope: &Envelope<'_>, id: u64) -> Result<Box<RawValue>, CallError> {
        let is_ours = envelope.id.is_some_and(|answered| answered.get() == id.to_string());
        match (envelope.error, envelope.result) {
            // A node that could not read the call cannot repeat its id.
            (Some(error), _) if is_ours || envelope.id.is_none() => Err(self.node_error(error)),
            (None, Some(result)) if is_ours => Ok(result.to_owned()),
            (None, None) => Err(CallError::Malformed("neither a result nor an error".to_owned())),
            (Some(_), _) | (None, Some(_)) => Err(CallError::Malformed("the id of another call".to_owned())),
        }
    }

    fn node_error(&self, error: &RawValue) -> CallError {
        let ErrorObject { code, message } = serde_json::from_str(error.get())
            .unwrap_or_else(|_| ErrorObject { code: 0, message: error.get().to_owned() });
        let words = self.node.without_secrets(&message);
        let message = words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(WORDS_MAX).collect();
        CallError::Node { code, message }
    }
}

/// Reads a result.
///
/// # Errors
/// [`CallError::Malformed`] when it has another form.
pub fn read<T: DeserializeOwned>(result: &RawValue) -> Result<T, CallError> {
    serde_json::from_str(result.get()).map_err(|error| CallError::Malformed(format!("an unexpected form: {error}")))
}

fn encode(request: &impl Serialize) -> Result<Vec<u8>, CallError> {
    serde_json::to_vec(request).map_err(|error| CallError::Malformed(format!("the call cannot be written: {error}")))
}

/// It wants to be left alone, whatever it says beside that.
fn is_overload(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE
}

/// Whether a node may have refused the batch as such, so that its calls are worth trying one by one.
fn refuses_the_form(error: &CallError) -> bool {
    matches!(error, CallError::Node { .. } | CallError::Status { status: 400 | 404 | 405 | 413 | 422, .. })
}

fn calls_missing(asked: u64, answered: usize) -> u64 {
    asked.saturating_sub(u64::try_from(answered).unwrap_or(u64::MAX))
}

fn not_json(body: &[u8], error: &serde_json::Error) -> CallError {
    let is_page = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<');
    CallError::Malformed(if is_page { "a page of HTML".to_owned() } else { format!("not JSON-RPC: {error}") })
}
