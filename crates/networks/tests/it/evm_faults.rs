//! EVM providers that fail, lag, contradict themselves or lie: an answer is whole and true, or there is none.

use crate::evm_chain::{ALSO_OURS, Chain, OURS, STRANGER, Seen, address, seen, short, transfers, watch};
use alloy_primitives::{Address, U256};
use farthing_networks::{
    evm::{Evm, Finality, Traces},
    inspect::{Inspect, Level},
    network::{Network, NetworkError},
};
use farthing_peers::{
    anvil::{Send, contracts::call},
    fault_proxy::{Edit, Fault, FaultProxy},
};
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// When an answer that never comes is given up: the good ones, of a node that shares its processor with many, come before.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(2);

/// A chain with payments in several blocks, empty blocks between them, and a proxy before its node.
struct Site {
    chain: Chain,
    proxy: FaultProxy,
}

impl Site {
    async fn open() -> Self {
        let chain = Chain::polygon().await;
        chain.run(chain.transfer(OURS, 51)).await.unwrap();
        chain.node.mine(3).await.unwrap();
        chain.run(Send::coins(ALSO_OURS, 52)).await.unwrap();
        chain.run(chain.payer("pay(address[],uint256)", &[[OURS][..].into(), 53.into()]).with(53)).await.unwrap();
        chain.node.mine(3).await.unwrap();
        chain.run(chain.transfer(OURS, 54)).await.unwrap();
        let proxy = FaultProxy::before(&chain.node.url()).await.unwrap();
        Self { chain, proxy }
    }

    fn truth() -> Vec<Seen> {
        vec![
            seen("USDT", "log/0", 51),
            seen("COIN", "native", 52),
            seen("COIN", &crate::evm_chain::paid(OURS, 0), 53),
            seen("USDT", "log/0", 54),
        ]
    }

    fn evm(&self) -> Evm {
        self.chain.through(&[self.proxy.url()])
    }

    /// A scan of everything: the truth or an error, never less.
    async fn scan(&self, evm: &Evm) -> Result<(), NetworkError> {
        let found = self.chain.scan(evm).await?;
        assert_eq!(transfers(&found).iter().map(short).collect::<Vec<_>>(), Self::truth());
        Ok(())
    }

    fn edit(&self, edit: impl Fn(&str, &Value, &mut Value) + std::marker::Send + Sync + 'static) {
        let edit: Edit = Arc::new(edit);
        self.proxy.set(Fault::Edit(edit));
    }

    /// Changes the results of one method.
    fn edit_of(&self, wanted: &'static str, change: impl Fn(&Value, &mut Value) + std::marker::Send + Sync + 'static) {
        self.proxy.set(edit_of(wanted, change));
    }

    /// Changes what is told of one block, by the height or tag that was asked for.
    fn edit_block(&self, asked: &'static str, change: impl Fn(&mut Value) + std::marker::Send + Sync + 'static) {
        self.proxy.set(edit_block(asked, change));
    }

    async fn refuses(&self, expected: &str) {
        let error = self.scan(&self.evm()).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        self.proxy.heal();
        self.scan(&self.evm()).await.unwrap();
    }
}

fn edit_of(wanted: &'static str, change: impl Fn(&Value, &mut Value) + std::marker::Send + Sync + 'static) -> Fault {
    Fault::Edit(Arc::new(move |method, params, result| {
        if method == wanted {
            change(params, result);
        }
    }))
}

fn edit_block(asked: &'static str, change: impl Fn(&mut Value) + std::marker::Send + Sync + 'static) -> Fault {
    Fault::Edit(Arc::new(move |method, params, result| {
        if method == "eth_getBlockByNumber" && params[0] == asked {
            change(result);
        }
    }))
}

