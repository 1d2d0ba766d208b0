//! The secret part of the address of an invoice's checkout page.
//!
//! Whoever knows it sees the page, so that most of it is random. Its beginning is its invoice's own, so that the invoice is found
//! among those of the same millisecond and no index of tokens is needed.

use crate::id::InvoiceId;
use alloc::{format, string::String};
use core::ops::RangeInclusive;
use uuid::Uuid;

/// Hex digits of the millisecond that an id begins with (RFC 9562, section 5.7).
const TIME_DIGITS: usize = 12;
/// Bits of an id that come after it.
const OTHER_BITS: u32 = 80;

/// The token of an invoice's page, in 44 hex digits: the millisecond that its id begins with, and 128 random bits.
#[must_use]
pub fn page_token(invoice: InvoiceId, random: [u8; 16]) -> String {
    let time = invoice.0.as_u128().checked_shr(OTHER_BITS).unwrap_or_default();
    format!("{time:0width$x}{:032x}", u128::from_be_bytes(random), width = TIME_DIGITS)
}

/// The ids among which a token's invoice is; `None` for what is no token.
#[must_use]
pub fn ids_of(token: &str) -> Option<RangeInclusive<InvoiceId>> {
    let time = token.get(..TIME_DIGITS).filter(|time| time.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
    let first = u128::from(u64::from_str_radix(time, 16).ok()?).checked_shl(OTHER_BITS)?;
    let others = 1_u128.checked_shl(OTHER_BITS)?.checked_sub(1)?;
    Some(InvoiceId(Uuid::from_u128(first))..=InvoiceId(Uuid::from_u128(first | others)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_leads_to_the_ids_of_its_invoices_millisecond_and_ends_with_its_128_random_bits() {
        let id = InvoiceId(Uuid::from_u128(0x0199_f4a1_2b3c_7000_8000_0000_0000_0001));
        let token = page_token(id, [0xab; 16]);
        assert_eq!(token, "0199f4a12b3cabababababababababababababababab");
        let ids = ids_of(&token).unwrap();
        assert!(ids.contains(&id));
        assert!(!ids.contains(&InvoiceId(Uuid::from_u128(0x0199_f4a1_2b3d_7000_8000_0000_0000_0001))));
        assert!(!ids.contains(&InvoiceId(Uuid::from_u128(0x0199_f4a1_2b3b_7fff_bfff_ffff_ffff_ffff))));
    }

    #[test]
    fn what_is_no_token_leads_nowhere() {
        for text in ["", "0199f4a12b3", "+199f4a12b3cab", "no-such-token", "é199f4a12b3cab"] {
            assert_eq!(ids_of(text), None, "{text}");
        }
    }
}
