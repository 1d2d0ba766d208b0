//! What counts as money on an EVM chain and what only looks like it, each beside a good payment that must count.

use crate::evm_chain::{ALSO_OURS, Chain, OURS, STRANGER, Seen, address as our_address, paid, seen, short, transfers};
use alloy_primitives::{Address, B256, U256, address, keccak256};
use farthing_networks::{
    evm::{Evm, EvmError, Traces},
    inspect::{Balance, Concern, Inspect, Wrong},
    network::Network,
};
use farthing_peers::{
    anvil::{
        Send,
        contracts::{Argument, call},
    },
    fault_proxy::{Fault, FaultProxy},
};
use serde_json::json;

fn shout(contract: Address, topics: &[B256], data: Vec<u8>) -> Send {
    Send::call(contract, call("shout(bytes32[],bytes)", &[topics.into(), Argument::Bytes(data)]))
}

/// The topics of a transfer.
fn topics(from: Address, to: Address) -> [B256; 3] {
    [keccak256("Transfer(address,address,uint256)"), from.into_word(), to.into_word()]
}

fn word(units: u128) -> Vec<u8> {
    U256::from(units).to_be_bytes::<32>().to_vec()
}

#[tokio::test]
async fn coins_and_tokens_arrive_exactly() {
    let chain = Chain::polygon().await;
    chain.run(Send::coins(OURS, 1)).await.unwrap();
    chain.run(Send::coins(STRANGER, 2)).await.unwrap();
    let hash = chain.run(chain.transfer(OURS, 3)).await.unwrap();
    chain.run(chain.transfer(STRANGER, 4)).await.unwrap();
    let scanned = chain.scan(&chain.evm()).await.unwrap();
    let found = transfers(&scanned);
    assert_eq!(found.iter().map(short).collect::<Vec<_>>(), [seen("COIN", "native", 1), seen("USDT", "log/0", 3)]);
    assert_eq!(found[1].transaction, hash.to_string());
    assert_eq!((found[0].decimals, found[1].decimals), (18, 6));
    assert_eq!(found[1].address, OURS.to_vec());
    let head = chain.node.call("eth_getBlockByNumber", json!(["latest", false])).await.unwrap();
    assert_eq!(scanned.end.block.hash, head["hash"]);
    assert_eq!(scanned.blocks[1].header.parent, scanned.blocks[1].header.parent.to_lowercase());
}

#[tokio::test]
async fn nothing_and_money_sent_to_oneself_are_ignored() {
    let chain = Chain::polygon().await;
    chain.run(Send::coins(OURS, 0)).await.unwrap();
    chain.run(chain.transfer(OURS, 0)).await.unwrap();
    // Anybody may move nothing in anybody's name: never to be taken for the payer.
    let poison = call("transferFrom(address,address,uint256)", &[STRANGER.into(), OURS.into(), 0.into()]);
    chain.run(Send::call(chain.usdt, poison)).await.unwrap();
    chain.node.call("anvil_impersonateAccount", json!([OURS])).await.unwrap();
    chain.run(Send::coins(OURS, 10_u128.pow(18))).await.unwrap();
    chain.run(chain.transfer(OURS, 50)).await.unwrap();
    for to_oneself in [Send::coins(OURS, 5), chain.transfer(OURS, 6)] {
        let hash = chain.node.send_from(OURS, to_oneself).await.unwrap();
        chain.node.mine(1).await.unwrap();
        assert!(chain.node.succeeded(hash).await.unwrap());
    }
    assert_eq!(chain.arrived().await, [seen("COIN", "native", 10_u128.pow(18)), seen("USDT", "log/0", 50)]);
}

#[tokio::test]
async fn a_transfer_that_answers_false_moves_nothing() {
    let chain = Chain::polygon().await;
    let token = chain.node.deploy("FalseToken", &[]).await.unwrap();
    let transfer = |units: u128| Send::call(token, call("transfer(address,uint256)", &[OURS.into(), units.into()]));
    chain.run(transfer(9)).await.unwrap();
    chain.mint(token, chain.node.account(0), U256::from(20)).await.unwrap();
    chain.run(transfer(9)).await.unwrap();
    let evm = chain.with_tokens(&[("FALSE", 6, token)]);
    assert_eq!(chain.arrived_by(&evm).await, [seen("FALSE", "log/0", 9)]);
}

