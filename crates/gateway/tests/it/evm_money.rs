//! Coins and tokens on EVM chains, from a real node through the scanner to what the shop hears.

use crate::evm_shop::{CONFIRMATIONS, EvmShop, Site, five_usdt, payee};
use alloy_primitives::{Address, U256};
use farthing_domain::{id::Environment, invoice::Invoice, standing::Status};
use farthing_gateway::{concerns::Acknowledged, scan::ScanError};
use farthing_peers::{
    anvil::{Send, contracts::call},
    fault_proxy::Fault,
};
use farthing_store::records::Holder;
use serde_json::{Value, json};
use std::time::Duration;

/// 5 USDT in units of 10^-6.
const DUE: u128 = 5_000_000;
/// In units of 10^-18.
const COIN: u128 = 1_000_000_000_000_000_000;
const FIVE_POL: &str = r#"{"currency":"POL","network":"polygon","amount":"5"}"#;

fn told(payments: &[(&str, u128)]) -> Vec<(String, u128)> {
    payments.iter().map(|(status, units)| ((*status).to_owned(), *units)).collect()
}

#[tokio::test]
async fn a_payment_is_known_by_its_transaction_and_by_its_log_or_call() {
    let shop = EvmShop::open(vec![Site::polygon().await]).await;
    let (token, coin) = (shop.sell().await, shop.create(FIVE_POL).await);
    let in_token = shop.pay_usdt(&token, DUE).await;
    let in_coin = shop.pay(Send::coins(payee(&coin), 5 * COIN)).await;
    for (invoice, hash, position) in [(token, in_token, "log/0"), (coin, in_coin, "native")] {
        let key = shop.read(invoice.id).await.payments[0].key.clone();
        assert_eq!((key.transaction, key.position.as_str()), (hash.to_string(), position));
    }
}

#[tokio::test]
async fn a_token_that_nobody_sells_is_told_when_the_invoice_has_ended_and_a_made_up_one_never() {
    let shop = EvmShop::open(vec![Site::polygon().await]).await;
    let (invoice, twin) = (shop.sell().await, shop.sell().await);
    let purse = &shop.site().purse;
    let clone = purse.token("Tether USD", "USDT", 6).await.unwrap();
    purse.mint(clone, payee(&invoice), U256::from(DUE)).await.unwrap();
    purse.mint(shop.site().dai, payee(&invoice), U256::from(5 * COIN)).await.unwrap();
    purse.run(purse.transfer(payee(&twin), DUE)).await.unwrap();
    shop.mine(CONFIRMATIONS).await;
    assert_eq!((shop.status(&invoice).await, shop.status(&twin).await), (Status::Pending, Status::Paid));
    assert_eq!(shop.events(&invoice).await, "created");
    shop.clock.move_by_ms(3 * 3_600_000);
    shop.mine(1).await;
    shop.gateway.expire(Environment::Live, farthing_gateway::expire::Waiting::Now).await.unwrap();
    let closed = shop.gateway.reconcile_closed().await.unwrap().unwrap();
    assert_eq!((closed.compared, closed.unexplained, closed.unasked), (1, 0, 0));
    assert_eq!(shop.events(&invoice).await, "created expired deposit_rejected");
    assert_eq!(shop.payments(&invoice).await, told(&[("rejected", 5 * COIN)]));
    let rejected = shop.read(invoice.id).await.payments[0].clone();
    assert_eq!((rejected.asset.to_string().as_str(), rejected.decimals), ("DAI on polygon", 18));
    // Everything is explained, and nothing is told twice.
    let (_, round) = shop.gateway.reconcile_recent(None).await.unwrap();
    assert_eq!((round.compared, round.unexplained), (2, 0));
    assert_eq!(shop.events(&invoice).await, "created expired deposit_rejected");
    assert_eq!(shop.events(&twin).await, "created payment_detected confirming paid");
}

