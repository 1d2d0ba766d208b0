//! Section 2, rate limits: a server that has them.

use super::{
    http::{Answer, Ask},
    server::Server,
    shop::Shop,
};

/// How often is asked until somebody must have had enough, also where asking takes long.
const ASKED_MAX: usize = 5000;

/// Asserts the refusal of one too many.
fn is_limited(answer: &Answer) {
    let details = answer.refusal(429, "rate_limited");
    assert!(details.is_empty(), "{details:?}");
    let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
    assert_eq!(message, format!("rate limit exceeded, retry after {seconds} seconds"));
}

#[test]
fn section_2_a_key_s_excess_is_429_rate_limited_with_retry_after() {
    // One more is allowed every half a minute: nothing here takes so long.
    let server = Server::serve("[limits]\nrequests_per_minute = 2\n");
    let shop = Shop::on(&server);
    let statuses: Vec<u16> = (0..2).map(|_| shop.get("invoices").status).collect();
    assert_eq!(statuses, [200; 2]);
    is_limited(&shop.get("invoices"));
    is_limited(&shop.post("invoices", &serde_json::json!({})));
    let other_key = shop.with_key(&server.key(&shop.merchant, "test", ""));
    assert_eq!(other_key.get("invoices").status, 200, "the limit is per key");
    other_key.get("nowhere").refusal(404, "not_found");
    let nobody = Ask::get("/api/v1/invoices");
    server.ask(&nobody).refusal(401, "unauthorized");
}

#[test]
fn section_2_public_lists_have_120_a_minute_per_address() {
    let server = Server::serve("");
    let paths = ["/api/v1/currencies", "/api/v1/rates?currency=BTC"].into_iter().cycle();
    let mut answers = paths.take(ASKED_MAX).map(|path| server.ask(&Ask::get(path)));
    let passed = answers.by_ref().take_while(|answer| answer.status == 200).count();
    assert!((120..ASKED_MAX).contains(&passed), "{passed} passed");
    let limited = answers.find(|answer| answer.status != 200).unwrap();
    is_limited(&limited);
    assert_eq!(Shop::on(&server).get("invoices").status, 200, "keys have a limit of their own");
}

#[test]
fn section_2_a_key_has_300_a_minute_where_nothing_else_is_configured() {
    let server = Server::serve("");
    let shop = Shop::on(&server);
    let mut answers = (0..ASKED_MAX).map(|_| shop.get("invoices?limit=1"));
    let passed = answers.by_ref().take_while(|answer| answer.status == 200).count();
    assert!((300..ASKED_MAX).contains(&passed), "{passed} passed");
    // Five more are allowed every second, and the next one may be among them.
    is_limited(&answers.find(|answer| answer.status != 200).unwrap());
}
