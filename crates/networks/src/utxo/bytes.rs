//! Bytes read from the front, as nodes serialise blocks and transactions. What is not there is `None`, never a panic.

/// What is left to read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) const fn rest(&self) -> &'a [u8] {
        self.0
    }

    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| *byte)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().copied().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().copied().map(u64::from_le_bytes)
    }

    /// A `CompactSize`: how many of something follow. `None` also when it is longer than it need be, as nodes have it.
    pub(super) fn count(&mut self) -> Option<u64> {
        let (count, least) = match self.byte()? {
            short @ 0..=0xfc => return Some(u64::from(short)),
            0xfd => (u64::from(u16::from_le_bytes(*self.array()?)), 0xfd),
            0xfe => (u64::from(self.u32()?), 0x1_0000),
            0xff => (self.u64()?, 0x1_0000_0000),
        };
        (count >= least).then_some(count)
    }

    /// As many bytes as the count before them says.
    pub(super) fn counted(&mut self) -> Option<&'a [u8]> {
        let count = usize::try_from(self.count()?).ok()?;
        self.take(count)
    }

    /// What was read since `earlier`, which must be an earlier state of the same bytes.
    pub(super) fn since(&self, earlier: Self) -> &'a [u8] {
        let read = earlier.0.len().saturating_sub(self.0.len());
        earlier.0.get(..read).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_in_all_four_lengths() {
        let counts: [(&[u8], u64); 5] = [
            (&[0xfc], 0xfc),
            (&[0xfd, 0xfd, 0], 0xfd),
            (&[0xfd, 0xff, 0xff], 0xffff),
            (&[0xfe, 0, 0, 1, 0], 0x1_0000),
            (&[0xff, 0, 0, 0, 0, 1, 0, 0, 0], 0x1_0000_0000),
        ];
        for (bytes, count) in counts {
            assert_eq!(Bytes::new(bytes).count(), Some(count), "{bytes:?}");
        }
    }

    #[test]
    fn counts_that_are_cut_or_longer_than_they_need_be_are_refused() {
        let bad: [&[u8]; 7] = [
            &[],
            &[0xfd, 0xff],
            &[0xfe, 0, 0, 1],
            &[0xff, 0, 0, 0, 0, 1, 0, 0],
            &[0xfd, 0xfc, 0],
            &[0xfe, 0xff, 0xff, 0, 0],
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0],
        ];
        for bytes in bad {
            assert_eq!(Bytes::new(bytes).count(), None, "{bytes:?}");
        }
        assert_eq!(Bytes::new(&[0xff; 9]).counted(), None);
    }

    #[test]
    fn what_was_read_is_given_again() {
        let all = [1, 2, 3, 4, 5];
        let mut bytes = Bytes::new(&all);
        bytes.byte();
        let earlier = bytes;
        bytes.take(3);
        assert_eq!(bytes.since(earlier), [2, 3, 4]);
        assert_eq!(bytes.rest(), [5]);
        assert_eq!(bytes.take(2), None);
    }
}
