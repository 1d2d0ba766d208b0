//! What a part does, and what it is answered, in the shop's names.

use super::{
    snoop,
    stage::Stage,
    story::{Deed, Part, Request, Take},
};
use crate::{
    act::{Outcome, done, unexpected},
    receivers::Mood,
    simulation::TEST,
};
use farthing_dialects::{native::request::CreateInvoice as Form, txnpro::channels::Extras};
use farthing_domain::{
    asset::{Asset, AssetId},
    invoice::{Choice, Foreign, Invoice, Source},
    policy::{Dialect, Policy},
    static_address::StaticAddress,
};
use farthing_gateway::{
    change_invoice::{ChangeError, Which},
    create_invoice::{CreateError, CreateInvoice, Created},
    quotes::NoQuote,
    static_addresses::{TakeError, TakeStaticAddress, Taken},
};
use farthing_networks::{
    address::{Address, Chain as AddressChain},
    simulated::chain::Output,
};
use farthing_store::records::{StaticAddressChange, TakeKey};
use serde_json::json;
use std::sync::Arc;

/// Callbacks among which one is asked for again.
const LATEST: u32 = 5;

impl Stage {
    /// What a part does; the answer in the shop's names.
    pub(super) async fn perform(&mut self, part: Part, deed: &Deed) -> Outcome<String> {
        let gateway = Arc::clone(self.gateway()?);
        let owner = self.player(part).owner;
        let answer = match deed {
            Deed::Create(request) => self.create(part, request).await?,
            Deed::Repeat(number) => match self.player(part).requests.get(*number).cloned() {
                Some(request) => self.create(part, &request).await?,
                None => done()?,
            },
            Deed::Activate(number) => match self.invoice(part, *number).await? {
                Some(invoice) => match invoice.terms.choice {
                    Choice::Fixed(asset) => changed(gateway.activate(Which::ById(owner, invoice.id), asset).await)?,
                    Choice::Any => done()?,
                },
                None => done()?,
            },
            Deed::Cancel(number) => match self.player(part).invoices.get(*number) {
                Some(id) => changed(gateway.cancel(Which::ById(owner, *id)).await)?,
                None => done()?,
            },
            Deed::Pay { invoice, percent, salt } => self.pay(part, *invoice, *percent, *salt).await?,
            Deed::TakeBack(number) => self.take_back(part, *number).await?,
            Deed::Take(take) => self.take(part, take).await?,
            Deed::Deposit { address, beside, units, salt } => {
                let addresses = [Some(*address), *beside];
                self.deposit(part, addresses, *units, *salt).await?
            }
            Deed::Switch(number) => self.switch(part, *number).await?,
            Deed::SendTestEvent => {
                let endpoint = self.player(part).endpoint;
                gateway.send_test_event(owner, endpoint).await.map_err(unexpected)?;
                done()?
            }
            Deed::Redeliver(number) => self.redeliver(part, *number).await?,
            Deed::Ail(dialect, is_well) => self.ail(part, *dialect, *is_well)?,
            Deed::LookUp(number) => snoop::look_up(&gateway, self.player(part), *number).await?,
            Deed::Snoop(number) => {
                snoop::snoop(&gateway, self.player(part), self.player(part.other()), *number).await?;
                done()?
            }
        };
        self.learn().await?;
        Ok(self.names.in_place(&answer))
    }

    async fn create(&mut self, part: Part, request: &Request) -> Outcome<String> {
        let gateway = Arc::clone(self.gateway()?);
        let Request { dialect, body, has_own_url } = request;
        let owner = self.player(part).owner;
        let form = Form::parse(body.as_bytes(), None, &gateway.environment(TEST).catalog);
        let mut form = form.map_err(|error| format!("{body}: {error:?}"))?;
        form.terms.foreign = self.foreign(part, *dialect, *has_own_url, "{}");
        let command = CreateInvoice {
            owner,
            policy: Policy::of(*dialect),
            source: Source::Api(*dialect),
            terms: form.terms,
            fingerprint: form.fingerprint,
        };
        match gateway.create_invoice(command).await {
            Ok(Created::New(invoice)) => {
                let player = self.player_mut(part);
                player.requests.push(request.clone());
                player.invoices.push(invoice.id);
                Ok(format!("created {}", invoice.id))
            }
            Ok(Created::Replayed(invoice)) => Ok(format!("again {}", invoice.id)),
            Err(CreateError::Store(error)) => Err(unexpected(error)),
            Err(error) => Ok(format!("refused: {error}")),
        }
    }

