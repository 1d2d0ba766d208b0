//! Permanent addresses, as shops take them.

use super::{Outcome, unexpected};
use crate::{
    memory::KnownTake,
    simulation::{Simulation, TEST},
};
use farthing_domain::{asset::AssetId, id::Owner, policy::Dialect};
use farthing_gateway::static_addresses::{TakeError, TakeStaticAddress, Taken};
use farthing_store::records::TakeKey;
use std::sync::Arc;

impl Simulation {
    /// Takes one; a key has one address, for ever.
    pub(super) async fn take_permanent(
        &mut self,
        owner: Owner,
        asset: AssetId,
        key: Option<String>,
    ) -> Outcome<String> {
        if let Some(key) = &key {
            let used = self.memory.takes.entry((owner.merchant, key.clone()));
            used.or_insert(KnownTake { asset, address: None });
        }
        let command = TakeStaticAddress {
            owner,
            dialect: Dialect::Native,
            asset,
            label: None,
            external_id: None,
            extras: "{}".to_owned(),
            key: key.clone().map(|key| TakeKey { key, fingerprint: asset.to_string() }),
        };
        let gateway = Arc::clone(self.gateway()?);
        let taken = match gateway.take_static_address(command).await {
            Ok(Taken::Replayed(again)) if key.is_none() => {
                return Err(format!("a call without a key answered the permanent address {} again", again.id));
            }
            Ok(taken) => taken.into_address(),
            Err(TakeError::Quote(error)) => return self.no_quote(error),
            Err(error) => return Err(unexpected(error)),
        };
        let catalog = &gateway.environment(TEST).catalog;
        let family = catalog.network(asset.network).ok_or("no such network")?.family;
        self.memory.learn_permanent(&taken, family)?;
        if let Some(known) = key.and_then(|key| self.memory.takes.get_mut(&(owner.merchant, key))) {
            let named = *known.address.get_or_insert(taken.id);
            if named != taken.id {
                return Err(format!("a key that took permanent address {named} answered {}", taken.id));
            }
        }
        Ok(format!("permanent address {}", taken.id))
    }
}
