//! A call of a route, after the gate: who calls, and what was sent.
//!
//! Only the gate makes these, so a function that takes one is reached by those alone who may.

use super::{failure::Failure, gate::KEY_HEADER, route::Route};
use crate::{edge::body::read_body, observe::RequestId, state::AppState};
use axum::{
    RequestExt,
    extract::{RawPathParams, Request},
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, VARY},
        request::Parts,
    },
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use farthing_dialects::native::{
    envelope::{Data, List},
    errors::{ApiError, ErrorCode},
    forms::{PageQuery, parse_id},
};
use farthing_domain::id::Owner;
use farthing_gateway::gateway::Gateway;
use serde::Serialize;
use std::sync::Arc;
use uuid::Uuid;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Forms, by which `curl -d` and some libraries also call the JSON that they send: that is read, and a form is refused.
const FORM_TYPES: [&str; 2] = ["application/x-www-form-urlencoded", "multipart/form-data"];

/// A call of a public route.
pub(super) struct Call {
    pub(super) state: AppState,
    /// The body as it was sent; empty where there is none.
    pub(super) body: Bytes,
    parameters: Vec<(String, String)>,
    head: Parts,
}

/// A call with a key that has the route's permission.
pub(super) struct KeyCall {
    /// Whose key it is.
    pub(super) owner: Owner,
    /// The rest.
    pub(super) call: Call,
}

/// A call with a key of the test environment.
pub(super) struct TestCall {
    /// Whose key it is; its environment is test.
    pub(super) owner: Owner,
    /// The rest.
    pub(super) call: Call,
}

impl Call {
    /// Takes a request in, with its whole body where the route has one.
    ///
    /// # Errors
    /// When the body is too large, too slow or a form, or the path is no text.
    pub(super) async fn take(route: &Route, state: AppState, mut request: Request) -> Result<Self, Failure> {
        let parameters = parameters(route, &mut request).await?;
        let (head, body) = request.into_parts();
        if head.method != Method::POST && head.method != Method::PATCH {
            return Ok(Self { state, body: Bytes::new(), parameters, head });
        }
        let mut whole = Request::new(body);
        whole.extensions_mut().clone_from(&head.extensions);
        let body = read_body(whole).await?;
        match form_type(&head.headers) {
            Some(form) if !looks_like_json(&body) => {
                let message = format!("the body must be JSON, sent as Content-Type: application/json, not {form}");
                Err(ApiError::new(ErrorCode::UnsupportedMediaType, message).into())
            }
            Some(_) | None => Ok(Self { state, body, parameters, head }),
        }
    }

    /// The use cases.
    pub(super) const fn gateway(&self) -> &Arc<Gateway> {
        &self.state.gateway
    }

    /// A part of the path.
    pub(super) fn parameter(&self, name: &str) -> &str {
        self.parameters.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }

    /// An id in the path.
    ///
    /// # Errors
    /// 400 when it is no UUID.
    pub(super) fn id(&self, name: &str) -> Result<Uuid, ApiError> {
        parse_id(self.parameter(name))
    }

    /// The query string as it was sent.
    pub(super) fn query(&self) -> &str {
        self.head.uri.query().unwrap_or_default()
    }

    /// The only value of a header; `None` where it was not sent.
    ///
    /// # Errors
    /// 400 when it was sent twice or is no text.
    pub(super) fn header(&self, name: &'static str) -> Result<Option<String>, ApiError> {
        let mut values = self.head.headers.get_all(HeaderName::from_static(name)).iter();
        let (first, second) = (values.next(), values.next());
        if second.is_some() {
            return Err(ApiError::field(name, "(a header) must be sent once"));
        }
        let text = first.map(|value| std::str::from_utf8(value.as_bytes()).map(str::to_owned)).transpose();
        text.map_err(|_| ApiError::field(name, "(a header) must be text in UTF-8"))
    }

    /// An answer in the envelope.
    ///
    /// # Errors
    /// When it cannot be written as JSON, which would be a fault of ours.
    pub(super) fn data(&self, status: StatusCode, data: impl Serialize) -> Result<Response, Failure> {
        json(status, &Data::new(data, self.request_id()))
    }

    /// An answer in the envelope that everybody may see, and keep as long as `cache_control` says. A key's environment has its own.
    ///
    /// # Errors
    /// See [`Self::data`].
    pub(super) fn public(&self, data: impl Serialize, cache_control: HeaderValue) -> Result<Response, Failure> {
        let mut response = self.data(StatusCode::OK, data)?;
        response.headers_mut().insert(CACHE_CONTROL, cache_control);
        response.headers_mut().insert(VARY, HeaderValue::from_static(KEY_HEADER));
        Ok(response)
    }

    /// A part of a list in the envelope.
    ///
    /// # Errors
    /// See [`Self::data`].
    pub(super) fn list<T: Serialize>(&self, items: Vec<T>, page: PageQuery, total: u64) -> Result<Response, Failure> {
        json(StatusCode::OK, &List::new(items, page, total, self.request_id()))
    }

    /// The request's id.
    pub(super) fn request_id(&self) -> String {
        RequestId::of(&self.head.extensions)
    }
}

/// The path's parameters, decoded.
async fn parameters(route: &Route, request: &mut Request) -> Result<Vec<(String, String)>, ApiError> {
    if !route.has_parameters() {
        return Ok(Vec::new());
    }
    let raw = request.extract_parts::<RawPathParams>().await;
    let raw = raw.map_err(|_| ApiError::field("id", "must be text in UTF-8"))?;
    Ok(raw.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// Whether a body begins as JSON does, or there is none.
fn looks_like_json(body: &[u8]) -> bool {
    matches!(body.trim_ascii_start().first(), None | Some(b'{' | b'[' | b'"'))
}

fn form_type(headers: &HeaderMap) -> Option<&'static str> {
    let sent = headers.get(CONTENT_TYPE)?.as_bytes();
    FORM_TYPES
        .into_iter()
        .find(|form| sent.get(..form.len()).is_some_and(|start| start.eq_ignore_ascii_case(form.as_bytes())))
}

/// A JSON answer that nobody keeps.
///
/// # Errors
/// When it cannot be written as JSON.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Result<Response, Failure> {
    let body = serde_json::to_vec(body).map_err(Failure::internal)?;
    let mut response = (status, body).into_response();
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    Ok(response)
}
