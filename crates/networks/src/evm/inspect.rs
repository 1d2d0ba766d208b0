//! What is asked of an EVM network outside of scanning: whether addresses were used, what they hold, how providers are.

use super::{
    Evm, Finality,
    balances::{is_the_contracts, number},
    forms::Log,
    inconsistent,
    logs::is_too_much,
    node::{EvmNode, Tag, Tracer, each},
    tokens::{Span, Tokens},
    traces,
};
use crate::{
    address::Address,
    inspect::{Arrived, Balance, Concern, Finding, Inspect, Level},
    network::{Answer, NetworkError, Scanned, Watch},
    provider::{
        Node, ProviderError, ProviderState,
        json_rpc::{Call, read},
    },
};
use alloy_primitives::{Address as EvmAddress, B256, U256};
use core::sync::atomic::Ordering;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError},
};

/// Calls that a search through a chain's whole history may take.
const HISTORY_CALLS_MAX: u64 = 2_000;
/// Blocks that a search through history starts with; few providers answer more.
const HISTORY_SPAN: u64 = 1 << 20;
/// Ranges of logs that `doctor` tries, the longest first.
const SPANS_TRIED: [u64; 4] = [10_000, 2_000, 500, 64];

/// ERC-20's `decimals()`.
const DECIMALS: &str = "313ce567";

impl Inspect for Evm {
    fn used<'a>(&'a self, addresses: &'a [Address]) -> Answer<'a, Vec<bool>> {
        Box::pin(async move {
            let addresses = evm_addresses(addresses)?;
            let addresses = addresses.as_slice();
            let question = |node: Arc<EvmNode>| async move { used(&node, &self.known, addresses).await };
            self.pool.ask(question).await.map(|answered| answered.value)
        })
    }

    fn balances<'a>(&'a self, addresses: &'a [Address], height: u64) -> Answer<'a, Vec<Balance>> {
        Box::pin(async move {
            let addresses = evm_addresses(addresses)?;
            let addresses = addresses.as_slice();
            let question = |node: Arc<EvmNode>| async move { self.balances_at(&node, addresses, height).await };
            self.pool.ask(question).await.map(|answered| answered.value)
        })
    }

    fn known_transfers<'a>(&'a self, from: u64, to: u64, watch: &'a Watch) -> Option<Answer<'a, Scanned>> {
        Some(Box::pin(self.scan(&self.known, from, to, watch)))
    }

    fn concerns<'a>(
        &'a self,
        addresses: &'a [Address],
        held: &'a [Balance],
        arrived: &'a [Arrived],
    ) -> Answer<'a, Vec<Concern>> {
        Box::pin(self.concerns_at(addresses, held, arrived))
    }

    fn examine(&self) -> Answer<'_, Vec<Finding>> {
        Box::pin(async {
            let mut findings = Vec::new();
            let mut heads = Vec::new();
            for node in self.pool.nodes() {
                let (found, head) = examine(node, &self.tokens, self.finality).await;
                findings.extend(found);
                heads.extend(head.map(|head| (node.name().to_owned(), head)));
            }
            findings.extend(lagging(&heads));
            findings.extend(self.same_chain().await);
            let disagreement = self.disagreements.lock().unwrap_or_else(PoisonError::into_inner).clone();
            findings.extend(disagreement.map(|what| failed("providers agree", Level::Error, what)));
            Ok(findings)
        })
    }

    fn providers(&self) -> Vec<ProviderState> {
        self.pool.states()
    }
}

impl Evm {
    async fn same_chain(&self) -> Option<Finding> {
        let name = "providers are of one chain";
        Some(match self.pool.identity().await {
            Ok(identity) => passed(name, identity.to_string()),
            Err(NetworkError::Unreachable(_)) => return None,
            Err(error) => failed(name, Level::Error, error.to_string()),
        })
    }
}

pub(super) fn evm_addresses(addresses: &[Address]) -> Result<Vec<EvmAddress>, NetworkError> {
    let read = |address: &Address| EvmAddress::try_from(address.bytes());
    addresses
        .iter()
        .map(read)
        .collect::<Result<_, _>>()
        .map_err(|_| NetworkError::Inconsistent("an address of another network was asked for".to_owned()))
}

/// Whether each address has sent, holds or ever received anything.
async fn used(node: &EvmNode, tokens: &Tokens, addresses: &[EvmAddress]) -> Result<Vec<bool>, ProviderError> {
    let methods = ["eth_getTransactionCount", "eth_getBalance", "eth_getCode"];
    let calls =
        addresses.iter().flat_map(|address| methods.map(|method| Call::new(method, json!([address, "latest"]))));
    let answers: Vec<String> = each(node.ask(calls.collect()).await?)?;
    let has_something = |answers: &[String]| answers.iter().any(|answer| answer != "0x0" && answer != "0x");
    let is_used: Vec<bool> = answers.chunks(methods.len()).map(has_something).collect();
    let unused: Vec<EvmAddress> =
        addresses.iter().zip(&is_used).filter(|(_, is_used)| !**is_used).map(|(address, _)| *address).collect();
    let receivers =
        if unused.is_empty() || tokens.is_empty() { BTreeSet::new() } else { receivers(node, tokens, &unused).await? };
    Ok(addresses.iter().zip(is_used).map(|(address, is_used)| is_used || receivers.contains(address)).collect())
}

