//! Showing invoices as txn.pro does: documents of JSON:API 1.0 (B.4.2, B.4.3). Amounts and rates are texts, everywhere.
//!
//! What an invoice's document is written from is in `resources`; the documents of what is asked for seldom are built as values.

mod resources;

pub use resources::{Document, InvoiceResource};

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
use resources::{
    AddressAttributes, AddressRelationships, CoinDepositAttributes, Included, InvoiceAttributes, InvoiceRelationships,
    MovementAttributes, MovementRelationships, NOT_LOADED, Relationship, Resource, TransactionAttributes, VERSION,
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::LazyLock};

/// What a gateway without private keys takes (B.14).
pub(super) const NO_FEE: &str = "0.0";

/// Nothing to say beside a document.
static NO_META: LazyLock<Value> = LazyLock::new(|| json!({}));

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
pub fn invoice<'a>(invoice: &'a Invoice, context: &Context<'_>, detail: Detail) -> Document<'a, InvoiceResource<'a>> {
    let (data, included) = resources(invoice, context, detail);
    Document { data, included, jsonapi: VERSION, meta: &NO_META }
}

/// A part of the list of invoices. What is included is in it once.
#[must_use]
pub fn invoices<'a>(
    list: &'a [Invoice],
    context: &Context<'_>,
    meta: &'a Value,
) -> Document<'a, Vec<InvoiceResource<'a>>> {
    let shown = list.iter().map(|invoice| resources(invoice, context, Detail::Whole));
    let (data, included): (Vec<_>, Vec<_>) = shown.unzip();
    let mut known = BTreeSet::new();
    let once = included.into_iter().flatten().filter(|resource| known.insert(resource.identifier()));
    Document { data, included: once.collect(), jsonapi: VERSION, meta }
}

/// An invoice, and what is included beside it.
fn resources<'a>(
    invoice: &'a Invoice,
    context: &Context<'_>,
    detail: Detail,
) -> (InvoiceResource<'a>, Vec<Included<'a>>) {
    let triple = Triple::of(invoice, &invoice.standing);
    let address = invoice.latest_quote().map(|quote| address(invoice, quote));
    let to_address = Relationship::One { data: address.as_ref().map(Included::identifier) };
    let mut included: Vec<Included<'a>> = address.into_iter().collect();
    let relationships = match detail {
        Detail::Created => InvoiceRelationships {
            address: to_address,
            coin_deposits: NOT_LOADED,
            invoice_transactions: NOT_LOADED,
            refund_links: None,
        },
        Detail::Whole => {
            let mut to_movements = Vec::new();
            for credited in credits(invoice, &triple) {
                let [movement, transaction] = credited.shown(invoice, context.catalog);
                to_movements.push(movement.identifier());
                included.extend([movement, transaction]);
            }
            let deposits = pairs(invoice).map(|(payment, standing)| coin_deposit(invoice, payment, standing));
            let deposits: Vec<Included<'a>> = deposits.collect();
            let to_deposits = deposits.iter().map(Included::identifier).collect();
            included.extend(deposits);
            InvoiceRelationships {
                address: to_address,
                coin_deposits: Relationship::Many { data: to_deposits },
                invoice_transactions: Relationship::Many { data: to_movements },
                refund_links: Some(Relationship::Many { data: Vec::new() }),
            }
        }
    };
    let resource = Resource {
        attributes: attributes(invoice, &triple, context),
        id: invoice.id.0,
        relationships: Some(relationships),
        kind: "invoices",
    };
    (InvoiceResource(resource), included)
}

fn attributes<'a>(invoice: &'a Invoice, triple: &Triple, context: &Context<'_>) -> InvoiceAttributes<'a> {
    let said = Said::of(invoice);
    let quote = invoice.latest_quote();
    let charged = quote.map(|quote| quote.due.asset);
    InvoiceAttributes {
        amount_billed: billed(&invoice.terms.price, context.catalog),
        amount_charged: quote.map(|quote| coins(quote.due, context.catalog)),
        billed_currency: billed_currency(&invoice.terms.price),
        charged_currency: charged.map(|asset| asset.code.to_string()),
        charged_target_rate: (),
        charged_target_rate_currency: (),
        created_at: moment(invoice.created_at),
        exchange_rate: quote
            .map(|quote| quote.rate.as_ref().map_or_else(|| "1.0".to_owned(), |rate| number(rate.value))),
        expires_at: invoice.deadline.map(moment),
        hosted_page_url: checkout_url(context.public_url, &invoice.token),
        network: said.network,
        network_name: charged.map(|asset| network_name(asset, invoice.owner.environment, context.catalog)),
        payment_methods: ["on_chain"],
        payment_status: triple.payment,
        reference: invoice.terms.external_id.as_deref(),
        status: triple.status.as_str(),
        status_context: triple.context,
        success_redirect_url: said.success_redirect_url,
        target_account_id: (),
        target_amount: (),
        target_currency: said.target_currency,
        unsuccess_redirect_url: said.unsuccess_redirect_url,
    }
}

