//! The smallest and the largest amount of an invoice, by its billed currency (B.4.8).

use super::errors::Errors;
use farthing_domain::decimal::Decimal;

/// Currency, smallest, largest. Currencies that are not documented have no limits.
const LIMITS: [(&str, &str, &str); 18] = [
    ("EUR", "10", "100000"),
    ("USD", "10", "100000"),
    ("CAD", "14", "140000"),
    ("TRY", "400", "4000000"),
    ("CNY", "50", "500000"),
    ("INR", "800", "8500000"),
    ("BRL", "50", "560000"),
    ("CLP", "10000", "9400000"),
    ("USDT", "1", "100000"),
    ("USDC", "1", "100000"),
    ("ETH", "0.001", "40"),
    ("POL", "1", "400000"),
    ("TRX", "1", "350000"),
    ("LINK", "0.5", "6500"),
    ("XRP", "0.1", "40000"),
    ("BTC", "0.00001", "1"),
    ("LTC", "0.05", "1000"),
    ("BCH", "0.03", "250"),
];

/// Currencies that are documented for billing, whether or not anything can be paid for them.
pub(super) const FIATS: [&str; 8] = ["EUR", "USD", "CAD", "TRY", "CNY", "INR", "BRL", "CLP"];

/// Says what is wrong with an amount. `places` are those that limits are shown to.
pub(super) fn check(currency: &str, amount: Decimal, places: u8, errors: &mut Errors) {
    let Some((_, smallest, largest)) = LIMITS.iter().find(|(known, _, _)| *known == currency) else {
        if amount.is_zero() {
            errors.invalid("amountBilled", "must be greater than 0");
        }
        return;
    };
    let (Ok(smallest), Ok(largest)) = (smallest.parse::<Decimal>(), largest.parse::<Decimal>()) else { return };
    let shown = amount.to_fixed(1);
    if amount < smallest {
        let detail = format!("amount: {shown}, minimum: {}", smallest.to_fixed(places.min(2)));
        errors.beyond_limit("amount_below_minimum", "amount is below minimum", detail);
    } else if amount > largest {
        let detail = format!("amount: {shown}, maximum: {}", largest.to_fixed(places.min(2)));
        errors.beyond_limit("amount_above_maximum", "amount is above maximum", detail);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(currency: &str, amount: &str, places: u8) -> String {
        let mut errors = Errors::default();
        check(currency, amount.parse().unwrap(), places, &mut errors);
        String::from_utf8(errors.body()).unwrap()
    }

    #[test]
    fn b_4_8_every_limit_is_inside_and_beyond_it_is_refused() {
        for (currency, smallest, largest) in LIMITS {
            assert_eq!(told(currency, smallest, 2), r#"{"errors":[]}"#, "{currency}");
            assert_eq!(told(currency, largest, 2), r#"{"errors":[]}"#, "{currency}");
            assert!(told(currency, "0.000001", 2).contains("amount_below_minimum"), "{currency}");
            assert!(told(currency, &format!("{largest}.01"), 2).contains("amount_above_maximum"), "{currency}");
        }
    }

    #[test]
    fn b_2_the_details_have_the_documented_form() {
        assert!(told("USD", "5", 2).contains(r#""amount: 5.0, minimum: 10.00""#));
        assert!(told("EUR", "500000", 2).contains(r#""amount: 500000.0, maximum: 100000.00""#));
        assert!(told("BTC", "0.000001", 8).contains(r#""amount: 0.000001, minimum: 0.00001""#));
        assert!(told("GBP", "0", 2).contains("greater than 0"));
    }
}