/// Which of the addresses ever received a listed token, by the logs of the whole chain.
async fn receivers(
    node: &EvmNode,
    tokens: &Tokens,
    addresses: &[EvmAddress],
) -> Result<BTreeSet<EvmAddress>, ProviderError> {
    let head = node.head().await?;
    let to: Vec<B256> = addresses.iter().map(EvmAddress::into_word).collect();
    let mut found = BTreeSet::new();
    let (mut from, mut span) = (0, HISTORY_SPAN);
    for calls in 0..HISTORY_CALLS_MAX {
        if from > head {
            return Ok(found);
        }
        let needed = head.saturating_sub(from).checked_div(span).unwrap_or(u64::MAX);
        if needed > HISTORY_CALLS_MAX.saturating_sub(calls) {
            break;
        }
        let last = head.min(from.saturating_add(span).saturating_sub(1));
        let call = tokens.transfers_to(&to, Span::Heights(from, last));
        match node.rpc.raw(&call).await.and_then(|logs| read::<Vec<Log>>(&logs)) {
            Ok(logs) => {
                let topics = logs.iter().filter_map(|log| log.topics.get(2));
                found.extend(topics.map(|topic| EvmAddress::from_word(*topic)));
                from = last.saturating_add(1);
            }
            Err(error) if span > 1 && is_too_much(&error) => span /= 2,
            Err(error) => return Err(error.into()),
        }
    }
    Err(inconsistent(&format!(
        "it answers logs of {span} blocks at a time, too few to search {head} blocks for earlier use of the account: use \
         another provider, or vouch for the account with start_index"
    )))
}

/// What one provider is like; with its head, when it answers.
async fn examine(node: &EvmNode, tokens: &Tokens, finality: Finality) -> (Vec<Finding>, Option<u64>) {
    let provider = node.name();
    let named = |what: &str| format!("{provider}: {what}");
    let head = match node.headers(&[Tag::Latest]).await {
        Ok(found) => found.into_iter().next().flatten(),
        Err(error @ ProviderError::OtherChain(_)) => {
            return (vec![failed(&named("chain id"), Level::Error, error.to_string())], None);
        }
        Err(error) => return (vec![failed(&named("answers"), Level::Error, error.to_string())], None),
    };
    let Some(head) = head else {
        return (vec![failed(&named("answers"), Level::Error, "it has no last block".to_owned())], None);
    };
    let mut findings = vec![passed(&named("chain id"), format!("as configured, at block {}", head.number))];
    findings.push(syncing(node, &named("sync")).await);
    findings.extend(final_tag(node, &named("finality"), finality).await);
    findings.push(log_range(node, tokens, head.number, &named("log range")).await);
    findings.push(trace_support(node, head.hash, head.number, &named("traces")).await);
    for (contract, asset) in tokens.listed() {
        findings.push(decimals(node, *contract, asset.decimals, &named(&format!("{} decimals", asset.id.code))).await);
    }
    let refused = node.refused.load(Ordering::Relaxed);
    if refused > 0 {
        let what = format!("{refused} transfers of 2^128 units or more were seen since the start and not credited");
        findings.push(failed(&named("amounts"), Level::Warning, what));
    }
    (findings, Some(head.number))
}

async fn syncing(node: &EvmNode, name: &str) -> Finding {
    match node.rpc.call::<Value>("eth_syncing", json!([])).await {
        Ok(Value::Bool(false)) => passed(name, "in sync".to_owned()),
        Ok(_) => failed(name, Level::Error, "it is still catching up: wait until it is in sync".to_owned()),
        Err(error) => failed(name, Level::Warning, format!("it does not say whether it is in sync: {error}")),
    }
}

async fn final_tag(node: &EvmNode, name: &str, finality: Finality) -> Option<Finding> {
    let tag = match finality {
        Finality::Finalized => Tag::Finalized,
        Finality::Safe => Tag::Safe,
        Finality::Confirmations => return None,
    };
    Some(match node.headers(&[tag]).await {
        Ok(found) => match found.into_iter().next().flatten() {
            Some(block) => passed(name, format!("{} is block {}", tag.text(), block.number)),
            None => failed(name, Level::Warning, format!("nothing is {} yet", tag.text())),
        },
        Err(error) => {
            let advice = "write confirmations = … instead, or use another provider";
            failed(name, Level::Error, format!("it does not tell what is {}: {error}: {advice}", tag.text()))
        }
    })
}

