//! What a dialect calls a new invoice, and references that it lets be used once.

use crate::gateway::Gateway;
use farthing_dialects::naming::{self, InvoiceName};
use farthing_domain::invoice::NewInvoice;
use farthing_store::{StoreError, Transaction, records::NameKind};

/// Links that are drawn for an invoice before giving up: of a million names, one in a million links is taken.
const LINKS_DRAWN: usize = 4;

impl Gateway {
    /// Gives a new invoice the name that its dialect calls it by, and takes its reference where that may be used once. Answers
    /// `false` when the reference was used before. An invoice of the native API has no other name.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub(crate) fn name_in_its_dialect(
        &self,
        transaction: &mut Transaction<'_>,
        new: &mut NewInvoice,
    ) -> Result<bool, StoreError> {
        let (owner, dialect, thing) = (new.owner, new.policy.dialect, new.id.to_string());
        let Some(foreign) = &mut new.terms.foreign else { return Ok(true) };
        if let Some(reference) = new.terms.external_id.as_deref().filter(|_| naming::has_unique_references(dialect))
            && !transaction.put_name(owner, dialect, NameKind::Reference, (reference, &thing))?
        {
            return Ok(false);
        }
        let names = match naming::of_invoices(dialect) {
            InvoiceName::Id => {
                foreign.name = thing;
                return Ok(true);
            }
            InvoiceName::Number => vec![transaction.next_number(owner, dialect)?.to_string()],
            InvoiceName::Token => vec![new.token.clone()],
            InvoiceName::Link => (0..LINKS_DRAWN).map(|_| naming::link(self.ids().bytes())).collect(),
        };
        for name in names {
            if transaction.put_name(owner, dialect, NameKind::Invoice, (&name, &thing))? {
                foreign.name = name;
                return Ok(true);
            }
        }
        Err(StoreError::Corrupt("every name for a new invoice was given before".to_owned()))
    }
}
