//! What libraries that others wrote say: `standardwebhooks` and `svix` of a webhook, `jsonapi-validator` of a document. They
//! run in one process of Node.js for all tests, which ends with its input.

use crate::contract::receiver::Webhook;
use serde_json::{Map, Value, json};
use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Mutex, OnceLock, PoisonError},
};

/// The process and both ends of the talk with it.
struct Judge {
    _process: Child,
    asked: ChildStdin,
    answered: BufReader<ChildStdout>,
}

/// Asserts that Standard Webhooks' library takes a webhook, by a secret that begins with `whsec_`.
pub(crate) fn standard_webhooks_takes(webhook: &Webhook, secret: &str) {
    takes("standard", webhook, secret);
}

/// The same, keyed by the secret's own bytes.
pub(crate) fn standard_webhooks_takes_raw(webhook: &Webhook, secret: &str) {
    takes("raw", webhook, secret);
}

/// Asserts that Svix's library takes a webhook.
pub(crate) fn svix_takes(webhook: &Webhook, secret: &str) {
    takes("svix", webhook, secret);
}

/// Asserts that a document has the form of JSON:API's published schema.
pub(crate) fn json_api_takes(document: &Value) {
    let why = ask(&json!({ "judge": "jsonapi", "body": document.to_string() }));
    assert_eq!(why, "", "{document}");
}

fn takes(judge: &str, webhook: &Webhook, secret: &str) {
    let why = complaint(judge, webhook, secret);
    assert_eq!(why, "", "{webhook:?}");
}

/// What a library has against a webhook; empty when it takes it.
pub(crate) fn complaint(judge: &str, webhook: &Webhook, secret: &str) -> String {
    let headers: Map<String, Value> =
        webhook.headers().iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let body = String::from_utf8(webhook.body.clone()).unwrap();
    ask(&json!({ "judge": judge, "secret": secret, "headers": headers, "body": body }))
}

fn ask(question: &Value) -> String {
    static JUDGE: OnceLock<Mutex<Judge>> = OnceLock::new();
    let judge = JUDGE.get_or_init(|| Mutex::new(Judge::start()));
    let mut judge = judge.lock().unwrap_or_else(PoisonError::into_inner);
    judge.asked.write_all(format!("{question}\n").as_bytes()).expect(MISSING);
    let mut answer = String::new();
    judge.answered.read_line(&mut answer).unwrap();
    let answer: Value = serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{MISSING}: it said {answer:?}"));
    answer["why"].as_str().unwrap().to_owned()
}

const MISSING: &str =
    "Node.js with standardwebhooks, svix and jsonapi-validator is needed: cargo xtask peers installs them";

impl Judge {
    fn start() -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../xtask/webhooks/judge.mjs");
        let mut process =
            Command::new("node").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect(MISSING);
        let (asked, answered) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Self { _process: process, asked, answered: BufReader::new(answered) }
    }
}