#[tokio::test]
async fn what_a_failed_transaction_would_have_moved_did_not_move() {
    let chain = Chain::polygon().await;
    chain.fail(chain.transfer(OURS, u128::MAX)).await.unwrap();
    chain.fail(chain.payer("payThenRevert(address)", &[OURS.into()]).with(11)).await.unwrap();
    // It runs out of gas on its way, the coins with it.
    chain
        .fail(Send { gas: Some(25_000), ..chain.payer("pay(address[],uint256)", &[[OURS][..].into(), 1.into()]) })
        .await
        .unwrap();
    let pause = call("setPaused(bool)", &[1.into()]);
    chain.run(Send::call(chain.usdt, pause)).await.unwrap();
    chain.fail(chain.transfer(OURS, 12)).await.unwrap();
    chain.run(Send::call(chain.usdt, call("setPaused(bool)", &[0.into()]))).await.unwrap();
    chain.run(chain.transfer(OURS, 13)).await.unwrap();
    chain.run(Send::coins(OURS, 14)).await.unwrap();
    assert_eq!(chain.arrived().await, [seen("USDT", "log/0", 13), seen("COIN", "native", 14)]);
}

/// Every way in which contracts pay coins, and what comes of each.
async fn pay_in_every_way(chain: &Chain) {
    let refuser = chain.node.deploy("Refuser", &[]).await.unwrap();
    let all = [OURS, STRANGER, OURS, ALSO_OURS];
    chain.run(chain.payer("pay(address[],uint256)", &[all[..].into(), 5.into()]).with(20)).await.unwrap();
    chain.run(chain.payer("payAndFail(address)", &[OURS.into()]).with(6)).await.unwrap();
    chain.run(chain.payer("split(address[])", &[[refuser, OURS][..].into()]).with(14)).await.unwrap();
    chain.run(chain.payer("payByDestruction(address)", &[OURS.into()]).with(8)).await.unwrap();
    chain.run(chain.payer("payFromBelow(address,uint256)", &[OURS.into(), 60.into()]).with(9)).await.unwrap();
    chain.run(chain.payer("borrowCode(address)", &[chain.payer.into()]).with(10)).await.unwrap();
    chain.run(Send::coins(OURS, 11)).await.unwrap();
}

fn paid_in_every_way() -> Vec<Seen> {
    vec![
        seen("COIN", &paid(OURS, 0), 5),
        seen("COIN", &paid(OURS, 1), 5),
        seen("COIN", &paid(ALSO_OURS, 0), 5),
        seen("COIN", &paid(OURS, 0), 7),
        seen("COIN", &paid(OURS, 0), 8),
        seen("COIN", &paid(OURS, 0), 9),
        seen("COIN", "native", 11),
    ]
}

#[tokio::test]
async fn coins_that_contracts_pay_are_found_without_what_was_reverted_by_either_way_of_tracing() {
    let chain = Chain::polygon().await;
    pay_in_every_way(&chain).await;
    assert_eq!(chain.arrived().await, paid_in_every_way(), "by debug_traceBlockByHash");
    let proxy = FaultProxy::before(&chain.node.url()).await.unwrap();
    proxy.set_for("debug_trace", Fault::ErrorInside(-32601, "the method debug_traceBlockByHash does not exist"));
    assert_eq!(chain.arrived_by(&chain.through(&[proxy.url()])).await, paid_in_every_way(), "by trace_block");
}

