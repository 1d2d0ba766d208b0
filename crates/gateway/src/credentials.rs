//! Credentials of the APIs that are served beside the native one: made, and believed.

use crate::{gateway::Gateway, outgoing::UrlRefusal};
use farthing_dialects::credentials::{self, NewCredential};
use farthing_domain::{
    id::{CredentialId, MerchantId, Owner},
    policy::Dialect,
    time::Timestamp,
};
use farthing_store::{StoreError, records::Credential};
use std::{collections::HashMap, fmt, sync::Arc};

/// How long a credential is believed without looking it up again, in milliseconds: one that is revoked by command ends at the
/// latest then.
const BELIEVED_MS: i64 = 1000;
/// Credentials remembered at once.
const REMEMBERED: usize = 10_000;

/// Who a request of a dialect comes from.
#[derive(Clone, PartialEq, Eq)]
pub struct DialectCaller {
    /// The credential.
    pub credential: CredentialId,
    /// Its merchant and environment.
    pub owner: Owner,
    /// The merchant's name, which some dialects show.
    pub merchant: Arc<str>,
    /// What signs the credential's callbacks, and in some dialects its requests.
    pub secret: String,
}

impl fmt::Debug for DialectCaller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DialectCaller").field("credential", &self.credential).finish_non_exhaustive()
    }
}

/// Credentials that were looked up lately.
#[derive(Default)]
pub(crate) struct CredentialCache(HashMap<(Dialect, [u8; 32]), (DialectCaller, Timestamp)>);

/// Why no credential was made.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// The store's reason.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such merchant.
    #[error("there is no merchant {0}")]
    NoSuchMerchant(MerchantId),
    /// Callbacks may not go there.
    #[error(transparent)]
    Url(#[from] UrlRefusal),
    /// The native API has keys of another kind.
    #[error("the native API's keys are made by `farthing api-keys create`")]
    Native,
}

impl Gateway {
    /// Makes a credential, whose secret parts are shown this once.
    ///
    /// # Errors
    /// When there is no such merchant, callbacks may not go to that address, or the store fails.
    pub async fn create_credential(
        &self,
        owner: Owner,
        dialect: Dialect,
        callback_url: Option<String>,
    ) -> Result<(Credential, NewCredential), CredentialError> {
        if dialect == Dialect::Native {
            return Err(CredentialError::Native);
        }
        if let Some(url) = &callback_url {
            self.parts.outgoing.vet(url)?;
        }
        let now = self.clocks().real();
        let new = NewCredential::of(dialect, self.ids().bytes());
        let id = CredentialId(self.ids().uuid(now));
        let sealed = self.parts.sealer.seal(id.0.as_bytes(), new.secret.as_bytes())?;
        let credential = Credential {
            id,
            owner,
            dialect,
            hash: credentials::hash(&new.key),
            public_key: new.has_public_key.then(|| new.key.clone()),
            secret: hex::encode(sealed),
            callback_url,
            created_at: now,
            revoked_at: None,
        };
        let row = credential.clone();
        self.store()
            .decide(move |transaction| {
                transaction.merchant(owner.merchant)?.ok_or(CredentialError::NoSuchMerchant(owner.merchant))?;
                Ok::<_, CredentialError>(transaction.insert_credential(&row)?)
            })
            .await?;
        Ok((credential, new))
    }

    /// Checks an address that callbacks of one invoice are to go to. Its name is resolved and vetted at each request only.
    ///
    /// # Errors
    /// When requests may not go there.
    pub fn may_call_back(&self, url: &str) -> Result<(), UrlRefusal> {
        self.parts.outgoing.vet(url)
    }

    /// Whose key this is; `None` when there is none or it was revoked.
    ///
    /// # Errors
    /// When the store cannot be read: never taken for a missing key.
    pub async fn dialect_caller(&self, dialect: Dialect, key: &str) -> Result<Option<DialectCaller>, StoreError> {
        let hash = credentials::hash(key);
        let now = self.clocks().real();
        if let Some(caller) = self.remembered_credential((dialect, hash), now) {
            return Ok(Some(caller));
        }
        let found = self
            .store()
            .glance(move |reader| {
                let valid = reader.credential(dialect, &hash)?.filter(|credential| credential.revoked_at.is_none());
                let Some(credential) = valid else { return Ok(None) };
                let merchant = reader.merchant(credential.owner.merchant)?;
                Ok(Some((credential, merchant.map(|merchant| merchant.name).unwrap_or_default())))
            })
            .await?;
        let Some((credential, merchant)) = found else { return Ok(None) };
        let caller = DialectCaller {
            credential: credential.id,
            owner: credential.owner,
            merchant: merchant.into(),
            secret: self.secret_of(&credential)?,
        };
        if let Ok(mut cache) = self.credential_cache.write() {
            if cache.0.len() >= REMEMBERED {
                cache.0.clear();
            }
            cache.0.insert((dialect, hash), (caller.clone(), now));
        }
        Ok(Some(caller))
    }

    fn remembered_credential(&self, key: (Dialect, [u8; 32]), now: Timestamp) -> Option<DialectCaller> {
        let cache = self.credential_cache.read().ok()?;
        let (caller, at) = cache.0.get(&key)?;
        let age = now.milliseconds().saturating_sub(at.milliseconds());
        (0..BELIEVED_MS).contains(&age).then(|| caller.clone())
    }

    /// What signs for a credential.
    ///
    /// # Errors
    /// When it cannot be unsealed with this installation's key.
    pub(crate) fn secret_of(&self, credential: &Credential) -> Result<String, StoreError> {
        let unreadable = || StoreError::Sealing(format!("the secret of credential {} cannot be read", credential.id));
        let sealed = hex::decode(&credential.secret).map_err(|_| unreadable())?;
        let plain = self.parts.sealer.unseal(credential.id.0.as_bytes(), &sealed)?;
        String::from_utf8(plain).map_err(|_| unreadable())
    }
}
