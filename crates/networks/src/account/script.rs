//! Accounts whose addresses are scripts: Bitcoin, Litecoin and Dogecoin.
//!
//! From an output descriptor (BIP-380 and after) or from an account key alone. Common descriptors
//! of one key take a short way to their script; all others go through `miniscript`.

use core::str::FromStr;

use bitcoin::{
    CompressedPublicKey, NetworkKind, PubkeyHash, ScriptBuf, XOnlyPublicKey,
    bip32::{ChildNumber, Fingerprint, Xpub},
    key::TapTweak,
};
use miniscript::{
    Descriptor, ForEachKey, Translator,
    descriptor::{
        DescriptorPublicKey, DescriptorType, DescriptorXKey, ShInner, SinglePub, Wildcard, checksum::verify_checksum,
    },
    miniscript::analyzable::AnalysisError,
    translate_hash_clone,
};

use super::{
    AccountError, AccountWarning,
    chain_key::{ChainKey, SECP256K1},
    expression,
    extended_key::ScriptHint,
};
use crate::address::{AddressFamily, Place};

/// Where scripts come from.
#[derive(Clone)]
pub(super) enum ScriptSource {
    /// One key and a usual script.
    OneKey(OneKeyScript, ChainKey),
    /// Anything else, its keys reduced to what makes addresses (see [`reduce`]).
    Descriptor(Box<Descriptor<DescriptorPublicKey>>),
}

/// The usual scripts of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OneKeyScript {
    /// `pkh(…)`, BIP-44.
    Legacy,
    /// `sh(wpkh(…))`, BIP-49.
    NestedSegwit,
    /// `wpkh(…)`, BIP-84.
    NativeSegwit,
    /// `tr(…)` without scripts, BIP-86.
    Taproot,
}

/// An account's scripts and what may be wrong with them.
pub(super) struct ScriptAccount {
    pub(super) source: ScriptSource,
    pub(super) warnings: Vec<AccountWarning>,
}

impl ScriptSource {
    /// The script public key at an index below 2^31.
    pub(super) fn script_pubkey(&self, index: u32) -> Result<ScriptBuf, AccountError> {
        match self {
            Self::OneKey(script, key) => Ok(script.of(key.child(index)?)),
            Self::Descriptor(descriptor) => descriptor
                .derived_descriptor(&*SECP256K1, index)
                .map(|definite| definite.script_pubkey())
                .map_err(|_| AccountError::NoKeyAtIndex),
        }
    }

    /// A text that is the same for every spelling of the same scripts, on every network.
    pub(super) fn identity(&self) -> String {
        match self {
            Self::OneKey(script, key) => format!("{script:?}({})", key.identity()),
            Self::Descriptor(descriptor) => format!("{descriptor:#}"),
        }
    }
}

impl OneKeyScript {
    fn of(self, key: bitcoin::secp256k1::PublicKey) -> ScriptBuf {
        let key = CompressedPublicKey(key);
        match self {
            Self::Legacy => ScriptBuf::new_p2pkh(&PubkeyHash::from(key)),
            Self::NativeSegwit => ScriptBuf::new_p2wpkh(&key.wpubkey_hash()),
            Self::NestedSegwit => ScriptBuf::new_p2sh(&ScriptBuf::new_p2wpkh(&key.wpubkey_hash()).script_hash()),
            Self::Taproot => {
                let (output, _) = XOnlyPublicKey::from(key).tap_tweak(&SECP256K1, None);
                ScriptBuf::new_p2tr_tweaked(output)
            }
        }
    }
}

