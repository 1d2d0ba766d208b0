//! Showing an invoice as TX.Cash does (A4), and the answer of its payment-address call (A6). Amounts are JSON numbers, made from
//! exact decimals; what the merchant left out is left out.

use super::{coins, request::Said, status::InvoiceStatus};
use crate::{
    callbacks::Around,
    native::{
        moment::rfc3339,
        present::{Context, checkout_url},
    },
};
use farthing_domain::{
    asset::AssetId,
    decimal::Decimal,
    id::Environment,
    invoice::Invoice,
    money::Amount,
    payment::Payment,
    price::Price,
    settle::{Fraction, Money, covered, still_due},
    standing::{PaymentStanding, PaymentStatus},
};
use serde::Serialize;
use serde_json::value::RawValue;

/// Chain id and where its transactions can be looked at; tests of live keys run on the latter two.
const EXPLORERS: [(u64, &str); 4] = [
    (1, "https://etherscan.io/tx/"),
    (137, "https://polygonscan.com/tx/"),
    (11_155_111, "https://sepolia.etherscan.io/tx/"),
    (80_002, "https://amoy.polygonscan.com/tx/"),
];

/// An invoice, in the documented order.
#[derive(Serialize)]
struct InvoiceView<'a> {
    id: &'a str,
    url: String,
    amount: Box<RawValue>,
    paid_amount: Box<RawValue>,
    prices: Vec<PriceView>,
    base_currency: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    account_name: &'a str,
    status: &'static str,
    status_code: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    notify_url: Option<&'a str>,
    /// The vendor's spelling.
    #[serde(skip_serializing_if = "Option::is_none")]
    suceess_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fail_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_on: Option<String>,
    payments: Vec<PaymentView>,
    created_at: String,
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta_data1: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta_data2: Option<String>,
}

/// What an invoice comes to in a coin.
#[derive(Serialize)]
struct PriceView {
    currency: &'static str,
    network: String,
    amount: Box<RawValue>,
}

/// Money that stands on a chain.
#[derive(Serialize)]
struct PaymentView {
    tx_hash: String,
    explorer_url: String,
    amount: Box<RawValue>,
    date: String,
    confirmation: u64,
    /// Ours: the vendor's items do not name the coin.
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<&'static str>,
}

/// Where to pay with a coin.
#[derive(Serialize)]
struct AddressView<'a> {
    invoice_id: &'a str,
    address: &'a str,
    amount: Box<RawValue>,
    currency: &'static str,
}

/// An invoice.
#[must_use]
pub fn invoice(invoice: &Invoice, around: &Around<'_>) -> Vec<u8> {
    let said = Said::of(invoice).unwrap_or_default();
    let status = InvoiceStatus::of(invoice, &invoice.standing);
    let foreign = invoice.terms.foreign.as_ref();
    written(&InvoiceView {
        id: name(invoice),
        url: page(invoice, around.context),
        amount: number(asked(invoice)),
        paid_amount: number(paid(invoice)),
        prices: prices(invoice, around),
        base_currency: match invoice.terms.price {
            Price::Fiat(amount) => amount.currency.to_string(),
            Price::Asset(amount) => amount.asset.code.to_string(),
        },
        name: said.name,
        description: said.description,
        account_name: around.merchant,
        status: status.as_str(),
        status_code: status.code(),
        notify_url: foreign.and_then(|foreign| foreign.callback_url.as_deref()),
        suceess_url: said.success_url,
        fail_url: said.fail_url,
        expires_on: invoice.deadline.map(rfc3339),
        payments: payments(invoice, around.context),
        created_at: rfc3339(invoice.created_at),
        updated_at: rfc3339(invoice.standing.settled_at),
        meta_data1: said.meta_data1,
        meta_data2: said.meta_data2,
    })
}

/// Where to pay with a coin that was quoted, and what is still due in it; `None` for one that was not.
#[must_use]
pub fn payment_address(invoice: &Invoice, asset: AssetId) -> Option<Vec<u8>> {
    let address = invoice.address_for(asset)?;
    let amount = number(still_due(invoice, asset)?.decimal());
    Some(written(&AddressView { invoice_id: name(invoice), address, amount, currency: coins::code(asset)? }))
}

