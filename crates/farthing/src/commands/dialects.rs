//! `dialects`: credentials of other gateways' APIs. What is secret of one is printed when it is made and never again.

use super::webhooks::state;
use crate::{
    cli::{Dialects, Json, Whose},
    config::Config,
    installation::open_for_command,
    output::{answer, table},
};
use anyhow::{Context, bail};
use farthing_dialects::credentials::NewCredential;
use farthing_domain::{
    id::{CredentialId, Environment, MerchantId},
    policy::Dialect,
};
use farthing_store::records::Credential;
use serde_json::{Map, Value, json};

/// Callbacks that are listed: the newest.
const CALLBACKS_SHOWN: u32 = 100;

pub(super) async fn execute(config: &Config, command: Dialects) -> anyhow::Result<()> {
    match command {
        Dialects::Create { dialect, whose, callback_url, json } => {
            create(config, dialect, whose, callback_url, json).await
        }
        Dialects::List { merchant, json } => list(config, merchant, json).await,
        Dialects::Callbacks { whose, json } => callbacks(config, whose, json).await,
        Dialects::Revoke { id, json } => revoke(config, id, json).await,
    }
}

async fn create(
    config: &Config,
    dialect: Dialect,
    whose: Whose,
    callback_url: Option<String>,
    json: Json,
) -> anyhow::Result<()> {
    let gateway = open_for_command(config).await?;
    let made = gateway.create_credential(whose.owner(), dialect, callback_url).await;
    let (credential, new) = made.context("no credential was made (farthing merchants list shows the merchants)")?;
    let public_url = config.public_url.clone().unwrap_or_else(|| format!("http://{}", config.listen));
    let shown = new.shown(dialect, &public_url, whose.environment);
    let rows: Vec<_> = shown.iter().map(|(name, value)| vec![(*name).to_owned(), value.clone()]).collect();
    let text =
        format!("{}\nThis is the only time it is shown. Its id, for revoking it: {}", table(&rows), credential.id);
    Ok(answer(json, &object(&new, dialect, &public_url, whose.environment), &text)?)
}

/// A credential as scripts get it.
pub(crate) fn object(new: &NewCredential, dialect: Dialect, public_url: &str, environment: Environment) -> Value {
    let shown = new.shown(dialect, public_url, environment);
    Value::Object(shown.into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))).collect::<Map<_, _>>())
}

async fn list(config: &Config, merchant: MerchantId, json: Json) -> anyhow::Result<()> {
    let gateway = open_for_command(config).await?;
    let found = gateway
        .store()
        .read(move |reader| Ok(reader.merchant(merchant)?.map(|_| reader.credentials(merchant))))
        .await?;
    let Some(credentials) = found.transpose()? else {
        bail!("there is no merchant {merchant}; farthing merchants list shows them")
    };
    let state = |credential: &Credential| if credential.revoked_at.is_some() { "revoked" } else { "active" };
    let objects: Vec<_> = credentials
        .iter()
        .map(|credential| {
            json!({
                "id": credential.id.to_string(), "dialect": credential.dialect.as_str(),
                "environment": credential.owner.environment.as_str(), "state": state(credential),
                "callback_url": credential.callback_url,
            })
        })
        .collect();
    let rows: Vec<_> = credentials
        .iter()
        .map(|credential| {
            vec![
                credential.id.to_string(),
                credential.dialect.to_string(),
                credential.owner.environment.to_string(),
                state(credential).to_owned(),
                credential.callback_url.clone().unwrap_or_else(|| "no callbacks by itself".to_owned()),
            ]
        })
        .collect();
    let text = if rows.is_empty() { "The merchant has no credential yet.".to_owned() } else { table(&rows) };
    Ok(answer(json, &json!({"credentials": objects}), &text)?)
}

async fn callbacks(config: &Config, whose: Whose, json: Json) -> anyhow::Result<()> {
    let gateway = open_for_command(config).await?;
    let owner = whose.owner();
    let found = gateway.store().read(move |reader| reader.callbacks(owner, CALLBACKS_SHOWN)).await?;
    let objects: Vec<_> = found
        .iter()
        .map(|(delivery, url)| {
            json!({
                "id": delivery.id.to_string(), "kind": delivery.kind, "url": url, "state": state(delivery.stage),
                "attempts": delivery.attempts,
            })
        })
        .collect();
    let rows: Vec<_> = found
        .iter()
        .map(|(delivery, url)| {
            let attempts = format!("{} attempts", delivery.attempts);
            vec![
                delivery.id.to_string(),
                delivery.kind.clone(),
                url.clone(),
                state(delivery.stage).to_owned(),
                attempts,
            ]
        })
        .collect();
    let text = if rows.is_empty() { "There is no callback yet.".to_owned() } else { table(&rows) };
    Ok(answer(json, &json!({"callbacks": objects}), &text)?)
}

async fn revoke(config: &Config, id: CredentialId, json: Json) -> anyhow::Result<()> {
    let gateway = open_for_command(config).await?;
    let now = gateway.clocks().real();
    let is_revoked = gateway.store().decide(move |transaction| transaction.revoke_credential(id, now)).await?;
    if !is_revoked {
        bail!("there is no active credential with the id {id}; farthing dialects list --merchant ID shows them");
    }
    Ok(answer(
        json,
        &json!({"id": id.to_string(), "revoked": true}),
        &format!("Revoked {id}; it is refused within a second."),
    )?)
}
