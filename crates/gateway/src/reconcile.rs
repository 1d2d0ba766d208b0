//! Reconciling balances: what a network says that our addresses hold, against what is recorded of them.
//!
//! A scan may have missed something although all went well: a provider that left logs out, a coin that a contract paid where nobody
//! traces. A surplus that nothing explains makes the range be read again, and is an alarm as long as it stays. It is never
//! credited from a balance: only a transfer that a scan finds is a payment. Less than what is recorded is no finding: the owner
//! spends what is his.

use crate::{
    gateway::{Chain, Gateway},
    scan::ScanError,
};
use farthing_domain::{
    asset::AssetId,
    id::{Environment, InvoiceId, StaticAddressId},
    invoice::Invoice,
    name::NetworkId,
    network::ChainId,
    time::Timestamp,
};
use farthing_networks::{
    address::Address,
    inspect::{Arrived, Balance, Inspect},
    network::NetworkError,
};
use farthing_store::{
    StoreError,
    records::{Holder, Surplus},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};
use uuid::Uuid;

/// Invoices whose addresses are asked for together.
const TOGETHER: usize = 50;
/// Closed invoices that wait to be looked at; the nightly round finds those that did not fit.
const CLOSED_MAX: usize = 10_000;
/// How long after its making an invoice is looked at each night, in seconds: eight days.
const RECENT_SECONDS: i64 = 8 * 86_400;
/// Payments to one address whose senders are looked at.
const ARRIVED_MAX: usize = 20;
/// Before an address was handed out nobody can have paid to it, clocks apart. Seconds.
const BEFORE_SECONDS: i64 = 60;

/// Live invoices that have just closed.
#[derive(Default)]
pub(crate) struct JustClosed(Mutex<BTreeSet<InvoiceId>>);

impl JustClosed {
    pub(crate) fn add(&self, id: InvoiceId) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < CLOSED_MAX {
            waiting.insert(id);
        }
    }

    fn take(&self) -> Vec<InvoiceId> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken: Vec<InvoiceId> = waiting.iter().copied().take(TOGETHER).collect();
        waiting.retain(|id| !taken.contains(id));
        taken
    }
}

/// What a round of looking came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reconciled {
    /// Addresses, one for each network, that were compared.
    pub compared: usize,
    /// Surpluses that nothing explains.
    pub unexplained: usize,
    /// Networks that could not be asked.
    pub unasked: usize,
}

/// An address on a network, and what it is bound to.
pub(crate) struct Held {
    pub(crate) holder: Holder,
    pub(crate) address: Address,
    since: Timestamp,
}

type ByNetwork = BTreeMap<NetworkId, Vec<Held>>;

