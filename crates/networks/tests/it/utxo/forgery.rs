//! Outputs that look like ours and are not, each in a block with a valid twin that counts.

use super::node::{BOTH, Node, all_told, paid};
use bitcoin::{
    ScriptBuf,
    blockdata::{
        opcodes::all::{OP_CHECKMULTISIG, OP_CHECKSIG, OP_CLTV, OP_DROP},
        script::{Builder, PushBytesBuf},
    },
    hashes::Hash as _,
};
use farthing_peers::bitcoin_core::purse::Purse;

/// Scripts with our key, our hash or our script in them, none of which is our script.
fn forgeries(ours: &Purse) -> Vec<(&'static str, ScriptBuf)> {
    let key = ours.public_key();
    let script = ours.script();
    let hash = key.wpubkey_hash().unwrap().to_byte_array();
    let whole = PushBytesBuf::try_from(script.to_bytes()).unwrap();
    let other = Purse::empty(99).unwrap().public_key();
    vec![
        ("pay to our public key", Builder::new().push_key(&key).push_opcode(OP_CHECKSIG).into_script()),
        (
            "bare multisig with our key",
            Builder::new()
                .push_int(1)
                .push_key(&key)
                .push_key(&other)
                .push_int(2)
                .push_opcode(OP_CHECKMULTISIG)
                .into_script(),
        ),
        (
            "bare multisig of our key alone",
            Builder::new().push_int(1).push_key(&key).push_int(1).push_opcode(OP_CHECKMULTISIG).into_script(),
        ),
        ("our key's hash as P2PKH", ours.legacy_script()),
        ("our key's hash as P2SH", [&[0xa9, 20][..], &hash, &[0x87]].concat().into()),
        ("our script in P2SH", ScriptBuf::new_p2sh(&script.script_hash())),
        ("our script in P2WSH", ScriptBuf::new_p2wsh(&script.wscript_hash())),
        ("our hash under witness version 1", [&[0x51, 20][..], &hash].concat().into()),
        ("our hash pushed the long way", [&[0, 0x4c, 20][..], &hash].concat().into()),
        ("our script and one more byte", [script.as_bytes(), &[0x61]].concat().into()),
        ("our script cut by a byte", script.as_bytes()[..21].to_vec().into()),
        ("our script in OP_RETURN", ScriptBuf::new_op_return(&whole)),
        (
            "our script behind a time lock",
            [
                Builder::new().push_int(500_000_000).push_opcode(OP_CLTV).push_opcode(OP_DROP).into_bytes(),
                script.to_bytes(),
            ]
            .concat()
            .into(),
        ),
        ("nothing", ScriptBuf::new()),
    ]
}

#[tokio::test]
async fn only_our_exact_script_is_ours() {
    for over in BOTH {
        let mut node = Node::start(over, 20).await;
        let ours = Purse::empty(11).unwrap();
        let script = node.ours(11);
        for (name, forged) in forgeries(&ours) {
            let coin = node.purse.coin().unwrap();
            let to = [(forged.clone(), 5_000), (script.clone(), 6_000), (forged, 7_000)];
            let transaction = node.purse.spend(&coin, &to, 2_000).unwrap();
            node.mine_exactly(&[&transaction]).await;
            assert_eq!(all_told(&node.scan(1).await), [paid(&transaction, 1)], "{name}");
        }
    }
}

#[tokio::test]
async fn each_kind_of_script_that_has_an_address_is_found_when_it_is_ours() {
    for over in BOTH {
        let mut node = Node::start(over, 1).await;
        let ours = Purse::empty(11).unwrap();
        let taproot = {
            let secp = bitcoin::key::Secp256k1::new();
            ScriptBuf::new_p2tr(&secp, ours.public_key().inner.into(), None)
        };
        let scripts = [
            ours.script(),
            ours.legacy_script(),
            ScriptBuf::new_p2sh(&ours.script().script_hash()),
            ScriptBuf::new_p2wsh(&ours.script().wscript_hash()),
            taproot,
        ];
        for script in &scripts {
            node.watch.insert(script.as_bytes());
        }
        let to: Vec<(ScriptBuf, u64)> = scripts.iter().map(|script| (script.clone(), 5_000)).collect();
        let transaction = node.purse.pay(&node.core, &to).await.unwrap();
        assert_eq!(node.waiting().await.len(), scripts.len());
        node.mine(1).await;
        let scanned = node.scan(1).await;
        assert_eq!(all_told(&scanned), [0, 1, 2, 3, 4].map(|output| paid(&transaction, output)));
        let addresses: Vec<_> = scanned.blocks[0].transfers.iter().map(|transfer| transfer.address.clone()).collect();
        assert_eq!(addresses, scripts.map(ScriptBuf::into_bytes));
    }
}
