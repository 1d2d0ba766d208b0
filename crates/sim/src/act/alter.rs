//! Rows that are not as they were written, by a disk or by somebody: money to what they belong to is noticed all the same, nobody
//! else waits for them, and nothing is told of them until they are put right.

use super::{Outcome, done, unexpected};
use crate::simulation::{Simulation, test_chain};
use farthing_domain::{
    id::{InvoiceId, Owner},
    name::NetworkId,
    quote::Quote,
};
use farthing_gateway::{expire::Waiting, read_invoice::ReadError};
use farthing_networks::simulated::chain::Output;
use farthing_store::StoreError;
use rusqlite::{Connection, ToSql, types::Value};
use std::sync::Arc;

/// What is altered of an invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Another invoice's address stands in its row, with a checksum that fits.
    Address(InvoiceId),
    /// Its row.
    Row,
    /// Its policy, and with it every invoice of that policy.
    Policy,
    /// Its payments.
    Payments,
    /// What its payments' rows repeat of where they are.
    Stages,
    /// Whom its address was handed out for.
    Holder,
    /// Its address's own row.
    Bytes,
}

impl What {
    /// All that need no other invoice.
    pub(crate) const ALONE: [Self; 6] =
        [Self::Row, Self::Policy, Self::Payments, Self::Stages, Self::Holder, Self::Bytes];

    /// Whether the invoice is not as it was written: nothing may be shown or told of it.
    const fn is_of_the_invoice(self) -> bool {
        matches!(self, Self::Address(_) | Self::Row | Self::Policy | Self::Payments)
    }
}

/// A row as it was, and how to put it back.
#[derive(Debug, Clone)]
pub(crate) struct Undo {
    sql: String,
    values: Vec<Value>,
}

/// What goes on around an invoice while it is altered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meanwhile {
    /// Blocks that are mined after it is paid.
    pub blocks: u64,
    /// How many of them are replaced then; what they held waits again.
    pub reorganised: u64,
}

impl Simulation {
    /// Alters rows, lets money come, and puts the rows right again.
    pub(super) async fn alter(&mut self, invoice: InvoiceId, what: What, meanwhile: Meanwhile) -> Outcome<String> {
        let owner = self.memory.invoices.get(&invoice).ok_or("no such invoice")?.owner;
        let due = self.memory.invoices.get(&invoice).and_then(|known| known.dues.values().next().cloned());
        let Some((due, (_, address))) = due else { return done() };
        let network = due.asset.network;
        // A deposit of the meantime would make the altered policy a second time, and it could not be put back.
        let cannot_be_mended = what == What::Policy && self.has_permanent();
        let is_removed = self.configuration.removed.contains(&network);
        if is_removed || cannot_be_mended || !self.begin_to_alter(invoice, what, &address).await? {
            return done();
        }
        // What would move the chain while it is read here would not be durable before it goes on.
        self.races.call_off(network);
        let told = self.told_of(owner, invoice).await?;
        let shown = self.gateway()?.invoice(owner, invoice).await;
        let output = Output { asset: due.asset, decimals: due.decimals, units: due.units, address };
        let outputs: Vec<Output> =
            [Some(output), self.to_a_neighbour(invoice, network)].into_iter().flatten().collect();
        self.pay(network, outputs).await?;
        self.go_on(network, meanwhile).await?;
        self.expire_all(Waiting::Now).await?;
        if what.is_of_the_invoice() && self.told_of(owner, invoice).await? != told {
            return Err(format!("altered: {invoice} was told of while it was altered: {what:?}"));
        }
        self.mend().await?;
        match shown {
            // An address of which something else is altered is the right one all the same.
            Ok(Some(_)) if !what.is_of_the_invoice() => done(),
            Err(ReadError::AddressMismatch(_) | ReadError::Store(StoreError::Corrupt(_))) if what != What::Stages => {
                Ok("refused, and nobody waited".to_owned())
            }
            Err(ReadError::Store(error)) => Err(unexpected(error)),
            shown => Err(format!("altered: {invoice} was shown as {shown:?} while it was altered: {what:?}")),
        }
    }

