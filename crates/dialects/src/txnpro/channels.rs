//! Channels (B.10): a permanent address per payer, and the deposits to it.

use super::{
    errors::{Errors, Fault},
    networks::{self, CodedNetwork},
    present::{NO_FEE, coins, document, moment, network_name},
    request::{OnSale, attributes, code, needed, reference},
    status::DepositStatus,
};
use crate::native::present::Context;
use farthing_domain::{
    asset::{Asset, AssetId},
    fiat::Fiat,
    id::CredentialId,
    invoice::{Invoice, Source},
    payment::Payment,
    static_address::StaticAddress,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What was said of a channel, kept with it and with each of its deposits.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Said {
    /// The network's code as it was sent.
    pub network: String,
    /// The settlement currency: the coin itself.
    pub target_currency: String,
    /// The currency that the merchant counts in.
    pub local_currency: Option<String>,
    /// The merchant's reference.
    pub reference: Option<String>,
}

/// A channel's own fields: those of a [`farthing_domain::invoice::Foreign`], which its deposits get, and whether it is disabled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extras {
    credential: CredentialId,
    name: String,
    callback_url: Option<String>,
    said: String,
    #[serde(default)]
    is_disabled: bool,
}

impl Extras {
    /// Those of a new channel.
    ///
    /// # Errors
    /// When what was said cannot be written.
    pub fn of(request: &CreateChannel, credential: CredentialId) -> Result<Self, serde_json::Error> {
        let said = serde_json::to_string(&request.said)?;
        Ok(Self { credential, name: String::new(), callback_url: None, said, is_disabled: request.is_disabled })
    }

    /// Those of a channel; `None` for an address that another API took.
    #[must_use]
    pub fn read(channel: &StaticAddress) -> Option<Self> {
        serde_json::from_str(&channel.extras).ok()
    }

    /// The same, enabled or not.
    #[must_use]
    pub fn switched(self, is_disabled: bool) -> Self {
        Self { is_disabled, ..self }
    }

    fn said(&self) -> Said {
        serde_json::from_str(&self.said).unwrap_or_default()
    }
}

/// `POST /channels`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateChannel {
    /// What is paid.
    pub asset: AssetId,
    /// What is to be echoed.
    pub said: Said,
    /// Whether it starts disabled.
    pub is_disabled: bool,
}

impl CreateChannel {
    /// Reads a request.
    ///
    /// # Errors
    /// What is wrong with it, every attribute at once; then what cannot be sold.
    pub fn parse(body: &[u8], on_sale: &OnSale<'_>) -> Result<Self, Errors> {
        let mut errors = Errors::default();
        let fields = attributes(body, "channels", &mut errors)?;
        let target = needed(&fields, "targetCurrency", &mut errors);
        let local = code(&fields, "localCurrency", &mut errors).map(|local| local.to_ascii_uppercase());
        if local.as_deref().is_some_and(|local| !is_currency(local, on_sale)) {
            errors.invalid("localCurrency", "is no currency");
        }
        let network = code(&fields, "payNetwork", &mut errors);
        let reference = reference(&fields, &mut errors);
        let status = needed(&fields, "status", &mut errors).and_then(|status| is_disabled(&status, &mut errors));
        let (target, is_disabled) = errors.or(target.zip(status))?;
        let (network, asset) = match network {
            Some(network) => {
                let asset = on_sale.coin(&network, &target)?;
                (network, asset)
            }
            None => only_network(&target, on_sale)?,
        };
        let said = Said { network, target_currency: asset.id.code.to_string(), local_currency: local, reference };
        Ok(Self { asset: asset.id, said, is_disabled })
    }
}

/// The network of a coin that is on one only; for others it must be said which.
fn only_network<'a>(target: &str, on_sale: &OnSale<'a>) -> Result<(String, &'a Asset), Errors> {
    let mut carriers = networks::all(on_sale.catalog, on_sale.environment)
        .filter(|(_, asset)| asset.id.code.as_str().eq_ignore_ascii_case(target));
    match (carriers.next(), carriers.next()) {
        (Some((network, asset)), None) => Ok((network.code(), asset)),
        (Some(_), Some(_)) => {
            let mut errors = Errors::default();
            errors.blank("payNetwork");
            Err(errors)
        }
        (None, _) => Err(Fault::PairNotSupported.into()),
    }
}

fn is_currency(code: &str, on_sale: &OnSale<'_>) -> bool {
    code.parse::<Fiat>().is_ok() || on_sale.catalog.assets().iter().any(|asset| asset.id.code.as_str() == code)
}

fn is_disabled(status: &str, errors: &mut Errors) -> Option<bool> {
    match status {
        "enabled" => Some(false),
        "disabled" => Some(true),
        _ => {
            errors.invalid("status", "must be enabled or disabled");
            None
        }
    }
}

/// Reads a change of a channel: its status is all that can change. Answers whether it is disabled.
///
/// # Errors
/// What is wrong with it.
pub fn parse_change(body: &[u8]) -> Result<bool, Errors> {
    let mut errors = Errors::default();
    let fields = attributes(body, "channels", &mut errors)?;
    for fixed in ["targetCurrency", "localCurrency", "payNetwork", "payCurrency", "address", "reference"] {
        if fields.has(fixed) {
            errors.invalid(fixed, "cannot be changed");
        }
    }
    let status = needed(&fields, "status", &mut errors).and_then(|status| is_disabled(&status, &mut errors));
    errors.or(status)
}

