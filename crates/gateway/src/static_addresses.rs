//! Permanent addresses: taken once per key, watched for ever, read with what came of them.
//!
//! A deposit to one is an invoice of its own, opened in the transaction of the block or mempool that shows it
//! ([`crate::apply_block`]).

use crate::{
    addresses::NoAddress,
    gateway::Gateway,
    quotes::NoQuote,
    read_invoice::{Checked, ReadError},
    tell::Told,
};
use farthing_domain::{
    asset::AssetId,
    id::{InvoiceId, Owner, StaticAddressId},
    invoice::{Foreign, Invoice},
    page_token::page_token,
    payment::Sighting,
    planted::{self, Bug},
    policy::Dialect,
    static_address::StaticAddress,
};
use farthing_store::{
    Reader, StoreError, Transaction,
    records::{Holder, NewStaticAddress, Page, StaticAddressChange, StaticAddressFilter, TakeKey},
};
use std::sync::Arc;

/// Which permanent address to take.
#[derive(Debug, Clone)]
pub struct TakeStaticAddress {
    /// Whose it is.
    pub owner: Owner,
    /// The API that takes it: the invoices of its deposits follow that API's rules.
    pub dialect: Dialect,
    /// The one asset that it accepts.
    pub asset: AssetId,
    /// The merchant's note on it.
    pub label: Option<String>,
    /// The merchant's own reference; several addresses may have the same.
    pub external_id: Option<String>,
    /// The dialect's own fields, as JSON text: `{}` for the native API, for others a [`Foreign`] that each deposit's invoice gets.
    pub extras: String,
    /// The key under which a repeated call answers the same address, where the API has one; each dialect has its own keys.
    pub key: Option<TakeKey>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub enum Taken {
    /// A new address.
    New(StaticAddress),
    /// The address that the same call took before, as it is now.
    Replayed(StaticAddress),
}

impl Taken {
    /// The address, new or not.
    #[must_use]
    pub fn into_address(self) -> StaticAddress {
        match self {
            Self::New(address) | Self::Replayed(address) => address,
        }
    }
}

/// Why no address was taken.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// The store's reason.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key was used for another call.
    #[error("the idempotency key was used for another request")]
    KeyMismatch,
    /// The asset is not on sale, or no address can be had.
    #[error(transparent)]
    Quote(#[from] NoQuote),
    /// The address that the same call took before is not the account's any more.
    #[error(transparent)]
    Mismatch(ReadError),
}

impl From<NoAddress> for TakeError {
    fn from(error: NoAddress) -> Self {
        Self::Quote(NoQuote::from(error))
    }
}

impl Gateway {
    /// Takes a permanent address, or answers the one that the same key took.
    ///
    /// # Errors
    /// When the key was used for another call, the asset is not on sale, no address is left, or the store fails. Then nothing
    /// is stored.
    pub async fn take_static_address(self: &Arc<Self>, command: TakeStaticAddress) -> Result<Taken, TakeError> {
        let (gateway, environment) = (Arc::clone(self), command.owner.environment);
        let taken = self
            .store()
            .decide(move |transaction| {
                let taken = gateway.decide_take(transaction, &command)?;
                if let Taken::Replayed(address) = &taken
                    && !gateway.is_own_static_address(transaction, address)?
                {
                    return Err(TakeError::Mismatch(ReadError::mismatch(Holder::StaticAddress(address.id))));
                }
                Ok(taken)
            })
            .await?;
        self.wake_scanner(environment);
        Ok(taken)
    }

