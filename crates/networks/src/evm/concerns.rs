//! What is wrong with addresses of ours themselves: code at them, tokens frozen at them or sent by who is frozen. Found by
//! asking, never by a log.

use super::{
    Evm,
    balances::{is_the_contracts, number},
    forms::Receipt,
    inconsistent,
    node::{EvmNode, each},
    tokens,
};
use crate::{
    address::Address,
    inspect::{Arrived, Balance, Concern, Wrong},
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

/// Whether an issuer has frozen somebody, and what that is to us.
struct Doubt {
    /// The address of ours that it is about.
    ours: Vec<u8>,
    who: EvmAddress,
    contract: EvmAddress,
    wrong: Wrong,
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

    /// Code at the addresses, sold tokens that are frozen where they are held, and such as frozen payers sent.
    pub(super) async fn concerns_at(
        &self,
        addresses: &[Address],
        held: &[Balance],
        arrived: &[Arrived],
    ) -> Result<Vec<Concern>, NetworkError> {
        let codes = self.have_code(addresses).await?;
        let with_code = addresses.iter().zip(codes).filter(|(_, has_code)| *has_code);
        let mut found: Vec<Concern> =
            with_code.map(|(address, _)| Concern { address: address.bytes().to_vec(), wrong: Wrong::Code }).collect();
        let question = |node: Arc<EvmNode>| async move {
            let mut doubts: Vec<Doubt> = held.iter().filter_map(|balance| self.held(balance)).collect();
            doubts.extend(self.payers(&node, arrived).await?);
            frozen(&node, &doubts).await
        };
        found.extend(self.pool.ask(question).await?.value);
        Ok(found)
    }

    /// A balance of a sold token. The coin has no issuer.
    fn held(&self, balance: &Balance) -> Option<Doubt> {
        let who = EvmAddress::try_from(balance.address.as_slice()).ok()?;
        let (ours, wrong) = (balance.address.clone(), Wrong::Frozen(balance.asset));
        Some(Doubt { ours, who, contract: self.contract(balance.asset)?, wrong })
    }

    fn contract(&self, asset: AssetId) -> Option<EvmAddress> {
        self.tokens.listed().iter().find(|(_, listed)| listed.id == asset).map(|(contract, _)| *contract)
    }

    /// Who sent sold tokens, by the receipts of the transactions; one that the node does not have any more tells nothing.
    async fn payers(&self, node: &EvmNode, arrived: &[Arrived]) -> Result<Vec<Doubt>, ProviderError> {
        let in_tokens: Vec<(&Arrived, EvmAddress)> =
            arrived.iter().filter_map(|arrived| Some((arrived, self.contract(arrived.asset)?))).collect();
        if in_tokens.is_empty() {
            return Ok(Vec::new());
        }
        let calls = in_tokens
            .iter()
            .map(|(arrived, _)| Call::new("eth_getTransactionReceipt", json!([arrived.transaction])))
            .collect();
        let receipts: Vec<Option<Receipt>> = each(node.ask(calls).await?)?;
        let doubts = in_tokens.into_iter().zip(receipts).filter_map(|((arrived, contract), receipt)| {
            let place: usize = arrived.position.strip_prefix("log/")?.parse().ok()?;
            let receipt = receipt?;
            let who = tokens::moved(receipt.logs.get(place).filter(|log| log.address == contract)?)?.from;
            Some(Doubt { ours: arrived.address.clone(), who, contract, wrong: Wrong::PayerFrozen(arrived.asset) })
        });
        Ok(doubts.collect())
    }
}

/// Which of these the issuer has frozen, each once. A contract that does not know a question refuses it, and that is no finding.
async fn frozen(node: &EvmNode, doubts: &[Doubt]) -> Result<Vec<Concern>, ProviderError> {
    if doubts.is_empty() {
        return Ok(Vec::new());
    }
    let ask = |doubt: &Doubt, question: &str| {
        let selector = keccak256(question).iter().take(4).map(|byte| format!("{byte:02x}")).collect::<String>();
        let data = format!("0x{selector}{}", hex::encode(doubt.who.into_word()));
        Call::new("eth_call", json!([{"to": doubt.contract, "data": data}, "latest"]))
    };
    let calls = doubts.iter().flat_map(|doubt| FROZEN.map(|question| ask(doubt, question)));
    let mut answers = node.ask(calls.collect()).await?.into_iter();
    let mut found: Vec<Concern> = Vec::new();
    for doubt in doubts {
        let mut is_frozen = false;
        for _ in FROZEN {
            let answer = answers.next().ok_or_else(|| inconsistent("fewer answers than questions"))?;
            is_frozen |= match answer.and_then(|text| read::<String>(&text)) {
                Ok(text) => number(&text) == Some(U256::ONE),
                Err(error) if is_the_contracts(&error) => false,
                Err(error) => return Err(error.into()),
            };
        }
        let concern = Concern { address: doubt.ours.clone(), wrong: doubt.wrong };
        if is_frozen && !found.contains(&concern) {
            found.push(concern);
        }
    }
    Ok(found)
}
