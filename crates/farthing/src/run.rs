//! Everything that runs by itself: the only place that starts tasks and waits for time.
//!
//! Each task calls a step of the gateway, again and again, and can be ended between two steps. A task that panics is started
//! again and told; none takes another with it.

pub(crate) mod accounts;
mod chains;
mod expiry;
mod marks;
mod outbox;
mod rates;
mod reconcile;
mod status;

use crate::{commands::Outcome, high_water::Kept};
use axum::Router;
use farthing_domain::id::Environment;
use farthing_gateway::{gateway::Gateway, watch::Watched};
use farthing_web::edge;
use std::{future::Future, sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    sync::{Mutex, watch},
    task::JoinSet,
    time::{sleep, timeout},
};

/// How long a task that panicked rests before it is started again.
const RESTART_AFTER: Duration = Duration::from_secs(1);
/// How long running work may take to end; what is cut then is repeated at the next start.
const ENDING_MAX: Duration = Duration::from_secs(12);
/// The same after the store failed: nothing more can be written down, and those who wait are answered at once.
const FAILED_ENDING_MAX: Duration = Duration::from_millis(500);

/// Whether the program is ending.
#[derive(Clone)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Whether to end now.
    pub(crate) fn is_told(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the end is told.
    pub(crate) async fn told(&mut self) {
        // An error means that nobody is left to tell: that is the end too.
        drop(self.0.wait_for(|is_told| *is_told).await);
    }

    /// Waits; answers whether to end.
    pub(crate) async fn within(&mut self, pause: Duration) -> bool {
        timeout(pause, self.told()).await.is_ok()
    }
}

/// What runs.
pub(crate) struct Running {
    gateway: Arc<Gateway>,
    stop: watch::Sender<bool>,
    web: JoinSet<edge::Drained>,
    tasks: JoinSet<()>,
    terminate: Signal,
    interrupt: Signal,
}

impl Running {
    /// Starts serving and all background work.
    ///
    /// # Errors
    /// When signals cannot be received.
    pub(crate) fn start(gateway: Arc<Gateway>, kept: KeptState, web: Web) -> anyhow::Result<Self> {
        let KeptState { marks, watched } = kept;
        let mut running = Self {
            gateway: Arc::clone(&gateway),
            stop: watch::Sender::new(false),
            web: JoinSet::new(),
            tasks: JoinSet::new(),
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        };
        let mut stop = running.stop();
        let until = async move { stop.told().await };
        running.web.spawn(edge::serve(web.listener, web.router, web.limits, until));
        for chain in gateway.chains() {
            let (id, gateway) = (chain.id, Arc::clone(&gateway));
            running.keep(format!("scan {} {}", id.environment, id.network), move |stop| {
                chains::follow(Arc::clone(&gateway), id, stop)
            });
        }
        for environment in Environment::ALL {
            let gateway = Arc::clone(&gateway);
            running.keep(format!("expire {environment}"), move |stop| {
                expiry::follow(Arc::clone(&gateway), environment, stop)
            });
        }
        let outbox = Arc::clone(&gateway);
        running.keep("outbox".to_owned(), move |stop| outbox::follow(Arc::clone(&outbox), stop));
        for key in gateway.unknown_accounts() {
            let (gateway, marks) = (Arc::clone(&gateway), Arc::clone(&marks));
            running.keep(format!("account {key}"), move |stop| {
                accounts::follow(Arc::clone(&gateway), key, Arc::clone(&marks), stop)
            });
        }
        let reconciling = Arc::clone(&gateway);
        running
            .keep("reconciliation".to_owned(), move |stop| reconcile::follow(Arc::clone(&reconciling), watched, stop));
        let priced = Arc::clone(&gateway);
        running.keep("rates".to_owned(), move |stop| rates::follow(Arc::clone(&priced), stop));
        let seen = Arc::clone(&gateway);
        running.keep("network status".to_owned(), move |stop| status::follow(Arc::clone(&seen), stop));
        running.keep("high-water marks".to_owned(), move |stop| {
            marks::follow(Arc::clone(&gateway), Arc::clone(&marks), stop)
        });
        Ok(running)
    }

    /// Whether the program is ending, for a task.
    fn stop(&self) -> Stop {
        Stop(self.stop.subscribe())
    }