fn every_fault() -> Vec<Fault> {
    vec![
        Fault::Delay(Duration::from_millis(30)),
        Fault::Reset,
        Fault::Truncate,
        Fault::HalfBody,
        Fault::Status(429, Some(0)),
        Fault::Status(500, None),
        Fault::Status(503, None),
        Fault::HtmlPage,
        Fault::ErrorInside(-32000, "header not found"),
        Fault::ErrorInside(-32603, "internal error"),
        Fault::WrongId,
        Fault::ShuffledBatch,
        Fault::ShortBatch,
        Fault::EmptyBody,
        Fault::EvmLag(4),
        Fault::EvmLogRange(2),
        Fault::EvmChainId(1),
    ]
}

#[tokio::test]
async fn whatever_goes_wrong_at_random_an_answer_is_whole_and_comes_in_the_end() {
    let site = Site::open().await;
    let evm = site.evm();
    let (mut answers, mut errors) = (0, 0);
    site.proxy.set_random(30, 1, every_fault());
    for _ in 0..80 {
        match site.scan(&evm).await {
            Ok(()) => answers += 1,
            Err(_) => errors += 1,
        }
    }
    assert!(answers > 0 && errors > 0 && site.proxy.faulted() > 50, "{answers} answers, {errors} errors");
    site.proxy.heal();
    site.scan(&evm).await.unwrap();
}

#[tokio::test]
async fn a_second_provider_answers_while_the_first_does_anything_wrong() {
    let site = Site::open().await;
    let mut config = site.chain.config(&[site.proxy.url(), site.chain.node.url()]);
    config.stale_after = Duration::ZERO;
    let evm = Evm::new(config).unwrap();
    for fault in every_fault() {
        site.proxy.set(fault);
        site.scan(&evm).await.unwrap();
        assert!(evm.tip().await.unwrap().head.block.height > 0);
        site.proxy.heal();
        site.scan(&evm).await.unwrap();
    }
}

#[tokio::test]
async fn an_answer_that_hangs_drips_or_does_not_end_is_given_up() {
    let site = Site::open().await;
    let mut config = site.chain.config(&[site.proxy.url()]);
    config.limits.total = GIVEN_UP_AFTER;
    config.limits.answer_bytes_max = 1 << 20;
    let evm = Evm::new(config).unwrap();
    for fault in [Fault::Hang, Fault::Drip, Fault::Endless(1 << 30)] {
        site.proxy.set(fault);
        assert!(matches!(site.scan(&evm).await, Err(NetworkError::Unreachable(_))));
        site.proxy.heal();
        site.scan(&evm).await.unwrap();
    }
}

#[tokio::test]
async fn a_range_that_the_provider_has_not_seen_is_lagging_and_not_empty() {
    let site = Site::open().await;
    let head = site.chain.node.head().await.unwrap();
    let evm = site.evm();
    site.proxy.set(Fault::EvmLag(5));
    let lagging = evm.transfers(0, head, &watch()).await;
    assert_eq!(lagging, Err(NetworkError::Lagging { head: head - 5, asked: head }));
    assert_eq!(evm.tip().await.unwrap().head.block.height, head - 5);
    let first = evm.transfers(0, head - 5, &watch()).await.unwrap();
    site.proxy.heal();
    let second = evm.transfers(head - 4, head, &watch()).await.unwrap();
    assert_eq!(second.parent, first.end.block.hash);
    let found: Vec<Seen> = [first, second].iter().flat_map(transfers).map(|transfer| short(&transfer)).collect();
    assert_eq!(found, Site::truth());
}

#[tokio::test]
async fn an_empty_list_from_a_lagging_node_behind_the_same_address_is_not_believed() {
    let site = Site::open().await;
    let head = site.chain.node.head().await.unwrap();
    let evm = site.evm();
    // Head and blocks are up to date, logs come from a node that has not seen the last ones.
    site.proxy.set_for("eth_getLogs", Fault::EvmLag(6));
    assert!(evm.transfers(0, head, &watch()).await.is_err(), "a long range");
    assert!(evm.transfers(head - 1, head, &watch()).await.is_err(), "a short range");
    site.proxy.heal();
    site.scan(&evm).await.unwrap();
    for method in ["eth_getTransactionReceipt", "eth_getBlockByNumber"] {
        site.proxy.set_for(method, Fault::EvmLag(3));
        assert!(site.scan(&evm).await.is_err(), "{method}");
        site.proxy.heal();
    }
}

