//! Creating an invoice by any API's request. How it is read, and what a failure is called, is each API's own.

use super::{call::KeyCall, failure::Failure};
use farthing_domain::{
    invoice::{Foreign, Invoice, Source, Terms},
    policy::{Dialect, Policy},
};
use farthing_gateway::create_invoice::{CreateError, CreateInvoice, Created};
use serde::Serialize;

/// What a request asks for.
pub(super) struct Asked<S> {
    /// The terms, which do not name the API's own part yet.
    pub(super) terms: Terms,
    /// Where this invoice's callbacks go; `None`: where the credential says.
    pub(super) callback_url: Option<String>,
    /// What the API keeps with the invoice.
    pub(super) said: S,
}

/// Creates the invoice that a call asks for, by the rules of its API.
///
/// # Errors
/// What `not_created` makes of the reason; then nothing is stored.
pub(super) async fn create<S: Serialize + Sync>(
    call: &KeyCall,
    dialect: Dialect,
    asked: Asked<S>,
    not_created: impl FnOnce(CreateError) -> Failure,
) -> Result<Invoice, Failure> {
    let owner = call.caller.owner;
    let Asked { mut terms, callback_url, said } = asked;
    let said = serde_json::to_string(&said).map_err(|error| Failure::internal(&error))?;
    terms.foreign = Some(Foreign { credential: call.caller.credential, name: String::new(), callback_url, said });
    let command = CreateInvoice {
        owner,
        policy: Policy::of(dialect),
        source: Source::Api(dialect),
        terms,
        // No API but the native one has idempotency keys.
        fingerprint: String::new(),
    };
    match call.call.gateway().create_invoice(command).await.map_err(not_created)? {
        Created::New(invoice) => {
            metrics::counter!("farthing_invoices_created_total", "environment" => owner.environment.as_str())
                .increment(1);
            Ok(invoice)
        }
        Created::Replayed(invoice) => Ok(invoice),
    }
}
