//! How the edge understands the beginning of a connection, as a function of bytes.
//!
//! It is the code that stands before every request, for whoever wants to hold it against another reader. It answers nothing.

use super::{
    Limits,
    head::{Framing, HeadReader},
};

/// What the bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// The head does not end in them.
    Unfinished,
    /// Not a head that every reader understands in the same way.
    Refused,
    /// A head.
    Head {
        /// In bytes, with its empty last line.
        length: usize,
        /// What follows it.
        body: Body,
    },
}

/// What follows a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// Nothing, or nothing of any length.
    None,
    /// This many bytes.
    Length(u64),
    /// Chunks.
    Chunked,
}

/// Reads bytes that arrive in these pieces, within the default limits.
#[must_use]
pub fn read_head(pieces: &[&[u8]]) -> Reading {
    let limits = Limits::default();
    let mut reader = HeadReader::default();
    let mut arrived = Vec::new();
    for piece in pieces {
        arrived.extend_from_slice(piece);
        match reader.scan(&arrived, &limits) {
            Ok(None) => {}
            Ok(Some(head)) => {
                let body = match head.framing {
                    Framing::Nothing | Framing::Length(0) => Body::None,
                    Framing::Length(length) => Body::Length(length),
                    Framing::Chunked => Body::Chunked,
                };
                return Reading::Head { length: head.length, body };
            }
            Err(_) => return Reading::Refused,
        }
    }
    Reading::Unfinished
}
