//! Coins that contracts pay, found by looking into the calls inside of transactions, where the provider shows them.

use super::{
    blocks::ReadBlock,
    call_tracer, flat_traces, inconsistent,
    node::{EvmNode, Tag, Tracer},
};
use crate::provider::{
    CallError, ProviderError,
    json_rpc::{Call, read},
};
use alloy_primitives::{Address, B256, U256};
use serde::Deserialize;
use serde_json::{json, value::RawValue};

/// How coins moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Call,
    Create,
    Destroy,
}

/// Coins that moved inside of a transaction, in a call that was not reverted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Effect {
    pub(super) kind: Kind,
    pub(super) from: Address,
    pub(super) to: Address,
    pub(super) units: U256,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Traced<'a> {
    /// Older nodes leave it out.
    #[serde(default)]
    tx_hash: Option<B256>,
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
}

/// The coins that moved inside of a block's transactions, in the block's order. Nothing, where the provider shows no calls;
/// a block that it does not show although it usually does is counted.
pub(super) async fn of(node: &EvmNode, block: &ReadBlock) -> Result<Vec<(B256, Effect)>, ProviderError> {
    if !block.may_run_code {
        return Ok(Vec::new());
    }
    let tried: &[Tracer] = match node.tracer() {
        Some(Tracer::Nothing) => return Ok(Vec::new()),
        Some(Tracer::Calls) => &[Tracer::Calls],
        Some(Tracer::Flat) => &[Tracer::Flat],
        None => &[Tracer::Calls, Tracer::Flat],
    };
    for tracer in tried {
        match ask(node, block, *tracer).await {
            Ok(text) => {
                node.learn_tracer(*tracer);
                return read_effects(block, *tracer, &text);
            }
            Err(error) if is_not_offered(&error) => {}
            Err(error) if is_of_this_block(&error) => {
                tracing::warn!(
                    provider = node.rpc.name(), block = block.header.block.height, %error,
                    "a block's calls are not shown: coins that contracts paid in it are found in balances only"
                );
                node.note_untraced(matches!(error, CallError::Timeout | CallError::TooLarge { .. }));
                return Ok(Vec::new());
            }
            Err(error) => return Err(error.into()),
        }
    }
    node.learn_tracer(Tracer::Nothing);
    Ok(Vec::new())
}

async fn ask(node: &EvmNode, block: &ReadBlock, tracer: Tracer) -> Result<Box<RawValue>, CallError> {
    let call = match tracer {
        Tracer::Calls => Call::new("debug_traceBlockByHash", json!([block.hash.to_string(), {"tracer": "callTracer"}])),
        Tracer::Flat | Tracer::Nothing => {
            Call::new("trace_block", json!([Tag::Height(block.header.block.height).text()]))
        }
    };
    node.rpc.raw(&call).await
}

fn read_effects(block: &ReadBlock, tracer: Tracer, text: &RawValue) -> Result<Vec<(B256, Effect)>, ProviderError> {
    let effects = match tracer {
        Tracer::Calls => read_calls(block, text)?,
        Tracer::Flat | Tracer::Nothing => flat_traces::effects(text.get())
            .map_err(|error| CallError::Malformed(format!("traces of an unexpected form: {error}")))?,
    };
    if let Some((stranger, _)) = effects.iter().find(|(transaction, _)| !block.places.contains_key(transaction)) {
        return Err(inconsistent(&format!("its traces have a transaction {stranger} that its block has not")));
    }
    Ok(effects)
}

fn read_calls(block: &ReadBlock, text: &RawValue) -> Result<Vec<(B256, Effect)>, ProviderError> {
    let traced: Vec<Traced<'_>> = read_borrowed(text)?;
    if traced.len() != block.places.len() {
        return Err(inconsistent("its traces are not of all of the block's transactions"));
    }
    let mut in_order: Vec<(usize, B256)> = block.places.iter().map(|(hash, place)| (*place, *hash)).collect();
    in_order.sort_unstable();
    let mut effects = Vec::new();
    for (trace, (_, hash)) in traced.iter().zip(in_order) {
        let Some(result) = trace.result else { return Err(inconsistent("a transaction has no trace")) };
        let transaction = trace.tx_hash.unwrap_or(hash);
        let found = call_tracer::effects(result.get());
        let found = found.ok_or_else(|| CallError::Malformed("a trace of an unexpected form".to_owned()))?;
        effects.extend(found.into_iter().map(|effect| (transaction, effect)));
    }
    Ok(effects)
}

fn read_borrowed<'a, T: Deserialize<'a>>(text: &'a RawValue) -> Result<T, CallError> {
    serde_json::from_str(text.get()).map_err(|error| CallError::Malformed(format!("an unexpected form: {error}")))
}

/// Whether a node does not offer the method at all, by its own word.
fn is_not_offered(error: &CallError) -> bool {
    match error {
        CallError::Node { code: -32601, .. } | CallError::Status { status: 403..=405, .. } => true,
        CallError::Node { message, .. } => {
            let words = message.to_ascii_lowercase();
            let said = |word: &&str| words.contains(word);
            [
                "method not",
                "not supported",
                "unsupported",
                "not available",
                "does not exist",
                "not allowed",
                "whitelist",
                "disabled",
                "upgrade",
                " plan",
                " tier",
                "unknown method",
            ]
            .iter()
            .any(said)
        }
        _ => false,
    }
}

/// Whether a node offers traces, but not of this block: its state is pruned, or it took too long.
fn is_of_this_block(error: &CallError) -> bool {
    matches!(error, CallError::Node { .. } | CallError::TooLarge { .. } | CallError::Timeout)
}

/// Reads a trace of one block once, to see whether the node offers any.
pub(super) async fn probe(node: &EvmNode, hash: B256, height: u64) -> Result<Tracer, CallError> {
    let calls = [
        (Tracer::Calls, Call::new("debug_traceBlockByHash", json!([hash.to_string(), {"tracer": "callTracer"}]))),
        (Tracer::Flat, Call::new("trace_block", json!([Tag::Height(height).text()]))),
    ];
    for (tracer, call) in calls {
        match node.rpc.raw(&call).await {
            Ok(text) => {
                read::<Vec<serde::de::IgnoredAny>>(&text)?;
                return Ok(tracer);
            }
            Err(CallError::Node { .. } | CallError::Status { status: 403..=405, .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Tracer::Nothing)
}