impl Gateway {
    /// Reconciles live invoices that have closed since this was called last. `None` when there are none.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn reconcile_closed(self: &Arc<Self>) -> Result<Option<Reconciled>, StoreError> {
        let ids = self.just_closed.take();
        if ids.is_empty() {
            return Ok(None);
        }
        let invoices = self.store().read(move |reader| reader.any_invoices(&ids)).await?;
        self.reconcile(self.held_by_all(&invoices)).await.map(Some)
    }

    /// Reconciles some of the live invoices made in the last eight days, those after `after`. Answers after which to go on, and
    /// `None` when the round is over.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn reconcile_recent(
        self: &Arc<Self>,
        after: Option<InvoiceId>,
    ) -> Result<(Option<InvoiceId>, Reconciled), StoreError> {
        let since = self.clocks().real().plus_seconds(-RECENT_SECONDS);
        let after = after.unwrap_or_else(|| first_id(since));
        let limit = u32::try_from(TOGETHER).unwrap_or(u32::MAX);
        let invoices = self.store().read(move |reader| reader.any_live_invoices(after, limit)).await?;
        let Some(last) = invoices.last().map(|invoice| invoice.id) else {
            return Ok((None, Reconciled::default()));
        };
        Ok((Some(last), self.reconcile(self.held_by_all(&invoices)).await?))
    }

    /// Reconciles some of the live permanent addresses, those after `after`. Answers as [`Self::reconcile_recent`].
    ///
    /// # Errors
    /// When the store fails.
    pub async fn reconcile_permanent(
        self: &Arc<Self>,
        after: Option<StaticAddressId>,
    ) -> Result<(Option<StaticAddressId>, Reconciled), StoreError> {
        let limit = u32::try_from(TOGETHER).unwrap_or(u32::MAX);
        let addresses = self.store().read(move |reader| reader.all_static_addresses(after, limit)).await?;
        let Some(last) = addresses.last().map(|address| address.id) else {
            return Ok((None, Reconciled::default()));
        };
        let mut by_network = ByNetwork::new();
        for address in addresses.iter().filter(|address| address.owner.environment == Environment::Live) {
            let (network, holder) = (address.asset.network, Holder::StaticAddress(address.id));
            if let Some(held) = self.held_on(network, &address.address, holder, address.created_at) {
                by_network.entry(network).or_default().push(held);
            }
        }
        Ok((Some(last), self.reconcile(by_network).await?))
    }

    async fn reconcile(self: &Arc<Self>, by_network: ByNetwork) -> Result<Reconciled, StoreError> {
        let mut total = Reconciled::default();
        for (network, held) in by_network {
            let Some(chain) = self.chain(ChainId { environment: Environment::Live, network }) else { continue };
            let Some(inspect) = chain.inspect.as_ref() else { continue };
            match self.reconcile_on(chain, inspect.as_ref(), &held).await {
                Ok(unexplained) => {
                    total.compared = total.compared.saturating_add(held.len());
                    total.unexplained = total.unexplained.saturating_add(unexplained);
                }
                Err(ScanError::Store(error)) => return Err(error),
                Err(error) => {
                    total.unasked = total.unasked.saturating_add(1);
                    tracing::warn!(%network, %error, "balances were not reconciled");
                }
            }
        }
        Ok(total)
    }

    /// The addresses of invoices, each on the networks where it was quoted. A deposit's is its permanent address, which has a
    /// round of its own.
    fn held_by_all(&self, invoices: &[Invoice]) -> ByNetwork {
        let mut by_network = ByNetwork::new();
        for invoice in invoices {
            let holder = Holder::of(invoice);
            let quoted: BTreeMap<NetworkId, &str> =
                invoice.quotes.iter().map(|quote| (quote.due.asset.network, quote.address.as_str())).collect();
            for (network, text) in quoted.into_iter().filter(|_| matches!(holder, Holder::Invoice(_))) {
                let held = self.held_on(network, text, holder, invoice.created_at);
                by_network.entry(network).or_default().extend(held);
            }
        }
        by_network
    }

    fn held_on(&self, network: NetworkId, address: &str, holder: Holder, since: Timestamp) -> Option<Held> {
        let account = &self.environment(Environment::Live).chains.get(&network)?.account;
        let address = Address::parse(account.family(), account.chain(), address).ok()?;
        Some(Held { holder, address, since })
    }

    /// How many surpluses at these addresses stay unexplained, after the chain was scanned to its tip and read again.
    async fn reconcile_on(
        self: &Arc<Self>,
        chain: &Chain,
        inspect: &dyn Inspect,
        held: &[Held],
    ) -> Result<usize, ScanError> {
        let Some(state) = self.chain_state(chain.id).await? else { return Ok(0) };
        let failed = |error: NetworkError| ScanError::Network { network: chain.id.network, error };
        let addresses: Vec<Address> = held.iter().map(|held| held.address.clone()).collect();
        let balances = inspect.balances(&addresses, state.cursor.height).await.map_err(failed)?;
        let mut found = self.unexplained(chain, held, &balances).await?;
        if !found.is_empty() {
            // The provider may have answered for a later block than was asked for.
            self.scan_to_tip(chain.id).await?;
            found = self.unexplained(chain, held, &balances).await?;
        }
        if let Some(since) = self.earliest(held, &found) {
            tracing::warn!(network = %chain.id.network, surpluses = found.len(), "money at our addresses is not recorded: reading the chain again");
            let read = self.read_again(chain.id, since.plus_seconds(-BEFORE_SECONDS)).await?;
            tracing::info!(network = %chain.id.network, ?read, "the chain was read again");
            found = self.unexplained(chain, held, &balances).await?;
        }
        self.keep(chain.id.network, held, &found).await?;
        let arrived = self.arrived_lately(chain.id.network, held).await?;
        let concerns = inspect.concerns(&addresses, &balances, &arrived).await.map_err(failed)?;
        self.keep_concerns(chain.id.network, held, &concerns).await?;
        Ok(found.len())
    }

    /// The latest payments to these addresses, as far as they are of the last days.
    async fn arrived_lately(&self, network: NetworkId, held: &[Held]) -> Result<Vec<Arrived>, StoreError> {
        let since = self.clocks().real().plus_seconds(-RECENT_SECONDS);
        let addresses: Vec<(Holder, Vec<u8>)> =
            held.iter().map(|held| (held.holder, held.address.bytes().to_vec())).collect();
        self.store()
            .read(move |reader| {
                let mut all = Vec::new();
                for (holder, address) in addresses {
                    let mut payments = reader.payments_on(holder, network)?;
                    payments.retain(|payment| payment.recorded_at >= since);
                    payments.sort_by_key(|payment| core::cmp::Reverse(payment.recorded_at));
                    all.extend(payments.into_iter().take(ARRIVED_MAX).map(|payment| Arrived {
                        address: address.clone(),
                        asset: payment.asset,
                        transaction: payment.key.transaction,
                        position: payment.key.position,
                    }));
                }
                Ok(all)
            })
            .await
    }

    fn earliest(&self, held: &[Held], found: &[Surplus]) -> Option<Timestamp> {
        let concerned = |held: &&Held| found.iter().any(|surplus| surplus.holder == held.holder);
        held.iter().filter(concerned).map(|held| held.since).min()
    }

    /// Balances above what is recorded now.
    async fn unexplained(
        &self,
        chain: &Chain,
        held: &[Held],
        balances: &[Balance],
    ) -> Result<Vec<Surplus>, StoreError> {
        let network = chain.id.network;
        let holders: Vec<Holder> = held.iter().map(|held| held.holder).collect();
        let recorded: Vec<BTreeMap<AssetId, u128>> = self
            .store()
            .read(move |reader| holders.into_iter().map(|id| reader.recorded_on(id, network)).collect::<Result<_, _>>())
            .await?;
        let found_at = self.clocks().real();
        let mut found = Vec::new();
        for (held, recorded) in held.iter().zip(recorded) {
            let own = balances.iter().filter(|balance| balance.address == held.address.bytes());
            let surpluses = own.filter_map(|balance| {
                let recorded = recorded.get(&balance.asset).copied().unwrap_or_default();
                (balance.units > recorded).then(|| Surplus {
                    asset: balance.asset,
                    address: balance.address.clone(),
                    shown: held.address.text().to_owned(),
                    holder: held.holder,
                    balance: balance.units,
                    recorded,
                    found_at,
                    acknowledged_at: None,
                })
            });
            found.extend(surpluses);
        }
        Ok(found)
    }

    /// Keeps what stays unexplained, and forgets what was found at these addresses before.
    async fn keep(&self, network: NetworkId, held: &[Held], found: &[Surplus]) -> Result<(), StoreError> {
        #[expect(
            clippy::redundant_closure_for_method_calls,
            reason = "the method's path is not general enough in its lifetime"
        )]
        let known = self.store().read(|reader| reader.surpluses()).await?;
        let is_held = |surplus: &&Surplus| {
            surplus.asset.network == network && held.iter().any(|held| held.address.bytes() == surplus.address)
        };
        let is_same = |one: &Surplus, other: &Surplus| one.address == other.address && one.asset == other.asset;
        let explained: Vec<Surplus> = known
            .iter()
            .filter(is_held)
            .filter(|known| !found.iter().any(|found| is_same(found, known)))
            .cloned()
            .collect();
        if explained.is_empty() && found.is_empty() {
            return Ok(());
        }
        let mut found = found.to_vec();
        for surplus in &mut found {
            // What the operator has looked at is no news, as long as it does not grow.
            let before = known.iter().find(|known| is_same(known, surplus));
            let before = before.filter(|before| before.unexplained() >= surplus.unexplained());
            surplus.acknowledged_at = before.and_then(|before| before.acknowledged_at);
            if surplus.acknowledged_at.is_none() {
                tracing::error!(asset = %surplus.asset, address = surplus.shown, holder = %surplus.holder,
                    balance = surplus.balance, recorded = surplus.recorded,
                    "an address holds money that no payment explains");
            }
        }
        self.store()
            .decide(move |transaction| {
                for surplus in &explained {
                    transaction.clear_surplus(surplus.asset, &surplus.address)?;
                }
                found.iter().try_for_each(|surplus| transaction.put_surplus(surplus))
            })
            .await
    }
}

/// An id before all that are made from a moment on: ids begin with their time (`UUIDv7`).
fn first_id(since: Timestamp) -> InvoiceId {
    let milliseconds = u128::try_from(since.milliseconds()).unwrap_or_default();
    InvoiceId(Uuid::from_u128(milliseconds << 80))
}