#[tokio::test]
async fn a_head_that_goes_back_while_it_answers_makes_the_answer_void() {
    let site = Site::open().await;
    let count = AtomicU64::new(0);
    site.edit(move |method, params, result| {
        if method == "eth_getBlockByNumber" && params[0] == "latest" && count.fetch_add(1, Ordering::SeqCst) > 0 {
            result["number"] = json!("0x4");
        }
    });
    site.refuses("its head went back while it was read").await;
}

#[tokio::test]
async fn blocks_logs_and_receipts_that_do_not_belong_together_are_refused() {
    let site = Site::open().await;
    let other = json!(format!("0x{}", "77".repeat(32)));
    let edit = |wanted: &'static str, change: fn(&mut Value, &Value)| {
        let other = other.clone();
        site.edit_of(wanted, move |_, result| change(result, &other));
    };
    edit("eth_getLogs", |result, other| {
        if let Some(log) = result.get_mut(0) {
            log["blockHash"] = other.clone();
        }
    });
    site.refuses("a log is of another block").await;
    edit("eth_getTransactionReceipt", |result, other| result["blockHash"] = other.clone());
    site.refuses("is of another block").await;
    edit("eth_getTransactionReceipt", |result, _| *result = Value::Null);
    site.refuses("it has no receipt of").await;
    edit("eth_getTransactionReceipt", |result, _| result["logs"] = json!([]));
    site.refuses("lacks a log").await;
    edit("eth_getTransactionReceipt", |result, _| result["status"] = json!("0x0"));
    site.refuses("lacks a log").await;
    edit("debug_traceBlockByHash", |result, other| {
        if let Some(trace) = result.get_mut(0) {
            trace["txHash"] = other.clone();
        }
    });
    // Only a transaction that pays us matters; its trace cannot be another's.
    site.refuses("its traces have a transaction").await;
    edit("debug_traceBlockByHash", |result, _| {
        drop(result.as_array_mut().map(Vec::pop));
    });
    site.refuses("its traces are not of all").await;
    site.edit_block("0x5", |block| block["parentHash"] = json!(format!("0x{}", "66".repeat(32))));
    site.refuses("its block 5 does not stand on the block below").await;
    site.edit_block("0x5", |block| block["number"] = json!("0x6"));
    site.refuses("asked for block 5 it gives block 6").await;
}

#[tokio::test]
async fn a_log_that_a_provider_makes_up_has_no_receipt() {
    let site = Site::open().await;
    let to = OURS.into_word();
    site.edit(move |method, _, result| {
        let logs = result.as_array_mut().filter(|_| method == "eth_getLogs");
        if let Some(log) = logs.and_then(|logs| logs.last_mut()) {
            // Somebody else's money made ours.
            log["topics"][2] = json!(to);
            log["data"] = json!(U256::from(1_000_000).to_be_bytes::<32>().map(|byte| format!("{byte:02x}")).concat());
            log["data"] = json!(format!("0x{}", log["data"].as_str().unwrap_or_default()));
        }
    });
    site.refuses("lacks a log").await;
}

#[tokio::test]
async fn a_provider_of_another_chain_is_left_out_and_found() {
    let site = Site::open().await;
    let mut config = site.chain.config(&[site.proxy.url(), site.chain.node.url()]);
    config.patience.quarantine = Duration::from_secs(600);
    let evm = Evm::new(config).unwrap();
    site.scan(&evm).await.unwrap();
    // In the middle of the work: a balancer sends us elsewhere.
    site.proxy.set(Fault::EvmChainId(56));
    site.scan(&evm).await.unwrap();
    let state = &evm.providers()[0];
    assert_eq!(state.quarantine.as_deref(), Some("its chain id is 56, not 137"), "{state:?}");
    assert!(!state.is_available);
    let findings = evm.examine().await.unwrap();
    let wrong = findings.iter().find(|finding| !finding.ok && finding.level == Level::Error).unwrap();
    assert!(wrong.name.ends_with("chain id") && wrong.detail.contains("56"), "{wrong:?}");
}

