//! Power cuts: the built program's every write is recorded, states of the disk after a cut are rebuilt, and it is started on each.
//!
//! What a shop was told before the cut must be there after it: invoices with their addresses and keys, payments, events. The
//! controls leave out the syncs that SQLite's `NORMAL` and `OFF` would not make; they must lose something, or nothing is proven.

use super::{
    books::{Books, all, subscribe, text, trade},
    chance::Chance,
    receiver::Receiver,
    rounds, run,
    server::Installation,
    shim,
    trace::{self, ACKNOWLEDGED, Disk, Record, Syncs},
};
use farthing_domain::id::{Environment, InvoiceId, MerchantId, Owner};
use farthing_store::{OpenAs, Store, Threads};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::Write,
    path::Path,
    sync::Arc,
    thread,
    time::Duration,
};
use tokio::task::JoinSet;

const CUTS: usize = 1000;
/// Cuts of each control.
const CONTROL_CUTS: usize = 40;
/// The server itself is started on one state in so many; on each, the audit is, which recovers the database as it does.
const SERVED_EVERY: usize = 40;
const SHOPS: usize = 4;
/// The server's lives in the record; how long its load lasts in each, and how many invoices it makes at the least: without any the
/// controls had nothing to lose.
const LIVES: usize = 3;
/// The life whose last checkpoint cannot be synced.
const FAILING_LIFE: usize = 1;
const LOAD: Duration = Duration::from_millis(400);
const INVOICES_MIN: usize = 30;
const PAUSE: Duration = Duration::from_millis(10);
/// Threads that rebuild and look.
const THREADS: usize = 2;
const ROWS: u32 = 1_000_000;

/// What was done to the disk, and to whom it happened.
struct Recorded {
    records: Vec<Record>,
    installation: Installation,
    merchant: MerchantId,
}

#[test]
fn what_was_acknowledged_survives_a_power_cut_and_the_controls_do_not() {
    let recorded = Arc::new(run(record()));
    let acknowledged = recorded.records.iter().filter(|record| record.kind == ACKNOWLEDGED).count();
    let mut chance = Chance::new("the power cuts");
    let cuts = rounds("FARTHING_POWER_CUTS", CUTS);
    let full = cut(&recorded, Syncs::Full, cuts, &mut chance);
    println!("power cuts: {cuts} in {} records with {acknowledged} acknowledgements", recorded.records.len());
    assert!(full.is_empty(), "{} of {cuts} cuts: {}", full.len(), full.iter().take(3).cloned().collect::<String>());
    for syncs in [Syncs::Normal, Syncs::Off] {
        let failed = cut(&recorded, syncs, CONTROL_CUTS, &mut chance).len();
        println!("power cuts, control {syncs:?}: {failed} of {CONTROL_CUTS} lose something");
        assert!(failed > CONTROL_CUTS / 4, "{syncs:?} lost next to nothing: the cuts are none");
    }
}