#[tokio::test]
async fn without_traces_what_contracts_pay_shows_in_balances() {
    let chain = Chain::polygon().await;
    pay_in_every_way(&chain).await;
    let proxy = FaultProxy::before(&chain.node.url()).await.unwrap();
    proxy.set_for("trace", Fault::ErrorInside(-32601, "the method does not exist"));
    let mut never = chain.config(&[chain.node.url()]);
    never.traces = Traces::Never;
    for evm in [chain.through(&[proxy.url()]), Evm::new(never).unwrap()] {
        assert_eq!(chain.arrived_by(&evm).await, [seen("COIN", "native", 11)]);
        let head = chain.node.head().await.unwrap();
        let asset = chain.asset("COIN", 18, None).id;
        let held = evm.balances(&[our_address(OURS)], head).await.unwrap();
        assert_eq!(held, [Balance { address: OURS.to_vec(), asset, units: 5 + 5 + 7 + 8 + 9 + 11 }]);
        let findings = evm.examine().await.unwrap();
        let traces = findings.iter().find(|finding| finding.name.ends_with("traces")).unwrap();
        assert!(!traces.ok && traces.detail.contains("balances only"), "{traces:?}");
    }
}

#[tokio::test]
async fn a_delegated_account_pays_and_code_at_our_own_address_is_seen() {
    let chain = Chain::polygon().await;
    let smart = chain.node.account(5);
    // What a type-4 transaction leaves at an account (EIP-7702).
    let delegation = |to: Address| format!("0xef0100{}", hex::encode(to));
    chain.node.call("anvil_setCode", json!([smart, delegation(chain.payer)])).await.unwrap();
    let data = call("pay(address[],uint256)", &[[OURS, OURS][..].into(), 3.into()]);
    let hash = chain.node.send_from(smart, Send::call(smart, data)).await.unwrap();
    chain.node.mine(1).await.unwrap();
    assert!(chain.node.succeeded(hash).await.unwrap());
    assert_eq!(chain.arrived().await, [seen("COIN", &paid(OURS, 0), 3), seen("COIN", &paid(OURS, 1), 3)]);
    let evm = chain.evm();
    let ours = [our_address(OURS), our_address(ALSO_OURS)];
    assert_eq!(evm.have_code(&ours).await.unwrap(), [false, false]);
    chain.node.call("anvil_setCode", json!([ALSO_OURS, delegation(chain.payer)])).await.unwrap();
    assert_eq!(evm.have_code(&ours).await.unwrap(), [false, true], "somebody has its key");
}

/// A contract that answers every question with this number.
fn always(number: u8) -> String {
    format!("0x60{number:02x}60005260206000f3")
}

#[tokio::test]
async fn a_sold_token_that_its_issuer_froze_at_an_address_of_ours_is_seen_and_its_twin_is_free() {
    let chain = Chain::polygon().await;
    let frozen = chain.token("USD Coin", "USDC", 6).await.unwrap();
    chain.node.call("anvil_setCode", json!([frozen, always(1)])).await.unwrap();
    chain.run(chain.transfer(OURS, 70)).await.unwrap();
    let evm = chain.with_tokens(&[("USDT", 6, chain.usdt), ("USDC", 6, frozen)]);
    let ours = [our_address(OURS), our_address(ALSO_OURS)];
    let head = chain.node.head().await.unwrap();
    let held = evm.balances(&ours[..1], head).await.unwrap();
    assert_eq!(held.len(), 2, "70 of the one and, by its word, 1 of the other: {held:?}");
    let wrong = Wrong::Frozen(chain.asset("USDC", 6, Some(frozen)).id);
    assert_eq!(evm.concerns(&ours, &held, &[]).await.unwrap(), [Concern { address: OURS.to_vec(), wrong }]);
    // What answers something other than yes has frozen nothing.
    chain.node.call("anvil_setCode", json!([frozen, always(2)])).await.unwrap();
    assert_eq!(evm.concerns(&ours, &held, &[]).await.unwrap(), []);
    assert_eq!(chain.arrived().await, [seen("USDT", "log/0", 70)], "and what is free counts");
}

