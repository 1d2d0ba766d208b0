//! Catching up: after a long stop several ranges are read at once, and applied in their order.

use crate::{
    gateway::{Chain, Gateway},
    scan::ScanError,
};
use farthing_domain::{
    payment::BlockRef,
    planted::{self, Bug},
};
use farthing_networks::network::{NetworkError, Scanned, Tip};
use futures_util::{StreamExt, stream};

/// Ranges that are asked for at once: providers limit what one client asks.
const AT_ONCE: usize = 4;
/// Ranges read before they are applied.
const AHEAD_MAX: u64 = 16;

/// Which assets' transfers a range is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sought {
    /// What is sold: what every scan reads.
    Sold,
    /// Tokens that are known and not sold as well. On busy networks their logs are many, so that they are read only where a
    /// balance says that there is something to find.
    Known,
}

impl Gateway {
    /// Reads from a block towards the tip: one range, or several at once where many are missing. They follow each other; what
    /// came after a failure is left out, and only a failure of the first is told.
    pub(crate) async fn read_ahead(
        &self,
        chain: &Chain,
        start: &BlockRef,
        tip: &Tip,
    ) -> Result<Vec<Scanned>, ScanError> {
        let read = self.read_between(chain, start, &tip.head.block, Sought::Sold).await;
        if planted::is(Bug::LaggingTakenForEmpty) {
            return read.or_else(|error| taken_for_empty(start, tip, error));
        }
        read
    }

    /// The same, up to a block.
    pub(crate) async fn read_between(
        &self,
        chain: &Chain,
        start: &BlockRef,
        end: &BlockRef,
        sought: Sought,
    ) -> Result<Vec<Scanned>, ScanError> {
        let ranges = ranges(start.height, end.height, chain.adapter.range_max());
        let asked = ranges.into_iter().map(|(first, last)| {
            let inspect = chain.inspect.as_ref().filter(|_| sought == Sought::Known);
            let known = inspect.and_then(|inspect| inspect.known_transfers(first, last, &chain.watch));
            known.unwrap_or_else(|| chain.adapter.transfers(first, last, &chain.watch))
        });
        let mut answers = stream::iter(asked).buffered(AT_ONCE);
        let mut read: Vec<Scanned> = Vec::new();
        while let Some(answer) = answers.next().await {
            match answer {
                Ok(scanned) => read.push(scanned),
                Err(error) if read.is_empty() => return Err(failed(chain, error)),
                Err(_) => break,
            }
        }
        Ok(read)
    }
}

/// [`Bug::LaggingTakenForEmpty`]: nothing seen is nothing there.
fn taken_for_empty(start: &BlockRef, tip: &Tip, error: ScanError) -> Result<Vec<Scanned>, ScanError> {
    if !matches!(error, ScanError::Network { error: NetworkError::Lagging { .. }, .. }) {
        return Err(error);
    }
    let (parent, end) = (start.hash.clone(), tip.head.clone());
    Ok(vec![Scanned { parent, blocks: Vec::new(), end, provider: "planted".to_owned() }])
}

fn failed(chain: &Chain, error: NetworkError) -> ScanError {
    ScanError::Network { network: chain.id.network, error }
}

/// The ranges above a height, each of at most `span` blocks, [`AHEAD_MAX`] of them at most.
fn ranges(above: u64, tip: u64, span: u64) -> Vec<(u64, u64)> {
    let mut ranges = Vec::new();
    let mut first = above.saturating_add(1);
    while first <= tip && u64::try_from(ranges.len()).is_ok_and(|count| count < AHEAD_MAX) {
        let last = tip.min(first.saturating_add(span.max(1)).saturating_sub(1));
        ranges.push((first, last));
        first = last.saturating_add(1);
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::ranges;

    #[test]
    fn ranges_follow_each_other_up_to_the_tip_and_are_bounded() {
        assert_eq!(ranges(9, 9, 10), []);
        assert_eq!(ranges(9, 10, 10), [(10, 10)]);
        assert_eq!(ranges(0, 25, 10), [(1, 10), (11, 20), (21, 25)]);
        assert_eq!(ranges(0, 1_000_000, 10).len(), 16);
        assert_eq!(ranges(5, 7, 0), [(6, 6), (7, 7)]);
    }
}
