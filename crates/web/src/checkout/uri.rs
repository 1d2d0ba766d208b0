//! Payment addresses as links and QR codes carry them, made from typed parts: no text of anybody's becomes part of another.

use farthing_domain::{asset::Asset, id::Environment, money::Amount, network::Family};
use std::fmt::Write;

/// Beginnings of segregated-witness addresses (BIP-173): they may be written in capitals, which makes a smaller QR code.
const BECH32: [&str; 6] = ["bc1", "tb1", "bcrt1", "ltc1", "tltc1", "rltc1"];

/// How an amount is asked for outside of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PaymentUri {
    /// What the QR code says.
    pub(crate) qr: String,
    /// What a wallet on the same device opens; `None` where few wallets would.
    pub(crate) link: Option<String>,
}

/// The URI of a payment. Bitcoin and its kin have BIP-21; for everything else the plain address is what most wallets read.
pub(crate) fn payment_uri(
    asset: &Asset,
    family: Family,
    environment: Environment,
    due: Amount,
    address: &str,
    label: &str,
) -> PaymentUri {
    let scheme = match family {
        Family::Bitcoin => "bitcoin",
        Family::Litecoin => "litecoin",
        Family::Dogecoin => "dogecoin",
        Family::Solana => return solana(asset, environment, due, address),
        Family::Evm | Family::Tron => return PaymentUri { qr: address.to_owned(), link: None },
    };
    let compact = if is_bech32(address) { address.to_ascii_uppercase() } else { address.to_owned() };
    let label = percent_encoded(label);
    PaymentUri {
        qr: format!("{scheme}:{compact}?amount={due}"),
        link: Some(format!("{scheme}:{address}?amount={due}&label={label}")),
    }
}

/// Solana Pay is widely understood for SOL itself. Simulated addresses look like real ones, so no wallet is offered one.
fn solana(asset: &Asset, environment: Environment, due: Amount, address: &str) -> PaymentUri {
    let is_offered = asset.contract.is_none() && environment == Environment::Live;
    PaymentUri { qr: address.to_owned(), link: is_offered.then(|| format!("solana:{address}?amount={due}")) }
}

fn is_bech32(address: &str) -> bool {
    let is_lower = address.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    is_lower && BECH32.iter().any(|beginning| address.starts_with(beginning))
}

/// Everything but RFC 3986's unreserved characters as `%XX`.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use farthing_domain::catalog::Catalog;

    const SEGWIT: &str = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq";

    fn uri(code: &str, network: &str, environment: Environment, address: &str, label: &str) -> PaymentUri {
        let shipped = Catalog::shipped();
        let asset = shipped.resolve(code, Some(network)).unwrap();
        let family = shipped.network(asset.id.network).unwrap().family;
        payment_uri(asset, family, environment, Amount::parse(asset, "0.5").unwrap(), address, label)
    }

    #[test]
    fn bitcoin_and_its_kin_have_bip_21_with_the_exact_amount() {
        let bitcoin = uri("BTC", "bitcoin", Environment::Live, SEGWIT, "Shop");
        assert_eq!(bitcoin.qr, "bitcoin:BC1QAR0SRRR7XFKVY5L643LYDNW9RE59GTZZWF5MDQ?amount=0.5");
        assert_eq!(bitcoin.link.unwrap(), format!("bitcoin:{SEGWIT}?amount=0.5&label=Shop"));
        let old = "D7Y55Lg8qRxPMqZ3Ce6Qd6YhFGV7JTyJmB";
        assert_eq!(uri("DOGE", "dogecoin", Environment::Live, old, "").qr, format!("dogecoin:{old}?amount=0.5"));
    }

    #[test]
    fn a_label_cannot_become_another_parameter() {
        let link =
            uri("BTC", "bitcoin", Environment::Live, SEGWIT, "x&amount=1&address=evil \u{202e}\"><").link.unwrap();
        assert_eq!(link.matches("amount=").count(), 1);
        assert!(link.ends_with("&label=x%26amount%3D1%26address%3Devil%20%E2%80%AE%22%3E%3C"), "{link}");
    }

    #[test]
    fn tokens_and_accounts_are_asked_for_by_the_plain_address() {
        for (code, network) in [("ETH", "ethereum"), ("USDT", "tron"), ("USDT", "solana"), ("TRX", "tron")] {
            let expected = PaymentUri { qr: "address".to_owned(), link: None };
            assert_eq!(uri(code, network, Environment::Live, "address", "Shop"), expected, "{code} {network}");
        }
    }

    #[test]
    fn no_wallet_is_offered_a_simulated_solana_address() {
        assert!(uri("SOL", "solana", Environment::Live, "address", "").link.is_some());
        assert!(uri("SOL", "solana", Environment::Test, "address", "").link.is_none());
    }
}