#[tokio::test]
async fn a_token_that_only_looks_like_one_is_none() {
    let chain = Chain::polygon().await;
    let clone = chain.token("Tether USD", "USDT", 6).await.unwrap();
    chain.mint(clone, OURS, U256::from(20)).await.unwrap();
    let shouter = chain.node.deploy("Shouter", &[]).await.unwrap();
    // The real token's address anywhere but as the emitter.
    chain.run(shout(shouter, &topics(chain.usdt, OURS), word(21))).await.unwrap();
    let [event, from, to] = topics(STRANGER, OURS);
    chain.run(shout(shouter, &[event, from, to], chain.usdt.into_word().to_vec())).await.unwrap();
    chain.run(shout(shouter, &[event, from, to, chain.usdt.into_word()], word(22))).await.unwrap();
    chain.run(chain.transfer(OURS, 23)).await.unwrap();
    assert_eq!(chain.arrived().await, [seen("USDT", "log/0", 23)]);
}

#[tokio::test]
async fn a_log_of_another_form_is_no_transfer() {
    let chain = Chain::polygon().await;
    let listed = chain.node.deploy("Shouter", &[]).await.unwrap();
    let [event, from, to] = topics(STRANGER, OURS);
    let dirty = B256::from(U256::from_be_bytes(to.0) | (U256::from(1) << 200));
    for (topics, data) in [
        (vec![event, from, to, B256::from(U256::from(7))], vec![]),
        (vec![event, from, to, B256::from(U256::from(7))], word(30)),
        (vec![event, from, to], word(31)[1..].to_vec()),
        (vec![event, from, to], [word(32), vec![0]].concat()),
        (vec![event, from, to], vec![]),
        (vec![event, from, dirty], word(33)),
        (vec![event, dirty, to], word(34)),
        (vec![keccak256("Transfer(address,address)"), from, to], word(35)),
        (vec![event], [word(0), word(36)].concat()),
    ] {
        chain.run(shout(listed, &topics, data)).await.unwrap();
    }
    chain.run(shout(listed, &[event, from, to], word(37))).await.unwrap();
    let evm = chain.with_tokens(&[("SHOUT", 6, listed)]);
    assert_eq!(chain.arrived_by(&evm).await, [seen("SHOUT", "log/0", 37)]);
}

#[tokio::test]
async fn the_logs_value_counts_and_balances_show_where_a_token_keeps_a_fee_or_takes_back() {
    let chain = Chain::polygon().await;
    chain.run(Send::call(chain.usdt, call("setFee(uint256)", &[10.into()]))).await.unwrap();
    chain.run(chain.transfer(OURS, 1_000)).await.unwrap();
    chain.run(Send::call(chain.usdt, call("setFee(uint256)", &[0.into()]))).await.unwrap();
    chain.run(chain.transfer(ALSO_OURS, 1_000)).await.unwrap();
    assert_eq!(chain.arrived().await, [seen("USDT", "log/0", 900), seen("USDT", "log/0", 1_000)]);
    let ours = [our_address(OURS), our_address(ALSO_OURS)];
    let head = chain.node.head().await.unwrap();
    chain.run(Send::call(chain.usdt, call("rebase(address,uint256)", &[ALSO_OURS.into(), 1.into()]))).await.unwrap();
    let evm = chain.evm();
    let held = |height| {
        let evm = &evm;
        let ours = &ours;
        async move { evm.balances(ours, height).await.unwrap().iter().map(|held| held.units).collect::<Vec<_>>() }
    };
    assert_eq!(held(head).await, [900, 1_000], "in the block that was asked for");
    assert_eq!(held(head + 1).await, [900, 1], "the issuer took it back without a log");
}

#[tokio::test]
async fn a_retired_contract_that_passes_its_calls_on_moves_nothing_by_its_own_logs_and_shows_in_balances() {
    let chain = Chain::polygon().await;
    let retired = chain.token("Tether USD", "USDT", 6).await.unwrap();
    // It calls the new contract with what it was called with, and answers what that answers.
    let code = format!("0x363d3d373d3d363d3d73{}5af13d6000803e3d6000f3", hex::encode(chain.usdt));
    chain.node.call("anvil_setCode", json!([retired, code])).await.unwrap();
    chain.mint(retired, OURS, U256::from(80)).await.unwrap();
    let (old, new) = (chain.with_tokens(&[("USDT", 6, retired)]), chain.evm());
    assert_eq!(chain.arrived_by(&old).await, [], "its logs are another contract's");
    let head = chain.node.head().await.unwrap();
    let held = old.balances(&[our_address(OURS)], head).await.unwrap();
    assert_eq!(held.iter().map(|held| held.units).collect::<Vec<_>>(), [80], "an alarm: nothing explains it");
    assert_eq!(chain.arrived_by(&new).await, [seen("USDT", "log/0", 80)], "where the new contract is listed it counts");
}