/// Reads an extended key alone. `None` when there is none in the text.
pub(super) fn read_key(place: Place, text: &str) -> Result<Option<ScriptAccount>, AccountError> {
    let Some(mut expression) = expression::read(place, text)? else {
        return Ok(None);
    };
    let segwit = place.family != AddressFamily::Dogecoin;
    let script = match (expression.hint, segwit) {
        (ScriptHint::Multisig, _) => return Err(AccountError::MultisigKey),
        (ScriptHint::Unsaid, false) => OneKeyScript::Legacy,
        (ScriptHint::Unsaid, true) => {
            expression.warnings.push(AccountWarning::TakenAsNativeSegwit);
            OneKeyScript::NativeSegwit
        }
        (ScriptHint::NestedSegwit | ScriptHint::NativeSegwit, false) => {
            return Err(AccountError::NoSegwit(place));
        }
        (ScriptHint::NestedSegwit, true) => OneKeyScript::NestedSegwit,
        (ScriptHint::NativeSegwit, true) => OneKeyScript::NativeSegwit,
    };
    Ok(Some(ScriptAccount { source: ScriptSource::OneKey(script, expression.key), warnings: expression.warnings }))
}

/// Reads an output descriptor. Of a descriptor with several paths (`<0;1>`, BIP-389) the first is
/// the one that receives.
pub(super) fn read_descriptor(place: Place, text: &str, expected: &'static str) -> Result<ScriptAccount, AccountError> {
    let unknown = AccountError::NotAnAccount { wanted: place, expected };
    let text = verify_checksum(text).map_err(|_| AccountError::DescriptorChecksum)?;
    let rewritten = expression::rewrite(place, text)?;
    if rewritten.hints.is_empty() {
        return Err(AccountError::OnePublicKey);
    }
    if rewritten.hints.iter().any(|h| *h != ScriptHint::Unsaid) {
        return Err(AccountError::ScriptNamedTwice);
    }
    let descriptor = Descriptor::<DescriptorPublicKey>::from_str(&rewritten.text)
        .map_err(|error| safety(&error).unwrap_or(unknown))?
        .into_single_descriptors()
        .map_err(|_| unknown)?
        .into_iter()
        .next()
        .ok_or(unknown)?;
    descriptor.sanity_check().map_err(|error| safety(&error).unwrap_or(unknown))?;
    if descriptor.desc_type() == DescriptorType::Bare {
        return Err(AccountError::NoAddress);
    }
    let segwit = descriptor.desc_type().segwit_version().is_some();
    if segwit && place.family == AddressFamily::Dogecoin {
        return Err(AccountError::NoSegwit(place));
    }
    if !descriptor.has_wildcard() {
        return Err(AccountError::NoWildcard);
    }
    let mut warnings = Vec::new();
    if descriptor.for_any_key(pays_to_change) {
        warnings.push(AccountWarning::ChangeChain);
    }
    let descriptor = reduce(&descriptor)?;
    let source = match one_key(&descriptor)? {
        Some((script, key)) => ScriptSource::OneKey(script, key),
        None => ScriptSource::Descriptor(Box::new(descriptor)),
    };
    Ok(ScriptAccount { source, warnings })
}

/// What is unsafe about a descriptor, in words that hold nothing of its text.
fn safety(error: &miniscript::Error) -> Option<AccountError> {
    let miniscript::Error::AnalysisError(error) = error else {
        return None;
    };
    Some(AccountError::UnsafeDescriptor(match error {
        AnalysisError::SiglessBranch => "somebody without any key could spend from it",
        AnalysisError::RepeatedPubkeys => "it has the same key twice",
        AnalysisError::BranchExceedResouceLimits => "a branch of it could never be spent",
        AnalysisError::HeightTimelockCombination => "it mixes time locks by height and by time",
        AnalysisError::Malleable => "its spending transactions could be altered",
        AnalysisError::ContainsRawPkh => "it names a key only by its hash",
    }))
}

fn pays_to_change(key: &DescriptorPublicKey) -> bool {
    match key {
        DescriptorPublicKey::XPub(key) => {
            let last = key.derivation_path.as_ref().last();
            key.wildcard != Wildcard::None && last == Some(&ChildNumber::Normal { index: 1 })
        }
        DescriptorPublicKey::Single(_) | DescriptorPublicKey::MultiXPub(_) => false,
    }
}

