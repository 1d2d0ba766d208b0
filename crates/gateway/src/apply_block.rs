//! Applying what a scan found: facts, invoices, events, deliveries and the cursor, in one transaction.

use crate::{
    gateway::{DeepReorganisation, Gateway},
    set_aside::Aside,
    static_addresses::Deposit,
    tell::Told,
};
use farthing_domain::{
    id::{InvoiceId, StaticAddressId},
    invoice::Invoice,
    network::ChainId,
    payment::{BlockRef, Observation, PaymentKey, Place, Sighting},
    planted::{self, Bug},
    quote::Quote,
    time::Timestamp,
};
use farthing_networks::network::{MempoolTransfer, Scanned, Transfer};
use farthing_store::{
    Reader, StoreError, Transaction,
    records::{ChainState, Holder, ScannedRange, set_aside::PlacedPayment},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Why something is set aside that could be recorded.
const AFTER_OTHERS: &str = "something that was seen of it before waits to be recorded";

/// What a reorganisation took away.
#[derive(Debug, Clone)]
pub struct Lost {
    /// The last block that both branches share, as far as the ledger knows.
    pub ancestor: BlockRef,
    /// Payments whose blocks are gone.
    pub gone: Vec<PlacedPayment>,
    /// Whether a final block is among the lost.
    pub is_beyond_final: bool,
}

/// What one look at a chain found.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Which chain.
    pub chain: ChainId,
    /// Where the cursor stood when the look began.
    pub expected: BlockRef,
    /// A reorganisation, if there was one.
    pub lost: Option<Lost>,
    /// The blocks read, with the transfers to watched addresses; `None` when there was no new block.
    pub scanned: Option<Scanned>,
    /// The same as the ledger enters it.
    pub range: Option<ScannedRange>,
    /// The whole mempool's transfers to watched addresses, read before the tip; `None` when it is not to be compared.
    pub mempool: Option<Vec<MempoolTransfer>>,
    /// The tip's height.
    pub tip: u64,
    /// The highest final block.
    pub final_height: Option<u64>,
    /// When the look began, by the environment's clock.
    pub read_at: Timestamp,
}

/// Whether a batch was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// All of it.
    Whole,
    /// Nothing of it: somebody else moved the cursor since the look began.
    CursorMoved,
}

/// What is to be recorded.
#[derive(Default)]
struct Observations {
    /// By invoice: invoices are locked in the order of their ids.
    of_invoices: BTreeMap<InvoiceId, Vec<Observation>>,
    /// New deposits to permanent addresses, each to become an invoice of its own. By transfer, so that one is one.
    deposits: BTreeMap<PaymentKey, (StaticAddressId, Deposit)>,
    /// Of money to addresses of ours of which nobody can tell whose they are.
    of_unknown: Vec<Observation>,
    /// Where transfers went.
    addresses: BTreeMap<PaymentKey, Vec<u8>>,
}

impl Observations {
    /// Those of an invoice; `None`: of which nobody can tell.
    fn of(&mut self, invoice: Option<InvoiceId>) -> &mut Vec<Observation> {
        invoice.map_or(&mut self.of_unknown, |invoice| self.of_invoices.entry(invoice).or_default())
    }

    /// Adds a transfer to an address as it was seen, and that it is final where it is.
    fn add(&mut self, (payee, address): (Payee, &[u8]), sighting: Sighting, is_final: bool) {
        let key = sighting.key.clone();
        self.addresses.insert(key.clone(), address.to_vec());
        let seen = match payee {
            Payee::Unknown => self.of(None),
            Payee::Invoice(id) => self.of(Some(id)),
            // Nothing moved, and everybody can make any number of such transfers: no deposit.
            Payee::StaticAddress(_) if sighting.units == 0 => return,
            Payee::StaticAddress(id) => {
                let new = || (id, Deposit { first: sighting.clone(), seen: Vec::new() });
                &mut self.deposits.entry(key.clone()).or_insert_with(new).1.seen
            }
        };
        seen.push(Observation::Seen(sighting));
        seen.extend(is_final.then_some(Observation::Final(key)));
    }
}

