//! A simulated chain: blocks, a mempool, forks. A pure data structure.
//!
//! Every operation is prepared from the chain as it is and answers a [`Change`]; nothing is changed before
//! [`Chain::apply`]. It reads no clock, makes no randomness, and never dates a block ahead of the `now` that it is given.

use super::{
    hash::{block_text, digest, hex_text, transaction_text},
    run::{Run, Transaction},
};
use crate::network::{BlockTransfers, Header};
use farthing_domain::{
    asset::AssetId,
    decimal::units_text,
    name::NetworkId,
    network::{Family, Network as NetworkFacts},
    payment::BlockRef,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Randomness that makes a transaction or a branch different from every other one.
pub type Salt = [u8; 16];

/// What a transaction moves to one address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// The asset.
    pub asset: AssetId,
    /// That asset's decimals.
    pub decimals: u8,
    /// How much, in atomic units.
    #[serde(with = "units_text")]
    pub units: u128,
    /// The receiving address, as its canonical bytes.
    #[serde(with = "hex_text")]
    pub address: Vec<u8>,
}

/// Why nothing happens to a chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// No block was asked for.
    #[error("at least one block is needed")]
    NoBlock,
    /// The first block cannot be replaced.
    #[error("cannot replace {depth} blocks: the chain has {height} above its first")]
    TooDeep {
        /// How many were to be replaced.
        depth: u64,
        /// How many there are.
        height: u64,
    },
    /// The height would exceed what blocks can be numbered by.
    #[error("the chain cannot be that long")]
    TooLong,
    /// No transaction of that hash is where it was looked for.
    #[error("there is no transaction {0} in the mempool or in the blocks concerned")]
    UnknownTransaction(String),
    /// The very same transaction is there already.
    #[error("the transaction {0} exists already")]
    KnownTransaction(String),
    /// A transaction has to pay somebody.
    #[error("a transaction needs at least one output")]
    NoOutput,
    /// The asset lives on another network.
    #[error("{0} cannot be sent on this network")]
    OtherNetwork(AssetId),
    /// The clock is behind the chain.
    #[error("the time is before that of the chain's last block")]
    ClockBehind,
}

/// Why kept blocks are not a chain.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The text cannot be read.
    #[error("a kept simulated block cannot be read")]
    Text(#[from] serde_json::Error),
    /// The blocks do not follow each other, or hold a transaction twice.
    #[error("the kept simulated blocks do not follow each other at height {0}")]
    Broken(u64),
}

/// What becomes of the transactions of replaced blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmined {
    /// They are mined again, at their heights.
    MinedAgain,
    /// They wait in the mempool.
    Waiting,
}

/// A reorganisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reorg<'a> {
    /// How many of the last blocks are replaced, at least 1. The new branch is one block longer, or it would not win.
    pub depth: u64,
    /// Transactions of those blocks or of the mempool that are gone afterwards: double-spent.
    pub drop: &'a [String],
    /// What becomes of the others.
    pub unmined: Unmined,
}

/// What an operation changes, to be made durable and then applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Runs that begin at this height or above are gone; `None` when none is. A run of which a part stays is gone and comes
    /// again, shortened, as the first of `added`.
    pub cut_from: Option<u64>,
    /// New runs, ascending.
    pub added: Vec<Run>,
    /// The whole mempool afterwards.
    pub mempool: Vec<Transaction>,
}

/// A change as rows of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRows {
    /// Rows of this height or above are gone; `None` when none is.
    pub cut_from: Option<u64>,
    /// New rows: height and body.
    pub blocks: Vec<(u64, String)>,
    /// The body of the mempool.
    pub mempool: String,
}

impl Change {
    /// The change as rows; [`Simulated::restore`](super::Simulated::restore) reads their bodies.
    ///
    /// # Errors
    /// When the text cannot be written.
    pub fn rows(&self) -> Result<ChangeRows, serde_json::Error> {
        let blocks = self.added.iter().map(|run| Ok((run.first, serde_json::to_string(run)?)));
        Ok(ChangeRows {
            cut_from: self.cut_from,
            blocks: blocks.collect::<Result<_, serde_json::Error>>()?,
            mempool: serde_json::to_string(&self.mempool)?,
        })
    }
}

/// The current branch of a simulated chain, from its first block, and its mempool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    network: NetworkId,
    family: Family,
    /// The first block. Always the same for a network, so it is not kept with the others.
    genesis: Run,
    runs: Vec<Run>,
    /// The height of every mined transaction.
    heights: BTreeMap<String, u64>,
    mempool: Vec<Transaction>,
}

