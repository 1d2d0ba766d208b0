//! anvil, an EVM node on a private chain whose accounts sign by themselves and that mines only when told.

pub mod contracts;
pub mod purse;

use alloy_primitives::{Address, B256, U256};
use anyhow::{Context, Result, bail, ensure};
use reqwest::Client;
use serde_json::{Value, json};
use std::{
    env,
    net::TcpListener,
    path::PathBuf,
    process::{self, Child, Command, Stdio},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Attempts to reach a node that starts, or to see what it mined, and the time between two.
const ATTEMPTS: u32 = 6000;
const BETWEEN: Duration = Duration::from_millis(10);
/// Other programs may take a port between its being found and being listened on.
const PORTS_TRIED: u32 = 5;
/// What a node's accounts have at first, in whole coins; each node's a little more than the one before, to be known by.
const RICH: u64 = 1_000_000;
/// Units of a whole coin.
const COIN: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);
/// Nodes that this process started.
static STARTED: AtomicU64 = AtomicU64::new(0);
/// Enough for every transaction of a test.
const GAS: u64 = 5_000_000;
/// The most that a transaction pays for a unit of gas, unless it says otherwise.
const FEE: u64 = 1_000_000_000;

/// A node. It ends when it is dropped, and its chain with it.
pub struct Anvil {
    child: Child,
    url: String,
    client: Client,
    accounts: Vec<Address>,
}

impl Anvil {
    /// A node of a chain with this id. Its blocks are safe one block later, final two blocks later.
    ///
    /// # Errors
    /// When it is not installed, or does not answer in time.
    pub async fn start(chain_id: u64) -> Result<Self> {
        let program = program()?;
        let mut last = anyhow::anyhow!("it was not tried");
        for _ in 0..PORTS_TRIED {
            match Self::try_start(&program, chain_id).await {
                Ok(node) => return Ok(node),
                Err(error) => last = error,
            }
        }
        Err(last.context("anvil does not start"))
    }

    async fn try_start(program: &PathBuf, chain_id: u64) -> Result<Self> {
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = Client::builder().no_proxy().http1_only().tls_certs_only(std::iter::empty()).build()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port().to_string();
        // Another node may listen on the port before ours does, and answer for it.
        let number =
            STARTED.fetch_add(1, Ordering::Relaxed).saturating_add(u64::from(process::id()).saturating_mul(1000));
        let balance = RICH.saturating_add(number);
        let mut child = Command::new(program)
            .args(["--host", "127.0.0.1", "--port", &port, "--chain-id", &chain_id.to_string()])
            .args([
                "--no-mining",
                "--steps-tracing",
                "--silent",
                "--slots-in-an-epoch",
                "1",
                "--block-base-fee-per-gas",
                "0",
            ])
            .args(["--order", "fifo", "--preserve-historical-states", "--balance", &balance.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("anvil cannot be started")?;
        let url = format!("http://127.0.0.1:{port}");
        for _ in 0..ATTEMPTS {
            if let Some(status) = child.try_wait()? {
                bail!("anvil ended with {status}");
            }
            if let Ok(accounts) = call(&client, &url, "eth_accounts", json!([])).await {
                let node = Self { child, url, client, accounts: serde_json::from_value(accounts)? };
                let held: U256 =
                    serde_json::from_value(node.call("eth_getBalance", json!([node.account(0), "latest"])).await?)?;
                ensure!(held == U256::from(balance).saturating_mul(COIN), "another node listens there");
                return Ok(node);
            }
            tokio::time::sleep(BETWEEN).await;
        }
        drop(child.kill());
        drop(child.wait());
        bail!("anvil does not answer")
    }

    /// Where its JSON-RPC is.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// One of its ten rich accounts.
    #[must_use]
    pub fn account(&self, number: usize) -> Address {
        self.accounts.get(number).copied().unwrap_or_default()
    }

    /// Calls a method.
    ///
    /// # Errors
    /// The node's own, and when it does not answer.
    pub async fn call(&self, method: &str, params: Value) -> Result<Value> {
        call(&self.client, &self.url, method, params).await
    }

    /// The height of its head.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn head(&self) -> Result<u64> {
        let text = self.call("eth_blockNumber", json!([])).await?;
        Ok(u64::from_str_radix(text.as_str().unwrap_or_default().trim_start_matches("0x"), 16)?)
    }

    /// Mines blocks, the first with what waits; with the new head's height.
    ///
    /// # Errors
    /// When it does not mine.
    pub async fn mine(&self, blocks: u64) -> Result<u64> {
        for _ in 0..blocks {
            self.call("evm_mine", json!([])).await?;
        }
        self.head().await
    }

    /// Puts a transaction of its first account into the pool; with its hash.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn send(&self, transaction: Send) -> Result<B256> {
        self.send_from(self.account(0), transaction).await
    }

