//! A run: a seed, so many actions, then quiet, and the books compared with the chains.
//!
//! One thread, one seed: the same seed gives the same trace. Safety is checked while faults go on, everything else once it is
//! quiet.

use crate::{
    act::{Outcome, alter::Undo, is_of_the_disk, unexpected},
    check::{self, Violation},
    dice::Dice,
    disturbed::{Disturbed, Trouble},
    memory::Memory,
    plan::Action,
    racing::Races,
    receivers::Receivers,
    trace::Trace,
    world::{Around, Configuration, ManualClock, START, World},
};
use farthing_dialects::native::events::EventName;
use farthing_domain::{
    id::{Environment, InvoiceId},
    name::NetworkId,
    network::ChainId,
    planted::Bug,
    standing::Status,
    time::Timestamp,
};
use farthing_gateway::{clock::Clock, gateway::Gateway};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt,
    future::Future,
    path::PathBuf,
    pin::pin,
    sync::Arc,
    task::Poll,
};

/// Simulated networks live in the test environment.
pub(crate) const TEST: Environment = Environment::Test;
/// Shops of a run.
const SHOPS: usize = 3;
/// Steps between two looks at what must hold at any time.
const STEPS_BETWEEN_LOOKS: u32 = 40;

/// Lines of a trace that are shown where not all are asked for.
const LINES_SHOWN: usize = 40;

/// How long a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Actions before it gets quiet.
    pub steps: u32,
    /// A bug that is planted into the code; nothing comes of it without the feature `planted`.
    pub planted: Option<Bug>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { steps: 160, planted: None }
    }
}

/// What a run came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Its seed.
    pub seed: u64,
    /// The hash of everything that happened.
    pub trace: String,
    /// Invoices created.
    pub invoices: usize,
    /// Transfers on the chains to addresses of ours, at the end.
    pub transfers: usize,
    /// Events told.
    pub events: usize,
    /// Webhook requests sent.
    pub requests: usize,
    /// Starts of the process.
    pub starts: u32,
    /// Reads and writes that failed, and commits of which nobody knew.
    pub disk_faults: u32,
    /// Simulated seconds, and how many of them after faults stopped.
    pub seconds: [i64; 2],
}

/// Why a run failed.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Its seed.
    pub seed: u64,
    /// After how many actions; `None` when it was quiet already.
    pub step: Option<u32>,
    /// What does not hold.
    pub problems: Vec<String>,
    /// The last lines of the trace.
    pub recent: Vec<String>,
}

impl fmt::Display for Failure {
    /// The end of the trace, or all of it (`{:#}`), then what does not hold and how to see it again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = if f.alternate() { usize::MAX } else { LINES_SHOWN };
        for line in self.recent.iter().skip(self.recent.len().saturating_sub(shown)) {
            writeln!(f, "{line}")?;
        }
        for problem in &self.problems {
            writeln!(f, "! {problem}")?;
        }
        let replay = format!("cargo xtask sim --from {} --seeds 1", self.seed);
        match self.step {
            Some(step) => write!(f, "seed {} failed at step {step}; replay: {replay}", self.seed),
            None => write!(f, "seed {} failed when it was quiet; replay: {replay}", self.seed),
        }
    }
}

/// A running simulation.
pub struct Simulation {
    world: Option<World>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) dice: Dice,
    pub(crate) memory: Memory,
    pub(crate) receivers: Receivers,
    pub(crate) races: Races,
    pub(crate) disturbed: Disturbed,
    pub(crate) configuration: Configuration,
    /// What is chosen already.
    pub(crate) planned: VecDeque<Action>,
    pub(crate) trace: Trace,
    pub(crate) networks: Vec<NetworkId>,
    pub(crate) home: NetworkId,
    pub(crate) count: u64,
    pub(crate) set_back_seconds: i64,
    /// How to put right what is altered at the moment.
    pub(crate) altered: Vec<Undo>,
    /// Whether what waited for rows that are right again may not be recorded yet.
    pub(crate) is_unrecorded: bool,
    /// When each invoice was last settled, as it was last looked at: that never goes back.
    settled: BTreeMap<InvoiceId, Timestamp>,
    /// Invoices that were seen expired.
    expired: BTreeSet<InvoiceId>,
    seed: u64,
    starts: u32,
    disk_faults: u32,
    pub(crate) quiet_seconds: i64,
}

