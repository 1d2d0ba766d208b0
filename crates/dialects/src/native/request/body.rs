//! The fields of a request for an invoice, with their types and limits: what is read is what is documented.
//!
//! No rule across fields here.

use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::IDEMPOTENCY_KEY_CHARS_MAX;
use crate::native::{form::Form, web_address};

/// The longest window, in minutes: thirty days.
const EXPIRY_MINUTES_MAX: i64 = 43_200;

/// The most members of the metadata object.
const METADATA_PROPERTIES_MAX: usize = 50;

/// A new invoice. Send `amount` with `currency` for a price in a currency of a chain, or `amount_fiat` for a price in fiat money.
///
/// Unknown fields are ignored; null and empty texts count as absent.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(example = json!({
    "amount": "0.0015",
    "currency": "BTC",
    "description": "Order 1042",
    "external_id": "order-1042",
    "idempotency_key": "order-1042-1",
    "metadata": { "cart": "9f1c" },
    "redirect_url": "https://shop.example/orders/1042"
}))]
pub struct CreateInvoiceBody {
    /// Currency code such as `BTC`, `ETH`, `USDT`. Required with `amount`; with `amount_fiat` the payer chooses where it is
    /// left out.
    #[schema(max_length = 20, example = "USDT")]
    pub currency: Option<String>,
    /// Network such as `ethereum`, `polygon`, `solana`, `tron`, `bsc`, `arbitrum`. Required where the currency lives on several
    /// (USDT, USDC, ETH); inferred otherwise.
    #[schema(max_length = 30, example = "tron")]
    pub network: Option<String>,
    /// The amount, a decimal string in units of `currency`. Cannot be sent together with a fiat amount.
    #[schema(max_length = 50, example = "25.50")]
    pub amount: Option<String>,
    /// Deprecated: the same as `amount_fiat` with `fiat_currency` `USD`. `amount_fiat` wins where both are sent.
    #[schema(max_length = 50, deprecated)]
    pub amount_usd: Option<String>,
    /// The price, a decimal string in units of `fiat_currency`; charged at the rate when the payer activates the invoice.
    /// Together with `currency` it locks the invoice to that pair, which needs `deferred` to be true.
    #[schema(max_length = 50, example = "49.90")]
    pub amount_fiat: Option<String>,
    /// ISO 4217 code of `amount_fiat`: `USD` (the default), `EUR`, `GBP`, `JPY`, `AUD`, `CAD`, `CHF`, `NZD`, `SEK`, `NOK`,
    /// `DKK`, `SGD`, `HKD`, `INR` or `BRL`.
    #[schema(max_length = 3, default = "USD", example = "EUR")]
    pub fiat_currency: Option<String>,
    /// Whether to make a draft: the payment window starts when the payer activates it on the checkout page.
    #[schema(default = false)]
    pub deferred: Option<bool>,
    /// What is being paid for, as the payer reads it.
    #[schema(max_length = 1000, example = "Order 1042")]
    pub description: Option<String>,
    /// Your own reference.
    #[schema(max_length = 255, example = "order-1042")]
    pub external_id: Option<String>,
    /// The same key with the same request answers the same invoice; with another request it is refused. The header
    /// `Idempotency-Key` does the same.
    #[schema(max_length = 255, example = "order-1042-1")]
    pub idempotency_key: Option<String>,
    /// Your own object, kept as it is: at most 50 properties and 32 KiB.
    #[schema(value_type = Option<Object>, example = json!({ "cart": "9f1c" }))]
    pub metadata: Option<Map<String, Value>>,
    /// Where the payer returns to: an `https` URL (`http` on localhost only).
    #[schema(max_length = 2048, format = "uri", example = "https://shop.example/orders/1042")]
    pub redirect_url: Option<String>,
    /// The payment window in minutes; 0 is the default of 30 minutes.
    #[schema(minimum = 0, maximum = 43200, default = 0, example = 30)]
    pub expiry_minutes: Option<i64>,
    /// The largest shortfall that still counts as paid, a decimal string in units of `currency` (of `fiat_currency` where
    /// priced in fiat). A smaller total stays underpaid.
    #[schema(max_length = 50, default = "0", example = "0.10")]
    pub payment_tolerance: Option<String>,
    /// The payer's address for a payment request by e-mail; shown as `payer_email`.
    #[schema(max_length = 320, format = "email", example = "payer@example.com")]
    pub customer_email: Option<String>,
}

impl CreateInvoiceBody {
    /// Reads every field by its type and limit, in the contract's order; what is wrong is recorded in the form.
    pub(super) fn read(form: &mut Form<'_>) -> Self {
        Self {
            currency: form.text("currency", 20),
            network: form.text("network", 30),
            amount: form.decimal("amount", 50),
            amount_usd: form.decimal("amount_usd", 50),
            amount_fiat: form.decimal("amount_fiat", 50),
            fiat_currency: form.text("fiat_currency", 3),
            deferred: form.boolean("deferred"),
            description: form.text("description", 1000),
            external_id: form.text("external_id", 255),
            idempotency_key: form.text("idempotency_key", IDEMPOTENCY_KEY_CHARS_MAX),
            metadata: form.object("metadata", METADATA_PROPERTIES_MAX),
            redirect_url: form.text("redirect_url", web_address::CHARS_MAX),
            expiry_minutes: form.integer("expiry_minutes", 0..=EXPIRY_MINUTES_MAX),
            payment_tolerance: form.decimal("payment_tolerance", 50),
            customer_email: form.text("customer_email", 320),
        }
    }

    /// The window's length in seconds; `None` for the default.
    pub(super) fn window_seconds(&self) -> Option<i64> {
        self.expiry_minutes.filter(|minutes| *minutes > 0).map(|minutes| minutes.saturating_mul(60))
    }
}
