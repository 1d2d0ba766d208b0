//! `cargo xtask dribble`: many connections that send a request head byte by byte, beside a client that behaves.
//!
//! Every request of the client must be answered; how long that takes with and without the others is printed and judged by
//! nobody. The dribblers' connections must be closed by the server, which gives a head so long and no longer. Loopback only.

use crate::{
    bench::numbers::{decimal, hundredths, median, microseconds},
    program::{self, Installation, Server},
};
use anyhow::{Context, Result, ensure};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

/// Requests of the client that behaves, in each round, and the pause between two.
const REQUESTS: usize = 400;
const PAUSE: Duration = Duration::from_millis(10);
/// Between two bytes of a dribbler.
const BYTE_EVERY: Duration = Duration::from_millis(500);
/// How long a dribbler may stay: the server's deadline for a head is 10 s, and a busy machine adds to that.
const PATIENCE: Duration = Duration::from_secs(120);
const HEAD: &[u8] = b"GET /api/v1/invoices HTTP/1.1\r\nHost: dribbler.example\r\nX-Slow: ";

/// How many.
#[derive(clap::Args, Clone)]
pub(crate) struct Options {
    /// Connections that dribble at the same time
    #[arg(long, default_value_t = 2000)]
    connections: usize,
    /// On a release build
    #[arg(long)]
    release: bool,
}

impl Options {
    /// What the test run takes.
    pub(crate) const fn in_the_test_run() -> Self {
        Self { connections: 500, release: false }
    }
}

/// Measures without and with dribblers.
pub(crate) fn run(options: &Options) -> Result<()> {
    let program = program::build(options.release)?;
    let installation = Installation::new("dribble", &program)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(measure(&installation, options.connections))?;
    let complaints = installation.complaints(&[])?;
    ensure!(complaints.is_empty(), "the log has: {complaints:#?}");
    installation.done();
    Ok(())
}

async fn measure(installation: &Installation, connections: usize) -> Result<()> {
    let api_key = installation.merchant("Tea shop")?;
    let server = installation.start().await?;
    let alone = requests(&server, &api_key).await?;
    let closed = Arc::new(AtomicU64::new(0));
    let mut dribblers = JoinSet::new();
    for _ in 0..connections {
        dribblers.spawn(dribble(server.address, Arc::clone(&closed)));
    }
    let beside = requests(&server, &api_key).await?;
    while let Some(ended) = dribblers.join_next().await {
        ended??;
    }
    let late = |lags: &[u64]| lags.get(lags.len().saturating_mul(99) / 100).copied().unwrap_or_default();
    println!(
        "dribble: {connections} connections that send a head byte by byte, all closed by the server; {REQUESTS} requests beside them, all answered: median {} (alone {}), 99 of 100 within {} (alone {}), {} of it",
        microseconds(median(&beside)),
        microseconds(median(&alone)),
        microseconds(late(&beside)),
        microseconds(late(&alone)),
        decimal(hundredths(late(&beside), late(&alone))),
    );
    ensure!(usize::try_from(closed.load(Ordering::SeqCst))? == connections, "some dribblers were never closed");
    Ok(())
}

/// How long each took, in microseconds, sorted.
async fn requests(server: &Server, api_key: &str) -> Result<Vec<u64>> {
    let mut lags = Vec::with_capacity(REQUESTS);
    for _ in 0..REQUESTS {
        let began = Instant::now();
        // A connection of its own, as a new client has.
        let mut client = server.connect(api_key).await?;
        client.call("GET", "/api/v1/invoices", "", 200).await?;
        lags.push(u64::try_from(began.elapsed().as_micros())?);
        sleep(PAUSE).await;
    }
    lags.sort_unstable();
    Ok(lags)
}

/// Sends byte after byte until the server has had enough.
async fn dribble(address: SocketAddr, closed: Arc<AtomicU64>) -> Result<()> {
    let mut stream = TcpStream::connect(address).await.context("a dribbler was not let in")?;
    let is_closed = timeout(PATIENCE, async {
        let mut answer = [0; 1024];
        for byte in HEAD.iter().chain(std::iter::repeat(&b'a')) {
            tokio::select! {
                read = stream.read(&mut answer) => match read {
                    Ok(0) | Err(_) => return,
                    Ok(_) => {}
                },
                () = sleep(BYTE_EVERY) => if stream.write_all(&[*byte]).await.is_err() { return },
            }
        }
    });
    if is_closed.await.is_ok() {
        closed.fetch_add(1, Ordering::SeqCst);
    }
    Ok(())
}
