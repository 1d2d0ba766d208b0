//! `audit`: what is stored, computed anew: statuses from facts, addresses from accounts, event numbers without gaps.
//!
//! It reads and never repairs. It works beside a running gateway: an invoice and its payments are read in one view, and what was
//! created since the audit began is no difference.

mod static_addresses;

use crate::{
    cli::Json,
    commands::Outcome,
    config::Config,
    installation::{merchants, open_for_command},
    output,
};
use anyhow::bail;
use farthing_domain::{
    event::EventKind,
    id::{EndpointId, Environment, EventId, InvoiceId, Owner},
    invoice::Invoice,
    network::Family,
    payment::PaymentKey,
    settle::settle,
};
use farthing_gateway::gateway::Gateway;
use farthing_networks::{account::Account, simulated::accounts as simulated_accounts};
use farthing_store::records::{AddressRow, Delivery, Holder, Page, StoredEvent};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Rows read at a time.
const PAGE: u32 = 1000;
/// Differences told one by one; more are counted.
const TOLD_MAX: usize = 1000;
const FAMILIES: [Family; 6] =
    [Family::Bitcoin, Family::Litecoin, Family::Dogecoin, Family::Evm, Family::Tron, Family::Solana];

/// Something stored that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Difference {
    /// What it is about: `invoice 0199…`.
    subject: String,
    /// What is wrong.
    detail: String,
}

/// What an audit looked at and found.
#[derive(Default)]
struct Findings {
    invoices: u64,
    payments: u64,
    addresses: u64,
    addresses_of_other_accounts: u64,
    events: u64,
    deliveries: u64,
    differences: Vec<Difference>,
    differences_untold: u64,
}

impl Findings {
    fn count_other_account(&mut self) {
        self.addresses_of_other_accounts = self.addresses_of_other_accounts.saturating_add(1);
    }

    fn differ(&mut self, subject: String, detail: impl Into<String>) {
        if self.differences.len() < TOLD_MAX {
            self.differences.push(Difference { subject, detail: detail.into() });
        } else {
            self.differences_untold = self.differences_untold.saturating_add(1);
        }
    }
}

/// Audits and says what was found.
///
/// # Errors
/// When the store cannot be read.
pub(crate) async fn execute(config: &Config, json: Json) -> anyhow::Result<Outcome> {
    if !config.data_dir.join("farthing.db").exists() {
        bail!("there is nothing to audit in {} (data_dir)", config.data_dir.display());
    }
    let gateway = open_for_command(config).await?;
    let mut audit =
        Audit { gateway, findings: Findings::default(), invoices: BTreeMap::new(), paid_by: BTreeMap::new() };
    audit.invoices().await?;
    audit.addresses().await?;
    audit.static_addresses().await?;
    audit.events().await?;
    Ok(audit.findings.tell(json)?)
}

impl Findings {
    fn tell(&self, json: Json) -> std::io::Result<Outcome> {
        let is_ok = self.differences.is_empty();
        let differences: Vec<_> =
            self.differences.iter().map(|found| json!({"subject": found.subject, "detail": found.detail})).collect();
        let object = json!({
            "ok": is_ok,
            "checked": {
                "invoices": self.invoices, "payments": self.payments, "addresses": self.addresses,
                "addresses_of_other_accounts": self.addresses_of_other_accounts, "events": self.events, "deliveries": self.deliveries,
            },
            "differences": differences,
            "differences_untold": self.differences_untold,
        });
        let mut lines: Vec<String> =
            self.differences.iter().map(|found| format!("{}: {}", found.subject, found.detail)).collect();
        if self.differences_untold > 0 {
            lines.push(format!("and {} more", self.differences_untold));
        }
        let sums = format!(
            "Computed anew: {} invoices, {} payments, {} addresses, {} events, {} deliveries.",
            self.invoices, self.payments, self.addresses, self.events, self.deliveries
        );
        lines.push(if is_ok { format!("{sums} Nothing differs.") } else { sums });
        output::answer(json, &object, &lines.join("\n"))?;
        Ok(if is_ok { Outcome::Done } else { Outcome::Failed })
    }
}