    fn decide_take(&self, transaction: &mut Transaction<'_>, command: &TakeStaticAddress) -> Result<Taken, TakeError> {
        if let Some(key) = &command.key
            && let Some(taken) = replay(transaction, command, key)?
        {
            return Ok(Taken::Replayed(taken));
        }
        let owner = command.owner;
        let (asset, chain) = self.on_sale(owner.environment, command.asset)?;
        let now = self.clocks().now(owner.environment);
        let id = StaticAddressId(self.ids().uuid(self.clocks().real()));
        let new = NewStaticAddress {
            id,
            owner,
            dialect: command.dialect,
            asset: asset.id,
            decimals: asset.decimals,
            address: self.take_address(transaction, chain, Holder::StaticAddress(id), now)?,
            label: command.label.clone(),
            external_id: command.external_id.clone(),
            extras: command.extras.clone(),
            created_at: now,
        };
        transaction.insert_static_address(&new, command.key.as_ref())?;
        let written = transaction.static_address(owner, id)?;
        let missing = || StoreError::Corrupt(format!("permanent address {id} is not there after it was written"));
        Ok(Taken::New(written.ok_or_else(missing)?))
    }

    /// One of the owner's permanent addresses.
    ///
    /// # Errors
    /// When the store cannot be read, or the address is not the account's.
    pub async fn static_address(
        self: &Arc<Self>,
        owner: Owner,
        id: StaticAddressId,
    ) -> Result<Option<StaticAddress>, ReadError> {
        let read = move |reader: &Reader<'_>| Ok((reader.static_address(owner, id)?.into_iter().collect(), 0));
        let (mut found, _) = self.checked_static_addresses(read).await?;
        Ok(found.pop())
    }

    /// A page of the owner's permanent addresses, newest first, and how many the whole list has.
    ///
    /// # Errors
    /// When the store cannot be read, or an address is not the account's.
    pub async fn static_addresses(
        self: &Arc<Self>,
        owner: Owner,
        filter: StaticAddressFilter,
        page: Page,
    ) -> Result<(Vec<StaticAddress>, u64), ReadError> {
        self.checked_static_addresses(move |reader| reader.static_addresses(owner, &filter, page)).await
    }

    /// A page of the invoices that deposits to a permanent address made, newest first, and how many there are; `None` when the
    /// owner has no such address.
    ///
    /// # Errors
    /// When the store cannot be read, or an address is not the account's.
    pub async fn static_address_invoices(
        self: &Arc<Self>,
        owner: Owner,
        id: StaticAddressId,
        page: Page,
    ) -> Result<Option<(Vec<Invoice>, u64)>, ReadError> {
        let gateway = Arc::clone(self);
        let found = self
            .store()
            .read(move |reader| {
                let Some(address) = reader.static_address(owner, id)? else { return Ok(None) };
                let invoices = reader.static_address_invoices(owner, id, page)?;
                let wrong = gateway.first_wrong(reader, &invoices)?;
                Ok(Some((invoices, address.invoice_count, wrong)))
            })
            .await?;
        match found {
            None => Ok(None),
            Some((_, _, Some(wrong))) => Err(ReadError::mismatch(Holder::Invoice(wrong))),
            Some((invoices, total, None)) => Ok(Some((invoices, total))),
        }
    }

    /// Changes the note or the dialect's own fields of a permanent address; `None` when the owner has no such address. Whatever
    /// they say, deposits to it are recorded as before.
    ///
    /// # Errors
    /// When the store fails, or the address is not the account's.
    pub async fn change_static_address(
        self: &Arc<Self>,
        owner: Owner,
        id: StaticAddressId,
        change: StaticAddressChange,
    ) -> Result<Option<StaticAddress>, ReadError> {
        let changed: Result<bool, StoreError> =
            self.store().decide(move |transaction| transaction.change_static_address(owner, id, &change)).await;
        if changed? { self.static_address(owner, id).await } else { Ok(None) }
    }

