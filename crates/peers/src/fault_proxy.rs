//! A proxy before a node that does wrong what real providers do wrong: slow, cut off, overloaded, lagging, lying.
//!
//! It listens on loopback only, speaks HTTP/1.1 with one request a connection, and forwards to an HTTP node. What it answers
//! while no fault is set is exactly the node's answer.

mod lag;

use crate::wire::{self, Answer, Ending, Request, spawn};
use anyhow::{Context, Result};
use reqwest::Client;
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// How long a hanging answer hangs: longer than any deadline in a test.
const HANG: Duration = Duration::from_secs(600);

/// Changes one result: method, parameters, and the result to change in place.
pub type Edit = Arc<dyn Fn(&str, &Value, &mut Value) + Send + Sync>;

/// Changes the body of any answer, for APIs that are not JSON-RPC: path, and the body to change in place.
pub type EditBody = Arc<dyn Fn(&str, &mut Vec<u8>) + Send + Sync>;

/// What goes wrong.
#[derive(Clone)]
pub enum Fault {
    /// The answer comes so much later.
    Delay(Duration),
    /// There is no answer, and the connection stays open.
    Hang,
    /// The head comes, and then a byte now and again.
    Drip,
    /// The connection is cut before an answer.
    Reset,
    /// Half of the body comes, and the connection is cut.
    Truncate,
    /// The body is cut in half, with a head that fits: well-formed HTTP, broken JSON.
    HalfBody,
    /// A body of so many bytes comes.
    Endless(u64),
    /// This status with a short text, perhaps with `Retry-After` in seconds.
    Status(u16, Option<u64>),
    /// Status 200 and a page of HTML.
    HtmlPage,
    /// Status 200 and a JSON-RPC error with this number and these words.
    ErrorInside(i64, &'static str),
    /// The answer has the id of another call.
    WrongId,
    /// The answers of a batch come in another order: allowed, and to be understood.
    ShuffledBatch,
    /// One answer of a batch is missing.
    ShortBatch,
    /// Status 200 and nothing.
    EmptyBody,
    /// An EVM node whose head is so many blocks behind, and that answers what it cannot know with an empty list.
    EvmLag(u64),
    /// An EVM node that answers logs of so many blocks at a time and no more.
    EvmLogRange(u64),
    /// An EVM node of a chain with this id.
    EvmChainId(u64),
    /// Results are changed.
    Edit(Edit),
    /// Bodies are changed.
    EditBody(EditBody),
}

/// Faults of a share of the requests, repeatable by their seed.
struct Random {
    percent: u64,
    state: u64,
    faults: Vec<Fault>,
}

#[derive(Default)]
struct State {
    fault: Option<Fault>,
    only_method: Option<String>,
    only_times: Option<u64>,
    random: Option<Random>,
    requests: u64,
    faulted: u64,
    methods: Vec<String>,
}

/// The proxy. It ends when it is dropped.
pub struct FaultProxy {
    url: String,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl FaultProxy {
    /// A proxy before the node at this URL, without faults.
    ///
    /// # Errors
    /// When no port can be listened on.
    pub async fn before(node: &str) -> Result<Self> {
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = Client::builder().no_proxy().http1_only().tls_certs_only(std::iter::empty()).build()?;
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no port for the fault proxy")?;
        let url = format!("http://{}", listener.local_addr()?);
        let state = Arc::new(Mutex::new(State::default()));
        let upstream = Upstream { client, node: node.trim_end_matches('/').to_owned() };
        let task = spawn(accept(listener, upstream, Arc::clone(&state)));
        Ok(Self { url, state, task })
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// This goes wrong with every request from now on.
    pub fn set(&self, fault: Fault) {
        let mut state = lock(&self.state);
        (state.fault, state.only_method, state.only_times) = (Some(fault), None, None);
    }

    /// This goes wrong with requests that hold a call of this JSON-RPC method, or whose path holds this text.
    pub fn set_for(&self, method: &str, fault: Fault) {
        let mut state = lock(&self.state);
        (state.fault, state.only_method, state.only_times) = (Some(fault), Some(method.to_owned()), None);
    }

    /// This goes wrong with the next so many requests.
    pub fn set_times(&self, times: u64, fault: Fault) {
        let mut state = lock(&self.state);
        (state.fault, state.only_method, state.only_times) = (Some(fault), None, Some(times));
    }

    /// One of these goes wrong with so many requests in a hundred, chosen by a seed.
    pub fn set_random(&self, percent: u64, seed: u64, faults: Vec<Fault>) {
        lock(&self.state).random = Some(Random { percent, state: seed, faults });
    }

    /// Nothing goes wrong any more.
    pub fn heal(&self) {
        let mut state = lock(&self.state);
        (state.fault, state.only_method, state.only_times, state.random) = (None, None, None, None);
    }

    /// Requests so far.
    #[must_use]
    pub fn requests(&self) -> u64 {
        lock(&self.state).requests
    }

    /// Requests with which something went wrong so far.
    #[must_use]
    pub fn faulted(&self) -> u64 {
        lock(&self.state).faulted
    }

    /// The JSON-RPC methods (or else paths) that were asked since this was called last.
    #[must_use]
    pub fn take_methods(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.state).methods)
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Clone)]
struct Upstream {
    client: Client,
    node: String,
}

async fn accept(listener: TcpListener, upstream: Upstream, state: Arc<Mutex<State>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (upstream, state) = (upstream.clone(), Arc::clone(&state));
        // Detached: it ends with its connection, or with the test's runtime.
        drop(spawn(async move { drop(serve(stream, &upstream, &state).await) }));
    }
}

