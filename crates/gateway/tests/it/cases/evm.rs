//! anvil as the list uses it: a chain of any id, paid in a token or in its coin.

use super::chain::{Adapter, Again, CONFIRMATIONS, Chain, ON_ANY_WIRE, Seen, Trouble};
use crate::{
    counter::Counter,
    evm_shop::{EvmShop, Site, five_usdt, payee},
};
use alloy_primitives::{B256, U256};
use farthing_domain::{invoice::Invoice, network::ChainId};
use farthing_peers::{
    anvil::{Send, contracts::Argument},
    fault_proxy::Fault,
};

/// In units of 10^-18.
const COIN: u128 = 1_000_000_000_000_000_000;
/// Paid for a replacement beyond what the replaced one paid.
const MORE: u64 = 1_000_000_000;

pub(super) struct EvmChain {
    /// The first site is the one that is asked for.
    shop: EvmShop,
    chain_id: u64,
    /// What is paid in.
    money: Adapter,
}

/// A transaction and its sender's number of it.
pub(super) struct Numbered {
    nonce: u64,
    hash: B256,
}

impl EvmChain {
    pub(super) async fn open(chain_id: u64, money: Adapter) -> Self {
        let (slug, decimals) = match chain_id {
            1 => ("ethereum", 6),
            137 => ("polygon", 6),
            56 => ("bsc", 18),
            42_161 => ("arbitrum", 6),
            8_453 => ("base", 6),
            other => panic!("nothing ships for chain {other}"),
        };
        // A token has other decimals there.
        let other = async { if slug == "bsc" { Site::polygon().await } else { Site::bsc().await } };
        let (site, other) = tokio::join!(Site::open(slug, chain_id, decimals), other);
        Self { shop: EvmShop::open(vec![site, other]).await, chain_id, money }
    }

    fn site(&self) -> &Site {
        self.shop.site()
    }

    fn payment(&self, to: &Invoice, units: u128) -> Send {
        match self.money {
            Adapter::Coins => Send::coins(payee(to), units),
            _ => self.site().purse.transfer(payee(to), units),
        }
    }

    async fn sent(&self, transaction: Send) -> Numbered {
        let node = &self.site().purse.node;
        let nonce = node.nonce(node.account(0)).await.unwrap();
        Numbered { nonce, hash: node.send(transaction).await.unwrap() }
    }

    fn call(&self, signature: &str, arguments: &[Argument]) -> Send {
        self.site().purse.payer(signature, arguments)
    }

    async fn look_like_tokens(&self, to: &Invoice) {
        let (purse, due) = (&self.site().purse, self.due());
        let clone = purse.token("Tether USD", "USDT", purse.decimals).await.unwrap();
        purse.mint(clone, payee(to), U256::from(due)).await.unwrap();
        purse.fail(purse.transfer(payee(to), u128::MAX)).await.unwrap();
        let arguments = [purse.usdt.into(), payee(to).into(), due.into()];
        purse.run(self.call("transferAndFail(address,address,uint256)", &arguments)).await.unwrap();
        purse.run(purse.transfer(payee(to), 0)).await.unwrap();
    }

    async fn look_like_coins(&self, to: &Invoice) {
        let (purse, due) = (&self.site().purse, self.due());
        purse.run(self.call("payAndFail(address)", &[payee(to).into()]).with(due)).await.unwrap();
        purse.fail(self.call("payThenRevert(address)", &[payee(to).into()]).with(due)).await.unwrap();
        purse.run(Send::coins(payee(to), 0)).await.unwrap();
    }
}

impl Chain for EvmChain {
    type Sent = Numbered;

    fn adapter(&self) -> Adapter {
        self.money
    }

    fn counter(&self) -> &Counter {
        &self.shop.counter
    }

    fn id(&self) -> ChainId {
        self.site().id()
    }