    /// A payment to another invoice on the network, in the same transaction.
    fn to_a_neighbour(&self, invoice: InvoiceId, network: NetworkId) -> Option<Output> {
        let others = self.memory.payable().into_iter().rev().filter(|other| *other != invoice);
        let dues = others.flat_map(|other| self.memory.invoices.get(&other).map(|known| &known.dues));
        let mut on_it = dues.flatten().filter(|(asset, _)| asset.network == network);
        let (asset, (due, (_, address))) = on_it.next()?;
        Some(Output { asset: *asset, decimals: due.decimals, units: due.units, address: address.clone() })
    }

    /// The chain goes on, and the scanner with it: whatever is altered, it waits for nothing.
    async fn go_on(&mut self, network: NetworkId, meanwhile: Meanwhile) -> Outcome<()> {
        self.scan_on(network).await?;
        if meanwhile.blocks > 0 {
            self.mine(network, meanwhile.blocks).await?;
            self.scan_on(network).await?;
        }
        let depth = meanwhile.reorganised.min(meanwhile.blocks);
        if depth > 0 {
            self.reorganise(network, depth, &[], true).await?;
            self.scan_on(network).await?;
            self.mine(network, 1).await?;
            self.scan_on(network).await?;
        }
        Ok(())
    }

    async fn scan_on(&mut self, network: NetworkId) -> Outcome<()> {
        let scanned = self.gateway()?.scan(test_chain(network)).await;
        self.scanned(scanned.map(|progress| format!("{progress:?}"))).map(drop)
    }

    /// Alters the rows; `false` when there are none to alter.
    async fn begin_to_alter(&mut self, invoice: InvoiceId, what: What, address: &[u8]) -> Outcome<bool> {
        let id = Value::Blob(invoice.0.as_bytes().to_vec());
        let at = Value::Blob(address.to_vec());
        let (read, alter, undo, key) = match what {
            What::Address(other) => return self.begin_to_tamper(invoice, other).await,
            What::Row => (
                "SELECT terms, id FROM invoices WHERE id = ?1",
                "UPDATE invoices SET terms = terms || ' ' WHERE id = ?1",
                "UPDATE invoices SET terms = ?1 WHERE id = ?2",
                id,
            ),
            What::Policy => (
                "SELECT body, number FROM policies WHERE number = (SELECT policy FROM invoices WHERE id = ?1)",
                "UPDATE policies SET body = body || ' ' WHERE number = (SELECT policy FROM invoices WHERE id = ?1)",
                "UPDATE policies SET body = ?1 WHERE number = ?2",
                id,
            ),
            What::Payments => (
                "SELECT body, hash, position FROM payments WHERE invoice = ?1",
                "UPDATE payments SET body = substr(body, 2) WHERE invoice = ?1",
                "UPDATE payments SET body = ?1 WHERE hash = ?2 AND position = ?3",
                id,
            ),
            What::Stages => (
                "SELECT stage, hash, position FROM payments WHERE invoice = ?1 AND stage IN (1, 2)",
                "UPDATE payments SET stage = 0 WHERE invoice = ?1 AND stage IN (1, 2)",
                "UPDATE payments SET stage = CASE WHEN json_extract(body, '$.reversed_at') IS NOT NULL THEN 3
                   WHEN json_extract(body, '$.final_since') IS NOT NULL THEN 2
                   WHEN json_extract(body, '$.block') IS NOT NULL THEN 1 ELSE 0 END
                 WHERE ?1 = ?1 AND hash = ?2 AND position = ?3",
                id,
            ),
            What::Holder => (
                "SELECT holder, bytes FROM addresses WHERE bytes = ?1 AND environment = 1",
                "UPDATE addresses SET holder = zeroblob(16) WHERE bytes = ?1 AND environment = 1",
                "UPDATE addresses SET holder = ?1 WHERE bytes = ?2 AND environment = 1",
                at,
            ),
            What::Bytes => (
                "SELECT bytes, zeroblob(5) FROM addresses WHERE bytes = ?1 AND environment = 1",
                "UPDATE addresses SET bytes = zeroblob(5) WHERE bytes = ?1 AND environment = 1",
                "UPDATE addresses SET bytes = ?1 WHERE bytes = ?2 AND environment = 1",
                at,
            ),
        };
        let undoes = self.rows(read, &key)?.into_iter().map(|values| Undo { sql: undo.to_owned(), values }).collect();
        self.altered = undoes;
        Ok(self.change_rows(alter, &[&key])? > 0)
    }

