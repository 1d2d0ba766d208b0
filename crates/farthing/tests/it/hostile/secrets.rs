//! Every secret that there is, looked for in everything that the program says, with its log in all detail.

use super::served::{Served, merchant, write_configuration};
use crate::{
    contract::{http::Ask, receiver::Receiver},
    dialects::signatures,
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
    for dialect in DIALECTS {
        secrets.extend(story_of_dialect(&served, &folder, &merchant, dialect, &mut said));
    }
    let live = folder.json(&["api-keys", "create", "--merchant", &merchant, "--environment", "live", "--json"]);
    let live = live["api_key"].as_str().unwrap();
    secrets.push(("live API key", live.trim_start_matches("sk_live_").to_owned()));
    said.add("a live key's call", served.ask(&Ask::get("/api/v1/invoices").key(live)).text());
    for arguments in [
        &["merchants", "list", "--json"][..],
        &["audit", "--json"],
        &["config", "check"],
        &["doctor", "--json"],
        &["api-keys", "list", "--merchant", &merchant, "--json"],
        &["webhooks", "list", "--merchant", &merchant, "--json"],
        &["dialects", "list", "--merchant", &merchant, "--json"],
        &["dialects", "list", "--merchant", &merchant],
        &["dialects", "callbacks", "--merchant", &merchant, "--environment", "test", "--json"],
    ] {
        let answer = folder.run(arguments);
        said.add(&arguments.join(" "), format!("{} {}", answer.text(), answer.complaint()));
    }
    said.add("the log", served.logged());
    said.has_nothing_of(&secrets);
    no_line_was_forged(&served.logged());
}

/// One of the other APIs: where it makes invoices, and with what.
struct Dialect {
    name: &'static str,
    path: &'static str,
    body: &'static str,
    /// Which of a new credential's fields are secret.
    secrets: &'static [&'static str],
}

const DIALECTS: [Dialect; 4] = [
    Dialect {
        name: "coinspaid",
        path: "/api/v2/invoices/create",
        body: r#"{"timer":true,"title":"t","foreign_id":"f","currency":"BTC","sender_currency":"BTC","amount":0.5,"url_success":"https://shop.example/a","url_failed":"https://shop.example/b","email_user":"a@b.co"}"#,
        secrets: &["secret"],
    },
    Dialect {
        name: "payhubix",
        path: "/v1/invoices/",
        body: r#"{"currency_amount":5,"currency_symbol":"USD","time_for_payment":"02:00","currencies":[1]}"#,
        secrets: &["api_key"],
    },
    Dialect {
        name: "txcash",
        path: "/invoice/v1/testnet/invoice",
        body: r#"{"amount":5,"payment_currencies":"eth_usdt"}"#,
        secrets: &["api_key"],
    },
    Dialect {
        name: "txnpro",
        path: "/api/public/v1/invoices",
        body: r#"{"data":{"type":"invoices","attributes":{"amountBilled":"0.5","billedCurrency":"BTC","chargedCurrency":"BTC","network":"tbtc"}}}"#,
        secrets: &["api_key", "webhook_secret"],
    },
];

