//! What clients may not decide, however they say it: who they are, what they owe, how much is read for them.

use crate::native::{HALF_BITCOIN, Shop};
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, fs, path::Path};

/// Routes beside the table of the native API, each with what stands before it. The table's own are tried one by one in
/// `native_authorisation`.
const OUTSIDE_THE_TABLE: [(&str, &str); 15] = [
    ("/docs", "public: the documentation"),
    ("/docs/docs.css", "public: its style"),
    ("/openapi.json", "public: the document"),
    ("/healthz", "public: three words"),
    ("/readyz", "public: names of networks"),
    ("/metrics", "this machine alone"),
    ("/pay/{token}", "the token"),
    ("/pay/{token}/events", "the token"),
    ("/pay/{token}/activate", "the token, the page's origin, a limit"),
    ("/pay/{token}/cancel", "the token, the page's origin, a limit"),
    ("/pay/{token}/simulate", "the token, the page's origin, a limit, the test environment"),
    ("&path", "an API's own gate: its credential, or its table says that anybody may"),
    ("&format!(\"{path}/\")", "the same"),
    ("&CSS_PATH", "public: a style sheet"),
    ("&JS_PATH", "public: a script"),
];

#[test]
fn no_route_is_mounted_whose_protection_is_not_written_down() {
    let mut mounted = BTreeSet::new();
    collect(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut mounted);
    let known: BTreeSet<String> = OUTSIDE_THE_TABLE.iter().map(|(route, _)| (*route).to_owned()).collect();
    assert_eq!(mounted, known, "say here what stands before a new route, and test that");
}

/// The first argument of every `.route(` in the sources, but for the one that mounts the table.
fn collect(folder: &Path, mounted: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, mounted);
        } else {
            let text = fs::read_to_string(&path).unwrap();
            let arguments = text.split(".route(").skip(1).map(str::trim_start);
            let named = arguments.filter(|rest| !rest.starts_with("&route.path"));
            mounted.extend(named.map(|rest| rest.split(',').next().unwrap().trim().trim_matches('"').to_owned()));
        }
    }
}

#[test]
fn every_route_beside_the_tables_is_asked_badly_by_the_command_that_asks_every_route() {
    let asked = include_str!("../../../../xtask/src/malform/shop.rs");
    for (route, _) in OUTSIDE_THE_TABLE.iter().filter(|(route, _)| route.starts_with('/')) {
        assert!(asked.contains(&format!("\"{route}\"")), "{route}: `cargo xtask malform` does not know it");
    }
}

/// The letters of a token.
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const GUESSES: usize = 100_000;

#[tokio::test]
async fn a_hundred_thousand_guesses_at_a_page_are_one_and_the_same_answer() {
    let shop = Shop::open().await;
    let invoice = shop.invoice(HALF_BITCOIN).await;
    let url = invoice["checkout_url"].as_str().unwrap();
    let token = url.rsplit('/').next().unwrap();
    let ask = async |token: &str| shop.ask("GET", &format!("/pay/{token}"), &[], "").await;
    assert_eq!(ask(token).await.status, 200, "the control");
    let nothing = ask("nobody").await;
    // All that differ from the real one in one letter, are a letter shorter or longer, and then whatever comes.
    let near = (0..token.len()).flat_map(|at| LETTERS.iter().map(move |letter| (at, *letter)));
    let near = near.filter_map(|(at, letter)| {
        let mut guess = token.as_bytes().to_vec();
        guess[at] = letter;
        let guess = String::from_utf8(guess).unwrap();
        (guess != token).then_some(guess)
    });
    let cut = (0..token.len()).flat_map(|at| {
        let (front, back) = token.split_at(at);
        [front.to_owned(), back.to_owned(), format!("{token}{at}")]
    });
    let cut = cut.filter(|guess| guess != token && !guess.is_empty());
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let random = std::iter::repeat_with(|| {
        let mut letter = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(LETTERS[usize::try_from(state % 64).unwrap()])
        };
        (0..token.len()).map(|_| letter()).collect::<String>()
    });
    let mut tried = 0;
    for guess in near.chain(cut).chain(random).take(GUESSES) {
        let answer = ask(&guess).await;
        assert_eq!((answer.status, &answer.text), (404, &nothing.text), "{guess}");
        tried += 1;
    }
    assert_eq!(tried, GUESSES);
}

