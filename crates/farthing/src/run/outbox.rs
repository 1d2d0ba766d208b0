//! Delivering webhooks: one lane an endpoint, many lanes at once, so that a dead endpoint delays nobody else. One that fails
//! rests a moment before it is sent what came meanwhile, all of it together: what it costs is bounded, whatever happens. No owner
//! gets all lanes, however many of his endpoints hang.

use super::Stop;
use farthing_domain::id::{EndpointId, Owner};
use farthing_gateway::{
    deliver::{BATCH, Woken},
    gateway::Gateway,
};
use farthing_store::StoreError;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    pin::pin,
    sync::Arc,
    time::Duration,
};
use tokio::{
    task::{self, JoinSet},
    time::{Instant, sleep, timeout_at},
};

/// Endpoints delivered to at once. One owner gets half of them at the most, as [`Lanes::has_room_for`] shares them.
const LANES_MAX: usize = 128;
/// The longest pause between two looks: commands beside the server write deliveries too.
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// The shortest.
const PAUSE_MIN: Duration = Duration::from_millis(20);
/// How long an endpoint rests whose last attempt failed. New deliveries to it are attempted that much later at the most.
const REST: Duration = Duration::from_secs(1);
/// How long running attempts may take at the end; cut ones are repeated at the next start.
const ENDING_MAX: Duration = Duration::from_secs(10);
/// Endpoints whose turn is remembered.
const REMEMBERED_MAX: usize = 10_000;

/// The lanes that run, and whose turn was last.
struct Lanes {
    gateway: Arc<Gateway>,
    running: JoinSet<Result<usize, StoreError>>,
    /// The endpoint of each running lane, and whose it is.
    busy: HashMap<task::Id, (EndpointId, Owner)>,
    /// When each endpoint was last served, counted.
    served: BTreeMap<EndpointId, u64>,
    /// Until when each endpoint rests that failed.
    resting: BTreeMap<EndpointId, Instant>,
    turn: u64,
}

pub(super) async fn follow(gateway: Arc<Gateway>, mut stop: Stop) {
    let mut lanes = Lanes::new(Arc::clone(&gateway));
    while !stop.is_told() {
        let until_due = match lanes.fill().await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::warn!(%error, "due webhooks cannot be read");
                PAUSE_MAX
            }
        };
        let mut pause = pin!(sleep(until_due));
        loop {
            tokio::select! {
                () = stop.told() => break,
                Some(ended) = lanes.running.join_next_with_id(), if !lanes.running.is_empty() => {
                    lanes.ended(ended);
                    break;
                }
                // What is new for an endpoint whose lane runs is found when that lane has ended.
                woken = gateway.outbox_woken() => lanes.start_all(woken),
                () = &mut pause => break,
            }
        }
    }
    lanes.end().await;
}

impl Lanes {
    fn new(gateway: Arc<Gateway>) -> Self {
        Self {
            gateway,
            running: JoinSet::new(),
            busy: HashMap::new(),
            served: BTreeMap::new(),
            resting: BTreeMap::new(),
            turn: 0,
        }
    }

    /// Starts a lane for every endpoint that has something due, those first that waited longest. Answers how long to wait.
    async fn fill(&mut self) -> Result<Duration, StoreError> {
        let mut due = self.gateway.outbox_due().await?;
        let now = Instant::now();
        self.resting.retain(|_, until| *until > now);
        due.sort_by_key(|woken| self.served.get(&woken.endpoint()).copied().unwrap_or_default());
        let is_any_due = !due.is_empty();
        self.start_all(due);
        if is_any_due {
            // Whatever is due has its lane, rests, or waits for one. The end of a lane, and what is new, are heard of anyway.
            let first = self.resting.values().min();
            return Ok(
                first.map_or(PAUSE_MAX, |until| until.saturating_duration_since(now).clamp(PAUSE_MIN, PAUSE_MAX))
            );
        }
        let next = self.gateway.next_delivery_due().await?;
        let now = self.gateway.clocks().real();
        let until = next.map(|next| next.milliseconds().saturating_sub(now.milliseconds()));
        let until = until.map_or(PAUSE_MAX, |until| Duration::from_millis(u64::try_from(until).unwrap_or_default()));
        Ok(until.clamp(PAUSE_MIN, PAUSE_MAX))
    }

