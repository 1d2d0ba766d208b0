//! One provider of a chain with outputs, whichever protocol it speaks, and what is asked of it.
//!
//! Its answers about blocks are checked against the blocks' own bytes here, so that nothing above has to trust it.

use super::{
    block::{self, RawHeader},
    core_node::{CoreNode, malformed},
    esplora::Esplora,
    rules::{ChainName, Rules},
    transaction::{Hash, hash_text},
};
use crate::{
    network::{Header, Identity},
    provider::{Node, NodeAnswer, ProviderError, Usage},
};
use farthing_domain::{name::NetworkId, payment::BlockRef, time::Timestamp};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use std::sync::{Arc, Mutex, PoisonError};

/// Requests to one provider at the same time.
const AT_ONCE: usize = 4;

/// What a provider speaks.
pub(super) enum Speaks {
    Core(CoreNode),
    Esplora(Esplora),
}

/// A provider.
pub(super) struct Source {
    pub(super) speaks: Speaks,
    pub(super) network: NetworkId,
    pub(super) chain: ChainName,
    pub(super) rules: Rules,
    /// The tip that it told last: most looks find the same one.
    tip: Mutex<Option<Placed>>,
}

/// A header that is checked, and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed {
    pub(super) height: u64,
    pub(super) header: RawHeader,
}

impl Placed {
    pub(super) fn shown(&self) -> Header {
        Header {
            block: BlockRef { height: self.height, hash: hash_text(&self.header.hash) },
            parent: hash_text(&self.header.parent),
            time: Timestamp::from_seconds(i64::from(self.header.time)),
        }
    }
}

impl Source {
    pub(super) const fn new(speaks: Speaks, network: NetworkId, chain: ChainName, rules: Rules) -> Self {
        Self { speaks, network, chain, rules, tip: Mutex::new(None) }
    }

    /// Its last block.
    pub(super) async fn tip(&self) -> Result<Placed, ProviderError> {
        let best = match &self.speaks {
            Speaks::Core(node) => node.best().await?,
            Speaks::Esplora(server) => server.best().await?,
        };
        let last = *self.tip.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last.filter(|last| last.header.hash == best) {
            return Ok(last);
        }
        let tip = match &self.speaks {
            Speaks::Core(node) => {
                let (height, header) = node
                    .header(&best, &self.rules)
                    .await?
                    .ok_or_else(|| inconsistent("its tip changed while it was asked for it"))?;
                Placed { height, header: self.checked(&best, header)? }
            }
            Speaks::Esplora(server) => {
                let bytes = server.block(&best).await?;
                let read = block::read(&bytes, &self.rules, &|_: &[u8]| false)
                    .map_err(|error| inconsistent(&error.to_string()))?;
                // What a server says of a height costs it nothing; what a block says of its own costs its work.
                let stated = read.height.filter(|_| read.header.parent != Hash::default());
                let height = match stated {
                    Some(height) => height,
                    None => server.height_of(&best).await?,
                };
                let header = self.checked(&best, read.header)?;
                server.keep(best, Arc::clone(&bytes));
                Placed { height, header }
            }
        };
        *self.tip.lock().unwrap_or_else(PoisonError::into_inner) = Some(tip);
        Ok(tip)
    }

    /// The block at a height of its branch; `None` above its tip.
    pub(super) async fn at(&self, height: u64) -> Result<Option<Placed>, ProviderError> {
        let last = *self.tip.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(hash) = self.hashes(height, height).await?.first().copied() else { return Ok(None) };
        if let Some(last) = last.filter(|last| last.header.hash == hash && last.height == height) {
            return Ok(Some(last));
        }
        let header = self.header(&hash).await?;
        Ok(header.map(|header| Placed { height, header }))
    }

    /// The header of a hash; `None` when the provider does not have it on its branch.
    pub(super) async fn header(&self, hash: &Hash) -> Result<Option<RawHeader>, ProviderError> {
        let header = match &self.speaks {
            Speaks::Core(node) => node.header(hash, &self.rules).await?.map(|(_, header)| header),
            Speaks::Esplora(server) => server.header(hash, &self.rules).await?,
        };
        header.map(|header| self.checked(hash, header)).transpose()
    }

