//! Addresses against published vectors.

use std::collections::HashSet;

use bitcoin::{
    NetworkKind::{Main, Test},
    ScriptBuf,
    bip32::{ChildNumber, Xpub},
    opcodes::all::OP_CHECKMULTISIG,
    script::Builder,
    secp256k1::Secp256k1,
};
use farthing_networks::{
    account::{Account, AccountWarning},
    address::{
        AddressFamily::{self, Bitcoin, Dogecoin, Evm, Litecoin, Solana, Tron},
        Chain::{self, Mainnet, Regtest, Testnet},
    },
};
use miniscript::descriptor::checksum::Engine;

use crate::phrase::{account, ed25519, spelled};

fn parse(family: AddressFamily, chain: Chain, text: &str) -> Account {
    Account::parse(family, chain, text).unwrap()
}

fn address(family: AddressFamily, chain: Chain, account: &str, index: u32) -> String {
    parse(family, chain, account).address(index).unwrap().text().to_owned()
}

#[test]
fn every_public_step_of_the_bip_32_vectors_1_and_2_gives_the_published_child() {
    let steps = [
        (
            "xpub68Gmy5EdvgibQVfPdqkBBCHxA5htiqg55crXYuXoQRKfDBFA1WEjWgP6LHhwBZeNK1VTsfTFUHCdrfp1bgwQ9xv5ski8PX9rL2dZXvgGDnw",
            1,
            "xpub6ASuArnXKPbfEwhqN6e3mwBcDTgzisQN1wXN9BJcM47sSikHjJf3UFHKkNAWbWMiGj7Wf5uMash7SyYq527Hqck2AxYysAA7xmALppuCkwQ",
        ),
        (
            "xpub6D4BDPcP2GT577Vvch3R8wDkScZWzQzMMUm3PWbmWvVJrZwQY4VUNgqFJPMM3No2dFDFGTsxxpG5uJh7n7epu4trkrX7x7DogT5Uv6fcLW5",
            2,
            "xpub6FHa3pjLCk84BayeJxFW2SP4XRrFd1JYnxeLeU8EqN3vDfZmbqBqaGJAyiLjTAwm6ZLRQUMv1ZACTj37sR62cfN7fe5JnJ7dh8zL4fiyLHV",
        ),
        (
            "xpub6FHa3pjLCk84BayeJxFW2SP4XRrFd1JYnxeLeU8EqN3vDfZmbqBqaGJAyiLjTAwm6ZLRQUMv1ZACTj37sR62cfN7fe5JnJ7dh8zL4fiyLHV",
            1_000_000_000,
            "xpub6H1LXWLaKsWFhvm6RVpEL9P4KfRZSW7abD2ttkWP3SSQvnyA8FSVqNTEcYFgJS2UaFcxupHiYkro49S8yGasTvXEYBVPamhGW6cFJodrTHy",
        ),
        (
            "xpub661MyMwAqRbcFW31YEwpkMuc5THy2PSt5bDMsktWQcFF8syAmRUapSCGu8ED9W6oDMSgv6Zz8idoc4a6mr8BDzTJY47LJhkJ8UB7WEGuduB",
            0,
            "xpub69H7F5d8KSRgmmdJg2KhpAK8SR3DjMwAdkxj3ZuxV27CprR9LgpeyGmXUbC6wb7ERfvrnKZjXoUmmDznezpbZb7ap6r1D3tgFxHmwMkQTPH",
        ),
        (
            "xpub6ASAVgeehLbnwdqV6UKMHVzgqAG8Gr6riv3Fxxpj8ksbH9ebxaEyBLZ85ySDhKiLDBrQSARLq1uNRts8RuJiHjaDMBU4Zn9h8LZNnBC5y4a",
            1,
            "xpub6DF8uhdarytz3FWdA8TvFSvvAh8dP3283MY7p2V4SeE2wyWmG5mg5EwVvmdMVCQcoNJxGoWaU9DCWh89LojfZ537wTfunKau47EL2dhHKon",
        ),
    ];
    for (parent, index, child) in steps {
        let child: Xpub = child.parse().unwrap();
        let expected = ScriptBuf::new_p2pkh(&child.to_pub().pubkey_hash());
        let account = parse(Bitcoin, Mainnet, &format!("pkh({parent}/*)"));
        assert_eq!(account.address(index).unwrap().bytes(), expected.as_bytes());
    }
}

