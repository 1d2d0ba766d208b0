//! Accounts that share keys share an id, and others do not.

use bitcoin::NetworkKind::{Main, Test};
use farthing_networks::{
    account::{Account, AccountKeyId},
    address::{
        AddressFamily::{self, Bitcoin, Dogecoin, Evm, Litecoin, Solana, Tron},
        Chain::{self, Mainnet, Testnet},
    },
};

use crate::phrase::{account, ed25519, spelled};

fn id(family: AddressFamily, chain: Chain, text: &str) -> AccountKeyId {
    Account::parse(family, chain, text).unwrap().key_id()
}

#[test]
fn one_xpub_has_one_id_on_all_evm_networks_and_tron() {
    let key = account(Main, "m/44'/60'/0'").to_string();
    let expected = id(Evm, Mainnet, &key);
    assert_eq!(id(Evm, Testnet, &key), expected);
    assert_eq!(id(Tron, Mainnet, &key), expected);
    assert_eq!(id(Tron, Mainnet, &format!("[00000000]{key}/0/*")), expected);
    assert_ne!(id(Evm, Mainnet, &account(Main, "m/44'/60'/1'").to_string()), expected);
    assert_ne!(id(Bitcoin, Mainnet, &key), expected);
}

#[test]
fn spellings_of_one_script_account_have_one_id() {
    let key = account(Main, "m/84'/0'/0'");
    let same = [
        key.to_string(),
        spelled(&key, [0x04, 0xb2, 0x47, 0x46]),
        format!("wpkh({key}/0/*)"),
        format!("wpkh([73c5da0a/84h/0h/0h]{key}/<0;1>/*)"),
    ];
    let expected = id(Bitcoin, Mainnet, &same[0]);
    for text in same {
        assert_eq!(id(Bitcoin, Mainnet, &text), expected);
        assert_eq!(id(Litecoin, Mainnet, &text), expected);
    }
    let test_key = account(Test, "m/84'/0'/0'").to_string();
    assert_eq!(id(Bitcoin, Testnet, &test_key), expected);
    for other in [format!("wpkh({key}/1/*)"), format!("pkh({key}/0/*)"), format!("tr({key}/0/*)")] {
        assert_ne!(id(Bitcoin, Mainnet, &other), expected);
    }
    let legacy = format!("pkh({key}/0/*)");
    assert_eq!(id(Dogecoin, Mainnet, &legacy), id(Bitcoin, Mainnet, &legacy));
}

#[test]
fn the_order_of_sorted_keys_does_not_change_the_id_but_the_threshold_does() {
    let [a, b] = ["m/48'/0'/0'/2'", "m/48'/0'/1'/2'"].map(|path| account(Main, path));
    let one = id(Bitcoin, Mainnet, &format!("wsh(sortedmulti(1,{a}/0/*,{b}/0/*))"));
    let other = id(Bitcoin, Mainnet, &format!("wsh(sortedmulti(1,{b}/0/*,{a}/0/*))"));
    let stricter = id(Bitcoin, Mainnet, &format!("wsh(sortedmulti(2,{a}/0/*,{b}/0/*))"));
    let unsorted = id(Bitcoin, Mainnet, &format!("wsh(multi(1,{b}/0/*,{a}/0/*))"));
    assert_eq!(one, other);
    assert_ne!(one, stricter);
    assert_ne!(one, unsorted);
}

#[test]
fn a_pool_keeps_its_id_while_it_grows() {
    let keys = [0, 1, 2].map(|account| ed25519(&[44, 501, account, 0]).verifying_key());
    let lines = keys.map(|key| bs58::encode(key.as_bytes()).into_string());
    let expected = id(Solana, Mainnet, &lines[0]);
    assert_eq!(id(Solana, Mainnet, &lines.join("\n")), expected);
    assert_ne!(id(Solana, Mainnet, &lines[1]), expected);
}

#[test]
fn debug_shows_the_id_and_nothing_of_the_key() {
    let key = account(Main, "m/84'/0'/0'").to_string();
    let account = Account::parse(Bitcoin, Mainnet, &key).unwrap();
    assert_eq!(format!("{account:?}"), format!("Account({})", account.key_id()));
    assert_eq!(account.key_id().to_string().len(), 32);
    let bytes = account.key_id().to_bytes();
    assert_eq!(AccountKeyId::from_bytes(bytes), account.key_id());
}