#[tokio::test]
async fn the_same_amount_is_another_number_of_units_on_a_chain_with_other_decimals() {
    let (polygon, bsc) = tokio::join!(Chain::polygon(), Chain::start("bsc", 56, 18));
    polygon.run(polygon.transfer(OURS, 5_000_000)).await.unwrap();
    bsc.run(bsc.transfer(OURS, 5_000_000_000_000_000_000)).await.unwrap();
    for (chain, units, decimals) in [(&polygon, 5_000_000, 6), (&bsc, 5_000_000_000_000_000_000, 18)] {
        let found = transfers(&chain.scan(&chain.evm()).await.unwrap());
        assert_eq!((found[0].units, found[0].decimals), (units, decimals));
        assert_eq!(found[0].asset.network.as_str(), chain.slug);
    }
    let wrong = bsc.with_tokens(&[("USDT", 6, bsc.usdt), ("NONE", 6, STRANGER)]);
    let findings = wrong.examine().await.unwrap();
    let detail = |name: &str| {
        let finding = findings.iter().find(|finding| finding.name.ends_with(name)).unwrap();
        assert!(!finding.ok, "{finding:?}");
        finding.detail.clone()
    };
    assert!(detail("USDT decimals").contains("has 18 decimals, the configuration says 6"), "{findings:?}");
    assert!(detail("NONE decimals").contains("there is no token"), "{findings:?}");
    let refused = wrong.identity().await.unwrap_err().to_string();
    assert!(refused.contains("USDT on bsc") && refused.contains("has 18 decimals"), "{refused}");
    assert!(bsc.evm().identity().await.is_ok());
    // A provider of another chain's is no provider, although everything else would fit.
    let mut config = bsc.config(&[polygon.node.url()]);
    config.tokens = vec![];
    assert!(bsc.scan(&Evm::new(config).unwrap()).await.is_err());
}

#[tokio::test]
async fn huge_amounts_are_exact_or_refused_and_never_wrap() {
    let chain = Chain::polygon().await;
    let exact = [1, 1 << 63, u128::from(u64::MAX), u128::MAX - 1, u128::MAX];
    for units in exact {
        chain.mint(chain.usdt, OURS, U256::from(units)).await.unwrap();
    }
    for units in [U256::from(u128::MAX) + U256::from(1), U256::from(1) << 255, U256::MAX] {
        chain.mint(chain.usdt, OURS, units).await.unwrap();
    }
    let evm = chain.evm();
    let units: Vec<u128> = chain.arrived_by(&evm).await.iter().map(|(_, _, units)| *units).collect();
    assert_eq!(units, exact);
    let findings = evm.examine().await.unwrap();
    let amounts = findings.iter().find(|finding| finding.name.ends_with("amounts")).unwrap();
    assert!(!amounts.ok && amounts.detail.starts_with("3 transfers of 2^128 units or more"), "{amounts:?}");
}

