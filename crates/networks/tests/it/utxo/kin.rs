//! Litecoin Core and Dogecoin Core: the answers of their nodes where they differ, over recorded blocks.

use super::{
    bytes::recorded_bytes,
    node::{all_told, config},
};
use bitcoin::{ScriptBuf, hex::DisplayHex};
use farthing_domain::{catalog::Catalog, network::Family};
use farthing_networks::{
    address::{Address, AddressFamily, Chain},
    inspect::{Inspect, Level},
    network::{Network, NetworkError, Watch},
    utxo::{
        Protocol, Utxo,
        block::read_unproved,
        rules::{ChainName, Rules},
    },
    watch_set::WatchSet,
};
use farthing_peers::stand_in::StandIn;
use serde_json::{Value, json};

/// The header of Litecoin's first block.
const LITECOIN_GENESIS: &str = "010000000000000000000000000000000000000000000000000000000000000000000000d9ced4ed1130f7b7faad9be\
                                25323ffafa33232a17c3edf6cfd97bee6bafbdd97b9aa8e4ef0ff0f1ecd513f7c";

/// A chain of which one block is recorded, and a mempool.
#[derive(Clone)]
struct Recorded {
    family: Family,
    chain: ChainName,
    height: u64,
    hash: &'static str,
    block: Vec<u8>,
    genesis: &'static str,
    mempool: Vec<(String, Vec<u8>)>,
    /// Whether it has the calls of Bitcoin Core 0.17 and later.
    is_recent: bool,
}

fn dogecoin() -> Recorded {
    Recorded {
        family: Family::Dogecoin,
        // The block below is not recorded, and only the main chain's targets are compared with it.
        chain: ChainName::Testnet,
        height: 371_337,
        hash: "60323982f9c5ff1b5a954eac9dc1269352835f47c2c5222691d80f0d50dcf053",
        block: recorded_bytes(include_str!("recorded/dogecoin_371337.hex")),
        genesis: "1a91e3dace36e2be3bf030a65679fe821aa1d6ef92e7c9902eb318182c355691",
        mempool: Vec::new(),
        is_recent: false,
    }
}

fn litecoin() -> Recorded {
    Recorded {
        family: Family::Litecoin,
        chain: ChainName::Mainnet,
        height: 1,
        hash: "80ca095ed10b02e53d769eb6eaf92cd04e9e0759e5be4a8477b42911ba49c78f",
        block: recorded_bytes(include_str!("recorded/litecoin_1.hex")),
        genesis: "12a765e31ffd4059bada1e25190f6e98c99d9714d334efa41a195a7e7e04bfe2",
        mempool: Vec::new(),
        is_recent: true,
    }
}

type Answer = Result<Value, (i64, String)>;

/// As Bitcoin Core's older relatives check it: a flag is `true` or `false`, and nothing else.
fn flag(params: &Value, index: usize) -> Result<bool, (i64, String)> {
    params[index].as_bool().ok_or((-1, "JSON value is not a boolean as expected".to_owned()))
}

impl Recorded {
    async fn serve(self) -> StandIn {
        StandIn::json_rpc(move |method, params| self.answer(method, params)).await.unwrap()
    }

    fn answer(&self, method: &str, params: &Value) -> Answer {
        let not_found = || Err((-5, "No such mempool transaction.".to_owned()));
        match method {
            "getblockchaininfo" => {
                Ok(json!({"chain": self.chain.node_name(), "blocks": self.height, "headers": self.height,
                "bestblockhash": self.hash, "pruned": false, "verificationprogress": 0.999}))
            }
            "getbestblockhash" => Ok(json!(self.hash)),
            "getblockhash" if params[0] == json!(0) => Ok(json!(self.genesis)),
            "getblockhash" if params[0] == json!(self.height) => Ok(json!(self.hash)),
            "getblockhash" => Err((-8, "Block height out of range".to_owned())),
            "getblockheader" => self.header(params),
            "getblock" if !flag(params, 1)? => Ok(json!(self.block.to_lower_hex_string())),
            "getrawmempool" if !flag(params, 0)? => Ok(self.mempool.iter().map(|(id, _)| json!(id)).collect()),
            "getrawtransaction" if !flag(params, 1)? => {
                let found = self.mempool.iter().find(|(id, _)| params[0] == json!(id));
                found.map_or_else(not_found, |(_, bytes)| Ok(json!(bytes.to_lower_hex_string())))
            }
            "getmempoolentry" => Ok(json!({"size": 200, "fee": 0.001, "time": 1_700_000_000})),
            "getnetworkinfo" => Ok(json!({"version": 1_140_700, "subversion": "/Shibetoshi:1.14.7/", "connections": 8,
                "localrelay": true})),
            "getindexinfo" if self.is_recent => Ok(json!({})),
            _ => Err((-32601, "Method not found".to_owned())),
        }
    }

    /// A header with its proof of merged mining behind it, as Dogecoin Core answers it.
    fn header(&self, params: &Value) -> Answer {
        if params[0] == json!(self.genesis) && self.family == Family::Litecoin {
            let place = json!({"hash": self.genesis, "confirmations": 2, "height": 0});
            return Ok(if flag(params, 1)? { place } else { json!(LITECOIN_GENESIS) });
        }
        if params[0] != json!(self.hash) {
            return Err((-5, "Block not found".to_owned()));
        }
        if flag(params, 1)? {
            return Ok(json!({"hash": self.hash, "confirmations": 1, "height": self.height}));
        }
        let length = if self.family == Family::Dogecoin { 500 } else { 80 };
        Ok(json!(self.block[..length].to_lower_hex_string()))
    }

