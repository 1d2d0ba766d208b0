//! Which contracts are tokens, and what one of their logs says. A token is never known by its name or symbol.

use super::{EvmError, forms::Log, node::Tag};
use crate::address::{Address as OurAddress, AddressFamily, Chain};
use crate::provider::json_rpc::Call;
use alloy_primitives::{Address, B256, Bloom, U256, address, b256};
use farthing_domain::asset::{Asset, AssetId};
use serde_json::{Value, json};

/// `keccak256("Transfer(address,address,uint256)")` (ERC-20).
pub(super) const TRANSFER: B256 = b256!("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");

/// Contracts that mirror their network's coin: every transfer of the coin makes a log of theirs as well. Polygon's POL, and
/// the coins of Celo, Metis and zkSync networks.
const COINS_THEMSELVES: [Address; 4] = [
    address!("0000000000000000000000000000000000001010"),
    address!("471EcE3750Da237f93B8E339c536989b8978a438"),
    address!("DeadDeAddeAddEAddeadDEaDDEAdDeaDDeAD0000"),
    address!("000000000000000000000000000000000000800A"),
];

/// The coin, and the tokens by their contracts.
#[derive(Debug, Clone)]
pub(super) struct Tokens {
    pub(super) native: Asset,
    listed: Vec<(Address, Asset)>,
}

/// Of which blocks logs are wanted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Span {
    /// Of one block, whatever its height; a node that lacks it has no answer.
    Block(B256),
    /// From one height to another, both included.
    Heights(u64, u64),
}

/// What a token's log says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moved {
    pub(super) from: Address,
    pub(super) to: Address,
    pub(super) units: U256,
}

impl Tokens {
    pub(super) fn new(native: Asset, assets: Vec<Asset>) -> Result<Self, EvmError> {
        let mut listed: Vec<(Address, Asset)> = Vec::new();
        for asset in assets {
            let Some(text) = &asset.contract else { continue };
            let address = OurAddress::parse(AddressFamily::Evm, Chain::Mainnet, text)
                .map_err(|_| EvmError::Contract(asset.id))?;
            let contract = Address::try_from(address.bytes()).map_err(|_| EvmError::Contract(asset.id))?;
            if COINS_THEMSELVES.contains(&contract) {
                return Err(EvmError::CoinItself(asset.id));
            }
            if listed.iter().any(|(other, _)| *other == contract) {
                return Err(EvmError::SameContract(asset.id));
            }
            listed.push((contract, asset));
        }
        Ok(Self { native, listed })
    }

    /// These and tokens that are known and not sold. One that has the contract or the code of a sold one, or no good contract,
    /// is left out: under no circumstances may it pass for what is sold.
    pub(super) fn and_unsold(&self, unsold: &[Asset]) -> Self {
        let mut all = self.clone();
        for asset in unsold {
            let is_taken = all.ids().any(|id| id == asset.id) || asset.id.network != all.native.id.network;
            let address = asset.contract.as_ref().filter(|_| !is_taken);
            let address = address.and_then(|text| OurAddress::parse(AddressFamily::Evm, Chain::Mainnet, text).ok());
            let contract = address.and_then(|address| Address::try_from(address.bytes()).ok());
            let contract = contract.filter(|own| !COINS_THEMSELVES.contains(own) && all.asset(*own).is_none());
            all.listed.extend(contract.map(|contract| (contract, asset.clone())));
        }
        all
    }

    pub(super) fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    pub(super) fn listed(&self) -> &[(Address, Asset)] {
        &self.listed
    }

    pub(super) fn asset(&self, contract: Address) -> Option<&Asset> {
        self.listed.iter().find(|(listed, _)| *listed == contract).map(|(_, asset)| asset)
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = AssetId> {
        core::iter::once(self.native.id).chain(self.listed.iter().map(|(_, asset)| asset.id))
    }

    /// Their transfers in these blocks.
    pub(super) fn transfers_in(&self, blocks: Span) -> Call {
        self.call(&json!([TRANSFER]), blocks)
    }

    /// Their transfers to these addresses, in these blocks.
    pub(super) fn transfers_to(&self, receivers: &[B256], blocks: Span) -> Call {
        self.call(&json!([TRANSFER, Value::Null, receivers]), blocks)
    }

    fn call(&self, topics: &Value, blocks: Span) -> Call {
        let contracts: Vec<Address> = self.listed.iter().map(|(contract, _)| *contract).collect();
        let filter = match blocks {
            Span::Block(hash) => json!({"address": contracts, "topics": topics, "blockHash": hash}),
            Span::Heights(from, to) => {
                let (from, to) = (Tag::Height(from).text(), Tag::Height(to).text());
                json!({"address": contracts, "topics": topics, "fromBlock": from, "toBlock": to})
            }
        };
        Call::new("eth_getLogs", json!([filter]))
    }

    /// Whether a block may hold logs of a listed token, by its own summary. Never wrongly `false`.
    pub(super) fn may_be_in(&self, bloom: Option<&Bloom>) -> bool {
        let may =
            |bloom: &Bloom| self.listed.iter().any(|(contract, _)| bloom.contains_raw_log(*contract, &[TRANSFER]));
        bloom.is_some_and(may)
    }
}

/// What a log moved; `None` when it is no transfer of a fungible token: another event, an NFT's transfer (four topics), data
/// that is not one number, an address that is none. The real contract's address in topics or data means nothing.
pub(super) fn moved(log: &Log) -> Option<Moved> {
    let [event, from, to] = log.topics.as_slice() else { return None };
    let units = <[u8; 32]>::try_from(log.data.as_ref()).ok()?;
    let party = |topic: &B256| {
        let bytes = <&[u8; 32]>::from(topic);
        let ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], address) = bytes.split_first_chunk()? else { return None };
        Address::try_from(address).ok()
    };
    (*event == TRANSFER).then_some(())?;
    Some(Moved { from: party(from)?, to: party(to)?, units: U256::from_be_bytes(units) })
}