#[tokio::test]
async fn there_is_one_door_and_no_header_opens_another() {
    let shop = Shop::open().await;
    let (key, path) = (shop.key.as_str(), "/api/v1/invoices");
    // "key:", ":key" and "key:key", as Basic has it.
    let basic = ["Basic c2tfdGVzdDo=", "Basic OnNrX3Rlc3Q=", "basic a2V5OmtleQ=="];
    let bearer = format!("Bearer {key}");
    let [spaced, tabbed, doubled, quoted] =
        [format!("{key} x"), format!("{key}\tx"), format!("{key},{key}"), format!("\"{key}\"")];
    let refused: Vec<Vec<(&str, &str)>> = vec![
        vec![("Authorization", basic[0])],
        vec![("Authorization", basic[1])],
        vec![("Authorization", basic[2]), ("Authorization", &bearer)],
        vec![("Authorization", &bearer), ("Authorization", &bearer)],
        vec![("Proxy-Authorization", &bearer)],
        vec![("X-API-Key", &spaced)],
        vec![("X-API-Key", &tabbed)],
        vec![("X-API-Key", &doubled)],
        vec![("X-API-Key", &quoted)],
        vec![("X-Api-Key-Override", key), ("X-Forwarded-User", "admin"), ("X-Original-URL", path)],
    ];
    for headers in refused {
        let answer = shop.ask("GET", path, &headers, "").await;
        assert_eq!((answer.status, answer.code()), (401, "unauthorized"), "{headers:?}");
    }
    // Another scheme beside a valid key decides nothing.
    let stranger = format!("Bearer {}", shop.somebody_elses_key().await);
    shop.invoice(HALF_BITCOIN).await;
    for other in [&stranger, basic[0]] {
        let answer = shop.ask("GET", path, &[("X-API-Key", key), ("Authorization", other)], "").await;
        assert_eq!((answer.status, &answer.json["meta"]["pagination"]["total"]), (200, &json!(1)));
    }
    for (name, value) in
        [("X-HTTP-Method-Override", "DELETE"), ("X-Method-Override", "DELETE"), ("X-Original-URL", "/metrics")]
    {
        let answer = shop.ask("GET", path, &[("X-API-Key", key), (name, value)], "").await;
        assert_eq!((answer.status, &answer.json["meta"]["pagination"]["total"]), (200, &json!(1)), "{name}");
    }
}

/// An invoice without what differs from one to the next.
fn in_common(invoice: &Value) -> Map<String, Value> {
    let mut fields = invoice.as_object().unwrap().clone();
    for name in ["id", "deposit_address", "checkout_url", "created_at", "updated_at", "expires_at", "payment_uri"] {
        fields.remove(name);
    }
    fields
}

