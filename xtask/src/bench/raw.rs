//! The baseline: the same rows straight into the store, without HTTP, parsing, addresses or rendering; and one commit alone.

use super::numbers::per_second;
use anyhow::{Context, Result};
use farthing_domain::{
    catalog::Catalog,
    decimal::Decimal,
    event::EventKind,
    id::{DeliveryId, Environment, EventId, InvoiceId, MerchantId, Owner},
    invoice::{Choice, Invoice, NewInvoice, Source, Terms},
    money::Amount,
    network::Family,
    policy::{Dialect, Policy},
    price::Price,
    quote::Quote,
    time::Timestamp,
};
use farthing_store::{
    OpenAs, Store, StoreError, Threads,
    records::{AddressRow, Holder, NewEvent},
};
use std::{ops::Range, path::Path, sync::Arc};
use tokio::{task::JoinSet, time::Instant};
use uuid::Uuid;

/// Invoices written by each task.
const EACH: u32 = 100;
/// Invoices written by each task before, uncounted: files grow and caches fill, as they have in a server that runs.
const WARM_UP: u32 = 50;
/// The accounts whose addresses are taken in turn.
const ACCOUNTS: u32 = 3;
const NOW: Timestamp = Timestamp::from_seconds(1_767_225_600);

/// What one invoice writes.
struct Rows {
    invoice: Invoice,
    address: AddressRow,
    event: NewEvent,
}

/// Rows of invoices a second that so many tasks write at the same time, each waiting for its commit.
pub(super) async fn group_commit(folder: &Path, tasks: usize, event_bytes: usize) -> Result<u64> {
    let store = Arc::new(Store::open(folder, OpenAs::Server, Threads::Own)?);
    write_all(&store, tasks, 0..WARM_UP, event_bytes).await?;
    write_all(&store, tasks, WARM_UP..WARM_UP.saturating_add(EACH), event_bytes).await
}

async fn write_all(store: &Arc<Store>, tasks: usize, turns: Range<u32>, event_bytes: usize) -> Result<u64> {
    let step = u32::try_from(tasks)?;
    let mut prepared = Vec::new();
    for task in 0..step {
        // Tasks take numbers in turn, so that ids come about in their order, as they do in a server.
        let numbers = turns.clone().map(|turn| turn.saturating_mul(step).saturating_add(task));
        prepared.push(numbers.map(|number| rows(number, event_bytes)).collect::<Result<Vec<Rows>>>()?);
    }
    let count = prepared.iter().map(Vec::len).sum();
    let began = Instant::now();
    let mut running = JoinSet::new();
    for rows in prepared {
        running.spawn(write(Arc::clone(store), rows));
    }
    while let Some(ended) = running.join_next().await {
        ended??;
    }
    Ok(per_second(count, u64::try_from(began.elapsed().as_micros())?))
}

async fn write(store: Arc<Store>, rows: Vec<Rows>) -> Result<(), StoreError> {
    for rows in rows {
        store
            .decide(move |transaction| {
                transaction.idempotent(rows.invoice.owner, "asked before")?;
                transaction.bind_address(&rows.address)?;
                let (environment, account) = (rows.address.environment, &rows.address.account);
                transaction.set_next_index(environment, account, rows.address.index.saturating_add(1))?;
                transaction.insert_invoice(&rows.invoice, "fingerprint")?;
                let delivery = || DeliveryId(Uuid::nil());
                transaction.tell(rows.invoice.owner, std::slice::from_ref(&rows.event), NOW, delivery)?;
                Ok::<_, StoreError>(())
            })
            .await?;
    }
    Ok(())
}

fn rows(number: u32, event_bytes: usize) -> Result<Rows> {
    let catalog = Catalog::shipped();
    let asset = catalog.resolve("BTC", None).map_err(|error| anyhow::anyhow!("{error}"))?;
    let due = Amount::parse(asset, "0.5").context("an amount")?;
    let owner = Owner { merchant: MerchantId(Uuid::from_u128(7)), environment: Environment::Test };
    let id = Uuid::from_u128(u128::from(number).saturating_add(1 << 96));
    let text = format!("tb1q{number:038}");
    let quote =
        Quote { due, step: 1, rate: None, address: text.clone(), made_at: NOW, ends_at: Some(NOW.plus_seconds(1800)) };
    let new = NewInvoice {
        id: InvoiceId(id),
        owner,
        policy: Policy::of(Dialect::Native),
        source: Source::Api(Dialect::Native),
        token: format!("{number:032x}"),
        terms: Terms {
            price: Price::Asset(due),
            choice: Choice::Fixed(asset.id),
            is_deferred: false,
            tolerance: Decimal::ZERO,
            window_seconds: None,
            description: Some(format!("Order {number}")),
            external_id: Some(format!("order-{number}")),
            idempotency_key: Some(format!("bench-{number}")),
            metadata: r#"{"cart":"9f1c"}"#.to_owned(),
            redirect_url: None,
            customer_email: None,
            coins: Vec::new(),
            foreign: None,
        },
        quote: Some(quote),
    };
    // Spread as hashes are, so that the index is filled as it is in use.
    let spread = u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
    let address = AddressRow {
        environment: owner.environment,
        family: Family::Bitcoin,
        bytes: spread.iter().copied().chain([0; 14]).collect(),
        account: vec![u8::try_from(number.checked_rem(ACCOUNTS).unwrap_or_default())?; 16],
        index: number,
        holder: Holder::Invoice(InvoiceId(id)),
        created_at: NOW,
    };
    let event = NewEvent {
        id: EventId(id),
        kind: EventKind::Created,
        invoice: InvoiceId(id),
        created_at: NOW,
        body: vec![b'x'; event_bytes],
    };
    Ok(Rows { invoice: Invoice::open(new, NOW).0, address, event })
}

/// An idle store, for single commits between other things.
pub(super) struct SingleCommits {
    store: Store,
    made: u64,
}

impl SingleCommits {
    pub(super) fn open(folder: &Path) -> Result<Self> {
        Ok(Self { store: Store::open(folder, OpenAs::Server, Threads::Own)?, made: 0 })
    }

    /// Writes one small row and waits until it is durable; answers the microseconds that took.
    pub(super) async fn one(&mut self) -> Result<u64> {
        self.made = self.made.saturating_add(1);
        let value = self.made.to_string();
        let began = Instant::now();
        self.store
            .decide(move |transaction| transaction.put_setting("bench", &value))
            .await
            .map_err(|error: StoreError| error)?;
        Ok(u64::try_from(began.elapsed().as_micros())?)
    }
}
