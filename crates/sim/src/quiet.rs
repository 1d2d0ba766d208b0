//! Quiet: faults stop, the chains go on beyond finality, the clock passes every window and grace, and webhooks run until
//! nothing is due. Then the evidence is taken.

use crate::{
    act::{Outcome, unexpected},
    check::{self, Evidence, Violation},
    disturbed::Trouble,
    oracle::Oracle,
    simulation::{Simulation, TEST},
    world::Configuration,
};
use farthing_domain::{
    id::{EndpointId, InvoiceId},
    static_address::StaticAddress,
    time::Timestamp,
};
use farthing_gateway::{clock::Clock, expire::Waiting};
use farthing_networks::simulated::Faults;
use farthing_store::records::{AddressRow, Attempt, Delivery, Page};
use std::{collections::BTreeMap, sync::Arc};

/// Blocks mined beyond finality.
const BEYOND_FINALITY: u64 = 3;
/// By how much the test clock is advanced, in seconds, one after the other: past windows, past native's grace, past drafts
/// and the longest grace.
const ADVANCES: [i64; 4] = [7_200, 18_000, 100_000, 1_300_000];
/// Rounds of the outbox after which it is taken to have no end.
const ROUNDS_MAX: u32 = 2_000;
/// Simulated real time in which everything must have settled once faults stopped: five attempts of every webhook, in seconds.
const QUIET_SECONDS_MAX: i64 = 7 * 86_400;
/// Rows read at a time.
const PAGE: u32 = 10_000;

impl Simulation {
    /// Lets it get quiet, and compares the books with the chains.
    pub(crate) async fn end(&mut self) -> Outcome<(Evidence, Vec<Violation>)> {
        // What was decided while the clock was ahead is over when the clock is there again.
        self.clock.catch_up();
        let began = self.clock.now();
        let before = self.set_back_seconds;
        self.heal().await?;
        let quiet_at = self.gateway()?.clocks().now(TEST);
        for seconds in ADVANCES {
            self.advance(seconds).await?;
            self.settle_down().await?;
        }
        let moved_back = self.set_back_seconds.saturating_sub(before);
        self.quiet_seconds = self.clock.now().seconds_since(began).saturating_add(moved_back);
        let mut evidence = self.evidence().await?;
        evidence.quiet_at = Some(quiet_at);
        let mut violations = check::when_quiet(&evidence);
        if self.quiet_seconds > QUIET_SECONDS_MAX {
            let what = format!("it took {} s until nothing was due any more", self.quiet_seconds);
            violations.push(Violation::new("liveness", what));
        }
        violations.extend(self.nothing_new_is_told(&evidence).await?);
        violations.extend(self.audit().await.err().map(|what| Violation::new("audit", what)));
        self.note_evidence(&evidence);
        Ok((evidence, violations))
    }

    /// Everybody is well again, and every chain goes on beyond finality.
    async fn heal(&mut self) -> Outcome<()> {
        self.receivers.heal();
        self.races.clear();
        self.disturbed.set(Trouble::default());
        self.reconfigure(Configuration::default()).await?;
        let gateway = Arc::clone(self.gateway()?);
        for network in self.networks.clone() {
            gateway.simulated(network).ok_or("no such network")?.set_faults(Faults::default());
            let confirmations = gateway.environment(TEST).chains.get(&network).map_or(1, |chain| chain.confirmations);
            self.mine(network, u64::from(confirmations).saturating_add(BEYOND_FINALITY)).await?;
        }
        drop(gateway);
        self.scan_all().await?;
        self.settle_down().await
    }

    /// Settles and delivers until nothing is due.
    async fn settle_down(&mut self) -> Outcome<()> {
        self.expire_all(Waiting::Now).await?;
        for _ in 0..ROUNDS_MAX {
            self.deliver().await?;
            let Some(due) = self.gateway()?.next_delivery_due().await.map_err(unexpected)? else { return Ok(()) };
            let wait = due.milliseconds().saturating_sub(self.clock.now().milliseconds());
            self.clock.move_by_ms(wait.max(0));
        }
        Err("the outbox never gets empty".to_owned())
    }