#[tokio::test]
async fn providers_with_different_first_blocks_are_not_one_chain() {
    let (one, other) = tokio::join!(Chain::polygon(), Chain::polygon());
    let first = |chain: &Chain| {
        let evm = chain.evm();
        async move { evm.identity().await.unwrap() }
    };
    let urls = [one.node.url(), other.node.url()];
    let (a, b) = (first(&one).await, first(&other).await);
    if a == b {
        // Started in the same second they would have the same first block.
        let proxy = FaultProxy::before(&other.node.url()).await.unwrap();
        proxy.set(edit_block("0x0", |block| block["hash"] = json!(format!("0x{}", "55".repeat(32)))));
        let evm = one.through(&[one.node.url(), proxy.url()]);
        assert!(matches!(evm.tip().await, Err(NetworkError::Inconsistent(_))));
    } else {
        assert!(matches!(one.through(&urls).tip().await, Err(NetworkError::Inconsistent(_))));
    }
}

#[tokio::test]
async fn a_provider_that_answers_few_blocks_at_a_time_is_asked_for_fewer() {
    let site = Site::open().await;
    let evm = site.evm();
    site.proxy.set(Fault::EvmLogRange(2));
    site.scan(&evm).await.unwrap();
    let asked = |methods: Vec<String>| methods.iter().filter(|method| *method == "eth_getLogs").count();
    let learning = asked(site.proxy.take_methods());
    site.scan(&evm).await.unwrap();
    let learned = asked(site.proxy.take_methods());
    assert!(learned <= learning, "{learned} calls after {learning}");
    site.proxy.heal();
    for _ in 0..12 {
        site.scan(&evm).await.unwrap();
    }
    drop(site.proxy.take_methods());
    site.scan(&evm).await.unwrap();
    assert!(asked(site.proxy.take_methods()) < learned, "it grows again");
}

#[tokio::test]
async fn a_block_that_is_not_traced_is_counted_and_the_rest_goes_on() {
    let site = Site::open().await;
    let evm = site.evm();
    site.scan(&evm).await.unwrap();
    site.proxy.set_for("debug_trace", Fault::ErrorInside(-32000, "required historical state unavailable"));
    let found = transfers(&site.chain.scan(&evm).await.unwrap());
    assert_eq!(found.len(), Site::truth().len() - 1, "all but the coins that a contract paid");
    site.proxy.heal();
    let findings = evm.examine().await.unwrap();
    let traces = findings.iter().find(|finding| finding.name.ends_with("traces")).unwrap();
    assert!(!traces.ok && traces.detail.contains("did not show the calls of"), "{traces:?}");
    site.scan(&evm).await.unwrap();
}

#[tokio::test]
async fn traces_that_take_too_long_do_not_hold_up_everything_else() {
    let site = Site::open().await;
    let mut config = site.chain.config(&[site.proxy.url()]);
    config.limits.total = GIVEN_UP_AFTER;
    let evm = Evm::new(config).unwrap();
    site.proxy.set_for("debug_trace", Fault::Hang);
    let asked = |methods: Vec<String>| methods.iter().filter(|method| *method == "debug_traceBlockByHash").count();
    for expected in [3, 0] {
        let found = transfers(&site.chain.scan(&evm).await.unwrap());
        assert_eq!(found.len(), Site::truth().len() - 1, "all but the coins that a contract paid");
        assert_eq!(asked(site.proxy.take_methods()), expected);
    }
}

