//! Test mode: what a shop's own tests, the demo and the page's panel do to the simulated networks and to the test clock.
//!
//! Only the test environment is ever touched: every call takes an owner of it, and the simulated chains are its alone. What a
//! call causes is applied when it answers, through the same scanner as everything else.

mod scenario;

use crate::{
    expire::Waiting,
    gateway::Gateway,
    scan::{Progress, ScanError},
};
use farthing_domain::{
    asset::{Asset, AssetId},
    id::{Environment, InvoiceId, Owner, StaticAddressId},
    invoice::Invoice,
    money::Amount,
    name::NetworkId,
    network::ChainId,
    payment::BlockRef,
    static_address::StaticAddress,
};
use farthing_networks::{
    address::{Address, Chain as AddressChain},
    simulated::{
        Simulated,
        chain::{ChainError, Change, Output},
    },
};
use farthing_store::StoreError;
use std::sync::Arc;

/// The setting that keeps how far the test clock is ahead.
pub const CLOCK_SETTING: &str = "test_clock_offset_ms";
/// The setting that keeps the latest moment of the test clock that was told to anybody by a call.
pub const CLOCK_LATEST_SETTING: &str = "test_clock_latest_ms";
/// How far the test clock gets ahead of real time altogether, in days: a hundred years. Every test key moves it, for all merchants,
/// and it never goes back: no key can bring it to where dates end.
pub const CLOCK_LEAD_DAYS_MAX: i64 = 36_600;

const DAY_MS: i64 = 86_400_000;

/// A simulated payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paid {
    /// The transaction's hash.
    pub tx_hash: String,
    /// What was paid.
    pub amount: Amount,
    /// Confirmations it has now.
    pub confirmations: u64,
}

/// Why a test-mode call did nothing.
#[derive(Debug, thiserror::Error)]
pub enum TestModeError {
    /// The store's reason.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such invoice in the merchant's test environment.
    #[error("invoice not found")]
    NotFound,
    /// There is no such permanent address in the merchant's test environment.
    #[error("address not found")]
    AddressNotFound,
    /// The environment is not the test environment.
    #[error("test mode works on the test environment only")]
    NotTest,
    /// There is no address to pay that asset to.
    #[error("there is no address to pay {0} to: an invoice may have to be activated first")]
    NoAddress(String),
    /// There is no such simulated network.
    #[error("there is no network {0}")]
    NoSuchNetwork(String),
    /// The chain's reason.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The amount cannot be paid.
    #[error("{0}")]
    Amount(String),
    /// The test clock would be further ahead of real time than it gets.
    #[error("would move the test clock more than {CLOCK_LEAD_DAYS_MAX} days ahead of real time")]
    TooFarAhead,
    /// What was caused could not be applied.
    #[error(transparent)]
    Scan(#[from] ScanError),
}

impl Gateway {
    /// Pays an invoice's address with an amount of an asset that it was quoted in, and mines until the payment has that many
    /// confirmations.
    ///
    /// # Errors
    /// When the invoice has no address for the asset, or the store fails.
    pub async fn pay_test_invoice(
        self: &Arc<Self>,
        invoice: &Invoice,
        amount: Amount,
        confirmations: u32,
    ) -> Result<Paid, TestModeError> {
        if invoice.owner.environment != Environment::Test {
            return Err(TestModeError::NotTest);
        }
        let tx_hash = self.pay_address(invoice, amount).await?;
        self.mine_and_scan(amount.asset.network, confirmations).await?;
        Ok(Paid { tx_hash, amount, confirmations: u64::from(confirmations) })
    }

    /// Pays a permanent address with an amount of any asset on its family of networks, and mines until the payment has that many
    /// confirmations.
    ///
    /// # Errors
    /// When there is no such address, it has none on the asset's network, or the store fails.
    pub async fn pay_test_address(
        self: &Arc<Self>,
        owner: Owner,
        id: StaticAddressId,
        amount: Amount,
        confirmations: u32,
    ) -> Result<Paid, TestModeError> {
        let address = self.test_address(owner, id).await?;
        let output = self.output(&[(address.asset.network, &address.address)], amount)?;
        let tx_hash = self.broadcast(output, amount).await?;
        self.mine_and_scan(amount.asset.network, confirmations).await?;
        Ok(Paid { tx_hash, amount, confirmations: u64::from(confirmations) })
    }