    /// Writes another invoice's address into the row.
    async fn begin_to_tamper(&mut self, invoice: InvoiceId, other: InvoiceId) -> Outcome<bool> {
        let gateway = Arc::clone(self.gateway()?);
        let read =
            move |reader: &farthing_store::Reader<'_>| Ok((reader.any_invoice(invoice)?, reader.any_invoice(other)?));
        let found: Result<_, StoreError> = gateway.store().read(read).await;
        let (Some(before), Some(stranger)) = found.map_err(unexpected)? else { return Ok(false) };
        let of_asset = |quote: &&Quote| before.quotes.first().is_some_and(|own| own.due.asset == quote.due.asset);
        let Some(address) = stranger.quotes.iter().find(of_asset).map(|quote| quote.address.clone()) else {
            return Ok(false);
        };
        let id = Value::Blob(invoice.0.as_bytes().to_vec());
        let undo = "UPDATE invoices SET quotes = ?1, checksum = ?2, retry_at = ?3 WHERE id = ?4";
        let rows = self.rows("SELECT quotes, checksum, retry_at, id FROM invoices WHERE id = ?1", &id)?;
        // Whatever comes of the write: it is put right before anybody asks again.
        self.altered = rows.into_iter().map(|values| Undo { sql: undo.to_owned(), values }).collect();
        let write = move |transaction: &mut farthing_store::Transaction<'_>| {
            let Some(mut invoice) = transaction.lock_any_invoice(invoice)? else { return Ok::<_, StoreError>(()) };
            if let Some(quote) = invoice.quotes.first_mut() {
                quote.address.clone_from(&address);
            }
            transaction.save_invoice(&invoice, None)
        };
        gateway.store().decide(write).await.map_err(unexpected)?;
        Ok(true)
    }

    /// Puts right what was altered, and lets what waited for that be recorded: when a fault comes in between, the next time.
    pub(crate) async fn mend(&mut self) -> Outcome<()> {
        for undo in std::mem::take(&mut self.altered) {
            let values: Vec<&dyn ToSql> = undo.values.iter().map(|value| -> &dyn ToSql { value }).collect();
            self.change_rows(&undo.sql, &values)?;
            self.is_unrecorded = true;
        }
        if self.is_unrecorded {
            self.expire_all(Waiting::Now).await?;
            self.is_unrecorded = false;
        }
        Ok(())
    }

    /// How many events were told of an invoice.
    async fn told_of(&self, owner: Owner, invoice: InvoiceId) -> Outcome<usize> {
        let read = move |reader: &farthing_store::Reader<'_>| reader.events(owner, 0, u32::MAX);
        let events = self.gateway()?.store().read(read).await.map_err(unexpected)?;
        Ok(events.iter().filter(|event| event.invoice == invoice).count())
    }

    fn rows(&self, sql: &str, key: &Value) -> Outcome<Vec<Vec<Value>>> {
        let connection = self.behind_its_back()?;
        let mut statement = connection.prepare(sql).map_err(unexpected)?;
        let columns = statement.column_count();
        let read = |row: &rusqlite::Row<'_>| (0..columns).map(|column| row.get(column)).collect();
        let rows = statement.query_map([key], read).map_err(unexpected)?;
        rows.collect::<Result<_, _>>().map_err(unexpected)
    }

    fn change_rows(&self, sql: &str, values: &[&dyn ToSql]) -> Outcome<usize> {
        self.behind_its_back()?.execute(sql, values).map_err(unexpected)
    }

    /// The database's own file.
    pub(crate) fn behind_its_back(&self) -> Outcome<Connection> {
        let path = self.folder()?.join("farthing.db");
        let connection = Connection::open(path).map_err(unexpected)?;
        connection.pragma_update(None, "foreign_keys", false).map_err(unexpected)?;
        Ok(connection)
    }
}
