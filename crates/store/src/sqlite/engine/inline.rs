//! The engine in the calling task: one connection, one decision a commit, and whatever a simulation does to both.

use super::{Health, readers, writer};
use crate::{
    disturbance::{Disturbance, Fate, Work},
    error::StoreError,
};
use farthing_domain::planted::{self, Bug};
use rusqlite::Connection;
use std::sync::{Arc, Mutex};

/// One connection for everything.
pub(super) struct Inline {
    connection: Mutex<Connection>,
    disturbance: Option<Arc<dyn Disturbance>>,
}

impl Inline {
    pub(super) const fn new(connection: Connection, disturbance: Option<Arc<dyn Disturbance>>) -> Self {
        Self { connection: Mutex::new(connection), disturbance }
    }

    /// A decision in a transaction of its own.
    pub(super) async fn write(&self, job: writer::Job, health: &Health) -> Result<(), StoreError> {
        self.let_others_run().await;
        let written = self.write_now(job, health);
        self.let_others_run().await;
        written
    }

    /// A query on one view.
    pub(super) async fn read<T>(
        &self,
        job: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.let_others_run().await;
        let read = self.read_now(job);
        self.let_others_run().await;
        read
    }

    fn read_now<T>(&self, job: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        if self.fate(Work::Read) != Fate::Works {
            return Err(failed_io());
        }
        let connection = self.connection.lock().map_err(|_| StoreError::Failed)?;
        commit_left_open(&connection)?;
        readers::in_view(&connection, job)
    }

    fn write_now(&self, job: writer::Job, health: &Health) -> Result<(), StoreError> {
        let fate = self.fate(Work::Write);
        let connection = self.connection.lock().map_err(|_| StoreError::Failed)?;
        commit_left_open(&connection)?;
        match fate {
            Fate::Works if planted::is(Bug::AckBeforeCommit) => leave_open(&connection, job),
            Fate::Works => writer::run_alone(&connection, job, health),
            Fate::Fails => Err(StoreError::DiskFull),
            Fate::Unknown { is_durable } => {
                if is_durable {
                    writer::run_alone(&connection, job, health)?;
                } else {
                    undo(&connection, job)?;
                }
                if planted::is(Bug::AcksUnknown) {
                    return Ok(());
                }
                health.fail();
                Err(StoreError::Unknown)
            }
        }
    }

    fn fate(&self, work: Work) -> Fate {
        self.disturbance.as_ref().map_or(Fate::Works, |disturbance| disturbance.fate(work))
    }

    async fn let_others_run(&self) {
        if self.disturbance.is_some() {
            tokio::task::yield_now().await;
        }
    }
}

/// The error of a disk that cannot be read.
fn failed_io() -> StoreError {
    StoreError::Sqlite(rusqlite::Error::SqliteFailure(
        rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR_READ),
        None,
    ))
}

/// A commit that nothing is left of.
fn undo(connection: &Connection, mut job: writer::Job) -> Result<(), StoreError> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    job(connection);
    Ok(connection.execute_batch("ROLLBACK")?)
}

/// [`Bug::AckBeforeCommit`]: the commit comes with the next piece of work.
fn leave_open(connection: &Connection, mut job: writer::Job) -> Result<(), StoreError> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let is_kept = job(connection);
    if !is_kept {
        connection.execute_batch("ROLLBACK")?;
    }
    Ok(())
}

fn commit_left_open(connection: &Connection) -> Result<(), StoreError> {
    if planted::is(Bug::AckBeforeCommit) && !connection.is_autocommit() {
        connection.execute_batch("COMMIT")?;
    }
    Ok(())
}
