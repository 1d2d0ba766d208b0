//! Showing invoices and lists as `CoinsPaid` does. Amounts are texts of eight decimals, everywhere.

use super::{
    currencies,
    php_json::Php,
    request::{Said, create::PLACES},
    status::InvoiceStatus,
};
use crate::native::present::{Context, checkout_url};
use farthing_domain::{
    asset::AssetId,
    decimal::{Decimal, power_of_ten},
    invoice::{Choice, Invoice},
    money::Amount,
    price::Price,
    time::Timestamp,
};

/// `{"data": …}`
#[must_use]
pub fn data(data: Php) -> Vec<u8> {
    Php::Object(vec![("data", data)]).bytes()
}

/// An invoice as `invoices/create` answers it (A.8.2).
#[must_use]
pub fn invoice(invoice: &Invoice, context: &Context<'_>, now: Timestamp) -> Php {
    let said = Said::of(invoice);
    let said = said.as_ref();
    let quote = invoice.latest_quote();
    let times = Times::of(invoice);
    let title = said.map(|said| said.title.as_str());
    Php::Object(vec![
        ("id", id(invoice)),
        ("url", Php::text(checkout_url(context.public_url, &invoice.token))),
        ("foreign_id", Php::text_or_null(invoice.terms.external_id.as_deref())),
        ("end_user_reference", Php::text_or_null(said.and_then(|said| said.end_user_reference.as_deref()))),
        ("address", Php::text_or_null(quote.map(|quote| quote.address.as_str()))),
        ("title", Php::text_or_null(title)),
        // What older clients call the title (A.13).
        ("name", Php::text_or_null(title)),
        ("status", Php::text(InvoiceStatus::of(invoice, &invoice.standing).as_str())),
        ("currency", Php::text(currency(invoice, said))),
        ("amount", Php::text(price(invoice))),
        ("sender_currency", Php::text_or_null(sender_currency(invoice, said))),
        ("sender_amount", Php::text_or_null(quote.map(|quote| rounded_up(quote.due)))),
        ("fixed_at", Php::int_or_null(times.fixed_at)),
        ("release_at", Php::int_or_null(times.release_at)),
        ("seconds_left", Php::int_or_null(times.release_at.map(|end| seconds_left(end, now)))),
    ])
}

/// The invoice's number.
pub(super) fn id(invoice: &Invoice) -> Php {
    let number = invoice.terms.foreign.as_ref().and_then(|foreign| foreign.name.parse().ok());
    Php::int_or_null(number)
}

/// When the rate was fixed, and until when it is, in seconds.
pub(super) struct Times {
    pub(super) fixed_at: Option<i64>,
    pub(super) release_at: Option<i64>,
}

impl Times {
    /// The timer runs from creation, or from the choice of a coin on an open invoice (A.8.3).
    pub(super) fn of(invoice: &Invoice) -> Self {
        let fixed = if invoice.terms.is_deferred { invoice.activated_at } else { Some(invoice.created_at) };
        let fixed = fixed.filter(|_| invoice.deadline.is_some());
        let length = fixed.zip(invoice.deadline).map(|(fixed, end)| end.seconds_since(fixed));
        let fixed_at = fixed.map(Timestamp::seconds);
        Self { fixed_at, release_at: fixed_at.zip(length).map(|(from, length)| from.saturating_add(length)) }
    }
}

/// Whole seconds that are left, 0 at the least.
fn seconds_left(end: i64, now: Timestamp) -> i64 {
    Timestamp::from_seconds(end).seconds_since(now).max(0)
}

/// The currency to be credited, by the code that the merchant sent.
pub(super) fn currency(invoice: &Invoice, said: Option<&Said>) -> String {
    match (said, invoice.terms.price) {
        (Some(said), _) => said.currency.clone(),
        (None, Price::Fiat(amount)) => amount.currency.to_string(),
        (None, Price::Asset(amount)) => asset_code(amount.asset),
    }
}

/// The coin that is paid with, once it is known.
fn sender_currency(invoice: &Invoice, said: Option<&Said>) -> Option<String> {
    let fixed = match invoice.terms.choice {
        Choice::Fixed(asset) => Some(asset),
        Choice::Any => None,
    };
    let asset = invoice.latest_quote().map(|quote| quote.due.asset).or(fixed);
    asset.map(|asset| code_said(asset, said))
}

/// An asset's code: the one that the merchant sent for it, where it has several.
pub(super) fn code_said(asset: AssetId, said: Option<&Said>) -> String {
    let sent = said.and_then(|said| {
        let codes = said.sender_currency.iter().chain([&said.currency]);
        codes.into_iter().find(|code| currencies::means(code, asset)).cloned()
    });
    sent.unwrap_or_else(|| asset_code(asset))
}

/// An asset's code; its own where this API has none for it.
#[must_use]
pub fn asset_code(asset: AssetId) -> String {
    currencies::code(asset).map_or_else(|| asset.code.to_string(), str::to_owned)
}

/// The amount that the merchant asks for.
pub(super) fn price(invoice: &Invoice) -> String {
    match invoice.terms.price {
        Price::Fiat(amount) => amount.decimal().to_fixed(PLACES),
        Price::Asset(amount) => rounded_up(amount),
    }
}

/// Eight decimals of what is asked for: rounded up.
#[must_use]
pub fn rounded_up(amount: Amount) -> String {
    eight(amount, true)
}

/// Eight decimals of what was received: rounded down.
#[must_use]
pub fn rounded_down(amount: Amount) -> String {
    eight(amount, false)
}

fn eight(amount: Amount, is_up: bool) -> String {
    let factor = amount.decimals.checked_sub(PLACES).and_then(power_of_ten).unwrap_or(1);
    let whole =
        if is_up { amount.units.div_ceil(factor.max(1)) } else { amount.units.checked_div(factor).unwrap_or_default() };
    Decimal::new(whole, amount.decimals.min(PLACES)).unwrap_or(Decimal::ZERO).to_fixed(PLACES)
}

/// Where the payer returns to: only from an end.
#[must_use]
pub fn return_url(invoice: &Invoice) -> Option<String> {
    let said = Said::of(invoice)?;
    match InvoiceStatus::of(invoice, &invoice.standing) {
        InvoiceStatus::Confirmed => Some(said.url_success),
        InvoiceStatus::Failed => Some(said.url_failed),
        InvoiceStatus::Created | InvoiceStatus::Pending | InvoiceStatus::Processing => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use farthing_domain::catalog::Catalog;

    #[test]
    fn amounts_have_eight_decimals_and_round_to_the_side_that_is_safe() {
        let catalog = Catalog::shipped();
        let eth = catalog.resolve("ETH", Some("ethereum")).unwrap();
        let shown = |text: &str| {
            let amount = Amount::parse(eth, text).unwrap();
            (rounded_up(amount), rounded_down(amount))
        };
        assert_eq!(shown("0.5"), ("0.50000000".to_owned(), "0.50000000".to_owned()));
        assert_eq!(shown("0.123456789"), ("0.12345679".to_owned(), "0.12345678".to_owned()));
        let tron = catalog.resolve("USDT", Some("tron")).unwrap();
        assert_eq!(rounded_up(Amount::parse(tron, "1.5").unwrap()), "1.50000000");
    }
}
