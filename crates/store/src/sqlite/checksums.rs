//! Checksums of the rows that money hangs on, written with them and compared when they are read: a disk that turns a bit over
//! makes no other amount, it makes a row that is refused. They find accidents; they keep nobody from writing what he likes.
//!
//! What a row only repeats (a status to filter by, a payment's stage) is left out: the audit compares that with what it repeats.

use crate::error::StoreError;
use ring::digest::{Context, SHA256};
use rusqlite::{Connection, Row, functions::FunctionFlags, types::ValueRef};

/// Any number of arguments.
const ANY: i32 = -1;

/// Of an invoice `i` with its policy `p`. Writing one names the same values in the same order.
pub(super) const INVOICE: &str = "checksum(i.id, i.merchant, i.environment, i.source, i.token, i.terms, i.created_at, i.draft_deadline,
    i.deadline, i.activated_at, i.activation_count, i.cancellation, i.marked_invalid_at, i.scanned_through, i.paid_once_at, i.quotes,
    i.standing, p.body)";
/// Of a payment `p`. Its ordinal is left out: the audit counts those.
pub(super) const PAYMENT: &str = "checksum(p.environment, p.network, p.hash, p.position, p.invoice, p.body)";

/// Of an event `e`.
pub(super) const EVENT: &str =
    "checksum(e.merchant, e.environment, e.sequence, e.id, e.kind, e.invoice, e.created_at, e.body)";
/// Of an endpoint `n`.
pub(super) const ENDPOINT: &str = "checksum(n.id, n.merchant, n.environment, n.url, n.events, n.dialect, n.credential)";
/// Of a dialect's credential `c`.
pub(super) const CREDENTIAL: &str =
    "checksum(c.id, c.merchant, c.environment, c.dialect, c.hash, c.public_key, c.callback_url)";
/// Of an observation `s` that waits to be recorded.
pub(super) const SET_ASIDE: &str =
    "checksum(s.environment, s.network, s.hash, s.position, s.invoice, s.address, s.body, s.seen_at)";
/// Of a delivery `d` that has a body of its own.
pub(super) const DELIVERY: &str = "checksum(d.id, d.endpoint, d.event, d.kind, d.body, d.url)";

/// Adds the function `checksum` to a connection: 64 bits of the SHA-256 of all that it is given.
pub(super) fn add_to(connection: &Connection) -> Result<(), StoreError> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_scalar_function("checksum", ANY, flags, |arguments| {
        let values = (0..arguments.len()).map(|index| arguments.get_raw(index));
        Ok(checksum(values))
    })?;
    Ok(())
}

/// Whether a row is as it was written, by its column `is_whole`.
pub(super) fn is_whole(row: &Row<'_>) -> Result<bool, StoreError> {
    Ok(row.get("is_whole")?)
}

/// Each value's kind and length go first, so that no two lists of values are the same bytes.
fn checksum<'a>(values: impl Iterator<Item = ValueRef<'a>>) -> i64 {
    let mut context = Context::new(&SHA256);
    for value in values {
        match value {
            ValueRef::Null => context.update(b"n"),
            ValueRef::Integer(number) => {
                context.update(b"i");
                context.update(&number.to_be_bytes());
            }
            ValueRef::Real(number) => {
                context.update(b"r");
                context.update(&number.to_be_bytes());
            }
            ValueRef::Text(bytes) => add_bytes(&mut context, b"t", bytes),
            ValueRef::Blob(bytes) => add_bytes(&mut context, b"b", bytes),
        }
    }
    let digest = context.finish();
    digest.as_ref().first_chunk().map_or(0, |first| i64::from_be_bytes(*first))
}

fn add_bytes(context: &mut Context, kind: &[u8], bytes: &[u8]) {
    context.update(kind);
    context.update(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
    context.update(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[ValueRef<'_>]) -> i64 {
        checksum(values.iter().copied())
    }

    #[test]
    fn every_bit_and_every_border_between_values_counts() {
        let text = |text: &'static str| ValueRef::Text(text.as_bytes());
        let whole = of(&[text("ab"), text("c"), ValueRef::Integer(5), ValueRef::Null]);
        assert_eq!(whole, of(&[text("ab"), text("c"), ValueRef::Integer(5), ValueRef::Null]));
        let others = [
            vec![text("a"), text("bc"), ValueRef::Integer(5), ValueRef::Null],
            vec![text("ab"), text("c"), ValueRef::Integer(4), ValueRef::Null],
            vec![text("ab"), text("c"), ValueRef::Integer(5)],
            vec![ValueRef::Blob(b"ab"), text("c"), ValueRef::Integer(5), ValueRef::Null],
            vec![text("ac"), text("c"), ValueRef::Integer(5), ValueRef::Null],
        ];
        for other in others {
            assert_ne!(whole, of(&other), "{other:?}");
        }
    }
}
