//! Ids of what has none of its own here: an address, a movement, a currency. The same thing always has the same one.

use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

/// The id of a thing of a kind: a UUID of version 8 (RFC 9562, section 5.8) made of a hash.
pub(super) fn derived(kind: &str, parts: &[&str]) -> Uuid {
    let mut hash = Sha256::new();
    for part in [&["txnpro", kind], parts].concat() {
        hash.update(part.as_bytes());
        // No part has this byte, so two lists of parts are never one text.
        hash.update([0xff]);
    }
    let digest: [u8; 32] = hash.finalize().into();
    let bytes: [u8; 16] = digest.first_chunk().copied().unwrap_or_default();
    Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_thing_has_one_id_and_two_things_have_two() {
        assert_eq!(derived("a", &["b", "c"]), derived("a", &["b", "c"]));
        assert_ne!(derived("a", &["b", "c"]), derived("a", &["bc"]));
        assert_ne!(derived("a", &["b", "c"]), derived("ab", &["c"]));
        assert_eq!(derived("a", &[]).get_version_num(), 8);
    }
}
