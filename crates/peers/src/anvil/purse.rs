//! Coins and tokens to pay with on a private EVM chain, and a contract that pays them.

use super::{
    Anvil, Send,
    contracts::{Argument, call, encode},
};
use alloy_primitives::{Address, B256, U256};
use anyhow::{Result, ensure};

/// Units of the token that the first account and the paying contract have.
const RICH: u128 = 10_u128.pow(36);

/// A node with a token called USDT and a contract that pays, both rich.
pub struct Purse {
    /// The node.
    pub node: Anvil,
    /// The token's contract.
    pub usdt: Address,
    /// The contract that pays.
    pub payer: Address,
    /// The token's decimals.
    pub decimals: u8,
}

impl Purse {
    /// A new chain with this id.
    ///
    /// # Errors
    /// When anvil is not installed or does not start.
    pub async fn open(chain_id: u64, decimals: u8) -> Result<Self> {
        let node = Anvil::start(chain_id).await?;
        let payer = node.deploy("Payer", &[]).await?;
        let usdt = token(&node, "Tether USD", "USDT", decimals).await?;
        let purse = Self { node, usdt, payer, decimals };
        for holder in [purse.node.account(0), payer] {
            purse.mint(usdt, holder, U256::from(RICH)).await?;
        }
        Ok(purse)
    }

    /// Deploys another token.
    ///
    /// # Errors
    /// When that fails.
    pub async fn token(&self, name: &str, symbol: &str, decimals: u8) -> Result<Address> {
        token(&self.node, name, symbol, decimals).await
    }

    /// Makes units of a token, in a block of their own.
    ///
    /// # Errors
    /// When that fails.
    pub async fn mint(&self, token: Address, to: Address, units: U256) -> Result<B256> {
        self.run(Send::call(token, call("mint(address,uint256)", &[to.into(), units.into()]))).await
    }

    /// Sends, mines a block with it, and sees that it succeeds.
    ///
    /// # Errors
    /// When it fails.
    pub async fn run(&self, transaction: Send) -> Result<B256> {
        let hash = self.node.mined(transaction).await?;
        ensure!(self.node.succeeded(hash).await?, "a transaction failed");
        Ok(hash)
    }

    /// Sends, mines a block with it, and sees that it fails.
    ///
    /// # Errors
    /// When it succeeds.
    pub async fn fail(&self, transaction: Send) -> Result<B256> {
        let hash = self.node.mined(transaction).await?;
        ensure!(!self.node.succeeded(hash).await?, "a transaction succeeded that should have failed");
        Ok(hash)
    }

    /// A transfer of the token.
    #[must_use]
    pub fn transfer(&self, to: Address, units: u128) -> Send {
        transfer(self.usdt, to, units)
    }

    /// A call of the contract that pays.
    #[must_use]
    pub fn payer(&self, signature: &str, arguments: &[Argument]) -> Send {
        Send::call(self.payer, call(signature, arguments))
    }
}

/// A transfer of any token.
#[must_use]
pub fn transfer(token: Address, to: Address, units: u128) -> Send {
    Send::call(token, call("transfer(address,uint256)", &[to.into(), units.into()]))
}

async fn token(node: &Anvil, name: &str, symbol: &str, decimals: u8) -> Result<Address> {
    node.deploy("Token", &encode(&[name.into(), symbol.into(), u128::from(decimals).into()])).await
}