async fn serve(mut stream: TcpStream, upstream: &Upstream, state: &Mutex<State>) -> Result<()> {
    let Some(request) = wire::read(&mut stream).await? else { return Ok(()) };
    let fault = choose(state, &request);
    match fault {
        Some(Fault::Reset) => return wire::reset(&stream),
        Some(Fault::Hang) => tokio::time::sleep(HANG).await,
        _ => {}
    }
    let answer = match fault {
        Some(fault) => faulty(upstream, &request, fault).await?,
        None => upstream.forward(&request).await?,
    };
    wire::write(&mut stream, &answer).await
}

/// What goes wrong with this request.
fn choose(state: &Mutex<State>, request: &Request) -> Option<Fault> {
    let mut state = lock(state);
    state.requests = state.requests.saturating_add(1);
    let asked = request.methods();
    let is_meant = state.only_method.as_ref().is_none_or(|only| asked.iter().any(|method| method.contains(only)));
    state.methods.extend(asked);
    let set = state.fault.clone().filter(|_| is_meant && state.only_times != Some(0));
    if let Some(left) = state.only_times.as_mut().filter(|_| set.is_some()) {
        *left = left.saturating_sub(1);
    }
    let chosen = set.or_else(|| state.random.as_mut().and_then(Random::choose));
    if chosen.is_some() {
        state.faulted = state.faulted.saturating_add(1);
    }
    chosen
}

impl Random {
    fn choose(&mut self) -> Option<Fault> {
        let roll = self.next();
        let index = usize::try_from(self.next()).unwrap_or(0).checked_rem(self.faults.len())?;
        (roll.checked_rem(100)? < self.percent).then(|| self.faults.get(index).cloned())?
    }

    /// `SplitMix64`.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) >> 1
    }
}

