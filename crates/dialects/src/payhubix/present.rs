//! Showing invoices, shops, balances and transfers as Payhubix does (B5, B10 to B12).
//!
//! Amounts are JSON numbers, written from exact decimals; never from a float. What the API has and this gateway has not is null
//! or its neutral value (B16).

mod shops;
mod wallet;

pub use shops::{ShopDetail, ShopRow, ShopView};
pub use wallet::{AssetsView, Balance, TransferRow, TransferSeen};

use super::{currencies::CurrencyView, request::Said, status::InvoiceStatus};
use crate::native::{
    moment::rfc3339,
    present::{Context, checkout_url},
};
use farthing_domain::{
    asset::{Asset, AssetId},
    catalog::Catalog,
    decimal::Decimal,
    invoice::{Choice, Invoice},
    money::{Amount, FiatAmount},
    price::Price,
    settle::by_coin::{ByCoin, by_coin, price_left},
    time::Timestamp,
};
use serde::Serialize;
use serde_json::value::RawValue;

/// Who pays fees that are nothing (B16).
pub(super) const MERCHANT: &str = "Merchant";

/// What fees are (B16), as a JSON number.
pub(super) const NOTHING: u8 = 0;

/// An exact decimal as a JSON number.
#[must_use]
pub fn number(decimal: Decimal) -> Box<RawValue> {
    RawValue::from_string(decimal.normalised().to_string()).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// A value as JSON.
#[must_use]
pub fn bytes(view: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(view).unwrap_or_default()
}

/// A length of time as `HH:MM`, in minutes that are begun.
pub(super) fn hours_minutes(seconds: i64) -> String {
    let minutes = seconds.max(0).saturating_add(59).div_euclid(60);
    format!("{:02}:{:02}", minutes.div_euclid(60), minutes.rem_euclid(60))
}

/// The address that the page offers to return to: only from an end (B7).
#[must_use]
pub fn return_url(invoice: &Invoice) -> Option<String> {
    let is_final = InvoiceStatus::of(invoice, &invoice.standing).is_final();
    invoice.terms.redirect_url.clone().filter(|_| is_final)
}

/// An invoice as create, detail and the callback show it (B5).
#[derive(Debug, Clone, Serialize)]
pub struct InvoiceView {
    invoice_url: String,
    currency_amount: Box<RawValue>,
    remaining_currency_amount: Box<RawValue>,
    currency_symbol: String,
    link: String,
    transfer_fee_by: &'static str,
    service_fee_by: &'static str,
    service_fee_percent: u8,
    status: &'static str,
    customer_email: Option<String>,
    manual_customer_email: Option<String>,
    created_at: String,
    expire_at: Option<String>,
    pure_expire_time: Option<String>,
    order_id: Option<String>,
    order_description: Option<String>,
    callback_url: Option<String>,
    redirect_url: Option<String>,
    shop: ShopView,
    currencies: Vec<CurrencyView>,
    payments: Vec<PaymentView>,
    selected_payment: Option<PaymentView>,
}

impl InvoiceView {
    /// Shows an invoice as its standing has it.
    #[must_use]
    pub fn of(invoice: &Invoice, context: &Context<'_>, merchant: &str) -> Self {
        let said = Said::of(invoice);
        let status = InvoiceStatus::of(invoice, &invoice.standing);
        let coins = by_coin(invoice);
        let payments: Vec<PaymentView> =
            coins.iter().map(|coin| PaymentView::of(invoice, coin, status, context)).collect();
        let selected = invoice.latest_quote().map(|quote| quote.due.asset);
        let selected = coins.iter().zip(&payments).find(|(coin, _)| Some(coin.due.asset) == selected);
        Self {
            invoice_url: checkout_url(context.public_url, &invoice.token),
            currency_amount: of_price(invoice, invoice.terms.price.units()),
            remaining_currency_amount: of_price(invoice, price_left(invoice)),
            currency_symbol: price_symbol(invoice),
            link: link(invoice),
            transfer_fee_by: MERCHANT,
            service_fee_by: MERCHANT,
            service_fee_percent: NOTHING,
            status: status.as_str(),
            customer_email: invoice.terms.customer_email.clone(),
            manual_customer_email: None,
            created_at: rfc3339(invoice.created_at),
            expire_at: invoice.deadline.map(rfc3339),
            pure_expire_time: between(Some(invoice.created_at), invoice.deadline),
            order_id: invoice.terms.external_id.clone(),
            order_description: invoice.terms.description.clone(),
            callback_url: said.callback_url,
            redirect_url: said.redirect_url,
            shop: ShopView::of(invoice.owner, merchant),
            currencies: offered(invoice, context.catalog)
                .map(|asset| CurrencyView::of(asset, context.catalog, context.public_url))
                .collect(),
            selected_payment: selected.map(|(_, payment)| payment.clone()),
            payments,
        }
    }
}

/// What a row of a list shows of an invoice (B10).
#[derive(Debug, Clone, Serialize)]
pub struct InvoiceRow {
    index: u64,
    link: String,
    invoice_url: String,
    status: &'static str,
    transfer_fee_by: &'static str,
    service_fee_by: &'static str,
    currency_amount: Box<RawValue>,
    remaining_currency_amount: Box<RawValue>,
    currency_symbol: String,
    customer_email: Option<String>,
    created_at: String,
    expire_at: Option<String>,
    order_id: Option<String>,
    order_description: Option<String>,
    shop: ShopView,
}

impl InvoiceRow {
    /// Shows an invoice as the row with a number, from 1.
    #[must_use]
    pub fn of(index: u64, invoice: &Invoice, context: &Context<'_>, merchant: &str) -> Self {
        Self {
            index,
            link: link(invoice),
            invoice_url: checkout_url(context.public_url, &invoice.token),
            status: InvoiceStatus::of(invoice, &invoice.standing).as_str(),
            transfer_fee_by: MERCHANT,
            service_fee_by: MERCHANT,
            currency_amount: of_price(invoice, invoice.terms.price.units()),
            remaining_currency_amount: of_price(invoice, price_left(invoice)),
            currency_symbol: price_symbol(invoice),
            customer_email: invoice.terms.customer_email.clone(),
            created_at: rfc3339(invoice.created_at),
            expire_at: invoice.deadline.map(rfc3339),
            order_id: invoice.terms.external_id.clone(),
            order_description: invoice.terms.description.clone(),
            shop: ShopView::of(invoice.owner, merchant),
        }
    }
}

/// The payment in one coin (B5, B9). Fees are nothing, so what is asked for at first is what is needed in the end.
#[derive(Debug, Clone, Serialize)]
struct PaymentView {
    currency_amount: Box<RawValue>,
    remaining_currency_amount: Box<RawValue>,
    transfer_fee: u8,
    service_fee: u8,
    ratio: Option<Box<RawValue>>,
    crypto_amount: Box<RawValue>,
    final_crypto_amount: Box<RawValue>,
    received_crypto_amount: Box<RawValue>,
    remaining_crypto_amount: Box<RawValue>,
    memo: Option<String>,
    address: String,
    status: &'static str,
    created_at: String,
    expire_time: Option<String>,
    pure_expire_time: Option<String>,
    selected_currency: Option<CurrencyView>,
    transactions: Vec<TransactionView>,
}

#[derive(Debug, Clone, Serialize)]
struct TransactionView {
    tx_hash: String,
    /// Null: no explorer is configured.
    scanner_link: Option<String>,
}

impl PaymentView {
    fn of(invoice: &Invoice, coin: &ByCoin<'_>, status: InvoiceStatus, context: &Context<'_>) -> Self {
        let asset = coin.due.asset;
        let amount = |amount: Amount| number(amount.decimal());
        let transactions = invoice.payments.iter().filter(|payment| payment.asset == asset && payment.stands());
        let shown = |payment: &farthing_domain::payment::Payment| TransactionView {
            tx_hash: payment.key.transaction.clone(),
            scanner_link: None,
        };
        let currency = context.catalog.asset(asset);
        Self {
            currency_amount: of_price(invoice, coin.price),
            remaining_currency_amount: of_price(invoice, coin.price_left.min(coin.price)),
            transfer_fee: NOTHING,
            service_fee: NOTHING,
            ratio: coin.quote.rate.as_ref().map(|rate| number(rate.value)),
            crypto_amount: amount(coin.due),
            final_crypto_amount: amount(coin.needed()),
            received_crypto_amount: amount(coin.received),
            remaining_crypto_amount: amount(coin.left),
            memo: None,
            address: coin.quote.address.clone(),
            status: InvoiceStatus::of_payment(status, coin).as_str(),
            created_at: rfc3339(coin.chosen_at),
            expire_time: coin.quote.ends_at.map(rfc3339),
            pure_expire_time: between(Some(coin.quote.made_at), coin.quote.ends_at),
            selected_currency: currency.map(|asset| CurrencyView::of(asset, context.catalog, context.public_url)),
            transactions: transactions.map(shown).collect(),
        }
    }
}

/// What an invoice is called here.
pub(super) fn link(invoice: &Invoice) -> String {
    invoice.terms.foreign.as_ref().map(|foreign| foreign.name.clone()).unwrap_or_default()
}

fn between(from: Option<Timestamp>, to: Option<Timestamp>) -> Option<String> {
    // A window ends whole seconds after it began.
    from.zip(to).map(|(from, to)| hours_minutes(to.seconds_since(from)))
}

/// So many of the price's smallest units.
fn of_price(invoice: &Invoice, units: u128) -> Box<RawValue> {
    number(match invoice.terms.price {
        Price::Fiat(price) => FiatAmount { minor: units, ..price }.decimal(),
        Price::Asset(price) => Amount { units, ..price }.decimal(),
    })
}

fn price_symbol(invoice: &Invoice) -> String {
    match invoice.terms.price {
        Price::Fiat(price) => price.currency.to_string(),
        Price::Asset(price) => price.asset.code.to_string(),
    }
}

/// What it may be paid with.
fn offered<'c>(invoice: &'c Invoice, catalog: &'c Catalog) -> impl Iterator<Item = &'c Asset> {
    let is_offered = |asset: AssetId| match invoice.terms.choice {
        Choice::Fixed(fixed) => fixed == asset,
        Choice::Any => invoice.terms.offers(asset),
    };
    catalog.assets().iter().filter(move |asset| is_offered(asset.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact_and_lengths_are_hours_and_minutes() {
        assert_eq!(number("35.10".parse().unwrap()).get(), "35.1");
        assert_eq!(number("0.000000000000000001".parse().unwrap()).get(), "0.000000000000000001");
        assert_eq!(hours_minutes(7200), "02:00");
        assert_eq!(hours_minutes(60), "00:01");
        assert_eq!(hours_minutes(61), "00:02");
        assert_eq!(hours_minutes(359_940), "99:59");
    }
}
