//! What is wrong with addresses of ours themselves: code where only a key should be, tokens that their issuer froze there, or
//! that somebody sent whom the issuer has frozen since.
//!
//! An alarm, and nothing else: whoever paid has paid, and what is recorded of it stays. It is for the operator to stop selling
//! with an account whose keys somebody else has.

use crate::{gateway::Gateway, reconcile::Held};
use farthing_domain::{asset::AssetId, name::NetworkId, time::Timestamp};
use farthing_networks::inspect::{self, Wrong};
use farthing_store::{
    StoreError,
    records::{
        Surplus,
        concern::{Concern, What},
    },
};

impl Gateway {
    /// Keeps what was found wrong with these addresses, and forgets what was found before and is gone.
    pub(crate) async fn keep_concerns(
        &self,
        network: NetworkId,
        held: &[Held],
        found: &[inspect::Concern],
    ) -> Result<(), StoreError> {
        let found_at = self.clocks().real();
        let mut concerns: Vec<Concern> = Vec::new();
        for held in held {
            let of_address = found.iter().filter(|concern| concern.address == held.address.bytes());
            concerns.extend(of_address.map(|concern| Concern {
                network,
                address: concern.address.clone(),
                shown: held.address.text().to_owned(),
                holder: held.holder,
                what: what(concern.wrong),
                found_at,
                acknowledged_at: None,
            }));
        }
        #[expect(
            clippy::redundant_closure_for_method_calls,
            reason = "the method's path is not general enough in its lifetime"
        )]
        let known = self.store().read(|reader| reader.concerns()).await?;
        let is_of = |concern: &Concern, other: &Concern| concern.address == other.address && concern.what == other.what;
        let was_looked_at = |concern: &Concern| {
            concern.network == network && held.iter().any(|held| held.address.bytes() == concern.address)
        };
        let (known, _): (Vec<Concern>, Vec<Concern>) = known.into_iter().partition(was_looked_at);
        let gone: Vec<Concern> =
            known.iter().filter(|known| !concerns.iter().any(|found| is_of(found, known))).cloned().collect();
        concerns.retain(|found| !known.iter().any(|known| is_of(found, known)));
        for concern in &concerns {
            tracing::error!(%network, address = concern.shown, holder = %concern.holder, what = %concern.what,
                "something is wrong with an address of ours");
        }
        if concerns.is_empty() && gone.is_empty() {
            return Ok(());
        }
        self.store()
            .decide(move |transaction| {
                for gone in &gone {
                    transaction.clear_concern(gone.network, &gone.address, gone.what)?;
                }
                concerns.iter().try_for_each(|concern| transaction.put_concern(concern))
            })
            .await
    }
}

/// What the operator acknowledged at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acknowledged {
    /// What is wrong with the address itself.
    Concern(What),
    /// More of an asset than payments explain, in atomic units.
    Surplus(AssetId, u128),
}

impl Gateway {
    /// Ends the alarms about an address, as people read it, after the operator looked: what is known there now is no alarm any
    /// more, as long as it does not become worse. Answers what it was, nothing when there was no alarm.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn acknowledge(&self, network: NetworkId, shown: &str) -> Result<Vec<Acknowledged>, StoreError> {
        let (at, shown) = (self.clocks().real(), shown.to_owned());
        self.store()
            .decide(move |transaction| {
                let is_it = |of: NetworkId, address: &str, at: Option<Timestamp>| {
                    of == network && address.eq_ignore_ascii_case(&shown) && at.is_none()
                };
                let mut concerns = transaction.concerns()?;
                concerns.retain(|concern| is_it(concern.network, &concern.shown, concern.acknowledged_at));
                let mut surpluses = transaction.surpluses()?;
                surpluses.retain(|surplus| is_it(surplus.asset.network, &surplus.shown, surplus.acknowledged_at));
                let mut acknowledged = Vec::new();
                for concern in concerns {
                    transaction.acknowledge_concern(&concern, at)?;
                    acknowledged.push(Acknowledged::Concern(concern.what));
                }
                for surplus in surpluses {
                    acknowledged.push(Acknowledged::Surplus(surplus.asset, surplus.unexplained()));
                    transaction.put_surplus(&Surplus { acknowledged_at: Some(at), ..surplus })?;
                }
                Ok(acknowledged)
            })
            .await
    }
}

const fn what(wrong: Wrong) -> What {
    match wrong {
        Wrong::Code => What::Code,
        Wrong::Frozen(asset) => What::Frozen(asset.code),
        Wrong::PayerFrozen(asset) => What::PayerFrozen(asset.code),
    }
}
