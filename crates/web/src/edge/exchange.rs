//! How far the one request is that a connection answers at a time.
//!
//! The guard, which sees bytes, and hyper, which sees messages, run in the same task and meet here. It decides nothing.

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    task::{Context, Poll},
};

/// No request is open.
const IDLE: u8 = 0;
/// A head was handed on; its answer is not known.
const OPEN: u8 = 1;
/// The answer has begun and has no known end.
const STREAMING: u8 = 2;
/// The answer's last byte was handed over, not yet to the socket.
const ENDED: u8 = 3;

/// Shared by one connection's guard, routes and answer.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    stage: AtomicU8,
    draining: AtomicBool,
}

impl Exchange {
    pub(super) fn open(&self) {
        self.stage.store(OPEN, Ordering::Relaxed);
    }

    /// Everything handed over so far is on its way; whether that ended the exchange.
    pub(super) fn flushed(&self) -> bool {
        self.stage.compare_exchange(ENDED, IDLE, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.stage.load(Ordering::Relaxed) == IDLE
    }

    pub(super) fn is_streaming(&self) -> bool {
        self.stage.load(Ordering::Relaxed) == STREAMING
    }

    /// Ends event streams at their next poll.
    pub(super) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }
}

/// An answer's body that tells when it is over.
#[derive(Debug)]
pub(super) struct Answer {
    body: Body,
    event_stream: bool,
    exchange: Arc<Exchange>,
}

impl Answer {
    pub(super) fn new(body: Body, event_stream: bool, exchange: Arc<Exchange>) -> Self {
        if body.size_hint().exact().is_none() {
            exchange.stage.store(STREAMING, Ordering::Relaxed);
        }
        Answer { body, event_stream, exchange }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.exchange.stage.store(ENDED, Ordering::Relaxed);
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.event_stream && self.exchange.draining.load(Ordering::Relaxed) {
            return Poll::Ready(None);
        }
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
