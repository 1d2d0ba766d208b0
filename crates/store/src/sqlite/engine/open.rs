//! Opening a database: the folder, the lock, the settings, the migrations; and copying it.

use super::Migration;
use crate::{error::StoreError, sealing::KEY_FILE, sqlite::checksums};
use rusqlite::{Connection, OpenFlags, backup::StepResult, config::DbConfig, params};
use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
    time::Duration,
};

/// 3.51.3, the first version without the WAL-reset bug.
pub(super) const SQLITE_AT_LEAST: i32 = 3_051_003;
/// The database's file in its folder.
pub(super) const FILE_NAME: &str = "farthing.db";
/// `SQLITE_IOERR_SHMSIZE`.
const NO_ROOM_FOR_INDEX: i32 = rusqlite::ffi::SQLITE_IOERR_SHMSIZE;
/// What is read of a database's head, and where in it stands how it is written (SQLite's file format, section 1.3): a copy that
/// [`backup`] made keeps no log, and was never opened here while it has that mark.
const HEAD_BYTES: u64 = 100;
const WRITE_VERSION_AT: usize = 18;
const WITHOUT_LOG: u8 = 1;
/// The file whose lock says that a server is running.
const LOCK_NAME: &str = "farthing.lock";
/// How long to wait for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How often the one server's lock is tried, and the pause in between.
const LOCK_TRIES: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(25);
/// Prepared statements kept by a connection.
const STATEMENTS_KEPT: usize = 128;
/// All pages in one step: a backup in several would start anew with each commit in between. Writers do not wait for it.
const ALL_PAGES: i32 = -1;

fn file_error(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::File { path, source }
}

pub(super) fn make_folder(folder: &Path) -> Result<(), StoreError> {
    let is_new = !folder.exists();
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(file_error(folder))?;
    if is_new && let Some(parent) = folder.parent().and_then(|parent| File::open(parent).ok()) {
        // Where the parent may not be opened, its own file system's habits decide how soon the new folder is durable.
        drop(parent.sync_all());
    }
    Ok(())
}

/// A log's index that cannot be made for want of room is an I/O error to SQLite, and a full disk to everybody else. Only where
/// nothing was committed yet: there the same error says nothing of what became of it.
pub(super) fn in_plain_words(error: StoreError) -> StoreError {
    match &error {
        StoreError::Sqlite(cause)
            if cause.sqlite_error().map(|cause| cause.extended_code) == Some(NO_ROOM_FOR_INDEX) =>
        {
            StoreError::DiskFull
        }
        _ => error,
    }
}

/// Whether the write-ahead log is gone: missing, or without a byte.
pub(super) fn lacks_log(database: &Path) -> bool {
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    !fs::metadata(log).is_ok_and(|log| log.len() > 0)
}

/// Refuses a log that is not the database's own. SQLite asks no log which database it belongs to: it would write the pages of a
/// lost database over a copy that was put in its place, or throw away the log of a database that is missing.
pub(super) fn refuse_foreign_log(database: &Path) -> Result<(), StoreError> {
    if lacks_log(database) {
        return Ok(());
    }
    let mut head = Vec::new();
    match File::open(database) {
        Ok(file) => {
            file.take(HEAD_BYTES).read_to_end(&mut head).map_err(file_error(database))?;
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(file_error(database)(error)),
    }
    // A first start that was cut short may leave a log beside nothing; before the key was made nothing was acknowledged.
    let was_used = database.parent().is_some_and(|folder| folder.join(KEY_FILE).exists());
    match head.get(WRITE_VERSION_AT) {
        None if was_used => Err(StoreError::DatabaseLost(database.to_owned())),
        Some(&WITHOUT_LOG) => Err(StoreError::ForeignLog(database.to_owned())),
        None | Some(_) => Ok(()),
    }
}

/// Refuses a database whose server did not end and whose log is gone: it was copied without its log while a server was running,
/// or the log was deleted, and whatever stood only there is lost. The row that says so is in the database itself, for a copy
/// of this one file to have it too; see [`note_running`].
pub(super) fn refuse_without_log(connection: &Connection, path: &Path, lacked_log: bool) -> Result<(), StoreError> {
    connection.execute_batch("CREATE TABLE IF NOT EXISTS running (number INTEGER NOT NULL PRIMARY KEY) STRICT")?;
    let is_running: bool = connection.query_row("SELECT EXISTS (SELECT 1 FROM running)", [], |row| row.get(0))?;
    if is_running && lacked_log { Err(StoreError::LogLost(path.to_owned())) } else { Ok(()) }
}

/// Copies the log into the database, so that the next commit begins it anew: at the start, where a server before may have left it
/// as long as a file can get, and when the disk is full. Where that fails, a commit may still find room, or says why not.
pub(super) fn begin_log_anew(connection: &Connection) {
    if let Err(error) = connection.execute_batch("PRAGMA wal_checkpoint(RESTART)") {
        tracing::warn!(%error, "the log cannot be copied into the database");
    }
}

/// Notes that a server runs from now on, in the database's file itself and not only in its log. The log has bytes from here
/// until [`note_ended`].
pub(super) fn note_running(connection: &Connection) -> Result<(), StoreError> {
    // A row that a killed server left is written again, so that the log has something.
    connection.execute_batch("INSERT OR REPLACE INTO running (number) VALUES (1); PRAGMA wal_checkpoint(FULL)")?;
    Ok(())
}

/// Notes that the server ended well: its log may be left behind from now on.
pub(super) fn note_ended(connection: &Connection) -> Result<(), StoreError> {
    connection.execute_batch("DELETE FROM running; PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(())
}

/// Takes the lock of the one server. It is tried for half a second: a server that is just ending has it for a moment more, and
/// so has a child of its process that has not begun its own program yet.
#[expect(clippy::disallowed_methods, reason = "opening blocks anyway, and nothing runs before it")]
pub(super) fn lock(folder: &Path) -> Result<File, StoreError> {
    let path = folder.join(LOCK_NAME);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(file_error(&path))?;
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
            Err(TryLockError::Error(source)) => return Err(StoreError::File { path, source }),
        }
    }
    Err(StoreError::Locked(folder.to_owned()))
}