/// A day of a shop of that API, with mistakes, until it was told of an invoice. Answers what is secret of its credential.
fn story_of_dialect(
    served: &Served,
    folder: &Folder,
    merchant: &str,
    dialect: Dialect,
    said: &mut Said,
) -> Vec<(&'static str, String)> {
    let receiver = Receiver::new();
    let create = ["dialects", "create", dialect.name, "--merchant", merchant, "--environment", "test"];
    let made = folder.json(&[&create[..], &["--callback-url", &receiver.url, "--json"]].concat());
    let field = |name: &str| made[name].as_str().unwrap_or_default().to_owned();
    let secrets = dialect
        .secrets
        .iter()
        .map(|name| (dialect.name, field(name).trim_start_matches("whsec_").to_owned()))
        .collect::<Vec<_>>();
    let key = if dialect.name == "coinspaid" { field("key") } else { field("api_key") };
    let (path, body) = (dialect.path, dialect.body.as_bytes());
    let post = || Ask::new("POST", path).bytes("application/json", body);
    let as_itself = |key: &str| match dialect.name {
        "coinspaid" => post()
            .header("X-Processing-Key", key)
            .header("X-Processing-Signature", &signatures::coinspaid(&field("secret"), body)),
        "payhubix" => post().header("X-Api-Key", key),
        _ => post().header("Authorization", &format!("Bearer {key}")),
    };
    let made = served.ask(&as_itself(&key));
    assert!([200, 201].contains(&made.status), "{made}");
    said.add(path, made.text());
    for (_, secret) in &secrets {
        let mistakes = [
            as_itself(&format!("{secret}0")),
            as_itself(secret),
            Ask::get(&format!("{path}/{secret}")).header("X-Api-Key", secret),
            Ask::get(&format!("{path}?api_key={secret}")),
            post().header("X-Processing-Key", secret).header("X-Processing-Signature", secret),
            post().header("Authorization", &format!("Basic {}", STANDARD.encode(format!("{secret}:{secret}")))),
            Ask::new("POST", path).bytes("application/json", format!("{{\"{secret}\":\"{secret}\"}}").as_bytes()),
            Ask::new("POST", path).bytes("text/plain", secret.as_bytes()).header("X-API-Key", secret),
        ];
        for (number, ask) in mistakes.into_iter().enumerate() {
            let answer = served.ask(&ask);
            assert!(answer.status < 500, "{answer}");
            // What was asked for at a path of that name may be repeated to who asked.
            said.add(&format!("mistake {number} of {}", dialect.name), answer.text());
        }
    }
    let newest = end_of_newest(served, folder, merchant);
    said.add("a payment", newest);
    receiver.next();
    secrets
}

/// Pays the merchant's newest invoice, or takes it back as a payer does where nothing can be paid yet: its API tells of either.
fn end_of_newest(served: &Served, folder: &Folder, merchant: &str) -> String {
    let made = folder.json(&["api-keys", "create", "--merchant", merchant, "--environment", "test", "--json"]);
    let key = made["api_key"].as_str().unwrap();
    let newest = served.ask(&Ask::get("/api/v1/invoices?limit=1").key(key)).data(200)[0].clone();
    let id = newest["id"].as_str().unwrap();
    if newest["source"] == "coinspaid" || newest["source"] == "txnpro" {
        let payment = json!({ "amount": "0.5", "confirmations": 6 });
        return served.ask(&Ask::post(&format!("/api/v1/test/invoices/{id}/payments"), &payment).key(key)).text();
    }
    let page = newest["checkout_url"].as_str().unwrap();
    let page = page.split_once("/pay/").unwrap().1;
    let pressed = Ask::new("POST", &format!("/pay/{page}/cancel")).bytes("application/x-www-form-urlencoded", b"");
    let answer = served.ask(&pressed.header("Sec-Fetch-Site", "same-origin"));
    assert_eq!(answer.status, 303, "{answer}");
    answer.text()
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
    // A password, a key in the path, a key in the query: as nodes of one's own and services have them.
    let network = |more: &str| {
        format!(
            "[networks.bitcoin]\nkind = \"bitcoin\"\nchain = \"mainnet\"\naccount = \"{account}\"\nproviders = [{{ core = \"http://user:{PASSWORD}@127.0.0.1:1\" }}, {{ esplora = \"http://127.0.0.1:2/{PASSWORD}/api?token={PASSWORD}\" }}]\n{more}\n[networks.polygon]\nkind = \"evm\"\naccount = \"{account}\"\nproviders = [{{ rpc = \"http://127.0.0.1:3/v3/{PASSWORD}\" }}, {{ rpc = \"http://{PASSWORD}:{PASSWORD}@127.0.0.1:4/?key={PASSWORD}\" }}]\n"
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
    // Until it has asked for both networks, and said what came of it.
    let logged = eventually("a server that serves and finds nobody", || {
        let logged = fs::read_to_string(&log).unwrap();
        assert!(process.try_wait().unwrap().is_none(), "the server ended: {logged}");
        (logged.matches("a chain was not scanned to its tip").count() >= 2).then_some(logged)
    });
    drop(process.kill());
    drop(process.wait());
    said.push_str(&logged);
    said.push_str(&fs::read_to_string(&log).unwrap());
    assert!(said.len() > 500, "little was said: {said}");
    assert!(!said.contains(PASSWORD), "{said}");
}