#[test]
fn bitcoin_accounts_give_the_addresses_of_their_bips() {
    let vectors = [
        (
            "zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs",
            0,
            "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu",
        ),
        (
            "zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs",
            1,
            "bc1qnjg0jd8228aq7egyzacy8cys3knf9xvrerkf9g",
        ),
        (
            "ypub6Ww3ibxVfGzLrAH1PNcjyAWenMTbbAosGNB6VvmSEgytSER9azLDWCxoJwW7Ke7icmizBMXrzBx9979FfaHxHcrArf3zbeJJJUZPf663zsP",
            0,
            "37VucYSaXLCAsxYyAPfbSi9eh4iEcbShgf",
        ),
        (
            "tr(xpub6BgBgsespWvERF3LHQu6CnqdvfEvtMcQjYrcRzx53QJjSxarj2afYWcLteoGVky7D3UKDP9QyrLprQ3VCECoY49yfdDEHGCtMMj92pReUsQ/0/*)",
            0,
            "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr",
        ),
        (
            "tr(xpub6BgBgsespWvERF3LHQu6CnqdvfEvtMcQjYrcRzx53QJjSxarj2afYWcLteoGVky7D3UKDP9QyrLprQ3VCECoY49yfdDEHGCtMMj92pReUsQ/0/*)",
            1,
            "bc1p4qhjn9zdvkux4e44uhx8tc55attvtyu358kutcqkudyccelu0was9fqzwh",
        ),
    ];
    for (account, index, expected) in vectors {
        assert_eq!(address(Bitcoin, Mainnet, account, index), expected);
    }
    let legacy = format!("pkh({}/0/*)", account(Main, "m/44'/0'/0'"));
    let expected = "1LqBGSKuX5yYUonjxT5qGfpUsXKYYWeabA";
    assert_eq!(address(Bitcoin, Mainnet, &legacy, 0), expected);
}

#[test]
fn a_testnet_account_gives_the_address_of_bip_49() {
    let key = account(Test, "m/49'/1'/0'");
    let expected = "2Mww8dCYPUpKHofjgcXcBCEGmniw9CoaiD2";
    let descriptor = format!("sh(wpkh({key}/0/*))");
    assert_eq!(address(Bitcoin, Testnet, &descriptor, 0), expected);
    let upub = spelled(&key, [0x04, 0x4a, 0x52, 0x62]);
    assert_eq!(address(Bitcoin, Testnet, &upub, 0), expected);
}

#[test]
fn litecoin_and_dogecoin_accounts_give_the_addresses_their_wallets_show() {
    let litecoin = account(Main, "m/84'/2'/0'");
    let spellings = [
        spelled(&litecoin, [0x04, 0xb2, 0x47, 0x46]),
        spelled(&litecoin, [0x01, 0x9d, 0xa4, 0x62]),
        litecoin.to_string(),
        format!("wpkh({litecoin}/0/*)"),
    ];
    for text in spellings {
        let first = "ltc1qjmxnz78nmc8nq77wuxh25n2es7rzm5c2rkk4wh";
        let second = "ltc1qwlezpr3890hcp6vva9twqh27mr6edadreqvhnn";
        assert_eq!(address(Litecoin, Mainnet, &text, 0), first);
        assert_eq!(address(Litecoin, Mainnet, &text, 1), second);
    }
    let legacy = spelled(&account(Main, "m/44'/2'/0'"), [0x01, 0x9d, 0xa4, 0x62]);
    let legacy = format!("pkh({legacy}/0/*)");
    assert_eq!(address(Litecoin, Mainnet, &legacy, 0), "LUWPbpM43E2p7ZSh8cyTBEkvpHmr3cB8Ez");
    let dogecoin = account(Main, "m/44'/3'/0'");
    let spellings = [
        spelled(&dogecoin, [0x02, 0xfa, 0xca, 0xfd]),
        dogecoin.to_string(),
        format!("pkh([73c5da0a/44h/3h/0h]{dogecoin}/0/*)"),
    ];
    for text in spellings {
        let expected = "DBus3bamQjgJULBJtYXpEzDWQRwF5iwxgC";
        assert_eq!(address(Dogecoin, Mainnet, &text, 0), expected);
    }
}

#[test]
fn evm_and_tron_accounts_give_the_addresses_their_wallets_show() {
    let evm = account(Main, "m/44'/60'/0'").to_string();
    let expected = "0x9858EfFD232B4033E47d90003D41EC34EcaEda94";
    assert_eq!(address(Evm, Mainnet, &evm, 0), expected);
    assert_eq!(address(Evm, Testnet, &format!(" {evm}\n"), 0), expected);
    let expression = format!("[73c5da0a/44h/60h/0h]{evm}/0/*");
    assert_eq!(address(Evm, Mainnet, &expression, 0), expected);
    assert_eq!(address(Evm, Mainnet, &evm, 1), "0x6Fac4D18c912343BF86fa7049364Dd4E424Ab9C0");
    let tron = account(Main, "m/44'/195'/0'").to_string();
    assert_eq!(address(Tron, Mainnet, &tron, 0), "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH");
    assert_eq!(address(Tron, Mainnet, &tron, 1), "TSeJkUh4Qv67VNFwY8LaAxERygNdy6NQZK");
}

