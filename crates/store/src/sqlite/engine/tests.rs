//! The engine on a file of its own, with one small table.

use super::*;
use rusqlite::params;
use std::{fs, os::unix::fs::PermissionsExt, pin::pin, sync::mpsc, time::Duration};
use tempfile::TempDir;
use tokio::task::JoinSet;

type Plain = fn(&Connection) -> Result<(), StoreError>;

const MIGRATIONS: &[Migration] = &[
    Migration { number: 1, name: "notes", sql: "CREATE TABLE notes (number INTEGER NOT NULL PRIMARY KEY) STRICT" },
    Migration {
        number: 2,
        name: "replies",
        sql: "CREATE TABLE replies (note INTEGER NOT NULL REFERENCES notes DEFERRABLE INITIALLY DEFERRED, text TEXT) STRICT",
    },
];

fn open(folder: &TempDir, threads: Threads) -> Engine {
    Engine::open(folder.path(), MIGRATIONS, OpenAs::Server, threads).unwrap()
}

fn insert(connection: &Connection, number: i64) -> Result<(), StoreError> {
    connection.prepare_cached("INSERT INTO notes (number) VALUES (?1)")?.execute(params![number])?;
    Ok(())
}

fn all(connection: &Connection) -> Result<Vec<i64>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT number FROM notes ORDER BY number")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Lets the file grow no further than so many pages, or than it is.
fn limited_to(pages: u32) -> impl FnMut(&Connection) -> rusqlite::Result<i64> + Send + 'static {
    move |connection| connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |row| row.get(0))
}

async fn write(engine: &Engine, number: i64) -> Result<Result<(), StoreError>, StoreError> {
    engine.write(move |connection| insert(connection, number)).await
}

/// Keeps the writer in a job of its own until it is released, so that what is submitted meanwhile comes into one group.
async fn hold(engine: &Arc<Engine>, tasks: &mut JoinSet<(u32, String)>) -> mpsc::Sender<()> {
    let (release, released) = mpsc::channel::<()>();
    let (held, holds) = tokio::sync::oneshot::channel();
    let mut held = Some(held);
    let engine = Arc::clone(engine);
    tasks.spawn(async move {
        let job = move |_: &Connection| {
            held.take().unwrap().send(()).unwrap();
            released.recv().map_err(|_| StoreError::Busy)
        };
        (0, format!("{:?}", engine.write(job).await))
    });
    holds.await.unwrap();
    release
}

/// What jobs come to that are submitted together, by their order.
async fn together(engine: &Arc<Engine>, jobs: impl Iterator<Item = Plain>) -> Vec<String> {
    let mut tasks = JoinSet::new();
    let release = hold(engine, &mut tasks).await;
    for (number, job) in (1_u32..).zip(jobs) {
        let engine = Arc::clone(engine);
        tasks.spawn(async move { (number, format!("{:?}", engine.write(job).await)) });
    }
    // This runtime polls its tasks in turn, a bounded number at a time.
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
    release.send(()).unwrap();
    let mut outcomes = tasks.join_all().await;
    outcomes.sort();
    outcomes.into_iter().skip(1).map(|(_, outcome)| outcome).collect()
}

#[tokio::test]
async fn a_hundred_writers_share_a_commit_and_all_are_durable() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Arc::new(open(&folder, Threads::Own));
    let next: Plain = |connection| {
        connection.execute("INSERT INTO notes SELECT coalesce(max(number), -1) + 1 FROM notes", [])?;
        Ok(())
    };
    let outcomes = together(&engine, std::iter::repeat_n(next, 100)).await;
    assert_eq!(outcomes, vec!["Ok(Ok(()))"; 100]);
    assert_eq!(engine.read(all).await.unwrap(), (0..100).collect::<Vec<_>>());
    assert_eq!(
        engine.statistics(),
        Statistics { commits: 2, decisions: 101 },
        "the one that held, and then all of them"
    );
    drop(engine);
    assert_eq!(fs::metadata(folder.path().join("farthing.db-wal")).unwrap().len(), 0, "the log is emptied at the end");
    let again = open(&folder, Threads::Inline);
    assert_eq!(again.read(all).await.unwrap().len(), 100);
}

