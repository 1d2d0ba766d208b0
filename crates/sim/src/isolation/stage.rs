//! The stage: a world with two shops, what they remember, and what the first of them sees.

use super::{
    names::Names,
    story::{Deed, Part, Scene},
};
use crate::{
    act::{Outcome, done, unexpected},
    receivers::{Mood, Received, Receivers},
    simulation::TEST,
    world::{Around, ManualClock, START, World},
};
use farthing_dialects::native::{events::EventName, request::CreateInvoice as Form};
use farthing_domain::{
    id::{EndpointId, InvoiceId, Owner},
    invoice::{Invoice, Source},
    name::NetworkId,
    policy::{Dialect, Policy},
    time::Timestamp,
};
use farthing_gateway::{
    change_invoice::{ChangeError, Which},
    create_invoice::{CreateError, CreateInvoice, Created},
    expire::Waiting,
    gateway::Gateway,
    quotes::NoQuote,
    scan::Progress,
};
use farthing_networks::{
    address::{Address, Chain as AddressChain},
    simulated::{
        Simulated,
        chain::{ChainError, Change, Output},
    },
};
use farthing_store::records::{InvoiceFilter, Page};
use std::{collections::BTreeMap, sync::Arc};

/// Endpoints of the neighbour's, all dead: enough to be due before the shop's in every turn.
const DEAD_ENDPOINTS: usize = 3;
/// The shop's endpoint.
const SHOP_URL: &str = "http://10.0.0.1/shop";
const PAGE: u32 = 1_000;
/// Steps of expiry after which it is taken to have no end.
const EXPIRE_STEPS_MAX: u32 = 1_000;

/// What one part remembers.
struct Player {
    owner: Owner,
    requests: Vec<String>,
    invoices: Vec<InvoiceId>,
    /// Payments: their networks and hashes.
    sent: Vec<(NetworkId, String)>,
    endpoint: EndpointId,
}

pub(super) struct Stage {
    world: Option<World>,
    clock: Arc<ManualClock>,
    receivers: Receivers,
    shop: Player,
    neighbour: Player,
    names: Names,
    /// What the shop saw of each invoice last, and how much of its events and webhooks.
    shown: BTreeMap<InvoiceId, String>,
    events: u64,
    requests: usize,
}

impl Stage {
    pub(super) async fn open(seed: u64) -> Outcome<Self> {
        let clock = Arc::new(ManualClock::at(START));
        let receivers = Receivers::new(Arc::clone(&clock));
        let around = Around { receivers: Some(receivers.as_outgoing()), ..Around::default() };
        let world = World::simulated(seed, Arc::clone(&clock), around).await.map_err(unexpected)?;
        let mut players = Vec::new();
        for part in [Part::Neighbour, Part::Shop] {
            let owner = world.merchant().await.map_err(unexpected)?;
            let endpoint = subscribe(&world, &receivers, owner, part).await?;
            players.push(Player { owner, requests: Vec::new(), invoices: Vec::new(), sent: Vec::new(), endpoint });
        }
        world.gateway.scan_all(TEST).await.map_err(unexpected)?;
        let (Some(shop), Some(neighbour)) = (players.pop(), players.pop()) else {
            return Err("there are two shops".to_owned());
        };
        let (names, shown) = (Names::default(), BTreeMap::new());
        Ok(Self { world: Some(world), clock, receivers, shop, neighbour, names, shown, events: 0, requests: 0 })
    }

    /// A second passes.
    pub(super) fn tick(&self) {
        self.clock.move_by_ms(1000);
    }

