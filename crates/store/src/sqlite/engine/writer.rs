//! The writer: takes whatever decisions wait, runs them in one transaction, commits, and then answers all of them.

use super::{Health, OpenAs, open};
use crate::error::StoreError;
use rusqlite::Connection;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering},
    thread::JoinHandle,
};
use tokio::sync::{mpsc, oneshot};

/// A decision with its result kept aside; answers whether its writes are to be kept.
pub(super) type Job = Box<dyn FnMut(&Connection) -> bool + Send>;
type Submitted = (Job, oneshot::Sender<Result<(), StoreError>>);

/// Decisions that may wait before the store says that it is busy.
pub(super) const WAITING_MAX: usize = 4096;
/// Decisions in one commit.
const GROUP_MAX: usize = 256;

pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Submitted>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(connection: Connection, health: Arc<Health>, open_as: OpenAs) -> Result<Self, StoreError> {
        let (jobs, waiting) = mpsc::channel(WAITING_MAX);
        let spawned = std::thread::Builder::new().name("store-writer".to_owned()).spawn(move || {
            if catch_unwind(AssertUnwindSafe(|| run(connection, waiting, &health, open_as))).is_err() {
                health.fail();
            }
        });
        let thread = spawned.map_err(|source| StoreError::File { path: "store-writer".into(), source })?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    pub(super) async fn submit(&self, job: Job) -> Result<(), StoreError> {
        let (answer, answered) = oneshot::channel();
        let jobs = self.jobs.as_ref().ok_or(StoreError::Failed)?;
        jobs.try_send((job, answer)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Busy,
            mpsc::error::TrySendError::Closed(_) => StoreError::Failed,
        })?;
        answered.await.unwrap_or(Err(StoreError::Unknown))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        // A decision whose caller went away may be the last to hold the store: a thread cannot wait for its own end.
        if let Some(thread) = self.thread.take().filter(|thread| thread.thread().id() != std::thread::current().id()) {
            drop(thread.join());
        }
    }
}

fn run(connection: Connection, mut waiting: mpsc::Receiver<Submitted>, health: &Health, open_as: OpenAs) {
    let mut group = Vec::with_capacity(GROUP_MAX);
    let mut was_full = false;
    while waiting.blocking_recv_many(&mut group, GROUP_MAX) > 0 {
        if health.has_failed.load(Ordering::SeqCst) {
            answer_all(&mut group, || StoreError::Failed);
            continue;
        }
        let outcomes = commit_group(&connection, &mut group, health);
        match outcomes {
            Ok(outcomes) => {
                for ((job, answer), outcome) in group.drain(..).zip(outcomes) {
                    // What a decision holds is let go before its caller hears: the store itself may be part of it.
                    drop(job);
                    // A caller that went away is told nothing.
                    drop(answer.send(outcome));
                }
                if std::mem::take(&mut was_full) {
                    open::begin_log_anew(&connection);
                }
            }
            Err(error) => {
                if matches!(error, StoreError::Unknown) {
                    health.fail();
                }
                answer_all(&mut group, || repeat(&error));
                if matches!(error, StoreError::DiskFull) {
                    // The log itself may be what fills the disk. To begin it anew needs some room too, so it is done again as
                    // soon as there is.
                    was_full = true;
                    open::begin_log_anew(&connection);
                }
            }
        }
    }
    if health.has_failed.load(Ordering::SeqCst) {
        return;
    }
    // A command leaves the log its length: there may be a killed server's row that says that it must have one.
    let ended = match open_as {
        OpenAs::Server => open::note_ended(&connection),
        OpenAs::Command => connection.execute_batch("PRAGMA wal_checkpoint(PASSIVE)").map_err(StoreError::from),
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "the last checkpoint was left to the next start");
    }
}

fn answer_all(group: &mut Vec<Submitted>, error: impl Fn() -> StoreError) {
    for (job, answer) in group.drain(..) {
        drop(job);
        drop(answer.send(Err(error())));
    }
}

/// The reason that a whole group failed for, once per caller.
fn repeat(error: &StoreError) -> StoreError {
    match error {
        StoreError::Busy => StoreError::Busy,
        StoreError::DiskFull => StoreError::DiskFull,
        _ => StoreError::Unknown,
    }
}