#[tokio::test]
async fn two_providers_that_tell_different_transfers_are_both_not_believed() {
    let site = Site::open().await;
    let mut config = site.chain.config(&[site.proxy.url(), site.chain.node.url()]);
    config.audit_one_in = 1;
    let evm = Evm::new(config).unwrap();
    site.scan(&evm).await.unwrap();
    // One that leaves out a transaction of a block, and the block looks whole.
    site.edit(|method, _, result| {
        let transactions = result.get_mut("transactions").and_then(Value::as_array_mut);
        if let Some(transactions) = transactions.filter(|_| method == "eth_getBlockByNumber") {
            transactions.retain(|transaction| transaction["value"] != "0x34");
        }
        if let Some(traces) = result.as_array_mut().filter(|_| method == "debug_traceBlockByHash") {
            traces.retain(|trace| trace["result"]["value"] != "0x34");
        }
    });
    let error = site.scan(&evm).await.unwrap_err().to_string();
    assert!(error.contains("tell different transfers"), "{error}");
    let findings = evm.examine().await.unwrap();
    let found = findings.iter().find(|finding| finding.name == "providers agree").unwrap();
    assert!(!found.ok && found.level == Level::Error, "{found:?}");
    site.proxy.heal();
    site.scan(&evm).await.unwrap();
}

/// A payment that never was, in the empty block 7, which has this hash then: everything that this provider says fits together.
fn forged_payment(site: &Site, block: &Value) {
    let payment = format!("0x{}", "77".repeat(32));
    let (from, to, block) = (site.chain.payer, OURS, block.clone());
    site.edit(move |method, params, result| {
        if method == "eth_getBlockByNumber" && params[0] == "0x7" {
            result["hash"] = block.clone();
        }
        if method == "eth_getBlockByNumber" && params[0] == "0x7" && params[1] == true {
            result["transactions"] =
                json!([{"hash": payment, "from": from, "to": to, "value": "0x99", "gas": "0x5208"}]);
        }
        if method == "eth_getTransactionReceipt" && params[0] == json!(payment) {
            *result = json!({"transactionHash": payment, "blockHash": block, "status": "0x1", "logs": []});
        }
    });
}

#[tokio::test]
async fn money_that_only_one_of_two_providers_tells_of_is_never_believed() {
    let site = Site::open().await;
    let through = |urls: &[String]| {
        let mut config = site.chain.config(urls);
        (config.audit_one_in, config.traces) = (0, Traces::Never);
        Evm::new(config).unwrap()
    };
    let seven = site.chain.node.call("eth_getBlockByNumber", json!(["0x7", false])).await.unwrap();
    assert_eq!(seven["transactions"], json!([]));
    forged_payment(&site, &seven["hash"]);
    let alone = site.chain.scan(&through(&[site.proxy.url()])).await.unwrap();
    let believed: Vec<Seen> = transfers(&alone).iter().map(short).collect();
    assert!(believed.contains(&seen("COIN", "native", 0x99)), "nobody contradicts a single provider: {believed:?}");

    let both = through(&[site.proxy.url(), site.chain.node.url()]);
    let error = site.chain.scan(&both).await.unwrap_err().to_string();
    assert!(error.contains("tell different transfers"), "{error}");
    // In a block that the other one has never seen it is no better.
    forged_payment(&site, &json!(format!("0x{}", "88".repeat(32))));
    let error = both.transfers(1, 7, &watch()).await.unwrap_err().to_string();
    assert!(error.contains("different branches up to block 7"), "{error}");
    site.proxy.heal();
    let found = site.chain.scan(&both).await.unwrap();
    assert_eq!(transfers(&found).len(), Site::truth().len() - 1, "all but the coins that a contract paid");
}

#[tokio::test]
async fn coins_that_a_contract_paid_by_one_provider_s_word_must_be_held_by_the_other_s() {
    let site = Site::open().await;
    let untraced = FaultProxy::before(&site.chain.node.url()).await.unwrap();
    untraced.set_for("trace", Fault::ErrorInside(-32601, "the method does not exist"));
    for other in [site.chain.node.url(), untraced.url()] {
        let evm = site.chain.through(&[site.proxy.url(), other]);
        site.scan(&evm).await.unwrap();
        // 53 units were paid by a contract, and nobody traces more than it says.
        site.edit_of("debug_traceBlockByHash", |_, traces| {
            let calls = traces.as_array_mut().unwrap().iter_mut();
            let inner = calls.filter_map(|one| one.pointer_mut("/result/calls/0/value"));
            inner.for_each(|value| *value = json!("0x99"));
        });
        let error = site.scan(&evm).await.unwrap_err().to_string();
        assert!(error.contains("they are not there"), "{error}");
        site.proxy.heal();
        site.scan(&evm).await.unwrap();
    }
}

