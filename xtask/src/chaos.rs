//! `cargo xtask chaos`: load with faults. Shops create and pay at a steady rate while the server is killed, chains are
//! reorganised, and some receivers of webhooks are dead, silent or slow.
//!
//! At the end nothing acknowledged is missing, every payment stands on one invoice, every event reached the healthy receivers,
//! and `farthing audit` finds nothing; anything else fails the command. How long a webhook takes is compared with a second server
//! that has the same load and faults at the same time, but no bad receivers; it is only printed: no clock decides whether this
//! passes. So are the commits of both since their last start, which say what the bad receivers cost whatever else the machine
//! does. Loopback only.

mod books;
mod receivers;
mod shops;
mod verdict;

use crate::{
    bench::numbers::{decimal, hundredths, median, microseconds},
    chance::Chance,
    client::Client,
    program::{self, Installation, Server},
};
use anyhow::{Context, Result};
use books::Books;
use receivers::Receivers;
use shops::Shops;
use std::{net::SocketAddr, path::Path, time::Duration};
use tokio::{sync::watch, time::Instant};

/// Between two reorganisations, and before the first one.
const REORGANISES_EVERY: Duration = Duration::from_secs(30);
const REORGANISES_AFTER: Duration = Duration::from_secs(15);
/// Between two kills, and before the first one.
const KILLS_EVERY: Duration = Duration::from_secs(60);
const KILLS_AFTER: Duration = Duration::from_secs(25);
/// A reorganisation replaces at most so many blocks.
const DEPTH_MAX: usize = 3;
/// How deep a reorganisation goes that leaves a payment out for good.
const DROP_DEPTH: u32 = 4;
/// Blocks that every network has before anything is asked for, so that there is something to replace.
const BLOCKS_BEFORE: u32 = 6;
/// What is sold in turn.
const SOLD: [(&str, &str); 7] = [
    ("BTC", "bitcoin"),
    ("LTC", "litecoin"),
    ("USDT", "tron"),
    ("USDC", "polygon"),
    ("DOGE", "dogecoin"),
    ("ETH", "arbitrum"),
    ("SOL", "solana"),
];

/// How long, how much.
#[derive(clap::Args, Clone)]
pub(crate) struct Options {
    /// For how many minutes; two servers run side by side, one without bad receivers, for comparison
    #[arg(long, default_value_t = 3)]
    minutes: u64,
    /// Invoices a second at each of them
    #[arg(long, default_value_t = 20)]
    rate: u64,
    /// On a release build
    #[arg(long)]
    release: bool,
    /// What decides which networks are reorganised and when payments are left out
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Options {
    /// What the test run takes: two minutes beside the other tests.
    pub(crate) const fn in_the_test_run() -> Self {
        Self { minutes: 2, rate: 8, release: false, seed: 1 }
    }
}

/// What a round came to.
struct Round {
    counts: verdict::Counts,
    kills: u32,
    reorganisations: u32,
    /// From asking for an invoice to the arrival of its webhook at a healthy receiver, in microseconds, of all of them.
    lags: Vec<u64>,
    /// Commits since the last start, when the shops closed.
    commits: u64,
}

/// Builds the program, runs both rounds and prints what they came to.
pub(crate) fn run(options: &Options) -> Result<()> {
    run_on(&program::build(options.release)?, options)
}

/// The same with a program that is built already.
pub(crate) fn run_on(program: &Path, options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let length = Duration::from_secs(options.minutes.saturating_mul(60));
        // Side by side, so that whatever else the machine does slows both of them.
        let (healthy, mixed) = tokio::try_join!(
            async { round(program, options, length, false).await.context("without bad receivers") },
            async { round(program, options, length, true).await.context("with bad receivers") },
        )?;
        say("without bad receivers", &healthy);
        say("with dead, silent and slow receivers", &mixed);
        let ratio = hundredths(median(&mixed.lags), median(&healthy.lags));
        println!("chaos: the healthy receivers' median with the bad ones is {} of that without", decimal(ratio));
        Ok(())
    })
}

fn say(name: &str, round: &Round) {
    let late = round.lags.get(round.lags.len().saturating_mul(99) / 100).copied().unwrap_or_default();
    let counts = &round.counts;
    println!(
        "chaos, {name}: {} invoices, {} payments, {} reversed, {} events, {} webhooks ({} repeated), {} kills, {} reorganisations: nothing lost, nothing twice; request to webhook: median {}, 99 of 100 within {}; {} commits since the last start",
        counts.invoices,
        counts.payments,
        counts.reversed,
        counts.events,
        counts.webhooks,
        counts.repeated,
        round.kills,
        round.reorganisations,
        microseconds(median(&round.lags)),
        microseconds(late),
        round.commits,
    );
}

