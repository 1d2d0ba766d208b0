//! API keys, webhook secrets, and the signatures that they make: read back by a verifier of its own.

use super::text;
use crate::Target;
use base64::{Engine, engine::general_purpose::STANDARD};
use farthing_dialects::{
    coinspaid::signature,
    native::{
        api_keys::ApiKeySecret,
        callback::{self, Attempt, WebhookSecret},
    },
    txcash::authorization::key_of,
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha512};

/// Keys, secrets, signatures.
pub(super) const SECRETS: Target = Target {
    name: "secrets",
    feed,
    seeds: &[
        b"sk_test_0000000000000000000000000000000000000000000000000000000000000000",
        b"sk_live_ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        b"SK_TEST_0000000000000000000000000000000000000000000000000000000000000000",
        b"sk_test_000000000000000000000000000000000000000000000000000000000000000",
        b"sk_test_FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
        b"whsec_goskaKE0xzFTBV9+zqfjQzxqXAY2fov3D2t1AnBoPIM=",
        b"whsec_goskaKE0xzFTBV9+zqfjQzxqXAY2fov3D2t1AnBoPIM",
        b"whsec_AAAA",
        br#"{"event":"invoice.paid"}"#,
        b"03c25fcf7cd35e7d995e402cd5d51edd72d48e1471e865907967809a0c189ba55b90815f20e2bb10f82c7a9e9d865546fda58989c2ae9e8e2ff7bc29195fa1ec",
        b"Bearer abc",
        b"Basic YWJjOg==",
    ],
};

fn feed(bytes: &[u8]) {
    let text = text(bytes);
    if let Ok(key) = text.parse::<ApiKeySecret>() {
        assert_eq!(key.reveal(), text, "a key is read as it is written");
        assert!(!format!("{key:?}").contains(text.get(8..).unwrap_or(text)), "a key prints itself");
    }
    if let Ok(secret) = text.parse::<WebhookSecret>() {
        assert_eq!(secret.reveal(), text);
        assert!(!format!("{secret:?}").contains(text.get(6..).unwrap_or(text)), "a secret prints itself");
    }
    signature_is_of_these_bytes(bytes);
    coinspaid_signature_is_of_these_bytes(bytes, text);
    if let Some(key) = key_of(text) {
        assert!(text.len() > key.len(), "{text:?} has the key {key:?}");
    }
}

/// Of a body that is these bytes; and these bytes are no signature of the vendor's example but the one it has.
fn coinspaid_signature_is_of_these_bytes(body: &[u8], text: &str) {
    const EXAMPLE: &[u8] = br#"{"currency":"BTC","foreign_id":"123456"}"#;
    let mac = <Hmac<Sha512> as KeyInit>::new_from_slice(b"AbCdEfG123456");
    let mut mac = mac.unwrap_or_else(|_| panic!("HMAC takes any key"));
    mac.update(body);
    let signed = signature::sign("AbCdEfG123456", body);
    assert_eq!(signed, hex::encode(mac.finalize().into_bytes()));
    assert!(signature::is_right("AbCdEfG123456", body, &signed));
    assert!(body.is_empty() || !signature::is_right("AbCdEfG123456", &[], &signed));
    let is_the_one = text.eq_ignore_ascii_case(&signature::sign("AbCdEfG123456", EXAMPLE));
    assert_eq!(signature::is_right("AbCdEfG123456", EXAMPLE, text), is_the_one);
}

fn signature_is_of_these_bytes(body: &[u8]) {
    let key = [7; 32];
    let attempt = Attempt { id: "01a1", event: "invoice.paid", timestamp_seconds: 1_700_000_000, body };
    let headers = callback::headers(&[WebhookSecret::from_bytes(key)], &attempt);
    let header = |name: &str| headers.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value.as_str());
    let text_key = format!("whsec_{}", STANDARD.encode(key));
    let halfin = hmac(text_key.as_bytes(), &[b"1700000000.", body].concat());
    assert_eq!(header("x-halfin-signature"), format!("t=1700000000,v1={}", hex::encode(halfin)));
    let standard = hmac(&key, &[b"01a1.1700000000.", body].concat());
    assert_eq!(header("webhook-signature"), format!("v1,{}", STANDARD.encode(standard)));
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key);
    let mut mac = mac.unwrap_or_else(|_| panic!("HMAC takes any key"));
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}