    fn price(&self) -> String {
        let slug = self.site().slug;
        match (self.money, slug) {
            (Adapter::Coins, "polygon") => r#"{"currency":"POL","network":"polygon","amount":"5"}"#.to_owned(),
            (Adapter::Coins, "bsc") => r#"{"currency":"BNB","network":"bsc","amount":"5"}"#.to_owned(),
            (Adapter::Coins, _) => format!(r#"{{"currency":"ETH","network":"{slug}","amount":"5"}}"#),
            _ => five_usdt(slug),
        }
    }

    fn due(&self) -> u128 {
        match self.money {
            Adapter::Coins => 5 * COIN,
            _ => 5 * 10_u128.pow(u32::from(self.site().purse.decimals)),
        }
    }

    async fn send(&mut self, to: &Invoice, units: u128) -> Numbered {
        self.sent(self.payment(to, units)).await
    }

    async fn send_to_each(&mut self, to: &[&Invoice], units: u128) -> Numbered {
        let payees: Vec<_> = to.iter().map(|invoice| payee(invoice)).collect();
        let all = units * u128::try_from(payees.len()).unwrap();
        let transaction = match self.money {
            Adapter::Coins => self.call("pay(address[],uint256)", &[payees[..].into(), units.into()]).with(all),
            _ => {
                let arguments = [self.site().purse.usdt.into(), payees[..].into(), units.into()];
                self.call("transferTokens(address,address[],uint256)", &arguments)
            }
        };
        self.sent(transaction).await
    }

    async fn replace(&mut self, waiting: &Numbered, to: &Invoice, units: u128) -> Numbered {
        let nonce = waiting.nonce;
        let transaction = Send { nonce: Some(nonce), tip: MORE, ..self.payment(to, units) };
        Numbered { nonce, hash: self.site().purse.node.send(transaction).await.unwrap() }
    }

    async fn mine(&mut self, blocks: u64) {
        self.site().purse.node.mine(blocks).await.unwrap();
    }

    async fn reorganise(&mut self, depth: u64, (again, place): (&Numbered, Again), lost: &Numbered) {
        assert!(again.nonce < lost.nonce, "or the one that is mined again could not be");
        let place = match place {
            Again::SameHeight => 0,
            Again::Higher => depth - 1,
        };
        self.site().purse.node.reorg_with(depth, again.hash, place).await.unwrap();
    }

    async fn send_wrong_token(&mut self, to: &Invoice) -> Seen {
        let due = self.due();
        self.site().purse.mint(self.site().usdc, payee(to), U256::from(due)).await.unwrap();
        Seen::Rejected(due)
    }

    async fn send_on_wrong_network(&mut self, to: &Invoice) -> Seen {
        let there = &self.shop.sites[1].purse;
        let units = match self.money {
            Adapter::Coins => 5 * COIN,
            _ => 5 * 10_u128.pow(u32::from(there.decimals)),
        };
        let payment = match self.money {
            Adapter::Coins => Send::coins(payee(to), units),
            _ => there.transfer(payee(to), units),
        };
        there.run(payment).await.unwrap();
        there.node.mine(CONFIRMATIONS).await.unwrap();
        Seen::Rejected(units)
    }

    async fn send_look_alikes(&mut self, to: &Invoice) {
        match self.money {
            Adapter::Coins => self.look_like_coins(to).await,
            _ => self.look_like_tokens(to).await,
        }
    }

    /// Blocks of this chain have the time of the machine, which is beyond the shop's: our own record decides.
    async fn wait(&mut self, seconds: i64) {
        self.shop.clock.move_by_ms(seconds * 1000);
    }

    fn troubles(&self) -> Vec<Trouble> {
        let of_this_chain = [
            Fault::ErrorInside(-32000, "header not found"),
            Fault::WrongId,
            Fault::ShortBatch,
            Fault::ShuffledBatch,
            Fault::EvmLag(1),
            Fault::EvmLag(9),
            Fault::EvmChainId(self.chain_id + 1),
        ];
        ON_ANY_WIRE.into_iter().chain(of_this_chain).map(Trouble::Wire).collect()
    }

    fn set(&self, trouble: Trouble) {
        match trouble {
            Trouble::Wire(fault) => self.site().proxy.set(fault),
            Trouble::Off | Trouble::Behind(_) => panic!("there is a wire"),
        }
    }

    fn heal(&self) {
        self.site().proxy.heal();
    }
}
