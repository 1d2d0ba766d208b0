//! Which currencies can be billed and charged (B.4.7): what clients discover networks by.

use super::{
    ids::derived,
    limits::FIATS,
    networks::{self, CodedNetwork},
    present::document,
    request::OnSale,
};
use farthing_domain::{
    asset::Asset,
    fiat::{self, Fiat},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What can be billed, by what it is charged in: every fiat currency by every coin, and every coin by itself.
#[must_use]
pub fn of_invoices(on_sale: &OnSale<'_>) -> Value {
    let fiats: BTreeSet<&str> = FIATS.into_iter().chain(fiat::NATIVE).collect();
    let mut pairs = Vec::new();
    for (currency, asset) in coins(on_sale) {
        pairs.push(invoice_pair(&currency, &currency, true));
        for billed in &fiats {
            let has_rate = |fiat: Fiat| (on_sale.has_rate)(asset.id.code, fiat);
            pairs.push(invoice_pair(billed, &currency, billed.parse().is_ok_and(has_rate)));
        }
    }
    let fiats = fiats.into_iter().map(|code| currency(code, "fiat", &[]));
    let included = fiats.chain(included(on_sale)).collect();
    document(&Value::Array(pairs), included, &json!({}))
}

/// What a channel can be paid in, and settled in: the coin itself.
#[must_use]
pub fn of_channels(on_sale: &OnSale<'_>) -> Value {
    let pair = |code: &String| {
        json!({
            "id": derived("channelCurrencyPairs", &[code, code]),
            "type": "channelCurrencyPairs",
            "attributes": { "direction": "sell", "enabled": true },
            "relationships": { "targetCurrency": to_currency(code), "payCurrency": to_currency(code) },
        })
    };
    let pairs: Vec<Value> = coins(on_sale).iter().map(|(code, _)| pair(code)).collect();
    document(&Value::Array(pairs), included(on_sale).collect(), &json!({}))
}

/// A list in which there is nothing: payouts, and what else needs money to go out.
#[must_use]
pub fn none(meta: &Value) -> Value {
    document(&json!([]), Vec::new(), meta)
}

/// The coins on sale, each once, with one asset of it.
pub(super) fn coins<'a>(on_sale: &OnSale<'a>) -> Vec<(String, &'a Asset)> {
    let mut coins: Vec<(String, &Asset)> = Vec::new();
    for (_, asset) in networks::all(on_sale.catalog, on_sale.environment) {
        if !coins.iter().any(|(code, _)| *code == asset.id.code.as_str()) {
            coins.push((asset.id.code.to_string(), asset));
        }
    }
    coins
}

fn invoice_pair(billed: &str, charged: &str, is_enabled: bool) -> Value {
    json!({
        "id": derived("invoiceCurrencyPairs", &[billed, charged]),
        "type": "invoiceCurrencyPairs",
        "attributes": { "direction": "sell", "enabled": is_enabled },
        "relationships": { "billedCurrency": to_currency(billed), "chargedCurrency": to_currency(charged) },
    })
}

fn to_currency(code: &str) -> Value {
    json!({ "data": { "type": "currencies", "id": derived("currencies", &[code]) } })
}

/// The coins on sale with their networks, and the networks.
fn included(on_sale: &OnSale<'_>) -> impl Iterator<Item = Value> {
    let all: Vec<(CodedNetwork, &Asset)> = networks::all(on_sale.catalog, on_sale.environment).collect();
    let shown = coins(on_sale).into_iter().map(|(code, _)| {
        let carriers: Vec<String> =
            all.iter().filter(|(_, asset)| asset.id.code.as_str() == code).map(|(network, _)| network.code()).collect();
        currency(&code, "crypto", &carriers)
    });
    let currencies: Vec<Value> = shown.collect();
    let networks: Vec<Value> = all.iter().map(|(network, asset)| network_resource(*network, asset)).collect();
    currencies.into_iter().chain(networks)
}

fn currency(code: &str, kind: &str, networks: &[String]) -> Value {
    let networks: Vec<Value> =
        networks.iter().map(|code| json!({ "type": "network", "id": derived("network", &[code]) })).collect();
    json!({
        "id": derived("currencies", &[code]),
        "type": "currencies",
        "attributes": { "code": code, "currencyType": kind },
        "relationships": { "networks": { "data": networks } },
    })
}

pub(super) fn network_resource(network: CodedNetwork, asset: &Asset) -> Value {
    let code = network.code();
    json!({
        "id": derived("network", &[&code]),
        "type": "network",
        "attributes": { "currencyCode": asset.id.code.to_string(), "name": network.name(), "code": code },
    })
}