    async fn checked_static_addresses(
        self: &Arc<Self>,
        read: impl FnOnce(&Reader<'_>) -> Result<(Vec<StaticAddress>, u64), StoreError> + Send + 'static,
    ) -> Result<(Vec<StaticAddress>, u64), ReadError> {
        let gateway = Arc::clone(self);
        let (addresses, total, wrong) = self
            .store()
            .read(move |reader| {
                let (addresses, total) = read(reader)?;
                let wrong = gateway.first_wrong_address(reader, &addresses)?;
                Ok((addresses, total, wrong))
            })
            .await?;
        wrong.map_or(Ok((addresses, total)), |id| Err(ReadError::mismatch(Holder::StaticAddress(id))))
    }

    fn first_wrong_address(
        &self,
        reader: &Reader<'_>,
        addresses: &[StaticAddress],
    ) -> Result<Option<StaticAddressId>, StoreError> {
        for address in addresses {
            if !self.is_own_static_address(reader, address)? {
                return Ok(Some(address.id));
            }
        }
        Ok(None)
    }

    /// Whether a permanent address was handed out as that and comes out of the account at its index.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn is_own_static_address(&self, reader: &Reader<'_>, address: &StaticAddress) -> Result<bool, StoreError> {
        let chain = farthing_domain::network::ChainId {
            environment: address.owner.environment,
            network: address.asset.network,
        };
        let bound = Checked { holder: Holder::StaticAddress(address.id), address: address.address.clone() };
        self.is_own(reader, chain, &bound)
    }

    /// The invoice of a new deposit with everything seen of it so far, to be told whole: whoever hears of the invoice's creation
    /// finds the money on it.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) fn open_deposit(
        &self,
        transaction: &mut Transaction<'_>,
        to: StaticAddressId,
        deposit: Deposit,
    ) -> Result<Told, StoreError> {
        let missing = || StoreError::Corrupt(format!("permanent address {to} of an address is missing"));
        let mut address = transaction.any_static_address(to)?.ok_or_else(missing)?;
        if planted::is(Bug::DepositToldByReference) {
            address.extras = planted_namesake(transaction, &address)?;
        }
        let now = self.clocks().now(address.owner.environment);
        let id = InvoiceId(self.ids().uuid(self.clocks().real()));
        let mut new = address.deposit(id, page_token(id, self.ids().bytes()), &deposit.first, now);
        // Extras that say nothing of callbacks cost a callback, never a deposit.
        new.terms.foreign = serde_json::from_str::<Foreign>(&address.extras).ok();
        self.name_in_its_dialect(transaction, &mut new)?;
        let (mut invoice, mut events) = Invoice::open(new, now);
        events.extend(invoice.observe(deposit.seen, None, now));
        self.refuse_in_doubt(transaction, &invoice)?;
        transaction.insert_invoice(&invoice, "")?;
        self.tell(transaction, invoice, &events, None)
    }
}

/// [`Bug::DepositToldByReference`]: the fields of the first address that was taken under the same reference, by anybody.
fn planted_namesake(reader: &Reader<'_>, address: &StaticAddress) -> Result<String, StoreError> {
    let every = reader.all_static_addresses(None, u32::MAX)?;
    let is_namesake =
        |other: &StaticAddress| other.dialect == address.dialect && other.external_id == address.external_id;
    Ok(every.into_iter().find(is_namesake).map_or_else(|| address.extras.clone(), |other| other.extras))
}

/// The address that a key was used for; `None` when it is new.
fn replay(
    transaction: &Transaction<'_>,
    command: &TakeStaticAddress,
    key: &TakeKey,
) -> Result<Option<StaticAddress>, TakeError> {
    let found = transaction.static_address_taken(command.owner, command.dialect, &key.key)?;
    if let Some((fingerprint, address)) = found {
        return if fingerprint == key.fingerprint { Ok(Some(address)) } else { Err(TakeError::KeyMismatch) };
    }
    // The native API has one set of keys for everything that it creates.
    let is_an_invoice_s =
        command.dialect == Dialect::Native && transaction.idempotent(command.owner, &key.key)?.is_some();
    if is_an_invoice_s { Err(TakeError::KeyMismatch) } else { Ok(None) }
}

/// A transfer to a permanent address that no invoice has yet.
#[derive(Debug, Clone)]
pub(crate) struct Deposit {
    /// As it was first seen.
    pub(crate) first: Sighting,
    /// All that was seen of it.
    pub(crate) seen: Vec<farthing_domain::payment::Observation>,
}