    pub(super) async fn play(&mut self, scene: &Scene) -> Outcome<String> {
        let gateway = Arc::clone(self.gateway()?);
        match scene {
            Scene::Of(part, deed) => return self.perform(*part, deed).await,
            Scene::Mine { network, count, salt } => {
                self.change(named(network)?, |chain, now| chain.prepare_mine(*count, now, *salt)).await?;
            }
            Scene::Reorganise { network, depth, to_mempool, salt } => {
                let prepare = |chain: &Simulated, now| match to_mempool {
                    true => chain.prepare_reorg_to_mempool(*depth, &[], now, *salt),
                    false => chain.prepare_reorg(*depth, &[], now, *salt),
                };
                self.change(named(network)?, prepare).await?;
            }
            Scene::Scan => gateway.scan_all(TEST).await.map_err(unexpected)?,
            Scene::Expire => expire(&gateway).await?,
            Scene::MoveClock(seconds) => self.clock.move_by_ms(seconds.saturating_mul(1000)),
            Scene::AdvanceTestClock(seconds) => {
                gateway.advance_test_clock(*seconds).await.map_err(unexpected)?;
            }
            Scene::Deliver => {
                for endpoint in gateway.due_endpoints().await.map_err(unexpected)? {
                    gateway.deliver_to(endpoint).await.map_err(unexpected)?;
                }
            }
            Scene::Restart => {
                drop(gateway);
                let world = self.world.take().ok_or("the gateway did not start again")?;
                self.world = Some(world.reopen().await.map_err(unexpected)?);
            }
        }
        done()
    }

    /// What a part does; the answer in the shop's names.
    pub(super) async fn perform(&mut self, part: Part, deed: &Deed) -> Outcome<String> {
        let gateway = Arc::clone(self.gateway()?);
        let owner = self.player(part).owner;
        let answer = match deed {
            Deed::Create(body) => self.create(part, body).await?,
            Deed::Repeat(number) => match self.player(part).requests.get(*number).cloned() {
                Some(body) => self.create(part, &body).await?,
                None => done()?,
            },
            Deed::Activate(number) => match self.invoice(part, *number).await? {
                Some(invoice) => {
                    let asset = match invoice.terms.choice {
                        farthing_domain::invoice::Choice::Fixed(asset) => asset,
                        farthing_domain::invoice::Choice::Any => return done(),
                    };
                    changed(gateway.activate(Which::ById(owner, invoice.id), asset).await)?
                }
                None => done()?,
            },
            Deed::Cancel(number) => match self.player(part).invoices.get(*number) {
                Some(id) => changed(gateway.cancel(Which::ById(owner, *id)).await)?,
                None => done()?,
            },
            Deed::Pay { invoice, percent, salt } => self.pay(part, *invoice, *percent, *salt).await?,
            Deed::TakeBack(number) => self.take_back(part, *number).await?,
            Deed::SendTestEvent => {
                let endpoint = self.player(part).endpoint;
                gateway.send_test_event(owner, endpoint).await.map_err(unexpected)?;
                done()?
            }
            Deed::Snoop(number) => self.snoop(part, *number).await?,
        };
        self.learn().await?;
        Ok(self.names.in_place(&answer))
    }

    async fn create(&mut self, part: Part, body: &str) -> Outcome<String> {
        let gateway = Arc::clone(self.gateway()?);
        let owner = self.player(part).owner;
        let form = Form::parse(body.as_bytes(), None, &gateway.environment(TEST).catalog);
        let form = form.map_err(|error| format!("{body}: {error:?}"))?;
        let command = CreateInvoice {
            owner,
            policy: Policy::of(Dialect::Native),
            source: Source::Api(Dialect::Native),
            terms: form.terms,
            fingerprint: form.fingerprint,
        };
        match gateway.create_invoice(command).await {
            Ok(Created::New(invoice)) => {
                let player = self.player_mut(part);
                player.requests.push(body.to_owned());
                player.invoices.push(invoice.id);
                Ok(format!("created {}", invoice.id))
            }
            Ok(Created::Replayed(invoice)) => Ok(format!("again {}", invoice.id)),
            Err(CreateError::Store(error)) => Err(unexpected(error)),
            Err(error) => Ok(format!("refused: {error}")),
        }
    }