    /// What an invoice of a dialect says of its credential; `None` for the native API.
    fn foreign(&self, part: Part, dialect: Dialect, has_own_url: bool, said: &str) -> Option<Foreign> {
        let known = self.player(part).credentials.iter().find(|known| known.dialect == dialect)?;
        let callback_url = has_own_url.then(|| known.own_url.clone());
        Some(Foreign { credential: known.id, name: String::new(), callback_url, said: said.to_owned() })
    }

    async fn take(&mut self, part: Part, take: &Take) -> Outcome<String> {
        let gateway = Arc::clone(self.gateway()?);
        let asset = self.asset(take)?;
        let said = json!({
            "foreign_id": take.reference,
            "currency": take.code,
            "network": take.network,
            "target_currency": take.code,
            "reference": take.reference,
        });
        let foreign = self.foreign(part, take.dialect, false, &said.to_string());
        let extras = foreign.map(|foreign| serde_json::to_string(&foreign)).transpose().map_err(unexpected)?;
        let command = TakeStaticAddress {
            owner: self.player(part).owner,
            dialect: take.dialect,
            asset: asset.id,
            label: None,
            external_id: Some(take.reference.clone()),
            extras: extras.unwrap_or_else(|| "{}".to_owned()),
            key: take.key.clone().map(|key| TakeKey { key, fingerprint: asset.id.to_string() }),
        };
        match gateway.take_static_address(command).await {
            Ok(Taken::New(address)) => {
                let answer = format!("took {} {}", address.id, address.address);
                self.player_mut(part).addresses.push(address.id);
                Ok(answer)
            }
            Ok(Taken::Replayed(address)) => Ok(format!("again {} {}", address.id, address.address)),
            Err(TakeError::Store(error)) => Err(unexpected(error)),
            Err(error) => Ok(format!("refused: {error}")),
        }
    }

    fn asset(&self, take: &Take) -> Outcome<Asset> {
        let catalog = &self.gateway()?.environment(TEST).catalog;
        catalog.resolve(take.code, Some(take.network)).cloned().map_err(|error| format!("{take:?}: {error:?}"))
    }

    async fn pay(&mut self, part: Part, number: usize, percent: u64, salt: [u8; 16]) -> Outcome<String> {
        let Some(invoice) = self.invoice(part, number).await? else { return done() };
        let Some(quote) = invoice.quotes.last() else { return done() };
        let units = quote.due.units.saturating_mul(u128::from(percent)).checked_div(100).unwrap_or_default();
        let output = self.output(quote.due.asset, quote.due.decimals, units, &quote.address)?;
        self.send(part, vec![output], salt).await
    }

    /// To a permanent address of the part's, and to one of the other's.
    async fn deposit(
        &mut self,
        part: Part,
        [own, beside]: [Option<usize>; 2],
        units: u128,
        salt: [u8; 16],
    ) -> Outcome<String> {
        let Some(own) = self.address(part, own).await? else { return done() };
        let mut outputs = vec![self.output(own.asset, own.decimals, units, &own.address)?];
        if let Some(other) = self.address(part.other(), beside).await?
            && other.asset.network == own.asset.network
        {
            outputs.push(self.output(other.asset, other.decimals, units, &other.address)?);
        }
        self.send(part, outputs, salt).await
    }

