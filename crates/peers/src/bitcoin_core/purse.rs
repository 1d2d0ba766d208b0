//! Coins of a private chain, and transactions that spend them, signed here: the node has no wallet.

use super::BitcoinCore;
use anyhow::{Context, Result};
use bitcoin::{
    Address, Amount, EcdsaSighashType, Network, OutPoint, PublicKey, ScriptBuf, Sequence, Transaction, TxIn, TxOut,
    Witness,
    absolute::LockTime,
    key::{CompressedPublicKey, Secp256k1},
    secp256k1::{All, Message, SecretKey},
    sighash::SighashCache,
    transaction::Version,
};

/// What every transaction pays for being mined, unless it says otherwise.
pub const FEE: u64 = 2_000;

/// An output that can be spent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coin {
    /// Where it is.
    pub outpoint: OutPoint,
    /// What it is worth, and to which script.
    pub output: TxOut,
}

/// A key and the coins it can spend.
pub struct Purse {
    secp: Secp256k1<All>,
    key: SecretKey,
    public: CompressedPublicKey,
    coins: Vec<Coin>,
}

impl Purse {
    /// A purse with a key of this number, and so many coins of 50 BTC that are old enough to be spent.
    ///
    /// # Errors
    /// When the node does not mine.
    pub async fn filled(node: &BitcoinCore, number: u8, coins: u64) -> Result<Self> {
        let mut purse = Self::empty(number)?;
        let hashes = node.mine(coins, &purse.address()).await?;
        for hash in hashes {
            let block = node.block(hash).await?;
            let coinbase = block.coinbase().context("a block without a coinbase")?;
            purse.coins.extend(purse.coins_of(coinbase));
        }
        // To nobody, so that no other test's money is among it.
        node.mine(100, &Self::empty(number.wrapping_add(100))?.address()).await?;
        Ok(purse)
    }

    /// A purse without coins.
    ///
    /// # Errors
    /// Never for numbers above 0.
    pub fn empty(number: u8) -> Result<Self> {
        let secp = Secp256k1::new();
        let key = SecretKey::from_slice(&[number; 32])?;
        let public = CompressedPublicKey(key.public_key(&secp));
        Ok(Self { secp, key, public, coins: Vec::new() })
    }

    /// Its public key.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey::new(self.public.0)
    }

    /// The script that its change goes to (P2WPKH).
    #[must_use]
    pub fn script(&self) -> ScriptBuf {
        ScriptBuf::new_p2wpkh(&self.public.wpubkey_hash())
    }

    /// The older script of its key (P2PKH), whose spending transactions have malleable ids.
    #[must_use]
    pub fn legacy_script(&self) -> ScriptBuf {
        ScriptBuf::new_p2pkh(&self.public.pubkey_hash())
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> String {
        Address::p2wpkh(&self.public, Network::Regtest).to_string()
    }

    /// Takes a coin out.
    ///
    /// # Errors
    /// When there is none left.
    pub fn coin(&mut self) -> Result<Coin> {
        self.coins.pop().context("the purse is empty")
    }

    /// Puts a coin in.
    pub fn put(&mut self, coin: Coin) {
        self.coins.push(coin);
    }

    /// Outputs of a transaction that are its own.
    #[must_use]
    pub fn coins_of(&self, transaction: &Transaction) -> Vec<Coin> {
        let id = transaction.compute_txid();
        let ours = [self.script(), self.legacy_script()];
        (0..)
            .zip(&transaction.output)
            .filter(|(_, output)| ours.contains(&output.script_pubkey))
            .map(|(vout, output)| Coin { outpoint: OutPoint { txid: id, vout }, output: output.clone() })
            .collect()
    }

    /// A signed transaction that spends a coin of its own: to scripts, and the rest but the fee back to itself. It does not
    /// signal that it may be replaced; nodes replace it all the same.
    ///
    /// # Errors
    /// When the coin is not worth that much.
    pub fn spend(&self, coin: &Coin, to: &[(ScriptBuf, u64)], fee: u64) -> Result<Transaction> {
        let mut outputs: Vec<TxOut> = to
            .iter()
            .map(|(script, units)| TxOut { script_pubkey: script.clone(), value: Amount::from_sat(*units) })
            .collect();
        let paid = to.iter().try_fold(fee, |sum, (_, units)| sum.checked_add(*units)).context("too much")?;
        let rest = coin.output.value.to_sat().checked_sub(paid).context("the coin is worth less")?;
        if rest > 0 {
            outputs.push(TxOut { script_pubkey: self.script(), value: Amount::from_sat(rest) });
        }
        let mut transaction = Transaction {
            version: Version::TWO,
            lock_time: LockTime::ZERO,
            input: vec![TxIn {
                previous_output: coin.outpoint,
                script_sig: ScriptBuf::new(),
                sequence: Sequence::MAX,
                witness: Witness::new(),
            }],
            output: outputs,
        };
        self.sign(&mut transaction, coin)?;
        Ok(transaction)
    }

    /// The same transaction after a change, signed again.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn signed_again(
        &self,
        mut transaction: Transaction,
        coin: &Coin,
        change: impl FnOnce(&mut Transaction),
    ) -> Result<Transaction> {
        change(&mut transaction);
        self.sign(&mut transaction, coin)?;
        Ok(transaction)
    }

    fn sign(&self, transaction: &mut Transaction, coin: &Coin) -> Result<()> {
        let sighash = EcdsaSighashType::All;
        let is_legacy = coin.output.script_pubkey == self.legacy_script();
        let cache = &mut SighashCache::new(&*transaction);
        let message: Message = if is_legacy {
            cache.legacy_signature_hash(0, &coin.output.script_pubkey, sighash.to_u32())?.into()
        } else {
            cache.p2wpkh_signature_hash(0, &coin.output.script_pubkey, coin.output.value, sighash)?.into()
        };
        let signature = bitcoin::ecdsa::Signature::sighash_all(self.secp.sign_ecdsa(&message, &self.key));
        let input = transaction.input.first_mut().context("no input")?;
        if is_legacy {
            input.script_sig = bitcoin::script::Builder::new()
                .push_slice(signature.serialize())
                .push_key(&self.public_key())
                .into_script();
        } else {
            input.witness = Witness::p2wpkh(&signature, &self.public.0);
        }
        Ok(())
    }

    /// Takes a coin, pays from it, keeps the change for later, and puts the transaction into the node's mempool.
    ///
    /// # Errors
    /// When there is no coin, or the node refuses.
    pub async fn pay(&mut self, node: &BitcoinCore, to: &[(ScriptBuf, u64)]) -> Result<Transaction> {
        let coin = self.coin()?;
        let transaction = self.spend(&coin, to, FEE)?;
        node.send(&transaction).await?;
        Ok(transaction)
    }
}
