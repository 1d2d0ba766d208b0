//! A node that answers what a test says, where no real one can be had: recorded answers, other chains, impossible blocks.

use crate::wire::{self, Answer, Ending, spawn};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What a method answers: a result, or an error's number and words.
pub type Method = dyn Fn(&str, &Value) -> Result<Value, (i64, String)> + Send + Sync;

/// What a path answers: a status and a body.
pub type Path = dyn Fn(&str) -> (u16, Vec<u8>) + Send + Sync;

enum Answers {
    JsonRpc(Box<Method>),
    Http(Box<Path>),
}

/// The node. It ends when it is dropped.
pub struct StandIn {
    url: String,
    task: JoinHandle<()>,
}

impl StandIn {
    /// A JSON-RPC node: method and parameters in, result or error out. It understands batches.
    ///
    /// # Errors
    /// When no port can be listened on.
    pub async fn json_rpc(
        answer: impl Fn(&str, &Value) -> Result<Value, (i64, String)> + Send + Sync + 'static,
    ) -> Result<Self> {
        Self::start(Answers::JsonRpc(Box::new(answer))).await
    }

    /// An HTTP API: a path with its query in, status and body out.
    ///
    /// # Errors
    /// When no port can be listened on.
    pub async fn http(answer: impl Fn(&str) -> (u16, Vec<u8>) + Send + Sync + 'static) -> Result<Self> {
        Self::start(Answers::Http(Box::new(answer))).await
    }

    async fn start(answers: Answers) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no port for a stand-in")?;
        let url = format!("http://{}", listener.local_addr()?);
        let task = spawn(accept(listener, Arc::new(answers)));
        Ok(Self { url, task })
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, answers: Arc<Answers>) {
    while let Ok((stream, _)) = listener.accept().await {
        let answers = Arc::clone(&answers);
        // Detached: it ends with its connection, or with the test's runtime.
        drop(spawn(async move { drop(serve(stream, &answers).await) }));
    }
}

async fn serve(mut stream: TcpStream, answers: &Answers) -> Result<()> {
    let Some(request) = wire::read(&mut stream).await? else { return Ok(()) };
    let (status, body) = match answers {
        Answers::Http(answer) => answer(&request.path),
        Answers::JsonRpc(answer) => (200, serde_json::to_vec(&request.map_calls(|call| one(answer, call)))?),
    };
    wire::write(&mut stream, &Answer { status, retry_after: None, body, ending: Ending::Whole }).await
}

fn one(answer: &Method, call: &Value) -> Value {
    let id = call.get("id").unwrap_or(&Value::Null);
    let method = call.get("method").and_then(Value::as_str).unwrap_or_default();
    match answer(method, call.get("params").unwrap_or(&Value::Null)) {
        Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
        Err((code, message)) => json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}}),
    }
}