/// Runs a group in one transaction. An error is about all of it: nothing of it can be relied on.
fn commit_group(
    connection: &Connection,
    group: &mut [Submitted],
    health: &Health,
) -> Result<Vec<Result<(), StoreError>>, StoreError> {
    execute(connection, "BEGIN IMMEDIATE").map_err(before_commit)?;
    let outcomes = run_group(connection, group).map_err(|error| {
        drop(execute(connection, "ROLLBACK"));
        before_commit(error)
    })?;
    if connection.is_autocommit() {
        // The only decision of its group was undone, and the transaction with it.
        return Ok(outcomes);
    }
    commit(connection)?;
    health.commits.fetch_add(1, Ordering::SeqCst);
    health.decisions.fetch_add(u64::try_from(group.len()).unwrap_or_default(), Ordering::SeqCst);
    Ok(outcomes)
}

/// Runs all decisions of a group. Nearly always there is nothing to undo, so that they first run without a savepoint each, which
/// costs a copy of every page that they touch. When one is not kept that has written something, all is undone and they run
/// again, each under a savepoint.
fn run_group(connection: &Connection, group: &mut [Submitted]) -> Result<Vec<Result<(), StoreError>>, StoreError> {
    let mut outcomes = Vec::with_capacity(group.len());
    let is_alone = group.len() == 1;
    for (job, _) in group.iter_mut() {
        let changes = connection.total_changes();
        let kept = run_one(connection, job)?;
        if matches!(kept, Ok(true)) || (!is_alone && connection.total_changes() == changes) {
            outcomes.push(kept.map(drop));
            continue;
        }
        execute(connection, "ROLLBACK")?;
        if is_alone {
            return Ok(vec![kept.map(drop)]);
        }
        execute(connection, "BEGIN IMMEDIATE")?;
        return group.iter_mut().map(|(job, _)| run_under_savepoint(connection, job)).collect();
    }
    Ok(outcomes)
}

/// One decision: whether it is to be kept, or that it panicked.
fn run_one(connection: &Connection, job: &mut Job) -> Result<Result<bool, StoreError>, StoreError> {
    let kept = catch_unwind(AssertUnwindSafe(|| job(connection)));
    if connection.is_autocommit() {
        // SQLite itself rolled everything back, as it does for a full disk and for an I/O error. A disk that is broken shows at
        // the next BEGIN or COMMIT.
        tracing::error!("the database rolled a group of decisions back: the disk is full or failing");
        return Err(StoreError::DiskFull);
    }
    Ok(kept.map_err(|_| StoreError::DecisionPanicked))
}

fn run_under_savepoint(connection: &Connection, job: &mut Job) -> Result<Result<(), StoreError>, StoreError> {
    execute(connection, "SAVEPOINT decision")?;
    let kept = run_one(connection, job)?;
    if !matches!(kept, Ok(true)) {
        execute(connection, "ROLLBACK TO decision")?;
    }
    execute(connection, "RELEASE decision")?;
    Ok(kept.map(drop))
}

fn commit(connection: &Connection) -> Result<(), StoreError> {
    let Err(error) = execute(connection, "COMMIT") else { return Ok(()) };
    let undone = connection.is_autocommit() || execute(connection, "ROLLBACK").is_ok();
    match error {
        StoreError::DiskFull if undone => Err(StoreError::DiskFull),
        StoreError::Busy if undone => Err(StoreError::Busy),
        // After a failed fsync nobody knows what is on the disk; a second COMMIT would say that all is well.
        error => {
            tracing::error!(%error, "a commit failed");
            Err(StoreError::Unknown)
        }
    }
}

/// An error before the commit leaves nothing behind; only a broken disk makes the connection unusable.
fn before_commit(error: StoreError) -> StoreError {
    if error.is_disk_failure() {
        tracing::error!(%error, "the database failed");
        return StoreError::Unknown;
    }
    error
}

fn execute(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}

/// A decision in a transaction of its own, in the calling thread.
pub(super) fn run_alone(connection: &Connection, job: Job, health: &Health) -> Result<(), StoreError> {
    let (answer, _nobody) = oneshot::channel();
    let outcomes = commit_group(connection, &mut [(job, answer)], health);
    match outcomes {
        Ok(outcomes) => outcomes.into_iter().next().unwrap_or(Ok(())),
        Err(error) => {
            if matches!(error, StoreError::Unknown) {
                health.fail();
            }
            Err(error)
        }
    }
}
