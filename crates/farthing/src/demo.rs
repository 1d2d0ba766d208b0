//! `demo`: a gateway to try, with a shop, a test key, an endpoint and an invoice to pay. It needs nothing and leaves nothing.

use crate::{
    cli::Demo,
    commands::{self, Outcome},
    config::{Config, LogFormat, RatesConfig},
    installation::merchants,
    output,
    serve::{Started, start},
};
use anyhow::{Context, bail};
use farthing_dialects::{
    credentials::NewCredential,
    native::{
        api_keys::{ApiKeySecret, Permission},
        callback::WebhookSecret,
        events::EventName,
    },
};
use farthing_domain::{
    decimal::Decimal,
    id::{Environment, Owner},
    invoice::{Choice, Invoice, Source, Terms},
    money::Amount,
    policy::{Dialect, Policy},
    price::Price,
};
use farthing_gateway::{
    create_invoice::{CreateInvoice, Created},
    gateway::Gateway,
};
use serde_json::json;
use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Where `farthing webhook-sink` listens when nothing else is said.
const SINK: &str = "http://127.0.0.1:9999/";
/// The shop's name.
const SHOP: &str = "Harbour Tea House";
/// What the invoice asks for, in BTC.
const AMOUNT: &str = "0.0005";
/// How long the server may take to answer its first request.
const FIRST_ANSWER_MAX: Duration = Duration::from_secs(10);

/// What is shown of the demo.
struct Shown {
    base_url: String,
    key: ApiKeySecret,
    webhook_secret: WebhookSecret,
    invoice: Invoice,
    /// New credentials of the other APIs.
    dialects: Vec<(Dialect, NewCredential)>,
}

/// Runs the demo.
///
/// # Errors
/// When it cannot be started.
pub(crate) async fn demo(arguments: &Demo) -> anyhow::Result<Outcome> {
    if !arguments.listen.ip().is_loopback() {
        bail!(
            "--listen {}: the demo listens on loopback only; try 127.0.0.1:{}",
            arguments.listen,
            arguments.listen.port()
        );
    }
    let (folder, is_temporary) = match &arguments.data_dir {
        Some(folder) => (folder.clone(), false),
        None => (temporary_folder()?, true),
    };
    let outcome = run(arguments, folder.clone()).await;
    if is_temporary {
        drop(fs::remove_dir_all(&folder));
    }
    outcome
}

async fn run(arguments: &Demo, folder: PathBuf) -> anyhow::Result<Outcome> {
    let config = demo_config(arguments.listen, folder);
    let Started { gateway, running, address } =
        start(&config).await.map_err(|error| match arguments.listen.port() {
            0 => error,
            _ => error.context("the demo cannot start (another port: --listen 127.0.0.1:0)"),
        })?;
    let shown = prepare(&gateway).await?;
    first_answer(address).await?;
    if arguments.json.json {
        output::say(&shown.json().to_string())?;
    } else {
        output::say(&shown.text(&gateway, arguments.data_dir.as_deref()))?;
    }
    Ok(running.until_told().await)
}

/// A folder that only this user can read, removed at the end.
fn temporary_folder() -> anyhow::Result<PathBuf> {
    let mut name = [0; 8];
    getrandom::fill(&mut name).map_err(|error| anyhow::anyhow!("the system gives no randomness: {error}"))?;
    let folder = std::env::temp_dir().join(format!("farthing-demo-{}", hex::encode(name)));
    fs::DirBuilder::new()
        .mode(0o700)
        .create(&folder)
        .with_context(|| format!("{} cannot be made", folder.display()))?;
    Ok(folder)
}

fn demo_config(listen: SocketAddr, data_dir: PathBuf) -> Config {
    Config {
        listen,
        public_url: None,
        data_dir,
        networks: BTreeMap::new(),
        rates: RatesConfig::none(),
        watched_days: 365,
        allow_private_addresses: true,
        requests_per_minute: 0,
        trusted_proxies: Vec::new(),
        currency_ids: Vec::new(),
        log_format: LogFormat::Human,
        log_level: "warn".to_owned(),
    }
}

/// Makes the shop (once per data folder), a new key, the sink's endpoint, and an open invoice.
async fn prepare(gateway: &Arc<Gateway>) -> anyhow::Result<Shown> {
    gateway.scan_all(Environment::Test).await?;
    let known = merchants(gateway.store()).await?.into_iter().next();
    let merchant = match known {
        Some(merchant) => merchant,
        None => gateway.create_merchant(SHOP.to_owned()).await?,
    };
    let owner = Owner { merchant: merchant.id, environment: Environment::Test };
    let (_, key) = gateway.create_api_key(merchant.id, Environment::Test, &Permission::ALL).await?;
    let endpoints = gateway.store().read(move |reader| reader.endpoints(owner)).await?;
    let (_, webhook_secret) = match endpoints.iter().find(|endpoint| endpoint.url == SINK) {
        Some(endpoint) => gateway.rotate_secret(owner, endpoint.id, 0).await?,
        None => gateway.create_endpoint(owner, SINK.to_owned(), EventName::documented()).await?,
    };
    let invoice = open_invoice(gateway, owner).await?;
    let mut dialects = Vec::new();
    for dialect in Dialect::ALL.into_iter().filter(|dialect| *dialect != Dialect::Native) {
        let (_, new) = gateway.create_credential(owner, dialect, Some(SINK.to_owned())).await?;
        dialects.push((dialect, new));
    }
    Ok(Shown { base_url: gateway.public_url().to_owned(), key, webhook_secret, invoice, dialects })
}