#[tokio::test]
async fn code_at_an_address_and_a_frozen_token_are_alarms_until_they_are_gone_and_take_nothing_back() {
    let shop = EvmShop::open(vec![Site::polygon().await]).await;
    let (swept, kept) = (shop.sell().await, shop.sell().await);
    for invoice in [&swept, &kept] {
        shop.pay_usdt(invoice, DUE).await;
    }
    shop.mine(CONFIRMATIONS).await;
    let purse = &shop.site().purse;
    let set_code = |at: Address, code: Value| purse.node.call("anvil_setCode", json!([at, code]));
    let concerns = || async {
        shop.gateway.reconcile_recent(None).await.unwrap();
        #[expect(
            clippy::redundant_closure_for_method_calls,
            reason = "the method's path is not general enough in its lifetime"
        )]
        let found = shop.gateway.store().read(|reader| reader.concerns()).await.unwrap();
        found.iter().map(|concern| (concern.holder, concern.what.to_string())).collect::<Vec<_>>()
    };
    let of = |invoice: &Invoice, what: &str| (Holder::Invoice(invoice.id), what.to_owned());
    assert_eq!(concerns().await, []);
    // What a type-4 transaction leaves at an account (EIP-7702).
    set_code(payee(&swept), json!(format!("0xef0100{}", hex::encode(purse.payer)))).await.unwrap();
    assert_eq!(concerns().await, [of(&swept, "code")]);
    assert_eq!(concerns().await, [of(&swept, "code")], "once");
    // The token answers every question with 1: so much is held, and it is frozen.
    let token = purse.node.call("eth_getCode", json!([purse.usdt, "latest"])).await.unwrap();
    set_code(purse.usdt, json!("0x600160005260206000f3")).await.unwrap();
    let mut frozen = concerns().await;
    frozen.sort();
    let mut expected = vec![of(&swept, "code"), of(&swept, "frozen USDT"), of(&kept, "frozen USDT")];
    // It says so of everybody, of the payer too.
    expected.extend([of(&swept, "payer frozen USDT"), of(&kept, "payer frozen USDT")]);
    expected.sort();
    assert_eq!(frozen, expected);
    // A provider that does not answer has not said that all is well.
    shop.site().proxy.set_for("eth_call", Fault::ErrorInside(-32005, "rate limit reached"));
    assert_eq!(concerns().await.len(), expected.len());
    shop.site().proxy.heal();
    set_code(purse.usdt, token).await.unwrap();
    assert_eq!(concerns().await, [of(&swept, "code")]);
    set_code(payee(&swept), json!("0x")).await.unwrap();
    assert_eq!(concerns().await, []);
    for invoice in [&swept, &kept] {
        assert_eq!(shop.events(invoice).await, "created payment_detected confirming paid", "who paid has paid");
    }
}

/// A contract that answers every question about this address with 1 and others with 0.
fn only_of(who: Address) -> String {
    format!("0x73{}6004351460005260206000f3", hex::encode(who))
}