    /// Reading everything once more, before and after another start, tells nothing.
    async fn nothing_new_is_told(&mut self, before: &Evidence) -> Outcome<Vec<Violation>> {
        self.scan_all().await?;
        self.restart().await?;
        self.scan_all().await?;
        self.settle_down().await?;
        let after = self.evidence().await?;
        let is_same = before.invoices == after.invoices && before.events == after.events && before.log == after.log;
        let is_same = is_same && before.permanent == after.permanent;
        let violation = Violation::new("once", "reading everything again changed or told something".to_owned());
        Ok(if is_same { Vec::new() } else { vec![violation] })
    }

    /// What the checks look at, as it is now.
    pub(crate) async fn evidence(&self) -> Outcome<Evidence> {
        let gateway = Arc::clone(self.gateway()?);
        let mut oracle = Oracle::default();
        let mut memory = self.memory.clone();
        for network in gateway.environment(TEST).catalog.networks() {
            let simulated = gateway.simulated(network.id).ok_or("no such network")?;
            let height = simulated.with_chain(farthing_networks::simulated::chain::Chain::height);
            let highest = memory.highest.entry(network.id).or_insert(height);
            *highest = (*highest).max(height);
            simulated.with_chain(|chain| oracle.read(network, chain));
        }
        let mut events = BTreeMap::new();
        for owner in self.memory.owners.clone() {
            let told = gateway.store().read(move |reader| reader.events(owner, 0, PAGE)).await.map_err(unexpected)?;
            events.insert(owner.merchant, told);
        }
        let invoices = gateway.store().read(|reader| reader.all_invoices(None, PAGE)).await.map_err(unexpected)?;
        let addresses: Vec<AddressRow> =
            gateway.store().read(|reader| reader.addresses(None, PAGE)).await.map_err(unexpected)?;
        for (id, known) in &self.memory.invoices {
            let (owner, id): (_, InvoiceId) = (known.owner, *id);
            // Also derives its addresses again.
            gateway.invoice(owner, id).await.map_err(unexpected)?.ok_or_else(|| format!("{id} is gone"))?;
        }
        Ok(Evidence {
            invoices,
            addresses,
            permanent: self.permanent().await?,
            events,
            deliveries: self.deliveries().await?,
            oracle,
            memory,
            log: self.receivers.log(),
            callbacks: self.callbacks_written()?,
            called_back: self.receivers.called_back(),
            quiet_at: None::<Timestamp>,
            set_back_seconds: self.set_back_seconds,
        })
    }

    /// Every delivery with its attempts.
    async fn deliveries(&self) -> Outcome<Vec<(Delivery, Vec<Attempt>)>> {
        let endpoints: Vec<EndpointId> = self.memory.endpoints.keys().copied().collect();
        let read = move |reader: &farthing_store::Reader<'_>| {
            let mut found = Vec::new();
            for endpoint in endpoints {
                found.extend(reader.deliveries(endpoint, Page { limit: PAGE, offset: 0 })?.0);
            }
            found.into_iter().map(|delivery| Ok((delivery.clone(), reader.attempts(delivery.id)?))).collect()
        };
        self.gateway()?.store().read(read).await.map_err(unexpected)
    }

    /// Permanent addresses as their shops read them, and no other shop.
    async fn permanent(&self) -> Outcome<Vec<StaticAddress>> {
        let gateway = Arc::clone(self.gateway()?);
        let owners = &self.memory.owners;
        let asked = self.memory.permanent.iter().flat_map(|known| owners.iter().map(move |owner| (known, *owner)));
        let mut read = Vec::new();
        for ((id, known), owner) in asked {
            let found = gateway.static_address(owner, *id).await.map_err(unexpected)?;
            if found.is_some() && owner != known.owner {
                return Err(format!("another shop read permanent address {id}"));
            }
            read.extend(found);
        }
        Ok(read)
    }

    fn note_evidence(&mut self, evidence: &Evidence) {
        for event in evidence.events.values().flatten() {
            let body = String::from_utf8_lossy(&event.body);
            self.trace.weigh(&format!("event {} {} {} {body}", event.sequence, event.id, event.kind));
        }
        for received in &evidence.log {
            self.trace.weigh(&format!("received {} {} {}", received.url, received.id, received.is_acknowledged));
        }
        for received in &evidence.called_back {
            self.trace.weigh(&format!("called back {} {}", received.url, String::from_utf8_lossy(&received.body)));
        }
        for invoice in &evidence.invoices {
            self.trace.weigh(&format!("invoice {} {:?}", invoice.id, invoice.standing));
        }
    }
}
