//! EVM nodes with limits: one that has not seen the last blocks, and one that answers few blocks' logs at a time.
//!
//! What the first cannot know it answers as such nodes do: a range beyond its head is an empty list (see
//! ethereum/go-ethereum#24078), a block's hash that it has not seen is an error.

use super::Upstream;
use crate::wire::{Answer, Ending, Request};
use anyhow::{Context, Result};
use serde_json::{Value, json};

/// The node's answer as it would have been so many blocks ago.
pub(super) async fn answer(upstream: &Upstream, request: &Request, blocks: u64) -> Result<Answer> {
    let latest = upstream.call(request, "eth_blockNumber", json!([])).await?;
    let head = number(&latest).context("the node has no head")?.saturating_sub(blocks);
    let mut answers = Vec::new();
    for call in request.calls() {
        let method = call.get("method").and_then(Value::as_str).unwrap_or_default().to_owned();
        let params = call.get("params").cloned().unwrap_or_default();
        let id = call.get("id").cloned().unwrap_or_default();
        answers.push(if is_beyond(upstream, request, head, &params).await? {
            refusal(&id, -32000, "unknown block")
        } else {
            let result = one(upstream, request, head, (&method, params)).await?;
            json!({"jsonrpc": "2.0", "id": id, "result": result})
        });
    }
    written(request, &answers)
}

/// The node's answer, unless logs of more blocks than it likes are asked for.
pub(super) async fn log_range(upstream: &Upstream, request: &Request, blocks: u64) -> Result<Answer> {
    let is_too_long = |call: &Value| {
        let filter = call.get("params").and_then(|params| params.get(0));
        let height = |field: &str| number(filter?.get(field)?);
        let span = height("toBlock").zip(height("fromBlock")).map(|(to, from)| to.saturating_sub(from));
        call.get("method").and_then(Value::as_str) == Some("eth_getLogs") && span.is_some_and(|span| span >= blocks)
    };
    let calls = request.calls();
    if !calls.iter().any(is_too_long) {
        return upstream.forward(request).await;
    }
    let id = |call: &Value| call.get("id").cloned().unwrap_or_default();
    let answers: Vec<Value> =
        calls.iter().map(|call| refusal(&id(call), -32005, "query returned more than 10000 results")).collect();
    written(request, &answers)
}

fn refusal(id: &Value, code: i64, words: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": words}})
}

fn written(request: &Request, answers: &[Value]) -> Result<Answer> {
    let is_batch = serde_json::from_slice::<Vec<Value>>(&request.body).is_ok();
    let body = match answers {
        [single] if !is_batch => serde_json::to_vec(single)?,
        several => serde_json::to_vec(several)?,
    };
    Ok(Answer { status: 200, retry_after: None, body, ending: Ending::Whole })
}

/// Whether a call names, by its hash, a block that the node has not seen.
async fn is_beyond(upstream: &Upstream, request: &Request, head: u64, params: &Value) -> Result<bool> {
    let first = params.get(0);
    let Some(hash) = first.and_then(|first| first.get("blockHash")).or(first).and_then(Value::as_str) else {
        return Ok(false);
    };
    if hash.len() != 66 {
        return Ok(false);
    }
    let block = upstream.call(request, "eth_getBlockByHash", json!([hash, false])).await?;
    Ok(block.get("number").and_then(number).is_some_and(|at| at > head))
}

async fn one(upstream: &Upstream, request: &Request, head: u64, (method, params): (&str, Value)) -> Result<Value> {
    let Value::Array(mut params) = params else { return upstream.call(request, method, params).await };
    if method == "eth_blockNumber" {
        return Ok(json!(format!("{head:#x}")));
    }
    for param in &mut params {
        if param.as_str() == Some("latest") {
            *param = json!(format!("{head:#x}"));
        }
        if let Some(to) = param.get_mut("toBlock").filter(|to| to.as_str() == Some("latest")) {
            *to = json!(format!("{head:#x}"));
        }
    }
    let result = upstream.call(request, method, Value::Array(params)).await?;
    let block = ["number", "blockNumber"].iter().find_map(|field| number(result.get(field)?));
    Ok(match result {
        Value::Array(entries) => entries
            .into_iter()
            .filter(|entry| entry.get("blockNumber").and_then(number).is_none_or(|at| at <= head))
            .collect(),
        result => {
            if block.is_some_and(|at| at > head) {
                Value::Null
            } else {
                result
            }
        }
    })
}

fn number(value: &Value) -> Option<u64> {
    u64::from_str_radix(value.as_str()?.strip_prefix("0x")?, 16).ok()
}