/// Runs one seed from its first action to its last check.
///
/// # Errors
/// What did not hold.
pub fn run(seed: u64, settings: Settings) -> Result<Report, Box<Failure>> {
    let failed = |problem: String| Box::new(Failure { seed, step: None, problems: vec![problem], recent: Vec::new() });
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(|error| failed(error.to_string()))?;
    runtime.block_on(async {
        // The run before, on this thread, may have left one.
        plant(None);
        let mut simulation = Simulation::open(seed).await.map_err(|error| failed(format!("{error:#}")))?;
        plant(settings.planted);
        let fail = |simulation: &Simulation, step, problems| {
            Box::new(Failure { seed, step, problems, recent: simulation.trace.recent() })
        };
        for step in 1..=settings.steps {
            if let Err(problem) = simulation.step(step).await {
                return Err(fail(&simulation, Some(step), vec![problem]));
            }
        }
        match simulation.end().await {
            Err(problem) => Err(fail(&simulation, None, vec![problem])),
            Ok((evidence, violations)) if violations.is_empty() => Ok(simulation.report(seed, &evidence)),
            Ok((_, violations)) => Err(fail(&simulation, None, violations.iter().map(ToString::to_string).collect())),
        }
    })
}

/// Everything that the checks of a finished run look at: for tests that doctor it.
///
/// # Errors
/// When the run itself fails.
pub fn evidence_of(seed: u64, settings: Settings) -> Result<check::Evidence, Box<Failure>> {
    let failed = |problem: String| Box::new(Failure { seed, step: None, problems: vec![problem], recent: Vec::new() });
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(|error| failed(error.to_string()))?;
    runtime.block_on(async {
        let mut simulation = Simulation::open(seed).await.map_err(|error| failed(format!("{error:#}")))?;
        for step in 1..=settings.steps {
            simulation.step(step).await.map_err(failed)?;
        }
        Ok(simulation.end().await.map_err(failed)?.0)
    })
}

/// The world as a run leaves it, its gateway running: for tests that do something to what is stored.
///
/// # Errors
/// When the run itself fails.
pub async fn world_after(seed: u64, settings: Settings) -> Result<World, Box<Failure>> {
    let failed = |problem: String| Box::new(Failure { seed, step: None, problems: vec![problem], recent: Vec::new() });
    let mut simulation = Simulation::open(seed).await.map_err(|error| failed(format!("{error:#}")))?;
    for step in 1..=settings.steps {
        simulation.step(step).await.map_err(failed)?;
    }
    simulation.end().await.map_err(failed)?;
    simulation.world.take().ok_or_else(|| failed("the gateway did not start again".to_owned()))
}

impl Simulation {
    async fn open(seed: u64) -> anyhow::Result<Self> {
        let clock = Arc::new(ManualClock::at(START));
        let receivers = Receivers::new(Arc::clone(&clock));
        let races = Races::default();
        let disturbed = Disturbed::new(seed, Arc::clone(&clock));
        let around = Around {
            receivers: Some(receivers.as_outgoing()),
            races: Some(races.clone()),
            disturbed: Some(disturbed.clone()),
            ..Around::default()
        };
        let world = World::simulated(seed, Arc::clone(&clock), around).await?;
        let networks: Vec<NetworkId> = world.gateway.environment(TEST).chains.keys().copied().collect();
        let home = networks.first().copied().ok_or_else(|| anyhow::anyhow!("there are no networks"))?;
        let mut simulation = Self {
            world: None,
            clock,
            dice: Dice::of(seed),
            memory: Memory::default(),
            receivers,
            races,
            disturbed,
            configuration: Configuration::default(),
            planned: VecDeque::new(),
            trace: Trace::default(),
            networks,
            home,
            count: 0,
            set_back_seconds: 0,
            altered: Vec::new(),
            is_unrecorded: false,
            settled: BTreeMap::new(),
            expired: BTreeSet::new(),
            seed,
            starts: 1,
            disk_faults: 0,
            quiet_seconds: 0,
        };
        for _ in 0..SHOPS {
            simulation.memory.owners.push(world.merchant().await?);
        }
        world.gateway.scan_all(TEST).await?;
        simulation.world = Some(world);
        let every: Vec<String> = EventName::all().map(|name| name.to_string()).collect();
        for owner in simulation.memory.owners.clone() {
            let action = Action::AddEndpoint(owner, every.clone());
            simulation.perform(action).await.map_err(anyhow::Error::msg)?;
            simulation.take_credentials(owner).await.map_err(anyhow::Error::msg)?;
        }
        Ok(simulation)
    }

