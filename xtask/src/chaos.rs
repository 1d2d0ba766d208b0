//! `cargo xtask chaos`: load with faults. Shops create and pay at a steady rate while the server is killed, chains are
//! reorganised, and some receivers of webhooks are dead, silent or slow.
//!
//! At the end nothing acknowledged is missing, every payment stands on one invoice, every event reached the healthy receivers,
//! and `farthing audit` finds nothing; anything else fails the command. How long a webhook takes with bad receivers beside the
//! healthy ones and without is compared over two servers that have them in turn; it is only printed, as are the commits and the
//! processor time of both: no clock decides whether this passes. Loopback only.

mod books;
mod receivers;
mod shops;
mod trouble;
mod turns;
mod verdict;

use crate::{
    chance::Chance,
    client::Client,
    program::{self, Installation},
};
use anyhow::{Context, Result};
use books::Books;
use receivers::Receivers;
use shops::Shops;
use std::{path::Path, time::Duration};
use tokio::{sync::watch, time::Instant};
use trouble::Trouble;
use turns::{Sides, Turns};

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
    /// For how many minutes; two servers run side by side, and have the bad receivers in turn
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
    sides: Sides,
}

/// Builds the program, runs both rounds and prints what they came to.
pub(crate) fn run(options: &Options) -> Result<()> {
    run_on(&program::build(options.release)?, options)
}

/// The same with a program that is built already.
pub(crate) fn run_on(program: &Path, options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let (one, two) = tokio::try_join!(
            async { round(program, options, true).await.context("the server that begins with bad receivers") },
            async { round(program, options, false).await.context("the server that begins without bad receivers") },
        )?;
        for round in [&one, &two] {
            say(round);
        }
        turns::say(&one.sides.with(two.sides));
        Ok(())
    })
}

fn say(round: &Round) {
    let counts = &round.counts;
    println!(
        "chaos: {} invoices, {} payments, {} reversed, {} events, {} webhooks ({} repeated), {} kills, {} reorganisations: nothing lost, nothing twice",
        counts.invoices,
        counts.payments,
        counts.reversed,
        counts.events,
        counts.webhooks,
        counts.repeated,
        round.kills,
        round.reorganisations,
    );
}

async fn round(program: &Path, options: &Options, begins_bad: bool) -> Result<Round> {
    let installation = Installation::new(if begins_bad { "chaos-one" } else { "chaos-two" }, program)?;
    let api_key = installation.merchant("Tea shop")?;
    let receivers = Receivers::start().await?;
    let server = installation.start().await?;
    let mut client = server.connect(&api_key).await?;
    receivers.subscribe_healthy(&mut client).await?;
    for (_, network) in SOLD {
        mine(&mut client, network, BLOCKS_BEFORE).await?;
    }
    let books = Books::default();
    let (address, addresses) = watch::channel(server.address);
    let (begin, length) = (Instant::now(), Duration::from_secs(options.minutes.saturating_mul(60)));
    let end = begin.checked_add(length).context("too many minutes")?;
    // The two servers must not be asked at the same moments.
    let mut moments = Chance::new(options.seed.wrapping_add(u64::from(begins_bad))).branch();
    let shops = Shops::open(&addresses, &api_key, &books, (options.rate, end), &mut moments);
    let trouble = Trouble::new((&installation, server, address), &api_key, (&books, &receivers), options.seed);
    let turns = Turns::new(begin, length, begins_bad);
    let mut made = trouble.make(&turns, end).await?;
    shops.close().await?;
    let counts = verdict::judge(&made.server, &api_key, &books, &receivers).await?;
    installation.audit()?;
    anyhow::ensure!(made.server.is_running()?, "the server ended by itself");
    let complaints = installation.complaints(&[])?;
    anyhow::ensure!(complaints.is_empty(), "the log has: {complaints:#?}");
    let mut sides = made.sides;
    sides.count(&turns, &books.asked_at(), &receivers.lags(&books));
    drop(made.server);
    installation.done();
    Ok(Round { counts, kills: made.kills, reorganisations: made.reorganisations, sides })
}

async fn mine(client: &mut Client, network: &str, count: u32) -> Result<()> {
    let path = format!("/api/v1/test/networks/{network}/blocks");
    client.call("POST", &path, &format!(r#"{{"count":{count}}}"#), 201).await.map(drop)
}