/// The one connection that writes and checkpoints.
pub(super) fn writing_connection(path: &Path) -> Result<Connection, StoreError> {
    // Created here, and not by SQLite, so that nobody else can read it from its first byte on.
    OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path).map_err(file_error(path))?;
    let connection = Connection::open(path)?;
    keep_log(&connection)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;
         PRAGMA trusted_schema = OFF; PRAGMA cache_size = -2048; PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 4000;",
    )?;
    let journal: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
    if journal != "wal" {
        return Err(StoreError::Corrupt(format!(
            "its journal is kept as {journal:?}: the file system must allow shared memory"
        )));
    }
    settle_connection(&connection)?;
    Ok(connection)
}

/// A connection that only reads. Its cache is emptied whenever another one has written, so it is for the pages of one query.
pub(super) fn reading_connection(path: &Path) -> Result<Connection, StoreError> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    keep_log(&connection)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.execute_batch(
        "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -256;
         PRAGMA wal_autocheckpoint = 0;",
    )?;
    settle_connection(&connection)?;
    Ok(connection)
}

/// What every connection has in common. Statements are planned once. Without this SQLite plans some anew whenever other values are bound, to no use here: there are
/// no statistics, and conditions of partial indexes are written out.
fn settle_connection(connection: &Connection) -> Result<(), StoreError> {
    checksums::add_to(connection)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Whoever closes last leaves the log where it is: a log that is gone is a log that was lost. Before the first statement: one
/// that fails closes the connection, and with it would go the log of a server that was killed.
fn keep_log(connection: &Connection) -> Result<(), StoreError> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(())
}

/// Brings the schema up to date, each step in a transaction of its own with its row.
pub(super) fn migrate(connection: &mut Connection, migrations: &[Migration]) -> Result<(), StoreError> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS migrations (number INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL) STRICT",
    )?;
    let last = "SELECT coalesce(max(number), 0) FROM migrations";
    let found: i64 = connection.query_row(last, [], |row| row.get(0))?;
    let known = migrations.last().map_or(0, |migration| migration.number);
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    for migration in migrations.iter().filter(|migration| migration.number > found) {
        let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        // Read again under the lock: a command started beside the server may have been quicker.
        let found: i64 = transaction.query_row(last, [], |row| row.get(0))?;
        if migration.number > found {
            transaction.execute_batch(migration.sql)?;
            transaction.execute(
                "INSERT INTO migrations (number, name) VALUES (?1, ?2)",
                params![migration.number, migration.name],
            )?;
        }
        transaction.commit()?;
    }
    Ok(())
}

/// Copies a database that may be in use into a new file, whole or not at all.
pub(super) fn backup(from: &Path, to: &Path) -> Result<(), StoreError> {
    if to.exists() {
        return Err(StoreError::Exists(to.to_owned()));
    }
    let partial = to.with_extension("partial");
    drop(OpenOptions::new().create_new(true).write(true).mode(0o600).open(&partial).map_err(file_error(&partial))?);
    let copied = copy(from, &partial);
    if copied.is_err() {
        drop(fs::remove_file(&partial));
    }
    copied?;
    fs::rename(&partial, to).map_err(file_error(to))?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(file_error(folder))
}

fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    let source = reading_connection(from)?;
    let mut target = Connection::open(to)?;
    {
        let backup = rusqlite::backup::Backup::new(&source, &mut target)?;
        match backup.step(ALL_PAGES)? {
            StepResult::Done => {}
            _ => return Err(StoreError::Busy),
        }
    }
    // One file, without a log beside it, that no server runs on.
    target.execute_batch("DELETE FROM running; PRAGMA journal_mode = DELETE")?;
    target.close().map_err(|(_, error)| error)?;
    File::open(to).and_then(|file| file.sync_all()).map_err(file_error(to))
}
