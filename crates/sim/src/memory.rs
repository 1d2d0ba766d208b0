//! What the shops and payers of a simulation remember: only what they were answered, never what the database holds.

use farthing_domain::{
    asset::AssetId,
    decimal::Decimal,
    id::{CredentialId, EndpointId, EventId, InvoiceId, MerchantId, Owner, StaticAddressId},
    invoice::{Choice, Invoice},
    money::Amount,
    name::NetworkId,
    network::Family,
    policy::Dialect,
    static_address::StaticAddress,
};
use farthing_networks::address::{Address, Chain as AddressChain};
use std::collections::{BTreeMap, btree_map::Entry};

/// An address as a payer knows it: the family of networks on which it is one, and its canonical bytes.
pub type Place = (Family, Vec<u8>);

/// An invoice that was acknowledged.
#[derive(Debug, Clone)]
pub struct KnownInvoice {
    /// Whose it is.
    pub owner: Owner,
    /// The secret of its page.
    pub token: String,
    /// The rules it follows.
    pub dialect: Dialect,
    /// What it may be paid with.
    pub choice: Choice,
    /// What was asked for, and to which address: the latest answer in each asset.
    pub dues: BTreeMap<AssetId, (Amount, Place)>,
    /// Whether it is paid with a little less too.
    pub has_tolerance: bool,
    /// Whether a cancellation was acknowledged.
    pub is_cancelled: bool,
    /// Whether a cancellation was asked for, and nobody knows what came of it.
    pub may_be_cancelled: bool,
}

/// What an idempotency key was used for.
#[derive(Debug, Clone)]
pub struct KnownKey {
    /// The request.
    pub body: String,
    /// By which rules.
    pub dialect: Dialect,
    /// The invoice that every success named; `None` while there was none.
    pub invoice: Option<InvoiceId>,
}

/// A shop's credential of a dialect.
#[derive(Debug, Clone)]
pub struct KnownCredential {
    /// Its id.
    pub id: CredentialId,
    /// Where its callbacks go.
    pub url: String,
}

/// A permanent address that was acknowledged.
#[derive(Debug, Clone)]
pub struct KnownPermanent {
    /// Whose it is.
    pub owner: Owner,
    /// The asset that it accepts.
    pub asset: AssetId,
    /// That asset's decimals.
    pub decimals: u8,
    /// The address.
    pub place: Place,
}

/// What a key was used for to take a permanent address.
#[derive(Debug, Clone)]
pub struct KnownTake {
    /// In which asset.
    pub asset: AssetId,
    /// The address that every success named; `None` while there was none.
    pub address: Option<StaticAddressId>,
}

/// An endpoint that was acknowledged.
#[derive(Debug, Clone)]
pub struct KnownEndpoint {
    /// Whose events it gets.
    pub owner: Owner,
    /// Where.
    pub url: String,
    /// Which.
    pub events: Vec<String>,
    /// The number of the owner's last event when it was made.
    pub after: u64,
    /// Whether its deletion was acknowledged.
    pub is_deleted: bool,
}

/// A delivery that was acknowledged to be made again.
#[derive(Debug, Clone)]
pub struct KnownRedelivery {
    /// To which endpoint.
    pub endpoint: EndpointId,
    /// Of which event.
    pub event: EventId,
    /// How many requests the receivers had got altogether when it was asked for.
    pub after: usize,
}

/// All of it.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// The shops.
    pub owners: Vec<Owner>,
    /// Their credentials.
    pub credentials: BTreeMap<(Owner, Dialect), KnownCredential>,
    /// Invoices, in the order in which they were acknowledged.
    pub order: Vec<InvoiceId>,
    /// Invoices by id.
    pub invoices: BTreeMap<InvoiceId, KnownInvoice>,
    /// Whom each address was handed out for.
    pub addresses: BTreeMap<Place, InvoiceId>,
    /// Idempotency keys.
    pub keys: BTreeMap<(MerchantId, String), KnownKey>,
    /// Permanent addresses.
    pub permanent: BTreeMap<StaticAddressId, KnownPermanent>,
    /// The keys under which they were taken.
    pub takes: BTreeMap<(MerchantId, String), KnownTake>,
    /// The fewest confirmations that a network was ever configured with, where that is not the shipped number.
    pub lowest_confirmations: BTreeMap<NetworkId, u32>,
    /// The highest block that each chain ever had.
    pub highest: BTreeMap<NetworkId, u64>,
    /// Endpoints.
    pub endpoints: BTreeMap<EndpointId, KnownEndpoint>,
    /// Deliveries that are to be made again.
    pub redeliveries: Vec<KnownRedelivery>,
    /// Attempts that each endpoint's lane said that it made.
    pub attempts: BTreeMap<EndpointId, usize>,
}

