//! Shops: create invoices at a steady rate, each at moments of its own, and pay some. What is not answered is asked again with
//! the same key, as shops do.

use super::{SOLD, books::Books};
use crate::{chance::Chance, client::Client, program::text};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};

/// Shops at the same time, each over a connection of its own: at least so many, and one more for every so many invoices a second.
const SHOPS_MIN: u64 = 4;
const RATE_OF_A_SHOP: u64 = 20;
/// Every so many invoices one is paid.
const PAYS_EVERY: usize = 3;
/// How long an answer is waited for, how often it is asked again, and the pause between.
const PATIENCE: Duration = Duration::from_secs(20);
const TRIES: usize = 1800;
const PAUSE: Duration = Duration::from_millis(100);
/// The price and the payment of each invoice.
pub(super) const AMOUNT: &str = "0.5";

/// Open shops.
pub(super) struct Shops(JoinSet<Result<()>>);

impl Shops {
    /// Opens them until `end`, `rate` invoices a second altogether.
    pub(super) fn open(
        addresses: &watch::Receiver<SocketAddr>,
        api_key: &str,
        books: &Books,
        (rate, end): (u64, Instant),
        chance: &mut Chance,
    ) -> Self {
        let mut shops = JoinSet::new();
        let count = rate.div_ceil(RATE_OF_A_SHOP).max(SHOPS_MIN);
        let pause_ms = count.saturating_mul(1000).checked_div(rate.max(1)).unwrap_or_default();
        for number in 0..count {
            let shop = Shop {
                name: format!("shop-{number}"),
                addresses: addresses.clone(),
                api_key: api_key.to_owned(),
                books: books.clone(),
                client: None,
            };
            shops.spawn(shop.trade(Pauses { mean_ms: pause_ms, chance: chance.branch() }, end));
        }
        Self(shops)
    }

    /// Waits until all have heard an answer to everything they asked for.
    pub(super) async fn close(mut self) -> Result<()> {
        while let Some(ended) = self.0.join_next().await {
            ended??;
        }
        Ok(())
    }
}

/// How long a shop waits between two customers: anything up to twice the mean. Shops that all ask at one moment would measure
/// how they wait for each other.
struct Pauses {
    mean_ms: u64,
    chance: Chance,
}

impl Pauses {
    fn next(&mut self) -> Duration {
        let microseconds = usize::try_from(self.mean_ms.saturating_mul(2000)).unwrap_or(usize::MAX);
        Duration::from_micros(u64::try_from(self.chance.below(microseconds)).unwrap_or_default())
    }
}

struct Shop {
    name: String,
    addresses: watch::Receiver<SocketAddr>,
    api_key: String,
    books: Books,
    client: Option<Client>,
}

impl Shop {
    async fn trade(mut self, mut pauses: Pauses, end: Instant) -> Result<()> {
        let mut next = Instant::now();
        for (number, (currency, network)) in SOLD.into_iter().cycle().enumerate() {
            // Customers who could not be served in time are not made up for.
            next = next.max(Instant::now()).checked_add(pauses.next()).context("no such time")?;
            if next >= end {
                break;
            }
            sleep_until(next).await;
            let key = format!("{}-{number}", self.name);
            let invoice = self.create(&key, currency, network).await?;
            if number.is_multiple_of(PAYS_EVERY) {
                self.pay(&invoice, network, number.is_multiple_of(2)).await?;
            }
        }
        Ok(())
    }

    /// Creates an invoice, however often that must be asked for; its id.
    async fn create(&mut self, key: &str, currency: &str, network: &str) -> Result<String> {
        let body =
            json!({"currency": currency, "network": network, "amount": AMOUNT, "idempotency_key": key}).to_string();
        self.books.pages().asked.insert(key.to_owned(), Instant::now());
        for _ in 0..TRIES {
            match self.ask("/api/v1/invoices", &body).await {
                Ok((200 | 201, answer)) => {
                    let id = text(&answer, "/data/id")?;
                    self.books.acknowledge(key, id.clone(), text(&answer, "/data/deposit_address")?)?;
                    return Ok(id);
                }
                Ok((503, _)) => {}
                Ok((status, answer)) => bail!("an invoice was answered by {status}: {answer}"),
                Err(_) => self.client = None,
            }
            self.books.pages().repeated.insert(key.to_owned());
            tokio::time::sleep(PAUSE).await;
        }
        bail!("{key} was never answered");
    }

    /// Pays an invoice once: a payment has no key, so what is not answered is there or not.
    async fn pay(&mut self, invoice: &str, network: &str, is_mined: bool) -> Result<()> {
        let path = format!("/api/v1/test/invoices/{invoice}/payments");
        let body = json!({"amount": AMOUNT, "confirmations": u8::from(is_mined)}).to_string();
        match self.ask(&path, &body).await {
            Ok((201, answer)) => self.books.paid(text(&answer, "/data/tx_hash")?, invoice.to_owned(), network),
            Ok((503, _)) => {
                let mut pages = self.books.pages();
                pages.unanswered_payments = pages.unanswered_payments.saturating_add(1);
            }
            Ok((status, answer)) => bail!("a payment was answered by {status}: {answer}"),
            Err(_) => {
                self.client = None;
                let mut pages = self.books.pages();
                pages.unanswered_payments = pages.unanswered_payments.saturating_add(1);
            }
        }
        Ok(())
    }

    async fn ask(&mut self, path: &str, body: &str) -> Result<(u16, Value)> {
        let client = match &mut self.client {
            Some(client) => client,
            none => {
                let address = *self.addresses.borrow();
                none.insert(Client::connect(address, &self.api_key).await?)
            }
        };
        let answered = timeout(PATIENCE, client.ask("POST", path, body)).await.context("no answer in time")??;
        Ok((answered.0, serde_json::from_slice(answered.1)?))
    }
}