#[tokio::test]
async fn several_payments_in_one_transaction_are_each_their_own_wherever_it_is_mined() {
    let chain = Chain::polygon().await;
    let tokens = |payees: &[Address], each: u128| {
        chain.payer("transferTokens(address,address[],uint256)", &[chain.usdt.into(), payees.into(), each.into()])
    };
    // Other logs before it in its block: the number within the transaction stays.
    chain.node.send(chain.transfer(STRANGER, 1)).await.unwrap();
    chain.node.send(chain.transfer(STRANGER, 2)).await.unwrap();
    let hash = chain.node.send(tokens(&[OURS, STRANGER, ALSO_OURS, OURS], 40)).await.unwrap();
    chain.node.mine(1).await.unwrap();
    assert!(chain.node.succeeded(hash).await.unwrap());
    let expected = [seen("USDT", "log/0", 40), seen("USDT", "log/2", 40), seen("USDT", "log/3", 40)];
    assert_eq!(chain.arrived().await, expected);
    // The same transaction again, alone in another block.
    let raw = chain.node.call("eth_getRawTransactionByHash", json!([hash])).await.unwrap();
    chain.node.rollback(1).await.unwrap();
    chain.node.call("anvil_dropAllTransactions", json!([])).await.unwrap();
    chain.node.send(chain.transfer(STRANGER, 3)).await.unwrap();
    chain.node.mine(1).await.unwrap();
    chain.node.send(chain.transfer(STRANGER, 4)).await.unwrap();
    chain.node.mine(1).await.unwrap();
    assert_eq!(chain.node.call("eth_sendRawTransaction", json!([raw])).await.unwrap(), json!(hash));
    chain.node.mine(1).await.unwrap();
    let found = transfers(&chain.scan(&chain.evm()).await.unwrap());
    assert_eq!(found.iter().map(short).collect::<Vec<_>>(), expected);
    assert!(found.iter().all(|transfer| transfer.transaction == hash.to_string()));
}

#[tokio::test]
async fn a_token_transfer_reverted_inside_of_a_transaction_that_succeeds_left_no_log() {
    let chain = Chain::polygon().await;
    let arguments = [chain.usdt.into(), OURS.into(), 41.into()];
    chain.run(chain.payer("transferAndFail(address,address,uint256)", &arguments)).await.unwrap();
    chain
        .run(
            chain
                .payer("transferTokens(address,address[],uint256)", &[chain.usdt.into(), [OURS][..].into(), 42.into()]),
        )
        .await
        .unwrap();
    assert_eq!(chain.arrived().await, [seen("USDT", "log/0", 42)]);
}

#[tokio::test]
async fn a_log_told_twice_counts_once_and_one_that_was_taken_back_not() {
    let chain = Chain::polygon().await;
    chain.run(chain.transfer(OURS, 43)).await.unwrap();
    chain.run(chain.transfer(OURS, 44)).await.unwrap();
    let proxy = FaultProxy::before(&chain.node.url()).await.unwrap();
    proxy.set(Fault::Edit(std::sync::Arc::new(|method, _, result| {
        if let Some(logs) = result.as_array_mut().filter(|_| method == "eth_getLogs") {
            let mut again = logs.clone();
            logs.append(&mut again);
        }
    })));
    let both = [seen("USDT", "log/0", 43), seen("USDT", "log/0", 44)];
    assert_eq!(chain.arrived_by(&chain.through(&[proxy.url()])).await, both);
    proxy.set(Fault::Edit(std::sync::Arc::new(|method, _, result| {
        let logs = result.as_array_mut().filter(|_| method == "eth_getLogs");
        if let Some(log) = logs.and_then(|logs| logs.last_mut()) {
            log["removed"] = json!(true);
        }
    })));
    assert_eq!(chain.arrived_by(&chain.through(&[proxy.url()])).await, both[..1]);
}

#[tokio::test]
async fn the_coins_own_contract_on_polygon_counts_nothing_twice() {
    let chain = Chain::polygon().await;
    let coin = address!("0000000000000000000000000000000000001010");
    let shouter = chain.node.deploy("Shouter", &[]).await.unwrap();
    let code = chain.node.call("eth_getCode", json!([shouter, "latest"])).await.unwrap();
    chain.node.call("anvil_setCode", json!([coin, code])).await.unwrap();
    chain.node.send(Send::coins(OURS, 45)).await.unwrap();
    chain.run(shout(coin, &topics(chain.node.account(0), OURS), word(45))).await.unwrap();
    assert_eq!(chain.arrived().await, [seen("COIN", "native", 45)]);
    let mut config = chain.config(&[chain.node.url()]);
    config.tokens = vec![chain.asset("POL", 18, Some(coin))];
    assert!(matches!(Evm::new(config), Err(EvmError::CoinItself(_))));
    let mut config = chain.config(&[chain.node.url()]);
    config.tokens = vec![chain.asset("A", 6, Some(chain.usdt)), chain.asset("B", 6, Some(chain.usdt))];
    assert!(matches!(Evm::new(config), Err(EvmError::SameContract(_))));
}

