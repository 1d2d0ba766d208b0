//! The payer's page in Chromium, with texts that want to be more than texts.

use super::served::{Served, write_configuration};
use crate::{contract::http::Ask, program::Folder};
use serde_json::json;
use std::process::Command;

/// Markup, templates, ends of scripts, parameters of payment URIs, characters that turn or hide text.
const TEXTS: [&str; 14] = [
    "<svg onload=\"window.pwned=1\">",
    "<img src=x onerror=\"window.pwned=1\">",
    "</script><script>window.pwned=1</script>",
    "\"><iframe src=\"javascript:parent.pwned=1\"></iframe>",
    "' onmouseover='window.pwned=1' x='",
    "{{7*7}}${7*7}<%= 7*7 %>#{7*7}",
    "<!--<script>window.pwned=1//-->",
    "<base href=\"https://evil.example/\"><style>@import 'https://evil.example/x.css';</style>",
    "&lt;script&gt;window.pwned=1&lt;/script&gt;&#60;b&#62;",
    "a\u{2028}window.pwned=1\u{2029}b",
    "\u{202e}evil\u{202c} \u{2066}x\u{2069} \u{200f}",
    "amount=1&address=evil&label=x#amount=0",
    "javascript:window.pwned=1",
    "=HYPERLINK(\"https://evil.example\")",
];
/// Addresses to return to that lead elsewhere than they seem.
const REDIRECTS: [&str; 14] = [
    "javascript:alert(1)",
    "java\tscript:alert(1)",
    "//evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https://good.example@evil.example/",
    "https://good.example\\.evil.example/",
    "https:\\\\evil.example",
    "https://evil.example/\r\nSet-Cookie: a=b",
    " https://evil.example/",
    "data:text/html,<script>alert(1)</script>",
    "http://evil.example/",
    "https://evil.example/\u{202e}",
    "https://evil.example/<script>",
];

#[test]
fn on_the_page_in_a_browser_texts_stay_texts_and_links_lead_where_they_say() {
    let folder = Folder::new();
    write_configuration(&folder, "");
    let merchant = folder.json(&["merchants", "create", TEXTS[0], "--json"])["id"].as_str().unwrap().to_owned();
    let key = ["api-keys", "create", "--merchant", &merchant, "--environment", "test", "--json"];
    let key = folder.json(&key)["api_key"].as_str().unwrap().to_owned();
    let served = Served::start(&folder, "", "log", &[]);
    let many = "\u{200d}".repeat(1000);
    let mut pages = Vec::new();
    // In turn sold in a coin with a payment URI, and left to the payer to choose.
    let prices = [json!({"currency": "BTC", "amount": "0.5"}), json!({"amount_fiat": "10.00"})];
    for (text, price) in TEXTS.into_iter().chain([many.as_str()]).zip(prices.iter().cycle()) {
        let mut body = price.clone();
        body["description"] = json!(text);
        body["external_id"] = json!(text.chars().take(100).collect::<String>());
        body["redirect_url"] = json!("https://shop.example/?a='b'&c=%3Cscript%3E");
        let made = served.ask(&Ask::post("/api/v1/invoices", &body).key(&key)).data(201);
        pages.push(made["checkout_url"].as_str().unwrap().to_owned());
    }
    let too_long = format!("https://evil.example/{}", "a".repeat(2049));
    for redirect in REDIRECTS.into_iter().chain([too_long.as_str()]) {
        let body = json!({"currency": "BTC", "amount": "0.5", "redirect_url": redirect});
        served.ask(&Ask::post("/api/v1/invoices", &body).key(&key)).blames(400, "validation_error", "redirect_url");
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../xtask/browser/injection.mjs");
    let output = Command::new("node").arg(script).args(&pages).output().expect("node");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{err}");
    assert!(out.contains(&format!("{} pages", pages.len())), "{out}");
}
