//! Showing invoices as txn.pro does: documents of JSON:API 1.0 (B.4.2, B.4.3). Amounts and rates are texts, everywhere.

use super::{
    ids::derived,
    networks::CodedNetwork,
    request::Said,
    status::{InvoiceStatus, Triple, coin_state},
};
use crate::native::present::{Context, checkout_url};
use farthing_domain::{
    asset::AssetId,
    catalog::Catalog,
    decimal::Decimal,
    id::Environment,
    invoice::Invoice,
    money::{Amount, FiatAmount},
    payment::Payment,
    price::Price,
    quote::Quote,
    standing::{PaymentStanding, Timeliness},
    time::Timestamp,
};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// What a gateway without private keys takes (B.14).
pub(super) const NO_FEE: &str = "0.0";

/// How much of an invoice is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// As the creation answers it: without what was not loaded.
    Created,
    /// As it is read and told.
    Whole,
}

/// A relationship that was not loaded.
pub(super) fn not_included() -> Value {
    json!({ "meta": { "included": false } })
}

/// A document of one resource or of several. What is included is in it once.
#[must_use]
pub fn document(data: &Value, included: Vec<Value>, meta: &Value) -> Value {
    let mut known = BTreeSet::new();
    let once: Vec<Value> = included.into_iter().filter(|resource| known.insert(identity(resource))).collect();
    json!({ "data": data, "included": once, "meta": meta, "jsonapi": { "version": "1.0" } })
}

/// Type and id, which no two resources share.
fn identity(resource: &Value) -> (Option<String>, Option<String>) {
    let text = |name: &str| resource.get(name).and_then(Value::as_str).map(str::to_owned);
    (text("type"), text("id"))
}

/// The document as webhooks have it: without `jsonapi`, with all keys in alphabetical order (B.11).
#[must_use]
pub fn told(mut document: Value) -> Vec<u8> {
    if let Value::Object(members) = &mut document {
        members.remove("jsonapi");
    }
    sorted(document).to_string().into_bytes()
}

