//! An EVM node that has not seen the last blocks, and answers as such nodes do: what it cannot know is an empty list.
//!
//! See ethereum/go-ethereum#24078: `eth_getLogs` beyond the head is no error there.

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
        let result = one(upstream, request, head, (&method, params)).await?;
        answers.push(json!({"jsonrpc": "2.0", "id": call.get("id"), "result": result}));
    }
    let is_batch = serde_json::from_slice::<Vec<Value>>(&request.body).is_ok();
    let body = match answers.as_slice() {
        [single] if !is_batch => serde_json::to_vec(single)?,
        several => serde_json::to_vec(several)?,
    };
    Ok(Answer { status: 200, retry_after: None, body, ending: Ending::Whole })
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