#[tokio::test]
async fn a_full_queue_is_busy_and_what_it_holds_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Arc::new(open(&folder, Threads::Own));
    let nothing: Plain = |_| Ok(());
    let outcomes = together(&engine, std::iter::repeat_n(nothing, writer::WAITING_MAX + 3)).await;
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "Err(Busy)").count(), 3);
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "Ok(Ok(()))").count(), writer::WAITING_MAX);
}

#[tokio::test]
async fn a_failing_or_panicking_job_leaves_its_neighbours_alone() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Arc::new(open(&folder, Threads::Own));
    let jobs: [Plain; 5] = [
        |connection| insert(connection, 1),
        |connection| insert(connection, 2).and(Err(StoreError::Corrupt("no".to_owned()))),
        |connection| insert(connection, 1),
        |connection| {
            insert(connection, 3)?;
            panic!("a planted panic")
        },
        |connection| insert(connection, 4),
    ];
    let outcomes = together(&engine, jobs.into_iter()).await;
    assert_eq!(outcomes[0], "Ok(Ok(()))");
    assert_eq!(outcomes[1], "Ok(Err(Corrupt(\"no\")))");
    assert!(outcomes[2].contains("UNIQUE"), "{}", outcomes[2]);
    assert_eq!(outcomes[3], "Err(DecisionPanicked)");
    assert_eq!(outcomes[4], "Ok(Ok(()))");
    assert_eq!(engine.read(all).await.unwrap(), [1, 4]);
    assert_eq!(engine.statistics().commits, 2, "the one that held the writer, and then all of them");
}

#[tokio::test]
async fn alone_in_its_group_a_job_is_undone_all_the_same() {
    for threads in [Threads::Own, Threads::Inline] {
        let folder = tempfile::tempdir().unwrap();
        let engine = open(&folder, threads);
        let failed = engine.write(|connection| insert(connection, 1).and(Err::<(), _>(StoreError::Busy))).await;
        assert!(matches!(failed, Ok(Err(StoreError::Busy))));
        let panicking = |connection: &Connection| -> Result<(), StoreError> {
            insert(connection, 2)?;
            panic!("a planted panic")
        };
        assert!(matches!(engine.write(panicking).await, Err(StoreError::DecisionPanicked)));
        write(&engine, 3).await.unwrap().unwrap();
        assert_eq!(engine.read(all).await.unwrap(), [3]);
        assert_eq!(engine.statistics(), Statistics { commits: 1, decisions: 1 });
    }
}

#[tokio::test]
async fn a_failed_commit_is_unknown_and_ends_the_engine() {
    for threads in [Threads::Own, Threads::Inline] {
        let folder = tempfile::tempdir().unwrap();
        let engine = open(&folder, threads);
        let failed = engine.failed();
        write(&engine, 1).await.unwrap().unwrap();
        // A reply to nothing is found by COMMIT itself.
        let orphan = |connection: &Connection| connection.execute("INSERT INTO replies (note) VALUES (9)", []);
        assert!(matches!(engine.write(orphan).await, Err(StoreError::Unknown)));
        assert!(*failed.borrow());
        assert!(matches!(write(&engine, 2).await, Err(StoreError::Failed)));
        assert!(matches!(engine.read(all).await, Err(StoreError::Failed)));
        drop(engine);
        assert_eq!(open(&folder, threads).read(all).await.unwrap(), [1]);
    }
}

#[tokio::test]
async fn a_full_disk_refuses_and_the_engine_goes_on() {
    for threads in [Threads::Own, Threads::Inline] {
        let folder = tempfile::tempdir().unwrap();
        let engine = open(&folder, threads);
        engine.write(limited_to(1)).await.unwrap().unwrap();
        let large = |connection: &Connection| {
            let sql = "INSERT INTO notes WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999) SELECT i FROM n";
            connection.execute(sql, []).map_err(StoreError::from)
        };
        let refused = engine.write(large).await;
        assert!(matches!(refused, Err(StoreError::DiskFull) | Ok(Err(StoreError::DiskFull))), "{refused:?}");
        assert!(engine.read(all).await.unwrap().is_empty());
        engine.write(limited_to(10_000)).await.unwrap().unwrap();
        engine.write(large).await.unwrap().unwrap();
        assert_eq!(engine.read(all).await.unwrap().len(), 9999);
    }
}

