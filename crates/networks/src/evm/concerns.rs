//! What is wrong with addresses of ours themselves: code at them, tokens frozen at them. Found by asking, never by a log.

use super::{
    Evm,
    balances::{is_the_contracts, number},
    inconsistent,
    node::{EvmNode, each},
};
use crate::{
    address::Address,
    inspect::{Balance, Concern, Wrong},
    network::NetworkError,
    provider::{
        ProviderError,
        json_rpc::{Call, read},
    },
};
use alloy_primitives::{Address as EvmAddress, U256, keccak256};
use farthing_domain::asset::AssetId;
use serde_json::json;
use std::sync::Arc;

/// How issuers' contracts are asked whether they have frozen an address: Tether's on Ethereum, Circle's, Tether's elsewhere.
const FROZEN: [&str; 3] = ["isBlackListed(address)", "isBlacklisted(address)", "isBlocked(address)"];

/// A token that an address holds.
struct Held {
    address: EvmAddress,
    contract: EvmAddress,
    asset: AssetId,
}

impl Evm {
    /// Whether addresses have code: nobody pays to a contract here, so that code at an address of ours means that somebody with
    /// its key delegated it (EIP-7702), as thieves do who have swept it. In the order of the addresses.
    ///
    /// # Errors
    /// When no provider answers.
    pub async fn have_code(&self, addresses: &[Address]) -> Result<Vec<bool>, NetworkError> {
        let addresses = super::inspect::evm_addresses(addresses)?;
        let addresses = addresses.as_slice();
        let question = |node: Arc<EvmNode>| async move {
            let calls = addresses.iter().map(|address| Call::new("eth_getCode", json!([address, "latest"])));
            let codes: Vec<String> = each(node.ask(calls.collect()).await?)?;
            Ok(codes.iter().map(|code| code != "0x").collect())
        };
        self.pool.ask(question).await.map(|answered| answered.value)
    }

    /// Code at the addresses, and sold tokens that are frozen where they are held.
    pub(super) async fn concerns_at(
        &self,
        addresses: &[Address],
        held: &[Balance],
    ) -> Result<Vec<Concern>, NetworkError> {
        let codes = self.have_code(addresses).await?;
        let with_code = addresses.iter().zip(codes).filter(|(_, has_code)| *has_code);
        let mut found: Vec<Concern> =
            with_code.map(|(address, _)| Concern { address: address.bytes().to_vec(), wrong: Wrong::Code }).collect();
        let held: Vec<Held> = held.iter().filter_map(|balance| self.held(balance)).collect();
        if held.is_empty() {
            return Ok(found);
        }
        let held = held.as_slice();
        let question = |node: Arc<EvmNode>| async move { frozen(&node, held).await };
        found.extend(self.pool.ask(question).await?.value);
        Ok(found)
    }

    /// A balance of a sold token. The coin has no issuer.
    fn held(&self, balance: &Balance) -> Option<Held> {
        let (contract, asset) = self.tokens.listed().iter().find(|(_, asset)| asset.id == balance.asset)?;
        let address = EvmAddress::try_from(balance.address.as_slice()).ok()?;
        Some(Held { address, contract: *contract, asset: asset.id })
    }
}

/// Which of these the issuer has frozen. A contract that does not know a question refuses it, and that is no finding.
async fn frozen(node: &EvmNode, held: &[Held]) -> Result<Vec<Concern>, ProviderError> {
    let ask = |held: &Held, question: &str| {
        let selector = keccak256(question).iter().take(4).map(|byte| format!("{byte:02x}")).collect::<String>();
        let data = format!("0x{selector}{}", hex::encode(held.address.into_word()));
        Call::new("eth_call", json!([{"to": held.contract, "data": data}, "latest"]))
    };
    let calls = held.iter().flat_map(|held| FROZEN.map(|question| ask(held, question)));
    let mut answers = node.ask(calls.collect()).await?.into_iter();
    let mut found = Vec::new();
    for held in held {
        let mut is_frozen = false;
        for _ in FROZEN {
            let answer = answers.next().ok_or_else(|| inconsistent("fewer answers than questions"))?;
            is_frozen |= match answer.and_then(|text| read::<String>(&text)) {
                Ok(text) => number(&text) == Some(U256::ONE),
                Err(error) if is_the_contracts(&error) => false,
                Err(error) => return Err(error.into()),
            };
        }
        if is_frozen {
            found.push(Concern { address: held.address.to_vec(), wrong: Wrong::Frozen(held.asset) });
        }
    }
    Ok(found)
}