#[tokio::test]
async fn another_listed_token_is_told_as_what_it_is_and_an_unlisted_one_not_at_all() {
    let chain = Chain::polygon().await;
    let usdc = chain.token("USD Coin", "USDC", 6).await.unwrap();
    let bridged = chain.token("USD Coin (bridged)", "USDC", 6).await.unwrap();
    for token in [usdc, bridged] {
        chain.mint(token, OURS, U256::from(46)).await.unwrap();
    }
    chain.run(chain.transfer(OURS, 47)).await.unwrap();
    let evm = chain.with_tokens(&[("USDT", 6, chain.usdt), ("USDC", 6, usdc)]);
    assert_eq!(chain.arrived_by(&evm).await, [seen("USDC", "log/0", 46), seen("USDT", "log/0", 47)]);
}

#[tokio::test]
async fn a_token_that_is_known_and_not_sold_is_read_on_request_and_never_passes_for_a_sold_one() {
    let chain = Chain::polygon().await;
    let dai = chain.token("Dai", "DAI", 18).await.unwrap();
    let clone = chain.token("Tether USD", "USDT", 6).await.unwrap();
    let mute = chain.node.deploy("Shouter", &[]).await.unwrap();
    for (token, units) in [(dai, 60), (clone, 61), (chain.usdt, 62)] {
        chain.mint(token, OURS, U256::from(units)).await.unwrap();
    }
    let mut config = chain.config(&[chain.node.url()]);
    config.unsold = vec![
        chain.asset("DAI", 18, Some(dai)),
        // The sold token's code at another contract, the sold contract by another code, and two that answer no balance.
        chain.asset("USDT", 6, Some(clone)),
        chain.asset("TETHER", 6, Some(chain.usdt)),
        chain.asset("MUTE", 6, Some(mute)),
        chain.asset("NOBODY", 6, Some(STRANGER)),
    ];
    let evm = Evm::new(config).unwrap();
    let sold = seen("USDT", "log/0", 62);
    assert_eq!(chain.arrived_by(&evm).await, std::slice::from_ref(&sold));
    let (head, watch) = (chain.node.head().await.unwrap(), crate::evm_chain::watch());
    let known = evm.known_transfers(0, head, &watch).unwrap().await.unwrap();
    let known: Vec<Seen> = transfers(&known).iter().map(short).collect();
    assert_eq!(known, [seen("DAI", "log/0", 60), sold]);
    let held = evm.balances(&[our_address(OURS)], head).await.unwrap();
    let held: Vec<(&str, u128)> = held.iter().map(|held| (held.asset.code.as_str(), held.units)).collect();
    assert_eq!(held, [("USDT", 62), ("DAI", 60)]);
}

#[tokio::test]
async fn what_was_only_sent_or_replaced_or_dropped_has_not_arrived() {
    let chain = Chain::polygon().await;
    let nonce = chain.node.nonce(chain.node.account(0)).await.unwrap();
    let with = |tip, nonce, transaction| Send { tip, nonce: Some(nonce), ..transaction };
    chain.node.send(with(1, nonce, Send::coins(OURS, 48))).await.unwrap();
    assert_eq!(chain.arrived().await, []);
    chain.node.send(with(100_000_000, nonce, Send::coins(STRANGER, 48))).await.unwrap();
    let dropped = chain.node.send(with(1, nonce + 1, Send::coins(OURS, 49))).await.unwrap();
    chain.node.call("anvil_dropTransaction", json!([dropped])).await.unwrap();
    chain.node.send(with(1, nonce + 1, Send::coins(OURS, 50))).await.unwrap();
    chain.node.mine(1).await.unwrap();
    assert_eq!(chain.arrived().await, [seen("COIN", "native", 50)]);
}
