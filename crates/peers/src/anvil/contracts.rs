//! The contracts that tests deploy (`contracts.sol` beside this file), and how they are called.

use alloy_primitives::{Address, B256, U256, keccak256};
use anyhow::{Context, Result};
use std::collections::BTreeMap;

/// The code that deploys a contract, without its arguments.
///
/// # Errors
/// When there is none of this name.
pub fn code(name: &str) -> Result<Vec<u8>> {
    let codes: BTreeMap<String, String> = serde_json::from_str(include_str!("contracts.json"))?;
    Ok(hex::decode(codes.get(name).with_context(|| format!("there is no contract {name}"))?)?)
}

/// An argument of a call.
#[derive(Debug, Clone)]
pub enum Argument {
    /// Something of one word.
    Word(U256),
    /// A list of words.
    List(Vec<U256>),
    /// Bytes or a text.
    Bytes(Vec<u8>),
}

impl From<Address> for Argument {
    fn from(address: Address) -> Self {
        Self::Word(address.into_word().into())
    }
}

impl From<u128> for Argument {
    fn from(number: u128) -> Self {
        Self::Word(U256::from(number))
    }
}

impl From<U256> for Argument {
    fn from(number: U256) -> Self {
        Self::Word(number)
    }
}

impl From<&[Address]> for Argument {
    fn from(addresses: &[Address]) -> Self {
        Self::List(addresses.iter().map(|address| address.into_word().into()).collect())
    }
}

impl From<&[B256]> for Argument {
    fn from(words: &[B256]) -> Self {
        Self::List(words.iter().map(|word| (*word).into()).collect())
    }
}

impl From<&str> for Argument {
    fn from(text: &str) -> Self {
        Self::Bytes(text.as_bytes().to_vec())
    }
}

/// The data of a call: `transfer(address,uint256)` and its arguments.
#[must_use]
pub fn call(signature: &str, arguments: &[Argument]) -> Vec<u8> {
    let selector: Vec<u8> = keccak256(signature).iter().copied().take(4).collect();
    [selector, encode(arguments)].concat()
}

/// Arguments as the contract ABI has them: heads of one word each, then what is longer.
#[must_use]
pub fn encode(arguments: &[Argument]) -> Vec<u8> {
    let (mut heads, mut tails): (Vec<u8>, Vec<u8>) = (Vec::new(), Vec::new());
    let word = |number: usize| U256::from(number).to_be_bytes::<32>();
    for argument in arguments {
        let place = word(arguments.len().saturating_mul(32).saturating_add(tails.len()));
        match argument {
            Argument::Word(number) => heads.extend(number.to_be_bytes::<32>()),
            Argument::List(words) => {
                heads.extend(place);
                tails.extend(word(words.len()));
                tails.extend(words.iter().flat_map(U256::to_be_bytes::<32>));
            }
            Argument::Bytes(bytes) => {
                heads.extend(place);
                tails.extend(word(bytes.len()));
                tails.extend(bytes);
                tails.resize(tails.len().next_multiple_of(32), 0);
            }
        }
    }
    [heads, tails].concat()
}