async fn faulty(upstream: &Upstream, request: &Request, fault: Fault) -> Result<Answer> {
    let said = |status, body: Vec<u8>| Answer { status, retry_after: None, body, ending: Ending::Whole };
    Ok(match fault {
        Fault::Delay(time) => {
            tokio::time::sleep(time).await;
            upstream.forward(request).await?
        }
        Fault::Hang | Fault::Reset => said(200, Vec::new()),
        Fault::Drip => Answer { ending: Ending::Drip, ..upstream.forward(request).await? },
        Fault::Truncate => Answer { ending: Ending::Cut, ..upstream.forward(request).await? },
        Fault::HalfBody => {
            let mut answer = upstream.forward(request).await?;
            answer.body.truncate(answer.body.len() / 2);
            answer
        }
        Fault::Endless(bytes) => Answer { ending: Ending::Endless(bytes), ..said(200, Vec::new()) },
        Fault::Status(status, retry_after) => Answer { retry_after, ..said(status, b"overloaded".to_vec()) },
        Fault::HtmlPage => said(200, b"<!doctype html><title>502 Bad Gateway</title>".to_vec()),
        Fault::EmptyBody => said(200, Vec::new()),
        Fault::ErrorInside(code, words) => {
            let error = |id: &Value| json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": words}});
            said(200, serde_json::to_vec(&request.map_calls(|call| error(call.get("id").unwrap_or(&Value::Null))))?)
        }
        Fault::WrongId => upstream.edited(request, |answers| answers.iter_mut().for_each(other_id)).await?,
        Fault::ShuffledBatch => upstream.edited(request, |answers| answers.reverse()).await?,
        Fault::ShortBatch => upstream.edited(request, |answers| drop(answers.pop())).await?,
        Fault::EvmLag(blocks) => lag::answer(upstream, request, blocks).await?,
        Fault::EvmLogRange(blocks) => lag::log_range(upstream, request, blocks).await?,
        Fault::EvmChainId(id) => {
            let edit: Edit = Arc::new(move |method, _, result| match method {
                "eth_chainId" => *result = json!(format!("{id:#x}")),
                "net_version" => *result = json!(id.to_string()),
                _ => {}
            });
            upstream.edit_results(request, &edit).await?
        }
        Fault::Edit(edit) => upstream.edit_results(request, &edit).await?,
        Fault::EditBody(edit) => {
            let mut answer = upstream.forward(request).await?;
            edit(&request.path, &mut answer.body);
            answer
        }
    })
}

fn other_id(answer: &mut Value) {
    if let Some(id) = answer.get_mut("id") {
        *id = json!(987_654_321);
    }
}

impl Upstream {
    /// The node's own answer.
    async fn forward(&self, request: &Request) -> Result<Answer> {
        let url = format!("{}{}", self.node, request.path);
        let method = reqwest::Method::from_bytes(request.method.as_bytes())?;
        let mut forwarded = self.client.request(method, url).body(request.body.clone());
        for (name, value) in &request.headers {
            forwarded = forwarded.header(name, value);
        }
        let answer = forwarded.send().await?;
        let status = answer.status().as_u16();
        Ok(Answer { status, retry_after: None, body: answer.bytes().await?.to_vec(), ending: Ending::Whole })
    }

    /// One JSON-RPC call of the proxy's own.
    async fn call(&self, request: &Request, method: &str, params: Value) -> Result<Value> {
        let body = serde_json::to_vec(&json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))?;
        let answer = self.forward(&Request { body, ..request.clone() }).await?;
        let mut answer: Value = serde_json::from_slice(&answer.body)?;
        Ok(answer.get_mut("result").map(Value::take).unwrap_or_default())
    }

    /// The node's answer with its list of JSON-RPC answers changed; a single one is a list of one.
    async fn edited(&self, request: &Request, change: impl FnOnce(&mut Vec<Value>)) -> Result<Answer> {
        let mut answer = self.forward(request).await?;
        let (mut answers, is_batch) = match serde_json::from_slice(&answer.body)? {
            Value::Array(answers) => (answers, true),
            single => (vec![single], false),
        };
        change(&mut answers);
        answer.body = match answers.first() {
            Some(single) if !is_batch => serde_json::to_vec(single)?,
            _ => serde_json::to_vec(&answers)?,
        };
        Ok(answer)
    }

    /// The node's answer with each result changed, by the method and parameters of its call.
    async fn edit_results(&self, request: &Request, edit: &Edit) -> Result<Answer> {
        let calls = request.calls();
        let call_of = |answer: &Value| calls.iter().find(|call| call.get("id") == answer.get("id"));
        let change = |answer: &mut Value| {
            let Some(call) = call_of(answer) else { return };
            let Some(result) = answer.get_mut("result") else { return };
            let method = call.get("method").and_then(Value::as_str).unwrap_or_default();
            edit(method, call.get("params").unwrap_or(&Value::Null), result);
        };
        self.edited(request, |answers| answers.iter_mut().for_each(change)).await
    }
}