/// An audit under way.
struct Audit {
    gateway: Arc<Gateway>,
    findings: Findings,
    invoices: BTreeMap<InvoiceId, Owner>,
    /// Which invoice each payment is recorded on.
    paid_by: BTreeMap<(Environment, PaymentKey), InvoiceId>,
}

impl Audit {
    async fn invoices(&mut self) -> anyhow::Result<()> {
        let mut after = None;
        loop {
            let page = self.gateway.store().read(move |reader| reader.all_invoices(after, PAGE)).await?;
            let Some(last) = page.last().map(|invoice| invoice.id) else { return Ok(()) };
            for invoice in &page {
                self.invoice(invoice).await?;
            }
            after = Some(last);
        }
    }

    async fn invoice(&mut self, invoice: &Invoice) -> anyhow::Result<()> {
        let subject = format!("invoice {}", invoice.id);
        self.findings.invoices = self.findings.invoices.saturating_add(1);
        self.invoices.insert(invoice.id, invoice.owner);
        for detail in standing_differences(invoice) {
            self.findings.differ(subject.clone(), detail);
        }
        for payment in &invoice.payments {
            self.findings.payments = self.findings.payments.saturating_add(1);
            let key = (invoice.owner.environment, payment.key.clone());
            if let Some(other) = self.paid_by.insert(key, invoice.id) {
                self.findings.differ(
                    subject.clone(),
                    format!("its payment {} is recorded on invoice {other} too", payment.key.transaction),
                );
            }
        }
        let owner = invoice.owner;
        let by_token = invoice.token.clone();
        let (id, found) =
            (invoice.id, self.gateway.store().read(move |reader| reader.invoice_by_token(&by_token)).await?);
        if found.is_none_or(|found| found.id != id || found.owner != owner) {
            self.findings.differ(subject, "its page's token leads elsewhere");
        }
        Ok(())
    }

    async fn addresses(&mut self) -> anyhow::Result<()> {
        let accounts = self.accounts().await?;
        let mut after: Option<AddressRow> = None;
        loop {
            let from = after.clone();
            let page = self.gateway.store().read(move |reader| reader.addresses(from.as_ref(), PAGE)).await?;
            let Some(last) = page.last().cloned() else { return Ok(()) };
            for row in &page {
                self.address(row, &accounts).await?;
            }
            after = Some(last);
        }
    }

    async fn address(
        &mut self,
        row: &AddressRow,
        accounts: &BTreeMap<(Family, [u8; 16]), Account>,
    ) -> anyhow::Result<()> {
        self.findings.addresses = self.findings.addresses.saturating_add(1);
        let subject = format!("address {} of {:?}, {}", row.index, row.family, row.environment);
        if !self.has_holder(row.holder).await? {
            self.findings.differ(subject.clone(), format!("it is bound to {}, which does not exist", row.holder));
        }
        let (environment, key) = (row.environment, row.account.clone());
        let next = self.gateway.store().read(move |reader| reader.next_index(environment, &key)).await?;
        if next.is_none_or(|next| next <= row.index) {
            self.findings
                .differ(subject.clone(), "it is not below its account's next index: it could be handed out again");
        }
        let id: Option<[u8; 16]> = row.account.as_slice().try_into().ok();
        match id.and_then(|id| accounts.get(&(row.family, id))) {
            None => self.findings.count_other_account(),
            Some(account) => match account.address(row.index) {
                Ok(address) if address.bytes() == row.bytes => {}
                Ok(address) => self
                    .findings
                    .differ(subject, format!("it is stored as another one than its account's {}", address.text())),
                Err(error) => self.findings.differ(subject, format!("its account does not have it: {error}")),
            },
        }
        Ok(())
    }

    /// The accounts that are known: the test environment's own.
    async fn accounts(&self) -> anyhow::Result<BTreeMap<(Family, [u8; 16]), Account>> {
        let mut accounts = BTreeMap::new();
        for family in FAMILIES {
            let key = format!("simulated_account_{}", format!("{family:?}").to_ascii_lowercase());
            let Some(text) = self.gateway.store().read(move |reader| reader.setting(&key)).await? else { continue };
            let account = simulated_accounts::read(family, &text)?;
            accounts.insert((family, account.key_id().to_bytes()), account);
        }
        Ok(accounts)
    }