    fn output(&self, asset: AssetId, decimals: u8, units: u128, address: &str) -> Outcome<Output> {
        let catalog = &self.gateway()?.environment(TEST).catalog;
        let family = catalog.network(asset.network).ok_or("no such network")?.family;
        let address = Address::parse(family.into(), AddressChain::Testnet, address).map_err(unexpected)?;
        Ok(Output { asset, decimals, units, address: address.bytes().to_vec() })
    }

    async fn send(&mut self, part: Part, outputs: Vec<Output>, salt: [u8; 16]) -> Outcome<String> {
        let Some(network) = outputs.first().map(|output| output.asset.network) else { return done() };
        let sent = self.change(network, |chain, now| chain.prepare_pay(outputs.clone(), now, salt)).await?;
        let Some(hash) = sent else { return done() };
        self.player_mut(part).sent.push((network, hash.clone()));
        Ok(format!("sent {hash}"))
    }

    async fn take_back(&mut self, part: Part, number: usize) -> Outcome<String> {
        let Some((network, hash)) = self.player(part).sent.get(number).cloned() else { return done() };
        let taken = self.change(network, |chain, _| Ok((chain.prepare_drop(&hash)?, ()))).await?;
        Ok(if taken.is_some() { "taken back" } else { "too late" }.to_owned())
    }

    async fn switch(&mut self, part: Part, number: usize) -> Outcome<String> {
        let Some(address) = self.address(part, Some(number)).await? else { return done() };
        let change = match Extras::read(&address).map(|extras| extras.switched(true)) {
            Some(extras) => {
                let extras = serde_json::to_string(&extras).map_err(unexpected)?;
                StaticAddressChange { extras: Some(extras), label: None }
            }
            None => StaticAddressChange { extras: None, label: Some(Some(format!("note {number}"))) },
        };
        let owner = self.player(part).owner;
        let changed = self.gateway()?.change_static_address(owner, address.id, change).await.map_err(unexpected)?;
        Ok(format!("changed {changed:?}"))
    }

    async fn redeliver(&self, part: Part, number: usize) -> Outcome<String> {
        let (gateway, owner) = (self.gateway()?, self.player(part).owner);
        let latest = gateway.store().read(move |reader| reader.callbacks(owner, LATEST)).await.map_err(unexpected)?;
        let Some((delivery, url)) = latest.get(number) else { return done() };
        gateway.redeliver(owner, delivery.id).await.map_err(unexpected)?;
        Ok(format!("{} to {url} again", delivery.kind))
    }

    /// The neighbour's stay dead.
    fn ail(&self, part: Part, dialect: Dialect, is_well: bool) -> Outcome<String> {
        let known = self.player(part).credentials.iter().find(|known| known.dialect == dialect);
        if let (Part::Shop, Some(known)) = (part, known) {
            self.receivers.set_mood(&known.url, if is_well { Mood::Healthy } else { Mood::Answers(503) });
        }
        done()
    }

    async fn invoice(&self, part: Part, number: usize) -> Outcome<Option<Invoice>> {
        let player = self.player(part);
        let Some(id) = player.invoices.get(number).copied() else { return Ok(None) };
        self.gateway()?.invoice(player.owner, id).await.map_err(unexpected)
    }

    async fn address(&self, part: Part, number: Option<usize>) -> Outcome<Option<StaticAddress>> {
        let player = self.player(part);
        let Some(id) = number.and_then(|number| player.addresses.get(number).copied()) else { return Ok(None) };
        self.gateway()?.static_address(player.owner, id).await.map_err(unexpected)
    }
}

fn changed(result: Result<Invoice, ChangeError>) -> Outcome<String> {
    match result {
        Ok(invoice) => Ok(format!("{} is {}", invoice.id, invoice.standing.status)),
        Err(ChangeError::Refused(refusal)) => Ok(format!("refused: {refusal}")),
        // A network that was not read for long sells nothing.
        Err(ChangeError::Quote(NoQuote::NetworkOffline(network))) => Ok(format!("refused: {network} is not read")),
        Err(error) => Err(unexpected(error)),
    }
}