    async fn pay(&mut self, part: Part, number: usize, percent: u64, salt: [u8; 16]) -> Outcome<String> {
        let Some(invoice) = self.invoice(part, number).await? else { return done() };
        let Some(quote) = invoice.quotes.last() else { return done() };
        let network = quote.due.asset.network;
        let gateway = Arc::clone(self.gateway()?);
        let family = gateway.environment(TEST).catalog.network(network).ok_or("no such network")?.family;
        let address = Address::parse(family.into(), AddressChain::Testnet, &quote.address).map_err(unexpected)?;
        let units = quote.due.units.saturating_mul(u128::from(percent)).checked_div(100).unwrap_or_default();
        let (asset, decimals) = (quote.due.asset, quote.due.decimals);
        let output = Output { asset, decimals, units, address: address.bytes().to_vec() };
        let sent = self.change(network, |chain, now| chain.prepare_pay(vec![output.clone()], now, salt)).await?;
        if let Some(hash) = sent {
            self.player_mut(part).sent.push((network, hash.clone()));
            return Ok(format!("sent {hash}"));
        }
        done()
    }

    async fn take_back(&mut self, part: Part, number: usize) -> Outcome<String> {
        let Some((network, hash)) = self.player(part).sent.get(number).cloned() else { return done() };
        let taken = self.change(network, |chain, _| Ok((chain.prepare_drop(&hash)?, ()))).await?;
        Ok(if taken.is_some() { "taken back" } else { "too late" }.to_owned())
    }

    /// The other shop's invoice is not there. What the shop hears does not depend on whether the other has one.
    async fn snoop(&self, part: Part, number: usize) -> Outcome<String> {
        let gateway = Arc::clone(self.gateway()?);
        let other = if part == Part::Shop { Part::Neighbour } else { Part::Shop };
        let Some(id) = self.player(other).invoices.get(number).copied() else { return done() };
        let owner = self.player(part).owner;
        let is_shown = gateway.invoice(owner, id).await.map_err(unexpected)?.is_some();
        match gateway.cancel(Which::ById(owner, id)).await {
            Err(ChangeError::NotFound) if !is_shown => done(),
            answer => Err(format!("isolation: the other shop's invoice: shown {is_shown}, cancelled {answer:?}")),
        }
    }

    /// What is new to the shop: its list of invoices, its feed, its webhooks.
    pub(super) async fn seen_by_the_shop(&mut self) -> Outcome<Vec<String>> {
        self.learn().await?;
        let gateway = Arc::clone(self.gateway()?);
        let (owner, after) = (self.shop.owner, self.events);
        let filter = InvoiceFilter { is_oldest_first: true, ..InvoiceFilter::default() };
        let page = Page { limit: PAGE, offset: 0 };
        let (invoices, total) = gateway.invoices(owner, filter, page).await.map_err(unexpected)?;
        let mut lines = Vec::new();
        for mut invoice in invoices {
            for block in invoice.payments.iter_mut().filter_map(|payment| payment.block.as_mut()) {
                // Of all that is in the block, also of others.
                block.hash.clear();
            }
            let text = self.names.in_place(&format!("of {total}: {invoice:?}"));
            if self.shown.insert(invoice.id, text.clone()).as_ref() != Some(&text) {
                lines.push(text);
            }
        }
        let events = gateway.store().read(move |reader| reader.events(owner, after, PAGE)).await.map_err(unexpected)?;
        for event in events {
            self.names.give(event.id.to_string(), || format!("event {}", event.sequence));
            self.events = event.sequence;
            let body = String::from_utf8_lossy(&event.body);
            let at = event.created_at.milliseconds();
            lines.push(self.names.in_place(&format!("told {} {} at {at}: {body}", event.sequence, event.kind)));
        }
        let log: Vec<Received> = self.receivers.log().into_iter().filter(|got| got.url == SHOP_URL).collect();
        for got in log.iter().skip(self.requests) {
            let body = String::from_utf8_lossy(&got.body);
            let (signed, taken) = (got.is_signed, got.is_acknowledged);
            let test_event = if got.event.contains("test") { "" } else { body.as_ref() };
            lines.push(self.names.in_place(&format!("got {}, {signed} {taken}: {test_event}", got.event)));
        }
        self.requests = log.len();
        Ok(lines)
    }