    /// The same, of another account.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn send_from(&self, from: Address, transaction: Send) -> Result<B256> {
        let mut fields = json!({
            "from": from,
            "value": transaction.value,
            "data": format!("0x{}", hex::encode(transaction.data)),
            "gas": format!("{:#x}", transaction.gas.unwrap_or(GAS)),
            "maxFeePerGas": format!("{:#x}", transaction.tip.saturating_mul(10).saturating_add(FEE)),
            "maxPriorityFeePerGas": format!("{:#x}", transaction.tip),
        });
        let optional = [
            ("to", transaction.to.map(|to| json!(to))),
            ("nonce", transaction.nonce.map(|nonce| json!(format!("{nonce:#x}")))),
        ];
        for (name, value) in optional {
            if let Some((fields, value)) = fields.as_object_mut().zip(value) {
                fields.insert(name.to_owned(), value);
            }
        }
        Ok(serde_json::from_value(self.call("eth_sendTransaction", json!([fields])).await?)?)
    }

    /// Sends a transaction and mines it, and nothing before it waits; with its hash. It may have failed.
    ///
    /// # Errors
    /// When it is refused or not mined.
    pub async fn mined(&self, transaction: Send) -> Result<B256> {
        let hash = self.send(transaction).await?;
        self.mine(1).await?;
        self.receipt(hash).await?;
        Ok(hash)
    }

    /// What became of a transaction, once it is mined.
    ///
    /// # Errors
    /// When it is not mined in time.
    pub async fn receipt(&self, hash: B256) -> Result<Value> {
        for _ in 0..ATTEMPTS {
            let receipt = self.call("eth_getTransactionReceipt", json!([hash])).await?;
            if !receipt.is_null() {
                return Ok(receipt);
            }
            tokio::time::sleep(BETWEEN).await;
        }
        bail!("{hash} is not mined")
    }

    /// Whether a mined transaction succeeded.
    ///
    /// # Errors
    /// When it is not mined in time.
    pub async fn succeeded(&self, hash: B256) -> Result<bool> {
        Ok(self.receipt(hash).await?.get("status").and_then(Value::as_str) == Some("0x1"))
    }

    /// How many transactions an account has sent.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn nonce(&self, account: Address) -> Result<u64> {
        let text = self.call("eth_getTransactionCount", json!([account, "pending"])).await?;
        Ok(u64::from_str_radix(text.as_str().unwrap_or_default().trim_start_matches("0x"), 16)?)
    }

    /// Deploys a contract of [`contracts`].
    ///
    /// # Errors
    /// When that fails.
    pub async fn deploy(&self, name: &str, arguments: &[u8]) -> Result<Address> {
        let code = [contracts::code(name)?, arguments.to_vec()].concat();
        let hash = self.mined(Send { to: None, data: code, ..Send::default() }).await?;
        let receipt = self.receipt(hash).await?;
        ensure!(receipt.get("status").and_then(Value::as_str) == Some("0x1"), "{name} is not deployed");
        Ok(serde_json::from_value(receipt.get("contractAddress").cloned().unwrap_or_default())?)
    }

    /// Replaces the last blocks by as many empty ones.
    ///
    /// # Errors
    /// When it refuses.
    pub async fn reorg(&self, depth: u64) -> Result<()> {
        self.call("anvil_reorg", json!([depth, []])).await.map(drop)
    }

    /// Replaces the last blocks by as many others, one of which holds this transaction, mined before: the lowest of them is
    /// number 0. Its hash stays the same, its block's does not.
    ///
    /// # Errors
    /// When it refuses.
    pub async fn reorg_with(&self, depth: u64, transaction: B256, block: u64) -> Result<()> {
        let raw = self.call("eth_getRawTransactionByHash", json!([transaction])).await?;
        // Without anything new in them the blocks would be the very same ones.
        let (from, to) = (self.account(9), self.account(8));
        let other = json!({"from": from, "to": to, "value": format!("{depth:#x}"), "gas": "0x5208"});
        self.call("anvil_reorg", json!([depth, [[other, 0], [raw, block]]])).await.map(drop)
    }

    /// Takes the last blocks off the chain.
    ///
    /// # Errors
    /// When it refuses.
    pub async fn rollback(&self, depth: u64) -> Result<()> {
        self.call("anvil_rollback", json!([depth])).await.map(drop)
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A transaction to be sent.
#[derive(Debug, Clone, Default)]
pub struct Send {
    /// To whom; `None` deploys a contract.
    pub to: Option<Address>,
    /// Coins with it, in atomic units.
    pub value: U256,
    /// The call's data.
    pub data: Vec<u8>,
    /// The sender's next, unless it is set.
    pub nonce: Option<u64>,
    /// What is paid for it beyond the base fee: more replaces a waiting transaction of the same nonce.
    pub tip: u64,
    /// At most; plenty, unless it is set.
    pub gas: Option<u64>,
}

impl Send {
    /// Coins to an address, and nothing else.
    #[must_use]
    pub fn coins(to: Address, units: u128) -> Self {
        Self { to: Some(to), value: U256::from(units), gas: Some(21_000), ..Self::default() }
    }

    /// A call of a contract.
    #[must_use]
    pub fn call(contract: Address, data: Vec<u8>) -> Self {
        Self { to: Some(contract), data, ..Self::default() }
    }

    /// With coins.
    #[must_use]
    pub fn with(self, units: u128) -> Self {
        Self { value: U256::from(units), ..self }
    }
}

async fn call(client: &Client, url: &str, method: &str, params: Value) -> Result<Value> {
    let body = serde_json::to_vec(&json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))?;
    let request = client.post(url).header("content-type", "application/json").body(body);
    let mut answer: Value = serde_json::from_slice(&request.send().await?.bytes().await?)?;
    if let Some(error) = answer.get("error").filter(|error| !error.is_null()) {
        bail!("{method}: {error}");
    }
    Ok(answer.get_mut("result").map(Value::take).unwrap_or_default())
}

/// Where `cargo xtask peers` puts it.
#[expect(clippy::disallowed_methods, reason = "a peer of tests has no configuration; only this reads the environment")]
fn program() -> Result<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = cache.or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    let cache = cache.context("neither XDG_CACHE_HOME nor HOME is set")?;
    let program = cache.join("farthing/anvil/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil");
    ensure!(program.is_file(), "anvil is not installed for the tests: run `cargo xtask peers`");
    Ok(program)
}