    async fn step(&mut self, step: u32) -> Outcome<()> {
        let action = self.choose();
        let trouble = self.choose_trouble();
        let dies_after = self.choose_death(&action);
        let told = format!("{action:?}{}", dies_after.map_or_else(String::new, |at| format!(" until await {at}")));
        let looks = matches!(action, Action::Restart(_)) || step.checked_rem(STEPS_BETWEEN_LOOKS) == Some(0);
        self.races.set_now(self.gateway()?.clocks().now(TEST));
        let is_settling = matches!(action, Action::Expire | Action::AdvanceTestClock(_) | Action::Together(..));
        self.disturbed.set(trouble);
        let outcome = match dies_after {
            Some(awaits) => up_to(awaits, Box::pin(self.perform(action))).await,
            None => Some(self.perform(action).await),
        };
        self.disturbed.set(Trouble::default());
        let outcome = match outcome {
            Some(outcome) => outcome,
            None => self.restart().await.map(|()| "died".to_owned()),
        };
        let outcome = outcome.or_else(|problem| self.forgive(Err(problem)));
        self.disk_faults = self.disk_faults.saturating_add(self.disturbed.take_hits());
        let line = match &outcome {
            Ok(answer) => format!("{told} -> {answer}"),
            Err(problem) => format!("{told} -> FAILED {problem}"),
        };
        self.trace.note(&line);
        outcome?;
        self.end_if_failed().await?;
        self.mend().await?;
        self.keep_races().await?;
        self.note_heights()?;
        if looks || is_settling { self.look().await } else { Ok(()) }
    }

    /// A failing disk is told as such to whoever asked: with an answer that promises nothing.
    pub(crate) fn forgive(&self, outcome: Outcome<String>) -> Outcome<String> {
        outcome.or_else(|problem| {
            let is_forgiven = is_of_the_disk(&problem) && self.disturbed.has_hit();
            if is_forgiven { Ok(format!("5xx: {problem}")) } else { Err(problem) }
        })
    }

    /// What is stored is what its facts make.
    pub(crate) async fn audit(&self) -> Outcome<()> {
        let findings = self.gateway()?.audit().await.map_err(unexpected)?;
        findings.differences.first().map_or(Ok(()), |found| Err(format!("audit: {}: {}", found.subject, found.detail)))
    }

    /// The process ends when a commit failed, as the program does.
    pub(crate) async fn end_if_failed(&mut self) -> Outcome<()> {
        let has_failed = *self.gateway()?.store().failed().borrow();
        if has_failed { self.restart().await } else { Ok(()) }
    }

    /// Remembers how high the chains ever were.
    fn note_heights(&mut self) -> Outcome<()> {
        let gateway = Arc::clone(self.gateway()?);
        for network in &self.networks {
            let simulated = gateway.simulated(*network).ok_or("no such network")?;
            let height = simulated.with_chain(farthing_networks::simulated::chain::Chain::height);
            let highest = self.memory.highest.entry(*network).or_insert(height);
            *highest = (*highest).max(height);
        }
        Ok(())
    }

    /// What must hold at any time, whatever goes wrong at the moment.
    async fn look(&mut self) -> Outcome<()> {
        let evidence = self.evidence().await?;
        for invoice in &evidence.invoices {
            let now = invoice.standing.settled_at;
            let before = self.settled.insert(invoice.id, now).unwrap_or(now);
            if now < before {
                return Err(format!(
                    "{} was settled at {before:?} and then, the clock set back, at {now:?}",
                    invoice.id
                ));
            }
        }
        self.audit().await?;
        let now = self.gateway()?.clocks().now(TEST);
        let is_honest = self.is_honest();
        for invoice in evidence.invoices.iter().filter(|_| is_honest) {
            let is_new = invoice.standing.status == Status::Expired && self.expired.insert(invoice.id);
            if let Some(violation) = check::sound::erased(&evidence, invoice, now).filter(|_| is_new) {
                return Err(violation.to_string());
            }
        }
        check::at_any_time(&evidence).first().map_or(Ok(()), |violation: &Violation| Err(violation.to_string()))
    }