#[tokio::test]
async fn a_payer_whom_the_issuer_froze_is_told_and_acknowledged_and_the_payment_stands_beside_its_twin() {
    let shop = EvmShop::open(vec![Site::polygon().await]).await;
    let (tainted, twin) = (shop.sell().await, shop.sell().await);
    let purse = &shop.site().purse;
    let (payer, other) = (purse.node.account(0), purse.node.account(6));
    purse.run(purse.transfer(other, DUE)).await.unwrap();
    shop.pay_usdt(&tainted, DUE).await;
    let data = call("transfer(address,uint256)", &[payee(&twin).into(), DUE.into()]);
    purse.node.send_from(other, Send::call(purse.usdt, data)).await.unwrap();
    shop.mine(CONFIRMATIONS).await;
    purse.node.call("anvil_setCode", json!([purse.usdt, only_of(payer)])).await.unwrap();
    shop.gateway.reconcile_recent(None).await.unwrap();
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method's path is not general enough in its lifetime"
    )]
    let found = || async { shop.gateway.store().read(|reader| reader.concerns()).await.unwrap() };
    let [concern] = &found().await[..] else { panic!("{:?}", found().await) };
    assert_eq!(concern.holder, Holder::Invoice(tainted.id));
    assert_eq!((concern.what.to_string().as_str(), concern.acknowledged_at), ("payer frozen USDT", None));
    for invoice in [&tainted, &twin] {
        assert_eq!(shop.status(invoice).await, Status::Paid, "who paid has paid");
    }
    // The operator has looked: it stays known, and is no alarm at the next look either.
    let polygon = shop.site().id().network;
    let nothing = shop.gateway.acknowledge(polygon, &twin.quotes[0].address).await.unwrap();
    assert_eq!(nothing, []);
    let shown = concern.shown.to_ascii_lowercase();
    let acknowledged = shop.gateway.acknowledge(polygon, &shown).await.unwrap();
    assert_eq!(acknowledged, [Acknowledged::Concern(concern.what)]);
    shop.gateway.reconcile_recent(None).await.unwrap();
    assert!(found().await[0].acknowledged_at.is_some());
    assert_eq!(shop.gateway.acknowledge(polygon, &shown).await.unwrap(), [], "once");
    // What is gone and comes back is news.
    purse.node.call("anvil_setCode", json!([purse.usdt, only_of(other)])).await.unwrap();
    shop.gateway.reconcile_recent(None).await.unwrap();
    assert_eq!(found().await.iter().map(|one| one.holder).collect::<Vec<_>>(), [Holder::Invoice(twin.id)]);
    purse.node.call("anvil_setCode", json!([purse.usdt, only_of(payer)])).await.unwrap();
    shop.gateway.reconcile_recent(None).await.unwrap();
    assert_eq!(found().await[0].acknowledged_at, None);
}

#[tokio::test]
async fn a_token_with_other_decimals_than_the_list_says_is_not_scanned_for_until_the_list_is_right() {
    let mut site = Site::polygon().await;
    // The list says 6; this contract says 18.
    let other = site.purse.token("Tether USD", "USDT", 18).await.unwrap();
    let right = std::mem::replace(&mut site.purse.usdt, other);
    let mut shop = EvmShop::closed(vec![site]).await;
    let id = shop.site().id();
    let refused = shop.gateway.scan(id).await.unwrap_err().to_string();
    assert!(refused.contains("USDT on polygon") && refused.contains("has 18 decimals"), "{refused}");
    assert!(!shop.gateway.can_sell(shop.gateway.chain(id).unwrap()));
    shop.sites[0].purse.usdt = right;
    let shop = shop.restart().await;
    shop.begin().await;
    assert!(shop.gateway.can_sell(shop.gateway.chain(id).unwrap()), "its twin sells");
}

#[tokio::test]
async fn money_on_the_wrong_network_is_found_and_the_same_amount_has_other_units_there() {
    let (polygon, bsc) = tokio::join!(Site::polygon(), Site::bsc());
    let shop = EvmShop::open(vec![polygon, bsc]).await;
    let (on_polygon, on_bsc) = (shop.sell().await, shop.create(&five_usdt("bsc")).await);
    let bsc = &shop.sites[1].purse;
    bsc.run(bsc.transfer(payee(&on_polygon), 5 * COIN)).await.unwrap();
    bsc.run(bsc.transfer(payee(&on_bsc), 5 * COIN)).await.unwrap();
    bsc.node.mine(CONFIRMATIONS).await.unwrap();
    shop.scan().await;
    assert_eq!(shop.status(&on_bsc).await, Status::Paid);
    assert_eq!(shop.status(&on_polygon).await, Status::Pending);
    assert_eq!(shop.payments(&on_polygon).await, told(&[("rejected", 5 * COIN)]));
    assert_eq!(shop.events(&on_polygon).await, "created deposit_rejected");
    let rejected = shop.read(on_polygon.id).await.payments[0].clone();
    assert_eq!((rejected.asset.to_string().as_str(), rejected.decimals), ("USDT on bsc", 18));
    shop.pay_usdt(&on_polygon, DUE).await;
    shop.mine(CONFIRMATIONS).await;
    assert_eq!(shop.status(&on_polygon).await, Status::Paid);
}