    /// Whether there is such an invoice or permanent address, also one that was made while the audit runs.
    async fn has_holder(&mut self, holder: Holder) -> anyhow::Result<bool> {
        match holder {
            Holder::Invoice(id) => self.has_invoice(id).await,
            Holder::StaticAddress(id) => {
                Ok(self.gateway.store().read(move |reader| reader.any_static_address(id)).await?.is_some())
            }
        }
    }

    /// Whether there is such an invoice, also one that was made while the audit runs.
    async fn has_invoice(&mut self, id: InvoiceId) -> anyhow::Result<bool> {
        if self.invoices.contains_key(&id) {
            return Ok(true);
        }
        let before = uuid::Uuid::from_u128(id.0.as_u128().saturating_sub(1));
        let next = self.gateway.store().read(move |reader| reader.all_invoices(Some(InvoiceId(before)), 1)).await?;
        Ok(next.first().is_some_and(|invoice| invoice.id == id))
    }

    async fn events(&mut self) -> anyhow::Result<()> {
        let merchants = merchants(self.gateway.store()).await?;
        for merchant in merchants {
            for environment in Environment::ALL {
                let owner = Owner { merchant: merchant.id, environment };
                let events = self.events_of(owner).await?;
                self.deliveries_of(owner, &events).await?;
            }
        }
        Ok(())
    }

    async fn events_of(&mut self, owner: Owner) -> anyhow::Result<BTreeSet<EventId>> {
        let mut told = Told {
            subject: format!("events of merchant {}, {}", owner.merchant, owner.environment),
            ..Told::default()
        };
        loop {
            let after = told.last;
            let read = move |reader: &farthing_store::Reader<'_>| {
                Ok((reader.events(owner, after, PAGE)?, reader.last_event(owner)?))
            };
            let (page, counter) = self.gateway.store().read(read).await?;
            if page.is_empty() {
                self.counter(&told, counter);
                break;
            }
            self.page_of_events(&mut told, &page).await?;
        }
        self.untold_invoices(owner, &told.created);
        Ok(told.ids)
    }

    /// Compares the counter with the last event.
    fn counter(&mut self, told: &Told, counter: u64) {
        if counter != told.last {
            let detail = format!("the counter stands at {counter} and the last event is {}", told.last);
            self.findings.differ(told.subject.clone(), detail);
        }
    }

    async fn page_of_events(&mut self, told: &mut Told, page: &[StoredEvent]) -> anyhow::Result<()> {
        for detail in numbering_differences(told.last, page) {
            self.findings.differ(told.subject.clone(), detail);
        }
        for event in page {
            self.findings.events = self.findings.events.saturating_add(1);
            told.last = event.sequence;
            told.ids.insert(event.id);
            if event.kind == EventKind::Created.as_str() {
                told.created.insert(event.invoice);
            }
            if !self.has_invoice(event.invoice).await? {
                let detail = format!("event {} is of invoice {}, which does not exist", event.sequence, event.invoice);
                self.findings.differ(told.subject.clone(), detail);
            }
        }
        Ok(())
    }

    fn untold_invoices(&mut self, owner: Owner, created: &BTreeSet<InvoiceId>) {
        let of_owner = self.invoices.iter().filter(|(_, whose)| **whose == owner);
        let untold: Vec<InvoiceId> = of_owner.map(|(id, _)| *id).filter(|id| !created.contains(id)).collect();
        for id in untold {
            self.findings.differ(format!("invoice {id}"), "no event tells that it was created");
        }
    }

    async fn deliveries_of(&mut self, owner: Owner, events: &BTreeSet<EventId>) -> anyhow::Result<()> {
        let endpoints = self.gateway.store().read(move |reader| reader.endpoints(owner)).await?;
        for endpoint in endpoints {
            self.deliveries_to(endpoint.id, events).await?;
        }
        Ok(())
    }

    async fn deliveries_to(&mut self, endpoint: EndpointId, events: &BTreeSet<EventId>) -> anyhow::Result<()> {
        let mut offset = 0;
        loop {
            let page = Page { limit: PAGE, offset };
            let (deliveries, _) = self.gateway.store().read(move |reader| reader.deliveries(endpoint, page)).await?;
            if deliveries.is_empty() {
                return Ok(());
            }
            let count = u64::try_from(deliveries.len()).unwrap_or(u64::MAX);
            self.findings.deliveries = self.findings.deliveries.saturating_add(count);
            for delivery in deliveries.iter().filter(|delivery| is_of_nothing(delivery, events)) {
                let detail = format!("it is of event {}, which does not exist", delivery.event);
                self.findings.differ(format!("delivery {}", delivery.id), detail);
            }
            offset = offset.saturating_add(u64::from(PAGE));
        }
    }
}

