//! What addresses hold, of the coin and of every token that is known. For finding what a scan missed; nothing is credited from it.

use super::{
    Evm, inconsistent,
    node::{EvmNode, Tag},
};
use crate::{
    inspect::Balance,
    provider::{
        CallError, ProviderError,
        json_rpc::{Call, read},
    },
};
use alloy_primitives::{Address, U256};
use farthing_domain::asset::AssetId;
use serde_json::{json, value::RawValue};

/// ERC-20's `balanceOf(address)`.
const BALANCE_OF: &str = "70a08231";

impl Evm {
    /// In the block at a height; a node without that block's state knows today's.
    pub(super) async fn balances_at(
        &self,
        node: &EvmNode,
        addresses: &[Address],
        height: u64,
    ) -> Result<Vec<Balance>, ProviderError> {
        match self.balances_by(node, addresses, Tag::Height(height)).await {
            Err(ProviderError::Call(CallError::Node { .. })) => self.balances_by(node, addresses, Tag::Latest).await,
            answer => answer,
        }
    }

    async fn balances_by(
        &self,
        node: &EvmNode,
        addresses: &[Address],
        tag: Tag,
    ) -> Result<Vec<Balance>, ProviderError> {
        let tag = tag.text();
        let of_token = |contract: &Address, address: &Address| {
            let data = format!("0x{BALANCE_OF}{}", hex::encode(address.into_word()));
            Call::new("eth_call", json!([{"to": contract, "data": data}, tag]))
        };
        let mut calls = Vec::new();
        for address in addresses {
            calls.push(Call::new("eth_getBalance", json!([address, tag])));
            calls.extend(self.known.listed().iter().map(|(contract, _)| of_token(contract, address)));
        }
        let asked = addresses.iter().flat_map(|address| self.known.ids().map(move |asset| (address, asset)));
        let mut answers = node.ask(calls).await?.into_iter();
        let mut found = Vec::new();
        for (address, asset) in asked {
            let answer = answers.next().ok_or_else(|| inconsistent("fewer balances than were asked for"))?;
            let units = self.units(asset, answer)?;
            if units > 0 {
                found.push(Balance { address: address.to_vec(), asset, units });
            }
        }
        Ok(found)
    }

    /// A balance. A token that nobody sells may answer what it likes: it must not hide what the sold ones say.
    fn units(&self, asset: AssetId, answer: Result<Box<RawValue>, CallError>) -> Result<u128, ProviderError> {
        let is_sold = self.tokens.ids().any(|sold| sold == asset);
        let text = match answer.and_then(|text| read::<String>(&text)) {
            Err(error) if !is_sold && is_the_contracts(&error) => return Ok(0),
            answer => answer?,
        };
        match number(&text).and_then(|units| u128::try_from(units).ok()) {
            Some(units) => Ok(units),
            None if is_sold => Err(inconsistent(&format!("no balance of {asset}: is its contract right?"))),
            None => Ok(0),
        }
    }
}

/// Whether it is the contract that refuses a question, and not the node that cannot ask it now. There is no agreed number for
/// it, only words.
pub(super) fn is_the_contracts(error: &CallError) -> bool {
    let CallError::Node { code, message } = error else { return false };
    let words = message.to_ascii_lowercase();
    let of_code = ["revert", "vm execution error", "invalid opcode", "out of gas", "invalid jump", "stack underflow"];
    *code == 3 || of_code.iter().any(|word| words.contains(word))
}

/// A quantity, or one word of a contract's answer.
pub(super) fn number(text: &str) -> Option<U256> {
    let digits = text.strip_prefix("0x").filter(|digits| !digits.is_empty() && digits.len() <= 64)?;
    U256::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contract_that_refuses_is_told_from_a_node_that_cannot_ask() {
        let is = |code, words: &str| is_the_contracts(&CallError::Node { code, message: words.to_owned() });
        for (code, words) in [
            (3, "execution reverted: not supported"),
            (-32000, "execution reverted"),
            (-32015, "VM execution error."),
            (-32000, "invalid opcode: INVALID"),
            (-32000, "out of gas"),
        ] {
            assert!(is(code, words), "{words}");
        }
        for (code, words) in [
            (429, "Your app has exceeded its compute units per second capacity"),
            (-32005, "rate limit reached"),
            (-32000, "header not found"),
            (-32000, "missing trie node"),
        ] {
            assert!(!is(code, words), "{words}");
        }
        assert!(!is_the_contracts(&CallError::Timeout));
    }
}