#[tokio::test]
async fn finality_by_tag_is_the_networks_word() {
    let shop = EvmShop::open(vec![Site::polygon().await.final_by_tag()]).await;
    let invoice = shop.sell().await;
    shop.pay_usdt(&invoice, DUE).await;
    shop.mine(1).await;
    assert_eq!(shop.status(&invoice).await, Status::Confirming, "the tag is two blocks below the head here");
    shop.mine(1).await;
    assert_eq!(shop.status(&invoice).await, Status::Paid);
}

#[tokio::test]
async fn whatever_the_provider_does_every_payment_is_attributed_once_in_the_end() {
    let shop = EvmShop::open(vec![Site::polygon().await]).await;
    let site = shop.site();
    let faults = vec![
        Fault::Reset,
        Fault::Truncate,
        Fault::HalfBody,
        Fault::Status(429, Some(0)),
        Fault::Status(500, None),
        Fault::HtmlPage,
        Fault::ErrorInside(-32000, "header not found"),
        Fault::WrongId,
        Fault::ShuffledBatch,
        Fault::ShortBatch,
        Fault::EmptyBody,
        Fault::Delay(Duration::from_millis(5)),
        Fault::EvmLag(3),
        Fault::EvmLag(1),
        Fault::EvmChainId(1),
    ];
    site.proxy.set_random(30, 7, faults);
    let mut invoices = Vec::new();
    for round in 0..12_u128 {
        let invoice = shop.sell().await;
        site.purse.run(site.purse.transfer(payee(&invoice), DUE - round)).await.unwrap();
        site.purse.run(site.purse.transfer(payee(&invoice), round)).await.unwrap();
        invoices.push(invoice);
        for _ in 0..4 {
            drop(shop.gateway.scan(site.id()).await);
        }
    }
    assert!(site.proxy.faulted() > 50, "{}", site.proxy.faulted());
    site.proxy.heal();
    shop.mine(CONFIRMATIONS).await;
    for (round, invoice) in (0..12_u128).zip(&invoices) {
        assert_eq!(shop.status(invoice).await, Status::Paid);
        let parts =
            if round == 0 { vec![("confirmed", DUE)] } else { vec![("confirmed", DUE - round), ("confirmed", round)] };
        assert_eq!(shop.payments(invoice).await, told(&parts));
        assert!(!shop.events(invoice).await.contains("dropped"), "nothing was taken back that stood");
    }
    shop.ledger_is_whole().await;
}

#[tokio::test]
async fn with_all_providers_down_at_the_start_other_networks_sell() {
    let (polygon, bsc) = tokio::join!(Site::polygon(), Site::bsc());
    polygon.proxy.set(Fault::Reset);
    let shop = EvmShop::closed(vec![bsc, polygon]).await;
    assert!(shop.gateway.scan_all(Environment::Live).await.is_err());
    let (up, down) = (shop.sites[0].id(), shop.sites[1].id());
    assert!(shop.gateway.chain(up).unwrap().trouble().is_none());
    assert!(shop.gateway.chain(down).unwrap().trouble().unwrap().text.contains("the connection broke"));
    let state = &shop.gateway.chain(down).unwrap().providers()[0];
    assert!(state.failures_in_row > 0 && state.last_error.is_some(), "{state:?}");
    shop.sites[1].proxy.heal();
    shop.begin().await;
    assert!(shop.gateway.chain(down).unwrap().trouble().is_none());
    let invoice = shop.sell().await;
    shop.sites[1].proxy.set(Fault::Reset);
    shop.site().purse.run(shop.site().purse.transfer(payee(&invoice), 5 * COIN)).await.unwrap();
    shop.site().purse.node.mine(CONFIRMATIONS).await.unwrap();
    assert!(shop.gateway.scan_all(Environment::Live).await.is_err());
    assert_eq!(shop.status(&invoice).await, Status::Paid, "the other network goes on");
}

