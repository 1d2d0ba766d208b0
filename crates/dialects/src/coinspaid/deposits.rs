//! Permanent addresses of `CoinsPaid`'s API, and what it tells of a deposit to one (A.5, A.9.5).

use super::{
    currencies,
    errors::{Errors, Fault},
    php_json::Php,
    present::asset_code,
    request::{create::sender, fields, optional, reference},
};
use farthing_domain::{
    asset::{Asset, AssetId},
    catalog::Catalog,
    invoice::{Foreign, Invoice},
    standing::{Standing, Status},
    static_address::StaticAddress,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What the request said of an address, kept with it and with the invoice of each deposit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaidOfAddress {
    /// The merchant's tag for the address.
    pub foreign_id: String,
    /// The coin, by the code that was sent.
    pub currency: String,
    /// What deposits were asked to become: only the coin itself is accepted.
    pub convert_to: Option<String>,
    /// The merchant's id of the payer.
    pub end_user_reference: Option<String>,
    /// Who the payer is (A.10): kept as it was sent, and never looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
}

impl SaidOfAddress {
    /// What was said of the address that a deposit came to; `None` of an invoice that is no deposit.
    #[must_use]
    pub fn of(invoice: &Invoice) -> Option<Self> {
        Self::read(invoice.terms.foreign.as_ref()?)
    }

    fn read(foreign: &Foreign) -> Option<Self> {
        serde_json::from_str(&foreign.said).ok()
    }
}

/// An address that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakeAddress {
    /// The coin.
    pub asset: AssetId,
    /// What is to be echoed.
    pub said: SaidOfAddress,
}

/// Why there is no address to take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotTaken {
    /// The body cannot be read.
    Fault(Fault),
    /// Fields are wrong.
    Errors(Errors),
}

impl TakeAddress {
    /// Reads `addresses/take`. Money stays what it was paid in, so nothing can be converted.
    ///
    /// # Errors
    /// What is wrong with it, every field at once.
    pub fn parse(body: &[u8], catalog: &Catalog) -> Result<Self, NotTaken> {
        let fields = fields(body).map_err(NotTaken::Fault)?;
        let mut errors = Errors::default();
        let foreign_id = reference(&fields, "foreign_id", &mut errors);
        let currency = optional(&fields, "currency", &mut errors).map(|code| code.to_ascii_uppercase());
        let convert_to = optional(&fields, "convert_to", &mut errors).map(|code| code.to_ascii_uppercase());
        let end_user_reference = reference(&fields, "end_user_reference", &mut errors);
        if foreign_id.is_none() {
            errors.required("foreign_id");
        }
        let asset = match currency.as_deref() {
            None => {
                errors.required("currency");
                None
            }
            Some(code) => {
                let found = currencies::asset(code, catalog);
                if found.is_none() {
                    errors.selected("currency");
                }
                found
            }
        };
        if convert_to.as_deref().is_some_and(|code| currencies::asset(code, catalog) != asset) {
            errors.add("convert_to", "Exchange is unavailable for given currencies");
        }
        match (asset, foreign_id, currency) {
            (Some(Asset { id, .. }), Some(foreign_id), Some(currency)) if errors.is_empty() => {
                let said =
                    SaidOfAddress { foreign_id, currency, convert_to, end_user_reference, sender: sender(&fields) };
                Ok(Self { asset: *id, said })
            }
            _ => Err(NotTaken::Errors(errors)),
        }
    }
}

/// An address as `addresses/take` answers it; `None` of an address that another API took.
#[must_use]
pub fn address(address: &StaticAddress, number: u32) -> Option<Php> {
    let foreign: Foreign = serde_json::from_str(&address.extras).ok()?;
    let said = SaidOfAddress::read(&foreign)?;
    let mut members = vec![("id", Php::Int(number.into())), ("currency", Php::text(said.currency))];
    if let Some(convert_to) = said.convert_to {
        members.push(("convert_to", Php::text(convert_to)));
    }
    members.extend([
        ("address", Php::text(address.address.as_str())),
        ("tag", Php::Null),
        ("foreign_id", Php::text(said.foreign_id)),
        ("end_user_reference", Php::text_or_null(said.end_user_reference)),
    ]);
    Some(Php::Object(members))
}

/// A deposit's status (A.9.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DepositStatus {
    /// Seen, not safe.
    NotConfirmed,
    /// Safe.
    Confirmed,
    /// Gone: a double spend, or a block that was lost.
    Cancelled,
}

impl DepositStatus {
    /// What a deposit's standing comes to in this API.
    #[must_use]
    pub const fn of(standing: &Standing) -> Self {
        match standing.status {
            Status::Pending | Status::Confirming | Status::Draft => Self::NotConfirmed,
            Status::Paid | Status::Overpaid | Status::Underpaid => Self::Confirmed,
            Status::Expired | Status::DraftExpired | Status::Cancelled | Status::Invalid => Self::Cancelled,
        }
    }

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotConfirmed => "not_confirmed",
            Self::Confirmed => "confirmed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Why it is cancelled, in our own words; empty for one that is not.
    #[must_use]
    pub const fn error(self) -> &'static str {
        match self {
            Self::NotConfirmed | Self::Confirmed => "",
            Self::Cancelled => "Transaction was cancelled.",
        }
    }
}

impl fmt::Display for DepositStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The coin of a deposit: by the code that its address was asked for with, where it is that coin.
pub(super) fn code(invoice: &Invoice, asset: AssetId) -> String {
    let said = SaidOfAddress::of(invoice).map(|said| said.currency);
    said.filter(|code| currencies::means(code, asset)).unwrap_or_else(|| asset_code(asset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_10_who_pays_is_kept_with_the_address() {
        let body = br#"{"foreign_id":"u","currency":"BTC","sender_type":"legal"}"#;
        let taken = TakeAddress::parse(body, &Catalog::shipped()).unwrap();
        assert_eq!(taken.said.sender.as_deref(), Some(r#"{"sender_type":"legal"}"#));
        let kept = serde_json::to_string(&taken.said).unwrap();
        assert_eq!(serde_json::from_str::<SaidOfAddress>(&kept).unwrap(), taken.said);
    }
}
