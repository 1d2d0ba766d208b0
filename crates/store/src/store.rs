//! The store: a closed choice of databases behind one operation.

use crate::{
    disturbance::Disturbance,
    error::StoreError,
    sqlite::{
        MIGRATIONS, Reader, Transaction,
        engine::{Engine, OpenAs, Statistics, Threads},
    },
};
use std::{path::Path, sync::Arc};
use tokio::sync::watch;

/// Farthing's durable state. Cheap to ask, never holding a lock between two calls.
pub struct Store {
    engine: Engine,
}

impl Store {
    /// Opens or creates the embedded database in `folder`.
    ///
    /// # Errors
    /// When another server uses the folder, the database is newer than this program, or the disk fails.
    pub fn open(folder: &Path, open_as: OpenAs, threads: Threads) -> Result<Self, StoreError> {
        Ok(Self { engine: Engine::open(folder, MIGRATIONS, open_as, threads)? })
    }

    /// Opens it as a server in the calling task, with everything that it reads and writes up to a simulation.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn simulated(folder: &Path, disturbance: Arc<dyn Disturbance>) -> Result<Self, StoreError> {
        let how = (OpenAs::Server, Threads::Inline);
        Ok(Self { engine: Engine::open_disturbed(folder, MIGRATIONS, how, Some(disturbance))? })
    }

    /// Runs a decision: it reads, decides and writes in one transaction, which is on disk when this answers. A decision may
    /// be run again and must not act on anything but the transaction. One that answers an error leaves nothing behind.
    ///
    /// # Errors
    /// The decision's own, or the store's: [`StoreError::Unknown`] when a commit failed and nobody knows whether it happened.
    pub async fn decide<T, E>(
        &self,
        mut decision: impl FnMut(&mut Transaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.engine.write(move |connection| decision(&mut Transaction::new(connection))).await?
    }

    /// Reads a consistent view that has everything acknowledged before.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Reader<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.engine.read(move |connection| query(&Reader(connection))).await
    }

    /// The same for a handful of rows that are found by their keys: it runs in the calling task, so a query that reads a list of
    /// any length is none of these.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn glance<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Reader<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.engine.glance(move |connection| query(&Reader(connection))).await
    }

    /// Writes a consistent copy to a new file, while everything goes on. Blocks the calling thread.
    ///
    /// # Errors
    /// When the file exists or cannot be written.
    pub fn backup(&self, to: &Path) -> Result<(), StoreError> {
        self.engine.backup(to)
    }

    /// Commits and decisions so far.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.engine.statistics()
    }

    /// Turns true when a commit failed: then the process must end, and the next start shows what is on disk.
    #[must_use]
    pub fn failed(&self) -> watch::Receiver<bool> {
        self.engine.failed()
    }
}
