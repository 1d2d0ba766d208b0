//! `CoinsPaid`'s signature: HMAC-SHA512 over the raw body, in hex, for requests and callbacks alike (A.2).

use ring::hmac::{self, HMAC_SHA512, Key};

/// The header that carries the public key.
pub const KEY_HEADER: &str = "x-processing-key";
/// The header that carries the signature.
pub const SIGNATURE_HEADER: &str = "x-processing-signature";

/// The signature of a body: 128 lower-case hex digits. The secret is the text that the merchant was shown, not decoded.
#[must_use]
pub fn sign(secret: &str, body: &[u8]) -> String {
    hex::encode(hmac::sign(&key(secret), body))
}

/// Whether a signature is the body's, in time that does not tell how much of it is right.
#[must_use]
pub fn is_right(secret: &str, body: &[u8], signature: &str) -> bool {
    hex::decode(signature).is_ok_and(|bytes| hmac::verify(&key(secret), body, &bytes).is_ok())
}

fn key(secret: &str) -> Key {
    Key::new(HMAC_SHA512, secret.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A.2: the published vector first, the others computed for the contract.
    const VECTORS: [(&str, &str); 5] = [
        (
            r#"{"currency":"BTC","foreign_id":"123456"}"#,
            "03c25fcf7cd35e7d995e402cd5d51edd72d48e1471e865907967809a0c189ba55b90815f20e2bb10f82c7a9e9d865546fda58989c2ae9e8e2ff7bc29195fa1ec",
        ),
        (
            "{}",
            "89ff570683bfcd9e2c8911332e07e3ff196ca50f91faef98126fb0eb76df90d7ccddc4372a99ba67ec072fd3aac5d0b7eac44652e2b29ce36dbcf5ee50b6fa05",
        ),
        (
            "",
            "0104da715ed5bb364eba7167a71316e194f5ca21629884dca6c368cfd411d2b8404d0cccf928a76ef5b8d170eae711d9a9ef4d9c74cd23693869c96fd64c335f",
        ),
        (
            r#"{"timer":true,"title":"Order 1001","foreign_id":"ord-1001","currency":"EUR","sender_currency":"BTC","amount":35,"url_success":"https://shop.example/ok","url_failed":"https://shop.example/no","email_user":"payer@shop.example"}"#,
            "b916a4d7a0c22d9acae024b650df9a4c128ec1573aa5d50616518a364d109c36bf73fee9eb51cc2a9f4ac056aee28ba07cc85ac3c3da84aca6560ef912c15db9",
        ),
        (
            r#"{"id":28,"foreign_id":"ord-1001","type":"invoice","status":"confirmed","error":"","note":"a\/b \u20ac"}"#,
            "7349d5f40bf4420e074fab9488c48103a5de4e3507d729593dfe817600d29ccd1309781e69d9659b468a1cfd0ca4d78e516ce6a06aa866c4ab56cc02d2582b8b",
        ),
    ];

    #[test]
    fn the_vectors_of_the_contract() {
        for (body, expected) in VECTORS {
            assert_eq!(sign("AbCdEfG123456", body.as_bytes()), expected, "{body}");
            assert!(is_right("AbCdEfG123456", body.as_bytes(), expected));
            assert!(is_right("AbCdEfG123456", body.as_bytes(), &expected.to_uppercase()));
        }
    }

    #[test]
    fn another_body_secret_or_signature_is_wrong() {
        let (body, signature) = VECTORS[0];
        assert!(!is_right("AbCdEfG123456", b"{}", signature));
        assert!(!is_right("AbCdEfG12345", body.as_bytes(), signature));
        for wrong in ["", "00", signature.split_at(126).0, "zz", &signature.replace('0', "1")] {
            assert!(!is_right("AbCdEfG123456", body.as_bytes(), wrong), "{wrong}");
        }
    }
}
