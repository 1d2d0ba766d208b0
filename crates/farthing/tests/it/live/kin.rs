//! Litecoin and Dogecoin through the built program: their addresses, their nodes' calls, their blocks.
//!
//! Neither node can be installed here. The stand-in makes a small chain of their form and answers by the calls that
//! the real ones have, as recorded in the adapter's own tests: flags are booleans, and Dogecoin knows no newer calls.

use super::program::Rehearsal;
use bitcoin::{
    Amount, Block, BlockHash, CompactTarget, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxMerkleNode, TxOut,
    Txid, Witness,
    absolute::LockTime,
    block::{Header, Version},
    consensus::{encode::serialize_hex, serialize},
    hashes::Hash as _,
    transaction,
};
use farthing_domain::network::Family;
use farthing_networks::{
    address::{Address, AddressFamily, Chain},
    utxo::{
        block::read_unproved,
        rules::{ChainName, Rules},
    },
};
use farthing_peers::stand_in::StandIn;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, MutexGuard};

/// BIP-32's first test vector, as test networks write it.
const KEY: &str =
    "tpubD6NzVbkrYhZ4XgiXtGrdW5XDAPFCL9h7we1vwNCpn8tGbBcgfVYjXyhWo4E1xkh56hjod1RhGjxbaTLV3X4FyWuejifB9jusQ46QzG87VKp";
/// The easiest target of private chains.
const EASY: u32 = 0x207f_ffff;
/// Of the first block; each next one is a minute younger.
const BIRTH: u32 = 1_767_225_600;

/// A chain and what waits for its next block.
#[derive(Clone)]
struct Kin(Arc<Mutex<State>>);

struct State {
    family: Family,
    blocks: Vec<Block>,
    waiting: Vec<Transaction>,
}

type Answered = Result<Value, (i64, String)>;

impl Kin {
    fn new(family: Family) -> Self {
        let kin = Self(Arc::new(Mutex::new(State { family, blocks: Vec::new(), waiting: Vec::new() })));
        kin.mine(20);
        kin
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn mine(&self, blocks: u32) {
        for _ in 0..blocks {
            self.state().mine();
        }
    }

    /// Puts a payment into the mempool.
    fn pay(&self, script: ScriptBuf, units: u64) -> Txid {
        let mut state = self.state();
        let number = u64::try_from(state.blocks.len()).unwrap();
        let payment = transaction(OutPoint { txid: spent(number), vout: 0 }, Vec::new(), (script, units));
        let id = payment.compute_txid();
        state.waiting.push(payment);
        id
    }

    async fn serve(&self) -> StandIn {
        let kin = self.clone();
        StandIn::json_rpc(move |method, params| kin.state().answer(method, params)).await.unwrap()
    }
}

/// Something to spend; nobody checks that it was there.
fn spent(number: u64) -> Txid {
    Txid::hash(&number.to_be_bytes())
}

fn transaction(from: OutPoint, script_sig: Vec<u8>, (script_pubkey, units): (ScriptBuf, u64)) -> Transaction {
    let input = TxIn {
        previous_output: from,
        script_sig: ScriptBuf::from_bytes(script_sig),
        sequence: Sequence::MAX,
        witness: Witness::new(),
    };
    Transaction {
        version: transaction::Version::TWO,
        lock_time: LockTime::ZERO,
        input: vec![input],
        output: vec![TxOut { value: Amount::from_sat(units), script_pubkey }],
    }
}

impl State {
    fn rules(&self) -> Rules {
        Rules::of(self.family, ChainName::Regtest).unwrap()
    }

    fn mine(&mut self) {
        let height = u32::try_from(self.blocks.len()).unwrap();
        // A coinbase begins with its height (BIP-34).
        let stated = [&[4][..], &height.to_le_bytes()].concat();
        let nobody = ScriptBuf::from_bytes(vec![0x51]);
        let mut txdata = vec![transaction(OutPoint::null(), stated, (nobody, 50))];
        txdata.append(&mut self.waiting);
        let header = Header {
            version: Version::from_consensus(0x2000_0000),
            prev_blockhash: self.blocks.last().map_or_else(BlockHash::all_zeros, Block::block_hash),
            merkle_root: TxMerkleNode::all_zeros(),
            time: BIRTH.wrapping_add(height.wrapping_mul(60)),
            bits: CompactTarget::from_consensus(EASY),
            nonce: 0,
        };
        let mut block = Block { header, txdata };
        block.header.merkle_root = block.compute_merkle_root().unwrap();
        while !self.is_worked(&block) {
            block.header.nonce = block.header.nonce.wrapping_add(1);
        }
        self.blocks.push(block);
    }

    fn is_worked(&self, block: &Block) -> bool {
        let (rules, bytes) = (self.rules(), serialize(block));
        rules.is_worked(&read_unproved(&bytes, &rules, &|_: &[u8]| false).unwrap().header)
    }

    fn place(&self, hash: &Value) -> Result<usize, (i64, String)> {
        let place = self.blocks.iter().position(|block| json!(block.block_hash().to_string()) == *hash);
        place.ok_or((-5, "Block not found".to_owned()))
    }

