//! What a second provider says of the same blocks. Nothing of an EVM block proves itself to who holds no state: where two
//! providers are configured, money that only one of them tells of is not believed.
//!
//! What contracts pay is shown by providers with traces only, and is not compared.

use super::{
    Evm,
    range::{self, seen_by_all},
    tokens::Tokens,
};
use crate::{
    network::{NetworkError, Scanned, Watch},
    provider::{ProviderError, pool::Answered},
};
use core::{ops::RangeInclusive, sync::atomic::Ordering};
use std::sync::{MutexGuard, PoisonError};
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
        let question = |node: std::sync::Arc<super::node::EvmNode>| async move {
            match range::read(&node, tokens, blocks.clone(), watch).await {
                Err(ProviderError::Lagging { head, .. }) => Ok(Err(head)),
                answer => answer.map(Ok),
            }
        };
        let Some(second) = self.pool.ask_another(&first.provider, question).await else { return Ok(()) };
        match second.value {
            Ok(value) => {
                *self.unconfirmed_since() = None;
                self.compare(first, &Answered { provider: second.provider, value })
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
        let what = format!("{names} tell different transfers of the blocks up to {height}");
        tracing::error!(what, "two providers contradict each other");
        *self.disagreements.lock().unwrap_or_else(PoisonError::into_inner) = Some(what.clone());
        Err(NetworkError::Inconsistent(what))
    }
}