/// Recursion is bounded: these documents are our own.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<(String, Value)> = members.into_iter().collect();
            members.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(members.into_iter().map(|(name, value)| (name, sorted(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

/// An invoice's document.
#[must_use]
pub fn invoice(invoice: &Invoice, context: &Context<'_>, detail: Detail) -> Value {
    let (data, included) = resources(invoice, context, detail);
    document(&data, included, &json!({}))
}

/// A part of the list of invoices.
#[must_use]
pub fn invoices(list: &[Invoice], context: &Context<'_>, meta: &Value) -> Value {
    let shown = list.iter().map(|invoice| resources(invoice, context, Detail::Whole));
    let (data, included): (Vec<Value>, Vec<Vec<Value>>) = shown.unzip();
    document(&Value::Array(data), included.into_iter().flatten().collect(), meta)
}

/// An invoice, and what is included beside it.
fn resources(invoice: &Invoice, context: &Context<'_>, detail: Detail) -> (Value, Vec<Value>) {
    let quote = invoice.latest_quote();
    let address = quote.map(|quote| address(invoice, quote));
    let mut included: Vec<Value> = address.clone().into_iter().collect();
    let mut relationships = Map::new();
    relationships.insert("address".to_owned(), json!({ "data": address.as_ref().map(identifier) }));
    match detail {
        Detail::Created => {
            relationships.insert("invoiceTransactions".to_owned(), not_included());
            relationships.insert("coinDeposits".to_owned(), not_included());
        }
        Detail::Whole => {
            let credited: Vec<Credit> = credits(invoice).map(|credit| credit.shown(invoice, context.catalog)).collect();
            let movements: Vec<&Value> = credited.iter().map(|credit| &credit.movement).collect();
            let deposits: Vec<Value> =
                pairs(invoice).map(|(payment, standing)| coin_deposit(invoice, payment, standing)).collect();
            relationships.insert("invoiceTransactions".to_owned(), identifiers(movements));
            relationships.insert("coinDeposits".to_owned(), identifiers(deposits.iter().collect()));
            relationships.insert("refundLinks".to_owned(), json!({ "data": [] }));
            included.extend(credited.into_iter().flat_map(|credit| [credit.movement, credit.transaction]));
            included.extend(deposits);
        }
    }
    let data = json!({
        "id": invoice.id.to_string(),
        "type": "invoices",
        "attributes": attributes(invoice, context),
        "relationships": relationships,
    });
    (data, included)
}

fn attributes(invoice: &Invoice, context: &Context<'_>) -> Value {
    let said = Said::of(invoice);
    let quote = invoice.latest_quote();
    let triple = Triple::of(invoice, &invoice.standing);
    let charged = quote.map(|quote| quote.due.asset);
    let rate = quote.map(|quote| quote.rate.as_ref().map_or_else(|| "1.0".to_owned(), |rate| number(rate.value)));
    json!({
        "amountBilled": billed(&invoice.terms.price, context.catalog),
        "amountCharged": quote.map(|quote| coins(quote.due, context.catalog)),
        "billedCurrency": billed_currency(&invoice.terms.price),
        "chargedCurrency": charged.map(|asset| asset.code.to_string()),
        "reference": invoice.terms.external_id,
        "statusContext": triple.context,
        "network": said.network,
        "networkName": charged.map(|asset| network_name(asset, invoice.owner.environment, context.catalog)),
        "status": triple.status.as_str(),
        "paymentStatus": triple.payment,
        "exchangeRate": rate,
        "expiresAt": invoice.deadline.map(moment),
        "createdAt": moment(invoice.created_at),
        "hostedPageUrl": checkout_url(context.public_url, &invoice.token),
        "successRedirectUrl": said.success_redirect_url,
        "unsuccessRedirectUrl": said.unsuccess_redirect_url,
        "targetAmount": null,
        "targetCurrency": said.target_currency,
        "targetAccountId": null,
        "chargedTargetRate": null,
        "chargedTargetRateCurrency": null,
        "paymentMethods": ["on_chain"],
    })
}

/// `{"type": …, "id": …}`
fn identifier(resource: &Value) -> Value {
    let (kind, id) = identity(resource);
    json!({ "type": kind, "id": id })
}

fn identifiers(resources: Vec<&Value>) -> Value {
    json!({ "data": resources.into_iter().map(identifier).collect::<Vec<_>>() })
}

/// A receiving address.
fn address(invoice: &Invoice, quote: &Quote) -> Value {
    let asset = quote.due.asset;
    let network = CodedNetwork::of(asset, invoice.owner.environment).map(CodedNetwork::code).unwrap_or_default();
    let chain = network.split(':').next().unwrap_or_default().to_ascii_uppercase();
    json!({
        "id": derived("addresses", &[asset.network.as_str(), &quote.address]),
        "type": "addresses",
        "attributes": {
            "label": format!("{} {chain}", asset.code),
            "value": quote.address,
            "createdAt": moment(quote.made_at),
        },
        "relationships": { "account": not_included(), "network": not_included() },
    })
}

fn pairs(invoice: &Invoice) -> impl Iterator<Item = (&Payment, PaymentStanding)> {
    invoice.payments.iter().zip(invoice.standing.payments.iter().copied())
}

/// The payments that are credited: final, and counting.
fn credits(invoice: &Invoice) -> impl Iterator<Item = Credited<'_>> {
    let is_ended = Triple::of(invoice, &invoice.standing).status == InvoiceStatus::Completed;
    pairs(invoice)
        .filter(move |(payment, standing)| is_ended && standing.counts() && payment.final_since.is_some())
        .map(|(payment, standing)| Credited { payment, standing })
}

/// A payment that is credited.
struct Credited<'a> {
    payment: &'a Payment,
    standing: PaymentStanding,
}

/// The same as two resources.
struct Credit {
    movement: Value,
    transaction: Value,
}

impl Credited<'_> {
    fn shown(&self, invoice: &Invoice, catalog: &Catalog) -> Credit {
        let payment = self.payment;
        let id = derived("transactions", &payment_parts(payment));
        let quote = self.quote(invoice);
        let rate = quote.and_then(|quote| quote.rate.as_ref());
        let billed = match rate {
            Some(rate) => rate.worth(payment.amount()).map(fiat),
            None => Some(coins(payment.amount(), catalog)),
        };
        let movement = json!({
            "id": derived("invoiceTransactions", &payment_parts(payment)),
            "type": "invoiceTransactions",
            "attributes": {
                "amountBilled": billed,
                "billedChargedRate": rate.map_or_else(|| "1.0".to_owned(), |rate| number(rate.value)),
                "billedChargedRateCurrency": billed_currency(&invoice.terms.price),
                "consolidationFee": NO_FEE,
                "targetTransactionFee": NO_FEE,
                "targetTransactionFeeCurrency": payment.asset.code.to_string(),
                "transactionFee": NO_FEE,
                "transactionFeeCurrency": payment.asset.code.to_string(),
            },
            "relationships": {
                "exchangeQuote": { "data": null },
                "invoice": not_included(),
                "txn": { "data": { "type": "transactions", "id": id } },
            },
        });
        let transaction = json!({
            "id": id,
            "type": "transactions",
            "attributes": {
                "amount": coins(payment.amount(), catalog),
                "createdAt": moment(payment.final_since.unwrap_or(payment.recorded_at)),
                "reference": invoice.terms.external_id,
                "simplifiedState": "completed",
                "transactionType": "InvoiceTransaction",
            },
        });
        Credit { movement, transaction }
    }

    /// The quote by which it counts: late money by the rate of the day (B.4.4).
    fn quote<'a>(&'a self, invoice: &'a Invoice) -> Option<&'a Quote> {
        let late = self.payment.current_quote.as_ref().filter(|_| self.standing.timeliness == Timeliness::LateCounted);
        late.or_else(|| invoice.quote_for(self.payment.asset, self.payment.first_seen))
    }
}

/// A transfer on the chain, credited or not.
fn coin_deposit(invoice: &Invoice, payment: &Payment, standing: PaymentStanding) -> Value {
    json!({
        "id": derived("coinTransactions", &[&payment_parts(payment)[..], &[&invoice.id.to_string()]].concat()),
        "type": "coinTransactions",
        "attributes": {
            "accountId": null,
            "amount": payment.amount().to_string(),
            "createdAt": moment(payment.recorded_at),
            "currencyCode": payment.asset.code.to_string(),
            "state": coin_state(standing.status, standing.counts()),
            "txHash": payment.key.transaction,
        },
    })
}

fn payment_parts(payment: &Payment) -> [&str; 3] {
    [payment.key.network.as_str(), &payment.key.transaction, &payment.key.position]
}

/// A moment, always with milliseconds (B.1).
#[must_use]
pub(super) fn moment(at: Timestamp) -> String {
    let moment = jiff::Timestamp::from_millisecond(at.milliseconds()).unwrap_or(jiff::Timestamp::MAX);
    format!("{moment:.3}")
}

/// The name of the network that carries an asset.
pub(super) fn network_name(asset: AssetId, environment: Environment, catalog: &Catalog) -> String {
    let ours = || catalog.network(asset.network).map_or_else(|| asset.network.to_string(), |known| known.name.clone());
    CodedNetwork::of(asset, environment).map_or_else(ours, |network| network.name().to_owned())
}

/// The amount that the merchant asks for.
fn billed(price: &Price, catalog: &Catalog) -> String {
    match price {
        Price::Fiat(amount) => fiat(*amount),
        Price::Asset(amount) => coins(*amount, catalog),
    }
}

fn billed_currency(price: &Price) -> String {
    match price {
        Price::Fiat(amount) => amount.currency.to_string(),
        Price::Asset(amount) => amount.asset.code.to_string(),
    }
}

fn fiat(amount: FiatAmount) -> String {
    amount.to_string()
}

/// An amount with at least the places that a due has in this coin: 6 for USDT.
pub(super) fn coins(amount: Amount, catalog: &Catalog) -> String {
    let places = catalog.asset(amount.asset).map_or(0, farthing_domain::asset::Asset::due_places);
    amount.decimal().to_fixed(places)
}

/// Where the payer returns to once there is nothing more to do on the page. An invoice whose window is over may still be paid,
/// but no longer from here.
#[must_use]
pub fn return_url(invoice: &Invoice) -> Option<String> {
    let said = Said::of(invoice);
    match Triple::of(invoice, &invoice.standing).status {
        InvoiceStatus::Completed => said.success_redirect_url,
        InvoiceStatus::Expired | InvoiceStatus::Cancelled | InvoiceStatus::Rejected => said.unsuccess_redirect_url,
        InvoiceStatus::Pending | InvoiceStatus::Processing => None,
    }
}

/// A rate: at least one digit after the point.
fn number(value: Decimal) -> String {
    value.to_fixed(1)
}
