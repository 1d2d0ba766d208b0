//! What somebody tries who has no business with an invoice, and what an operator changes.

use super::{Outcome, done, unexpected};
use crate::{
    simulation::{Simulation, test_chain},
    world::Configuration,
};
use farthing_domain::{
    id::{InvoiceId, Owner},
    quote::Quote,
};
use farthing_gateway::{
    change_invoice::{ChangeError, Which},
    expire::Waiting,
    read_invoice::ReadError,
    scan::ScanError,
};
use farthing_networks::simulated::chain::Output;
use farthing_store::StoreError;
use std::sync::Arc;

impl Simulation {
    /// A shop asks for another shop's invoice, and wants it cancelled.
    pub(super) async fn snoop(&mut self, owner: Owner, invoice: InvoiceId) -> Outcome<String> {
        let gateway = Arc::clone(self.gateway()?);
        if gateway.invoice(owner, invoice).await.map_err(unexpected)?.is_some() {
            return Err(format!("isolation: {} was shown the invoice {invoice} of another shop", owner.merchant));
        }
        match gateway.cancel(Which::ById(owner, invoice)).await {
            Err(ChangeError::NotFound) => Ok("refused: not found".to_owned()),
            Err(ChangeError::Store(error)) => Err(unexpected(error)),
            answer => Err(format!("isolation: {} cancelled {invoice} of another shop: {answer:?}", owner.merchant)),
        }
    }

    /// Somebody writes another address into an invoice's row: it must never be shown, nor told when the invoice is paid or due.
    /// Then it is put right again.
    pub(super) async fn tamper(&mut self, invoice: InvoiceId, other: InvoiceId) -> Outcome<String> {
        let gateway = Arc::clone(self.gateway()?);
        let owner = self.memory.invoices.get(&invoice).ok_or("no such invoice")?.owner;
        let read = move |reader: &farthing_store::Reader<'_>| reader.any_invoice(invoice);
        let Some(before) = gateway.store().read(read).await.map_err(unexpected)? else { return done() };
        let read = move |reader: &farthing_store::Reader<'_>| reader.any_invoice(other);
        let Some(stranger) = gateway.store().read(read).await.map_err(unexpected)? else { return done() };
        let of_asset = |quote: &&Quote| before.quotes.first().is_some_and(|own| own.due.asset == quote.due.asset);
        let Some(address) = stranger.quotes.iter().find(of_asset).map(|quote| quote.address.clone()) else {
            return done();
        };
        let is_configured =
            before.quotes.first().is_some_and(|quote| !self.configuration.removed.contains(&quote.due.asset.network));
        if !is_configured {
            return done();
        }
        let own = before.quotes.first().map(|quote| quote.address.clone()).unwrap_or_default();
        // Whatever comes of the two writes: it is put right before anybody asks again.
        self.tampered = Some((invoice, own));
        self.write_address(invoice, address).await?;
        let shown = gateway.invoice(owner, invoice).await;
        let told = self.told_of(owner, invoice).await?;
        self.pay_unnoticed(invoice).await?;
        self.expire_all(Waiting::Now).await?;
        if self.told_of(owner, invoice).await? != told {
            return Err(format!("address: {invoice} was told of with an address that is not its own"));
        }
        self.mend().await?;
        match shown {
            Err(ReadError::AddressMismatch(_)) => Ok("refused: not its own address".to_owned()),
            Err(ReadError::Store(error)) => Err(unexpected(error)),
            Ok(_) => Err(format!("address: {invoice} was shown with an address that is not its own")),
        }
    }

    /// Pays an invoice that is refused: its network waits.
    async fn pay_unnoticed(&mut self, invoice: InvoiceId) -> Outcome<()> {
        let due = self.memory.invoices.get(&invoice).and_then(|known| known.dues.values().next().cloned());
        let Some((due, (_, address))) = due else { return Ok(()) };
        let network = due.asset.network;
        if self.configuration.removed.contains(&network) {
            return Ok(());
        }
        let output = Output { asset: due.asset, decimals: due.decimals, units: due.units, address };
        self.pay(network, vec![output]).await?;
        self.mine(network, 1).await?;
        let gateway = Arc::clone(self.gateway()?);
        match gateway.scan(test_chain(network)).await {
            Err(ScanError::Store(StoreError::Corrupt(_))) => Ok(()),
            scanned => self.scanned(scanned.map(|progress| format!("{progress:?}"))).map(drop),
        }
    }

    /// How many events were told of an invoice.
    async fn told_of(&self, owner: Owner, invoice: InvoiceId) -> Outcome<usize> {
        let read = move |reader: &farthing_store::Reader<'_>| reader.events(owner, 0, u32::MAX);
        let events = self.gateway()?.store().read(read).await.map_err(unexpected)?;
        Ok(events.iter().filter(|event| event.invoice == invoice).count())
    }

    /// Puts right what was tampered with.
    pub(crate) async fn mend(&mut self) -> Outcome<()> {
        if let Some((invoice, own)) = self.tampered.clone() {
            self.write_address(invoice, own).await?;
            self.tampered = None;
        }
        Ok(())
    }

    async fn write_address(&self, id: InvoiceId, address: String) -> Outcome<()> {
        let write = move |transaction: &mut farthing_store::Transaction<'_>| {
            let Some(mut invoice) = transaction.lock_any_invoice(id)? else { return Ok::<_, StoreError>(()) };
            if let Some(quote) = invoice.quotes.first_mut() {
                quote.address.clone_from(&address);
            }
            transaction.save_invoice(&invoice, None)
        };
        self.gateway()?.store().decide(write).await.map_err(unexpected)
    }

    /// The operator changes the configuration, and starts again.
    pub(crate) async fn reconfigure(&mut self, configuration: Configuration) -> Outcome<String> {
        for (network, confirmations) in &configuration.confirmations {
            let lowest = self.memory.lowest_confirmations.entry(*network).or_insert(*confirmations);
            *lowest = (*lowest).min(*confirmations);
        }
        self.configuration = configuration;
        self.restart().await?;
        done()
    }
}
