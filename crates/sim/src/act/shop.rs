//! What shops and payers ask the gateway for.

use super::{Outcome, unexpected};
use crate::{
    memory::KnownKey,
    simulation::{Simulation, TEST},
};
use farthing_dialects::native::request::CreateInvoice as Form;
use farthing_domain::{
    asset::AssetId,
    id::{InvoiceId, MerchantId, Owner},
    invoice::{Invoice, Source},
    policy::{Dialect, Policy},
};
use farthing_gateway::{
    change_invoice::{ChangeError, Which},
    create_invoice::{CreateError, CreateInvoice, Created},
    quotes::NoQuote,
};
use std::sync::Arc;

impl Simulation {
    pub(super) async fn create(&mut self, owner: Owner, body: &str, dialect: Dialect) -> Outcome<String> {
        let command = self.command(owner, body, dialect)?;
        let key = command.terms.idempotency_key.clone();
        let gateway = Arc::clone(self.gateway()?);
        match gateway.create_invoice(command).await {
            Ok(Created::New(invoice)) => {
                if let Some(key) = key {
                    let known = KnownKey { body: body.to_owned(), invoice: invoice.id };
                    self.memory.keys.insert((owner.merchant, key), known);
                }
                self.learn(&invoice)
            }
            Ok(Created::Replayed(invoice)) => Err(format!("a new key answered the old invoice {}", invoice.id)),
            Err(CreateError::Quote(error)) => no_quote(error),
            Err(CreateError::KeyMismatch) => Err("a new key was taken for a used one".to_owned()),
            Err(CreateError::Store(error)) => Err(unexpected(error)),
        }
    }

    pub(super) async fn repeat(&mut self, merchant: MerchantId, key: &str, is_same: bool) -> Outcome<String> {
        let known = self.memory.keys.get(&(merchant, key.to_owned())).cloned().ok_or("no such key")?;
        let body = if is_same {
            known.body.clone()
        } else {
            known.body.replacen('{', r#"{"description":"something else","#, 1)
        };
        let command = self.command(Owner { merchant, environment: TEST }, &body, Dialect::Native)?;
        let gateway = Arc::clone(self.gateway()?);
        match gateway.create_invoice(command).await {
            Ok(Created::Replayed(invoice)) if is_same && invoice.id == known.invoice => self.learn(&invoice),
            Err(CreateError::KeyMismatch) if !is_same => Ok("refused: the key was used for another request".to_owned()),
            Ok(Created::New(invoice) | Created::Replayed(invoice)) => {
                Err(format!("key {key} of {} answered {}", known.invoice, invoice.id))
            }
            Err(error) => Err(format!("key {key} of {} was not answered: {error}", known.invoice)),
        }
    }

    fn command(&self, owner: Owner, body: &str, dialect: Dialect) -> Outcome<CreateInvoice> {
        let catalog = &self.gateway()?.environment(TEST).catalog;
        let form = Form::parse(body.as_bytes(), None, catalog).map_err(|error| format!("{body}: {error:?}"))?;
        Ok(CreateInvoice {
            owner,
            policy: Policy::of(dialect),
            source: Source::Api(dialect),
            terms: form.terms,
            fingerprint: form.fingerprint,
        })
    }

    pub(super) async fn activate(&mut self, id: InvoiceId, asset: AssetId, by_page: bool) -> Outcome<String> {
        let which = self.which(id, by_page)?;
        let gateway = Arc::clone(self.gateway()?);
        match gateway.activate(which, asset).await {
            Ok(invoice) => self.learn(&invoice),
            Err(ChangeError::Refused(refusal)) => Ok(format!("refused: {refusal}")),
            Err(ChangeError::Quote(error)) => no_quote(error),
            Err(error @ (ChangeError::NotFound | ChangeError::Store(_))) => Err(unexpected(error)),
        }
    }

    pub(super) async fn cancel(&mut self, id: InvoiceId, by_page: bool) -> Outcome<String> {
        let which = self.which(id, by_page)?;
        let gateway = Arc::clone(self.gateway()?);
        match gateway.cancel(which).await {
            Ok(invoice) => {
                if let Some(known) = self.memory.invoices.get_mut(&id) {
                    known.is_cancelled = true;
                }
                self.learn(&invoice)
            }
            Err(ChangeError::Refused(refusal)) => Ok(format!("refused: {refusal}")),
            Err(error @ (ChangeError::Quote(_) | ChangeError::NotFound | ChangeError::Store(_))) => {
                Err(unexpected(error))
            }
        }
    }

    fn which(&self, id: InvoiceId, by_page: bool) -> Outcome<Which> {
        let known = self.memory.invoices.get(&id).ok_or("no such invoice")?;
        Ok(if by_page { Which::ByToken(known.token.clone()) } else { Which::ById(known.owner, id) })
    }

    fn learn(&mut self, invoice: &Invoice) -> Outcome<String> {
        let gateway = Arc::clone(self.gateway()?);
        let catalog = &gateway.environment(TEST).catalog;
        self.memory.learn(invoice, |network| catalog.network(network).map(|known| known.family))?;
        Ok(format!("{} is {}", invoice.id, invoice.standing.status))
    }
}

/// A network that was not reached for long sells nothing; all else has no reason here.
fn no_quote(error: NoQuote) -> Outcome<String> {
    match error {
        NoQuote::NetworkOffline(_) => Ok(format!("refused: {error}")),
        NoQuote::NotOnSale(_) | NoQuote::Rate(_) | NoQuote::Address(_) | NoQuote::Due(..) => Err(unexpected(error)),
    }
}