    /// The asset that a test-mode call means: by code and network, or the permanent address's own.
    ///
    /// # Errors
    /// When there is no such address or asset.
    pub async fn test_address_asset(
        &self,
        owner: Owner,
        id: StaticAddressId,
        currency: Option<&str>,
        network: Option<&str>,
    ) -> Result<Asset, TestModeError> {
        let own = self.test_address(owner, id).await?.asset;
        self.meant_asset(Some(own), currency, network)
    }

    async fn test_address(&self, owner: Owner, id: StaticAddressId) -> Result<StaticAddress, TestModeError> {
        if owner.environment != Environment::Test {
            return Err(TestModeError::NotTest);
        }
        let found = self.store().glance(move |reader| reader.static_address(owner, id)).await?;
        found.ok_or(TestModeError::AddressNotFound)
    }

    /// Mines blocks on a simulated network; answers its head.
    ///
    /// # Errors
    /// When there is no such network, or the store fails.
    pub async fn mine_test_blocks(self: &Arc<Self>, network: NetworkId, count: u32) -> Result<BlockRef, TestModeError> {
        self.mine_and_scan(network, count).await?;
        self.test_head(network).await
    }

    /// Replaces a simulated network's last blocks by a longer branch, without the transactions named; answers its head.
    ///
    /// # Errors
    /// When there is no such network or transaction, the chain is not that long, or the store fails.
    pub async fn reorganise_test_network(
        self: &Arc<Self>,
        network: NetworkId,
        depth: u32,
        drop: Vec<String>,
    ) -> Result<BlockRef, TestModeError> {
        let now = self.clocks().now(Environment::Test);
        let salt = self.ids().bytes();
        self.change_chain(network, move |simulated| simulated.prepare_reorg(u64::from(depth), &drop, now, salt))
            .await?;
        self.scan_to_tip(test_chain(network)).await?;
        self.test_head(network).await
    }

    async fn test_head(&self, network: NetworkId) -> Result<BlockRef, TestModeError> {
        let state = self.store().glance(move |reader| reader.chain(test_chain(network))).await?;
        state.map(|state| state.cursor).ok_or_else(|| TestModeError::NoSuchNetwork(network.to_string()))
    }

    /// Moves the test environment's clock ahead and applies everything that became due.
    ///
    /// # Errors
    /// When it would be more than [`CLOCK_LEAD_DAYS_MAX`] ahead of real time; or when the store fails; the clock may have moved then, and what became due is applied in the background.
    pub async fn advance_test_clock(
        self: &Arc<Self>,
        seconds: i64,
    ) -> Result<farthing_domain::time::Timestamp, TestModeError> {
        let _turn = self.test_clock.lock().await;
        let offset = self.clocks().test_offset_ms().saturating_add(seconds.saturating_mul(1000));
        if offset > CLOCK_LEAD_DAYS_MAX.saturating_mul(DAY_MS) {
            return Err(TestModeError::TooFarAhead);
        }
        let latest = self.clocks().now(Environment::Test).plus_seconds(seconds).milliseconds();
        self.store()
            .decide(move |transaction| {
                transaction.put_setting(CLOCK_SETTING, &offset.to_string())?;
                transaction.put_setting(CLOCK_LATEST_SETTING, &latest.to_string())
            })
            .await?;
        self.clocks().set_test_offset_ms(offset);
        self.scan_all(Environment::Test).await?;
        while self.expire(Environment::Test, Waiting::Now).await? == Progress::More {}
        Ok(self.clocks().now(Environment::Test))
    }

    /// The handle on a simulated network, for tests and simulations that make it misbehave.
    #[must_use]
    pub fn simulated(&self, network: NetworkId) -> Option<&Simulated> {
        self.parts.simulated.get(&network)
    }

    async fn test_invoice(&self, owner: Owner, id: InvoiceId) -> Result<Invoice, TestModeError> {
        if owner.environment != Environment::Test {
            return Err(TestModeError::NotTest);
        }
        self.store().glance(move |reader| reader.invoice(owner, id)).await?.ok_or(TestModeError::NotFound)
    }

    /// Puts a transaction to one of the invoice's addresses into the mempool.
    async fn pay_address(self: &Arc<Self>, invoice: &Invoice, amount: Amount) -> Result<String, TestModeError> {
        let addresses: Vec<(NetworkId, &str)> =
            invoice.quotes.iter().map(|quote| (quote.due.asset.network, quote.address.as_str())).collect();
        let output = self.output(&addresses, amount)?;
        self.broadcast(output, amount).await
    }

