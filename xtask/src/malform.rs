//! `cargo xtask malform`: good requests to every route of every API, spoiled by a seed, over real connections.
//!
//! Whatever comes of it is never a 5xx, never a panic or an error in the log, and never anything of another merchant, whose
//! invoices carry a word that no answer may have. At the end that merchant's things are as they were and `farthing audit` finds
//! nothing. Loopback only.

mod dialects;
mod request;
mod shop;
mod spoil;

use crate::{
    chance::Chance,
    program::{self, Installation},
};
use anyhow::{Context, Result, bail, ensure};
use dialects::Credentials;
use request::Request;
use shop::{Keys, Route, Shop, Stranger};
use std::{collections::BTreeMap, net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};

/// Connections at the same time.
const WORKERS: u64 = 8;
/// After so many requests a worker makes new things to ask for: its requests delete and cancel the old ones.
const FRESH_EVERY: u64 = 150;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest answer.
const ANSWER_MAX: usize = 4 * 1024 * 1024;

/// How many.
#[derive(clap::Args, Clone)]
pub(crate) struct Options {
    /// Requests altogether
    #[arg(long, default_value_t = 100_000)]
    requests: u64,
    /// What the spoiling comes from; the same seed spoils the same way
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// On a release build
    #[arg(long)]
    release: bool,
}

impl Options {
    /// What the test run takes.
    pub(crate) const fn in_the_test_run() -> Self {
        Self { requests: 6000, seed: 1, release: false }
    }
}

/// Answers by status; 0 for a connection that was closed without a word.
type Statuses = BTreeMap<u16, u64>;

/// Sends them and judges the answers.
pub(crate) fn run(options: &Options) -> Result<()> {
    let program = program::build(options.release)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let installation = Installation::new("malform", &program)?;
    let statuses = runtime.block_on(malform(&installation, options))?;
    installation.done();
    let shown: Vec<_> = statuses.iter().map(|(status, count)| format!("{status}: {count}")).collect();
    let total = statuses.values().copied().fold(0, u64::saturating_add);
    println!("malform: {total} requests of seed {}; answers by status: {}", options.seed, shown.join(", "));
    Ok(())
}

async fn malform(installation: &Installation, options: &Options) -> Result<Statuses> {
    let merchant = |name: &str| -> Result<Keys> {
        let (id, native) = installation.merchant_and_key(name)?;
        Ok(Keys { native, credentials: Credentials::of(installation, &id)?, merchant: id })
    };
    let (ours, theirs) = (merchant("Ours")?, merchant("Theirs")?);
    let mut server = installation.start().await?;
    let stranger = Stranger::settle(server.address, &theirs).await?;
    let routes = shop::routes(&mut server.connect(&ours.native).await?).await?;
    let number_of_routes = routes.len();
    let trying = Worker {
        address: server.address,
        keys: ours.clone(),
        routes: routes.clone(),
        stranger: stranger.clone(),
        chance: Chance::new(options.seed),
    };
    let refused = trying.ask_well().await?;
    println!(
        "malform: {number_of_routes} good requests, one to each route and form; {refused} of them to what is always refused"
    );
    let each = options.requests.checked_div(WORKERS).unwrap_or_default();
    let mut workers = JoinSet::new();
    for number in 0..WORKERS {
        let worker = Worker {
            address: server.address,
            keys: ours.clone(),
            routes: routes.clone(),
            stranger: stranger.clone(),
            chance: Chance::new(options.seed.wrapping_mul(WORKERS).wrapping_add(number)),
        };
        workers.spawn(worker.send(each));
    }
    let mut statuses = Statuses::new();
    while let Some(ended) = workers.join_next().await {
        for (status, count) in ended?? {
            let sum = statuses.entry(status).or_default();
            *sum = sum.saturating_add(count);
        }
    }
    ensure!(server.is_running()?, "the server ended");
    stranger.is_untouched(&mut server.connect(&theirs.native).await?).await?;
    let complaints = installation.complaints(&[])?;
    ensure!(complaints.is_empty(), "the log has: {complaints:#?}");
    installation.audit()?;
    Ok(statuses)
}

