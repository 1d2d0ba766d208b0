//! One list of cases over every adapter: what becomes of a payer's money must look the same to the shop, whatever the chain.
//!
//! The list is in [`list`], with what stands for a case where an adapter cannot have it. What only one chain has (newly made
//! coins, traces, deep reorganisations) is in that family's own tests.
#![expect(clippy::arithmetic_side_effects, reason = "heights and amounts that a test chose; what overflows fails it")]

mod bitcoin;
mod chain;
mod evm;
mod list;
mod simulated;

use self::{
    bitcoin::BitcoinChain,
    chain::Adapter,
    evm::EvmChain,
    list::{Case, INSTEAD, play},
    simulated::SimulatedChain,
};

#[tokio::test]
async fn every_case_on_the_simulated_network() {
    play(SimulatedChain::open().await).await;
}

#[tokio::test]
async fn every_case_on_bitcoin_core() {
    play(BitcoinChain::over_core().await).await;
}

#[tokio::test]
async fn every_case_on_an_esplora_server() {
    play(BitcoinChain::over_esplora().await).await;
}

#[tokio::test]
async fn every_case_in_tokens_on_ethereum() {
    play(EvmChain::open(1, Adapter::Tokens).await).await;
}

#[tokio::test]
async fn every_case_in_coins_on_ethereum() {
    play(EvmChain::open(1, Adapter::Coins).await).await;
}

#[tokio::test]
async fn every_case_in_tokens_on_polygon() {
    play(EvmChain::open(137, Adapter::Tokens).await).await;
}

#[tokio::test]
async fn every_case_in_tokens_on_bsc() {
    play(EvmChain::open(56, Adapter::Tokens).await).await;
}

#[tokio::test]
async fn every_case_in_tokens_on_arbitrum() {
    play(EvmChain::open(42_161, Adapter::Tokens).await).await;
}

#[tokio::test]
async fn every_case_in_tokens_on_base() {
    play(EvmChain::open(8_453, Adapter::Tokens).await).await;
}

#[test]
fn a_case_is_stood_in_for_once_with_a_reason_and_with_something_else() {
    for (index, instead) in INSTEAD.iter().enumerate() {
        assert!(!instead.reason.is_empty() && !instead.nearest.is_empty() && !instead.adapters.is_empty());
        assert!(Case::ALL.contains(&instead.case));
        for other in &INSTEAD[index + 1..] {
            let is_twice =
                other.case == instead.case && other.adapters.iter().any(|adapter| instead.adapters.contains(adapter));
            assert!(!is_twice, "{:?}", instead.case);
        }
    }
}