impl Chain {
    /// A chain that has its first block only.
    #[must_use]
    pub fn new(network: &NetworkFacts) -> Self {
        let seal = digest("genesis", &[network.id.as_str().as_bytes()]);
        let genesis = Run { first: 0, count: 1, seal, time: Timestamp::from_seconds(0), transactions: Vec::new() };
        Self {
            network: network.id,
            family: network.family,
            genesis,
            runs: Vec::new(),
            heights: BTreeMap::new(),
            mempool: Vec::new(),
        }
    }

    /// The chain of these runs and this mempool, as the changes left them.
    ///
    /// # Errors
    /// When they do not follow each other.
    pub fn restore(network: &NetworkFacts, runs: Vec<Run>, mempool: Vec<Transaction>) -> Result<Self, RestoreError> {
        let mut chain = Self::new(network);
        for run in runs {
            let height = run.first;
            let follows = Some(height) == chain.height().checked_add(1) && run.time >= chain.last().time;
            let has_end = run.count > 0 && height.checked_add(run.count).is_some();
            let is_new = run.transactions.iter().all(|transaction| !chain.heights.contains_key(&transaction.hash));
            if !(follows && has_end && is_new) {
                return Err(RestoreError::Broken(height));
            }
            chain.push(run);
        }
        chain.mempool = mempool;
        Ok(chain)
    }

    /// Which network it simulates.
    #[must_use]
    pub const fn network(&self) -> NetworkId {
        self.network
    }

    /// The height of the last block; the first block's is 0.
    #[must_use]
    pub fn height(&self) -> u64 {
        self.last().last()
    }

    /// The block at a height; `None` above the last.
    #[must_use]
    pub fn header(&self, height: u64) -> Option<Header> {
        let run = self.run_at(height)?;
        let parent = match height.checked_sub(1) {
            Some(below) => self.hash_at(below),
            None => block_text(self.family, 0, [0; 32]),
        };
        Some(Header { block: BlockRef { height, hash: run.hash(self.family, height) }, parent, time: run.time })
    }

    /// The height at which a transaction is mined; `None` when it is in no block.
    #[must_use]
    pub fn height_of(&self, transaction: &str) -> Option<u64> {
        self.heights.get(transaction).copied()
    }

    /// Transactions that wait for a block, in the order of their arrival.
    pub fn mempool(&self) -> impl Iterator<Item = &Transaction> {
        self.mempool.iter()
    }

    /// Transactions in blocks above a height, in order.
    pub fn above(&self, height: u64) -> impl Iterator<Item = &Transaction> {
        self.runs_from(height.saturating_add(1)).iter().flat_map(|run| &run.transactions)
    }

    /// Transfers to the addresses that are asked for in the blocks `from..=to`. Blocks without any are left out.
    #[must_use]
    pub fn transfers(&self, from: u64, to: u64, is_watched: impl Fn(&[u8]) -> bool) -> Vec<BlockTransfers> {
        let runs = self.runs_from(from).iter().take_while(|run| run.first <= to);
        let found = runs.filter_map(|run| {
            let transfers = run.transactions.iter().flat_map(Transaction::transfers);
            let watched: Vec<_> = transfers.filter(|transfer| is_watched(&transfer.address)).collect();
            let header = self.header(run.first).filter(|_| !watched.is_empty())?;
            Some(BlockTransfers { header, transfers: watched })
        });
        found.collect()
    }

    /// Sends a transaction into the mempool; with its hash.
    ///
    /// # Errors
    /// When it has no output, moves another network's asset, or exists already.
    pub fn prepare_pay(
        &self,
        outputs: Vec<Output>,
        now: Timestamp,
        salt: Salt,
    ) -> Result<(Change, String), ChainError> {
        let transaction = self.transaction(outputs, now, salt)?;
        let hash = transaction.hash.clone();
        let mempool = self.mempool.iter().cloned().chain([transaction]).collect();
        Ok((Change { cut_from: None, added: Vec::new(), mempool }, hash))
    }

