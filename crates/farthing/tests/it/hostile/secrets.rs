//! Every secret that there is, looked for in everything that the program says, with its log in all detail.

use super::served::{Served, merchant, write_configuration};
use crate::{
    contract::{http::Ask, receiver::Receiver},
    eventually::eventually,
    program::Folder,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use std::{fs, process::Stdio};

const ALLOW: &str = "[webhooks]\nallow_private_addresses = true\n";
/// A provider's password.
const PASSWORD: &str = "canary-of-a-password-7c1e";

/// All that was said, with a name for each piece.
#[derive(Default)]
struct Said(Vec<(String, String)>);

impl Said {
    fn add(&mut self, name: &str, text: String) {
        self.0.push((name.to_owned(), text));
    }

    fn has_nothing_of(&self, secrets: &[(&str, String)]) {
        assert!(self.0.iter().map(|(_, text)| text.len()).sum::<usize>() > 10_000, "little was said");
        for (name, text) in &self.0 {
            for (secret, value) in secrets {
                let before = text.split_once(value.as_str()).map(|(before, _)| before.chars().rev().take(300));
                let before = before.map(|reversed| reversed.collect::<Vec<_>>().into_iter().rev().collect::<String>());
                assert!(before.is_none(), "{name} has the {secret}, after {before:?}");
            }
        }
    }
}

#[test]
fn no_secret_is_in_logs_answers_numbers_or_what_commands_print() {
    let folder = Folder::new();
    write_configuration(&folder, ALLOW);
    let (merchant, key) = merchant(&folder);
    let receiver = Receiver::new();
    let (mut said, mut secrets) = (Said::default(), vec![("API key", key.trim_start_matches("sk_test_").to_owned())]);
    let served = Served::start(&folder, ALLOW, "log", &[]);
    let made = served.ask(&Ask::post("/api/v1/webhook-endpoints", &json!({ "url": receiver.url })).key(&key)).data(201);
    let endpoint = made["id"].as_str().unwrap().to_owned();
    let mut secret = |name, answer: &Value| {
        secrets.push((name, answer["secret"].as_str().unwrap().trim_start_matches("whsec_").to_owned()));
    };
    secret("webhook secret", &made);
    let rotate = format!("/api/v1/webhook-endpoints/{endpoint}/rotate-secret");
    secret("rotated webhook secret", &served.ask(&Ask::new("POST", &rotate).key(&key)).data(200));
    secrets.extend(sealing_key(&folder));
    story(&served, &key, &endpoint, &mut said);
    receiver.next();
    for arguments in [
        &["merchants", "list", "--json"][..],
        &["audit", "--json"],
        &["config", "check"],
        &["doctor", "--json"],
        &["api-keys", "list", "--merchant", &merchant, "--json"],
        &["webhooks", "list", "--merchant", &merchant, "--json"],
    ] {
        let answer = folder.run(arguments);
        said.add(&arguments.join(" "), format!("{} {}", answer.text(), answer.complaint()));
    }
    said.add("the log", served.logged());
    said.has_nothing_of(&secrets);
    no_line_was_forged(&served.logged());
}

/// The key that seals webhook secrets, in the ways in which bytes are written.
fn sealing_key(folder: &Folder) -> Vec<(&'static str, String)> {
    let files = fs::read_dir(folder.path().join("data")).unwrap().map(|entry| entry.unwrap().path());
    let is_key = |path: &std::path::PathBuf| path.file_name().unwrap().to_string_lossy().contains("key");
    let file = files.filter(is_key).min_by_key(|path| path.as_os_str().len()).expect("a file with the sealing key");
    let bytes = fs::read(file).unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap_or_default().trim().to_owned();
    let mut forms =
        vec![("sealing key in hex", hex::encode(&bytes)), ("sealing key in base64", STANDARD.encode(&bytes))];
    if text.len() >= 16 {
        forms.push(("sealing key", text));
    }
    forms
}

/// A shop's day, with mistakes: the key where no key belongs, and texts that want to be lines of the log.
fn story(served: &Served, key: &str, endpoint: &str, said: &mut Said) {
    let forged = "x\r\n{\"level\":\"ERROR\",\"message\":\"forged\"}\n2026-01-01T00:00:00Z ERROR forged";
    let invoice = json!({"currency": "BTC", "amount": "0.5", "description": forged, "idempotency_key": "1"});
    let made = served.ask(&Ask::post("/api/v1/invoices", &invoice).key(key)).data(201);
    let id = made["id"].as_str().unwrap();
    let page = made["checkout_url"].as_str().unwrap();
    let page = page.split_once("/pay/").unwrap().1;
    let payment = json!({"amount": "0.5", "confirmations": 6});
    let bearer = format!("Bearer {key}");
    for ask in [
        Ask::post("/api/v1/invoices", &invoice).key(key),
        Ask::post(&format!("/api/v1/test/invoices/{id}/payments"), &payment).key(key),
        Ask::get(&format!("/api/v1/invoices/{id}")).key(key),
        Ask::get("/api/v1/events").key(key),
        Ask::get("/api/v1/webhook-endpoints").key(key),
        Ask::get(&format!("/api/v1/webhook-endpoints/{endpoint}")).key(key),
        Ask::get(&format!("/api/v1/webhook-endpoints/{endpoint}/deliveries")).key(key),
        Ask::get(&format!("/api/v1/invoices?api_key={key}")),
        Ask::get(&format!("/api/v1/invoices/{key}")).key(key),
        Ask::get(&format!("/{key}")),
        Ask::get(&format!("/v1/invoices/{key}")),
        Ask::get("/api/v1/invoices").header("Authorization", &bearer),
        Ask::get("/api/v1/invoices").key(&format!("{key}0")),
        Ask::get("/api/v1/invoices").key(key).key(key),
        Ask::post("/api/v1/invoices", &json!({ key: key })).key(key),
        Ask::get("/%0d%0aERROR%20forged").header("User-Agent", "x\t{\"level\":\"ERROR\",\"message\":\"forged\"}"),
        Ask::get("/api/v1/invoices?status=%0d%0aforged").key(key),
        Ask::get(&format!("/pay/{page}")),
        Ask::get("/metrics"),
        Ask::get("/readyz"),
        Ask::get("/healthz"),
    ] {
        let name = ask.path.clone();
        let answer = served.ask(&ask);
        assert!(answer.status < 500, "{answer}");
        said.add(&name.replace(key, "KEY"), answer.text());
    }
}

fn no_line_was_forged(log: &str) {
    for line in log.lines() {
        let entry: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("a line that is no JSON: {line}"));
        assert!(entry["level"] != "ERROR" && entry["message"] != "forged", "{line}");
    }
}