#[tokio::test]
async fn money_waits_for_a_second_provider_that_lags_and_not_for_ever() {
    let site = Site::open().await;
    let mut config = site.chain.config(&[site.chain.node.url(), site.proxy.url()]);
    config.audit_one_in = 0;
    let evm = Evm::new(config.clone()).unwrap();
    site.proxy.set(Fault::EvmLag(1));
    let waits = site.scan(&evm).await;
    assert!(matches!(waits, Err(NetworkError::Lagging { .. })), "{waits:?}");
    site.proxy.heal();
    site.scan(&evm).await.unwrap();
    // One that stays behind, or away, holds nothing up.
    config.stale_after = Duration::ZERO;
    let evm = Evm::new(config).unwrap();
    for fault in [Fault::EvmLag(1), Fault::Reset] {
        site.proxy.set(fault);
        site.scan(&evm).await.unwrap();
    }
}

#[tokio::test]
async fn a_head_that_stands_still_is_compared_with_another_providers() {
    let site = Site::open().await;
    let mut config = site.chain.config(&[site.proxy.url(), site.chain.node.url()]);
    config.stale_after = Duration::ZERO;
    config.patience.first = Duration::from_secs(600);
    config.patience.longest = Duration::from_secs(600);
    let evm = Evm::new(config).unwrap();
    let head = site.chain.node.head().await.unwrap();
    site.proxy.set(Fault::EvmLag(3));
    assert_eq!(evm.tip().await.unwrap().head.block.height, head - 3, "it may just be so");
    assert_eq!(evm.tip().await.unwrap().head.block.height, head, "but not for long");
    let state = &evm.providers()[0];
    assert!(!state.is_available && state.last_error.as_ref().unwrap().1.contains("stands still"), "{state:?}");
}

#[tokio::test]
async fn a_provider_that_has_seen_less_cannot_say_that_a_block_does_not_exist() {
    let site = Site::open().await;
    let evm = site.evm();
    let head = evm.tip().await.unwrap().head.block;
    site.proxy.set(Fault::EvmLag(4));
    assert_eq!(evm.header(head.height).await, Err(NetworkError::Lagging { head: head.height - 4, asked: head.height }));
    assert_eq!(evm.header(head.height + 1).await, Ok(None));
    site.proxy.heal();
    assert_eq!(evm.header(head.height).await.unwrap().unwrap().block, head);
    // The chain itself became shorter: whoever tells the tip tells it.
    site.chain.node.rollback(2).await.unwrap();
    assert_eq!(evm.tip().await.unwrap().head.block.height, head.height - 2);
    assert_eq!(evm.header(head.height).await, Ok(None));
}

#[tokio::test]
async fn what_is_final_is_told_by_the_tag() {
    let site = Site::open().await;
    let head = site.chain.node.head().await.unwrap();
    for (finality, expected) in
        [(Finality::Finalized, Some(head - 2)), (Finality::Safe, Some(head - 1)), (Finality::Confirmations, None)]
    {
        let mut config = site.chain.config(&[site.proxy.url()]);
        config.finality = finality;
        let evm = Evm::new(config).unwrap();
        assert_eq!(evm.tip().await.unwrap().finalized, expected);
    }
    let mut config = site.chain.config(&[site.proxy.url()]);
    config.finality = Finality::Finalized;
    let evm = Evm::new(config).unwrap();
    site.edit_block("finalized", |block| *block = Value::Null);
    assert_eq!(evm.tip().await.unwrap().finalized, Some(0), "nothing but the first block is final yet");
    site.edit_block("finalized", |block| block["number"] = json!("0xffffff"));
    assert!(matches!(evm.tip().await, Err(NetworkError::Inconsistent(_))));
}