/// Sends requests one after another.
struct Worker {
    address: SocketAddr,
    keys: Keys,
    routes: Vec<Route>,
    stranger: Stranger,
    chance: Chance,
}

impl Worker {
    async fn send(mut self, count: u64) -> Result<Statuses> {
        let mut statuses = Statuses::new();
        let mut shop = Shop::open(self.address, &self.keys).await?;
        for number in 1..=count {
            if number.is_multiple_of(FRESH_EVERY) {
                shop.close(self.address, &self.keys).await?;
                shop = Shop::open(self.address, &self.keys).await?;
            }
            let route = self.chance.pick(&self.routes).context("no routes")?;
            let good: Request = shop.request(route, &self.keys)?;
            let foreign = self.stranger.ids_for(&good);
            let bytes = spoil::spoiled(good, &foreign, &mut self.chance);
            let status = self.exchange(&bytes).await.with_context(|| shown(&bytes))?;
            let sum = statuses.entry(status).or_default();
            *sum = sum.saturating_add(1);
        }
        shop.close(self.address, &self.keys).await?;
        Ok(statuses)
    }

    /// Asks every route well, once, with things of its own: what is refused as it is proves nothing when it is spoiled.
    /// Answers how many are refused whatever is asked.
    async fn ask_well(&self) -> Result<usize> {
        let (mut refused, mut wrong) = (0_usize, Vec::new());
        for route in &self.routes {
            let mut shop = Shop::open(self.address, &self.keys).await?;
            let good = shop.request(route, &self.keys)?;
            let bytes = good.bytes(&good.framing());
            let status = self.exchange(&bytes).await.with_context(|| shown(&bytes))?;
            if (200..400).contains(&status) == route.is_always_refused() {
                wrong.push(format!("{status}: {}", shown(&bytes)));
            }
            refused = refused.saturating_add(usize::from(route.is_always_refused()));
            shop.close(self.address, &self.keys).await?;
        }
        ensure!(wrong.is_empty(), "requests that were meant well, or meant to be refused, are not: {wrong:#?}");
        Ok(refused)
    }

    /// The status of what comes back; 0 when nothing does.
    async fn exchange(&self, bytes: &[u8]) -> Result<u16> {
        let answer = timeout(PATIENCE, answer_to(self.address, bytes)).await.context("no answer in time")??;
        let text = String::from_utf8_lossy(&answer);
        // More than one request may be in the bytes, and so more than one answer.
        for version in ["HTTP/1.1 5", "HTTP/1.0 5"] {
            ensure!(!text.contains(version), "answered by {text}");
        }
        ensure!(!text.contains(&self.stranger.word), "something of another merchant in {text}");
        if text.is_empty() {
            return Ok(0);
        }
        let is_answer = text.starts_with("HTTP/1.1 ") || text.starts_with("HTTP/1.0 ");
        let status = text.get(9..12).filter(|_| is_answer).and_then(|status| status.parse().ok());
        status.with_context(|| format!("no answer but {text}"))
    }
}

/// Sends all bytes, says that there are no more, and reads to the end, or to the beginning of a stream that has none.
async fn answer_to(address: SocketAddr, bytes: &[u8]) -> Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address).await?;
    // What is refused early is not taken whole; the answer says why.
    drop(stream.write_all(bytes).await);
    drop(stream.shutdown().await);
    let mut answer = Vec::new();
    while answer.len() < ANSWER_MAX {
        match stream.read_buf(&mut answer).await {
            Ok(0) | Err(_) => return Ok(answer),
            Ok(_) if answer.windows(17).any(|part| part == b"text/event-stream") => return Ok(answer),
            Ok(_) => {}
        }
    }
    bail!("an answer without an end")
}

fn shown(bytes: &[u8]) -> String {
    format!("asked with {:?}", String::from_utf8_lossy(bytes))
}