    /// Keeps a task running until the end.
    fn keep<F, T>(&mut self, name: String, task: F)
    where
        F: Fn(Stop) -> T + Send + 'static,
        T: Future<Output = ()> + Send + 'static,
    {
        let (gateway, stop) = (Arc::clone(&self.gateway), self.stop());
        self.tasks.spawn(repeat(gateway, name, task, stop));
    }

    /// Waits until the program is told to end, or must, and ends everything.
    pub(crate) async fn until_told(mut self) -> Outcome {
        let mut failed = self.gateway.store().failed();
        let (outcome, ending_max) = tokio::select! {
            _ = self.terminate.recv() => (Outcome::Done, ENDING_MAX),
            _ = self.interrupt.recv() => (Outcome::Done, ENDING_MAX),
            _ = failed.wait_for(|failed| *failed) => {
                tracing::error!("a commit failed: ending, so that the next start shows what is on disk");
                (Outcome::Failed, FAILED_ENDING_MAX)
            }
            _ = self.web.join_next() => {
                tracing::error!("the web server ended");
                (Outcome::Failed, ENDING_MAX)
            }
        };
        self.end(ending_max).await;
        outcome
    }

    async fn end(mut self, ending_max: Duration) {
        tracing::info!("ending: open requests and running deliveries may finish");
        self.stop.send_replace(true);
        let all = async {
            while self.web.join_next().await.is_some() {}
            while self.tasks.join_next().await.is_some() {}
        };
        if timeout(ending_max, all).await.is_err() {
            tracing::warn!("some work was cut; it is repeated at the next start");
        }
        self.web.shutdown().await;
        self.tasks.shutdown().await;
    }
}

/// Starts a task, and again when it ends before its time.
async fn repeat<F, T>(gateway: Arc<Gateway>, name: String, task: F, mut stop: Stop)
where
    F: Fn(Stop) -> T,
    T: Future<Output = ()> + Send + 'static,
{
    let mut is_ending = false;
    while !is_ending {
        let mut one = JoinSet::new();
        one.spawn(task(stop.clone()));
        let ended = one.join_next().await;
        if stop.is_told() {
            return;
        }
        let is_panic = ended.is_some_and(|ended| ended.is_err());
        tracing::error!(task = name, is_panic, "a background task ended and is started again");
        gateway.note_fall(&name);
        metrics::counter!("farthing_task_restarts_total", "task" => name.clone()).increment(1);
        is_ending = stop.within(RESTART_AFTER).await;
    }
}

/// What is kept beside the database, and for how long addresses are watched.
pub(crate) struct KeptState {
    pub(crate) marks: Arc<Mutex<Kept>>,
    pub(crate) watched: Watched,
}

/// What serves.
pub(crate) struct Web {
    pub(crate) listener: TcpListener,
    pub(crate) router: Router,
    pub(crate) limits: edge::Limits,
}

/// Waits for time or for a wake-up; answers whether to end.
async fn wait(stop: &mut Stop, pause: Duration, woken: impl Future<Output = ()>) -> bool {
    tokio::select! {
        () = stop.told() => true,
        () = sleep(pause) => false,
        () = woken => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Config, installation::open_for_command};
    use std::sync::atomic::{AtomicU32, Ordering};
    use tokio::sync::mpsc;

    /// Panics when it is started first, ends when it is started again, and then runs.
    async fn unsteady(start: u32, tells: mpsc::Sender<u32>, mut stop: Stop) {
        tells.send(start).await.unwrap();
        match start {
            0 => panic!("a planted panic"),
            1 => {}
            _ => stop.told().await,
        }
    }

    #[tokio::test]
    async fn a_task_that_panics_or_ends_is_started_again_and_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("farthing.toml");
        std::fs::write(&path, format!("data_dir = {:?}", folder.path().join("data"))).unwrap();
        let gateway = open_for_command(&Config::load(Some(&path)).unwrap()).await.unwrap();
        let (stop, starts) = (watch::Sender::new(false), AtomicU32::new(0));
        let (tells, mut told) = mpsc::channel(4);
        let task = move |stop: Stop| unsteady(starts.fetch_add(1, Ordering::SeqCst), tells.clone(), stop);
        let mut running = JoinSet::new();
        let name = "scan live polygon".to_owned();
        running.spawn(repeat(Arc::clone(&gateway), name.clone(), task, Stop(stop.subscribe())));
        for start in 0..3 {
            assert_eq!(told.recv().await, Some(start));
        }
        assert_eq!(gateway.ailing_tasks(), [name]);
        stop.send_replace(true);
        running.join_all().await;
    }
}
