//! Where a chain's payments are, as reorganisations, finality and the mempool look for them: what is recorded, and after it what
//! waits to be.
//!
//! A payment's facts say where it is, never what its row repeats of them: a reversal must not hang on one bit.

use super::{
    Reader, checksums,
    rows::{environment_number, json, signed, uuid},
};
use crate::{error::StoreError, records::set_aside::PlacedPayment};
use farthing_domain::{
    id::InvoiceId,
    network::ChainId,
    payment::{BlockRef, Observation, Payment, PaymentKey, Place},
};
use rusqlite::{Row, params};

/// Where a payment is, as its row's `stage` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Mempool,
    Block,
    Final,
    Gone,
}

impl Stage {
    pub(super) const fn number(self) -> i64 {
        match self {
            Self::Mempool => 0,
            Self::Block => 1,
            Self::Final => 2,
            Self::Gone => 3,
        }
    }
}

/// A payment's place on its chain.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) invoice: Option<InvoiceId>,
    pub(super) stage: Stage,
    /// `None` outside of a block, and where its row does not say any more which it was.
    pub(super) block: Option<BlockRef>,
    pub(super) matures_at: Option<u64>,
}

impl Placed {
    pub(super) fn of(self, key: PaymentKey) -> PlacedPayment {
        PlacedPayment { invoice: self.invoice, key, block: self.block, matures_at: self.matures_at }
    }

    /// Moves it as an observation says; what a recorded payment makes of the same is the domain's ([`Observation`]).
    pub(super) fn follow(&mut self, observation: &Observation) {
        match observation {
            Observation::Seen(sighting) => match &sighting.place {
                Place::Mempool { .. } if self.stage == Stage::Gone => self.stage = Stage::Mempool,
                Place::Mempool { .. } => {}
                Place::Block { block, .. } if self.block.as_ref() == Some(block) => {}
                Place::Block { block, .. } => {
                    (self.stage, self.block) = (Stage::Block, Some(block.clone()));
                    self.matures_at = sighting.matures_at;
                }
            },
            Observation::Final(_) if self.stage == Stage::Block => self.stage = Stage::Final,
            Observation::Final(_) => {}
            Observation::Gone(_) => (self.stage, self.block) = (Stage::Gone, None),
        }
    }
}

/// Which of a chain's payments are looked for.
#[derive(Debug, Clone, Copy)]
enum Wanted {
    /// Those in the mempool.
    Mempool,
    /// Those in blocks above a height, final or not.
    Above(u64),
    /// Those that are not final, in blocks up to a height.
    Maturing(u64),
}

impl Wanted {
    const fn condition(self) -> (&'static str, u64) {
        match self {
            Self::Mempool => ("p.stage = 0 AND ?3 = ?3", 0),
            // In whatever stage their rows say that they are: what is in a block has its height.
            Self::Above(height) => ("p.stage IN (0, 1, 2, 3) AND p.height > ?3", height),
            Self::Maturing(height) => ("p.stage = 1 AND p.height <= ?3", height),
        }
    }

    /// Whether a payment is one of them. A row that does not say any more where it was may be in a block that is gone; whatever
    /// else comes of it waits until it does.
    fn has(self, placed: &Placed) -> bool {
        let height = placed.block.as_ref().map(|block| block.height);
        match self {
            Self::Mempool => placed.stage == Stage::Mempool,
            Self::Above(above) => {
                matches!(placed.stage, Stage::Block | Stage::Final) && height.is_none_or(|height| height > above)
            }
            Self::Maturing(up_to) => placed.stage == Stage::Block && height.is_some_and(|height| height <= up_to),
        }
    }
}

impl Reader<'_> {
    /// Payments of a chain that stand in the mempool.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn mempool_payments(&self, chain: ChainId) -> Result<Vec<PlacedPayment>, StoreError> {
        self.placed(chain, Wanted::Mempool)
    }

    /// Payments of a chain in blocks above a height, final or not; and those in such blocks that do not say any more in which.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn payments_above(&self, chain: ChainId, height: u64) -> Result<Vec<PlacedPayment>, StoreError> {
        self.placed(chain, Wanted::Above(height))
    }

    /// Payments of a chain that are not final, in blocks up to a height.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn payments_maturing(&self, chain: ChainId, height: u64) -> Result<Vec<PlacedPayment>, StoreError> {
        self.placed(chain, Wanted::Maturing(height))
    }

    fn placed(&self, chain: ChainId, wanted: Wanted) -> Result<Vec<PlacedPayment>, StoreError> {
        let moved = self.moved(chain)?;
        let (condition, height) = wanted.condition();
        let sql = format!(
            "SELECT p.*, {} IS p.checksum AS is_whole FROM payments p
             WHERE p.environment = ?1 AND p.network = ?2 AND {condition} ORDER BY p.invoice, p.ordinal",
            checksums::PAYMENT
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let parameters = params![environment_number(chain.environment), chain.network.as_str(), signed(height)?];
        let mut rows = statement.query(parameters)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let (key, placed) = place_of(row, chain)?;
            if !moved.contains_key(&key) && wanted.has(&placed) {
                found.push(placed.of(key));
            }
        }
        let waiting = moved.into_iter().filter(|(_, placed)| wanted.has(placed));
        found.extend(waiting.map(|(key, placed)| placed.of(key)));
        Ok(found)
    }

    /// Where a payment is recorded to be; `None` when it is not recorded.
    pub(super) fn recorded_place(&self, chain: ChainId, key: &PaymentKey) -> Result<Option<Placed>, StoreError> {
        let sql = format!(
            "SELECT p.*, {} IS p.checksum AS is_whole FROM payments p
             WHERE p.environment = ?1 AND p.network = ?2 AND p.hash = ?3 AND p.position = ?4",
            checksums::PAYMENT
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let environment = environment_number(chain.environment);
        let mut rows = statement.query(params![environment, chain.network.as_str(), key.transaction, key.position])?;
        rows.next()?.map(|row| Ok(place_of(row, chain)?.1)).transpose()
    }
}

pub(super) const fn stage_of(payment: &Payment) -> Stage {
    match payment {
        Payment { reversed_at: Some(_), .. } => Stage::Gone,
        Payment { final_since: Some(_), .. } => Stage::Final,
        Payment { block: Some(_), .. } => Stage::Block,
        _ => Stage::Mempool,
    }
}

/// Where a payment's row says that it is; one that is not as it was written says only in which stage.
fn place_of(row: &Row<'_>, chain: ChainId) -> Result<(PaymentKey, Placed), StoreError> {
    let key = PaymentKey { network: chain.network, transaction: row.get("hash")?, position: row.get("position")? };
    let invoice = Some(InvoiceId(uuid(row, "invoice")?));
    let payment: Option<Payment> = if checksums::is_whole(row)? { Some(json(row, "body")?) } else { None };
    let placed = match payment {
        Some(payment) => {
            Placed { invoice, stage: stage_of(&payment), block: payment.block, matures_at: payment.matures_at }
        }
        None => {
            let is_in_a_block = row.get::<_, Option<i64>>("height")?.is_some();
            // Nothing is concluded of one that is in no block: whether it is gone is seen when it can be read again.
            let stage = if is_in_a_block { Stage::Block } else { Stage::Gone };
            Placed { invoice, stage, block: None, matures_at: None }
        }
    };
    Ok((key, placed))
}
