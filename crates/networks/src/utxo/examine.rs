//! What `doctor` wants to know of each provider before money depends on it.

use super::{
    Utxo,
    core_node::{ChainInfo, CoreNode},
    esplora::Esplora,
    rules::ChainName,
    source::{Source, Speaks},
};
use crate::{
    inspect::{Finding, Level},
    provider::{Node, ProviderError},
};
use serde::Deserialize;
use serde_json::json;

/// Blocks that a node may be behind the headers that it knows.
const BLOCKS_BEHIND_MAX: u64 = 3;
/// Blocks that a pruning node keeps at least, so that a stop of two days leaves no gap.
const KEPT_MIN: u64 = 288;

#[derive(Deserialize)]
struct NetworkInfo {
    subversion: String,
    #[serde(default)]
    connections: u64,
    #[serde(default = "yes")]
    localrelay: bool,
}

const fn yes() -> bool {
    true
}

/// Findings about one provider.
struct Findings<'a> {
    provider: &'a str,
    list: Vec<Finding>,
}

impl Findings<'_> {
    fn add(&mut self, what: &str, level: Level, ok: bool, detail: String) {
        self.list.push(Finding { name: format!("{what} of {}", self.provider), level, ok, detail });
    }
}

impl Utxo {
    pub(super) async fn examine_all(&self) -> Vec<Finding> {
        let mut all = Vec::new();
        for source in self.pool.nodes() {
            let mut findings = Findings { provider: source.name(), list: Vec::new() };
            if let Err(error) = self.examine_one(source, &mut findings).await {
                findings.add("answers", Level::Error, false, error.to_string());
            }
            all.extend(findings.list);
        }
        all
    }

    async fn examine_one(&self, source: &Source, findings: &mut Findings<'_>) -> Result<(), ProviderError> {
        match source.identity().await {
            Ok(identity) => findings.add("chain", Level::Error, true, identity.to_string()),
            Err(ProviderError::OtherChain(what)) => {
                findings.add("chain", Level::Error, false, what);
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        match &source.speaks {
            Speaks::Core(node) => self.examine_core(node, findings).await,
            Speaks::Esplora(server) => examine_esplora(source, server, findings).await,
        }
    }

    async fn examine_core(&self, node: &CoreNode, findings: &mut Findings<'_>) -> Result<(), ProviderError> {
        let info = node.chain_info().await?;
        let behind = info.headers.saturating_sub(info.blocks);
        // A private chain that stands still calls itself unfinished.
        let is_synced = behind <= BLOCKS_BEHIND_MAX && (!info.initialblockdownload || self.chain == ChainName::Regtest);
        let detail = format!("block {} of {} headers", info.blocks, info.headers);
        findings.add("sync", Level::Error, is_synced, detail);
        self.examine_pruning(&info, findings);
        let network: NetworkInfo = node.rpc.call("getnetworkinfo", json!([])).await?;
        let is_connected = network.connections > 0 || self.chain == ChainName::Regtest;
        let detail = format!("{}, {} connections", network.subversion, network.connections);
        findings.add("version", Level::Warning, is_connected, detail);
        let detail = if network.localrelay {
            "transactions are seen before they are mined".to_owned()
        } else {
            "the node takes no transactions (-blocksonly): money is seen only when it is mined".to_owned()
        };
        findings.add("mempool", Level::Warning, network.localrelay, detail);
        let has_filters = node.has_filters().await?;
        let detail = if has_filters {
            "spent and unspent outputs of an account are found before its first sale".to_owned()
        } else {
            "only unspent outputs of an account are found before its first sale: run the node with -blockfilterindex=1, or \
             say start_index if the account was used before"
                .to_owned()
        };
        findings.add("history", Level::Warning, has_filters, detail);
        Ok(())
    }

    fn examine_pruning(&self, info: &ChainInfo, findings: &mut Findings<'_>) {
        let Some(lowest) = info.pruneheight.filter(|_| info.pruned) else {
            findings.add("pruning", Level::Error, true, "it keeps all blocks".to_owned());
            return;
        };
        let kept = info.blocks.saturating_sub(lowest).saturating_add(1);
        let needed = KEPT_MIN.max(u64::from(self.confirmations)).min(info.blocks);
        let detail = format!("it keeps {kept} blocks, from {lowest}: scanning must not stop for longer than that");
        findings.add("pruning", Level::Error, kept >= needed, detail);
    }
}

async fn examine_esplora(source: &Source, server: &Esplora, findings: &mut Findings<'_>) -> Result<(), ProviderError> {
    let tip = source.tip().await?;
    findings.add("sync", Level::Error, true, format!("block {}", tip.height));
    let is_read = server.waiting().await?.is_some();
    let detail = if is_read {
        "transactions are seen before they are mined"
    } else {
        "its mempool is too large to be read over HTTP: money is seen only when it is mined; add a node of your own"
    };
    findings.add("mempool", Level::Warning, is_read, detail.to_owned());
    Ok(())
}
