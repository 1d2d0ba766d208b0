//! A stand-in of an Esplora server over a Bitcoin Core node: the same paths, forms and errors, the node's own chain.

use crate::{
    bitcoin_core::BitcoinCore,
    wire::{self, Answer, Ending, spawn},
};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// The server. It ends when it is dropped.
pub struct Esplora {
    url: String,
    task: JoinHandle<()>,
}

impl Esplora {
    /// A server over a node.
    ///
    /// # Errors
    /// When no port can be listened on.
    pub async fn over(node: Arc<BitcoinCore>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no port for a stand-in")?;
        let url = format!("http://{}", listener.local_addr()?);
        Ok(Self { url, task: spawn(accept(listener, node)) })
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }
}

impl Drop for Esplora {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, node: Arc<BitcoinCore>) {
    while let Ok((stream, _)) = listener.accept().await {
        let node = Arc::clone(&node);
        // Detached: it ends with its connection, or with the test's runtime.
        drop(spawn(async move { drop(serve(stream, &node).await) }));
    }
}

async fn serve(mut stream: TcpStream, node: &BitcoinCore) -> Result<()> {
    let Some(request) = wire::read(&mut stream).await? else { return Ok(()) };
    // What the node does not have is "not found" in words, as Esplora answers it.
    let (status, body) = match answer(node, request.path.trim_start_matches('/')).await {
        Ok(Some(body)) => (200, body),
        Ok(None) | Err(_) => (404, b"not found".to_vec()),
    };
    wire::write(&mut stream, &Answer { status, retry_after: None, body, ending: Ending::Whole }).await
}

async fn answer(node: &BitcoinCore, path: &str) -> Result<Option<Vec<u8>>> {
    let parts: Vec<&str> = path.split('/').collect();
    let text = |value: Value| value.as_str().map(|text| text.as_bytes().to_vec());
    Ok(match parts.as_slice() {
        ["blocks", "tip", "hash"] => text(node.call("getbestblockhash", json!([])).await?),
        ["blocks", "tip", "height"] => Some(node.height().await?.to_string().into_bytes()),
        ["block-height", height] => text(node.call("getblockhash", json!([height.parse::<u64>()?])).await?),
        ["block", hash] => {
            let header = node.call("getblockheader", json!([hash, true])).await?;
            let shown = json!({"id": hash, "height": header.get("height"), "timestamp": header.get("time"),
                "previousblockhash": header.get("previousblockhash"), "merkle_root": header.get("merkleroot")});
            Some(serde_json::to_vec(&shown)?)
        }
        ["block", hash, "header"] => text(node.call("getblockheader", json!([hash, false])).await?),
        ["block", hash, "raw"] => found(node.rest(&format!("rest/block/{hash}.bin")).await?),
        ["mempool"] => {
            let info = node.call("getmempoolinfo", json!([])).await?;
            Some(serde_json::to_vec(&json!({"count": info.get("size"), "vsize": info.get("bytes")}))?)
        }
        ["mempool", "txids"] => Some(serde_json::to_vec(&node.mempool().await?)?),
        ["tx", id, "raw"] => found(node.rest(&format!("rest/tx/{id}.bin")).await?),
        ["address", address] => Some(serde_json::to_vec(&stats(node, address).await?)?),
        _ => None,
    })
}

fn found((status, body): (u16, Vec<u8>)) -> Option<Vec<u8>> {
    (status == 200).then_some(body)
}

/// What an address has unspent on the chain; the stand-in knows of no spent outputs.
async fn stats(node: &BitcoinCore, address: &str) -> Result<Value> {
    let found = node.call("scantxoutset", json!(["start", [format!("addr({address})")]])).await?;
    let count = found.get("unspents").and_then(Value::as_array).map_or(0, Vec::len);
    let total = found.get("total_amount").map(ToString::to_string).unwrap_or_default();
    let units = bitcoin::Amount::from_str_in(&total, bitcoin::Denomination::Bitcoin)?.to_sat();
    let none = json!({"tx_count": 0, "funded_txo_sum": 0, "spent_txo_sum": 0});
    Ok(json!({"address": address, "mempool_stats": none,
        "chain_stats": {"tx_count": count, "funded_txo_sum": units, "spent_txo_sum": 0}}))
}
