//! Key expressions: an extended key with, before it, where it came from and, after it, a path.
//!
//! `xpub…`, `[f00dbabe/84h/0h/0h]zpub…` and `[…]xpub…/0/*` are all one, and a descriptor has
//! several. Every spelling of an extended key is rewritten to `xpub`, which the parsers know.

use core::str::FromStr;

use bitcoin::bip32::ChildNumber;
use miniscript::descriptor::{DescriptorPublicKey, DescriptorXKey, Wildcard};

use super::{
    AccountError, AccountWarning,
    chain_key::ChainKey,
    extended_key::{self, ScriptHint},
};
use crate::address::Place;

/// The depth of an external chain: purpose, coin, account, chain (BIP-44).
const CHAIN_DEPTH: usize = 4;

/// One extended key, ready to make addresses.
pub(super) struct KeyExpression {
    pub(super) key: ChainKey,
    pub(super) hint: ScriptHint,
    pub(super) warnings: Vec<AccountWarning>,
}

/// A text in which every extended key is spelled `xpub` or `tpub`.
pub(super) struct Rewritten {
    pub(super) text: String,
    /// What each key's own spelling said, in order.
    pub(super) hints: Vec<ScriptHint>,
}

/// Rewrites all extended keys of a text, checking each against the network and each path after one
/// for hardened steps.
pub(super) fn rewrite(place: Place, text: &str) -> Result<Rewritten, AccountError> {
    let mut rewritten = Rewritten { text: String::with_capacity(text.len()), hints: Vec::new() };
    let mut rest = text;
    while !rest.is_empty() {
        let (token, after) = split_at_first(rest, |c| !c.is_ascii_alphanumeric());
        if extended_key::is_meant(token) {
            let (key, hint) = extended_key::read(place, token)?;
            let (path, _) = split_at_first(after, |c| matches!(c, ',' | ')' | '#' | '}'));
            if path.contains(['h', 'H', '\'']) {
                return Err(AccountError::HardenedStep);
            }
            rewritten.text.push_str(&key.to_string());
            rewritten.hints.push(hint);
        } else {
            rewritten.text.push_str(token);
        }
        let (between, next) = split_at_first(after, |c| c.is_ascii_alphanumeric());
        rewritten.text.push_str(between);
        rest = next;
    }
    Ok(rewritten)
}

fn split_at_first(text: &str, is_end: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(is_end).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// Reads one key expression. Without a path it is an account key, whose external chain is `/0/*`.
/// `None` when the text has no extended key.
pub(super) fn read(place: Place, text: &str) -> Result<Option<KeyExpression>, AccountError> {
    let rewritten = rewrite(place, text)?;
    let Some(hint) = rewritten.hints.first().copied() else {
        return Ok(None);
    };
    let key = DescriptorPublicKey::from_str(&rewritten.text)
        .map_err(|_| AccountError::MalformedKey)?
        .into_single_keys()
        .into_iter()
        .next();
    let Some(DescriptorPublicKey::XPub(key)) = key else {
        return Ok(None);
    };
    let external = [ChildNumber::Normal { index: 0 }];
    let path = path_or(&key, &external)?;
    let mut warnings = Vec::new();
    let depth = usize::from(key.xkey.depth).saturating_add(path.len());
    if depth != CHAIN_DEPTH {
        warnings.push(AccountWarning::UnusualDepth(key.xkey.depth));
    }
    if path.last() == Some(&ChildNumber::Normal { index: 1 }) {
        warnings.push(AccountWarning::ChangeChain);
    }
    Ok(Some(KeyExpression { key: ChainKey::new(&key.xkey, path)?, hint, warnings }))
}

/// The path to the chain of addresses, the wildcard left off.
fn path_or<'a>(
    key: &'a DescriptorXKey<bitcoin::bip32::Xpub>,
    external: &'a [ChildNumber],
) -> Result<&'a [ChildNumber], AccountError> {
    let path = key.derivation_path.as_ref();
    match (key.wildcard, path.is_empty()) {
        (Wildcard::None, true) => Ok(external),
        (Wildcard::None, false) => Err(AccountError::NoWildcard),
        (Wildcard::Unhardened, _) => Ok(path),
        (Wildcard::Hardened, _) => Err(AccountError::HardenedStep),
    }
}
