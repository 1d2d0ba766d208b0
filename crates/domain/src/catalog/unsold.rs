//! Tokens that are known and never sold: what payers send by mistake in the place of what was asked for.
//!
//! Only contracts that everybody knows are here. Anybody can make a token that calls itself by these names.

use super::AssetRow;

const DAI: &str = "Dai";
const WRAPPED_ETHER: &str = "Wrapped Ether";
const BRIDGED: &str = "USD Coin (bridged)";

/// Code, network, name, decimals, contract, stablecoin. The contracts are the issuers' and the bridges' own.
pub(super) const ASSETS: [AssetRow; 14] = [
    AssetRow("WETH", "ethereum", WRAPPED_ETHER, 18, Some("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"), false),
    AssetRow("WETH", "arbitrum", WRAPPED_ETHER, 18, Some("0x82aF49447D8a07e3bd95BD0d56f35241523fBab1"), false),
    AssetRow("WETH", "base", WRAPPED_ETHER, 18, Some("0x4200000000000000000000000000000000000006"), false),
    AssetRow("ETH", "bsc", "Ether (Binance-Peg)", 18, Some("0x2170Ed0880ac9A755fd29B2688956BD959F933F8"), false),
    AssetRow("WPOL", "polygon", "Wrapped POL", 18, Some("0x0d500B1d8E8eF31E21C99d1Db9A6444d3ADf1270"), false),
    AssetRow("WBNB", "bsc", "Wrapped BNB", 18, Some("0xbb4CdB9CBd36B01bD1cBaEBF2De08d9173bc095c"), false),
    AssetRow("USDC-E", "polygon", BRIDGED, 6, Some("0x2791Bca1f2de4661ED88A30C99A7a9449Aa84174"), true),
    AssetRow("USDC-E", "arbitrum", BRIDGED, 6, Some("0xFF970A61A04b1cA14834A43f5dE4533eBDDB5CC8"), true),
    AssetRow("USDBC", "base", BRIDGED, 6, Some("0xd9aAEc86B65D86f6A7B5B1b0c42FFA531710b6CA"), true),
    AssetRow("DAI", "ethereum", DAI, 18, Some("0x6B175474E89094C44Da98b954EedeAC495271d0F"), true),
    AssetRow("DAI", "polygon", DAI, 18, Some("0x8f3Cf7ad23Cd3CaDbD9735AFf958023239c6A063"), true),
    AssetRow("DAI", "arbitrum", DAI, 18, Some("0xDA10009cBd5D07dd0CeCc66161FC93D7c9000da1"), true),
    AssetRow("DAI", "base", DAI, 18, Some("0x50c5725949A6F0c72E6C4a641F24049A917DB0Cb"), true),
    AssetRow("DAI", "bsc", DAI, 18, Some("0x1AF3F329e8BE154074D8769D1FFa4eE058B1DBc3"), true),
];