/// Runs an installation from its first command on, with restarts, and records what it does to its disk.
async fn record() -> Recorded {
    let folder = tempfile::tempdir().unwrap();
    let (data, path) = (folder.path().canonicalize().unwrap().join("data"), folder.path().join("record"));
    let record = Arc::new(File::options().create(true).append(true).open(&path).unwrap());
    let failing = folder.path().join("failing");
    let surroundings =
        shim::preloaded(&[("DISK_FOLDER", data), ("DISK_RECORD", path.clone()), ("DISK_FAIL", failing.clone())]);
    let mut installation = Installation::made_in(folder, surroundings);
    let marks = Arc::clone(&record);
    let mark = move |answer: &Value| {
        // One write, so that it stands whole between the records of the program's.
        assert!(Write::write_all(&mut &*marks, &trace::acknowledgement(&answer.to_string())).is_ok());
    };
    let told = mark.clone();
    let receiver = Receiver::telling(move |got| told(&json!({"event": got.header("webhook-id")}))).await;
    let books = Books::with_marks(Arc::new(mark));
    for life in 0..LIVES {
        let server = installation.start().await;
        if life == 0 {
            drop(subscribe(&server, &receiver).await);
        }
        let mut shops = JoinSet::new();
        for shop in 0..SHOPS {
            shops.spawn(trade(server.connect().await, books.clone(), format!("{life}-{shop}")));
        }
        tokio::time::sleep(LOAD).await;
        while books.acknowledged() < (life + 1) * INVOICES_MIN && !shops.is_empty() {
            tokio::time::sleep(PAUSE).await;
            while shops.try_join_next().is_some() {}
        }
        // One life's last checkpoint is written and never synced: its log still has all of it.
        let is_failing = life == FAILING_LIFE;
        if is_failing {
            std::fs::write(&failing, "").unwrap();
        }
        server.terminate().await;
        if is_failing {
            assert!(std::fs::metadata(&failing).unwrap().len() > 0, "no sync of a checkpoint failed");
            std::fs::remove_file(&failing).unwrap();
        }
        drop(shops.join_all().await);
    }
    let merchants = installation.command(&["merchants", "list", "--json"]);
    let merchant = text(&merchants["merchants"][0], "id").parse().unwrap();
    let records = trace::read(&path);
    the_record_is_whole(&records, &installation.data());
    installation.surroundings.variables.clear();
    Recorded { records, installation, merchant }
}

/// What the record comes to is what the files hold: nothing was written past it.
fn the_record_is_whole(records: &[Record], data: &Path) {
    let mut disk = Disk::new(Syncs::Full);
    records.iter().for_each(|record| disk.follow(record));
    let recorded: BTreeMap<String, Vec<u8>> =
        disk.as_seen().map(|(name, bytes)| (name.to_owned(), bytes.to_vec())).collect();
    let entries = std::fs::read_dir(data).unwrap().map(|entry| entry.unwrap());
    let files = entries.map(|entry| (entry.file_name().into_string().unwrap(), entry.path()));
    // The index of the log is no durable state.
    let files: BTreeMap<String, Vec<u8>> = files
        .filter(|(name, _)| !name.ends_with("-shm"))
        .map(|(name, path)| (name, std::fs::read(path).unwrap()))
        .collect();
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&recorded), names(&files));
    for (name, bytes) in &files {
        assert!(recorded[name] == *bytes, "{name} is not what was recorded of it");
    }
}

/// Cuts at random moments; answers what is wrong after each cut that lost something.
fn cut(recorded: &Arc<Recorded>, syncs: Syncs, cuts: usize, chance: &mut Chance) -> Vec<String> {
    let mut found = Vec::new();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS)
            .map(|_| {
                let mut chance = Chance::of(chance.next());
                scope.spawn(move || cut_in_order(recorded, syncs, cuts.div_ceil(THREADS), &mut chance))
            })
            .collect();
        for worker in workers {
            found.extend(worker.join().unwrap());
        }
    });
    found
}

fn cut_in_order(recorded: &Recorded, syncs: Syncs, cuts: usize, chance: &mut Chance) -> Vec<String> {
    let mut moments: Vec<usize> = (0..cuts).map(|_| chance.below(recorded.records.len()) + 1).collect();
    moments.sort_unstable();
    let (mut disk, mut told, mut at) = (Disk::new(syncs), Vec::new(), 0);
    let mut found = Vec::new();
    for (number, moment) in moments.into_iter().enumerate() {
        for record in &recorded.records[at..moment] {
            disk.follow(record);
            if record.kind == ACKNOWLEDGED {
                told.push(serde_json::from_slice(&record.bytes).unwrap());
            }
        }
        at = moment;
        let left = recorded.installation.copied(|_, data| {
            std::fs::create_dir(data).unwrap();
            disk.cut(chance, data);
        });
        let serves = number.is_multiple_of(SERVED_EVERY) && syncs == Syncs::Full;
        if let Err(wrong) = look(&left, recorded.merchant, &told, serves) {
            found.push(format!("\n  a cut after record {moment}, {} acknowledged: {wrong}", told.len()));
        }
    }
    found
}

