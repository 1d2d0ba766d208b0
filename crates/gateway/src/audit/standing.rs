//! A stored standing against the one that its facts make.

use farthing_domain::{invoice::Invoice, settle::settle, standing::Standing, time::Timestamp};

/// What differs between the stored standing and the one that the facts make at the same moment.
pub(super) fn differences(invoice: &Invoice) -> Vec<String> {
    let stored = &invoice.standing;
    let computed = settle(invoice, stored.settled_at);
    if computed == *stored {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut compare = |name: &str, stored: String, computed: String| {
        if stored != computed {
            found.push(format!("{name} is stored as {stored} and its facts make it {computed}"));
        }
    };
    compare("status", stored.status.to_string(), computed.status.to_string());
    compare("finality", stored.is_final.to_string(), computed.is_final.to_string());
    compare("lateness", stored.is_late.to_string(), computed.is_late.to_string());
    let moment =
        |at: Option<Timestamp>| at.map_or_else(|| "never".to_owned(), |at| format!("{} ms", at.milliseconds()));
    compare("paid_at", moment(stored.paid_at), moment(computed.paid_at));
    compare("the next change", moment(stored.next_change), moment(computed.next_change));
    let payments = |standing: &Standing| {
        let each = standing.payments.iter().map(|payment| payment.status.as_str());
        each.collect::<Vec<_>>().join(" ")
    };
    compare("its payments", payments(stored), payments(&computed));
    if found.is_empty() {
        found.push("a payment's timeliness is not what its facts make it".to_owned());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use farthing_domain::{
        id::{Environment, InvoiceId, Owner},
        standing::Status,
    };

    fn invoice() -> Invoice {
        use farthing_domain::{
            catalog::Catalog,
            decimal::Decimal,
            id::MerchantId,
            invoice::{Choice, NewInvoice, Source, Terms},
            money::Amount,
            policy::{Dialect, Policy},
            price::Price,
        };
        let asset = Catalog::shipped().resolve("BTC", None).unwrap().clone();
        let new = NewInvoice {
            id: InvoiceId(uuid::Uuid::from_u128(1)),
            owner: Owner { merchant: MerchantId(uuid::Uuid::from_u128(2)), environment: Environment::Test },
            policy: Policy::of(Dialect::Native),
            source: Source::Api(Dialect::Native),
            token: "t".to_owned(),
            terms: Terms {
                coins: Vec::new(),
                foreign: None,
                price: Price::Asset(Amount::of(&asset, 5)),
                choice: Choice::Fixed(asset.id),
                is_deferred: true,
                tolerance: Decimal::ZERO,
                window_seconds: None,
                description: None,
                external_id: None,
                idempotency_key: None,
                metadata: "{}".to_owned(),
                redirect_url: None,
                customer_email: None,
            },
            quote: None,
        };
        Invoice::open(new, Timestamp::from_seconds(1_800_000_000)).0
    }

    #[test]
    fn a_standing_that_its_facts_do_not_make_is_told_exactly() {
        let mut invoice = invoice();
        assert!(differences(&invoice).is_empty());
        invoice.standing.status = Status::Paid;
        assert_eq!(differences(&invoice), ["status is stored as paid and its facts make it draft"]);
        invoice.standing.paid_at = Some(Timestamp::from_seconds(1));
        assert_eq!(differences(&invoice).len(), 2);
    }
}
