//! A certificate of its own making (RFC 5280, by hand): a P-256 key and one name, trusted by whoever lists it as a root.

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};

/// ecdsa-with-SHA256, id-ecPublicKey, prime256v1, commonName, subjectAltName: their object identifiers as DER.
const ECDSA_WITH_SHA256: &[u8] = &[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
const EC_PUBLIC_KEY: &[u8] = &[0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const PRIME256V1: &[u8] = &[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const COMMON_NAME: &[u8] = &[0x06, 3, 0x55, 4, 3];
const SUBJECT_ALT_NAME: &[u8] = &[0x06, 3, 0x55, 0x1d, 0x11];
const SEQUENCE: u8 = 0x30;

/// A certificate and its private key (PKCS #8), both as DER.
pub(super) struct Certificate {
    pub(super) der: Vec<u8>,
    pub(super) key: Vec<u8>,
}

impl Certificate {
    /// For one DNS name.
    pub(super) fn of(name: &str) -> Self {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key.as_ref(), &random).unwrap();
        let algorithm = tagged(SEQUENCE, &[ECDSA_WITH_SHA256]);
        let common_name = tagged(SEQUENCE, &[COMMON_NAME, &tagged(0x0c, &[b"Farthing's tests"])]);
        let subject = tagged(SEQUENCE, &[&tagged(0x31, &[&common_name])]);
        let validity = tagged(SEQUENCE, &[&tagged(0x17, &[b"200101000000Z"]), &tagged(0x17, &[b"491231235959Z"])]);
        let public = tagged(
            SEQUENCE,
            &[&tagged(SEQUENCE, &[EC_PUBLIC_KEY, PRIME256V1]), &tagged(0x03, &[&[0], pair.public_key().as_ref()])],
        );
        let names = tagged(SEQUENCE, &[&tagged(0x82, &[name.as_bytes()])]);
        let extension = tagged(SEQUENCE, &[SUBJECT_ALT_NAME, &tagged(0x04, &[&names])]);
        let extensions = tagged(0xa3, &[&tagged(SEQUENCE, &[&extension])]);
        let (version, serial) = (tagged(0xa0, &[&[2, 1, 2]]), tagged(0x02, &[&[1]]));
        let body =
            tagged(SEQUENCE, &[&version, &serial, &algorithm, &subject, &validity, &subject, &public, &extensions]);
        let signature = pair.sign(&random, &body).unwrap();
        let der = tagged(SEQUENCE, &[&body, &algorithm, &tagged(0x03, &[&[0], signature.as_ref()])]);
        Self { der, key: key.as_ref().to_vec() }
    }

    /// As files of roots have it.
    pub(super) fn pem(&self) -> String {
        let text = STANDARD.encode(&self.der);
        let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }
}

/// A value of DER: its tag, its length, and its parts.
fn tagged(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let mut bytes = match (length, content.len()) {
        ([_, short], 0..=127) => vec![tag, short],
        ([_, short], 128..=255) => vec![tag, 0x81, short],
        ([high, low], _) => vec![tag, 0x82, high, low],
    };
    bytes.extend_from_slice(&content);
    bytes
}
