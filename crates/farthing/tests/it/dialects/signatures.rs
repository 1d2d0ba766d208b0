//! How shops check what they are told: by the key and the secret that they were given, and another implementation of HMAC than
//! the one that signs.

use crate::contract::receiver::Webhook;
use base64::{Engine, engine::general_purpose::STANDARD};
use ring::hmac;

/// Whether it is signed as Standard Webhooks says, under headers that begin so.
pub(crate) fn is_standard(webhook: &Webhook, prefix: &str, key: &[u8]) -> bool {
    let header = |name: &str| webhook.find(&format!("{prefix}-{name}"));
    let (Some(id), Some(time), Some(signature)) = (header("id"), header("timestamp"), header("signature")) else {
        return false;
    };
    if id.is_empty() || !time.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let signed = [id.as_bytes(), b".", time.as_bytes(), b".", &webhook.body].concat();
    signature.split(' ').any(|part| {
        let tag = part.strip_prefix("v1,").and_then(|text| STANDARD.decode(text).ok());
        tag.is_some_and(|tag| hmac::verify(&key, &signed, &tag).is_ok())
    })
}

/// Whether one of its native signatures is of this secret.
pub(crate) fn is_native(webhook: &Webhook, secret: &str) -> bool {
    webhook.find("x-halfin-signature").is_some() && webhook.has_signature_of(secret)
}

/// The key of a secret that begins with `whsec_`.
pub(crate) fn key_of(secret: &str) -> Vec<u8> {
    STANDARD.decode(secret.strip_prefix("whsec_").unwrap_or_else(|| panic!("no webhook secret"))).unwrap()
}

/// HMAC-SHA512 of a body, keyed by the secret as it was shown, in hex.
pub(crate) fn coinspaid(secret: &str, body: &[u8]) -> String {
    hex::encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA512, secret.as_bytes()), body))
}

/// Whether it is signed as `CoinsPaid`'s callbacks are.
pub(crate) fn is_coinspaid(webhook: &Webhook, key: &str, secret: &str) -> bool {
    webhook.find("x-processing-key") == Some(key)
        && webhook.find("x-processing-signature") == Some(coinspaid(secret, &webhook.body).as_str())
}
