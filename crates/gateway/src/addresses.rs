//! Handing out addresses: one index of an account key, once.

use crate::gateway::{Chain, Gateway};
use farthing_domain::{
    network::ChainId,
    planted::{self, Bug},
    time::Timestamp,
};
use farthing_networks::{account::AccountError, address::Address};
use farthing_store::{
    StoreError, Transaction,
    records::{AddressRow, Holder},
};

/// Addresses of an account that may turn out to be handed out already (by another spelling of the same key) before a sale is refused.
const TRIES: u32 = 1000;

/// Why no address can be handed out.
#[derive(Debug, thiserror::Error)]
pub enum NoAddress {
    /// The store cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The account has no further address (an empty pool refuses to sell).
    #[error("no address is left on this network")]
    Exhausted(#[source] AccountError),
    /// Every address tried was handed out before.
    #[error("the account's next addresses were all handed out before")]
    Used,
}

impl Gateway {
    /// Whether a text is an address of a chain, in whatever way it may be written; `None` for a chain that is not configured.
    #[must_use]
    pub fn is_address(&self, chain: ChainId, text: &str) -> Option<bool> {
        let account = &self.chain(chain)?.account;
        Some(Address::parse(account.family(), account.chain(), text).is_ok())
    }

    /// Takes the account's next unused address, for an invoice or for ever, and watches it. The watch set learns of it before the commit: a
    /// needless entry costs a look, a missing one would cost a payment.
    ///
    /// # Errors
    /// When the account is exhausted or the store cannot be written.
    pub(crate) fn take_address(
        &self,
        transaction: &mut Transaction<'_>,
        chain: &Chain,
        holder: Holder,
        now: Timestamp,
    ) -> Result<String, NoAddress> {
        let (environment, account) = (chain.id.environment, chain.account.key_id().to_bytes());
        let first = transaction
            .next_index(environment, &account)?
            .unwrap_or_default()
            .max(chain.start_index.unwrap_or_default());
        let first = if planted::is(Bug::IndexFromZero) { 0 } else { first };
        for index in first..first.saturating_add(TRIES) {
            let address = chain.account.address(index).map_err(NoAddress::Exhausted)?;
            let row = AddressRow {
                environment,
                family: chain.facts.family,
                bytes: address.bytes().to_vec(),
                account: account.to_vec(),
                index,
                holder,
                created_at: now,
            };
            if transaction.bind_address(&row)? || planted::is(Bug::IndexFromZero) {
                transaction.set_next_index(environment, &account, index.saturating_add(1))?;
                chain.watch.insert(address.bytes());
                return Ok(address.text().to_owned());
            }
        }
        Err(NoAddress::Used)
    }
}
