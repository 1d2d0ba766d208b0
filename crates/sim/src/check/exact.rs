//! Numbers: what was asked for is what is due, and what a rate makes due is rounded up by less than one step.
//!
//! A second opinion: texts are compared as digits, and sums are made of whole numbers without bounds.

use farthing_domain::{invoice::Invoice, price::Price, quote::Quote};
use num_bigint::BigUint;
use serde_json::Value;

/// Whether an invoice's price is the one of the request.
///
/// # Errors
/// With what differs.
pub(crate) fn asked_for(body: &str, invoice: &Invoice) -> Result<(), String> {
    let request: Value = serde_json::from_str(body).map_err(|error| error.to_string())?;
    let text = |name: &str| request.get(name).and_then(Value::as_str).unwrap_or_default();
    let (asked, has) = match invoice.terms.price {
        Price::Asset(amount) => (text("amount"), digits(amount.units, amount.decimals)),
        Price::Fiat(amount) => (text("amount_fiat"), digits(amount.minor, amount.currency.minor_digits())),
    };
    let asked = asked.split_once('.').map_or_else(
        || asked.to_owned(),
        |(whole, part)| format!("{whole}.{}", part.trim_end_matches('0')).trim_end_matches('.').to_owned(),
    );
    if asked == has { Ok(()) } else { Err(format!("exact: {asked} was asked for and {has} is the price")) }
}

/// A number of smallest units as people write it.
fn digits(units: u128, decimals: u8) -> String {
    let text = format!("{units:0>width$}", width = usize::from(decimals).saturating_add(1));
    let (whole, part) = text.split_at_checked(text.len().saturating_sub(usize::from(decimals))).unwrap_or((&text, ""));
    format!("{whole}.{}", part.trim_end_matches('0')).trim_end_matches('.').to_owned()
}

/// Whether what is due in each quote is what the price comes to.
///
/// # Errors
/// With what differs.
pub(crate) fn dues(invoice: &Invoice) -> Result<(), String> {
    invoice.quotes.iter().try_for_each(|quote| due(invoice, quote))
}

fn due(invoice: &Invoice, quote: &Quote) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("exact: {} asks for {} units: {what}", invoice.id, quote.due.units));
    match (&invoice.terms.price, &quote.rate) {
        (Price::Asset(price), None) if *price == quote.due => Ok(()),
        (Price::Asset(_), _) | (Price::Fiat(_), None) => wrong("that is not its price"),
        (Price::Fiat(price), Some(rate)) => {
            let ten = |exponent: u8| BigUint::from(10_u8).pow(u32::from(exponent));
            let worth = |units: u128| {
                BigUint::from(units) * BigUint::from(rate.value.mantissa()) * ten(price.currency.minor_digits())
            };
            let asked = BigUint::from(price.minor) * ten(quote.due.decimals) * ten(rate.value.scale());
            if worth(quote.due.units) < asked {
                return wrong("that is worth less than the price");
            }
            let one_step_less = quote.due.units.saturating_sub(quote.step);
            if one_step_less > 0 && worth(one_step_less) >= asked { wrong("one step less would do") } else { Ok(()) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_written_as_people_do() {
        assert_eq!(digits(1_500_000, 6), "1.5");
        assert_eq!(digits(1, 8), "0.00000001");
        assert_eq!(digits(5_000_000, 6), "5");
        assert_eq!(digits(1_234, 2), "12.34");
        assert_eq!(digits(5_000, 0), "5000");
    }
}