/// What the server counts as its commits since it was started.
async fn commits(server: &Server) -> Result<u64> {
    let mut client = server.connect("").await?;
    let told = String::from_utf8_lossy(client.exchange("GET", "/metrics", "", 200).await?).into_owned();
    let of_commits = told.lines().find_map(|line| line.strip_prefix("farthing_store_commits_total "));
    of_commits.context("the metrics do not tell of commits")?.parse().context("commits are no number")
}

async fn round(program: &Path, options: &Options, length: Duration, with_bad_receivers: bool) -> Result<Round> {
    let installation = Installation::new(if with_bad_receivers { "chaos" } else { "chaos-baseline" }, program)?;
    let api_key = installation.merchant("Tea shop")?;
    let receivers = Receivers::start(with_bad_receivers).await?;
    let server = installation.start().await?;
    let mut client = server.connect(&api_key).await?;
    receivers.subscribe(&mut client).await?;
    for (_, network) in SOLD {
        mine(&mut client, network, BLOCKS_BEFORE).await?;
    }
    let books = Books::default();
    let (address, addresses) = watch::channel(server.address);
    let end = Instant::now().checked_add(length).context("too many minutes")?;
    let shops = Shops::open(&addresses, &api_key, &books, options.rate, end);
    let mut trouble = Trouble {
        installation: &installation,
        server: Some(server),
        address,
        api_key: api_key.clone(),
        books: books.clone(),
        chance: Chance::new(options.seed),
        kills: 0,
        reorganisations: 0,
    };
    trouble.make(end).await?;
    shops.close().await?;
    let mut server = trouble.server.take().context("no server is left")?;
    let commits = commits(&server).await?;
    let counts = verdict::judge(&server, &api_key, &books, &receivers).await?;
    installation.audit()?;
    anyhow::ensure!(server.is_running()?, "the server ended by itself");
    let complaints = installation.complaints(&[])?;
    anyhow::ensure!(complaints.is_empty(), "the log has: {complaints:#?}");
    let (kills, reorganisations) = (trouble.kills, trouble.reorganisations);
    drop(trouble);
    drop(server);
    installation.done();
    Ok(Round { counts, kills, reorganisations, lags: receivers.lags(&books), commits })
}

/// Kills and reorganisations, at their times.
struct Trouble<'i> {
    installation: &'i Installation,
    server: Option<Server>,
    address: watch::Sender<SocketAddr>,
    api_key: String,
    books: Books,
    chance: Chance,
    kills: u32,
    reorganisations: u32,
}

impl Trouble<'_> {
    async fn make(&mut self, end: Instant) -> Result<()> {
        let mut next_kill = Instant::now().checked_add(KILLS_AFTER).context("no such time")?;
        let mut next_reorganisation = Instant::now().checked_add(REORGANISES_AFTER).context("no such time")?;
        loop {
            let next = next_kill.min(next_reorganisation);
            if next >= end {
                tokio::time::sleep_until(end).await;
                return Ok(());
            }
            tokio::time::sleep_until(next).await;
            if next == next_kill {
                self.kill().await?;
                next_kill = next_kill.checked_add(KILLS_EVERY).context("no such time")?;
            } else {
                self.reorganise().await?;
                next_reorganisation = next_reorganisation.checked_add(REORGANISES_EVERY).context("no such time")?;
            }
        }
    }

    async fn kill(&mut self) -> Result<()> {
        drop(self.server.take());
        let server = self.installation.start().await?;
        self.address.send_replace(server.address);
        self.server = Some(server);
        self.kills = self.kills.saturating_add(1);
        Ok(())
    }

    /// Replaces some last blocks of one network, without the last payment there if it lies in them.
    async fn reorganise(&mut self) -> Result<()> {
        let Some((_, network)) = self.chance.pick(&SOLD) else { return Ok(()) };
        let server = self.server.as_ref().context("no server")?;
        let mut client = server.connect(&self.api_key).await?;
        mine(&mut client, network, 1).await?;
        let path = format!("/api/v1/test/networks/{network}/reorg");
        self.reorganisations = self.reorganisations.saturating_add(1);
        if let Some(hash) = self.books.last_payment_on(network) {
            let body = format!(r#"{{"depth":{DROP_DEPTH},"drop":["{hash}"]}}"#);
            // Refused where it lies deeper by now; then the blocks are replaced with all that is in them.
            if client.ask("POST", &path, &body).await?.0 == 200 {
                self.books.drop_payment(&hash);
                return Ok(());
            }
        }
        let depth = self.chance.below(DEPTH_MAX).saturating_add(1);
        client.call("POST", &path, &format!(r#"{{"depth":{depth}}}"#), 200).await?;
        Ok(())
    }
}

async fn mine(client: &mut Client, network: &str, count: u32) -> Result<()> {
    let path = format!("/api/v1/test/networks/{network}/blocks");
    client.call("POST", &path, &format!(r#"{{"count":{count}}}"#), 201).await.map(drop)
}