#[test]
fn a_providers_password_is_in_nothing_that_the_program_says() {
    let folder = Folder::new();
    let account = "xpub6BgBgsespWvERF3LHQu6CnqdvfEvtMcQjYrcRzx53QJjSxarj2afYWcLteoGVky7D3UKDP9QyrLprQ3VCECoY49yfdDEHGCtMMj92pReUsQ";
    let network = |more: &str| {
        format!(
            "[networks.bitcoin]\nkind = \"bitcoin\"\nchain = \"mainnet\"\naccount = \"{account}\"\nproviders = [{{ core = \"http://user:{PASSWORD}@127.0.0.1:1\" }}]\n{more}"
        )
    };
    let mut said = String::new();
    // Once as it should be, and once with mistakes whose messages might quote what is near.
    for more in ["", "confirmations = -1\npassword = \"x\"\n", "start_index = \"x\"\n"] {
        write_configuration(&folder, &network(more));
        for arguments in [&["config", "check"][..], &["doctor", "--json"], &["doctor"], &["audit", "--json"]] {
            let answer = folder.run(arguments);
            said.push_str(&format!("{arguments:?}: {}{}\n", answer.text(), answer.complaint()));
        }
    }
    write_configuration(&folder, &network(""));
    let log = folder.path().join("log");
    let mut command = folder.command(&["serve"]);
    let file = fs::File::create(&log).unwrap();
    let mut process = command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap();
    // It serves, or it says why not.
    let logged = eventually("a server that serves or ends", || {
        let logged = fs::read_to_string(&log).unwrap();
        let is_over = process.try_wait().unwrap().is_some();
        (is_over || logged.contains("\"serving\"")).then_some(logged)
    });
    drop(process.kill());
    drop(process.wait());
    said.push_str(&logged);
    said.push_str(&fs::read_to_string(&log).unwrap());
    assert!(said.len() > 500, "little was said: {said}");
    assert!(!said.contains(PASSWORD), "{said}");
}