/// Whose money a transfer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Payee {
    /// Somebody's: the address is watched, and its row does not say whose it is.
    Unknown,
    /// The invoice that the address was handed out for, or that the transfer is recorded on already.
    Invoice(InvoiceId),
    /// A permanent address, and the transfer is new.
    StaticAddress(StaticAddressId),
}

impl Gateway {
    /// Applies a batch. When the cursor moved in the meantime nothing is applied: the next look starts from there.
    ///
    /// # Errors
    /// When the store fails; then nothing is applied.
    pub async fn apply_block(self: &Arc<Self>, batch: Batch) -> Result<Applied, StoreError> {
        let gateway = Arc::clone(self);
        let batch = self.planted_cursor_first(batch).await?;
        let changed = self.store().decide(move |transaction| gateway.decide_block(transaction, &batch)).await?;
        for told in changed.iter().flatten() {
            self.announce(told);
        }
        Ok(changed.map_or(Applied::CursorMoved, |_| Applied::Whole))
    }

    /// [`Bug::CursorBeforeRows`]: what the batch passes is entered in a transaction of its own.
    async fn planted_cursor_first(&self, batch: Batch) -> Result<Batch, StoreError> {
        if !planted::is(Bug::CursorBeforeRows) {
            return Ok(batch);
        }
        let (id, first) = (batch.chain, batch.clone());
        let moved = move |transaction: &mut Transaction<'_>| {
            let Some(state) = transaction.chain(id)?.filter(|state| state.cursor == first.expected) else {
                return Ok::<_, StoreError>(first.expected.clone());
            };
            let state = advanced(&state, &first, DeepReorganisation::GoesOn);
            write_cursor(transaction, &first, &state)?;
            Ok(state.cursor)
        };
        Ok(Batch { expected: self.store().decide(moved).await?, ..batch })
    }

    /// Lets money on a chain become final again, after the operator looked into a reorganisation that replaced final blocks.
    /// What waited becomes final with the next block.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn resume_credits(&self, id: ChainId) -> Result<(), StoreError> {
        self.store()
            .decide(move |transaction| match transaction.chain(id)? {
                Some(state) => transaction.put_chain(&ChainState { alarm: None, ..state }),
                None => Ok(()),
            })
            .await
    }

    fn decide_block(&self, transaction: &mut Transaction<'_>, batch: &Batch) -> Result<Option<Vec<Told>>, StoreError> {
        let state = transaction.chain(batch.chain)?.filter(|state| state.cursor == batch.expected);
        let Some(state) = state else { return Ok(None) };
        let deep = self.chain(batch.chain).map(|chain| chain.deep_reorganisation);
        let state = advanced(&state, batch, deep.unwrap_or(DeepReorganisation::WaitsForOperator));
        write_cursor(transaction, batch, &state)?;
        self.record_all(transaction, batch, &state).map(Some)
    }

    /// Records everything that a batch shows; answers the invoices that changed. What belongs to an invoice or an address that
    /// is not as it was written is set aside until it is again: nobody else waits for it.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) fn record_all(
        &self,
        transaction: &mut Transaction<'_>,
        batch: &Batch,
        state: &ChainState,
    ) -> Result<Vec<Told>, StoreError> {
        let mut changed = Vec::new();
        let Observations { of_invoices, deposits, of_unknown, addresses } =
            self.observations(transaction, batch, state)?;
        let mut aside = Aside { chain: batch.chain, addresses, seen: Vec::new() };
        let waiting = transaction.set_aside_payments(batch.chain)?;
        let follows = |seen: &[Observation]| seen.iter().any(|seen| waiting.contains(seen.key()));
        for (id, seen) in of_invoices {
            if follows(&seen) {
                aside.add(Some(id), seen, AFTER_OTHERS);
                continue;
            }
            match transaction.whole_or_not(|transaction| self.record(transaction, id, seen.clone())) {
                Err(StoreError::Corrupt(why)) => aside.add(Some(id), seen, &why),
                recorded => changed.extend(recorded?),
            }
        }
        for (to, deposit) in deposits.into_values() {
            if follows(&deposit.seen) {
                aside.add(None, deposit.seen, AFTER_OTHERS);
                continue;
            }
            match transaction.whole_or_not(|transaction| self.open_deposit(transaction, to, deposit.clone())) {
                Err(StoreError::Corrupt(why)) => aside.add(None, deposit.seen, &why),
                opened => changed.push(opened?),
            }
        }
        aside.add(None, of_unknown, "its address is not as it was written");
        self.set_aside(transaction, aside)?;
        Ok(changed)
    }

    /// Records what was seen of one invoice; `None` when nothing of it is new.
    fn record(
        &self,
        transaction: &mut Transaction<'_>,
        id: InvoiceId,
        seen: Vec<Observation>,
    ) -> Result<Option<Told>, StoreError> {
        let missing = || StoreError::Corrupt(format!("invoice {id} of an address is missing"));
        let mut invoice = transaction.lock_any_invoice(id)?.ok_or_else(missing)?;
        let now = self.now_for(&invoice);
        let before = invoice.clone();
        let current_quote = self.current_quote(&invoice, seen.iter(), now);
        let events = invoice.observe(seen, current_quote.as_ref(), now);
        if events.is_empty() && invoice.payments == before.payments {
            return Ok(None);
        }
        self.save_and_tell(transaction, invoice, &events, None).map(Some)
    }

    fn observations(
        &self,
        transaction: &Transaction<'_>,
        batch: &Batch,
        state: &ChainState,
    ) -> Result<Observations, StoreError> {
        let mut found = Observations::default();
        let mut mined = BTreeSet::new();
        for lost in batch.lost.iter().flat_map(|lost| &lost.gone) {
            found.of(lost.invoice).push(Observation::Gone(lost.key.clone()));
        }
        let blocks = batch.scanned.iter().flat_map(|scanned| &scanned.blocks);
        let transfers = blocks.flat_map(|block| block.transfers.iter().map(|transfer| (&block.header, transfer)));
        for (header, transfer) in transfers {
            let place = Place::Block { block: header.block.clone(), time: header.time };
            let sighting = sighting(batch.chain, transfer, place);
            let payee = self.whose(transaction, batch.chain, &transfer.address, &sighting.key)?;
            mined.insert(sighting.key.clone());
            let is_final =
                credits_up_to(state) >= Some(header.block.height) && is_mature(transfer.matures_at, batch.tip);
            found.add((payee, &transfer.address), sighting, is_final);
        }
        self.observe_mempool(transaction, batch, &mined, &mut found)?;
        if let Some(height) = credits_up_to(state) {
            let lost: BTreeSet<&PaymentKey> =
                batch.lost.iter().flat_map(|lost| &lost.gone).map(|payment| &payment.key).collect();
            let matured = transaction.payments_maturing(batch.chain, height)?;
            let matured = matured.into_iter().filter(|payment| is_mature(payment.matures_at, batch.tip));
            for payment in matured.filter(|payment| !lost.contains(&payment.key)) {
                found.of(payment.invoice).push(Observation::Final(payment.key));
            }
        }
        Ok(found)
    }

    fn observe_mempool(
        &self,
        transaction: &Transaction<'_>,
        batch: &Batch,
        mined: &BTreeSet<PaymentKey>,
        found: &mut Observations,
    ) -> Result<(), StoreError> {
        let Some(mempool) = &batch.mempool else { return Ok(()) };
        let mut waiting = BTreeSet::new();
        for seen in mempool {
            let sighting = sighting(batch.chain, &seen.transfer, Place::Mempool { since: seen.since });
            let payee = self.whose(transaction, batch.chain, &seen.transfer.address, &sighting.key)?;
            waiting.insert(sighting.key.clone());
            if !mined.contains(&sighting.key) {
                found.add((payee, &seen.transfer.address), sighting, false);
            }
        }
        for known in transaction.mempool_payments(batch.chain)? {
            if planted::is(Bug::ReplacedStays) {
                continue;
            }
            if !waiting.contains(&known.key) && !mined.contains(&known.key) {
                found.of(known.invoice).push(Observation::Gone(known.key));
            }
        }
        Ok(())
    }

    /// Whose a transfer is: the exact compare behind the watch set's keyed fingerprint of 63 bits. That another address has the
    /// same is not to be feared: one without a row is taken for one whose row is gone. A deposit to a permanent address that an
    /// invoice has already stays with it, wherever reorganisations move it.
    pub(crate) fn whose(
        &self,
        reader: &Reader<'_>,
        chain: ChainId,
        address: &[u8],
        key: &PaymentKey,
    ) -> Result<Payee, StoreError> {
        let Some(family) = self.family(chain) else { return Ok(Payee::Unknown) };
        let bound = match reader.address_of(chain.environment, family, address) {
            Err(StoreError::Corrupt(_)) => None,
            bound => bound?,
        };
        Ok(match bound.map(|row| row.holder) {
            None => Payee::Unknown,
            Some(Holder::Invoice(id)) => Payee::Invoice(id),
            Some(Holder::StaticAddress(id)) => {
                reader.any_invoice_paid_by(chain, key)?.map_or(Payee::StaticAddress(id), Payee::Invoice)
            }
        })
    }

    /// A quote at the rate of the day, for policies that let late money count so.
    pub(crate) fn current_quote<'a>(
        &self,
        invoice: &Invoice,
        mut seen: impl Iterator<Item = &'a Observation>,
        now: Timestamp,
    ) -> Option<Quote> {
        if !invoice.policy.late_counts_at(invoice.created_at, now) {
            return None;
        }
        let asset = seen.find_map(|seen| match seen {
            Observation::Seen(sighting) => Some(sighting.asset),
            Observation::Final(_) | Observation::Gone(_) => None,
        })?;
        self.quote_of_the_day(invoice, asset, now)
    }
}

