//! The embedded database's engine: one writing connection with group commit, a few reading ones, migrations, backups.
//!
//! All waiting decisions share one commit, and each is answered after its fsync: an answer means durable. Only the writer's
//! connection writes and checkpoints. The engine knows no table but its own list of migrations.
//!
//! What its users can rely on:
//! - [`Engine::write`] runs a job inside a transaction. `Ok(Ok(_))`: durable. `Ok(Err(_))`, [`StoreError::Busy`],
//!   [`StoreError::DiskFull`] and [`StoreError::DecisionPanicked`]: nothing of it was written. [`StoreError::Unknown`]: nobody
//!   knows; the engine has failed, answers [`StoreError::Failed`] from then on, and [`Engine::failed`] tells the process to end.
//! - A job may be run again before its commit, and must not act on anything but the connection.
//! - A job whose caller went away runs all the same. A job propagates each database error: after some of them SQLite has
//!   rolled the transaction back, and what a job wrote then would stand alone.
//! - [`Engine::read`] sees everything acknowledged before it began, and one state throughout.
//! - Jobs use `prepare_cached` with texts that do not vary.

mod inline;
mod open;
mod readers;
mod writer;

use crate::{disturbance::Disturbance, error::StoreError};
use inline::Inline;
use readers::Readers;
use rusqlite::Connection;
use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use tokio::sync::watch;
use writer::{Job, Writer};

/// One step of the schema. Forward only.
pub(crate) struct Migration {
    /// Its number, from 1 without gaps.
    pub(crate) number: i64,
    /// What it is for.
    pub(crate) name: &'static str,
    /// Its statements.
    pub(crate) sql: &'static str,
}

/// Who opens the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenAs {
    /// The one server of a data folder.
    Server,
    /// A command, which may work beside a running server.
    Command,
}

/// Where decisions run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threads {
    /// On the engine's own threads.
    Own,
    /// In the calling task, one decision a commit: for deterministic simulations.
    Inline,
}

/// What the engine has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Commits.
    pub commits: u64,
    /// Decisions that were part of them.
    pub decisions: u64,
}

/// Counters and the failure flag, shared with the threads.
#[derive(Default)]
pub(crate) struct Health {
    commits: AtomicU64,
    decisions: AtomicU64,
    has_failed: AtomicBool,
    failed: watch::Sender<bool>,
}

impl Health {
    fn fail(&self) {
        self.has_failed.store(true, Ordering::SeqCst);
        self.failed.send_replace(true);
    }
}

/// An open database.
pub(crate) struct Engine {
    path: PathBuf,
    mode: Mode,
    health: Arc<Health>,
    /// Held for as long as the server lives.
    _lock: Option<File>,
}

enum Mode {
    /// In the order in which they end: the writer empties the log into the database when nobody reads any more.
    Own {
        readers: Readers,
        writer: Writer,
    },
    Inline(Inline),
}

impl Engine {
    /// Opens or creates the database in `folder` and brings its schema up to date.
    pub(crate) fn open(
        folder: &Path,
        migrations: &[Migration],
        open_as: OpenAs,
        threads: Threads,
    ) -> Result<Self, StoreError> {
        Self::open_disturbed(folder, migrations, (open_as, threads), None)
    }

    /// The same; what runs in the calling task is up to `disturbance`.
    pub(crate) fn open_disturbed(
        folder: &Path,
        migrations: &[Migration],
        (open_as, threads): (OpenAs, Threads),
        disturbance: Option<Arc<dyn Disturbance>>,
    ) -> Result<Self, StoreError> {
        if rusqlite::version_number() < open::SQLITE_AT_LEAST {
            return Err(StoreError::OldSqlite(rusqlite::version()));
        }
        Self::open_or_create(folder, migrations, (open_as, threads), disturbance).map_err(open::in_plain_words)
    }

    fn open_or_create(
        folder: &Path,
        migrations: &[Migration],
        (open_as, threads): (OpenAs, Threads),
        disturbance: Option<Arc<dyn Disturbance>>,
    ) -> Result<Self, StoreError> {
        open::make_folder(folder)?;
        let lock = match open_as {
            OpenAs::Server => Some(open::lock(folder)?),
            OpenAs::Command => None,
        };
        let path = folder.join(open::FILE_NAME);
        open::refuse_foreign_log(&path)?;
        let lacked_log = open::lacks_log(&path);
        let mut connection = open::writing_connection(&path)?;
        open::refuse_without_log(&connection, &path, lacked_log)?;
        if open_as == OpenAs::Server {
            open::begin_log_anew(&connection);
        }
        open::migrate(&mut connection, migrations)?;
        if open_as == OpenAs::Server {
            open::note_running(&connection)?;
        }
        let health = Arc::new(Health::default());
        let mode = match threads {
            Threads::Inline => Mode::Inline(Inline::new(connection, disturbance)),
            Threads::Own => Mode::Own {
                readers: Readers::start(&path)?,
                writer: Writer::start(connection, Arc::clone(&health), open_as)?,
            },
        };
        Ok(Self { path, mode, health, _lock: lock })
    }

    /// Runs a decision in the next group commit and answers after its fsync. A decision that answers an error, or panics,
    /// leaves nothing behind; the others of its group are not touched.
    pub(crate) async fn write<T, E>(
        &self,
        mut job: impl FnMut(&Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<Result<T, E>, StoreError>
    where
        T: Send + 'static,
        E: Send + 'static,
    {
        self.refuse_after_failure()?;
        let slot = Arc::new(Mutex::new(None));
        let result = Arc::clone(&slot);
        let run: Job = Box::new(move |connection| {
            let outcome = job(connection);
            let is_ok = outcome.is_ok();
            if let Ok(mut slot) = result.lock() {
                *slot = Some(outcome);
            }
            is_ok
        });
        match &self.mode {
            Mode::Own { writer, .. } => writer.submit(run).await?,
            Mode::Inline(inline) => inline.write(run, &self.health).await?,
        }
        let outcome = slot.lock().map_err(|_| StoreError::DecisionPanicked)?.take();
        outcome.ok_or(StoreError::DecisionPanicked)
    }

    fn refuse_after_failure(&self) -> Result<(), StoreError> {
        if self.health.has_failed.load(Ordering::SeqCst) { Err(StoreError::Failed) } else { Ok(()) }
    }

    /// Runs a query on a consistent view that has everything acknowledged before.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.refuse_after_failure()?;
        match &self.mode {
            Mode::Own { readers, .. } => readers.run(job).await,
            Mode::Inline(inline) => inline.read(job).await,
        }
    }

    /// The same for a few rows by their keys, in the calling thread if it can be.
    pub(crate) async fn glance<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.refuse_after_failure()?;
        match &self.mode {
            Mode::Own { readers, .. } => readers.glance(job).await,
            Mode::Inline(inline) => inline.read(job).await,
        }
    }

    /// Writes a consistent copy to a new file while everything goes on.
    pub(crate) fn backup(&self, to: &Path) -> Result<(), StoreError> {
        open::backup(&self.path, to)
    }

    /// What was done so far.
    pub(crate) fn statistics(&self) -> Statistics {
        Statistics {
            commits: self.health.commits.load(Ordering::SeqCst),
            decisions: self.health.decisions.load(Ordering::SeqCst),
        }
    }

    /// Turns true when a commit failed: the process must end.
    pub(crate) fn failed(&self) -> watch::Receiver<bool> {
        self.health.failed.subscribe()
    }
}

#[cfg(test)]
mod tests;
