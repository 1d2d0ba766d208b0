//! What goes wrong, and when: kills, reorganisations, and receivers that come and go.

use super::{
    SOLD,
    books::Books,
    mine,
    receivers::Receivers,
    turns::{Sides, Spent, Turns},
};
use crate::{
    chance::Chance,
    client::Client,
    program::{Installation, Server},
};
use anyhow::{Context, Result};
use std::{net::SocketAddr, time::Duration};
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

/// One server's trouble.
pub(super) struct Trouble<'a> {
    installation: &'a Installation,
    server: Server,
    address: watch::Sender<SocketAddr>,
    api_key: &'a str,
    books: &'a Books,
    receivers: &'a Receivers,
    chance: Chance,
    /// The endpoints of the bad receivers that are there now.
    bad: Vec<String>,
    /// What the server had spent when that was last counted.
    counted: Spent,
    kills: u32,
    reorganisations: u32,
    sides: Sides,
}

/// What was made, and the server that is left.
pub(super) struct Made {
    pub(super) server: Server,
    pub(super) kills: u32,
    pub(super) reorganisations: u32,
    pub(super) sides: Sides,
}

impl<'a> Trouble<'a> {
    pub(super) fn new(
        (installation, server, address): (&'a Installation, Server, watch::Sender<SocketAddr>),
        api_key: &'a str,
        (books, receivers): (&'a Books, &'a Receivers),
        seed: u64,
    ) -> Self {
        Self {
            installation,
            server,
            address,
            api_key,
            books,
            receivers,
            chance: Chance::new(seed),
            bad: Vec::new(),
            counted: Spent::default(),
            kills: 0,
            reorganisations: 0,
            sides: Sides::default(),
        }
    }

    /// Makes all of it until the end.
    pub(super) async fn make(mut self, turns: &Turns, end: Instant) -> Result<Made> {
        let begin = Instant::now();
        let later = |at: Instant, by| at.checked_add(by).context("no such time");
        let (mut kill, mut reorganisation) = (later(begin, KILLS_AFTER)?, later(begin, REORGANISES_AFTER)?);
        let mut change = turns.next_change(begin);
        self.counted = Spent::by(&self.server).await?;
        self.change_receivers(turns, begin).await?;
        loop {
            let next = kill.min(reorganisation).min(change.unwrap_or(end));
            tokio::time::sleep_until(next.min(end)).await;
            if next >= end {
                self.count(turns, end).await?;
                let Self { server, kills, reorganisations, sides, .. } = self;
                return Ok(Made { server, kills, reorganisations, sides });
            }
            if next == kill {
                self.kill(turns, next).await?;
                kill = later(kill, KILLS_EVERY)?;
            } else if next == reorganisation {
                self.reorganise().await?;
                reorganisation = later(reorganisation, REORGANISES_EVERY)?;
            } else {
                self.change_receivers(turns, next).await?;
                change = turns.next_change(next);
            }
        }
    }

    async fn connect(&self) -> Result<Client> {
        self.server.connect(self.api_key).await
    }

    /// Counts what was spent for the turn that lasts until now.
    async fn count(&mut self, turns: &Turns, until: Instant) -> Result<()> {
        let spent = Spent::by(&self.server).await?;
        let before = until.checked_sub(Duration::from_millis(1)).unwrap_or(until);
        let side = self.sides.at(turns, before);
        side.spent = side.spent.with(spent.since(self.counted));
        self.counted = spent;
        Ok(())
    }

    /// Lets the bad receivers come or go, as their turn is.
    async fn change_receivers(&mut self, turns: &Turns, now: Instant) -> Result<()> {
        self.count(turns, now).await?;
        let mut client = self.connect().await?;
        if turns.is_bad_at(now) {
            self.bad = self.receivers.subscribe_bad(&mut client).await?;
            return Ok(());
        }
        for id in self.bad.drain(..) {
            client.exchange("DELETE", &format!("/api/v1/webhook-endpoints/{id}"), "", 204).await?;
        }
        Ok(())
    }

    async fn kill(&mut self, turns: &Turns, now: Instant) -> Result<()> {
        self.count(turns, now).await?;
        self.server.kill();
        self.server = self.installation.start().await?;
        self.counted = Spent::default();
        self.address.send_replace(self.server.address);
        self.kills = self.kills.saturating_add(1);
        Ok(())
    }

    /// Replaces some last blocks of one network, without the last payment there if it lies in them.
    async fn reorganise(&mut self) -> Result<()> {
        let Some((_, network)) = self.chance.pick(&SOLD) else { return Ok(()) };
        let mut client = self.connect().await?;
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