/// Up to which height money is final. While an operator looks into a reorganisation beyond finality, nothing new is.
fn credits_up_to(state: &ChainState) -> Option<u64> {
    state.final_height.filter(|_| state.alarm.is_none())
}

/// Whether the chain has reached the height before which newly made coins cannot be spent.
fn is_mature(matures_at: Option<u64>, tip: u64) -> bool {
    matures_at.is_none_or(|height| height <= tip)
}

fn sighting(chain: ChainId, transfer: &Transfer, place: Place) -> Sighting {
    Sighting {
        key: PaymentKey {
            network: chain.network,
            transaction: transfer.transaction.clone(),
            position: transfer.position.clone(),
        },
        asset: transfer.asset,
        decimals: transfer.decimals,
        units: transfer.units,
        place,
        matures_at: transfer.matures_at,
    }
}

/// The chain's state after the batch.
fn advanced(state: &ChainState, batch: &Batch, deep: DeepReorganisation) -> ChainState {
    let start = batch.lost.as_ref().map_or(&state.cursor, |lost| &lost.ancestor);
    let cursor = batch.scanned.as_ref().map_or(start, |scanned| &scanned.end.block).clone();
    let waits = deep == DeepReorganisation::WaitsForOperator;
    let alarm = batch.lost.as_ref().filter(|lost| waits && lost.is_beyond_final).map(|lost| {
        format!(
            "a reorganisation replaced final blocks above height {}: new credits wait for the operator",
            lost.ancestor.height
        )
    });
    ChainState {
        cursor,
        tip: batch.tip,
        final_height: batch.final_height,
        scanned_through: batch.read_at.max(state.scanned_through),
        alarm: state.alarm.clone().or(alarm),
        ..state.clone()
    }
}

fn write_cursor(transaction: &mut Transaction<'_>, batch: &Batch, state: &ChainState) -> Result<(), StoreError> {
    if let Some(lost) = &batch.lost {
        transaction.cut_ranges(batch.chain, &lost.ancestor)?;
    }
    if let Some(range) = &batch.range {
        transaction.add_range(batch.chain, range)?;
    }
    transaction.put_chain(state)
}
