//! Showing an invoice as the native API does: every field of the contract, section 5, in the documented order, always present.
//!
//! It names things; what an invoice's status is was decided by the domain.

use farthing_domain::{
    asset::AssetId,
    catalog::Catalog,
    invoice::{Choice, Invoice, Source},
    money::Amount,
    name::NetworkId,
    payment::Payment,
    price::Price,
    settle::{Money, received_in},
    standing::{PaymentStanding, PaymentStatus},
};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::moment::rfc3339;

/// What showing an invoice needs beside it.
pub struct Context<'a> {
    /// The address of this server as payers reach it: `https://pay.shop.example`.
    pub public_url: &'a str,
    /// The networks and assets of the invoice's environment.
    pub catalog: &'a Catalog,
    /// The height of a network's head; `None` while it is not known.
    pub heads: &'a dyn Fn(NetworkId) -> Option<u64>,
    /// After how many confirmations money is final on a network; `None` for a network that is not configured any more, whose
    /// count is then the catalogue's.
    pub required_confirmations: &'a dyn Fn(NetworkId) -> Option<u32>,
}

impl core::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Context").field("public_url", &self.public_url).finish_non_exhaustive()
    }
}

impl Context<'_> {
    fn required(&self, network: NetworkId) -> u64 {
        let shipped = || self.catalog.network(network).map(|network| network.confirmations);
        u64::from((self.required_confirmations)(network).or_else(shipped).unwrap_or(1))
    }
}

/// An invoice. Fields are null where they do not apply, and never missing.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Invoice)]
pub struct InvoiceView {
    /// The invoice's id.
    #[schema(format = "uuid", example = "0197f6a2-c1d2-7b7e-8a51-3b2f3a6f9b10")]
    pub id: String,
    /// Whose it is.
    #[schema(format = "uuid", example = "0197f69f-02aa-7d1c-9a43-0d5a1d6b7c55")]
    pub merchant_id: String,
    /// The currency to pay in: of the latest quote, or the one it is locked to. Null while the payer has not chosen.
    #[schema(required = true, example = "BTC")]
    pub currency: Option<String>,
    /// The network to pay on.
    #[schema(required = true, example = "bitcoin")]
    pub network: Option<String>,
    /// What is asked for, in `currency`. Null while a fiat price has no rate yet.
    #[schema(required = true, example = "0.0015")]
    pub amount_requested: Option<String>,
    /// Final money received, in `currency`; money in another accepted currency counts by the quotes, rounded down.
    #[schema(example = "0")]
    pub amount_paid: String,
    /// Legacy: the price where it is in US dollars.
    #[schema(required = true, example = json!(null))]
    pub amount_usd: Option<String>,
    /// The price where it is in fiat money.
    #[schema(required = true, example = json!(null))]
    pub amount_fiat: Option<String>,
    /// Null: merchants have no reporting currency.
    #[schema(required = true, example = json!(null))]
    pub amount_in_base_currency: Option<String>,
    /// The fiat price's currency.
    #[schema(required = true, example = json!(null))]
    pub fiat_currency: Option<String>,
    /// `draft`, `pending`, `confirming`, `paid`, `overpaid`, `underpaid`, `expired`, `draft_expired`, `cancelled` or `invalid`.
    #[schema(example = "pending")]
    pub status: String,
    /// `live` or `test`: the key that made it decides.
    #[schema(example = "test")]
    pub environment: String,
    /// Where to pay. Null until a currency is chosen.
    #[schema(required = true, example = "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx")]
    pub deposit_address: Option<String>,
    /// Null: no supported network needs a tag or memo.
    #[schema(required = true, example = json!(null))]
    pub deposit_address_tag: Option<String>,
    /// What is being paid for.
    #[schema(required = true, example = "Order 1042")]
    pub description: Option<String>,
    /// The merchant's own reference.
    #[schema(required = true, example = "order-1042")]
    pub external_id: Option<String>,
    /// The key under which a repeated creation answers this invoice.
    #[schema(required = true, example = "order-1042-1")]
    pub idempotency_key: Option<String>,
    /// The merchant's own object.
    #[schema(value_type = Object, example = json!({ "cart": "9f1c" }))]
    pub metadata: Box<RawValue>,
    /// Where the payer returns to.
    #[schema(required = true, format = "uri", example = "https://shop.example/orders/1042")]
    pub redirect_url: Option<String>,
    /// `api`, `static_address`, or the name of another API that made it.
    #[schema(example = "api")]
    pub source: String,
    /// The permanent address that it is a deposit to.
    #[schema(required = true, format = "uuid", example = json!(null))]
    pub static_address_id: Option<String>,
    /// The payer's page, in the language that the browser prefers. With `?lang=` and one of `en`, `de`, `es`, `fr`, `pt`, `ar` added
    /// it is in that one.
    #[schema(format = "uri", example = "https://pay.shop.example/pay/3kTmX0h3p9v1QzjN2sW8yA")]
    pub checkout_url: String,
    /// What chains showed on its addresses, in the order of recording.
    pub payments: Vec<PaymentView>,
    /// When the payment window ends. Null before it starts.
    #[schema(required = true, format = DateTime, example = "2026-03-01T12:30:00Z")]
    pub expires_at: Option<String>,
    /// When it became paid.
    #[schema(required = true, format = DateTime, example = json!(null))]
    pub paid_at: Option<String>,
    /// When it was created.
    #[schema(format = DateTime, example = "2026-03-01T12:00:00Z")]
    pub created_at: String,
    /// Whether it began as a draft.
    #[schema(example = false)]
    pub is_deferred: bool,
    /// Until when a draft waits to be activated.
    #[schema(required = true, format = DateTime, example = json!(null))]
    pub draft_expires_at: Option<String>,
    /// When the draft was first activated.
    #[schema(required = true, format = DateTime, example = json!(null))]
    pub activated_at: Option<String>,
    /// How often a currency was chosen.
    #[schema(example = 0)]
    pub activation_count: u32,
    /// Whether it is priced in fiat and locked to one currency and network.
    #[schema(example = false)]
    pub is_locked_fiat: bool,
    /// Always `passthrough`: money stays what it was paid in.
    #[schema(value_type = String, example = "passthrough")]
    pub target_settlement_asset: &'static str,
    /// Null under passthrough.
    #[schema(required = true, example = json!(null))]
    pub settlement_target_currency: Option<String>,
    /// Null under passthrough.
    #[schema(required = true, example = json!(null))]
    pub settlement_target_network: Option<String>,
    /// The payer's e-mail address as the merchant gave it.
    #[schema(required = true, format = "email", example = json!(null))]
    pub payer_email: Option<String>,
    /// When a payment request was mailed.
    #[schema(required = true, format = DateTime, example = json!(null))]
    pub sent_at: Option<String>,
}

