//! Reading the gap ledger: which blocks were never scanned although blocks above them were.

use farthing_store::records::ScannedRange;

/// The blocks between scanned ranges, lowest first, each as its first and last height. In good order there are none.
#[must_use]
pub fn gaps(ranges: &[ScannedRange]) -> Vec<(u64, u64)> {
    let mut scanned: Vec<(u64, u64)> = ranges.iter().map(|range| (range.first, range.last)).collect();
    scanned.sort_unstable();
    let mut gaps = Vec::new();
    let mut through: Option<u64> = None;
    for (first, last) in scanned {
        if let Some(next) = through.and_then(|through| through.checked_add(1)).filter(|next| *next < first) {
            gaps.push((next, first.saturating_sub(1)));
        }
        through = through.max(Some(last));
    }
    gaps
}

/// How many blocks these gaps have together.
#[must_use]
pub fn blocks(gaps: &[(u64, u64)]) -> u64 {
    gaps.iter().map(|(first, last)| last.saturating_sub(*first).saturating_add(1)).fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use farthing_domain::time::Timestamp;

    fn range(first: u64, last: u64) -> ScannedRange {
        let at = Timestamp::from_seconds(0);
        ScannedRange { first, last, end_hash: String::new(), provider: String::new(), scanned_at: at }
    }

    #[test]
    fn what_lies_between_two_ranges_is_a_gap_whatever_their_order() {
        assert_eq!(gaps(&[]), []);
        assert_eq!(gaps(&[range(5, 9), range(10, 10), range(11, 20)]), []);
        let with_gaps = gaps(&[range(30, 40), range(5, 9), range(12, 20)]);
        assert_eq!(with_gaps, [(10, 11), (21, 29)]);
        assert_eq!(blocks(&with_gaps), 11);
    }
}
