//! One connection from its first byte to its last.
//!
//! Brings the guard, hyper and the routes together. It knows no route.

use axum::{Router, body::Body, http::header::CONTENT_TYPE};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::Service as HyperService};
use std::{convert::Infallible, future::Future, future::poll_fn, net::SocketAddr, pin::Pin, sync::Arc};
use tokio::{net::TcpStream, sync::watch};
use tower::Service;

use super::{
    Limits, PeerAddr,
    body::BodyBytesMax,
    exchange::{Answer, Exchange},
    guard::Guard,
};

/// hyper's own buffers of a connection, in bytes, each way.
const HYPER_BUFFER_BYTES_MAX: usize = 64 * 1024;

/// Answers the requests of one connection until it ends, or until `draining` says so and the open one is answered.
pub(super) async fn run(
    socket: TcpStream,
    peer: SocketAddr,
    app: Router,
    limits: Arc<Limits>,
    mut draining: watch::Receiver<bool>,
) {
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%error, "the peer left at once");
        return;
    }
    let exchange = Arc::new(Exchange::default());
    let routes = Routes { app, peer, body_bytes_max: limits.body_bytes_max, exchange: Arc::clone(&exchange) };
    let mut guard = Guard::new(socket, limits, Arc::clone(&exchange));
    // hyper's buffers are not there for peers that never send a request.
    let begun = tokio::select! {
        biased;
        begun = guard.first_head() => begun,
        _ = draining.wait_for(|now| *now) => false,
    };
    if !begun {
        return guard.finish().await;
    }
    // On the heap, so that a connection without a request stays small.
    Box::pin(answer(peer, guard, routes, draining)).await;
}

/// Lets hyper answer, from the first head that the guard holds.
async fn answer(peer: SocketAddr, guard: Guard, routes: Routes, mut draining: watch::Receiver<bool>) {
    let exchange = Arc::clone(&routes.exchange);
    // The guard has the deadlines, so hyper's are off.
    let mut connection = http1::Builder::new()
        .header_read_timeout(None)
        .max_buf_size(HYPER_BUFFER_BYTES_MAX)
        .serve_connection(guard, routes);
    let mut drained = false;
    let outcome = loop {
        tokio::select! {
            biased;
            outcome = poll_fn(|cx| connection.poll_without_shutdown(cx)) => break outcome,
            _ = draining.wait_for(|now| *now), if !drained => {
                drained = true;
                exchange.drain();
                Pin::new(&mut connection).graceful_shutdown();
            }
        }
    };
    match outcome {
        Ok(()) => connection.into_parts().io.finish().await,
        Err(error) => tracing::debug!(%peer, %error, "connection ended"),
    }
}

/// The routes as hyper calls them.
struct Routes {
    app: Router,
    peer: SocketAddr,
    body_bytes_max: usize,
    exchange: Arc<Exchange>,
}

impl HyperService<Request<Incoming>> for Routes {
    type Response = Response<Answer>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Answer>, Infallible>> + Send>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(PeerAddr(self.peer));
        request.extensions_mut().insert(BodyBytesMax(self.body_bytes_max));
        // A router is always ready.
        let answering = self.app.clone().call(request.map(Body::new));
        let exchange = Arc::clone(&self.exchange);
        Box::pin(async move {
            let answer = answering.await?;
            let kind = answer.headers().get(CONTENT_TYPE);
            let event_stream = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
            Ok(answer.map(|body| Answer::new(body, event_stream, exchange)))
        })
    }
}