    async fn broadcast(self: &Arc<Self>, output: Output, amount: Amount) -> Result<String, TestModeError> {
        let salt = self.ids().bytes();
        let now = self.clocks().now(Environment::Test);
        self.change_chain(amount.asset.network, move |simulated| simulated.prepare_pay(vec![output.clone()], now, salt))
            .await
    }

    /// An output that pays the latest of these addresses that exists on the asset's network, whether or not that asset was asked
    /// for: a payer can send anything.
    fn output(&self, addresses: &[(NetworkId, &str)], amount: Amount) -> Result<Output, TestModeError> {
        let none = || TestModeError::NoAddress(amount.asset.to_string());
        let chain = self.chain(test_chain(amount.asset.network)).ok_or_else(none)?;
        let of_family = |network: NetworkId| self.family(test_chain(network)) == Some(chain.facts.family);
        let (_, address) = addresses.iter().rfind(|(network, _)| of_family(*network)).ok_or_else(none)?;
        let family = chain.facts.family.into();
        let address = Address::parse(family, AddressChain::Testnet, address).map_err(|_| none())?;
        Ok(Output {
            asset: amount.asset,
            decimals: amount.decimals,
            units: amount.units,
            address: address.bytes().to_vec(),
        })
    }

    async fn mine_and_scan(self: &Arc<Self>, network: NetworkId, count: u32) -> Result<(), TestModeError> {
        if count > 0 {
            let now = self.clocks().now(Environment::Test);
            let salt = self.ids().bytes();
            self.change_chain(network, move |simulated| simulated.prepare_mine(u64::from(count), now, salt)).await?;
        }
        Ok(self.scan_to_tip(test_chain(network)).await?)
    }

    /// Changes a simulated chain: prepared, then durable, then visible to the scanner. One change at a time.
    async fn change_chain<T: Send + 'static>(
        &self,
        network: NetworkId,
        prepare: impl FnOnce(&Simulated) -> Result<(Change, T), ChainError>,
    ) -> Result<T, TestModeError> {
        let _turn = self.simulated_turn.lock().await;
        let simulated =
            self.parts.simulated.get(&network).ok_or_else(|| TestModeError::NoSuchNetwork(network.to_string()))?;
        let (change, answer) = prepare(simulated)?;
        let rows = change.rows().map_err(|error| StoreError::Corrupt(error.to_string()))?;
        self.store()
            .decide(move |transaction| {
                transaction.change_simulated(network, rows.cut_from, &rows.blocks, &rows.mempool)
            })
            .await?;
        simulated.apply(change);
        Ok(answer)
    }

    /// The asset that a test-mode call means: by code and network, or the invoice's own.
    ///
    /// # Errors
    /// When there is none.
    pub async fn test_asset(
        &self,
        owner: Owner,
        id: InvoiceId,
        currency: Option<&str>,
        network: Option<&str>,
    ) -> Result<(Invoice, Asset), TestModeError> {
        let invoice = self.test_invoice(owner, id).await?;
        let quoted = invoice.latest_quote().map(|quote| quote.due.asset);
        let asset = self.meant_asset(quoted, currency, network)?;
        Ok((invoice, asset))
    }

    fn meant_asset(
        &self,
        quoted: Option<AssetId>,
        currency: Option<&str>,
        network: Option<&str>,
    ) -> Result<Asset, TestModeError> {
        let catalog = &self.environment(Environment::Test).catalog;
        let asset = match (currency, quoted) {
            (None, None) => return Err(TestModeError::NoAddress("anything".to_owned())),
            (None, Some(quoted)) => catalog.asset(network.map_or(Ok(quoted), |network| {
                NetworkId::new(network)
                    .map(|network| AssetId { network, ..quoted })
                    .map_err(|_| TestModeError::NoSuchNetwork(network.to_owned()))
            })?),
            (Some(code), quoted) => {
                // A currency without its network is meant on the network of what is paid, where that carries it.
                let beside = quoted.and_then(|quoted| catalog.resolve(code, Some(quoted.network.as_str())).ok());
                let found = match (network, beside) {
                    (None, Some(found)) => Ok(found),
                    (network, _) => catalog.resolve(code, network),
                };
                let found = found.map_err(|error| TestModeError::Amount(error.to_string()))?;
                Some(found)
            }
        };
        asset.cloned().ok_or_else(|| TestModeError::NoAddress("that currency".to_owned()))
    }
}

/// A simulated chain's id.
const fn test_chain(network: NetworkId) -> ChainId {
    ChainId { environment: Environment::Test, network }
}
