//! Where a chunked body ends, byte by byte.
//!
//! It only follows the framing and refuses what readers disagree on: bare line ends, odd sizes, long extensions. It changes no
//! byte; decoding is hyper's.

/// Digits of a chunk's size: 4 GiB is far beyond any accepted body.
const SIZE_DIGITS_MAX: u8 = 8;
/// Bytes of extensions and trailers in a whole body; nothing of ours reads them.
const EXTRA_BYTES_MAX: u16 = 1024;

/// The chunks contradict their own framing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BrokenChunks;

/// How far a body has come.
#[derive(Debug)]
pub(super) struct Chunks {
    place: Place,
    size: u32,
    digits: u8,
    extra: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Size,
    Extension,
    SizeLineEnd,
    Content,
    ContentReturn,
    ContentLineEnd,
    TrailerStart,
    Trailer,
    TrailerLineEnd,
    LastLineEnd,
    Over,
}

impl Chunks {
    pub(super) fn new() -> Self {
        Chunks { place: Place::Size, size: 0, digits: 0, extra: 0 }
    }

    /// Whether the last byte was passed.
    pub(super) fn is_over(&self) -> bool {
        self.place == Place::Over
    }

    /// Follows the bytes to their end or the body's; returns how many belong to the body.
    pub(super) fn pass(&mut self, bytes: &[u8]) -> Result<usize, BrokenChunks> {
        let mut rest = bytes;
        while !self.is_over() {
            if self.place == Place::Content {
                rest = self.content(rest);
            }
            let Some((byte, after)) = rest.split_first() else {
                break;
            };
            self.place = self.next(*byte)?;
            rest = after;
        }
        Ok(bytes.len().saturating_sub(rest.len()))
    }

    /// Steps over a chunk's content; returns what follows it.
    fn content<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let take = usize::try_from(self.size).unwrap_or(usize::MAX).min(bytes.len());
        self.size = self.size.saturating_sub(u32::try_from(take).unwrap_or(u32::MAX));
        if self.size == 0 {
            self.place = Place::ContentReturn;
        }
        bytes.get(take..).unwrap_or_default()
    }

    fn next(&mut self, byte: u8) -> Result<Place, BrokenChunks> {
        match (self.place, byte) {
            (Place::Size, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                let digit = char::from(byte).to_digit(16).ok_or(BrokenChunks)?;
                self.digits = self.digits.saturating_add(1);
                if self.digits > SIZE_DIGITS_MAX {
                    return Err(BrokenChunks);
                }
                self.size = self.size.wrapping_shl(4) | digit;
                Ok(Place::Size)
            }
            (Place::Size, _) if self.digits == 0 => Err(BrokenChunks),
            (Place::Size, b';') => self.extra(Place::Extension),
            (Place::Size | Place::Extension, b'\r') => Ok(Place::SizeLineEnd),
            (Place::SizeLineEnd, b'\n') => {
                self.digits = 0;
                Ok(if self.size == 0 { Place::TrailerStart } else { Place::Content })
            }
            (Place::ContentReturn, b'\r') => Ok(Place::ContentLineEnd),
            (Place::ContentLineEnd, b'\n') => Ok(Place::Size),
            (Place::TrailerStart, b'\r') => Ok(Place::LastLineEnd),
            (Place::Trailer, b'\r') => Ok(Place::TrailerLineEnd),
            (Place::TrailerLineEnd, b'\n') => Ok(Place::TrailerStart),
            (Place::LastLineEnd, b'\n') => Ok(Place::Over),
            (Place::TrailerStart, b' ' | b'\t') => Err(BrokenChunks),
            (Place::Extension, b'\t' | b' '..=b'~') => self.extra(Place::Extension),
            (Place::TrailerStart | Place::Trailer, b'\t' | b' '..=b'~') => self.extra(Place::Trailer),
            _ => Err(BrokenChunks),
        }
    }

    fn extra(&mut self, place: Place) -> Result<Place, BrokenChunks> {
        self.extra = self.extra.saturating_add(1);
        if self.extra > EXTRA_BYTES_MAX { Err(BrokenChunks) } else { Ok(place) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Passes the bytes in two pieces cut everywhere; all cuts must agree.
    fn passed(bytes: &[u8]) -> Result<(usize, bool), BrokenChunks> {
        let at_once = |cut: usize| {
            let mut chunks = Chunks::new();
            let first = chunks.pass(&bytes[..cut])?;
            let second = if first == cut { chunks.pass(&bytes[cut..])? } else { 0 };
            Ok((first.saturating_add(second), chunks.is_over()))
        };
        let whole = at_once(bytes.len());
        for cut in 0..bytes.len() {
            assert_eq!(at_once(cut), whole, "cut at {cut}");
        }
        whole
    }

    #[test]
    fn a_body_ends_where_its_last_chunk_says() {
        assert_eq!(passed(b"0\r\n\r\nGET"), Ok((5, true)));
        assert_eq!(passed(b"3\r\nabc\r\n0\r\n\r\nGET"), Ok((13, true)));
        assert_eq!(passed(b"A;name=\"v\"\r\n0123456789\r\n000\r\nX: y\r\n\r\n\r\n"), Ok((37, true)));
        assert_eq!(passed(b"3\r\na\r\n"), Ok((6, false)));
    }

    #[test]
    fn framing_that_readers_disagree_on_is_refused() {
        let long = format!("1;{}\r\n", "x".repeat(2_000));
        for broken in [
            "\r\n",
            "3\nabc",
            "3\r\nabc\n",
            "3\r\nabcd",
            "3\rabc",
            "+3\r\nabc\r\n",
            "0x3\r\n",
            " 3\r\n",
            "3 \r\n",
            "-1\r\n",
            "123456789\r\n",
            "3;a\nb\r\n",
            "3;a\rb",
            "0\r\n\n",
            "0\r\nX: y\n",
            "0\r\nX: \0",
            "0\r\n folded",
            "g\r\n",
            long.as_str(),
        ] {
            assert_eq!(passed(broken.as_bytes()), Err(BrokenChunks), "{broken:?}");
        }
    }
}
