//! The stage: a world with two shops, and what they remember.

use super::{
    names::Names,
    story::{Part, Request, Scene},
};
use crate::{
    act::{Outcome, done, unexpected},
    plan::CALLING_BACK,
    receivers::{Mood, Receivers},
    simulation::TEST,
    world::{Around, ManualClock, START, World},
};
use farthing_dialects::native::events::EventName;
use farthing_domain::{
    id::{CredentialId, EndpointId, InvoiceId, Owner, StaticAddressId},
    name::NetworkId,
    policy::Dialect,
    time::Timestamp,
};
use farthing_gateway::{expire::Waiting, gateway::Gateway, scan::Progress};
use farthing_networks::simulated::{
    Simulated,
    chain::{ChainError, Change},
};
use std::{collections::BTreeMap, sync::Arc};

/// Endpoints of the neighbour's, all dead: enough to be due before the shop's in every turn.
const DEAD_ENDPOINTS: usize = 3;
/// The shop's endpoint.
pub(super) const HOOK_URL: &str = "http://10.0.0.1/shop";
/// Where callbacks go: both shops are customers of one platform, and so have one host.
const SHOP_URL: &str = "http://10.0.0.9/shop/";
const NEIGHBOUR_URL: &str = "http://10.0.0.9/neighbour/";
/// Steps of expiry after which it is taken to have no end.
const EXPIRE_STEPS_MAX: u32 = 1_000;

/// A credential of a dialect.
pub(super) struct Known {
    pub(super) dialect: Dialect,
    pub(super) id: CredentialId,
    /// What requests carry.
    pub(super) key: String,
    /// Where callbacks go, and where those of an invoice with an address of its own.
    pub(super) url: String,
    pub(super) own_url: String,
}

/// What one part remembers.
pub(super) struct Player {
    pub(super) owner: Owner,
    pub(super) credentials: Vec<Known>,
    pub(super) endpoint: EndpointId,
    pub(super) requests: Vec<Request>,
    pub(super) invoices: Vec<InvoiceId>,
    /// Permanent ones.
    pub(super) addresses: Vec<StaticAddressId>,
    /// Payments: their networks and hashes.
    pub(super) sent: Vec<(NetworkId, String)>,
}

pub(super) struct Stage {
    world: Option<World>,
    clock: Arc<ManualClock>,
    pub(super) receivers: Receivers,
    pub(super) shop: Player,
    neighbour: Player,
    pub(super) names: Names,
    /// What the shop saw last of each thing on its lists, and how much of its events, webhooks, and of all callbacks.
    pub(super) shown: BTreeMap<String, String>,
    pub(super) events: u64,
    pub(super) requests: usize,
    pub(super) callbacks: usize,
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
            players.push(Player {
                owner,
                endpoint: subscribe(&world, &receivers, owner, part).await?,
                credentials: credentials(&world, &receivers, owner, part).await?,
                requests: Vec::new(),
                invoices: Vec::new(),
                addresses: Vec::new(),
                sent: Vec::new(),
            });
        }
        world.gateway.scan_all(TEST).await.map_err(unexpected)?;
        let (Some(shop), Some(neighbour)) = (players.pop(), players.pop()) else {
            return Err("there are two shops".to_owned());
        };
        Ok(Self {
            world: Some(world),
            clock,
            receivers,
            shop,
            neighbour,
            names: Names::default(),
            shown: BTreeMap::new(),
            events: 0,
            requests: 0,
            callbacks: 0,
        })
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

    /// Changes a chain; `None` where the chain does not let it. Nothing is read of it here: when that happens depends on no shop.
    pub(super) async fn change<T>(
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

    pub(super) fn gateway(&self) -> Outcome<&Arc<Gateway>> {
        self.world.as_ref().map(|world| &world.gateway).ok_or_else(|| "the gateway did not start again".to_owned())
    }

    pub(super) const fn player(&self, part: Part) -> &Player {
        match part {
            Part::Shop => &self.shop,
            Part::Neighbour => &self.neighbour,
        }
    }

    pub(super) const fn player_mut(&mut self, part: Part) -> &mut Player {
        match part {
            Part::Shop => &mut self.shop,
            Part::Neighbour => &mut self.neighbour,
        }
    }
}

/// Endpoints for everything: one of the shop's that is well, or the neighbour's dead ones, of which it answers the last.
async fn subscribe(world: &World, receivers: &Receivers, owner: Owner, part: Part) -> Outcome<EndpointId> {
    let urls: Vec<String> = match part {
        Part::Shop => vec![HOOK_URL.to_owned()],
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

/// A credential of each dialect, with its receivers: the shop's are well, the neighbour's dead.
async fn credentials(world: &World, receivers: &Receivers, owner: Owner, part: Part) -> Outcome<Vec<Known>> {
    let mut credentials = Vec::new();
    for dialect in CALLING_BACK {
        let at = if part == Part::Shop { SHOP_URL } else { NEIGHBOUR_URL };
        let (url, own_url) = (format!("{at}{dialect}"), format!("{at}{dialect}/own"));
        let made = world.gateway.create_credential(owner, dialect, Some(url.clone())).await;
        let (credential, new) = made.map_err(unexpected)?;
        for url in [&url, &own_url] {
            receivers.learn_credential(url, &credential, &new.secret);
            if part == Part::Neighbour {
                receivers.set_mood(url, Mood::Answers(500));
            }
        }
        credentials.push(Known { dialect, id: credential.id, key: new.key, url, own_url });
    }
    Ok(credentials)
}

/// Whether a receiver is the shop's.
pub(super) fn is_of_the_shop(url: &str) -> bool {
    url == HOOK_URL || url.starts_with(SHOP_URL)
}

async fn expire(gateway: &Arc<Gateway>) -> Outcome<()> {
    for _ in 0..EXPIRE_STEPS_MAX {
        if gateway.expire(TEST, Waiting::Now).await.map_err(unexpected)? == Progress::Idle {
            return Ok(());
        }
    }
    Err("expiry never comes to an end".to_owned())
}

fn named(network: &str) -> Outcome<NetworkId> {
    NetworkId::new(network).map_err(|_| format!("no network {network}"))
}
