//! Account keys, descriptors and pools, as operators paste them.

use super::text;
use crate::Target;
use farthing_networks::{
    account::Account,
    address::{Address, AddressFamily, Chain},
};

/// Accounts of every family.
pub(super) const ACCOUNTS: Target = Target {
    name: "accounts",
    feed,
    seeds: &[
        b"xpub68Gmy5EdvgibQVfPdqkBBCHxA5htiqg55crXYuXoQRKfDBFA1WEjWgP6LHhwBZeNK1VTsfTFUHCdrfp1bgwQ9xv5ski8PX9rL2dZXvgGDnw",
        b"wpkh([f00dbabe/84h/0h/0h]xpub6ASuArnXKPbfEwhqN6e3mwBcDTgzisQN1wXN9BJcM47sSikHjJf3UFHKkNAWbWMiGj7Wf5uMash7SyYq527Hqck2AxYysAA7xmALppuCkwQ/0/*)",
        b"tr(xpub6BgBgsespWvERF3LHQu6CnqdvfEvtMcQjYrcRzx53QJjSxarj2afYWcLteoGVky7D3UKDP9QyrLprQ3VCECoY49yfdDEHGCtMMj92pReUsQ/0/*)",
        b"sh(wpkh(xpub6BgBgsespWvERF3LHQu6CnqdvfEvtMcQjYrcRzx53QJjSxarj2afYWcLteoGVky7D3UKDP9QyrLprQ3VCECoY49yfdDEHGCtMMj92pReUsQ/0/*))#cksum",
        b"xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi",
        b"wpkh(xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi/0/*)",
        b"# a pool\nEPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v\nSo11111111111111111111111111111111111111112\n",
        b"abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about",
    ],
};

/// Derivation is slow without optimisation; one index shows as much as many.
const INDEX: u32 = 0;

fn feed(bytes: &[u8]) {
    let text = text(bytes);
    for family in AddressFamily::ALL {
        for chain in [Chain::Mainnet, Chain::Testnet] {
            match Account::parse(family, chain, text) {
                Ok(account) => {
                    assert!(!is_private(text), "a private key was taken");
                    let address = account.address(INDEX);
                    let address = address.unwrap_or_else(|error| panic!("an account without addresses: {error}"));
                    assert_eq!(Address::parse(family, chain, address.text()), Ok(address));
                }
                Err(error) => {
                    let told = format!("{error} {error:?}");
                    let secret =
                        text.split(['(', ')', '/', ' ', '\n']).find(|part| part.len() > 60 && is_private(part));
                    assert!(secret.is_none_or(|secret| !told.contains(secret)), "a refusal repeats a private key");
                }
            }
        }
    }
}

/// Whether it begins as extended private keys do, here or inside of a descriptor.
fn is_private(text: &str) -> bool {
    text.split(['(', ')', '/', ' ', ']', ',']).any(|part| part.len() > 100 && part.get(1..4) == Some("prv"))
}
