//! What the first shop sees: lists, its feed, what comes to its receivers, all in names of its own.

use super::stage::{HOOK_URL, Stage, is_of_the_shop};
use crate::{
    act::{Outcome, unexpected},
    receivers::{CalledBack, Received},
};
use farthing_domain::invoice::Invoice;
use farthing_gateway::gateway::Gateway;
use farthing_store::records::{InvoiceFilter, Page, StaticAddressFilter};
use std::sync::Arc;

const PAGE: u32 = 1_000;
const FIRST: Page = Page { limit: PAGE, offset: 0 };

impl Stage {
    /// What is new to the shop: its lists, its feed, its webhooks and callbacks.
    pub(super) async fn seen_by_the_shop(&mut self) -> Outcome<Vec<String>> {
        self.learn().await?;
        let gateway = Arc::clone(self.gateway()?);
        let mut lines = self.listed(&gateway).await?;
        lines.extend(self.fed(&gateway).await?);
        lines.extend(self.received()?);
        Ok(lines)
    }

    /// What changed in its lists of invoices, permanent addresses and callbacks.
    async fn listed(&mut self, gateway: &Arc<Gateway>) -> Outcome<Vec<String>> {
        let owner = self.shop.owner;
        let mut texts = Vec::new();
        let (invoices, total) = gateway.invoices(owner, oldest_first(), FIRST).await.map_err(unexpected)?;
        for mut invoice in invoices {
            for block in invoice.payments.iter_mut().filter_map(|payment| payment.block.as_mut()) {
                // Of all that is in the block, also of others.
                block.hash.clear();
            }
            texts.push((invoice.id.to_string(), format!("of {total}: {invoice:?}")));
        }
        let every = StaticAddressFilter::default();
        let (addresses, total) = gateway.static_addresses(owner, every, FIRST).await.map_err(unexpected)?;
        for address in addresses {
            let deposits = gateway.static_address_invoices(owner, address.id, FIRST).await.map_err(unexpected)?;
            let (deposits, count) = deposits.ok_or_else(|| format!("{} is gone", address.id))?;
            let deposits: Vec<String> = deposits.iter().map(|invoice| invoice.id.to_string()).collect();
            let text = format!("of {total}: {address:?}, {count} deposits: {}", deposits.join(", "));
            texts.push((address.id.to_string(), text));
        }
        let callbacks = gateway.store().read(move |reader| reader.callbacks(owner, PAGE)).await.map_err(unexpected)?;
        for (delivery, url) in callbacks.into_iter().rev() {
            let (kind, stage, attempts) = (&delivery.kind, delivery.stage, delivery.attempts);
            let due = delivery.due_at.milliseconds();
            let text = format!("callback {kind} to {url}: {stage:?}, {attempts} attempts, due {due}");
            texts.push((delivery.id.to_string(), text));
        }
        let mut lines = Vec::new();
        for (id, text) in texts {
            let text = self.names.in_place(&text);
            if self.shown.insert(id, text.clone()).as_ref() != Some(&text) {
                lines.push(text);
            }
        }
        Ok(lines)
    }

    async fn fed(&mut self, gateway: &Arc<Gateway>) -> Outcome<Vec<String>> {
        let (owner, after) = (self.shop.owner, self.events);
        let mut lines = Vec::new();
        let events = gateway.store().read(move |reader| reader.events(owner, after, PAGE)).await.map_err(unexpected)?;
        for event in events {
            self.names.give(event.id.to_string(), || format!("event {}", event.sequence));
            self.events = event.sequence;
            let body = String::from_utf8_lossy(&event.body);
            let at = event.created_at.milliseconds();
            lines.push(self.names.in_place(&format!("told {} {} at {at}: {body}", event.sequence, event.kind)));
        }
        Ok(lines)
    }

    fn received(&mut self) -> Outcome<Vec<String>> {
        let mut lines = Vec::new();
        let log: Vec<Received> = self.receivers.log().into_iter().filter(|got| got.url == HOOK_URL).collect();
        for got in log.iter().skip(self.requests) {
            let body = String::from_utf8_lossy(&got.body);
            let (signed, taken) = (got.is_signed, got.is_acknowledged);
            let test_event = if got.event.contains("test") { "" } else { body.as_ref() };
            lines.push(self.names.in_place(&format!("got {}, {signed} {taken}: {test_event}", got.event)));
        }
        self.requests = log.len();
        let all = self.receivers.called_back();
        for got in all.iter().skip(self.callbacks) {
            let CalledBack { url, body, is_signed, is_acknowledged } = got;
            let body = String::from_utf8_lossy(body);
            if !is_signed {
                return Err(format!("isolation: {url} got what its shop's credential did not sign: {body}"));
            }
            if is_of_the_shop(url) {
                lines.push(self.names.in_place(&format!("called back at {url}, {is_acknowledged}: {body}")));
            }
        }
        self.callbacks = all.len();
        Ok(lines)
    }

    /// A shop that did nothing is told nothing.
    pub(super) fn neighbour_heard_nothing(&self) -> Outcome<()> {
        let (hooks, callbacks) = (self.receivers.log(), self.receivers.called_back());
        let urls = hooks.iter().map(|got| &got.url).chain(callbacks.iter().map(|got| &got.url));
        match urls.clone().find(|url| !is_of_the_shop(url)) {
            None => Ok(()),
            Some(url) => Err(format!("isolation: {url} was told of another shop's invoice")),
        }
    }

    /// Names what the shop was answered or shown, in the order in which it came to be.
    pub(super) async fn learn(&mut self) -> Outcome<()> {
        let gateway = Arc::clone(self.gateway()?);
        let owner = self.shop.owner;
        let (invoices, _) = gateway.invoices(owner, oldest_first(), FIRST).await.map_err(unexpected)?;
        if let Some(gone) = self.shop.invoices.iter().find(|id| !invoices.iter().any(|invoice| invoice.id == **id)) {
            return Err(format!("{gone} is gone"));
        }
        for (number, id) in self.shop.addresses.iter().enumerate() {
            let found = gateway.static_address(owner, *id).await.map_err(unexpected)?;
            let address = found.ok_or_else(|| format!("{id} is gone"))?;
            self.names.give(id.to_string(), || format!("permanent {number}"));
            self.names.give(address.address, || format!("permanent address {number}"));
        }
        for (number, invoice) in invoices.iter().enumerate() {
            self.learn_invoice(number, invoice);
        }
        for (number, (_, hash)) in self.shop.sent.iter().enumerate() {
            self.names.give(hash.as_str(), || format!("transaction {number}"));
        }
        Ok(())
    }

    fn learn_invoice(&mut self, number: usize, invoice: &Invoice) {
        self.names.give(invoice.id.to_string(), || format!("invoice {number}"));
        self.names.give(invoice.token.as_str(), || format!("token {number}"));
        for (quote, made) in invoice.quotes.iter().enumerate() {
            self.names.give(made.address.as_str(), || format!("address {number}.{quote}"));
        }
        // Numbers are the shop's own, and the same in both plays.
        let by_chance = |name: &&String| name.parse::<u64>().is_err();
        if let Some(name) = invoice.terms.foreign.as_ref().map(|foreign| &foreign.name).filter(by_chance) {
            self.names.give(name.as_str(), || format!("name {number}"));
        }
    }
}

fn oldest_first() -> InvoiceFilter {
    InvoiceFilter { is_oldest_first: true, ..InvoiceFilter::default() }
}
