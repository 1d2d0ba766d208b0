//! From which index on an account's addresses may be handed out: none that was handed out, or used, before.
//!
//! An account that this database has handed addresses out of is known by its row. Of any other one the operator says where to
//! begin (`start_index`), or its chains are asked for history; and what the high-water marks reserved is skipped. Until that is
//! known nothing of the account is sold: not knowing is never taken for "unused".

use crate::gateway::{Chain, Gateway};
use farthing_domain::{id::Environment, name::NetworkId};
use farthing_networks::{
    account::{AccountError, AccountKeyId},
    address::Address,
    network::NetworkError,
};
use farthing_store::StoreError;
use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError, RwLock},
};

/// Unused addresses in a row after which an account's history is over: what wallets look ahead (BIP-44).
pub const GAP_LIMIT: u32 = 20;
/// Indexes that an account skips beyond what is known when its database is an older one: more than may have been handed out since
/// the last mark or backup.
pub const SKIPPED: u32 = 10_000;
/// Windows of [`GAP_LIMIT`] addresses that are looked at; an account with more history needs a `start_index`.
const WINDOWS_MAX: u32 = 1000;

/// Whether it is known which of an account's addresses are free. Shared by all chains that share the account.
#[derive(Debug)]
pub struct AccountUse(RwLock<Result<(), String>>);

impl AccountUse {
    /// It is known: the database has its next index, or nobody else can have used it.
    #[must_use]
    pub fn known() -> Arc<Self> {
        Arc::new(Self(RwLock::new(Ok(()))))
    }

    /// It is not known yet.
    #[must_use]
    pub fn unknown() -> Arc<Self> {
        Arc::new(Self(RwLock::new(Err("its history was not looked at yet".to_owned()))))
    }

    /// Why nothing of the account may be sold; `None` when it may.
    #[must_use]
    pub fn unknown_because(&self) -> Option<String> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone().err()
    }

    fn set(&self, state: Result<(), String>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

/// What a file beside the database says of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reserved {
    /// Every index below it may have been handed out.
    pub mark: u32,
    /// The next index as the database had it when the file was written; `None` where the file does not say.
    pub seen: Option<u32>,
}

/// Where an account's addresses go on, and how that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GoesOn {
    /// Where the database left off.
    WhereItWas(u32),
    /// Beyond the marks: the database is older than they are, or new.
    BeyondTheMarks(u32),
    /// Where the operator's `start_index` says.
    AtStartIndex(u32),
    /// Beyond the history that its chains show, from 0 on.
    BeyondHistory(u32),
}

impl GoesOn {
    /// The next index.
    #[must_use]
    pub const fn next(self) -> u32 {
        match self {
            Self::WhereItWas(next)
            | Self::BeyondTheMarks(next)
            | Self::AtStartIndex(next)
            | Self::BeyondHistory(next) => next,
        }
    }
}

/// Why an account's use is not known.
#[derive(Debug, thiserror::Error)]
pub enum UnknownUse {
    /// The store's reason.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A chain of the account cannot be asked.
    #[error("{network} could not be asked for the account's history: {error}")]
    Network {
        /// Which.
        network: NetworkId,
        /// Why.
        error: NetworkError,
    },
    /// A chain of the account has not answered at all yet.
    #[error("{0} was not reached yet, so that the account's history there is unknown")]
    NotReached(NetworkId),
    /// There is more history than is looked through.
    #[error("the account has used addresses up to index {0} and beyond: set start_index to where new ones may begin")]
    TooMuchHistory(u32),
    /// The account has no address to look at.
    #[error("the account has no further addresses: {0}")]
    Exhausted(#[from] AccountError),
}

impl Gateway {
    /// The live accounts of which nothing may be sold yet.
    #[must_use]
    pub fn unknown_accounts(&self) -> BTreeSet<AccountKeyId> {
        let chains = self.environment(Environment::Live).chains.values();
        let unknown = chains.filter(|chain| chain.account_use.unknown_because().is_some());
        unknown.map(|chain| chain.account.key_id()).collect()
    }

    /// Where a live account goes on, as far as that needs no network: `None` where its history must be asked for.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn recall_account(
        &self,
        key: AccountKeyId,
        reserved: Option<Reserved>,
    ) -> Result<Option<GoesOn>, StoreError> {
        let id = key.to_bytes();
        let stored = self.store().read(move |reader| reader.next_index(Environment::Live, &id)).await?;
        let is_behind = is_behind(stored, reserved);
        if let (Some(next), false) = (stored, is_behind) {
            return Ok(Some(GoesOn::WhereItWas(next)));
        }
        let floor = floor(stored, reserved);
        let vouched = self.chains_of(key).filter_map(|chain| chain.start_index).max();
        Ok(vouched.map(|index| match floor {
            floor if floor > index => GoesOn::BeyondTheMarks(floor),
            _ => GoesOn::AtStartIndex(index),
        }))
    }

