//! A run: a seed, so many actions, then quiet, and the books compared with the chains.
//!
//! One thread, one seed: the same seed gives the same trace. Safety is checked while faults go on, everything else once it is
//! quiet.

use crate::{
    act::Outcome,
    check::{self, Violation},
    dice::Dice,
    memory::Memory,
    plan::Action,
    planted::Planted,
    racing::Races,
    receivers::Receivers,
    trace::Trace,
    world::{Around, ManualClock, START, World},
};
use farthing_dialects::native::events::EventName;
use farthing_domain::{
    id::{Environment, InvoiceId},
    name::NetworkId,
    network::ChainId,
    time::Timestamp,
};
use farthing_gateway::gateway::Gateway;
use std::{collections::BTreeMap, fmt, sync::Arc};

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
    /// A bug that the run plants in itself; `None` outside of tests of the simulation.
    pub planted: Option<Planted>,
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
    pub(crate) planted: Option<Planted>,
    pub(crate) trace: Trace,
    pub(crate) networks: Vec<NetworkId>,
    pub(crate) home: NetworkId,
    pub(crate) count: u64,
    pub(crate) set_back_seconds: i64,
    /// When each invoice was last settled, as it was last looked at: that never goes back.
    settled: BTreeMap<InvoiceId, Timestamp>,
}

/// Runs one seed from its first action to its last check.
///
/// # Errors
/// What did not hold.
pub fn run(seed: u64, settings: Settings) -> Result<Report, Box<Failure>> {
    let failed = |problem: String| Box::new(Failure { seed, step: None, problems: vec![problem], recent: Vec::new() });
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(|error| failed(error.to_string()))?;
    runtime.block_on(async {
        let mut simulation =
            Simulation::open(seed, settings.planted).await.map_err(|error| failed(format!("{error:#}")))?;
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
        let mut simulation =
            Simulation::open(seed, settings.planted).await.map_err(|error| failed(format!("{error:#}")))?;
        for step in 1..=settings.steps {
            simulation.step(step).await.map_err(failed)?;
        }
        Ok(simulation.end().await.map_err(failed)?.0)
    })
}

impl Simulation {
    async fn open(seed: u64, planted: Option<Planted>) -> anyhow::Result<Self> {
        let clock = Arc::new(ManualClock::at(START));
        let receivers = Receivers::new(Arc::clone(&clock));
        let races = Races::default();
        let around = Around {
            receivers: Some(receivers.as_outgoing()),
            races: Some(races.clone()),
            forgets_watched: planted == Some(Planted::ForgottenAddresses),
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
            planted,
            trace: Trace::default(),
            networks,
            home,
            count: 0,
            set_back_seconds: 0,
            settled: BTreeMap::new(),
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
        }
        Ok(simulation)
    }

    async fn step(&mut self, step: u32) -> Outcome<()> {
        let action = self.choose();
        let told = format!("{action:?}");
        let looks = matches!(action, Action::Restart(_)) || step.checked_rem(STEPS_BETWEEN_LOOKS) == Some(0);
        self.races.set_now(self.gateway()?.clocks().now(TEST));
        let outcome = match self.perform(action).await {
            Ok(answer) => self.keep_races().await.map(|()| answer),
            Err(problem) => Err(problem),
        };
        let line = match &outcome {
            Ok(answer) => format!("{told} -> {answer}"),
            Err(problem) => format!("{told} -> FAILED {problem}"),
        };
        self.trace.note(&line);
        outcome?;
        if looks { self.look().await } else { Ok(()) }
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
        check::at_any_time(&evidence).first().map_or(Ok(()), |violation: &Violation| Err(violation.to_string()))
    }

    pub(crate) fn gateway(&self) -> Outcome<&Arc<Gateway>> {
        self.world.as_ref().map(|world| &world.gateway).ok_or_else(|| "the gateway did not start again".to_owned())
    }

    /// Ends the process without a word, and starts it again on what is on disk.
    pub(crate) async fn restart(&mut self) -> Outcome<()> {
        self.keep_races().await?;
        self.sabotage().await?;
        let world = self.world.take().ok_or("the gateway did not start again")?;
        self.world = Some(world.reopen().await.map_err(|error| format!("restart: {error:#}"))?);
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
        }
    }
}

pub(crate) const fn test_chain(network: NetworkId) -> ChainId {
    ChainId { environment: TEST, network }
}
