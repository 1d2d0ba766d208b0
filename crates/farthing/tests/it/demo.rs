//! The demo and its servers: started, spoken to over a plain connection, ended by a signal.

use crate::program::Folder;
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

/// How long its end is waited for: it takes a moment, and a busy machine has little of that.
const ENDS_WITHIN: Duration = Duration::from_secs(60);

/// A running demo.
struct Demo {
    /// `None` once it was told to end.
    child: Option<Child>,
    shown: Value,
}

/// A test that fails leaves nothing running.
impl Drop for Demo {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

impl Demo {
    fn start(folder: &Folder, more: &[&str]) -> Self {
        let arguments = [&["demo", "--json", "--listen", "127.0.0.1:0"], more].concat();
        let mut child = folder
            .command(&arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child: Some(child), shown: serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}")) }
    }

    fn text(&self, key: &str) -> &str {
        self.shown[key].as_str().unwrap()
    }

    /// Status and body of an answer.
    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, String) {
        let host = self.text("base_url").strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        let body = body.map(Value::to_string).unwrap_or_default();
        let key = self.text("api_key");
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nX-API-Key: {key}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// Tells it to end, as an operator's system does; answers its exit status.
    fn end(mut self) -> i32 {
        let mut child = self.child.take().unwrap();
        let told = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
        assert!(told.success());
        let (ended, end) = mpsc::channel();
        std::thread::spawn(move || ended.send(child.wait().unwrap()));
        let status = end.recv_timeout(ENDS_WITHIN).expect("it ends");
        status.code().unwrap()
    }
}

#[test]
fn the_demo_shows_one_line_answers_and_ends_cleanly() {
    let folder = Folder::new();
    let demo = Demo::start(&folder, &[]);
    let keys: Vec<&String> = demo.shown.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["api_key", "base_url", "dialects", "invoice", "webhook_secret"]);
    assert!(demo.text("api_key").starts_with("sk_test_") && demo.text("webhook_secret").starts_with("whsec_"));
    assert_eq!(demo.ask("GET", "/healthz", None).0, 200);
    let page =
        demo.shown["invoice"]["checkout_url"].as_str().unwrap().strip_prefix(demo.text("base_url")).unwrap().to_owned();
    let (status, html) = demo.ask("GET", &page, None);
    assert!(status == 200 && html.contains("tb1q"), "{status}");
    assert_eq!(demo.end(), 0);
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "the demo leaves nothing behind");
}

#[test]
fn in_a_browser_the_demo_s_page_speaks_the_payer_s_language_tells_a_broken_line_and_follows_the_payment() {
    let folder = Folder::new();
    let demo = Demo::start(&folder, &[]);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../xtask/browser/checkout.mjs");
    let page = demo.shown["invoice"]["checkout_url"].as_str().unwrap();
    let output = Command::new("node").arg(script).arg(page).output().expect("node");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{err}");
    assert!(out.contains("the page followed: seen, confirming, paid"), "{out}");
}

#[test]
fn the_demo_s_invoice_is_paid_and_everything_is_audited_while_it_runs() {
    let folder = Folder::new();
    let demo = Demo::start(&folder, &["--data-dir", "kept"]);
    let id = demo.shown["invoice"]["id"].as_str().unwrap().to_owned();
    let payment = json!({"amount": "0.0005", "confirmations": 2});
    let (status, body) = demo.ask("POST", &format!("/api/v1/test/invoices/{id}/payments"), Some(&payment));
    assert_eq!(status, 201, "{body}");
    let (status, body) = demo.ask("GET", &format!("/api/v1/invoices/{id}"), None);
    assert_eq!(status, 200);
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["data"]["status"], "paid", "{body}");
    let beside = |arguments: &[&str]| {
        let output = folder.command(arguments).env("FARTHING__DATA_DIR", "kept").output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        (output.status.code().unwrap(), serde_json::from_str::<Value>(&text).unwrap_or(Value::String(text)))
    };
    let (code, audit) = beside(&["audit", "--json"]);
    assert!(code == 0 && audit["checked"]["payments"] == 1, "{audit}");
    let (code, doctor) = beside(&["doctor", "--json"]);
    assert!(code == 0 && doctor["ok"] == true, "{doctor}");
    assert_eq!(beside(&["backup", "copy"]).0, 0);
    assert_eq!(demo.end(), 0);

    // The backup, restored elsewhere, hands out no address again.
    let restore = folder.command(&["restore", "copy"]).env("FARTHING__DATA_DIR", "restored").output().unwrap();
    let told = String::from_utf8(restore.stdout).unwrap();
    assert!(restore.status.success() && told.contains("continues at index"), "{told}");
    let again = Demo::start(&folder, &["--data-dir", "restored"]);
    assert_eq!(again.ask("GET", "/healthz", None).0, 200);
    assert_eq!(again.end(), 0);
    let audit = folder.command(&["audit", "--json"]).env("FARTHING__DATA_DIR", "restored").output().unwrap();
    assert!(audit.status.success(), "{}", String::from_utf8_lossy(&audit.stdout));
}