    /// The hashes of the blocks at `from..=to`; cut where its branch ends.
    pub(super) async fn hashes(&self, from: u64, to: u64) -> Result<Vec<Hash>, ProviderError> {
        match &self.speaks {
            Speaks::Core(node) => node.hashes(from, to).await,
            Speaks::Esplora(server) => {
                let hashes: Vec<Option<Hash>> = stream::iter(from..=to)
                    .map(|height| server.hash_at(height))
                    .buffered(AT_ONCE)
                    .try_collect()
                    .await?;
                Ok(hashes.into_iter().map_while(|hash| hash).collect())
            }
        }
    }

    /// A block's bytes, as the provider has them.
    pub(super) async fn block(&self, hash: Hash) -> Result<Arc<Vec<u8>>, ProviderError> {
        match &self.speaks {
            Speaks::Core(node) => node.block(&hash).await.map(Arc::new),
            Speaks::Esplora(server) => server.block(&hash).await,
        }
    }

    /// The ids of the mempool's transactions; `None` where there are too many to be read.
    pub(super) async fn waiting(&self) -> Result<Option<Vec<Hash>>, ProviderError> {
        match &self.speaks {
            Speaks::Core(node) => node.waiting().await.map(Some),
            Speaks::Esplora(server) => server.waiting().await,
        }
    }

    /// Transactions of the mempool, in order; `None` for those that left it.
    pub(super) async fn transactions(&self, ids: &[Hash]) -> Result<Vec<Option<Vec<u8>>>, ProviderError> {
        match &self.speaks {
            Speaks::Core(node) => node.transactions(ids).await,
            Speaks::Esplora(server) => {
                let answers = stream::iter(ids.iter().copied()).map(|id| async move { server.transaction(&id).await });
                answers.buffered(AT_ONCE).try_collect().await
            }
        }
    }

    /// When it first saw a transaction of its mempool, where it tells that.
    pub(super) async fn first_seen(&self, id: &Hash) -> Result<Option<Timestamp>, ProviderError> {
        match &self.speaks {
            Speaks::Core(node) => node.first_seen(id).await,
            Speaks::Esplora(_) => Ok(None),
        }
    }

    /// A header that is the one asked for and shows its work.
    pub(super) fn checked(&self, asked: &Hash, header: RawHeader) -> Result<RawHeader, ProviderError> {
        if header.hash != *asked {
            return Err(inconsistent(&format!("a header of another block than {}", hash_text(asked))));
        }
        if !self.rules.is_worked(&header) {
            return Err(inconsistent(&format!("block {} shows too little work", hash_text(asked))));
        }
        Ok(header)
    }
}

impl Node for Source {
    fn name(&self) -> &str {
        match &self.speaks {
            Speaks::Core(node) => node.rpc.name(),
            Speaks::Esplora(server) => server.http.name(),
        }
    }

    /// A Core node's own name of its chain is checked; an Esplora server has none, and is known by its first block.
    fn identity(&self) -> NodeAnswer<'_, Identity> {
        Box::pin(async move {
            if let Speaks::Core(node) = &self.speaks {
                is_on(&node.chain_info().await?.chain, self.chain.node_name())?;
            }
            let genesis = self.hashes(0, 0).await?;
            let genesis = genesis.first().ok_or_else(|| malformed("no first block"))?;
            let chain = format!("{} {}", self.network, self.chain.as_str());
            Ok(Identity { chain, genesis: hash_text(genesis) })
        })
    }

    fn usage(&self) -> Usage {
        match &self.speaks {
            Speaks::Core(node) => node.rpc.usage(),
            Speaks::Esplora(server) => server.http.usage(),
        }
    }
}

fn is_on(chain: &str, wanted: &str) -> Result<(), ProviderError> {
    if chain == wanted {
        return Ok(());
    }
    Err(ProviderError::OtherChain(format!("the node is on `{chain}`, not on `{wanted}`")))
}

pub(super) fn inconsistent(what: &str) -> ProviderError {
    ProviderError::Inconsistent(what.to_owned())
}