    /// Mines blocks, the first with the whole mempool, dated `now`; with the new height.
    ///
    /// # Errors
    /// When `count` is 0 or too large, or `now` is before the last block.
    pub fn prepare_mine(&self, count: u64, now: Timestamp, salt: Salt) -> Result<(Change, u64), ChainError> {
        if count == 0 {
            return Err(ChainError::NoBlock);
        }
        let first = self.height().checked_add(1).ok_or(ChainError::TooLong)?;
        let end = self.height().checked_add(count).filter(|end| *end < u64::MAX).ok_or(ChainError::TooLong)?;
        self.check_clock(self.height(), now)?;
        let seed = Seed { replaced: "", salt, time: now };
        let run = self.run(&self.hash_at(self.height()), &seed, first, count, self.mempool.clone());
        Ok((Change { cut_from: None, added: vec![run], mempool: Vec::new() }, end))
    }

    /// Replaces the last blocks by a branch that is one block longer, dated `now`; with the new height.
    ///
    /// # Errors
    /// When `depth` is 0 or goes beyond the first block, a transaction to drop is neither in those blocks nor in the mempool,
    /// or `now` is before the last block that stays.
    pub fn prepare_reorg(&self, reorg: &Reorg<'_>, now: Timestamp, salt: Salt) -> Result<(Change, u64), ChainError> {
        let (depth, height) = (reorg.depth, self.height());
        if depth == 0 {
            return Err(ChainError::NoBlock);
        }
        let fork = height.checked_sub(depth).ok_or(ChainError::TooDeep { depth, height })?;
        let end = height.checked_add(1).filter(|end| *end < u64::MAX).ok_or(ChainError::TooLong)?;
        self.check_clock(fork, now)?;
        for hash in reorg.drop {
            let is_lost = self.height_of(hash).is_some_and(|height| height > fork);
            if !is_lost && !self.waits(hash) {
                return Err(ChainError::UnknownTransaction(hash.clone()));
            }
        }
        let stays = |transaction: &&Transaction| !reorg.drop.contains(&transaction.hash);
        let lost = self.runs_from(fork.saturating_add(1)).iter();
        let lost = lost.map(|run| (run.first, run.transactions.iter().filter(stays).cloned().collect::<Vec<_>>()));
        let waiting = self.mempool.iter().filter(stays).cloned();
        let (again, mempool) = match reorg.unmined {
            Unmined::MinedAgain => {
                (lost.filter(|(_, transactions)| !transactions.is_empty()).collect(), waiting.collect())
            }
            Unmined::Waiting => (Vec::new(), lost.flat_map(|(_, transactions)| transactions).chain(waiting).collect()),
        };
        let (cut_from, shortened) = self.cut_above(fork);
        let replaced = self.hash_at(height);
        let branch = self.branch(fork, end, &Seed { replaced: &replaced, salt, time: now }, again);
        let added = shortened.into_iter().chain(branch).collect();
        Ok((Change { cut_from: Some(cut_from), added, mempool }, end))
    }

    /// Takes a transaction out of the mempool: it was double-spent and will never be mined.
    ///
    /// # Errors
    /// When it is not in the mempool.
    pub fn prepare_drop(&self, transaction: &str) -> Result<Change, ChainError> {
        if !self.waits(transaction) {
            return Err(ChainError::UnknownTransaction(transaction.to_owned()));
        }
        let mempool = self.mempool.iter().filter(|waiting| waiting.hash != transaction).cloned().collect();
        Ok(Change { cut_from: None, added: Vec::new(), mempool })
    }

    /// Replaces a transaction of the mempool by another one; with the new one's hash.
    ///
    /// # Errors
    /// When it is not in the mempool, or the new one cannot be sent.
    pub fn prepare_replace(
        &self,
        transaction: &str,
        outputs: Vec<Output>,
        now: Timestamp,
        salt: Salt,
    ) -> Result<(Change, String), ChainError> {
        let Change { cut_from, added, mut mempool } = self.prepare_drop(transaction)?;
        let replacement = self.transaction(outputs, now, salt)?;
        let hash = replacement.hash.clone();
        mempool.push(replacement);
        Ok((Change { cut_from, added, mempool }, hash))
    }

    /// Applies a change that was prepared from this very chain, with nothing applied in between.
    pub fn apply(&mut self, change: Change) {
        if let Some(height) = change.cut_from {
            let kept = self.runs.partition_point(|run| run.first < height);
            for transaction in self.runs.drain(kept..).flat_map(|run| run.transactions) {
                self.heights.remove(&transaction.hash);
            }
        }
        for run in change.added {
            self.push(run);
        }
        self.mempool = change.mempool;
    }

    fn push(&mut self, run: Run) {
        self.heights.extend(run.transactions.iter().map(|transaction| (transaction.hash.clone(), run.first)));
        self.runs.push(run);
    }

