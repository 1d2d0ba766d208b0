//! A call of a dialect's route: what was sent, and who calls.
//!
//! Only the gate makes these, so a function that takes a [`KeyCall`] is reached by those alone who may.

use super::failure::Failure;
use crate::{edge::body::read_body, state::AppState};
use axum::{
    RequestExt,
    extract::{RawPathParams, Request},
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE},
        request::Parts,
    },
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use farthing_gateway::{credentials::DialectCaller, gateway::Gateway};
use std::sync::Arc;

/// A call.
pub(super) struct Call {
    pub(super) state: AppState,
    /// The body as it was sent, whatever the method; empty where there is none.
    pub(super) body: Bytes,
    parameters: Vec<(String, String)>,
    head: Parts,
}

/// A call with a credential of the API.
pub(super) struct KeyCall {
    /// Whose it is.
    pub(super) caller: DialectCaller,
    /// The rest.
    pub(super) call: Call,
}

impl Call {
    /// Takes a request in, with its whole body.
    ///
    /// # Errors
    /// When the body is too large or does not arrive.
    pub(super) async fn take(state: AppState, mut request: Request) -> Result<Self, Failure> {
        let parameters = match request.extract_parts::<RawPathParams>().await {
            Ok(raw) => raw.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            // No text, so nothing of ours has this name.
            Err(_) => Vec::new(),
        };
        let (head, body) = request.into_parts();
        let mut whole = Request::new(body);
        whole.extensions_mut().clone_from(&head.extensions);
        let body = read_body(whole).await?;
        Ok(Self { state, body, parameters, head })
    }

    /// The use cases.
    pub(super) const fn gateway(&self) -> &Arc<Gateway> {
        &self.state.gateway
    }

    /// A part of the path, decoded.
    pub(super) fn parameter(&self, name: &str) -> &str {
        self.parameters.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }

    /// The query string as it was sent.
    pub(super) fn query(&self) -> &str {
        self.head.uri.query().unwrap_or_default()
    }

    /// A header's first value; `None` where it was not sent or is no text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.headers.get(name)?.to_str().ok()
    }

    /// The value of a header by which somebody shows who calls; `None` also where it was sent twice: whoever stands before us
    /// may have looked at the other one.
    pub(super) fn only_header(&self, name: &str) -> Option<&str> {
        let mut sent = self.head.headers.get_all(name).iter();
        match (sent.next(), sent.next()) {
            (Some(value), None) => value.to_str().ok(),
            (None | Some(_), _) => None,
        }
    }
}

/// A JSON answer that nobody keeps.
pub(super) fn json(status: u16, body: Vec<u8>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, body).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
