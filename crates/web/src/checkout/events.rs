//! `/pay/{token}/events`: the page's changing part as server-sent events, until nothing changes any more.

use super::{
    Checkout,
    crowd::Seat,
    language::Tongue,
    live::{Audience, Watcher},
    pages, read,
};
use crate::state::AppState;
use axum::{
    Extension,
    extract::{Path, Request, State},
    http::{HeaderName, HeaderValue, header},
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures_core::Stream;
use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

/// Between two signs of life on a stream where nothing happens.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How often a watcher asks whether blocks or time alone changed the page.
const LOOK: Duration = Duration::from_secs(3);
/// After how long a browser should come back when a stream broke.
const RETRY: Duration = Duration::from_secs(3);

/// Answers the stream of an invoice's page.
pub(super) async fn stream(
    State(state): State<AppState>,
    Extension(checkout): Extension<Arc<Checkout>>,
    Path(token): Path<String>,
    tongue: Tongue,
    request: Request,
) -> Response {
    let address = state.client(&request);
    let Some(seat) = checkout.streams.enter(address) else {
        return pages::too_many_streams(tongue);
    };
    // Only what exists is watched; whoever guesses gets the same answer as everywhere.
    let shown = match read(&state.gateway, &token).await {
        Ok(shown) => shown,
        Err(no_page) => return no_page.answer(tongue),
    };
    let audience = checkout.audience.get_or_init(|| Arc::new(Audience::new(&state.gateway)));
    let watcher = audience.join(shown.invoice.id, &token, tongue);
    let sight = Sight { watcher, seat, shown: None, stage: Stage::Open };
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        // Proxies of the nginx kind would hold events back.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    let events = Sse::new(Steps::of(sight)).keep_alive(KeepAlive::new().interval(HEARTBEAT));
    (headers, events).into_response()
}

/// How far a stream is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// More may come.
    Open,
    /// The last event was sent.
    Over,
}

/// One stream.
struct Sight {
    watcher: Watcher,
    #[expect(dead_code, reason = "counted until it is dropped")]
    seat: Seat,
    /// What this stream sent last.
    shown: Option<Arc<str>>,
    stage: Stage,
}

impl Sight {
    /// The next event, when there is one; `None` at the end. A page that cannot be read ends the stream: the browser comes back.
    async fn next(mut self) -> Option<(Event, Self)> {
        loop {
            if self.stage == Stage::Over {
                return None;
            }
            let fragment = self.watcher.fragment().await.ok()?;
            if self.shown.as_deref() != Some(&*fragment.html) {
                let event = Event::default().event("view").retry(RETRY).data(&*fragment.html);
                self.shown = Some(fragment.html);
                return Some((event, self));
            }
            if fragment.is_final {
                self.stage = Stage::Over;
                return Some((Event::default().event("end").data("final"), self));
            }
            // Time out or not: then it is looked at again.
            drop(tokio::time::timeout(LOOK, self.watcher.changed()).await);
        }
    }
}

type Step = Pin<Box<dyn Future<Output = Option<(Event, Sight)>> + Send>>;

/// A [`Sight`] as a stream.
struct Steps(Option<Step>);

impl Steps {
    fn of(sight: Sight) -> Self {
        Self(Some(Box::pin(sight.next())))
    }
}

impl Stream for Steps {
    type Item = Result<Event, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(step) = &mut self.0 else { return Poll::Ready(None) };
        match step.as_mut().poll(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => {
                self.0 = None;
                Poll::Ready(None)
            }
            Poll::Ready(Some((event, sight))) => {
                self.0 = Some(Box::pin(sight.next()));
                Poll::Ready(Some(Ok(event)))
            }
        }
    }
}
