//! `api-keys`: made, listed, revoked. A key is printed when it is made and never again.

use crate::{
    cli::{ApiKeys, Json, Whose},
    config::Config,
    installation::open_for_command,
    output::{answer, table},
};
use anyhow::{Context, bail};
use farthing_dialects::native::api_keys::Permission;
use farthing_domain::id::{ApiKeyId, MerchantId};
use farthing_store::records::ApiKey;
use serde_json::json;

pub(super) async fn execute(config: &Config, command: ApiKeys) -> anyhow::Result<()> {
    match command {
        ApiKeys::Create { whose, permissions, json } => create(config, whose, permissions, json).await,
        ApiKeys::List { merchant, json } => list(config, merchant, json).await,
        ApiKeys::Revoke { id, json } => revoke(config, id, json).await,
    }
}

async fn create(config: &Config, whose: Whose, permissions: Vec<Permission>, json: Json) -> anyhow::Result<()> {
    let permissions = if permissions.is_empty() { Permission::ALL.to_vec() } else { permissions };
    let gateway = open_for_command(config).await?;
    let made = gateway.create_api_key(whose.merchant, whose.environment, &permissions).await;
    let (key, secret) = made.context("no key was made (farthing merchants list shows the merchants)")?;
    let text =
        format!("{}\nThis is the only time the key is shown. Its id, for revoking it: {}", secret.reveal(), key.id);
    Ok(answer(json, &json!({"api_key": secret.reveal(), "id": key.id.to_string()}), &text)?)
}

async fn list(config: &Config, merchant: MerchantId, json: Json) -> anyhow::Result<()> {
    let store = open_for_command(config).await?;
    let keys =
        store.store().read(move |reader| Ok(reader.merchant(merchant)?.map(|_| reader.api_keys(merchant)))).await?;
    let Some(keys) = keys.transpose()? else {
        bail!("there is no merchant {merchant}; farthing merchants list shows them")
    };
    let state = |key: &ApiKey| if key.revoked_at.is_some() { "revoked" } else { "active" };
    let objects: Vec<_> = keys
        .iter()
        .map(|key| {
            json!({"id": key.id.to_string(), "environment": key.owner.environment.as_str(), "state": state(key), "permissions": key.permissions})
        })
        .collect();
    let rows: Vec<_> = keys
        .iter()
        .map(|key| {
            vec![
                key.id.to_string(),
                key.owner.environment.to_string(),
                state(key).to_owned(),
                key.permissions.join(","),
            ]
        })
        .collect();
    let text = if rows.is_empty() { "The merchant has no key yet.".to_owned() } else { table(&rows) };
    Ok(answer(json, &json!({"api_keys": objects}), &text)?)
}

async fn revoke(config: &Config, id: ApiKeyId, json: Json) -> anyhow::Result<()> {
    let gateway = open_for_command(config).await?;
    let now = gateway.clocks().real();
    let is_revoked = gateway.store().decide(move |transaction| transaction.revoke_api_key(id, now)).await?;
    if !is_revoked {
        bail!("there is no active key with the id {id}; farthing api-keys list --merchant ID shows them");
    }
    Ok(answer(
        json,
        &json!({"id": id.to_string(), "revoked": true}),
        &format!("Revoked {id}; it is refused within a second."),
    )?)
}