#[tokio::test]
async fn readers_cannot_write_and_see_what_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder, Threads::Own);
    for number in 0..50 {
        write(&engine, number).await.unwrap().unwrap();
        assert_eq!(engine.read(all).await.unwrap().last(), Some(&number));
        assert_eq!(engine.glance(all).await.unwrap().last(), Some(&number));
    }
    let refused = [
        engine.read(|connection| insert(connection, 99)).await,
        engine.glance(|connection| insert(connection, 99)).await,
    ];
    assert!(refused.iter().all(|refused| matches!(refused, Err(StoreError::Sqlite(_)))), "{refused:?}");
    let panicking = [
        engine.read(|_| -> Result<(), StoreError> { panic!("a planted panic") }).await,
        engine.glance(|_| -> Result<(), StoreError> { panic!("a planted panic") }).await,
    ];
    assert!(panicking.iter().all(|panicked| matches!(panicked, Err(StoreError::DecisionPanicked))), "{panicking:?}");
    assert_eq!(engine.read(all).await.unwrap().len(), 50);
    assert_eq!(engine.glance(all).await.unwrap().len(), 50);
}

#[tokio::test]
async fn a_glance_borrows_a_connection_and_waits_in_the_queue_when_none_is_free() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Arc::new(open(&folder, Threads::Own));
    let here = std::thread::current().id();
    let thread = |_: &Connection| Ok(std::thread::current().id());
    assert_eq!(engine.glance(thread).await.unwrap(), here);
    let (mut reading, mut gates) = (JoinSet::new(), Vec::new());
    for _ in 0..2 {
        gates.push(hold_reader(&engine, &mut reading).await);
    }
    let mut waiting = pin!(engine.glance(thread));
    assert!(poll_once(waiting.as_mut()).await.is_none());
    drop(gates);
    assert_ne!(waiting.await.unwrap(), here);
    assert_eq!(reading.join_all().await.len(), 2);
}

/// Keeps a reading connection in a query until the gate is let go.
async fn hold_reader(engine: &Arc<Engine>, reading: &mut JoinSet<Result<(), StoreError>>) -> mpsc::Sender<()> {
    let (gate, opened) = mpsc::channel::<()>();
    let (held, holds) = tokio::sync::oneshot::channel();
    let engine = Arc::clone(engine);
    let query = move |_: &Connection| {
        held.send(()).unwrap();
        // The gate goes without a word.
        assert!(opened.recv().is_err());
        Ok(())
    };
    reading.spawn(async move { engine.read(query).await });
    holds.await.unwrap();
    gate
}

async fn poll_once<F: Future + Unpin>(future: F) -> Option<F::Output> {
    tokio::select! {
        biased;
        output = future => Some(output),
        () = std::future::ready(()) => None,
    }
}

#[tokio::test]
async fn a_server_that_was_cut_off_writes_over_its_log_and_not_behind_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = open(&folder, Threads::Own);
    for number in 0..50 {
        write(&server, number).await.unwrap().unwrap();
    }
    let cut_off = copy_of(&folder, true);
    let length = || fs::metadata(cut_off.path().join("farthing.db-wal")).unwrap().len();
    let before = length();
    let next = open(&cut_off, Threads::Own);
    write(&next, 50).await.unwrap().unwrap();
    assert_eq!(length(), before);
    assert_eq!(next.read(all).await.unwrap().len(), 51);
}

#[tokio::test]
async fn a_lock_that_is_held_for_a_moment_more_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let ending = open(&folder, Threads::Inline);
    let next = {
        let path = folder.path().to_owned();
        std::thread::spawn(move || Engine::open(&path, MIGRATIONS, OpenAs::Server, Threads::Inline).map(drop))
    };
    // Time enough to be refused at the first try.
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(ending);
    next.join().unwrap().unwrap();
}

