//! Merchants and API keys: who a request comes from, and what it may do.

use crate::gateway::Gateway;
use farthing_dialects::native::api_keys::{ApiKeySecret, Permission};
use farthing_domain::{
    id::{ApiKeyId, Environment, MerchantId, Owner},
    time::Timestamp,
};
use farthing_store::{
    StoreError,
    records::{ApiKey, Merchant},
};
use std::collections::HashMap;

/// How long a key is believed without looking it up again, in milliseconds: a key revoked by command ends at the latest then.
const BELIEVED_MS: i64 = 1000;
/// Keys remembered at once.
const REMEMBERED: usize = 10_000;

/// Who a request comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The key.
    pub key: ApiKeyId,
    /// Its merchant and environment.
    pub owner: Owner,
    /// What it may do.
    pub permissions: Vec<Permission>,
}

/// Keys that were looked up lately.
#[derive(Default)]
pub(crate) struct KeyCache(HashMap<[u8; 32], (Caller, Timestamp)>);

/// Why no key was made.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The store's reason.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such merchant.
    #[error("there is no merchant {0}")]
    NoSuchMerchant(MerchantId),
}

impl Gateway {
    /// Whose key this is; `None` when there is none or it was revoked.
    ///
    /// # Errors
    /// When the store cannot be read: never taken for a missing key.
    pub async fn caller(&self, secret: &ApiKeySecret) -> Result<Option<Caller>, StoreError> {
        let hash = secret.hash();
        let now = self.clocks().real();
        if let Some(caller) = self.remembered(&hash, now) {
            return Ok(Some(caller));
        }
        let found = self.store().glance(move |reader| reader.api_key(&hash)).await?;
        let Some(key) = found.filter(|key| key.revoked_at.is_none()) else { return Ok(None) };
        let permissions = key.permissions.iter().filter_map(|name| name.parse().ok()).collect();
        let caller = Caller { key: key.id, owner: key.owner, permissions };
        if let Ok(mut cache) = self.key_cache.write() {
            if cache.0.len() >= REMEMBERED {
                cache.0.clear();
            }
            cache.0.insert(hash, (caller.clone(), now));
        }
        Ok(Some(caller))
    }

    fn remembered(&self, hash: &[u8; 32], now: Timestamp) -> Option<Caller> {
        let cache = self.key_cache.read().ok()?;
        let (caller, at) = cache.0.get(hash)?;
        let age = now.milliseconds().saturating_sub(at.milliseconds());
        (0..BELIEVED_MS).contains(&age).then(|| caller.clone())
    }

    /// Makes a merchant.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn create_merchant(&self, name: String) -> Result<Merchant, StoreError> {
        let now = self.clocks().real();
        let merchant = Merchant { id: MerchantId(self.ids().uuid(now)), name, created_at: now };
        let row = merchant.clone();
        self.store().decide(move |transaction| transaction.insert_merchant(&row)).await?;
        Ok(merchant)
    }

    /// Makes an API key, which is shown this once: only its hash is kept.
    ///
    /// # Errors
    /// When there is no such merchant or the store fails.
    pub async fn create_api_key(
        &self,
        merchant: MerchantId,
        environment: Environment,
        permissions: &[Permission],
    ) -> Result<(ApiKey, ApiKeySecret), KeyError> {
        let secret = ApiKeySecret::from_bytes(environment, self.ids().bytes());
        let now = self.clocks().real();
        let key = ApiKey {
            id: ApiKeyId(self.ids().uuid(now)),
            owner: Owner { merchant, environment },
            hash: secret.hash(),
            permissions: permissions.iter().map(|permission| permission.as_str().to_owned()).collect(),
            created_at: now,
            revoked_at: None,
        };
        let row = key.clone();
        self.store()
            .decide(move |transaction| {
                transaction.merchant(merchant)?.ok_or(KeyError::NoSuchMerchant(merchant))?;
                Ok::<_, KeyError>(transaction.insert_api_key(&row)?)
            })
            .await?;
        Ok((key, secret))
    }
}
