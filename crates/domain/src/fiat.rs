//! Fiat currencies: ISO 4217 codes and their minor digits.

use alloc::borrow::Cow;
use core::{fmt, str::FromStr};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Currencies by their minor digits (ISO 4217, list one).
const WITHOUT_MINOR: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";
const WITH_TWO: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW ZWG";
const WITH_THREE: &str = "BHD IQD JOD KWD LYD OMR TND";

/// The fifteen that the native API prices in (contract, section 4.1).
pub const NATIVE: [&str; 15] =
    ["USD", "EUR", "GBP", "JPY", "AUD", "CAD", "CHF", "NZD", "SEK", "NOK", "DKK", "SGD", "HKD", "INR", "BRL"];

/// A text that is no ISO 4217 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not an ISO 4217 currency code")]
pub struct UnknownFiat;

/// A fiat currency.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fiat {
    code: [u8; 3],
    minor_digits: u8,
}

impl Fiat {
    /// The US dollar, through which rates cross.
    pub const USD: Self = Self { code: *b"USD", minor_digits: 2 };

    /// The code: `EUR`.
    #[must_use]
    pub fn code(&self) -> &str {
        core::str::from_utf8(&self.code).unwrap_or_default()
    }

    /// Digits after the point of the currency's smallest unit: 2 for USD, 0 for JPY, 3 for KWD.
    #[must_use]
    pub const fn minor_digits(self) -> u8 {
        self.minor_digits
    }
}

impl FromStr for Fiat {
    type Err = UnknownFiat;
    fn from_str(text: &str) -> Result<Self, UnknownFiat> {
        let code: [u8; 3] = text.as_bytes().try_into().map_err(|_| UnknownFiat)?;
        let among = |list: &str| list.as_bytes().chunks(4).any(|known| known.get(..3) == Some(&code));
        let minor_digits = [(WITH_TWO, 2), (WITHOUT_MINOR, 0), (WITH_THREE, 3)]
            .into_iter()
            .find_map(|(list, digits)| among(list).then_some(digits))
            .ok_or(UnknownFiat)?;
        Ok(Self { code, minor_digits })
    }
}

impl fmt::Display for Fiat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Fiat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Fiat {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Fiat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <Cow<'de, str>>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minor_digits_are_the_currency_s_own() {
        for (code, digits) in [("USD", 2), ("JPY", 0), ("KWD", 3)] {
            assert_eq!(code.parse::<Fiat>().unwrap().minor_digits(), digits, "{code}");
        }
        assert!(NATIVE.iter().all(|code| code.parse::<Fiat>().is_ok()));
        assert_eq!("USD".parse::<Fiat>().unwrap(), Fiat::USD);
    }

    #[test]
    fn other_texts_are_no_currency() {
        for text in ["", "usd", "US", "USDT", "XXX", "U D", "€"] {
            assert_eq!(text.parse::<Fiat>(), Err(UnknownFiat), "{text:?}");
        }
    }
}
