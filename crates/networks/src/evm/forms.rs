//! What EVM nodes answer, as far as it is used. Unknown fields are ignored: every network has some of its own.

use crate::network::Header;
use alloy_primitives::{Address, B256, Bloom, Bytes, U256};
use farthing_domain::{payment::BlockRef, time::Timestamp};
use serde::{Deserialize, Deserializer, de::Error};

/// `0x` and hexadecimal digits without leading zeros, as quantities are written. `0x00` is understood too.
fn quantity<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
    read_quantity(&text).ok_or_else(|| D::Error::custom("not a quantity of 64 bits"))
}

pub(super) fn read_quantity(text: &str) -> Option<u64> {
    let digits = text.strip_prefix("0x").filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
    u64::from_str_radix(digits, 16).ok()
}

/// A block with its transactions' hashes or with whole transactions.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Block<T> {
    pub(super) hash: B256,
    pub(super) parent_hash: B256,
    #[serde(deserialize_with = "quantity")]
    pub(super) number: u64,
    #[serde(deserialize_with = "quantity")]
    pub(super) timestamp: u64,
    #[serde(default)]
    pub(super) logs_bloom: Option<Bloom>,
    pub(super) transactions: Vec<T>,
}

impl<T> Block<T> {
    pub(super) fn header(&self) -> Header {
        Header {
            block: BlockRef { height: self.number, hash: self.hash.to_string() },
            parent: self.parent_hash.to_string(),
            time: Timestamp::from_seconds(i64::try_from(self.timestamp).unwrap_or(i64::MAX)),
        }
    }
}

/// A transaction in its block.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Transaction {
    pub(super) hash: B256,
    pub(super) from: Address,
    /// `None`: it creates a contract.
    #[serde(default)]
    pub(super) to: Option<Address>,
    pub(super) value: U256,
    #[serde(deserialize_with = "quantity")]
    pub(super) gas: u64,
}

/// A log, as `eth_getLogs` and receipts have it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Log {
    pub(super) address: Address,
    pub(super) topics: Vec<B256>,
    pub(super) data: Bytes,
    pub(super) block_hash: B256,
    #[serde(deserialize_with = "quantity")]
    pub(super) block_number: u64,
    pub(super) transaction_hash: B256,
    #[serde(deserialize_with = "quantity")]
    pub(super) log_index: u64,
    #[serde(default)]
    pub(super) removed: bool,
}

/// What became of a transaction.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Receipt {
    pub(super) transaction_hash: B256,
    pub(super) block_hash: B256,
    #[serde(deserialize_with = "quantity")]
    pub(super) status: u64,
    pub(super) logs: Vec<Log>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_hexadecimal_of_64_bits() {
        assert_eq!(read_quantity("0x0"), Some(0));
        assert_eq!(read_quantity("0xffffffffffffffff"), Some(u64::MAX));
        for wrong in ["", "0x", "12", "0x+1", "0x-1", "0x10000000000000000", "0xg", "0X1", " 0x1"] {
            assert_eq!(read_quantity(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn hashes_are_written_whole() {
        let hash = B256::repeat_byte(0xAB);
        assert_eq!(hash.to_string(), format!("0x{}", "ab".repeat(32)));
    }
}