/// A transfer to an address of an invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Payment)]
pub struct PaymentView {
    /// The transaction's hash or signature.
    #[schema(example = "0e3e2357e806b6cdb1f70b54c3a3a17b6714ee1f0e68bebb44a74b1efd512098")]
    pub tx_hash: String,
    /// How much moved, in `currency`.
    #[schema(example = "0.0015")]
    pub amount: String,
    /// How many blocks deep it is; 0 in the mempool.
    #[schema(example = 1)]
    pub confirmations: u64,
    /// After how many it usually is final; `status` is the truth.
    #[schema(example = 2)]
    pub required_confirmations: u64,
    /// `detected`, `confirming`, `confirmed`, `reversed` or `rejected`.
    #[schema(value_type = String, example = "confirming")]
    pub status: &'static str,
    /// When it was first seen anywhere.
    #[schema(format = DateTime, example = "2026-03-01T12:04:10Z")]
    pub detected_at: String,
    /// Null under passthrough.
    #[schema(required = true, value_type = Option<SettlementConversion>, example = json!(null))]
    pub settlement_conversion: Option<SettlementConversion>,
    /// The currency that moved.
    #[schema(example = "BTC")]
    pub currency: String,
    /// The network it moved on.
    #[schema(example = "bitcoin")]
    pub network: String,
}

/// A conversion of a payment into another currency. Settlement is passthrough, so there are none: it is documented for
/// clients that know the type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SettlementConversion {
    /// The currency converted to.
    pub target_currency: String,
    /// Its network.
    pub target_network: String,
    /// What was converted.
    pub source_amount: String,
    /// What it came to before fees.
    pub target_gross_amount: String,
    /// The fee.
    pub fee_amount: String,
    /// What it came to after fees.
    pub net_amount: String,
    /// How far the quote is.
    #[schema(example = "not_required")]
    pub quote_status: String,
    /// How far the execution is.
    #[schema(example = "not_required")]
    pub execution_status: String,
    /// The class of a failure.
    #[schema(required = true)]
    pub failure_class: Option<String>,
    /// When it was quoted.
    #[schema(required = true, format = DateTime)]
    pub quoted_at: Option<String>,
    /// Until when the quote holds.
    #[schema(required = true, format = DateTime)]
    pub locked_until: Option<String>,
}