    fn last(&self) -> &Run {
        self.runs.last().unwrap_or(&self.genesis)
    }

    fn run_at(&self, height: u64) -> Option<&Run> {
        let above = self.runs.partition_point(|run| run.first <= height);
        let run = above.checked_sub(1).and_then(|index| self.runs.get(index)).unwrap_or(&self.genesis);
        (height <= run.last()).then_some(run)
    }

    /// Runs whose first block, the only one that may hold transactions, is at the height or above.
    fn runs_from(&self, height: u64) -> &[Run] {
        let index = self.runs.partition_point(|run| run.first < height);
        self.runs.get(index..).unwrap_or_default()
    }

    fn hash_at(&self, height: u64) -> String {
        self.run_at(height).unwrap_or(&self.genesis).hash(self.family, height)
    }

    fn waits(&self, transaction: &str) -> bool {
        self.mempool.iter().any(|waiting| waiting.hash == transaction)
    }

    fn check_clock(&self, parent: u64, now: Timestamp) -> Result<(), ChainError> {
        let is_behind = self.run_at(parent).is_some_and(|run| now < run.time);
        if is_behind { Err(ChainError::ClockBehind) } else { Ok(()) }
    }

    fn transaction(&self, outputs: Vec<Output>, now: Timestamp, salt: Salt) -> Result<Transaction, ChainError> {
        if outputs.is_empty() {
            return Err(ChainError::NoOutput);
        }
        if let Some(output) = outputs.iter().find(|output| output.asset.network != self.network) {
            return Err(ChainError::OtherNetwork(output.asset));
        }
        let spent: Vec<String> = outputs
            .iter()
            .map(|output| format!("{} {} {}", output.asset.code, output.units, hex::encode(&output.address)))
            .collect();
        let time = now.milliseconds().to_be_bytes();
        let mut parts: Vec<&[u8]> = vec![self.network.as_str().as_bytes(), &salt, &time];
        parts.extend(spent.iter().map(String::as_bytes));
        let hash = transaction_text(self.family, digest("transaction", &parts));
        if self.waits(&hash) || self.heights.contains_key(&hash) {
            return Err(ChainError::KnownTransaction(hash));
        }
        Ok(Transaction { hash, since: now, outputs })
    }

    /// Where the kept runs are cut so that nothing above `fork` stays, and what stays of the run that goes across it.
    fn cut_above(&self, fork: u64) -> (u64, Option<Run>) {
        match self.run_at(fork) {
            Some(run) if run.last() > fork => {
                let count = fork.saturating_sub(run.first).saturating_add(1);
                (run.first, Some(Run { count, ..run.clone() }))
            }
            Some(_) | None => (fork.saturating_add(1), None),
        }
    }

    /// A branch from above `fork` to `end`, with transactions in the blocks of these heights, ascending.
    fn branch(&self, fork: u64, end: u64, seed: &Seed<'_>, mined: Vec<(u64, Vec<Transaction>)>) -> Vec<Run> {
        let start = fork.saturating_add(1);
        let begins_empty = mined.first().is_none_or(|(height, _)| *height > start);
        let empty_start = begins_empty.then(|| (start, Vec::new()));
        let mut parts = empty_start.into_iter().chain(mined).peekable();
        let mut parent = self.hash_at(fork);
        let mut runs = Vec::new();
        while let Some((first, transactions)) = parts.next() {
            let next = parts.peek().map_or(end.saturating_add(1), |(next, _)| *next);
            let run = self.run(&parent, seed, first, next.saturating_sub(first), transactions);
            parent = run.hash(self.family, run.last());
            runs.push(run);
        }
        runs
    }

    fn run(&self, parent: &str, seed: &Seed<'_>, first: u64, count: u64, transactions: Vec<Transaction>) -> Run {
        let time = seed.time.milliseconds().to_be_bytes();
        let (network, replaced) = (self.network.as_str().as_bytes(), seed.replaced.as_bytes());
        let mut parts: Vec<&[u8]> = vec![network, parent.as_bytes(), replaced, &seed.salt, &time];
        parts.extend(transactions.iter().map(|transaction| transaction.hash.as_bytes()));
        Run { first, count, seal: digest("run", &parts), time: seed.time, transactions }
    }
}

/// What the hashes of new blocks depend on beside their parents and what they hold.
struct Seed<'a> {
    /// The hash of the block that is no longer the last: even an equal salt makes another branch.
    replaced: &'a str,
    salt: Salt,
    time: Timestamp,
}
