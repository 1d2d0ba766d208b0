//! Quoting an invoice in an asset: the amount due, by which rate, at which address, for how long.

use crate::{
    addresses::NoAddress,
    gateway::{Chain, Gateway},
    rates::NoRate,
};
use farthing_domain::{
    asset::{Asset, AssetId},
    id::Environment,
    invoice::Invoice,
    money::Amount,
    network::ChainId,
    price::Price,
    quote::Quote,
    rate::{Rate, RateError, unit_of_due},
    time::Timestamp,
};
use farthing_store::{StoreError, Transaction, records::Holder};

/// A network that was not reached for so long does not sell (contract, section 11: `gate_offline`). Seconds.
const OFFLINE_AFTER_SECONDS: i64 = 600;

/// Why there is no quote.
#[derive(Debug, thiserror::Error)]
pub enum NoQuote {
    /// The environment does not sell this asset.
    #[error("{0} is not on sale here")]
    NotOnSale(AssetId),
    /// The network has not been reached for ten minutes, or what must be known before a sale is not known yet.
    #[error("the network {0} cannot be reached at the moment")]
    NetworkOffline(farthing_domain::name::NetworkId),
    /// No rate.
    #[error(transparent)]
    Rate(#[from] NoRate),
    /// No address.
    #[error(transparent)]
    Address(#[from] NoAddress),
    /// The rate makes no due of the price.
    #[error("the amount cannot be expressed in {0}: {1}")]
    Due(AssetId, RateError),
}

/// Why a chain sells nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotSelling {
    /// It was never contacted, not even before this start.
    NeverReached,
    /// It was not reached for ten minutes.
    Offline,
    /// It is another chain than at first contact.
    OtherChain,
    /// It is not known which of its account's addresses are free.
    AccountUnknown,
}

impl NotSelling {
    /// Its name for health and status.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NeverReached => "never_reached",
            Self::Offline => "offline",
            Self::OtherChain => "other_chain",
            Self::AccountUnknown => "account_unknown",
        }
    }
}

impl From<StoreError> for NoQuote {
    fn from(error: StoreError) -> Self {
        Self::Address(NoAddress::Store(error))
    }
}

impl Gateway {
    /// The asset and its chain, if the environment sells it now.
    ///
    /// # Errors
    /// When it does not, or the network is offline.
    pub fn on_sale(&self, environment: Environment, asset: AssetId) -> Result<(&Asset, &Chain), NoQuote> {
        let found = self
            .environment(environment)
            .catalog
            .asset(asset)
            .zip(self.chain(ChainId { environment, network: asset.network }));
        let (asset, chain) = found.ok_or(NoQuote::NotOnSale(asset))?;
        if !self.can_sell(chain) {
            return Err(NoQuote::NetworkOffline(chain.id.network));
        }
        Ok((asset, chain))
    }

    /// Whether a network was not reached for ten minutes; one that was never reached counts from the start.
    #[must_use]
    pub fn is_offline(&self, chain: &Chain) -> bool {
        let since = chain.reached_at().unwrap_or(self.started_at);
        self.clocks().real().seconds_since(since) > OFFLINE_AFTER_SECONDS
    }

    /// Whether invoices can be quoted on a chain now.
    #[must_use]
    pub fn can_sell(&self, chain: &Chain) -> bool {
        self.sells_nothing_because(chain).is_none()
    }

    /// Why nothing can be quoted on a chain; `None` when it sells. A live one must have been contacted once, ever: payments are
    /// looked for from there on; it must be the chain that it was; and its account's free addresses must be known.
    #[must_use]
    pub fn sells_nothing_because(&self, chain: &Chain) -> Option<NotSelling> {
        if chain.id.environment == Environment::Live {
            if chain.trouble().is_some_and(|trouble| trouble.is_other_chain) {
                return Some(NotSelling::OtherChain);
            }
            if chain.cursor().is_none() {
                return Some(NotSelling::NeverReached);
            }
            if chain.account_use.unknown_because().is_some() {
                return Some(NotSelling::AccountUnknown);
            }
        }
        self.is_offline(chain).then_some(NotSelling::Offline)
    }

