//! Where connections come in: who may connect, how long they may take, and what counts as a request.
//!
//! Stock `axum::serve` sets no timer and hyper forgives framing that other readers understand differently, so the accept loop
//! and a guard in front of hyper are ours. Nothing here looks at what a request means, and no answer in progress is ever cut
//! for its length: an event stream may last for days.

pub mod body;
pub mod client_ip;
pub mod reading;

mod chunks;
mod connection;
mod deadline;
mod exchange;
mod guard;
mod head;
mod peers;
mod refusal;

use axum::Router;
use std::{future::Future, io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::{JoinError, JoinSet},
};

use client_ip::IpNet;
use peers::{Peers, Seat};

/// How long accepting rests after the process ran out of descriptors or memory: nothing but time helps then.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The address of the connected peer, put among the extensions of every request. It is a proxy's where one stands in front:
/// see [`client_ip::client_ip`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerAddr(pub SocketAddr);

/// What a connection may take. All bounds are inclusive.
#[derive(Debug, Clone)]
pub struct Limits {
    /// From the first byte of a request head (or the connection's start) to its end.
    pub head_deadline: Duration,
    /// From the end of a head to the end of its body, whatever it sends meanwhile.
    pub body_deadline: Duration,
    /// Between an answer and the next request on the same connection.
    pub idle_deadline: Duration,
    /// How long a peer may take no byte of an answer that waits for it.
    pub write_stall_deadline: Duration,
    /// What open requests are given at the end of the process, before they are cut.
    pub drain_deadline: Duration,
    /// How long a peer is listened to after a refusal, so that it can read why.
    pub linger_deadline: Duration,
    /// How much is read and thrown away in that time, in bytes.
    pub linger_bytes_max: usize,
    /// Request line and headers, in bytes. At least 1 KiB.
    pub head_bytes_max: usize,
    /// The request's target alone, in bytes.
    pub target_bytes_max: usize,
    /// Header lines of a request; hyper knows at most 100.
    pub headers_max: usize,
    /// A request's body, in bytes, for [`body::read_body`].
    pub body_bytes_max: usize,
    /// Open connections; more wait in the kernel's queue.
    pub connections_max: usize,
    /// Open connections of one address (of one /64 with IPv6); more are closed at once. Loopback and the trusted proxies have no such bound.
    pub connections_per_peer_max: usize,
    /// Reverse proxies, whose connections are many clients'.
    pub trusted_proxies: Vec<IpNet>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            head_deadline: Duration::from_secs(10),
            body_deadline: Duration::from_secs(15),
            idle_deadline: Duration::from_secs(75),
            write_stall_deadline: Duration::from_secs(60),
            drain_deadline: Duration::from_secs(10),
            linger_deadline: Duration::from_secs(2),
            linger_bytes_max: 4 * 1024 * 1024,
            head_bytes_max: 16 * 1024,
            target_bytes_max: 8 * 1024,
            headers_max: 100,
            body_bytes_max: 64 * 1024,
            connections_max: 10_000,
            connections_per_peer_max: 1_000,
            trusted_proxies: Vec::new(),
        }
    }
}

/// How serving ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// Connections that were still answering when the drain deadline passed.
    pub connections_cut: usize,
}

/// Serves `app` on `listener` until `shutdown` is ready, then lets open requests end within the drain deadline.
///
/// Speaks HTTP/1.0 and 1.1. Event streams are ended when the drain begins, because they would never end by themselves. Every
/// request carries [`PeerAddr`]. Panics of a route end its connection only.
pub async fn serve(listener: TcpListener, app: Router, limits: Limits, shutdown: impl Future<Output = ()>) -> Drained {
    let limits = Arc::new(limits);
    let peers = Peers::new(limits.connections_per_peer_max);
    let room = Arc::new(Semaphore::new(limits.connections_max.min(Semaphore::MAX_PERMITS)));
    let (drain, draining) = watch::channel(false);
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(ended) = connections.join_next() => {
                report(ended);
                continue;
            }
            accepted = accept(&listener, &room) => accepted,
        };
        let Some((socket, peer, permit)) = accepted else {
            break;
        };
        let Some(seat) = seat(&peers, &limits, peer) else {
            tracing::debug!(%peer, "connection refused: too many from this address");
            continue;
        };
        let connection = connection::run(socket, peer, app.clone(), Arc::clone(&limits), draining.clone());
        connections.spawn(async move {
            connection.await;
            drop((seat, permit));
        });
    }
    drop(listener);
    drain.send_replace(true);
    let all_ended = async {
        while let Some(ended) = connections.join_next().await {
            report(ended);
        }
    };
    let in_time = tokio::time::timeout(limits.drain_deadline, all_ended).await.is_ok();
    let connections_cut = if in_time { 0 } else { connections.len() };
    connections.shutdown().await;
    Drained { connections_cut }
}

/// Waits for room, then for a connection; `None` only when there will never be room again.
async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = Arc::clone(room).acquire_owned().await.ok()?;
    loop {
        match listener.accept().await {
            Ok((socket, peer)) => return Some((socket, peer, permit)),
            Err(error) if gone_before_accepted(&error) => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept connections for now");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn gone_before_accepted(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

fn seat(peers: &Peers, limits: &Limits, peer: SocketAddr) -> Option<Seat> {
    let address = peer.ip().to_canonical();
    let many_clients = address.is_loopback() || limits.trusted_proxies.iter().any(|net| net.contains(address));
    if many_clients { Some(Seat::uncounted()) } else { peers.enter(address) }
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!("a connection ended by a panic in a route");
    }
}