    fn rules(&self) -> Rules {
        Rules::of(self.family, ChainName::Mainnet).unwrap()
    }

    /// A script that the block pays to.
    fn paid_script(&self) -> Vec<u8> {
        let read = read_unproved(&self.block, &self.rules(), &|script: &[u8]| script.len() == 25).unwrap();
        read.hits.first().map(|hit| hit.script.to_vec()).unwrap_or_default()
    }

    /// What it is paid to without an address.
    fn paid_key(&self) -> Vec<u8> {
        let read = read_unproved(&self.block, &self.rules(), &|script: &[u8]| script.len() > 34).unwrap();
        read.hits[0].script.to_vec()
    }

    fn adapter(&self, node: &StandIn) -> Utxo {
        let (slug, code) = match self.family {
            Family::Litecoin => ("litecoin", "LTC"),
            _ => ("dogecoin", "DOGE"),
        };
        let mut config = config(&[(Protocol::Core, node.url())]);
        config.network = slug.parse().unwrap();
        config.family = self.family;
        config.chain = self.chain;
        config.native = Catalog::shipped().resolve(code, None).unwrap().clone();
        Utxo::new(config).unwrap()
    }
}

fn watching(script: &[u8]) -> Watch {
    let watch = Watch::new(WatchSet::new([7; 16]));
    watch.insert(script);
    watch
}

#[tokio::test]
async fn dogecoin_core_is_read_by_the_calls_that_it_has() {
    let recorded = dogecoin();
    let node = recorded.clone().serve().await;
    let adapter = recorded.adapter(&node);
    let identity = adapter.identity().await.unwrap();
    assert_eq!(identity.to_string(), format!("dogecoin testnet {}", recorded.genesis));
    let tip = adapter.tip().await.unwrap();
    assert_eq!((tip.head.block.height, tip.head.block.hash.as_str()), (371_337, recorded.hash));
    let watch = watching(&recorded.paid_script());
    let scanned = adapter.transfers(371_337, 371_337, &watch).await.unwrap();
    let transfer = &scanned.blocks[0].transfers[0];
    assert_eq!(transfer.asset.to_string(), "DOGE on dogecoin");
    assert_eq!(
        Address::from_bytes(AddressFamily::Dogecoin, Chain::Mainnet, &transfer.address).unwrap().text(),
        "DA3XgerwDWdZoKSfE7PiJwtJF3KNpxX7Wc"
    );
    assert_eq!(transfer.matures_at, None, "no newly made coin");
    assert_eq!(adapter.mempool(&watch).await, Ok(Some(Vec::new())));
    assert_eq!(adapter.header(371_338).await, Ok(None));
}

#[tokio::test]
async fn dogecoin_core_cannot_tell_whether_an_address_was_used() {
    let recorded = dogecoin();
    let node = recorded.clone().serve().await;
    let adapter = recorded.adapter(&node);
    let hash = [&[0x76, 0xa9, 20][..], &[7; 20], &[0x88, 0xac]].concat();
    let address = Address::from_bytes(AddressFamily::Dogecoin, Chain::Mainnet, &hash).unwrap();
    assert!(matches!(adapter.used(&[address]).await, Err(NetworkError::Unreachable(_))));
    let findings = adapter.examine().await.unwrap();
    assert!(findings.iter().all(|finding| finding.ok || finding.level == Level::Warning), "{findings:?}");
    assert!(findings.iter().any(|finding| finding.name.starts_with("history") && !finding.ok));
}

/// A payment whose sender also moves money into the extension block: the extension's own part follows the outputs.
fn with_extension_body(script: &[u8]) -> (String, Vec<u8>) {
    let output = [&5_000_u64.to_le_bytes()[..], &[u8::try_from(script.len()).unwrap()], script].concat();
    let body = [&[1][..], &[9; 36], &[0], &[0xff; 4], &[1], &output].concat();
    let (version, lock_time) = ([2, 0, 0, 0], [0, 0, 0, 0]);
    let plain = [&version[..], &body, &lock_time].concat();
    let transaction: bitcoin::Transaction = bitcoin::consensus::deserialize(&plain).unwrap();
    let whole = [&version[..], &[0, 8], &body, &[1], &[0xab; 700], &lock_time].concat();
    (transaction.compute_txid().to_string(), whole)
}

#[tokio::test]
async fn litecoin_core_is_read_also_with_extension_data_in_its_mempool() {
    let script = ScriptBuf::from_bytes([&[0, 20][..], &[7; 20]].concat());
    let mut recorded = litecoin();
    recorded.mempool = vec![with_extension_body(script.as_bytes())];
    let node = recorded.clone().serve().await;
    let adapter = recorded.adapter(&node);
    assert_eq!(adapter.tip().await.unwrap().head.block.height, 1);
    let waiting = adapter.mempool(&watching(script.as_bytes())).await.unwrap().unwrap();
    assert_eq!(waiting[0].transfer.transaction, recorded.mempool[0].0);
    assert_eq!((waiting[0].transfer.units, waiting[0].since.unwrap().seconds()), (5_000, 1_700_000_000));
    let watch = watching(&recorded.paid_key());
    // Pay to a public key has no address and is nobody's, however it is watched.
    assert_eq!(all_told(&adapter.transfers(1, 1, &watch).await.unwrap()), []);
}
