//! Bitcoin Core on a private chain (regtest): the node itself, and a purse whose transactions are signed here.

pub mod purse;

use anyhow::{Context, Result, anyhow, bail, ensure};
use bitcoin::{
    Block, BlockHash, Transaction, Txid,
    consensus::encode::{deserialize_hex, serialize_hex},
};
use reqwest::Client;
use serde_json::{Value, json};
use std::{
    env,
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

/// Attempts to reach a node that starts, and the time between two.
const ATTEMPTS: u32 = 600;
const BETWEEN: Duration = Duration::from_millis(100);
/// Other programs may take a port between its being found and being listened on.
const PORTS_TRIED: u32 = 5;
/// Who calls. The password is the name of a node's own folder: another node that listens on the port knows another one.
const USER: &str = "test";

/// A node. It ends when it is dropped, and its chain with it.
pub struct BitcoinCore {
    child: Child,
    url: String,
    client: Client,
    _folder: TempDir,
}

impl BitcoinCore {
    /// A node with its first block only.
    ///
    /// # Errors
    /// When it is not installed, or does not answer in time.
    pub async fn start() -> Result<Self> {
        Self::start_with(&[]).await
    }

    /// The same, with further options: `-blockfilterindex=1`.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_with(options: &[&str]) -> Result<Self> {
        let program = program()?;
        let mut last = anyhow!("it was not tried");
        for _ in 0..PORTS_TRIED {
            match Self::try_start(&program, options).await {
                Ok(node) => return Ok(node),
                Err(error) => last = error,
            }
        }
        Err(last.context("Bitcoin Core does not start"))
    }

    async fn try_start(program: &PathBuf, options: &[&str]) -> Result<Self> {
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = Client::builder().no_proxy().http1_only().tls_certs_only(std::iter::empty()).build()?;
        let folder = tempfile::tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let password = folder.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        let child = Command::new(program)
            .arg(format!("-datadir={}", folder.path().display()))
            .args([format!("-rpcport={port}"), format!("-rpcuser={USER}"), format!("-rpcpassword={password}")])
            .args(["-regtest", "-server", "-rest=1", "-rpcbind=127.0.0.1", "-rpcallowip=127.0.0.1", "-listen=0"])
            .args(["-dnsseed=0", "-fixedseeds=0", "-natpmp=0", "-printtoconsole=0", "-rpcworkqueue=128"])
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("bitcoind cannot be started")?;
        let url = format!("http://{USER}:{password}@127.0.0.1:{port}");
        let mut node = Self { child, url, client, _folder: folder };
        for _ in 0..ATTEMPTS {
            if let Some(status) = node.child.try_wait()? {
                bail!("bitcoind ended with {status}");
            }
            if node.call("getblockcount", json!([])).await.is_ok() {
                return Ok(node);
            }
            tokio::time::sleep(BETWEEN).await;
        }
        bail!("bitcoind does not answer")
    }

    /// Where its JSON-RPC is, with user and password.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Calls a method.
    ///
    /// # Errors
    /// The node's own, and when it does not answer.
    pub async fn call(&self, method: &str, params: Value) -> Result<Value> {
        let body = serde_json::to_vec(&json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))?;
        let answer = self.client.post(&self.url).body(body).send().await?.bytes().await?;
        let mut answer: Value = serde_json::from_slice(&answer)?;
        if let Some(error) = answer.get("error").filter(|error| !error.is_null()) {
            bail!("{method}: {error}");
        }
        Ok(answer.get_mut("result").map(Value::take).unwrap_or_default())
    }

    /// A path of its REST interface, such as `rest/block/….bin`: status and body.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn rest(&self, path: &str) -> Result<(u16, Vec<u8>)> {
        let answer = self.client.get(format!("{}/{path}", self.url)).send().await?;
        Ok((answer.status().as_u16(), answer.bytes().await?.to_vec()))
    }

    /// The height of its tip.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn height(&self) -> Result<u64> {
        self.call("getblockcount", json!([])).await?.as_u64().context("no height")
    }

    /// The hash of the block at a height.
    ///
    /// # Errors
    /// When there is none.
    pub async fn hash_at(&self, height: u64) -> Result<BlockHash> {
        Ok(self.text("getblockhash", json!([height])).await?.parse()?)
    }

    /// A block.
    ///
    /// # Errors
    /// When there is none such.
    pub async fn block(&self, hash: BlockHash) -> Result<Block> {
        Ok(deserialize_hex(&self.text("getblock", json!([hash.to_string(), 0])).await?)?)
    }

    /// Mines blocks with what waits, newly made coins going to an address; with their hashes.
    ///
    /// # Errors
    /// When it does not mine.
    pub async fn mine(&self, blocks: u64, address: &str) -> Result<Vec<BlockHash>> {
        let hashes = self.call("generatetoaddress", json!([blocks, address])).await?;
        hashes
            .as_array()
            .context("no list")?
            .iter()
            .map(|hash| Ok(hash.as_str().unwrap_or_default().parse()?))
            .collect()
    }

    /// Mines one block with exactly these transactions, whether they waited or not.
    ///
    /// # Errors
    /// When they do not make a block.
    pub async fn mine_exactly(&self, transactions: &[&Transaction], address: &str) -> Result<BlockHash> {
        let raw: Vec<String> = transactions.iter().map(|transaction| serialize_hex(*transaction)).collect();
        let made = self.call("generateblock", json!([address, raw])).await?;
        Ok(made.get("hash").and_then(Value::as_str).context("no hash")?.parse()?)
    }

    /// Puts a transaction into its mempool.
    ///
    /// # Errors
    /// When the mempool refuses it.
    pub async fn send(&self, transaction: &Transaction) -> Result<Txid> {
        // Any fee rate will do.
        Ok(self.text("sendrawtransaction", json!([serialize_hex(transaction), 0])).await?.parse()?)
    }

    /// Takes a block and all above it off the chain.
    ///
    /// # Errors
    /// When there is none such.
    pub async fn invalidate(&self, hash: BlockHash) -> Result<()> {
        self.call("invalidateblock", json!([hash.to_string()])).await.map(drop)
    }

    /// What waits in its mempool.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn mempool(&self) -> Result<Vec<String>> {
        Ok(serde_json::from_value(self.call("getrawmempool", json!([])).await?)?)
    }

    /// Sets its clock, in seconds since 1970; blocks and first sights have this time until it is set again.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn set_time(&self, seconds: i64) -> Result<()> {
        self.call("setmocktime", json!([seconds])).await.map(drop)
    }

    async fn text(&self, method: &str, params: Value) -> Result<String> {
        let answer = self.call(method, params).await?;
        answer.as_str().map(str::to_owned).with_context(|| format!("{method}: no text"))
    }
}

impl Drop for BitcoinCore {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Where `cargo xtask peers` puts it.
#[expect(clippy::disallowed_methods, reason = "a peer of tests has no configuration; only this reads the environment")]
fn program() -> Result<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = cache.or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    let program = cache.context("neither XDG_CACHE_HOME nor HOME is set")?.join("farthing/bitcoin-core/bin/bitcoind");
    ensure!(program.is_file(), "Bitcoin Core is not installed for the tests: run `cargo xtask peers`");
    Ok(program)
}
