//! Addresses of descriptors, compared with what Bitcoin Core derives from the same ones.

use crate::phrase::account;
use bitcoin::NetworkKind::Test;
use farthing_networks::{
    account::Account,
    address::{AddressFamily::Bitcoin, Chain::Regtest},
};
use farthing_peers::bitcoin_core::BitcoinCore;
use serde_json::json;

#[tokio::test]
async fn every_form_of_descriptor_gives_the_addresses_that_bitcoin_core_derives() {
    let core = BitcoinCore::start().await.unwrap();
    let [one, two, three] =
        ["m/84'/1'/0'", "m/84'/1'/1'", "m/48'/1'/0'/2'"].map(|path| account(Test, path).to_string());
    let forms = [
        format!("wpkh({one}/0/*)"),
        format!("wpkh([f00dbabe/84h/1h/0h]{one}/0/*)"),
        format!("pkh({one}/0/*)"),
        format!("sh(wpkh({one}/0/*))"),
        format!("tr({one}/0/*)"),
        format!("tr({one}/0/*,pk({two}/0/*))"),
        format!("wsh(sortedmulti(2,{one}/0/*,{two}/0/*,{three}/0/*))"),
        format!("wsh(multi(2,{two}/0/*,{one}/0/*))"),
        format!("sh(wsh(sortedmulti(1,{two}/0/*,{one}/0/*)))"),
        format!("sh(sortedmulti(2,{one}/0/*,{three}/0/*))"),
        format!("wsh(and_v(v:pk({one}/0/*),or_d(pk({two}/0/*),older(144))))"),
    ];
    for form in forms {
        let info = core.call("getdescriptorinfo", json!([form])).await.unwrap();
        let checked = format!("{form}#{}", info["checksum"].as_str().unwrap());
        let theirs = core.call("deriveaddresses", json!([checked, [0, 9]])).await.unwrap();
        for text in [&form, &checked] {
            let account = Account::parse(Bitcoin, Regtest, text).unwrap();
            let ours: Vec<String> = (0..10).map(|index| account.address(index).unwrap().text().to_owned()).collect();
            assert_eq!(json!(ours), theirs, "{text}");
        }
        let mut mistyped = checked.clone();
        mistyped.pop();
        mistyped.push(if checked.ends_with('q') { 'p' } else { 'q' });
        assert!(Account::parse(Bitcoin, Regtest, &mistyped).is_err(), "{mistyped}");
    }
}