async fn log_range(node: &EvmNode, tokens: &Tokens, head: u64, name: &str) -> Finding {
    let mut last_error = None;
    for span in SPANS_TRIED {
        let call = tokens.transfers_to(&[B256::ZERO], Span::Heights(head.saturating_sub(span), head));
        match node.rpc.raw(&call).await.and_then(|logs| read::<Vec<Log>>(&logs)) {
            Ok(_) => return passed(name, format!("it answers logs of {span} blocks at a time")),
            Err(error) => last_error = Some(error.to_string()),
        }
    }
    let detail = format!("it does not answer logs: {}", last_error.unwrap_or_default());
    failed(name, Level::Error, detail)
}

async fn trace_support(node: &EvmNode, hash: B256, height: u64, name: &str) -> Finding {
    let untraced = node.untraced.load(Ordering::Relaxed);
    match (node.tracer(), traces::probe(node, hash, height).await) {
        (Some(Tracer::Nothing), _) | (_, Ok(Tracer::Nothing)) => failed(
            name,
            Level::Warning,
            "coins that contracts pay are found in balances only: it shows no calls inside of transactions".to_owned(),
        ),
        (_, Ok(_)) if untraced > 0 => {
            failed(name, Level::Warning, format!("it did not show the calls of {untraced} blocks since the start"))
        }
        (_, Ok(Tracer::Calls)) => {
            passed(name, "coins that contracts pay are found, by debug_traceBlockByHash".to_owned())
        }
        (_, Ok(Tracer::Flat)) => passed(name, "coins that contracts pay are found, by trace_block".to_owned()),
        (_, Err(error)) => failed(name, Level::Warning, error.to_string()),
    }
}

async fn decimals(node: &EvmNode, contract: EvmAddress, wanted: u8, name: &str) -> Finding {
    let [call] = decimals_of([contract]);
    let answer = match node.rpc.raw(&call).await.and_then(|text| read::<String>(&text)) {
        Ok(answer) => answer,
        Err(error) => return failed(name, Level::Error, format!("{contract} does not tell its decimals: {error}")),
    };
    match are_wrong(contract, wanted, &answer) {
        None => passed(name, format!("{wanted}, as {contract} says")),
        Some(what) => failed(name, Level::Error, what),
    }
}

fn decimals_of<const N: usize>(contracts: [EvmAddress; N]) -> [Call; N] {
    contracts
        .map(|contract| Call::new("eth_call", json!([{"to": contract, "data": format!("0x{DECIMALS}")}, "latest"])))
}

/// What is wrong with a token's decimals by its contract's answer.
fn are_wrong(contract: EvmAddress, wanted: u8, answer: &str) -> Option<String> {
    match number(answer) {
        Some(found) if found == U256::from(wanted) => None,
        Some(found) => Some(format!("{contract} has {found} decimals, the configuration says {wanted}: correct it")),
        None => Some(format!("there is no token at {contract}: correct its contract")),
    }
}

/// Whether the sold tokens have the decimals that the configuration says. A contract that tells none is not doubted for it.
pub(super) async fn check_decimals(node: &EvmNode, tokens: &Tokens) -> Result<(), ProviderError> {
    if tokens.is_empty() {
        return Ok(());
    }
    let calls = tokens.listed().iter().flat_map(|(contract, _)| decimals_of([*contract])).collect();
    for ((contract, asset), answer) in tokens.listed().iter().zip(node.ask(calls).await?) {
        let answer = match answer.and_then(|text| read::<String>(&text)) {
            Err(error) if is_the_contracts(&error) => continue,
            answer => answer?,
        };
        if let Some(what) = are_wrong(*contract, asset.decimals, &answer) {
            return Err(inconsistent(&format!("{}: {what}", asset.id)));
        }
    }
    Ok(())
}

/// Providers whose head is far below another's.
fn lagging(heads: &[(String, u64)]) -> Vec<Finding> {
    /// Blocks that a provider may be behind another for a moment.
    const BEHIND_MAX: u64 = 50;
    let highest = heads.iter().map(|(_, head)| *head).max().unwrap_or(0);
    let behind = heads.iter().filter(|(_, head)| highest.saturating_sub(*head) > BEHIND_MAX);
    let finding = |(provider, head): &(String, u64)| {
        let detail = format!("it is at block {head}, another provider at {highest}");
        failed(&format!("{provider}: head"), Level::Warning, detail)
    };
    behind.map(finding).collect()
}

fn passed(name: &str, detail: String) -> Finding {
    Finding { name: name.to_owned(), level: Level::Warning, ok: true, detail }
}

fn failed(name: &str, level: Level, detail: String) -> Finding {
    Finding { name: name.to_owned(), level, ok: false, detail }
}
