//! The resources of an invoice's document, as they are written. Fields are declared in alphabetical order, in which the vendor's
//! webhooks have them (B.11).

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// A document of an invoice or of several, with what is included beside them.
#[derive(Debug, Serialize)]
pub struct Document<'a, D> {
    pub(super) data: D,
    pub(super) included: Vec<Included<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) jsonapi: Option<Version>,
    pub(super) meta: &'a Value,
}

/// Which JSON:API it is.
#[derive(Debug, Serialize)]
pub(super) struct Version {
    pub(super) version: &'static str,
}

pub(super) const VERSION: Option<Version> = Some(Version { version: "1.0" });

impl<D: Serialize> Document<'_, D> {
    /// Its bytes as webhooks have them: without `jsonapi` (B.11).
    #[must_use]
    pub fn told(mut self) -> Vec<u8> {
        self.jsonapi = None;
        serde_json::to_vec(&self).unwrap_or_default()
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Resource<A, R> {
    pub(super) attributes: A,
    pub(super) id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) relationships: Option<R>,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
}

impl<A, R> Resource<A, R> {
    pub(super) const fn identifier(&self) -> Identifier {
        Identifier { id: self.id, kind: self.kind }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Identifier {
    pub(super) id: Uuid,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Relationship {
    /// It was not loaded.
    NotLoaded { meta: Loaded },
    /// To one resource, or to none.
    One { data: Option<Identifier> },
    /// To any number of them.
    Many { data: Vec<Identifier> },
}

#[derive(Debug, Serialize)]
pub(super) struct Loaded {
    pub(super) included: bool,
}

pub(super) const NOT_LOADED: Relationship = Relationship::NotLoaded { meta: Loaded { included: false } };

/// What stands beside an invoice.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Included<'a> {
    Address(Box<Resource<AddressAttributes<'a>, AddressRelationships>>),
    Movement(Box<Resource<MovementAttributes, MovementRelationships>>),
    Transaction(Box<Resource<TransactionAttributes<'a>, ()>>),
    CoinDeposit(Box<Resource<CoinDepositAttributes<'a>, ()>>),
}

impl Included<'_> {
    pub(super) const fn identifier(&self) -> Identifier {
        match self {
            Self::Address(resource) => resource.identifier(),
            Self::Movement(resource) => resource.identifier(),
            Self::Transaction(resource) => resource.identifier(),
            Self::CoinDeposit(resource) => resource.identifier(),
        }
    }
}

/// An invoice.
#[derive(Debug, Serialize)]
pub struct InvoiceResource<'a>(pub(super) Resource<InvoiceAttributes<'a>, InvoiceRelationships>);

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InvoiceAttributes<'a> {
    pub(super) amount_billed: String,
    pub(super) amount_charged: Option<String>,
    pub(super) billed_currency: String,
    pub(super) charged_currency: Option<String>,
    pub(super) charged_target_rate: (),
    pub(super) charged_target_rate_currency: (),
    pub(super) created_at: String,
    pub(super) exchange_rate: Option<String>,
    pub(super) expires_at: Option<String>,
    pub(super) hosted_page_url: String,
    pub(super) network: String,
    pub(super) network_name: Option<String>,
    pub(super) payment_methods: [&'static str; 1],
    pub(super) payment_status: &'static str,
    pub(super) reference: Option<&'a str>,
    pub(super) status: &'static str,
    pub(super) status_context: &'static str,
    pub(super) success_redirect_url: Option<String>,
    pub(super) target_account_id: (),
    pub(super) target_amount: (),
    pub(super) target_currency: Option<String>,
    pub(super) unsuccess_redirect_url: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InvoiceRelationships {
    pub(super) address: Relationship,
    pub(super) coin_deposits: Relationship,
    pub(super) invoice_transactions: Relationship,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refund_links: Option<Relationship>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AddressAttributes<'a> {
    pub(super) created_at: String,
    pub(super) label: String,
    pub(super) value: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) struct AddressRelationships {
    pub(super) account: Relationship,
    pub(super) network: Relationship,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MovementAttributes {
    pub(super) amount_billed: Option<String>,
    pub(super) billed_charged_rate: String,
    pub(super) billed_charged_rate_currency: String,
    pub(super) consolidation_fee: &'static str,
    pub(super) target_transaction_fee: &'static str,
    pub(super) target_transaction_fee_currency: String,
    pub(super) transaction_fee: &'static str,
    pub(super) transaction_fee_currency: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MovementRelationships {
    pub(super) exchange_quote: Relationship,
    pub(super) invoice: Relationship,
    pub(super) txn: Relationship,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TransactionAttributes<'a> {
    pub(super) amount: String,
    pub(super) created_at: String,
    pub(super) reference: Option<&'a str>,
    pub(super) simplified_state: &'static str,
    pub(super) transaction_type: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CoinDepositAttributes<'a> {
    pub(super) account_id: (),
    pub(super) amount: String,
    pub(super) created_at: String,
    pub(super) currency_code: String,
    pub(super) state: &'static str,
    pub(super) tx_hash: &'a str,
}