/// Starts the program on what a cut left, and looks for everything that was told.
fn look(left: &Installation, merchant: MerchantId, told: &[Value], serves: bool) -> Result<(), String> {
    if left.data().join("farthing.db").exists() {
        let audit = left.output(&["audit", "--json"]);
        if !audit.status.success() {
            return Err(String::from_utf8_lossy(&[audit.stdout, audit.stderr].concat()).into_owned());
        }
    }
    if !told.is_empty() {
        run(everything_told_is_there(&left.data(), merchant, told))?;
    }
    if serves { run(it_serves(left, told)) } else { Ok(()) }
}

async fn everything_told_is_there(data: &Path, merchant: MerchantId, told: &[Value]) -> Result<(), String> {
    let store = Store::open(data, OpenAs::Command, Threads::Inline).map_err(|error| error.to_string())?;
    let told = told.to_vec();
    let owner = Owner { merchant, environment: Environment::Test };
    let missing = store.read(move |reader| {
        let invoices: BTreeMap<InvoiceId, _> =
            reader.all_invoices(None, ROWS)?.into_iter().map(|invoice| (invoice.id, invoice)).collect();
        let events: BTreeSet<String> =
            reader.events(owner, 0, ROWS)?.into_iter().map(|event| event.id.to_string()).collect();
        let mut chains = String::new();
        for (_, network) in super::books::SOLD {
            chains += &format!("{:?}", reader.simulated(network.parse().unwrap())?);
        }
        let mut missing = Vec::new();
        for one in told {
            let is_there = if let Some(id) = one["invoice"].as_str() {
                let kept = invoices.get(&id.parse().unwrap());
                let has_address =
                    kept.is_some_and(|kept| format!("{kept:?}").contains(one["address"].as_str().unwrap()));
                let key = reader.idempotent(owner, one["key"].as_str().unwrap())?;
                has_address && key.is_some_and(|(_, invoice)| invoice.to_string() == id)
            } else if let Some(hash) = one["hash"].as_str() {
                chains.contains(hash)
            } else {
                events.contains(one["event"].as_str().unwrap())
            };
            if !is_there {
                missing.push(one);
            }
        }
        Ok(missing)
    });
    match missing.await {
        Ok(missing) if missing.is_empty() => Ok(()),
        Ok(missing) => Err(format!("{} of what was acknowledged is lost: {}", missing.len(), missing[0])),
        Err(error) => Err(error.to_string()),
    }
}

/// The server starts, shows every invoice that was told, credits every payment that was, and sells.
async fn it_serves(left: &Installation, told: &[Value]) -> Result<(), String> {
    let Ok(server) = left.try_start().await else { return Err(left.log()) };
    if told.is_empty() {
        return Ok(());
    }
    let shown: BTreeMap<String, Value> = all(&server, "/api/v1/invoices?limit=100&offset=", |_, seen| seen)
        .await
        .into_iter()
        .map(|invoice| (text(&invoice, "id"), invoice))
        .collect();
    for one in told {
        if let Some(id) = one["invoice"].as_str()
            && shown.get(id).is_none_or(|shown| shown["deposit_address"] != one["address"])
        {
            return Err(format!("the server does not show {one}"));
        }
    }
    let books = Books::default();
    let mut connection = server.connect().await;
    let answer = books.create(&mut connection, "after the cut").await.ok_or("it does not answer")?;
    if answer.status == 201 && !told.iter().any(|one| one["address"] == answer.data()["deposit_address"]) {
        Ok(())
    } else {
        Err(format!("it sells an address twice, or does not sell: {answer:?}"))
    }
}
