//! Creating an invoice: the request's fifteen fields and the contract's rules across them, in the contract's order.
//!
//! What comes out are the domain's terms. It makes no quote, allocates no address and knows no merchant.

pub mod body;
pub(crate) mod email;
pub(super) mod fingerprint;
mod pricing;

use farthing_domain::{catalog::Catalog, invoice::Terms};

use super::{
    errors::{ApiError, ErrorCode},
    form::Form,
    web_address::{self, PlainHttp},
};
use body::CreateInvoiceBody;
use pricing::Pricing;

/// The longest idempotency key, in characters.
pub const IDEMPOTENCY_KEY_CHARS_MAX: usize = 255;

/// The most bytes that the metadata may have as compact JSON: it is part of every answer and every webhook.
pub const METADATA_BYTES_MAX: usize = 32_768;

/// A request for an invoice, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateInvoice {
    /// What the merchant asks for.
    pub terms: Terms,
    /// Equal for two requests that mean the same: hex SHA-256 of the normalised request without its idempotency key.
    pub fingerprint: String,
}

impl CreateInvoice {
    /// Reads `POST /api/v1/invoices`. The idempotency key may be in the body or in the `Idempotency-Key` header.
    ///
    /// # Errors
    /// 400 `validation_error` with every wrong field, `conflicting_amount_fields` before all other rules,
    /// `invalid_fiat_currency`.
    pub fn parse(body: &[u8], idempotency_header: Option<&str>, catalog: &Catalog) -> Result<Self, ApiError> {
        let mut form = Form::parse(body)?;
        let sent = CreateInvoiceBody::read(&mut form);
        refuse_conflicting_amounts(&sent, &form)?;
        let pricing = Pricing::read(&sent, catalog, &mut form)?;
        let idempotency_key = idempotency_key(sent.idempotency_key.as_deref(), idempotency_header, &mut form);
        let metadata = metadata(&sent, &mut form);
        vet_addresses(&sent, &mut form);
        let pricing = form.finish(pricing)?;
        let terms = Terms {
            price: pricing.price,
            choice: pricing.choice,
            is_deferred: pricing.is_deferred,
            tolerance: pricing.tolerance,
            window_seconds: sent.window_seconds(),
            description: sent.description,
            external_id: sent.external_id,
            idempotency_key,
            metadata,
            redirect_url: sent.redirect_url,
            customer_email: sent.customer_email,
            coins: Vec::new(),
            foreign: None,
        };
        let fingerprint = fingerprint::of(&terms);
        Ok(Self { terms, fingerprint })
    }
}

/// Rule a: this check runs before every other rule, so that no mixture is ever billed at a wrong rate.
fn refuse_conflicting_amounts(sent: &CreateInvoiceBody, form: &Form<'_>) -> Result<(), ApiError> {
    let has_amount_usd = sent.amount_usd.is_some() || form.is_wrong("amount_usd");
    let has_other_currency = sent.fiat_currency.as_deref().is_some_and(|code| code != "USD");
    if has_amount_usd && has_other_currency {
        let problem = "is in US dollars and cannot be sent with another fiat_currency; send amount_fiat instead";
        return Err(ApiError::coded_field(ErrorCode::ConflictingAmountFields, "amount_usd", problem));
    }
    Ok(())
}

/// The key of body or header; both may be sent if they are equal.
pub(super) fn idempotency_key(in_body: Option<&str>, in_header: Option<&str>, form: &mut Form<'_>) -> Option<String> {
    let in_header = in_header.filter(|key| !key.is_empty());
    if in_header.is_some_and(|key| key.chars().count() > IDEMPOTENCY_KEY_CHARS_MAX) {
        let problem = format!("(the Idempotency-Key header) must be at most {IDEMPOTENCY_KEY_CHARS_MAX} characters");
        form.refuse("idempotency_key", problem);
        return None;
    }
    if in_body.is_some() && in_header.is_some() && in_body != in_header {
        form.refuse("idempotency_key", "differs from the Idempotency-Key header");
        return None;
    }
    in_body.or(in_header).map(str::to_owned)
}

fn metadata(sent: &CreateInvoiceBody, form: &mut Form<'_>) -> String {
    let text = sent
        .metadata
        .as_ref()
        .map_or_else(|| "{}".to_owned(), |map| serde_json::Value::Object(map.clone()).to_string());
    if text.len() > METADATA_BYTES_MAX {
        form.refuse("metadata", format!("must be at most {METADATA_BYTES_MAX} bytes of JSON"));
    }
    text
}

fn vet_addresses(sent: &CreateInvoiceBody, form: &mut Form<'_>) {
    if let Some(Err(problem)) = sent.redirect_url.as_deref().map(|url| web_address::vet(url, PlainHttp::OnLoopback)) {
        form.refuse("redirect_url", problem);
    }
    if sent.customer_email.as_deref().is_some_and(|text| !email::is_plausible(text)) {
        form.refuse("customer_email", "must be an e-mail address");
    }
}

#[cfg(test)]
mod tests;