#[tokio::test]
async fn a_second_server_is_refused_and_a_command_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let server = open(&folder, Threads::Own);
    let refused = Engine::open(folder.path(), MIGRATIONS, OpenAs::Server, Threads::Own).err().unwrap();
    assert!(matches!(refused, StoreError::Locked(_)));
    assert!(refused.to_string().contains(&folder.path().display().to_string()));
    let command = Engine::open(folder.path(), MIGRATIONS, OpenAs::Command, Threads::Own).unwrap();
    for number in 0..20 {
        let writer = if number % 2 == 0 { &server } else { &command };
        write(writer, number).await.unwrap().unwrap();
    }
    assert_eq!(server.read(all).await.unwrap().len(), 20);
    drop(command);
    write(&server, 20).await.unwrap().unwrap();
    drop(server);
    assert_eq!(open(&folder, Threads::Own).read(all).await.unwrap().len(), 21);
}

#[tokio::test]
async fn a_newer_database_is_refused_and_an_older_one_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let old = Engine::open(folder.path(), &MIGRATIONS[..1], OpenAs::Server, Threads::Own).unwrap();
    write(&old, 1).await.unwrap().unwrap();
    drop(old);
    drop(open(&folder, Threads::Own));
    let refused = Engine::open(folder.path(), &MIGRATIONS[..1], OpenAs::Server, Threads::Own).err().unwrap();
    assert!(matches!(refused, StoreError::Newer { found: 2, known: 1 }));
    assert_eq!(open(&folder, Threads::Own).read(all).await.unwrap(), [1]);
}

#[test]
fn a_migration_that_fails_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let broken =
        [Migration { number: 1, name: "broken", sql: "CREATE TABLE notes (number); INSERT INTO nowhere VALUES (1)" }];
    assert!(Engine::open(folder.path(), &broken, OpenAs::Server, Threads::Own).is_err());
    drop(open(&folder, Threads::Own));
}

#[test]
fn the_folder_and_its_files_are_their_owner_s_alone() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("data");
    let engine = Engine::open(&folder, MIGRATIONS, OpenAs::Server, Threads::Own).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(names.len() >= 3);
    for path in names {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    drop(engine);
}

#[tokio::test]
async fn a_backup_made_while_writing_has_all_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Arc::new(open(&folder, Threads::Own));
    for number in 0..200 {
        write(&engine, number).await.unwrap().unwrap();
    }
    let copy = tempfile::tempdir().unwrap();
    let to = copy.path().join("farthing.db");
    let mut tasks = JoinSet::new();
    let (source, target) = (Arc::clone(&engine), to.clone());
    tasks.spawn_blocking(move || source.backup(&target).unwrap());
    for number in 200..400 {
        write(&engine, number).await.unwrap().unwrap();
    }
    tasks.join_all().await;
    assert!(matches!(engine.backup(&to), Err(StoreError::Exists(_))));
    assert_eq!(fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(copy.path()).unwrap().count(), 1, "the copy is one file");
    let restored = open(&copy, Threads::Own).read(all).await.unwrap();
    assert!(restored.len() >= 200);
    assert_eq!(restored, (0..i64::try_from(restored.len()).unwrap()).collect::<Vec<_>>());
    assert_eq!(engine.read(all).await.unwrap().len(), 400);
}

/// A folder with this database's file and, if there shall be one, this log.
fn copy_of(folder: &TempDir, has_log: bool) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for name in ["farthing.db", "farthing.db-wal"].iter().take(if has_log { 2 } else { 1 }) {
        fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
    }
    copy
}