/// Where the payer returns to: only from an end, and nothing is appended (A9).
#[must_use]
pub fn return_url(invoice: &Invoice) -> Option<String> {
    let said = Said::of(invoice)?;
    match InvoiceStatus::of(invoice, &invoice.standing) {
        InvoiceStatus::Paid | InvoiceStatus::OverPaid => said.success_url,
        InvoiceStatus::Expired | InvoiceStatus::Cancelled => said.fail_url,
        InvoiceStatus::Pending | InvoiceStatus::UnderPaid => None,
    }
}

/// What this API calls the invoice.
fn name(invoice: &Invoice) -> &str {
    invoice.terms.foreign.as_ref().map_or("", |foreign| foreign.name.as_str())
}

fn page(invoice: &Invoice, context: &Context<'_>) -> String {
    checkout_url(context.public_url, &invoice.token)
}

fn asked(invoice: &Invoice) -> Decimal {
    match invoice.terms.price {
        Price::Fiat(amount) => amount.decimal(),
        Price::Asset(amount) => amount.decimal(),
    }
}

/// The final fraction of the amount, rounded down to what the currency has.
fn paid(invoice: &Invoice) -> Decimal {
    let price = invoice.terms.price;
    let places = match price {
        Price::Fiat(amount) => amount.currency.minor_digits(),
        Price::Asset(amount) => amount.decimals,
    };
    let paid = covered(invoice, &invoice.standing, Money::Final) * Fraction::from_integer(price.units().into());
    let units = u128::try_from(paid.floor().to_integer()).unwrap_or(u128::MAX);
    Decimal::new(units, places).unwrap_or(Decimal::ZERO)
}

/// What it comes to in each coin that it may be paid with: by the rates that are held, else by today's. What has ended has no
/// price but those that were told to the payer.
fn prices(invoice: &Invoice, around: &Around<'_>) -> Vec<PriceView> {
    let due = |asset: AssetId| {
        if invoice.standing.is_final {
            invoice.quotes.iter().rfind(|quote| quote.due.asset == asset).map(|quote| quote.due)
        } else {
            (around.due)(asset)
        }
    };
    let price = |due: Amount| {
        let (currency, network) = (coins::code(due.asset)?, due.asset.network.to_string());
        Some(PriceView { currency, network, amount: number(due.decimal()) })
    };
    invoice.terms.coins.iter().filter_map(|asset| price(due(*asset)?)).collect()
}

fn payments(invoice: &Invoice, context: &Context<'_>) -> Vec<PaymentView> {
    let pairs = invoice.payments.iter().zip(&invoice.standing.payments);
    let standing = pairs.filter(|(_, standing)| standing.status.stands());
    standing
        .map(|(payment, standing)| PaymentView {
            tx_hash: payment.key.transaction.clone(),
            explorer_url: explorer_url(invoice, payment, context),
            amount: number(payment.amount().decimal()),
            date: rfc3339(payment.first_seen),
            confirmation: confirmations(payment, *standing, context),
            currency: coins::code(payment.asset),
        })
        .collect()
}

/// Where a transaction can be looked at. Nobody else knows the transactions of simulated networks, nor those of chains without
/// an explorer: there it is the invoice's own page.
fn explorer_url(invoice: &Invoice, payment: &Payment, context: &Context<'_>) -> String {
    let hash = &payment.key.transaction;
    let chain_id = context.catalog.network(payment.key.network).and_then(|network| network.chain_id);
    let known = EXPLORERS.iter().find(|(id, _)| Some(*id) == chain_id);
    match known.filter(|_| invoice.owner.environment == Environment::Live) {
        Some((_, explorer)) => format!("{explorer}{hash}"),
        None => format!("{}#{hash}", page(invoice, context)),
    }
}

/// What is final has at least one, also where a finality tag was faster than the count.
fn confirmations(payment: &Payment, standing: PaymentStanding, context: &Context<'_>) -> u64 {
    let counted = (context.heads)(payment.key.network).map_or(0, |head| payment.confirmations(head));
    let is_final = standing.status == PaymentStatus::Confirmed;
    counted.max(u64::from(is_final))
}

/// A JSON number with the decimal's digits.
fn number(decimal: Decimal) -> Box<RawValue> {
    RawValue::from_string(decimal.to_string()).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

fn written(view: &impl Serialize) -> Vec<u8> {
    #[expect(clippy::expect_used, reason = "structs of texts and numbers that were checked cannot fail to serialise")]
    serde_json::to_vec(view).expect("answers serialise")
}