/// A channel's document.
#[must_use]
pub fn channel(channel: &StaticAddress, context: &Context<'_>) -> Value {
    document(&resource(channel, context), Vec::new(), &json!({}))
}

/// A part of the list of channels.
#[must_use]
pub fn channels(list: &[StaticAddress], context: &Context<'_>, meta: &Value) -> Value {
    let data = list.iter().map(|channel| resource(channel, context)).collect();
    document(&Value::Array(data), Vec::new(), meta)
}

fn resource(channel: &StaticAddress, context: &Context<'_>) -> Value {
    let extras = Extras::read(channel);
    let said = extras.as_ref().map(Extras::said).unwrap_or_default();
    let is_disabled = extras.is_some_and(|extras| extras.is_disabled);
    let environment = channel.owner.environment;
    json!({
        "id": channel.id.to_string(),
        "type": "channels",
        "attributes": {
            "targetCurrency": said.target_currency,
            "localCurrency": said.local_currency,
            "payCurrency": channel.asset.code.to_string(),
            "payNetwork": said.network,
            "networkName": network_name(channel.asset, environment, context.catalog),
            "address": channel.address,
            "reference": channel.external_id,
            "status": if is_disabled { "disabled" } else { "enabled" },
            "createdAt": moment(channel.created_at),
        },
    })
}

/// A deposit's document.
#[must_use]
pub fn deposit(invoice: &Invoice, context: &Context<'_>) -> Value {
    document(&deposit_resource(invoice, context), Vec::new(), &json!({}))
}

/// A part of the list of a channel's deposits.
#[must_use]
pub fn deposits(list: &[Invoice], context: &Context<'_>, meta: &Value) -> Value {
    let data = list.iter().map(|invoice| deposit_resource(invoice, context)).collect();
    document(&Value::Array(data), Vec::new(), meta)
}

fn deposit_resource(invoice: &Invoice, context: &Context<'_>) -> Value {
    let foreign = invoice.terms.foreign.as_ref();
    let said: Said = foreign.and_then(|foreign| serde_json::from_str(&foreign.said).ok()).unwrap_or_default();
    let payment = invoice.payments.first();
    let amount = payment.map(|payment| coins(payment.amount(), context.catalog));
    let asset = payment.map(|payment| payment.asset).or_else(|| invoice.latest_quote().map(|quote| quote.due.asset));
    let environment = invoice.owner.environment;
    let currency = asset.map(|asset| asset.code.to_string());
    let status = DepositStatus::of(&invoice.standing).as_str();
    json!({
        "id": invoice.id.to_string(),
        "type": "channelTransactions",
        "attributes": {
            "hash": payment.map(|payment: &Payment| payment.key.transaction.as_str()),
            "address": invoice.latest_quote().map(|quote| quote.address.as_str()),
            "networkCode": network_code(&said, asset, invoice),
            "networkName": asset.map(|asset| network_name(asset, environment, context.catalog)),
            "amount": amount,
            "amountCurrency": currency,
            "payAmount": amount,
            "payCurrency": currency,
            "exchangeRate": "1.0",
            "fee": NO_FEE,
            "feeCurrency": currency,
            "consolidationFee": NO_FEE,
            "status": status,
            "simplifiedState": status,
            "channelId": channel_id(invoice),
            "reference": said.reference,
            "localAmount": null,
            "localCurrency": said.local_currency,
            "amountToLocalCurrencyRate": null,
            "sourceAddresses": [],
            "createdAt": moment(invoice.created_at),
        },
    })
}

/// The network's code: as it was sent, but for money that came in another coin.
fn network_code(said: &Said, asset: Option<AssetId>, invoice: &Invoice) -> String {
    let environment = invoice.owner.environment;
    let of_asset = asset.and_then(|asset| CodedNetwork::of(asset, environment));
    match of_asset {
        Some(network) if CodedNetwork::find(&said.network, environment) != Some(network) => network.code(),
        Some(_) | None => said.network.clone(),
    }
}

/// The permanent address that a deposit came to.
fn channel_id(invoice: &Invoice) -> Option<String> {
    match invoice.source {
        Source::StaticAddress(id) => Some(id.to_string()),
        Source::Api(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use farthing_domain::invoice::Foreign;

    #[test]
    fn a_channel_s_own_fields_read_as_what_its_deposits_get() {
        let said = Said { network: "ttrx:usdt".to_owned(), ..Said::default() };
        let asset = farthing_domain::catalog::Catalog::shipped().resolve("USDT", Some("tron")).unwrap().id;
        let request = CreateChannel { asset, said: said.clone(), is_disabled: true };
        let credential = "00000000-0000-4000-8000-000000000001".parse().unwrap();
        let text = serde_json::to_string(&Extras::of(&request, credential).unwrap()).unwrap();
        let foreign: Foreign = serde_json::from_str(&text).unwrap();
        assert_eq!((foreign.credential, foreign.name.as_str(), &foreign.callback_url), (credential, "", &None));
        assert_eq!(serde_json::from_str::<Said>(&foreign.said).unwrap(), said);
    }
}