async fn open_invoice(gateway: &Arc<Gateway>, owner: Owner) -> anyhow::Result<Invoice> {
    let asset = gateway.environment(owner.environment).catalog.resolve("BTC", None)?.clone();
    let terms = Terms {
        price: Price::Asset(Amount::parse(&asset, AMOUNT)?),
        choice: Choice::Fixed(asset.id),
        is_deferred: false,
        tolerance: Decimal::ZERO,
        window_seconds: None,
        description: Some("First-flush Darjeeling, 250 g, and a small iron pot".to_owned()),
        external_id: Some("order-1001".to_owned()),
        idempotency_key: None,
        metadata: "{}".to_owned(),
        redirect_url: None,
        customer_email: None,
        coins: Vec::new(),
        foreign: None,
    };
    let command = CreateInvoice {
        owner,
        policy: Policy::of(Dialect::Native),
        source: Source::Api(Dialect::Native),
        terms,
        fingerprint: String::new(),
    };
    match gateway.create_invoice(command).await? {
        Created::New(invoice) | Created::Replayed(invoice) => Ok(invoice),
    }
}

/// Waits until the server answers.
async fn first_answer(address: SocketAddr) -> anyhow::Result<()> {
    let ask = async {
        let mut stream = TcpStream::connect(address).await?;
        stream
            .write_all(format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes())
            .await?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await
    };
    timeout(FIRST_ANSWER_MAX, ask)
        .await
        .context("the server does not answer")?
        .context("the server does not answer")?;
    Ok(())
}

impl Shown {
    fn checkout_url(&self) -> String {
        format!("{}/pay/{}", self.base_url, self.invoice.token)
    }

    fn dialects(&self) -> serde_json::Value {
        let object = |(dialect, new): &(Dialect, NewCredential)| {
            (dialect.to_string(), commands::dialects::object(new, *dialect, &self.base_url, Environment::Test))
        };
        serde_json::Value::Object(self.dialects.iter().map(object).collect())
    }

    fn json(&self) -> serde_json::Value {
        json!({
            "base_url": self.base_url,
            "api_key": self.key.reveal(),
            "webhook_secret": self.webhook_secret.reveal(),
            "invoice": {"id": self.invoice.id.to_string(), "checkout_url": self.checkout_url()},
            "dialects": self.dialects(),
        })
    }

    fn text(&self, gateway: &Gateway, data_dir: Option<&Path>) -> String {
        let Self { base_url, key, webhook_secret, invoice, dialects: _ } = self;
        let (key, secret, page, id) = (key.reveal(), webhook_secret.reveal(), self.checkout_url(), invoice.id);
        let kept = data_dir.map_or_else(
            || "Nothing is left behind when it ends.".to_owned(),
            |folder| format!("Everything is kept in {}.", folder.display()),
        );
        let networks = gateway.environment(Environment::Test).chains.len();
        // Started by `cargo run`, the program is on nobody's path.
        let program = std::env::current_exe().map_or_else(|_| "farthing".to_owned(), |path| path.display().to_string());
        format!(
            r#"Farthing's demo is running at {base_url}, with {networks} simulated networks.

An invoice to pay, {AMOUNT} BTC. Its page has a panel that simulates a payment:
  {page}

The shop's key, for the API ({base_url}/docs):
  {key}

Create an invoice:
  curl -s {base_url}/api/v1/invoices \
    -H 'X-API-Key: {key}' -H 'Content-Type: application/json' \
    -d '{{"amount":"25.00","currency":"USDT","network":"tron","description":"Two tickets"}}'

Pay the first one by the test-mode API, with enough confirmations to be final:
  curl -s {base_url}/api/v1/test/invoices/{id}/payments \
    -H 'X-API-Key: {key}' -H 'Content-Type: application/json' \
    -d '{{"amount":"{AMOUNT}","confirmations":2}}'

Shops written for CoinsPaid, Payhubix, TX.Cash or txn.pro: start the demo with --json to see
credentials for those APIs (docs/compatibility.md).

See the webhooks arrive, and their signatures checked, in another terminal:
  {program} webhook-sink --secret {secret}

Ctrl-C ends the demo. {kept}"#
        )
    }
}
