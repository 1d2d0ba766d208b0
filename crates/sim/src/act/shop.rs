//! What shops and payers ask the gateway for.

use super::{Outcome, unexpected};
use crate::{
    check,
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

/// A request to create an invoice, as its shop remembers it.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    merchant: MerchantId,
    key: Option<String>,
    body: String,
}

impl Simulation {
    pub(super) async fn create(&mut self, owner: Owner, body: &str, dialect: Dialect) -> Outcome<String> {
        let (asked, command) = self.ask(owner, body, dialect)?;
        let gateway = Arc::clone(self.gateway()?);
        let result = gateway.create_invoice(command).await;
        self.judge_created(&asked, result)
    }

    pub(super) async fn repeat(&mut self, merchant: MerchantId, key: &str, is_same: bool) -> Outcome<String> {
        let (body, dialect) = self.body_again(merchant, key, is_same)?;
        self.create(Owner { merchant, environment: TEST }, &body, dialect).await
    }

    /// The request that a key was used for, or another one under the same key.
    pub(super) fn body_again(&self, merchant: MerchantId, key: &str, is_same: bool) -> Outcome<(String, Dialect)> {
        let known = self.memory.keys.get(&(merchant, key.to_owned())).ok_or("no such key")?;
        // Before anything was answered, another request would be as good as the first.
        if is_same || known.invoice.is_none() {
            return Ok((known.body.clone(), known.dialect));
        }
        Ok((known.body.replacen('{', r#"{"description":"something else","#, 1), known.dialect))
    }

    /// Remembers a request before it is sent: whatever comes of it, the shop may send it again.
    pub(super) fn ask(&mut self, owner: Owner, body: &str, dialect: Dialect) -> Outcome<(Asked, CreateInvoice)> {
        let command = self.command(owner, body, dialect)?;
        let (merchant, key) = (owner.merchant, command.terms.idempotency_key.clone());
        if let Some(key) = key.clone() {
            let new = || KnownKey { body: body.to_owned(), dialect, invoice: None };
            self.memory.keys.entry((merchant, key)).or_insert_with(new);
        }
        Ok((Asked { merchant, key, body: body.to_owned() }, command))
    }

    /// What a shop makes of the answer: one key has one invoice, and no other request gets it.
    pub(super) fn judge_created(&mut self, asked: &Asked, result: Result<Created, CreateError>) -> Outcome<String> {
        let key = asked.key.clone().map(|key| (asked.merchant, key));
        let known = key.as_ref().and_then(|key| self.memory.keys.get(key)).cloned();
        let (named, is_same) = known.map_or((None, true), |known| (known.invoice, known.body == asked.body));
        let invoice = match result {
            Ok(Created::New(_) | Created::Replayed(_)) if !is_same => {
                return Err(format!("key {key:?} of {named:?} answered another request"));
            }
            Ok(Created::Replayed(invoice)) if key.is_none() => {
                return Err(format!("a request without a key answered the old invoice {}", invoice.id));
            }
            Ok(Created::New(invoice) | Created::Replayed(invoice)) => invoice,
            Err(CreateError::KeyMismatch) if !is_same => {
                return Ok("refused: the key was used for another request".to_owned());
            }
            Err(CreateError::KeyMismatch) => return Err(format!("key {key:?} was not used for another request")),
            Err(CreateError::Quote(error)) => return self.no_quote(error),
            Err(CreateError::ReferenceTaken) => return Err("a reference was taken for a used one".to_owned()),
            Err(CreateError::Store(error)) => return Err(unexpected(error)),
        };
        if named.is_some_and(|named| named != invoice.id) {
            return Err(format!("key {key:?} of {named:?} answered {}", invoice.id));
        }
        if let Some(known) = key.and_then(|key| self.memory.keys.get_mut(&key)) {
            known.invoice = Some(invoice.id);
        }
        check::exact::asked_for(&asked.body, &invoice)?;
        self.learn(&invoice)
    }

    fn command(&self, owner: Owner, body: &str, dialect: Dialect) -> Outcome<CreateInvoice> {
        let catalog = &self.gateway()?.environment(TEST).catalog;
        let mut form = Form::parse(body.as_bytes(), None, catalog).map_err(|error| format!("{body}: {error:?}"))?;
        form.terms.foreign = self.foreign(owner, dialect);
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
        let result = gateway.activate(which, asset).await;
        self.judge_changed(id, false, result)
    }

    pub(super) async fn cancel(&mut self, id: InvoiceId, by_page: bool) -> Outcome<String> {
        let which = self.which(id, by_page)?;
        self.intend_to_cancel(id);
        let gateway = Arc::clone(self.gateway()?);
        let result = gateway.cancel(which).await;
        self.judge_changed(id, true, result)
    }

    pub(super) fn intend_to_cancel(&mut self, id: InvoiceId) {
        if let Some(known) = self.memory.invoices.get_mut(&id) {
            known.may_be_cancelled = true;
        }
    }

    pub(super) fn judge_changed(
        &mut self,
        id: InvoiceId,
        is_cancelled: bool,
        result: Result<Invoice, ChangeError>,
    ) -> Outcome<String> {
        match result {
            Ok(invoice) => {
                if let Some(known) = self.memory.invoices.get_mut(&id).filter(|_| is_cancelled) {
                    known.is_cancelled = true;
                }
                self.learn(&invoice)
            }
            Err(ChangeError::Refused(refusal)) => Ok(format!("refused: {refusal}")),
            Err(ChangeError::Quote(error)) if !is_cancelled => self.no_quote(error),
            Err(error @ (ChangeError::Quote(_) | ChangeError::NotFound | ChangeError::Store(_))) => {
                Err(unexpected(error))
            }
        }
    }

    pub(super) fn which(&self, id: InvoiceId, by_page: bool) -> Outcome<Which> {
        let known = self.memory.invoices.get(&id).ok_or("no such invoice")?;
        Ok(if by_page { Which::ByToken(known.token.clone()) } else { Which::ById(known.owner, id) })
    }

    fn learn(&mut self, invoice: &Invoice) -> Outcome<String> {
        check::exact::dues(invoice)?;
        let gateway = Arc::clone(self.gateway()?);
        let catalog = &gateway.environment(TEST).catalog;
        self.memory.learn(invoice, |network| catalog.network(network).map(|known| known.family))?;
        Ok(format!("{} is {}", invoice.id, invoice.standing.status))
    }

    /// A network that was not reached for long, or that is not configured, sells nothing; all else has no reason here.
    pub(super) fn no_quote(&self, error: NoQuote) -> Outcome<String> {
        match error {
            NoQuote::NetworkOffline(_) => Ok(format!("refused: {error}")),
            NoQuote::NotOnSale(asset) if self.configuration.removed.contains(&asset.network) => {
                Ok(format!("refused: {error}"))
            }
            NoQuote::NotOnSale(_) | NoQuote::Rate(_) | NoQuote::Address(_) | NoQuote::Due(..) => Err(unexpected(error)),
        }
    }
}