    /// Starts lanes for endpoints that have none and do not rest, as many as there is room for.
    fn start_all(&mut self, woken: impl IntoIterator<Item = Woken>) {
        let occupied: BTreeSet<EndpointId> =
            self.busy.values().map(|(endpoint, _)| endpoint).chain(self.resting.keys()).copied().collect();
        for woken in woken.into_iter().filter(|woken| !occupied.contains(&woken.endpoint())) {
            if self.has_room_for(woken.owner()) {
                self.start(woken);
            }
        }
    }

    /// Whether an owner may have one more lane: as long as he has fewer than there are free ones. So one who fills all that he may
    /// get leaves half of the lanes to others, the next one a quarter, and so on.
    fn has_room_for(&self, owner: Owner) -> bool {
        let theirs = self.busy.values().filter(|(_, of)| *of == owner).count();
        theirs < LANES_MAX.saturating_sub(self.busy.len())
    }

    fn start(&mut self, woken: Woken) {
        let (id, owner) = (woken.endpoint(), woken.owner());
        self.turn = self.turn.saturating_add(1);
        if self.served.len() >= REMEMBERED_MAX {
            self.served.clear();
        }
        self.served.insert(id, self.turn);
        let gateway = Arc::clone(&self.gateway);
        let lane = self.running.spawn(async move {
            let done = gateway.deliver(woken).await;
            if done.is_err() {
                // What cannot be written down would be sent again at once, and again: a full disk must not flood a shop.
                sleep(PAUSE_MAX).await;
            }
            done
        });
        self.busy.insert(lane.id(), (id, owner));
    }

    fn ended(&mut self, ended: Result<(task::Id, Result<usize, StoreError>), task::JoinError>) {
        match ended {
            Ok((lane, done)) => {
                let endpoint = self.busy.remove(&lane).map(|(endpoint, _)| endpoint);
                self.let_rest(endpoint, done.as_ref().copied().unwrap_or_default());
                if let Err(error) = done {
                    tracing::warn!(?endpoint, %error, "a delivery was not recorded; it is repeated");
                }
            }
            Err(error) => {
                let endpoint = self.busy.remove(&error.id()).map(|(endpoint, _)| endpoint);
                tracing::error!(?endpoint, %error, "a lane of the outbox panicked; its deliveries are repeated");
            }
        }
    }

    /// An endpoint that fails gets a rest when all that was due to it was attempted.
    fn let_rest(&mut self, endpoint: Option<EndpointId>, attempts: usize) {
        let is_drained = u32::try_from(attempts).is_ok_and(|attempts| attempts < BATCH);
        let failing = endpoint.filter(|id| is_drained && self.gateway.is_failing(*id));
        if let Some((id, until)) = failing.zip(Instant::now().checked_add(REST)) {
            self.resting.insert(id, until);
        }
    }

    async fn end(mut self) {
        let deadline = Instant::now().checked_add(ENDING_MAX);
        let Some(deadline) = deadline else { return };
        while let Ok(Some(ended)) = timeout_at(deadline, self.running.join_next_with_id()).await {
            self.ended(ended);
        }
        self.running.shutdown().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Config, installation::open_for_command};
    use farthing_domain::id::{Environment, MerchantId};
    use uuid::Uuid;

    fn endpoints_of(owner: u64, count: u64) -> impl Iterator<Item = Woken> {
        let whose = Owner { merchant: MerchantId(Uuid::from_u64_pair(0, owner)), environment: Environment::Test };
        (0..count).map(move |number| Woken::new(EndpointId(Uuid::from_u64_pair(owner, number)), whose))
    }

    #[tokio::test]
    async fn an_owner_whose_endpoints_all_hang_leaves_lanes_to_every_other_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("farthing.toml");
        std::fs::write(&path, format!("data_dir = {:?}", folder.path().join("data"))).unwrap();
        let gateway = open_for_command(&Config::load(Some(&path)).unwrap()).await.unwrap();
        let mut lanes = Lanes::new(gateway);
        let mut had = Vec::new();
        // None of them is heard to have ended.
        for owner in 1..8 {
            let before = lanes.busy.len();
            lanes.start_all(endpoints_of(owner, 999));
            had.push(lanes.busy.len() - before);
        }
        assert_eq!(had, [64, 32, 16, 8, 4, 2, 1]);
    }
}