    /// Whether providers never lie in this run: then an expired invoice had no money in time.
    pub(crate) const fn is_honest(&self) -> bool {
        self.seed.is_multiple_of(2)
    }

    /// Whether shops take permanent addresses in this run.
    pub(crate) const fn has_permanent(&self) -> bool {
        matches!(self.seed & 3, 2 | 3)
    }

    pub(crate) fn folder(&self) -> Outcome<PathBuf> {
        Ok(self.world.as_ref().ok_or("the gateway did not start again")?.folder())
    }

    pub(crate) fn gateway(&self) -> Outcome<&Arc<Gateway>> {
        self.world.as_ref().map(|world| &world.gateway).ok_or_else(|| "the gateway did not start again".to_owned())
    }

    /// Ends the process without a word, and starts it again on what is on disk. It may end again while it starts.
    pub(crate) async fn restart(&mut self) -> Outcome<()> {
        let failed = |error: anyhow::Error| format!("restart: {error:#}");
        let mut ground = self.world.take().ok_or("the gateway did not start again")?.stop().map_err(failed)?;
        let made = self.races.take_made();
        if !made.is_empty() {
            ground.keep(&made).await.map_err(failed)?;
        }
        ground.around.configuration = self.configuration.clone();
        loop {
            self.starts = self.starts.saturating_add(1);
            let started = match self.dice.below(10) {
                0 => up_to(u32::try_from(self.dice.below(40)).unwrap_or_default(), ground.clone().start()).await,
                _ => Some(ground.clone().start().await),
            };
            match started.transpose() {
                Ok(Some(world)) => {
                    self.world = Some(world);
                    return self.keep_acknowledged();
                }
                // Whoever watches over the process starts it again.
                Err(error) if is_of_the_disk(&format!("{error:#}")) && self.disturbed.has_hit() => {}
                Err(error) => return Err(failed(error)),
                Ok(None) => {}
            }
        }
    }

    /// Makes durable what happened to chains while they were read.
    async fn keep_races(&self) -> Outcome<()> {
        let gateway = self.gateway()?;
        for (network, change) in self.races.take_made() {
            let rows = change.rows().map_err(unexpected)?;
            let write = move |transaction: &mut farthing_store::Transaction<'_>| {
                transaction.change_simulated(network, rows.cut_from, &rows.blocks, &rows.mempool)
            };
            gateway.store().decide(write).await.map_err(unexpected)?;
        }
        Ok(())
    }

    fn report(&self, seed: u64, evidence: &check::Evidence) -> Report {
        let is_ours = |address: &&crate::oracle::OnChain| {
            self.memory.addresses.contains_key(&(address.family, address.address.clone()))
        };
        Report {
            seed,
            trace: self.trace.hash(),
            invoices: evidence.invoices.len(),
            transfers: evidence.oracle.transfers.values().filter(is_ours).count(),
            events: evidence.events.values().map(Vec::len).sum(),
            requests: evidence.log.len(),
            starts: self.starts,
            disk_faults: self.disk_faults,
            seconds: [self.clock.now().seconds_since(START).saturating_add(self.set_back_seconds), self.quiet_seconds],
        }
    }
}

/// Lets something run up to an await, and drops it there; `None` when it did not come to its end before.
pub(crate) async fn up_to<T>(awaits: u32, running: impl Future<Output = T>) -> Option<T> {
    let mut running = pin!(running);
    for _ in 0..=awaits {
        let polled = std::future::poll_fn(|context| Poll::Ready(running.as_mut().poll(context))).await;
        if let Poll::Ready(answer) = polled {
            return Some(answer);
        }
        wake_all().await;
    }
    None
}

/// Lets the runtime wake what gave up its turn: it does so only when this task gives up its own, and what reads several
/// ranges at once is polled again only when it was woken.
pub(crate) async fn wake_all() {
    tokio::task::yield_now().await;
}

/// Plants a bug into what this thread runs.
pub(crate) fn plant(bug: Option<Bug>) {
    #[cfg(feature = "planted")]
    farthing_domain::planted::plant(bug);
    #[cfg(not(feature = "planted"))]
    let _: Option<Bug> = bug;
}

pub(crate) const fn test_chain(network: NetworkId) -> ChainId {
    ChainId { environment: TEST, network }
}
