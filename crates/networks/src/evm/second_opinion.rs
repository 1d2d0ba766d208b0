//! What a second provider says of the same blocks. Nothing of an EVM block proves itself to who holds no state: where two
//! providers are configured, money that only one of them tells of is not believed.
//!
//! What contracts pay is shown by providers with traces only. Where the other one does not show it, the address must at least
//! hold it there by that one's word.

use super::{
    Evm,
    balances::number,
    node::{EvmNode, Tag},
    range::{self, seen_by_all},
    tokens::Tokens,
};
use crate::{
    network::{NetworkError, Scanned, Transfer, Watch},
    provider::{
        ProviderError,
        json_rpc::{Call, read},
        pool::Answered,
    },
};
use alloy_primitives::{Address, U256};
use core::{ops::RangeInclusive, sync::atomic::Ordering};
use serde_json::json;
use std::sync::{Arc, MutexGuard, PoisonError};
use tokio::time::Instant;

impl Evm {
    /// Compares what a provider told of a range with another one's word: always when it tells of money, and now and then.
    /// Nobody to ask is no objection.
    ///
    /// # Errors
    /// When the two differ; and for a while when the other one has not seen as far.
    pub(super) async fn confirm(
        &self,
        first: &Answered<Scanned>,
        tokens: &Tokens,
        blocks: RangeInclusive<u64>,
        watch: &Watch,
    ) -> Result<(), NetworkError> {
        let has_money = !first.value.blocks.is_empty();
        let count = self.ranges.fetch_add(1, Ordering::Relaxed);
        if !has_money && count.checked_rem(self.audit_one_in) != Some(0) {
            return Ok(());
        }
        let asked = *blocks.end();
        let blocks = &blocks;
        let question = |node: Arc<EvmNode>| async move {
            match range::read(&node, tokens, blocks.clone(), watch).await {
                Err(ProviderError::Lagging { head, .. }) => Ok(Err(head)),
                answer => answer.map(Ok),
            }
        };
        let Some(second) = self.pool.ask_another(&first.provider, question).await else { return Ok(()) };
        match second.value {
            Ok(value) => {
                *self.unconfirmed_since() = None;
                let second = Answered { provider: second.provider, value };
                self.compare(first, &second)?;
                self.are_held(first, &second).await
            }
            Err(head) if has_money && self.may_wait() => Err(NetworkError::Lagging { head, asked }),
            Err(_) => Ok(()),
        }
    }

    /// Whether money waits for a provider that lags: for as long as a head may stand still, and then not again until that
    /// provider has caught up.
    fn may_wait(&self) -> bool {
        let since = *self.unconfirmed_since().get_or_insert_with(Instant::now);
        since.elapsed() < self.stale_after
    }

    fn unconfirmed_since(&self) -> MutexGuard<'_, Option<Instant>> {
        self.unconfirmed_since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Two providers that tell different transfers of the same blocks, or of different blocks with money in them: nothing of it
    /// is believed until they agree.
    fn compare(&self, first: &Answered<Scanned>, second: &Answered<Scanned>) -> Result<(), NetworkError> {
        let (names, height) = (format!("{} and {}", first.provider, second.provider), first.value.end.block.height);
        let is_one_branch = first.value.end == second.value.end && first.value.parent == second.value.parent;
        if !is_one_branch && first.value.blocks.is_empty() {
            return Ok(());
        }
        if !is_one_branch {
            let what =
                format!("{names} are on different branches up to block {height}: money there waits until they agree");
            return Err(NetworkError::Inconsistent(what));
        }
        if seen_by_all(&first.value) == seen_by_all(&second.value) {
            return Ok(());
        }
        Err(self.disagreement(format!("{names} tell different transfers of the blocks up to {height}")))
    }

    fn disagreement(&self, what: String) -> NetworkError {
        tracing::error!(what, "two providers contradict each other");
        *self.disagreements.lock().unwrap_or_else(PoisonError::into_inner) = Some(what.clone());
        NetworkError::Inconsistent(what)
    }

    /// Asks about payments by contracts that the second one does not show, whether the addresses hold so much after the block.
    /// One that has code may have passed it on at once; and not every node has the state of old blocks.
    async fn are_held(&self, first: &Answered<Scanned>, second: &Answered<Scanned>) -> Result<(), NetworkError> {
        let shown = range::paid_by_contracts(&second.value);
        let mut paid = range::paid_by_contracts(&first.value);
        paid.retain(|payment| !shown.contains(payment));
        if paid.is_empty() {
            return Ok(());
        }
        let paid = paid.as_slice();
        let question = |node: Arc<EvmNode>| async move { not_held(&node, paid).await };
        let answered = self.pool.ask_another(&first.provider, question).await;
        match answered.and_then(|answered| Some((answered.provider, answered.value?))) {
            None => Ok(()),
            Some((other, transaction)) => Err(self.disagreement(format!(
                "{} tells of coins that a contract paid in {transaction}, and by {other} they are not there",
                first.provider
            ))),
        }
    }
}

/// The transaction of the first of these payments that cannot have arrived, by what the node says of its address.
async fn not_held(node: &EvmNode, paid: &[(u64, &Transfer)]) -> Result<Option<String>, ProviderError> {
    let asked = |(height, transfer): &(u64, &Transfer)| {
        let address = Address::try_from(transfer.address.as_slice()).unwrap_or_default();
        let tag = Tag::Height(*height).text();
        ["eth_getBalance", "eth_getCode"].map(|method| Call::new(method, json!([address, tag])))
    };
    let mut answers = node.ask(paid.iter().flat_map(asked).collect()).await?.into_iter();
    for (_, transfer) in paid {
        let mut text = || answers.next()?.and_then(|answer| read::<String>(&answer)).ok();
        let (Some(balance), Some(code)) = (text(), text()) else { continue };
        let is_there = number(&balance).is_some_and(|held| held >= U256::from(transfer.units));
        if !is_there && code == "0x" {
            return Ok(Some(transfer.transaction.clone()));
        }
    }
    Ok(None)
}