/// A receiving address.
fn address<'a>(invoice: &Invoice, quote: &'a Quote) -> Included<'a> {
    let asset = quote.due.asset;
    let network = CodedNetwork::of(asset, invoice.owner.environment).map(CodedNetwork::code).unwrap_or_default();
    let chain = network.split(':').next().unwrap_or_default().to_ascii_uppercase();
    Included::Address(Box::new(Resource {
        attributes: AddressAttributes {
            created_at: moment(quote.made_at),
            label: format!("{} {chain}", asset.code),
            value: &quote.address,
        },
        id: derived("addresses", &[asset.network.as_str(), &quote.address]),
        relationships: Some(AddressRelationships { account: NOT_LOADED, network: NOT_LOADED }),
        kind: "addresses",
    }))
}

fn pairs(invoice: &Invoice) -> impl Iterator<Item = (&Payment, PaymentStanding)> {
    invoice.payments.iter().zip(invoice.standing.payments.iter().copied())
}

/// The payments that are credited: final, and counting.
fn credits<'a>(invoice: &'a Invoice, triple: &Triple) -> impl Iterator<Item = Credited<'a>> {
    let is_ended = triple.status == InvoiceStatus::Completed;
    pairs(invoice)
        .filter(move |(payment, standing)| is_ended && standing.counts() && payment.final_since.is_some())
        .map(|(payment, standing)| Credited { payment, standing })
}

/// A payment that is credited.
struct Credited<'a> {
    payment: &'a Payment,
    standing: PaymentStanding,
}

impl<'a> Credited<'a> {
    /// As two resources: what it came to, and the transaction of the account.
    fn shown(&self, invoice: &'a Invoice, catalog: &Catalog) -> [Included<'a>; 2] {
        let payment = self.payment;
        let id = derived("transactions", &payment_parts(payment));
        let rate = self.quote(invoice).and_then(|quote| quote.rate.as_ref());
        let transaction = Resource {
            attributes: TransactionAttributes {
                amount: coins(payment.amount(), catalog),
                created_at: moment(payment.final_since.unwrap_or(payment.recorded_at)),
                reference: invoice.terms.external_id.as_deref(),
                simplified_state: "completed",
                transaction_type: "InvoiceTransaction",
            },
            id,
            relationships: None,
            kind: "transactions",
        };
        let movement = Resource {
            attributes: MovementAttributes {
                amount_billed: match rate {
                    Some(rate) => rate.worth(payment.amount()).map(fiat),
                    None => Some(coins(payment.amount(), catalog)),
                },
                billed_charged_rate: rate.map_or_else(|| "1.0".to_owned(), |rate| number(rate.value)),
                billed_charged_rate_currency: billed_currency(&invoice.terms.price),
                consolidation_fee: NO_FEE,
                target_transaction_fee: NO_FEE,
                target_transaction_fee_currency: payment.asset.code.to_string(),
                transaction_fee: NO_FEE,
                transaction_fee_currency: payment.asset.code.to_string(),
            },
            id: derived("invoiceTransactions", &payment_parts(payment)),
            relationships: Some(MovementRelationships {
                exchange_quote: Relationship::One { data: None },
                invoice: NOT_LOADED,
                txn: Relationship::One { data: Some(transaction.identifier()) },
            }),
            kind: "invoiceTransactions",
        };
        [Included::Movement(Box::new(movement)), Included::Transaction(Box::new(transaction))]
    }

    /// The quote by which it counts: late money by the rate of the day (B.4.4).
    fn quote(&self, invoice: &'a Invoice) -> Option<&'a Quote> {
        let late = self.payment.current_quote.as_ref().filter(|_| self.standing.timeliness == Timeliness::LateCounted);
        late.or_else(|| invoice.quote_for(self.payment.asset, self.payment.first_seen))
    }
}

/// A transfer on the chain, credited or not.
fn coin_deposit<'a>(invoice: &Invoice, payment: &'a Payment, standing: PaymentStanding) -> Included<'a> {
    Included::CoinDeposit(Box::new(Resource {
        attributes: CoinDepositAttributes {
            account_id: (),
            amount: payment.amount().to_string(),
            created_at: moment(payment.recorded_at),
            currency_code: payment.asset.code.to_string(),
            state: coin_state(standing.status, standing.counts()),
            tx_hash: &payment.key.transaction,
        },
        id: derived("coinTransactions", &[&payment_parts(payment)[..], &[&invoice.id.to_string()]].concat()),
        relationships: None,
        kind: "coinTransactions",
    }))
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