/// Replaces every key by the key of its chain, without origin, depth and network: one address is
/// then one derivation step a key, and equal accounts have equal descriptors.
fn reduce(descriptor: &Descriptor<DescriptorPublicKey>) -> Result<Descriptor<DescriptorPublicKey>, AccountError> {
    let mut reduced = descriptor.translate_pk(&mut EachKey(reduce_key)).map_err(|_| AccountError::MalformedKey)?;
    // These scripts sort their keys, so the order in the text means nothing.
    if matches!(
        reduced.desc_type(),
        DescriptorType::ShSortedMulti | DescriptorType::WshSortedMulti | DescriptorType::ShWshSortedMulti
    ) {
        let mut keys: Vec<_> = reduced.iter_pk().collect();
        keys.sort();
        let mut keys = keys.into_iter();
        reduced = reduced
            .translate_pk(&mut EachKey(|key: &DescriptorPublicKey| Ok(keys.next().unwrap_or_else(|| key.clone()))))
            .map_err(|_| AccountError::MalformedKey)?;
    }
    Ok(reduced)
}

fn reduce_key(key: &DescriptorPublicKey) -> Result<DescriptorPublicKey, AccountError> {
    Ok(match key {
        DescriptorPublicKey::Single(single) => {
            DescriptorPublicKey::Single(SinglePub { origin: None, key: single.key.clone() })
        }
        DescriptorPublicKey::XPub(key) => {
            if key.wildcard == Wildcard::Hardened {
                return Err(AccountError::HardenedStep);
            }
            let chain = ChainKey::new(&key.xkey, key.derivation_path.as_ref())?;
            DescriptorPublicKey::XPub(DescriptorXKey {
                origin: None,
                xkey: Xpub {
                    network: NetworkKind::Main,
                    depth: 0,
                    parent_fingerprint: Fingerprint::default(),
                    child_number: ChildNumber::Normal { index: 0 },
                    ..*chain.as_xpub()
                },
                derivation_path: Vec::new().into(),
                wildcard: key.wildcard,
            })
        }
        DescriptorPublicKey::MultiXPub(_) => return Err(AccountError::MalformedKey),
    })
}

struct EachKey<F>(F);

impl<F> Translator<DescriptorPublicKey> for EachKey<F>
where
    F: FnMut(&DescriptorPublicKey) -> Result<DescriptorPublicKey, AccountError>,
{
    type TargetPk = DescriptorPublicKey;
    type Error = AccountError;

    fn pk(&mut self, key: &DescriptorPublicKey) -> Result<DescriptorPublicKey, AccountError> {
        (self.0)(key)
    }

    translate_hash_clone!(DescriptorPublicKey);
}

/// The usual script and its key, when a reduced descriptor has just those.
fn one_key(descriptor: &Descriptor<DescriptorPublicKey>) -> Result<Option<(OneKeyScript, ChainKey)>, AccountError> {
    let (script, key) = match descriptor {
        Descriptor::Pkh(pkh) => (OneKeyScript::Legacy, pkh.as_inner()),
        Descriptor::Wpkh(wpkh) => (OneKeyScript::NativeSegwit, wpkh.as_inner()),
        Descriptor::Sh(sh) => match sh.as_inner() {
            ShInner::Wpkh(wpkh) => (OneKeyScript::NestedSegwit, wpkh.as_inner()),
            ShInner::Wsh(_) | ShInner::SortedMulti(_) | ShInner::Ms(_) => return Ok(None),
        },
        Descriptor::Tr(tr) if tr.tap_tree().is_none() => (OneKeyScript::Taproot, tr.internal_key()),
        Descriptor::Tr(_) | Descriptor::Wsh(_) | Descriptor::Bare(_) => return Ok(None),
    };
    let DescriptorPublicKey::XPub(key) = key else {
        return Ok(None);
    };
    Ok(Some((script, ChainKey::new(&key.xkey, &[])?)))
}
