//! What a request is signed with, and what it is called by: `CoinsPaid`'s signatures, and references that are used once.

use super::{
    bodies::counts,
    merchant::{Merchant, ask_with, ground, shown, wanted},
};
use crate::native::{Answer, Shop};
use farthing_domain::policy::Dialect;
use serde_json::Value;
use std::sync::Arc;
use tokio::task::JoinSet;

const URL: &str = "https://shop.example/hook";

async fn twin(shop: Arc<Shop>, merchant: Arc<Merchant>, dialect: Dialect) -> u16 {
    let (path, body) = wanted(dialect, "12.34", "the only one");
    merchant.ask(&shop, dialect, ("POST", path), &body).await.status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_twins_with_one_reference_make_one_invoice() {
    // Over a store with a thread of its own, so that they do race.
    let shop = Shop::open().await;
    let merchant = Merchant::open(&shop, URL).await;
    let (shop, merchant) = (Arc::new(shop), Arc::new(merchant));
    for dialect in [Dialect::CoinsPaid, Dialect::TxnPro] {
        let before = counts(&shop, &merchant).await[0];
        let racing: JoinSet<u16> = (0..64).map(|_| twin(Arc::clone(&shop), Arc::clone(&merchant), dialect)).collect();
        let statuses = racing.join_all().await;
        let made = statuses.iter().filter(|status| [200, 201].contains(*status)).count();
        let refused = statuses.iter().filter(|status| [400, 422].contains(*status)).count();
        assert_eq!((made, refused), (1, 63), "{dialect}: {statuses:?}");
        assert_eq!(counts(&shop, &merchant).await[0], before + 1, "{dialect}");
    }
}

#[tokio::test]
async fn a_signature_is_of_these_bytes_this_key_and_this_secret_alone() {
    let (shop, _) = ground(45).await;
    let merchant = Merchant::open(&shop, URL).await;
    let stranger = Merchant::open(&shop, URL).await;
    let dialect = Dialect::CoinsPaid;
    let (key, secret) = merchant.shown_to(dialect);
    let (path, body) = wanted(dialect, "12.34", "signed");
    let path = format!("/api/v2{path}");
    let headers = shown(dialect, key, secret, body.as_bytes());
    let send = async |headers: &[(&'static str, String)], body: &[u8]| {
        ask_with(&shop, dialect, ("POST", &path), headers, body).await
    };
    let is_refused = |answer: &Answer, code: &str| {
        assert_eq!((answer.status, answer.json["code"].as_str()), (403, Some(code)), "{answer:?}");
    };
    for (at, bit) in (0..body.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
        let mut flipped = body.clone().into_bytes();
        flipped[at] ^= 1 << bit;
        is_refused(&send(&headers, &flipped).await, "bad_header_signature");
    }
    let parsed: Value = serde_json::from_str(&body).expect("JSON");
    let pretty = serde_json::to_string_pretty(&parsed).expect("JSON");
    for other in [pretty, body.replace('/', "\\/"), format!("\u{feff}{body}"), format!("{body} "), format!("{body}\n")]
    {
        assert_ne!(other, body);
        is_refused(&send(&headers, other.as_bytes()).await, "bad_header_signature");
    }
    let [(_, _), (_, signature)] = &headers[..] else { panic!("a key and a signature") };
    let with = |signature: String| vec![("X-Processing-Key", key.to_owned()), ("X-Processing-Signature", signature)];
    for at in 0..signature.len() {
        let mut other = signature.clone().into_bytes();
        other[at] = if other[at] == b'0' { b'1' } else { b'0' };
        is_refused(&send(&with(String::from_utf8(other).expect("hex")), body.as_bytes()).await, "bad_header_signature");
    }
    let (sha256, _) = signature.split_at(64);
    let (short, _) = signature.split_at(127);
    let cut = [
        short.to_owned(),
        format!("{signature}0"),
        format!("{signature}00"),
        sha256.to_owned(),
        format!("0x{signature}"),
    ];
    for other in cut.into_iter().chain([format!("sha512={signature}"), signature.replace('a', "g"), "0".repeat(128)]) {
        is_refused(&send(&with(other), body.as_bytes()).await, "bad_header_signature");
    }
    // Another merchant's secret to this one's key, and the other way round.
    let (other_key, other_secret) = stranger.shown_to(dialect);
    let crossed = shown(dialect, key, other_secret, body.as_bytes());
    is_refused(&send(&crossed, body.as_bytes()).await, "bad_header_signature");
    let crossed = shown(dialect, other_key, secret, body.as_bytes());
    is_refused(&send(&crossed, body.as_bytes()).await, "bad_header_signature");
    for at in 0..key.len() {
        let mut other = key.to_owned().into_bytes();
        other[at] = if other[at] == b'A' { b'B' } else { b'A' };
        let headers = shown(dialect, &String::from_utf8(other).expect("text"), secret, body.as_bytes());
        is_refused(&send(&headers, body.as_bytes()).await, "bad_header_key");
    }
    assert_eq!(counts(&shop, &merchant).await[0], 0);
    assert_eq!(send(&headers, body.as_bytes()).await.status, 200, "the control");
}
