//! Commands: what they answer, and what they say of mistakes.

use crate::program::Folder;
use serde_json::json;

const ABANDON: &str = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";

fn merchant(folder: &Folder) -> String {
    folder.json(&["merchants", "create", "My shop", "--json"])["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_shop_is_set_up_before_any_server_runs() {
    let folder = Folder::new();
    let id = merchant(&folder);
    let key = folder.json(&["api-keys", "create", "--merchant", &id, "--environment", "live", "--json"]);
    let text = key["api_key"].as_str().unwrap();
    assert!(text.starts_with("sk_live_") && text.len() == 72, "{text}");
    let webhook = folder.json(&[
        "webhooks",
        "create",
        "--merchant",
        &id,
        "--environment",
        "live",
        "--url",
        "https://shop.example/hook",
        "--json",
    ]);
    assert!(webhook["secret"].as_str().unwrap().starts_with("whsec_"));
    let listed = folder.json(&["webhooks", "list", "--merchant", &id, "--environment", "live", "--json"]);
    assert_eq!(listed["webhooks"][0]["id"], webhook["id"]);
    assert_eq!(listed["webhooks"][0]["events"].as_array().unwrap().len(), 15);
    assert_eq!(folder.json(&["merchants", "list", "--json"])["merchants"][0]["name"], "My shop");
}

#[test]
fn a_key_is_listed_without_its_text_and_revoked_by_its_id() {
    let folder = Folder::new();
    let id = merchant(&folder);
    let made = folder.json(&[
        "api-keys",
        "create",
        "--merchant",
        &id,
        "--environment",
        "test",
        "--permissions",
        "invoices:read,events:read",
        "--json",
    ]);
    let key_id = made["id"].as_str().unwrap();
    let listed = folder.run(&["api-keys", "list", "--merchant", &id, "--json"]);
    assert!(!listed.text().contains("sk_test_"));
    assert_eq!(listed.json()["api_keys"][0]["permissions"], serde_json::json!(["invoices:read", "events:read"]));
    assert_eq!(folder.json(&["api-keys", "revoke", key_id, "--json"])["revoked"], true);
    assert_eq!(folder.json(&["api-keys", "list", "--merchant", &id, "--json"])["api_keys"][0]["state"], "revoked");
    assert_eq!(folder.run(&["api-keys", "revoke", key_id]).code(), 1);
}

#[test]
fn an_endpoint_is_rotated_tested_and_deleted() {
    let folder = Folder::new();
    let id = merchant(&folder);
    let whose = ["--merchant", &id, "--environment", "test"];
    let run = |command: &[&str]| folder.json(&[&["webhooks"], command, &whose, &["--json"]].concat());
    let made = run(&["create", "--url", "https://shop.example/hook", "--events", "invoice.paid"]);
    let endpoint = made["id"].as_str().unwrap();
    assert_ne!(run(&["rotate", endpoint])["secret"], made["secret"]);
    let delivery = run(&["test", endpoint])["delivery"].as_str().unwrap().to_owned();
    let sent = run(&["deliveries", endpoint])["deliveries"].clone();
    assert_eq!(
        (&sent[0]["id"], &sent[0]["event"], &sent[0]["state"]),
        (&json!(delivery), &json!("test"), &json!("waiting"))
    );
    assert_eq!((&sent[0]["attempts"], &sent[0]["last"], sent.as_array().unwrap().len()), (&json!(0), &json!(null), 1));
    assert_eq!(run(&["redeliver", &delivery])["delivery"], delivery.as_str());
    assert_eq!(run(&["delete", endpoint])["deleted"], true);
    assert!(run(&["list"])["webhooks"].as_array().unwrap().is_empty());
}

#[test]
fn mistakes_say_what_to_type_instead() {
    let folder = Folder::new();
    let nobody = "01990000-0000-7000-8000-000000000000";
    let cases: [(&[&str], i32, &str); 12] = [
        (&["merchant", "list"], 2, "merchants"),
        (&["serv"], 2, "serve"),
        (&[], 2, "Usage"),
        (&["merchants", "create", " "], 2, "1 to 100 characters"),
        (&["merchants", "create", "My\nshop"], 2, "on one line"),
        (&["api-keys", "create", "--merchant", nobody, "--environment", "live"], 1, "farthing merchants list"),
        (&["api-keys", "create", "--merchant", nobody, "--environment", "prod"], 2, "live or test"),
        (
            &["api-keys", "create", "--merchant", nobody, "--environment", "live", "--permissions", "all"],
            2,
            "invoices:read",
        ),
        (&["api-keys", "revoke", "sk_live_0000"], 2, "api-keys list"),
        (&["--config", "missing.toml", "serve"], 1, "config example"),
        (&["demo", "--listen", "0.0.0.0:80"], 1, "loopback"),
        (&["restore", "nowhere"], 1, "farthing backup"),
    ];
    for (arguments, code, said) in cases {
        let answer = folder.run(arguments);
        assert_eq!(answer.code(), code, "{arguments:?}: {}", answer.complaint());
        assert!(answer.complaint().contains(said), "{arguments:?}: {}", answer.complaint());
    }
    let id = merchant(&folder);
    let whose = ["--merchant", id.as_str(), "--environment", "live"];
    let create = |more: &[&str]| folder.run(&[&["webhooks", "create"], &whose[..], more].concat());
    let plain = create(&["--url", "http://shop.example"]);
    assert!(plain.code() == 1 && plain.complaint().contains("https://"), "{}", plain.complaint());
    let event = create(&["--url", "https://shop.example", "--events", "invoice.payed"]);
    assert!(event.code() == 1 && event.complaint().contains("did you mean invoice.paid?"), "{}", event.complaint());
    let unknown = folder.run(&[&["webhooks", "deliveries", nobody], &whose[..]].concat());
    assert!(unknown.code() == 1 && unknown.complaint().contains("webhooks list"), "{}", unknown.complaint());
}

#[test]
fn what_stands_in_a_server_s_way_is_told_by_the_key_that_changes_it() {
    let folder = Folder::new();
    std::fs::write(folder.path().join("taken"), "a file").unwrap();
    let serve = |name: &str, value: &str| {
        let output = folder.command(&["serve"]).env(name, value).env("FARTHING__LOG__LEVEL", "error").output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{name}");
        String::from_utf8(output.stderr).unwrap()
    };
    let told = serve("FARTHING__DATA_DIR", "taken");
    assert!(told.contains("data_dir: taken cannot be used"), "{told}");
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let told = serve("FARTHING__LISTEN", &other.local_addr().unwrap().to_string());
    assert!(told.contains("listen: 127.0.0.1:") && told.contains("another program"), "{told}");
    let told = serve("FARTHING__NETWORKS__BTC__KIND", "bitcoin");
    assert!(told.contains("networks.btc: there is no such network; did you mean bitcoin?"), "{told}");
}

#[test]
fn the_example_configuration_is_good_and_the_environment_wins_over_a_file() {
    let folder = Folder::new();
    let example = folder.run(&["config", "example"]).text();
    std::fs::write(folder.path().join("farthing.toml"), example).unwrap();
    assert_eq!(folder.run(&["config", "check"]).code(), 0);
    let check = |name: &str, value: &str| {
        let output = folder.command(&["config", "check"]).env(name, value).output().unwrap();
        (
            output.status.code().unwrap(),
            String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (code, said) = check("FARTHING__LISTEN", "127.0.0.1:4321");
    assert!(code == 0 && said.contains("127.0.0.1:4321"), "{said}");
    let (code, said) = check("FARTHING__LIMITS__REQUESTS_PER_MINUTE", "many");
    assert!(code == 1 && said.contains("limits.requests_per_minute: "), "{said}");
    let (code, said) = check("FARTHING__LIMITS__REQUEST_PER_MINUTE", "1");
    assert!(code == 1 && said.contains("did you mean requests_per_minute?"), "{said}");
}

#[test]
fn a_network_of_a_kind_without_an_adapter_is_refused_plainly() {
    let folder = Folder::new();
    let keys = folder.run_with_input(&["keys", "derive"], ABANDON).text();
    let tron = keys.split("] of tron").nth(1).unwrap();
    let account = tron.lines().find(|line| line.starts_with("account = \"xpub")).unwrap();
    let toml =
        format!("[networks.tron]\nkind = \"tron\"\nproviders = [{{ api = \"http://127.0.0.1:1\" }}]\n{account}\n");
    std::fs::write(folder.path().join("farthing.toml"), toml).unwrap();
    assert_eq!(folder.run(&["config", "check"]).code(), 0);
    let answer = folder.run(&["serve"]);
    assert_eq!(answer.code(), 1);
    assert!(answer.complaint().contains("the tron adapter is not part of this version yet; remove [networks.tron]"));
    let doctor = folder.run(&["doctor", "--json"]);
    assert_eq!(doctor.code(), 1);
    assert_eq!(doctor.json()["ok"], false);
}

#[test]
fn words_are_read_from_standard_input_and_show_the_wallet_s_addresses() {
    let folder = Folder::new();
    let text = folder.run_with_input(&["keys", "derive", "--solana", "1"], ABANDON).text();
    assert!(text.contains("bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu"), "{text}");
    assert!(!text.contains("abandon"));
    let wrong = folder.run_with_input(&["keys", "derive"], "abandon abandon");
    assert!(wrong.code() == 1 && wrong.complaint().contains("there are 2 words"), "{}", wrong.complaint());
}

#[test]
fn new_words_are_twenty_four_and_make_the_keys_that_were_shown() {
    let folder = Folder::new();
    let shown = folder.run(&["keys", "new"]).text();
    let mut words: Vec<(usize, String)> = Vec::new();
    for line in shown.lines() {
        let parts: Vec<&str> = line.split_whitespace().collect();
        // Six numbered words a line.
        if let [number, ..] = parts[..]
            && parts.len() == 12
            && number.parse::<usize>().is_ok()
        {
            words.extend(parts.chunks(2).map(|pair| (pair[0].parse().unwrap(), pair[1].to_owned())));
        }
    }
    words.sort();
    assert_eq!(words.len(), 24, "{shown}");
    let words: Vec<String> = words.into_iter().map(|(_, word)| word).collect();
    let derived = folder.run_with_input(&["keys", "derive"], &words.join(" ")).text();
    for account in shown.lines().filter(|line| line.starts_with("account = \"")) {
        assert!(derived.contains(account), "{account}");
    }
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "nothing is stored");
}

#[test]
fn a_backup_is_restored_into_an_empty_folder_only() {
    let folder = Folder::new();
    let id = merchant(&folder);
    assert_eq!(folder.run(&["backup", "copy"]).code(), 0);
    assert_eq!(folder.run(&["backup", "copy"]).code(), 1);
    let over = folder.run(&["restore", "copy"]);
    assert!(over.code() == 1 && over.complaint().contains("already"), "{}", over.complaint());
    std::fs::rename(folder.path().join("farthing-data"), folder.path().join("lost")).unwrap();
    let restored = folder.run(&["restore", "copy"]);
    assert_eq!(restored.code(), 0, "{}", restored.complaint());
    assert_eq!(folder.json(&["merchants", "list", "--json"])["merchants"][0]["id"], id.as_str());
    let names: Vec<_> = std::fs::read_dir(folder.path().join("farthing-data"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(!names.iter().any(|name| name == "restoring"), "{names:?}");
}

#[test]
fn doctor_warns_when_a_proxy_makes_all_payers_one() {
    let folder = Folder::new();
    let check = |proxies: &str| {
        let mut command = folder.command(&["doctor", "--json"]);
        command.env("FARTHING__PUBLIC_URL", "https://pay.shop.example").env("FARTHING__HTTP__TRUSTED_PROXIES", proxies);
        let output = command.output().unwrap();
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let checks = said["checks"].as_array().unwrap().clone();
        let check = checks.into_iter().find(|check| check["name"] == "http.trusted_proxies").unwrap();
        (said["ok"].clone(), check["ok"].clone(), check["detail"].as_str().unwrap().to_owned())
    };
    let (is_ok, is_good, detail) = check("[]");
    assert!(is_ok == true && is_good == false && detail.contains("trusted_proxies = "), "{detail}");
    assert_eq!(check("[\"127.0.0.1\"]").1, true);
}

#[test]
fn doctor_and_audit_answer_one_object() {
    let folder = Folder::new();
    let fresh = folder.json(&["doctor", "--json"]);
    assert_eq!(fresh["ok"], true, "{fresh}");
    assert!(!folder.path().join("farthing-data").exists(), "doctor makes nothing");
    assert_eq!(folder.run(&["audit", "--json"]).code(), 1);
    merchant(&folder);
    let checks = folder.json(&["doctor", "--json"])["checks"].clone();
    for check in checks.as_array().unwrap() {
        assert!(check["name"].is_string() && check["ok"].is_boolean() && check["detail"].is_string(), "{check}");
        assert!(check["level"] == "error" || check["level"] == "warning", "{check}");
    }
    assert_eq!(folder.json(&["audit", "--json"])["ok"], true);
}