    /// Makes a quote for an invoice at `now`. The invoice keeps the address it has in the asset's family of networks.
    ///
    /// # Errors
    /// When the asset is not on sale, or there is no rate or no address for it.
    pub(crate) fn quote(
        &self,
        transaction: &mut Transaction<'_>,
        invoice: &Invoice,
        asset: AssetId,
        now: Timestamp,
    ) -> Result<Quote, NoQuote> {
        let (asset, chain) = self.on_sale(invoice.owner.environment, asset)?;
        if let Some(held) = held_quote(invoice, asset.id, now) {
            return Ok(Quote { made_at: now, ..held.clone() });
        }
        let (due, step, rate) = self.due(invoice, asset, now)?;
        let address = match self.address_in_family(invoice, chain) {
            Some(address) => address.to_owned(),
            None => self.take_address(transaction, chain, Holder::Invoice(invoice.id), now)?,
        };
        Ok(Quote { due, step, rate, address, made_at: now, ends_at: invoice.quote_end(now) })
    }

    /// A quote at the rate of the day on an address that the invoice has, for money that came late; `None` without a rate.
    pub(crate) fn quote_of_the_day(&self, invoice: &Invoice, asset: AssetId, now: Timestamp) -> Option<Quote> {
        let address = invoice.address_for(asset)?.to_owned();
        let asset = self.environment(invoice.owner.environment).catalog.asset(asset)?;
        let (due, step, rate) = self.due(invoice, asset, now).ok()?;
        Some(Quote { due, step, rate, address, made_at: now, ends_at: None })
    }

    /// What an invoice comes to in an asset now: by the rate that is held for it, else by the current one; `None` where neither is.
    #[must_use]
    pub fn due_now(&self, invoice: &Invoice, asset: AssetId) -> Option<Amount> {
        let now = self.now_for(invoice);
        if let Some(held) = held_quote(invoice, asset, now) {
            return Some(held.due);
        }
        let asset = self.environment(invoice.owner.environment).catalog.asset(asset)?;
        self.due(invoice, asset, now).ok().map(|(due, _, _)| due)
    }

    fn due(&self, invoice: &Invoice, asset: &Asset, now: Timestamp) -> Result<(Amount, u128, Option<Rate>), NoQuote> {
        match invoice.terms.price {
            Price::Asset(amount) => Ok((amount, 1, None)),
            Price::Fiat(amount) => {
                let environment = invoice.owner.environment;
                // A rate of the test environment is made at that moment; a live one has its own time.
                let asked_at = match environment {
                    Environment::Live => self.clocks().of_rates(environment),
                    Environment::Test => now,
                };
                let rate = self.environment(environment).rates.rate(asset.id.code, amount.currency, asked_at)?;
                let due = rate.due(amount, asset).map_err(|error| NoQuote::Due(asset.id, error))?;
                let step = unit_of_due(asset).ok_or(NoQuote::Due(asset.id, RateError::Range))?;
                Ok((due, step, Some(rate)))
            }
        }
    }

    /// The address that an invoice already has on networks of this family under the same account.
    fn address_in_family<'a>(&self, invoice: &'a Invoice, chain: &Chain) -> Option<&'a str> {
        let environment = invoice.owner.environment;
        let shares = |network| {
            self.chain(ChainId { environment, network }).is_some_and(|other| {
                other.facts.family == chain.facts.family && other.account.key_id() == chain.account.key_id()
            })
        };
        invoice.quotes.iter().find(|quote| shares(quote.due.asset.network)).map(|quote| quote.address.as_str())
    }
}

/// The quote in an asset whose rate is still held: who chooses another coin and comes back finds the same amount due.
fn held_quote(invoice: &Invoice, asset: AssetId, now: Timestamp) -> Option<&Quote> {
    invoice.quotes.iter().rfind(|quote| quote.due.asset == asset && quote.ends_at.is_none_or(|end| now < end))
}