impl InvoiceView {
    /// Shows an invoice as its standing has it.
    #[must_use]
    pub fn of(invoice: &Invoice, context: &Context<'_>) -> Self {
        let terms = &invoice.terms;
        let asked = Asked::of(invoice);
        let fiat = match &terms.price {
            Price::Fiat(amount) => Some(amount),
            Price::Asset(_) => None,
        };
        let amount_fiat = fiat.map(ToString::to_string);
        let is_usd = fiat.is_some_and(|amount| amount.currency.code() == "USD");
        Self {
            id: invoice.id.to_string(),
            merchant_id: invoice.owner.merchant.to_string(),
            currency: asked.asset.map(|asset| asset.code.to_string()),
            network: asked.asset.map(|asset| asset.network.to_string()),
            amount_requested: asked.due.map(|due| due.to_string()),
            amount_paid: amount_paid(invoice),
            amount_usd: amount_fiat.clone().filter(|_| is_usd),
            amount_fiat,
            amount_in_base_currency: None,
            fiat_currency: fiat.map(|amount| amount.currency.to_string()),
            status: invoice.standing.status.to_string(),
            environment: invoice.owner.environment.to_string(),
            deposit_address: invoice.latest_quote().map(|quote| quote.address.clone()),
            deposit_address_tag: None,
            description: terms.description.clone(),
            external_id: terms.external_id.clone(),
            idempotency_key: terms.idempotency_key.clone(),
            metadata: metadata(&terms.metadata),
            redirect_url: terms.redirect_url.clone(),
            source: invoice.source.as_str().to_owned(),
            static_address_id: static_address_id(invoice),
            checkout_url: checkout_url(context.public_url, &invoice.token),
            payments: payments(invoice, context).map(|(_, view)| view).collect(),
            expires_at: invoice.deadline.map(rfc3339),
            paid_at: invoice.standing.paid_at.map(rfc3339),
            created_at: rfc3339(invoice.created_at),
            is_deferred: terms.is_deferred,
            draft_expires_at: invoice.draft_deadline.map(rfc3339),
            activated_at: invoice.activated_at.map(rfc3339),
            activation_count: invoice.activation_count,
            is_locked_fiat: fiat.is_some() && matches!(terms.choice, Choice::Fixed(_)),
            target_settlement_asset: "passthrough",
            settlement_target_currency: None,
            settlement_target_network: None,
            payer_email: terms.customer_email.clone(),
            sent_at: None,
        }
    }
}

/// The address of an invoice's page: `{public_url}/pay/{token}`.
#[must_use]
pub fn checkout_url(public_url: &str, token: &str) -> String {
    format!("{}/pay/{token}", public_url.trim_end_matches('/'))
}

/// An invoice's payments as they are shown.
pub(super) fn payments<'a>(
    invoice: &'a Invoice,
    context: &'a Context<'_>,
) -> impl Iterator<Item = (&'a Payment, PaymentView)> + 'a {
    let pairs = invoice.payments.iter().zip(&invoice.standing.payments);
    pairs.map(|(payment, standing)| (payment, PaymentView::of(payment, *standing, context)))
}

impl PaymentView {
    fn of(payment: &Payment, standing: PaymentStanding, context: &Context<'_>) -> Self {
        let required = context.required(payment.key.network);
        let counted = (context.heads)(payment.key.network).map_or(0, |head| payment.confirmations(head));
        let confirmations = match standing.status {
            // A finality tag can be faster than the count.
            PaymentStatus::Confirmed => counted.max(required),
            PaymentStatus::Reversed => 0,
            PaymentStatus::Detected | PaymentStatus::Confirming | PaymentStatus::Rejected => counted,
        };
        Self {
            tx_hash: payment.key.transaction.clone(),
            amount: payment.amount().to_string(),
            confirmations,
            required_confirmations: required,
            status: standing.status.as_str(),
            detected_at: rfc3339(payment.first_seen),
            settlement_conversion: None,
            currency: payment.asset.code.to_string(),
            network: payment.asset.network.to_string(),
        }
    }
}

/// What the payer is asked for: the latest quote, else what is known before there is one.
struct Asked {
    asset: Option<AssetId>,
    due: Option<Amount>,
}

impl Asked {
    fn of(invoice: &Invoice) -> Self {
        if let Some(quote) = invoice.latest_quote() {
            return Self { asset: Some(quote.due.asset), due: Some(quote.due) };
        }
        let asset = match invoice.terms.choice {
            Choice::Fixed(asset) => Some(asset),
            Choice::Any => None,
        };
        let due = match invoice.terms.price {
            Price::Asset(amount) => Some(amount),
            Price::Fiat(_) => None,
        };
        Self { asset, due }
    }
}

fn amount_paid(invoice: &Invoice) -> String {
    let received = invoice.latest_quote().and_then(|quote| received_in(invoice, quote.due.asset, Money::Final));
    received.map_or_else(|| "0".to_owned(), |amount| amount.to_string())
}

fn static_address_id(invoice: &Invoice) -> Option<String> {
    match invoice.source {
        Source::StaticAddress(id) => Some(id.to_string()),
        Source::Api(_) => None,
    }
}

/// The merchant's object as it was kept.
fn metadata(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

#[cfg(test)]
pub(in crate::native) mod tests;