/// What was read of an owner's events.
#[derive(Default)]
struct Told {
    subject: String,
    /// The number of the last one.
    last: u64,
    ids: BTreeSet<EventId>,
    /// Invoices whose creation was told.
    created: BTreeSet<InvoiceId>,
}

/// Whether a delivery's event is missing. One later than all events looked at may be new: ids only grow.
fn is_of_nothing(delivery: &Delivery, events: &BTreeSet<EventId>) -> bool {
    let is_test = delivery.kind == "test";
    !is_test && !events.contains(&delivery.event) && events.last().is_none_or(|last| delivery.event <= *last)
}

/// What differs between the stored standing and the one that the facts make at the same moment.
fn standing_differences(invoice: &Invoice) -> Vec<String> {
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
    let moment = |at: Option<farthing_domain::time::Timestamp>| {
        at.map_or_else(|| "never".to_owned(), |at| format!("{} ms", at.milliseconds()))
    };
    compare("paid_at", moment(stored.paid_at), moment(computed.paid_at));
    compare("the next change", moment(stored.next_change), moment(computed.next_change));
    let payments = |standing: &farthing_domain::standing::Standing| {
        let each = standing.payments.iter().map(|payment| payment.status.as_str());
        each.collect::<Vec<_>>().join(" ")
    };
    compare("its payments", payments(stored), payments(&computed));
    if found.is_empty() {
        found.push("a payment's timeliness is not what its facts make it".to_owned());
    }
    found
}

/// Gaps and repetitions in a page of events after a number.
fn numbering_differences(after: u64, page: &[StoredEvent]) -> Vec<String> {
    let expected = (0..).map(|step: u64| after.saturating_add(1).saturating_add(step));
    let wrong = page.iter().zip(expected).find(|(event, expected)| event.sequence != *expected);
    wrong
        .map(|(event, expected)| format!("number {expected} is missing; {} follows", event.sequence))
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use farthing_domain::{standing::Status, time::Timestamp};

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
        assert!(standing_differences(&invoice).is_empty());
        invoice.standing.status = Status::Paid;
        assert_eq!(standing_differences(&invoice), ["status is stored as paid and its facts make it draft"]);
        invoice.standing.paid_at = Some(Timestamp::from_seconds(1));
        assert_eq!(standing_differences(&invoice).len(), 2);
    }

    #[test]
    fn a_gap_in_the_numbers_is_told() {
        let event = |sequence| StoredEvent {
            sequence,
            id: EventId(uuid::Uuid::nil()),
            kind: "invoice.created".to_owned(),
            invoice: InvoiceId(uuid::Uuid::nil()),
            created_at: Timestamp::from_seconds(0),
            body: Vec::new(),
        };
        assert!(numbering_differences(0, &[event(1), event(2)]).is_empty());
        assert!(numbering_differences(7, &[event(8)]).is_empty());
        assert_eq!(numbering_differences(0, &[event(1), event(3)]), ["number 2 is missing; 3 follows"]);
        assert_eq!(numbering_differences(2, &[event(4)]), ["number 3 is missing; 4 follows"]);
    }
}
