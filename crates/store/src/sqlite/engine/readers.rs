//! Readers: two threads with a connection each, so that a page of a list never waits behind a commit. A look at a few rows
//! borrows the connection of a thread that has nothing to do.

use super::open;
use crate::error::StoreError;
use rusqlite::Connection;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, TryLockError,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread::JoinHandle,
};
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce(&Connection) + Send>;

/// Reading threads.
const THREADS: usize = 2;
/// Queries that may wait for a thread before the store says that it is busy.
const WAITING_MAX: usize = 4096;

pub(super) struct Readers(Vec<Reader>);

/// A thread with its own queue: one that all share would wake all of them for each query.
struct Reader {
    /// Locked by whoever reads: the thread, or a task that borrows it.
    connection: Arc<Mutex<Connection>>,
    jobs: Option<mpsc::SyncSender<Job>>,
    /// Queries that it has and has not ended.
    unfinished: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Readers {
    pub(super) fn start(path: &Path) -> Result<Self, StoreError> {
        (0..THREADS).map(|_| Reader::start(path)).collect::<Result<_, _>>().map(Self)
    }

    pub(super) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let least_busy = self.0.iter().min_by_key(|reader| reader.unfinished.load(Ordering::Relaxed));
        least_busy.ok_or(StoreError::Failed)?.submit(Box::new(move |connection| {
            // A caller that went away is told nothing.
            drop(answer.send(in_view(connection, job)));
        }))?;
        answered.await.map_err(|_| StoreError::DecisionPanicked)?
    }

    /// Runs a short query in the calling thread, if a connection is free: that saves waking another thread and being woken by it.
    pub(super) async fn glance<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        if let Some(connection) = self.0.iter().find_map(Reader::borrow) {
            return catch_unwind(AssertUnwindSafe(|| in_view(&connection, job)))
                .unwrap_or(Err(StoreError::DecisionPanicked));
        }
        self.run(job).await
    }
}

impl Reader {
    fn start(path: &Path) -> Result<Self, StoreError> {
        let connection = Arc::new(Mutex::new(open::reading_connection(path)?));
        let (jobs, waiting) = mpsc::sync_channel::<Job>(WAITING_MAX);
        let unfinished = Arc::new(AtomicUsize::new(0));
        let (counted, shared) = (Arc::clone(&unfinished), Arc::clone(&connection));
        let spawned =
            std::thread::Builder::new().name("store-reader".to_owned()).spawn(move || run(&shared, &waiting, &counted));
        let thread = spawned.map_err(|source| StoreError::File { path: "store-reader".into(), source })?;
        Ok(Self { connection, jobs: Some(jobs), unfinished, thread: Some(thread) })
    }

    fn borrow(&self) -> Option<MutexGuard<'_, Connection>> {
        match self.connection.try_lock() {
            Ok(connection) => Some(connection),
            // A query that panicked left no transaction open: its view ended with it.
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn submit(&self, job: Job) -> Result<(), StoreError> {
        let jobs = self.jobs.as_ref().ok_or(StoreError::Failed)?;
        self.unfinished.fetch_add(1, Ordering::Relaxed);
        jobs.try_send(job).map_err(|error| {
            self.unfinished.fetch_sub(1, Ordering::Relaxed);
            match error {
                mpsc::TrySendError::Full(_) => StoreError::Busy,
                mpsc::TrySendError::Disconnected(_) => StoreError::Failed,
            }
        })
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.jobs = None;
        // A query whose caller went away may be the last to hold the store: a thread cannot wait for its own end.
        let own = std::thread::current().id();
        if let Some(thread) = self.thread.take().filter(|thread| thread.thread().id() != own) {
            drop(thread.join());
        }
    }
}

fn run(connection: &Mutex<Connection>, waiting: &mpsc::Receiver<Job>, unfinished: &AtomicUsize) {
    while let Ok(job) = waiting.recv() {
        let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
        if catch_unwind(AssertUnwindSafe(|| job(&connection))).is_err() {
            tracing::error!("a query panicked");
        }
        unfinished.fetch_sub(1, Ordering::Relaxed);
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