#[tokio::test]
async fn no_field_of_an_answer_can_be_assigned_by_sending_it_back() {
    let shop = Shop::open().await;
    let document = shop.ask("GET", "/openapi.json", &[], "").await.json;
    let asked_for = &document["components"]["schemas"]["CreateInvoiceBody"]["properties"];
    let control = in_common(&shop.invoice(HALF_BITCOIN).await);
    let paid = shop.invoice(HALF_BITCOIN).await;
    let path = format!("/api/v1/test/invoices/{}/payments", paid["id"].as_str().unwrap());
    assert_eq!(shop.post(&path, r#"{"amount":"0.5","confirmations":6}"#).await.status, 201);
    let paid = shop.get(&format!("/api/v1/invoices/{}", paid["id"].as_str().unwrap())).await.data().clone();
    assert_eq!(paid["status"], "paid");
    let mut tried = 0;
    for (name, value) in paid.as_object().unwrap() {
        if !asked_for[name].is_null() {
            continue;
        }
        let mut body: Value = serde_json::from_str(HALF_BITCOIN).unwrap();
        body[name] = value.clone();
        let made = shop.invoice(&body.to_string()).await;
        assert_eq!(in_common(&made), control, "{name} was sent as {value}");
        for unlike in ["id", "deposit_address", "checkout_url"] {
            assert_ne!(made[unlike], paid[unlike], "{name} was sent as {value}");
        }
        tried += 1;
    }
    assert!(tried >= 10, "{tried} fields");
    for extra in ["rate", "fee", "merchant_id", "environment", "is_admin", "permissions", "__proto__", "constructor"] {
        let mut body: Value = serde_json::from_str(HALF_BITCOIN).unwrap();
        body[extra] = json!({"a": "0"});
        assert_eq!(in_common(&shop.invoice(&body.to_string()).await), control, "{extra}");
    }
}

#[tokio::test]
async fn what_is_read_for_a_request_is_bounded() {
    let shop = Shop::open().await;
    shop.invoice(HALF_BITCOIN).await;
    let invoices = "/api/v1/invoices";
    for (query, status) in [
        ("limit=1000000000", 400),
        ("limit=101", 400),
        ("limit=0", 400),
        ("limit=-1", 400),
        ("limit=1e2", 400),
        ("offset=1000000000000", 200),
        ("offset=9223372036854775807", 200),
        ("offset=9223372036854775808", 400),
        ("offset=18446744073709551616", 400),
        ("limit=1&limit=100", 400),
    ] {
        let answer = shop.get(&format!("{invoices}?{query}")).await;
        assert_eq!(answer.status, status, "{query}: {answer:?}");
        if status == 200 {
            assert_eq!((answer.data(), &answer.json["meta"]["pagination"]["total"]), (&json!([]), &json!(1)));
        }
    }
    for (query, status) in
        [("limit=1000000000", 400), ("after=9223372036854775807", 200), ("after=99999999999999999999", 400)]
    {
        assert_eq!(shop.get(&format!("/api/v1/events?{query}")).await.status, status, "{query}");
    }
}

#[tokio::test]
async fn texts_that_other_languages_obey_are_only_texts() {
    let shop = Shop::open().await;
    let texts = [
        "' OR 1=1--",
        "'; DROP TABLE invoices; --",
        "\") OR (\"\"=\"",
        "%' OR '%'='",
        "_%",
        "=HYPERLINK(\"https://evil.example\")",
        "@SUM(1+1)*cmd|' /C calc'!A0",
        "${jndi:ldap://127.0.0.1/a}",
        "{{7*7}}",
        "$(touch /tmp/x)",
        "../../etc/passwd",
        "%s%n%x",
    ];
    for text in texts {
        let body = json!({"currency": "BTC", "amount": "0.5", "external_id": text, "description": text, "idempotency_key": text});
        let made = shop.invoice(&body.to_string()).await;
        assert_eq!((&made["external_id"], &made["description"]), (&json!(text), &json!(text)));
        let again = shop.post("/api/v1/invoices", body.to_string()).await;
        assert_eq!((again.status, &again.data()["id"]), (200, &made["id"]), "{text}");
    }
    for text in texts {
        let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let found = shop.get(&format!("/api/v1/invoices?external_id={encoded}")).await;
        assert_eq!(found.json["meta"]["pagination"]["total"], 1, "{text} finds exactly itself");
        assert_eq!(found.data()[0]["external_id"], text);
        let by_status = shop.get(&format!("/api/v1/invoices?status={encoded}")).await;
        assert_eq!(by_status.status, 400, "{text}");
    }
    for text in ["a@b.co\r\nBcc: x@evil.example", "a@b.co\nX: y", "a b@c.de", "\"a\r\n\"@b.co"] {
        let body = json!({"currency": "BTC", "amount": "0.5", "customer_email": text}).to_string();
        let answer = shop.post("/api/v1/invoices", body).await;
        assert_eq!((answer.status, answer.code()), (400, "validation_error"), "{text}");
    }
}