#[tokio::test]
async fn a_network_starts_without_any_provider_and_goes_on_when_one_is_back() {
    let site = Site::open().await;
    site.proxy.set(Fault::Reset);
    let evm = site.evm();
    assert!(matches!(evm.tip().await, Err(NetworkError::Unreachable(_))));
    assert!(matches!(evm.used(&[address(OURS)]).await, Err(NetworkError::Unreachable(_))), "not knowing is refusing");
    let findings = evm.examine().await.unwrap();
    assert!(findings.iter().any(|finding| !finding.ok && finding.name.ends_with("answers")), "{findings:?}");
    site.proxy.heal();
    assert!(evm.tip().await.is_ok());
    let findings = evm.examine().await.unwrap();
    let troubles: Vec<_> = findings.iter().filter(|finding| !finding.ok).collect();
    assert!(troubles.is_empty(), "{troubles:?}");
    assert!(findings.iter().any(|finding| finding.detail.contains("10000 blocks at a time")), "{findings:?}");
}

#[tokio::test]
async fn an_address_is_used_when_it_sent_holds_or_ever_received_anything() {
    let site = Site::open().await;
    let chain = &site.chain;
    let [coins, token, swept, fresh] = [1_u8, 2, 3, 4].map(|byte| Address::repeat_byte(byte * 16));
    chain.run(Send::coins(coins, 1)).await.unwrap();
    chain.run(chain.transfer(token, 1)).await.unwrap();
    chain.run(chain.transfer(swept, 1)).await.unwrap();
    // Swept by somebody with a signature of its owner: its own nonce stays 0.
    chain.run(Send::call(chain.usdt, call("rebase(address,uint256)", &[swept.into(), 0.into()]))).await.unwrap();
    let ours = [coins, token, swept, fresh, chain.node.account(0), chain.payer, STRANGER].map(address);
    let expected = [true, true, true, false, true, true, false];
    let evm = site.evm();
    assert_eq!(evm.used(&ours).await.unwrap(), expected);
    site.proxy.set(Fault::EvmLogRange(3));
    assert_eq!(evm.used(&ours).await.unwrap(), expected);
    site.proxy.set_for("eth_getLogs", Fault::ErrorInside(-32601, "the method does not exist"));
    assert!(evm.used(&ours).await.is_err());
    // A history that would take thousands of calls is not searched for minutes: the operator may vouch instead.
    site.proxy.set(Fault::EvmLogRange(1000));
    let longer = FaultProxy::before(&site.proxy.url()).await.unwrap();
    longer.set(edit_block("latest", |block| block["number"] = json!("0x3000000")));
    let evm = chain.through(&[longer.url()]);
    let error = evm.used(&ours).await.unwrap_err().to_string();
    assert!(error.contains("vouch for the account with start_index"), "{error}");
    assert!(longer.requests() < 50, "{}", longer.requests());
}

#[tokio::test]
async fn an_idle_look_costs_three_calls_and_a_new_block_six() {
    let site = Site::open().await;
    let mut config = site.chain.config(&[site.chain.node.url()]);
    config.finality = Finality::Finalized;
    config.audit_one_in = 0;
    let evm = Evm::new(config).unwrap();
    evm.tip().await.unwrap();
    let calls = || evm.providers()[0].usage.calls;
    let before = calls();
    let tip = evm.tip().await.unwrap().head.block.height;
    assert_eq!(calls() - before, 3);
    evm.transfers(tip, tip, &watch()).await.unwrap();
    let before = calls();
    evm.header(tip).await.unwrap();
    assert_eq!(calls() - before, 2);
    let before = calls();
    evm.transfers(tip - 1, tip - 1, &watch()).await.unwrap();
    assert_eq!(calls() - before, 4, "an empty block");
}
