//! `merchants`: shops.

use crate::{
    cli::{Json, Merchants},
    config::Config,
    installation::{merchants, open_for_command},
    output::{answer, table},
};
use serde_json::json;

pub(super) async fn execute(config: &Config, command: Merchants) -> anyhow::Result<()> {
    match command {
        Merchants::Create { name, json } => create(config, name, json).await,
        Merchants::List(json) => list(config, json).await,
    }
}

async fn create(config: &Config, name: String, json: Json) -> anyhow::Result<()> {
    let merchant = open_for_command(config).await?.create_merchant(name).await?;
    let text = format!(
        "Made the merchant {} ({}).\nNext, a key for its shop: farthing api-keys create --merchant {} --environment test",
        merchant.name, merchant.id, merchant.id
    );
    Ok(answer(json, &json!({"id": merchant.id.to_string()}), &text)?)
}

async fn list(config: &Config, json: Json) -> anyhow::Result<()> {
    let gateway = open_for_command(config).await?;
    let merchants = merchants(gateway.store()).await?;
    let objects: Vec<_> =
        merchants.iter().map(|merchant| json!({"id": merchant.id.to_string(), "name": merchant.name})).collect();
    let rows: Vec<_> = merchants.iter().map(|merchant| vec![merchant.id.to_string(), merchant.name.clone()]).collect();
    let text = if rows.is_empty() {
        "There is none yet: farthing merchants create \"My shop\"".to_owned()
    } else {
        table(&rows)
    };
    Ok(answer(json, &json!({"merchants": objects}), &text)?)
}