#[test]
fn a_pool_holds_the_address_that_solana_wallets_show() {
    let key = ed25519(&[44, 501, 0, 0]).verifying_key();
    let expected = "HAgk14JpMQLgt6rVgv7cBQFJWFto5Dqxi472uT3DKpqk";
    let text = format!("# made offline\n\n{expected} # the first\n");
    let pool = parse(Solana, Mainnet, &text);
    let address = pool.address(0).unwrap();
    assert_eq!(address.text(), expected);
    assert_eq!(address.bytes(), key.as_bytes());
    assert_eq!(pool.size(), 1);
}

#[test]
fn a_multisig_descriptor_gives_the_script_made_by_hand() {
    let keys = ["m/48'/1'/0'/2'", "m/48'/1'/1'/2'", "m/48'/1'/2'/2'"].map(|p| account(Test, p));
    let [a, b, c] = keys;
    let descriptor = format!("wsh(sortedmulti(2,{a}/0/*,[73c5da0a]{b}/<0;1>/*,{c}/0/*))");
    for index in [0_u32, 5, 77] {
        let path = [ChildNumber::from(0), ChildNumber::from(index)];
        let secp = Secp256k1::new();
        let mut children = keys.map(|key| key.derive_pub(&secp, &path).unwrap().public_key);
        children.sort_by_key(bitcoin::secp256k1::PublicKey::serialize);
        let mut script = Builder::new().push_int(2);
        for child in children {
            script = script.push_key(&bitcoin::PublicKey::new(child));
        }
        let script = script.push_int(3).push_opcode(OP_CHECKMULTISIG).into_script();
        let expected = ScriptBuf::new_p2wsh(&script.wscript_hash());
        for chain in [Testnet, Regtest] {
            let address = parse(Bitcoin, chain, &descriptor).address(index).unwrap();
            assert_eq!(address.bytes(), expected.as_bytes());
        }
    }
}

#[test]
fn the_descriptor_checksum_is_optional_and_the_receiving_path_of_two_is_used() {
    let key = account(Main, "m/84'/0'/0'");
    let expected = "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu";
    let plain = format!("wpkh([73c5da0a/84h/0h/0h]{key}/0/*)");
    let mut engine = Engine::new();
    engine.input(&plain).unwrap();
    let checksum = engine.checksum();
    for text in [
        plain.clone(),
        format!("{plain}#{checksum}"),
        format!("wpkh([73c5da0a/84'/0'/0']{key}/<0;1>/*)"),
        format!("{key}/<0;1>/*"),
    ] {
        assert_eq!(address(Bitcoin, Mainnet, &text, 0), expected, "{text}");
    }
}

#[test]
fn the_descriptor_of_bitcoin_cores_documentation_passes_with_its_checksum() {
    let text = "pkh([d34db33f/44'/0'/0']xpub6ERApfZwUNrhLCkDtcHTcxd75RbzS1ed54G1LkBUHQVHQKqhMkhgbmJbZRkrgZw4koxb5JaHWkY4ALHY2grBGRjaDMzQLcgJvLJuZZvRcEL/1/*)#ml40v0wf";
    assert!(Account::parse(Bitcoin, Mainnet, text).is_ok());
}

#[test]
fn addresses_of_different_indexes_differ() {
    let accounts = [
        (Bitcoin, account(Main, "m/84'/0'/0'").to_string()),
        (Bitcoin, format!("tr({}/0/*)", account(Main, "m/86'/0'/0'"))),
        (Litecoin, format!("sh(wpkh({}/0/*))", account(Main, "m/49'/2'/0'"))),
        (Dogecoin, account(Main, "m/44'/3'/0'").to_string()),
        (Evm, account(Main, "m/44'/60'/0'").to_string()),
        (Tron, account(Main, "m/44'/195'/0'").to_string()),
    ];
    for (family, text) in accounts {
        let account = parse(family, Mainnet, &text);
        let far = [0x7fff_fffe, 0x7fff_ffff];
        let indexes = (0..100).chain(far);
        let addresses: HashSet<String> =
            indexes.map(|index| account.address(index).unwrap().text().to_owned()).collect();
        assert_eq!(addresses.len(), 102, "{family}");
    }
}

#[test]
fn unusual_keys_are_accepted_with_a_warning() {
    let account_key = account(Main, "m/84'/0'/0'");
    let master = account(Main, "m");
    let warnings = |text: &str| parse(Bitcoin, Mainnet, text).warnings().to_vec();
    assert_eq!(warnings(&account_key.to_string()), [AccountWarning::TakenAsNativeSegwit]);
    assert_eq!(warnings(&master.to_string()), [AccountWarning::UnusualDepth(0), AccountWarning::TakenAsNativeSegwit]);
    assert_eq!(warnings(&format!("wpkh({account_key}/1/*)")), [AccountWarning::ChangeChain]);
    assert_eq!(warnings(&format!("wpkh({account_key}/0/*)")), []);
}