#[tokio::test]
async fn another_chain_behind_the_same_address_is_never_scanned() {
    let (first, second) = tokio::join!(Site::polygon(), Site::polygon());
    second.purse.node.mine(1).await.unwrap();
    let shop = EvmShop::open(vec![first]).await;
    let invoice = shop.sell().await;
    shop.pay_usdt(&invoice, DUE).await;
    let before = shop.events(&invoice).await;
    // In the middle of the work, and as another chain id.
    shop.site().proxy.set(Fault::EvmChainId(1));
    assert!(shop.gateway.scan(shop.site().id()).await.is_err());
    assert_eq!(shop.events(&invoice).await, before);
    shop.site().proxy.heal();
    // After a restart, with the same chain id and another first block.
    let mut shop = shop;
    shop.sites[0].proxy.set(Fault::Edit(std::sync::Arc::new(|method, params, result| {
        if method == "eth_getBlockByNumber" && params[0] == "0x0" {
            result["hash"] = serde_json::json!(format!("0x{}", "55".repeat(32)));
        }
    })));
    shop = shop.restart().await;
    let scanned = shop.gateway.scan(shop.site().id()).await;
    assert!(matches!(scanned, Err(ScanError::OtherChain { .. })), "{scanned:?}");
    assert!(shop.gateway.chain(shop.site().id()).unwrap().trouble().unwrap().is_other_chain);
    assert_eq!(shop.events(&invoice).await, before);
    shop.sites[0].proxy.heal();
    shop = shop.restart().await;
    shop.mine(CONFIRMATIONS).await;
    assert_eq!(shop.status(&invoice).await, Status::Paid);
}

#[tokio::test]
async fn coins_that_a_contract_paid_unseen_are_found_by_their_balance() {
    let site = Site::polygon().await;
    site.proxy.set_for("trace", Fault::ErrorInside(-32601, "the method does not exist"));
    let shop = EvmShop::open(vec![site]).await;
    let invoice = shop.create(FIVE_POL).await;
    let purse = &shop.site().purse;
    let arguments = [[payee(&invoice)][..].into(), (5 * COIN).into()];
    shop.pay(purse.payer("pay(address[],uint256)", &arguments).with(5 * COIN)).await;
    shop.mine(CONFIRMATIONS).await;
    assert!(shop.payments(&invoice).await.is_empty(), "the provider shows no calls");
    let (_, round) = shop.gateway.reconcile_recent(None).await.unwrap();
    assert_eq!(round.unexplained, 1);
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method's path is not general enough in its lifetime"
    )]
    let found = shop.gateway.store().read(|reader| reader.surpluses()).await.unwrap();
    assert_eq!((found[0].balance, found[0].recorded), (5 * COIN, 0));
    assert_eq!(found[0].holder, Holder::Invoice(invoice.id));
}

#[tokio::test]
async fn a_new_database_does_not_hand_out_an_address_that_was_ever_used() {
    let site = Site::polygon().await;
    let address = |index: u32| {
        let bytes = crate::evm_shop::account().address(index).unwrap().bytes().to_vec();
        Address::try_from(bytes.as_slice()).unwrap()
    };
    let purse = &site.purse;
    purse.run(Send::coins(address(0), 1)).await.unwrap();
    // Received and swept without a transaction of its own: only the log tells.
    purse.run(purse.transfer(address(3), 9)).await.unwrap();
    purse.run(Send::call(purse.usdt, call("rebase(address,uint256)", &[address(3).into(), 0.into()]))).await.unwrap();
    let shop = EvmShop::open(vec![site]).await;
    let first = payee(&shop.sell().await);
    assert_eq!(first, address(4), "beyond everything that was ever used");
}