    /// Where a live account goes on, its chains being asked for history where nothing else tells.
    ///
    /// # Errors
    /// When it cannot be known now; nothing may be sold of the account then.
    pub async fn learn_account(&self, key: AccountKeyId, reserved: Option<Reserved>) -> Result<GoesOn, UnknownUse> {
        if let Some(known) = self.recall_account(key, reserved).await? {
            return Ok(known);
        }
        let id = key.to_bytes();
        let stored = self.store().read(move |reader| reader.next_index(Environment::Live, &id)).await?;
        let floor = floor(stored, reserved);
        let learnt = self.beyond_history(key, floor).await;
        if let Err(error) = &learnt {
            self.chains_of(key).for_each(|chain| chain.account_use.set(Err(error.to_string())));
        }
        let next = learnt?;
        Ok(if floor > 0 { GoesOn::BeyondTheMarks(next) } else { GoesOn::BeyondHistory(next) })
    }

    /// Begins to sell a live account from an index on. Whoever calls has reserved that index outside of the database.
    ///
    /// # Errors
    /// When the store fails; then nothing is sold.
    pub async fn open_account(&self, key: AccountKeyId, goes_on: GoesOn) -> Result<(), StoreError> {
        let id = key.to_bytes();
        self.store()
            .decide(move |transaction| transaction.set_next_index(Environment::Live, &id, goes_on.next()))
            .await?;
        self.chains_of(key).for_each(|chain| chain.account_use.set(Ok(())));
        Ok(())
    }

    /// Moves a test account ahead whose database is older than what was reserved beside it. Answers its next index; `None` where
    /// the database knows all.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn catch_up_test_account(
        &self,
        key: AccountKeyId,
        reserved: Option<Reserved>,
    ) -> Result<Option<u32>, StoreError> {
        let id = key.to_bytes();
        let stored = self.store().read(move |reader| reader.next_index(Environment::Test, &id)).await?;
        if !is_behind(stored, reserved) {
            return Ok(None);
        }
        let next = floor(stored, reserved);
        self.store().decide(move |transaction| transaction.set_next_index(Environment::Test, &id, next)).await?;
        Ok(Some(next))
    }

    fn chains_of(&self, key: AccountKeyId) -> impl Iterator<Item = &Chain> {
        let chains = self.environment(Environment::Live).chains.values();
        chains.filter(move |chain| chain.account.key_id() == key)
    }

    /// The first index from `from` on that begins [`GAP_LIMIT`] addresses without any history, on every chain of the account.
    async fn beyond_history(&self, key: AccountKeyId, from: u32) -> Result<u32, UnknownUse> {
        let chains: Vec<&Chain> = self.chains_of(key).collect();
        if let Some(unreached) = chains.iter().find(|chain| !chain.is_contacted() || chain.cursor().is_none()) {
            return Err(UnknownUse::NotReached(unreached.id.network));
        }
        first_unused(&chains, from).await
    }
}

/// The first index from `from` on that begins [`GAP_LIMIT`] addresses without any history on these chains, which share an account.
///
/// # Errors
/// When a chain cannot be asked, or there is too much history.
pub async fn first_unused(chains: &[&Chain], from: u32) -> Result<u32, UnknownUse> {
    let Some(first) = chains.first() else { return Ok(from) };
    let mut next = from;
    for _ in 0..WINDOWS_MAX {
        let (indexes, addresses) = window(&first.account, next)?;
        let mut last_used = None;
        for chain in chains {
            let used = used(chain, &addresses).await?;
            last_used =
                last_used.max(indexes.iter().zip(used).filter(|(_, used)| *used).map(|(index, _)| *index).max());
        }
        match last_used {
            None => return Ok(next),
            Some(index) => next = index.saturating_add(1),
        }
    }
    Err(UnknownUse::TooMuchHistory(next))
}

async fn used(chain: &Chain, addresses: &[Address]) -> Result<Vec<bool>, UnknownUse> {
    let network = chain.id.network;
    let failed = |error| UnknownUse::Network { network, error };
    let inspect = chain.inspect.as_ref().ok_or(UnknownUse::NotReached(network))?;
    let used = inspect.used(addresses).await.map_err(failed)?;
    if used.len() == addresses.len() {
        return Ok(used);
    }
    Err(failed(NetworkError::Inconsistent("an answer for each address was asked for".to_owned())))
}

/// The addresses from an index on that are looked at together. An index without a key (a chance of 1 in 2^127) is passed over.
fn window(account: &farthing_networks::account::Account, from: u32) -> Result<(Vec<u32>, Vec<Address>), UnknownUse> {
    let mut found = (Vec::new(), Vec::new());
    for index in from..from.saturating_add(GAP_LIMIT) {
        match account.address(index) {
            Ok(address) => {
                found.0.push(index);
                found.1.push(address);
            }
            Err(AccountError::NoKeyAtIndex) => {}
            Err(error) if found.0.is_empty() => return Err(error.into()),
            Err(_) => break,
        }
    }
    Ok(found)
}

/// Whether addresses were handed out that the database does not know of.
fn is_behind(stored: Option<u32>, reserved: Option<Reserved>) -> bool {
    reserved.is_some_and(|reserved| match stored {
        None => true,
        Some(next) => reserved.seen.is_some_and(|seen| next < seen),
    })
}

/// The index below which anything may have been handed out.
fn floor(stored: Option<u32>, reserved: Option<Reserved>) -> u32 {
    let marked = reserved.filter(|_| is_behind(stored, reserved)).map(|reserved| reserved.mark.saturating_add(SKIPPED));
    stored.unwrap_or_default().max(marked.unwrap_or_default())
}
