//! Addresses for callbacks that shops of the other APIs name, with an invoice or by the command line: as many ways to name this
//! machine as for webhooks, and nothing is connected to.

use super::{
    outgoing::{ALLOWED, NEVER, OWN, REFUSED, Watch},
    served::{Served, merchant, write_configuration},
};
use crate::{contract::http::Ask, eventually::eventually, program::Folder};
use serde_json::{Value, json};
use std::{io::ErrorKind, net::TcpListener};

/// A shop with a key of each API whose invoices name an address for callbacks.
struct Keys {
    merchant: String,
    payhubix: String,
    txcash: String,
}

impl Keys {
    fn of(folder: &Folder) -> Self {
        let (merchant, _) = merchant(folder);
        let key = |dialect| {
            let create = ["dialects", "create", dialect, "--merchant", &merchant, "--environment", "test", "--json"];
            folder.json(&create)["api_key"].as_str().unwrap().to_owned()
        };
        let (payhubix, txcash) = (key("payhubix"), key("txcash"));
        Self { merchant, payhubix, txcash }
    }

    /// Orders in both APIs whose callbacks are to go to an address.
    fn orders(&self, url: &str) -> [Ask; 2] {
        let order = json!({
            "currency_amount": 5, "currency_symbol": "USD", "time_for_payment": "02:00", "currencies": [],
            "callback_url": url, "redirect_url": "https://shop.example/back",
        });
        let payhubix = Ask::post("/v1/invoices/", &order).header("X-Api-Key", &self.payhubix);
        let order = json!({ "amount": 5, "callback_url": url });
        [payhubix, Ask::post("/invoice/v1/testnet/invoice", &order).header("X-API-Key", &self.txcash)]
    }
}

/// Asserts that neither API takes an order with it.
fn are_refused(served: &Served, keys: &Keys, url: &str) {
    for order in keys.orders(url) {
        let answer = served.ask(&order);
        assert_eq!(answer.status, 400, "{url}: {answer}");
        assert!(answer.text().contains("callback_url"), "{url}: {answer}");
    }
}

#[test]
fn of_sixty_ways_to_name_a_forbidden_address_none_is_called_back() {
    let folder = Folder::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    write_configuration(&folder, ALLOWED);
    let keys = Keys::of(&folder);
    let pages = ordered_while_allowed(&folder, &keys, &port);
    let served = Served::start(&folder, REFUSED, "log", &[]);
    let watch = Watch::on(served.process.id(), &folder, "connects");
    for page in &pages {
        let pressed = Ask::new("POST", &format!("{page}/cancel")).bytes("application/x-www-form-urlencoded", b"");
        let answer = served.ask(&pressed.header("Sec-Fetch-Site", "same-origin"));
        assert_eq!(answer.status, 303, "{answer}");
    }
    // Each was attempted, and is tried again later.
    let list = ["dialects", "callbacks", "--merchant", &keys.merchant, "--environment", "test", "--json"];
    let all = eventually("an attempt at each", || {
        let all = folder.json(&list)["callbacks"].as_array().unwrap().clone();
        let attempted = all.iter().filter(|callback| callback["attempts"].as_u64().unwrap() > 0).count();
        (attempted == pages.len()).then_some(all)
    });
    let sent = all.iter().filter(|callback| callback["state"] == "delivered").collect::<Vec<&Value>>();
    assert!(sent.is_empty(), "{sent:?}");
    for url in NEVER.iter().chain(&OWN).map(|url| url.replace('P', &port)) {
        are_refused(&served, &keys, &url);
        let create = ["dialects", "create", "coinspaid", "--merchant", &keys.merchant, "--environment", "test"];
        let answer = folder.run(&[&create[..], &["--callback-url", &url, "--json"]].concat());
        assert_ne!(answer.code(), 0, "{url}");
    }
    let forbidden: Vec<String> = watch.connects().into_iter().filter(|line| !line.contains("htons(53)")).collect();
    assert!(forbidden.is_empty(), "{forbidden:#?}");
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "somebody came");
}

/// Orders with all that may be named where private addresses are allowed; answers the paths of their pages.
fn ordered_while_allowed(folder: &Folder, keys: &Keys, port: &str) -> Vec<String> {
    let served = Served::start(folder, ALLOWED, "log-while-allowed", &[]);
    let mut pages = Vec::new();
    for url in OWN.map(|url| url.replace('P', port)) {
        for order in keys.orders(&url) {
            let answer = served.ask(&order);
            assert_eq!(answer.status, 200, "{url}: {answer}");
            let made = answer.json();
            let page = made["message"]["invoice_url"].as_str().or_else(|| made["url"].as_str());
            let page = page.unwrap_or_else(|| panic!("{answer}"));
            pages.push(format!("/pay/{}", page.split_once("/pay/").unwrap().1));
        }
    }
    for url in NEVER {
        are_refused(&served, keys, url);
    }
    pages
}