#[tokio::test]
async fn a_database_whose_log_is_gone_is_refused_until_the_log_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let server = open(&folder, Threads::Own);
    write(&server, 1).await.unwrap().unwrap();
    let (without, with) = (copy_of(&folder, false), copy_of(&folder, true));
    // Twice: the first refusal must not make it look as if there were a log.
    for open_as in [OpenAs::Server, OpenAs::Command, OpenAs::Server] {
        let refused = Engine::open(without.path(), MIGRATIONS, open_as, Threads::Own).err().unwrap();
        assert!(matches!(refused, StoreError::LogLost(_)), "{refused}");
    }
    fs::copy(with.path().join("farthing.db-wal"), without.path().join("farthing.db-wal")).unwrap();
    assert_eq!(open(&without, Threads::Own).read(all).await.unwrap(), [1]);
    // A command after a crash keeps the log, so that the server starts after it.
    drop(Engine::open(with.path(), MIGRATIONS, OpenAs::Command, Threads::Own).unwrap());
    assert_eq!(open(&with, Threads::Own).read(all).await.unwrap(), [1]);
    drop(server);
    assert_eq!(open(&copy_of(&folder, false), Threads::Own).read(all).await.unwrap(), [1], "it ended well");
}

#[tokio::test]
async fn a_log_that_is_another_database_s_is_refused_until_it_is_moved_away() {
    let folder = tempfile::tempdir().unwrap();
    let server = open(&folder, Threads::Own);
    write(&server, 1).await.unwrap().unwrap();
    let older = tempfile::tempdir().unwrap();
    server.backup(&older.path().join("farthing.db")).unwrap();
    for number in 2..50 {
        write(&server, number).await.unwrap().unwrap();
    }
    // What a killed server leaves, and the backup put over its database by hand.
    let mixed = copy_of(&folder, true);
    fs::copy(older.path().join("farthing.db"), mixed.path().join("farthing.db")).unwrap();
    for open_as in [OpenAs::Server, OpenAs::Command] {
        let refused = Engine::open(mixed.path(), MIGRATIONS, open_as, Threads::Own).err().unwrap();
        assert!(matches!(refused, StoreError::ForeignLog(_)), "{refused}");
    }
    fs::rename(mixed.path().join("farthing.db-wal"), older.path().join("moved away")).unwrap();
    assert_eq!(open(&mixed, Threads::Own).read(all).await.unwrap(), [1]);
    assert_eq!(open(&mixed, Threads::Own).read(all).await.unwrap(), [1], "its own log is no other's");
}

#[tokio::test]
async fn a_log_whose_database_is_gone_is_not_thrown_away() {
    let folder = tempfile::tempdir().unwrap();
    let server = open(&folder, Threads::Own);
    write(&server, 1).await.unwrap().unwrap();
    let (left, whole) = (copy_of(&folder, true), copy_of(&folder, true));
    let log = fs::read(left.path().join("farthing.db-wal")).unwrap();
    fs::write(left.path().join(crate::sealing::KEY_FILE), [7; 32]).unwrap();
    for content in [None, Some("")] {
        fs::remove_file(left.path().join("farthing.db")).unwrap();
        if let Some(content) = content {
            fs::write(left.path().join("farthing.db"), content).unwrap();
        }
        let refused = Engine::open(left.path(), MIGRATIONS, OpenAs::Server, Threads::Own).err().unwrap();
        assert!(matches!(refused, StoreError::DatabaseLost(_)), "{refused}");
        assert_eq!(fs::read(left.path().join("farthing.db-wal")).unwrap(), log);
        fs::copy(whole.path().join("farthing.db"), left.path().join("farthing.db")).unwrap();
    }
    assert_eq!(open(&left, Threads::Own).read(all).await.unwrap(), [1]);
    // Before there was a key nothing was acknowledged: a first start that was cut short is begun anew.
    fs::remove_file(whole.path().join("farthing.db")).unwrap();
    assert!(open(&whole, Threads::Own).read(all).await.unwrap().is_empty());
}