impl Memory {
    /// Remembers an invoice as it was answered.
    ///
    /// # Errors
    /// When it has an address that another invoice has, or that is none.
    pub fn learn(&mut self, invoice: &Invoice, family: impl Fn(NetworkId) -> Option<Family>) -> Result<(), String> {
        let known = match self.invoices.entry(invoice.id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                self.order.push(invoice.id);
                new.insert(KnownInvoice {
                    owner: invoice.owner,
                    token: invoice.token.clone(),
                    dialect: invoice.policy.dialect,
                    choice: invoice.terms.choice,
                    dues: BTreeMap::new(),
                    has_tolerance: invoice.terms.tolerance != Decimal::ZERO,
                    is_cancelled: false,
                    may_be_cancelled: false,
                })
            }
        };
        for quote in &invoice.quotes {
            let asset = quote.due.asset;
            let family = family(asset.network).ok_or_else(|| format!("{asset} has no family"))?;
            let address = Address::parse(family.into(), AddressChain::Testnet, &quote.address)
                .map_err(|error| format!("{}: {error}", quote.address))?;
            let place = (family, address.bytes().to_vec());
            if let Some(before) = known.dues.get(&asset)
                && before.1 != place
            {
                return Err(format!("{} got a second address for {asset}", invoice.id));
            }
            let owner = *self.addresses.entry(place.clone()).or_insert(invoice.id);
            if owner != invoice.id {
                return Err(format!("{} was handed out to {owner} and to {}", quote.address, invoice.id));
            }
            known.dues.insert(asset, (quote.due, place));
        }
        Ok(())
    }

    /// Remembers a permanent address as it was answered.
    ///
    /// # Errors
    /// When it is one that somebody else has, another one than before, or none.
    pub fn learn_permanent(&mut self, taken: &StaticAddress, family: Family) -> Result<(), String> {
        let address = Address::parse(family.into(), AddressChain::Testnet, &taken.address)
            .map_err(|error| format!("{}: {error}", taken.address))?;
        let place = (family, address.bytes().to_vec());
        if let Some(invoice) = self.addresses.get(&place) {
            return Err(format!("{} was handed out to {invoice} and is permanent", taken.address));
        }
        if let Some((other, _)) = self.permanent.iter().find(|(id, known)| **id != taken.id && known.place == place) {
            return Err(format!("{} is permanent twice: {other} and {}", taken.address, taken.id));
        }
        let new = KnownPermanent { owner: taken.owner, asset: taken.asset, decimals: taken.decimals, place };
        let known = self.permanent.entry(taken.id).or_insert_with(|| new.clone());
        let is_same = known.owner == new.owner && known.asset == new.asset && known.place == new.place;
        if is_same { Ok(()) } else { Err(format!("permanent address {} was {known:?} and is {new:?}", taken.id)) }
    }

    /// Invoices that can be paid, in the order in which they were made.
    #[must_use]
    pub fn payable(&self) -> Vec<InvoiceId> {
        let has_address = |id: &&InvoiceId| self.invoices.get(*id).is_some_and(|known| !known.dues.is_empty());
        self.order.iter().filter(has_address).copied().collect()
    }

    /// An endpoint's lane made so many attempts, all of which it wrote down.
    pub fn attempted(&mut self, endpoint: EndpointId, count: usize) {
        let known = self.attempts.entry(endpoint).or_default();
        *known = known.saturating_add(count);
    }

    /// Endpoints that were not deleted.
    #[must_use]
    pub fn living_endpoints(&self) -> Vec<EndpointId> {
        self.endpoints.iter().filter(|(_, known)| !known.is_deleted).map(|(id, _)| *id).collect()
    }
}