    fn answer(&self, method: &str, params: &Value) -> Answered {
        let top = self.blocks.len().checked_sub(1).unwrap();
        let best = self.blocks[top].block_hash().to_string();
        match method {
            "getblockchaininfo" => Ok(json!({"chain": "regtest", "blocks": top, "headers": top, "bestblockhash": best,
                "pruned": false, "verificationprogress": 1})),
            "getnetworkinfo" => Ok(json!({"version": 210_300, "subversion": "/Kin/", "connections": 8})),
            "getbestblockhash" => Ok(json!(best)),
            "getblockhash" => {
                let block = params[0].as_u64().and_then(|height| self.blocks.get(usize::try_from(height).ok()?));
                block.map(|block| json!(block.block_hash().to_string())).ok_or((-8, "out of range".to_owned()))
            }
            "getblockheader" => {
                let place = self.place(&params[0])?;
                let verbose = json!({"hash": params[0], "height": place, "confirmations": self.blocks.len().saturating_sub(place)});
                Ok(if flag(params)? { verbose } else { json!(serialize_hex(&self.blocks[place].header)) })
            }
            "getblock" if !flag(params)? => Ok(json!(serialize_hex(&self.blocks[self.place(&params[0])?]))),
            "getrawmempool" => Ok(self.waiting.iter().map(|one| json!(one.compute_txid().to_string())).collect()),
            "getrawtransaction" if !flag(params)? => Ok(json!(serialize_hex(self.waiting(&params[0])?))),
            "getmempoolentry" => self.waiting(&params[0]).map(|_| json!({"time": BIRTH, "size": 200})),
            "getindexinfo" if self.family == Family::Litecoin => Ok(json!({})),
            "scantxoutset" if self.family == Family::Litecoin => {
                Ok(json!({"success": true, "height": top, "unspents": [], "total_amount": 0}))
            }
            _ => Err((-32601, "Method not found".to_owned())),
        }
    }

    fn waiting(&self, id: &Value) -> Result<&Transaction, (i64, String)> {
        let found = self.waiting.iter().find(|one| json!(one.compute_txid().to_string()) == *id);
        found.ok_or((-5, "No such mempool transaction.".to_owned()))
    }
}

/// As Bitcoin Core's older relatives check it: a flag is `true` or `false`, and nothing else.
fn flag(params: &Value) -> Result<bool, (i64, String)> {
    params[1].as_bool().ok_or((-1, "JSON value is not a boolean as expected".to_owned()))
}

/// What of a coin is told apart.
struct Coin {
    family: Family,
    slug: &'static str,
    code: &'static str,
    account: String,
    /// What the account's first address begins with.
    prefixes: &'static [char],
    /// Its `start_index`, where the node cannot tell an account's history.
    start: &'static str,
}

async fn is_sold_and_paid(coin: Coin) {
    let Coin { family, slug, code, account, prefixes, start } = coin;
    let kin = Kin::new(family);
    let node = kin.serve().await;
    let url = node.url();
    let shop = Rehearsal::new(&format!(
        "[networks.{slug}]\nkind = \"bitcoin\"\nchain = \"regtest\"\nproviders = [{{ core = \"{url}\" }}]\naccount = \"{account}\"\nconfirmations = 3\n{start}"
    ));
    let doctor = shop.doctor();
    assert_eq!(doctor["ok"], true, "{doctor}");
    let server = shop.serve().await;
    let key = shop.live_key();
    let asked = json!({"currency": code, "network": slug, "amount": "12.5"});
    let (mined, waiting) = (server.create_when_sold(&key, &asked).await, server.create_when_sold(&key, &asked).await);
    let script = |invoice: &Value| {
        let text = invoice["deposit_address"].as_str().unwrap();
        assert!(text.starts_with(prefixes), "{text}");
        let address = Address::parse(AddressFamily::from(family), Chain::Regtest, text).unwrap();
        ScriptBuf::from_bytes(address.bytes().to_vec())
    };
    kin.pay(script(&mined), 1_250_000_000);
    kin.mine(1);
    let id = kin.pay(script(&waiting), 1_250_000_000);
    server.until(&key, &mined, "confirming").await;
    server.until(&key, &waiting, "confirming").await;
    kin.mine(2);
    server.until(&key, &mined, "paid").await;
    server.until(&key, &waiting, "confirming").await;
    kin.mine(1);
    let paid = server.until(&key, &waiting, "paid").await;
    assert_eq!(paid["payments"][0]["tx_hash"], id.to_string(), "{paid}");
    assert_eq!(paid["payments"][0]["amount"], "12.5", "{paid}");
    let status = server.networks_status_when(|network| network["seen_by_server"]["sells"] == true).await;
    assert_eq!((status["network"].as_str(), status["behind"].as_u64()), (Some(slug), Some(0)), "{status}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn litecoin_is_sold_and_paid_through_its_own_node() {
    is_sold_and_paid(Coin {
        family: Family::Litecoin,
        slug: "litecoin",
        code: "LTC",
        account: format!("wpkh({KEY}/0/*)"),
        prefixes: &['r'],
        start: "",
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dogecoin_is_sold_and_paid_through_its_own_node() {
    is_sold_and_paid(Coin {
        family: Family::Dogecoin,
        slug: "dogecoin",
        code: "DOGE",
        account: format!("pkh({KEY}/0/*)"),
        prefixes: &['m', 'n'],
        start: "start_index = 0\n",
    })
    .await;
}
