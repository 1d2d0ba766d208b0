//! Why the store did not do what was asked, in words for operators.

use std::path::PathBuf;

/// What can go wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// More waits than the store can take; nothing was written, try again later.
    #[error("the store is busy")]
    Busy,
    /// A commit failed: whether it happened is unknown. The process ends itself and the next start shows.
    #[error("a commit failed; whether it happened is unknown until the next start")]
    Unknown,
    /// The store failed earlier; the process is ending.
    #[error("the store has failed; the process is ending")]
    Failed,
    /// The disk is full, or failed before the commit; nothing was written.
    #[error("the disk is full or failing; nothing was written")]
    DiskFull,
    /// A decision panicked; nothing of it was written.
    #[error("an internal decision failed")]
    DecisionPanicked,
    /// A row holds what it never should.
    #[error("the database holds something unexpected: {0}")]
    Corrupt(String),
    /// Another server works on the folder.
    #[error("another server is using the data folder {0}; commands work beside it, a second server does not")]
    Locked(PathBuf),
    /// The write-ahead log of a server that did not end is gone.
    #[error(
        "{0}: its log, {0}-wal, is missing, and with it what was last acknowledged: it was copied without it while a server was running, or the log was deleted. Bring the log back, or restore a copy that `farthing backup` made"
    )]
    LogLost(PathBuf),
    /// The database was put where another one's write-ahead log is.
    #[error(
        "{0}: beside it is the log of another database, {0}-wal, which would be written over it: it was put here without removing what a server left that did not end well. Move that log away; `farthing restore` puts a backup into an empty folder"
    )]
    ForeignLog(PathBuf),
    /// The database is gone, and its write-ahead log is not.
    #[error(
        "{0} is missing, and its log, {0}-wal, is there: a new database would destroy it. Bring the database back, or move the log away and restore a copy that `farthing backup` made"
    )]
    DatabaseLost(PathBuf),
    /// The database was made by a newer version.
    #[error("the database was made by a newer version of Farthing (migration {found}; this one knows {known})")]
    Newer {
        /// The last migration in the database.
        found: i64,
        /// The last one known here.
        known: i64,
    },
    /// The library has the WAL-reset bug of versions before 3.51.3.
    #[error("SQLite {0} is too old: 3.51.3 or newer is needed")]
    OldSqlite(&'static str),
    /// A file could not be worked with.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A backup would overwrite something.
    #[error("{0} exists already; a backup never overwrites")]
    Exists(PathBuf),
    /// The key that unseals webhook secrets is missing or wrong.
    #[error("{0}")]
    Sealing(String),
    /// The database's own reason.
    #[error("database: {0}")]
    Sqlite(#[source] rusqlite::Error),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => Self::Busy,
            Some(rusqlite::ErrorCode::DiskFull) => Self::DiskFull,
            None if is_of_a_value(&error) => Self::Corrupt(error.to_string()),
            _ => Self::Sqlite(error),
        }
    }
}

/// Whether a column holds what no row of its table may hold.
const fn is_of_a_value(error: &rusqlite::Error) -> bool {
    matches!(
        error,
        rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
    )
}

impl StoreError {
    /// Whether the disk failed under a statement, or gave something unreadable. Nothing of the statement was kept: trying
    /// again later may do. A failed read comes as either, since SQLite reads its schema by statements of its own.
    #[must_use]
    pub fn is_disk_failure(&self) -> bool {
        matches!(self, Self::Sqlite(error) if matches!(
            error.sqlite_error_code(),
            Some(rusqlite::ErrorCode::SystemIoFailure | rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::CannotOpen)
        ))
    }
}
