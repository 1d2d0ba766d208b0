//! Readers: two threads with a connection each, so that a page of a list never waits behind a commit.

use super::open;
use crate::error::StoreError;
use rusqlite::Connection;
use std::{
    path::Path,
    sync::{Arc, Mutex, mpsc},
    thread::JoinHandle,
};
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce(&Connection) + Send>;

/// Reading threads.
const THREADS: usize = 2;
/// Queries that may wait before the store says that it is busy.
const WAITING_MAX: usize = 4096;

pub(super) struct Readers {
    jobs: Option<mpsc::SyncSender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    pub(super) fn start(path: &Path) -> Result<Self, StoreError> {
        let (jobs, waiting) = mpsc::sync_channel::<Job>(WAITING_MAX);
        let waiting = Arc::new(Mutex::new(waiting));
        let mut threads = Vec::with_capacity(THREADS);
        for _ in 0..THREADS {
            let connection = open::reading_connection(path)?;
            let waiting = Arc::clone(&waiting);
            let spawned =
                std::thread::Builder::new().name("store-reader".to_owned()).spawn(move || run(&connection, &waiting));
            threads.push(spawned.map_err(|source| StoreError::File { path: "store-reader".into(), source })?);
        }
        Ok(Self { jobs: Some(jobs), threads })
    }

    pub(super) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let jobs = self.jobs.as_ref().ok_or(StoreError::Failed)?;
        let query: Job = Box::new(move |connection| {
            // A caller that went away is told nothing.
            drop(answer.send(in_view(connection, job)));
        });
        jobs.try_send(query).map_err(|error| match error {
            mpsc::TrySendError::Full(_) => StoreError::Busy,
            mpsc::TrySendError::Disconnected(_) => StoreError::Failed,
        })?;
        answered.await.map_err(|_| StoreError::DecisionPanicked)?
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.jobs = None;
        // A query whose caller went away may be the last to hold the store: a thread cannot wait for its own end.
        let own = std::thread::current().id();
        for thread in self.threads.drain(..).filter(|thread| thread.thread().id() != own) {
            drop(thread.join());
        }
    }
}

fn run(connection: &Connection, waiting: &Mutex<mpsc::Receiver<Job>>) {
    loop {
        let job = match waiting.lock() {
            Ok(waiting) => waiting.recv(),
            Err(_) => return,
        };
        let Ok(job) = job else { return };
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| job(connection))).is_err() {
            tracing::error!("a query panicked");
        }
    }
}

/// A query, all of whose statements see the same state.
pub(super) fn in_view<T>(
    connection: &Connection,
    job: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let view = connection.unchecked_transaction()?;
    let result = job(&view)?;
    view.finish()?;
    Ok(result)
}
