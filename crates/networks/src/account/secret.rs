//! Recognises private keys, before anything else looks at an operator's text.
//!
//! It errs on the side of refusing: nothing that is a valid account looks like any of these.
//! What it cannot tell is a bare 32-byte Solana seed in base58, which has the form of an address.

use bitcoin::base58;

use super::{
    error::SecretKind,
    extended_key::{EXTENDED_KEY_BYTES, is_private},
};

/// Beginnings of extended private keys (SLIP-132 and the coins' own), so that a mistyped one is
/// recognised too.
const EXTENDED_PRIVATE: [&str; 15] = [
    "xprv", "yprv", "zprv", "Yprv", "Zprv", "tprv", "uprv", "vprv", "Uprv", "Vprv", "Ltpv", "Mtpv", "ttpv", "dgpv",
    "tgpv",
];

/// The fewest words of a seed phrase (BIP-39).
const PHRASE_WORDS_MIN: usize = 12;
/// No longer word is in a BIP-39 list of any language.
const PHRASE_WORD_CHARS_MAX: usize = 10;
/// The fewest numbers of a JSON array that is taken for a key.
const ARRAY_BYTES_MIN: usize = 32;

/// The kind of private key that a text is or contains, comments already removed.
pub(super) fn find(text: &str) -> Option<SecretKind> {
    if text.contains("PRIVATE KEY-----") {
        return Some(SecretKind::PemBlock);
    }
    // As a whole, for one that is spread over lines; and line by line, for one among other lines.
    if is_byte_array(text) || text.lines().any(is_byte_array) {
        return Some(SecretKind::ByteArray);
    }
    if is_phrase(text) || text.lines().any(is_phrase) {
        return Some(SecretKind::SeedPhrase);
    }
    // In a descriptor 64 hexadecimal digits are an x-only public key or a hash.
    let descriptor = text.contains('(');
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|token| !token.is_empty())
        .find_map(|token| kind_of_token(token, descriptor))
}

fn kind_of_token(token: &str, descriptor: bool) -> Option<SecretKind> {
    if token.len() >= 50 && EXTENDED_PRIVATE.iter().any(|start| token.starts_with(start)) {
        return Some(SecretKind::ExtendedPrivateKey);
    }
    let digits = token.strip_prefix("0x").or_else(|| token.strip_prefix("0X")).unwrap_or(token);
    if matches!(digits.len(), 64 | 128) && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return (!descriptor).then_some(SecretKind::HexadecimalKey);
    }
    if looks_like_wallet_import(token) {
        return Some(SecretKind::WalletImportKey);
    }
    match token.len() {
        // 64 bytes without a checksum take 64 to 88 digits.
        64..=88 => {
            let bytes = base58::decode(token).ok()?;
            (bytes.len() == 64).then_some(SecretKind::SolanaKeyPair)
        }
        100..=120 => {
            let payload = base58::decode_check(token).ok()?;
            let private = payload.len() == EXTENDED_KEY_BYTES && is_private(&payload);
            private.then_some(SecretKind::ExtendedPrivateKey)
        }
        _ => None,
    }
}

/// By length and first character, so that a mistyped key is recognised too; or by its checksum,
/// whatever coin it is of.
fn looks_like_wallet_import(token: &str) -> bool {
    let first = token.bytes().next().unwrap_or(0);
    let by_look = match token.len() {
        51 => b"56789cT".contains(&first),
        52 => b"KLcTQ".contains(&first),
        58 => token.starts_with("6P"),
        _ => return false,
    };
    let base58_digits = base58::decode(token).is_ok();
    let checked = || base58::decode_check(token).is_ok_and(|payload| payload.len() == 33 || payload.len() == 34);
    base58_digits && (by_look || checked())
}

/// Numbers of a byte, separated by commas or white space, and nothing else.
fn is_byte_array(text: &str) -> bool {
    let only_numbers = text.chars().all(|c| c.is_ascii_digit() || c.is_whitespace() || "[],".contains(c));
    only_numbers
        && text
            .split(|c: char| !c.is_ascii_digit())
            .filter(|number| !number.is_empty() && number.len() <= 3)
            .nth(ARRAY_BYTES_MIN.saturating_sub(1))
            .is_some()
}

/// Twelve words or more, and nothing but words; numbering and punctuation are overlooked.
fn is_phrase(text: &str) -> bool {
    let mut words = 0_usize;
    for token in text.split(|c: char| !c.is_alphanumeric()) {
        if token.chars().all(char::is_numeric) {
            continue;
        }
        let word = token.chars().all(char::is_alphabetic) && token.chars().count() <= PHRASE_WORD_CHARS_MAX;
        if !word {
            return false;
        }
        words = words.saturating_add(1);
    }
    words >= PHRASE_WORDS_MIN
}