/// Rows of the first version's, for every later one to keep.
const OLD_ROWS: &str = "
    INSERT INTO merchants (id, name, created_at) VALUES (x'02', 'Tea shop', 5);
    INSERT INTO policies (number, body) VALUES (1, '{}');
    INSERT INTO invoices (id, merchant, environment, source, policy, token, terms, created_at, activation_count, quotes, standing, status)
        VALUES (x'01', x'02', 1, '{}', 1, 't', '{}', 5, 0, '[]', '{}', 'pending');
    INSERT INTO addresses (environment, family, bytes, account, position, invoice, created_at) VALUES (1, 'bitcoin', x'01', x'09', 0, x'01', 5);
    INSERT INTO payments (environment, network, hash, position, invoice, ordinal, stage, body) VALUES (1, 'bitcoin', 'h', '0', x'01', 0, 0, '{}');
    INSERT INTO events (merchant, environment, sequence, id, kind, invoice, created_at, body) VALUES (x'02', 1, 1, x'03', 'invoice.created', x'01', 5, x'7b7d');
    INSERT INTO endpoints (id, merchant, environment, url, events, secrets, created_at) VALUES (x'04', x'02', 1, 'https://shop.example', '[]', '[]', 5);
    INSERT INTO deliveries (id, endpoint, merchant, environment, sequence, event, kind, body, created_at, stage, attempts, due_at)
        VALUES (x'05', x'04', x'02', 1, NULL, x'03', 'test', x'7b7d', 5, 0, 0, 5)";

/// The statements with a call of `moment()` after each.
fn with_moments(sql: &str) -> String {
    let mut text = String::new();
    for line in sql.lines() {
        text.push_str(line);
        text.push('\n');
        let code = line.split_once("--").map_or(line, |(code, _)| code);
        if code.trim_end().ends_with(';') {
            text.push_str("SELECT moment();\n");
        }
    }
    text
}

/// The schema and all rows, as text.
fn everything(connection: &Connection) -> Vec<String> {
    let mut lines = Vec::new();
    let mut texts = |sql: &str| {
        let mut statement = connection.prepare(sql).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let values = (0..columns).map(|column| format!("{:?}", row.get_ref(column).unwrap()));
            lines.push(values.collect::<Vec<_>>().join(" "));
        }
    };
    let mut names = connection.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").unwrap();
    let names: Vec<String> = names.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    texts("SELECT name, sql FROM sqlite_master ORDER BY name");
    names.iter().for_each(|name| texts(&format!("SELECT * FROM \"{name}\"")));
    lines
}

/// Each state that a kill between two statements of a migration leaves is the state of before it, and is brought up to date.
#[test]
fn a_migration_that_is_killed_at_any_statement_is_begun_anew_with_every_row() {
    use crate::sqlite::MIGRATIONS as RELEASED;
    let old = tempfile::tempdir().unwrap();
    drop(Engine::open(old.path(), &RELEASED[..1], OpenAs::Server, Threads::Inline).unwrap());
    open::writing_connection(&old.path().join("farthing.db")).unwrap().execute_batch(OLD_ROWS).unwrap();

    let left = Arc::new(Mutex::new(Vec::new()));
    let path = old.path().join("farthing.db");
    let mut connection = open::writing_connection(&path).unwrap();
    let (noted, folder) = (Arc::clone(&left), old.path().to_owned());
    let moment = move |_: &rusqlite::functions::Context<'_>| {
        let copy = tempfile::tempdir().unwrap();
        for name in ["farthing.db", "farthing.db-wal"] {
            fs::copy(folder.join(name), copy.path().join(name)).unwrap();
        }
        noted.lock().unwrap().push(copy);
        Ok(0)
    };
    connection.create_scalar_function("moment", 0, rusqlite::functions::FunctionFlags::SQLITE_UTF8, moment).unwrap();
    let texts: Vec<String> = RELEASED.iter().map(|migration| with_moments(migration.sql)).collect();
    let slow: Vec<Migration> = RELEASED
        .iter()
        .zip(&texts)
        .map(|(migration, sql)| Migration { sql: Box::leak(sql.clone().into_boxed_str()), ..*migration })
        .collect();
    open::migrate(&mut connection, &slow).unwrap();
    let whole = everything(&connection);
    let left = std::mem::take(&mut *left.lock().unwrap());
    assert!(left.len() > 20, "only {} moments", left.len());
    for folder in &left {
        drop(Engine::open(folder.path(), RELEASED, OpenAs::Server, Threads::Inline).unwrap());
        let reopened = open::writing_connection(&folder.path().join("farthing.db")).unwrap();
        assert_eq!(everything(&reopened), whole);
    }
    println!("migrations: killed at {} statements, each begun anew with every row", left.len());
}