    /// Names what the shop was answered.
    async fn learn(&mut self) -> Outcome<()> {
        let gateway = Arc::clone(self.gateway()?);
        for (number, id) in self.shop.invoices.iter().enumerate() {
            let found = gateway.invoice(self.shop.owner, *id).await.map_err(unexpected)?;
            let invoice = found.ok_or_else(|| format!("{id} is gone"))?;
            self.names.give(id.to_string(), || format!("invoice {number}"));
            self.names.give(invoice.token.as_str(), || format!("token {number}"));
            for (quote, made) in invoice.quotes.iter().enumerate() {
                self.names.give(made.address.as_str(), || format!("address {number}.{quote}"));
            }
        }
        for (number, (_, hash)) in self.shop.sent.iter().enumerate() {
            self.names.give(hash.as_str(), || format!("transaction {number}"));
        }
        Ok(())
    }

    async fn invoice(&self, part: Part, number: usize) -> Outcome<Option<Invoice>> {
        let player = self.player(part);
        let Some(id) = player.invoices.get(number).copied() else { return Ok(None) };
        self.gateway()?.invoice(player.owner, id).await.map_err(unexpected)
    }

    /// Changes a chain; `None` where the chain does not let it. Nothing is read of it here: when that happens depends on no shop.
    async fn change<T>(
        &self,
        network: NetworkId,
        prepare: impl FnOnce(&Simulated, Timestamp) -> Result<(Change, T), ChainError>,
    ) -> Outcome<Option<T>> {
        let gateway = Arc::clone(self.gateway()?);
        let simulated = gateway.simulated(network).ok_or("no such network")?;
        let Ok((change, answer)) = prepare(simulated, gateway.clocks().now(TEST)) else { return Ok(None) };
        let rows = change.rows().map_err(unexpected)?;
        let write = move |transaction: &mut farthing_store::Transaction<'_>| {
            transaction.change_simulated(network, rows.cut_from, &rows.blocks, &rows.mempool)
        };
        gateway.store().decide(write).await.map_err(unexpected)?;
        simulated.apply(change);
        Ok(Some(answer))
    }

    fn gateway(&self) -> Outcome<&Arc<Gateway>> {
        self.world.as_ref().map(|world| &world.gateway).ok_or_else(|| "the gateway did not start again".to_owned())
    }

    const fn player(&self, part: Part) -> &Player {
        match part {
            Part::Shop => &self.shop,
            Part::Neighbour => &self.neighbour,
        }
    }

    const fn player_mut(&mut self, part: Part) -> &mut Player {
        match part {
            Part::Shop => &mut self.shop,
            Part::Neighbour => &mut self.neighbour,
        }
    }
}

/// Endpoints for everything: one of the shop's that is well, or the neighbour's dead ones, of which it answers the last.
async fn subscribe(world: &World, receivers: &Receivers, owner: Owner, part: Part) -> Outcome<EndpointId> {
    let urls: Vec<String> = match part {
        Part::Shop => vec![SHOP_URL.to_owned()],
        Part::Neighbour => (0..DEAD_ENDPOINTS).map(|number| format!("http://10.0.0.2/dead/{number}")).collect(),
    };
    let mut last = None;
    for url in urls {
        let every: Vec<String> = EventName::all().map(|name| name.to_string()).collect();
        let (endpoint, secret) = world.gateway.create_endpoint(owner, url.clone(), every).await.map_err(unexpected)?;
        receivers.learn_secret(&url, secret, Timestamp::from_milliseconds(i64::MAX));
        if part == Part::Neighbour {
            receivers.set_mood(&url, Mood::Answers(500));
        }
        last = Some(endpoint.id);
    }
    last.ok_or_else(|| "every part has an endpoint".to_owned())
}

async fn expire(gateway: &Arc<Gateway>) -> Outcome<()> {
    for _ in 0..EXPIRE_STEPS_MAX {
        if gateway.expire(TEST, Waiting::Now).await.map_err(unexpected)? == Progress::Idle {
            return Ok(());
        }
    }
    Err("expiry never comes to an end".to_owned())
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

fn named(network: &str) -> Outcome<NetworkId> {
    NetworkId::new(network).map_err(|_| format!("no network {network}"))
}
